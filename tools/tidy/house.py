"""The repository as the rules see it: its files, and the module table it is built from."""

import os
import re
import subprocess
from dataclasses import dataclass

TABLE = "cmake/modules.table"

# Which library a third-party header belongs to, by the names of the table; "x/" is a folder.
LIBRARY_OF = {
    "tl/": "expected",
    "fmt/": "fmt",
    "spdlog/": "spdlog",
    "prometheus/": "prometheus",
    "toml++/": "tomlplusplus",
    "simdjson.h": "simdjson",
    "openssl/": "openssl",
    "sodium.h": "sodium",
    "sodium/": "sodium",
    "s2/": "s2",
    "absl/": "s2",
    "GeographicLib/": "geographiclib",
    "sqlite3.h": "sqlite",
    "boost/": "boost",
    "CLI/": "cli11",
    "libpq-fe.h": "postgres",
    "gtest/": "gtest",
    "gmock/": "gtest",
    "benchmark/": "benchmark",
}

_SKIPPED_FOLDERS = {".git", ".cache", "build", "local", "node_modules", "__pycache__"}


@dataclass(frozen=True, order=True)
class Finding:
    path: str
    line: int
    rule: str
    found: str

    def __str__(self):
        return f"{self.path}:{self.line}: {self.rule}: {self.found}"


@dataclass
class Module:
    name: str
    deps: tuple
    pure: bool
    libraries: frozenset
    test_deps: tuple
    line: int


class Table:
    """cmake/modules.table. Rows of src/ come in an order in which each names only rows above it."""

    def __init__(self, text):
        self.modules = {}
        self.common_libraries = frozenset()
        self.findings = []
        for number, line in enumerate(text.split("\n"), 1):
            if line.strip() and not line.startswith("#"):
                self._read_row(number, [cell.strip() for cell in line.split("|")])
        for module in self.modules.values():
            for dep in module.test_deps:
                if dep not in self.modules:
                    self._refuse(module.line, f"{module.name} names {dep}, which has no row")

    def _refuse(self, line, found):
        self.findings.append(Finding(TABLE, line, "table", found))

    def _read_row(self, number, cells):
        if len(cells) not in (4, 5):
            return self._refuse(number, f"a row has 4 or 5 columns, not {len(cells)}")
        name, deps, purity, libraries = cells[:4]
        test_deps = tuple(cells[4].split()) if len(cells) == 5 else ()
        if name == "*":
            self.common_libraries = frozenset(libraries.split())
            return None
        if name in self.modules:
            return self._refuse(number, f"{name} has two rows")
        if purity not in ("", "PURE"):
            return self._refuse(number, f"purity is empty or PURE, not {purity}")
        for dep in deps.split():
            if dep != "*" and dep not in self.modules:
                self._refuse(number, f"{name} may include {dep}, which has no row above it")
        libraries = frozenset(libraries.split())
        for library in libraries - set(LIBRARY_OF.values()) - {"*"}:
            self._refuse(number, f"the headers of {library} are unknown to tools/tidy/house.py")
        self.modules[name] = Module(
            name, tuple(deps.split()), purity == "PURE", libraries, test_deps, number
        )
        return None

    def closure(self, name, with_tests=False):
        """Every module that `name` may include, itself among them; "*" means all."""
        module = self.modules[name]
        todo = [name, *module.deps, *(module.test_deps if with_tests else ())]
        seen = set()
        while todo:
            each = todo.pop()
            if each == "*":
                return set(self.modules)
            if each in self.modules and each not in seen:
                seen.add(each)
                todo.extend(self.modules[each].deps)
        return seen

    def owns(self, name, library):
        libraries = self.modules[name].libraries
        return library in libraries or library in self.common_libraries or "*" in libraries


@dataclass
class Place:
    """Where a C++ file stands: module is None in a folder that the table does not know."""

    module: str | None
    folder: str
    is_header: bool
    is_test: bool  # *_test.cc, *_fuzz.cc, *_bench.cc, anything in testing/, tests/, bench/ or sim/


class Repo:
    """The files of a checkout (tracked, or new and not ignored) and their text."""

    def __init__(self, root):
        self.root = root
        self.files = sorted(p for p in _list_files(root) if os.path.isfile(os.path.join(root, p)))
        self._texts = {}
        self.table = Table(self.text(TABLE) if TABLE in self.files else "")

    def bytes(self, path):
        with open(os.path.join(self.root, path), "rb") as file:
            return file.read()

    def text(self, path):
        if path not in self._texts:
            self._texts[path] = self.bytes(path).decode("utf-8", errors="replace")
        return self._texts[path]

    def is_executable(self, path):
        return os.access(os.path.join(self.root, path), os.X_OK)

    def exists(self, path):
        return os.path.exists(os.path.join(self.root, path))

    def cpp_files(self):
        return [p for p in self.files if p.endswith((".h", ".cc"))]

    def place(self, path):
        folder, _, name = path.rpartition("/")
        parts = folder.split("/")
        in_testing = parts[-1] == "testing"
        if parts[0] == "src":
            module = "/".join(parts[1:-1] if in_testing else parts[1:])
        else:
            module = parts[0]
        is_test = in_testing or parts[0] in ("tests", "bench", "sim")
        is_test = is_test or re.search(r"_(?:test|fuzz|bench)\.cc$", name) is not None
        known = module if module in self.table.modules else None
        return Place(known, folder, name.endswith(".h"), is_test)


def _list_files(root):
    # The folder of a repository's own top only: a copy inside another repository is walked.
    if os.path.exists(os.path.join(root, ".git")):
        command = ["git", "-c", f"safe.directory={root}", "-C", root]
        command += ["ls-files", "-coz", "--exclude-standard"]
        done = subprocess.run(command, capture_output=True, check=False)
        if done.returncode == 0:
            return {p for p in done.stdout.decode().split("\0") if p}
    found = set()
    for folder, folders, names in os.walk(root):
        folders[:] = [f for f in folders if f not in _SKIPPED_FOLDERS]
        found.update(os.path.relpath(os.path.join(folder, n), root) for n in names)
    return found
