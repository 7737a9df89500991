r"""What is claimed of a recurrence of any length, as claims about a few of its steps.

The idea: the gradient at a step knows the later ones only by the gradient that they send back, so a
line about h_t and h_{t+1} is one about two steps whose last state has any gradient G: the loss is
that of these steps plus <G, h_{t+1}>.  The gradient in a weight that every step uses is the sum of
those that its uses have, so \partial L / \partial W = \sum_t X_t follows where X_t is the gradient
of one use.  Both hold for every number of steps; what is not of this kind is left alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from derive.elaborate.names.scope import base_of
from derive.elaborate.recurrence.chains import at_one_step, chain_of, is_single
from derive.elaborate.recurrence.ranges import range_of
from derive.elaborate.recurrence.readouts import (
    applies,
    closure,
    in_full,
    read_out,
    with_last,
    without_sums,
)
from derive.elaborate.recurrence.steps import (
    Member,
    Steps,
    companion,
    defines,
    member_of,
    members,
    mentions,
    put,
    starts_at_zero,
)
from derive.elaborate.recurrence.window import (
    Unfit,
    Window,
    applied,
    binds,
    is_of_steps,
    is_stepwise,
    letters_of,
    loss_in,
    name_of,
    named_in,
    one_term,
    sent_back_in,
    state_of,
    with_slopes,
)
from derive.tree import Tree

_DELTA = r"\delta"


class Recurrent:
    """The statements of a document about a recurrence, told apart."""

    def __init__(self, items: Iterable[Tree], steps: Steps) -> None:
        items, self.steps = with_slopes(items, steps)
        self.kept: list[Tree] = []  # what holds whatever the step
        self.declared: list[Tree] = []
        self.losses: dict[Tree, Tree] = {}  # name: statement
        self.named: list[Tree] = []  # \delta_t = dL/dh_t
        self.claims: list[Tree] = []
        self.starts: list[Tree] = []  # what is carried, before the first step
        for item in with_last(items, self.steps):
            self._sort(item)
        self.said = read_out(self.kept, self.losses)
        self.losses = in_full(self.said)
        self.partial = {name for name, side in self.losses.items() if self._is_summed(side)}
        self.carried = self._handed_on()
        self._check()

    def _sort(self, item: Tree) -> None:
        letter = self.steps.letter
        member = defines(item, letter)
        if range_of(item, letter) is not None or item.kids[:1] == (self.steps.high,):
            return
        if (unknown := applied(item, self.steps)) is not None:
            self.losses.setdefault(unknown, item if item.head == "juxt" else item.kids[2])
        if item.head != "chain" or item.kids[0] is None or len(item.kids) < 3 or unknown:
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
            if left in self.losses or not is_of_steps(item, self.steps):
                (self.claims if is_of_steps(item, self.steps) else self.kept).append(item)
            else:
                self.losses[left] = right if len(item.kids) == 3 else item
        elif is_of_steps(item, self.steps) or any(
            n.head in ("deriv", "grad") for n in item.subtrees()
        ):
            self.claims.append(item)
        else:
            self.kept.append(item)

    def _starts(self, left: Tree) -> bool:
        first = Tree("num", (str(self.steps.low - 1),))
        states = (self.steps.defined[family].kids[0] for family in self.steps.carried)
        return any(put(state, self.steps.letter, first) == left for state in states)

    def _is_summed(self, side: Tree) -> bool:
        return any(binds(node, self.steps.letter) for node in side.subtrees())

    def _check(self) -> None:
        r"""Unfit where anything but a claim speaks of one step by its number, or of any but these:
        C = .. + \|h_1\|^2 sends back more to that one, and W_2 = W_1 is one weight."""
        rights = [item.kids[2] for item in (*self.steps.defined.values(), *self.starts)]
        if any(map(self._strays, (*rights, *self.losses.values(), *self.kept, *self.named))):
            raise Unfit

    def _strays(self, tree: Tree) -> bool:
        return any(
            node.head == "script" and base_of(node) in self.bases
            and all(member_of(node, letter) is None for letter in letters_of(self.steps))
            for node in named_in(tree)
        )  # fmt: skip

    def _handed_on(self) -> tuple[str, ...]:
        """What a later step uses.  Unfit where it is used later than in the next one, or sooner."""
        bodies = [item.kids[2] for item in self.steps.defined.values()]
        bodies += [n.kids[3] for i in self.losses.values() for n in i.subtrees()
                   if binds(n, self.steps.letter) and n.kids[3] is not None]  # fmt: skip
        lefts = [item.kids[0] for item in self.steps.defined.values()]
        self.bases = {
            base_of(node) for node in named_in((*lefts, *bodies))
            if member_of(node, self.steps.letter)
        }  # fmt: skip
        found: dict[str, None] = {}
        # What each step is given, a weight or an input, and how far its index is from the step's.
        self.given: dict[str, set[int]] = {}
        for member in (m for body in bodies for m in members(body, self.steps.letter)):
            if member.family not in self.steps.defined:
                self.given.setdefault(member.family, set()).add(member.offset)
            elif member.offset not in (0, -1):
                raise Unfit
            elif member.offset:
                found[member.family] = None
        return tuple(found)

    @property
    def apart(self) -> bool:
        """Whether a step uses what is given at another one."""
        return any(offsets != {0} for offsets in self.given.values())

    def _where_used(self, member: Member) -> Member:
        """What is given, by the step that uses it: W_t by step t + 1 where h_{t+1} = W_t h_t.
        Unfit where several use it."""
        if len(offsets := self.given[member.family]) > 1:
            raise Unfit
        return Member(member.family, member.offset - next(iter(offsets)))

    # ----------------------------------------------------------------------------- windows

    def views(self) -> list[list[Tree]]:
        """The statements of each window with the claims that it shows."""
        groups: dict[tuple[Window, Tree | None], list[Tree]] = {}
        for claim in self.claims:
            try:
                window, shown = self._window(claim)
                groups.setdefault((window, self._loss_of(claim, window)), []).append(shown)
            except Unfit:
                continue
        found = []
        for (window, loss), claims in groups.items():
            try:
                found.append([*self.setting(window, loss), *claims])
            except Unfit:
                continue
        return found

    def _loss_of(self, claim: Tree, window: Window) -> Tree | None:
        """The one loss that a claim differentiates: what two send back has nothing in common."""
        if window.base == self.steps.high:
            return None
        ofs: set[Tree] = set()
        for tree in (claim, *self.named):
            ofs |= {of for n in tree.subtrees() if n.head in ("deriv", "grad")
                    for of in _of_and_by(n)[:1] if of in self.losses}  # fmt: skip
        if not ofs and any(base_of(node) == _DELTA for node in named_in(claim)):
            ofs = set(self.last_losses())
        if len(ofs) > 1:
            raise Unfit
        return next(iter(ofs), None)

    def last_losses(self) -> list[Tree]:
        """The losses that no other is made of."""
        used = {node for side in self.said.values() for node in named_in(side)}
        return [name for name in self.losses if name not in used or applies(name, self.said[name])]

    def _window(self, claim: Tree) -> tuple[Window, Tree]:
        if (chain := chain_of(claim, self.steps)) is not None:
            if not is_single(chain, self.carried, self.steps):
                raise Unfit
            claim = at_one_step(claim, chain)
        if any(side.head == "ask" for side in claim.kids[::2]) or self._strays(claim):
            raise Unfit
        sides = [one_term(side, self.steps) for side in claim.kids[::2]]
        shown = [side for side, _ in sides]
        if any(summed for _, summed in sides):
            for side, summed in sides:
                if not summed and (not self._in_weights(side) or self._elsewhere(side)):
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
            self._only_values(side, base == self.steps.high)
        used = list(self._used(claim, letter))
        inner = any(early and m.family not in self.carried for m, early in used)
        if inner and letter == self.steps.letter and not self._alike():
            raise Unfit  # at the last step it is another gradient
        inputs = [
            m.offset - offset for m in members(claim, letter)
            for offset in self.given.get(m.family, ())
        ]  # fmt: skip
        high = max([0, *(m.offset for m, _ in used), *inputs])
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
            any(binds(node, self.steps.letter) for node in item.subtrees())
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
            if node.head in ("deriv", "grad"):
                of, by = _of_and_by(node)
                if of in self.losses and isinstance(by, Tree):
                    early |= set(members(by, letter))
            elif node.head == "script" and base_of(node) == _DELTA:
                early |= set(members(node, letter))
        for member in members(tree, letter):
            inner = member.family in self.steps.defined or member.family.startswith(_DELTA)
            if inner:
                yield member, member in early
            elif member in early:
                yield self._where_used(member) if member.family in self.given else member, True

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
        of, by = _of_and_by(side)
        return of in self.losses and isinstance(by, Tree) and not is_stepwise(by, self.steps)

    def _elsewhere(self, side: Tree) -> bool:
        r"""Whether a weight may be used elsewhere than in the steps: before the first one, or in
        the loss itself, as in C = .. + \|W\|^2."""
        _, by = _of_and_by(side)
        rights = [item.kids[2] for item in self.starts if not starts_at_zero(item, self.steps)]
        losses = [without_sums(loss, self.steps) for loss in self.losses.values()]
        found = closure((*rights, *losses), self.kept)
        return by in found or any(not base_of(right) for right in rights)

    def _only_values(self, side: Tree, ends: bool = False) -> None:
        """Unfit where a formula speaks of the whole loss, or of its derivative in a weight: a
        window does not have them, but for a loss of the last step where that ``ends`` it."""
        whole = self.losses.keys() - (self.partial if ends else self.losses.keys())
        stack: list[object] = [side]
        while stack:
            node = stack.pop()
            if isinstance(node, tuple):
                stack.extend(node)
            elif isinstance(node, Tree):
                if (node in self.losses and node not in whole) or binds(node, self.steps.letter):
                    raise Unfit
                if node.head in ("deriv", "grad"):
                    of, by = _of_and_by(node)
                    if self._in_weights(node) or not isinstance(by, Tree):
                        raise Unfit
                    stack.append(by)
                    if of not in self.losses:
                        stack.append(of)
                else:
                    # L_t is no L, and L^2 is made of it.
                    named = node.head == "script" and name_of(node) != name_of(node.kids[0])
                    stack.extend(node.kids[1:] if named and base_of(node) else node.kids)

    # ------------------------------------------------------------------------- one window

    def setting(self, window: Window, loss: Tree | None) -> list[Tree]:
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
            found += sent_back_in(item, self.steps, self.carried)
        found += self._losses_in(window, loss)
        for item in self.named:
            found += [put(item, letter, window.at(k)) for k in offsets]
        return found

    def _losses_in(self, window: Window, loss: Tree | None) -> Iterator[Tree]:
        if window.base != self.steps.high:
            if loss is not None:
                yield loss_in(loss, self.losses[loss], window, self.steps, self.carried)
            return
        for name, side in self.said.items():
            if applies(name, side):
                yield side
            elif self._is_summed(side):
                yield loss_in(name, side, window, self.steps, self.carried)
            else:
                yield Tree("chain", (name, Tree("rel", ("=",)), side), side.span)

    def _before(self, window: Window) -> Iterator[Tree]:
        """What is carried into a window lives where the text says that it starts: h_0, or the x of
        h_0 = x."""
        first = Tree("num", (str(self.steps.low - 1),))
        for family in self.carried:
            state = self.steps.defined[family].kids[0]
            whole, start = state_of(state), put(state, self.steps.letter, first)
            said = {item.kids[2] for item in self.starts if item.kids[0] == start} | {start}
            for one in self.declared:
                names = one.kids[0].kids if one.kids[0].head == "list" else one.kids[:1]
                if said.intersection(names):
                    left = put(whole, self.steps.letter, window.at(window.low - 1))
                    for name in (left, companion(whole)):
                        yield Tree("chain", (name, *one.kids[1:]), one.span)


def _of_and_by(node: Tree) -> tuple:
    """What is differentiated, and in what."""
    return (node.kids[1], node.kids[0]) if node.head == "grad" else node.kids[:2]
