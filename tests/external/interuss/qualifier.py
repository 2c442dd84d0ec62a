"""uss_qualifier's scenarios for a DSS, run one after the other against one node or the nodes of one pool.

  qualifier.py BASE_URL [BASE_URL...]

The package on PyPI holds the scenarios without the pages that document them, which it wants for the names of cases,
steps and checks and for how much each check weighs. Here every name that a scenario uses counts as documented, and
every failed check ends its scenario and fails the run, also one that those pages call informational. With one URL the
scenarios that compare instances are named as skipped.
"""

import datetime
import importlib
import inspect
import sys

from implicitdict import ImplicitDict
from loguru import logger
from monitoring.uss_qualifier.common_data_definitions import Severity
from monitoring.uss_qualifier.resources.astm.f3411 import dss as rid
from monitoring.uss_qualifier.resources.astm.f3548.v21 import dss as scd
from monitoring.uss_qualifier.resources.communications import auth_adapter, client_identity
from monitoring.uss_qualifier.resources.dev import test_exclusions
from monitoring.uss_qualifier.resources.flight_planning import flight_intents_resource
from monitoring.uss_qualifier.resources.interuss import id_generator
from monitoring.uss_qualifier.resources.netrid import service_area
from monitoring.uss_qualifier.resources import planning_area, volume
from monitoring.uss_qualifier.scenarios import scenario as scenarios
from monitoring.uss_qualifier.scenarios.definitions import TestScenarioDeclaration
from monitoring.uss_qualifier.scenarios.documentation.definitions import (
    TestCaseDocumentation,
    TestCheckDocumentation,
    TestScenarioDocumentation,
    TestStepDocumentation,
)
from monitoring.uss_qualifier.suites.suite import ExecutionContext, TestSuiteAction, TestSuiteActionDeclaration

BASE = "monitoring.uss_qualifier.scenarios.astm"
SCOPES = [
    "utm.strategic_coordination",
    "utm.conformance_monitoring_sa",
    "utm.constraint_management",
    "utm.constraint_processing",
    "utm.availability_arbitration",
    "rid.service_provider",
    "rid.display_provider",
    "dss.read.identification_service_areas",
    "dss.write.identification_service_areas",
    "interuss.pool_status.read",
    "interuss.versioning.read_system_versions",
]
F3548 = (
    ("constraint_ref_simple", "CRSimple"),
    ("oir_explicit_sub_handling", "OIRExplicitSubHandling"),
    ("oir_implicit_sub_handling", "OIRImplicitSubHandling"),
    ("op_intent_ref_access_control", "OpIntentReferenceAccessControl"),
    ("op_intent_ref_key_validation", "OIRKeyValidation"),
    ("op_intent_ref_simple", "OIRSimple"),
    ("op_intent_ref_state_transitions", "OpIntentReferenceStateTransitions"),
    ("report", "Report"),
    ("subscription_interactions", "SubscriptionInteractions"),
    ("subscription_interactions_deletion", "SubscriptionInteractionsDeletion"),
    ("subscription_simple", "SubscriptionSimple"),
    ("subscription_validation", "SubscriptionValidation"),
    ("uss_availability_mutation", "UssAvailabilityMutation"),
    ("authentication.authentication_validation", "AuthenticationValidation"),
    ("pool_info", "PoolInfo"),
)
F3548_POOL = (
    ("dss_interoperability", "DSSInteroperability"),
    ("synchronization.constraint_ref_synchronization", "CRSynchronization"),
    ("synchronization.op_intent_ref_synchronization", "OIRSynchronization"),
    ("synchronization.subscription_synchronization", "SubscriptionSynchronization"),
    ("synchronization.uss_availability_synchronization", "USSAvailabilitySynchronization"),
)
F3411 = (
    ("dss.heavy_traffic_concurrent", "HeavyTrafficConcurrent"),
    ("dss.isa_expiry", "ISAExpiry"),
    ("dss.isa_simple", "ISASimple"),
    ("dss.isa_subscription_interactions", "ISASubscriptionInteractions"),
    ("dss.isa_validation", "ISAValidation"),
    ("dss.subscription_simple", "SubscriptionSimple"),
    ("dss.subscription_validation", "SubscriptionValidation"),
    ("dss.token_validation", "TokenValidation"),
)
F3411_POOL = (("dss_interoperability", "DSSInteroperability"),)
NEVER = (
    ("EndpointEncryption (both editions)", "the node is reached by http in this test; TLS has tests of its own"),
    ("DSS instance is publicly addressable (a check)", "the nodes of this test are on this machine"),
    ("DatastoreAccess (all three)", "it speaks to a CockroachDB behind the DSS, and there is none"),
)


