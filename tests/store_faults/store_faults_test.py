#!/usr/bin/env python3
"""Makes each system call of a writing node fail in turn, and checks that no promise is broken.

usage: store_faults_test.py WRITER FSCK

For each kind of call, strace fails the 1st, 2nd, 3rd... one of a writer's life, until a life has none left to fail.
After each life wideberth-fsck must find a whole store that holds every batch the writer was promised (printed), and
the writer must be able to go on.
"""

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "faults"))
import faults  # noqa: E402

BATCHES = 3
FAULTS = [
    ("pwrite64", "EIO"),
    ("pwrite64", "ENOSPC"),
    ("fdatasync", "EIO"),
    ("fsync", "EIO"),
    ("ftruncate", "EIO"),
    ("rename", "EIO"),
    ("unlink", "EIO"),
    ("openat", "EMFILE"),
]
FILES = faults.STORE_FILES + ["/projection.db", "/projection.db-wal", "/wideberth.lock"]


def check(writer, fsck, store, promised):
    """Every promised batch is there; nothing is half done; the next life goes on."""
    if os.path.exists(store + "/wideberth.db"):
        report = faults.fsck(fsck, store, "--store-only")
        assert report["last_seq"] in (len(promised), len(promised) + 1), report
    else:
        assert not promised, "promises without a store"
    again = faults.run([writer, store, "1"])
    assert again.returncode == 0, f"the next life: {again.stderr}"


def main():
    writer, fsck = sys.argv[1:]
    faults.skip_without_strace()

    def live(scratch, call, error, nth):
        store = scratch + "/store"
        left, hit = faults.inject([writer, store, str(BATCHES)], [store + file for file in FILES],
                                  scratch + "/trace", call, error, nth)
        promised = [int(line) for line in left.split()]
        if not hit:
            assert promised == list(range(1, BATCHES + 1)), promised
        check(writer, fsck, store, promised)
        return left, hit

    for call, error in FAULTS:
        hits = len(faults.fail_in_turn("", live, call, error))
        print(f"{call} {error}: failed at each of {hits} calls; nothing promised was lost")
        if call in ("pwrite64", "fdatasync", "openat") and hits < faults.HITS_MIN:
            sys.exit("too few calls were hit for this to mean anything")


if __name__ == "__main__":
    main()
