#include "journal/journal.h"

#include <charconv>

#include "crypto/sha256.h"
#include "json/reader.h"
#include "json/writer.h"

namespace wideberth::journal {
namespace {

using base::Digest;
using base::Invalid;
using base::Result;

constexpr std::string_view kDomain = "wideberth journal 1\n";
constexpr size_t kDigestBytes = 64;

// An entry names what is before it; what else is in it is not looked at.
Result<void> CheckLinked(const Disclosure& disclosure) {
  WB_ASSIGN_OR_RETURN(const json::Document document,
                      json::Document::Parse(disclosure.text, kEntryBytesMax));
  WB_ASSIGN_OR_RETURN(json::Object entry, document.root().AsObject());
  WB_ASSIGN_OR_RETURN(const Digest previous,
                      entry.RequiredParsed("previous", kDigestBytes, Digest::FromHex));
  if (previous == disclosure.before) return {};
  return Invalid("/previous", "must be the link before it", previous.ToHex());
}

}  // namespace

Digest LinkAfter(const Digest& before, const Digest& text_sha256) {
  std::string bytes(kDomain);
  bytes.append(base::AsText(before.bytes)).append(base::AsText(text_sha256.bytes));
  return crypto::Sha256(base::AsBytes(bytes));
}

Digest LinkAfter(const Digest& before, std::string_view text) {
  return LinkAfter(before, crypto::Sha256(base::AsBytes(text)));
}

std::string Head::ToString() const {
  return std::to_string(size) + ":" + link.ToHex();
}

Result<Head> Head::Parse(std::string_view text) {
  Head head;
  const size_t colon = text.find(':');
  const std::string_view digits = text.substr(0, colon);
  const auto read = std::from_chars(digits.data(), digits.data() + digits.size(), head.size);
  if (colon == std::string_view::npos || digits.empty() || read.ec != std::errc() ||
      read.ptr != digits.data() + digits.size()) {
    return Invalid("", "must be SIZE:LINK, as `journal head` prints it", text);
  }
  WB_ASSIGN_OR_RETURN(head.link, Digest::FromHex(text.substr(colon + 1)));
  return head;
}

Head HeadOf(const Disclosure& disclosure) {
  Head head{disclosure.number, LinkAfter(disclosure.before, disclosure.text)};
  for (const Digest& entry : disclosure.after) {
    head.link = LinkAfter(head.link, entry);
    ++head.size;
  }
  return head;
}

std::string FormatDisclosure(const Disclosure& disclosure) {
  const Head head = HeadOf(disclosure);
  std::string text;
  json::Writer json(&text);
  json.BeginObject();
  json.Uint64Field("wideberth_journal_disclosure", 1);
  json.Uint64Field("number", disclosure.number);
  json.StringField("before", disclosure.before.ToHex());
  json.StringField("entry", disclosure.text);
  json.Key("after");
  json.BeginArray();
  for (const Digest& entry : disclosure.after) json.String(entry.ToHex());
  json.EndArray();
  json.Uint64Field("size", head.size);
  json.StringField("head", head.link.ToHex());
  json.EndObject();
  return text;
}

Result<Disclosure> ParseDisclosure(std::string_view file) {
  WB_ASSIGN_OR_RETURN(const json::Document document,
                      json::Document::Parse(file, kDisclosureBytesMax));
  WB_ASSIGN_OR_RETURN(json::Object object, document.root().AsObject());
  WB_RETURN_IF_ERROR(object.RequiredInt64("wideberth_journal_disclosure", 1, 1));
  Disclosure disclosure;
  WB_ASSIGN_OR_RETURN(const int64_t number, object.RequiredInt64("number", 1, int64_t{1} << 48));
  disclosure.number = static_cast<uint64_t>(number);
  WB_ASSIGN_OR_RETURN(disclosure.before,
                      object.RequiredParsed("before", kDigestBytes, Digest::FromHex));
  WB_ASSIGN_OR_RETURN(const std::string_view text, object.RequiredString("entry", kEntryBytesMax));
  disclosure.text = text;
  WB_ASSIGN_OR_RETURN(const json::Array after, object.RequiredArray("after", kEntriesMax));
  disclosure.after.reserve(after.size());
  for (const json::Value value : after) {
    WB_ASSIGN_OR_RETURN(const std::string_view hex, value.AsString(kDigestBytes));
    auto entry = Digest::FromHex(hex);
    if (!entry) return value.Refuse(std::move(entry).error());
    disclosure.after.push_back(*entry);
  }
  Head stated;
  WB_ASSIGN_OR_RETURN(const int64_t size, object.RequiredInt64("size", 1, int64_t{1} << 49));
  stated.size = static_cast<uint64_t>(size);
  WB_ASSIGN_OR_RETURN(stated.link, object.RequiredParsed("head", kDigestBytes, Digest::FromHex));
  WB_RETURN_IF_ERROR(object.ExpectNoOtherFields());
  if ((disclosure.number == 1) != (disclosure.before == Digest())) {
    return Invalid("/before", "must be all zero for the first entry, and for no other",
                   disclosure.before.ToHex());
  }
  if (auto linked = CheckLinked(disclosure); !linked) {
    return base::Fail(std::move(linked).error().Under("/entry"));
  }
  if (const Head head = HeadOf(disclosure); head != stated) {
    return Invalid("/head", "must follow from the entry and what is behind it: " + head.ToString(),
                   stated.ToString());
  }
  return disclosure;
}

Result<Disclosure> VerifyDisclosure(std::string_view file, const std::optional<Head>& pinned) {
  WB_ASSIGN_OR_RETURN(Disclosure disclosure, ParseDisclosure(file));
  if (!pinned) return disclosure;
  if (const Head head = HeadOf(disclosure); head != *pinned) {
    return base::Fail(base::ErrorCode::kConflict, "head", "must be the one that was deposited",
                      head.ToString());
  }
  return disclosure;
}

}  // namespace wideberth::journal
