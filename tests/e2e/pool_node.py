"""Two nodes over one PostgreSQL, as one pool. Used by dss_pool_test.py and bench/pool.

Importing it ends the program, in order, where no PostgreSQL server is installed.
"""

import pathlib
import subprocess
import sys
import unittest.mock

import dss_node
import postgres

if not postgres.installed():
    print("skipped: PostgreSQL's server is not installed (package postgresql)")
    sys.exit(0)


class PoolNode:
    """In place of dss_node.Node: a request goes to either node by turns."""

    member = dss_node.Node

    def __init__(self, folder, keys, extra="", server=None, url=None):
        self.postgres = server or postgres.Postgres()
        self.nodes = []
        self.turn = 0
        for name in ("east", "west"):
            place = pathlib.Path(folder) / name
            place.mkdir()
            pool = f'[pool]\nurl = "{url or self.postgres.url}"\n'
            if "time_based_notification_index" not in extra:
                pool = "time_based_notification_index = false\n" + pool
            node = self.member(place, keys, extra + pool)
            config = place / "node.toml"
            config.write_text(config.read_text().replace('locality = "here"', f'locality = "{name}"'))
            self.nodes.append(node)
        subprocess.run([sys.argv[2], "--config", str(self.nodes[0].folder / "node.toml"), "--migrate"], check=True,
            stdout=subprocess.DEVNULL)

    @property
    def process(self):
        return self.nodes[0].process

    @property
    def port(self):
        self.turn += 1
        return self.nodes[self.turn % len(self.nodes)].port

    def start(self):
        for node in self.nodes:
            node.start()

    def stop(self, kill=False):
        for node in self.nodes:
            node.stop(kill)

    def close(self):
        self.stop()
        self.postgres.stop()


class PoolCase:
    """Mixed into a dss_node.DssCase: the same test over a pool."""

    node_class = PoolNode
    dar_id = unittest.mock.ANY
    localities = ("east", "west")

    @staticmethod
    def index(count):
        return unittest.mock.ANY  # a time

    @classmethod
    def tearDownClass(cls):
        super().tearDownClass()
        cls.node.postgres.stop()
