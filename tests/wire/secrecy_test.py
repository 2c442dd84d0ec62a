#!/usr/bin/env python3
"""Every byte that leaves two nodes during `wideberth demo --line`, searched for what must never leave (MECHANISM 2.2).

    tests/wire/secrecy_test.py WIDEBERTH CAPTURE_LIBRARY

The library keeps what the nodes hand to TLS and to sockets. What goes to a node's own people (its API's port) may hold
everything and is what shows that the search finds things; what goes to the peer may not.
"""

import binascii
import os
import re
import subprocess
import sys
import tempfile
import unittest

from wire import Capture, Searched

WIDEBERTH = os.path.abspath(sys.argv[1])
CAPTURE = os.path.abspath(sys.argv[2])

# Where the demo's held plan is, in digits that stand nowhere else.
PLAN_PLACE = (b"46.8731", b"7.2153")
# What the local journal calls the things that it alone knows; lines_test.py finds them in a journal.
JOURNAL_WORDS = (b"account_changed", b"climbed", b"draft_notice", b"hold_plan", b'"what":')


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
            capture = Capture(folder)
        people = [data for name, data in capture.raw.items() if name in {f"socket.{port}" for port in ports}]
        peers = [data for name, data in capture.raw.items() if name not in {f"socket.{port}" for port in ports}]
        assert len(capture.framed) == 2, list(capture.framed)  # each to the other
        cls.framed = [Searched(data) for data in capture.framed.values()]
        cls.to_people, cls.to_peers = Searched(*people), Searched(*peers, *capture.framed.values())
        cls.plan = re.search(r"plan hold .*--id ([0-9a-f-]{36})", cls.story).group(1).encode()
        cls.notice = re.search(r"notice draft .*--id ([0-9a-f-]{36})", cls.story).group(1).encode()

    def test_the_search_finds_what_is_there(self):
        self.assertTrue(self.to_peers.holds(self.notice))
        self.assertTrue(self.to_peers.holds(b"46.85"), "a released notice's place, three layers down")
        # In the frames of either side: both are taken apart.
        for framed in self.framed:
            self.assertTrue(framed.holds(self.notice))
        self.assertTrue(self.to_people.holds(self.plan))
        self.assertTrue(self.to_people.holds(PLAN_PLACE[0]))

    def test_nothing_of_a_held_plan_leaves(self):
        binary = binascii.unhexlify(self.plan.replace(b"-", b""))
        for needle in (self.plan, self.plan.replace(b"-", b""), binary, *PLAN_PLACE):
            self.assertFalse(self.to_peers.holds(needle), needle)

    def test_no_conflict_with_it_leaves(self):
        conflict = re.search(r"conflict ([0-9a-f]{16}) is known to north alone", self.story)
        self.assertIsNotNone(conflict, self.story)
        self.assertFalse(self.to_peers.holds(conflict.group(1).encode()))

    def test_nothing_of_the_journal_leaves(self):
        for needle in JOURNAL_WORDS:
            self.assertFalse(self.to_peers.holds(needle), needle)

    def test_no_name_or_password_leaves(self):
        for needle in (b"password", b"Bearer "):
            self.assertFalse(self.to_peers.holds(needle), needle)


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0]])
