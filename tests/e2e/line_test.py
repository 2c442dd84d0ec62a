#!/usr/bin/env python3
"""Two real nodes with TLS between them, and the command line at both.

    tests/e2e/line_test.py WIDEBERTH WIDEBERTHD [TEST...]

Run in the project's root. Either node is killed again and again between the steps: what was acknowledged is there
afterwards, and wideberth-fsck finds both stores in order.
"""

import datetime
import json
import os
import signal
import stat
import subprocess
import sys
import tempfile
import time
import unittest
import urllib.request
import uuid

from ports import free_ports

WIDEBERTH = os.path.abspath(sys.argv[1])
WIDEBERTHD = os.path.abspath(sys.argv[2])
FSCK = os.path.join(os.path.dirname(WIDEBERTH), "wideberth-fsck")
PATIENCE_S = 40


def at(minutes):
    moment = datetime.datetime.now(datetime.timezone.utc).replace(second=0, microsecond=0)
    return (moment + datetime.timedelta(minutes=minutes)).strftime("%Y-%m-%dT%H:%M:%SZ")


def a_minute_after(moment):
    """For what is told apart from an earlier at(): the clock may turn a minute between two calls of it."""
    later = datetime.datetime.fromisoformat(moment) + datetime.timedelta(minutes=1)
    return later.strftime("%Y-%m-%dT%H:%M:%SZ")


class Side:
    def __init__(self, folder, name, port):
        self.name = name
        self.folder = os.path.join(folder, name)
        self.url = f"http://127.0.0.1:{port}"
        self.process = None

    def start(self, *flags, under=()):
        with open(os.path.join(self.folder, "log"), "ab") as log:
            self.process = subprocess.Popen(
                [*under, WIDEBERTHD, "--config", os.path.join(self.folder, "wideberthd.toml"), *flags], stdout=log,
                stderr=log)
        deadline = time.monotonic() + PATIENCE_S
        while time.monotonic() < deadline and self.process.poll() is None:
            try:
                with urllib.request.urlopen(self.url + "/healthy", timeout=5) as answer:
                    if answer.read() == b"ok\n":
                        return
            except OSError:
                time.sleep(0.05)
        with open(os.path.join(self.folder, "log"), encoding="utf-8") as log:
            raise AssertionError("the node did not start:\n" + log.read())

    def kill(self, how=signal.SIGKILL):
        self.process.send_signal(how)
        return self.process.wait(timeout=PATIENCE_S)

    def run(self, account, *arguments, code=0):
        done = subprocess.run(
            [WIDEBERTH, "--node", self.url, "--token-file", os.path.join(self.folder, "tokens", account + ".token"),
             *arguments], capture_output=True, text=True, check=False, timeout=120)
        assert done.returncode == code, f"{self.name} {account}: {arguments}\n{done.stdout}\n{done.stderr}"
        return done

    def json(self, account, *arguments, code=0):
        return json.loads(self.run(account, "--json", *arguments, code=code).stdout)

    def bases(self, conflict):
        """What both sides have signed of a conflict, as this one has it."""
        with open(os.path.join(self.folder, "tokens", "duty.token"), encoding="utf-8") as file:
            request = urllib.request.Request(f"{self.url}/v1/conflicts/{conflict}/bases",
                                             headers={"Authorization": "Bearer " + file.read().strip()})
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.load(answer)

    def login(self):
        """Sessions end with the node's process."""
        for account in ("duty", "supervisor", "administrator"):
            self.run(account, "login", account, "--password-file", os.path.join(self.folder, "passwords", account))

    def kill_and_start(self):
        self.kill()
        self.start()
        self.login()

    def line(self):
        return self.json("duty", "line", "status")["lines"][0]

    def until(self, what, ask):
        deadline = time.monotonic() + PATIENCE_S
        while True:
            found = ask()
            if found:
                return found
            if time.monotonic() > deadline:
                raise AssertionError(f"{self.name}: {what}")
            time.sleep(0.1)

    def show(self, notice):
        done = subprocess.run(
            [WIDEBERTH, "--node", self.url, "--token-file", os.path.join(self.folder, "tokens", "duty.token"), "--json",
             "notice", "show", notice], capture_output=True, text=True, check=False, timeout=120)
        return json.loads(done.stdout)["notice"] if done.returncode == 0 else None

    def matters(self, kind=None):
        matters = self.json("duty", "inbox")["matters"]
        return [matter for matter in matters if kind in (None, matter["kind"])]

    def calls(self, kind, everything=False):
        calls = self.json("duty", "calls", *(["--all"] if everything else []))["calls"]
        return [call for call in calls if call["kind"] == kind]


