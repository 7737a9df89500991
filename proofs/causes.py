"""Why a link is wrong: another layout, a named mistake, another left side, or an error above.

The idea: each cause is a hypothesis, and is said only if the line is proved to be true under it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import cached_property, partial

from derive.derivation.local import opened
from derive.elaborate.claims.claims import Claims
from derive.elaborate.faults import Fault, Silent
from derive.elaborate.layouts import LAYOUTS
from derive.elaborate.values import Value
from derive.kernel.build import is_zero
from derive.kernel.expr import Expr, toposort
from derive.latex.print import latex
from derive.operators.pointwise import np
from derive.tree import Tree
from proofs.decide import Decider
from proofs.held import held_constant, swept
from proofs.layouts import is_jacobian
from proofs.mistakes import Named, name_left, name_mistake
from proofs.mistakes.edit import Surroundings
from proofs.mistakes.probe import Probe
from proofs.mistakes.quick import Quick
from proofs.mistakes.surgery import flat
from proofs.mistakes.surroundings import other_lefts, spellings, surroundings
from proofs.numbers.sample import is_vast
from proofs.verdict import Fix

_MOST_NUMBERS = 20_000  # of trees, kept from line to line
_MOST_POINTS = 4  # choices of points at which a truth is looked at


@dataclass(frozen=True, slots=True)
class Cause:
    """A mistake with a name, the sentence for its writer, and what to write (None: see there)."""

    code: str
    says: str
    fix: Fix | None = None
    notes: tuple[str, ...] = ()


@dataclass(slots=True)
class Error:
    """A gradient that the document gets wrong: of which number, in which node, and its value."""

    of: Expr
    node: Expr
    value: Expr
    offset: int


@dataclass
class Causes:
    """Looks for the causes of the wrong lines of one document."""

    claims: Claims
    decider: Decider
    errors: list[Error] = field(default_factory=list)
    _probes: list[Probe] = field(default_factory=list)
    _quick: dict[tuple[str, frozenset[str], int], Quick] = field(default_factory=dict)

    @cached_property
    def context(self) -> Surroundings:
        return surroundings(self.claims)

    def value(self, tree: Tree, opens: frozenset[str], like: Value) -> tuple[Expr, Expr] | None:
        """A value and that of a raw formula, as arrays of the same axes; None if they are not."""
        try:
            return self.claims.together(like, self.claims.value(tree, opens), tree)
        except (Fault, Silent):
            return None

    def named(
        self, left: Tree, side: Tree, opens: frozenset[str], target: Value, whole: Value | None
    ) -> Cause | None:
        """The one edit of a side, or of the left side, that makes it equal the target.

        ``target`` is what the side is to equal, ``whole`` the value of the left side.
        """
        aligned = self.value(left, opens, target)
        truth = self.claims.arrays([target])[0] if aligned is None else aligned[0]
        probe, quick = None, None
        if not any(map(is_vast, toposort(truth))):  # or else trees cost more than expressions do
            probe, quick = self._numbers(truth, opens)
        found = name_mistake(
            side, self.context,
            value_of=lambda tree: self._second(tree, opens, target),
            agrees=lambda made: self.decider.alike(truth, made),
            proves=lambda made: self.decider.proves(truth, made),
            axes=truth.axes,
            probe=probe,
            quick=quick,
            letters=sorted(target.opens),
            source=self.claims.source.text,
            banned=spellings(left, self.claims),
        )  # fmt: skip
        if found is None and (held := self._held(left, side, opens)) is not None:
            return held
        if found is None and whole is not None:
            found = self._other_left(left, side, opens)
        return None if found is None else _cause(found)

    def _held(self, left: Tree, side: Tree, opens: frozenset[str]) -> Cause | None:
        """What was held constant, if the side is the gradient that this would give."""
        found = self._number_and_node(left, opens)
        if found is None:
            return None
        of, node = found

        def holds(value: Expr) -> bool:
            pair = self.value(side, opens, replace(node, expr=value))
            return pair is not None and self.decider.alike(*pair) and self.decider.proves(*pair)

        names = held_constant(of.expr, node.expr, holds)
        if names is None:
            return None
        listed = " and ".join(f"${name}$" for name in names)
        verb, noun = ("are", "depend") if len(names) > 1 else ("is", "depends")
        by = latex(self._by(left))
        return Cause(
            "held-constant",
            f"{listed} {verb} held constant here and {noun} on ${by}$: the terms of those paths "
            "are missing",
        )

    def _numbers(self, truth: Expr, opens: frozenset[str]) -> tuple[Probe, Quick]:
        """A probe of the truth, and the numbers of trees there: the lines of a document share
        their points and parts."""
        if sum(len(quick.known) for quick in self._quick.values()) > _MOST_NUMBERS:
            self._quick.clear()
            self._probes.clear()
        probe = self._probe(truth)
        key = self.claims.layout.name, opens, probe.seed
        if key not in self._quick:
            part_of = partial(self._part, opens=opens)
            self._quick[key] = Quick(probe, part_of, sorted(opens))
        return probe, self._quick[key]

    def _probe(self, truth: Expr) -> Probe:
        """The first points at which the truth has a value, or some others."""
        facts, free = self.decider.free_facts, self.decider.free
        declared = self.claims.reading.kinds
        for seed in range(_MOST_POINTS):
            if seed == len(self._probes):
                self._probes.append(Probe(truth, facts, free if declared else None, seed=seed))
            probe = self._probes[seed].of(truth)
            if all(np.isfinite(probe.array(truth, k)).all() for k in range(probe.points)):
                return probe
        return self._probes[0].of(truth)

    def _part(self, tree: Tree, opens: frozenset[str]) -> Value | None:
        try:
            return self.claims.value(tree, opens)
        except (Fault, Silent):
            return None

    def _second(self, tree: Tree, opens: frozenset[str], target: Value) -> Expr | None:
        pair = self.value(tree, opens, target)
        return None if pair is None else pair[1]

    def _other_left(self, left: Tree, side: Tree, opens: frozenset[str]) -> Named | None:
        """The left side that the document could have meant, if the side is its gradient."""
        for other, like in self._other_gradients(left, opens):
            pair = self.value(side, opens, like)
            if pair is None:
                continue
            truth, made = pair
            if is_zero(truth):
                continue
            found = name_left(left, self.context, [(other, truth)], lambda value, made=made: (
                self.decider.alike(value, made) and self.decider.proves(value, made)))  # fmt: skip
            if found is not None:
                return found
        return None

    def _other_gradients(self, left: Tree, opens: frozenset[str]) -> Iterator[tuple[Tree, Value]]:
        for other in other_lefts(left, self.context):
            try:
                yield other, self.claims.value(flat(other), opens)
            except (Fault, Silent):
                continue

    def _differentiated(self, tree: Tree) -> Tree | None:
        """The L of \\partial L / \\partial z, \\nabla_z L and \\delta_z."""
        match self.claims.shorthand.written_out(tree):
            case Tree("grad", (_, of, _)) | Tree("deriv", (of, _, _)):
                return of
        return None

    # ------------------------------------------------------------------------------- layouts

    def flipped(self, before: Tree, side: Tree, opens: frozenset[str], unfit: bool) -> Cause | None:
        """Another layout in which this link is true, if it speaks of the Jacobian of an array, or
        is ``unfit`` in shape and computes with derivatives."""
        nodes = [node for tree in (before, side) for node in tree.subtrees()]
        computes = unfit and any(node.head == "deriv" for node in side.subtrees())
        if not computes and not any(is_jacobian(node, self.claims, opens) for node in nodes):
            return None
        here = self.claims.layout
        try:
            for other in LAYOUTS.values():
                layout = replace(other, declared=here.declared)
                self.claims.lay_out(layout)
                if layout != here and self._holds(before, side, opens):
                    return Cause(
                        "layout-flip",
                        f"this is right in {layout.name} layout; the document is in {here.name} "
                        "layout",
                        notes=tuple(f"{one.name} layout: {one.says}" for one in (layout, here)),
                    )  # fmt: skip
        finally:
            self.claims.lay_out(here)
        return None

    def _holds(self, before: Tree, side: Tree, opens: frozenset[str]) -> bool:
        try:
            pair = self.value(side, opens, self.claims.value(before, opens))
        except (Fault, Silent):
            return False
        return pair is not None and self.decider.alike(*pair) and self.decider.proves(*pair)

    # ------------------------------------------------------------------------ errors further up

    def remember(self, left: Tree, value: Expr, opens: frozenset[str], offset: int) -> None:
        """A wrong value of a gradient: what is computed from it later is wrong in its wake."""
        found = self._gradient(left, opens)
        if found is not None and value.axes == found[1].axes:
            self.errors.append(Error(*found, value, offset))

    def _gradient(self, left: Tree, opens: frozenset[str]) -> tuple[Expr, Expr] | None:
        """The number and the node of a left side that is the gradient of a number in a node."""
        found = self._number_and_node(left, opens)
        return None if found is None or found[1].opens else (found[0].expr, found[1].expr)

    def _number_and_node(self, left: Tree, opens: frozenset[str]) -> tuple[Value, Value] | None:
        """The same with an entry of the node: \\partial L / \\partial x_i."""
        match self.claims.shorthand.written_out(left):
            case Tree("grad", (Tree() as by, Tree() as of, _)):
                pass
            case Tree("deriv", (Tree() as of, Tree() as by, _)):
                pass
            case _:
                return None
        try:
            number, node = self.claims.value(of, opens), self.claims.value(by, opens)
        except (Fault, Silent):
            return None
        return None if number.own or number.opens else (number, node)

    def _by(self, left: Tree) -> Tree:
        """The variable of a derivative, as it is written."""
        tree = self.claims.shorthand.written_out(left)
        return tree.kids[0] if tree.head == "grad" else tree.kids[1]

    def inherited(self, left: Tree, side: Expr, opens: frozenset[str]) -> int | None:
        """The offset of the error above from which this wrong gradient follows, if it does."""
        found = self._gradient(left, opens)
        if found is None:
            return None
        for error in reversed(self.errors):
            if error.of is not found[0] or error.node is found[1]:
                continue
            of, node, at = found[0], found[1], error.node
            if not {node, at} <= set(toposort(of)):
                # a name that the loss is not written in, for a value that it has
                of, node, at = opened(of), opened(node), opened(at)
            wrong = swept(of, {at: error.value}).get(node)
            if wrong is None or wrong.axes != side.axes:
                continue
            if self.decider.alike(wrong, side) and self.decider.proves(wrong, side):
                return error.offset
        return None


def _cause(found: Named) -> Cause:
    return Cause(found.code, found.says, replace(found.fix))
