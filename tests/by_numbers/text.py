"""The text of a document as statements: macros written out, rows, columns and chains parted.

The idea: a display is a list of words with their lines; what parts it are the signs of TeX alone.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from tests.by_numbers.values import WORDS, Unread

FONTS = ("mathbf", "boldsymbol", "bm", "vec", "mathbit", "pmb")
DROPPED = (
    "left", "right", "big", "Big", "bigl", "bigr", "Bigl", "Bigr", "bigg", "Bigg", "biggl",
    "biggr", "displaystyle", "textstyle", "limits", "nolimits", "quad", "qquad", ",", ";", "!",
    ":", " ", "dfrac_", "nonumber", "notag",
)  # fmt: skip
TRANSPOSES = {
    "T",
    r"\mathsfT",
    r"\mathrmT",
    r"\mathsf{T}",
    r"\top",
    r"\intercal",
    r"\mathrm{T}",
    r"\mathtt{T}",
}
TOKEN = re.compile(r"\\[a-zA-Z]+|\\.|[0-9]+(?:\.[0-9]+)?|[a-zA-Z]|\S", re.S)


def macros(text: str) -> str:
    r"""``\newcommand`` and ``\DeclareMathOperator`` written out."""
    found: list[tuple[str, int, str]] = []
    pattern = re.compile(
        r"\\(?:re)?newcommand\*?\{?(\\[a-zA-Z]+)\}?(?:\[(\d)\])?\{|\\def(\\[a-zA-Z]+)\{"
        r"|\\DeclareMathOperator\*?\{(\\[a-zA-Z]+)\}\{"
    )
    out, at = [], 0
    while (hit := pattern.search(text, at)) is not None:
        out.append(text[at : hit.start()])
        end = closing(text, hit.end() - 1)
        body = text[hit.end() : end]
        name = hit[1] or hit[3] or hit[4]
        found.append((name, int(hit[2] or 0), rf"\mathrm{{{body}}}" if hit[4] else body))
        out.append("\n" * text.count("\n", hit.start(), end + 1))
        at = end + 1
    text = "".join(out) + text[at:]
    for _ in range(5):
        before = text
        for name, count, body in found:
            text = _expand(text, name, count, body)
        if text == before:
            break
    return text


def _expand(text: str, name: str, count: int, body: str) -> str:
    out, at = [], 0
    for hit in re.finditer(re.escape(name) + r"(?![a-zA-Z])", text):
        if hit.start() < at:
            continue
        out.append(text[at : hit.start()])
        end, arguments = hit.end(), []
        for _ in range(count):
            while text[end] == " ":
                end += 1
            if text[end] == "{":
                stop = closing(text, end)
                arguments.append(text[end + 1 : stop])
                end = stop + 1
            else:
                word = TOKEN.match(text, end)
                assert word is not None
                arguments.append(word[0])
                end = word.end()
        made = body
        for k, argument in enumerate(arguments, 1):
            made = made.replace(f"#{k}", argument)
        out.append(made + (" " if made[-1:].isalpha() and text[end : end + 1].isalpha() else ""))
        at = end
    return "".join(out) + text[at:]


def closing(text: str, at: int) -> int:
    depth = 0
    for k in range(at, len(text)):
        if text[k] == "\\":
            continue
        if text[k] == "{" and text[k - 1] != "\\":
            depth += 1
        elif text[k] == "}" and text[k - 1] != "\\":
            depth -= 1
            if depth == 0:
                return k
    raise Unread("open brace")


# ------------------------------------------------------------------ documents to statements


@dataclass
class Side:
    tokens: list[str]
    line: int


@dataclass
class Statement:
    sides: list[Side]
    relations: list[str]

    def __str__(self) -> str:
        return " ? ".join("".join(s.tokens) for s in self.sides)


RELATIONS = {
    "=": "=", r"\equiv": "=", r"\in": "in", ":=": "=", "<": "<", ">": ">", r"\ge": ">",
    r"\le": "<", r"\geq": ">", r"\leq": "<", r"\neq": "ne", r"\ne": "ne", r"\coloneqq": "=",
    r"\sim": "~", r"\to": "to", r"\leftarrow": "<-", r"\gets": "<-", r"\approx": "~",
    r"\subset": "<",
}  # fmt: skip
DISPLAY = re.compile(
    r"\$\$(.+?)\$\$|\\\[(.+?)\\\]|\\begin\{(align|equation|gather|multline|eqnarray|alignat|flalign)(\*?)\}"
    r"(.+?)\\end\{\3\4\}|\$([^$]+?)\$|\\\((.+?)\\\)|```math(.+?)```",
    re.S,
)


def statements(text: str) -> list[Statement]:
    text = re.sub(r"(?<!\\)%[^\n]*", "", text).replace("||", r"\|")
    text = re.sub(r"\^\{([\[(][^{}]*[\])])\s*(T|\\top)\}", r"^{\1}^{\2}", text)
    text = re.sub(r"(\\[dt]?frac)\s*(\d)\s*(\d)", r"\1{\2}{\3}", text)
    text = re.sub(r"(\\[dt]?frac)\s*(\d)", r"\1{\2}", text)
    begin = text.find(r"\begin{document}")
    preamble = text[:begin] if begin >= 0 else ""
    text = macros(preamble + text[len(preamble) :])
    out: list[Statement] = []
    for hit in DISPLAY.finditer(text):
        k = next(k for k in (1, 2, 5, 6, 7, 8) if hit[k] is not None)
        line = text.count("\n", 0, hit.start(k)) + 1
        words: list[tuple[str, int]] = []
        for word in TOKEN.finditer(hit[k]):
            words.append((word[0], line + hit[k].count("\n", 0, word.start())))
        out += _parted(words)
    return out


def _parted(words: list[tuple[str, int]]) -> list[Statement]:
    """Split the words of a display at rows, columns, commas and relations."""
    words = _prepared(words)
    out: list[Statement] = []
    current: list[tuple[str, int]] = []
    depth = 0

    def flush(chains: bool) -> None:
        nonlocal current
        made = _statement(current)
        current = []
        if made is None:
            return
        if not made.sides[0].tokens and made.relations and out:
            out[-1].relations += made.relations
            out[-1].sides += made.sides[1:]
        elif made.sides[0].tokens:
            out.append(made)

    k = 0
    while k < len(words):
        word, line = words[k]
        if word in ("(", "[", "{", r"\{", r"\begin", r"\lVert", r"\lfloor"):
            depth += 1
        elif word in (")", "]", "}", r"\}", r"\end", r"\rVert"):
            depth -= 1
        between = word == r"\text" and not _function_follows([w for w, _ in words[k + 1 : k + 20]])
        if depth <= 0 and (between or word in ("\\\\", ";", r"\quad", r"\qquad", "&&")):
            flush(True)
            if word == r"\text":  # words between formulas
                k += 1
                level = 0
                while k < len(words):
                    level += {"{": 1, "}": -1}.get(words[k][0], 0)
                    if level == 0:
                        break
                    k += 1
        elif depth <= 0 and word == ",":
            rest = [w for w, _ in words[k + 1 :]]
            upto = next((j for j, w in enumerate(rest) if w in (",", "\\\\")), len(rest))
            shared = any(w == r"\in" for w in rest) and not any(w in RELATIONS for w, _ in current)
            dots = any(w in (r"\dots", r"\ldots", r"\cdots") for w in rest[:2]) or (
                current and current[-1][0] in (r"\dots", r"\ldots", r"\cdots")
            )
            if shared or dots or (upto == 1 and not any(w in RELATIONS for w, _ in current)):
                current.append((word, line))
            else:
                flush(True)
        elif word == "&" and depth <= 0:
            pass
        else:
            current.append((word, line))
        k += 1
    flush(True)
    return out


def _function_follows(words: list[str]) -> bool:
    inside = "".join(words[1 : words.index("}")]) if "}" in words else ""
    return inside in WORDS or inside in ("diag", "tr", "max", "min")


def _prepared(words: list[tuple[str, int]]) -> list[tuple[str, int]]:
    """Environments that only align are dropped, && stands for a new column, := for a relation."""
    out: list[tuple[str, int]] = []
    k = 0
    while k < len(words):
        word, line = words[k]
        if word in (r"\begin", r"\end") and k + 1 < len(words) and words[k + 1][0] == "{":
            stop = next(j for j in range(k, len(words)) if words[j][0] == "}")
            name = "".join(w for w, _ in words[k + 2 : stop])
            if name in ("aligned", "split", "gathered", "alignedat", "array"):
                k = stop + 1
                continue
        if word in (r"\label", r"\tag", r"\hspace", r"\vspace"):
            stop = next(j for j in range(k, len(words)) if words[j][0] == "}")
            k = stop + 1
            continue
        if word == "&" and k + 1 < len(words) and words[k + 1][0] == "&":
            out.append(("&&", line))
            k += 2
            continue
        if word == ":" and k + 1 < len(words) and words[k + 1][0] == "=":
            out.append((":=", line))
            k += 2
            continue
        out.append((word, line))
        k += 1
    # In align, every second single & starts a new column.
    fixed: list[tuple[str, int]] = []
    count = depth = 0
    for word, line in out:
        depth += {r"\begin": 1, r"\end": -1}.get(word, 0)
        if depth == 0 and word == "\\\\":
            count = 0
        if depth == 0 and word == "&":
            count += 1
            if count % 2 == 0:
                fixed.append(("&&", line))
                continue
        fixed.append((word, line))
    return fixed


def _statement(words: list[tuple[str, int]]) -> Statement | None:
    sides: list[list[tuple[str, int]]] = [[]]
    relations: list[str] = []
    depth = 0
    for word, line in words:
        if word in ("(", "[", "{", r"\{", r"\begin"):
            depth += 1
        elif word in (")", "]", "}", r"\}", r"\end"):
            depth -= 1
        if depth == 0 and word in RELATIONS:
            relations.append(RELATIONS[word] if word != ":=" else "=")
            sides.append([])
        else:
            sides[-1].append((word, line))
    if not words:
        return None
    made = []
    fallback = words[0][1]
    for side in sides:
        kept = [(w, n) for w, n in side if w[1:] not in DROPPED or w[0] != "\\"]
        while kept and kept[-1][0] in (".", ",", ";", "。", "，"):
            kept.pop()
        made.append(Side([w for w, _ in kept], kept[-1][1] if kept else fallback))
    if not any(s.tokens for s in made):
        return None
    return Statement(made, relations)


def balanced(words: list[str]) -> bool:
    return all(words.count(a) == words.count(b) for a, b in (("(", ")"), ("[", "]"), ("{", "}")))
