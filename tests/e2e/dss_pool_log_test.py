#!/usr/bin/env python3
"""The transparency log of a pool: two nodes that both write, and what becomes of it when nodes and databases fail.

dss_pool_log_test.py WIDEBERTH WIDEBERTHD. Skipped where dss_node.py or pool_node.py says so.
"""

import collections
import http.client
import itertools
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
import unittest
import uuid

import dss_log_test
import pool_node
from dss_faults_test import TwoServers, await_true
from dss_log_test import LOG, ORIGIN, WANTED, LogCase, LogNode, unb64
from dss_node import ROOT, SC, Node


class Member(LogNode):
    def __init__(self, folder, keys, extra=""):
        # What a pool says of [dss] comes before other tables.
        Node.__init__(self, folder, keys, extra + LOG)
        self.write_key(keys)


class PoolOfLogs(pool_node.PoolNode):
    member = Member

    def folders(self):
        return [node.folder for node in self.nodes]


class Writer(threading.Thread):
    """Makes subscriptions at one node until it is told to stop; keeps the entries of those that were answered."""

    def __init__(self, case, node, name):
        super().__init__(daemon=True)
        self.node, self.name = node, name
        self.token = case.keys.token(SC, name)
        self.area = case.here(start=0, end=60)
        self.entries, self.over, self.unknown = [], False, 0

    def run(self):
        while not self.over:
            body = {"extents": self.area, "uss_base_url": "https://x.test", "notify_for_operational_intents": True}
            connection = http.client.HTTPConnection("127.0.0.1", self.node.port, timeout=30)
            try:
                connection.request("PUT", f"/dss/v1/subscriptions/{uuid.uuid4()}", json.dumps(body),
                                   {"Authorization": "Bearer " + self.token, WANTED: "true"})
                answer = connection.getresponse()
                answer.read()
                if answer.status in (200, 201):
                    self.entries.append(unb64(answer.headers["Wideberth-Log-Entry"]))
                elif answer.status == 429:
                    # So many of one manager in one place; another takes its turn.
                    return
            except (OSError, http.client.HTTPException):
                self.unknown += 1
                time.sleep(0.05)
            finally:
                connection.close()


class PoolLogCase(pool_node.PoolCase, LogCase):
    node_class = PoolOfLogs

    def setUp(self):
        super().setUp()
        self.heads, self.notes = {}, {}  # by size: what was shown, by either node at any time

    def sql(self, text):
        return self.node.postgres.sql(text)

    def holder(self):
        """The number of the node that signs, and the number of the other."""
        await_true(lambda: self.sql("SELECT holder FROM dss_log") in ("east", "west"))
        return (0, 1) if self.sql("SELECT holder FROM dss_log") == "east" else (1, 0)

    def get(self, number, path):
        """What that node answers."""
        connection = http.client.HTTPConnection("127.0.0.1", self.node.nodes[number].port, timeout=30)
        try:
            connection.request("GET", "/dss/log/" + path, headers={"Authorization": "Bearer " + self.keys.token(SC)})
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()

    def head(self, number):
        """The size of what that node shows; nothing shows two trees of one size."""
        status, note = self.get(number, "checkpoint")
        if status != 200:
            return 0
        _, size, root = note.decode().split("\n\n")[0].split("\n")
        self.assertEqual(self.heads.setdefault(int(size), root), root)
        self.notes[int(size)] = note
        return int(size)

    def await_head(self, number, size, seconds=30):
        await_true(lambda: self.head(number) >= size, seconds)

    def await_all(self):
        """Until both nodes show all that was accepted."""
        stored = int(self.sql("SELECT size + (SELECT count(*) FROM dss_log_staged) FROM dss_log"))
        for number in (0, 1):
            self.await_head(number, stored)

    def write_while(self, disturb, writers=6):
        """The entries that were answered while `disturb` ran, and how many were asked for and not answered."""
        all = [Writer(self, self.node.nodes[at % 2], f"uss{self.place}x{at}x{time.monotonic_ns()}")
               for at in range(writers)]
        for writer in all:
            writer.start()
        disturb()
        for writer in all:
            writer.over = True
        for writer in all:
            writer.join(60)
            self.assertFalse(writer.is_alive())
        return [entry for writer in all for entry in writer.entries], sum(writer.unknown for writer in all)

    def check_all(self, entries, unknown=0):
        """Both nodes show every entry once, and what they showed before is what their log begins with."""
        self.await_all()
        size = self.head(0)
        self.assertEqual(self.head(1), size)
        leaves = []
        for first in range(0, size, 256):
            width = min(256, size - first)
            path = f"tile/entries/{first // 256:03}" + (f".p/{width}" if width < 256 else "")
            (status, data), (other, same) = self.get(0, path), self.get(1, path)
            self.assertEqual((status, other, data), (200, 200, same))
            while data:
                length = 2 + int.from_bytes(data[:2], "big")
                leaves.append(data[2:length])
                data = data[length:]
        counts = collections.Counter(leaves)
        self.assertEqual(max(counts.values()), 1)
        self.assertEqual([entry for entry in entries if counts[entry] != 1], [])
        # What was not answered may have been accepted.
        self.assertLessEqual(size, len(entries) + unknown)
        for at in sorted(self.heads):
            root = dss_log_test.base64.b64encode(dss_log_test.tree(leaves[:at])).decode()
            self.assertEqual(self.heads[at], root, f"the head of {at} entries")
        return size


