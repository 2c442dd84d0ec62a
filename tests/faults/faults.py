"""Lives of a program in which strace makes one system call fail, and what is to hold after each: for the tests of
store_faults and record_faults.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile

SKIPPED = 77
# Where syncs cost nothing, if there is such a place: what is tested is what happens when a call says no.
PLACE = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
FAULTS_MAX = 1000  # of one kind; a life makes some tens of calls
HITS_MIN = 5       # fewer mean that nothing was tested
# Of a store; the first is its folder.
STORE_FILES = ["", "/wideberth.db", "/wideberth.db.new", "/wideberth.db.new-wal", "/wideberth.db-wal"]


def run(command, given=""):
    # The leak checker of a sanitized build does not work under strace.
    environment = dict(os.environ, ASAN_OPTIONS="detect_leaks=0")
    return subprocess.run(command, capture_output=True, text=True, timeout=120, input=given, env=environment)


def scratch_folder():
    return tempfile.TemporaryDirectory(prefix="wideberth-faults-", dir=PLACE)


def skip_without_strace():
    if not shutil.which("strace") or run(["strace", "-qq", "-o", "/dev/null", "true"]).returncode:
        print("skipped: strace is missing or may not trace here")
        sys.exit(SKIPPED)


def inject(command, paths, trace, call, error, nth):
    """One life with the nth such call on these paths failing; what it printed, and whether the fault hit it."""
    life = run(["strace", "-f", "-qq", "-o", trace, *(word for path in paths for word in ("-P", path)),
                "-e", f"trace={call}", "-e", f"inject={call}:error={error}:when={nth}", *command])
    if life.returncode not in (0, 3):
        raise AssertionError(f"the first life ended with {life.returncode}: {life.stderr}")
    with open(trace, encoding="utf-8") as lines:
        return life.stdout, "(INJECTED)" in lines.read()


def fsck(program, store, *flags):
    """The report on a store, which must be whole."""
    checked = run([program, "--json", *flags, store])
    assert checked.returncode == 0, f"fsck of {store}: {checked.returncode} {checked.stdout}{checked.stderr}"
    report = json.loads(checked.stdout)
    assert report["batches"] == report["last_seq"], report
    return report


def fail_in_turn(what, live, call, error, step=1):
    """Lives until one has no such call left to fail, every step-th call. `live(scratch, call, error, nth)` is one life
    with its checks: it says whether the fault hit it, and what it printed. Returns what those that were hit printed.
    """
    printed = []
    for nth in range(1, FAULTS_MAX, step):
        with scratch_folder() as scratch:
            try:
                left, hit = live(scratch, call, error, nth)
            except AssertionError as failure:
                sys.exit(f"{what}{call} {error}, call {nth}: {failure}")
        if not hit:
            return printed
        printed.append(left)
    return printed
