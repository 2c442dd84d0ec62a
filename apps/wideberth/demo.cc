// `wideberth demo`: a day of two parties, played on a node in data mode EXERCISE.
//
// The day of examples/day is moved by whole weeks to the first such weekday that the node's exercise clock has not
// reached, so that it can be played again and again; the zones of examples/zones move with it. The demo moves the
// exercise clock itself, step by step, and leaves it running at its usual pace.
#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <charconv>
#include <chrono>
#include <csignal>
#include <filesystem>
#include <map>
#include <set>
#include <thread>

#include "apps/wideberth/commands.h"
#include "apps/wideberth/line/commands.h"
#include "apps/wideberth/remote.h"
#include "apps/wideberth/show/conflict_text.h"
#include "apps/wideberth/show/terminal.h"
#include "apps/wideberth/zone_import.h"
#include "base/random.h"
#include "formats/detect.h"
#include "formats/notice_file.h"
#include "formats/notice_json.h"
#include "json/writer.h"

namespace wideberth::cli {
namespace {

namespace fs = std::filesystem;
using base::Result;
using base::UtcMicros;

constexpr int64_t kWeekUs = 7 * base::kMicrosPerDay;
constexpr double kUsualSeconds = 75;
constexpr int64_t kStepUs = base::kMicrosPerSecond / 4;  // of real time
// The clock has to run, however slowly: the demo moves it on in steps.
constexpr double kStill = 1e-6;
// After the last notice has ended its conflicts last for the separation in time.
constexpr int64_t kAfterEndUs = 20 * base::kMicrosPerMinute;
constexpr int kFinalReadsMax = 50;
constexpr auto kDataMode = airspace::DataMode::kExercise;
// Notices of the demo are told by the first bytes of their ids, so that a later run can tidy up after one that was
// interrupted without touching anybody else's.
constexpr std::array<uint8_t, 4> kIdMark = {0xDE, 0x30, 0xDA, 0x1F};

std::atomic<bool> stop_asked = false;

void OnStop(int) {
  stop_asked = true;
}

base::NoticeId NewId() {
  std::array<uint8_t, 16> bytes{};
  base::SystemRandom().Fill(bytes);
  std::copy(kIdMark.begin(), kIdMark.end(), bytes.begin());
  return {base::Uuid::V4FromRandom(bytes)};
}

bool IsOurs(std::string_view id) {
  const Result<base::NoticeId> parsed = base::NoticeId::Parse(id);
  return parsed && std::equal(kIdMark.begin(), kIdMark.end(), parsed->uuid.bytes.begin());
}

enum class Step { kDeclare, kActive, kEnded, kAllClear };
struct Event {
  UtcMicros at;
  Step step = Step::kDeclare;
  size_t notice = 0;
};

// The folder of the examples: as told, in the working directory, or beside the build that this program is of.
Result<std::string> FindExamples(const std::string& told) {
  std::error_code error;
  const fs::path self = fs::read_symlink("/proc/self/exe", error).parent_path();
  std::vector<fs::path> candidates = {told};
  if (told.empty()) {
    candidates = {"examples", self / "../../../examples", self / "../share/wideberth/examples"};
  }
  for (const fs::path& candidate : candidates) {
    if (fs::is_directory(candidate / "day", error)) return candidate.lexically_normal().string();
  }
  return base::Fail(base::ErrorCode::kNotFound, "--examples",
                    "must name a folder with day/ and zones/", told);
}

std::vector<std::string> FilesIn(const std::string& folder) {
  std::vector<std::string> files;
  std::error_code error;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder, error)) {
    const std::string extension = entry.path().extension().string();
    if (extension == ".json" || extension == ".txt") files.push_back(entry.path().string());
  }
  std::sort(files.begin(), files.end());
  return files;
}

