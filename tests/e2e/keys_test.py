#!/usr/bin/env python3
"""Two linked nodes change their keys while notices flow; nothing is lost, and both start again.

keys_test.py WIDEBERTH WIDEBERTHD. wideberth-fsck finds both stores in order, each entry under the key of its number.
"""

import os
import sys
import threading
import unittest

from line_test import PairCase


class KeysTest(PairCase):
    def test_keys_change_while_notices_flow(self):
        north, south = self.north, self.south
        sent = {north: [], south: []}
        stop = threading.Event()

        def report(side, latitude):
            """Unplanned hazards, one act each, until it is told to stop."""
            while not stop.is_set():
                done = side.json("duty", "hazard", "report", "--at", f"{latitude},7.2", "--class", "live_firing")
                sent[side].append(done["decision"]["notice"])

        enrolled = north.json("administrator", "keys", "show")["fingerprint"]
        reporters = [threading.Thread(target=report, args=each) for each in ((north, "41.0"), (south, "40.0"))]
        for reporter in reporters:
            reporter.start()
        try:
            first = north.json("administrator", "keys", "rotate")
            north.until("receipted", lambda: not north.json("duty", "keys", "show")["not_receipted_by"])
            south.json("administrator", "keys", "rotate", "--key", "message", "--key", "transport", "--revoke")
            second = north.json("administrator", "keys", "rotate", "--key", "transport")
        finally:
            stop.set()
            for reporter in reporters:
                reporter.join()
        self.assertEqual(len({enrolled, first["fingerprint"], second["fingerprint"]}), 3)
        for side, other in ((north, south), (south, north)):
            for notice in sent[side]:
                other.until("it has come", lambda n=notice, o=other: o.show(n))
        # Both start again, from the folder that the store names; the configured card is still the enrolled one.
        for side in self.pair:
            side.kill_and_start()
        self.wait_up()
        self.assertEqual(north.json("duty", "keys", "show")["fingerprint"], second["fingerprint"])
        notice, read = self.hazard(north, "39.0", extent="3km")
        south.until("it has come", lambda: south.show(notice))
        south.run("duty", "notice", "read-back", notice, *read)
        # Another fingerprint than the one in force is refused, also an earlier one.
        for who, told, code in (("administrator", first, 1), ("duty", second, 1), ("administrator", second, 0)):
            south.run(who, "peer", "confirm", "north", "--fingerprint", told["fingerprint"], code=code)
        self.assertFalse(south.matters("keys_changed"))

    def test_an_operator_gets_a_new_key(self):
        north, south = self.north, self.south
        notice, read = self.hazard(north, "38.0", extent="3km")
        south.until("it has come", lambda: south.show(notice))
        keys = {each["name"]: each["key_id"] for each in north.json("administrator", "operator", "list")["operators"]}
        # Where a start looks for it, too.
        password = os.path.join(north.folder, "passwords", "duty")
        with open(password, "w", encoding="utf-8") as file:
            file.write("another long password\n")
        # Nobody gives themselves another key.
        north.run("duty", "operator", "rekey", "duty", "--password-file", password, code=1)
        made = north.json("administrator", "operator", "rekey", "duty", "--password-file", password)
        self.assertEqual([each["key_id"] for each in made["former_keys"]], [keys["duty"]])
        self.assertNotEqual(made["key_id"], keys["duty"])
        north.run("duty", "line", "status", code=1)
        north.run("duty", "login", "duty", "--password-file", password)
        # What the key before has released stands, and what the new one releases is taken.
        south.run("duty", "notice", "read-back", notice, *read)
        done = north.json("duty", "hazard", "report", "--at", "37.0,7.2", "--class", "live_firing")
        later = done["decision"]["notice"]
        south.until("it has come", lambda: south.show(later))
        self.assertFalse(south.matters("unusable"))
        # Both keys outlive a start.
        north.kill_and_start()
        self.wait_up()
        listed = {each["name"]: each for each in north.json("administrator", "operator", "list")["operators"]}
        self.assertEqual(listed["duty"]["former_keys"], made["former_keys"])


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1] + sys.argv[3:], verbosity=2)
