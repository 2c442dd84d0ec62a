// The query of a request, read strictly: every parameter once, and none that nobody asked for.
// Fields of refusals are written "?limit".
#ifndef WIDEBERTH_NET_QUERY_H_
#define WIDEBERTH_NET_QUERY_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "net/http.h"

namespace wideberth::net {

// A decimal number from a path or a query; `field` names it in refusals.
base::Result<uint64_t> ParseNumber(std::string_view field, std::string_view text, uint64_t min,
                                   uint64_t max);

class Query {
 public:
  explicit Query(const Target& target) : target_(target), known_(target.query.size()) {}

  base::Result<std::optional<std::string_view>> Text(std::string_view name);
  base::Result<std::optional<uint64_t>> Uint64(std::string_view name, uint64_t min, uint64_t max);
  base::Result<std::optional<bool>> Bool(std::string_view name);

  // `parse` is string_view -> Result<T>.
  template <class Parse>
  auto Parsed(std::string_view name, Parse parse)
      -> base::Result<std::optional<typename decltype(parse(std::string_view()))::value_type>> {
    using T = typename decltype(parse(std::string_view()))::value_type;
    WB_ASSIGN_OR_RETURN(const std::optional<std::string_view> text, Text(name));
    if (!text) return std::optional<T>();
    auto parsed = parse(*text);
    if (!parsed) return Refuse(name, std::move(parsed).error());
    return std::optional<T>(std::move(parsed).value());
  }

  base::Result<void> ExpectNoOthers() const;

 private:
  static base::Unexpected Refuse(std::string_view name, base::Error error);

  const Target& target_;
  std::vector<bool> known_;
};

}  // namespace wideberth::net

#endif  // WIDEBERTH_NET_QUERY_H_
