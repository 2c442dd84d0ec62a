#!/usr/bin/env python3
"""The DSS of a pool: two nodes over one PostgreSQL.

usage: dss_pool_test.py WIDEBERTH WIDEBERTHD

Every test of dss_test.py, each request of it to the other node than the last; and a history of many clients at once,
which is checked for what no order of the accepted writes explains (dss_history.py).
"""

import signal
import sys
import time
import unittest

import dss_test
import pool_node
from dss_history import History

for name in ("StrategicCoordination", "BadInput", "Authorisation", "RemoteIdentification", "Auxiliary", "Better"):
    globals()[name] = type(name, (pool_node.PoolCase, getattr(dss_test, name)), {"__module__": __name__})


class UnderLoad(History):
    def test_undisturbed(self):
        self.record(6, lambda: None)

    def test_while_a_node_is_killed(self):
        def disturb():
            time.sleep(2)
            west = self.node.nodes[1]
            west.stop(kill=True)
            time.sleep(1)
            west.start()

        self.record(8, disturb)

    def test_while_postgres_is_restarted(self):
        def disturb():
            time.sleep(2)
            self.node.postgres.crash()
            time.sleep(0.5)
            self.node.postgres.start()

        self.record(8, disturb)


if __name__ == "__main__":
    signal.alarm(550)
    unittest.main(argv=sys.argv[:1] + sys.argv[3:], verbosity=2)