Result<double> ParseSpeed(const std::string& text) {
  double speed = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), speed);
  if (error != std::errc() || end != text.data() + text.size() || !(speed >= 1 && speed <= 1e6)) {
    return base::Invalid("--speed", "must be max, or a factor between 1 and 1000000", text);
  }
  return speed;
}

class Demo {
 public:
  Demo(const Session& session, const DemoOptions& options) : session_(session), options_(options) {}

  Result<int> Run() {
    WB_RETURN_IF_ERROR(ReadDay());
    WB_RETURN_IF_ERROR(OpenRemotes());
    std::signal(SIGINT, OnStop);
    std::signal(SIGTERM, OnStop);
    WB_RETURN_IF_ERROR(PrepareNode());
    const Result<void> played = Play();
    DrawStatus("");
    // Whatever happened, the exercise clock is left running.
    WB_RETURN_IF_ERROR(SetClock(now_, 1));
    WB_RETURN_IF_ERROR(played);
    WB_RETURN_IF_ERROR(ReadFinalStates());
    if (session_.json) {
      Print(SummaryJson() + "\n");
    } else {
      PrintSummary();
    }
    return refused_ == 0 ? kExitOk : kExitRefused;
  }

 private:
  Result<void> ReadDay() {
    WB_ASSIGN_OR_RETURN(examples_, FindExamples(options_.examples));
    const std::vector<std::string> files = FilesIn(examples_ + "/day");
    if (files.empty()) return base::Invalid("--examples", "must have a file in day/", examples_);
    WB_ASSIGN_OR_RETURN(const std::string text, ReadInput(files.front()));
    Result<formats::NoticeFile> day = formats::ReadNoticeFile(text);
    if (!day) return base::Fail(std::move(day).error().Under(files.front() + ": "));
    day_ = *std::move(day);
    if (!day_.day) return base::Invalid(files.front() + ": /day", "must be present");
    for (const formats::NoticeEntry& entry : day_.notices) {
      const bool whole =
          !entry.party.empty() && entry.declare_at && entry.declaration.data_mode == kDataMode;
      if (!whole) {
        return base::Invalid(files.front(), "must give party and declare_at, in EXERCISE",
                             entry.party);
      }
    }
    return {};
  }

  Result<void> OpenRemotes() {
    const auto open = [&](const std::string& name) -> Result<Remote> {
      Session session = session_;
      session.token_file = options_.tokens + "/" + name + ".token";
      // A node of a line serves one party, and has no token for the other.
      if (!fs::exists(session.token_file)) {
        return base::Fail(base::ErrorCode::kNotFound, "--tokens",
                          "must be a folder with the tokens that `script/server --node` makes; "
                          "beside a line of two nodes type `wideberth demo --line`",
                          session.token_file);
      }
      return Remote::Open(session);
    };
    WB_ASSIGN_OR_RETURN(Remote admin, open("admin"));
    remotes_.emplace("", std::move(admin));
    for (const formats::NoticeEntry& entry : day_.notices) {
      if (remotes_.contains(entry.party)) continue;
      WB_ASSIGN_OR_RETURN(Remote remote, open(entry.party));
      parties_.push_back(entry.party);
      remotes_.emplace(entry.party, std::move(remote));
    }
    return {};
  }

  Remote& admin() { return remotes_.at(""); }

  Result<void> PrepareNode() {
    WB_ASSIGN_OR_RETURN(now_, admin().Now(kDataMode));
    const UtcMicros recorded = *day_.day;
    const int64_t behind_us = std::max<int64_t>(0, now_.us - recorded.us);
    const int64_t shift_us = (behind_us + kWeekUs - 1) / kWeekUs * kWeekUs;
    WB_RETURN_IF_ERROR(EndLeftovers());
    WB_RETURN_IF_ERROR(formats::ShiftNotices(shift_us, &day_));
    WB_RETURN_IF_ERROR(SetClock(*day_.day, kStill));
    WB_RETURN_IF_ERROR(ClearLeftovers());
    day_text_ = base::FormatRfc3339(*day_.day);
    if (!session_.json) {
      Print(fmt::format("EXERCISE on {}: {} and {} declare {} notices, on {}\n",
                        day_text_.substr(0, 10), parties_.front(), parties_.back(),
                        day_.notices.size(), session_.node));
    }
    return ImportZoneFiles(recorded, shift_us);
  }

