r"""Symbol names: a canonical LaTeX string such as ``\hat{\mathbf{x}}_1^{(i)}`` taken apart.

The idea: a name is marks around one core letter or word, plus scripts; what MathML draws and what
an ASCII identifier spells are two readings of the same parts.
"""

from __future__ import annotations

import builtins
import keyword
import re
import unicodedata
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import NamedTuple

from derive.notation import ACCENTS, ALPHABETS, GREEK, SYMBOLS
from derive.tree import Tree, name, num, tree


class Parts(NamedTuple):
    """A decorated base: its accents, outermost first, its alphabet's command, and its core."""

    accents: tuple[str, ...]
    alphabet: str | None
    core: str


_COMMAND = re.compile(r"\\([A-Za-z]+\*?|.)")
_TAKES_ARGUMENT = frozenset(ACCENTS) | frozenset(ALPHABETS)
_OPENERS = {"(": (")", "paren"), "[": ("]", "bracket"), "|": ("|", "abs")}


@lru_cache(maxsize=4096)
def parts(base: str) -> Parts:
    r"""The accents, alphabet and core of a decorated base: ``\hat{\mathbf{x}}`` is hat, mathbf, x.

    Total: a string that is no decorated base is its own core.
    """
    accents: list[str] = []
    alphabet = None
    core = base.strip()
    while (match := _COMMAND.match(core)) and match[1] in _TAKES_ARGUMENT:
        rest = core[match.end() :].strip()
        if rest.startswith("{"):
            end = _closing(rest, 0)
            if end != len(rest) - 1:
                break
            rest = rest[1:-1].strip()
        if not rest:
            break
        if match[1] in ACCENTS:
            accents.append(match[1])
        else:
            alphabet = match[1]
        core = rest
    return Parts(tuple(accents), alphabet, core)


def _closing(text: str, start: int) -> int:
    """Where the brace that opens at ``start`` closes, or -1."""
    depth = 0
    for at in range(start, len(text)):
        if text[at] == "{":
            depth += 1
        elif text[at] == "}":
            depth -= 1
            if depth == 0:
                return at
    return -1


@lru_cache(maxsize=4096)
def symbol_tree(symbol: str) -> Tree:
    r"""The tree of a canonical symbol name: ``\mathbf{W}_1`` is ``(script \mathbf{W} 1 _)``.

    Total: what has no base and scripts is one ``name``.
    """
    base, at = _base(symbol.strip())
    text = symbol.strip()
    sub = sup = None
    primes = 0
    while at < len(text):
        if text[at] == "'":
            primes, at = primes + 1, at + 1
        elif text[at] == "_" and sub is None and at + 1 < len(text):
            group, at = _argument(text, at + 1)
            sub = _group_tree(group)
        elif text[at] == "^" and sup is None and at + 1 < len(text):
            group, at = _argument(text, at + 1)
            sup = _group_tree(group)
        elif text[at].isspace():
            at += 1
        elif text[at] == "(" and text.endswith(")"):
            # The value of a function: a_j(x^{(i)}).
            arguments = [symbol_tree(part) for part in text[at + 1 : -1].split(", ")]
            inside = arguments[0] if len(arguments) == 1 else Tree("list", tuple(arguments))
            return Tree("juxt", (symbol_tree(text[:at]), tree("paren", inside)))
        else:
            return name(text)
    core = name(_plain_word(base))
    if primes:
        core = tree("prime", core, str(primes))
    return core if sub is None and sup is None else Tree("script", (core, sub, sup))


def _plain_word(base: str) -> str:
    r"""A word set upright is itself: ``\mathrm{new}`` is ``new``; other bases stay as they are."""
    _, alphabet, core = taken = parts(base)
    upright = alphabet is not None and ALPHABETS[alphabet] == "upright" and not taken.accents
    return core if upright and len(core) > 1 else base


def _base(text: str) -> tuple[str, int]:
    """The decorated base at the start of a symbol name, and where it ends."""
    if text.startswith("{") and (end := _closing(text, 0)) > 0:
        return text[1:end].strip(), end + 1
    if match := _COMMAND.match(text):
        at = match.end()
        if match[1] in _TAKES_ARGUMENT:
            _, at = _argument(text, at)
        return text[:at], at
    word = re.match(r"[^\W\d_]+", text)
    return (word[0], word.end()) if word else (text[:1], min(1, len(text)))


def _argument(text: str, at: int) -> tuple[str, int]:
    """The argument at ``at``: a braced group without its braces, a command, or one character."""
    while at < len(text) and text[at].isspace():
        at += 1
    if at < len(text) and text[at] == "{":
        end = _closing(text, at)
        return (text[at + 1 : end], end + 1) if end > 0 else (text[at + 1 :], len(text))
    if _COMMAND.match(text, at):
        _, end = _base(text[at:])
        return text[at : at + end], at + end
    return text[at : at + 1], at + 1


def _group_tree(text: str) -> Tree:
    """What stands in a script: names, digits, sums, commas, brackets, and scripts of their own."""
    lists: list[list[Tree]] = [[]]
    factors: list[Tree] = []
    sign = ""

    def end_term() -> None:
        nonlocal factors, sign
        if factors:
            term = factors[0] if len(factors) == 1 else Tree("juxt", tuple(factors))
            lists[-1].append(tree("neg", term) if sign == "-" else term)
        elif sign:
            lists[-1].append(name(sign))
        factors, sign = [], ""

    at = 0
    while at < len(text):
        piece = text[at]
        if piece.isspace():
            at += 1
        elif piece == ",":
            end_term()
            lists.append([])
            at += 1
        elif piece in "+-":
            end_term()
            sign, at = piece, at + 1
        elif piece in _OPENERS and (end := text.find(_OPENERS[piece][0], at + 1)) > 0:
            factors.append(tree(_OPENERS[piece][1], _group_tree(text[at + 1 : end])))
            at = end + 1
        elif match := re.compile(r"\d+(\.\d+)?").match(text, at):
            factors.append(num(match[0]))
            at = match.end()
        else:
            end = _item_end(text, at)
            factors.append(symbol_tree(text[at:end]) if end - at > 1 else name(piece))
            at = end
    end_term()
    items = [kids[0] if len(kids) == 1 else Tree("sum", tuple(kids)) for kids in lists if kids]
    if not items:
        return tree("empty")
    return items[0] if len(items) == 1 else Tree("list", tuple(items))


