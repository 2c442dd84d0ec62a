// What there is to type about held plans.
#include <CLI/CLI.hpp>

#include "apps/wideberth/line/commands.h"
#include "apps/wideberth/registry.h"

namespace wideberth::cli {

void LineCommands::AddPlans(Registry* registry) {
  const Session& session = registry->session();
  CLI::App* plan = registry->Group("plan", "Plans that are compared here and told to nobody");
  registry->Command(plan, "list", "List the held plans", "wideberth plan list",
                    [&session] { return RunPlanList(session); });
  CLI::App* declare = registry->Command(
      plan, "declare",
      "Release a notice made from a held plan\n"
      "Compared with the plan in place of a second person's check. The plan stays held.",
      "wideberth plan declare 3f2a91c4",
      [this, &session] { return RunPlanDeclare(session, notice_); });
  declare->add_option("ID", notice_.id, "The plan's id, or its first characters.")->required();
  declare->add_option("FILE", notice_.file, "The declaration; the plan's own if not given.");
}

}  // namespace wideberth::cli
