#include "net/http.h"

#include <array>
#include <utility>

#include "base/limits.h"
#include "base/utf8.h"

namespace wideberth::net {
namespace {

constexpr std::array<std::pair<Method, std::string_view>, 7> kMethods{{
    {Method::kGet, "GET"},
    {Method::kHead, "HEAD"},
    {Method::kPut, "PUT"},
    {Method::kPost, "POST"},
    {Method::kDelete, "DELETE"},
    {Method::kPatch, "PATCH"},
    {Method::kOptions, "OPTIONS"},
}};

constexpr std::pair<int, std::string_view> kPhrases[] = {
    {100, "Continue"},
    {200, "OK"},
    {201, "Created"},
    {202, "Accepted"},
    {204, "No Content"},
    {301, "Moved Permanently"},
    {302, "Found"},
    {303, "See Other"},
    {304, "Not Modified"},
    {307, "Temporary Redirect"},
    {308, "Permanent Redirect"},
    {400, "Bad Request"},
    {401, "Unauthorized"},
    {403, "Forbidden"},
    {404, "Not Found"},
    {405, "Method Not Allowed"},
    {406, "Not Acceptable"},
    {408, "Request Timeout"},
    {409, "Conflict"},
    {410, "Gone"},
    {412, "Precondition Failed"},
    {413, "Content Too Large"},
    {414, "URI Too Long"},
    {415, "Unsupported Media Type"},
    {417, "Expectation Failed"},
    {422, "Unprocessable Content"},
    {429, "Too Many Requests"},
    {431, "Request Header Fields Too Large"},
    {500, "Internal Server Error"},
    {501, "Not Implemented"},
    {503, "Service Unavailable"},
    {505, "HTTP Version Not Supported"},
};

char Lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

std::string_view Trim(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

int HexValue(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

bool IsUnreserved(char c) {
  return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' ||
         c == '.' || c == '_' || c == '~';
}

// Drops "http://host:port" from an absolute-form target.
base::Result<std::string_view> OriginForm(std::string_view target) {
  if (!target.empty() && target.front() == '/') return target;
  const size_t colon = target.find("://");
  const std::string_view scheme = target.substr(0, colon == std::string_view::npos ? 0 : colon);
  if (!EqualsIgnoreCase(scheme, "http") && !EqualsIgnoreCase(scheme, "https")) {
    return base::Invalid("target", "must start with '/' or be an http(s) URL", target);
  }
  std::string_view rest = target.substr(colon + 3);
  const size_t end = rest.find_first_of("/?");
  const std::string_view authority = rest.substr(0, end);
  if (authority.empty() || authority.find('@') != std::string_view::npos) {
    return base::Invalid("target", "an absolute target must name a host, without user information",
                         target);
  }
  if (end == std::string_view::npos) return std::string_view("/");
  rest.remove_prefix(end);
  if (rest.front() == '?') {
    return base::Invalid("target", "an absolute target must have a path", target);
  }
  return rest;
}

base::Result<std::string> ParsePath(std::string_view raw) {
  WB_ASSIGN_OR_RETURN(std::string path, PercentDecode(raw, "path"));
  size_t begin = 1;
  while (begin <= path.size()) {
    size_t end = path.find('/', begin);
    if (end == std::string::npos) end = path.size();
    const std::string_view segment(path.data() + begin, end - begin);
    if (segment == "." || segment == "..") {
      return base::Invalid("path", "must not hold '.' or '..' segments", raw);
    }
    if (segment.empty() && end != path.size()) {
      return base::Invalid("path", "must not hold empty segments", raw);
    }
    begin = end + 1;
  }
  return path;
}

base::Result<std::vector<QueryParameter>> ParseQuery(std::string_view raw) {
  std::vector<QueryParameter> parameters;
  while (!raw.empty()) {
    const size_t end = raw.find('&');
    const std::string_view item = raw.substr(0, end);
    raw.remove_prefix(end == std::string_view::npos ? raw.size() : end + 1);
    if (item.empty()) continue;
    if (parameters.size() == limits::kHttpQueryParametersMax) {
      return base::Fail(base::ErrorCode::kTooLarge, "query", "must hold at most 64 parameters");
    }
    const size_t equals = item.find('=');
    WB_ASSIGN_OR_RETURN(std::string name, PercentDecode(item.substr(0, equals), "query"));
    if (name.empty()) return base::Invalid("query", "a parameter must have a name", item);
    std::string value;
    if (equals != std::string_view::npos) {
      WB_ASSIGN_OR_RETURN(value, PercentDecode(item.substr(equals + 1), "query"));
    }
    parameters.push_back({std::move(name), std::move(value)});
  }
  return parameters;
}

}  // namespace

std::string_view MethodName(Method method) {
  for (const auto& [value, name] : kMethods) {
    if (value == method) return name;
  }
  return "GET";
}

std::optional<Method> ParseMethod(std::string_view name) {
  for (const auto& [value, known] : kMethods) {
    if (known == name) return value;
  }
  return std::nullopt;
}

bool EqualsIgnoreCase(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return false;
  for (size_t i = 0; i < a.size(); ++i) {
    if (Lower(a[i]) != Lower(b[i])) return false;
  }
  return true;
}

void Headers::Add(std::string_view name, std::string_view value) {
  spans_.push_back({static_cast<uint32_t>(text_.size()), static_cast<uint32_t>(name.size()),
                    static_cast<uint32_t>(value.size())});
  text_.append(name);
  text_.append(value);
}

void Headers::Clear() {
  text_.clear();
  spans_.clear();
}

Headers::Field Headers::at(size_t index) const {
  const Span& span = spans_[index];
  const std::string_view text(text_);
  return {text.substr(span.name_offset, span.name_bytes),
          text.substr(span.name_offset + span.name_bytes, span.value_bytes)};
}

std::optional<std::string_view> Headers::Find(std::string_view name) const {
  for (size_t i = 0; i < spans_.size(); ++i) {
    if (spans_[i].name_bytes != name.size()) continue;
    const Field field = at(i);
    if (EqualsIgnoreCase(field.name, name)) return field.value;
  }
  return std::nullopt;
}

size_t Headers::Count(std::string_view name) const {
  size_t count = 0;
  for (size_t i = 0; i < spans_.size(); ++i) count += EqualsIgnoreCase(at(i).name, name) ? 1 : 0;
  return count;
}

bool Headers::HasToken(std::string_view name, std::string_view token) const {
  for (size_t i = 0; i < spans_.size(); ++i) {
    const Field field = at(i);
    if (!EqualsIgnoreCase(field.name, name)) continue;
    std::string_view rest = field.value;
    while (!rest.empty()) {
      const size_t comma = rest.find(',');
      if (EqualsIgnoreCase(Trim(rest.substr(0, comma)), token)) return true;
      rest.remove_prefix(comma == std::string_view::npos ? rest.size() : comma + 1);
    }
  }
  return false;
}

std::optional<std::string_view> Target::Find(std::string_view name) const {
  for (const QueryParameter& parameter : query) {
    if (parameter.name == name) return parameter.value;
  }
  return std::nullopt;
}

size_t Target::Count(std::string_view name) const {
  size_t count = 0;
  for (const QueryParameter& parameter : query) count += parameter.name == name ? 1 : 0;
  return count;
}

base::Result<std::string> PercentDecode(std::string_view text, std::string_view field) {
  std::string out;
  out.reserve(text.size());
  bool ascii = true;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      out.push_back(text[i]);
      continue;
    }
    const int high = i + 1 < text.size() ? HexValue(text[i + 1]) : -1;
    const int low = i + 2 < text.size() ? HexValue(text[i + 2]) : -1;
    if (high < 0 || low < 0) {
      return base::Invalid(field, "'%' must be followed by two hex digits", text.substr(i, 3));
    }
    const int value = high * 16 + low;
    if (value < 0x20 || value == 0x7F) {
      return base::Invalid(field, "must not hold control bytes", text.substr(i, 3));
    }
    // A path is split at its slashes after decoding; a hidden one would change what the client
    // meant.
    if (field == "path" && (value == '/' || value == '\\')) {
      return base::Invalid(field, "must not hold an encoded slash", text.substr(i, 3));
    }
    ascii = ascii && value < 0x80;
    out.push_back(static_cast<char>(value));
    i += 2;
  }
  if (!ascii && !base::IsUtf8(out)) return base::Invalid(field, "must be UTF-8 once decoded", text);
  return out;
}

std::string PercentEncode(std::string_view text) {
  static constexpr std::string_view kDigits = "0123456789ABCDEF";
  std::string out;
  out.reserve(text.size());
  for (const char c : text) {
    if (IsUnreserved(c)) {
      out.push_back(c);
      continue;
    }
    const auto byte = static_cast<uint8_t>(c);
    out.push_back('%');
    out.push_back(kDigits[byte >> 4]);
    out.push_back(kDigits[byte & 15]);
  }
  return out;
}

base::Result<Target> ParseTarget(std::string_view target) {
  if (target.size() > limits::kHttpTargetBytesMax) {
    return base::Fail(base::ErrorCode::kTooLarge, "target", "must be at most 8192 bytes",
                      std::to_string(target.size()) + " bytes");
  }
  for (const char c : target) {
    const auto byte = static_cast<uint8_t>(c);
    if (byte <= 0x20 || byte >= 0x7F || c == '\\') {
      return base::Invalid("target", "must be printable ASCII without blanks or backslashes",
                           target);
    }
    if (c == '#') return base::Invalid("target", "must not hold a fragment", target);
  }
  WB_ASSIGN_OR_RETURN(const std::string_view origin, OriginForm(target));
  const size_t mark = origin.find('?');
  Target parsed;
  WB_ASSIGN_OR_RETURN(parsed.path, ParsePath(origin.substr(0, mark)));
  if (mark != std::string_view::npos) {
    WB_ASSIGN_OR_RETURN(parsed.query, ParseQuery(origin.substr(mark + 1)));
  }
  return parsed;
}

Response TextResponse(int status, std::string body) {
  Response response;
  response.status = status;
  response.content_type = "text/plain; charset=utf-8";
  response.body = std::move(body);
  return response;
}

Response JsonResponse(int status, std::string body) {
  Response response;
  response.status = status;
  response.content_type = "application/json";
  response.body = std::move(body);
  return response;
}

std::string_view StatusPhrase(int status) {
  for (const auto& [value, phrase] : kPhrases) {
    if (value == status) return phrase;
  }
  return "Unknown";
}

int StatusFor(base::ErrorCode code) {
  switch (code) {
    case base::ErrorCode::kInvalid:
      return 400;
    case base::ErrorCode::kUnauthorized:
      return 401;
    case base::ErrorCode::kForbidden:
      return 403;
    case base::ErrorCode::kNotFound:
      return 404;
    case base::ErrorCode::kConflict:
      return 409;
    case base::ErrorCode::kTooLarge:
      return 413;
    case base::ErrorCode::kBusy:
      return 503;
    case base::ErrorCode::kStorage:
      return 503;
    case base::ErrorCode::kInternal:
      return 500;
  }
  return 500;
}

}  // namespace wideberth::net
