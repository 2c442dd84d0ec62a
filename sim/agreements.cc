#include "sim/agreements.h"

#include <fmt/core.h>

#include "agreement/terms.h"

namespace wideberth::sim {
namespace {

using airspace::PartyEntry;

constexpr std::string_view kSeparations[] = {
    R"(between = ["activity", "hazard"]
lateral_nm = 1
vertical_ft = 300
)",
    R"(between = ["hazard", "hazard"]
)",
};

// Who is to be called when: each level of each party has two.
std::string Contacts(const PartyEntry& party) {
  std::string text;
  for (size_t level = 0; level < agreement::kLevels; ++level) {
    for (const std::string_view nth : {"first", "second"}) {
      const std::string_view name = agreement::Name(static_cast<agreement::Level>(level));
      text += fmt::format(
          "[[contact]]\nparty = \"{}\"\nlevel = \"{}\"\nrole = \"{} on duty\"\n"
          "call = \"{} {}\"\n",
          party.name, name, nth, name, nth);
    }
  }
  return text;
}

// Its machine may repeat warnings, and raise an area.
std::string StandingReleases(const PartyEntry& party, double lng_deg) {
  return fmt::format(
      "[[standing_release]]\nkind = \"incursion_warning\"\nname = \"warnings of {0}\"\nparty = "
      "\"{0}\"\n"
      "lead_min = 60\nrepeat_s = 10\n"
      "[[standing_release]]\nkind = \"dead_man\"\nname = \"area of {0}\"\nparty = \"{0}\"\n"
      "hazard_class = \"other\"\ncentre = {{lat = 46.4, lng = {1}}}\nradius_m = 3000\n",
      party.name, lng_deg);
}

}  // namespace

std::string DrawAgreement(const std::array<PartyEntry, 2>& parties, const AgreementTimes& times,
                          base::SeededRandom* random) {
  std::string text = fmt::format("wideberth_agreement = 1\nnumber = {}\neffective_from = {}\n",
                                 random->Between(1, 1'000'000), base::FormatRfc3339(times.from));
  if (times.expires) text += fmt::format("expires = {}\n", base::FormatRfc3339(*times.expires));
  text += "denunciation_notice_min = 0\nlanguages = [\"en\"]\n";
  text += "activity_classes = [\"transport\", \"survey\"]\n";
  for (const PartyEntry& party : parties) {
    text += fmt::format("[[party]]\nname = \"{}\"\nid = \"{}\"\n", party.name, party.id.ToString());
  }
  text += fmt::format(
      "[[separation]]\nbetween = [\"activity\", \"activity\"]\nlateral_nm = {}\nvertical_ft = "
      "1000\n"
      "time_s = 600\n",
      random->Between(1, 6));
  for (const std::string_view row : kSeparations) text += fmt::format("[[separation]]\n{}", row);
  // So that a hazard can be cleared within a run.
  text += "[hazard_dwell_min]\n";
  for (size_t kind = 0; kind < airspace::kHazardClasses; ++kind) {
    text += fmt::format("{} = 0\n", airspace::Name(static_cast<airspace::HazardClass>(kind)));
  }
  text += "[deadlines]\n";
  for (size_t kind = 0; kind < agreement::kDeadlineKinds; ++kind) {
    text += fmt::format("{} = {{ routine_s = {}, min_s = 3, share_of_time_to_start = 0.001 }}\n",
                        agreement::Name(static_cast<agreement::DeadlineKind>(kind)),
                        static_cast<int64_t>(kind) + random->Between(4, 8));
  }
  text += "[ladder]\nnear_start_min = 90\n";
  if (random->Below(2) == 0) {
    text += fmt::format("[lost_link]\nlateral_nm = {}\ntime_s = 300\n", random->Between(1, 3));
  }
  double lng_deg = 6.2;
  for (const PartyEntry& party : parties) {
    text += Contacts(party) + StandingReleases(party, lng_deg);
    lng_deg += 0.1;
  }
  return text;
}

}  // namespace wideberth::sim
