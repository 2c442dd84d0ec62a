#!/usr/bin/env python3
"""Every rule of tidy.py must catch a bad sample and leave a good one alone."""

import os
import sys
import tempfile
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import cpp_text
import tidy

TABLE = """\
# module | may include | purity | third-party | tests besides
*         |            |      | fmt |
base      |            |      | expected |
geo       | base       | PURE | s2 |
store     | geo        |      | |
store/sqlite | store   |      | sqlite |
service   | store      |      | | store/sqlite
net       | base       |      | boost |
apps      | *          |      | cli11 |
"""
# Spelled in two pieces, or this file would be a finding itself.
MARK = "TO" + "DO"
HOME = "/ho" + "me/"


def header(path, body="int F();\n", module=None):
    guard = "WIDEBERTH_" + path.replace("/", "_").replace(".", "_").upper() + "_"
    module = module or path.rsplit("/", 1)[0]
    space = "wideberth::" + module.replace("/", "::")
    return (
        f"#ifndef {guard}\n#define {guard}\n\nnamespace {space} {{\n{body}}}  // {space}\n\n"
        f"#endif  // {guard}\n"
    )


def source(module, body="int F() { return 1; }\n", includes=""):
    return f"{includes}\nnamespace wideberth::{module.replace('/', '::')} {{\n{body}}}\n"


GOOD = {
    "cmake/modules.table": TABLE,
    "ARCHITECTURE.md": "# House\n\n`base/` `geo` `store/` `src/store/sqlite/` `service/` `net/`\n",
    "src/base/result.h": header("base/result.h", "struct Error {};\n").replace(
        "\nnamespace", "\n#include <tl/expected.hpp>\n\nnamespace", 1
    ),
    "src/base/result.cc": source("base", includes='#include "base/result.h"\n'),
    "src/geo/shape.h": header("geo/shape.h"),
    "src/geo/shape.cc": source("geo", includes='#include "geo/shape.h"\n#include <s2/s2cell.h>\n'),
    "src/store/store.h": header("store/store.h"),
    "src/store/testing/model.h": header("store/testing/model.h", module="store/testing"),
    "src/store/store_test.cc": source(
        "store",
        includes='#include "store/store.h"\n'
        '#include "store/testing/model.h"\n#include <gtest/gtest.h>\n',
    ),
    "script/run": "#!/usr/bin/env bash\nset -euo pipefail\ncd /tmp/x\n",
    "README.md": "# It\n\nSee [the house](ARCHITECTURE.md#rooms) and `[this](nowhere)`.\n",
}


def run(files):
    """The findings of a repository that is GOOD with `files` on top, as "path:line: rule"."""
    with tempfile.TemporaryDirectory() as root:
        for path, text in {**GOOD, **files}.items():
            if text is None:
                continue
            full = os.path.join(root, path)
            os.makedirs(os.path.dirname(full), exist_ok=True)
            with open(full, "wb") as file:
                file.write(text if isinstance(text, bytes) else text.encode())
            os.chmod(full, 0o755)
        found, _ = tidy.findings(root)
        return found


