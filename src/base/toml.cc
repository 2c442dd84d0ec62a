#include "base/toml.h"

#include <toml++/toml.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <unordered_set>

#include "base/utf8.h"

namespace wideberth::base {

struct TomlDocument::Impl {
  toml::table root;
  std::unordered_set<const toml::node*> known;  // nodes that somebody asked for
};

// What the library's types need to know of ours; keeps them out of the header.
struct TomlAccess {
  using Impl = TomlDocument::Impl;

  static Impl& Document(const TomlTable& table) { return *static_cast<Impl*>(table.document_); }
  static const toml::table* Node(const TomlTable& table) {
    return static_cast<const toml::table*>(table.node_);
  }
  static TomlTable Make(const TomlTable& parent, const toml::table* node, std::string path) {
    return {parent.document_, node, std::move(path)};
  }
  // The value of a key, or null; asking makes the key known.
  static const toml::node* Find(const TomlTable& table, std::string_view key) {
    if (Node(table) == nullptr) return nullptr;
    const toml::node* const node = Node(table)->get(key);
    if (node != nullptr) Document(table).known.insert(node);
    return node;
  }
};

namespace {

bool IsBareKey(std::string_view key) {
  return !key.empty() && std::all_of(key.begin(), key.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-';
  });
}

std::string Join(std::string_view path, std::string_view key) {
  std::string joined(path);
  if (!joined.empty()) joined.push_back('.');
  if (IsBareKey(key)) return joined.append(key);
  return joined.append("\"").append(key).append("\"");
}

std::string Item(std::string_view path, size_t i) {
  return std::string(path).append("[").append(std::to_string(i)).append("]");
}

template <class T>
std::string NumberText(T number) {
  char buffer[32];
  return {buffer, std::to_chars(buffer, buffer + sizeof(buffer), number).ptr};
}

std::string Shown(const toml::node& node) {
  std::string shown;
  if (const auto* text = node.as_string()) {
    shown = "\"" + std::string(CutUtf8(text->get(), 80)) + "\"";
  } else if (const auto* integer = node.as_integer()) {
    shown = NumberText(integer->get());
  } else if (const auto* real = node.as_floating_point()) {
    shown = NumberText(real->get());
  } else if (const auto* boolean = node.as_boolean()) {
    shown = boolean->get() ? "true" : "false";
  } else if (node.is_table()) {
    shown = "a table";
  } else if (const auto* array = node.as_array()) {
    shown = "an array of " + std::to_string(array->size()) + " items";
  } else {
    shown = "a date or time";
  }
  return shown + " at line " + std::to_string(node.source().begin.line);
}

Unexpected RefuseNode(std::string_view path, std::string_view rule, const toml::node& node) {
  return Invalid(path, rule, Shown(node));
}

Result<std::string> ReadString(std::string_view path, const toml::node& node, size_t max_bytes) {
  const auto* text = node.as_string();
  if (text == nullptr) return RefuseNode(path, "must be a string", node);
  if (text->get().size() > max_bytes) {
    return RefuseNode(path, "must have at most " + std::to_string(max_bytes) + " bytes", node);
  }
  return text->get();
}

template <class T>
std::string BetweenRule(T min, T max) {
  return "must be between " + NumberText(min) + " and " + NumberText(max);
}

Result<int64_t> ReadInt64(std::string_view path, const toml::node& node, int64_t min, int64_t max) {
  const auto* integer = node.as_integer();
  if (integer == nullptr) return RefuseNode(path, "must be an integer", node);
  if (integer->get() < min || integer->get() > max) {
    return RefuseNode(path, BetweenRule(min, max), node);
  }
  return integer->get();
}

Result<double> ReadDouble(std::string_view path, const toml::node& node, double min, double max) {
  double value = 0;
  if (const auto* real = node.as_floating_point()) {
    value = real->get();
  } else if (const auto* integer = node.as_integer()) {
    value = static_cast<double>(integer->get());
  } else {
    return RefuseNode(path, "must be a number", node);
  }
  if (!std::isfinite(value)) return RefuseNode(path, "must be a finite number", node);
  if (value < min || value > max) return RefuseNode(path, BetweenRule(min, max), node);
  return value;
}

Result<bool> ReadBool(std::string_view path, const toml::node& node) {
  const auto* boolean = node.as_boolean();
  if (boolean == nullptr) return RefuseNode(path, "must be true or false", node);
  return boolean->get();
}

Result<UtcMicros> ReadTime(std::string_view path, const toml::node& node) {
  if (const auto* text = node.as_string()) {
    const Result<UtcMicros> time = ParseRfc3339(text->get());
    if (!time) return RefuseNode(path, time.error().rule, node);
    return *time;
  }
  const auto* date_time = node.as_date_time();
  if (date_time == nullptr) return RefuseNode(path, "must be a date and a time with a zone", node);
  const toml::date_time& value = date_time->get();
  if (!value.offset) return RefuseNode(path, "must carry a zone (Z or +hh:mm)", node);
  if (value.date.year < 1970 || value.date.year > 9998) {
    return RefuseNode(path, "must lie in the years 1970 to 9998", node);
  }
  const int64_t days = DaysFromCivil({value.date.year, value.date.month, value.date.day});
  const int64_t minutes = value.time.hour * 60 + value.time.minute - value.offset->minutes;
  return UtcMicros{days * kMicrosPerDay + minutes * kMicrosPerMinute +
                   value.time.second * kMicrosPerSecond + value.time.nanosecond / 1000};
}

// Reads an array item by item; an absent one is empty.
template <class T, class Read>
Result<std::vector<T>> ReadArray(const TomlTable& table, std::string_view key, size_t max_items,
                                 Read read) {
  std::vector<T> items;
  const toml::node* const node = TomlAccess::Find(table, key);
  if (node == nullptr) return items;
  const std::string path = Join(table.path(), key);
  const toml::array* const array = node->as_array();
  if (array == nullptr) return RefuseNode(path, "must be an array", *node);
  if (array->size() > max_items) {
    return RefuseNode(path, "must have at most " + std::to_string(max_items) + " items", *node);
  }
  items.reserve(array->size());
  for (size_t i = 0; i < array->size(); ++i) {
    WB_ASSIGN_OR_RETURN(T item, read(Item(path, i), *array->get(i)));
    items.push_back(std::move(item));
  }
  return items;
}

template <class T, class Read>
Result<std::optional<T>> ReadOptional(const TomlTable& table, std::string_view key, Read read) {
  const toml::node* const node = TomlAccess::Find(table, key);
  if (node == nullptr) return std::optional<T>();
  WB_ASSIGN_OR_RETURN(T value, read(Join(table.path(), key), *node));
  return std::optional<T>(std::move(value));
}

template <class T, class Read>
Result<T> ReadRequired(const TomlTable& table, std::string_view key, Read read) {
  const toml::node* const node = TomlAccess::Find(table, key);
  if (node == nullptr) return table.Refuse(key, "must be present");
  return read(Join(table.path(), key), *node);
}

Result<void> ExpectKnown(const TomlAccess::Impl& document, const toml::table& table,
                         const std::string& path);

Result<void> ExpectItemsKnown(const TomlAccess::Impl& document, const toml::array& array,
                              const std::string& path) {
  for (size_t i = 0; i < array.size(); ++i) {
    const toml::table* const item = array.get(i)->as_table();
    if (item != nullptr) WB_RETURN_IF_ERROR(ExpectKnown(document, *item, Item(path, i)));
  }
  return {};
}

// The earliest in the file comes first: a table is walked in the order of its lines.
Result<void> ExpectKnown(const TomlAccess::Impl& document, const toml::table& table,
                         const std::string& path) {
  std::vector<std::pair<std::string_view, const toml::node*>> children;
  for (const auto& [key, node] : table) children.emplace_back(key.str(), &node);
  std::stable_sort(children.begin(), children.end(), [](const auto& a, const auto& b) {
    return a.second->source().begin.line < b.second->source().begin.line;
  });
  for (const auto& [key, node] : children) {
    const std::string child_path = Join(path, key);
    if (!document.known.contains(node)) {
      return RefuseNode(child_path, "must not be present: the key is unknown", *node);
    }
    if (const toml::table* const child = node->as_table()) {
      WB_RETURN_IF_ERROR(ExpectKnown(document, *child, child_path));
    } else if (const toml::array* const array = node->as_array()) {
      WB_RETURN_IF_ERROR(ExpectItemsKnown(document, *array, child_path));
    }
  }
  return {};
}

// The library nests a table for each part of a dotted key and takes them apart by recursion,
// without a limit of its own: "a.a.a..." could exhaust the stack. Counts the dots that no other
// punctuation interrupts.
Result<void> RefuseDeepKeys(std::string_view text) {
  size_t line = 1;
  size_t dots = 0;
  for (const char c : text) {
    if (c == '\n') ++line;
    if (c == '.') {
      if (++dots < limits::kTomlKeyPartsMax) continue;
      return Fail(ErrorCode::kTooLarge, "line " + std::to_string(line),
                  "must not have " + std::to_string(limits::kTomlKeyPartsMax) +
                      " dots without a comma, bracket, equals sign or line end between them");
    }
    if (std::string_view(",=[]{}\n").find(c) != std::string_view::npos) dots = 0;
  }
  return {};
}

}  // namespace