def _item_end(text: str, at: int) -> int:
    """Where the letter or command at ``at`` ends, its own scripts included."""
    _, end = _base(text[at:]) if not text[at].isalpha() else ("", 1)
    end += at
    while end < len(text) and text[end] in "_^'":
        end = end + 1 if text[end] == "'" else _argument(text, end + 1)[1]
    return max(end, at + 1)


# ---------------------------------------------------------------------------- ASCII identifiers

_TAKEN = frozenset(keyword.kwlist) | frozenset(keyword.softkwlist) | frozenset(dir(builtins))
_BY_CHAR = {char: word for word, char in (*GREEK.items(), *SYMBOLS.items())}


def filled(symbol: str, letters: Sequence[str]) -> str:
    r"""A symbol with letters in its slots: ``x^{(#1)}`` with ``i`` is ``x^{(i)}``."""
    for k, letter in enumerate(letters, 1):
        symbol = symbol.replace(f"#{k}", letter)
    return symbol


def ascii_name(symbol: str | Tree) -> str:
    r"""A Python identifier for a symbol: ``\hat{y}^{(i)}`` is ``y_hat_i``.

    Never empty, a keyword, or the name of a builtin (those get a final ``_``).
    """
    where = symbol_tree(symbol) if isinstance(symbol, str) else symbol
    words = [word for word in _words(where) if word]
    text = "_".join(words) or "symbol"
    if not text[0].isalpha():
        text = "n" + text if text[0].isdigit() else "symbol" + text
    return text + "_" if text in _TAKEN else text


def ascii_names(symbols: Iterable[str]) -> dict[str, str]:
    r"""One identifier for each symbol, no two alike, in an order-independent way.

    Symbols that would share an identifier are told apart by their alphabet (``x``, ``x_bold``) or,
    where that is not enough, by a number.
    """
    wanted: dict[str, list[str]] = {}
    for symbol in sorted(set(symbols)):
        wanted.setdefault(ascii_name(symbol), []).append(symbol)
    chosen: dict[str, str] = {}
    taken = set(wanted)
    for identifier, rivals in wanted.items():
        # The plainest spelling keeps the plain identifier.
        first, *others = sorted(rivals, key=lambda rival: (len(rival), rival))
        chosen[first] = identifier
        for rival in others:
            style = _style(rival)
            candidate = f"{identifier}_{style}" if style else identifier
            count = 2
            while candidate in taken:
                candidate = f"{identifier}_{style}_{count}" if style else f"{identifier}_{count}"
                count += 1
            taken.add(candidate)
            chosen[rival] = candidate
    return chosen


def _style(symbol: str) -> str:
    match = re.search(r"\\(math\w+|bm|boldsymbol|text\w*)\b", symbol)
    return ALPHABETS.get(match[1], "").replace("-", "_") if match else ""


def _words(node: object) -> Iterable[str]:
    """The words of an identifier, in the order base, subscript, superscript."""
    match node:
        case Tree("name", (text,)):
            yield from _name_words(str(text))
        case Tree("num", (text,)):
            yield str(text).replace(".", "_")
        case Tree("neg", (kid,)):
            yield "minus"
            yield from _words(kid)
        case Tree("sum", (first, *rest)):
            yield from _words(first)
            for term in rest:
                if not (isinstance(term, Tree) and term.head == "neg"):
                    yield "plus"
                yield from _words(term)
        case Tree("prime", (base, count)):
            yield from _words(base)
            yield "prime" * int(count)
        case Tree("juxt", (function, Tree("paren", (inside,)))):
            yield from _words(function)
            yield from _words(inside)
        case Tree("juxt" | "product" | "index", kids) if all(_is_letter(kid) for kid in kids):
            yield "".join(word for kid in kids for word in _words(kid))
        case Tree("op", (sign,)):
            yield "star" if sign == "*" else ""
        case Tree(_, kids):
            for kid in kids:
                yield from _words(kid)
        case tuple():
            for kid in node:
                yield from _words(kid)


def _is_letter(kid: object) -> bool:
    return isinstance(kid, Tree) and (
        kid.head == "num" or (kid.head == "name" and str(kid.kids[0]).isalpha())
    )


def _name_words(text: str) -> Iterable[str]:
    if "_" in text or "^" in text:
        inner = symbol_tree(text)
        if inner.head != "name":
            yield from _words(inner)
            return
    taken_apart = parts(text)
    core = taken_apart.core
    if core in "*+-":
        core = {"*": "star", "+": "plus", "-": "minus"}.get(core, "")
    spelled = re.sub(r"\\([A-Za-z]+)", r"_\1_", core)
    letters = []
    for char in unicodedata.normalize("NFKD", spelled):
        if char.isascii():
            letters.append(char if char.isalnum() else "_")
        elif char in _BY_CHAR:
            letters.append(_BY_CHAR[char])
        elif not unicodedata.combining(char):
            letters.append(f"u{ord(char):x}")
    yield re.sub(r"_+", "_", "".join(letters)).strip("_")
    for accent in reversed(taken_apart.accents):
        yield ACCENTS[accent].suffix
