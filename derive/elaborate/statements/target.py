r"""What the shorthand of a document is a derivative of: the L that \delta_z and dW leave unsaid.

The idea: it is what the document differentiates most often, or what it calls a loss; and where the
gradient of the last quantity is itself spoken of (dO of the output O), that is no loss, but what a
loss that nobody writes down is a function of.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from itertools import pairwise

from derive.elaborate.names.indices import index_letter
from derive.elaborate.names.scope import base_of, names_in
from derive.elaborate.names.trials import names_loss
from derive.elaborate.reading import Reading
from derive.elaborate.statements.collect import Statements
from derive.elaborate.statements.differentials import is_d
from derive.latex.print import latex
from derive.notation.names import symbol_tree
from derive.tree import Tree

_LOSS = re.compile(
    r"\b(?:loss|cost|objective)(?:\s+function)?\s*(?:\$|\\\()\s*"
    r"(?P<name>\\?[A-Za-z]+|\\math(?:cal|scr|bb|rm)\{[A-Za-z]\})\s*(?:\$|\\\))",
    re.IGNORECASE,
)
_UNNAMED = r"\mathcal{L}"


def target_of(statements: Statements, reading: Reading, text: str) -> Tree | None:
    """What the shorthand gradients of these statements are gradients of."""
    lefts = [item.kids[0] for item in statements.definitions if item.kids[0] is not None]
    known = {latex(left): left for left in lefts if base_of(left)}
    losses = [
        left for left in lefts
        if base_of(left) and names_loss(reading.scope.introduce(left).symbol)
        and not _is_member(left, statements)
    ]  # fmt: skip
    differentiated = list(_differentiated(statements))
    counted = Counter(
        latex(of) for of in differentiated
        if latex(of) in known and (not losses or known[latex(of)] in losses)
    )  # fmt: skip
    abstract = [
        of for of in differentiated
        if base_of(of) and latex(of) not in known
        and names_loss(reading.scope.refer(of).symbol)
    ]  # fmt: skip
    if counted and (losses or not (_applied(reading) or abstract)):
        return known[counted.most_common(1)[0][0]]
    if losses:
        return losses[-1]
    applied = _applied(reading)
    if applied is not None:
        return applied
    if abstract:
        return abstract[0]
    # What is made of gradients is a quantity of the backward pass.
    forward = [
        item.kids[0] for item in statements.definitions
        if item.kids[0] is not None and not _known_of(_gradients(item.kids[2:]), known)
    ]  # fmt: skip
    last = forward[-1] if forward else lefts[-1] if lefts else None
    if last is not None and latex(last) in _known_of(_spoken(statements), known):
        return _unwritten(reading, text)
    return last


def _is_member(left: Tree, statements: Statements) -> bool:
    r"""Whether another quantity is made of the members of this one: a divergence, of its
    \ell_j = \log\sigma_j^2."""
    if left.head != "script" or index_letter(left.kids[1]) is None:
        return False
    rights = (item.kids[2] for item in statements.definitions if item.kids[0] != left)
    return any(base_of(name) == base_of(left) for name in names_in(rights))


def _applied(reading: Reading) -> Tree | None:
    """The L(y) of a document that applies a loss and does not define it."""
    for name, bracket in reading.scope.free.arguments.items():
        if bracket is not None and names_loss(name):
            return Tree("juxt", (symbol_tree(name), bracket))
    return None


def _unwritten(reading: Reading, text: str) -> Tree:
    """A loss that is only spoken of: by the name that the text gives it, if it gives one."""
    said = _LOSS.search(text)
    name = said["name"] if said is not None else _UNNAMED
    if reading.scope.known(name) or name in reading.scope.free:
        name = next(n for n in (_UNNAMED, r"\mathcal{J}", r"\ell") if not reading.scope.known(n))
    return Tree("name", (name,))


def _known_of(names: Iterator[Tree], known: dict[str, Tree]) -> set[str]:
    r"""Those of these names that are defined: the O of O_{ij} where only the whole of it is."""
    found = set[str]()
    for name in names:
        whole = name.kids[0] if name.head == "script" else name
        found |= {latex(name)} if latex(name) in known else {latex(whole)} & known.keys()
    return found


def _spoken(statements: Statements) -> Iterator[Tree]:
    r"""The names whose gradients are written without a loss: the O of dO, \delta_O, \nabla_O."""
    for items in (statements.claims, statements.definitions, statements.declarations):
        for item in items:
            yield from _gradients(item.kids)


def _gradients(trees: tuple) -> Iterator[Tree]:
    for tree in trees:
        for node in tree.subtrees() if isinstance(tree, Tree) else ():
            match node:
                case Tree("juxt", kids):
                    yield from (_plain(after) for kid, after in pairwise(kids) if is_d(kid))
                case Tree("grad", (Tree() as by, None, _)):
                    yield _plain(by)
                case Tree("script", (Tree("name", (r"\delta",)), Tree() as sub, _)):
                    yield _plain(sub)


def _plain(name: Tree) -> Tree:
    """A name without its transpose."""
    if name.head == "script" and base_of(name) and name.kids[2] is not None:
        name = Tree("script", (*name.kids[:2], None)) if name.kids[1] else name.kids[0]
    return name


def _differentiated(statements: Statements) -> Iterator[Tree]:
    for items in (statements.claims, statements.definitions, statements.questions, statements.bare):
        for item in items:
            for node in item.subtrees():
                of = node.kids[1] if node.head == "grad" else node.kids[:1] and node.kids[0]
                if node.head in ("deriv", "grad") and isinstance(of, Tree):
                    yield of
