#!/usr/bin/env python3
"""What becomes of a pool when its database fails: two nodes over PostgreSQL servers that are killed, stopped, filled.

usage: dss_faults_test.py WIDEBERTH WIDEBERTHD

A write that was answered is kept, one that was answered 503 is not, and no read shows what the database does not have.
Where a database comes back without what it had, which only its operator can prevent, the nodes show what it has.
"""

import os
import shutil
import signal
import subprocess
import sys
import time
import unittest
import uuid

import dss_node
import pool_node
import postgres
from dss_history import History
from dss_node import SC, intent

INTENTS = "/dss/v1/operational_intent_references/"


def await_true(what, seconds=60):
    until = time.monotonic() + seconds
    while not what():
        if time.monotonic() > until:
            raise AssertionError("it did not come about")
        time.sleep(0.05)


class TwoServers(pool_node.PoolNode):
    """The nodes know both servers and want the one that takes writes."""

    def __init__(self, folder, keys, extra=""):
        primary = postgres.Postgres()
        self.standby = postgres.Standby(primary)
        hosts = f"{primary.temporary.name},{self.standby.temporary.name}"
        url = f"postgresql://wideberth@/wideberth?host={hosts}&target_session_attrs=read-write"
        super().__init__(folder, keys, extra, primary, url)

    def stop(self, kill=False):
        super().stop(kill)
        self.standby.stop()


class SynchronousStandby(History):
    node_class = TwoServers

    def test_a_synchronous_standby_is_promoted(self):
        primary, standby = self.node.postgres, self.node.standby
        primary.sql("ALTER SYSTEM SET synchronous_standby_names = 'standby'")
        primary.sql("SELECT pg_reload_conf()")
        await_true(lambda: primary.sql("SELECT sync_state FROM pg_stat_replication") == "sync")

        def disturb():
            time.sleep(3)
            primary.kill()
            standby.promote()

        self.record(10, disturb)
        self.assertEqual(standby.sql("SELECT pg_is_in_recovery()"), "f")


class Stopped(History):
    def test_a_database_that_stops_in_the_middle(self):
        def disturb():
            time.sleep(2)
            self.node.postgres.pause()
            time.sleep(13)  # the nodes' deadlines pass
            self.node.postgres.resume()

        self.record(18, disturb)
        self.assertGreater(self.statuses[503] + self.statuses["not applied"] + self.statuses["applied"], 0)


class Small(postgres.Postgres):
    """On a file system of its own, of 160 MiB."""

    def start(self):
        if not os.path.ismount(self.temporary.name):
            subprocess.run(["mount", "-t", "tmpfs", "-o", "size=160m", "tmpfs", self.temporary.name], check=True)
        super().start()

    def fill(self):
        with open(self.folder / "ballast", "wb") as ballast:
            try:
                while True:
                    ballast.write(bytes(65536))
                    ballast.flush()
            except OSError:
                pass

    def empty(self):
        (self.folder / "ballast").unlink()

    def stop(self):
        subprocess.run([postgres.TOOL, "crash", self.temporary.name], stderr=subprocess.DEVNULL, check=False)
        subprocess.run(["umount", "--lazy", self.temporary.name], check=True)
        self.temporary.cleanup()


def may_mount():
    with postgres.tempfile.TemporaryDirectory() as folder:
        mounted = subprocess.run(["mount", "-t", "tmpfs", "tmpfs", folder], stderr=subprocess.DEVNULL, check=False)
        if mounted.returncode == 0:
            subprocess.run(["umount", folder], check=True)
        return mounted.returncode == 0


