// Looking into what a node answers, where a command shows it to people rather than acts on it.
#ifndef WIDEBERTH_APPS_WIDEBERTH_LINE_ANSWERS_H_
#define WIDEBERTH_APPS_WIDEBERTH_LINE_ANSWERS_H_

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "apps/wideberth/remote.h"
#include "apps/wideberth/session.h"
#include "base/result.h"
#include "json/reader.h"
#include "json/writer.h"

namespace wideberth::cli {

// The value at a path of names with '.' between ("about.notice"); nothing where a part is absent.
std::optional<json::Value> At(const json::Value& value, std::string_view path);
// As people read it: a string without its quotes, any other value as JSON; "" where there is none.
std::string TextAt(const json::Value& value, std::string_view path);
int64_t IntAt(const json::Value& value, std::string_view path);
bool IsTrueAt(const json::Value& value, std::string_view path);

// Every element of the array `items` of an answer.
base::Result<void> ForEach(const json::Document& answer, std::string_view items,
                           const std::function<base::Result<void>(const json::Value&)>& visit);

// A peer as commands name it; the only one when nothing is given. Refuses with the field "--to".
base::Result<std::string> PeerOr(Remote* remote, const std::string& given);

// {"act": ..., and what `fill` writes}, posted; prints the answer as JSON, or `done`.
base::Result<Acted> PostActOf(Remote* remote, std::string_view act,
                              const std::function<void(json::Writer*)>& fill);
int ReportActed(const Session& session, const Acted& acted, std::string_view done);

// Acts are for people: refuses with the field "--token-file" where nobody has signed on.
base::Result<Remote> OpenAsPerson(const Session& session);

}  // namespace wideberth::cli

#endif  // WIDEBERTH_APPS_WIDEBERTH_LINE_ANSWERS_H_
