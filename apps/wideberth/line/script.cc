// `notice script`: what is read out over voice, word by word, and a form for what comes back.
//
// It needs the own node and no line: it is what is left when the line is lost.
#include <fmt/format.h>

#include "apps/wideberth/line/answers.h"
#include "apps/wideberth/line/commands.h"
#include "apps/wideberth/remote.h"
#include "apps/wideberth/show/terminal.h"
#include "formats/notice_json.h"
#include "mechanism/reading.h"
#include "phrases/phrases.h"

namespace wideberth::cli {
namespace {

using airspace::Declaration;
using base::Result;

constexpr size_t kNumberDigits = 8;
constexpr size_t kCheckCodeDigits = 6;
constexpr std::string_view kBlank = "______________________";

// With a space between the characters, as they are spoken.
std::string Spelled(std::string_view text) {
  std::string spelled;
  for (const char c : text) {
    if (!spelled.empty()) spelled += ' ';
    spelled += c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  }
  return spelled;
}

// Degrees and thousandths of a minute: 2 m, far within any tolerance.
std::string Angle(int64_t e9, bool latitude) {
  const int64_t magnitude = e9 < 0 ? -e9 : e9;
  constexpr int64_t kDegree = 1'000'000'000;
  int64_t degrees = magnitude / kDegree;
  int64_t milliminutes = ((magnitude % kDegree) * 60 + kDegree / 2'000) / (kDegree / 1'000);
  if (milliminutes == 60'000) {
    ++degrees;
    milliminutes = 0;
  }
  const char* side = latitude ? (e9 < 0 ? "SOUTH" : "NORTH") : (e9 < 0 ? "WEST" : "EAST");
  return fmt::format("{} {} degrees {:02}.{:03} minutes", side, degrees, milliminutes / 1'000,
                     milliminutes % 1'000);
}

std::string PlaceText(geo::Position place) {
  return fmt::format("{}, {}   ({:.5f}, {:.5f})", Angle(place.lat_e9, true),
                     Angle(place.lng_e9, false), place.lat_deg(), place.lng_deg());
}

class Script {
 public:
  explicit Script(std::string language) : language_(std::move(language)) {}

  void Title(std::string_view title) {
    text_ += fmt::format("\n{}\n", title);
    number_ = 0;
  }
  void Say(std::string_view what, std::string_view value) {
    text_ += fmt::format("{:3}. {:<18} {}\n", ++number_, what, value);
  }
  void SayCode(std::string_view what, std::string_view code) {
    Say(what, phrases::Render(code, language_));
  }
  void Ask(std::string_view what) { Say(what, kBlank); }
  void Line(std::string_view line) { text_ += fmt::format("{}\n", line); }
  const std::string& text() const { return text_; }

 private:
  const std::string language_;
  std::string text_;
  int number_ = 0;
};

std::string_view ClassCode(const Declaration& declaration) {
  switch (declaration.kind) {
    case airspace::NoticeKind::kActivity:
      return declaration.activity_class.empty() ? "not stated"
                                                : std::string_view(declaration.activity_class);
    case airspace::NoticeKind::kHazard:
      return airspace::Name(declaration.hazard_class);
    case airspace::NoticeKind::kZone:
      return airspace::Name(declaration.restriction);
    case airspace::NoticeKind::kProtectedSite:
      break;
  }
  return "not stated";
}

void SayOutline(const geo::Outline& outline, Script* script) {
  const auto vertices = outline.vertices();
  switch (outline.kind()) {
    case geo::OutlineKind::kCircle:
      script->Say("circle, centre", PlaceText(vertices.front()));
      return script->Say("radius", formats::DistanceText(outline.buffer_mm()));
    case geo::OutlineKind::kCorridor:
      script->Say("corridor", fmt::format("{} points", vertices.size()));
      script->Say("half width", formats::DistanceText(outline.buffer_mm()));
      break;
    case geo::OutlineKind::kPolygon:
      script->Say("polygon", fmt::format("{} corners", vertices.size()));
      break;
  }
  for (size_t i = 0; i < vertices.size(); ++i) {
    script->Say(fmt::format("point {}", i + 1), PlaceText(vertices[i]));
  }
}

void SayNotice(const Declaration& declaration, Script* script) {
  script->SayCode("data mode", airspace::Name(declaration.data_mode));
  script->SayCode("kind", airspace::Name(declaration.kind));
  script->SayCode("class", ClassCode(declaration));
  script->SayCode("confidence", airspace::Name(declaration.confidence));
  if (declaration.kind == airspace::NoticeKind::kHazard) {
    script->SayCode("source", airspace::Name(declaration.hazard_source));
  }
  const mechanism::Reading reading = mechanism::ReadingOf(declaration);
  script->Say("centre", PlaceText(reading.centre()));
  script->Say("extent", formats::DistanceText(reading.extent_mm()));
  for (size_t i = 0; i < declaration.volumes.size(); ++i) {
    const airspace::Volume4D& volume = declaration.volumes[i];
    if (declaration.volumes.size() > 1) script->Title(fmt::format("VOLUME {}", i + 1));
    SayOutline(volume.outline, script);
    script->Say("from", formats::AltitudeText(volume.band.lower));
    script->Say("to", formats::AltitudeText(volume.band.upper));
    script->Say("starts", formats::TimeText(volume.window.start));
    script->Say("ends", formats::TimeText(volume.window.end));
  }
  if (!declaration.role_to_call.empty()) script->Say("role to call", declaration.role_to_call);
  if (!declaration.frequency.empty()) script->Say("frequency", declaration.frequency);
}

void AskReadBack(const Declaration& declaration, Script* script) {
  script->Title("READ BACK: write what you hear, not what you expect");
  for (const char* what :
       {"notice", "data mode", "centre", "extent", "from", "to", "starts", "ends"}) {
    script->Ask(what);
  }
  for (size_t volume = 0; volume < declaration.volumes.size(); ++volume) {
    const std::string of =
        declaration.volumes.size() > 1 ? fmt::format("volume {}, ", volume + 1) : "";
    const size_t vertices = declaration.volumes[volume].outline.vertices().size();
    for (size_t i = 0; i < vertices; ++i) script->Ask(fmt::format("{}point {}", of, i + 1));
  }
  script->Ask("check code");
  script->Ask("read back by, role");
  script->Ask("time, UTC");
  script->Ask("received by, role");
}

}  // namespace

Result<int> RunNoticeScript(const Session& session, const LineNoticeOptions& options) {
  WB_ASSIGN_OR_RETURN(Remote remote, Remote::Open(session));
  WB_ASSIGN_OR_RETURN(const std::string id, remote.ResolveNotice(options.id));
  WB_ASSIGN_OR_RETURN(const json::Document document, remote.GetJson("/v1/notices/" + id));
  const std::optional<json::Value> content = At(document.root(), "notice.latest.declaration");
  if (!content) return base::Invalid("ID", "must be a notice that can be read", id);
  WB_ASSIGN_OR_RETURN(const Declaration declaration, formats::DecodeDeclaration(*content));
  const std::string digest = TextAt(document.root(), "notice.latest.digest");
  const std::string author = TextAt(document.root(), "notice.latest.author");
  if (author == "draft" || TextAt(document.root(), "notice.latest.disclosure") == "held") {
    return base::Fail(base::ErrorCode::kConflict, "ID",
                      "must have been released: nobody is told of a draft or a held plan", id);
  }
  const std::string code = digest.substr(0, kCheckCodeDigits);
  Script script(options.language.empty() ? "en" : options.language);
  script.Line("CALL SCRIPT. Read every line. Wait where it says so. All times are UTC.");
  script.Title("NOTICE");
  script.Say("this is", TextAt(document.root(), "notice.party.name"));
  script.Say("notice", Spelled(id.substr(0, kNumberDigits)));
  script.Say("version", TextAt(document.root(), "notice.latest.number"));
  SayNotice(declaration, &script);
  script.Say("check code", Spelled(code));
  script.Line("\nSay: READ BACK. Wait.");
  AskReadBack(declaration, &script);
  script.Line("\nA notice is not a permission. Silence is not consent.");
  if (!session.json) {
    Print(script.text());
    return kExitOk;
  }
  std::string out;
  json::Writer json(&out);
  json.BeginObject();
  json.StringField("notice", id);
  json.StringField("version", digest);
  json.StringField("check_code", code);
  json.StringField("script", script.text());
  json.EndObject();
  Print(out + "\n");
  return kExitOk;
}

}  // namespace wideberth::cli