@unittest.skipUnless(may_mount(), "no file system of a test's own may be mounted here")
class Full(History):
    @staticmethod
    def node_class(folder, keys, extra):
        settings = "max_wal_size = 48MB\nmin_wal_size = 32MB\nwal_recycle = off"
        server = Small({**os.environ, "WIDEBERTH_PG_SETTINGS": settings})
        return pool_node.PoolNode(folder, keys, extra, server)

    def test_a_database_that_fills_its_disk(self):
        server = self.node.postgres

        def is_up():
            return subprocess.run([postgres.TOOL, "sql", server.temporary.name, "SELECT 1"],
                                  stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False).returncode == 0

        def disturb():
            time.sleep(2)
            server.fill()
            time.sleep(6)
            server.empty()
            # It may have given up.
            if not is_up():
                server.start()

        self.record(12, disturb)
        self.assertGreater(self.statuses[503], 0)


class Behind:
    """The database comes back as it was before some writes that were answered."""

    def plan(self):
        self.kept, self.lost = str(uuid.uuid4()), str(uuid.uuid4())
        made = self.put_intent(intent(self.here()), id=self.kept)
        self.kept_ovn = made["operational_intent_reference"]["ovn"]

    def write_what_will_be_lost(self):
        body = intent(self.here(), key=[self.kept_ovn])
        changed = self.put_intent(body, id=self.kept, ovn=self.kept_ovn)
        self.changed_ovn = changed["operational_intent_reference"]["ovn"]
        made = self.put_intent(intent(self.here(), key=[self.changed_ovn]), id=self.lost)
        self.lost_ovn = made["operational_intent_reference"]["ovn"]
        self.assertShown({self.kept: 2, self.lost: 1})

    def assertShown(self, versions):
        """What a query finds here, at either node."""
        for _ in self.node.nodes:
            found = self.query("operational_intent_references", self.here())
            self.assertEqual({one["id"]: one["version"] for one in found}, versions)

    def await_database(self):
        who = {"Authorization": "Bearer " + self.keys.token(SC)}
        for _ in self.node.nodes:
            await_true(lambda: self.raw("GET", INTENTS + self.kept, None, who)[0] == 200)

    def check(self):
        self.await_database()
        self.assertShown({self.kept: 1})
        # By what was lost nothing can be written.
        body = intent(self.here(), key=[self.kept_ovn])
        self.put_intent(body, id=self.lost, ovn=self.lost_ovn, status=400)
        self.put_intent(body, id=self.kept, ovn=self.changed_ovn, status=409)
        # By what is there everything can, and each node shows what the other accepts.
        for version in range(2, 12):
            body["key"] = [self.kept_ovn]
            made = self.put_intent(body, id=self.kept, ovn=self.kept_ovn)
            self.kept_ovn = made["operational_intent_reference"]["ovn"]
            self.assertShown({self.kept: version})
        self.put_intent(intent(self.here(), key=[self.kept_ovn]), id=self.lost)
        self.assertShown({self.kept: 11, self.lost: 1})


class Restored(Behind, pool_node.PoolCase, dss_node.DssCase):
    def test_a_copy_of_before_is_put_back(self):
        server = self.node.postgres
        data, copy = server.folder / "data", server.folder / "copy"
        self.plan()
        server.do("stop")
        subprocess.run(["cp", "-a", str(data), str(copy)], check=True)
        server.start()
        self.await_database()
        self.write_what_will_be_lost()
        server.kill()
        shutil.rmtree(data)
        copy.rename(data)
        server.start()
        self.check()


class AsynchronousStandby(Behind, pool_node.PoolCase, dss_node.DssCase):
    node_class = TwoServers

    def test_a_standby_that_is_behind_is_promoted(self):
        primary, standby = self.node.postgres, self.node.standby
        self.plan()
        written = primary.sql("SELECT pg_current_wal_lsn()")
        await_true(lambda: standby.sql(f"SELECT pg_last_wal_replay_lsn() >= '{written}'") == "t")
        standby.do("stop")
        self.write_what_will_be_lost()
        primary.kill()
        standby.start()
        standby.promote()
        self.check()


if __name__ == "__main__":
    signal.alarm(550)
    unittest.main(argv=sys.argv[:1] + sys.argv[3:], verbosity=2)
