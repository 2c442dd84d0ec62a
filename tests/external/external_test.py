#!/usr/bin/env python3
"""Other people's verifiers accept the logs that we export and refuse corrupted ones.

    external_test.py go|node EXPORT_LOG WORK_FOLDER

go    golang.org/x/mod's sumdb/note and sumdb/tlog (Debian: golang-go, golang-golang-x-mod-dev)
node  npm's @sigstore/verify, as node/package-lock.json pins it (node 20, npm)

Exits 77, which ctest shows as skipped, where these are not there; under CI=true that is a failure.
"""

import base64
import os
import pathlib
import shutil
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
GO_SOURCES = "/usr/share/gocode"
SMALL = 600
LARGE = 66_000  # three levels of tiles
DASH = "\N{EM DASH} "
LOG = "north.example/line/south"
CLOCK = "north.example/clock"
PEER = "south.example/mirror"


def skip(why):
    print(f"skipped: {why}")
    sys.exit(1 if os.environ.get("CI") == "true" else 77)


def build_go(work):
    go = shutil.which("go") or "/usr/local/go/bin/go"
    if not os.path.exists(go):
        skip("no go (golang-go)")
    if not os.path.isdir(f"{GO_SOURCES}/src/golang.org/x/mod/sumdb"):
        skip("no golang.org/x/mod (golang-golang-x-mod-dev)")
    program = work / "verify"
    environment = dict(os.environ, GO111MODULE="off", GOPATH=GO_SOURCES, GOTOOLCHAIN="local",
                       GOCACHE=str(work.parent / "gocache"), GOFLAGS="")
    subprocess.run([go, "build", "-o", program, HERE / "go" / "verify.go"], check=True, env=environment)
    return lambda folder: [program, folder]


def find_node():
    """A node that is new enough: the system's, or the one that script/bootstrap put beside it."""
    for node in (shutil.which("node"), HERE.parents[1] / "local/nodejs/node_modules/node/bin/node"):
        if node is None or not os.path.exists(node):
            continue
        version = subprocess.run([node, "--version"], capture_output=True, text=True, check=True).stdout
        if int(version.strip().lstrip("v").split(".")[0]) >= 20:
            return str(node)
    return None


def build_node(work):
    node, npm = find_node(), shutil.which("npm")
    if node is None or npm is None:
        skip("no node 20 or later, or no npm")
    modules = work / "node"
    modules.mkdir(exist_ok=True)
    for name in ("package.json", "package-lock.json"):
        shutil.copy(HERE / "node" / name, modules)
    made = subprocess.run([npm, "ci", "--no-audit", "--no-fund", "--ignore-scripts"], cwd=modules,
                          capture_output=True, text=True, check=False)
    if made.returncode != 0:
        skip(f"npm ci did not succeed: {made.stderr.strip()[-400:]}")
    return lambda folder: [node, HERE / "node" / "verify.js", folder, modules / "node_modules"]


def flip(offset):
    """A change of one bit; a negative offset counts from the end."""

    def change(data):
        at = offset % len(data)
        return data[:at] + bytes([data[at] ^ 1]) + data[at + 1:]

    return change


def in_line(begin, change_line):
    """A change of the first line that begins so."""

    def change(data):
        lines = data.split(b"\n")
        at = next(i for i, line in enumerate(lines) if line.startswith(begin.encode()))
        lines[at] = change_line(lines[at])
        return b"\n".join(lines)

    return change


def in_signature(name, at):
    """One bit of what a signature line of a checkpoint holds: 4 bytes of key id, 8 of time in a cosignature, 64."""

    def change_line(line):
        words = line.split(b" ")
        words[2] = base64.b64encode(flip(at)(base64.b64decode(words[2])))
        return b" ".join(words)

    return in_line(DASH + name, change_line)


def reordered(data):
    """The first two entries of a bundle exchanged."""
    first = 2 + int.from_bytes(data[:2], "big")
    second = first + 2 + int.from_bytes(data[first:first + 2], "big")
    return data[first:second] + data[:first] + data[second:]


def retyped(data):
    """The type of the first envelope changed in one letter, within the same length."""
    return data.replace(b"wideberth.notice", b"wideberth.motice", 1)


def second_payload(data):
    """The payload of the first envelope replaced by that of the second, which was signed as well."""
    first = 2 + int.from_bytes(data[:2], "big")
    payloads = [part.split(b'"', 1)[0] for part in data.split(b'"payload":"')[1:3]]
    envelope = data[2:first].replace(payloads[0], payloads[1])
    return len(envelope).to_bytes(2, "big") + envelope + data[first:]


