"""The rules that read C++: who may include what, and which names nobody may use."""

import re

from cpp_text import CppText, functions
from house import LIBRARY_OF, Finding

LINES_PER_FUNCTION_MAX = 70

# Headers through which one library is seen by everybody.
_THIRD_PARTY_IN_HEADER = {"src/base/result.h": "expected"}
# Headers whose namespace is not their folder's.
_NAMESPACE_OF = {"src/base/limits.h": "wideberth::limits"}
# The two doors through which time and chance come in.
_CLOCK_FILES = {"src/base/time.cc"}
_RANDOM_FILES = {"src/base/random.cc"}

_STD_HEADER = re.compile(
    r"^[a-z_]+$"
    r"|^(?:assert|ctype|emmintrin|errno|limits|math|signal|std(?:arg|def|int|io|lib)|string|time|wchar)\.h$"
)
_SYSTEM_HEADER = re.compile(
    r"^(?:sys|netinet|arpa|linux|asm|net)/"
    r"|^(?:cpuid|dirent|dlfcn|execinfo|fcntl|getopt|ifaddrs|immintrin|malloc|netdb|poll|pthread"
    r"|pwd|sched|spawn|syslog|termios|unistd|x86intrin)\.h$"
)
_HEAVY_IN_HEADER = {"iostream", "ranges"}
_PURE_HEADERS = {
    "barrier",
    "chrono",
    "condition_variable",
    "cstdio",
    "ctime",
    "filesystem",
    "fstream",
    "future",
    "iostream",
    "latch",
    "mutex",
    "random",
    "semaphore",
    "shared_mutex",
    "signal.h",
    "stdio.h",
    "stop_token",
    "syncstream",
    "thread",
    "time.h",
}
_PURE_OWN_HEADERS = {"base/log.h", "base/metrics.h"}

_INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*(?:"([^"]+)"|<([^>]+)>)', re.M)
_NAMESPACE = re.compile(r"\bnamespace\s+(wideberth(?:::\w+)*)\s*\{")

_CLOCK = re.compile(
    r"\b(?:system_clock|high_resolution_clock|utc_clock|gettimeofday|clock_gettime|timespec_get"
    r"|localtime(?:_r)?)\b"
    r"|\btime\s*\(\s*(?:nullptr|NULL|0|&)"
)
_CHANCE = re.compile(
    r"\b(?:s?rand(?:_r)?|srandom|[dlm]rand48)\s*\("
    r"|\b(?:random_device|mt19937(?:_64)?|default_random_engine|getrandom|getentropy"
    r"|arc4random\w*)\b"
)
_LOCALE = re.compile(
    r"\b(?:strto(?:d|f|ld|l|ll|ul|ull)|ato(?:f|i|l|ll)|sto(?:d|f|ld|i|l|ll|ul|ull)"
    r"|setlocale|strftime|strptime|[fs]?scanf|tolower|toupper|strcoll|strcasecmp"
    r"|is(?:alnum|alpha|blank|cntrl|digit|graph|lower|print|punct|space|upper|xdigit))\s*\("
)
_PURE_NAMES = re.compile(
    r"\b(?:std::(?:j?thread|this_thread|async|(?:recursive_|shared_|timed_)?mutex"
    r"|condition_variable\w*|[io]?fstream|filesystem|cin|cout|cerr|clog)"
    r"|steady_clock|clock_nanosleep|nanosleep|usleep|getenv|secure_getenv|setenv|fopen|fdopen|popen"
    r"|system|fprintf|printf|fputs|puts|pthread_\w+"
    r"|SystemClock|SystemRandom|SeededRandom|RandomSource|MonotonicMicros)\b"
)
_EVERYWHERE = (
    ("using-namespace", re.compile(r"\busing\s+namespace\b"), "name what is used"),
    ("assert", re.compile(r"\bassert\s*\("), "use CHECK of base/check.h, which stays on"),
    ("locale", _LOCALE, "use std::from_chars, std::to_chars or a comparison of bytes"),
)
_FLOAT_FORMAT = re.compile(r"%[-+ #0]*[\d*]*(?:\.[\d*]*)?L?[aefgAEFG]")
_SUITE = re.compile(r"^\s*(?:TYPED_)?TEST(?:_[FP])?\s*\(")
_COROUTINE = re.compile(r"\bco_(?:await|return|yield)\b")


