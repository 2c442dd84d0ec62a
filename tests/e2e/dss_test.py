#!/usr/bin/env python3
"""The DSS of a real node: F3548-21, F3411-22a, F3411-19 and the auxiliary interface, over HTTP.

dss_test.py WIDEBERTH WIDEBERTHD. Every answer of every test is held against the OpenAPI files of ../shared/specs
(5xx, and the 409 of uss_availability, excepted). Skipped where those files or the Python packages yaml, jsonschema and
cryptography are missing.
"""

import datetime
import hashlib
import hmac
import http.client
import json
import sys
import threading
import time
import unittest
import uuid

from dss_node import AA, CM, CMSA, CP, DP, NO_SUBSCRIPTION, OTHERS_OVN, READ, SC, SP, WRITE
from dss_node import DssCase, Keys, at, b64, intent, square, suffix, utc, volume


class StrategicCoordination(DssCase):
    def test_an_intent_from_plan_to_end(self):
        created = self.put_intent(intent(self.here()))
        reference = created["operational_intent_reference"]
        self.assertEqual(created["subscribers"], [])
        self.assertEqual((reference["version"], reference["manager"], reference["state"]), (1, "uss1", "Accepted"))
        self.assertEqual(reference["subscription_id"], NO_SUBSCRIPTION)
        self.assertEqual(reference["uss_availability"], "Unknown")
        id = reference["id"]
        # Another one's OVN is nobody's to read; identifiers may come without hyphens.
        other = self.ask("GET", "/dss/v1/operational_intent_references/" + id.replace("-", "").upper(), sub="uss2")
        self.assertEqual(other["operational_intent_reference"]["ovn"], OTHERS_OVN)
        self.assertEqual(other["operational_intent_reference"]["id"], id)
        self.assertEqual([one["id"] for one in self.query("operational_intent_references", self.here())], [id])
        beside = self.here(low=201, high=300)
        self.assertEqual(self.query("operational_intent_references", beside), [])

        active = intent(self.here(), state="Activated", new_subscription={"uss_base_url": "https://uss1.test"})
        self.put_intent(active, id, "stale-ovn-0123456789", status=409)
        self.put_intent(active, id, reference["ovn"], sub="uss2", status=403)
        changed = self.put_intent(active, id, reference["ovn"])
        reference = changed["operational_intent_reference"]
        self.assertEqual((reference["version"], reference["state"]), (2, "Activated"))
        implicit = reference["subscription_id"]
        self.assertEqual(changed["subscribers"][0]["subscriptions"][0]["subscription_id"], implicit)
        subscription = self.ask("GET", f"/dss/v1/subscriptions/{implicit}", status=200)["subscription"]
        self.assertTrue(subscription["implicit_subscription"])
        self.assertEqual(subscription["dependent_operational_intents"], [id])
        self.ask("GET", f"/dss/v1/subscriptions/{implicit}", sub="uss2", status=403)
        self.ask("DELETE", f"/dss/v1/subscriptions/{implicit}/{subscription['version']}", status=400)

        off = dict(active, state="Nonconforming")
        self.put_intent(off, id, reference["ovn"], status=403)
        reference = self.put_intent(off, id, reference["ovn"], scope=CMSA)["operational_intent_reference"]
        path = f"/dss/v1/operational_intent_references/{id}/"
        self.ask("DELETE", path + "stale-ovn-0123456789", status=409)
        self.ask("DELETE", path + reference["ovn"], sub="uss2", status=403)
        self.ask("DELETE", path + reference["ovn"], status=200)
        self.ask("DELETE", path + reference["ovn"], status=404)
        self.ask("GET", path[:-1], status=404)
        self.ask("GET", f"/dss/v1/subscriptions/{implicit}", status=404)

    def test_a_key_that_lacks_something_is_409_and_the_answer_lists_it(self):
        first = self.put_intent(intent(self.here()))["operational_intent_reference"]
        refused = self.put_intent(intent(self.here(low=200, high=300)), sub="uss2", status=409)
        self.assertEqual([one["id"] for one in refused["missing_operational_intents"]], [first["id"]])
        self.assertEqual(refused["missing_operational_intents"][0]["ovn"], OTHERS_OVN)
        own = self.put_intent(intent(self.here()), status=409)
        self.assertEqual(own["missing_operational_intents"][0]["ovn"], first["ovn"])
        self.put_intent(intent(self.here(), key=[first["ovn"]]), sub="uss2")

    def test_constraints(self):
        id = str(uuid.uuid4())
        path = f"/dss/v1/constraint_references/{id}"
        body = {"extents": [self.here()], "uss_base_url": "https://authority.test"}
        subscription = str(uuid.uuid4())
        heard = {"extents": self.here(), "uss_base_url": "https://uss3.test", "notify_for_constraints": True}
        self.ask("PUT", f"/dss/v1/subscriptions/{subscription}", heard, scope=CP, sub="uss3", status=200)
        created = self.ask("PUT", path, body, scope=CM, sub="authority", status=201)
        self.assertEqual(created["subscribers"], [
            {"uss_base_url": "https://uss3.test",
             "subscriptions": [{"subscription_id": subscription, "notification_index": self.index(1)}]}])
        ovn = created["constraint_reference"]["ovn"]
        self.ask("PUT", path, body, scope=CM, sub="authority", status=409)
        self.ask("PUT", path + "/" + ovn, body, scope=CM, sub="other", status=403)
        self.ask("PUT", f"/dss/v1/constraint_references/{uuid.uuid4()}/{ovn}", body, scope=CM, status=409)
        self.ask("PUT", path, body, scope=CP, sub="authority", status=403)
        seen = self.ask("GET", path, scope=CP, status=200)["constraint_reference"]
        self.assertEqual(seen["ovn"], OTHERS_OVN)
        self.assertEqual(len(self.query("constraint_references", self.here(), scope=CP)), 1)

        plan = intent(self.here(), new_subscription={"uss_base_url": "https://uss1.test",
            "notify_for_constraints": True})
        refused = self.put_intent(plan, status=409)
        self.assertEqual([one["id"] for one in refused["missing_constraints"]], [id])
        self.put_intent(dict(plan, key=[ovn]))

        changed = self.ask("PUT", path + "/" + ovn, body, scope=CM, sub="authority", status=200)
        ovn = changed["constraint_reference"]["ovn"]
        self.assertEqual(changed["constraint_reference"]["version"], 2)
        self.ask("DELETE", path + "/" + ovn, scope=CM, sub="authority", status=200)
        self.ask("DELETE", path + "/" + ovn, scope=CM, sub="authority", status=404)
        self.ask("GET", path, scope=CM, status=404)

    def test_subscriptions(self):
        id = str(uuid.uuid4())
        path = f"/dss/v1/subscriptions/{id}"
        body = {"extents": self.here(), "uss_base_url": "https://uss2.test", "notify_for_operational_intents": True}
        planned = self.put_intent(intent(self.here()))["operational_intent_reference"]
        created = self.ask("PUT", path, body, sub="uss2", status=200)
        self.assertEqual([one["id"] for one in created["operational_intent_references"]], [planned["id"]])
        self.assertNotIn("constraint_references", created)
        version = created["subscription"]["version"]
        told = self.put_intent(intent(self.here(low=900, high=999)))
        self.assertEqual(told["subscribers"][0]["subscriptions"],
                         [{"subscription_id": id, "notification_index": self.index(1)}], "at any altitude")
        got = self.ask("GET", path, sub="uss2", status=200)["subscription"]
        self.assertEqual((got["notification_index"], got["version"]), (self.index(1), version))
        self.assertEqual(len(self.query("subscriptions", self.here(), sub="uss2")), 1)
        self.assertEqual(self.query("subscriptions", self.here()), [], "those of the caller alone")
        self.ask("PUT", path, body, sub="uss2", status=409)
        self.ask("PUT", path + "/" + version, body, sub="uss1", status=403)
        self.ask("PUT", f"/dss/v1/subscriptions/{uuid.uuid4()}/{version}", body, status=400)
        changed = self.ask("PUT", path + "/" + version, body, sub="uss2", status=200)["subscription"]
        self.assertNotEqual(changed["version"], version)
        self.ask("DELETE", path + "/" + version, sub="uss2", status=409)
        self.ask("DELETE", path + "/" + changed["version"], sub="uss1", status=403)
        self.ask("DELETE", path + "/" + changed["version"], sub="uss2", status=200)
        self.ask("DELETE", path + "/" + changed["version"], sub="uss2", status=404)
        for wrong in (
            dict(body, notify_for_operational_intents=False),
            dict(body, extents=self.here(start=-6)),
            dict(body, extents=self.here(start=0, end=24 * 60 + 1)),
            dict(body, extents=self.here(start=30, end=29)),
        ):
            self.ask("PUT", f"/dss/v1/subscriptions/{uuid.uuid4()}", wrong, status=400)
        large = volume(lat=self.lat, side=1)
        self.query("subscriptions", large, status=413)

    def test_availability_and_what_down_means(self):
        path = "/dss/v1/uss_availability/uss-down"
        unknown = self.ask("GET", path, scope=SC, status=200)
        self.assertEqual(unknown, {"version": "", "status": {"uss": "uss-down", "availability": "Unknown"}})
        planned = self.put_intent(intent(self.here()), sub="uss-down")["operational_intent_reference"]
        self.put_intent(intent(self.here()), status=409)
        down = {"old_version": "", "availability": "Down"}
        self.ask("PUT", path, down, scope=SC, status=403)
        set_down = self.ask("PUT", path, down, scope=AA, status=200)
        self.ask("PUT", path, down, scope=AA, status=409)
        self.ask("PUT", path, dict(down, availability="Gone"), scope=AA, status=400)
        self.assertEqual(self.ask("GET", path, scope=AA)["version"], set_down["version"])
        self.put_intent(intent(self.here()))
        shown = self.ask("GET", f"/dss/v1/operational_intent_references/{planned['id']}")
        self.assertEqual(shown["operational_intent_reference"]["uss_availability"], "Down")

    def test_availability_may_be_written_small(self):
        # The reference takes it so, and the public prober writes it so.
        path = "/dss/v1/uss_availability/uss-small"
        first = self.ask("PUT", path, {"availability": "normal"}, scope=AA, status=200)
        self.assertEqual(first["status"]["availability"], "Normal")
        down = {"old_version": first["version"], "availability": "down"}
        self.assertEqual(self.ask("PUT", path, down, scope=AA, status=200)["status"]["availability"], "Down")
        self.ask("PUT", path, dict(down, availability="dOwN"), scope=AA, status=400)

    def test_a_requested_ovn(self):
        id, chosen = str(uuid.uuid4()), suffix()
        made = self.put_intent(intent(self.here(), requested_ovn_suffix=chosen), id)["operational_intent_reference"]
        self.assertEqual(made["ovn"], f"{id}_{chosen}")
        self.put_intent(intent(self.here(), requested_ovn_suffix=chosen), id, made["ovn"], status=400)
        for wrong in (suffix(6), suffix(-6), str(uuid.uuid4()), "x"):
            self.put_intent(intent(self.here(), requested_ovn_suffix=wrong), id, made["ovn"], status=400)
        self.put_intent(intent(self.here(), requested_ovn_suffix=suffix()), id, made["ovn"])

    def test_reports_are_kept_and_numbered(self):
        exchange = {"url": "https://uss2.test/x", "method": "GET", "recorder_role": "Client", "request_time": utc(0),
                    "request_source": "here", "request_body": "YQ==", "problem": "no answer"}
        filed = self.ask("POST", "/dss/v1/reports", {"exchange": exchange, "report_id": "mine"}, scope=CP, status=201)
        self.assertEqual(filed["exchange"], exchange)
        self.assertEqual(uuid.UUID(filed["report_id"]).version, 4)
        for wrong in ({}, {"exchange": None}, {"exchange": dict(exchange, recorder_role="Judge")},
                      {"exchange": dict(exchange, request_time="now")}):
            self.ask("POST", "/dss/v1/reports", wrong, status=400)

    def test_two_writers_on_one_intent_at_once(self):
        made = self.put_intent(intent(self.here()))["operational_intent_reference"]
        path = f"/dss/v1/operational_intent_references/{made['id']}/{made['ovn']}"
        headers = {"Authorization": "Bearer " + self.keys.token(SC)}
        answers = []
        threads = [threading.Thread(target=lambda: answers.append(
            self.raw("PUT", path, json.dumps(intent(self.here())), headers)[0])) for _ in range(12)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(sorted(answers), [200] + [409] * 11)

    def test_what_was_answered_survives_a_kill(self):
        made = self.put_intent(intent(self.here(), new_subscription={"uss_base_url": "https://uss1.test"}))
        reference = made["operational_intent_reference"]
        available = self.ask("PUT", "/dss/v1/uss_availability/uss9", {"old_version": "", "availability": "Normal"},
            scope=AA)
        area = str(uuid.uuid4())
        rid = {"extents": self.here(), "uss_base_url": "https://sp.test"}
        service = self.ask("PUT", f"/rid/v2/dss/identification_service_areas/{area}", rid, scope=SP, status=200)
        for kill in (True, False):
            self.node.stop(kill=kill)
            self.node.start()
            path = f"/dss/v1/operational_intent_references/{reference['id']}"
            self.assertEqual(self.ask("GET", path)["operational_intent_reference"], reference)
            subscription = self.ask("GET", f"/dss/v1/subscriptions/{reference['subscription_id']}")["subscription"]
            self.assertEqual(subscription["notification_index"], self.index(1))
            self.assertEqual(self.ask("GET", "/dss/v1/uss_availability/uss9"), available)
            again = self.ask("GET", f"/rid/v2/dss/identification_service_areas/{area}", scope=DP)
            self.assertEqual(again["service_area"], service["service_area"])
            self.assertEqual(len(self.query("operational_intent_references", self.here())), 1)


class BadInput(DssCase):
    def refuse(self, change, status=400):
        """An intent with `change` made to it is refused, and nothing of it is there."""
        body = json.loads(json.dumps(intent(self.here(), new_subscription={"uss_base_url": "https://uss1.test"})))
        change(body)
        id = str(uuid.uuid4())
        answer = self.put_intent(body, id, status=status)
        self.assertTrue(answer["message"])
        self.ask("GET", f"/dss/v1/operational_intent_references/{id}", status=404)

    def test_every_field_missing_or_of_the_wrong_type(self):
        for field in ("extents", "state", "uss_base_url"):
            self.refuse(lambda body: body.pop(field))
        for field in ("extents", "key", "state", "uss_base_url", "subscription_id", "new_subscription",
                      "requested_ovn_suffix"):
            self.refuse(lambda body: body.update({field: 7}))
        for field in ("volume", "time_start", "time_end"):
            self.refuse(lambda body: body["extents"][0].pop(field))
            self.refuse(lambda body: body["extents"][0].update({field: "x"}))
        for field in ("outline_polygon", "altitude_lower", "altitude_upper"):
            self.refuse(lambda body: body["extents"][0]["volume"].pop(field))
            self.refuse(lambda body: body["extents"][0]["volume"].update({field: []}))
        self.refuse(lambda body: body["new_subscription"].pop("uss_base_url"))
        # null is absent, and what the standard does not name is passed over.
        body = intent(self.here(), key=None, subscription_id=None, new_subscription=None, colour="blue")
        self.put_intent(body)

    def test_units_references_and_ranges(self):
        lower = lambda body: body["extents"][0]["volume"]["altitude_lower"]
        for field, value in (("value", -8001), ("value", 1e6), ("value", "100"), ("value", 201), ("reference", "AGL"),
                             ("units", "FT")):
            self.refuse(lambda body: lower(body).update({field: value}))
        vertex = lambda body: body["extents"][0]["volume"]["outline_polygon"]["vertices"][0]
        for field, value in (("lat", 90.1), ("lng", 180.1), ("lat", "47"), ("lng", None)):
            self.refuse(lambda body: vertex(body).update({field: value}))
        for start in ({"value": "yesterday", "format": "RFC3339"}, {"value": at(1), "format": "UNIX"},
                      {"value": "2026-01-01T00:00:00", "format": "RFC3339"}, {"value": at(40), "format": "RFC3339"}):
            self.refuse(lambda body: body["extents"][0].update(time_start=start))
        self.refuse(lambda body: body["extents"][0].update(time_start=utc(-20), time_end=utc(-10)))
        self.refuse(lambda body: body.update(state="Ended"))
        self.refuse(lambda body: body.update(state="Activated"))
        self.refuse(lambda body: body.update(extents=[]))
        for url in ("", "uss1.test", "http://uss1.test", "https://", "https:///x", "ftp://x", "https://a b",
            "https://" + "x" * 3000):
            self.refuse(lambda body: body.update(uss_base_url=url))

    def test_outlines(self):
        def outline(**both):
            def change(body):
                body["extents"][0]["volume"].pop("outline_polygon")
                body["extents"][0]["volume"].update(both)
            return change

        polygon = {"vertices": square(self.lat, 8, 0.005)}
        circle = {"center": {"lat": self.lat, "lng": 8}, "radius": {"value": 100, "units": "M"}}
        self.refuse(outline())
        self.refuse(outline(outline_polygon=polygon, outline_circle=circle))
        self.refuse(outline(outline_polygon={"vertices": polygon["vertices"][:2]}))
        crossing = [polygon["vertices"][i] for i in (0, 2, 1, 3)]
        self.refuse(outline(outline_polygon={"vertices": crossing}))
        self.refuse(outline(outline_polygon={"vertices": square(self.lat, 8, 0.6)}))
        for radius in ({"value": 0, "units": "M"}, {"value": -1, "units": "M"}, {"value": 1, "units": "FT"},
            {"value": 1},
                       {"value": 300_000, "units": "M"}):
            self.refuse(outline(outline_circle=dict(circle, radius=radius)))
        self.refuse(outline(outline_circle={"center": circle["center"]}))
        ring = [{"lat": self.lat + 0.01 * (i % 2) * 1e-3 + (0 if i < 5000 else 0.02),
            "lng": 8 + 1e-6 * (i if i < 5000 else 9999 - i)}
                for i in range(10_001)]
        self.refuse(outline(outline_polygon={"vertices": ring}))
        body = intent(self.here())
        outline(outline_polygon={"vertices": ring[:5000] + ring[5001:]})(body)
        self.put_intent(body)
        body = intent(self.here(start=31, end=40))
        outline(outline_circle=circle)(body)
        self.put_intent(body)

    def test_identifiers_bodies_and_keys(self):
        for id in ("x", "8f343be6-82d1-1b47-8167-e01af1e00000", str(uuid.uuid4())[:-1], "%20"):
            for method, scope, path in (
                ("GET", SC, "/dss/v1/operational_intent_references/"), ("GET", CP, "/dss/v1/constraint_references/"),
                ("GET", SC, "/dss/v1/subscriptions/"), ("GET", DP, "/rid/v2/dss/identification_service_areas/"),
                ("GET", READ, "/v1/dss/subscriptions/"),
            ):
                self.ask(method, path + id, scope=scope, status=400)
        for text in ("", "{", "[]", "7", '{"a":1,"a":2}', '{"extents": NaN}', "\ufeff{}"):
            self.ask("PUT", f"/dss/v1/operational_intent_references/{uuid.uuid4()}", text, status=400)
            self.ask("POST", "/dss/v1/operational_intent_references/query", text, status=400)
        self.put_intent(intent(self.here(), key=["x" * 129]), status=400)
        self.put_intent(intent(self.here(), key=[7]), status=400)
        self.put_intent(intent(self.here(), key=["k%043d" % i for i in range(22_000)]))
        id = str(uuid.uuid4())
        self.put_intent(intent(self.here(start=31)), id, "unknown-ovn-0123456789", status=400)
        # A body over the limit is refused before it is sent.
        connection = http.client.HTTPConnection("127.0.0.1", self.node.port, timeout=60)
        connection.putrequest("PUT", f"/dss/v1/operational_intent_references/{id}")
        connection.putheader("Authorization", "Bearer " + self.keys.token(SC))
        connection.putheader("Content-Length", str(5 << 20))
        connection.endheaders()
        status = connection.getresponse().status
        connection.close()
        self.assertEqual(status, 413)

    def test_a_path_that_ends_before_its_last_part(self):
        """An empty version is a wrong request, not a place that is not there."""
        some = uuid.uuid4()
        for base, scope, methods in (
            (f"/dss/v1/operational_intent_references/{some}/", SC, ("PUT", "DELETE")),
            (f"/dss/v1/constraint_references/{some}/", CM, ("PUT", "DELETE")),
            (f"/dss/v1/subscriptions/{some}/", SC, ("PUT", "DELETE")),
            (f"/rid/v2/dss/identification_service_areas/{some}/", SP, ("PUT", "DELETE")),
            (f"/rid/v2/dss/subscriptions/{some}/", DP, ("PUT", "DELETE")),
            (f"/v1/dss/identification_service_areas/{some}/", WRITE, ("PUT", "DELETE")),
            ("/dss/v1/operational_intent_references/", SC, ("GET", "PUT")),
        ):
            for method in methods:
                for token, status in (("", 401), (self.keys.token(scope), 400)):
                    headers = {"Authorization": "Bearer " + token} if token else {}
                    got, answer = self.raw(method, base, None if method == "DELETE" else "{}", headers)
                    self.assertEqual(got, status, f"{method} {base}: {answer}")
                    self.assertTrue(json.loads(answer)["message"])

    def test_queries(self):
        for kind, scope in (("operational_intent_references", SC), ("constraint_references", CP), ("subscriptions",
            SC)):
            path = f"/dss/v1/{kind}/query"
            for body in ({}, {"area_of_interest": None}, {"area_of_interest": {}},
                {"area_of_interest": {"volume": {}}}):
                self.ask("POST", path, body, scope=scope, status=400)
            past = volume(lat=self.lat, start=-60, end=-30)
            self.assertEqual(self.query(kind, past, scope=scope), [])
            bare = {"volume": {"outline_polygon": {"vertices": square(self.lat, 8, 0.01)}}}
            self.assertEqual(self.query(kind, bare, scope=scope), [])
        self.query("operational_intent_references", volume(lat=self.lat, side=1), status=400)


class Authorisation(DssCase):
    path = f"/dss/v1/operational_intent_references/{uuid.uuid4()}"

    def test_each_algorithm_with_its_key(self):
        for algorithm in ("RS256", "ES256", "EdDSA"):
            self.ask("GET", self.path, token=self.keys.token(SC, algorithm=algorithm), status=404)

    def test_what_is_401(self):
        now = int(time.time())
        good = self.keys.token(SC)
        header, claims, signature = good.split(".")
        rsa_pem = self.keys.pem(self.keys.rsa)
        confused = b64(b'{"alg":"HS256"}') + "." + claims
        confused += "." + b64(hmac.new(rsa_pem, confused.encode(), hashlib.sha256).digest())
        other = Keys()
        for token in (
            "", "x", "..", header + "." + claims + ".", header + "." + claims,
            b64(b'{"alg":"none"}') + "." + claims + ".", confused,
            b64(b'{"alg":"ES256"}') + "." + claims + "." + signature,
            header + "." + b64(b'{"sub":"uss2"}') + "." + signature,
            other.token(SC), other.token(SC, algorithm="EdDSA"),
            self.keys.token(SC, exp=now - 120), self.keys.token(SC, exp=None), self.keys.token(SC, exp=now + 2 * 3600),
            self.keys.token(SC, exp="soon"), self.keys.token(SC, nbf=now + 600), self.keys.token(SC,
                iss="https://else.test"),
            self.keys.token(SC, iss=None), self.keys.token(SC, aud="else.test"), self.keys.token(SC, aud=None),
            self.keys.token(SC, sub=None), self.keys.token(SC, sub=""), self.keys.token(SC, header={"crit": ["x"]}),
            self.keys.token(SC, padding="x" * 7_000),
        ):
            with self.subTest(token=token[:60]):
                answer = self.ask("GET", self.path, token=token, status=401)
                self.assertTrue(answer["message"])
                self.assertNotIn(claims, answer["message"])
        status, _ = self.raw("GET", self.path, headers={"Authorization": "Basic " + good})
        self.assertEqual(status, 401)

    def test_what_is_accepted(self):
        now = int(time.time())
        for token in (self.keys.token(SC, aud=["else.test", "localhost"]), self.keys.token("other.scope " + SC),
                      self.keys.token(SC, exp=now - 20), self.keys.token(SC, exp=now + 3600)):
            self.ask("GET", self.path, token=token, status=404)

    def test_each_route_asks_for_its_scope(self):
        some = str(uuid.uuid4())
        scd, rid2, rid1 = "/dss/v1", "/rid/v2/dss", "/v1/dss"
        routes = []
        for kind, readers, writers in (
            ("operational_intent_references", (SC, CMSA), (SC, CMSA)), ("constraint_references", (CM, CP), (CM,)),
            ("subscriptions", (SC, CP), (SC, CP)),
        ):
            routes += [("POST", f"{scd}/{kind}/query", readers), ("GET", f"{scd}/{kind}/{some}", readers),
                       ("PUT", f"{scd}/{kind}/{some}", writers), ("PUT", f"{scd}/{kind}/{some}/x", writers),
                       ("DELETE", f"{scd}/{kind}/{some}/x", writers)]
        routes += [("PUT", f"{scd}/uss_availability/u", (AA,)), ("GET", f"{scd}/uss_availability/u", (AA, SC, CMSA)),
                   ("POST", f"{scd}/reports", (SC, CMSA, CM, CP, AA))]
        for base, reader, writer in ((rid2, DP, SP), (rid1, READ, WRITE)):
            for kind, writers in (("identification_service_areas", (writer,)), ("subscriptions", (reader,))):
                routes += [("GET", f"{base}/{kind}?area=", (reader,)), ("GET", f"{base}/{kind}/{some}", (reader,
                    writer)),
                           ("PUT", f"{base}/{kind}/{some}", writers), ("PUT", f"{base}/{kind}/{some}/x", writers),
                           ("DELETE", f"{base}/{kind}/{some}/x", writers)]
        everything = {SC, CMSA, CM, CP, AA, DP, SP, READ, WRITE}
        for method, path, scopes in routes:
            body = "{}" if method in ("PUT", "POST") else None
            self.ask(method, path, body, token="", status=401)
            self.ask(method, path, body, scope=" ".join(everything - set(scopes)), status=403)
            for scope in scopes:
                headers = {"Authorization": "Bearer " + self.keys.token(scope)}
                status, answer = self.raw(method, path, body, headers)
                self.assertIn(status, (200, 400, 404), f"{method} {path} {scope}: {answer}")


class RemoteIdentification(DssCase):
    def test_both_editions_see_the_same(self):
        area = str(uuid.uuid4())
        v2 = f"/rid/v2/dss/identification_service_areas/{area}"
        v1 = f"/v1/dss/identification_service_areas/{area}"
        listener = str(uuid.uuid4())
        subscribed = self.ask("PUT", f"/v1/dss/subscriptions/{listener}", {
            "extents": {"spatial_volume": {"footprint": {"vertices": square(self.lat, 8, 0.01)}, "altitude_lo": 1,
                                           "altitude_hi": 9}, "time_start": at(1), "time_end": at(60)},
            "callbacks": {"identification_service_area_url": "https://dp.test/areas"}}, scope=READ, sub="dp",
                status=200)
        self.assertEqual(subscribed["service_areas"], [])
        body = {"extents": self.here(), "uss_base_url": "https://sp.test"}
        created = self.ask("PUT", v2, body, scope=SP, sub="sp", status=200)
        self.assertEqual(created["subscribers"], [
            {"url": "https://dp.test/areas", "subscriptions": [{"subscription_id": listener,
                "notification_index": self.index(1)}]}])
        service = created["service_area"]
        self.assertEqual(service["uss_base_url"], "https://sp.test")
        self.assertRegex(service["version"], "^[a-z0-9]{10,}$")
        old = self.ask("GET", v1, scope=READ, status=200)["service_area"]
        self.assertEqual((old["flights_url"], old["version"]), ("https://sp.test/uss/flights", service["version"]))
        around = ",".join(f"{point['lat']},{point['lng']}" for point in square(self.lat, 8, 0.01))
        for base, scope in (("/rid/v2/dss", DP), ("/v1/dss", READ)):
            found = self.ask("GET", f"{base}/identification_service_areas?area={around}", scope=scope, status=200)
            self.assertEqual([one["id"] for one in found["service_areas"]], [area])
            later = f"&earliest_time={at(31)}&latest_time={at(40)}"
            found = self.ask("GET", f"{base}/identification_service_areas?area={around}{later}", scope=scope,
                status=200)
            self.assertEqual(found["service_areas"], [])
            found = self.ask("GET", f"{base}/subscriptions?area={around}", scope=scope, sub="dp", status=200)
            self.assertEqual([one["id"] for one in found["subscriptions"]], [listener])
            self.ask("GET", f"{base}/subscriptions/{listener}", scope=scope, sub="dp", status=200)
            found = self.ask("GET", f"{base}/subscriptions?area={around}", scope=scope, sub="another", status=200)
            self.assertEqual(found["subscriptions"], [])
        self.ask("PUT", v2, body, scope=SP, sub="sp", status=409)
        self.ask("PUT", v2 + "/0123456789", body, scope=SP, sub="sp", status=409)
        self.ask("PUT", v2 + "/" + service["version"], body, scope=SP, sub="other", status=403)
        self.ask("PUT", f"/rid/v2/dss/identification_service_areas/{uuid.uuid4()}/0123456789", body, scope=SP,
            status=400)
        changed = self.ask("PUT", v2 + "/" + service["version"], body, scope=SP, sub="sp", status=200)["service_area"]
        self.ask("DELETE", v1 + "/" + service["version"], scope=WRITE, sub="sp", status=409)
        gone = self.ask("DELETE", v1 + "/" + changed["version"], scope=WRITE, sub="sp", status=200)
        self.assertEqual(gone["subscribers"][0]["subscriptions"][0]["notification_index"], self.index(3))
        self.ask("GET", v2, scope=DP, status=404)
        path = f"/rid/v2/dss/subscriptions/{listener}/"
        self.ask("DELETE", path + "0123456789", scope=DP, sub="dp", status=409)
        for no_version in ("notacorrectversion", "wxyz", "1-2"):
            self.ask("DELETE", path + no_version, scope=DP, sub="dp", status=400)
            self.ask("DELETE", f"{v2}/{no_version}", scope=SP, sub="sp", status=400)
            self.ask("PUT", f"{v2}/{no_version}", body, scope=SP, sub="sp", status=400)
        self.ask("DELETE", path + subscribed["subscription"]["version"], scope=DP, sub="other", status=403)
        self.ask("DELETE", path + subscribed["subscription"]["version"], scope=DP, sub="dp", status=200)
        self.ask("DELETE", path + subscribed["subscription"]["version"], scope=DP, sub="dp", status=404)

    def test_limits_and_bad_input(self):
        def put(kind, **fields):
            body = {"extents": self.here(), "uss_base_url": "https://x.test", **fields}
            scope = SP if kind.startswith("id") else DP
            return self.ask("PUT", f"/rid/v2/dss/{kind}/{uuid.uuid4()}", body, scope=scope)

        for _ in range(10):
            self.assertIn("subscription", put("subscriptions"))
        refused = put("subscriptions")
        self.assertIn("10", refused["message"])
        for kind in ("identification_service_areas", "subscriptions"):
            for wrong in ({"extents": self.here(start=-6)}, {"extents": self.here(start=30, end=29)}, {"extents": None},
                          {"extents": volume(lat=self.lat, side=1)}, {"uss_base_url": "x"}, {"uss_base_url": None}):
                self.assertIn("message", put(kind, **wrong))
        endless = self.here()
        del endless["time_end"]
        self.assertIn("message", put("identification_service_areas", extents=endless))
        self.assertIn("message", put("subscriptions", extents=self.here(end=24 * 60 + 5)))
        # What is there already and is written without its version: its window is judged first, as by the reference.
        there = {"extents": volume(lat=self.lat + 0.1), "uss_base_url": "https://x.test"}
        path = f"/rid/v2/dss/subscriptions/{uuid.uuid4()}"
        self.ask("PUT", path, there, scope=DP, status=200)
        self.ask("PUT", path, there, scope=DP, status=409)
        there["extents"] = volume(lat=self.lat + 0.1, end=24 * 60 + 5)
        self.ask("PUT", path, there, scope=DP, status=400)
        large = ",".join(f"{point['lat']},{point['lng']}" for point in square(self.lat, 8, 1))
        for area, status in (("", 400), ("1,2,3", 400), ("1,2,3,4", 400), ("1,2,x,4,5,6", 400), ("91,0,0,1,1,1", 400),
                             ("0,0,1,1,0,1,1,0", 400), (large, 413)):
            self.ask("GET", f"/rid/v2/dss/identification_service_areas?area={area}", scope=DP, status=status)
            self.ask("GET", f"/v1/dss/subscriptions?area={area}", scope=READ, status=status)
        self.ask("GET", "/rid/v2/dss/identification_service_areas", scope=DP, status=400)
        small = ",".join(f"{point['lat']},{point['lng']}" for point in square(self.lat, 8, 0.01))
        for times in ("&earliest_time=noon", f"&earliest_time={at(9)}&latest_time={at(8)}"):
            self.ask("GET", f"/rid/v2/dss/identification_service_areas?area={small}{times}", scope=DP, status=400)


class Auxiliary(DssCase):
    def test_pool_version_and_oauth(self):
        self.assertTrue(self.ask("GET", "/aux/v1/version", token="", status=200)["version"])
        self.assertEqual(self.raw("GET", "/healthy")[0], 200)
        pool = "interuss.pool_status.read"
        self.assertEqual(self.ask("GET", "/aux/v1/pool", scope=pool, status=200), {"dar_id": self.dar_id})
        self.ask("GET", "/aux/v1/pool", scope=SC, status=403)
        self.ask("GET", "/aux/v1/pool", token="", status=401)
        path = "/aux/v1/pool/dss_instances"
        self.assertEqual(self.ask("GET", path, scope=pool)["dss_instances"][0]["most_recent_heartbeat"]["source"],
            "Startup")
        beat, write = path + "/heartbeat", "interuss.pool_status.heartbeat.write"
        self.ask("PUT", beat + "?source=cron", scope=pool, status=403)
        self.ask("PUT", beat, scope=write, status=400)
        self.ask("PUT", beat + "?source=cron&timestamp=x", scope=write, status=400)
        self.ask("PUT", f"{beat}?source=cron&timestamp={at(0)}&next_heartbeat_expected_before={at(-1)}", scope=write,
            status=400)
        self.ask("PUT", f"{beat}?source=cron&next_heartbeat_expected_before={at(5)}", scope=write, sub="cron",
            status=201)
        last = [one for one in self.ask("GET", path, scope=pool)["dss_instances"]
                if one["most_recent_heartbeat"]["reporter"] == "cron"]
        self.assertEqual(len(last), 1)
        self.assertIn(last[0]["id"], self.localities)
        self.ask("GET", "/aux/v1/configuration/global_options", scope=pool, status=200)
        self.ask("GET", "/aux/v1/configuration/ca_certs", token="", status=200)
        self.ask("GET", "/aux/v1/configuration/accepted_ca_certs", token="", status=200)
        self.ask("GET", "/aux/v1/validate_oauth?owner=uss1", scope=READ, status=200)
        self.ask("GET", "/aux/v1/validate_oauth?owner=uss2", scope=WRITE, status=403)
        self.ask("GET", "/aux/v1/validate_oauth?owner=uss1", scope=SC, status=403)
        token = {"Authorization": "Bearer " + self.keys.token("interuss.versioning.read_system_versions")}
        self.assertEqual(self.raw("GET", "/versions/x", headers=token)[0], 200)


class Better(DssCase):
    """What a flag changes."""

    extra = ("http_base_urls = true\naltitude_in_notifications = true\ntime_based_notification_index = true\n"
             "exact_circles = true\n")

    def test_flags(self):
        subscription = {"extents": self.here(), "uss_base_url": "http://uss2.test",
            "notify_for_operational_intents": True}
        id = str(uuid.uuid4())
        self.ask("PUT", f"/dss/v1/subscriptions/{id}", subscription, sub="uss2", status=200)
        self.assertEqual(self.put_intent(intent(self.here(low=900, high=999)))["subscribers"], [])
        told = self.put_intent(intent(self.here()))["subscribers"][0]["subscriptions"][0]
        now = datetime.datetime.now(datetime.timezone.utc)
        midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
        elapsed = (now - midnight).total_seconds() * 1000 - told["notification_index"]
        self.assertLess(elapsed % 86_400_000, 60_000)
        options = self.ask("GET", "/aux/v1/configuration/global_options", scope="interuss.pool_status.read")
        self.assertTrue(options["time_based_notification_index"])


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1] + sys.argv[3:], verbosity=2)
