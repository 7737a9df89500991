"""Names: a base with its fonts and accents, and the scripts that may be indices.

The idea: a name is spelled in one way, whatever the order of its scripts.
"""

from __future__ import annotations

import re

from tests.by_numbers.text import FONTS, TOKEN, TRANSPOSES
from tests.by_numbers.values import Unread


def canonical_text(text: str) -> str:
    return canonical(TOKEN.findall(text))


def canonical(tokens: list[str]) -> str:
    end = name_end(tokens, 0)
    base, scripts = parted_name(tokens[: end or len(tokens)])
    return spelled(base, scripts)


def spelled(base: str, scripts) -> str:
    order = sorted(scripts, key=lambda s: s[0], reverse=True)
    return base + "".join(f"{mark}{{{''.join(words)}}}" for mark, words in order)


def group(tokens: list[str], at: int) -> tuple[list[str], int]:
    if at >= len(tokens):
        raise Unread("nothing follows")
    if tokens[at] == "{":
        depth = 0
        for k in range(at, len(tokens)):
            depth += {"{": 1, "}": -1}.get(tokens[k], 0)
            if depth == 0:
                return tokens[at + 1 : k], k + 1
        raise Unread("open brace")
    if tokens[at] in ("\\" + f for f in (*FONTS, "mathrm", "mathsf", "mathcal", "hat", "tilde")):
        inner, end = group(tokens, at + 1)
        return [tokens[at], "{", *inner, "}"], end
    return [tokens[at]], at + 1


ACCENTS = ("hat", "tilde", "bar", "dot", "widehat", "widetilde", "overline")
GREEK = set(
    [
        r"\alpha",
        r"\beta",
        r"\gamma",
        r"\delta",
        r"\epsilon",
        r"\varepsilon",
        r"\zeta",
        r"\eta",
        r"\theta",
        r"\kappa",
        r"\lambda",
        r"\mu",
        r"\nu",
        r"\xi",
        r"\pi",
        r"\rho",
        r"\sigma",
        r"\tau",
        r"\phi",
        r"\varphi",
        r"\psi",
        r"\omega",
        r"\Theta",
        r"\Phi",
        r"\Sigma",
        r"\Delta",
        r"\Lambda",
        r"\Psi",
        r"\Omega",
        r"\ell",
        r"\Gamma",
        r"\chi",
        r"\vartheta",
    ]
)


def base_of(tokens: list[str], at: int) -> tuple[str, int] | None:
    word = tokens[at]
    if re.fullmatch(r"[a-zA-Z]", word) or word in GREEK:
        return word, at + 1
    if word == "{":
        inner, end = group(tokens, at)
        made = base_of(inner, 0) if inner else None
        if made is not None and made[1] == len(inner):
            return made[0], end
        return None
    if word[1:] in FONTS and word[0] == "\\":
        inner, end = group(tokens, at + 1)
        made = base_of(inner, 0) if inner else None
        if made is None:
            return None
        return rf"\mathbf{{{made[0]}}}" if not made[0].startswith("\\math") else made[0], end
    if word[1:] in ACCENTS:
        inner, end = group(tokens, at + 1)
        made = base_of(inner, 0) if inner else None
        return (rf"{word}{{{made[0]}}}", end) if made is not None else None
    if word in (
        r"\mathcal",
        r"\mathrm",
        r"\text",
        r"\operatorname",
        r"\mathit",
        r"\mathsf",
        r"\mathscr",
    ):
        inner, end = group(tokens, at + 1)
        return f"{word}{{{''.join(inner)}}}", end
    return None


def is_transpose(words: list[str]) -> bool:
    return "".join(words) in TRANSPOSES


def name_end(tokens: list[str], at: int) -> int | None:
    found = base_of(tokens, at)
    if found is None:
        return None
    end = found[1]
    while end < len(tokens):
        if tokens[end] == "_":
            end = group(tokens, end + 1)[1]
        elif tokens[end] == "^":
            words, after = group(tokens, end + 1)
            if not _label(words):
                break
            end = after
        else:
            break
    return end


def _label(words: list[str]) -> bool:
    """Is a superscript part of a name: (i), [l], \\prime words."""
    if not words:
        return False
    return (words[0], words[-1]) in (("(", ")"), ("[", "]"))


def parted_name(tokens: list[str]):
    found = base_of(tokens, 0)
    if found is None:
        raise Unread("no name: " + "".join(tokens))
    base, at = found
    scripts = []
    while at < len(tokens):
        mark = tokens[at]
        words, at = group(tokens, at + 1)
        scripts.append((mark, words))
    return base, scripts


def parts_at(tokens: list[str], mark: str) -> list[list[str]]:
    return parts_of(tokens, (mark,))


def parts_of(tokens: list[str], marks: tuple[str, ...]) -> list[list[str]]:
    out: list[list[str]] = [[]]
    depth = 0
    for word in tokens:
        depth += {"{": 1, "(": 1, "[": 1, "}": -1, ")": -1, "]": -1}.get(word, 0)
        if depth == 0 and word in marks:
            out.append([])
        else:
            out[-1].append(word)
    return [part for part in out if part]


def limits(tokens: list[str], at: int):
    """Letters, upper limit, condition and end of the scripts of a sum."""
    letters: list[str] = []
    upper: list[str] = []
    condition: list[str] = []
    lower = 1
    while at < len(tokens) and tokens[at] in ("_", "^"):
        mark = tokens[at]
        words, at = group(tokens, at + 1)
        if mark == "^":
            upper = words
        elif r"\neq" in words or r"\ne" in words:
            condition = words
            letters = [words[0]]
        elif "=" in words:
            letters = [words[0]]
            start = words[words.index("=") + 1 :]
            lower = int(start[0]) if len(start) == 1 and start[0].isdigit() else 1
        else:
            letters = [w for w in words if w.isalpha()]
    return letters, upper, condition, at, lower


def conjuncts(words: list[str]) -> list[list[str]]:
    out: list[list[str]] = [[]]
    k = 0
    while k < len(words):
        if words[k] in (r"\text", r"\mathrm"):
            k = group(words, k + 1)[1]
            out.append([])
            continue
        if words[k] == ",":
            out.append([])
        else:
            out[-1].append(words[k])
        k += 1
    return [part for part in out if part]
