#!/usr/bin/env python3
"""A party that has lost its keys is enrolled again, by the steps of docs/operations.md ("When keys are lost").

lost_keys_test.py WIDEBERTH WIDEBERTHD. wideberth-fsck finds both stores in order, that of the new party too.
"""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
import unittest

from line_test import WIDEBERTH, WIDEBERTHD, PairCase


def tool(*arguments, code=0):
    done = subprocess.run([WIDEBERTH, *arguments], capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == code, f"{arguments}\n{done.stdout}\n{done.stderr}"
    return done.stdout if code == 0 else done.stderr


def fingerprint(card):
    return json.loads(tool("--json", "peer", "show", card))["fingerprint"]


class LostKeysTest(PairCase):
    def config(self, side):
        return os.path.join(side.folder, "wideberthd.toml")

    def take_out(self, side):
        """Every [[peer]] table out of the configuration, and the agreement with that peer."""
        with open(self.config(side), encoding="utf-8") as file:
            kept = file.read().split("[[peer]]")[0].replace("agreement_file =", "# agreement_file =")
        with open(self.config(side), "w", encoding="utf-8") as file:
            file.write(kept)

    def refused_start(self, side):
        done = subprocess.run([WIDEBERTHD, "--config", self.config(side)], capture_output=True, text=True, check=False,
                              timeout=60)
        self.assertNotEqual(done.returncode, 0)
        return done.stderr

    def chief(self, side):
        password = os.path.join(side.folder, "passwords", "duty")
        side.run("administrator", "operator", "add", "chief", "--role", "deputy_chief", "--password-file", password)
        side.run("chief", "login", "chief", "--password-file", password)

    def people(self, side):
        for account, role in (("duty", "duty_officer"), ("supervisor", "supervisor"),
                              ("administrator", "administrator")):
            side.run("admin", "operator", "add", account, "--role", role, "--password-file",
                     os.path.join(side.folder, "passwords", account))
        side.login()

    def state_of(self, side, name):
        return [each["state"] for each in side.json("duty", "line", "status")["lines"]
                if each["peer"]["name"] == name]

    def test_another_party_takes_its_place(self):
        north, south = self.north, self.south
        theirs, theirs_read = self.hazard(south, "41.0")
        ours, ours_read = self.hazard(north, "40.0")
        north.until("it has come", lambda: north.show(theirs))
        south.until("it has come", lambda: south.show(ours))

        # The keys are gone: the node does not start, and keys of another party do not open its store.
        self.assertEqual(south.kill(signal.SIGTERM), 0)
        keys = os.path.join(south.folder, "keys")
        shutil.move(keys, keys + "-lost")
        self.refused_start(south)
        # The same name or the same id is not taken up at the other side, whoever it is.
        same_name, same_id = (os.path.join(self.scratch.name, each) for each in ("same-name", "same-id"))
        tool("keygen", "--name", "south", "--out", same_name, "--no-passphrase")
        known = json.loads(tool("--json", "peer", "show", os.path.join(keys + "-lost", "party-card.json")))["party"]
        tool("keygen", "--name", "south-2", "--party", known, "--out", same_id, "--no-passphrase")
        for folder in (same_name, same_id):
            card = os.path.join(folder, "party-card.json")
            refused = tool("peer", "add", card, "--fingerprint", fingerprint(card), "--config", self.config(north),
                           code=1)
            self.assertIn("another party", refused)

        # Who lost them: another id and name, an empty store, the peer's card as it is now, a token of that name.
        tool("keygen", "--name", "south-2", "--out", keys, "--no-passphrase")
        self.assertIn("whose store this is", self.refused_start(south))
        shutil.move(os.path.join(south.folder, "store"), os.path.join(south.folder, "store-lost"))
        self.take_out(south)
        os.rename(os.path.join(south.folder, "peers"), os.path.join(south.folder, "peers-lost"))
        card = os.path.join(self.scratch.name, "north.json")
        north.run("duty", "keys", "card", "--output", card)
        second = f"second=127.0.0.1:{int(south.url.rsplit(':', 1)[1]) + 1}"
        main = f"main=127.0.0.1:{int(north.url.rsplit(':', 1)[1]) + 1}"
        tool("peer", "add", card, "--fingerprint", fingerprint(card), "--config", self.config(south), "--path",
             "second", "--path", main)
        token = tool("token", "issue", "--key", os.path.join(south.folder, "token-key.pem"), "--party", "south-2",
                     "--scope", "wideberth.read", "--scope", "wideberth.admin")
        with open(os.path.join(south.folder, "tokens", "admin.token"), "w", encoding="utf-8") as file:
            file.write(token)
        south.start()
        self.people(south)

        # The other side: the old peer out of the configuration, the new one into it.
        self.assertEqual(north.kill(signal.SIGTERM), 0)
        self.take_out(north)
        card = os.path.join(keys, "party-card.json")
        tool("peer", "add", card, "--fingerprint", fingerprint(card), "--config", self.config(north), "--path", "main",
             "--path", second)
        north.start()
        north.login()
        north.until("the new line is up", lambda: self.state_of(north, "south-2") == ["up"])
        south.until("the new line is up", lambda: self.state_of(south, "north") == ["up"])
        self.assertEqual(self.state_of(north, "south"), ["not_configured"])

        # What the old party declared stays in force, until a supervisor says otherwise; the new one knows of nothing.
        self.assertIsNone(south.show(ours))
        self.assertEqual(north.show(theirs)["activity"], "planned")
        north.run("duty", "notice", "disregard", theirs, code=1)
        north.run("supervisor", "notice", "disregard", theirs)
        self.assertIsNotNone(north.show(theirs))
        self.assertRegex(north.run("duty", "notice", "show", theirs).stdout, r"disregarded \d{4}-\d\d-\d\dT")
        # Nothing can be said to who is gone, and no read-back counts that nobody is told.
        north.run("duty", "notice", "read-back", theirs, *theirs_read, code=1)
        self.assertTrue([each for each in north.matters("read_back") if each["notice"] == theirs])
        # So what is in force is given again, as a further version.
        values = dict(zip(ours_read[::2], ours_read[1::2]))
        north.run("duty", "notice", "draft", "--kind", "hazard", "--class", "live_firing", "--circle",
                  f"{values['--centre']},4km", "--lower", values["--lower"], "--upper", values["--upper"], "--start",
                  values["--start"], "--end", values["--end"], "--role", "duty officer", "--id", ours, "--replaces",
                  "latest")
        north.run("supervisor", "notice", "check", ours, *ours_read)
        north.run("duty", "notice", "release", ours)
        south.until("it has come", lambda: south.show(ours))
        south.run("duty", "notice", "read-back", ours, *ours_read)

        # An agreement, on the line; then everything goes.
        self.chief(north)
        self.chief(south)
        with open(os.path.join(os.path.dirname(north.folder), "agreement.toml"), encoding="utf-8") as file:
            text = file.read()
        new = json.loads(tool("--json", "peer", "show", card))["party"]
        text = text.replace(known, new).replace('"south"', '"south-2"')
        start = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 10))
        text = re.sub(r"(?m)^effective_from = .*$", f"effective_from = {start}", text)
        path = os.path.join(self.scratch.name, "agreement.toml")
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        north.run("chief", "agreement", "propose", path, "--peer", "south-2")
        digest = south.until("it has come", lambda: south.json("duty", "agreement", "list")["agreements"])[0]["digest"]
        south.run("chief", "agreement", "sign", digest[:12])
        for side in self.pair:
            side.until("it is in force", lambda side=side: [
                each for each in side.json("duty", "agreement", "list")["agreements"]
                if each["digest"] == digest and each["state"] == "in_force"])
        # The record of the old line stays, and is read by the name that the party had.
        folder = os.path.join(self.scratch.name, "old-line")
        north.run("duty", "record", "export", folder, "--peer", "south", "--log", "ours")
        tool("record", "verify", folder)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1] + sys.argv[3:], verbosity=2)
