#!/usr/bin/env python3
"""The transparency log of a real node's DSS: what a provider can check, and what nobody learns.

dss_log_test.py WIDEBERTH WIDEBERTHD. Skipped where dss_node.py says so.
"""

import base64
import hashlib
import http.client
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import time
import unittest
import uuid

from dss_node import AA, CM, ROOT, SC, SP, DssCase, Node, b64, intent, serialization, suffix

sys.path.insert(0, str(ROOT / "tests/external"))
import external_test  # noqa: E402

ORIGIN = "dss.test/log"
WANTED = "Wideberth-Log-Opening-Wanted"


def unb64(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def check(entry, opening):
    """What is said in the opening, once the entry commits to it: by docs/dss.md alone."""
    form, id, version, time_text, commitment, rest = entry.decode().split("\n")
    assert form == "wideberth-dss-log/v1" and rest == "", entry
    made = hashlib.sha256(b"wideberth-dss-commitment/v1\n" + opening).digest()
    assert base64.b64encode(made).decode() == commitment, "another opening"
    statement = json.loads(opening[32:])
    assert id in (statement.get("id"), "-") and statement["time"] == time_text
    assert version in (str(statement["version"]), "-")
    return statement


def tree(leaves):
    """The root of RFC 6962, section 2.1."""
    if len(leaves) == 1:
        return hashlib.sha256(b"\0" + leaves[0]).digest()
    split = 1 << (len(leaves) - 1).bit_length() - 1
    return hashlib.sha256(b"\1" + tree(leaves[:split]) + tree(leaves[split:])).digest()


LOG = f'[dss.log]\nkey_file = "log.pem"\norigin = "{ORIGIN}"\n'


class LogNode(Node):
    def __init__(self, folder, keys, extra=""):
        super().__init__(folder, keys, LOG + extra)
        self.write_key(keys)

    def write_key(self, keys):
        secret = keys.ed.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
                                       serialization.NoEncryption())
        with open(os.open(self.folder / "log.pem", os.O_WRONLY | os.O_CREAT, 0o600), "wb") as file:
            file.write(secret)


class LogCase(DssCase):
    node_class = LogNode

    def call(self, method, path, body=None, scope=SC, sub="uss1", headers=None, token=True):
        connection = http.client.HTTPConnection("127.0.0.1", self.node.port, timeout=60)
        headers = dict(headers or {})
        if token:
            headers["Authorization"] = "Bearer " + self.keys.token(scope, sub)
        try:
            connection.request(method, path, None if body is None else json.dumps(body), headers)
            answer = connection.getresponse()
            return answer.status, answer.read(), answer.headers
        finally:
            connection.close()

    def write(self, method, path, body=None, scope=SC, sub="uss1", status=(200, 201)):
        """The answer to a write, its entry and its opening."""
        got, answer, headers = self.call(method, path, body, scope, sub, {WANTED: "true"})
        self.assertIn(got, status, answer)
        entry, opening = headers.get("Wideberth-Log-Entry"), headers.get("Wideberth-Log-Opening")
        return json.loads(answer), entry and unb64(entry), opening and unb64(opening)

    def text(self, path):
        got, answer, _ = self.call("GET", "/dss/log/" + path)
        self.assertEqual(got, 200, answer)
        return answer

    def await_size(self, size):
        """The first checkpoint of at least that size."""
        until = time.monotonic() + 60
        while time.monotonic() < until:
            got, note, _ = self.call("GET", "/dss/log/checkpoint")
            if got == 200 and int(note.split(b"\n")[1]) >= size:
                return note
            time.sleep(0.05)
        self.fail(f"no checkpoint of {size} entries")

    def cli(self, *arguments, status=0):
        token = self.node.folder / "token"
        token.write_text(self.keys.token(SC, "auditor"))
        token.chmod(0o600)
        done = subprocess.run([sys.argv[1], "--node", f"http://127.0.0.1:{self.node.port}",
                               "--token-file", token, *arguments], capture_output=True, text=True, timeout=120)
        self.assertEqual(done.returncode, status, f"{arguments}: {done.stdout}{done.stderr}")
        return done.stdout + done.stderr


