#!/usr/bin/env python3
"""What the record of two nodes shows: timelines, whether somebody was told, exports, reports, the journal.

timeline_test.py WIDEBERTH WIDEBERTHD. Run in the project's root. What is checked offline is checked without a node.
"""

import json
import os
import subprocess
import sys
import unittest

from line_test import WIDEBERTH, PairCase, at


def offline(*arguments, code=0):
    done = subprocess.run([WIDEBERTH, *arguments], capture_output=True, text=True, check=False, timeout=120,
                          env={**os.environ, "WIDEBERTH_NODE": "http://127.0.0.1:9"})
    assert done.returncode == code, f"{arguments}\n{done.stdout}\n{done.stderr}"
    return done


class TimelineTest(PairCase):
    def path(self, name):
        return os.path.join(self.scratch.name, name)

    def test_the_record(self):
        north, south = self.north, self.south
        notice, read = self.hazard(north, "46.9")
        south.until("it has come", lambda: south.show(notice))
        south.run("duty", "notice", "read-back", notice, *read)
        north.until("it is read back", lambda: any(r.get("read_back_at") for r in north.show(notice)["recipients"]))
        call = south.json("duty", "stop", "call", "--at", "46.9,7.2", "--call-sign", "ANVIL 21")["id"]
        north.until("it has come", lambda: north.calls("stop_call"))
        north.run("duty", "stop", "answer", "not_ours", call)
        south.until("it is answered", lambda: not south.calls("stop_call"))

        # Both sides show the same, with both clocks beside each other.
        shown = north.json("duty", "timeline", "--notice", notice)
        self.assertEqual([event["words"].split()[0] for event in shown["events"]], ["release", "read_back"])
        for event in shown["events"]:
            self.assertLessEqual(event["not_before"], event["not_after"])
            self.assertIn("received_at", event)
        theirs = south.json("duty", "timeline", "--notice", notice)
        self.assertEqual([e["message"] for e in shown["events"]], [e["message"] for e in theirs["events"]])
        self.assertEqual([e["said_at"] for e in shown["events"]], [e["said_at"] for e in theirs["events"]])
        words = [e["words"] for e in north.json("duty", "timeline", "--matter", call)["events"]]
        self.assertEqual(words, ["stop_call ANVIL 21", "answer_stop_call not_ours"])
        near = north.json("duty", "timeline", "--circle", "46.9,7.2,1km")["events"]
        self.assertEqual(len(near), 4)
        self.assertFalse(north.json("duty", "timeline", "--circle", "-46.9,7.2,1km")["events"])
        self.assertGreater(len(north.json("duty", "timeline", "--machines")["events"]), len(near))

        asked = ["--circle", "46.9,7.2,1km", "--lower", "SFC", "--upper", "500mAMSL", "--start", at(130), "--end",
                 at(140)]
        told = north.json("duty", "was-notified", *asked)["told"]
        self.assertEqual([each["release"]["notice"] for each in told], [notice])
        self.assertIn("read_back_at", told[0])
        self.assertGreater(told[0]["lead_time_s"], 3600)
        nothing = south.run("duty", "was-notified", *asked).stdout
        self.assertRegex(nothing, r"^nothing up to entry \d+ of the log of south, root [0-9a-f]{64}$")
        self.assertEqual(len(south.json("duty", "was-notified", *asked, "--told-by", "them")["told"]), 1)
        for arguments, option in ((["--circle", "91,7,1km"], "--circle"), ([], "--circle"),
                                  ([*asked, "--lower", "3"], "--lower"), ([*asked, "--end", at(120)], "--end")):
            self.assertIn(option, north.run("duty", "was-notified", *arguments, code=2).stderr)

        report, pdf = self.path("report.html"), self.path("report.pdf")
        printed = ["--pdf", pdf] if os.path.exists("/usr/bin/chromium") else []
        north.run("duty", "report", "--output", report, *printed)
        with open(report, encoding="utf-8") as file:
            html = file.read()
        for text in ("north to south", "unanswered stop calls", "<svg", "Drills"):
            self.assertIn(text, html)
        if printed:
            with open(pdf, "rb") as file:
                self.assertEqual(file.read(5), b"%PDF-")

        self.incident(notice)
        self.journal()

    def incident(self, notice):
        north = self.north
        alone, _ = self.hazard(north, "33.0")
        told = north.run("duty", "incident", "export", "--notice", alone, "--output", self.path("alone.json")).stdout
        self.assertIn(": 1 event of the incident", told)
        path = self.path("incident.json")
        told = north.run("duty", "incident", "export", "--notice", notice, "--output", path).stdout
        self.assertIn(": 2 events of the incident", told)
        with open(path, encoding="utf-8") as file:
            export = json.load(file)
        self.assertEqual(len(export["frozen"]["incident"]), 2)
        fingerprints = [log["fingerprint"] for log in export["frozen"]["logs"]]
        offline("incident", "verify", path, "--fingerprint", fingerprints[0], "--other-fingerprint", fingerprints[1])
        events = json.loads(offline("--json", "timeline", "--file", path, "--notice", notice).stdout)["events"]
        self.assertEqual(events, export["frozen"]["incident"])
        bad = "00000 " * 7 + "00001"
        self.assertIn("--fingerprint", offline("incident", "verify", path, "--fingerprint", bad, code=2).stderr)

        def refused(change, words):
            with open(path, encoding="utf-8") as file:
                forged = json.load(file)
            change(forged)
            other = self.path("forged.json")
            with open(other, "w", encoding="utf-8") as file:
                json.dump(forged, file)
            self.assertIn(words, offline("incident", "verify", other, code=1).stderr)

        def flip(forged):
            entry = forged["logs"][1][3]
            payload = entry["envelope"]
            middle = len(payload) // 2
            entry["envelope"] = payload[:middle] + ("A" if payload[middle] != "A" else "B") + payload[middle + 1:]

        refused(flip, "1/entries/3")
        refused(lambda forged: forged["logs"][0].pop(1), "0/entries/1")
        refused(lambda forged: forged["logs"][0].reverse(), "0/entries/0")
        refused(lambda forged: forged["logs"][0].pop(), "/frozen/logs")
        refused(lambda forged: forged["parties"].reverse(), "0/heads/0")
        refused(lambda forged: forged["parties"][0].update(cards=[]), "card")
        refused(lambda forged: forged["frozen"].update(joint_view_sha256="0" * 64), "/frozen/joint_view_sha256")
        refused(lambda forged: forged.update(more=1), "/more")

    def journal(self):
        north = self.north
        self.assertIn("administrator", north.run("duty", "journal", "list", code=1).stderr)
        head = north.run("administrator", "journal", "head").stdout.strip()
        size = int(head.split(":")[0])
        self.assertGreater(size, 3)
        north.run("duty", "notice", "draft", "--circle", "40.1,7.2,1km", "--lower", "SFC", "--upper", "100mAMSL",
                  "--start", at(60), "--end", at(90))
        entries = north.json("administrator", "journal", "list")["entries"]
        self.assertGreater(len(entries), size)
        for number in (1, size // 2, size):
            path = self.path("entry.json")
            if os.path.exists(path):
                os.remove(path)
            north.run("administrator", "journal", "disclose", str(number), "--head", head, "--output", path)
            with open(path, encoding="utf-8") as file:
                disclosed = json.load(file)
            self.assertEqual(disclosed["entry"], entries[number - 1])
            for other in entries[:number - 1] + entries[number:]:
                self.assertNotIn(json.loads(other)["salt"], json.dumps(disclosed))
            self.assertIn("deposited head", offline("journal", "verify", path, "--head", head).stdout)
            self.assertIn("nothing here pins", offline("journal", "verify", path).stdout)
            forged = json.dumps({**disclosed, "number": number + 1})
            with open(path, "w", encoding="utf-8") as file:
                file.write(forged)
            offline("journal", "verify", path, "--head", head, code=1)
        north.run("administrator", "journal", "disclose", str(size + 1), "--head", head, code=1)
        north.run("administrator", "journal", "disclose", "1", "--head", head[:-1] + ("0" if head[-1] != "0" else "1"),
                  code=2)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1] + sys.argv[3:], verbosity=2)
