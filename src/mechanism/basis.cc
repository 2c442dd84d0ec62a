#include "mechanism/basis.h"

#include "json/reader.h"
#include "json/writer.h"

namespace wideberth::mechanism {

using base::Result;

ConflictVersions VersionsOf(const airspace::Conflict& conflict) {
  ConflictVersions versions;
  for (size_t i = 0; i < versions.size(); ++i) {
    versions[i] = {conflict.sides[i].notice, conflict.sides[i].version};
  }
  return versions;
}

Basis BasisOf(const airspace::Conflict& conflict, const base::Digest& agreement) {
  return {conflict.id, agreement,
          airspace::IsLive(conflict) ? conflict.verdict : airspace::Verdict::kClear,
          VersionsOf(conflict)};
}

std::string WriteBasis(const Basis& basis) {
  std::string text;
  json::Writer json(&text);
  json.BeginObject();
  json.StringField("conflict", basis.conflict.ToHex());
  json.StringField("agreement", basis.agreement.ToHex());
  json.StringField("verdict", airspace::Name(basis.verdict));
  WriteConflictVersions(basis.versions, &json);
  json.EndObject();
  return text;
}

Result<Basis> ReadBasis(std::string_view text) {
  WB_ASSIGN_OR_RETURN(const json::Document document, json::Document::Parse(text));
  WB_ASSIGN_OR_RETURN(json::Object object, document.root().AsObject());
  Basis basis;
  WB_ASSIGN_OR_RETURN(basis.conflict, object.RequiredParsed("conflict", 64, base::Digest::FromHex));
  WB_ASSIGN_OR_RETURN(basis.agreement,
                      object.RequiredParsed("agreement", 64, base::Digest::FromHex));
  WB_ASSIGN_OR_RETURN(basis.verdict,
                      object.RequiredParsed("verdict", 16, airspace::ParseName<airspace::Verdict>));
  WB_ASSIGN_OR_RETURN(basis.versions, ReadConflictVersions(&object));
  return basis;
}

}  // namespace wideberth::mechanism
