r"""What people write for a gradient: \delta_z, dW, \nabla_W without a loss, L for \mathcal{L}.

The idea: every shorthand stands for one derivative, and is replaced by it where a formula is given
its value; the formula itself is kept as it was written.
"""

from __future__ import annotations

from collections.abc import Iterator, Set
from dataclasses import dataclass
from typing import NamedTuple

from derive.elaborate.names.indices import index_letter
from derive.elaborate.names.scope import base_of
from derive.elaborate.names.trials import names_loss
from derive.elaborate.reading import Reading
from derive.elaborate.statements.collect import Statements
from derive.elaborate.statements.differentials import is_d
from derive.elaborate.statements.ellipsis import is_dots, spelled_out
from derive.elaborate.statements.target import target_of
from derive.tree import LABELS, Tree

_D = Tree("name", ("d",))


def delta_of(tree: Tree, reading: Reading) -> Tree | None:
    r"""The z of \delta_z and the y^{(i)} of \delta_y^{(i)}, if that is a known quantity."""
    if tree.head != "script" or tree.kids[0] != Tree("name", (r"\delta",)) or tree.kids[1] is None:
        return None
    below, sup = tree.kids[1:]
    if is_applied(below, reading):
        return below if sup is None else None
    labelled = _labelled(below, sup)
    if labelled is not None and is_quantity(labelled[0], reading):
        return labelled[0]
    return below if base_of(below) and is_quantity(below, reading) else None


def is_applied(tree: Tree, reading: Reading) -> bool:
    r"""Whether this is the value of a function of the document: the f(x) of \delta_{f(x)}."""
    if tree.head != "juxt" or len(tree.kids) != 2 or tree.kids[1].head != "paren":
        return False
    scope, function = reading.scope, tree.kids[0]
    return base_of(function) != "" and scope.refer(function).symbol in scope.functions


def is_quantity(tree: Tree, reading: Reading) -> bool:
    """Whether a name is known, if only from the formulas of others, and not as a function, unless
    its only value is meant."""
    symbol = reading.scope.refer(tree).symbol
    if symbol in reading.scope.functions and len(reading.calls.get(symbol, ())) != 1:
        return False
    return is_known(tree, reading) or symbol in reading.scope.inputs


def _labelled(sub: Tree, sup: Tree | None) -> tuple[Tree, Tree | None] | None:
    r"""The y^{(i)} and the rest of \delta_y^{(i)}: a label belongs to the quantity."""
    if sup is None or not base_of(sub):
        return None
    label, *rest = sup.kids if sup.head == "juxt" else (sup,)
    if not isinstance(label, Tree) or label.head not in LABELS:
        return None
    base, own = (sub.kids[0], sub.kids[1]) if sub.head == "script" else (sub, None)
    if sub.head == "script" and sub.kids[2] is not None:
        return None
    named = Tree("script", (base, own, label), sub.span)
    return named, (rest[0] if len(rest) == 1 else Tree("juxt", tuple(rest)) if rest else None)


def is_known(tree: Tree, reading: Reading) -> bool:
    symbol = reading.scope.refer(tree).symbol
    return reading.scope.known(symbol) or symbol in reading.variables


class Mark(NamedTuple):
    """What numbers a step, where: below (1) or above (2) a name; a number, that of a ``base``."""

    place: int
    script: Tree
    base: str = ""


def is_marked(name: Tree, place: int, marks: Set[Mark]) -> bool:
    r"""Whether a script of a name numbers steps: not the 2 of \|x\|^2 where x_2 = x_1 - .. does."""
    script = name.kids[place]
    return isinstance(script, Tree) and not marks.isdisjoint(
        (Mark(place, script), Mark(place, script, base_of(name.kids[0])))
    )


