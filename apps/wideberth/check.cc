// `wideberth check`: files in, conflicts out, no node.
#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <memory>

#include "airspace/decide.h"
#include "airspace/state.h"
#include "apps/wideberth/commands.h"
#include "apps/wideberth/flags.h"
#include "apps/wideberth/offline.h"
#include "apps/wideberth/show/conflict_text.h"
#include "apps/wideberth/show/terminal.h"
#include "apps/wideberth/zone_import.h"
#include "base/time.h"
#include "crypto/sha256.h"
#include "formats/detect.h"
#include "formats/notice_file.h"
#include "formats/notice_json.h"
#include "formats/tracks.h"
#include "json/writer.h"

namespace wideberth::cli {
namespace {

using airspace::Declaration;
using base::Result;

struct Item {
  std::string party;
  Declaration declaration;
};

struct InputFile {
  std::string path;
  std::string party;
  std::string text;
  formats::FileFormat format = formats::FileFormat::kNotices;
  size_t declared = 0;
};

// A party's name out of a file's: lower case, and "-" for what a name may not have.
std::string PartyNameOf(const std::string& path) {
  std::string name;
  for (char c : std::filesystem::path(path).stem().string()) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    const bool allowed = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '-';
    name += allowed ? c : '-';
  }
  if (name.empty()) name = "stdin";
  return name.substr(0, limits::kPartyNameBytesMax);
}

// Ids that are the same in every run over the same files: the output of two runs can be compared.
template <class Id>
Id StableId(std::string_view what, std::string_view text) {
  const base::Digest digest =
      crypto::Sha256(base::AsBytes(std::string(what) + '\0' + std::string(text)));
  std::array<uint8_t, 16> bytes{};
  std::copy_n(digest.bytes.begin(), bytes.size(), bytes.begin());
  return {base::Uuid::V4FromRandom(bytes)};
}

class Check {
 public:
  Check(const Session& session, const CheckOptions& options)
      : session_(session), options_(options) {}

  Result<int> Run() {
    WB_RETURN_IF_ERROR(OpenFiles());
    WB_RETURN_IF_ERROR(ReadDatedFiles());
    WB_RETURN_IF_ERROR(ReadZoneFiles());
    WB_RETURN_IF_ERROR(MakeRules());
    WB_RETURN_IF_ERROR(Declare());
    return Report();
  }

 private:
  Result<void> OpenFiles() {
    std::map<std::string, std::string> named;
    for (const std::string& text : options_.parties) {
      const size_t equals = text.rfind('=');
      if (equals == std::string::npos || equals == 0 || equals + 1 == text.size()) {
        return base::Invalid("--party", "must be FILE=NAME", text);
      }
      named[text.substr(0, equals)] = text.substr(equals + 1);
    }
    for (const std::string& path : options_.files) {
      const auto name = named.find(path);
      InputFile file{path, name == named.end() ? PartyNameOf(path) : name->second, "", {}};
      WB_ASSIGN_OR_RETURN(file.text, ReadInput(path));
      Result<formats::FileFormat> format = formats::DetectFormat(file.text);
      if (!format) return base::Fail(std::move(format).error().Under(path + ": "));
      file.format = *format;
      files_.push_back(std::move(file));
    }
    if (!options_.mode.empty()) {
      Result<airspace::DataMode> mode = airspace::ParseName<airspace::DataMode>(options_.mode);
      if (!mode) return base::Fail(std::move(mode).error().Under("--mode"));
      mode_ = *mode;
    }
    return {};
  }

  void Note(const InputFile& file, const std::string& note) {
    notes_.push_back(file.path + ": " + note);
  }

  void Add(InputFile* file, std::string party, Declaration declaration) {
    ++file->declared;
    for (const airspace::Volume4D& volume : declaration.volumes) {
      if (volume.window.start != base::kTimeOpenStart) {
        earliest_ = std::min(earliest_, volume.window.start);
      }
      if (volume.window.end != base::kTimeOpenEnd) latest_ = std::max(latest_, volume.window.end);
    }
    items_.push_back({std::move(party), std::move(declaration)});
  }

