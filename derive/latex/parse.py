"""Typed tokens to a tree: the LALR(1) parser, and what each of its rules builds.

The grammar is compiled to a table ahead of time (``tables.py``), so reading needs no generator.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from derive.latex import vocabulary as known
from derive.latex.builder import Builder
from derive.latex.faults import Unreadable
from derive.latex.lexemes import Token
from derive.latex.tables import Rule, Table, stored_table
from derive.tree import Tree

DEEPEST_TREE = 200
_BUILDER = Builder()


def parse_statement(tokens: Sequence[Token]) -> Tree:
    """The tree of one statement at the top level of a formula: a chain, or an expression.

    The tokens are paired and hold no row ends; what does not parse raises ``Unreadable``.
    """
    if len(tokens) == 1 and tokens[0].type == "TEXT":
        return Tree("text", (tokens[0].text,), (tokens[0].start, tokens[0].end))
    _check_scripts(tokens)
    parsed = _parsed(tokens, stored_table())
    _check_depth(parsed)
    return parsed


def _parsed(tokens: Sequence[Token], table: Table) -> Tree:
    """Shift and reduce.  A rule whose name begins with ``_`` is a repetition, spliced in place."""
    states, values = [table.start], []
    previous: Token | None = None
    for token in [*tokens, None]:
        kind = "$END" if token is None else token.type
        while True:
            action = table.states[states[-1]].get(kind)
            if action is None:
                raise _unexpected(previous, token)
            if action >= 0:
                break
            rule = table.rules[-action - 1]
            parts = values[len(values) - rule.size :] if rule.size else []
            if rule.size:
                del values[-rule.size :], states[-rule.size :]
            values.append(_reduced(rule, parts))
            states.append(table.states[states[-1]][rule.origin])
            if token is None and states[-1] == table.end:
                return values[-1]
        states.append(action)
        values.append(token)
        previous = token
    raise AssertionError("the end of the input is always reduced or refused")


@dataclass(frozen=True, slots=True)
class _Repetition:
    parts: list


def _reduced(rule: Rule, parts: list):
    flat: list = []
    for part in parts:
        flat.extend(part.parts) if isinstance(part, _Repetition) else flat.append(part)
    if rule.origin.startswith("_"):
        return _Repetition(flat)
    if rule.transparent and len(flat) == 1:
        return flat[0]
    return getattr(_BUILDER, rule.action)(flat)


def _check_scripts(tokens: Sequence[Token]) -> None:
    """TeX refuses x_1_2, and a reader cannot know whether x_{1,2} or {x_1}_2 is meant.

    A power of what carries a label, x^{(i)}^T, has one meaning and is read all the same.
    """
    present: list[str] = []  # the scripts of the operand that has just ended
    outer: list[list[str]] = []  # in braces: those of the operand whose script they are, or none
    before = ""
    for token in tokens:
        if token.type in ("SUB", "SUP"):
            if token.type in present:
                sign, what = ("_", "subscripts") if token.type == "SUB" else ("^", "superscripts")
                raise Unreadable(
                    "double-script",
                    f"two {what} follow each other",
                    (token.start, token.end),
                    help=f"write `x{sign}{{a,b}}`, or `{{x{sign}a}}{sign}b` in braces",
                )
            present.append(token.type)
        elif token.type == "LBRACE":
            outer.append(present if before in ("SUB", "SUP") else [])
            present = []
        elif token.type == "RBRACE":
            present = outer.pop()
            if before in ("RPAR", "RBRACK") and "SUP" in present:
                present.remove("SUP")
        elif token.type != "PRIME":
            present = []
        before = token.type


def _check_depth(parsed: Tree) -> None:
    """Prefixes and scripts nest without brackets; later stages walk a tree by recursion."""
    level: list[Tree] = [parsed]
    for _ in range(DEEPEST_TREE):
        level = [kid for node in level for kid in _kids(node)]
        if not level:
            return
    raise Unreadable(
        "nested-too-deep",
        f"more than {DEEPEST_TREE} operations are nested here",
        level[0].span,
        help="name the inner parts and refer to them by name",
    )


def _kids(node: Tree) -> Iterator[Tree]:
    for kid in node.kids:
        match kid:
            case Tree():
                yield kid
            case tuple():
                yield from (cell for row in kid for cell in row)


def _unexpected(previous: Token | None, token: Token | None) -> Unreadable:
    """What stands in the wrong place, or what is missing there, said with the author's symbols."""
    if token is None:
        assert previous is not None
        return Unreadable(
            "incomplete-formula",
            f"the formula breaks off after `{_said(previous)}`",
            (previous.start, previous.end),
            help="a term is missing at the end",
        )
    if previous is not None and previous.type in _WANTING:
        return Unreadable(
            "missing-term",
            f"a term is missing between `{_said(previous)}` and `{_said(token)}`",
            (previous.start, token.end),
            help=f"write a term after `{_said(previous)}`, or remove it",
        )
    return Unreadable(
        "unexpected-symbol",
        f"`{_said(token)}` cannot stand here",
        (token.start, token.end),
        help="a term is missing before it" if token.type in _WANTING else "",
    )


_WANTING = frozenset(["ADD", "SIGN", "MUL", "REL", "SUB", "SUP", "COMMA", "MID", "BIG", "SEMI"])
_SPOKEN = {"...": r"\dots", "pm": r"\pm", "|->": r"\mapsto", "prop": r"\propto"}


def _said(token: Token) -> str:
    match token.type:
        case "BEGIN" | "END":
            return rf"\{token.type.lower()}{{{token.text}}}"
        case "BIG":
            return "\\" + token.text
        case "REL":
            spelled = (tex for tex, canon in known.RELATIONS.items() if canon == token.text)
            return next(spelled, token.text)
        case "LABS" | "RABS" | "LNORM" | "RNORM" | "MID" | "EVAL":
            return {"ABS": "|", "NORM": r"\|"}.get(token.text, token.text)
        case _:
            return _SPOKEN.get(token.text, token.text)
