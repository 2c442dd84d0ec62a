#!/usr/bin/env python3
"""Every byte that leaves two nodes during `wideberth demo --line`, searched for what must never leave (MECHANISM 2.2).

    tests/wire/secrecy_test.py WIDEBERTH CAPTURE_LIBRARY

The library keeps what the nodes hand to TLS and to sockets. What goes to a node's own people (its API's port) may hold
everything and is what shows that the search finds things; what goes to the peer may not. Messages travel as base64
inside JSON inside base64: whatever looks like base64 is decoded, again and again, and searched too.
"""

import base64
import binascii
import os
import re
import subprocess
import sys
import tempfile
import unittest

WIDEBERTH = os.path.abspath(sys.argv[1])
CAPTURE = os.path.abspath(sys.argv[2])

BASE64 = re.compile(rb"[A-Za-z0-9+/]{24,}={0,2}")
# Where the demo's held plan is, in digits that stand nowhere else.
PLAN_PLACE = (b"46.8731", b"7.2153")
# What the local journal calls the things that it alone knows.
JOURNAL_WORDS = (b"account_changed", b"climbed", b"release_blocked", b"plan_held", b'"what":')


def layers(data, depth=4):
    """The bytes, and everything that is base64 in them, to four layers."""
    yield data
    if depth == 0:
        return
    for match in BASE64.finditer(data):
        text = match.group().rstrip(b"=")
        try:
            inner = base64.b64decode(text + b"=" * (-len(text) % 4))
        except binascii.Error:
            continue
        yield from layers(inner, depth - 1)


def holds(data, needle):
    return any(needle in layer for layer in layers(data))


class SecrecyTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        with tempfile.TemporaryDirectory(prefix="wideberth-wire-") as folder:
            done = subprocess.run(
                [WIDEBERTH, "demo", "--line"], capture_output=True, text=True, check=False, timeout=240,
                env={**os.environ, "LD_PRELOAD": CAPTURE, "WIRE_CAPTURE": folder, "NO_COLOR": "1"})
            assert done.returncode == 0, done.stdout + done.stderr
            cls.story = done.stdout
            ports = {int(port) for port in re.findall(r"API of \w+ at http://127\.0\.0\.1:(\d+)", done.stdout)}
            assert len(ports) == 2, done.stdout
            cls.to_people, cls.to_peers = b"", b""
            for name in os.listdir(folder):
                with open(os.path.join(folder, name), "rb") as file:
                    data = file.read()
                kind, _, port = name.split(".", 1)[1].partition(".")
                if kind == "socket" and int(port) in ports:
                    cls.to_people += data
                else:
                    cls.to_peers += data
        cls.plan = re.search(r"plan hold .*--id ([0-9a-f-]{36})", cls.story).group(1).encode()
        cls.notice = re.search(r"notice draft .*--id ([0-9a-f-]{36})", cls.story).group(1).encode()

    def test_the_search_finds_what_is_there(self):
        self.assertTrue(holds(self.to_peers, self.notice))
        self.assertTrue(holds(self.to_peers, b"46.85"), "a released notice's place, three layers down")
        self.assertTrue(holds(self.to_people, self.plan))
        self.assertTrue(holds(self.to_people, PLAN_PLACE[0]))

    def test_nothing_of_a_held_plan_leaves(self):
        binary = binascii.unhexlify(self.plan.replace(b"-", b""))
        for needle in (self.plan, self.plan.replace(b"-", b""), binary, *PLAN_PLACE):
            self.assertFalse(holds(self.to_peers, needle), needle)

    def test_no_conflict_with_it_leaves(self):
        conflict = re.search(r"conflict ([0-9a-f]{16}) is known to north alone", self.story)
        self.assertIsNotNone(conflict, self.story)
        self.assertFalse(holds(self.to_peers, conflict.group(1).encode()))

    def test_nothing_of_the_journal_leaves(self):
        for needle in JOURNAL_WORDS:
            self.assertFalse(holds(self.to_peers, needle), needle)

    def test_no_name_or_password_leaves(self):
        for needle in (b"password", b"Bearer "):
            self.assertFalse(holds(self.to_peers, needle), needle)


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0]])