def document_what_is_used():
    """Takes every name of a case, step and check that a scenario uses for one that its page lists."""

    def step_of(name):
        return TestStepDocumentation(name=name, url="", checks=[])

    def documentation(kind):
        own_cleanup = kind.cleanup is not scenarios.GenericTestScenario.cleanup
        return TestScenarioDocumentation(
            name=kind.__name__, url="", local_path="", cases=[], resources=None,
            cleanup=step_of("Cleanup") if own_cleanup else None,
        )

    scenarios.get_documentation = documentation
    kind = scenarios.GenericTestScenario
    begin_case, begin_step, check = kind.begin_test_case, kind.begin_test_step, kind.check

    def begin_test_case(self, name):
        if name not in [case.name for case in self.documentation.cases]:
            self.documentation.cases.append(TestCaseDocumentation(name=name, url="", steps=[]))
        begin_case(self, name)

    def begin_test_step(self, name):
        if self._current_case is not None and name not in [step.name for step in self._current_case.steps]:
            self._current_case.steps.append(step_of(name))
        begin_step(self, name)

    def checked(self, name, participants=None):
        if name not in [known.name for known in self._current_step.checks]:
            self._current_step.checks.append(
                TestCheckDocumentation(
                    name=name, url="", applicable_requirements=[], has_todo=False, severity=Severity.High
                )
            )
        return check(self, name, participants)

    def skip_cleanup(self):
        self._expect_phase(scenarios.ScenarioPhase.ReadyForCleanup)
        self._phase = scenarios.ScenarioPhase.Complete

    kind.begin_test_case, kind.begin_test_step, kind.check = begin_test_case, begin_test_step, checked
    kind.skip_cleanup = skip_cleanup


def place(lat, lng, side, **more):
    corners = ((lat, lng), (lat, lng + side), (lat + side, lng + side), (lat + side, lng))
    return {"outline_polygon": {"vertices": [{"lat": a, "lng": b} for a, b in corners]}, **more}


def altitudes(low, high):
    return {
        "altitude_lower": {"value": low, "reference": "W84", "units": "M"},
        "altitude_upper": {"value": high, "reference": "W84", "units": "M"},
    }


def flight(lat):
    area = place(
        lat, 8.1, 0.004, **altitudes(300, 400),
        start_time={"offset_from": {"starting_from": {"time_during_test": "TimeOfEvaluation"}, "offset": "-1s"}},
        duration="20m",
    )
    return {
        "full": {
            "basic_information": {"usage_state": "Planned", "uas_state": "Nominal", "area": [area]},
            "astm_f3548_21": {"priority": 0},
        }
    }


def made(kind, specification, **dependencies):
    """A resource of the framework."""
    type_of_specification = inspect.signature(kind.__init__, eval_str=True).parameters["specification"].annotation
    return kind(
        specification=ImplicitDict.parse(specification, type_of_specification),
        resource_origin="qualifier.py", **dependencies,
    )


