"""C++ source split into what a rule may look at: code, and the string literals apart.

Comments and literals become spaces of the same shape, so that line and column numbers stay true.
It is a scanner, not a parser: enough for rules that read names, braces and include lines.
"""

import re

# The name in `#include "x.h"` stays readable; a quote inside a number (1'000) opens nothing.
_TOKEN = re.compile(
    r'(?P<include>^[ \t]*#[ \t]*include[ \t]*"[^"\n]*")'
    r"|//[^\n]*|/\*.*?\*/"
    r'|(?P<raw>(?<!\w)(?:u8|[uUL])?R"(?P<tag>[^ ()\\\t\n]{0,16})\(.*?\)(?P=tag)")'
    r'|(?P<string>"(?:\\.|[^"\\\n])*")'
    r"|(?<!\w)'(?:\\.|[^'\\\n])+'",
    re.M | re.S,
)
_NOT_NEWLINE = re.compile(r"[^\n]")


class CppText:
    """code: the blanked text; strings: [(line, literal)]; raw_lines: lines of raw strings."""

    def __init__(self, text):
        self.strings = []
        self.raw_lines = set()
        out = []
        at = 0
        line = 1
        for token in _TOKEN.finditer(text):
            out.append(text[at : token.start()])
            line += text.count("\n", at, token.start())
            at = token.end()
            piece = token.group()
            if token["include"]:
                out.append(piece)
                continue
            if token["string"] or token["raw"]:
                self.strings.append((line, piece))
            if token["raw"]:
                self.raw_lines.update(range(line, line + piece.count("\n") + 1))
            out.append(_NOT_NEWLINE.sub(" ", piece))
            line += piece.count("\n")
        out.append(text[at:])
        self.code = "".join(out)
        self.code_lines = self.code.split("\n")


_TYPE_OR_NAMESPACE = re.compile(
    r"^\s*(?:(?:inline|typedef|static|const|constexpr)\s+)*(?:namespace|class|struct|union|enum)\b"
)
_TEMPLATE = re.compile(r"^\s*template\s*<[^{};]*?>\s*(?=(?:class|struct|union)\b)")
_ATTRIBUTES = re.compile(r"\[\[.*?\]\]|\b(?:alignas|__attribute__)\s*\([^()]*\)")


def functions(code):
    """[(first line, last line)] of every function of blanked code, outermost only.

    A brace opens a function when what stands before it, back to the last ';', '{' or '}', has a
    parameter list and is neither a type, nor a namespace, nor an initialiser ('=' right before the
    brace). A lambda is part of its function.
    """
    code = _without_preprocessor(code)
    found = []
    stack = (
        []
    )  # "scope" (namespace or type), "function", "braces" (anything inside either of the others)
    head_start = 0
    first_line = 0
    for match in re.finditer(r"[{};]", code):
        at = match.start()
        if match.group() == "{":
            head_start += _after_access_label(code[head_start:at])
            head = code[head_start:at]
            inside = bool(stack) and stack[-1] != "scope"
            kind = "braces" if inside else _kind(head)
            if kind == "function":
                body_start = head_start + len(head) - len(head.lstrip())
                first_line = code.count("\n", 0, body_start) + 1
            stack.append(kind)
        elif match.group() == "}" and stack and stack.pop() == "function":
            found.append((first_line, code.count("\n", 0, at) + 1))
        head_start = at + 1
    return found


def _after_access_label(head):
    label = re.match(r"\s*(?:public|private|protected)\s*:(?!:)", head)
    return label.end() if label else 0


def _kind(head):
    head = _TEMPLATE.sub("", _ATTRIBUTES.sub("", head))
    if re.search(r"\bextern\s*$", head):
        return "scope"
    ends_as_function = head.rstrip().endswith((")", "const", "noexcept", "override", "final"))
    if _TYPE_OR_NAMESPACE.search(head) and not (ends_as_function and "(" in head):
        return "scope"
    if "(" not in head or re.search(r"[^=!<>]=\s*$", head):
        return "braces"
    return "function"


def _without_preprocessor(code):
    out = []
    continued = False
    for line in code.split("\n"):
        directive = continued or line.lstrip().startswith("#")
        continued = directive and line.rstrip().endswith("\\")
        out.append("" if directive else line)
    return "\n".join(out)