  Result<void> ImportZoneFiles(UtcMicros recorded, int64_t shift_us) {
    for (const std::string& path : FilesIn(examples_ + "/zones")) {
      WB_ASSIGN_OR_RETURN(const std::string text, ReadInput(path));
      const Result<formats::FileFormat> format = formats::DetectFormat(text);
      if (!format || !IsZoneFormat(*format)) continue;
      formats::ZoneImportOptions import;
      import.now = recorded;
      import.horizon_days = 2;
      import.data_mode = kDataMode;
      WB_ASSIGN_OR_RETURN(formats::ZoneFile zones, ReadZones(text, *format, import));
      for (formats::ImportedZone& zone : zones.zones) {
        formats::NoticeFile moved;
        for (airspace::Declaration& part : zone.declarations) {
          moved.notices.push_back({{}, {}, {}, {}, std::move(part)});
        }
        WB_RETURN_IF_ERROR(formats::ShiftNotices(shift_us, &moved));
        zone.declarations.clear();
        for (formats::NoticeEntry& entry : moved.notices) {
          zone.declarations.push_back(std::move(entry.declaration));
        }
      }
      Session session = session_;
      session.token_file = options_.tokens + "/" + parties_.front() + ".token";
      WB_ASSIGN_OR_RETURN(const ImportSummary summary, ImportZones(session, zones, [](size_t) {}));
      zones_ += summary.stored + summary.replaced + summary.unchanged;
      refused_ += summary.refused.size();
      if (!session_.json) {
        Print(fmt::format("{} zones of {}\n\n", zones.zones.size(),
                          fs::path(path).filename().string()));
        for (const base::Error& error : summary.refused) {
          Print("refused: " + Printable(error.ToString()) + "\n");
        }
      }
    }
    return {};
  }

  // Hazards of a run that was interrupted would never end: their party says so first, and clears them when the clock
  // has moved on past their dwell time.
  Result<void> EndLeftovers() {
    for (const std::string& party : parties_) {
      std::vector<std::string> ids;
      WB_RETURN_IF_ERROR(remotes_.at(party).Walk(
          "/v1/notices", "in_force=true&kind=hazard&data_mode=EXERCISE&party=" + party, "notices",
          [&](const json::Value& value) -> Result<bool> {
            WB_ASSIGN_OR_RETURN(json::Object object, value.AsObject());
            WB_ASSIGN_OR_RETURN(const std::string_view id, object.RequiredString("id", 64));
            if (IsOurs(id)) ids.emplace_back(id);
            return true;
          }));
      for (const std::string& id : ids) {
        WB_RETURN_IF_ERROR(SayActivity(party, id, "ended"));
        leftovers_.emplace_back(party, id);
      }
    }
    return {};
  }

  Result<void> ClearLeftovers() {
    for (const auto& [party, id] : leftovers_) {
      for (const bool no_longer_observed : {false, true}) {
        const Result<void> cleared = Clear(party, id, no_longer_observed);
        if (cleared) break;
        if (cleared.error().field != "/no_longer_observed") return cleared;
      }
    }
    return {};
  }

  Result<void> SetClock(UtcMicros time, double rate) {
    now_ = std::max(now_, time);
    std::string body;
    json::Writer json(&body);
    json.BeginObject();
    json.StringField("data_mode", airspace::Name(kDataMode));
    json.StringField("time", base::FormatRfc3339(now_));
    json.DoubleField("rate", rate);
    json.EndObject();
    WB_RETURN_IF_ERROR(admin().Call(net::Method::kPut, "/v1/clock", body));
    return {};
  }

