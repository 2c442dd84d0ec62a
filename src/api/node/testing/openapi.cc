#include "api/node/testing/openapi.h"

#include <algorithm>
#include <array>
#include <limits>
#include <optional>

#include "base/check.h"
#include "base/ids.h"
#include "base/time.h"
#include "json/writer.h"
#include "net/query.h"

namespace wideberth::api::node::testing {
namespace {

using json::Kind;
using json::Value;

constexpr size_t kAny = std::numeric_limits<size_t>::max();
constexpr double kHuge = std::numeric_limits<double>::max();

json::Document ParseOrDie(std::string_view text) {
  auto document = json::Document::Parse(text);
  CHECK_MSG(document.has_value(), "the OpenAPI file must be JSON");
  return std::move(document).value();
}

std::optional<Value> Get(Value object, std::string_view key) {
  auto read = object.AsObject();
  return read ? read->Find(key) : std::nullopt;
}

// By value: what value() of a temporary refers to does not outlive a range-for's head.
json::Array Items(Value value) {
  return value.AsArray(kAny).value();
}
json::Object Fields(Value value) {
  return value.AsObject().value();
}

std::string Text(Value value) {
  return std::string(value.AsString(kAny).value());
}

double Number(Value value) {
  return value.AsDouble(-kHuge, kHuge).value();
}

std::string Problem(Value value, std::string_view what) {
  std::string text = value.ToJson();
  if (text.size() > 200) text = text.substr(0, 200) + "...";
  return "at \"" + value.Pointer() + "\": " + std::string(what) + ", found " + text;
}

std::string LowerMethod(net::Method method) {
  std::string name(net::MethodName(method));
  for (char& c : name) c = static_cast<char>(c | 0x20);
  return name;
}

bool MatchesPattern(std::string_view pattern, std::string_view path) {
  while (!pattern.empty() && !path.empty()) {
    pattern.remove_prefix(1);
    path.remove_prefix(1);
    const size_t pattern_end = std::min(pattern.find('/'), pattern.size());
    const size_t path_end = std::min(path.find('/'), path.size());
    const bool parameter = pattern.starts_with('{');
    if (!parameter && pattern.substr(0, pattern_end) != path.substr(0, path_end)) return false;
    pattern.remove_prefix(pattern_end);
    path.remove_prefix(path_end);
  }
  return pattern.empty() && path.empty();
}

bool IsOfType(std::string_view type, Kind kind) {
  switch (kind) {
    case Kind::kNull:
      return type == "null";
    case Kind::kBool:
      return type == "boolean";
    case Kind::kInteger:
      return type == "integer" || type == "number";
    case Kind::kDouble:
      return type == "number";
    case Kind::kString:
      return type == "string";
    case Kind::kArray:
      return type == "array";
    case Kind::kObject:
      return type == "object";
  }
  return false;
}

// Patterns are of one form, "^[CLASS]{N}$" or "^[CLASS]{N,M}$"; a library of regular expressions
// would be most of the time that the tests take to build.
struct Pattern {
  std::string_view characters;  // of the class, ranges as they are written
  uint64_t min = 0;
  uint64_t max = 0;
};
std::optional<Pattern> ParsePattern(std::string_view text) {
  const size_t end = text.find("]{");
  if (!text.starts_with("^[") || !text.ends_with("}$") || end == std::string_view::npos) {
    return std::nullopt;
  }
  const std::string_view counts = text.substr(end + 2, text.size() - end - 4);
  const size_t comma = std::min(counts.find(','), counts.size());
  const auto min = net::ParseNumber("", counts.substr(0, comma), 0, UINT32_MAX);
  const auto max = net::ParseNumber("", comma == counts.size() ? counts : counts.substr(comma + 1),
                                    0, UINT32_MAX);
  if (!min || !max) return std::nullopt;
  return Pattern{text.substr(2, end - 2), *min, *max};
}
bool Matches(const Pattern& pattern, std::string_view text) {
  const std::string_view set = pattern.characters;
  const auto allowed = [&](char c) {
    for (size_t i = 0; i < set.size(); ++i) {
      const bool range = i + 2 < set.size() && set[i + 1] == '-';
      if (range ? set[i] <= c && c <= set[i + 2] : set[i] == c) return true;
      if (range) i += 2;
    }
    return false;
  };
  return text.size() >= pattern.min && text.size() <= pattern.max &&
         std::all_of(text.begin(), text.end(), allowed);
}

bool HasFormat(std::string_view format, std::string_view text) {
  if (format == "uuid") return base::Uuid::Parse(text).has_value();
  if (format == "date-time") return base::ParseRfc3339(text).has_value();
  return false;
}

constexpr std::array<std::string_view, 24> kKeywords = {
    "$ref",    "type",     "properties", "required",   "additionalProperties",
    "items",   "minItems", "maxItems",   "enum",       "const",
    "oneOf",   "anyOf",    "allOf",      "pattern",    "format",
    "minimum", "maximum",  "minLength",  "maxLength",  "exclusiveMinimum",
    "default", "example",  "title",      "description"};

}  // namespace

OpenApi::OpenApi(std::string_view text) : document_(ParseOrDie(text)) {}

Value OpenApi::Resolve(Value value) const {
  while (const std::optional<Value> ref = Get(value, "$ref")) {
    const std::string path = Text(*ref);
    CHECK(path.starts_with("#/"));
    value = document_.root();
    for (size_t begin = 2; begin <= path.size();) {
      const size_t end = std::min(path.find('/', begin), path.size());
      const std::optional<Value> next = Get(value, path.substr(begin, end - begin));
      CHECK_MSG(next.has_value(), "the OpenAPI file has a reference that leads nowhere");
      value = *next;
      begin = end + 1;
    }
  }
  return value;
}

OpenApi::Found OpenApi::FindOperation(net::Method method, std::string_view path) const {
  std::optional<Value> found;
  const Value paths = *Get(document_.root(), "paths");
  for (const json::Field field : Fields(paths)) {
    if (!MatchesPattern(field.key, path)) continue;
    // A path without parameters wins, as in the router.
    const bool literal = field.key.find('{') == std::string_view::npos;
    if (!found || literal) found = field.value;
  }
  if (!found) return {document_.root(), false};
  const std::optional<Value> operation = Get(*found, LowerMethod(method));
  return {operation.value_or(document_.root()), operation.has_value()};
}

std::string OpenApi::CheckResponse(net::Method method, std::string_view path,
                                   const net::Response& response) const {
  const Found found = FindOperation(method, path);
  if (!found.known) {
    // What the file does not know the node must not either.
    return response.status == 404 || response.status == 405 ? "" : "the file has no such route";
  }
  const std::optional<Value> answers = Get(found.operation, "responses");
  const std::optional<Value> listed = Get(*answers, std::to_string(response.status));
  if (!listed) return "the file has no status " + std::to_string(response.status);
  const Value answer = Resolve(*listed);
  if (const std::optional<Value> headers = Get(answer, "headers")) {
    for (const json::Field header : Fields(*headers)) {
      const std::optional<Value> required = Get(header.value, "required");
      if (required && required->AsBool().value() && !response.headers.Find(header.key)) {
        return "the header " + std::string(header.key) + " is missing";
      }
    }
  }
  const std::optional<Value> content = Get(answer, "content");
  const std::optional<Value> type = Get(*content, response.content_type);
  if (!type) return "the file has no content of type \"" + response.content_type + "\"";
  if (response.content_type == "text/event-stream") return "";
  const bool is_json = response.content_type.ends_with("json");
  std::string quoted;
  if (!is_json) json::AppendQuoted(&quoted, response.body);
  const auto body = json::Document::Parse(is_json ? response.body : quoted, 1 << 26);
  if (!body) return "not JSON: " + body.error().ToString();
  return Check(*Get(*type, "schema"), body->root());
}

std::string OpenApi::CheckRequest(net::Method method, std::string_view path,
                                  std::string_view body) const {
  const Found found = FindOperation(method, path);
  if (!found.known) return "the file has no such route";
  const std::optional<Value> request = Get(found.operation, "requestBody");
  if (!request) return body.empty() ? "" : "the file has no body here";
  if (body.empty()) {
    return Get(*request, "required")->AsBool().value() ? "the file asks for a body" : "";
  }
  const auto read = json::Document::Parse(body, 1 << 26);
  if (!read) return "not JSON: " + read.error().ToString();
  return Check(*Get(*Get(*Get(*request, "content"), "application/json"), "schema"), read->root());
}

std::string OpenApi::CheckAgainst(std::string_view schema_name, std::string_view text) const {
  const auto read = json::Document::Parse(text, 1 << 26);
  if (!read) return "not JSON: " + read.error().ToString();
  const Value schemas = *Get(*Get(document_.root(), "components"), "schemas");
  const std::optional<Value> schema = Get(schemas, schema_name);
  return schema ? Check(*schema, read->root()) : "the file has no such schema";
}

std::vector<std::string> OpenApi::Operations() const {
  std::vector<std::string> all;
  const Value paths = *Get(document_.root(), "paths");
  for (const json::Field path : Fields(paths)) {
    for (const json::Field operation : Fields(path.value)) {
      if (operation.key == "parameters") continue;
      std::string line(operation.key);
      for (char& c : line) c = static_cast<char>(c & ~0x20);
      line.append(" ").append(path.key);
      for (const Value scheme : Items(*Get(operation.value, "security"))) {
        if (Get(scheme, "session")) line.append(" session");
        const auto scopes = Get(scheme, "bearer");
        if (!scopes) continue;
        for (const Value scope : Items(*scopes)) line.append(" ").append(Text(scope));
      }
      all.push_back(std::move(line));
    }
  }
  std::sort(all.begin(), all.end());
  return all;
}

std::string OpenApi::Check(Value schema, Value value) const {
  schema = Resolve(schema);
  json::Object keywords = Fields(schema);
  for (const json::Field keyword : keywords) {
    if (std::find(kKeywords.begin(), kKeywords.end(), keyword.key) == kKeywords.end()) {
      return "the checker does not know the keyword " + std::string(keyword.key);
    }
  }
  if (const auto type = keywords.Find("type")) {
    bool fits = false;
    if (type->kind() == Kind::kString) {
      fits = IsOfType(Text(*type), value.kind());
    } else {
      for (const Value each : Items(*type)) {
        fits = fits || IsOfType(Text(each), value.kind());
      }
    }
    if (!fits) return Problem(value, "must be of type " + type->ToJson());
  }
  for (const auto check : {&OpenApi::CheckObject, &OpenApi::CheckArray, &OpenApi::CheckChoices,
                           &OpenApi::CheckScalar}) {
    if (std::string problem = (this->*check)(keywords, value); !problem.empty()) return problem;
  }
  return "";
}

std::string OpenApi::CheckObject(json::Object schema, Value value) const {
  if (value.kind() != Kind::kObject) return "";
  json::Object object = Fields(value);
  if (const auto required = schema.Find("required")) {
    for (const Value key : Items(*required)) {
      if (!object.Find(Text(key))) return Problem(value, "must have " + Text(key));
    }
  }
  const auto properties = schema.Find("properties");
  const auto additional = schema.Find("additionalProperties");
  for (const json::Field field : object) {
    const auto property = properties ? Get(*properties, field.key) : std::nullopt;
    if (property) {
      if (std::string problem = Check(*property, field.value); !problem.empty()) return problem;
    } else if (additional && !additional->AsBool().value()) {
      return Problem(value, "must not have " + std::string(field.key));
    }
  }
  return "";
}

std::string OpenApi::CheckArray(json::Object schema, Value value) const {
  if (value.kind() != Kind::kArray) return "";
  const json::Array items = Items(value);
  const auto min = schema.Find("minItems");
  const auto max = schema.Find("maxItems");
  const double size = static_cast<double>(items.size());
  if (min && size < Number(*min)) return Problem(value, "must have more items");
  if (max && size > Number(*max)) return Problem(value, "must have fewer items");
  const auto item_schema = schema.Find("items");
  if (!item_schema) return "";
  for (const Value item : items) {
    if (std::string problem = Check(*item_schema, item); !problem.empty()) return problem;
  }
  return "";
}

std::string OpenApi::CheckChoices(json::Object schema, Value value) const {
  if (const auto constant = schema.Find("const");
      constant && constant->ToJson() != value.ToJson()) {
    return Problem(value, "must be " + constant->ToJson());
  }
  if (const auto words = schema.Find("enum")) {
    bool fits = false;
    for (const Value word : Items(*words)) fits |= word.ToJson() == value.ToJson();
    if (!fits) return Problem(value, "must be one of " + words->ToJson());
  }
  for (const std::string_view key : {"oneOf", "anyOf", "allOf"}) {
    const auto choices = schema.Find(key);
    if (!choices) continue;
    size_t fitting = 0;
    std::string last;
    const json::Array all = Items(*choices);
    for (const Value choice : all) {
      const std::string problem = Check(choice, value);
      fitting += problem.empty();
      if (!problem.empty()) last = problem;
    }
    const bool fits = key == "oneOf"   ? fitting == 1
                      : key == "anyOf" ? fitting >= 1
                                       : fitting == all.size();
    if (!fits) return Problem(value, "must fit " + std::string(key) + " (" + last + ")");
  }
  return "";
}

std::string OpenApi::CheckScalar(json::Object schema, Value value) const {
  if (value.kind() == Kind::kString) {
    const std::string text = Text(value);
    const auto pattern = schema.Find("pattern");
    if (pattern) {
      const std::string expression = Text(*pattern);
      const std::optional<Pattern> parsed = ParsePattern(expression);
      if (!parsed) return "the checker does not know the pattern " + expression;
      if (!Matches(*parsed, text)) return Problem(value, "must match " + expression);
    }
    const auto format = schema.Find("format");
    if (format && !HasFormat(Text(*format), text)) {
      return Problem(value, "must be a " + Text(*format));
    }
    const auto max = schema.Find("maxLength");
    if (max && static_cast<double>(text.size()) > Number(*max)) {
      return Problem(value, "must be shorter");
    }
  }
  if (value.kind() == Kind::kInteger || value.kind() == Kind::kDouble) {
    const double number = Number(value);
    const auto min = schema.Find("minimum");
    const auto above = schema.Find("exclusiveMinimum");
    const auto max = schema.Find("maximum");
    if ((min && number < Number(*min)) || (above && number <= Number(*above)) ||
        (max && number > Number(*max))) {
      return Problem(value, "must lie within its bounds");
    }
  }
  return "";
}

}  // namespace wideberth::api::node::testing
