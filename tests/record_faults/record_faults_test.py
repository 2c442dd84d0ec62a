#!/usr/bin/env python3
"""Makes each system call of a node's store fail in turn while two nodes append, sign and cosign.

usage: record_faults_test.py WRITER FSCK

After each life both stores must be whole (wideberth-fsck), and the next life must find every head that has left,
signed or cosigned, in the log that it is of: no smaller tree, no other one; and it must go on until all is cosigned.
"""

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "faults"))
import faults  # noqa: E402

TEXTS = 2
# Every so many of these calls: a transaction is several writes, and a failure of any undoes it.
FAULTS = [
    ("pwrite64", "EIO", 3),
    ("pwrite64", "ENOSPC", 7),
    ("fdatasync", "EIO", 1),
    ("openat", "EMFILE", 1),
]
SIDES = ("north", "south")


def check(writer, fsck, scratch, left):
    for side in SIDES:
        if os.path.exists(f"{scratch}/nodes/{side}/wideberth.db"):
            faults.fsck(fsck, f"{scratch}/nodes/{side}")
    again = faults.run([writer, f"{scratch}/nodes", "1", "1"], left)
    assert again.returncode == 0, f"the next life: {again.returncode} {again.stderr}"


def look_for_what_never_left(writer):
    """What the check below would find: heads of more entries, and of other ones."""
    with faults.scratch_folder() as scratch:
        nodes = f"{scratch}/nodes"
        left = faults.run([writer, nodes, "0", "1"]).stdout
        kind, origin, size, root = left.splitlines()[-1].split()
        other = "0" * 63 + ("1" if root[-1] == "0" else "0")
        for head in (f"{kind} {origin} {int(size) + 100} {root}", f"{kind} {origin} {size} {other}"):
            found = faults.run([writer, nodes, "1", "0"], head + "\n")
            assert found.returncode == 4, f"{head}: {found.returncode} {found.stderr}"


def main():
    writer, fsck = sys.argv[1:]
    faults.skip_without_strace()
    look_for_what_never_left(writer)
    for side in SIDES:

        def live(scratch, call, error, nth, side=side):
            paths = [f"{scratch}/nodes/{side}{file}" for file in faults.STORE_FILES]
            left, hit = faults.inject([writer, f"{scratch}/nodes", "0", str(TEXTS)], paths, f"{scratch}/trace",
                                      call, error, nth)
            if not hit:
                assert "cosigned " in left, left
            check(writer, fsck, scratch, left)
            return left, hit

        for call, error, step in FAULTS:
            printed = faults.fail_in_turn(f"{side}, ", live, call, error, step)
            behind_heads = sum("signed " in left for left in printed)
            print(f"{side}, {call} {error}: failed at {len(printed)} calls, {behind_heads} of them behind a signed "
                  "head", flush=True)
            if call in ("pwrite64", "fdatasync") and (len(printed) < faults.HITS_MIN or behind_heads == 0):
                sys.exit("too few calls were hit for this to mean anything")


if __name__ == "__main__":
    main()