class TidyTest(unittest.TestCase):
    def catches(self, rule, path, text, line=None):
        found = run({path: text})
        hits = [f for f in found if f.rule == rule and (line is None or f.line == line)]
        self.assertTrue(hits, f"{rule} missed it; found: {[str(f) for f in found]}")
        others = [str(f) for f in found if f.rule != rule]
        self.assertEqual(others, [], "other rules spoke up")

    def passes(self, files):
        self.assertEqual([str(f) for f in run(files)], [])

    def test_a_good_repository_has_no_findings(self):
        self.passes({})

    def test_a_finding_reads_file_line_rule_found(self):
        found = run({"README.md": "# It\n\n" + MARK + " more\n"})
        self.assertEqual(
            [str(f) for f in found], [f"README.md:3: mark: {MARK}: finish it or write an issue"]
        )

    def test_table(self):
        self.catches("table", "cmake/modules.table", TABLE + "base | | | |\n")
        self.catches("table", "cmake/modules.table", TABLE + "late | later | | |\n")
        self.catches("table", "cmake/modules.table", TABLE + "odd | base |\n")
        self.catches("table", "cmake/modules.table", TABLE + "odd | base | pure | |\n")
        self.catches("table", "cmake/modules.table", TABLE + "odd | base | | curl |\n")
        self.catches("table", "cmake/modules.table", TABLE + "odd | base | | | curl\n")
        self.catches("table", "src/unknown/x.cc", source("unknown"))

    def test_include(self):
        self.catches("include", "src/geo/a.cc", source("geo", includes='#include "geo/gone.h"\n'))
        self.catches("include", "src/geo/a.cc", source("geo", includes='#include "shape.h"\n'), 1)

    def test_closure(self):
        upward = source("geo", includes='#include "store/store.h"\n')
        self.catches("closure", "src/geo/a.cc", upward, 1)
        self.catches("closure", "src/geo/a_test.cc", upward, 1)
        self.catches("closure", "src/net/a.cc", source("net", includes='#include "geo/shape.h"\n'))
        two_down = source("store/sqlite", includes='#include "base/result.h"\n')
        self.passes({"src/store/sqlite/a.cc": two_down})
        self.passes({"apps/main.cc": '#include "store/store.h"\nint main() { return 0; }\n'})
        # In a comment or a string it is no include.
        self.passes({"src/geo/a.cc": source("geo", '// #include "store/store.h"\n')})

    def test_closure_of_tests(self):
        sqlite = {"src/store/sqlite/db.h": header("store/sqlite/db.h")}
        user = source("service", includes='#include "store/sqlite/db.h"\n')
        self.passes({**sqlite, "src/service/a_test.cc": user})
        found = run({**sqlite, "src/service/a.cc": user})
        self.assertEqual([f.rule for f in found], ["closure"])
        support = source("store", includes='#include "store/testing/model.h"\n')
        self.catches("closure", "src/store/a.cc", support, 1)

    def test_third_party(self):
        s2 = "#include <s2/s2cell.h>\n"
        self.catches("third-party", "src/store/a.cc", source("store", includes=s2), 1)
        in_header = header("geo/shape.h").replace("\nnamespace", "\n" + s2 + "\nnamespace", 1)
        self.catches("third-party", "src/geo/shape.h", in_header)
        gtest = source("geo", includes="#include <gtest/gtest.h>\n")
        self.catches("third-party", "src/geo/a.cc", gtest)
        self.catches("third-party", "src/geo/a.cc", source("geo", includes="#include <curl.hpp>\n"))
        self.passes({"src/store/a.cc": source("store", includes="#include <fmt/format.h>\n")})

    def test_pure(self):
        for name in ("thread", "mutex", "chrono", "fstream", "random", "unistd.h", "sys/stat.h"):
            self.catches("pure", "src/geo/a.cc", source("geo", includes=f"#include <{name}>\n"), 1)
        for call in ("getenv(x)", "fopen(x, y)", "std::mutex m", "SystemClock c", "printf(x)"):
            self.catches("pure", "src/geo/a.cc", source("geo", f"int F() {{ {call}; }}\n"), 3)
        mutex = source("net", "std::mutex m;\n", "#include <mutex>\n")
        self.passes({"src/net/a.cc": mutex})
        self.passes({"src/geo/a_test.cc": source("geo", includes="#include <fstream>\n")})
        self.passes({"src/geo/a.cc": source("geo", '// getenv\nconst char* k = "std::mutex";\n')})

    def test_clock_and_chance(self):
        clock = "auto Now() { return std::chrono::system_clock::now(); }\n"
        self.catches("clock", "src/net/a.cc", source("net", clock))
        self.catches("clock", "src/net/a.cc", source("net", "auto t = time(nullptr);\n"))
        self.passes({"src/base/time.cc": source("base", clock)})
        chance = "int F() { return rand(); }\n"
        self.catches("chance", "src/net/a.cc", source("net", chance))
        self.passes({"src/net/a_test.cc": source("net", "base::SeededRandom random(7);\n")})
        self.catches("chance", "src/net/a_test.cc", source("net", "std::mt19937 g(1);\n"))
        self.passes(
            {"src/net/a.cc": source("net", "int operand(int x);\nint F() { return time(3); }\n")}
        )

    def test_namespace(self):
        self.catches("namespace", "src/geo/a.cc", source("store"))
        self.catches("namespace", "src/geo/a.cc", "int F() { return 1; }\n")
        self.passes({"src/geo/a.cc": source("geo/detail")})

    def test_guard(self):
        self.catches("guard", "src/geo/shape.h", header("geo/form.h"))
        pragma = "#pragma once\n" + source("geo")
        self.catches("guard", "src/geo/shape.h", pragma)

    def test_names_that_nobody_uses(self):
        self.catches("using-namespace", "src/geo/a.cc", source("geo", "using namespace std;\n"), 3)
        self.catches("assert", "src/geo/a.cc", source("geo", "void F() { assert(1 > 0); }\n"))
        self.passes({"src/geo/a.cc": source("geo", "static_assert(sizeof(int) == 4);\n")})
        self.catches("coroutine", "src/geo/a.cc", source("geo", "int F() { co_return 1; }\n"))

    def test_locale(self):
        for call in ("strtod(x, y)", "std::stod(x)", "atof(x)", "std::tolower(c)", "isdigit(c)"):
            self.catches("locale", "src/net/a.cc", source("net", f"int F() {{ {call}; }}\n"), 3)
        written = 'void F() {\n  std::snprintf(b, 9, "%.3f", x);\n}\n'
        self.catches("locale", "src/net/a.cc", source("net", written), 4)
        self.passes({"src/net/a.cc": source("net", written.replace("%.3f", "%zu of %d"))})
        self.passes(
            {"src/net/a.cc": source("net", 'auto F() { return fmt::format("{}", "%f"); }\n')}
        )

    def test_headers_that_cost(self):
        ranges = header("geo/shape.h").replace("\nnamespace", "\n#include <ranges>\n\nnamespace", 1)
        self.catches("header", "src/geo/shape.h", ranges)
        self.catches("header", "src/net/a.cc", source("net", includes="#include <regex>\n"))

    def test_unused_header(self):
        self.catches("unused", "src/geo/lonely.h", header("geo/lonely.h"))

    def test_corpus(self):
        target = "extern int F();\n"
        self.catches("corpus", "src/geo/a_fuzz.cc", target)
        self.passes({"src/geo/a_fuzz.cc": target, "tests/fuzz/corpus/geo_a_fuzz/1": "x"})

    def test_suites_in_test_support(self):
        suite = source("store/testing", "TEST(A, B) {}\n", "#include <gtest/gtest.h>\n")
        self.catches("lost-test", "src/store/testing/a.cc", suite)

    def test_long_function(self):
        body = "  x();\n" * 69
        self.catches("long-function", "src/geo/a.cc", source("geo", f"void F() {{\n{body}}}\n"), 3)
        self.passes({"src/geo/a.cc": source("geo", f"void F() {{\n{body[7:]}}}\n")})
        rows = "  {1, 2},\n" * 90
        self.passes({"src/geo/a.cc": source("geo", f"constexpr Row kRows[] = {{\n{rows}}};\n")})
        members = "  int x;\n" * 90
        self.passes(
            {"src/geo/a.cc": source("geo", f"class A final : public B<C> {{\n{members}}};\n")}
        )

    def test_long_line_and_file(self):
        self.catches("long-line", "src/geo/a.cc", source("geo", "// " + "x" * 118 + "\n"), 3)
        self.catches("long-line", "script/run", GOOD["script/run"] + "# " + "x" * 119 + "\n", 4)
        self.passes({"src/geo/a.cc": source("geo", "// https://example.org/" + "x" * 98 + "\n")})
        raw = 'const char* k = R"(\n' + "x" * 120 + '\n)";\n'
        self.passes({"src/geo/a.cc": source("geo", raw)})
        self.catches("long-file", "src/geo/a.cc", source("geo", "int x;\n" * 600), 601)

    def test_big_folder(self):
        many = {f"src/geo/a{i}.cc": source("geo") for i in range(33)}
        self.assertEqual({f.rule for f in run(many)}, {"big-folder"})
        tests = {f"src/geo/a{i}_test.cc": source("geo") for i in range(33)}
        self.passes(tests)

    def test_text(self):
        for text in (
            "# It\nx",
            "# It\n\n\n",
            "# It \n",
            "# It\r\n",
            "# It\n\x07\n",
            "# It\n\u202e\n",
        ):
            self.catches("text", "README.md", text)
        self.catches("text", "README.md", b"# It\n\xff\n")
        self.catches("text", "src/geo/a.cc", source("geo", "int\tx;\n"), 3)
        self.passes({"tests/fuzz/corpus/geo_a_fuzz/1": b"\xff \r"})

    def test_marks_and_machine_paths(self):
        self.catches("mark", "src/geo/a.cc", source("geo", f"// {MARK}\n"), 3)
        self.catches("machine-path", "README.md", f"# It\n\nin {HOME}me/x\n", 3)
        self.catches("machine-path", "README.md", "# It\n\nin /t" + "mp/x\n", 3)
        self.passes({"README.md": "# It\n\nin docs" + HOME + "x and ~" + HOME + "x\n"})

    def test_markdown(self):
        self.catches("title", "README.md", "no title\n")
        self.catches("title", "README.md", "# One\n\n# Two\n")
        self.passes({"README.md": "# One\n\n```\n# a comment\n```\n"})
        self.catches("link", "README.md", "# It\n\n[there](docs/gone.md)\n", 3)
        self.catches("link", "README.md", "# It\n\n[out](../README.md)\n", 3)
        self.passes({"README.md": "# It\n\n[out](https://example.org) [in](#it) [dir](src)\n"})

    def test_shell(self):
        self.catches("shell", "script/run", "set -euo pipefail\n")
        self.catches("shell", "script/run", "#!/usr/bin/env bash\nset -e\n")
        self.catches("shell", "tests/run.sh", "set -euo pipefail\n")

    def test_architecture(self):
        without_geo = GOOD["ARCHITECTURE.md"].replace("`geo` ", "")
        self.catches("architecture", "ARCHITECTURE.md", without_geo)
        found = run({"ARCHITECTURE.md": None, "README.md": "# It\n"})
        self.assertEqual([f.rule for f in found], ["architecture"])


class CppTextTest(unittest.TestCase):
    def test_blanks_comments_and_literals_in_place(self):
        text = 'int a = 1\'000; /* "x\n */ char c = \'"\'; f("b//", R"q(c")q"); // d\nint e;'
        cpp = cpp_text.CppText(text)
        self.assertEqual(len(cpp.code), len(text))
        self.assertEqual("".join(cpp.code.split()), "inta=1'000;charc=;f(,);inte;")
        self.assertEqual(cpp.strings, [(2, '"b//"'), (2, 'R"q(c")q"')])

    def test_finds_functions(self):
        code = """\
namespace a {
enum class E : int { kA };
struct S {
 public:
  explicit S(int x)
      : x_(x) {}
  int Get() const {
    if (x_) { return 1; }
    return 2;
  }
};
template <class T>
T Make(T x) {
  return T{x};
}
const int k[] = {1, 2};
#define M(x) { x
void Last() {
}
}
"""
        self.assertEqual(cpp_text.functions(code), [(5, 6), (7, 10), (12, 15), (18, 19)])


if __name__ == "__main__":
    unittest.main()