  // Files that say themselves when they hold: they tell for which days schedules of zones are needed.
  Result<void> ReadDatedFiles() {
    for (InputFile& file : files_) {
      if (file.format != formats::FileFormat::kNotices) continue;
      Result<formats::NoticeFile> read = formats::ReadNoticeFile(file.text);
      if (!read) return base::Fail(std::move(read).error().Under(file.path + ": "));
      for (formats::NoticeEntry& entry : read->notices) {
        if (!mode_) mode_ = entry.declaration.data_mode;
        Add(&file, entry.party.empty() ? file.party : entry.party, std::move(entry.declaration));
      }
    }
    for (InputFile& file : files_) {
      if (file.format == formats::FileFormat::kTrackCsv ||
          file.format == formats::FileFormat::kReadsbTrace) {
        WB_RETURN_IF_ERROR(ReadTracks(&file));
      }
    }
    return {};
  }

  Result<void> ReadTracks(InputFile* file) {
    formats::TrackReadOptions read_options;
    if (!options_.date.empty()) {
      const Result<base::CivilDate> date = ParseDate(options_.date);
      if (!date) return base::Fail(base::Error(date.error()).Under("--date"));
      read_options.assume_date = *date;
    }
    WB_ASSIGN_OR_RETURN(read_options.assume_zone_minutes, AssumedZone());
    formats::CorridorOptions corridor_options;
    corridor_options.data_mode = mode_.value_or(airspace::DataMode::kReal);
    const Result<int64_t> half_width = ParseLengthMm(options_.half_width);
    if (!half_width) return base::Fail(base::Error(half_width.error()).Under("--half-width"));
    corridor_options.half_width_mm = *half_width;
    Result<formats::TrackFile> tracks = file->format == formats::FileFormat::kTrackCsv
                                            ? formats::ReadTrackCsv(file->text, read_options)
                                            : formats::ReadReadsbTrace(file->text);
    if (!tracks) return base::Fail(std::move(tracks).error().Under(file->path + ": "));
    for (const std::string& note : tracks->notes) Note(*file, note);
    for (const formats::Track& track : tracks->tracks) {
      Result<formats::Corridors> corridors = formats::CorridorsFromTrack(track, corridor_options);
      if (!corridors) {
        refused_.push_back(std::move(corridors).error().Under(file->path + ", " + track.id + ": "));
        continue;
      }
      for (const std::string& note : corridors->notes) Note(*file, track.id + ": " + note);
      for (Declaration& flight : corridors->flights) Add(file, file->party, std::move(flight));
    }
    return {};
  }

  Result<std::optional<int>> AssumedZone() const {
    if (options_.assume_zone.empty()) return std::optional<int>();
    const Result<int> zone = ParseZoneMinutes(options_.assume_zone);
    if (!zone) return base::Fail(base::Error(zone.error()).Under("--assume-zone"));
    return std::optional<int>(*zone);
  }

  Result<void> ReadZoneFiles() {
    WB_RETURN_IF_ERROR(FixTime());
    formats::ZoneImportOptions import;
    import.now = now_;
    import.data_mode = mode_.value_or(airspace::DataMode::kReal);
    WB_ASSIGN_OR_RETURN(import.assume_zone_minutes, AssumedZone());
    constexpr int64_t kDay = base::kMicrosPerDay;
    if (options_.horizon_days > 0) {
      import.horizon_days = options_.horizon_days;
    } else if (latest_.us > now_.us) {
      import.horizon_days = std::clamp((latest_.us - now_.us) / kDay + 2, int64_t{1},
                                       limits::kScheduleHorizonDaysMax);
    }
    for (InputFile& file : files_) {
      if (!IsZoneFormat(file.format)) continue;
      Result<formats::ZoneFile> zones = ReadZones(file.text, file.format, import);
      if (!zones) return base::Fail(std::move(zones).error().Under(file.path + ": "));
      for (const auto& [note, count] : CountNotes(*zones)) {
        Note(file, count == 1 ? note : fmt::format("{} ({} times)", note, count));
      }
      for (base::Error& error : zones->refused) {
        refused_.push_back(std::move(error).Under(file.path + ": "));
      }
      for (formats::ImportedZone& zone : zones->zones) {
        for (Declaration& part : zone.declarations) Add(&file, file.party, std::move(part));
      }
    }
    return {};
  }

