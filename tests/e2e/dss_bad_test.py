#!/usr/bin/env python3
"""What no client should send to the DSS, in every field of every body, and a store that fails under it.

dss_bad_test.py WIDEBERTH WIDEBERTHD. Every answer is held against the OpenAPI files; skipped where dss_node.py says so.
"""

import copy
import http.client
import json
import socket
import sys
import threading
import time
import unittest
import uuid

from dss_node import AA, CM, CP, DP, READ, SC, SP, WRITE, DssCase, at, intent, square, volume

VOLUME_MAY_LACK = {"altitude_lower", "altitude_upper"}


def places(value, path=()):
    """The path of every field and element of a body, outermost first."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in items:
        yield (*path, key)
        yield from places(inner, (*path, key))


def changed(body, path, change):
    body = copy.deepcopy(body)
    parent = body
    for key in path[:-1]:
        parent = parent[key]
    change(parent, path[-1])
    return body


def at_path(body, path):
    for key in path:
        body = body[key]
    return body


class EveryField(DssCase):
    def hold(self, method, path, scope, body, may_lack, get=True):
        """The body as it is is taken in the end; with any one field missing or wrong it is refused before."""
        refusals = 0
        for place in places(body):
            value = at_path(body, place)
            wrong = [other for other in (7, "x", [], {}, True, -1e300, "x" * 70_000)
                     if type(other) is not type(value) or isinstance(value, str) and place[-1] != "subject"]
            # A number is a number, and true is neither of the two truths that may be said only where one is wanted.
            wrong = [other for other in wrong if not (isinstance(value, (int, float)) and other == 7)]
            variants = [changed(body, place, lambda parent, key, other=other: parent.__setitem__(key, other))
                        for other in wrong]
            if isinstance(place[-1], str) and place[-1] not in may_lack:
                variants.append(changed(body, place, lambda parent, key: parent.pop(key)))
                variants.append(changed(body, place, lambda parent, key: parent.__setitem__(key, None)))
            for variant in variants:
                with self.subTest(path=path, place=place, value=str(at_path_or_none(variant, place))[:40]):
                    answer = self.ask(method, path, variant, scope=scope, status=400)
                    self.assertTrue(answer["message"])
                    refusals += 1
        if get:
            self.ask("GET", path, scope=scope, status=404)
        answer = self.ask(method, path, body, scope=scope)
        self.assertNotIn("message", answer)
        return refusals

    def test_constraints(self):
        body = {"extents": [self.here()], "uss_base_url": "https://authority.test"}
        path = f"/dss/v1/constraint_references/{uuid.uuid4()}"
        self.assertGreater(self.hold("PUT", path, CM, body, VOLUME_MAY_LACK), 100)

    def test_intents_with_a_circle_and_a_subscription(self):
        body = intent(self.here(), new_subscription={"uss_base_url": "https://x.test", "notify_for_constraints": True})
        shape = body["extents"][0]["volume"]
        del shape["outline_polygon"], body["key"]
        shape["outline_circle"] = {"center": {"lat": self.lat, "lng": 8}, "radius": {"value": 90, "units": "M"}}
        path = f"/dss/v1/operational_intent_references/{uuid.uuid4()}"
        may_lack = {"new_subscription", "notify_for_constraints"}
        self.assertGreater(self.hold("PUT", path, SC, body, may_lack), 100)

    def test_subscriptions(self):
        body = {"extents": self.here(), "uss_base_url": "https://x.test", "notify_for_operational_intents": True}
        path = f"/dss/v1/subscriptions/{uuid.uuid4()}"
        self.assertGreater(self.hold("PUT", path, SC, body, VOLUME_MAY_LACK | {"time_start", "time_end"}), 100)

    def test_availability(self):
        body = {"old_version": "", "availability": "Normal"}
        path = f"/dss/v1/uss_availability/{uuid.uuid4()}"
        for place, wrong in (("availability", 7), ("availability", "Gone"), ("availability", None),
                             ("old_version", 7), ("old_version", "x" * 70_000), ("old_version", [])):
            self.ask("PUT", path, dict(body, **{place: wrong}), scope=AA, status=400)
        self.ask("PUT", path, dict(body, old_version="0123456789abcdef"), scope=AA, status=409)
        self.ask("PUT", path, body, scope=AA, status=200)

    def test_queries(self):
        for kind, scope in (("operational_intent_references", SC), ("constraint_references", CP),
                            ("subscriptions", SC)):
            body = {"area_of_interest": self.here()}
            may_lack = VOLUME_MAY_LACK | {"time_start", "time_end"}
            self.hold("POST", f"/dss/v1/{kind}/query", scope, body, may_lack, get=False)

    def test_remote_identification(self):
        body = {"extents": self.here(), "uss_base_url": "https://sp.test"}
        may_lack = VOLUME_MAY_LACK | {"time_start"}
        area = f"identification_service_areas/{uuid.uuid4()}"
        self.hold("PUT", f"/rid/v2/dss/{area}", SP, body, may_lack)
        old = {"extents": {"spatial_volume": {"footprint": {"vertices": square(self.lat, 8, 0.01)}, "altitude_lo": 1,
                                              "altitude_hi": 9}, "time_start": at(1), "time_end": at(60)},
               "flights_url": "https://sp.test/flights"}
        area = f"identification_service_areas/{uuid.uuid4()}"
        self.hold("PUT", f"/v1/dss/{area}", WRITE, old, {"altitude_lo", "altitude_hi", "time_start"})
        listener = f"subscriptions/{uuid.uuid4()}"
        self.hold("PUT", f"/rid/v2/dss/{listener}", DP, body, may_lack | {"time_end"})

    def test_windows_years_ahead_are_taken(self):
        year = 365 * 24 * 60
        self.put_intent(intent(self.here(start=5 * year, end=6 * year)))
        self.put_intent(intent(volume(lat=self.lat + 0.1, start=-year, end=year)))
        self.put_intent(intent(volume(lat=self.lat + 0.1, start=-year, end=-1)), status=400)


def at_path_or_none(body, path):
    for key in path:
        if isinstance(body, dict) and key not in body:
            return None
        body = body[key]
    return body


class Store(DssCase):
    def test_a_kill_in_the_middle_loses_nothing_that_was_answered(self):
        answered, lost = {}, []
        stop = threading.Event()

        def write(number):
            while not stop.is_set():
                id = str(uuid.uuid4())
                lat = -60 + 0.1 * len(answered) + 0.01 * number
                body = intent(volume(lat=lat % 60, lng=8 + 0.02 * number, side=0.001,
                                     start=1 + len(answered), end=2 + len(answered)))
                headers = {"Authorization": "Bearer " + self.keys.token(SC)}
                path = f"/dss/v1/operational_intent_references/{id}"
                try:
                    status, answer = self.raw("PUT", path, json.dumps(body), headers)
                except (OSError, http.client.HTTPException):
                    return
                if status == 201:
                    answered[id] = json.loads(answer)["operational_intent_reference"]
                elif status != 409:
                    lost.append((status, answer))

        threads = [threading.Thread(target=write, args=(number,)) for number in range(6)]
        for thread in threads:
            thread.start()
        while len(answered) < 60 and any(thread.is_alive() for thread in threads):
            stop.wait(0.01)
        self.node.stop(kill=True)
        stop.set()
        for thread in threads:
            thread.join()
        self.assertEqual(lost, [])
        self.assertGreaterEqual(len(answered), 60)
        self.node.start()
        for id, reference in answered.items():
            self.assertEqual(self.ask("GET", f"/dss/v1/operational_intent_references/{id}", status=200)
                             ["operational_intent_reference"], reference)

    def test_half_a_request_changes_nothing(self):
        id = uuid.uuid4()
        path = f"/dss/v1/operational_intent_references/{id}"
        body = json.dumps(intent(self.here())).encode()
        with socket.create_connection(("127.0.0.1", self.node.port)) as connection:
            head = f"PUT {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {self.keys.token(SC)}\r\n"
            connection.sendall(head.encode() + b"Content-Length: %d\r\n\r\n" % len(body) + body[:-2])
        self.ask("GET", path, status=404)


class DiskFull(DssCase):
    """A disk that has less room than the node wants: it refuses what is new, and goes on answering."""

    extra = ""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.node.stop()
        file = cls.node.folder / "node.toml"
        file.write_text(file.read_text().replace("disk_free_min_mib = 1\n", "disk_free_min_mib = 1048576\n"))
        cls.node.start()

    def refuses(self):
        """Looked at every second; a disk with more than a TiB of room does not show it."""
        for _ in range(200):
            if "\nwideberth_store_refusing_writes 1\n" in self.raw("GET", "/metrics")[1]:
                return True
            time.sleep(0.1)
        return False

    def test_503_means_that_nothing_was_applied(self):
        if not self.refuses():
            self.skipTest("the disk has more room than can be asked for")
        id = uuid.uuid4()
        path = f"/dss/v1/operational_intent_references/{id}"
        answer = self.put_intent(intent(self.here()), str(id), status=503)
        self.assertTrue(answer["message"])
        self.ask("GET", path, status=404)
        self.assertEqual(self.query("operational_intent_references", self.here()), [])
        headers = {"Authorization": "Bearer " + self.keys.token(SC), "Idempotency-Key": "full"}
        for _ in range(2):
            self.assertEqual(self.raw("PUT", path, json.dumps(intent(self.here())), headers)[0], 503, "not kept")


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1] + sys.argv[3:], verbosity=2)
