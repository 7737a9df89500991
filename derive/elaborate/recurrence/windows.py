r"""What is claimed of a recurrence of any length, as claims about a few of its steps.

The idea: the gradient at a step knows the later ones only by the gradient that they send back, so a
line about h_t and h_{t+1} is one about two steps whose last state has any gradient G: the loss is
that of these steps plus <G, h_{t+1}>.  The gradient in a weight that every step uses is the sum of
those that its uses have, so \partial L / \partial W = \sum_t X_t follows where X_t is the gradient
of one use.  Both hold for every number of steps; what is not of this kind is left alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from derive.elaborate.names.scope import base_of
from derive.elaborate.recurrence.steps import (
    Member,
    Steps,
    companion,
    defines,
    member_of,
    members,
    mentions,
    number_of,
    put,
    range_of,
    starts_at_zero,
)
from derive.elaborate.terms.limits import bound_letters
from derive.tree import Tree

_DELTA = r"\delta"


class Unfit(Exception):
    """A statement that no window shows."""


@dataclass(frozen=True, slots=True)
class Window:
    """Steps around a base, t or T or 1; ``use``: one use of the weights, a term of a sum."""

    base: Tree
    low: int
    high: int
    use: bool = False

    def at(self, offset: int) -> Tree:
        terms = [self.base, Tree("num", (str(abs(offset)),))]
        if offset < 0:
            terms[1] = Tree("neg", (terms[1],))
        return Tree("sum", tuple(terms)) if offset else self.base


class Recurrent:
    """The statements of a document about a recurrence, told apart."""

    def __init__(self, items: Iterable[Tree], steps: Steps) -> None:
        self.steps = steps
        self.kept: list[Tree] = []  # what holds whatever the step
        self.declared: list[Tree] = []
        self.losses: dict[Tree, Tree] = {}  # name: statement
        self.named: list[Tree] = []  # \delta_t = dL/dh_t
        self.claims: list[Tree] = []
        self.starts: list[Tree] = []  # what is carried, before the first step
        for item in items:
            self._sort(item)
        self.carried = self._handed_on()

    def _sort(self, item: Tree) -> None:
        letter = self.steps.letter
        member = defines(item, letter)
        if range_of(item, letter) is not None or item.kids[:1] == (self.steps.high,):
            return
        if item.head != "chain" or item.kids[0] is None or len(item.kids) < 3:
            return
        left, sign, right = item.kids[:3]
        if str(sign.kids[0]) == "in":
            self.declared.append(item)
        elif member is not None and member.family in self.steps.defined:
            return
        elif self._starts(left):
            self.starts.append(item)
        elif base_of(left) == _DELTA and right.head == "deriv" and len(item.kids) == 3:
            self.named.append(item)
        elif str(sign.kids[0]) in ("=", ":=") and base_of(left) not in ("", _DELTA):
            if left in self.losses or not self._of_steps(item):
                (self.claims if self._of_steps(item) else self.kept).append(item)
            else:
                self.losses[left] = item
        elif self._of_steps(item) or any(n.head in ("deriv", "grad") for n in item.subtrees()):
            self.claims.append(item)
        else:
            self.kept.append(item)

    def _starts(self, left: Tree) -> bool:
        first = Tree("num", (str(self.steps.low - 1),))
        states = (self.steps.defined[family].kids[0] for family in self.steps.carried)
        return any(put(state, self.steps.letter, first) == left for state in states)

    def _handed_on(self) -> tuple[str, ...]:
        """What a later step uses.  Unfit where it is used later than in the next one, or sooner."""
        bodies = [item.kids[2] for item in self.steps.defined.values()]
        bodies += [n.kids[3] for i in self.losses.values() for n in i.subtrees()
                   if _binds(n, self.steps.letter) and n.kids[3] is not None]  # fmt: skip
        found: dict[str, None] = {}
        self.apart: set[str] = set()  # what is given and used at other steps than its own
        for member in (m for body in bodies for m in members(body, self.steps.letter)):
            if member.family not in self.steps.defined:
                self.apart |= {member.family} if member.offset else set()
            elif member.offset not in (0, -1):
                raise Unfit
            elif member.offset:
                found[member.family] = None
        return tuple(found)

    def _of_steps(self, item: Tree) -> bool:
        """Whether a statement speaks of steps: t, the last one, or a sum over them."""
        letters = [self.steps.letter]
        if self.steps.high.head == "name":
            letters.append(str(self.steps.high.kids[0]))
        if any(mentions(item, letters[0]) or any(members(item, x)) for x in letters):
            return True
        return any(_binds(node, self.steps.letter) for node in item.subtrees())

    # ----------------------------------------------------------------------------- windows

    def views(self) -> list[list[Tree]]:
        """The statements of each window with the claims that it shows."""
        groups: dict[Window, list[Tree]] = {}
        for claim in self.claims:
            try:
                window, shown = self._window(claim)
                groups.setdefault(window, []).append(shown)
            except Unfit:
                continue
        found = []
        for window, claims in groups.items():
            try:
                found.append([*self.setting(window), *claims])
            except Unfit:
                continue
        return found

    def _window(self, claim: Tree) -> tuple[Window, Tree]:
        if any(side.head == "ask" for side in claim.kids[::2]):
            raise Unfit
        sides = [self._one_term(side) for side in claim.kids[::2]]
        shown = [side for side, _ in sides]
        if any(summed for _, summed in sides):
            for side, summed in sides:
                if not summed and (not self._in_weights(side) or self._in_starts(side)):
                    raise Unfit
            window = Window(Tree("name", (self.steps.letter,)), 0, 0, use=True)
            for side, summed in sides:
                if summed:
                    self._only_values(side)
                    self._check_use(side)
            kids = [*claim.kids]
            kids[::2] = shown
            return window, Tree("chain", tuple(kids), claim.span)
        base, letter = self._base(claim)
        for side in claim.kids[::2]:
            self._only_values(side)
        used = list(self._used(claim, letter))
        inner = any(early and m.family not in self.carried for m, early in used)
        if inner and letter == self.steps.letter and not self._alike():
            raise Unfit  # at the last step it is another gradient
        high = max([0, *(m.offset for m, _ in used)])
        needs = [m.offset for m, early in used if early or m.family not in self.carried]
        low = min([high, *needs])
        if base.head == "name" and base != Tree("name", (self.steps.letter,)) and high > 0:
            raise Unfit
        return Window(base, low, high), claim

    def _alike(self) -> bool:
        """Whether the last step is as the others but for what is sent back to it: the loss sums
        over all steps, or knows only what the last one carries."""
        last = str(self.steps.high.kids[0]) if self.steps.high.head == "name" else ""
        return all(
            any(_binds(node, self.steps.letter) for node in item.subtrees())
            or not any(
                m.family in self.steps.defined and m.family not in self.carried
                for m in members(item, last)
            )
            for item in self.losses.values()
        )

    def _base(self, claim: Tree) -> tuple[Tree, str]:
        """What the steps of a claim are reckoned from."""
        letter = self.steps.letter
        last = str(self.steps.high.kids[0]) if self.steps.high.head == "name" else ""
        here = mentions(claim, letter)
        there = bool(last) and any(members(claim, last))
        if here and not there:
            return Tree("name", (letter,)), letter
        if there and not here:
            return self.steps.high, last
        raise Unfit

    def _used(self, tree: Tree, letter: str) -> Iterator[tuple[Member, bool]]:
        """The members that a claim speaks of; with those whose gradient is taken from the loss."""
        early: set[Member] = set()
        for node in tree.subtrees():
            if node.head == "deriv" and isinstance(node.kids[1], Tree):
                if node.kids[0] in self.losses:
                    early |= set(members(node.kids[1], letter))
            elif node.head == "script" and base_of(node) == _DELTA:
                early |= set(members(node, letter))
        for member in members(tree, letter):
            inner = member.family in self.steps.defined or member.family.startswith(_DELTA)
            if inner:
                yield member, member in early
            elif member.family in self.apart and member in early:
                raise Unfit

    def _check_use(self, body: Tree) -> None:
        """A term must speak of its own step; of what is carried, of the value before it too."""
        for member, early in self._used(body, self.steps.letter):
            before = member.offset == -1 and member.family in self.carried and not early
            if member.offset != 0 and not before:
                raise Unfit

    def _in_weights(self, side: Tree) -> bool:
        """Whether a side is the derivative of the loss in what does not depend on the step."""
        if side.head not in ("deriv", "grad"):
            return False
        of, by = (side.kids[1], side.kids[0]) if side.head == "grad" else side.kids[:2]
        return of in self.losses and isinstance(by, Tree) and not self._stepwise(by)

    def _in_starts(self, side: Tree) -> bool:
        """Whether a weight may be used before the first step too."""
        by = side.kids[0] if side.head == "grad" else side.kids[1]
        rights = [item.kids[2] for item in self.starts if not starts_at_zero(item, self.steps)]
        return any(not base_of(r) or r == by or by in r.subtrees() for r in rights)

    def _stepwise(self, tree: Tree) -> bool:
        letters = [self.steps.letter]
        if self.steps.high.head == "name":
            letters.append(str(self.steps.high.kids[0]))
        return any(any(members(tree, x)) for x in letters) or any(
            node.head == "script" and isinstance(node.kids[1], Tree)
            and number_of(node.kids[1]) is not None
            for node in tree.subtrees()
        )  # fmt: skip

    def _only_values(self, side: Tree) -> None:
        """Unfit where a formula speaks of the whole loss, or of its derivative in a weight: a
        window does not have them."""
        stack: list[object] = [side]
        while stack:
            node = stack.pop()
            if isinstance(node, tuple):
                stack.extend(node)
            elif isinstance(node, Tree):
                if node in self.losses or _binds(node, self.steps.letter):
                    raise Unfit
                if node.head in ("deriv", "grad"):
                    if self._in_weights(node) or node.head == "grad":
                        raise Unfit
                    stack.append(node.kids[1])
                    if node.kids[0] not in self.losses:
                        stack.append(node.kids[0])
                else:
                    named = node.head == "script" and base_of(node) != ""  # L_t is no L
                    stack.extend(node.kids[1:] if named else node.kids)

    def _one_term(self, side: Tree) -> tuple[Tree, bool]:
        """A side as one term of its sum over all steps; and whether it is such a sum."""
        letter = self.steps.letter
        match side:
            case Tree("big", ("sum", below, above, Tree() as body)) if _binds(side, letter):
                ((_, first, _),) = bound_letters(below) or ((None, None, None),)
                low = self.steps.low if first is None else number_of(first)
                if low != self.steps.low or above not in (None, self.steps.high):
                    raise Unfit
                return Tree("paren", (body,), body.span), True
            case Tree("juxt", (*front, last)) if isinstance(last, Tree) and _binds(last, letter):
                if any(mentions(f, letter) or self._stepwise(f) for f in front):
                    raise Unfit
                body, _ = self._one_term(last)
                return Tree("juxt", (*front, body), side.span), True
            case Tree("neg", (inner,)):
                body, summed = self._one_term(inner)
                return Tree("neg", (body,), side.span), summed
            case Tree("sum", terms) if all(terms):
                done = [self._one_term(term) for term in terms]
                if len({summed for _, summed in done}) > 1:
                    raise Unfit
                return Tree("sum", tuple(body for body, _ in done), side.span), done[0][1]
        if any(_binds(node, letter) for node in side.subtrees()):
            raise Unfit
        return side, False

    # ------------------------------------------------------------------------- one window

    def setting(self, window: Window) -> list[Tree]:
        """What is declared and defined at the steps of a window, with its loss."""
        letter = self.steps.letter
        offsets = range(window.low, window.high + 1)
        found = [*self.kept]
        for item in self.declared:
            if not mentions(item, letter):
                found.append(item)
                continue
            found += [
                put(item, letter, window.at(k)) for k in range(window.low - 1, window.high + 1)
            ]
        found += self._before(window)
        for item in self.steps.defined.values():
            found += [put(item, letter, window.at(k)) for k in offsets]
        for item in self.declared:
            found += self._sent_back_in(item)
        ends = window.base == self.steps.high
        for name, item in self.losses.items():
            found.append(self._loss(name, item, window, ends))
        for item in self.named:
            found += [put(item, letter, window.at(k)) for k in offsets]
        return found

    def _before(self, window: Window) -> Iterator[Tree]:
        """What is carried into a window lives where the text says that it starts: x of h_0 = x."""
        for item in self.starts:
            for one in self.declared:
                names = one.kids[0].kids if one.kids[0].head == "list" else one.kids[:1]
                if item.kids[2] in names or item.kids[0] in names:
                    for family in self.carried:
                        state = self.steps.defined[family].kids[0]
                        first = Tree("num", (str(self.steps.low - 1),))
                        if put(state, self.steps.letter, first) == item.kids[0]:
                            left = put(state, self.steps.letter, window.at(window.low - 1))
                            for name in (left, companion(state)):
                                yield Tree("chain", (name, *one.kids[1:]), one.span)

    def _loss(self, name: Tree, item: Tree, window: Window, ends: bool) -> Tree:
        letter = self.steps.letter
        right = item.kids[2]
        term, summed = self._one_term(right)
        if len(item.kids) != 3:
            raise Unfit
        terms: list[Tree] = []
        if summed:
            terms = [put(term, letter, window.at(k)) for k in range(window.low, window.high + 1)]
        elif ends:
            terms = [right]
        elif self.steps.high.head != "name" or not any(
            members(right, str(self.steps.high.kids[0]))
        ):
            raise Unfit
        if not ends:
            terms += [self._sent_back(family, window) for family in self.carried]
        whole = terms[0] if len(terms) == 1 else Tree("sum", tuple(terms))
        return Tree("chain", (name, item.kids[1], whole), item.span)

    def _sent_back_in(self, item: Tree) -> Iterator[Tree]:
        """What is sent back to a state lives where the state does."""
        names = item.kids[0].kids if item.kids[0].head == "list" else item.kids[:1]
        for one in names:
            member = member_of(one, self.steps.letter)
            if member is not None and member.family in self.carried:
                yield Tree("chain", (companion(one), *item.kids[1:]), item.span)

    def _sent_back(self, family: str, window: Window) -> Tree:
        r"""\langle G, h \rangle of what the last step of the window hands on."""
        state = put(self.steps.defined[family].kids[0], self.steps.letter, window.at(window.high))
        gradient = companion(state)
        return Tree("angle", (Tree("list", (gradient, state)),))


def _binds(node: object, letter: str) -> bool:
    return (
        isinstance(node, Tree)
        and node.head == "big"
        and letter in {one for one, _, _ in bound_letters(node.kids[1])}
    )