def resources(urls):
    auth = made(
        auth_adapter.AuthAdapterResource, {"auth_spec": "NoAuth(sub=qualifier1)", "scopes_authorized": SCOPES}
    )
    second = made(
        auth_adapter.AuthAdapterResource, {"auth_spec": "NoAuth(sub=qualifier2)", "scopes_authorized": SCOPES}
    )
    identity = made(
        client_identity.ClientIdentityResource,
        {"whoami_audience": "localhost", "whoami_scope": SCOPES[0]},
        auth_adapter=auth,
    )
    now = datetime.datetime.now(datetime.timezone.utc)
    around = made(volume.VolumeResource, {"template": place(47.3, 8.5, 0.02, **altitudes(100, 900))})
    of_service = made(
        volume.VolumeResource,
        {
            "template": place(
                47.4, 8.7, 0.03, **altitudes(0, 3000),
                start_time={"absolute_time": now.isoformat()},
                end_time={"absolute_time": (now + datetime.timedelta(hours=1)).isoformat()},
            )
        },
    )
    exclusions = made(test_exclusions.TestExclusionsResource, {"allow_private_addresses": True})
    common = {
        "test_exclusions": exclusions,
        "id_generator": made(id_generator.IDGeneratorResource, {}, client_identity=identity),
        "client_identity": identity,
        "utm_client_identity": identity,
        "second_utm_auth": second,
        "planning_area": made(planning_area.PlanningAreaResource, {"base_url": "https://uss.test/f3548"}, volume=around),
        "problematically_big_area": made(volume.VolumeResource, {"template": place(45.0, 6.0, 2.0)}),
        "isa": made(service_area.ServiceAreaResource, {"base_url": "https://uss.test/f3411"}, volume=of_service),
        "flight_intents": made(
            flight_intents_resource.FlightIntentsResource,
            {"intent_collection": {"intents": {"flight_1": flight(47.5), "flight_2": flight(47.6)}}},
        ),
    }

    def instance(url, number, path, **more):
        return {
            "participant_id": f"node{number}",
            "base_url": url + path,
            "notification_index_implementation": "ZeroBasedIncrementPerDispatch" if len(urls) == 1 else "TimeBased",
            **more,
        }

    def pool(module, path, **more):
        every = [instance(url, number, path, **more) for number, url in enumerate(urls)]
        of_pool = made(module.DSSInstancesResource, {"dss_instances": every}, auth_adapter=auth)
        others = made(module.DSSInstancesResource, {"dss_instances": every[1:]}, auth_adapter=auth)
        first = made(module.DSSInstanceResource, every[0], auth_adapter=auth)
        return {
            "dss": first, "primary_dss_instance": first,
            "dss_instances": of_pool, "all_dss_instances": of_pool, "other_instances": others,
        }

    return {
        "utm": {**common, **pool(scd, "", supports_ovn_request=True)},
        "v19": {**common, **pool(rid, "", rid_version="F3411-19")},
        "v22a": {**common, **pool(rid, "/rid/v2", rid_version="F3411-22a")},
    }


def run(name, kind, pool):
    """Prints what became of one scenario; the number of its checks and of those that failed."""
    declaration = TestScenarioDeclaration(scenario_type=scenarios.get_scenario_type_name(kind), resources={})
    wanted = [arg for arg in inspect.signature(kind.__init__).parameters if arg != "self"]
    links = {arg: arg for arg in wanted if arg in pool}
    declaration.resources = links
    action = TestSuiteAction(action=TestSuiteActionDeclaration(test_scenario=declaration), resources=pool)
    report = action.run(ExecutionContext(config=None, acceptable_findings=[])).test_scenario
    steps = [step for case in report.cases for step in case.steps]
    if report.has_field_with_value("cleanup"):
        steps.append(report.cleanup)
    passed = sum(len(step.passed_checks) for step in steps)
    failed = [(step, check) for step in steps for check in step.failed_checks]
    print(f"{name}: {passed} passed, {len(failed)} failed", flush=True)
    for step, check in failed:
        print(f"  FAILED {step.name}: {check.name}: {check.summary}\n    {check.details}")
    wrong = len(failed)
    if report.has_field_with_value("execution_error"):
        print(f"  ERROR {report.execution_error.message}\n{report.execution_error.stacktrace}")
        wrong += 1
    if passed == 0:
        print("  FAILED nothing was checked")
        wrong += 1
    for key, note in (report.notes or {}).items() if report.has_field_with_value("notes") else ():
        print(f"  note {key}: {note.message}")
    return passed, wrong


def main():
    logger.remove()
    urls = [url.rstrip("/") for url in sys.argv[1:]]
    document_what_is_used()
    pools = resources(urls)
    passed = failed = skipped = 0
    for edition, package, single, pooled in (
        ("utm", "utm.dss", F3548, F3548_POOL),
        ("v19", "netrid.v19", F3411, F3411_POOL),
        ("v22a", "netrid.v22a", F3411, F3411_POOL),
    ):
        for module, name in single + pooled:
            where = f"{package}.{module}.{name}"
            if len(urls) == 1 and (module, name) in pooled:
                print(f"{where}: skipped: it compares two nodes of a pool")
                skipped += 1
                continue
            kind = getattr(importlib.import_module(f"{BASE}.{package}.{module}"), name)
            good, bad = run(where, kind, pools[edition])
            passed += good
            failed += bad
    for name, reason in NEVER:
        print(f"{name}: skipped: {reason}")
        skipped += 1
    print(f"uss_qualifier: {passed} checks passed, {failed} failed, {skipped} skipped")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