# Of a log of SMALL entries: what is done to which file. None removes it.
ENTRY_CASES = [
    ("an entry's first byte", "tile/entries/000", flip(2)),
    ("an entry's last byte", "tile/entries/002.p/88", flip(-1)),
    ("a payload moved to another signature", "tile/entries/000", second_payload),
    ("an envelope of another type", "tile/entries/000", retyped),
    ("entries reordered", "tile/entries/001", reordered),
    ("a bundle truncated", "tile/entries/002.p/88", lambda data: data[:-5]),
    ("a bundle missing", "tile/entries/001", None),
    ("the checkpoint's root", "checkpoint", in_line("600", lambda line: b"601")),
    ("the checkpoint's signature", "checkpoint", in_signature(LOG, -9)),
    ("a proof's index", "proofs/300.tlog-proof", in_line("index", lambda line: b"index 301")),
    ("a proof's checkpoint", "proofs/300.tlog-proof", in_signature(LOG, -9)),
    ("a proof cut short", "proofs/300.tlog-proof",
     lambda data: b"\n".join(data.split(b"\n")[:2] + data.split(b"\n")[3:])),
]
TILE_CASES = [
    ("a tile of level 0", "tile/0/001", flip(77)),
    ("a partial tile of level 0", "tile/0/002.p/88", flip(-1)),
    ("a tile of level 1", "tile/1/000.p/2", flip(40)),
    ("a tile truncated", "tile/0/000", lambda data: data[:-32]),
    ("a tile missing", "tile/0/001", None),
    ("a tile that the tree has not", "tile/0/003", lambda data: bytes(32)),
    ("the clock's cosignature", "checkpoint", in_signature(CLOCK, -9)),
    ("the peer's cosignature", "checkpoint", in_signature(PEER, -9)),
    ("the time of a cosignature", "checkpoint", in_signature(PEER, 11)),
    ("an older checkpoint's root", "checkpoints/256", in_line("256", lambda line: b"255")),
    ("an older checkpoint of another history", "checkpoints/300", "forged-checkpoint"),
    ("a proof's hash", "proofs/300.tlog-proof",
     lambda data: data.replace(data.split(b"\n")[2], data.split(b"\n")[3], 1)),
]
LARGE_CASES = [
    ("the tile of level 2", "tile/2/000.p/1", flip(5)),
    ("a full tile of level 1", "tile/1/000", flip(4000)),
    ("an entry behind the first 65,536", "tile/entries/257.p/208", flip(500)),
]


class Test:
    def __init__(self, command, folder):
        self.command = command
        self.folder = folder
        self.failures = 0

    def run(self):
        return subprocess.run(self.command(self.folder), capture_output=True, text=True, check=False)

    def accepts(self):
        done = self.run()
        print(f"accepts: {done.stdout.strip()}{done.stderr.strip()}")
        self.failures += done.returncode != 0

    def refuses(self, what, name, change):
        path = self.folder / name
        before = path.read_bytes() if path.exists() else None
        if change is None:
            path.unlink()
        else:
            after = (self.folder / change).read_bytes() if isinstance(change, str) else change(before)
            if after == before:
                raise AssertionError(f"{what}: nothing was changed")
            path.write_bytes(after)
        done = self.run()
        # Exit code 1 is a refusal in words; anything else is a verifier that broke.
        held = done.returncode == 1 and done.stderr.startswith("refused: ")
        print(f"{'refuses' if held else 'FAILED: '}: {what}: {done.stderr.strip()}{done.stdout.strip()}")
        self.failures += not held
        if before is None:
            path.unlink()
        else:
            path.write_bytes(before)


def main(kind, export_log, work):
    work = pathlib.Path(work)
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    command = {"go": build_go, "node": build_node}[kind](work)
    failures = 0
    plans = [(SMALL, ENTRY_CASES + (TILE_CASES if kind == "go" else []))]
    if kind == "go":
        plans.append((LARGE, LARGE_CASES))
    for size, cases in plans:
        folder = work / str(size)
        subprocess.run([export_log, folder, str(size)], check=True)
        test = Test(command, folder)
        test.accepts()
        for what, name, change in cases:
            test.refuses(what, name, change)
        test.accepts()  # every change was undone
        failures += test.failures
        shutil.rmtree(folder)
    print(f"{failures} failures")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
