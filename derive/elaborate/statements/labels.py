r"""Superscripts that count layers or steps, told from powers: the l of z^l = w^l a^{l-1} + b^l.

The idea: what ``evidence`` finds to be labels is marked as such once, before anything is read;
where evidence is missing or conflicts it is left, or marked as what must be asked back.
"""

from __future__ import annotations

from collections.abc import Iterable

from derive.elaborate.names.scope import base_of
from derive.elaborate.statements.evidence import Evidence, formals
from derive.elaborate.statements.superscripts import TURNED, is_raised, step_of, taken
from derive.tree import Tree


def with_labels(items: Iterable[Tree], text: str) -> tuple[list[Tree], str]:
    """The statements with superscripts that are labels marked as such, and what is said of it."""
    items = list(items)
    if not any(step_of(n.kids[2]) for item in items for n in item.subtrees() if is_raised(n)):
        return items, ""
    evidence = Evidence(items, text)
    labelled = evidence.labelled()
    unclear = evidence.unclear(labelled)
    done = [_marked(item, labelled - formals(item), unclear - formals(item)) for item in items]
    shown = ", ".join(f"${one}$" for one in evidence.examples(labelled))
    told = f"the superscripts of {shown} are read as labels, not as powers"
    return done, told if labelled else ""


def _marked(item: Tree, labelled: frozenset[str], unclear: frozenset[str]) -> Tree:
    """The statement with the superscripts of these names as labels, or as what is asked back."""

    def one(node: Tree) -> Tree:
        if not is_raised(node) or base_of(node) not in labelled | unclear:
            return node
        if base_of(node) in unclear:
            step = step_of(node.kids[2])
            asked = Tree("unclear", (step.letter,), node.kids[2].span) if step else None
            return Tree("script", (*node.kids[:2], asked), node.span) if asked else node
        base, sub, sup = node.kids
        step, label, marks = taken(sup)
        if step is None:
            return node
        made = Tree("script", (base, sub, Tree("bare", (label,), label.span)), node.span)
        for mark in marks:
            made = (
                Tree("prime", (made, "1"), node.span)
                if mark not in TURNED
                else Tree("script", (Tree("paren", (made,), node.span), None, mark), node.span)
            )
        return made

    return item.rewritten(one)


__all__ = ["with_labels"]
