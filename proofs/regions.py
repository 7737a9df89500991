r"""Which part of space a line is about: "if $y w^\top x < 1$", "when the loss is positive".

The idea: a condition is an inequality of the document or words about its one hinge, and where it
stands says which lines it is for.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import TYPE_CHECKING

from derive.derivation.network import Domain
from derive.elaborate.claims.claimed import Claim
from derive.elaborate.claims.claims import speaks_of_derivatives
from derive.elaborate.faults import Fault, Silent
from derive.elaborate.statements.mood import Mood, mood_of
from derive.elaborate.statements.regions import Span, cases, is_behind, leads_to, reach
from derive.kernel.build import is_zero, zeros
from derive.kernel.expr import Expr, Map, is_named, toposort
from derive.latex.print import latex
from derive.operators.pointwise import ge, gt, le, lt
from derive.tree import Tree, num, tree
from derive.writing.write import Writer
from proofs.parts import Part

if TYPE_CHECKING:
    from proofs.judge import Judge

_SIGNS = {">": gt, "<": lt, ">=": ge, "<=": le}
_OTHER = {">": "<=", "<": ">=", ">=": "<", "<=": ">"}


@dataclass(frozen=True, slots=True)
class Region:
    """A part of space that the text speaks of from ``at`` on, ``until`` some place; ``gap`` tells
    of which quantity: of several parts by one quantity the last one counts.  A gap that is None
    is not known."""

    at: Span
    until: int
    gap: Expr | None
    sign: str = ">"
    sides: tuple[Tree, Tree] = (num(0), num(0))
    letter: str | None = ""  # None: of all entries of an array
    words: str = ""
    onward: bool = False  # it speaks of what follows it only

    def part(self, derives: bool) -> Part:
        """What is said of a line; one of a derivative is said of where it has one."""
        if self.gap is None:
            return Part(self.words, unread=True)
        sign = self.sign.rstrip("=") if derives else self.sign
        left, right = self.sides
        said = latex(tree("chain", left, tree("rel", sign), right))
        if self.letter is not None:
            return Part(said, _SIGNS[sign](self.gap, zeros(self.gap.axes)), self.letter)
        zero = Fraction(0)
        ends = (zero, None) if sign[0] == ">" else (None, zero)
        return Part(said, whole=self.gap, domain=Domain(*ends, closed=sign.endswith("=")))


class Regions:
    """The parts of space that a document speaks of, for each of its claims."""

    def __init__(self, judge: Judge) -> None:
        self.claims = judge.claims
        self.text = judge.claims.plain
        self.starts = [claim.span[0] for claim in judge.claims.claims]
        found = [*self._of_formulas(judge), *self._of_words()]
        self.all = self._with_others(sorted(found, key=lambda one: one.at))

    def about(self, claim: Claim) -> tuple[Part, ...]:
        """The parts of space that a claim is about."""
        chosen: dict[Expr | None, Region] = {}
        for one in self.all:
            if one.at[1] <= claim.span[0] < one.until:
                chosen[one.gap] = one
        behind = next(
            (r for r in self.all if not r.onward and is_behind(self.text, claim.span, r.at)), None
        )
        if behind is not None:
            chosen[behind.gap] = behind
        derives = bool(chosen) and speaks_of_derivatives(claim.sides)
        return tuple(one.part(derives) for one in chosen.values())

    def _reach(self, at: Span, onward: bool = False) -> int:
        if not onward and any(is_behind(self.text, claim.span, at) for claim in self.claims.claims):
            return at[1]
        return reach(self.text, at, self.starts)

    def _of_formulas(self, judge: Judge) -> Iterator[Region]:
        for claim in self.claims.given:
            if not claim.relations or not set(claim.relations) <= _SIGNS.keys():
                continue
            if mood_of(self.text, *claim.span) is Mood.DOUBTED:
                continue
            until = self._reach(claim.span)
            with suppress(Fault, Silent):
                sides = judge.sides(claim)
                for left, sign, right in zip(sides, claim.relations, sides[1:], strict=False):
                    a, b = judge.pair(left, right, sign)
                    opens = sorted({x for s in (left, right) if s.value for x in s.value.opens})
                    trees = (left.tree, right.tree)
                    if len(opens) == len(a.axes) <= 1:
                        yield Region(claim.span, until, a - b, sign, trees, "".join(opens))
                    elif not opens and is_zero(b):
                        yield Region(claim.span, until, a, sign, trees, None)

    def _of_words(self) -> Iterator[Region]:
        hinges = self._hinges() if self.claims.network.definitions else set()
        for case in cases(self.text) if hinges else ():
            if case.other or mood_of(self.text, *case.at) is Mood.DOUBTED:
                continue
            until, words = self._reach(case.at), self.text[slice(*case.at)]
            hinge = next(iter(hinges))
            if len(hinges) > 1 or hinge.axes:
                yield Region(case.at, until, None, words=words)
                continue
            written = Writer(hinge, {}, opened=not is_named(hinge)).whole()
            sign = ">" if case.positive else "<="
            yield Region(case.at, until, hinge, sign, (written, num(0)))

    def _hinges(self) -> set[Expr]:
        """Every u of a max(0, u) of the document."""
        roots = [definition.node for definition in self.claims.network.definitions]
        return {u for node in toposort(*roots) if (u := _kinked(node)) is not None}

    def _with_others(self, found: list[Region]) -> list[Region]:
        """The regions with those of which the text says that they are the other ones."""
        others: list[Region] = []
        for case in cases(self.text):
            before = [r for r in found if case.other and r.at < case.at]
            last = [r for r in before if r.at == before[-1].at]
            if len(last) == 1:  # the other side of an interval is none
                after = min((s for s in self.starts if s >= case.at[1]), default=None)
                onward = after is not None and leads_to(self.text[case.at[1] : after])
                until, sign = self._reach(case.at, onward), _OTHER[last[0].sign]
                others.append(replace(last[0], at=case.at, until=until, sign=sign, onward=onward))
        return sorted([*found, *others], key=lambda one: one.at)


def _kinked(node: Expr) -> Expr | None:
    """The u of max(0, u)."""
    if not isinstance(node, Map):
        return None
    if node.fn.name == "relu":
        return node.args[0]
    others = [u for u in node.args if not is_zero(u)]
    return others[0] if node.fn.name == "max" and len(others) == 1 else None