class PairCase(unittest.TestCase):
    """Two linked nodes that run, with people signed on."""

    @classmethod
    def setUpClass(cls):
        cls.scratch = tempfile.TemporaryDirectory(prefix="wideberth-line-")
        cls.pair = cls.make_pair("pair", "--short-deadlines")
        cls.north, cls.south = cls.pair
        for side in cls.pair:
            side.start()
            for account, role in (("duty", "duty_officer"), ("supervisor", "supervisor"),
                                  ("administrator", "administrator")):
                side.run("admin", "operator", "add", account, "--role", role, "--password-file",
                         os.path.join(side.folder, "passwords", account))
            side.login()
        cls.wait_up()

    @classmethod
    def make_pair(cls, name, *arguments):
        folder = os.path.join(cls.scratch.name, name)
        port = free_ports()
        subprocess.run([WIDEBERTH, "node", "pair", "--development", "--dir", folder, "--port", str(port), *arguments],
                       check=True, capture_output=True, timeout=120)
        return Side(folder, "north", port), Side(folder, "south", port + 2)

    @classmethod
    def tearDownClass(cls):
        codes = [side.kill(signal.SIGTERM) for side in cls.pair]
        for side in cls.pair:
            checked = subprocess.run([FSCK, os.path.join(side.folder, "store")], capture_output=True, text=True,
                                     check=False)
            assert checked.returncode == 0, checked.stdout + checked.stderr
        cls.scratch.cleanup()
        assert codes == [0, 0], codes

    @classmethod
    def wait_up(cls):
        """Up on both sides; confirmed by people where the line was lost."""
        for side in cls.pair:
            def is_up():
                line = side.line()
                if line["state"] == "recovering" and line["in_step"]:
                    subprocess.run([WIDEBERTH, "--node", side.url, "--token-file",
                                    os.path.join(side.folder, "tokens", "duty.token"), "line", "confirm"],
                                   capture_output=True, check=False, timeout=60)
                return line["state"] == "up" and line["operator_keys"] == 2
            side.until("the line is up", is_up)

    def release(self, side, *what, centre, extent, lower, upper, start, end):
        """Draft by one person, check by a second, release by the first. The values entered for the check."""
        notice = str(uuid.uuid4())
        side.run("duty", "notice", "draft", *what, "--circle", f"{centre},{extent}", "--lower", lower, "--upper", upper,
                 "--start", start, "--end", end, "--id", notice)
        read = ["--centre", centre, "--extent", extent, "--lower", lower, "--upper", upper, "--start", start, "--end",
                end, "--mode", "REAL"]
        side.run("supervisor", "notice", "check", notice, *read)
        side.run("duty", "notice", "release", notice)
        return notice, read

    def hazard(self, side, lat, extent="4km"):
        return self.release(side, "--kind", "hazard", "--class", "live_firing", centre=f"{lat},7.2", extent=extent,
                            lower="SFC", upper="3000mAMSL", start=at(120), end=at(180))

    def conflict_of_both(self):
        """One of a hazard of the north and an activity of the south."""
        hazard, _ = self.hazard(self.north, "44.9")
        self.south.until("it has come", lambda: self.south.show(hazard))
        self.release(self.south, "--class", "transport", centre="44.92,7.22", extent="3km", lower="1000mAMSL",
                     upper="2000mAMSL", start=at(120), end=at(150))
        of_hazard = lambda side: [each["id"] for each in side.json("duty", "conflicts")["conflicts"]
                                  if hazard in [s["notice"] for s in each["sides"]]]
        found = [side.until("the conflict", lambda side=side: of_hazard(side)) for side in self.pair]
        self.assertEqual(found[0], found[1])
        return found[0][0]


