r"""Formulas of counts: (32 - F) / 1 + 1 = 26, F = ?, and what a formula comes to with its numbers.

The idea: an equation in which all but the asked letters are numbers is a problem in whole numbers;
one that has whole parts, and no letter left, is true or false.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction

from derive.counting.arithmetic import (
    NoNumber,
    Number,
    compiled,
    is_name,
    names_of,
    number,
    numeral,
    put_in,
)
from derive.counting.counted import Counted
from derive.counting.solving import MOST_LISTED, Solutions, degree, holds, solved
from derive.latex.print import latex
from derive.tree import Tree

_EQUAL = frozenset(["=", ":=", "=="])
_RELATIONS = _EQUAL | {"<=", ">=", "<", ">"}


@dataclass(frozen=True, slots=True)
class Compared:
    """A relation between two formulas of numbers: its right side, and the numbers of both."""

    right: Tree
    relation: str
    left_value: Fraction
    right_value: Fraction

    @property
    def true(self) -> bool:
        return holds(self.left_value, self.relation, self.right_value)


@dataclass(slots=True)
class Problems:
    """What formulas ask and claim about counts, and which statements these are."""

    answers: list[Counted] = field(default_factory=list)
    claims: list[tuple[Tree, list[Compared]]] = field(default_factory=list)
    taken: set[int] = field(default_factory=set)  # by identity

    @classmethod
    def of(cls, items: Sequence[Tree], judging: bool) -> Problems:
        found = cls()
        known = _known(items)
        for item in items:
            if item.head != "chain" or item.kids[0] is None:
                continue
            sides, signs = item.kids[::2], [str(r.kids[0]) for r in item.kids[1::2]]
            asked = sides[-1].head == "ask"
            if asked and len(sides) == 2 and (unknowns := _unknowns(sides[0])):
                found._solve(item, unknowns, items, known)
            elif asked and signs[-1] in _EQUAL:
                found._evaluate(item, sides[:-1], known)
            elif judging and set(signs) <= _RELATIONS:
                found._judge(item, sides, signs, known)
        return found

    def _solve(
        self, item: Tree, unknowns: list[str], items: Sequence[Tree], known: Mapping[str, Number]
    ) -> None:
        if any(name in known for name in unknowns):
            return
        equations = [e for e in items if _poses(e, unknowns, known)]
        if len(equations) != 1:
            return
        (equation,) = equations
        sides = equation.kids[::2]
        signs = [str(r.kids[0]) for r in equation.kids[1::2]]
        left = latex(item.kids[0])
        blank = Counted("equation", item.span, left)
        filters = [n for n in unknowns if n[0] in "FfKk"]
        padding = [n for n in unknowns if n[0] in "Pp"]

        def accepts(at: Mapping[str, int]) -> bool:
            # A padding as wide as the window would make outputs of zeros alone.
            padded = all(at[p] < at[f] for p in padding for f in filters)
            return padded and all(at[n] >= (0 if n in padding else 1) for n in unknowns)

        answer = _bounded(blank, sides, signs, unknowns, known)
        if answer is None:
            found = solved(sides, signs, unknowns, known, accepts)
            if found is None:
                return
            answer = _told(blank, found, unknowns, sides, signs, known)
        self.answers.append(answer)
        self.taken |= {id(item), id(equation)}

    def _evaluate(self, item: Tree, sides: Sequence[Tree], known: Mapping[str, Number]) -> None:
        body = sides[-1]
        if lacking := _lacking(body, known):
            told = ", ".join(f"${name}$" for name in lacking)
            why = f"the text does not say what {told} {'is' if len(lacking) == 1 else 'are'}"
            self.answers.append(Counted("value", item.span, latex(sides[0]), missing=why))
            self.taken.add(id(item))
            return
        if is_name(body) or body.head in ("num", "neg") or not _is_arithmetic(body, known):
            return
        left = latex(sides[0]) if len(sides) > 1 else latex(body)
        try:
            value = number(body, known)
        except NoNumber:
            return
        filled = put_in(body, known)
        steps = [latex(side) for side in sides[1:]]
        if latex(filled) != latex(body):
            steps.append(latex(filled))
        if value.denominator == 1:
            answer: Number = int(value)
        else:
            answer = value
        steps.append(latex(numeral(answer)))
        whole = answer if isinstance(answer, int) else None
        self.answers.append(Counted("value", item.span, left, tuple(steps), whole))
        self.taken.add(id(item))

    def _judge(
        self, item: Tree, sides: Sequence[Tree], signs: Sequence[str], known: Mapping[str, Number]
    ) -> None:
        whole = any(n.head in ("floor", "ceil") for side in sides for n in side.subtrees())
        # Of numbers alone an order is settled; equations without whole parts are for the prover.
        ordered = not set(signs) <= _EQUAL
        if not (whole or ordered) or not all(_is_arithmetic(side, known) for side in sides):
            return
        try:
            values = [number(side, known) for side in sides]
        except NoNumber:
            return
        links = [Compared(*row) for row in zip(sides[1:], signs, values, values[1:], strict=False)]
        self.claims.append((item, links))
        self.taken.add(id(item))


def _known(items: Iterable[Tree]) -> dict[str, Number]:
    """The letters that a document gives numbers: N = 32."""
    found: dict[str, Number] = {}
    twice: set[str] = set()
    for item in items:
        match item:
            case Tree("chain", (Tree() as name, Tree("rel", (sign,)), Tree() as value)):
                if sign not in _EQUAL or not is_name(name):
                    continue
                try:
                    given = number(value, {})
                except NoNumber:
                    continue
                if found.setdefault(latex(name), given) != given:
                    twice.add(latex(name))
    return {name: n for name, n in found.items() if name not in twice}


def _unknowns(side: Tree) -> list[str]:
    side = side.kids[0] if side.head == "paren" else side
    parts = side.kids if side.head == "list" else (side,)
    return [latex(part) for part in parts] if all(map(is_name, parts)) else []


def _is_arithmetic(tree: Tree, known: Mapping[str, Number]) -> bool:
    try:
        compiled(tree)
        return all(name in known for name in names_of(tree))
    except NoNumber:
        return False


def _lacking(body: Tree, known: Mapping[str, Number]) -> list[str]:
    """The letters without a number in a formula with whole parts, which is nothing but a count."""
    if all(node.head not in ("floor", "ceil") for node in body.subtrees()):
        return []
    try:
        compiled(body)
        return [name for name in names_of(body) if name not in known]
    except NoNumber:
        return []


def _poses(item: Tree, unknowns: Sequence[str], known: Mapping[str, Number]) -> bool:
    """Whether a statement is an equation in just these unknowns."""
    if item.head != "chain" or item.kids[0] is None:
        return False
    sides, signs = item.kids[::2], [str(r.kids[0]) for r in item.kids[1::2]]
    if not set(signs) <= _RELATIONS or any(side.head == "ask" for side in sides):
        return False
    if (
        any(_unknowns(side) for side in sides if not _is_arithmetic(side, known))
        and len(sides) == 2
    ):
        lone = next(s for s in sides if _unknowns(s))
        other = sides[1] if lone is sides[0] else sides[0]
        try:  # h = 3 h defines nothing; F = 7 would give it away
            if not set(unknowns) & set(names_of(other)):
                return False
        except NoNumber:
            return False
    try:
        for side in sides:
            compiled(side)
        names = {name for side in sides for name in names_of(side)}
    except NoNumber:
        return False
    return set(unknowns) <= names and names <= {*unknowns, *known}


def _bounded(
    blank: Counted, sides: Sequence[Tree], signs: Sequence[str], unknowns: Sequence[str],
    known: Mapping[str, Number],
) -> Counted | None:  # fmt: skip
    """The largest whole number that keeps to a budget, where what it bounds grows evenly."""
    if len(unknowns) != 1 or len(signs) != 1 or signs[0] not in ("<=", ">=", "<", ">"):
        return None
    (name,) = unknowns
    less = signs[0] in ("<=", "<")
    cost, budget = sides if less else sides[::-1]
    try:
        if degree(cost, name) != 1 or degree(budget, name) != 0:
            return None
        at = [number(cost, {**known, name: n}) for n in (0, 1)]
        room = number(budget, known) - at[0]
    except NoNumber:
        return None
    slope = at[1] - at[0]
    if slope <= 0:
        return None
    top = room / slope
    most = top.numerator // top.denominator
    if signs[0] in ("<", ">") and most * slope == room:
        most -= 1
    if most < 1:
        return _missing(blank, f"no whole number fits: it would be at most ${latex(numeral(top))}$")
    shown = latex(numeral(most))
    return _with(blank, (rf"\left\lfloor {latex(numeral(top))} \right\rfloor", shown), most,
                 (f"the largest that fits: ${blank.left} \\le {shown}$",))  # fmt: skip


def _told(
    blank: Counted, found: Solutions, unknowns: Sequence[str], sides: Sequence[Tree],
    signs: Sequence[str], known: Mapping[str, Number],
) -> Counted:  # fmt: skip
    if not found.values:
        if found.exact is not None:
            root = latex(numeral(found.exact))
            told = f"no whole number fits: the equation gives ${blank.left} = {root}$"
            return _missing(blank, told)
        ranges = _ranges(unknowns, found)
        return _missing(blank, f"no whole number fits with {ranges}")
    listed = found.values[:MOST_LISTED]
    texts = [", ".join(map(str, v)) for v in listed]
    texts = texts if len(unknowns) == 1 else [f"({t})" for t in texts]
    if len(listed) == 1:
        at = {**known, **dict(zip(unknowns, listed[0], strict=True))}
        proof = [latex(put_in(side, at)) for side in sides]
        check = proof[0] + "".join(
            f" {_SIGN.get(s, s)} {p}" for s, p in zip(signs, proof[1:], strict=True)
        )
        value = listed[0] if len(unknowns) > 1 else listed[0][0]
        return _with(blank, (texts[0],), value, (f"put in: ${check}$",))
    notes = []
    if len(found.values) > len(listed):
        notes.append(f"and {len(found.values) - len(listed)} more")
    if not found.every:
        notes.append(f"tried up to {found.bounds[0][1]}")
    elif len(unknowns) > 1:
        notes.append(f"all with {_ranges(unknowns, found)}")
    return _with(blank, (r",\ ".join(texts),), None, tuple(notes))


def _ranges(unknowns: Sequence[str], found: Solutions) -> str:
    both = zip(unknowns, found.bounds, strict=True)
    return ", ".join(rf"${low} \le {name} \le {high}$" for name, (low, high) in both)


_SIGN = {"<=": r"\le", ">=": r"\ge", ":=": "=", "==": "="}


def _with(blank: Counted, steps: tuple[str, ...], value, assumed: tuple[str, ...] = ()) -> Counted:
    return Counted(blank.kind, blank.span, blank.left, steps, value, assumed)


def _missing(blank: Counted, why: str) -> Counted:
    return Counted(blank.kind, blank.span, blank.left, missing=why)