  Result<void> SayActivity(const std::string& party, const std::string& id,
                           std::string_view activity) {
    Remote& remote = remotes_.at(party);
    WB_ASSIGN_OR_RETURN(const std::string version, remote.VersionDigest(id, "latest"));
    std::string body = "{\"activity\":\"";
    body.append(activity).append("\",\"version\":\"").append(version).append("\"}");
    WB_RETURN_IF_ERROR(remote.Act(id, "activity", body));
    return {};
  }

  Result<void> Clear(const std::string& party, const std::string& id, bool no_longer_observed) {
    Remote& remote = remotes_.at(party);
    WB_ASSIGN_OR_RETURN(const std::string version, remote.VersionDigest(id, "latest"));
    std::string body = "{\"version\":\"" + version + "\"";
    body += no_longer_observed ? ",\"no_longer_observed\":true}" : "}";
    WB_RETURN_IF_ERROR(remote.Act(id, "all_clear", body));
    return {};
  }

  std::vector<Event> MakeEvents() const {
    std::vector<Event> events;
    for (size_t i = 0; i < day_.notices.size(); ++i) {
      const formats::NoticeEntry& entry = day_.notices[i];
      events.push_back({*entry.declare_at, Step::kDeclare, i});
      if (entry.declaration.kind == airspace::NoticeKind::kHazard) {
        const UtcMicros start = entry.declaration.volumes.front().window.start;
        events.push_back({std::max(start, *entry.declare_at), Step::kActive, i});
      }
      if (entry.ended_at) events.push_back({*entry.ended_at, Step::kEnded, i});
      if (entry.all_clear_at) events.push_back({*entry.all_clear_at, Step::kAllClear, i});
    }
    std::stable_sort(events.begin(), events.end(),
                     [](const Event& a, const Event& b) { return a.at < b.at; });
    return events;
  }

  Result<void> Play() {
    const std::vector<Event> events = MakeEvents();
    ids_.resize(day_.notices.size());
    UtcMicros end = events.back().at;
    for (const formats::NoticeEntry& entry : day_.notices) {
      for (const airspace::Volume4D& volume : entry.declaration.volumes) {
        if (volume.window.end != base::kTimeOpenEnd) end = std::max(end, volume.window.end);
      }
    }
    speed_ = static_cast<double>(end.us - now_.us) / (kUsualSeconds * 1e6);
    if (!options_.speed.empty() && options_.speed != "max") {
      WB_ASSIGN_OR_RETURN(speed_, ParseSpeed(options_.speed));
    }
    for (const Event& event : events) {
      WB_RETURN_IF_ERROR(WaitUntil(event.at));
      if (stop_asked) return {};
      WB_RETURN_IF_ERROR(Do(event));
    }
    return WaitUntil(UtcMicros{end.us + kAfterEndUs});
  }

  // Moves the exercise clock to `time`, at the speed of the demo.
  Result<void> WaitUntil(UtcMicros time) {
    while (now_ < time && !stop_asked) {
      const auto step_us = static_cast<int64_t>(static_cast<double>(kStepUs) * speed_);
      const UtcMicros next =
          options_.speed == "max" ? time : std::min(time, UtcMicros{now_.us + step_us});
      if (options_.speed != "max") {
        DrawStatus(Paint(Style::kDim, fmt::format("{} EXERCISE, {:.0f} times as fast",
                                                  ClockText(now_), speed_)));
        const double real_us = static_cast<double>(next.us - now_.us) / speed_;
        std::this_thread::sleep_for(std::chrono::microseconds(static_cast<int64_t>(real_us)));
      }
      WB_RETURN_IF_ERROR(SetClock(next, kStill));
    }
    return {};
  }

  std::string ClockText(UtcMicros time) const {
    return MomentText(base::FormatRfc3339(time), day_text_);
  }

