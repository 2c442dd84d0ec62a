// Reading TOML configuration whose every refusal names the key path, the rule, what was found and
// its line.
//
//   WB_ASSIGN_OR_RETURN(const base::TomlDocument file,
//   base::TomlDocument::Load("/etc/wideberth/node.toml")); base::TomlTable root = file.root();
//   WB_ASSIGN_OR_RETURN(base::TomlTable listen, root.Table("listen"));      // absent: all its
//   defaults WB_ASSIGN_OR_RETURN(const int64_t port, listen.Int64("port", 8443, 1, 65535));
//   WB_ASSIGN_OR_RETURN(const std::string store, root.RequiredString("store_path", 4096));
//   WB_RETURN_IF_ERROR(root.ExpectNoOtherKeys());
//   // "listen.port: must be between 1 and 65535 (found 70000 at line 12)"
//
// Every key must be asked for: ExpectNoOtherKeys() on the root refuses the first key of the whole
// file that nobody asked for, so a misspelt key is an error and never a silent default. A value of
// another type is refused, never converted (an integer may be read as a double). Dates and times
// must carry a zone.
//
// Lifetime: a TomlTable points into its TomlDocument. Not thread-safe (asking marks keys). Meant
// for files of people: parsing takes about a microsecond a key.
#ifndef WIDEBERTH_BASE_TOML_H_
#define WIDEBERTH_BASE_TOML_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/limits.h"
#include "base/result.h"
#include "base/time.h"

namespace wideberth::base {

class TomlTable {
 public:
  // The path of this table ("listen", "zones[2]"); empty for the root.
  const std::string& path() const { return path_; }
  // Whether the key is there; asking makes it a known key.
  bool Has(std::string_view key);

  // With a default for an absent key. Bounds are inclusive, lengths in bytes.
  Result<std::string> String(std::string_view key, std::string_view fallback, size_t max_bytes);
  Result<int64_t> Int64(std::string_view key, int64_t fallback, int64_t min, int64_t max);
  Result<double> Double(std::string_view key, double fallback, double min, double max);
  Result<bool> Bool(std::string_view key, bool fallback);

  // An absent key is refused ("must be present").
  Result<std::string> RequiredString(std::string_view key, size_t max_bytes);
  Result<int64_t> RequiredInt64(std::string_view key, int64_t min, int64_t max);
  Result<double> RequiredDouble(std::string_view key, double min, double max);
  Result<bool> RequiredBool(std::string_view key);
  // A TOML date-time with a zone, or a string of RFC 3339.
  Result<UtcMicros> RequiredTime(std::string_view key);

  // An absent key is nullopt.
  Result<std::optional<std::string>> OptionalString(std::string_view key, size_t max_bytes);
  Result<std::optional<int64_t>> OptionalInt64(std::string_view key, int64_t min, int64_t max);
  Result<std::optional<double>> OptionalDouble(std::string_view key, double min, double max);
  Result<std::optional<UtcMicros>> OptionalTime(std::string_view key);

  // An absent table reads as an empty one.
  Result<TomlTable> Table(std::string_view key);
  Result<TomlTable> RequiredTable(std::string_view key);
  // An absent array reads as an empty one.
  Result<std::vector<TomlTable>> Tables(std::string_view key, size_t max_items);
  Result<std::vector<std::string>> Strings(std::string_view key, size_t max_items,
                                           size_t max_bytes);
  Result<std::vector<int64_t>> Int64s(std::string_view key, size_t max_items, int64_t min,
                                      int64_t max);
  Result<std::vector<double>> Doubles(std::string_view key, size_t max_items, double min,
                                      double max);

  // A string that `parse` (string_view -> Result<T>) understands; its refusal gets this key's path
  // and line.
  template <class Parse>
  auto RequiredParsed(std::string_view key, size_t max_bytes, Parse parse)
      -> decltype(parse(std::string_view())) {
    WB_ASSIGN_OR_RETURN(const std::string text, RequiredString(key, max_bytes));
    auto parsed = parse(std::string_view(text));
    if (!parsed.has_value()) return Refuse(key, std::move(parsed).error().rule);
    return parsed;
  }

  // The keys of this table in their order by name, for tables whose keys are names.
  std::vector<std::string> Keys() const;

  // A refusal of `key` with its text and line as what was found.
  Unexpected Refuse(std::string_view key, std::string_view rule) const;

  // Refuses the first key of this table, or of a table below it, that was never asked for.
  Result<void> ExpectNoOtherKeys() const;

 private:
  friend class TomlDocument;
  friend struct TomlAccess;
  TomlTable(void* document, const void* node, std::string path)
      : document_(document), node_(node), path_(std::move(path)) {}

  void* document_;    // TomlDocument::Impl
  const void* node_;  // a table of the library; null for an absent one
  std::string path_;
};

class TomlDocument {
 public:
  // Refuses what is not TOML 1.0 in UTF-8, texts beyond `max_bytes`, and keys nested beyond
  // limits::kTomlKeyPartsMax. The field of such a refusal is "line N, column M".
  static Result<TomlDocument> Parse(std::string_view text,
                                    size_t max_bytes = limits::kConfigFileBytesMax);
  // Reads a file and parses it. Refusals carry the path before the field: "node.toml: listen.port".
  static Result<TomlDocument> Load(const std::string& path,
                                   size_t max_bytes = limits::kConfigFileBytesMax);

  TomlDocument(TomlDocument&&) noexcept;
  TomlDocument& operator=(TomlDocument&&) noexcept;
  ~TomlDocument();

  TomlTable root() const;

 private:
  friend struct TomlAccess;
  struct Impl;
  explicit TomlDocument(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace wideberth::base

#endif  // WIDEBERTH_BASE_TOML_H_