@dataclass(frozen=True, slots=True)
class Shorthand:
    """The shorthand of one document.

    ``target`` is what its \\delta are derivatives of; ``marks`` number the steps of an optimiser,
    and are no part of a name: W^{(k)} is W as it is before the step.  ``counting``: d is a size of
    the document, and d\\,r a product unless the two stand side by side, where dW has a line.
    """

    reading: Reading
    target: Tree | None = None
    marks: frozenset[Mark] = frozenset()
    counting: bool = False
    headed: bool = False

    @classmethod
    def of(
        cls, statements: Statements, reading: Reading, marks: frozenset[Mark], text: str = ""
    ) -> Shorthand:
        """The shorthand of these statements; ``text`` is the document without its comments."""
        sets = [*(d.kids[2] for d in statements.declarations), *reading.scope.ranges.values()]
        counting = any(_D in a_set.subtrees() for a_set in sets)
        headed = any(c.head == "chain" and _is_gradient(c.kids[0]) for c in statements.claims)
        target = target_of(statements, reading, text)
        return cls(reading, target, marks, counting, headed)

    def written_out(self, tree: Tree) -> Tree:
        """The formula with every shorthand for a derivative replaced by the derivative."""
        return tree.rewritten(self._replaced)

    def _replaced(self, node: Tree) -> Tree:
        match node:
            case Tree("script", (base, *scripts)) if any(
                is_marked(node, place, self.marks) for place in (1, 2)
            ):
                if is_known(node, self.reading):
                    return node
                kept = [None if is_marked(node, place, self.marks) else script
                        for place, script in enumerate(scripts, 1)]  # fmt: skip
                return Tree("script", (base, *kept), node.span) if any(kept) else base
            case Tree("script", (Tree("name", (r"\delta",)), Tree() as sub, sup)):
                return self._delta(node, sub, sup)
            case Tree("deriv", (of, Tree() as by, order)):
                return Tree("deriv", (self._target(of), by, order), node.span)
            case Tree("grad", (None, Tree() as of, order)) if self._is_variable(of):
                return Tree("grad", (of, self.target, order), node.span)
            case Tree("grad", (by, of, order)):
                if by is None and of is not None:
                    by = self._only_formal(of)
                return Tree("grad", (by, self._target(of), order), node.span)
            case Tree("sum" | "list" | "env") | Tree("script", (Tree("paren" | "bracket"), *_)):
                found = spelled_out(node, self._free_letter())
                if found is None and any(is_dots(kid) for kid in node.kids):
                    return Tree("dots", (), node.span)
                return found or node
            case Tree("juxt", kids) if any(map(is_d, kids)):
                done = tuple(self._with_differentials(kids))
                return done[0] if len(done) == 1 else Tree("juxt", done, node.span)
        return node

    def _delta(self, node: Tree, sub: Tree, sup: Tree | None) -> Tree:
        labelled = _labelled(sub, sup)
        if labelled is not None and is_quantity(labelled[0], self.reading):
            sub, sup = labelled
        found = delta_of(Tree("script", (node.kids[0], sub, None), node.span), self.reading)
        if found is not None:
            gradient = Tree("grad", (found, self.target, "1"), node.span)
            return Tree("script", (Tree("paren", (gradient,), node.span), None, sup), node.span) \
                if sup is not None else gradient  # fmt: skip
        if r"\delta" in self.reading.scope.defined | self.reading.scope.arrays:
            return node  # an entry of what the document calls so
        pair = sub.kids if sub.head in ("juxt", "list") and len(sub.kids) == 2 else ()
        word = str(sub.kids[0]) if sub.head == "name" else ""
        if len(word) == 2 and self.reading.scope.bound >= {*word}:
            pair = tuple(Tree("name", (letter,), sub.span) for letter in word)  # not "in"
        if len(pair) == 2 and all(index_letter(letter) for letter in pair) and sup is None:
            # Kronecker's
            equal = Tree("chain", (pair[0], Tree("rel", ("=",)), pair[1]), sub.span)
            return Tree("script", (Tree("name", (r"\mathbb{1}",)), equal, None), node.span)
        return node

    def _free_letter(self) -> str:
        """A letter for an index that the document does not write."""
        scope = self.reading.scope
        free = (x for x in "kqruvKQRUV" if x not in scope.whole and not scope.known(x))
        letter = next(free, "k")
        scope.bound.add(letter)
        return letter

    def _target(self, of: Tree | None) -> Tree | None:
        """The loss, where a document says L of its \\mathcal{L}, or nothing."""
        if of is None:
            return self.target
        if not base_of(of) or is_known(of, self.reading):
            return of
        symbol = self.reading.scope.refer(of).symbol
        return self.target if names_loss(symbol) and self.target is not None else of

    def _is_variable(self, of: Tree) -> bool:
        r"""Whether \nabla W is short for the gradient of the loss in W: nobody means that of W."""
        if self.target is None or not base_of(of) or of == self.target:
            return False
        symbol, scope = self.reading.scope.refer(of).symbol, self.reading.scope
        given = symbol in scope.declared or symbol in self.reading.variables
        return given and symbol not in scope.defined | scope.functions and not names_loss(symbol)

    def _only_formal(self, of: Tree) -> Tree | None:
        r"""The variable of \nabla f(x) where f(x) is defined: its only argument."""
        name = of.kids[0] if of.head == "juxt" else of
        scope = self.reading.scope
        bracket = scope.applied.get(scope.refer(name).symbol) if base_of(name) else None
        return bracket.kids[0] if bracket is not None and base_of(bracket.kids[0]) else None

    def _differentiated(self, after: Tree) -> tuple[Tree, Tree | None] | None:
        """The known name after a d, and the superscript that is no part of it: z^{[1]}, T."""
        readings: list[tuple[Tree, Tree | None]] = [(after, None)]
        if after.head == "script" and after.kids[2] is not None:
            name, sub, sup = after.kids
            if sup.head == "juxt" and len(sup.kids) == 2:
                readings.append((Tree("script", (name, sub, sup.kids[0])), sup.kids[1]))
            readings.append((Tree("script", (name, sub, None)) if sub else name, sup))
        for named, sup in readings:
            if is_known(named, self.reading) and not self.reading.scope.refer(named).actions:
                return named, sup
        return None

    def _differentiates(self, kid: Tree, after: Tree) -> bool:
        """Whether this is the d of dW, and no number."""
        if not is_d(kid) or self.reading.scope.known(str(kid.kids[0])):
            return False
        if kid == _D and not self.counting:
            return True
        return self.headed and kid.span[1] >= after.span[0]

    def _with_differentials(self, kids: tuple[Tree, ...]) -> Iterator[Tree]:
        """dW is what programs call the gradient of the loss in W."""
        k = 0
        while k < len(kids):
            kid, after = kids[k], kids[k + 1] if k + 1 < len(kids) else None
            if after is not None and base_of(after) and self._differentiates(kid, after):
                found = self._differentiated(after)
                if found is not None:
                    named, sup = found
                    span = (kid.span[0], after.span[1])
                    gradient = Tree("grad", (named, self.target, "1"), span)
                    if sup is not None:
                        gradient = Tree(
                            "script", (Tree("paren", (gradient,), span), None, sup), span
                        )
                    yield gradient
                    k += 2
                    continue
            yield kid
            k += 1


def _is_gradient(left: Tree | None) -> bool:
    """dW on a left side."""
    kids = left.kids if left is not None and left.head == "juxt" else ()
    return len(kids) == 2 and is_d(kids[0]) and base_of(kids[1]) != ""