def check(repo):
    included = set()
    for path in repo.cpp_files():
        cpp = CppText(repo.text(path))
        place = repo.place(path)
        includes = [
            (cpp.code.count("\n", 0, m.start()) + 1, m.group(1), m.group(2))
            for m in _INCLUDE.finditer(cpp.code)
        ]
        included.update(own for _, own, _ in includes if own)
        yield from _folder(repo, path, place)
        yield from _own_includes(repo, path, place, includes)
        yield from _system_includes(repo, path, place, includes)
        yield from _namespace(path, place, cpp)
        yield from _names(path, place, cpp)
        yield from _purity(repo, path, place, cpp, includes)
        yield from _long_functions(path, cpp)
        yield from _lost_tests(path, cpp)
        if place.is_header:
            yield from _guard(path, repo.text(path))
    yield from _unused_headers(repo, included)
    yield from _corpora(repo)


def _folder(repo, path, place):
    if place.module is None:
        yield Finding(
            path, 1, "table", f"no row of cmake/modules.table is about the folder {place.folder}"
        )


def _own_includes(repo, path, place, includes):
    if place.module is None:
        return
    allowed = repo.table.closure(place.module, with_tests=place.is_test)
    for line, own, _ in includes:
        if not own:
            continue
        target = next((p for p in ("src/" + own, own) if p in repo.files), None)
        if target is None or "/" not in own:
            yield Finding(
                path, line, "include", f'"{own}" is not a file under src/; write paths from there'
            )
            continue
        theirs = repo.place(target)
        if theirs.module not in allowed:
            yield Finding(
                path,
                line,
                "closure",
                f'{place.module} may not include "{own}": see cmake/modules.table',
            )
        if theirs.is_test and not place.is_test:
            yield Finding(path, line, "closure", f'"{own}" is for tests only')


def _library_of(header):
    for start, library in LIBRARY_OF.items():
        if header == start or (start.endswith("/") and header.startswith(start)):
            return library
    return None


def _system_includes(repo, path, place, includes):
    for line, _, header in includes:
        if not header:
            continue
        library = _library_of(header)
        if library is None:
            if not _STD_HEADER.match(header) and not _SYSTEM_HEADER.match(header):
                yield Finding(
                    path,
                    line,
                    "third-party",
                    f"<{header}>: name its library in tools/tidy/house.py",
                )
            elif header == "regex" or (place.is_header and header in _HEAVY_IN_HEADER):
                yield Finding(
                    path, line, "header", f"<{header}> is not used here: slow to compile or to run"
                )
        elif library in ("gtest", "benchmark"):
            if not place.is_test:
                yield Finding(
                    path,
                    line,
                    "third-party",
                    f"<{header}> belongs in tests, fuzz targets and benchmarks",
                )
        elif _THIRD_PARTY_IN_HEADER.get(path) == library or place.module is None:
            continue
        elif place.is_header:
            yield Finding(
                path, line, "third-party", f"<{header}> in a header: only .cc files may include it"
            )
        elif not repo.table.owns(place.module, library):
            yield Finding(
                path, line, "third-party", f"{place.module} does not own {library} (<{header}>)"
            )


def _namespace(path, place, cpp):
    if not path.startswith("src/") or place.module is None:
        return
    expected = _NAMESPACE_OF.get(path, "wideberth::" + place.module.replace("/", "::"))
    opened = [
        (cpp.code.count("\n", 0, m.start()) + 1, m.group(1)) for m in _NAMESPACE.finditer(cpp.code)
    ]
    for line, name in opened:
        if name != expected and not name.startswith(expected + "::"):
            yield Finding(path, line, "namespace", f"{name} in the folder of {expected}")
    if not opened and not place.is_test:
        yield Finding(path, 1, "namespace", f"nothing is in {expected}")


