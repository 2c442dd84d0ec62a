// Primitive reading and writing of the binary form (airspace/codec.h).
//
// A WireReader never reads beyond its bytes. The first thing that does not fit puts it into a
// failed state in which every read gives zero, so a decoder reads straight through and asks once at
// the end; sizes that drive loops and allocations are bounded by the bytes that are left.
#ifndef WIDEBERTH_AIRSPACE_WIRE_H_
#define WIDEBERTH_AIRSPACE_WIRE_H_

#include <bit>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/ids.h"
#include "base/time.h"

namespace wideberth::airspace {

static_assert(std::endian::native == std::endian::little, "the binary form is little-endian");

class WireWriter {
 public:
  explicit WireWriter(base::Bytes* out) : out_(out) {}

  void U8(uint8_t value) { out_->push_back(value); }
  void Bool(bool value) { U8(value ? 1 : 0); }
  void Varint(uint64_t value) {
    while (value >= 0x80) {
      out_->push_back(static_cast<uint8_t>(value | 0x80));
      value >>= 7;
    }
    out_->push_back(static_cast<uint8_t>(value));
  }
  void I64(int64_t value) { Raw(&value, sizeof value); }
  void F64(double value) { Raw(&value, sizeof value); }
  void F32(float value) { Raw(&value, sizeof value); }
  void Time(base::UtcMicros value) { I64(value.us); }
  void Text(std::string_view value) {
    Varint(value.size());
    Raw(value.data(), value.size());
  }
  void Fixed(base::ByteView bytes) { Raw(bytes.data(), bytes.size()); }
  template <class Enum>
  void EnumValue(Enum value) {
    U8(static_cast<uint8_t>(value));
  }
  void OptionalTime(const std::optional<base::UtcMicros>& value) {
    Bool(value.has_value());
    if (value) Time(*value);
  }

 private:
  void Raw(const void* data, size_t bytes) {
    const auto* begin = static_cast<const uint8_t*>(data);
    out_->insert(out_->end(), begin, begin + bytes);
  }
  base::Bytes* out_;
};

class WireReader {
 public:
  explicit WireReader(base::ByteView in) : in_(in) {}

  bool ok() const { return ok_; }
  base::ByteView rest() const { return in_; }
  size_t left() const { return in_.size(); }
  void Fail() {
    ok_ = false;
    in_ = {};
  }

  uint8_t U8() {
    uint8_t value = 0;
    Raw(&value, 1);
    return value;
  }
  bool Bool() {
    const uint8_t value = U8();
    if (value > 1) Fail();
    return value == 1;
  }
  // Refuses a longer spelling than the value needs, so that one value has one encoding.
  uint64_t Varint() {
    uint64_t value = 0;
    for (int shift = 0; shift < 64; shift += 7) {
      const uint8_t byte = U8();
      if (shift == 63 && byte > 1) break;
      value |= uint64_t{byte & 0x7Fu} << shift;
      if (byte < 0x80) {
        if (byte == 0 && shift > 0) break;
        return value;
      }
    }
    Fail();
    return 0;
  }
  // A count of items that take at least `item_bytes_min` bytes each.
  size_t Count(size_t item_bytes_min) {
    const uint64_t count = Varint();
    if (count > left() / item_bytes_min) {
      Fail();
      return 0;
    }
    return static_cast<size_t>(count);
  }
  int64_t I64() { return Plain<int64_t>(); }
  double F64() { return Plain<double>(); }
  float F32() { return Plain<float>(); }
  base::UtcMicros Time() { return {I64()}; }
  std::string Text() {
    const size_t bytes = Count(1);
    std::string value(base::AsText(in_.first(bytes)));
    in_ = in_.subspan(bytes);
    return value;
  }
  template <size_t N>
  void Fixed(std::array<uint8_t, N>* out) {
    Raw(out->data(), N);
  }
  base::Digest ReadDigest() {
    base::Digest digest;
    Fixed(&digest.bytes);
    return digest;
  }
  template <class IdType>
  IdType ReadId() {
    IdType id;
    Fixed(&id.uuid.bytes);
    return id;
  }
  template <class Enum>
  Enum EnumValue(Enum last) {
    const uint8_t value = U8();
    if (value > static_cast<uint8_t>(last)) Fail();
    return ok_ ? static_cast<Enum>(value) : Enum{};
  }
  std::optional<base::UtcMicros> OptionalTime() {
    if (!Bool()) return std::nullopt;
    return Time();
  }

 private:
  template <class T>
  T Plain() {
    T value{};
    Raw(&value, sizeof value);
    return value;
  }
  void Raw(void* out, size_t bytes) {
    if (bytes > in_.size()) {
      Fail();
      return;
    }
    std::memcpy(out, in_.data(), bytes);
    in_ = in_.subspan(bytes);
  }

  base::ByteView in_;
  bool ok_ = true;
};

}  // namespace wideberth::airspace

#endif  // WIDEBERTH_AIRSPACE_WIRE_H_
