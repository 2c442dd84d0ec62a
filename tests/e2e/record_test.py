#!/usr/bin/env python3
"""The record of a line: exported from both sides, proven, checked offline; and every damage is found.

record_test.py WIDEBERTH WIDEBERTHD
"""

import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest
import urllib.error
import urllib.request

from line_test import WIDEBERTH, WIDEBERTHD, PairCase
from ports import free_ports


class RecordTest(PairCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="wideberth-record-"))
        self.addCleanup(shutil.rmtree, self.folder)

    def offline(self, *arguments, code=0):
        """A command without a node, and without a token."""
        done = subprocess.run([WIDEBERTH, "record", *map(str, arguments)], capture_output=True, text=True, timeout=60,
                              check=False, env={"PATH": "/usr/bin:/bin", "HOME": str(self.folder)})
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        return done.stdout + done.stderr

    def recorded(self, side, notice):
        """R2: the peer's cosignature covers the version."""
        side.until("R2", lambda: any("cosigned_at" in each for each in side.show(notice).get("recipients", [])))

    def export(self, side, log, name):
        folder = self.folder / name
        side.run("duty", "record", "export", str(folder), "--log", log)
        return folder

    def test_export_prove_and_verify(self):
        north, south = self.north, self.south
        notice, _ = self.hazard(north, "38.0")
        south.until("it has come", lambda: south.show(notice))
        self.recorded(north, notice)
        ours = self.export(north, "ours", "ours")
        mirror = self.export(south, "theirs", "mirror")
        self.assertIn("whole, cosigned", self.offline("verify", ours))
        # What one side wrote is what the other holds, and the keys of both agree.
        self.offline("verify", mirror, "--policy", ours / "policy")
        cards = [pathlib.Path(side.folder, "keys", "party-card.json") for side in self.pair]
        self.offline("fsck", ours, "--card", cards[0])
        self.assertIn("entry 0", self.offline("fsck", ours, "--card", cards[1], code=1))

        # One entry, by the node and by the folder.
        proof, entry = self.folder / "0.tlog-proof", self.folder / "0.json"
        north.run("duty", "record", "prove", "0", "--output", str(proof), "--entry", str(entry))
        self.assertIn("entry 0 of", self.offline("verify", proof, "--entry", entry, "--policy", ours / "policy"))
        second = self.folder / "again.tlog-proof"
        self.offline("prove", "0", "--dir", mirror, "--output", second)
        self.offline("verify", second, "--entry", entry, "--policy", ours / "policy")
        entry.write_bytes(entry.read_bytes().replace(b"a", b"b", 1))
        self.offline("verify", proof, "--entry", entry, "--policy", ours / "policy", code=1)
        self.offline("verify", proof, code=2)
        self.offline("prove", "100000", "--dir", mirror, code=1)

        # It grows: the export goes on, and the old checkpoint is what the new one begins with.
        before = self.folder / "before.checkpoint"
        before.write_bytes((ours / "checkpoint").read_bytes())
        more, _ = self.hazard(north, "37.0")
        self.recorded(north, more)
        self.export(north, "ours", "ours")
        self.assertIn("more", self.offline("consistency", before, ours / "checkpoint", "--dir", ours))
        self.offline("consistency", ours / "checkpoint", before, "--dir", ours, code=1)
        self.offline("verify", ours)

        # A bit that is flipped anywhere is found.
        files = [path for path in ours.rglob("*") if path.is_file() and path.name != "policy"]
        self.assertGreaterEqual(len(files), 3, "checkpoint, hashes, entries")
        for path in files:
            good = path.read_bytes()
            for place in {0, len(good) // 2, len(good) - 1}:
                bad = bytearray(good)
                bad[place] ^= 1
                path.write_bytes(bad)
                self.offline("verify", ours, code=1)
            path.write_bytes(good[:-1])
            self.offline("verify", ours, code=1)
            path.unlink()
            # That a body is missing is known to who reads the entries, which takes the writer's card.
            check = ["fsck", ours, "--card", cards[0]] if path.parent.name == "bodies" else ["verify", ours]
            self.offline(*check, code=1)
            path.write_bytes(good)
        self.offline("verify", ours)
        # A folder of one log does not become that of another.
        refused = north.run("duty", "record", "export", str(ours), "--log", "theirs", code=1)
        self.assertIn("must hold the log", refused.stderr)

    def policy(self):
        """Both logs of the line and both parties, from what north knows."""
        status = self.north.json("duty", "record", "status")
        keys = [status[log][key] for log in ("ours", "theirs") for key in ("log_key", "cosigner_key")]
        path = self.folder / "both.policy"
        path.write_text(f"log {keys[0]}\nlog {keys[2]}\nwitness peer {keys[1]}\nwitness own {keys[3]}\n"
                        "group either any peer own\nquorum either\n")
        return path

    def prove(self, log, index):
        """By north; a proof and its entry."""
        proof, entry = self.folder / f"{log}-{index}.tlog-proof", self.folder / f"{log}-{index}.json"
        self.north.run("duty", "record", "prove", str(index), "--log", log, "--output", str(proof), "--entry",
                       str(entry))
        return proof, entry

    def test_when_it_was_written(self):
        north, south = self.north, self.south
        notice, read = self.hazard(north, "34.0")
        south.until("it has come", lambda: south.show(notice))
        south.run("duty", "notice", "read-back", notice, *read)

        def events():
            shown = north.json("duty", "timeline", "--notice", notice)["events"]
            return shown if len(shown) == 2 and all("cosigned_at" in event for event in shown) else None
        release, read_back = north.until("both are cosigned", events)
        self.assertLessEqual(release["not_before"], release["not_after"])
        cards = [word for side in self.pair
                 for word in ("--card", str(pathlib.Path(side.folder, "keys", "party-card.json")))]
        policy = self.policy()
        first, first_entry = self.prove("ours", release["index"])
        second, second_entry = self.prove("theirs", read_back["index"])

        done = subprocess.run([WIDEBERTH, "--json", "record", "verify", second, "--entry", second_entry, "--policy",
                               policy, *cards, "--against", first, "--against-entry", first_entry],
                              capture_output=True, text=True, check=True, timeout=60)
        found = json.loads(done.stdout)
        # South had the release when it read it back: by its own head, and not before north's clock had signed it.
        self.assertEqual((found["order"], found["linked"]), ("after", True))
        self.assertGreaterEqual(found["not_before"], release["said_at"])
        self.assertLess(found["not_before"], found["not_after"])
        self.assertFalse(found["clocks_disagree"])
        said = self.offline("verify", second, "--entry", second_entry, "--policy", policy, "--against", first,
                            "--against-entry", first_entry)
        self.assertRegex(said, r"entries: not after 20\d\d-")  # without cards nothing of what it names is believed
        self.offline("verify", second, "--entry", second_entry, "--policy", policy, *cards[:2], code=1)
        self.offline("verify", second, "--entry", second_entry, "--policy", policy, "--against", first, code=2)

        # An incident holds the cosigned heads, and they have to be those of its entries.
        incident = self.folder / "incident.json"
        north.run("duty", "incident", "export", "--notice", notice, "--output", str(incident))
        export = json.loads(incident.read_text())
        self.assertTrue(all(export["heads"]))
        self.assertTrue(all("cosigned_at" in event for event in export["frozen"]["incident"]))
        export["heads"][0][-1], export["heads"][1][-1] = export["heads"][1][-1], export["heads"][0][-1]
        incident.write_text(json.dumps(export))
        refused = subprocess.run([WIDEBERTH, "incident", "verify", incident], capture_output=True, text=True,
                                 check=False, timeout=60)
        self.assertEqual(refused.returncode, 1)
        self.assertIn("0/heads/", refused.stderr)

    def test_bodies_beside_their_entries_are_exported(self):
        north = self.north
        north.run("duty", "exchange", "enter", "--channel", "voice", "--held", "now", "--initiated-by", "self",
                  "--subject", "hazard")
        entered = north.json("duty", "exchange", "list")["exchanges"][0]
        minutes = self.folder / "minutes.json"
        words = [word for n in range(6) for word in ("--paragraph", f"{n} " + "words " * 1300)]
        north.run("duty", "readout", "draft", entered["id"], "--language", "en", *words, "--output", str(minutes))
        north.run("duty", "readout", "propose", str(minutes))
        ours = self.folder / "with-bodies"

        def exported():
            # A log is exported once the other side has cosigned it, which may not be yet.
            if not north.json("duty", "record", "status")["ours"].get("cosigned"):
                return None
            north.run("duty", "record", "export", str(ours))
            return sorted((ours / "bodies").glob("*")) if (ours / "bodies").is_dir() else None
        bodies = north.until("the body is exported", exported)
        self.assertIn("words words", bodies[0].read_text())
        card = pathlib.Path(north.folder, "keys", "party-card.json")
        self.assertIn("bodies beside them", self.offline("verify", ours))
        self.offline("fsck", ours, "--card", card)
        good = bodies[0].read_bytes()
        bodies[0].write_bytes(good[:-1])
        for command in (["verify", ours], ["fsck", ours, "--card", card]):
            self.assertIn("bodies/", self.offline(*command, code=1))
        bodies[0].unlink()
        self.offline("verify", ours)  # handed over without it, the log is whole
        self.offline("fsck", ours, "--card", card, code=1)

    def authority(self):
        """A time-stamp authority made by openssl: its folder, and its root."""
        folder = self.folder / "tsa"
        folder.mkdir()
        (folder / "serial").write_text("01\n")
        (folder / "tsa.cnf").write_text("""
[req]
distinguished_name = name
[name]
[root]
basicConstraints = critical, CA:TRUE
[tsa]
extendedKeyUsage = critical, timeStamping
[tsa_config]
serial = serial
signer_cert = tsa.pem
certs = root.pem
signer_key = tsa.key
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = sha256
accuracy = secs:1
""")

        def openssl(*arguments):
            subprocess.run(["openssl", *arguments], cwd=folder, check=True, capture_output=True, timeout=60)
        for name, subject in (("root", "/CN=root"), ("tsa", "/CN=local stamps")):
            openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", f"{name}.key",
                    "-out", f"{name}.csr", "-subj", subject, "-config", "tsa.cnf")
        openssl("x509", "-req", "-in", "root.csr", "-signkey", "root.key", "-days", "30", "-extfile", "tsa.cnf",
                "-extensions", "root", "-out", "root.pem")
        openssl("x509", "-req", "-in", "tsa.csr", "-CA", "root.pem", "-CAkey", "root.key", "-CAcreateserial", "-days",
                "30", "-extfile", "tsa.cnf", "-extensions", "tsa", "-out", "tsa.pem")

        def stamp(request, reply):
            openssl("ts", "-reply", "-config", "tsa.cnf", "-section", "tsa_config", "-queryfile", str(request), "-out",
                    str(reply))
        return folder / "root.pem", stamp

    def test_heads_are_stamped_by_an_outside_authority(self):
        north = self.north
        notice, _ = self.hazard(north, "33.0")
        self.recorded(north, notice)
        ours = self.export(north, "ours", "stamped")
        root, stamp = self.authority()
        request, reply = self.folder / "head.tsq", self.folder / "head.tsr"
        self.offline("stamp", ours, "--request", request)
        stamp(request, reply)
        self.assertIn("local stamps", self.offline("stamp", ours, "--reply", reply, "--tsa", root))
        self.assertIn("1 stamps", self.offline("verify", ours, "--tsa", root))
        # It dates a proof under the same head.
        proof, entry = self.folder / "stamped.tlog-proof", self.folder / "stamped.json"
        self.offline("prove", "0", "--dir", ours, "--output", proof, "--entry", entry)
        self.assertIn("stamped", self.offline("verify", proof, "--entry", entry, "--policy", ours / "policy", "--stamp",
                                              reply, "--tsa", root))
        # The log grows, and the old stamp is of what it begins with.
        more, _ = self.hazard(north, "32.0")
        self.recorded(north, more)
        self.export(north, "ours", "stamped")
        self.assertIn("1 stamps", self.offline("verify", ours, "--tsa", root))
        # Another head, another authority, other bytes.
        self.offline("stamp", ours, "--reply", reply, "--tsa", root, code=1)
        kept = next((ours / "stamps").glob("*.tsr"))
        good = kept.read_bytes()
        for place in range(0, len(good), max(1, len(good) // 40)):
            bad = bytearray(good)
            bad[place] ^= 1
            kept.write_bytes(bad)
            done = subprocess.run([WIDEBERTH, "record", "verify", ours, "--tsa", root], capture_output=True, text=True,
                                  check=False, timeout=60)
            self.assertIn(done.returncode, (0, 1), done.stderr)
            if done.returncode == 0:  # a bit outside what is signed and read: the stamp is the same one
                subprocess.run(["openssl", "ts", "-verify", "-in", kept, "-CAfile", root, "-data",
                                kept.with_suffix(".checkpoint")], check=True, capture_output=True, timeout=60)
        kept.write_bytes(good)
        cards = pathlib.Path(north.folder, "keys", "party-card.json")
        self.offline("verify", ours, "--tsa", cards, code=1)
        kept.with_suffix(".checkpoint").write_bytes((ours / "checkpoint").read_bytes().split(b"\n\n")[0] + b"\n")
        self.offline("verify", ours, "--tsa", root, code=1)

    def test_neutral_witnesses(self):
        north = self.north
        notice, _ = self.hazard(north, "31.0")
        self.recorded(north, notice)
        ours = self.export(north, "ours", "witnessed")
        log_key = north.json("duty", "record", "status")["ours"]["log_key"]
        base = free_ports()
        processes, keys = {}, {}

        def start(name, port):
            config = self.folder / f"{name}.toml"
            config.write_text(f'name = "{name}.example"\nkeys = "{self.folder / name}"\n[listen]\nport = {port}\n'
                              f'[[log]]\nvkey = "{log_key}"\n')
            processes[name] = subprocess.Popen([WIDEBERTHD, "--witness", str(config)], stderr=subprocess.DEVNULL,
                                               stdout=subprocess.DEVNULL)
            self.addCleanup(processes[name].kill)
            deadline = time.monotonic() + 30
            while True:
                try:
                    urllib.request.urlopen(f"http://127.0.0.1:{port}/healthy", timeout=5).close()
                    return
                except OSError:
                    self.assertLess(time.monotonic(), deadline)
                    time.sleep(0.05)

        def ask(port, old, note, proof=""):
            request = urllib.request.Request(f"http://127.0.0.1:{port}/add-checkpoint", method="POST",
                                             data=f"old {old}\n{proof}\n{note}".encode())
            try:
                with urllib.request.urlopen(request, timeout=30) as answer:
                    return answer.status, answer.read().decode()
            except urllib.error.HTTPError as error:
                return error.code, error.read().decode()

        for n, name in enumerate(("w1", "w2")):
            done = subprocess.run([WIDEBERTH, "witness", "init", self.folder / name, "--name", f"{name}.example",
                                   "--no-passphrase"], capture_output=True, text=True, check=True, timeout=60)
            keys[name] = done.stdout.strip()
            start(name, base + n)
        refused = subprocess.run([WIDEBERTH, "witness", "init", self.folder / "w1", "--name", "w1.example",
                                  "--no-passphrase"], capture_output=True, text=True, check=False, timeout=60)
        self.assertEqual(refused.returncode, 1, refused.stderr)
        text, _, signatures = (ours / "checkpoint").read_text().partition("\n\n")
        note = f"{text}\n\n{signatures.splitlines()[0]}\n"
        size = text.splitlines()[1]
        for port in (base, base + 1):
            status, body = ask(port, 0, note)
            self.assertEqual(status, 200, body)
            self.assertTrue(body.startswith("\u2014 w"))
        # Killed, it goes on from what it had answered.
        processes["w1"].send_signal(signal.SIGKILL)
        processes["w1"].wait(30)
        start("w1", base)
        self.assertEqual(ask(base, 0, note), (409, size + "\n"))
        self.assertEqual(ask(base, size, note)[0], 200)
        # Without its ledger it does not begin anew.
        processes["w2"].terminate()
        self.assertEqual(processes["w2"].wait(30), 0)
        os.rename(self.folder / "w2" / "ledger.json", self.folder / "w2" / "gone")
        failed = subprocess.run([WIDEBERTHD, "--witness", self.folder / "w2.toml"], capture_output=True, timeout=60,
                                check=False)
        self.assertEqual(failed.returncode, 1)
        os.rename(self.folder / "w2" / "gone", self.folder / "w2" / "ledger.json")
        start("w2", base + 1)
        policy = self.folder / "witnesses.policy"
        policy.write_text(f"log {log_key}\nwitness w1 {keys['w1']}\nwitness w2 {keys['w2']}\nquorum none\n")
        urls = [f"http://127.0.0.1:{base}", f"http://127.0.0.1:{base + 1}"]
        self.assertIn("one history", self.offline("compare", *urls, "--policy", policy))
        self.node_asks_them([(keys[name], url) for name, url in zip(("w1", "w2"), urls)])

    def node_asks_them(self, witnesses):
        north = self.north
        config = pathlib.Path(north.folder, "wideberthd.toml")
        before = config.read_text()
        try:
            config.write_text(before + "".join(f'\n[[peer.witness]]\nvkey = "{key}"\nurl = "{url}"\n'
                                               for key, url in witnesses))
            north.kill_and_start()
            self.wait_up()
            more, _ = self.hazard(north, "30.0")
            self.recorded(north, more)

            def witnessed():
                ours = north.json("duty", "record", "status")["ours"]
                return all(each["size"] == ours["cosigned"]["size"] == ours["size"] for each in ours["witnesses"])
            north.until("both have cosigned all of it", witnessed)
            ours = self.export(north, "ours", "by-three")
            text = (ours / "policy").read_text()
            self.assertEqual(text.count("witness "), 3, text)
            self.offline("verify", ours)
            proof, entry = self.prove("ours", 0)
            self.offline("verify", proof, "--entry", entry, "--policy", ours / "policy")
            # The peer's word alone is not enough under that policy.
            note = (ours / "checkpoint").read_text()
            (ours / "checkpoint").write_text("".join(line for line in note.splitlines(keepends=True)
                                                     if "w2.example" not in line))
            self.assertIn("quorum", self.offline("verify", ours, code=1))
            # The peer answers for what it has cosigned on the line, by the standard.
            (ours / "checkpoint").write_text(note)
            text, _, signatures = note.partition("\n\n")
            request = urllib.request.Request(f"{self.south.url}/add-checkpoint", method="POST", data=(
                f"old {text.splitlines()[1]}\n\n{text}\n\n{signatures.splitlines()[0]}\n").encode())
            with urllib.request.urlopen(request, timeout=30) as answer:
                self.assertIn("/cosignature ", answer.read().decode())
        finally:
            config.write_text(before)
            north.kill_and_start()
            self.wait_up()

    def test_it_outlives_a_kill(self):
        north, south = self.north, self.south
        notice, _ = self.hazard(north, "36.0")
        self.recorded(north, notice)
        ours = self.export(north, "ours", "killed")
        for side in self.pair:
            side.kill_and_start()
        self.wait_up()
        later, _ = self.hazard(north, "35.0")
        self.recorded(north, later)
        self.export(north, "ours", "killed")
        self.offline("verify", ours)
        mirror = self.export(south, "theirs", "mirror-killed")
        self.offline("verify", mirror, "--policy", ours / "policy")


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1] + sys.argv[3:], verbosity=2)