  // The time at which everything is judged: just before the first of it, so that days gone by can be checked too.
  Result<void> FixTime() {
    const base::UtcMicros wall = base::SystemClock().Now();
    if (!options_.at.empty()) {
      const Result<base::UtcMicros> at = ParseTime(options_.at, wall, wall);
      if (!at) return base::Fail(base::Error(at.error()).Under("--at"));
      now_ = *at;
    } else {
      now_ = earliest_ == base::kTimeOpenEnd ? wall : earliest_;
    }
    return {};
  }

  Result<void> MakeRules() {
    WB_ASSIGN_OR_RETURN(LoadedRules loaded, LoadRules(options_.rules));
    for (const Item& item : items_) {
      const auto& parties = loaded.content.parties;
      const bool known = std::any_of(parties.begin(), parties.end(),
                                     [&](const auto& party) { return party.name == item.party; });
      if (!known) {
        loaded.content.parties.push_back(
            {StableId<base::PartyId>("party", item.party), item.party});
      }
    }
    WB_ASSIGN_OR_RETURN(heights_, LoadHeights(options_.geoid));
    WB_ASSIGN_OR_RETURN(rules_, airspace::Rules::Make(std::move(loaded.content), loaded.digest));
    return {};
  }

  Result<void> Declare() {
    Progress progress("checking", items_.size());
    for (size_t i = 0; i < items_.size(); ++i) {
      progress.Set(i);
      if (Result<void> declared = DeclareOne(i); !declared) {
        refused_.push_back(std::move(declared).error().Under(items_[i].party + ": "));
      }
    }
    return {};
  }

  Result<void> DeclareOne(size_t place) {
    const Item& item = items_[place];
    auto prepared =
        airspace::PreparedDeclaration::Prepare(item.declaration, rules_, heights_, crypto::Sha256);
    if (prepared) {
      if (auto known = rules_.CheckClass(item.declaration); !known) {
        prepared = base::Fail(std::move(known).error());
      }
    }
    if (!prepared) {
      return base::Fail(formats::InJsonNames(std::move(prepared).error(), item.declaration));
    }
    const auto id = StableId<base::NoticeId>(item.party, std::to_string(place));
    airspace::Command command{
        rules_.FindParty(item.party)->id,
        airspace::Declare{
            id, std::make_shared<const airspace::PreparedDeclaration>(*std::move(prepared)), false,
            std::nullopt}};
    WB_ASSIGN_OR_RETURN(const airspace::Decision decision,
                        airspace::Decide(state_, rules_, crypto::Sha256, command, now_));
    state_.Apply(decision.effects);
    return {};
  }

  std::string ConflictJson(const airspace::Conflict& conflict) const {
    formats::ConflictNotices notices{};
    for (size_t i = 0; i < notices.size(); ++i) {
      notices[i] = state_.FindNotice(conflict.sides[i].notice);
    }
    std::string text;
    json::Writer json(&text);
    formats::WriteConflict(&json, conflict, notices, rules_);
    return text;
  }

