// Result<T>: a value, or an Error that says which field broke which rule and what was found.
//
// Every function that can fail on input, on the network or on a disk returns a Result; exceptions do not cross module
// borders. A Result may not be ignored (it is [[nodiscard]]).
//
//   Result<Position> p = MakePosition(lat_deg, lng_deg);
//   if (!p) return Fail(std::move(p).error().Under("/outline/centre"));
//   Use(*p);
//
// or shorter, inside a function that itself returns a Result:
//
//   WB_ASSIGN_OR_RETURN(const Position p, MakePosition(lat_deg, lng_deg));
//   WB_RETURN_IF_ERROR(Validate(p));
#ifndef WIDEBERTH_BASE_RESULT_H_
#define WIDEBERTH_BASE_RESULT_H_

#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <utility>

namespace wideberth::base {

// What kind of refusal or failure; the HTTP status, the exit code and the metric label follow from it alone.
enum class ErrorCode {
  kInvalid,       // the input breaks a rule                                   HTTP 400
  kUnauthorized,  // no credential, or one that does not verify                HTTP 401
  kForbidden,     // a valid credential that does not allow this act           HTTP 403
  kNotFound,      // no such thing, or none that the caller may see            HTTP 404
  kConflict,      // the state does not allow this act now (stale version...)  HTTP 409
  kTooLarge,      // a named limit of base/limits.h is exceeded                HTTP 413
  kBusy,          // a queue is full or a deadline passed; nothing was applied HTTP 503
  kStorage,       // a disk refused, or what is on it is damaged               HTTP 503
  kInternal,      // a defect of ours                                          HTTP 500
};

// "invalid", "unauthorized", "forbidden", "not_found", "conflict", "too_large", "busy", "storage", "internal".
std::string_view ErrorCodeName(ErrorCode code);

// A refusal names the field, the rule and what was found.
struct Error {
  ErrorCode code = ErrorCode::kInternal;
  // Where: a JSON pointer ("/volumes/0/lower"), a key of a configuration file ("listen.port"), a place in a file
  // ("line 12"), a path; empty when the whole request is meant.
  std::string field;
  std::string rule;   // what should hold: "must be between -90 and 90 degrees"
  std::string found;  // what was there: "91"; cut to limits::kErrorFoundBytesMax

  // The same error with `prefix` before the field: Under("/outline") turns "/centre" into "/outline/centre".
  Error Under(std::string_view prefix) &&;

  // One line for people: "/outline/centre: must be between -90 and 90 degrees (found 91)".
  std::string ToString() const;

  bool operator==(const Error&) const = default;
};

template <class T>
class [[nodiscard]] Result : public tl::expected<T, Error> {
 public:
  using tl::expected<T, Error>::expected;
};

using Unexpected = tl::unexpected<Error>;

// Refusals read as sentences at the place of the rule: return Invalid("/lat", "must be ...", "91").
[[nodiscard]] Unexpected Fail(Error error);
[[nodiscard]] Unexpected Fail(ErrorCode code, std::string_view field, std::string_view rule,
                              std::string_view found = {});
[[nodiscard]] Unexpected Invalid(std::string_view field, std::string_view rule,
                                 std::string_view found = {});

}  // namespace wideberth::base

#define WB_CONCAT_INNER(a, b) a##b
#define WB_CONCAT(a, b) WB_CONCAT_INNER(a, b)

// Declares `decl` from the value of `expr`, or returns its error.
#define WB_ASSIGN_OR_RETURN(decl, expr) \
  WB_ASSIGN_OR_RETURN_INNER(WB_CONCAT(wb_result_, __LINE__), decl, expr)
#define WB_ASSIGN_OR_RETURN_INNER(tmp, decl, expr)                              \
  auto tmp = (expr);                                                            \
  if (!tmp.has_value()) return ::wideberth::base::Fail(std::move(tmp).error()); \
  decl = std::move(tmp).value()

#define WB_RETURN_IF_ERROR(expr)                                    \
  do {                                                              \
    if (auto wb_status = (expr); !wb_status.has_value()) {          \
      return ::wideberth::base::Fail(std::move(wb_status).error()); \
    }                                                               \
  } while (false)

#endif  // WIDEBERTH_BASE_RESULT_H_