  Result<void> Do(const Event& event) {
    const formats::NoticeEntry& entry = day_.notices[event.notice];
    if (event.step == Step::kDeclare) return Declare(event.notice);
    const std::string& id = ids_[event.notice];
    if (id.empty()) return {};  // was refused
    std::string_view words = "says that it is active:";
    if (event.step == Step::kActive) {
      WB_RETURN_IF_ERROR(SayActivity(entry.party, id, "active"));
    } else if (event.step == Step::kEnded) {
      WB_RETURN_IF_ERROR(SayActivity(entry.party, id, "ended"));
      words = "says that it has ended:";
    } else {
      const bool own = entry.declaration.hazard_source == airspace::HazardSource::kOwn;
      WB_RETURN_IF_ERROR(Clear(entry.party, id, !own));
      words = own ? "gives the all-clear:" : "no longer observes:";
    }
    Tell(event.at, entry, words);
    return {};
  }

  Result<void> Declare(size_t place) {
    const formats::NoticeEntry& entry = day_.notices[place];
    const base::NoticeId id = NewId();
    Tell(*entry.declare_at, entry, "declares");
    const Result<Stored> stored =
        remotes_.at(entry.party).PutNotice(id, entry.declaration, Keep::kReleased, "");
    if (!stored) {
      if (ExitCodeFor(stored.error()) != kExitRefused) return base::Fail(stored.error());
      ++refused_;
      if (!session_.json) Print("        refused: " + Printable(stored.error().ToString()) + "\n");
      return {};
    }
    ids_[place] = id.ToString();
    ++declared_[{entry.party, std::string(airspace::Name(entry.declaration.kind))}];
    late_ += stored->late;
    for (const ConflictRow& row : stored->conflicts) {
      if (!conflicts_.emplace(row.id, row).second || session_.json || !row.alarmed()) continue;
      Print(StoryText(row, day_text_, std::max<size_t>(TerminalWidth(), 80), ColoursOn()) + "\n");
    }
    return {};
  }

  // One dim line for what a party does.
  void Tell(UtcMicros at, const formats::NoticeEntry& entry, std::string_view words) const {
    if (session_.json) return;
    DrawStatus("");
    const airspace::Declaration& declaration = entry.declaration;
    std::string what(airspace::Name(declaration.kind));
    if (declaration.kind == airspace::NoticeKind::kHazard) {
      what.append(" ").append(airspace::Name(declaration.hazard_class));
    } else if (!declaration.name.empty()) {
      what = "protected site \"" + declaration.name + "\"";
    } else if (!declaration.activity_class.empty()) {
      what = declaration.activity_class;
    }
    const airspace::TimeWindow& window = declaration.volumes.front().window;
    Print(
        Paint(Style::kDim,
              fmt::format("{:<8}{} {} {}, {} to {}\n", ClockText(at), entry.party, words, what,
                          ClockText(window.start),
                          window.end == base::kTimeOpenEnd ? "all-clear" : ClockText(window.end))));
  }

  // How each conflict of this run stands at its end. The node looks once a second for those that are over.
  Result<void> ReadFinalStates() {
    for (int i = 0; i < kFinalReadsMax; ++i) {
      WB_RETURN_IF_ERROR(ReadStates());
      const bool over = std::none_of(conflicts_.begin(), conflicts_.end(), [](const auto& entry) {
        return entry.second.alarmed() && entry.second.live();
      });
      if (over || stop_asked) break;
      std::this_thread::sleep_for(std::chrono::milliseconds(100));
    }
    return {};
  }

  Result<void> ReadStates() {
    for (const std::string& party : parties_) {
      WB_RETURN_IF_ERROR(remotes_.at(party).Walk("/v1/conflicts", "data_mode=EXERCISE", "conflicts",
                                                 [&](const json::Value& value) -> Result<bool> {
                                                   WB_ASSIGN_OR_RETURN(ConflictRow row,
                                                                       ReadConflictRow(value));
                                                   const auto known = conflicts_.find(row.id);
                                                   // What has been told stays as it was told; only the state moves on.
                                                   if (known != conflicts_.end())
                                                     known->second.state = row.state;
                                                   return true;
                                                 }));
    }
    return {};
  }

