"""What many clients of a pool did at once, and a check of it for what no order of the accepted writes explains.

Used by dss_pool_test.py and dss_faults_test.py. All random choices come from fixed seeds.
"""

import collections
import http.client
import json
import random
import threading
import time
import uuid

import dss_node
import pool_node
from dss_node import SC, intent, volume


class Client(threading.Thread):
    """Plans, changes and ends intents of its own at a few places, by what a query shows it; keeps what happened."""

    def __init__(self, case, number, until):
        super().__init__(daemon=True)
        self.case, self.until = case, until
        self.random = random.Random(1000 + number)
        self.name = f"uss{number}"
        self.token = case.keys.token(SC, self.name)
        self.node = case.node.nodes[number % 2]
        self.own = {}  # id: its ovn, the place
        self.acts = []  # what was asked and answered, with times
        self.wrong = []

    def ask(self, method, path, body=None):
        """The status and the answer; None if there was none."""
        connection = http.client.HTTPConnection("127.0.0.1", self.node.port, timeout=30)
        try:
            connection.request(method, path, None if body is None else json.dumps(body),
                {"Authorization": "Bearer " + self.token})
            answer = connection.getresponse()
            return answer.status, json.loads(answer.read())
        except (OSError, http.client.HTTPException):
            time.sleep(0.05)
            return None, None
        finally:
            connection.close()

    def run(self):
        try:
            while time.monotonic() < self.until:
                self.act()
        except Exception as error:  # said by the test, not by a thread that ended
            self.wrong.append(repr(error))

    def act(self):
        if self.own and self.random.random() < 0.3:
            id = self.random.choice(list(self.own))
            ovn, place = self.own[id]
            return self.write("DELETE", id, ovn, place, None, ())
        if self.own and self.random.random() < 0.5:
            id = self.random.choice(list(self.own))
            ovn, place = self.own[id]
        else:
            id, ovn, place = str(uuid.UUID(int=self.random.getrandbits(128), version=4)), None, self.random.randrange(3)
        began = time.monotonic()
        area = volume(lat=10 + place, end=600)
        status, answer = self.ask("POST", "/dss/v1/operational_intent_references/query", {"area_of_interest": area})
        if status != 200:
            return
        seen = {one["id"]: one for one in answer["operational_intent_references"]}
        self.acts.append({"what": "query", "place": place, "began": began, "seen": set(seen)})
        # The key is what others would tell: every OVN of these places that was ever answered, by id.
        key = [self.case.ovns[one] for one in seen if one in self.case.ovns]
        self.write("PUT", id, ovn, place, intent(volume(lat=10 + place, end=500), key=key), key)

    def write(self, method, id, ovn, place, body, key):
        path = f"/dss/v1/operational_intent_references/{id}" + (f"/{ovn}" if ovn else "")
        began = time.monotonic()
        status, answer = self.ask(method, path, body)
        act = {"what": method, "id": id, "place": place, "began": began, "ended": time.monotonic(), "status": status,
               "key": set(key), "ovn": None}
        if status in (200, 201):
            act["ovn"] = answer["operational_intent_reference"]["ovn"]
            if method == "DELETE":
                self.own.pop(id)
                self.case.ovns.pop(id, None)
            else:
                self.own[id] = (act["ovn"], place)
                self.case.ovns[id] = act["ovn"]
        elif status is None:
            # Nobody knows: looked up when the node is back, before it is touched again.
            self.settle(id, act, place)
        elif status == 503:
            if "nothing was applied" not in answer["message"]:
                self.wrong.append(f"{method} {path}: 503 {answer}")
        elif status != 409:
            self.wrong.append(f"{method} {path}: {status} {answer}")
        self.acts.append(act)

    def settle(self, id, act, place):
        for _ in range(600):
            status, answer = self.ask("GET", f"/dss/v1/operational_intent_references/{id}")
            act["ended"] = time.monotonic()
            if status == 404:
                self.own.pop(id, None)
                self.case.ovns.pop(id, None)
                act["status"] = "gone" if act["what"] == "DELETE" else "not applied"
                return
            if status == 200:
                ovn = answer["operational_intent_reference"]["ovn"]
                changed = act["what"] == "PUT" and self.own.get(id, (None,))[0] != ovn
                act["status"] = "applied" if changed else "not applied"
                act["ovn"] = ovn if changed else None
                self.own[id] = (ovn, place)
                self.case.ovns[id] = ovn
                return
        self.wrong.append(f"{id} cannot be looked up")


