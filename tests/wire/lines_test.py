#!/usr/bin/env python3
"""Three nodes, two lines: nothing of the one goes out on the other, and nothing of a plan or a journal on either.

    tests/wire/lines_test.py WIDEBERTH WIDEBERTHD CAPTURE_LIBRARY

North has a line to south, south one to east. What the library has kept is told apart by whose key was at the other end.
Each needle is first found where it has to be.
"""

import base64
import hashlib
import json
import os
import pathlib
import sys
import tempfile
import unittest
import uuid

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "e2e"))

import forward_test
from line_test import at
from wire import Capture, Searched

CAPTURE = os.path.abspath(sys.argv[3])

# What the journals of this test have to hold, and no line.
JOURNAL_WORDS = ("account_changed", "climbed", "draft_notice", "hold_plan")
TEXT = "We propose to meet on the seventh of Brumaire."
CALL_SIGN = "HARVEST 77"


def key_of(side):
    """The transport key of a card, in hex: what its certificate shows."""
    envelope = json.loads(pathlib.Path(side.folder, "keys", "party-card.json").read_text(encoding="utf-8"))
    return json.loads(base64.b64decode(envelope["payload"]))["keys"]["transport"]


def entries(folder):
    """Those of an exported log, in its order."""
    for path in sorted(pathlib.Path(folder, "tile", "entries").rglob("*")):
        data = path.read_bytes() if path.is_file() else b""
        while data:
            size = int.from_bytes(data[:2], "big")
            yield data[2:2 + size]
            data = data[2 + size:]


class LinesTest(forward_test.ForwardTest):
    test_a_notice_goes_on_to_whom_it_lists = None

    @classmethod
    def setUpClass(cls):
        cls.kept = tempfile.TemporaryDirectory(prefix="wideberth-wire-")
        os.environ.update({"LD_PRELOAD": CAPTURE, "WIRE_CAPTURE": cls.kept.name})
        super().setUpClass()
        cls.say_it_all()
        cls.keys = {side.name: key_of(side) for side in (*cls.pair, cls.east)}
        framed = Capture(cls.kept.name).framed
        # South has the only line to east, and to it.
        cls.to = {name: Searched(framed[key]) for name, key in cls.keys.items()}
        cls.anywhere = Searched(*framed.values())

    @classmethod
    def tearDownClass(cls):
        super().tearDownClass()
        cls.kept.cleanup()

    @classmethod
    def say_it_all(cls):
        north, south, east = cls.north, cls.south, cls.east
        where = {"extent": "4km", "lower": "SFC", "upper": "3000mAMSL", "start": at(120), "end": at(180)}
        hazard = ["--kind", "hazard", "--class", "live_firing"]
        # For both of south's peers: what shows that the search finds things on either line.
        cls.for_all, _ = cls.release(south, south, *hazard, centre="39.1357,7.2", **where)
        for side in (north, east):
            side.until("it has come", lambda s=side: s.show(cls.for_all))
        # On the line of north and south alone.
        cls.private, read = cls.release(north, north, *hazard, centre="42.2468,7.2", **where)
        south.until("it has come", lambda: south.show(cls.private))
        south.run("duty", "notice", "read-back", cls.private, *read)
        cls.flight, _ = cls.release(south, south, "--class", "transport", centre="42.2479,7.21",
                                    **{**where, "lower": "1000mAMSL"})
        of_flight = lambda: [each["id"] for each in south.json("duty", "conflicts")["conflicts"]
                             if cls.flight in [side["notice"] for side in each["sides"]]]
        cls.conflict = south.until("the conflict", of_flight)[0]
        south.run("duty", "conflict", "seen", cls.conflict)
        cls.call = north.json("duty", "stop", "call", "--at", "42.2468,7.2", "--radius", "5km", "--call-sign",
                              CALL_SIGN)["id"]
        south.until("the stop call", lambda: south.calls("stop_call"))
        south.run("duty", "stop", "answer", "stopped", cls.call[:8])
        north.run("duty", "policy", "send", TEXT)
        south.until("the text", lambda: south.calls("send_policy_text", everything=True))
        # In south alone: a plan, its conflict with what north has declared, and the journal.
        cls.plan = str(uuid.uuid4())
        south.run("duty", "plan", "hold", "--class", "survey", "--circle", "42.2591,7.2263,2km", "--lower", "500mAMSL",
                  "--upper", "900mAMSL", "--start", at(130), "--end", at(150), "--id", cls.plan)
        cls.local = south.until("the conflict with the plan", lambda: [
            each["id"] for each in south.json("duty", "conflicts")["conflicts"]
            if cls.plan in [side["notice"] for side in each["sides"]]])[0]
        north.until("a matter has climbed", lambda: [each for each in north.matters()
                                                     if each["level"] != "duty_officer"])
        south.until("a matter has climbed", lambda: [each for each in south.matters()
                                                     if each["level"] != "duty_officer"])
        cls.journals = {side.name: side.run("administrator", "--json", "journal", "list").stdout
                        for side in (north, south, east)}
        cls.logs = {}
        for log in ("ours", "theirs"):
            folder = os.path.join(cls.scratch.name, "log-" + log)
            south.run("duty", "record", "export", folder, "--peer", "north", "--log", log)
            cls.logs[log] = list(entries(folder))
        cls.versions = [south.show(notice)["latest"]["digest"] for notice in (cls.private, cls.flight)]

    def needles(self):
        """Of the line of north and south: ids as text, as hex and as bytes, places, words, names of versions."""
        for name in (self.private, self.flight, self.call):
            yield from (name.encode(), name.replace("-", "").encode(), bytes.fromhex(name.replace("-", "")))
        for digest in (self.conflict, *self.versions):
            yield from (digest.encode(), bytes.fromhex(digest))
        yield from (b"42.2468", b"42.2479", TEXT.encode(), CALL_SIGN.encode())

    def test_the_search_finds_what_is_there(self):
        for name in ("north", "east"):  # what goes to east is masked, all of it
            self.assertTrue(self.to[name].holds(self.for_all.encode()), name)
            self.assertTrue(self.to[name].holds(b"39.1357"), name)
        there = Searched(*self.to["north"].layers, *self.to["south"].layers)
        for needle in (self.private, self.flight, self.conflict, "42.2468", "42.2479", TEXT, CALL_SIGN, *self.versions):
            self.assertTrue(there.holds(needle.encode()), needle)
        for log in self.logs.values():
            self.assertGreater(len(log), 5)
            for entry in log[:5]:
                self.assertTrue(there.holds(entry))

    def test_nothing_of_one_line_is_on_the_other(self):
        for needle in self.needles():
            self.assertFalse(self.to["east"].holds(needle), needle)
        for entry in (entry for log in self.logs.values() for entry in log):
            leaf = hashlib.sha256(b"\0" + entry).digest()
            for needle in (entry, leaf, leaf.hex().encode(), hashlib.sha256(entry).digest(),
                           hashlib.sha256(entry).hexdigest().encode()):
                self.assertFalse(self.to["east"].holds(needle), entry)

    def test_nothing_of_a_held_plan_leaves(self):
        for needle in (self.plan.encode(), uuid.UUID(self.plan).bytes, self.local.encode(), bytes.fromhex(self.local),
                       b"42.2591", b"7.2263"):
            self.assertFalse(self.anywhere.holds(needle), needle)

    def test_nothing_of_a_journal_leaves(self):
        for word in JOURNAL_WORDS:
            self.assertIn(word, "".join(self.journals.values()))
            self.assertFalse(self.anywhere.holds(word.encode()), word)


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0]], verbosity=2)