class LineTest(PairCase):
    # ---- without a node

    def test_agreements(self):
        def run(*arguments, code=0):
            done = subprocess.run([WIDEBERTH, *arguments], capture_output=True, text=True, check=False, timeout=60)
            self.assertEqual(done.returncode, code, f"{arguments}\n{done.stdout}\n{done.stderr}")
            return done.stdout + done.stderr

        text = os.path.join(os.path.dirname(self.north.folder), "agreement.toml")
        keys = os.path.join(self.north.folder, "keys")
        other_keys = os.path.join(self.south.folder, "keys")
        cards = [os.path.join(folder, "party-card.json") for folder in (keys, other_keys)]
        self.assertIn("9,260 m", run("agreement", "show", text))
        changed = os.path.join(self.scratch.name, "changed.toml")
        with open(text, encoding="utf-8") as file:
            content = file.read()
        with open(changed, "w", encoding="utf-8") as file:
            file.write(content.replace("stop_call = { routine_s = 30,", "stop_call = { routine_s = 45,"))
        lines = json.loads(run("--json", "agreement", "diff", text, changed))["changes"]
        self.assertEqual(len(lines), 1, lines)
        self.assertIn("stop_call", lines[0])
        self.assertIn("the same text", run("agreement", "diff", text, text))
        proposal = os.path.join(self.scratch.name, "proposal.json")
        run("agreement", "propose", changed, "--keys", keys, "--output", proposal)
        run("agreement", "propose", changed, "--keys", keys, "--output", proposal, code=1)  # nothing is replaced
        # One signature is a proposal, and one cannot sign for the other side.
        refused = run("agreement", "verify", proposal, "--card", cards[0], "--card", cards[1], code=1)
        self.assertIn("both parties", refused)
        run("agreement", "sign", proposal, "--keys", keys, "--card", cards[1], code=1)
        run("agreement", "sign", proposal, "--keys", other_keys, "--card", cards[0])
        run("agreement", "verify", proposal, "--card", cards[0], "--card", cards[1])
        # A text that was changed under the signatures.
        with open(proposal, encoding="utf-8") as file:
            signed = file.read()
        with open(proposal, "w", encoding="utf-8") as file:
            file.write(signed.replace("routine_s = 45", "routine_s = 46"))
        run("agreement", "verify", proposal, "--card", cards[0], "--card", cards[1], code=1)

    def test_peer_add_refuses_what_it_should(self):
        folder = os.path.join(self.scratch.name, "stranger")
        made = json.loads(subprocess.run(
            [WIDEBERTH, "--json", "keygen", "--name", "east", "--out", folder, "--no-passphrase"],
            capture_output=True, check=True, timeout=60).stdout)
        config = os.path.join(self.north.folder, "wideberthd.toml")
        with open(config, encoding="utf-8") as file:
            before = file.read()

        def add(card, fingerprint, *arguments, to=config, code=0):
            done = subprocess.run([WIDEBERTH, "peer", "add", card, "--fingerprint", fingerprint, "--config", to,
                                   *arguments], capture_output=True, text=True, check=False, timeout=60)
            self.assertEqual(done.returncode, code, done.stdout + done.stderr)
            return done.stderr

        groups = made["fingerprint"].split()
        groups[7] = f"{(int(groups[7]) + 1) % 65536:05}"
        self.assertIn("fingerprint", add(made["card"], " ".join(groups), code=1))
        add(made["card"], " ".join(groups[:7]), code=2)
        add(made["card"], made["fingerprint"], "--path", "a\"b", code=2)
        own = os.path.join(self.north.folder, "keys", "party-card.json")
        shown = json.loads(subprocess.run([WIDEBERTH, "--json", "peer", "show", own], capture_output=True, check=True,
                                          timeout=60).stdout)
        add(own, shown["fingerprint"], code=1)  # oneself
        south = os.path.join(self.south.folder, "keys", "party-card.json")
        shown = json.loads(subprocess.run([WIDEBERTH, "--json", "peer", "show", south], capture_output=True,
                                          check=True, timeout=60).stdout)
        add(south, shown["fingerprint"], code=1)  # twice
        with open(config, encoding="utf-8") as file:
            self.assertEqual(file.read(), before)
        # And what is in order is added.
        copy = os.path.join(self.north.folder, "copy.toml")
        with open(copy, "w", encoding="utf-8") as file:
            file.write(before)
        add(made["card"], made["fingerprint"], "--path", "main", "--path", "radio=192.0.2.7:8472", to=copy)
        with open(copy, encoding="utf-8") as file:
            self.assertIn('connect = "192.0.2.7:8472"', file.read())
        os.remove(copy)
        os.remove(os.path.join(self.north.folder, "peers", "east.json"))

    # ---- with both nodes

    def test_sign_on(self):
        north = self.north
        token = os.path.join(north.folder, "tokens", "duty.token")
        self.assertEqual(stat.S_IMODE(os.stat(token).st_mode), 0o600)
        # A session does not write over the token of a machine, and a wrong password gives none.
        password = os.path.join(north.folder, "passwords", "duty")
        north.run("admin", "login", "duty", "--password-file", password, code=2)
        wrong = os.path.join(self.scratch.name, "wrong")
        with open(os.open(wrong, os.O_CREAT | os.O_WRONLY, 0o600), "w", encoding="utf-8") as file:
            file.write("not the password\n")
        refused = north.run("nobody", "login", "duty", "--password-file", wrong, code=1)
        self.assertNotIn("not the password", refused.stdout + refused.stderr)
        self.assertFalse(os.path.exists(os.path.join(north.folder, "tokens", "nobody.token")))
        # An account comes, acts by its role alone, and goes.
        third = os.path.join(self.scratch.name, "third")
        with open(os.open(third, os.O_CREAT | os.O_WRONLY, 0o600), "w", encoding="utf-8") as file:
            file.write("a third password\n")
        north.run("duty", "operator", "add", "viewer", "--role", "viewer", "--password-file", third, code=1)
        north.run("administrator", "operator", "add", "viewer", "--role", "viewer", "--password-file", third)
        north.run("viewer", "login", "viewer", "--password-file", third)
        north.run("viewer", "line", "status")
        refused = north.run("viewer", "line", "check", code=1)
        self.assertIn("role", refused.stderr)
        names = {each["name"]: each for each in north.json("administrator", "operator", "list")["operators"]}
        self.assertEqual(names["viewer"]["role"], "viewer")
        north.run("administrator", "operator", "disable", "viewer")
        north.run("viewer", "line", "status", code=1)
        north.run("viewer", "login", "viewer", "--password-file", third, code=1)
        self.assertIn("| ", north.run("duty", "operator", "roles").stdout)
        # Acts are for people: a machine's token signs nothing.
        north.run("admin", "line", "check", code=2)

    def test_a_notice_is_checked_released_received_and_read_back(self):
        north, south = self.north, self.south
        notice = str(uuid.uuid4())
        start, end = at(120), at(180)
        draft = ["--class", "live_firing", "--circle", "44.1,7.2,4km", "--lower", "SFC", "--upper", "3000mAMSL",
                 "--start", start, "--end", end, "--id", notice]
        read = ["--centre", "44.1,7.2", "--extent", "4km", "--lower", "SFC", "--upper", "3000mAMSL", "--start", start,
                "--end", end, "--mode", "REAL"]
        # In line mode declaring is drafting.
        self.assertIn("second person", north.run("duty", "hazard", "declare", *draft).stdout)
        north.run("duty", "notice", "release", notice, code=1)
        wrong = [word.replace("44.1,7.2", "44.181,7.2") for word in read]
        refused = north.run("supervisor", "notice", "check", notice, *wrong, code=1)
        self.assertRegex(refused.stderr, r"/centre: .*off by 900\d m")
        north.run("supervisor", "notice", "check", notice, *read)
        self.assertIn("second person", north.run("supervisor", "notice", "release", notice, code=1).stderr)
        self.assertIsNone(south.show(notice))
        north.run("duty", "notice", "release", notice)
        recipient = north.until("R1", lambda: north.show(notice)["recipients"])[0]
        self.assertIn("received_at", recipient)
        south.until("it has come", lambda: south.show(notice))
        # Kill both after the receipt: it is still there, on both sides.
        for side in (north, south):
            side.kill_and_start()
            self.assertEqual(side.show(notice)["id"], notice)
        self.wait_up()
        for option, value, told in (("--centre", "44.181,7.2", r"/centre: .*off by 900\d m"),
                                    ("--lower", "100mAMSL", "/altitude_lower"),
                                    ("--upper", "3100mAMSL", r"/altitude_upper: .*off by 100 m"),
                                    ("--extent", "5km", r"/extent: .*off by 1000 m"),
                                    ("--start", a_minute_after(start), r"/time_start.*60 s"),
                                    ("--mode", "EXERCISE", "/data_mode")):
            entered = list(read)
            entered[entered.index(option) + 1] = value
            refused = south.run("duty", "notice", "read-back", notice, *entered, code=1)
            self.assertRegex(refused.stderr, told)
        self.assertNotIn("read_back_at", north.show(notice)["recipients"][0])
        south.run("duty", "notice", "read-back", notice, *read[:-2], code=2)  # every value is the reader's own
        south.run("duty", "notice", "read-back", notice, *read)
        north.until("R3", lambda: "read_back_at" in north.show(notice)["recipients"][0])
        south.run("duty", "notice", "assess", notice, "no_objection", "--version-of", "latest")
        south.run("duty", "notice", "told", notice, "--units")
        north.until("the assessment", lambda: "assessment" in north.show(notice)["recipients"][0])
        north.until("the units", lambda: "units_told" in north.show(notice)["recipients"][0])
        # The script is for the telephone: it has every value and the first digits of the version's name.
        script = south.run("duty", "notice", "script", notice).stdout
        digest = south.show(notice)["latest"]["digest"]
        self.assertIn(" ".join(digest[:6].upper()), script)
        for words in (" ".join(notice[:8].upper()), "NORTH 44 degrees 06.000 minutes", "EAST 7 degrees 12.000 minutes",
                      "live_firing", "REAL", start, end, "READ BACK"):
            self.assertIn(words, script)
        self.assertIn("unreviewed", south.run("duty", "notice", "script", notice, "--language", "ru").stdout)

    def test_an_unplanned_hazard_takes_one_act_and_is_refined(self):
        north, south = self.north, self.south
        told = north.json("duty", "hazard", "report", "--at", "44.5,7.2", "--radius", "5nm", "--class", "debris")
        notice = told["decision"]["notice"]
        shown = south.until("it has come", lambda: south.show(notice))
        self.assertTrue(shown["latest"]["declaration"]["unplanned"])
        self.assertEqual(shown["latest"]["declaration"]["volumes"][0]["time_end"], "open")
        north.until("it is to be refined", lambda: north.matters("refine"))

    def test_a_third_party_is_told(self):
        # The agreement lets the south tell the coordination office.
        notice, _ = self.hazard(self.south, "43.2")
        of = lambda side: json.loads(side.run("duty", "--json", "notice", "show", notice).stdout)["third_parties"][0]
        self.north.until("it has come", lambda: self.north.show(notice))
        self.assertNotIn("told_at", of(self.north))
        owed = self.north.until("it is owed", lambda: [m for m in self.north.matters("tell_third_party")
                                                       if m["notice"] == notice])[0]
        self.assertTrue(owed["owed_by_peer"])
        self.assertEqual(owed["deadline_ms"], 3_600_000)
        self.north.run("duty", "notice", "told", notice, "--third-party", "coordination office", code=1)
        self.south.run("duty", "notice", "told", notice, "--third-party", "coordination office", "--receipt",
                       "acknowledged")
        self.north.until("it is told", lambda: "told_at" in of(self.north))
        self.assertEqual(of(self.north), of(self.south))
        self.assertEqual(of(self.north)["receipt"], "acknowledged")
        self.assertIn("acknowledged", self.north.run("duty", "notice", "show", notice).stdout)

    def test_a_drill_crosses_inside_an_exercise(self):
        north, south = self.north, self.south
        stop = ("stop", "call", "--at", "43.6,7.2", "--radius", "5km", "--mode", "EXERCISE")
        self.assertIn("exercise", north.run("duty", *stop, code=1).stderr)
        north.run("duty", "exercise", "open", "--end", "+1h", code=1)  # a supervisor opens
        north.run("supervisor", "exercise", "open", "--end", "+1h")
        south.until("the proposal", lambda: "theirs" in south.line().get("exercise", {}))
        south.run("supervisor", "exercise", "open")
        for side in self.pair:
            side.until("it is open", lambda side=side: side.line()["exercise"]["open"])
        call = north.json("duty", *stop)["id"]
        south.until("the drill", lambda: [c for c in south.calls("stop_call") if c["id"] == call])
        # What is real ends it.
        real = north.json("duty", "stop", "call", "--at", "43.6,7.2", "--radius", "5km")["id"]
        for side in self.pair:
            side.until("it has ended", lambda side=side: side.line()["exercise"].get("ended_as") == "stop_call")
        self.assertIn("open anew", north.run("duty", *stop, code=1).stderr)
        south.until("the call", lambda: [c for c in south.calls("stop_call") if c["id"] == real])
        south.run("duty", "stop", "answer", "stopped", real[:8])
        self.assertIn("none", north.run("duty", "exercise", "show").stdout)

    def test_conflicts_have_one_id_and_two_bases(self):
        found = self.conflict_of_both()
        for side in self.pair:
            side.run("duty", "conflict", "seen", found)
            side.until("equal bases", lambda side=side: side.bases(found).get("equal"))
        self.north.run("duty", "conflict", "measures", found, "south:change_height")
        self.south.until("the measures", lambda: any(
            each["id"] == found and "south:change_height" in json.dumps(each)
            for each in self.south.json("duty", "conflicts", "--all")["conflicts"]))

    def test_a_warning_is_repeated_until_it_is_answered(self):
        north, south = self.north, self.south
        # The agreement lets the south repeat, from five minutes before the entry.
        call = south.json("duty", "incursion", "warn", "--at", "46.2,7.1", "--radius", "5km", "--entry", "+3min",
                          "--call-sign", "STORK 4")["id"]
        of = lambda side: [c for c in side.calls("incursion_warning", everything=True) if c["id"] == call]
        north.until("the warning", lambda: of(north))
        self.assertIn(f"incursion answer turning {call[:8]}", north.run("duty", "inbox").stdout.replace("\n", " "))
        for side in (north, south):
            repeated = side.until("a repetition", lambda side=side: [c for c in of(side) if c["repeats"] >= 1])[0]
            self.assertIn("repeated_at", repeated)
        south.until("its receipt", lambda: [c for c in of(south) if c["receipts"] >= 2])
        south.run("duty", "incursion", "end", call[:8], code=1)  # nobody has said that they turn
        north.run("duty", "incursion", "answer", "turning", call[:8])
        answered = south.until("the answer", lambda: [c for c in of(south) if c["answers"]])[0]
        self.assertNotIn("next_repeat_at", answered)
        south.run("duty", "incursion", "end", call[:8])
        north.until("the end", lambda: [c for c in of(north) if c.get("closed_as") == "answered"])
        self.assertIn("repeated", south.run("duty", "calls", "--all").stdout)

    def test_telemetry_that_stops_raises_the_agreed_hazard(self):
        north, south = self.north, self.south
        area = "northern launch corridor"
        token = os.path.join(north.folder, "tokens", "telemetry.token")
        subprocess.run([WIDEBERTH, "token", "issue", "--key", os.path.join(north.folder, "token-key.pem"), "--party",
                        "north", "--scope", "wideberth.heartbeat", "--output", token],
                       check=True, capture_output=True, timeout=120)
        of = lambda: north.json("duty", "hazard", "areas")["areas"][0]
        self.assertEqual((of()["name"], of()["state"]), (area, "disarmed"))
        north.run("telemetry", "hazard", "beat", area, code=1)  # nobody watches
        north.run("duty", "hazard", "arm", area, "--timeout", "0", code=2)
        south.run("duty", "hazard", "arm", area, "--timeout", "60", code=1)  # not theirs
        north.run("duty", "hazard", "arm", area, "--timeout", "60")
        north.run("duty", "hazard", "beat", area, code=1)  # a person is no telemetry
        north.run("telemetry", "hazard", "beat", area)
        # A crash neither disarms it nor counts as a silence.
        north.kill_and_start()
        self.wait_up()
        self.assertEqual(of()["state"], "armed")
        north.run("duty", "hazard", "arm", area, "--timeout", "2")
        raised = north.until("silence", lambda: of() if of()["state"] == "raised" else None)["notice"]
        there = south.until("the hazard", lambda: south.show(raised))
        self.assertEqual(there["activity"], "active")
        self.assertTrue([m for m in south.matters("read_back") if m["notice"] == raised])
        self.assertTrue([m for m in north.matters("refine") if m["notice"] == raised])
        self.assertIn("raised", north.run("duty", "hazard", "areas").stdout)

    def test_held_plans_stay_here(self):
        north, south = self.north, self.south
        plan = str(uuid.uuid4())
        north.run("duty", "plan", "hold", "--class", "survey", "--circle", "43.5,7.2,2km", "--lower", "500mAMSL",
                  "--upper", "900mAMSL", "--start", at(200), "--end", at(220), "--id", plan)
        self.assertIn(plan, [each["id"] for each in north.json("duty", "plan", "list")["plans"]])
        north.run("duty", "notice", "script", plan, code=1)
        released = north.json("duty", "plan", "declare", plan[:8])["decision"]["notice"]
        self.assertNotEqual(released, plan)
        south.until("the notice has come", lambda: south.show(released))
        self.assertIsNone(south.show(plan))

    def test_calls_are_answered(self):
        north, south = self.north, self.south
        call = south.json("duty", "stop", "call", "--at", "46.85,7.2", "--radius", "10km", "--call-sign", "RESCUE 4",
                          "--frequency", "121.500 MHz")["id"]
        north.until("the stop call", lambda: [c for c in north.calls("stop_call") if c["id"] == call])
        self.assertIn(f"stop answer stopping {call[:8]}", north.run("duty", "inbox").stdout.replace("\n", " "))
        north.run("duty", "stop", "answer", "wait", call[:8], code=2)  # how long?
        north.run("duty", "stop", "answer", "wait", call[:8], "--seconds", "5")
        north.kill_and_start()
        self.wait_up()
        north.run("duty", "stop", "answer", "stopped", call[:8])
        answered = south.until("the answer", lambda: [c for c in south.calls("stop_call", everything=True)
                                                      if c["id"] == call and c.get("closed_as") == "answered"])[0]
        self.assertEqual([each["answer"] for each in answered["answers"]], ["wait 5", "stopped"])
        # One that nobody answers is ended by a supervisor alone.
        unanswered = south.json("duty", "stop", "call", "--at", "45,7")["id"]
        south.run("duty", "stop", "end", unanswered, code=1)
        south.run("supervisor", "stop", "end", unanswered)
        asked = north.json("duty", "keep-clear", "ask", "--at", "45.5,7.5", "--start", "+1h", "--end", "+2h")["id"]
        south.until("the question", lambda: [c for c in south.calls("ask_keep_clear") if c["id"] == asked])
        south.run("duty", "keep-clear", "answer", "yes", asked)
        north.until("the answer", lambda: [c for c in north.calls("ask_keep_clear", everything=True)
                                           if c["id"] == asked and c.get("closed_as") == "answered"])

    def test_the_policy_lane_closes_and_opens(self):
        north, south = self.north, self.south
        text = "We propose to meet on Monday."
        north.run("duty", "policy", "send", text)
        south.until("the text", lambda: [c for c in south.calls("send_policy_text", everything=True)
                                         if c.get("words") == text])
        south.run("supervisor", "line", "suspend")
        north.until("the lane is closed", lambda: north.line()["policy_suspended"]["by_peer"])
        north.run("duty", "policy", "send", "Monday?", code=1)
        north.run("duty", "line", "check", "--word", "ALFA 1 ZULU")  # the safety lane is never closed
        south.until("the check", lambda: south.calls("line_check"))
        for check in south.calls("line_check"):
            if not check["by_us"]:
                south.run("duty", "line", "answer", check["words"], check["id"])
        south.run("supervisor", "line", "resume")
        north.until("the lane is open", lambda: not north.line()["policy_suspended"]["by_peer"])

    def test_a_lost_line_alarms_on_both_sides_and_nothing_is_lost(self):
        north, south = self.north, self.south
        self.wait_up()
        for side in self.pair:
            self.addCleanup(lambda side=side: side.process.send_signal(signal.SIGCONT))
        south.process.send_signal(signal.SIGSTOP)
        stopped = time.monotonic()
        north.until("LINK LOST", lambda: north.line()["state"] == "lost")
        self.assertIn("LINK LOST", north.run("duty", "line", "status").stdout)
        self.assertLess(time.monotonic() - stopped, 20)  # 10 s, and what an overloaded machine adds
        notice, read = self.hazard(north, "43.9")  # released, not sent
        north.kill_and_start()
        self.assertEqual(north.show(notice)["recipients"], [])
        # The other way round, so that south hears no echo before it looks.
        north.process.send_signal(signal.SIGSTOP)
        south.process.send_signal(signal.SIGCONT)
        south.until("LINK LOST", lambda: south.line()["state"] == "lost" and south.matters("line_lost"))
        north.process.send_signal(signal.SIGCONT)
        south.until("it has come", lambda: south.show(notice))
        self.wait_up()
        south.run("duty", "notice", "read-back", notice, *read)
        north.until("R3", lambda: any("read_back_at" in each for each in north.show(notice)["recipients"]))

    def test_what_is_not_read_back_climbs(self):
        north, south = self.north, self.south
        notice, read = self.hazard(north, "43.1")

        def levels():
            return {m["level"] for m in south.matters("read_back") if m.get("notice") == notice}

        south.until("the supervisor has it", lambda: levels() == {"supervisor"})
        south.run("supervisor", "notice", "read-back", notice, *read)
        self.assertEqual(levels(), set())

    def test_killed_in_a_loop_nothing_acknowledged_is_lost(self):
        north, south = self.north, self.south
        released = []
        for i in range(4):
            notice, read = self.hazard(north, f"{42 + i / 10:.1f}", extent="3km")
            released.append((notice, read))
            # Whichever side has just acknowledged dies.
            (south if i % 2 == 0 else north).kill_and_start()
        self.wait_up()
        for notice, read in released:
            south.until("it has come", lambda n=notice: south.show(n))
            south.run("duty", "notice", "read-back", notice, *read)
            north.until("R3", lambda n=notice: any("read_back_at" in r for r in north.show(n)["recipients"]))

    def test_statistics_are_printed(self):
        notice, read = self.hazard(self.north, "41.5")
        self.south.until("it has come", lambda: self.south.show(notice))
        self.south.run("duty", "notice", "read-back", notice, *read)
        counts = self.north.until("it is counted", lambda: [
            each for each in self.north.json("duty", "statistics")["statistics"]
            if each["data_mode"] == "REAL" and each.get("peer", {}).get("name") == "south"
            and each["read_back"]["count"] > 0])[0]
        self.assertGreater(counts["sent"], 0)
        self.assertGreaterEqual(counts["receipt"]["p95_ms"], counts["receipt"]["p50_ms"])
        self.assertIn("release to R3", self.north.run("duty", "statistics").stdout)

    def test_inbox_watch(self):
        watch = subprocess.Popen(
            [WIDEBERTH, "--json", "--node", self.south.url, "--token-file",
             os.path.join(self.south.folder, "tokens", "duty.token"), "inbox", "--watch", "--changes", "1"],
            stdout=subprocess.PIPE, text=True)
        time.sleep(1)
        notice, read = self.hazard(self.north, "41.1")
        line = watch.stdout.readline()
        watch.wait(timeout=PATIENCE_S)
        watch.stdout.close()
        self.assertIn("kind", json.loads(line))
        self.south.run("duty", "notice", "read-back", notice, *read)


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0], *sys.argv[3:]], verbosity=2)
