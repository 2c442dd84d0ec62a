// Tokens for development. Their issuer says in its name what they must not be used for, and a node accepts them only if
// its configuration names that issuer.
#include "crypto/token.h"

#include <fmt/format.h>

#include <filesystem>
#include <string>

#include "apps/wideberth/commands.h"
#include "apps/wideberth/development.h"
#include "apps/wideberth/flags.h"
#include "apps/wideberth/show/terminal.h"
#include "base/bytes.h"
#include "base/time.h"
#include "crypto/key_file.h"
#include "json/reader.h"
#include "json/writer.h"

namespace wideberth::cli {
namespace {

using base::Result;

constexpr int64_t kRenewedLifetimeUs = 24 * base::kMicrosPerHour;

Result<crypto::SecretKey> ReadKey(const std::string& path) {
  const std::filesystem::path file(path);
  const std::string directory = file.has_parent_path() ? file.parent_path().string() : ".";
  return crypto::ReadKeyCredential(directory, file.filename().string());
}

struct TokenParts {
  std::string header;
  std::string claims;
};
Result<TokenParts> TakeApart(std::string_view token) {
  const size_t first = token.find('.');
  const size_t second = first == std::string_view::npos ? first : token.find('.', first + 1);
  if (second == std::string_view::npos) {
    return base::Invalid("", "must be a token: three parts with dots between");
  }
  WB_ASSIGN_OR_RETURN(const base::Bytes header, base::Base64UrlDecode(token.substr(0, first)));
  WB_ASSIGN_OR_RETURN(const base::Bytes claims,
                      base::Base64UrlDecode(token.substr(first + 1, second - first - 1)));
  return TokenParts{std::string(base::AsText(header)), std::string(base::AsText(claims))};
}

// Seconds since 1970 as a time.
std::string SecondsText(int64_t seconds) {
  constexpr int64_t kFar = int64_t{1} << 40;
  if (seconds < 0 || seconds > kFar) return std::to_string(seconds);
  return base::FormatRfc3339({seconds * base::kMicrosPerSecond});
}

Result<std::string> ClaimText(const json::Value& value, std::string_view key) {
  if (value.kind() == json::Kind::kString) {
    WB_ASSIGN_OR_RETURN(const std::string_view text, value.AsString(SIZE_MAX));
    return std::string(text);
  }
  if (value.kind() == json::Kind::kInteger && (key == "exp" || key == "nbf" || key == "iat")) {
    WB_ASSIGN_OR_RETURN(const int64_t seconds, value.AsInt64(INT64_MIN, INT64_MAX));
    return SecondsText(seconds);
  }
  return value.ToJson();
}

}  // namespace

Result<std::string> IssueDevelopmentToken(const crypto::SecretKey& key, const std::string& party,
                                          std::vector<std::string> scopes, int64_t lifetime_us) {
  return crypto::IssueToken({std::string(kDevelopmentIssuer), party,
                             std::string(kDevelopmentAudience), std::move(scopes), lifetime_us},
                            key, base::SystemClock().Now());
}

Result<void> WriteDevelopmentTokens(const crypto::SecretKey& key, const std::string& directory,
                                    const std::vector<std::string>& parties) {
  const auto write = [&](const std::string& file, const std::string& party,
                         std::vector<std::string> scopes) -> Result<void> {
    WB_ASSIGN_OR_RETURN(const std::string token,
                        IssueDevelopmentToken(key, party, std::move(scopes), kRenewedLifetimeUs));
    WB_RETURN_IF_ERROR(WriteOutput(directory + "/" + file + ".token", token + "\n", true, false));
    return {};
  };
  for (const std::string& party : parties) {
    WB_RETURN_IF_ERROR(write(party, party, {"wideberth.read", "wideberth.write"}));
  }
  // Whoever moves the drill clock acts as nobody, but a token has to be some party's.
  return write("admin", parties.front(), {"wideberth.read", "wideberth.admin"});
}

Result<int> RunTokenIssue(const Session& session, const TokenOptions& options) {
  WB_ASSIGN_OR_RETURN(const crypto::SecretKey key, ReadKey(options.key));
  const Result<int64_t> lifetime_us = ParseDurationUs(options.lifetime);
  if (!lifetime_us) return base::Fail(base::Error(lifetime_us.error()).Under("--lifetime"));
  std::vector<std::string> scopes = options.scopes;
  if (scopes.empty()) scopes = {"wideberth.read", "wideberth.write"};
  crypto::TokenRequest request{
      std::string(kDevelopmentIssuer), options.party,
      options.audience.empty() ? std::string(kDevelopmentAudience) : options.audience, scopes,
      *lifetime_us};
  WB_ASSIGN_OR_RETURN(const std::string token,
                      crypto::IssueToken(request, key, base::SystemClock().Now()));
  if (!options.output.empty()) {
    WB_RETURN_IF_ERROR(WriteOutput(options.output, token + "\n", true, false));
  }
  if (session.json) {
    std::string text;
    json::Writer json(&text);
    json.BeginObject();
    json.StringField("token", token);
    json.StringField("issuer", kDevelopmentIssuer);
    json.StringField("key_id", key.public_key().KeyId());
    json.EndObject();
    Print(text + "\n");
  } else if (options.output.empty()) {
    Print(token + "\n");
  }
  return kExitOk;
}

Result<int> RunTokenRenew(const Session& session, const TokenOptions& options) {
  WB_ASSIGN_OR_RETURN(const crypto::SecretKey key, ReadKey(options.dir + "/token-key.pem"));
  WB_ASSIGN_OR_RETURN(const std::vector<std::string> parties,
                      RulesParties(options.dir + "/rules.toml"));
  WB_RETURN_IF_ERROR(WriteDevelopmentTokens(key, options.dir + "/tokens", parties));
  if (session.json) {
    Print("{\"renewed\":" + std::to_string(parties.size() + 1) + "}\n");
  } else {
    Print(fmt::format("{} tokens in {}/tokens, for the next 24 hours\n", parties.size() + 1,
                      options.dir));
  }
  return kExitOk;
}

Result<int> RunTokenShow(const Session& session, const TokenOptions& options) {
  WB_ASSIGN_OR_RETURN(std::string token,
                      ReadInput(options.file.empty() ? session.token_file : options.file));
  while (token.ends_with('\n') || token.ends_with(' ')) token.pop_back();
  WB_ASSIGN_OR_RETURN(const TokenParts parts, TakeApart(token));
  WB_ASSIGN_OR_RETURN(const json::Document header, json::Document::Parse(parts.header));
  WB_ASSIGN_OR_RETURN(const json::Document claims, json::Document::Parse(parts.claims));
  if (session.json) {
    Print("{\"header\":" + header.root().ToJson() + ",\"claims\":" + claims.root().ToJson() +
          "}\n");
    return kExitOk;
  }
  Table table({{"CLAIM"}, {"VALUE", Fit::kWrap}});
  for (const json::Document* document : {&header, &claims}) {
    WB_ASSIGN_OR_RETURN(const json::Object object, document->root().AsObject());
    for (const json::Field field : object) {
      WB_ASSIGN_OR_RETURN(std::string text, ClaimText(field.value, field.key));
      table.AddRow({{std::string(field.key)}, {std::move(text)}});
    }
  }
  PrintTable(table);
  Print(Paint(Style::kDim, "the signature was not verified: that is the node's part\n"));
  return kExitOk;
}

}  // namespace wideberth::cli
