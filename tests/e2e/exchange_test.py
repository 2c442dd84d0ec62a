#!/usr/bin/env python3
"""The published calls of examples/exchanges, entered at two nodes, minuted, signed, published and compared.

exchange_test.py WIDEBERTH WIDEBERTHD. Run in the project's root.
"""

import json
import os
import sys
import unittest

from line_test import PairCase

FOLDER = "examples/exchanges"


def read(folder, name):
    path = os.path.join(FOLDER, folder, name + ".json")
    if not os.path.exists(path):
        return None, path
    with open(path, encoding="utf-8") as file:
        return json.load(file), path


class ExchangeTest(PairCase):
    def exchange(self, side, exchange):
        return side.json("duty", "exchange", "show", exchange)["exchange"]

    def enter(self, folder, sides):
        entered = []
        for name, side in sides.items():
            account, path = read(folder, name + ".account")
            if account is None:
                continue
            side.json("duty", "exchange", "enter", "--file", path)
            entered.append(side)
            exchange = account["exchange"]
        for side in sides.values():
            def have_come(side=side):
                if exchange not in side.run("duty", "--json", "exchange", "list").stdout:
                    return False
                held = self.exchange(side, exchange)
                return sum(who in held for who in ("ours", "theirs")) == len(entered)
            side.until("accounts have come", have_come)
        return exchange

    def minute(self, folder, exchange, sides, not_agreed):
        minutes, path = read(folder, "minutes")
        if minutes is None:
            return
        sides["israel"].json("duty", "readout", "propose", path)
        sides["russia"].until("the readout has come", lambda: self.exchange(sides["russia"], exchange)["readouts"])
        for name, side in sides.items():
            refused = [str(n) for n in not_agreed[name]]
            side.json("supervisor", "readout", "sign", exchange,
                      *[word for n in refused for word in ("--not-agreed", n)])
        all_refused = {n for numbers in not_agreed.values() for n in numbers}
        standing = ["not_agreed" if n + 1 in all_refused else "agreed" for n in range(len(minutes["paragraphs"]))]
        for side in sides.values():
            side.until("signed by both", lambda s=side: self.exchange(s, exchange)["readouts"][0]["signed"])
            self.assertEqual(self.exchange(side, exchange)["readouts"][0]["standing"], standing)
            public = side.run("duty", "readout", "show", exchange, "--public").stdout
            for n, paragraph in enumerate(minutes["paragraphs"]):
                shown = standing[n] == "agreed" and paragraph.get("public", False)
                self.assertEqual(paragraph["texts"][1] in public, shown, public)

    def publish(self, folder, exchange, sides):
        published = 0
        for name, side in sides.items():
            statement, path = read(folder, name + ".statement")
            if statement is None:
                continue
            side.json("supervisor", "readout", "publish", path)
            published += 1
        for side in sides.values():
            side.until("statements have come",
                       lambda s=side: len(self.exchange(s, exchange)["statements"]) == published)

    def test_the_published_calls(self):
        folders = sorted(name for name in os.listdir(FOLDER) if os.path.isdir(os.path.join(FOLDER, name)))
        self.assertEqual(len(folders), 4)
        sides = {"israel": self.north, "russia": self.south}
        entered = set()
        for folder in folders:
            with self.subTest(folder):
                expected, _ = read(folder, "expected")
                exchange = self.enter(folder, sides)
                entered.add(exchange)
                self.minute(folder, exchange, sides, expected["not_agreed"])
                self.publish(folder, exchange, sides)
                compared = [side.json("duty", "readout", "compare", exchange[:8]) for side in sides.values()]
                self.assertEqual(compared[0], compared[1], "both nodes compare alike")
                facts = {fact["fact"]: fact for fact in compared[0]["facts"]}
                for name, finding in expected["findings"].items():
                    self.assertEqual(facts[name]["finding"], finding, facts[name])
                for name, by in expected["by"].items():
                    self.assertEqual(facts[name]["by"], by, facts[name])
                shown = self.north.run("duty", "readout", "compare", exchange).stdout
                for word in ("right", "wrong", "true", "false"):
                    self.assertNotIn(word, shown, "it does not say who is right")
        # All of it is there after both were killed.
        for side in self.pair:
            side.kill_and_start()
        self.wait_up()
        for side in self.pair:
            held = {each["id"] for each in side.json("duty", "exchange", "list")["exchanges"]}
            self.assertLessEqual(entered, held)

    def test_drafts_and_refusals(self):
        north = self.north
        entered = north.run("duty", "exchange", "enter", "--held", "2027-01-15T12:39:00Z", "--subject", "hazard",
                            "--area", "the northern box", "--lead-min", "1min").stdout
        exchange = entered.split()[1].rstrip(":")
        output = os.path.join(self.scratch.name, "minutes.json")
        north.run("duty", "readout", "draft", exchange, "--language", "en", "--language", "ru", "--paragraph",
                  "The line was tested.", "--paragraph", "Линия проверена.", "--output", output)
        north.run("duty", "readout", "propose", output)
        self.assertIn("area: the northern box", north.run("duty", "readout", "show", exchange).stdout)
        for arguments, field in ((("exchange", "enter", "--held", "noon"), "--held"),
                                 (("exchange", "enter", "--at", "91,7"), "--at"),
                                 (("exchange", "show", "00000000-0000-4000-8000-000000000000"), "id"),
                                 (("readout", "propose", "README.md"), "README.md"),
                                 (("readout", "sign", exchange), "role"),
                                 (("readout", "draft", exchange, "--language", "english"), "/languages/0"),
                                 (("readout", "draft", exchange, "--language", "en", "--language", "ru", "--paragraph",
                                   "x"), "--paragraph")):
            code = 2 if field.startswith("--") else 1
            done = north.run("duty", *arguments, code=code)
            self.assertIn(field, done.stderr, arguments)
        done = north.run("supervisor", "readout", "sign", exchange, "--not-agreed", "99", code=2)
        self.assertIn("--not-agreed", done.stderr)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1] + sys.argv[3:], verbosity=2)
