#!/usr/bin/env python3
"""`wideberth keygen` and `wideberth peer show`, with openssl and hashlib as the other side. No node is needed.

    tests/e2e/identity_test.py WIDEBERTH [TEST...]
"""

import base64
import hashlib
import json
import os
import stat
import subprocess
import sys
import tempfile
import time
import unittest
import uuid

WIDEBERTH = os.path.abspath(sys.argv[1])


class IdentityTest(unittest.TestCase):
    ROLES = ("message", "log", "cosignature", "transport")
    CARD_TYPE = "application/vnd.wideberth.party-card.v1+json"

    def setUp(self):
        self.scratch = tempfile.TemporaryDirectory(prefix="wideberth-identity-")
        self.addCleanup(self.scratch.cleanup)

    def run_cli(self, *arguments, code=0):
        done = subprocess.run([WIDEBERTH, *arguments], capture_output=True, text=True, check=False, timeout=120)
        self.assertEqual(
            done.returncode, code, f"wideberth {' '.join(arguments)}\n{done.stdout}\n{done.stderr}")
        return done

    def run_json(self, *arguments, code=0):
        return json.loads(self.run_cli("--json", *arguments, code=code).stdout)

    def keygen(self, folder, *arguments, name="north", code=0):
        """Keys in the clear, so that openssl can sign with them."""
        folder = os.path.join(self.scratch.name, folder)
        made = self.run_json("keygen", "--name", name, "--out", folder, "--no-passphrase", *arguments, code=code)
        return folder, made

    def openssl(self, *arguments):
        return subprocess.run(["openssl", *arguments], capture_output=True, check=True).stdout

    def signed_bytes(self, payload):
        """What DSSE signs."""
        kind = self.CARD_TYPE.encode()
        return b"DSSEv1 %d %s %d %s" % (len(kind), kind, len(payload), payload)

    def scratch_file(self, name, content):
        path = os.path.join(self.scratch.name, name)
        with open(path, "wb") as file:
            file.write(content)
        return path

    def seal(self, name, payload, pems):
        """A card made without us: openssl signs the payload with each key."""
        payload = json.dumps(payload).encode()
        message = self.scratch_file("sealed", self.signed_bytes(payload))
        signatures = []
        for pem in pems:
            raw = self.openssl("pkey", "-in", pem, "-pubout", "-outform", "DER")[-32:]
            signature = self.openssl("pkeyutl", "-sign", "-rawin", "-inkey", pem, "-in", message)
            signatures.append({"keyid": hashlib.sha256(raw).hexdigest()[:16],
                               "sig": base64.b64encode(signature).decode()})
        card = {"payload": base64.b64encode(payload).decode(), "payloadType": self.CARD_TYPE,
                "signatures": signatures}
        return self.scratch_file(name, json.dumps(card, indent=2).encode())

    def pems(self, folder):
        return [os.path.join(folder, f"{role}-key.pem") for role in self.ROLES]

    def test_keygen_makes_an_encrypted_identity(self):
        secret = self.scratch_file("passphrase", b"correct horse battery\n")
        os.chmod(secret, 0o600)
        folder = os.path.join(self.scratch.name, "identity", "north")
        arguments = ["keygen", "--name", "north", "--out", folder, "--passphrase-file", secret]
        made = self.run_cli(*arguments).stdout
        self.assertEqual(stat.S_IMODE(os.stat(folder).st_mode), 0o700)
        self.assertEqual(sorted(os.listdir(folder)),
                         sorted([f"{role}.key" for role in self.ROLES] + ["party-card.json"]))
        files = {}
        for name in os.listdir(folder):
            with open(os.path.join(folder, name), "rb") as file:
                files[name] = file.read()
            if name.endswith(".key"):
                mode = os.stat(os.path.join(folder, name)).st_mode
                self.assertEqual(stat.S_IMODE(mode), 0o600, name)
                self.assertEqual(json.loads(files[name])["kdf"], "argon2id")
                self.assertNotIn(b"PRIVATE KEY", files[name])
        card = self.run_json("peer", "show", os.path.join(folder, "party-card.json"))
        for text in (card["party"], card["fingerprint"], "party-card.json"):
            self.assertIn(text, made)
        # Nothing is overwritten, and no second attempt leaves anything behind.
        refused = self.run_cli(*arguments, code=1)
        self.assertIn(folder, refused.stderr)
        for name, content in files.items():
            with open(os.path.join(folder, name), "rb") as file:
                self.assertEqual(file.read(), content, name)
        self.assertEqual(os.listdir(os.path.dirname(folder)), ["north"])
        # How the keys are kept has to be said, and the passphrase has to be nobody else's to read.
        elsewhere = ["keygen", "--name", "north", "--out", folder + "-2"]
        self.run_cli(*elsewhere, code=2)
        self.run_cli(*elsewhere, "--no-passphrase", "--passphrase-file", secret, code=2)
        self.run_cli(*elsewhere, "--no-passphrase", "--party", "", code=2)
        self.run_cli("keygen", "--name", "North", "--out", folder + "-2", "--no-passphrase", code=2)
        os.chmod(secret, 0o644)
        self.run_cli(*elsewhere, "--passphrase-file", secret, code=1)
        self.assertEqual(os.listdir(os.path.dirname(folder)), ["north"])

    def test_a_killed_keygen_leaves_no_half_identity(self):
        secret = self.scratch_file("killed-passphrase", b"correct horse battery\n")
        os.chmod(secret, 0o600)
        folder = os.path.join(self.scratch.name, "killed")
        process = subprocess.Popen([WIDEBERTH, "keygen", "--name", "north", "--out", folder,
                                    "--passphrase-file", secret], stdout=subprocess.DEVNULL)
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:  # until the first key is written
            staged = [name for name in os.listdir(self.scratch.name) if name.startswith("killed.")]
            if staged and "message.key" in os.listdir(os.path.join(self.scratch.name, staged[0])):
                break
            time.sleep(0.01)
        process.kill()
        process.wait()
        self.assertFalse(os.path.exists(folder))
        self.run_cli("keygen", "--name", "north", "--out", folder, "--no-passphrase")

    def test_a_card_is_what_openssl_and_hashlib_say(self):
        folder, made = self.keygen("outside")
        with open(made["card"], encoding="utf-8") as file:
            envelope = json.load(file)
        self.assertEqual(envelope["payloadType"], self.CARD_TYPE)
        payload = base64.b64decode(envelope["payload"], validate=True)
        message = self.scratch_file("outside-message", self.signed_bytes(payload))
        for pem, signature in zip(self.pems(folder), envelope["signatures"], strict=True):
            path = self.scratch_file("outside-signature", base64.b64decode(signature["sig"]))
            self.openssl("pkeyutl", "-verify", "-rawin", "-inkey", pem, "-in", message, "-sigfile", path)
        card = json.loads(payload)
        digest = hashlib.sha256(
            b"wideberth party fingerprint 1\n" + uuid.UUID(card["party"]).bytes
            + bytes([len(card["name"])]) + card["name"].encode()
            + b"".join(bytes.fromhex(card["keys"][role]) for role in self.ROLES)).digest()
        groups = [int.from_bytes(digest[i:i + 2], "big") for i in range(0, 16, 2)]
        self.assertEqual(made["fingerprint"], " ".join(f"{group:05}" for group in groups))
        # And what openssl has signed is read.
        again = self.run_json("peer", "show", self.seal("again.json", card, self.pems(folder)))
        self.assertEqual(again["fingerprint"], made["fingerprint"])

    def test_peer_show_compares_the_fingerprint(self):
        _, north = self.keygen("compared-north")
        _, other = self.keygen("compared-other")  # of the same name, and somebody else
        self.assertEqual(north["name"], other["name"])
        self.assertNotEqual(north["party"], other["party"])
        self.assertFalse(self.run_json("peer", "show", north["card"])["fingerprint_compared"])
        shown = self.run_json("peer", "show", north["card"], "--fingerprint", north["fingerprint"])
        self.assertTrue(shown["fingerprint_compared"])
        self.assertEqual(shown["keys"], north["keys"])
        text = self.run_cli("peer", "show", north["card"], "--fingerprint",
                            north["fingerprint"].replace(" ", "-")).stdout
        for role in self.ROLES:
            self.assertIn(north["keys"][role]["id"], text)
        wrong = self.run_json("peer", "show", other["card"], "--fingerprint", north["fingerprint"], code=1)
        self.assertEqual(wrong["error"]["code"], "unauthorized")
        self.assertEqual(wrong["error"]["found"], other["fingerprint"])
        self.run_cli("peer", "show", north["card"], "--fingerprint", north["fingerprint"][:41], code=2)
        self.run_cli("peer", "show", north["card"], "--fingerprint", "", code=2)
        # Other keys of the same party are another fingerprint.
        _, renewed = self.keygen("compared-renewed", "--party", north["party"])
        self.assertEqual(renewed["party"], north["party"])
        self.run_cli("peer", "show", renewed["card"], "--fingerprint", north["fingerprint"], code=1)

    def test_forged_and_tampered_cards_are_refused(self):
        folder, north = self.keygen("forged-north")
        victims_folder, _ = self.keygen("forged-south", name="south")
        with open(north["card"], encoding="utf-8") as file:
            envelope = json.load(file)
        card = json.loads(base64.b64decode(envelope["payload"]))
        pems, victims = self.pems(folder), self.pems(victims_folder)
        self.run_cli("peer", "show", self.seal("good.json", card, pems))

        def refuse(field, payload, keys):
            path = self.seal("bad.json", payload, keys)
            refused = self.run_json("peer", "show", path, code=1)["error"]
            self.assertEqual(refused["field"], f"{path}: {field}")
            return refused

        with open(os.path.join(victims_folder, "party-card.json"), encoding="utf-8") as file:
            victim = json.loads(base64.b64decode(json.load(file)["payload"]))
        stolen = {**card, "keys": {**card["keys"], "log": victim["keys"]["log"]}}
        refuse("/signatures", stolen, pems)  # a key that its maker does not hold
        refuse("/signatures", card, [*pems[:3], victims[3]])
        refuse("/signatures", card, pems[:3])
        refuse("/signatures", card, [*pems, victims[0]])
        twice = {**card, "keys": {**card["keys"], "log": card["keys"]["message"]}}
        refused = refuse("/payload/keys/log", twice, [pems[0], pems[0], *pems[2:]])
        self.assertIn("message", refused["found"])
        weak = {**card, "keys": {**card["keys"], "transport": "01" + 31 * "00"}}
        refuse("/payload/keys/transport", weak, pems)
        refuse("/payload/unit", {**card, "unit": "x"}, pems)
        refuse("/payload/wideberth_party_card", {**card, "wideberth_party_card": 2}, pems)
        # A name changed under the signatures of another one.
        changed = {**envelope, "payload": base64.b64encode(
            json.dumps({**card, "name": "south"}).encode()).decode()}
        path = self.scratch_file("changed.json", json.dumps(changed).encode())
        refused = self.run_json("peer", "show", path, code=1)["error"]
        self.assertEqual((refused["code"], refused["field"]), ("unauthorized", f"{path}: /signatures/0/sig"))
        for broken in (b"", b"{}", b"\xff", b"-----BEGIN PRIVATE KEY-----\n"):
            self.run_cli("peer", "show", self.scratch_file("broken.json", broken), code=1)


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0], *sys.argv[2:]], verbosity=2)
