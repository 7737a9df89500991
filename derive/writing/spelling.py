r"""The spelling of a function of the vocabulary as a tree: ``\mathrm{PReLU}_{#2}(#1)``.

The idea: how a function is written is data in its row, so a small reader of spellings is all that
the writer needs to know of any of them.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

from derive.notation import INDICATORS
from derive.notation.names import symbol_tree
from derive.tree import Tree, num, tree
from derive.writing.words import function, product, relation


def applied(spelling: str, args: Sequence[Tree]) -> Tree:
    """A function of the vocabulary applied: its spelling is a bare symbol or holds #1, #2, .."""
    if "#" not in spelling:
        return function(spelling, *args)
    return _filled(_template(spelling), args)


def _filled(node: Tree, args: Sequence[Tree]) -> Tree:
    """A row's spelling with the arguments in its places."""
    head, kids = node.head, node.kids
    if head == "name":
        return args[int(kids[0][1:]) - 1] if kids[0][0] == "#" else node
    if head == "env":
        kind, rows = kids
        cells = [(_filled(value, args), _condition(_filled(when, args))) for value, when in rows]
        return tree("env", kind, tuple(cells))
    return Tree(head, tuple([_filled(k, args) if type(k) is Tree else k for k in kids]))


def _condition(when: Tree) -> Tree:
    """What an indicator asks, for the right column of cases."""
    match when:
        case Tree("call", (Tree("name", (sign,)), Tree("chain") as asked)) if sign in INDICATORS:
            return asked
        case Tree("text"):
            return when
        case _:
            return relation(when, "!=", num(0))


_SIGN = {r"\ge": ">=", r"\le": "<=", r"\ne": "!=", ">": ">", "<": "<", "=": "="}
_TOKEN = re.compile(
    r"\\begin\{cases\}|\\end\{cases\}|\\left.|\\right.|\\\\|\\[A-Za-z]+\{[^{}]*\}|\\[A-Za-z]+"
    r"|#\d|\d+|[A-Za-z]|[<>=&(){}_^|]"
)


@lru_cache(maxsize=256)
def _template(spelling: str) -> Tree:
    """The tree of a row's spelling, with #1 .. as names."""
    tokens = _TOKEN.findall(spelling)
    node, rest = _row(tokens)
    if rest:
        raise ValueError(f"cannot read the spelling {spelling!r}")
    return node


def _row(tokens: list[str]) -> tuple[Tree, list[str]]:
    left, tokens = _term(tokens)
    if tokens and tokens[0] in _SIGN:
        right, rest = _term(tokens[1:])
        return relation(left, _SIGN[tokens[0]], right), rest
    return left, tokens


_CLOSERS = (")", "}", "&", r"\\", r"\end{cases}", r"\right|")


def _term(tokens: list[str]) -> tuple[Tree, list[str]]:
    factors: list[Tree] = []
    while tokens and tokens[0] not in _CLOSERS and tokens[0] not in _SIGN:
        if tokens[0] == "(":
            inside, tokens = _row(tokens[1:])
            tokens = tokens[1:]
            calls = factors and factors[-1].kids[0] != "#"
            factors.append(tree("call", factors.pop(), inside) if calls else tree("paren", inside))
            continue
        base, tokens = _base(tokens)
        sub = sup = None
        while tokens and tokens[0] in ("_", "^"):
            below = tokens[0] == "_"
            script, tokens = _base(tokens[1:])
            sub, sup = (script, sup) if below else (sub, script)
        if sub is not None:
            base = tree("script", base, sub, None)
        factors.append(base if sup is None else tree("power", base, sup))
    return product(factors), tokens


def _base(tokens: list[str]) -> tuple[Tree, list[str]]:
    first, rest = tokens[0], tokens[1:]
    if first == "{":
        inside, rest = _row(rest)
        return inside, rest[1:]
    if first == r"\left|":
        inside, rest = _row(rest)
        return tree("abs", inside), rest[1:]
    if first == r"\begin{cases}":
        rows: list[tuple[Tree, Tree]] = []
        while first != r"\end{cases}":
            value, rest = _row(rest)
            when, rest = _row(rest[1:])
            rows.append((value, when))
            first, rest = rest[0], rest[1:]
        return tree("env", "cases", tuple(rows)), rest
    if first.startswith(r"\text{"):
        return tree("text", first[6:-1]), rest
    return (num(first) if first.isdigit() else symbol_tree(first)), rest
