#include "record/merge.h"

#include <algorithm>
#include <tuple>

namespace wideberth::record {

using base::Invalid;
using base::Result;

namespace {

// How far one log is merged. What an entry's writer had seen, it had seen at all its later entries too, whatever those
// say; they stand behind it anyway.
struct Cursor {
  explicit Cursor(const WriterLog& of) : log(of) {}

  bool done() const { return next == log.entries.size(); }
  const LoggedEntry& entry() const { return log.entries[next]; }
  // Whether the next entry names nothing of the other log that is still to come.
  bool MayCome(const Cursor& other) const {
    return other.done() || entry().peer_seen <= other.next;
  }
  auto Key() const { return std::tie(entry().sent_at, entry().digest, log.origin); }

  const WriterLog& log;
  size_t next = 0;
};

}  // namespace

Result<std::vector<JointEntry>> MergeLogs(const WriterLog& a, const WriterLog& b) {
  if (a.origin == b.origin) return Invalid("origin", "must be another for each log", a.origin);
  Cursor cursors[] = {Cursor(a), Cursor(b)};
  std::vector<JointEntry> view;
  view.reserve(a.entries.size() + b.entries.size());
  while (!cursors[0].done() || !cursors[1].done()) {
    const bool first = !cursors[0].done() && cursors[0].MayCome(cursors[1]);
    const bool second = !cursors[1].done() && cursors[1].MayCome(cursors[0]);
    if (!first && !second) {
      return Invalid("entries", "must not each be behind the other",
                     a.origin + " " + std::to_string(cursors[0].next) + " and " + b.origin + " " +
                         std::to_string(cursors[1].next));
    }
    const bool take_first = first && (!second || cursors[0].Key() < cursors[1].Key());
    Cursor& taken = cursors[take_first ? 0 : 1];
    view.push_back({taken.log.origin, taken.next, &taken.entry()});
    ++taken.next;
  }
  return view;
}

std::string FormatJointView(const std::vector<JointEntry>& view) {
  std::string text;
  for (const JointEntry& joint : view) {
    text.append(joint.origin).append(" ").append(std::to_string(joint.index)).append(" ");
    text.append(base::FormatRfc3339(joint.entry->sent_at)).append(" ");
    text.append(joint.entry->digest.ToHex()).append("\n");
  }
  return text;
}

}  // namespace wideberth::record
