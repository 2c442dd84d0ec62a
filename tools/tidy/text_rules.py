"""The rules that read any text file of the repository, its markdown and its shell scripts."""

import os
import re

from cpp_text import CppText
from house import Finding

COLUMNS_MAX = 120  # clang-format keeps code to 100; tables and prose in comments may use the rest
LINES_PER_FILE_MAX = 600
FILES_PER_FOLDER_MAX = 32

_SOURCE = (".h", ".cc", ".py", ".cmake", ".sh")
_TEXT = _SOURCE + (".md", ".txt", ".json", ".toml", ".yaml", ".yml", ".table", ".service")
_TEXT += (".ts", ".css", ".html")
# Data, kept as it came or as a fuzzer wrote it.
_DATA = re.compile(r"^(?:examples/|tests/fuzz/(?:corpus|canary)/|tests/data/)|/testdata/|^LICENSE$")
# The rules name what they look for.
_OWN = "tools/tidy/"

_MARK = re.compile(r"\b(?:FIXME|XXX|HACK|TODO|TBD|WIP)\b")
_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f\u202a-\u202e\u2066-\u2069]")
_MACHINE_PATH = re.compile(r"(?<![\w.~)}$*?<>-])/(?:work|root|home|Users|tmp)/[\w.]")
_TMP_IS_FINE = re.compile(r"^(?:script|\.ci|tests|tools)/|_test\.cc$|/testing/")
_LINK = re.compile(r"\[[^\]\n]*\]\(([^)\s]+)(?:\s+\"[^\"]*\")?\)")


def is_shell(path, text):
    if path.endswith(".sh"):
        return True
    return re.match(r"#!.*\b(?:ba)?sh\b", text) is not None or (
        path.startswith(("script/", ".ci/"))
        and "." not in os.path.basename(path)
        and not text.startswith("#!")
    )


def check(repo):
    for path in repo.files:
        if _DATA.search(path):
            continue
        name = os.path.basename(path)
        script = path.startswith(("script/", ".ci/")) and "." not in name
        if not (path.endswith(_TEXT) or script or "." not in name.lstrip(".")):
            continue
        text = repo.text(path)
        shell = is_shell(path, text)
        yield from _characters(repo, path, text)
        yield from _marks(path, text)
        if path.endswith(_SOURCE) or shell or name == "CMakeLists.txt":
            yield from _shape(path, text)
        if path.endswith(".md"):
            yield from _markdown(repo, path, text)
        if shell:
            yield from _shell(repo, path, text)
    yield from _folders(repo)
    yield from _architecture(repo)


def _characters(repo, path, text):
    try:
        repo.bytes(path).decode("utf-8")
    except UnicodeDecodeError as error:
        yield Finding(path, 1, "text", f"not UTF-8 at byte {error.start}")
    if text and not text.endswith("\n"):
        yield Finding(path, text.count("\n") + 1, "text", "no newline at the end")
    if text.endswith("\n\n"):
        yield Finding(path, text.count("\n"), "text", "empty lines at the end")
    tabs = path.endswith(_SOURCE)
    for number, line in enumerate(text.split("\n"), 1):
        control = _CONTROL.search(line)
        if control:
            yield Finding(path, number, "text", f"control character U+{ord(control.group()):04X}")
        if line.endswith((" ", "\t")):
            yield Finding(path, number, "text", "white space at the end of the line")
        if tabs and "\t" in line:
            yield Finding(path, number, "text", "a tab; indent by spaces")


def _marks(path, text):
    if path.startswith(_OWN):
        return
    for number, line in enumerate(text.split("\n"), 1):
        mark = _MARK.search(line)
        if mark:
            yield Finding(path, number, "mark", f"{mark.group()}: finish it or write an issue")
        place = _MACHINE_PATH.search(line)
        if place and not (place.group().startswith("/tmp/") and _TMP_IS_FINE.search(path)):
            yield Finding(
                path,
                number,
                "machine-path",
                f"{line[place.start():].split()[0]}: a path of one machine",
            )


def _shape(path, text):
    lines = text.split("\n")
    if len(lines) - 1 > LINES_PER_FILE_MAX:
        yield Finding(
            path,
            LINES_PER_FILE_MAX + 1,
            "long-file",
            f"{len(lines) - 1} lines, at most {LINES_PER_FILE_MAX}",
        )
    long_lines = [n for n, line in enumerate(lines, 1) if len(line) > COLUMNS_MAX]
    if not long_lines:
        return
    # What cannot be broken: an address, an include, test data in a raw string.
    raw = CppText(text).raw_lines if path.endswith((".h", ".cc")) else set()
    for number in long_lines:
        line = lines[number - 1]
        if number not in raw and "://" not in line and not line.startswith("#include"):
            yield Finding(path, number, "long-line", f"{len(line)} columns, at most {COLUMNS_MAX}")


def _markdown(repo, path, text):
    titles = 0
    fenced = False
    for number, line in enumerate(text.split("\n"), 1):
        if line.lstrip().startswith(("```", "~~~")):
            fenced = not fenced
        if fenced:
            continue
        titles += line.startswith("# ")
        for match in _LINK.finditer(re.sub(r"`[^`]*`", "", line)):
            target = match.group(1).split("#")[0]
            if not target or re.match(r"[a-z][a-z0-9+.-]*:", target):
                continue
            resolved = os.path.normpath(os.path.join(os.path.dirname(path), target))
            if target.startswith("/") or resolved.startswith("..") or not repo.exists(resolved):
                yield Finding(path, number, "link", f"{target} is not in the repository")
    if titles != 1:
        yield Finding(path, 1, "title", f"{titles} titles (`# ...`) where there is one")


def _shell(repo, path, text):
    lines = text.split("\n")
    if not lines[0].startswith("#!"):
        yield Finding(path, 1, "shell", "the first line is not a #! line")
    if "set -euo pipefail" not in lines:
        yield Finding(path, 1, "shell", "no line `set -euo pipefail`")
    if not path.endswith(".sh") and not repo.is_executable(path):
        yield Finding(path, 1, "shell", "not executable")


def _folders(repo):
    """Counts what a reader must know; tests, fuzz targets and benchmarks only stand beside it."""
    counts = {}
    for path in repo.files:
        folder, _, name = path.rpartition("/")
        if path.endswith((".h", ".cc", ".py")) and not re.search(
            r"_(?:test|fuzz|bench)\.\w+$", name
        ):
            counts[folder] = counts.get(folder, 0) + 1
    for folder, count in counts.items():
        if count > FILES_PER_FOLDER_MAX:
            found = f"{count} source files beside its tests, at most {FILES_PER_FOLDER_MAX}"
            yield Finding(folder, 1, "big-folder", found)


def _architecture(repo):
    """Every room of the house has its paragraph."""
    page = "ARCHITECTURE.md"
    if page not in repo.files:
        yield Finding(page, 1, "architecture", "the page is missing")
        return
    text = repo.text(page)
    for name in repo.table.modules:
        if any(p.startswith(f"src/{name}/") for p in repo.files) and not re.search(
            rf"`(?:src/)?{name}/?`", text
        ):
            yield Finding(page, 1, "architecture", f"no paragraph names `{name}/`")