class History(pool_node.PoolCase, dss_node.DssCase):
    """What 16 clients did at once on two nodes."""

    def record(self, seconds, disturb):
        """Has them work until then; `disturb` runs meanwhile. Leaves how often what was answered in `statuses`."""
        self.ovns = {}
        until = time.monotonic() + seconds
        clients = [Client(self, number, until) for number in range(16)]
        for client in clients:
            client.start()
        disturb()
        for client in clients:
            client.join(120)
            self.assertFalse(client.is_alive())
        self.assertEqual([wrong for client in clients for wrong in client.wrong], [])
        self.check(clients)
        self.statuses = collections.Counter(act.get("status") for client in clients for act in client.acts)
        for client in clients:
            for id, (ovn, _) in list(client.own.items()):
                client.write("DELETE", id, ovn, 0, None, ())

    def check(self, clients):
        acts = [act for client in clients for act in client.acts]
        writes = [act for act in acts if act["what"] != "query"]
        accepted = [act for act in writes if act["what"] == "PUT" and act["ovn"]]
        self.assertGreater(len(accepted), 16)
        # What is in force at the end is what was answered last, on both nodes.
        live = {id: ovn for client in clients for id, (ovn, _) in client.own.items()}
        for node in self.node.nodes:
            for client in clients:
                client.node = node
                for id, (ovn, _) in client.own.items():
                    status, answer = client.ask("GET", f"/dss/v1/operational_intent_references/{id}")
                    self.assertEqual(status, 200, f"{id} was lost")
                    self.assertEqual(answer["operational_intent_reference"]["ovn"], ovn, f"a write of {id} was lost")
        # Of any two that are in force at one place, the later one knew the other.
        by_ovn = {act["ovn"]: act for act in accepted}
        for id, ovn in live.items():
            for other_id, other in live.items():
                if id < other_id and by_ovn[ovn]["place"] == by_ovn[other]["place"]:
                    known = other in by_ovn[ovn]["key"] or ovn in by_ovn[other]["key"]
                    self.assertTrue(known, f"{id} and {other_id} were accepted without each other")
        # No write was accepted without what had been answered before it began and stood until it ended.
        spans = {}
        for act in sorted((act for act in writes if act["ovn"] or act["status"] == "gone"),
                          key=lambda act: act["ended"]):
            spans.setdefault(act["id"], []).append(act)
        for act in accepted:
            for id, history in spans.items():
                if id == act["id"] or history[0]["place"] != act["place"]:
                    continue
                for at, one in enumerate(history):
                    over = history[at + 1]["began"] if at + 1 < len(history) else float("inf")
                    stood = one["what"] == "PUT" and one["ended"] < act["began"] and over > act["ended"]
                    # What was asked in between and not answered may have come between.
                    if stood and one["status"] in (200, 201):
                        self.assertIn(one["ovn"], act["key"], f"{act['id']} was accepted without {id}")
        # A query shows what was answered before it began and stood until it was answered.
        for act in acts:
            if act["what"] != "query":
                continue
            for id, history in spans.items():
                before = [one for one in history if one["ended"] < act["began"]]
                later = [one for one in history if one["ended"] >= act["began"]]
                if not before or later or history[0]["place"] != act["place"]:
                    continue
                if before[-1]["what"] == "PUT":
                    self.assertIn(id, act["seen"], "a read was stale")
                else:
                    self.assertNotIn(id, act["seen"], "a read was stale")