class Log(LogCase):
    def test_a_provider_checks_its_own_writes_and_others_learn_nothing(self):
        entries, secrets, statements = [], set(), []

        def wrote(answer, entry, opening):
            entries.append(entry)
            statements.append(check(entry, opening))
            return answer

        subscription = {"extents": self.here(start=0, end=60), "uss_base_url": "https://hidden.test",
                        "notify_for_operational_intents": True}
        path = f"/dss/v1/subscriptions/{uuid.uuid4()}"
        made = wrote(*self.write("PUT", path, subscription))["subscription"]
        secrets |= {made["version"], "hidden.test"}
        id = str(uuid.uuid4())
        path = f"/dss/v1/operational_intent_references/{id}"
        body = intent(self.here(), requested_ovn_suffix=suffix(), subscription_id=made["id"])
        first = wrote(*self.write("PUT", path, body))["operational_intent_reference"]
        second = wrote(*self.write("PUT", f"{path}/{first['ovn']}", intent(self.here(), key=[first["ovn"]])))
        second = second["operational_intent_reference"]
        secrets |= {first["ovn"].split("_")[1], second["ovn"], "hiddenmanager"}
        # A refused one, one whose key is incomplete, a report: no entry.
        _, entry, _ = self.write("PUT", path, intent(self.here()), status=(409,))
        self.assertIsNone(entry)
        _, entry, _ = self.write("PUT", f"/dss/v1/operational_intent_references/{uuid.uuid4()}",
                                 intent(self.here()), sub="uss2", status=(409,))
        self.assertIsNone(entry)
        wrote(*self.write("DELETE", f"{path}/{second['ovn']}"))
        area = f"/rid/v2/dss/identification_service_areas/{uuid.uuid4()}"
        wrote(*self.write("PUT", area, {"extents": self.here(), "uss_base_url": "https://hidden.test"}, SP, "sp"))
        constraint = f"/dss/v1/constraint_references/{uuid.uuid4()}"
        wrote(*self.write("PUT", constraint, {"extents": [self.here()], "uss_base_url": "https://hidden.test"}, CM,
                          "hiddenmanager"))
        wrote(*self.write("PUT", "/dss/v1/uss_availability/hiddenuss",
                          {"old_version": "", "availability": "Down"}, AA, "arbiter"))
        secrets |= {"hiddenuss", "arbiter"}
        self.assertEqual([each["write"] for each in statements], ["put"] * 3 + ["delete"] + ["put"] * 3)
        self.assertEqual((statements[2]["ovn"], statements[2]["manager"]), (second["ovn"], "uss1"))
        self.assertEqual((statements[3]["id"], statements[3]["version"]), (id, 2))

        self.check_log(self.await_size(len(entries)), entries, secrets)
        # Killed, it goes on where it was.
        self.node.stop(kill=True)
        self.node.start()
        for _ in range(300):
            _, entry, _ = self.write("PUT", f"/dss/v1/subscriptions/{uuid.uuid4()}", subscription, sub="uss3")
            entries.append(entry)
        self.check_log(self.await_size(len(entries)), entries, secrets)

    def check_log(self, note, entries, secrets):
        """By the words of RFC 6962, tlog-tiles and signed-note alone."""
        text, signature = note.decode().split("\n\n")
        origin, size, root = text.split("\n")
        name, signed = signature.strip().removeprefix("\N{EM DASH} ").split(" ")
        self.assertEqual((origin, name), (ORIGIN, ORIGIN))
        self.keys.ed.public_key().verify(base64.b64decode(signed)[4:], (text + "\n").encode())
        stored = []
        for first in range(0, int(size), 256):
            width = min(256, int(size) - first)
            data = self.text(f"tile/entries/{first // 256:03}" + (f".p/{width}" if width < 256 else ""))
            while data:
                length = 2 + int.from_bytes(data[:2], "big")
                stored.append(data[2:length])
                data = data[length:]
        self.assertEqual(len(stored), int(size))
        self.assertEqual(base64.b64encode(tree(stored)).decode(), root)
        for entry in entries:
            self.assertEqual(stored.count(entry), 1)
        everything = b"".join(stored).decode()
        for secret in secrets:
            self.assertNotIn(secret, everything)

    def test_it_is_exported_proven_and_accepted_by_others(self):
        subscription = {"extents": self.here(start=0, end=60), "uss_base_url": "https://x.test",
                        "notify_for_operational_intents": True}
        first = int(self.raw("GET", "/metrics")[1].split("\nwideberth_dss_log_entries ")[1].split("\n")[0])
        entries = []
        for _ in range(20):
            entries.append(self.write("PUT", f"/dss/v1/subscriptions/{uuid.uuid4()}", subscription, sub="uss4")[1])
        note = self.await_size(first + len(entries))
        with tempfile.TemporaryDirectory() as work:
            work = pathlib.Path(work)
            folder, mine = work / "log", work / "entry"
            self.cli("record", "export", str(folder), "--dss")
            self.assertIn("whole", self.cli("record", "verify", str(folder)))
            self.assertIn("whole", self.cli("record", "fsck", str(folder)))
            (folder / "checkpoints").mkdir()
            (folder / "checkpoints" / note.split(b"\n")[1].decode()).write_bytes(note)
            for _ in range(300):
                entries.append(self.write("PUT", f"/dss/v1/subscriptions/{uuid.uuid4()}", subscription,
                                          sub="uss5")[1])
            self.await_size(first + len(entries))
            self.assertIn("more than before", self.cli("record", "export", str(folder), "--dss"))
            self.assertIn("whole", self.cli("record", "verify", str(folder)))
            (folder / "proofs").mkdir()
            for number in (0, 7, len(entries) - 1):
                proof = folder / "proofs" / f"{number}.tlog-proof"
                proof.write_bytes(self.text("proof?entry=" + b64(entries[number])))
                mine.write_bytes(entries[number])
                arguments = ["record", "verify", str(proof), "--entry", str(mine), "--policy", str(folder / "policy")]
                self.assertIn(f"entry {first + number} of {ORIGIN}", self.cli(*arguments))
                mine.write_bytes(entries[number].replace(b"v1\n", b"v1 \n"))
                self.cli(*arguments, status=1)
            self.check_by_go(work, folder)

    def check_by_go(self, work, folder):
        """Go's sumdb packages accept it as it is, and refuse it with a bit flipped."""
        if shutil.which("go") is None and not os.path.exists("/usr/local/go/bin/go"):
            return
        if not os.path.isdir(f"{external_test.GO_SOURCES}/src/golang.org/x/mod/sumdb"):
            return
        (work / "go").mkdir()
        command = external_test.build_go(work / "go")(folder) + ["1"]
        done = subprocess.run(command, capture_output=True, text=True, timeout=120)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        path = folder / "tile/entries/000"
        data = path.read_bytes()
        path.write_bytes(data[:100] + bytes([data[100] ^ 1]) + data[101:])
        done = subprocess.run(command, capture_output=True, text=True, timeout=120)
        self.assertEqual(done.returncode, 1, done.stdout)
        path.write_bytes(data)

    def test_who_does_not_ask_notices_nothing(self):
        got, _, headers = self.call("PUT", f"/dss/v1/operational_intent_references/{uuid.uuid4()}",
                                    intent(self.here()))
        self.assertEqual(got, 201)
        self.assertFalse([name for name in headers if name.lower().startswith("wideberth-")])
        # Asked again under an Idempotency-Key, it is handed out again.
        body = intent(self.here(low=5000, high=5100))
        path = f"/dss/v1/operational_intent_references/{uuid.uuid4()}"
        asked = [self.call("PUT", path, body, headers={WANTED: "true", "Idempotency-Key": "k"}) for _ in range(2)]
        openings = [headers["Wideberth-Log-Opening"] for _, _, headers in asked]
        self.assertEqual(openings[0], openings[1])

    def test_needs_a_token_and_says_what_it_has_not(self):
        self.write("PUT", f"/dss/v1/operational_intent_references/{uuid.uuid4()}", intent(self.here()))
        self.await_size(1)
        for path in ("key", "checkpoint", "tile/0/000.p/1", "proof?entry=AA"):
            self.assertEqual(self.call("GET", "/dss/log/" + path, token=False)[0], 401)
        self.assertTrue(self.text("key").decode().startswith(ORIGIN + "+"))
        for path, status in (("tile/0/x001/000", 404), ("tile/entries/007", 404), ("tile/9/000", 404),
                             ("tile/0/0", 404), ("proof", 400), ("proof?entry=AA", 400), ("nothing", 404)):
            self.assertEqual(self.call("GET", "/dss/log/" + path)[0], status, path)
        absent = "wideberth-dss-log/v1\n-\n-\n2026-11-22T10:00:00Z\n" + base64.b64encode(bytes(32)).decode() + "\n"
        self.assertEqual(self.call("GET", "/dss/log/proof?entry=" + b64(absent.encode()))[0], 404)

    def test_counts_in_the_metrics(self):
        self.write("PUT", f"/dss/v1/operational_intent_references/{uuid.uuid4()}", intent(self.here()))
        self.await_size(1)
        text = self.raw("GET", "/metrics")[1]
        values = {name: float(re.search(rf"^{name} (.*)$", text, re.M).group(1))
                  for name in ("wideberth_dss_log_entries", "wideberth_dss_log_signed_entries")}
        self.assertGreaterEqual(values["wideberth_dss_log_entries"], values["wideberth_dss_log_signed_entries"])
        self.assertGreaterEqual(values["wideberth_dss_log_signed_entries"], 1)


class PublicLog(LogCase):
    extra = "public = true\n"

    def test_needs_no_token(self):
        self.write("PUT", f"/dss/v1/operational_intent_references/{uuid.uuid4()}", intent(self.here()))
        self.await_size(1)
        self.assertEqual(self.call("GET", "/dss/log/checkpoint", token=False)[0], 200)
        self.assertEqual(self.call("GET", "/dss/log/tile/0/000.p/1", token=False)[0], 200)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=2)
