r"""How an author writes: transposes, gradients, masks, slopes.

The idea: what an edit puts in is to look as if its author had written it, so the commonest spelling
of the document is taken, that of its right sides first.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable

from derive.elaborate.names.scope import INDICATORS, base_of
from derive.tree import Tree, name
from proofs.mistakes.surgery import APPLIED, BRACKETS, DIAG, DIFFERENTIAL, TRANSPOSES, is_mask


def gradient_by(tree: Tree) -> Tree | None:
    r"""The z of \delta_z, \nabla_z L and \partial L / \partial z."""
    match tree:
        case Tree("grad", (Tree() as by, _, _)) | Tree("deriv", (_, Tree() as by, _)):
            return by
        case Tree("script", (Tree("name", (r"\delta",)), Tree() as sub, _)):
            return sub
        case Tree("app" | "juxt", (first, by)) if first == DIFFERENTIAL:
            return by
    return None


FORMS: dict[str, Callable[[Tree, Tree | None], Tree]] = {
    "delta": lambda by, of: Tree("script", (name(r"\delta"), by, None)),
    "grad": lambda by, of: Tree("grad", (by, of, "1")),
    "bare": lambda by, of: Tree("grad", (by, None, "1")),
    "deriv": lambda by, of: Tree("deriv", (of, by, "1")),
    "d": lambda by, of: Tree(APPLIED, (DIFFERENTIAL, by)),
}


class Hand:
    """How an author writes transposes, gradients, masks and slopes."""

    def __init__(self) -> None:
        self.transpose = name(r"\top")
        self.gradient = "deriv"
        self.target: Tree | None = None
        self.indicator: Tree | None = None  # an application, as a pattern
        self.primes = False
        self.diag = False

    @classmethod
    def of(cls, trees: Iterable[Tree], target: Tree | None) -> Hand:
        hand = cls()
        hand.target = target
        turned: Counter[str] = Counter()
        forms: Counter[str] = Counter()
        for tree in trees:
            for node in tree.subtrees():
                match node:
                    case Tree("script", (_, _, Tree() as sup)):
                        last = sup.kids[-1] if sup.head == "juxt" else sup
                        if last.head == "name" and last.kids[0] in TRANSPOSES:
                            turned[str(last.kids[0])] += 1
                if (form := form_of(node, target)) is not None:
                    forms[form] += 1
                if is_mask(node):
                    if node.head == "script" or base_of(node.kids[0]) in INDICATORS:
                        hand.indicator = hand.indicator or node
                    else:
                        hand.primes = True
                hand.diag = hand.diag or node == DIAG
        if turned:
            hand.transpose = name(turned.most_common(1)[0][0])
        if forms:
            hand.gradient = forms.most_common(1)[0][0]
        return hand

    def delta(self, by: Tree) -> Tree:
        return FORMS[self.gradient](by, self.target)

    def mask(self, tree: Tree) -> Tree:
        r"""An indicator \mathbb{I}(z > 0) in this author's spelling."""
        pattern = self.indicator
        if pattern is None or tree.head != APPLIED or base_of(tree.kids[0]) not in INDICATORS:
            return tree
        condition = tree.kids[1].kids[0]
        if pattern.head == "script":
            return Tree("script", (pattern.kids[0], condition, None))
        bracket = pattern.kids[1]
        if bracket.head not in BRACKETS:
            return tree
        return Tree(APPLIED, (pattern.kids[0], Tree(bracket.head, (condition,))))


def form_of(node: Tree, target: Tree | None) -> str | None:
    match node:
        case Tree("script", (Tree("name", (r"\delta",)), Tree(head), _)):
            return "delta" if head not in ("juxt", "list") else None  # Kronecker's
        case Tree("grad", (Tree(), None, _)):
            return "bare"
        case Tree("grad", (Tree(), of, _)) if of == target:
            return "grad"
        case Tree("deriv", (of, _, _)) if of == target:
            return "deriv"
        case Tree("app", (first, _)) if first == DIFFERENTIAL:
            return "d"
    return None