  size_t CountConflicts(std::string_view what) const {
    return static_cast<size_t>(
        std::count_if(conflicts_.begin(), conflicts_.end(), [&](const auto& entry) {
          const ConflictRow& row = entry.second;
          return what == "listed" ? !row.alarmed() : row.alarmed() && row.verdict == what;
        }));
  }

  void PrintSummary() const {
    std::vector<ConflictRow> alarmed;
    for (const auto& [id, row] : conflicts_) {
      if (row.alarmed()) alarmed.push_back(row);
    }
    SortByTime(&alarmed);
    Print("\n");
    PrintTable(ConflictTable(alarmed, day_text_));
    Print("\n");
    Table table({{"PARTY"}, {"DECLARED"}, {"NOTICES", Fit::kRight}});
    for (const auto& [key, count] : declared_) {
      table.AddRow({{key.first}, {key.second}, {std::to_string(count)}});
    }
    PrintTable(table);
    Print(fmt::format(
        "\n{} zones, {} late notices, {} conflicts certain, {} possible, {} listed only\n", zones_,
        late_, CountConflicts("certain"), CountConflicts("possible"), CountConflicts("listed")));
    if (refused_ > 0) Print(Paint(Style::kRed, fmt::format("{} declarations refused\n", refused_)));
    if (stop_asked) Print("interrupted before the end of the day\n");
  }

  std::string SummaryJson() const {
    std::string text;
    json::Writer json(&text);
    json.BeginObject();
    json.StringField("day", day_text_);
    json.Uint64Field("zones", zones_);
    uint64_t notices = 0;
    for (const auto& [key, count] : declared_) notices += count;
    json.Uint64Field("notices", notices);
    json.Uint64Field("late", late_);
    json.Uint64Field("refused", refused_);
    json.Uint64Field("certain", CountConflicts("certain"));
    json.Uint64Field("possible", CountConflicts("possible"));
    json.Uint64Field("listed", CountConflicts("listed"));
    json.Key("conflicts");
    json.BeginArray();
    for (const auto& [id, row] : conflicts_) {
      json.BeginObject();
      json.StringField("id", id);
      json.StringField("verdict", row.verdict);
      json.StringField("treatment", row.treatment);
      json.StringField("state", row.state);
      json.StringField("first_moment", row.first_moment);
      json.StringField("who", SideText(row.sides[0]) + " and " + SideText(row.sides[1]));
      json.EndObject();
    }
    json.EndArray();
    json.EndObject();
    return text;
  }

  const Session& session_;
  const DemoOptions& options_;
  std::string examples_;
  formats::NoticeFile day_;
  std::string day_text_;
  std::vector<std::string> parties_;       // in the order in which they first declare
  std::map<std::string, Remote> remotes_;  // by party; "" is the administrator
  std::vector<std::pair<std::string, std::string>> leftovers_;  // party and notice
  UtcMicros now_;                                               // of the exercise clock
  double speed_ = 1;
  std::vector<std::string> ids_;  // of day_.notices; empty: not declared, or refused
  std::map<std::string, ConflictRow> conflicts_;
  std::map<std::pair<std::string, std::string>, size_t> declared_;  // by party and kind
  size_t zones_ = 0;
  size_t late_ = 0;
  size_t refused_ = 0;
};

}  // namespace

Result<int> RunDemo(const Session& session, const DemoOptions& options) {
  if (options.line) return RunLineDemo(session);
  if (!options.speed.empty() && options.speed != "max")
    WB_RETURN_IF_ERROR(ParseSpeed(options.speed));
  int code = kExitOk;
  do {
    WB_ASSIGN_OR_RETURN(code, Demo(session, options).Run());
  } while (options.loop && code == kExitOk && !stop_asked);
  return code;
}

}  // namespace wideberth::cli