  Result<int> Report() {
    std::vector<const airspace::Conflict*> conflicts;
    state_.VisitConflicts(0, [&](uint64_t, const airspace::Conflict& conflict) {
      conflicts.push_back(&conflict);
      return true;
    });
    std::stable_sort(conflicts.begin(), conflicts.end(), [](const auto* a, const auto* b) {
      return a->first_moment < b->first_moment;
    });
    const bool alarmed = std::any_of(conflicts.begin(), conflicts.end(), [](const auto* conflict) {
      return conflict->treatment != airspace::Treatment::kListed;
    });
    if (session_.json || options_.format == "json") {
      Print(ReportJson(conflicts) + "\n");
    } else if (options_.format == "geojson") {
      Print(formats::ConflictsGeoJson(conflicts, rules_) + "\n");
      PrintTrouble(true);
    } else {
      WB_RETURN_IF_ERROR(PrintReport(conflicts));
    }
    return alarmed || !refused_.empty() ? kExitRefused : kExitOk;
  }

  std::string ReportJson(const std::vector<const airspace::Conflict*>& conflicts) const {
    std::string text;
    json::Writer json(&text);
    json.BeginObject();
    json.StringField("rules", rules_.digest().ToHex());
    json.StringField("at", base::FormatRfc3339(now_));
    json.Key("files");
    json.BeginArray();
    for (const InputFile& file : files_) {
      json.BeginObject();
      json.StringField("file", file.path);
      json.StringField("format", formats::Name(file.format));
      json.StringField("party", file.party);
      json.Uint64Field("declarations", file.declared);
      json.EndObject();
    }
    json.EndArray();
    json.Key("conflicts");
    json.BeginArray();
    for (const airspace::Conflict* conflict : conflicts) json.Raw(ConflictJson(*conflict));
    json.EndArray();
    json.Key("notes");
    json.BeginArray();
    for (const std::string& note : notes_) json.String(note);
    json.EndArray();
    json.Key("refused");
    json.BeginArray();
    for (const base::Error& error : refused_) json.String(error.ToString());
    json.EndArray();
    json.EndObject();
    return text;
  }

  void PrintTrouble(bool to_stderr) const {
    const auto print = to_stderr ? PrintError : Print;
    for (const std::string& note : notes_) print("note: " + Printable(note) + "\n");
    for (const base::Error& error : refused_) {
      print("refused: " + Printable(error.ToString()) + "\n");
    }
  }

  Result<void> PrintReport(const std::vector<const airspace::Conflict*>& conflicts) const {
    std::vector<ConflictRow> rows;
    for (const airspace::Conflict* conflict : conflicts) {
      WB_ASSIGN_OR_RETURN(const json::Document document,
                          json::Document::Parse(ConflictJson(*conflict)));
      WB_ASSIGN_OR_RETURN(ConflictRow row, ReadConflictRow(document.root()));
      rows.push_back(std::move(row));
    }
    for (const InputFile& file : files_) {
      Print(fmt::format("{}: {}, {} declaration{} of {}\n", file.path, formats::Name(file.format),
                        file.declared, file.declared == 1 ? "" : "s", file.party));
    }
    PrintTrouble(false);
    if (options_.rules.empty()) {
      Print(
          Paint(Style::kDim, "rules: the example that the program carries; --rules for others\n"));
    }
    if (rows.empty()) {
      Print(Paint(Style::kGreen, "no conflicts") + "\n");
    } else {
      PrintTable(ConflictTable(rows));
    }
    return {};
  }

  const Session& session_;
  const CheckOptions& options_;
  std::vector<InputFile> files_;
  std::vector<Item> items_;
  std::vector<std::string> notes_;
  std::vector<base::Error> refused_;
  std::optional<airspace::DataMode> mode_;
  base::UtcMicros earliest_ = base::kTimeOpenEnd;
  base::UtcMicros latest_ = base::kTimeOpenStart;
  base::UtcMicros now_;
  airspace::RuleBook rules_;
  geo::HeightModel heights_;
  airspace::State state_;
};

}  // namespace

Result<int> RunCheck(const Session& session, const CheckOptions& options) {
  return Check(session, options).Run();
}

}  // namespace wideberth::cli
