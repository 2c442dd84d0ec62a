#!/usr/bin/env python3
"""Prints the line coverage that a run of the tests left behind, by module or by file.

    python3 tools/coverage.py BUILD_FOLDER modules|files

Reads the .gcda files through gcov. A line of a header counts as reached if any program reached it;
tests, fuzz targets and benchmarks themselves do not count.
"""

import json
import os
import re
import subprocess
import sys

_TEST = re.compile(r"_(test|fuzz|bench)\.cc$|/testing/")


def lines_reached(build):
    """{source path: {line: reached}} over every object that ran."""
    source = os.path.abspath(".") + "/src/"
    data = [
        os.path.abspath(os.path.join(folder, name))
        for folder, _, names in os.walk(build)
        for name in names
        if name.endswith(".gcda")
    ]
    reached = {}
    for start in range(0, len(data), 50):
        command = ["gcov", "--json-format", "--stdout", *data[start : start + 50]]
        out = subprocess.run(command, check=True, capture_output=True, text=True).stdout
        for document in filter(None, out.split("\n")):
            for file in json.loads(document)["files"]:
                path = os.path.abspath(file["file"])
                if not path.startswith(source) or re.search(
                    r"_(test|fuzz|bench)\.cc$|/testing/", path
                ):
                    continue
                lines = reached.setdefault(path[len(source) :], {})
                for line in file["lines"]:
                    number = line["line_number"]
                    lines[number] = lines.get(number, False) or line["count"] > 0
    return reached


def main(arguments):
    build, mode = arguments[1:]
    rows = {}
    for path, lines in lines_reached(build).items():
        name = path if mode == "files" else os.path.dirname(path)
        hit, total = rows.get(name, (0, 0))
        rows[name] = (hit + sum(lines.values()), total + len(lines))
    if not rows:
        sys.exit(f"{build} holds no counts; did a test run?")
    order = (
        sorted(rows, key=lambda n: rows[n][0] / max(1, rows[n][1]))
        if mode == "files"
        else sorted(rows)
    )
    for name in order:
        hit, total = rows[name]
        print(f"{name:<44} {hit:6} of {total:6} lines {100 * hit / max(1, total):6.1f} %")
    hit, total = (sum(column) for column in zip(*rows.values()))
    print(f"{'all':<44} {hit:6} of {total:6} lines {100 * hit / max(1, total):6.1f} %")


if __name__ == "__main__":
    main(sys.argv)