// ----------------------------------------------------------------------------------------
// TomlTable

bool TomlTable::Has(std::string_view key) {
  return TomlAccess::Find(*this, key) != nullptr;
}

Unexpected TomlTable::Refuse(std::string_view key, std::string_view rule) const {
  const std::string path = Join(path_, key);
  const toml::table* const table = TomlAccess::Node(*this);
  const toml::node* const node = table != nullptr ? table->get(key) : nullptr;
  if (node != nullptr) return RefuseNode(path, rule, *node);
  if (table == nullptr || path_.empty()) return Invalid(path, rule);
  return Invalid(path, rule, "a table at line " + std::to_string(table->source().begin.line));
}

Result<std::optional<std::string>> TomlTable::OptionalString(std::string_view key,
                                                             size_t max_bytes) {
  return ReadOptional<std::string>(*this, key, [&](const std::string& path, const auto& node) {
    return ReadString(path, node, max_bytes);
  });
}

Result<std::optional<int64_t>> TomlTable::OptionalInt64(std::string_view key, int64_t min,
                                                        int64_t max) {
  return ReadOptional<int64_t>(*this, key, [&](const std::string& path, const auto& node) {
    return ReadInt64(path, node, min, max);
  });
}

Result<std::optional<double>> TomlTable::OptionalDouble(std::string_view key, double min,
                                                        double max) {
  return ReadOptional<double>(*this, key, [&](const std::string& path, const auto& node) {
    return ReadDouble(path, node, min, max);
  });
}

