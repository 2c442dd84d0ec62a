#!/usr/bin/env python3
"""The DSS of a real node when things go wrong around it: clients that ask again, and an authority that is out of reach.

dss_again_test.py WIDEBERTH WIDEBERTHD. Skipped where dss_node.py says so.
"""

import http.server
import json
import re
import sys
import threading
import time
import unittest
import uuid

from dss_node import ROOT, SC, SP, DssCase, Keys, b64, intent, serialization, utc


class AskedAgain(DssCase):
    """Writes with an Idempotency-Key."""

    def send(self, method, path, body, key, scope=SC, sub="uss1"):
        headers = {"Authorization": "Bearer " + self.keys.token(scope, sub), "Idempotency-Key": key}
        return self.raw(method, path, None if body is None else json.dumps(body), headers)

    def test_the_same_request_is_applied_once_and_answered_alike(self):
        path = f"/dss/v1/operational_intent_references/{uuid.uuid4()}"
        body = intent(self.here(), new_subscription={"uss_base_url": "https://uss1.test"})
        first = self.send("PUT", path, body, "create")
        self.assertEqual(first[0], 201)
        self.assertIsNone(self.specs.check("PUT", path, *first))
        self.assertEqual(self.send("PUT", path, body, "create"), first)
        made = json.loads(first[1])["operational_intent_reference"]
        seen = self.ask("GET", path)["operational_intent_reference"]
        self.assertEqual((seen["version"], seen["ovn"]), (1, made["ovn"]))
        subscription = self.ask("GET", f"/dss/v1/subscriptions/{made['subscription_id']}")["subscription"]
        self.assertEqual(subscription["notification_index"], 1, "told once")
        # Another key, another client, another request: judged by themselves.
        self.assertEqual(self.send("PUT", path, body, "other")[0], 409)
        self.assertEqual(self.send("PUT", path, body, "create", sub="uss2")[0], 403)
        self.assertEqual(self.send("PUT", path, dict(body, state="Activated"), "create")[0], 422)
        self.assertEqual(self.send("DELETE", path + "/" + made["ovn"], None, "create")[0], 422)
        gone = self.send("DELETE", path + "/" + made["ovn"], None, "end")
        self.assertEqual(gone[0], 200)
        self.assertEqual(self.send("DELETE", path + "/" + made["ovn"], None, "end"), gone)
        self.assertEqual(self.send("PUT", path, body, "create"), first, "what was said, not what is")
        self.ask("GET", path, status=404)
        # What only reads has no use for one.
        for _ in range(2):
            query = {"area_of_interest": self.here()}
            self.assertEqual(self.send("POST", "/dss/v1/subscriptions/query", query, "query")[0], 200)
        self.assertEqual(self.send("POST", "/dss/v1/subscriptions/query", {}, "query")[0], 400)
        self.assertEqual(self.send("PUT", path, body, "two words")[0], 400)
        self.assertEqual(self.send("PUT", path, body, "x" * 256)[0], 400)

    def test_many_at_once(self):
        path = f"/dss/v1/subscriptions/{uuid.uuid4()}"
        body = {"extents": self.here(), "uss_base_url": "https://x.test", "notify_for_operational_intents": True}
        answers = []
        threads = [threading.Thread(target=lambda: answers.append(self.send("PUT", path, body, "k")))
                   for _ in range(12)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        given = {answer for answer in answers if answer[0] == 200}
        self.assertEqual(len(given), 1)
        self.assertTrue(all(answer in given or answer[0] == 409 for answer in answers))

    def test_nothing_is_applied_twice_when_the_node_was_killed_in_between(self):
        id = uuid.uuid4()
        path = f"/dss/v1/operational_intent_references/{id}"
        body = intent(self.here())
        exchange = {"url": "https://uss2.test/x", "method": "GET", "recorder_role": "Client",
                    "request_time": utc(0), "request_source": "here", "request_body": "YQ==", "problem": "none"}
        area = f"/rid/v2/dss/identification_service_areas/{uuid.uuid4()}"
        service = {"extents": self.here(), "uss_base_url": "https://sp.test"}
        made = json.loads(self.send("PUT", path, body, "a")[1])["operational_intent_reference"]
        changed = self.send("PUT", path + "/" + made["ovn"], body, "b")
        report = self.send("POST", "/dss/v1/reports", {"exchange": exchange}, "c")
        self.assertEqual(self.send("PUT", area, service, "d", scope=SP)[0], 200)
        self.node.stop(kill=True)
        self.node.start()
        self.assertEqual(self.send("PUT", path, body, "a")[0], 409)
        self.assertEqual(self.send("PUT", path + "/" + made["ovn"], body, "b")[0], 409)
        again = self.send("POST", "/dss/v1/reports", {"exchange": exchange}, "c")
        self.assertEqual(again, report, "under the same identifier")
        self.assertEqual(self.send("PUT", area, service, "d", scope=SP)[0], 409)
        kept = self.ask("GET", path)["operational_intent_reference"]
        self.assertEqual(kept, json.loads(changed[1])["operational_intent_reference"])


class Metrics(DssCase):
    def test_their_names_are_an_interface(self):
        text = self.raw("GET", "/metrics")[1]
        names = set(re.findall(r"(?m)^# TYPE (\S+)", text))
        self.assertEqual(sorted(name for name in names if "_dss_" in name), [
            "wideberth_dss_constraints", "wideberth_dss_index_entries", "wideberth_dss_key_set_age_seconds",
            "wideberth_dss_operational_intents", "wideberth_dss_replays", "wideberth_dss_rid_subscriptions",
            "wideberth_dss_service_areas", "wideberth_dss_subscriptions"])
        self.assertIn("\nwideberth_dss_key_set_age_seconds -1\n", text)
        shown = json.loads((ROOT / "packaging/grafana/wideberth.json").read_text())
        asked = {name for panel in shown["panels"] for target in panel["targets"]
                 for name in re.findall(r"wideberth_\w+", target["expr"])}
        self.assertGreater(len(asked), 15)
        # What a pool and a log have besides: dss_pool_log_test.py.
        self.assertLessEqual({name for name in asked if "_pool_" not in name and "_dss_log_" not in name}, names)
        documented = (ROOT / "docs/operations.md").read_text()
        self.assertEqual([name for name in asked if f"`{name}`" not in documented], [])


class KeySet(DssCase):
    """The keys come from a URL, whose server fails, lies and comes back."""

    @classmethod
    def setUpClass(cls):
        cls.status, cls.body, cls.asked = 503, b"", 0
        case = cls

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                case.asked += 1
                self.send_response(case.status)
                self.send_header("Content-Length", str(len(case.body)))
                self.end_headers()
                self.wfile.write(case.body)

            def log_message(self, *_):
                pass

        cls.authority = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=cls.authority.serve_forever, daemon=True).start()
        cls.extra = f'jwks_url = "http://127.0.0.1:{cls.authority.server_address[1]}/keys.json"\n'
        super().setUpClass()

    @classmethod
    def tearDownClass(cls):
        super().tearDownClass()
        cls.authority.shutdown()
        cls.authority.server_close()

    def until(self, token, status):
        path = f"/dss/v1/operational_intent_references/{uuid.uuid4()}"
        for _ in range(600):
            got, _ = self.raw("GET", path, headers={"Authorization": "Bearer " + token})
            if got == status:
                return
            time.sleep(0.1)
        self.fail(f"still {got}, not {status}")

    def test_a_key_is_taken_up_while_the_node_runs(self):
        other = Keys()
        raw = serialization.Encoding.Raw, serialization.PublicFormat.Raw
        number = other.ed.public_key().public_bytes(*raw)
        token = other.token(SC, algorithm="EdDSA", header={"kid": "new"})
        self.until(token, 401)
        self.until(self.keys.token(SC), 404)  # of the files
        key = {"kty": "OKP", "crv": "Ed25519", "kid": "new", "x": b64(number)}
        type(self).body = json.dumps({"keys": [key]}).encode()
        type(self).status = 200
        self.until(token, 404)
        self.until(self.keys.token(SC), 404)
        self.until(Keys().token(SC, algorithm="EdDSA", header={"kid": "new"}), 401)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1] + sys.argv[3:], verbosity=2)
