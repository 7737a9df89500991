"""One claim judged: what each of its sides means, and how each follows from those before it.

The idea: as long as a chain is right, a side need only equal the one before it; after an error it
is compared with the left side of the chain first, so that one slip is told once.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, TypeVar

from derive.elaborate.claims.claimed import Claim
from derive.elaborate.claims.claims import Claims, speaks_of_derivatives
from derive.elaborate.claims.steps import out_of_step, stepped
from derive.elaborate.faults import Fault, Silent
from derive.elaborate.names.unknown import guessed, undefined
from derive.elaborate.shown import formula, marked, shape_of, text
from derive.elaborate.statements.declare import set_axes
from derive.elaborate.statements.einstein import summed
from derive.elaborate.values import Value
from derive.kernel import sizes
from derive.kernel.expr import Expr
from derive.tree import Tree
from proofs.decide import EQUALITIES, ORDERS, Decider, off_kinks
from proofs.described import suppositions_in_words, unread_words
from proofs.loewner import RELATIONS as LOEWNER
from proofs.loosely import loosely
from proofs.narrowed import Narrowed
from proofs.norms import by_another_custom
from proofs.regions import Regions
from proofs.stationary import follows, stationary
from proofs.supposed import (
    Supposed,
    implicit,
    standing,
    suppositions,
    tied,
    unread_equations,
    without_older_values,
)
from proofs.unread import of_a_variable, unless_sized, unless_unread
from proofs.updates import Rules, step_of_descent
from proofs.verdict import (
    ILL_TYPED,
    PROVED,
    REFUTED,
    UNREADABLE,
    UNSETTLED,
    Finding,
    Judged,
    Link,
)  # fmt: skip

if TYPE_CHECKING:
    from proofs.causes import Causes

T = TypeVar("T")

# Faults of shape: what is written has a meaning for no sizes at all.
_SHAPES = frozenset(["shape-clash", "too-many-indices", "free-index", "not-a-scalar"])
# Faults that are limits of derive and no fault of the writer.
_LIMITS = frozenset(
    ["unsupported", "not-reached", "unsupported-index", "ambiguous-norm", "ellipsis",
     "undetermined-size"]
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Side:
    """One side of a chain: as written, and its value or the reason why it has none."""

    tree: Tree
    value: Value | None
    fault: Fault | None = None


class Judge:
    """Judges the claims of one document, in its present layout."""

    def __init__(self, claims: Claims, decider: Decider) -> None:
        self.claims = claims
        self.decider = decider
        self.rules = Rules()

    @cached_property
    def causes(self) -> Causes:
        # Imported here: the table of mistakes is for those who make them.
        from proofs.causes import Causes

        return Causes(self.claims, self.decider)

    # ------------------------------------------------------------------------------- reading

    def sides(self, claim: Claim) -> list[Side]:
        """Every side with its value; indices that one side leaves open are open in all."""
        opens = self.claims.letters(claim.sides)
        found = [self._side(tree, opens) for tree in claim.sides]
        more = {x for side in found if side.value is not None for x in side.value.opens} - opens
        if more:
            opens |= more
            found = [self._side(tree, opens) for tree in claim.sides]
        left = found[0].value
        if left is None or not more | opens:
            return found
        return [found[0], *(self._summed(side, left, opens) for side in found[1:])]

    def _summed(self, side: Side, left: Value, opens: frozenset[str]) -> Side:
        """A side with indices that the left side does not have, read by Einstein's convention."""
        if side.value is None or not set(side.value.opens) - set(left.opens):
            return side
        tree = summed(side.tree, frozenset(side.value.opens) - set(left.opens))
        found = side if tree is None else self._side(tree, opens)
        if found.value is None or set(found.value.opens) - set(left.opens):
            return side
        self.claims.reading.note(
            "einstein", "an index that stands twice in a product, and not on the left, is summed"
        )
        return replace(side, value=found.value)

    def _side(self, tree: Tree, opens: frozenset[str]) -> Side:
        try:
            return Side(tree, self.claims.value(tree, opens))
        except Silent:
            fault = Fault("uses-unread", "this uses a definition that could not be read", tree)
            return Side(tree, None, fault)
        except Fault as fault:
            return Side(tree, None, fault)

    def pair(self, left: Side, right: Side, relation: str = "=") -> tuple[Expr, Expr]:
        """Both sides as arrays of the same axes.  Fault where they are not."""
        for side in (left, right):
            if side.fault is not None:
                raise side.fault
        assert left.value is not None
        assert right.value is not None
        spreading = relation in ORDERS
        return self.claims.together(left.value, right.value, right.tree, spreading)

    @cached_property
    def supposed(self) -> list[Supposed]:
        """What the document supposes."""
        return [*suppositions(self), *suppositions_in_words(self.claims), *stationary(self)]

    @cached_property
    def regions(self) -> Regions:
        """The parts of space that the document speaks of."""
        return Regions(self)

    @cached_property
    def narrowed(self) -> Narrowed:
        """What the document says in places only."""
        return Narrowed(self.claims, (*unread_words(self.claims), *unread_equations(self)))

    def _before(self, claim: Claim) -> list[Supposed]:
        places = {one.at[0] for one in self.regions.all}
        return without_older_values([*standing(self.supposed, claim, places)])

    # ------------------------------------------------------------------------------- judging

    def judged(self, claim: Claim) -> Judged | None:
        """The claim with its verdicts; None where it turns out to claim nothing."""
        self.decider.hypotheses = tuple((*one.pair, one.sign) for one in self._before(claim))
        self.decider.narrowings = self.narrowed.about(claim.span)
        self.decider.parts = self.regions.about(claim)
        self.decider.opens = self.claims.letters(claim.sides) if self.decider.parts else frozenset()
        whole = self.claims.source.text[slice(*claim.span)]
        if (derivative := tied(claim, self.claims, self.supposed)) is not None:
            return Judged(
                whole,
                claim.span,
                (self._link(claim, 0, UNSETTLED, "reader", implicit(derivative)),),
            )
        unknown = undefined(self.claims, claim)
        judge = {"shape": self._shape, "update": self._update}.get(claim.kind, self._chain)
        links = tuple(judge(claim)) if unknown is None else ()
        if any(link.verdict == ILL_TYPED for link in links):
            unknown = guessed(self.claims, claim)
        links = tuple(unless_sized(link, claim, self.claims) for link in links)
        if unknown is not None:
            return Judged(whole, claim.span, (self._unknown(claim, unknown),))
        if not links:
            return None
        convention = self.claims.layout.name if speaks_of_derivatives(claim.sides) else None
        return Judged(whole, claim.span, links, convention)

    def _unknown(self, claim: Claim, symbol: Tree) -> Link:
        named, at = text(symbol), symbol.span[0]
        where = next((k for k, s in enumerate(claim.sides[1:]) if s.span[0] <= at < s.span[1]), 0)
        return self._link(
            claim, where, UNREADABLE, "reader", f"{marked(named)} is neither declared nor defined",
            notes=(
                rf"declare it, as in ${named} \in \mathbb{{R}}^{{n}}$, or define ${named} = ..$",
            ),
            code="undefined-symbol", at=symbol.span,
        )  # fmt: skip

    def _link(self, claim: Claim, k: int, verdict: str, by: str, message: str = "", **more) -> Link:
        tree = claim.sides[k + 1]
        written = self.claims.source.text[slice(*tree.span)]
        return Link(written, tree.span, claim.relations[k], verdict, by, message, **more)

    def _chain(self, claim: Claim) -> Iterator[Link]:
        return self._links(claim, self.sides(claim))

    def _links(self, claim: Claim, found: list[Side]) -> Iterator[Link]:
        left = found[0]
        derives = speaks_of_derivatives(claim.sides)
        sound = True  # every side so far equals the left one
        for k in range(claim.given, len(claim.relations)):
            before, here, relation = found[k], found[k + 1], claim.relations[k]
            if (loose := loosely(self, claim, k, before, here)) is not None:
                left, sound = here, True  # what follows is judged against this side alone
                yield self._link(
                    claim, k, loose.verdict, loose.by, loose.message,
                    conditions=loose.conditions, counterexample=loose.counterexample,
                )  # fmt: skip
                continue
            if relation not in EQUALITIES | ORDERS | LOEWNER:
                sound = False
                yield self._link(
                    claim, k, UNSETTLED, "numeric", "this relation is not checked",
                    notes=(r"only $=$, $<$, $>$, $\le$, $\ge$ and $\ne$ are",), code="unsupported",
                )  # fmt: skip
                continue
            link = self._judged_link(claim, k, left, before, here, sound, derives)
            sound = sound and link.verdict == PROVED
            yield link

    def _judged_link(
        self, claim: Claim, k: int, left: Side, before: Side, here: Side, sound: bool,
        derives: bool,
    ) -> Link:  # fmt: skip
        relation = claim.relations[k]
        if here.fault is not None:
            return self._without_value(claim, k, here.fault, left, before, sound)
        if before.fault is not None and left.fault is not None:
            return self._without_value(claim, k, before.fault, left, before, sound)
        step = value = None
        try:
            if before.fault is None:
                step = self.decider.related(*self.pair(before, here, relation), relation)
            other = k > 0 and (not sound or step is None) and left.fault is None
            if other and EQUALITIES.issuperset(claim.relations[: k + 1]):
                value = self.decider.related(*self.pair(left, here))
        except Fault as fault:
            return self._without_value(claim, k, fault, left, before, sound)
        decisive = value or step
        assert decisive is not None
        if decisive.verdict in (UNSETTLED, REFUTED) and k == 0 and relation in EQUALITIES:
            decisive = of_a_variable(decisive, left, here)
            asked = self.pair(before, here)
            decisive = follows(asked, self._before(claim), self.decider, decisive)
        if decisive.verdict == REFUTED:
            decisive = by_another_custom(self, claim, k) or decisive
        decisive = off_kinks(decisive) if derives else decisive
        decisive = unless_unread(decisive, (left, before, here), relation, self.claims)
        more = {
            "step": step, "value": value, "almost_everywhere": decisive.almost_everywhere,
            "conditions": decisive.conditions, "counterexample": decisive.counterexample,
        }  # fmt: skip
        message = decisive.message
        if value is not None and step is not None and value.verdict == PROVED:
            if step.verdict == REFUTED:
                message = "right again, although the line before it is not"
        elif value is not None and step is not None and step.verdict == PROVED:
            more["carried"] = True
            message = "this follows from the line before it, which is wrong"
        elif decisive.verdict == REFUTED and relation in EQUALITIES:
            told, found = self._cause(claim, k, left, before, here, sound)
            if told and message:
                found["notes"] = (message, *found.get("notes", ()))
            message = told or message
            more |= found
        return self._link(claim, k, decisive.verdict, decisive.by, message, **more)

    def _cause(
        self, claim: Claim, k: int, left: Side, before: Side, here: Side, sound: bool
    ) -> tuple[str, dict]:
        """The sentence and the fields that say why a link is wrong."""
        opens = frozenset(x for s in (left, before, here) if s.value for x in s.value.opens)
        if here.value is not None and k == claim.given == 0 and left.value is not None:
            made = self.pair(left, here)[1]
            source = self.causes.inherited(left.tree, made, opens)
            if source is not None:
                line, _ = self.claims.source.position(source)
                return (
                    f"this follows from the error on line {line}",
                    {"carried": True, "carried_from": source},
                )
            self.causes.remember(left.tree, made, opens, here.tree.span[0])
        unfit = here.fault is not None or left.fault is not None
        flip = self.causes.flipped(before.tree, here.tree, opens, unfit)
        if flip is None:
            target = self.claims.beside(before if sound or left.value is None else left, here)
            if target is None:
                return "", {}
            whole = left.value if k == claim.given == 0 else None
            flip = guarded(
                lambda: self.causes.named(left.tree, here.tree, opens, target, whole), None
            )
        if flip is None:
            return "", {}
        return flip.says, {"mistake": flip.code, "fix": flip.fix, "notes": flip.notes}

    def _without_value(
        self, claim: Claim, k: int, fault: Fault, left: Side, before: Side, sound: bool = True
    ) -> Link:
        """A link one side of which has no value, or the wrong shape."""
        told = fault.diagnostic(self.claims.source)
        notes = tuple(filter(None, (*told.notes, told.help)))
        verdict = (
            ILL_TYPED if fault.code in _SHAPES
            else UNSETTLED if fault.code in _LIMITS else UNREADABLE
        )  # fmt: skip
        message, more = told.message, {}
        if verdict == ILL_TYPED and claim.kind != "shape" and claim.relations[k] in EQUALITIES:
            here = Side(claim.sides[k + 1], None, fault)
            says, more = self._cause(claim, k, left, before, here, sound)
            if says:
                notes, message = (message, *told.notes, *more.pop("notes", ())), says
        by = "shapes" if verdict == ILL_TYPED else "reader"
        more |= {"notes": notes, "code": fault.code, "at": fault.span}
        return self._link(claim, k, verdict, by, message, **more)

    # ------------------------------------------------------------------- shapes and updates

    def _shape(self, claim: Claim) -> Iterator[Link]:
        side = self._side(claim.sides[0], self.claims.letters(claim.sides[:1]))
        if side.fault is not None or side.value is None:
            assert side.fault is not None
            yield self._without_value(claim, 0, side.fault, side, side)
            return
        try:
            axes = set_axes(claim.sides[1], self.claims.reading)
        except Fault as fault:
            yield self._without_value(claim, 0, fault, side, side)
            return
        value = side.value
        kept = tuple(n for n in axes if n != 1)
        row = len(axes) == 2 and axes[0] == 1 and len(kept) == 1
        own = tuple(sizes.resolve(n, self.claims.reading.sizes.bound) for n in value.own)
        if kept == own and row == value.row:
            yield self._link(claim, 0, PROVED, "shapes")
        else:
            told = shape_of(kept, row) if len(kept) < len(axes) else shape_of(axes)
            yield self._link(
                claim, 0, ILL_TYPED, "shapes",
                f"{formula(claim.sides[0])} is {value.shape_text()}, not {told}",
                code="shape-clash",
            )  # fmt: skip

    def _update(self, claim: Claim) -> Iterator[Link]:
        """A step of an optimiser: right if it is one of gradient descent on a loss of the document.

        A step with quantities of its own, such as a velocity, is a rule and claims nothing.
        """
        found = self.sides(claim)
        if found[0].value is None:
            yield from self._links(claim, found)
            return
        stray = out_of_step(claim.item) if claim.item.head == "chain" else None
        if stray is not None and stray == claim.sides[0]:
            told = f"{formula(stray)} is of another time than what the step starts from"
            yield self._link(claim, 0, UNSETTLED, "shapes", told)
            return
        used = self.claims.leaves(claim.sides[1])
        left, right = claim.sides[:2]
        plainly = stepped(left, right) is not None or (right.head == "sum" and left in right.kids)
        expected = None if stray is not None else step_of_descent(
            found[0].value, found[1].value, used, self.claims, self.decider, plainly
        )  # fmt: skip
        if expected is not None:
            found[0] = Side(claim.sides[0], expected)
            yield from self._links(claim, found)
        elif (rule := self.rules.said_again(self, claim, found[1])) is not None:
            yield from self._links(claim, [rule, *found[1:]])
        elif len(claim.relations) > 1:
            rest = replace(claim, given=1)
            yield from self._links(rest, found)


def guarded(work: Callable[[], T], otherwise: T) -> T:
    """What some work gives, or what to take where it fails by a mistake of ours: the cause of an
    error is a service, and must not cost the verdict.  DERIVE_TRACEBACK shows the failure."""
    try:
        return work()
    except Exception:
        if os.environ.get("DERIVE_TRACEBACK"):
            raise
        return otherwise


__all__ = ["Finding", "Judge", "Side"]