def _each_match(cpp, pattern):
    for number, line in enumerate(cpp.code_lines, 1):
        for match in pattern.finditer(line):
            yield number, match.group().rstrip("( ")


def _names(path, place, cpp):
    for rule, pattern, advice in _EVERYWHERE:
        for line, name in _each_match(cpp, pattern):
            yield Finding(path, line, rule, f"{name}: {advice}")
    if path not in _RANDOM_FILES:
        for line, name in _each_match(cpp, _CHANCE):
            yield Finding(
                path,
                line,
                "chance",
                f"{name}: take a base::RandomSource (tests: base::SeededRandom)",
            )
    if path not in _CLOCK_FILES and not place.is_test and path.startswith("src/"):
        for line, name in _each_match(cpp, _CLOCK):
            yield Finding(path, line, "clock", f"{name}: take a base::Clock or a base::UtcMicros")
    if place.module != "net":
        for line, name in _each_match(cpp, _COROUTINE):
            yield Finding(path, line, "coroutine", f"{name}: coroutines stay inside net")
    for line, literal in cpp.strings:
        near = " ".join(cpp.code_lines[max(0, line - 3) : line])
        if _FLOAT_FORMAT.search(literal) and re.search(r"printf\s*\(", near):
            yield Finding(
                path, line, "locale", f"{literal}: printf writes the locale's decimal point"
            )


def _purity(repo, path, place, cpp, includes):
    if place.is_test or place.module is None or not repo.table.modules[place.module].pure:
        return
    for line, own, header in includes:
        if own in _PURE_OWN_HEADERS:
            yield Finding(path, line, "pure", f'"{own}": {place.module} is PURE')
        if header and (header in _PURE_HEADERS or _SYSTEM_HEADER.match(header)):
            yield Finding(path, line, "pure", f"<{header}>: {place.module} is PURE")
    for line, name in _each_match(cpp, _PURE_NAMES):
        yield Finding(path, line, "pure", f"{name}: {place.module} is PURE")


def _lost_tests(path, cpp):
    """Test support is linked from a static library, which drops what nobody calls."""
    if "/testing/" in path and path.endswith(".cc"):
        for line, name in _each_match(cpp, _SUITE):
            yield Finding(path, line, "lost-test", f"{name}: put a shared suite into a header")


def _long_functions(path, cpp):
    for first, last in functions(cpp.code):
        if last - first + 1 > LINES_PER_FUNCTION_MAX:
            yield Finding(
                path,
                first,
                "long-function",
                f"{last - first + 1} lines, at most {LINES_PER_FUNCTION_MAX}",
            )


def _guard(path, text):
    rooted = path[len("src/") :] if path.startswith("src/") else path
    guard = "WIDEBERTH_" + re.sub(r"[^A-Za-z0-9]", "_", rooted).upper() + "_"
    directives = re.findall(r"^[ \t]*#[ \t]*(.*?)[ \t]*$", text, re.M)
    if (
        directives[:2] != [f"ifndef {guard}", f"define {guard}"]
        or directives[-1] != f"endif  // {guard}"
    ):
        yield Finding(
            path,
            1,
            "guard",
            f"the include guard is not {guard} from #ifndef to `#endif  // {guard}`",
        )


def _unused_headers(repo, included):
    for path in repo.cpp_files():
        if path.startswith("src/") and path.endswith(".h") and path[len("src/") :] not in included:
            yield Finding(path, 1, "unused", "no file includes this header")


def _corpora(repo):
    """CI replays what is kept: a fuzz target without a corpus is not replayed."""
    for path in repo.cpp_files():
        if path.startswith("src/") and path.endswith("_fuzz.cc"):
            corpus = "tests/fuzz/corpus/" + path[len("src/") : -len(".cc")].replace("/", "_") + "/"
            if not any(p.startswith(corpus) for p in repo.files):
                yield Finding(path, 1, "corpus", f"{corpus} is missing or empty")
