#!/usr/bin/env python3
"""Makes each system call of a writing node fail in turn, and checks that no promise is broken.

usage: store_faults_test.py WRITER FSCK

For each kind of call, strace fails the 1st, 2nd, 3rd... one of a writer's life, until a life has none left to fail.
After each life wideberth-fsck must find a whole store that holds every batch the writer was promised (printed), and
the writer must be able to go on.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile

SKIPPED = 77
BATCHES = 3
# Where syncs cost nothing, if there is such a place: what is tested is what happens when a call says no.
PLACE = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
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
FAULTS_MAX = 1000  # of one kind; a life makes some tens of calls


def run(command):
    # The leak checker of a sanitized build does not work under strace.
    environment = dict(os.environ, ASAN_OPTIONS="detect_leaks=0")
    return subprocess.run(command, capture_output=True, text=True, timeout=60, env=environment)


def inject(writer, store, trace, call, error, nth):
    """One life of the writer; the batches it was promised, and whether the fault hit it."""
    life = run(["strace", "-f", "-qq", "-o", trace, "-P", store, "-P", store + "/wideberth.db",
                "-P", store + "/wideberth.db.new", "-P", store + "/wideberth.db.new-wal",
                "-P", store + "/wideberth.db-wal", "-P", store + "/projection.db",
                "-P", store + "/projection.db-wal", "-P", store + "/wideberth.lock",
                "-e", f"trace={call}", "-e", f"inject={call}:error={error}:when={nth}",
                writer, store, str(BATCHES)])
    if life.returncode not in (0, 3):
        raise AssertionError(f"the writer ended with {life.returncode}: {life.stderr}")
    with open(trace, encoding="utf-8") as lines:
        hit = "(INJECTED)" in lines.read()
    return [int(line) for line in life.stdout.split()], hit


def check(writer, fsck, store, promised):
    """Every promised batch is there; nothing is half done; the next life goes on."""
    if os.path.exists(store + "/wideberth.db"):
        checked = run([fsck, "--json", "--store-only", store])
        assert checked.returncode == 0, f"fsck: {checked.returncode} {checked.stdout}{checked.stderr}"
        report = json.loads(checked.stdout)
        assert report["batches"] == report["last_seq"], report
        assert report["last_seq"] in (len(promised), len(promised) + 1), report
    else:
        assert not promised, "promises without a store"
    again = run([writer, store, "1"])
    assert again.returncode == 0, f"the next life: {again.stderr}"


def main():
    writer, fsck = sys.argv[1:]
    if not shutil.which("strace") or run(["strace", "-qq", "-o", "/dev/null", "true"]).returncode:
        print("skipped: strace is missing or may not trace here")
        return SKIPPED
    for call, error in FAULTS:
        hits = 0
        for nth in range(1, FAULTS_MAX):
            with tempfile.TemporaryDirectory(prefix="wideberth-faults-", dir=PLACE) as scratch:
                store = scratch + "/store"
                promised, hit = inject(writer, store, scratch + "/trace", call, error, nth)
                if not hit:
                    assert promised == list(range(1, BATCHES + 1)), promised
                try:
                    check(writer, fsck, store, promised)
                except AssertionError as failure:
                    print(f"{call} {error}, call {nth}: {failure}")
                    return 1
            if not hit:
                break
            hits += 1
        print(f"{call} {error}: failed at each of {hits} calls; nothing promised was lost")
        if call in ("pwrite64", "fdatasync", "openat") and hits < 5:
            print("too few calls were hit for this to mean anything")
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
