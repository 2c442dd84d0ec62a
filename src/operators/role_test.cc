#include "operators/role.h"

#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <set>
#include <string>
#include <vector>

namespace wideberth::operators {
namespace {

std::vector<ActKind> Acts() {
  std::vector<ActKind> acts;
  for (size_t i = 0; i < kActKinds; ++i) acts.push_back(static_cast<ActKind>(i));
  return acts;
}

std::set<Role> Who(ActKind act) {
  std::set<Role> roles;
  for (const Role role : kRoles) {
    if (MayDo(role, act)) roles.insert(role);
  }
  return roles;
}

TEST(Role, TheAdministratorAndTheViewerDoNoOperationalAct) {
  for (const ActKind act : Acts()) {
    const bool manages = act == ActKind::kManageOperators || act == ActKind::kManagePeers;
    EXPECT_EQ(MayDo(Role::kViewer, act), act == ActKind::kView) << Name(act);
    EXPECT_EQ(MayDo(Role::kAdministrator, act), manages || act == ActKind::kView) << Name(act);
    if (manages) {
      EXPECT_EQ(Who(act), std::set<Role>{Role::kAdministrator});
    }
  }
}

// Nothing waits for one person: whoever is above the watch may do what the watch may.
TEST(Role, WhatADutyOfficerMayDoItsHeadsMayDoToo) {
  for (const ActKind act : Acts()) {
    EXPECT_LE(MayDo(Role::kDutyOfficer, act), MayDo(Role::kSupervisor, act)) << Name(act);
    EXPECT_LE(MayDo(Role::kSupervisor, act), MayDo(Role::kDeputyChief, act)) << Name(act);
  }
}

TEST(Role, WhatTheMechanismKeepsForASupervisor) {
  for (const ActKind act :
       {ActKind::kAllClear, ActKind::kDisregardHazard, ActKind::kEndStopCallUnanswered,
        ActKind::kSuspendPolicyLane, ActKind::kResumePolicyLane, ActKind::kAcceptMeasures,
        ActKind::kAcceptRisk, ActKind::kOpenExercise}) {
    EXPECT_FALSE(MayDo(Role::kDutyOfficer, act)) << Name(act);
    EXPECT_TRUE(MayDo(Role::kSupervisor, act)) << Name(act);
  }
  // What cannot wait is the watch's own.
  for (const ActKind act :
       {ActKind::kStopCall, ActKind::kAnswerStopCall, ActKind::kReportUnplannedHazard,
        ActKind::kReadBack, ActKind::kRelease, ActKind::kAnswerIncursionWarning}) {
    EXPECT_TRUE(MayDo(Role::kDutyOfficer, act)) << Name(act);
  }
}

TEST(Role, ThePrincipalSignsAndDeals) {
  for (const ActKind act :
       {ActKind::kProposeAgreement, ActKind::kSignAgreement, ActKind::kDenounceAgreement}) {
    EXPECT_EQ(Who(act), (std::set<Role>{Role::kDeputyChief, Role::kPrincipal})) << Name(act);
  }
  EXPECT_EQ(Who(ActKind::kProposeAgreement),
            (std::set<Role>{Role::kDeputyChief, Role::kPrincipal}));
  EXPECT_EQ(Who(ActKind::kClimbToPrincipal), std::set<Role>{Role::kDeputyChief});
  for (const ActKind act : {ActKind::kRelease, ActKind::kReadBack, ActKind::kAllClear,
                            ActKind::kStopCall, ActKind::kLineCheck}) {
    EXPECT_FALSE(MayDo(Role::kPrincipal, act)) << Name(act);
  }
}

TEST(Role, EveryActCanBeDoneByTwoRolesOfTheWatch) {
  for (const ActKind act : Acts()) {
    if (MayDo(Role::kAdministrator, act)) continue;
    if (act == ActKind::kClimbToPrincipal) continue;
    EXPECT_GE(Who(act).size(), 2u) << Name(act);
  }
}

TEST(Role, ARefusalNamesTheRolesThatMay) {
  EXPECT_TRUE(RequireMayDo(Role::kSupervisor, ActKind::kAllClear).has_value());
  const auto refused = RequireMayDo(Role::kDutyOfficer, ActKind::kAllClear);
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code, base::ErrorCode::kForbidden);
  EXPECT_EQ(refused.error().ToString(),
            "role: must be one that may all_clear: supervisor, deputy_chief (found duty_officer)");
}

TEST(Role, OnlyRolesThatActOnLinesMayDoMoreThanLook) {
  for (const Role role : kRoles) {
    bool releases = false;
    for (const ActKind act : Acts()) {
      releases = releases || (MayDo(role, act) && act != ActKind::kView &&
                              act != ActKind::kManageOperators && act != ActKind::kManagePeers);
    }
    EXPECT_EQ(ActsOnLines(role), releases) << Name(role);
  }
}

TEST(Role, NamesReadBackAndNothingElseDoes) {
  std::set<std::string_view> names;
  for (const Role role : kRoles) {
    EXPECT_TRUE(names.insert(Name(role)).second);
    EXPECT_EQ(ParseRole(Name(role)).value(), role);
  }
  EXPECT_EQ(names.size(), 6u);
  names.clear();
  for (const ActKind act : Acts()) {
    EXPECT_TRUE(names.insert(Name(act)).second) << Name(act);
    EXPECT_EQ(ParseActKind(Name(act)).value(), act);
  }
  for (const std::string_view bad : {"", "Supervisor", "cell_head", "viewer ", "release\n"}) {
    EXPECT_FALSE(ParseRole(bad).has_value()) << bad;
    EXPECT_FALSE(ParseActKind(bad).has_value()) << bad;
  }
}

TEST(Role, TheDocumentHoldsTheTable) {
  std::ifstream file("docs/roles.md", std::ios::binary);
  ASSERT_TRUE(file.is_open()) << "docs/roles.md";
  const std::string text(std::istreambuf_iterator<char>(file), {});
  const std::string begin = "<!-- begin: the table of roles -->\n\n";
  const size_t from = text.find(begin);
  const size_t to = text.find("\n<!-- end: the table of roles -->");
  ASSERT_NE(from, std::string::npos);
  ASSERT_NE(to, std::string::npos);
  EXPECT_EQ(text.substr(from + begin.size(), to - from - begin.size()), RoleTableMarkdown())
      << "put this table into docs/roles.md:\n"
      << RoleTableMarkdown();
}

}  // namespace
}  // namespace wideberth::operators
