#!/usr/bin/env python3
"""Three nodes: north has a line to south, south one to east; what north lets east know goes through south.

forward_test.py WIDEBERTH WIDEBERTHD. wideberth-fsck finds every store in order.
"""

import json
import os
import shutil
import signal
import subprocess
import sys
import unittest

from line_test import FSCK, PairCase, Side, WIDEBERTH, at
from ports import free_ports

EAST = """[party]
keys = "keys"
[line]
listen_address = "127.0.0.1"
listen_port = {line}
[store]
directory = "store"
[listen]
address = "127.0.0.1"
port = {http}
[auth]
issuer = "https://wideberth.invalid/development-only"
audience = "wideberth-development"
key_files = ["token-key.pub.pem"]
"""


def tool(*arguments):
    done = subprocess.run([WIDEBERTH, *arguments], capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, f"{arguments}\n{done.stdout}\n{done.stderr}"
    return done.stdout


def fingerprint(side):
    card = os.path.join(side.folder, "keys", "party-card.json")
    return card, json.loads(tool("--json", "peer", "show", card))


class ForwardTest(PairCase):
    @classmethod
    def make_pair(cls, name, *arguments):
        pair = super().make_pair(name, *arguments)
        cls.east = cls.make_east(pair[1])
        return pair

    @classmethod
    def make_east(cls, south):
        http = free_ports()
        line = http + 1
        east = Side(os.path.dirname(south.folder), "east", http)
        os.makedirs(os.path.join(east.folder, "tokens"))
        shutil.copytree(os.path.join(south.folder, "passwords"), os.path.join(east.folder, "passwords"))
        shutil.copy(os.path.join(south.folder, "token-key.pub.pem"), east.folder)
        tool("keygen", "--name", "east", "--out", os.path.join(east.folder, "keys"), "--no-passphrase")
        tool("token", "issue", "--key", os.path.join(south.folder, "token-key.pem"), "--party", "east", "--scope",
             "wideberth.read", "--scope", "wideberth.admin", "--output",
             os.path.join(east.folder, "tokens", "admin.token"))
        with open(os.path.join(south.folder, "wideberthd.toml"), encoding="utf-8") as file:
            issuer = [each for each in file if each.startswith("issuer")][0]
        config = os.path.join(east.folder, "wideberthd.toml")
        with open(config, "w", encoding="utf-8") as file:
            lines = EAST.format(line=line, http=http).splitlines(keepends=True)
            file.writelines(issuer if each.startswith("issuer") else each for each in lines)
        card, shown = fingerprint(south)
        tool("peer", "add", card, "--fingerprint", shown["fingerprint"], "--config", config, "--path", "main")
        card, shown = fingerprint(east)
        cls.east_id = shown["party"]
        tool("peer", "add", card, "--fingerprint", shown["fingerprint"], "--config",
             os.path.join(south.folder, "wideberthd.toml"), "--path", f"main=127.0.0.1:{line}")
        return east

    @classmethod
    def is_up(cls, side, name):
        for line in side.json("duty", "line", "status")["lines"]:
            if line["peer"]["name"] == name:
                return line["state"] == "up" and line["operator_keys"] == 2
        return False

    @classmethod
    def wait_up(cls):
        for side, name in zip(cls.pair, ("south", "north")):
            side.until("the line is up", lambda s=side, n=name: cls.is_up(s, n))

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.east.start()
        for account, role in (("duty", "duty_officer"), ("supervisor", "supervisor"),
                              ("administrator", "administrator")):
            cls.east.run("admin", "operator", "add", account, "--role", role, "--password-file",
                         os.path.join(cls.east.folder, "passwords", account))
        cls.east.login()
        cls.east.until("the line to south is up", lambda: cls.is_up(cls.east, "south"))
        cls.south.until("the line to east is up", lambda: cls.is_up(cls.south, "east"))

    @classmethod
    def tearDownClass(cls):
        code = cls.east.kill(signal.SIGTERM)
        checked = subprocess.run([FSCK, os.path.join(cls.east.folder, "store")], capture_output=True, text=True,
                                 check=False)
        super().tearDownClass()
        assert code == 0 and checked.returncode == 0, checked.stdout + checked.stderr

    def test_a_notice_goes_on_to_whom_it_lists(self):
        north, south, east = self.north, self.south, self.east
        where = {"extent": "4km", "lower": "SFC", "upper": "3000mAMSL", "start": at(120), "end": at(180)}
        what = ["--kind", "hazard", "--class", "live_firing"]
        private, _ = self.release(north, *what, centre="42.0,7.2", **where)
        told, read = self.release(north, *what, "--may-tell", self.east_id, centre="41.0,7.2", **where)
        for notice in (private, told):
            south.until("it has come", lambda n=notice: south.show(n))
        refused = south.run("duty", "notice", "forward", private, "--to", "east", code=1)
        self.assertIn("may_tell", refused.stderr)
        south.run("duty", "notice", "forward", told, "--to", "east")
        notice = east.until("it has come", lambda: east.show(told))
        self.assertEqual(notice["latest"]["digest"], north.show(told)["latest"]["digest"])

        def forwarding(side):
            return side.json("duty", "notice", "show", told)["forwarding"]

        south.until("receipted", lambda: "received_at" in forwarding(south)["forwarded_to"][0])
        issuer = forwarding(east)["issuer"]
        self.assertEqual(forwarding(east)["forwarder"]["name"], "south")
        self.assertEqual((issuer["name"], issuer["compared"]), ("north", False))
        self.assertEqual(issuer["fingerprint"], fingerprint(north)[1]["fingerprint"])
        # Read back for itself; a withdrawal follows by itself.
        east.run("duty", "notice", "read-back", told, *read)
        north.run("duty", "notice", "withdraw", told)
        east.until("withdrawn", lambda: east.show(told)["latest"]["author"] == "withdrawn")
        self.assertIsNone(east.show(private))
        self.assertFalse(east.matters("unusable"))


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1] + sys.argv[3:], verbosity=2)
