#!/usr/bin/env python3
"""The command line against a real node.

    tests/e2e/cli_test.py WIDEBERTH WIDEBERTHD [TEST...]

Run in the project's root. Starts the node on a free port in a folder of its own, kills it and starts it again, and runs
every command, those of the README and of docs/manual.md among them.
"""

import json
import os
import pty
import re
import signal
import stat
import subprocess
import sys
import tempfile
import threading
import time
import unittest
import urllib.request
import uuid

from ports import free_ports

WIDEBERTH = os.path.abspath(sys.argv[1])
WIDEBERTHD = os.path.abspath(sys.argv[2])
ZONES = "examples/zones/swiss-drone-zones.ed269.json"
DAY = "examples/day/two-parties.json"
ESCAPE = "\x1b"


class Node:
    """A node made by `wideberth node init`, and the environment that its users need."""

    def __init__(self, folder):
        self.folder = folder
        self.config = os.path.join(folder, "wideberthd.toml")
        self.port = free_ports()
        self.process = None
        self.env = {k: v for k, v in os.environ.items() if not k.startswith("WIDEBERTH_")}
        self.env.update(
            WIDEBERTH_NODE=f"http://127.0.0.1:{self.port}",
            WIDEBERTH_TOKEN_FILE=os.path.join(folder, "tokens", "north.token"),
            PATH=os.path.dirname(WIDEBERTH) + ":" + os.environ["PATH"],
        )

    def make(self):
        made = subprocess.run(
            [WIDEBERTH, "node", "init", "--development", "--dir", self.folder],
            capture_output=True, text=True, check=False,
        )
        assert made.returncode == 0, made.stderr
        with open(self.config, encoding="utf-8") as file:
            text = file.read()
        with open(self.config, "w", encoding="utf-8") as file:
            file.write(text.replace("port = 8471", f"port = {self.port}"))

    def start(self):
        with open(os.path.join(self.folder, "log"), "ab") as log:
            self.process = subprocess.Popen(
                [WIDEBERTH, "node", "run", "--config", self.config], stdout=log, stderr=log
            )
        for _ in range(600):
            try:
                with urllib.request.urlopen(self.env["WIDEBERTH_NODE"] + "/healthy") as answer:
                    if answer.read() == b"ok\n":
                        return
            except OSError:
                pass
            if self.process.poll() is not None:
                break
            time.sleep(0.1)
        with open(os.path.join(self.folder, "log"), encoding="utf-8") as log:
            raise AssertionError("the node did not start:\n" + log.read())

    def kill(self, how=signal.SIGKILL):
        self.process.send_signal(how)
        return self.process.wait()

    def check(self):
        """The store as it was left: whole, and the projection and the log tell the same."""
        fsck = os.path.join(os.path.dirname(WIDEBERTH), "wideberth-fsck")
        checked = subprocess.run(
            [fsck, os.path.join(self.folder, "store")], capture_output=True, text=True, check=False
        )
        assert checked.returncode == 0, checked.stdout + checked.stderr


class CliTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.scratch = tempfile.TemporaryDirectory(prefix="wideberth-cli-")
        cls.node = Node(os.path.join(cls.scratch.name, "node"))
        cls.node.make()
        cls.node.start()

    @classmethod
    def tearDownClass(cls):
        code = cls.node.kill(signal.SIGTERM)
        cls.node.check()
        cls.scratch.cleanup()
        assert code == 0, f"wideberthd ended with {code}"

    def run_cli(self, *arguments, code=0, stdin=None, env=None):
        done = subprocess.run(
            [WIDEBERTH, *arguments], capture_output=True, text=True, input=stdin,
            env={**self.node.env, **(env or {})}, check=False, timeout=120,
        )
        self.assertEqual(
            done.returncode, code, f"wideberth {' '.join(arguments)}\n{done.stdout}\n{done.stderr}"
        )
        self.assertNotIn(ESCAPE, done.stdout + done.stderr, "colours where there is no terminal")
        return done

    def run_json(self, *arguments, code=0, stdin=None):
        return json.loads(self.run_cli("--json", *arguments, code=code, stdin=stdin).stdout)

    # A place of its own for each test, so that they do not meet.
    def declare(self, lat, *arguments, party="north", mode="TEST", code=0, start="+30min", end="+1h"):
        return self.run_json(
            "--as", party, "declare", "--mode", mode, "--class", "transport",
            "--circle", f"{lat},7.5,3km", "--lower", "1000mAMSL", "--upper", "2000mAMSL",
            "--start", start, "--end", end, *arguments, code=code,
        )

    # ---- without a node

    def test_init_makes_secrets_and_overwrites_nothing(self):
        folder = os.path.join(self.scratch.name, "second")
        self.run_cli("node", "init", "--dir", folder, code=2)  # not without --development
        self.run_cli("node", "init", "--development", "--dir", folder)
        for name in ("token-key.pem", "tokens/north.token", "tokens/south.token", "tokens/admin.token"):
            mode = os.stat(os.path.join(folder, name)).st_mode
            self.assertEqual(stat.S_IMODE(mode), 0o600, name)
        files = {}
        for root, _, names in os.walk(folder):
            for name in names:
                with open(os.path.join(root, name), "rb") as file:
                    files[name] = file.read()
        again = self.run_cli("node", "init", "--development", "--dir", folder, code=1)
        self.assertIn("wideberthd.toml", again.stderr)
        for root, _, names in os.walk(folder):
            for name in names:
                with open(os.path.join(root, name), "rb") as file:
                    self.assertEqual(file.read(), files[name], name)
        # An interrupted run, which has no configuration yet, is done again and keeps its key.
        os.remove(os.path.join(folder, "wideberthd.toml"))
        self.run_cli("node", "init", "--development", "--dir", folder)
        with open(os.path.join(folder, "token-key.pem"), "rb") as file:
            self.assertEqual(file.read(), files["token-key.pem"])
        self.run_cli("token", "renew", "--dir", folder)

    def test_config_check(self):
        values = self.run_json("config", "check", self.node.config)["values"]
        self.assertEqual(values["listen.port"], str(self.node.port))
        self.assertEqual(values["auth.issuer"], "wideberth-development-not-for-production")
        self.assertIn("north", self.run_cli("config", "check", "examples/rules/two-parties.toml").stdout)
        bad = os.path.join(self.scratch.name, "bad.toml")
        with open(self.node.config, encoding="utf-8") as file:
            text = file.read()
        for wrong, field in (
            (text.replace("threads = 2", "threads = 200"), "listen.threads"),
            (text.replace("level =", "levle ="), "log.levle"),
            (text.replace("rules.toml", "no-rules.toml"), "no-rules.toml"),
        ):
            with open(bad, "w", encoding="utf-8") as file:
                file.write(wrong)
            self.assertIn(field, self.run_cli("config", "check", bad, code=1).stderr)

    def test_exit_codes(self):
        nobody = {"WIDEBERTH_NODE": f"http://127.0.0.1:{free_ports()}"}
        self.assertIn("--node", self.run_cli("conflicts", env=nobody, code=3).stderr)
        self.run_cli("conflicts", env={"WIDEBERTH_NODE": "gopher://x"}, code=2)
        self.run_cli("conflicts", env={"WIDEBERTH_TOKEN_FILE": "/nowhere/x.token"}, code=2)
        self.run_cli("fly", code=2)
        self.run_cli("conflicts", "--mode", "WAR", code=2)
        self.run_cli("declare", "--circle", "91,7,3km", "--lower", "SFC", "--upper", "UNL",
                     "--end", "+1h", code=2)
        self.run_cli("declare", code=2)
        refused = self.run_json("check", "no-such-file.json", code=1)
        self.assertEqual(refused["error"]["field"], "no-such-file.json")

    def test_every_command_has_a_manual_page(self):
        def walk(words):
            page = self.run_cli(*words, "--help").stdout
            for heading in ("NAME", "SYNOPSIS", "OPTIONS", "EXIT STATUS"):
                self.assertRegex(page, rf"(?m)^{heading}$")
            self.assertLessEqual(max(map(len, page.splitlines())), 80)
            commands = re.search(r"(?ms)^COMMANDS\n(.*?)^OPTIONS", page)
            found = re.findall(r"(?m)^    (\S+)$", commands.group(1)) if commands else []
            if not found:
                self.assertRegex(page, r"(?m)^EXAMPLES$")
            return 1 + sum(walk([*words, command]) for command in found)

        self.assertGreaterEqual(walk([]), 30)
        self.assertRegex(self.run_cli("--version").stdout, r"^wideberth \d+\.\d+\.\d+\n$")

    def test_completion(self):
        script = self.run_cli("completion", "bash").stdout
        for words, expected in (
            (["wideberth", "zo"], "zone"),
            (["wideberth", "zone", "im"], "import"),
            (["wideberth", "conflicts", "--wat"], "--watch"),
            (["wideberth", "conflicts", "--mode", "EX"], "EXERCISE"),
            (["wideberth", "--json", "hazard", "declare", "--class", "live"], "live_firing"),
        ):
            shell = script + "\nCOMP_WORDS=(%s)\nCOMP_CWORD=%d\n_wideberth\necho ${COMPREPLY[*]}" % (
                " ".join(words), len(words) - 1)
            done = subprocess.run(["bash", "-c", shell], capture_output=True, text=True, check=True)
            self.assertEqual(done.stdout.split(), [expected], done.stderr)
        for shell in ("zsh", "fish"):
            self.assertIn("live_firing" if shell == "fish" else "import",
                          self.run_cli("completion", shell).stdout)

    def test_tokens(self):
        key = os.path.join(self.node.folder, "token-key.pem")
        token = self.run_json("token", "issue", "--key", key, "--party", "north", "--scope",
                              "wideberth.read", "--lifetime", "1h")
        self.assertIn("not-for-production", token["issuer"])
        path = os.path.join(self.scratch.name, "read.token")
        self.run_cli("token", "issue", "--key", key, "--party", "north", "--scope", "wideberth.read",
                     "--output", path)
        self.assertEqual(stat.S_IMODE(os.stat(path).st_mode), 0o600)
        shown = self.run_cli("token", "show", path).stdout
        self.assertIn("wideberth.read", shown)
        # It reads, and does not write.
        self.run_cli("--token-file", path, "notice", "list")
        refused = self.run_cli("--token-file", path, "declare", "--mode", "TEST", "--circle",
                               "10,7,1km", "--lower", "SFC", "--upper", "UNL", "--end", "+1h", code=1)
        self.assertIn("scope", refused.stderr)
        self.run_cli("token", "issue", "--key", key, "--party", "north", "--lifetime", "48h", code=1)
        os.chmod(key, 0o644)
        self.run_cli("token", "issue", "--key", key, "--party", "north", code=1)
        os.chmod(key, 0o600)

    def test_check_offline(self):
        nobody = {"WIDEBERTH_NODE": "http://127.0.0.1:1", "WIDEBERTH_TOKEN_FILE": "/nowhere"}
        table = self.run_cli("check", DAY, ZONES, code=1, env=nobody).stdout
        self.assertIn("VERDICT", table)
        found = self.run_json("check", DAY, ZONES, code=1)
        self.assertGreater(len(found["conflicts"]), 10)
        self.assertEqual(found["refused"], [])
        self.assertEqual(found, self.run_json("check", DAY, ZONES, code=1), "two runs differ")
        verdicts = {c["verdict"] for c in found["conflicts"]}
        self.assertEqual(verdicts, {"certain", "possible"})
        shapes = json.loads(self.run_cli("check", DAY, ZONES, "--format", "geojson", code=1).stdout)
        self.assertEqual(shapes["type"], "FeatureCollection")
        self.assertGreaterEqual(len(shapes["features"]), len(found["conflicts"]))

    def test_check_names_parties_and_reads_tracks(self):
        def plan(name, lat):
            path = os.path.join(self.scratch.name, name)
            with open(path, "w", encoding="utf-8") as file:
                json.dump({
                    "kind": "activity", "data_mode": "REAL", "volumes": [{
                        "outline_circle": {"center": {"lat": lat, "lng": 7.5},
                                           "radius": {"value": 1, "units": "KM"}},
                        "altitude_lower": {"value": 1000, "reference": "W84", "units": "M"},
                        "altitude_upper": {"value": 1100, "reference": "W84", "units": "M"},
                        "time_start": "2026-01-10T10:00:00Z", "time_end": "2026-01-10T11:00:00Z"}]
                }, file)
            return path

        a, b = plan("a.json", 46.9), plan("b.json", 46.91)
        self.assertEqual(len(self.run_json("check", a, b, code=1)["conflicts"]), 1)
        # The same party is in no conflict with itself.
        one = ["--party", f"{a}=north", "--party", f"{b}=north"]
        self.assertEqual(self.run_json("check", a, b, *one)["conflicts"], [])
        self.assertEqual(self.run_json("check", a, plan("far.json", 48))["conflicts"], [])
        with open(a, encoding="utf-8") as file:
            self.run_json("check", "-", b, stdin=file.read(), code=1)
        track = os.path.join(self.scratch.name, "flight.csv")
        with open(track, "w", encoding="utf-8") as file:
            file.write("time,id,lat,lng,alt_w84_m\n")
            for minute in range(30):
                file.write(f"10:{minute:02}:00,x,{46.7 + minute * 0.01:.2f},7.5,1050\n")
        self.run_cli("check", track, a, code=1)  # a day and a zone are not guessed
        assumed = self.run_json("check", track, a, "--date", "2026-01-10", "--assume-zone", "+00:00", code=1)
        self.assertEqual(len(assumed["conflicts"]), 1)
        self.assertTrue(any("assum" in note for note in assumed["notes"]), assumed["notes"])

    # ---- with a node

    def test_a_conflict_from_both_sides(self):
        first = self.declare(10.0)
        self.assertEqual(first["conflicts"], [])
        # Asking stores nothing.
        self.declare(10.01, "--check", party="south", code=1)
        second = self.declare(10.01, party="south")
        self.assertEqual(len(second["conflicts"]), 1)
        conflict = second["conflicts"][0]["id"]
        self.run_cli("--as", "south", "conflict", "seen", conflict[:8])
        both = self.run_json("--as", "north", "conflict", "seen", conflict)
        self.assertEqual(both["state"], "seen")
        for party in ("north", "south"):
            text = self.run_cli("--as", party, "conflict", "show", conflict[:10]).stdout
            self.assertIn("areas overlap", text)
            self.assertIn(conflict, text)
        measures = "north:none,south:change_height"
        self.run_cli("--as", "south", "conflict", "measures", conflict, measures)
        kept = self.run_json("--as", "north", "conflict", "measures", conflict, measures)
        self.assertEqual(kept["state"], "kept")
        listed = self.run_cli("conflicts", "--mode", "TEST").stdout
        self.assertIn(conflict[:12], listed)
        shapes = json.loads(self.run_cli("conflicts", "--mode", "TEST", "--geojson").stdout)
        self.assertTrue(shapes["features"])
        # A version that replaces one resolves it.
        moved = self.declare(12.0, "--id", second["notice"], "--replaces", "latest", party="south")
        self.assertEqual((moved["version_number"], moved["conflicts"]), (2, []))
        live = self.run_json("conflicts", "--mode", "TEST")["conflicts"]
        self.assertNotIn(conflict, [c["id"] for c in live])
        over = self.run_json("conflicts", "--mode", "TEST", "--all")["conflicts"]
        self.assertIn((conflict, "resolved"), [(c["id"], c["state"]) for c in over])

    def test_notices(self):
        notice = self.declare(14.0)["notice"]
        self.assertIn(notice, self.run_cli("--as", "south", "notice", "list", "--party", "north").stdout)
        self.assertIn("circle of 3000 m", self.run_cli("notice", "show", notice[:8]).stdout)
        self.run_cli("--as", "south", "notice", "assess", notice, "objection", code=2)  # of which version?
        self.run_cli("--as", "south", "notice", "assess", notice, "objection", "--version-of", "1")
        self.run_cli("--as", "south", "notice", "told", notice, "--units")
        shown = self.run_cli("--as", "south", "notice", "show", notice).stdout
        self.assertIn("objection", shown)
        self.assertIn("units told", shown)
        self.run_cli("--as", "south", "notice", "withdraw", notice, code=1)
        self.run_cli("notice", "withdraw", notice)
        self.assertNotIn(notice, self.run_cli("notice", "list").stdout)
        self.assertIn("withdrawn", self.run_cli("notice", "list", "--all").stdout)
        shapes = json.loads(self.run_cli("notice", "list", "--all", "--geojson").stdout)
        self.assertIn(notice, json.dumps(shapes))

    def test_a_file_of_declarations(self):
        with open(DAY, encoding="utf-8") as file:
            declaration = json.load(file)["notices"][2]["declaration"]
        declaration["data_mode"] = "TEST"
        soon = time.time() + 3600
        for volume in declaration["volumes"]:
            for key, at in (("time_start", soon), ("time_end", soon + 1800)):
                volume[key] = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(at))
        stored = self.run_json("declare", "-", stdin=json.dumps([declaration, declaration]))
        self.assertEqual(len(stored), 2)
        del declaration["volumes"][0]["time_end"]
        refused = self.run_cli("declare", "-", stdin=json.dumps(declaration), code=1).stderr
        self.assertIn("/volumes/0/time_end", refused)

    def test_a_hazard_holds_until_it_is_cleared(self):
        hazard = self.run_json(
            "hazard", "declare", "--mode", "TEST", "--class", "laser", "--circle", "16,7.5,2km",
            "--lower", "SFC", "--upper", "UNL", "--start", "now", "--end", "+1h")
        notice = hazard["notice"]
        self.assertTrue(hazard["late"])
        self.run_cli("notice", "withdraw", notice, code=1)
        self.run_cli("hazard", "all-clear", notice, code=1)
        self.run_cli("hazard", "active", notice)
        self.run_cli("hazard", "ended", notice)
        dwell = self.run_cli("hazard", "all-clear", notice, code=1).stderr
        self.assertIn("dwell", dwell)
        self.assertIn("ended", self.run_cli("notice", "show", notice).stdout)

    def test_zones_in_and_out(self):
        first = self.run_json("--as", "south", "zone", "import", "--mode", "TEST", ZONES, code=0)
        self.assertGreater(first["stored"] + first["unchanged"], 3)
        again = self.run_json("--as", "south", "zone", "import", "--mode", "TEST", ZONES)
        self.assertEqual((again["stored"], again["replaced"]), (0, 0))
        path = os.path.join(self.scratch.name, "zones")
        for form in ("ed318", "ed269", "openair", "geojson"):
            self.run_cli("zone", "export", "--mode", "TEST", "--format", form, path)
            if form != "geojson":
                self.assertEqual(self.run_json("check", path)["files"][0]["format"], form)
        # Its publisher gets back what the file said beyond a notice; nobody else does.
        with open(ZONES, encoding="utf-8") as file:
            reasons = {zone["identifier"]: zone.get("otherReasonInfo")
                       for zone in json.load(file)["features"]}
        for party, known in (("south", True), ("north", False)):
            self.run_cli("--as", party, "zone", "export", "--mode", "TEST", "--format", "ed269", path)
            with open(path, encoding="utf-8") as file:
                zones = json.load(file)["features"]
            told = [zone["otherReasonInfo"] for zone in zones if "otherReasonInfo" in zone]
            self.assertEqual(bool(told), known)
            for zone in zones:
                if known:
                    self.assertEqual(zone.get("otherReasonInfo"), reasons[zone["identifier"]])
        broken = os.path.join(self.scratch.name, "broken.json")
        with open(ZONES, encoding="utf-8") as file:
            text = file.read()
        with open(broken, "w", encoding="utf-8") as file:
            file.write(text[: len(text) // 2])
        self.run_cli("zone", "import", "--mode", "TEST", broken, code=1)

    def test_watch_sees_a_change(self):
        watch = subprocess.Popen(
            [WIDEBERTH, "--json", "conflicts", "--watch", "--mode", "TEST", "--changes", "1"],
            stdout=subprocess.PIPE, text=True, env=self.node.env)
        time.sleep(1)
        self.declare(20.0)
        self.declare(20.01, party="south")
        out, _ = watch.communicate(timeout=30)
        self.assertEqual(watch.returncode, 0)
        self.assertEqual(json.loads(out)["data_mode"], "TEST")
        # Ctrl-C ends it in order.
        watch = subprocess.Popen([WIDEBERTH, "conflicts", "--watch"], env=self.node.env,
                                 stdout=subprocess.DEVNULL)
        time.sleep(1)
        watch.send_signal(signal.SIGINT)
        self.assertEqual(watch.wait(timeout=10), 0)

    def on_terminal(self, env):
        parent, child = pty.openpty()
        process = subprocess.Popen([WIDEBERTH, "check", DAY, ZONES], stdout=child, stderr=child,
                                   env={**self.node.env, "TERM": "xterm", **env})
        os.close(child)
        out = b""
        while True:
            try:
                part = os.read(parent, 65536)
            except OSError:
                break
            if not part:
                break
            out += part
        os.close(parent)
        self.assertEqual(process.wait(), 1)
        return out.decode()

    def test_colours_on_a_terminal_only_and_not_against_no_color(self):
        self.assertIn(ESCAPE + "[31;1m", self.on_terminal({}))
        self.assertNotIn(ESCAPE + "[31;1m", self.on_terminal({"NO_COLOR": "1"}))

    def test_what_was_answered_yes_survives_kill_9(self):
        accepted = []
        surprises = []
        stop = threading.Event()

        def declare(worker):
            number = 0
            while not stop.is_set():
                number += 1
                notice = str(uuid.uuid4())
                done = subprocess.run(
                    [WIDEBERTH, "--json", "declare", "--mode", "TEST", "--id", notice, "--circle",
                     f"{-40 + worker * 5},{number % 300 / 2},1km", "--lower", "SFC", "--upper",
                     "300mAGL", "--end", "+2h"],
                    env=self.node.env, capture_output=True, text=True, check=False)
                if done.returncode == 0:
                    accepted.append((notice, json.loads(done.stdout)["version"]))
                elif done.returncode != 3:
                    surprises.append(done.stdout)

        for _ in range(3):
            stop.clear()
            before = len(accepted)
            workers = [threading.Thread(target=declare, args=(i,)) for i in range(4)]
            for worker in workers:
                worker.start()
            for _ in range(100):
                time.sleep(0.1)
                if len(accepted) - before > 20:
                    break
            self.node.kill(signal.SIGKILL)
            stop.set()
            for worker in workers:
                worker.join()
            self.assertGreater(len(accepted), before)
            self.node.check()
            self.node.start()
        self.assertEqual(surprises, [])
        notices = self.run_json("notice", "list", "--mode", "TEST")["notices"]
        held = {notice["id"]: notice["latest"]["digest"] for notice in notices}
        missing = [notice for notice, version in accepted if held.get(notice) != version]
        self.assertEqual(missing, [], f"{len(missing)} of {len(accepted)} answered yes and are gone")

    def test_the_demo_plays_again_and_again(self):
        tokens = os.path.join(self.node.folder, "tokens")
        runs = []
        for _ in range(2):
            runs.append(self.run_json("demo", "--speed", "max", "--tokens", tokens))
        for run in runs:
            self.assertEqual(run["refused"], 0)
            self.assertGreater(run["certain"], 0)
            self.assertGreater(run["possible"], 0)
            self.assertTrue(all(c["state"] in ("passed", "resolved", "kept") for c in run["conflicts"]
                                if c["treatment"] == "separation"), run["conflicts"])
        self.assertNotEqual(runs[0]["day"], runs[1]["day"])
        for key in ("zones", "notices", "late", "certain", "possible", "listed"):
            self.assertEqual(runs[0][key], runs[1][key], key)
        # An interrupted run leaves nothing that disturbs the next one.
        demo = subprocess.Popen([WIDEBERTH, "demo", "--tokens", tokens], env=self.node.env,
                                stdout=subprocess.DEVNULL)
        time.sleep(5)
        demo.send_signal(signal.SIGINT)
        self.assertEqual(demo.wait(timeout=30), 0)
        story = self.run_cli("demo", "--speed", "max", "--tokens", tokens).stdout
        self.assertIn(f"{runs[0]['certain']} conflicts certain, {runs[0]['possible']} possible", story)

    def test_the_demo_beside_a_line_says_what_to_type(self):
        with tempfile.TemporaryDirectory() as folder:
            told = self.run_cli("demo", "--speed", "max", "--tokens", folder, code=2).stderr
        self.assertEqual(len(told.splitlines()), 1, told)
        self.assertIn("script/server --node", told)
        self.assertIn("wideberth demo --line", told)

    # ---- what the pages say

    def run_script(self, script):
        """Exit codes above 1 are failures: 1 is a conflict found, or a refusal the page tells of."""
        script = script.replace("build/release/bin", os.path.dirname(WIDEBERTH))
        script = script.replace("local/node", self.node.folder)
        done = subprocess.run(
            ["bash", "-c", "set -u; trap 's=$?; [ $s -le 1 ] || exit $s' ERR\n" + script],
            capture_output=True, text=True, env=self.node.env, check=False, timeout=120)
        self.assertIn(done.returncode, (0, 1), f"{script}\n{done.stdout}\n{done.stderr}")
        return done

    def test_the_five_minutes_of_the_readme(self):
        with open("README.md", encoding="utf-8") as file:
            blocks = re.findall(r"(?ms)^```sh\n(.*?)^```$", file.read())
        blocks = [block for block in blocks if "wideberth --as" in block]
        self.assertEqual(len(blocks), 1)
        done = self.run_script(blocks[0])
        self.assertEqual(done.stderr, "")
        for words in ("south hazard live_firing", "resolved", "no conflicts"):
            self.assertIn(words, done.stdout)

    def test_the_manual(self):
        with open("docs/manual.md", encoding="utf-8") as file:
            blocks = re.findall(r"(?ms)^```console\n(.*?)^```$", file.read())
        commands = 0
        for block in blocks:
            # One shell for a block, so that it may set variables; what follows a command is its output.
            lines = block.replace("\\\n", " ").splitlines()
            script = [line[2:] for line in lines if line.startswith("$ ")]
            commands += len(script)
            refusals = block.count("wideberth: ")
            done = self.run_script("\n".join(script))
            self.assertEqual(len(done.stderr.splitlines()), refusals, f"{block}\n{done.stderr}")
        self.assertGreaterEqual(commands, 25)


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0], *sys.argv[3:]], verbosity=2)
