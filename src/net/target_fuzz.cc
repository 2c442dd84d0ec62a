// Request targets from strangers.
//
// Checked: nothing accepted holds a control byte or text that is not UTF-8, a path that could be
// read in two ways, or more than the limits; what was accepted survives being encoded and parsed
// again.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/check.h"
#include "base/limits.h"
#include "base/utf8.h"
#include "net/http.h"

namespace {

using wideberth::net::ParseTarget;
using wideberth::net::PercentEncode;

void CheckText(std::string_view text) {
  CHECK(wideberth::base::IsUtf8(text));
  for (const char c : text) CHECK(static_cast<uint8_t>(c) >= 0x20 && c != 0x7F);
}

std::string EncodePath(std::string_view path) {
  std::string out;
  while (!path.empty()) {
    path.remove_prefix(1);
    const size_t end = path.find('/');
    out.append("/").append(PercentEncode(path.substr(0, end)));
    path.remove_prefix(end == std::string_view::npos ? path.size() : end);
  }
  return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto target = ParseTarget({reinterpret_cast<const char*>(data), size});
  if (!target) {
    CHECK(!target.error().rule.empty());
    return 0;
  }
  CHECK(target->path.starts_with('/'));
  CHECK(target->path.find("//") == std::string::npos);
  CHECK(("/" + target->path + "/").find("/../") == std::string::npos);
  CHECK(("/" + target->path + "/").find("/./") == std::string::npos);
  CHECK(target->query.size() <= wideberth::limits::kHttpQueryParametersMax);
  CheckText(target->path);
  std::string again = EncodePath(target->path);
  char separator = '?';
  for (const auto& [name, value] : target->query) {
    CheckText(name);
    CheckText(value);
    again.append(1, separator).append(PercentEncode(name)).append("=").append(PercentEncode(value));
    separator = '&';
  }
  if (again.size() > wideberth::limits::kHttpTargetBytesMax) return 0;
  const auto parsed = ParseTarget(again);
  CHECK(parsed.has_value());
  CHECK(*parsed == *target);
  return 0;
}
