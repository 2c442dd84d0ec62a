#include "base/result.h"

#include "base/limits.h"
#include "base/utf8.h"

namespace wideberth::base {

std::string_view ErrorCodeName(ErrorCode code) {
  switch (code) {
    case ErrorCode::kInvalid:
      return "invalid";
    case ErrorCode::kUnauthorized:
      return "unauthorized";
    case ErrorCode::kForbidden:
      return "forbidden";
    case ErrorCode::kNotFound:
      return "not_found";
    case ErrorCode::kConflict:
      return "conflict";
    case ErrorCode::kTooLarge:
      return "too_large";
    case ErrorCode::kBusy:
      return "busy";
    case ErrorCode::kStorage:
      return "storage";
    case ErrorCode::kInternal:
      return "internal";
  }
  return "internal";
}

Error Error::Under(std::string_view prefix) && {
  field.insert(0, prefix);
  return std::move(*this);
}

std::string Error::ToString() const {
  std::string text;
  if (!field.empty()) text.append(field).append(": ");
  text.append(rule);
  if (!found.empty()) text.append(" (found ").append(found).append(")");
  return text;
}

Unexpected Fail(Error error) {
  return Unexpected(std::move(error));
}

Unexpected Fail(ErrorCode code, std::string_view field, std::string_view rule,
                std::string_view found) {
  return Unexpected(Error{code, std::string(field), std::string(rule),
                          std::string(CutUtf8(found, limits::kErrorFoundBytesMax))});
}

Unexpected Invalid(std::string_view field, std::string_view rule, std::string_view found) {
  return Fail(ErrorCode::kInvalid, field, rule, found);
}

}  // namespace wideberth::base