class Writing(PoolLogCase):
    def test_entries_are_the_accepted_writes_and_others_verify_it(self):
        def watch():
            for _ in range(30):
                time.sleep(0.1)
                self.head(0), self.head(1)

        entries, unknown = self.write_while(watch)
        self.assertEqual(unknown, 0)
        self.assertGreater(len(entries), 256)
        self.assertEqual(self.check_all(entries), len(entries))
        self.assertGreater(len(self.heads), 3)
        with tempfile.TemporaryDirectory() as work:
            work = pathlib.Path(work)
            self.node.folder = work
            for number in (0, 1):
                # The command line asks one node, whose word is held against what the other said.
                port = self.node.nodes[number].port
                type(self.node).port, kept = property(lambda _, port=port: port), type(self.node).port
                try:
                    self.cli("record", "export", str(work / "log"), "--dss")
                    self.assertIn("whole", self.cli("record", "verify", str(work / "log")))
                finally:
                    type(self.node).port = kept
            proof, mine = work / "mine.tlog-proof", work / "entry"
            for number, entry in zip(itertools.cycle((0, 1)), entries[:: len(entries) // 5]):
                status, text = self.get(number, "proof?entry=" + dss_log_test.b64(entry))
                self.assertEqual(status, 200)
                proof.write_bytes(text)
                mine.write_bytes(entry)
                self.cli("record", "verify", str(proof), "--entry", str(mine), "--policy", str(work / "log/policy"))
            (work / "log/checkpoints").mkdir()
            (work / "log/proofs").mkdir()
            shutil.copy(proof, work / "log/proofs/0.tlog-proof")
            for size, note in self.notes.items():
                (work / "log/checkpoints" / str(size)).write_bytes(note)
            dss_log_test.Log.check_by_go(self, work, work / "log")


class Metrics(PoolLogCase):
    def test_their_names_are_an_interface(self):
        names = set(re.findall(r"(?m)^# TYPE (\S+)", self.raw("GET", "/metrics")[1]))
        self.assertEqual(sorted(name for name in names if "_pool_" in name or "_dss_log_" in name), [
            "wideberth_dss_log_entries", "wideberth_dss_log_signed_entries", "wideberth_pool_commands_total",
            "wideberth_pool_fetches_total", "wideberth_pool_loads_total", "wideberth_pool_queued",
            "wideberth_pool_reachable", "wideberth_pool_refused_total", "wideberth_pool_retries_total",
            "wideberth_pool_transactions_total", "wideberth_pool_unresolved_total"])
        shown = json.loads((ROOT / "packaging/grafana/wideberth.json").read_text())
        asked = {name for panel in shown["panels"] for target in panel["targets"]
                 for name in re.findall(r"wideberth_\w+", target["expr"])}
        self.assertLessEqual(asked, names)


class HolderKilled(PoolLogCase):
    def test_another_takes_over_and_nothing_is_lost_or_there_twice(self):
        taken_over = []

        def disturb():
            for _ in range(2):
                time.sleep(1)
                holder, other = self.holder()
                self.head(holder)
                self.node.nodes[holder].stop(kill=True)
                killed = time.monotonic()
                epoch = int(self.sql("SELECT epoch FROM dss_log"))
                before = self.head(other)
                await_true(lambda: int(self.sql("SELECT epoch FROM dss_log")) > epoch and self.head(other) > before)
                taken_over.append(time.monotonic() - killed)
                self.node.nodes[holder].start()

        entries, unknown = self.write_while(disturb)
        self.check_all(entries, unknown)
        self.assertLess(max(taken_over), 8)
        print(f"taken over after {taken_over[0]:.1f} s and {taken_over[1]:.1f} s")


class HolderStopped(PoolLogCase):
    def test_it_publishes_nothing_when_it_goes_on(self):
        def disturb():
            for _ in range(4):
                time.sleep(0.7)
                holder, other = self.holder()
                process = self.node.nodes[holder].process
                epoch = int(self.sql("SELECT epoch FROM dss_log"))
                os.kill(process.pid, signal.SIGSTOP)
                try:
                    # Past its lease.
                    await_true(lambda: int(self.sql("SELECT epoch FROM dss_log")) > epoch)
                    before = self.head(other)
                    await_true(lambda: self.head(other) > before)
                finally:
                    os.kill(process.pid, signal.SIGCONT)
                await_true(lambda: self.head(holder) >= before)

        entries, unknown = self.write_while(disturb)
        self.check_all(entries, unknown)


class DatabaseRestarted(PoolLogCase):
    def test_it_goes_on_when_both_have_compared(self):
        def disturb():
            for _ in range(2):
                time.sleep(1)
                self.node.postgres.crash()
                self.node.postgres.start()
                size = int(self.sql("SELECT size FROM dss_log"))
                await_true(lambda: self.head(0) > size and self.head(1) > size)

        entries, unknown = self.write_while(disturb)
        self.check_all(entries, unknown)


class SynchronousStandby(PoolLogCase):
    @staticmethod
    def node_class(folder, keys, extra):
        made = type("Both", (TwoServers, PoolOfLogs), {})
        return made(folder, keys, extra)

    def sql(self, text):
        return (self.server if hasattr(self, "server") else self.node.postgres).sql(text)

    def test_what_was_shown_is_there_after_a_promotion(self):
        primary, standby = self.node.postgres, self.node.standby
        primary.sql("ALTER SYSTEM SET synchronous_standby_names = 'standby'")
        primary.sql("SELECT pg_reload_conf()")
        await_true(lambda: primary.sql("SELECT sync_state FROM pg_stat_replication") == "sync")

        def disturb():
            for _ in range(20):
                time.sleep(0.1)
                self.head(0), self.head(1)
            primary.kill()
            standby.promote()
            self.server = standby
            size = int(self.sql("SELECT size FROM dss_log"))
            await_true(lambda: self.head(0) > size and self.head(1) > size)

        entries, unknown = self.write_while(disturb)
        self.check_all(entries, unknown)


class Restored(PoolLogCase):
    def test_over_an_older_copy_nothing_is_signed_and_both_say_so(self):
        server = self.node.postgres
        data, copy = server.folder / "data", server.folder / "copy"
        entries, _ = self.write_while(lambda: time.sleep(1))
        self.check_all(entries)
        server.do("stop")
        subprocess.run(["cp", "-a", str(data), str(copy)], check=True)
        server.start()
        await_true(lambda: self.write_while(lambda: time.sleep(0.3))[0])
        self.await_all()
        server.kill()
        shutil.rmtree(data)
        copy.rename(data)
        server.start()
        await_true(lambda: self.sql("SELECT trouble FROM dss_log"))
        for number in (0, 1):
            await_true(lambda: self.get(number, "checkpoint")[0] == 503)
            self.assertIn(b"must not be shorter", self.get(number, "checkpoint")[1])
        # Writes go on.
        await_true(lambda: self.write_while(lambda: time.sleep(0.3))[0])
        self.assertEqual(int(self.sql("SELECT size FROM dss_log")), len(entries))
        # Also when it is started again nothing is signed under this name.
        self.node.stop()
        self.node.start()
        time.sleep(1)
        self.assertEqual([self.get(number, "checkpoint")[0] for number in (0, 1)], [503, 503])
        # Under another it begins again, with what has waited.
        self.node.stop()
        for folder in self.node.folders():
            config = folder / "node.toml"
            config.write_text(config.read_text().replace(ORIGIN, "dss.test/second"))
        waited = int(self.sql("SELECT count(*) FROM dss_log_staged"))
        self.assertGreater(waited, 0)
        self.node.start()
        self.heads = {}
        for number in (0, 1):
            self.await_head(number, waited)


if __name__ == "__main__":
    signal.alarm(550)
    unittest.main(argv=sys.argv[:1] + sys.argv[3:], verbosity=2)
