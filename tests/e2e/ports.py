"""Ports for nodes whose peers must know them beforehand.

A block of eight is claimed by listening at its last one for as long as this process lives, so that two runs that start
at the same moment never share one; web/e2e/nodes.ts keeps to the same blocks. They lie below the ports that a system
gives to connections.
"""

import os
import socket

FIRST, COUNT, SIZE = 20000, 1500, 8
_claims = []


def _listening(port):
    s = socket.socket()
    try:
        s.bind(("127.0.0.1", port))
        s.listen(1)
    except OSError:
        s.close()
        return None
    return s


def free_ports():
    """The first of four in a row."""
    for i in range(COUNT):
        base = FIRST + (os.getpid() + i) % COUNT * SIZE
        claim = _listening(base + SIZE - 1)
        if claim is None:
            continue
        held = [_listening(port) for port in range(base, base + 4)]
        for s in held:
            if s is not None:
                s.close()
        if None not in held:
            _claims.append(claim)
            return base
        claim.close()
    raise AssertionError("no free ports")
