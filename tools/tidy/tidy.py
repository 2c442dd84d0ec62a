#!/usr/bin/env python3
"""Checks the rules of the house over the repository's own files.

    python3 tools/tidy/tidy.py [ROOT]

Prints one line a finding, `file:line: rule: what was found`, and exits 1 if there is any.

    table          cmake/modules.table is well formed; every C++ folder has a row
    include        own includes are written from src/ and exist
    closure        a module includes only itself and the closure of its row
    third-party    library headers only in .cc files of modules that own the library
    pure           a PURE module names no clock, thread, file, environment or chance
    clock, chance  time and randomness enter through base/time.cc and base/random.cc
    namespace      folder = namespace
    guard          include guards follow the path
    locale         nothing that reads or writes data depends on the locale
    long-line, long-function, long-file, big-folder
                   120 columns, 70 lines, 600 lines, 32 source files beside tests
    using-namespace, assert, coroutine, header, unused, corpus
    mark           no leftover marks of unfinished work
    machine-path   no path of one machine
    text           UTF-8, no control characters, no trailing white space, final newline
    title, link    a markdown page has one title and its relative links resolve
    shell          scripts start with #! and stop at the first error
    architecture   ARCHITECTURE.md has a paragraph for every module
"""

import os
import sys

import cpp_rules
import text_rules
from house import Repo


def findings(root):
    repo = Repo(root)
    found = set(repo.table.findings)
    found.update(cpp_rules.check(repo))
    found.update(text_rules.check(repo))
    return sorted(found), len(repo.files)


def main(arguments):
    default = os.path.join(os.path.dirname(__file__), "../..")
    root = os.path.abspath(arguments[1] if len(arguments) > 1 else default)
    found, files = findings(root)
    for finding in found:
        print(finding)
    print(f"tidy: {files} files, {len(found)} findings")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv))
