#include "line/receipt.h"

#include <algorithm>

#include "base/limits.h"
#include "json/reader.h"
#include "json/writer.h"

namespace wideberth::line {
namespace {

void WriteDigests(std::string_view key, const std::vector<base::Digest>& digests,
                  json::Writer* json) {
  json->Key(key);
  json->BeginArray();
  for (const base::Digest& digest : digests) json->String(digest.ToHex());
  json->EndArray();
}

base::Result<std::vector<base::Digest>> ReadDigests(std::string_view key, json::Object* object) {
  std::vector<base::Digest> digests;
  WB_ASSIGN_OR_RETURN(const json::Array array,
                      object->RequiredArray(key, limits::kReceiptEntriesMax));
  for (const json::Value value : array) {
    WB_ASSIGN_OR_RETURN(const std::string_view text, value.AsString(64));
    auto digest = base::Digest::FromHex(text);
    if (!digest) return value.Refuse(std::move(digest).error());
    digests.push_back(*digest);
  }
  return digests;
}

}  // namespace

std::string WriteReceipt(const Receipt& receipt) {
  std::string body;
  json::Writer json(&body);
  json.BeginObject();
  WriteDigests("stored", receipt.stored, &json);
  WriteDigests("not_understood", receipt.not_understood, &json);
  json.EndObject();
  return body;
}

base::Result<Receipt> ReadReceipt(std::string_view body) {
  WB_ASSIGN_OR_RETURN(const json::Document document, json::Document::Parse(body));
  WB_ASSIGN_OR_RETURN(json::Object object, document.root().AsObject());
  Receipt receipt;
  WB_ASSIGN_OR_RETURN(receipt.stored, ReadDigests("stored", &object));
  WB_ASSIGN_OR_RETURN(receipt.not_understood, ReadDigests("not_understood", &object));
  if (receipt.stored.empty()) {
    return object.Refuse("stored", "must name at least one message");
  }
  for (const base::Digest& digest : receipt.not_understood) {
    if (std::find(receipt.stored.begin(), receipt.stored.end(), digest) == receipt.stored.end()) {
      return object.Refuse("not_understood", "must stand in stored too", digest.ToHex());
    }
  }
  return receipt;
}

}  // namespace wideberth::line
