#!/usr/bin/env python3
"""The record of a line: exported from both sides, proven, checked offline; and every damage is found.

record_test.py WIDEBERTH WIDEBERTHD
"""

import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

from line_test import WIDEBERTH, PairCase


class RecordTest(PairCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="wideberth-record-"))
        self.addCleanup(shutil.rmtree, self.folder)

    def offline(self, *arguments, code=0):
        """A command without a node, and without a token."""
        done = subprocess.run([WIDEBERTH, "record", *map(str, arguments)], capture_output=True, text=True, timeout=60,
                              check=False, env={"PATH": "/usr/bin:/bin", "HOME": str(self.folder)})
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        return done.stdout + done.stderr

    def recorded(self, side, notice):
        """R2: the peer's cosignature covers the version."""
        side.until("R2", lambda: any("cosigned_at" in each for each in side.show(notice).get("recipients", [])))

    def export(self, side, log, name):
        folder = self.folder / name
        side.run("duty", "record", "export", str(folder), "--log", log)
        return folder

    def test_export_prove_and_verify(self):
        north, south = self.north, self.south
        notice, _ = self.hazard(north, "38.0")
        south.until("it has come", lambda: south.show(notice))
        self.recorded(north, notice)
        ours = self.export(north, "ours", "ours")
        mirror = self.export(south, "theirs", "mirror")
        self.assertIn("whole, cosigned", self.offline("verify", ours))
        # What one side wrote is what the other holds, and the keys of both agree.
        self.offline("verify", mirror, "--policy", ours / "policy")
        cards = [pathlib.Path(side.folder, "keys", "party-card.json") for side in self.pair]
        self.offline("fsck", ours, "--card", cards[0])
        self.assertIn("entry 0", self.offline("fsck", ours, "--card", cards[1], code=1))

        # One entry, by the node and by the folder.
        proof, entry = self.folder / "0.tlog-proof", self.folder / "0.json"
        north.run("duty", "record", "prove", "0", "--output", str(proof), "--entry", str(entry))
        self.assertIn("entry 0 of", self.offline("verify", proof, "--entry", entry, "--policy", ours / "policy"))
        second = self.folder / "again.tlog-proof"
        self.offline("prove", "0", "--dir", mirror, "--output", second)
        self.offline("verify", second, "--entry", entry, "--policy", ours / "policy")
        entry.write_bytes(entry.read_bytes().replace(b"a", b"b", 1))
        self.offline("verify", proof, "--entry", entry, "--policy", ours / "policy", code=1)
        self.offline("verify", proof, code=2)
        self.offline("prove", "100000", "--dir", mirror, code=1)

        # It grows: the export goes on, and the old checkpoint is what the new one begins with.
        before = self.folder / "before.checkpoint"
        before.write_bytes((ours / "checkpoint").read_bytes())
        more, _ = self.hazard(north, "37.0")
        self.recorded(north, more)
        self.export(north, "ours", "ours")
        self.assertIn("more", self.offline("consistency", before, ours / "checkpoint", "--dir", ours))
        self.offline("consistency", ours / "checkpoint", before, "--dir", ours, code=1)
        self.offline("verify", ours)

        # A bit that is flipped anywhere is found.
        files = [path for path in ours.rglob("*") if path.is_file() and path.name != "policy"]
        self.assertGreaterEqual(len(files), 3, "checkpoint, hashes, entries")
        for path in files:
            good = path.read_bytes()
            for place in {0, len(good) // 2, len(good) - 1}:
                bad = bytearray(good)
                bad[place] ^= 1
                path.write_bytes(bad)
                self.offline("verify", ours, code=1)
            path.write_bytes(good[:-1])
            self.offline("verify", ours, code=1)
            path.unlink()
            self.offline("verify", ours, code=1)
            path.write_bytes(good)
        self.offline("verify", ours)
        # A folder of one log does not become that of another.
        refused = north.run("duty", "record", "export", str(ours), "--log", "theirs", code=1)
        self.assertIn("must hold the log", refused.stderr)

    def test_it_outlives_a_kill(self):
        north, south = self.north, self.south
        notice, _ = self.hazard(north, "36.0")
        self.recorded(north, notice)
        ours = self.export(north, "ours", "killed")
        for side in self.pair:
            side.kill_and_start()
        self.wait_up()
        later, _ = self.hazard(north, "35.0")
        self.recorded(north, later)
        self.export(north, "ours", "killed")
        self.offline("verify", ours)
        mirror = self.export(south, "theirs", "mirror-killed")
        self.offline("verify", mirror, "--policy", ours / "policy")


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1] + sys.argv[3:], verbosity=2)