Result<std::optional<UtcMicros>> TomlTable::OptionalTime(std::string_view key) {
  return ReadOptional<UtcMicros>(*this, key, ReadTime);
}

Result<std::string> TomlTable::String(std::string_view key, std::string_view fallback,
                                      size_t max_bytes) {
  WB_ASSIGN_OR_RETURN(std::optional<std::string> value, OptionalString(key, max_bytes));
  return value ? std::move(*value) : std::string(fallback);
}

Result<int64_t> TomlTable::Int64(std::string_view key, int64_t fallback, int64_t min, int64_t max) {
  WB_ASSIGN_OR_RETURN(const std::optional<int64_t> value, OptionalInt64(key, min, max));
  return value.value_or(fallback);
}

Result<double> TomlTable::Double(std::string_view key, double fallback, double min, double max) {
  WB_ASSIGN_OR_RETURN(const std::optional<double> value, OptionalDouble(key, min, max));
  return value.value_or(fallback);
}

Result<bool> TomlTable::Bool(std::string_view key, bool fallback) {
  const toml::node* const node = TomlAccess::Find(*this, key);
  if (node == nullptr) return fallback;
  return ReadBool(Join(path_, key), *node);
}

Result<std::string> TomlTable::RequiredString(std::string_view key, size_t max_bytes) {
  return ReadRequired<std::string>(*this, key, [&](const std::string& path, const auto& node) {
    return ReadString(path, node, max_bytes);
  });
}

Result<int64_t> TomlTable::RequiredInt64(std::string_view key, int64_t min, int64_t max) {
  return ReadRequired<int64_t>(*this, key, [&](const std::string& path, const auto& node) {
    return ReadInt64(path, node, min, max);
  });
}

Result<double> TomlTable::RequiredDouble(std::string_view key, double min, double max) {
  return ReadRequired<double>(*this, key, [&](const std::string& path, const auto& node) {
    return ReadDouble(path, node, min, max);
  });
}

Result<bool> TomlTable::RequiredBool(std::string_view key) {
  return ReadRequired<bool>(*this, key, ReadBool);
}

