#!/usr/bin/env python3
"""Makes each system call of a node's store fail in turn while two nodes append, sign and cosign.

usage: record_faults_test.py WRITER FSCK

After each life both stores must be whole (wideberth-fsck), and the next life must find every head that has left,
signed or cosigned, in the log that it is of: no smaller tree, no other one; and it must go on until all is cosigned.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile

SKIPPED = 77
TEXTS = 2
# Where syncs cost nothing, if there is such a place: what is tested is what happens when a call says no.
PLACE = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
# Every so many of these calls: a transaction is several writes, and a failure of any undoes it.
FAULTS = [
    ("pwrite64", "EIO", 3),
    ("pwrite64", "ENOSPC", 7),
    ("fdatasync", "EIO", 1),
    ("openat", "EMFILE", 1),
]
SIDES = ("north", "south")
FAULTS_MAX = 1000  # of one kind


def run(command, given=""):
    # The leak checker of a sanitized build does not work under strace.
    environment = dict(os.environ, ASAN_OPTIONS="detect_leaks=0")
    return subprocess.run(command, capture_output=True, text=True, timeout=120, input=given, env=environment)


def inject(writer, scratch, side, call, error, nth):
    """One life; the heads that left, and whether the fault hit it."""
    store, trace = f"{scratch}/nodes/{side}", f"{scratch}/trace"
    files = ["", "/wideberth.db", "/wideberth.db.new", "/wideberth.db.new-wal", "/wideberth.db-wal"]
    life = run(["strace", "-f", "-qq", "-o", trace, *(word for file in files for word in ("-P", store + file)),
                "-e", f"trace={call}", "-e", f"inject={call}:error={error}:when={nth}",
                writer, f"{scratch}/nodes", "0", str(TEXTS)])
    if life.returncode not in (0, 3):
        raise AssertionError(f"the first life ended with {life.returncode}: {life.stderr}")
    with open(trace, encoding="utf-8") as lines:
        return life.stdout, "(INJECTED)" in lines.read()


def check(writer, fsck, scratch, left):
    for side in SIDES:
        if not os.path.exists(f"{scratch}/nodes/{side}/wideberth.db"):
            continue
        checked = run([fsck, "--json", f"{scratch}/nodes/{side}"])
        assert checked.returncode == 0, f"fsck of {side}: {checked.returncode} {checked.stdout}{checked.stderr}"
        report = json.loads(checked.stdout)
        assert report["batches"] == report["last_seq"], report
    again = run([writer, f"{scratch}/nodes", "1", "1"], left)
    assert again.returncode == 0, f"the next life: {again.returncode} {again.stderr}"


def look_for_what_never_left(writer):
    """What the check below would find: heads of more entries, and of other ones."""
    with tempfile.TemporaryDirectory(prefix="wideberth-faults-", dir=PLACE) as scratch:
        nodes = f"{scratch}/nodes"
        left = run([writer, nodes, "0", "1"]).stdout
        kind, origin, size, root = left.splitlines()[-1].split()
        other = "0" * 63 + ("1" if root[-1] == "0" else "0")
        for head in (f"{kind} {origin} {int(size) + 100} {root}", f"{kind} {origin} {size} {other}"):
            found = run([writer, nodes, "1", "0"], head + "\n")
            assert found.returncode == 4, f"{head}: {found.returncode} {found.stderr}"


def main():
    writer, fsck = sys.argv[1:]
    if not shutil.which("strace") or run(["strace", "-qq", "-o", "/dev/null", "true"]).returncode:
        print("skipped: strace is missing or may not trace here")
        return SKIPPED
    look_for_what_never_left(writer)
    for side in SIDES:
        for call, error, step in FAULTS:
            hits, behind_heads = 0, 0
            for nth in range(1, FAULTS_MAX, step):
                with tempfile.TemporaryDirectory(prefix="wideberth-faults-", dir=PLACE) as scratch:
                    try:
                        left, hit = inject(writer, scratch, side, call, error, nth)
                        if not hit:
                            assert "cosigned " in left, left
                        check(writer, fsck, scratch, left)
                    except AssertionError as failure:
                        print(f"{side}, {call} {error}, call {nth}: {failure}")
                        return 1
                if not hit:
                    break
                hits += 1
                behind_heads += "signed " in left
            print(f"{side}, {call} {error}: failed at {hits} calls, {behind_heads} of them behind a signed head",
                  flush=True)
            if call in ("pwrite64", "fdatasync") and (hits < 5 or behind_heads == 0):
                print("too few calls were hit for this to mean anything")
                return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
