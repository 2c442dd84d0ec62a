#!/usr/bin/env python3
"""A node is set back to a backup: it signs nothing, has back from its peer what it lost, and goes on; nothing forks.

restore_test.py WIDEBERTH WIDEBERTHD
"""

import os
import pathlib
import shutil
import signal
import subprocess
import sys
import unittest
import urllib.request

from line_test import FSCK, WIDEBERTH, PairCase


class RestoreTest(PairCase):
    def store(self, side):
        return pathlib.Path(side.folder, "store")

    def backup(self, side):
        """As docs/operations.md says: an orderly stop, the one file, a start."""
        self.assertEqual(side.kill(signal.SIGTERM), 0)
        copy = pathlib.Path(side.folder, "backup.db")
        shutil.copyfile(self.store(side) / "wideberth.db", copy)
        side.start()
        side.login()
        self.wait_up()
        return copy

    def restore(self, side, copy):
        """The old directory away, the file into a new one. The node runs afterwards, and nobody is signed on."""
        store = self.store(side)
        store.rename(store.with_name("lost"))
        store.mkdir(mode=0o700)
        shutil.copyfile(copy, store / "wideberth.db")
        (store / "wideberth.db").chmod(0o600)
        side.start()

    def evidence(self, side):
        folder = self.store(side) / "evidence"
        return sorted(folder.iterdir()) if folder.exists() else []

    def get(self, side, path):
        token = pathlib.Path(side.folder, "tokens", "duty.token").read_text(encoding="utf-8").strip()
        request = urllib.request.Request(side.url + path, headers={"Authorization": "Bearer " + token})
        with urllib.request.urlopen(request, timeout=30) as answer:
            return answer.read()

    def facts(self, side, notice):
        """What a side knows of a notice, but for when it heard of it, and drafts before it, which never crossed."""
        shown = side.show(notice)
        self.assertIsNotNone(shown, notice)
        own = ("number", "stored_at", "lead_time_s")
        kept = {key: value for key, value in shown["latest"].items() if key not in own}
        marks = [sorted(set(each) - {"cosigned_at", "recorded_at", "recorded_version", "recorded_counts"})
                 for each in shown.get("recipients", [])]
        return shown["party"], shown["activity"], kept, marks

    def test_what_was_said_is_there_again(self):
        north, south = self.north, self.south
        before, _ = self.hazard(north, "41.0")
        south.until("it has come", lambda: south.show(before))
        copy = self.backup(north)

        # What the backup does not have: notices of both, read-backs, a call and its answer, texts of both.
        ours, read = self.hazard(north, "40.0")
        south.until("it has come", lambda: south.show(ours))
        south.run("duty", "notice", "read-back", ours, *read)
        theirs, read = self.hazard(south, "39.0")
        north.until("it has come", lambda: north.show(theirs))
        north.run("duty", "notice", "read-back", theirs, *read)
        north.run("duty", "stop", "call", "--at", "40.5,7.2", "--radius", "5km")
        south.until("the stop call", lambda: south.calls("stop_call"))
        south.run("duty", "stop", "answer", "stopped")
        north.until("the answer", lambda: any(each.get("closed_as") == "answered"
                                              for each in north.calls("stop_call", True)))
        for side in self.pair:
            side.until("both hold the same", lambda s=side: s.line()["in_step"])
        lost = {notice: self.facts(north, notice) for notice in (before, ours, theirs)}
        calls = [(call["id"], call.get("closed_as")) for call in north.calls("stop_call", True)]
        size = north.line()["own_size"]

        # Set back while the peer is down: nothing is signed, and the refusal says why.
        south.kill()
        north.kill()
        self.restore(north, copy)
        north.login()
        refused = north.run("duty", "hazard", "report", "--at", "38.0,7.2", "--class", "live_firing", code=1)
        self.assertIn("may be an old copy", refused.stderr)
        old = north.line()["old_copy"]
        self.assertFalse(old["peer_heard"])
        self.assertLess(north.line()["own_size"], size)

        # The peer is there: all of it comes back.
        south.start()
        south.login()
        north.until("what was lost is back", lambda: "old_copy" not in north.line())
        self.assertGreaterEqual(north.line()["own_size"], size)
        self.wait_up()
        self.assertEqual({notice: self.facts(north, notice) for notice in lost}, lost)
        self.assertEqual([(call["id"], call.get("closed_as")) for call in north.calls("stop_call", True)], calls)

        # It goes on, behind what it has said; and the peer has found no fork, but that it was set back.
        after, read = self.hazard(north, "37.0")
        south.until("it has come", lambda: south.show(after))
        south.run("duty", "notice", "read-back", after, *read)
        north.until("R3", lambda: any("read_back_at" in each for each in north.show(after).get("recipients", [])))
        for side in self.pair:
            side.until("both hold the same", lambda s=side: s.line()["in_step"])
        for side in self.pair:
            self.assertFalse([file for file in self.evidence(side) if file.name.startswith("fork")])
        self.assertIn(b"evidence", self.get(south, "/v1/evidence"))
        self.assertTrue(north.matters("unusable"), "and people are told")
        # Both sides' copies of both logs are the same, byte by byte, and cosigned.
        folders = {}
        for side, log, name in ((north, "ours", "a"), (south, "theirs", "b"), (north, "theirs", "c"),
                                (south, "ours", "d")):
            folders[name] = pathlib.Path(self.scratch.name, name)
            side.run("duty", "record", "export", str(folders[name]), "--log", log)
            checked = subprocess.run([WIDEBERTH, "record", "verify", str(folders[name])], capture_output=True,
                                     text=True, timeout=60, check=False)
            self.assertEqual(checked.returncode, 0, checked.stdout + checked.stderr)
        for one, other in (("a", "b"), ("c", "d")):
            entries = [sorted(path.read_bytes() for path in folders[each].glob("tile/entries/**/*") if path.is_file())
                       for each in (one, other)]
            length = min(len(b"".join(each)) for each in entries)
            self.assertEqual(b"".join(entries[0])[:length], b"".join(entries[1])[:length])

        # After a start it is a store like any other.
        north.kill_and_start()
        self.wait_up()
        self.assertNotIn("old_copy", north.line())
        fsck = subprocess.run([FSCK, str(self.store(south))], capture_output=True, text=True, check=False, timeout=60)
        self.assertNotEqual(fsck.returncode, 0, "the node has it open")

    def test_said_by_a_flag(self):
        """Where a snapshot of the whole disk came back, nothing shows it: a person says so."""
        north = self.north
        self.assertEqual(north.kill(signal.SIGTERM), 0)
        north.start("--restored")
        north.login()
        self.wait_up()
        north.until("the peer has been heard", lambda: "old_copy" not in north.line())
        with open(os.path.join(north.folder, "log"), encoding="utf-8") as log:
            self.assertIn("restored_store", log.read())


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1] + sys.argv[3:], verbosity=2)
