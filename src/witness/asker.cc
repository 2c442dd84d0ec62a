#include "witness/asker.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <system_error>
#include <utility>

#include "base/durable_file.h"
#include "net/client.h"
#include "record/witness.h"

namespace wideberth::witness {
namespace {

using base::ErrorCode;
using base::Fail;
using base::Result;
using record::SignedNote;

constexpr std::string_view kTarget = "/add-checkpoint";
constexpr std::string_view kFrame = "note ";
constexpr size_t kFrameBytesMax = kFrame.size() + 20;
constexpr size_t kReadBytes = size_t{256} * 1024;
constexpr int64_t kDeadlineMs = 5'000;
constexpr size_t kNamesMax = 64;

// The server, and the path below which the witness is.
struct Place {
  std::string server, path;
};
Place PlaceOf(const std::string& url) {
  const size_t scheme = url.find("://");
  const size_t path = scheme == std::string::npos ? std::string::npos : url.find('/', scheme + 3);
  Place place{url.substr(0, path), path == std::string::npos ? "" : url.substr(path)};
  if (place.path.ends_with('/')) place.path.pop_back();
  return place;
}

Result<net::Response> Post(const Witness& witness, const std::string& body) {
  const Place place = PlaceOf(witness.url);
  net::HttpClient::Options options;
  options.request_deadline_ms = kDeadlineMs;
  options.body_bytes_max = record::kAddCheckpointBytesMax;
  WB_ASSIGN_OR_RETURN(net::HttpClient client, net::HttpClient::Create(place.server, options));
  return client.Post(place.path + std::string(kTarget), "text/plain; charset=utf-8", body);
}

base::Unexpected Unlike(const Witness& witness, std::string_view rule, std::string found) {
  return Fail(ErrorCode::kConflict, "known_size",
              std::string(rule) + " (" + std::string(witness.key.name()) + ")", found);
}

// With what errno says.
base::Unexpected Refused(const std::string& path, std::string_view rule) {
  return Fail(ErrorCode::kStorage, path, rule, std::generic_category().message(errno));
}

Result<int> OpenNotes(const std::string& path) {
  const int fd = open(path.c_str(), O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  if (fd >= 0) return fd;
  return Refused(path, "must be a file that can be written");
}

}  // namespace

Result<Witness> ParseWitness(std::string_view vkey, std::string url) {
  auto key = record::VerifierKey::Parse(vkey);
  if (!key) return Fail(std::move(key).error().Under("vkey"));
  if (key->algorithm() != record::KeyAlgorithm::kCosignatureV1) {
    return base::Invalid("vkey", "must be of algorithm 0x04 (cosignature/v1)", vkey);
  }
  const auto server = net::HttpClient::Create(PlaceOf(url).server, {});
  if (!server) return base::Invalid("url", server.error().rule, url);
  return Witness{*std::move(key), std::move(url)};
}

Result<record::NoteSignature> Ask(const Witness& witness, const SignedNote& checkpoint,
                                  uint64_t old_size, const Prove& prove) {
  WB_ASSIGN_OR_RETURN(const record::Checkpoint asked, record::ParseCheckpoint(checkpoint.text));
  for (int attempt = 0; attempt < 2; ++attempt) {
    record::AddCheckpointRequest request{old_size, {}, checkpoint};
    if (old_size > 0 && old_size < asked.head.size) {
      WB_ASSIGN_OR_RETURN(request.proof, prove(old_size));
    }
    WB_ASSIGN_OR_RETURN(const std::string body, record::FormatAddCheckpoint(request));
    WB_ASSIGN_OR_RETURN(const net::Response answer, Post(witness, body));
    if (answer.status == 200) {
      WB_ASSIGN_OR_RETURN(const auto signatures,
                          record::ReadCosignatures(answer.body, checkpoint.text, {witness.key}));
      return signatures.front();
    }
    if (answer.status == 409) {
      WB_ASSIGN_OR_RETURN(const uint64_t known, record::ReadKnownSize(answer.body));
      if (known > asked.head.size) {
        return Unlike(witness, "must not be more than this log has", std::to_string(known));
      }
      if (known == old_size) {
        return Unlike(witness, "must be of the same root", std::to_string(known));
      }
      old_size = known;
      continue;
    }
    if (answer.status == 422) {
      return Unlike(witness, "must be what this log begins with", std::to_string(old_size));
    }
    return Fail(answer.status == 503 ? ErrorCode::kBusy : ErrorCode::kForbidden,
                std::string(witness.key.name()), "must cosign the checkpoint",
                std::to_string(answer.status) + " " +
                    answer.body.substr(0, std::min<size_t>(answer.body.find('\n'), 200)));
  }
  return Unlike(witness, "must say the same twice", std::to_string(old_size));
}

// ---- What was cosigned

Result<std::unique_ptr<CosignedNotes>> CosignedNotes::Open(std::string path) {
  std::unique_ptr<CosignedNotes> notes(new CosignedNotes(std::move(path)));
  WB_RETURN_IF_ERROR(notes->Load());
  return notes;
}

Result<void> CosignedNotes::Load() {
  WB_ASSIGN_OR_RETURN(const int descriptor, OpenNotes(path_));
  const base::FileDescriptor file(descriptor);
  std::string buffer;
  for (bool at_end = false; !at_end;) {
    const size_t before = buffer.size();
    buffer.resize(before + kReadBytes);
    const ssize_t got = read(file.get(), buffer.data() + before, kReadBytes);
    if (got < 0 && errno != EINTR) return Refused(path_, "must be a file that can be read");
    buffer.resize(before + (got > 0 ? static_cast<size_t>(got) : 0));
    at_end = got == 0;
    WB_RETURN_IF_ERROR(TakeFrom(&buffer));
  }
  if (buffer.empty() || ftruncate(file.get(), static_cast<off_t>(end_)) == 0) return {};
  return Refused(path_, "must be a file that can be cut");
}

Result<void> CosignedNotes::TakeFrom(std::string* buffer) {
  std::string_view rest = *buffer;
  const auto damaged = [&] {
    return Fail(ErrorCode::kInvalid, path_, "must hold notes as they were written",
                "damage at byte " + std::to_string(end_));
  };
  while (!rest.empty()) {
    const size_t line = rest.substr(0, kFrameBytesMax).find('\n');
    if (line == std::string_view::npos) {
      if (rest.size() >= kFrameBytesMax || !rest.starts_with(kFrame.substr(0, rest.size()))) {
        return damaged();
      }
      break;  // its end is not there yet, or never was
    }
    size_t bytes = 0;
    const std::string_view head = rest.substr(0, line);
    if (!head.starts_with(kFrame)) return damaged();
    const auto [end, bad] =
        std::from_chars(head.data() + kFrame.size(), head.data() + head.size(), bytes);
    if (bad != std::errc() || end != head.data() + head.size() ||
        bytes > record::kSignedNoteBytesMax) {
      return damaged();
    }
    if (bytes > rest.size() - line - 1) break;
    const auto note = record::ParseNote(rest.substr(line + 1, bytes));
    if (!note) return damaged();
    WB_ASSIGN_OR_RETURN(const Place place, PlaceOf(*note, end_ + line + 1, bytes));
    places_.push_back(place);
    end_ += line + 1 + bytes;
    rest.remove_prefix(line + 1 + bytes);
  }
  buffer->erase(0, buffer->size() - rest.size());
  return {};
}

Result<CosignedNotes::Place> CosignedNotes::PlaceOf(const SignedNote& note, uint64_t offset,
                                                    size_t bytes) {
  WB_ASSIGN_OR_RETURN(const record::Checkpoint checkpoint, record::ParseCheckpoint(note.text));
  Place place{checkpoint.head.size, offset, static_cast<uint32_t>(bytes), 0};
  for (const record::NoteSignature& signature : note.signatures) {
    const std::pair<std::string, record::KeyId> name(signature.key_name, signature.key_id);
    auto found = std::find(names_.begin(), names_.end(), name);
    if (found == names_.end()) {
      if (names_.size() == kNamesMax) continue;  // many keys ago: it is found by the others
      found = names_.insert(names_.end(), name);
    }
    place.signers |= uint64_t{1} << (found - names_.begin());
  }
  return place;
}

Result<void> CosignedNotes::Append(const SignedNote& note) {
  WB_ASSIGN_OR_RETURN(const std::string text, record::FormatNote(note));
  const std::string frame = std::string(kFrame) + std::to_string(text.size()) + "\n";
  const std::lock_guard lock(mutex_);
  if (end_ == UINT64_MAX) return Fail(ErrorCode::kStorage, path_, "must be as it was left");
  WB_ASSIGN_OR_RETURN(const Place place, PlaceOf(note, end_ + frame.size(), text.size()));
  WB_ASSIGN_OR_RETURN(const int descriptor, OpenNotes(path_));
  const base::FileDescriptor file(descriptor);
  const std::string bytes = frame + text;
  if (!base::WriteAll(file.get(), bytes) || fsync(file.get()) != 0) {
    const base::Unexpected refusal = Refused(path_, "must be written whole");
    if (ftruncate(file.get(), static_cast<off_t>(end_)) != 0) end_ = UINT64_MAX;
    return refusal;
  }
  end_ += bytes.size();
  places_.push_back(place);
  return {};
}

uint64_t CosignedNotes::BitsOf(const std::vector<record::VerifierKey>& keys, bool* known) const {
  uint64_t bits = 0;
  *known = true;
  for (const record::VerifierKey& key : keys) {
    const std::pair<std::string, record::KeyId> name(key.name(), key.id());
    const auto found = std::find(names_.begin(), names_.end(), name);
    if (found == names_.end()) {
      *known = false;
    } else {
      bits |= uint64_t{1} << (found - names_.begin());
    }
  }
  return bits;
}

Result<std::optional<std::string>> CosignedNotes::Read(const Place* place) const {
  if (place == nullptr) return std::optional<std::string>();
  const base::FileDescriptor file(open(path_.c_str(), O_RDONLY | O_CLOEXEC));
  std::string text(place->bytes, '\0');
  if (file.get() >= 0 &&
      pread(file.get(), text.data(), text.size(), static_cast<off_t>(place->offset)) ==
          static_cast<ssize_t>(text.size())) {
    return std::optional(std::move(text));
  }
  return Refused(path_, "must be a file that can be read");
}

Result<std::optional<std::string>> CosignedNotes::FirstFrom(
    uint64_t size, const std::vector<record::VerifierKey>& keys) const {
  const std::lock_guard lock(mutex_);
  bool known = false;
  const uint64_t bits = BitsOf(keys, &known);
  const Place* found = nullptr;
  for (const Place& place : places_) {
    if (!known || place.size < size || (place.signers & bits) != bits) continue;
    if (found == nullptr || place.size < found->size) found = &place;
  }
  return Read(found);
}

Result<std::optional<std::string>> CosignedNotes::Last(
    const std::vector<record::VerifierKey>& keys) const {
  const std::lock_guard lock(mutex_);
  bool known = false;
  const uint64_t bits = BitsOf(keys, &known);
  const auto found = std::find_if(places_.rbegin(), places_.rend(), [&](const Place& place) {
    return known && (place.signers & bits) == bits;
  });
  return Read(found == places_.rend() ? nullptr : &*found);
}

}  // namespace wideberth::witness
