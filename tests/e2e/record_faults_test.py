#!/usr/bin/env python3
"""Append, sign, cosign: each file call of a linked node fails once, or is its last, and no promise is broken.

record_faults_test.py WIDEBERTH WIDEBERTHD

strace lets the 1st, 2nd, 3rd... call behind the start of a node fail, or kills the node in it, while hazards are
reported and the peer cosigns them. After each life the store is whole, the peer has found no fork, what was answered is
on both sides, and both logs are the same again.
"""

import os
import pathlib
import shutil
import signal
import subprocess
import sys
import unittest

from line_test import FSCK, PairCase

SKIPPED = 77
# Each with what happens to the call, and how many lives: a report with its signing and R2 makes some ten of each.
FAULTS = [("pwrite64", "error=EIO", 5), ("fdatasync", "error=EIO", 4), ("pwrite64", "signal=KILL", 6),
          ("fdatasync", "signal=KILL", 6)]


class RecordFaultsTest(PairCase):
    def traced(self, side):
        store = os.path.join(side.folder, "store")
        return ["strace", "-f", "-qq", "-P", os.path.join(store, "wideberth.db"), "-P",
                os.path.join(store, "wideberth.db-wal")]

    def calls_of_a_start(self, side, call):
        """How many a start makes until people are signed on."""
        trace = os.path.join(side.folder, "trace")
        side.start(under=[*self.traced(side), "-o", trace, "-e", f"trace={call}"])
        side.login()
        with open(trace, encoding="utf-8") as lines:
            made = sum(call in line for line in lines)
        self.end(side, signal.SIGTERM)
        return made

    def end(self, side, how=signal.SIGKILL):
        """strace passes nothing on: its child is ended, and it follows."""
        pids = subprocess.run(["pgrep", "-P", str(side.process.pid)], capture_output=True, text=True, check=False)
        for pid in pids.stdout.split():
            os.kill(int(pid), how)
        side.process.wait(timeout=60)

    def forks(self, side):
        folder = pathlib.Path(side.folder, "store", "evidence")
        return [file.name for file in folder.glob("*")] if folder.exists() else []

    def test_every_call_of_append_sign_and_cosign(self):
        north, south = self.north, self.south
        answered = []
        hits = 0
        for call, what, lives in FAULTS:
            north.kill(signal.SIGTERM)
            first = self.calls_of_a_start(north, call) + 1
            for nth in range(first, first + lives):
                trace = os.path.join(north.folder, "trace")
                try:
                    north.start(under=[*self.traced(north), "-o", trace, "-e", f"trace={call}", "-e",
                                       f"inject={call}:{what}:when={nth}"])
                    north.login()
                    for _ in range(3):
                        done = north.json("duty", "hazard", "report", "--at", "41.0,7.2", "--class", "live_firing")
                        answered.append(done["decision"]["notice"])
                except AssertionError:
                    pass  # it ended, or refused: nothing is promised then
                self.end(north)
                with open(trace, encoding="utf-8") as lines:
                    text = lines.read()
                hits += "(INJECTED)" in text or "killed by SIGKILL" in text
                checked = subprocess.run([FSCK, os.path.join(north.folder, "store")], capture_output=True, text=True,
                                         check=False, timeout=120)
                self.assertEqual(checked.returncode, 0, f"{call} {what} {nth}: {checked.stdout}{checked.stderr}")
            north.start()
            north.login()
            self.wait_up()
            for side in self.pair:
                side.until("both hold the same", lambda s=side: s.line()["in_step"])
                for notice in answered:
                    self.assertIsNotNone(side.show(notice), f"{side.name} {call} {what}")
                self.assertEqual(self.forks(side), [], f"{side.name} {call} {what}")
                self.assertNotIn("old_copy", side.line())
        self.assertGreaterEqual(hits, 8, "of the faults that were to come")


if __name__ == "__main__":
    if shutil.which("strace") is None:
        sys.exit(SKIPPED)
    unittest.main(argv=sys.argv[:1] + sys.argv[3:], verbosity=2)