Result<UtcMicros> TomlTable::RequiredTime(std::string_view key) {
  return ReadRequired<UtcMicros>(*this, key, ReadTime);
}

Result<TomlTable> TomlTable::RequiredTable(std::string_view key) {
  return ReadRequired<TomlTable>(
      *this, key, [&](const std::string& path, const toml::node& node) -> Result<TomlTable> {
        if (!node.is_table()) return RefuseNode(path, "must be a table", node);
        return TomlAccess::Make(*this, node.as_table(), path);
      });
}

Result<TomlTable> TomlTable::Table(std::string_view key) {
  if (!Has(key)) return TomlAccess::Make(*this, nullptr, Join(path_, key));
  return RequiredTable(key);
}

Result<std::vector<TomlTable>> TomlTable::Tables(std::string_view key, size_t max_items) {
  return ReadArray<TomlTable>(
      *this, key, max_items,
      [&](const std::string& path, const toml::node& node) -> Result<TomlTable> {
        if (!node.is_table()) return RefuseNode(path, "must be a table", node);
        return TomlAccess::Make(*this, node.as_table(), path);
      });
}

Result<std::vector<std::string>> TomlTable::Strings(std::string_view key, size_t max_items,
                                                    size_t max_bytes) {
  return ReadArray<std::string>(*this, key, max_items,
                                [&](const std::string& path, const toml::node& node) {
                                  return ReadString(path, node, max_bytes);
                                });
}

Result<std::vector<int64_t>> TomlTable::Int64s(std::string_view key, size_t max_items, int64_t min,
                                               int64_t max) {
  return ReadArray<int64_t>(*this, key, max_items,
                            [&](const std::string& path, const toml::node& node) {
                              return ReadInt64(path, node, min, max);
                            });
}

Result<std::vector<double>> TomlTable::Doubles(std::string_view key, size_t max_items, double min,
                                               double max) {
  return ReadArray<double>(*this, key, max_items,
                           [&](const std::string& path, const toml::node& node) {
                             return ReadDouble(path, node, min, max);
                           });
}

std::vector<std::string> TomlTable::Keys() const {
  std::vector<std::string> keys;
  const toml::table* const table = TomlAccess::Node(*this);
  if (table == nullptr) return keys;
  for (const auto& [key, node] : *table) keys.emplace_back(key.str());
  return keys;
}

Result<void> TomlTable::ExpectNoOtherKeys() const {
  if (node_ == nullptr) return {};
  return ExpectKnown(TomlAccess::Document(*this), *TomlAccess::Node(*this), path_);
}

// -------------------------------------------------------------------------------------
// TomlDocument

TomlDocument::TomlDocument(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
TomlDocument::TomlDocument(TomlDocument&&) noexcept = default;
TomlDocument& TomlDocument::operator=(TomlDocument&&) noexcept = default;
TomlDocument::~TomlDocument() = default;

TomlTable TomlDocument::root() const {
  return {impl_.get(), &impl_->root, ""};
}

Result<TomlDocument> TomlDocument::Parse(std::string_view text, size_t max_bytes) {
  if (text.size() > max_bytes) {
    return Fail(ErrorCode::kTooLarge, "",
                "must have at most " + std::to_string(max_bytes) + " bytes",
                std::to_string(text.size()) + " bytes");
  }
  WB_RETURN_IF_ERROR(RefuseDeepKeys(text));
  auto impl = std::make_unique<Impl>();
  try {
    impl->root = toml::parse(text);
  } catch (const toml::parse_error& e) {
    return Invalid("line " + std::to_string(e.source().begin.line) + ", column " +
                       std::to_string(e.source().begin.column),
                   "must be TOML", e.description());
  }
  return TomlDocument(std::move(impl));
}

Result<TomlDocument> TomlDocument::Load(const std::string& path, size_t max_bytes) {
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen(path.c_str(), "rb"),
                                                             &std::fclose);
  if (file == nullptr) return Fail(ErrorCode::kNotFound, path, "must be a readable file");
  std::string text(max_bytes + 1, '\0');
  text.resize(std::fread(text.data(), 1, text.size(), file.get()));
  if (std::ferror(file.get()) != 0) return Fail(ErrorCode::kStorage, path, "must be readable");
  Result<TomlDocument> document = Parse(text, max_bytes);
  if (!document) return Fail(std::move(document).error().Under(path + ": "));
  return document;
}

}  // namespace wideberth::base
