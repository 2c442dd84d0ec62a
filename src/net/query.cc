#include "net/query.h"

#include <charconv>

namespace wideberth::net {

base::Result<uint64_t> ParseNumber(std::string_view field, std::string_view text, uint64_t min,
                                   uint64_t max) {
  uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || value < min || value > max) {
    return base::Invalid(
        field, "must be a number from " + std::to_string(min) + " to " + std::to_string(max), text);
  }
  return value;
}

base::Unexpected Query::Refuse(std::string_view name, base::Error error) {
  error.field = std::string("?").append(name);
  return base::Fail(std::move(error));
}

base::Result<std::optional<std::string_view>> Query::Text(std::string_view name) {
  std::optional<std::string_view> found;
  for (size_t i = 0; i < target_.query.size(); ++i) {
    if (target_.query[i].name != name) continue;
    if (found) {
      return Refuse(name, base::Invalid("", "must be given once", target_.query[i].value).value());
    }
    found = target_.query[i].value;
    known_[i] = true;
  }
  return found;
}

base::Result<std::optional<uint64_t>> Query::Uint64(std::string_view name, uint64_t min,
                                                    uint64_t max) {
  return Parsed(name, [&](std::string_view text) { return ParseNumber("", text, min, max); });
}

base::Result<std::optional<bool>> Query::Bool(std::string_view name) {
  return Parsed(name, [](std::string_view text) -> base::Result<bool> {
    if (text != "true" && text != "false") {
      return base::Invalid("", "must be true or false", text);
    }
    return text == "true";
  });
}

base::Result<void> Query::ExpectNoOthers() const {
  for (size_t i = 0; i < target_.query.size(); ++i) {
    if (known_[i]) continue;
    const net::QueryParameter& other = target_.query[i];
    return Refuse(other.name, base::Invalid("", "must not be given here", other.value).value());
  }
  return {};
}

}  // namespace wideberth::net
