#!/usr/bin/env python3
"""An agreement is proposed, signed and taken back on the line of two nodes, by the people who may.

agreements_test.py WIDEBERTH WIDEBERTHD
"""

import os
import re
import sys
import time
import unittest

from line_test import PairCase


class AgreementsTest(PairCase):
    def chief(self, side):
        """Who may sign, signed on."""
        password = os.path.join(side.folder, "passwords", "duty")
        if not os.path.exists(os.path.join(side.folder, "tokens", "chief.token")):
            side.run("administrator", "operator", "add", "chief", "--role", "deputy_chief", "--password-file", password)
        side.run("chief", "login", "chief", "--password-file", password)

    def test_an_agreement_is_signed_on_the_line(self):
        north, south = self.north, self.south
        for side in (north, south):
            self.chief(side)
        with open(os.path.join(os.path.dirname(north.folder), "agreement.toml"), encoding="utf-8") as file:
            base = file.read()

        def text(number, seconds):
            start = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + seconds))
            path = os.path.join(self.scratch.name, f"agreement-{number}.toml")
            content = re.sub(r"(?m)^number = .*$", f"number = {number}", base)
            with open(path, "w", encoding="utf-8") as file:
                file.write(re.sub(r"(?m)^effective_from = .*$", f"effective_from = {start}", content))
            return path

        of = lambda side, digest: side.json("duty", "agreement", "show", digest[:12])
        state = lambda side, digest: [a["state"] for a in side.json("duty", "agreement", "list")["agreements"]
                                      if a["digest"] == digest]
        conflict = self.conflict_of_both()
        for side in (north, south):
            side.run("duty", "conflict", "seen", conflict)
        seen = lambda side: ["seen_at" in each for each in side.json("duty", "conflict", "show", conflict)["sides"]]
        for side in (north, south):
            side.until("both have seen it", lambda side=side: all(seen(side)))
        path = text(98, 10)
        north.run("duty", "agreement", "propose", path, code=1)  # a duty officer does not sign
        shown = north.run("chief", "agreement", "propose", path).stdout
        self.assertIn("us alone", shown)
        self.assertIn("number", shown)  # what it changes
        digest = [a["digest"] for a in north.json("duty", "agreement", "list")["agreements"] if a["number"] == 98][0]
        south.until("it has come", lambda: state(south, digest) == ["proposed"])
        south.until("somebody is asked", lambda: south.matters("agreement"))
        self.assertIn("sign it", south.run("duty", "agreement", "list").stdout)
        south.run("chief", "agreement", "sign", digest[:12])
        for side in (north, south):
            side.until("it is in force", lambda side=side: state(side, digest) == ["in_force"])
            # What they have said of a conflict was said under another.
            side.until("both have to look again", lambda side=side: not any(seen(side)))
            side.until("equal bases", lambda side=side: side.bases(conflict).get("equal"))
            self.assertEqual(side.bases(conflict)["ours"]["agreement"], digest)
        self.assertEqual(of(north, digest)["file"], of(south, digest)["file"])
        written = os.path.join(self.scratch.name, "signed.json")
        north.run("duty", "agreement", "show", digest[:12], "--output", written)
        cards = [os.path.join(side.folder, "keys", "party-card.json") for side in (north, south)]
        north.run("duty", "agreement", "verify", written, "--card", cards[0], "--card", cards[1])
        # It is in the store: a start changes nothing.
        south.kill_and_start()
        self.assertEqual(state(south, digest), ["in_force"])
        # One that is taken back.
        north.run("chief", "agreement", "propose", text(99, 3600))
        later = [a["digest"] for a in north.json("duty", "agreement", "list")["agreements"] if a["number"] == 99][0]
        north.run("chief", "agreement", "denounce", later[:12])
        for side in (north, south):
            side.until("it is over", lambda side=side: state(side, later) == ["denounced"])
        self.chief(south)
        south.run("chief", "agreement", "sign", later[:12], code=1)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1] + sys.argv[3:], verbosity=2)
