// The development setup that `node init` makes: one issuer, one audience, one key, a token for each party.
#ifndef WIDEBERTH_APPS_WIDEBERTH_DEVELOPMENT_H_
#define WIDEBERTH_APPS_WIDEBERTH_DEVELOPMENT_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "crypto/ed25519.h"

namespace wideberth::cli {

inline constexpr std::string_view kDevelopmentIssuer = "wideberth-development-not-for-production";
inline constexpr std::string_view kDevelopmentAudience = "wideberth-development";

base::Result<std::string> IssueDevelopmentToken(const crypto::SecretKey& key,
                                                const std::string& party,
                                                std::vector<std::string> scopes,
                                                int64_t lifetime_us);

// NAME.token for each party, and admin.token, each for 24 hours and of mode 0600. Replaces what is there.
base::Result<void> WriteDevelopmentTokens(const crypto::SecretKey& key,
                                          const std::string& directory,
                                          const std::vector<std::string>& parties);

// The names of the parties of a rules file; one at least.
base::Result<std::vector<std::string>> RulesParties(const std::string& path);

}  // namespace wideberth::cli

#endif  // WIDEBERTH_APPS_WIDEBERTH_DEVELOPMENT_H_
