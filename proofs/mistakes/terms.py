r"""Mistakes of sums: a use of a node that was forgotten, a regulariser, something too much.

The idea: a node that is used twice has a gradient with two terms, and the backward sweep knows
them all: what is put in is one of those.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from derive.tree import Tree
from proofs.mistakes.edit import Context, Edit, Example, Term, edit, mistake, written_scalars
from proofs.mistakes.examples import LAYERS, QUADRATIC, UNIT
from proofs.mistakes.surgery import Part, factors, is_mask, negated, total, without
from proofs.mistakes.transposes import turned


@mistake(
    "missing-term",
    Example(
        QUADRATIC,
        r"(\mathbf{A} + \mathbf{A}^\top) \mathbf{x}",
        r"(\mathbf{A} + \mathbf{A}^\top) \mathbf{x} + 2 \mathbf{A}^\top \mathbf{u}",
        r"\nabla_{\mathbf{x}} L",
    ),
    Example(UNIT, r"2(s - y)(1 - a^2) x", r"2(s - y)(1 - a^2 + 2z) x",
            r"\frac{\partial L}{\partial w}"),
    tier=4,
)  # fmt: skip
def missing_term(sides: Sequence[Part], context: Context) -> Iterator[Edit]:
    r"""a term is missing: a quantity is used more than once

    Every use of a quantity sends a gradient back, and they add up.

        wrong   h = x + f(x):        \delta_x = f'(x) \odot \delta_h
        right   h = x + f(x):        \delta_x = f'(x) \odot \delta_h + \delta_h
        wrong   \nabla_x (x^\top A x) = A x
        right   \nabla_x (x^\top A x) = A x + A^\top x

    How to see it: count the arrows that leave its box in the picture, or how often the variable
    stands in the loss; that many terms it has, before any are collected.
    """
    yield from _added("missing-term", sides, context, False)


@mistake(
    "missing-regulariser",
    Example(
        LAYERS,
        r"\delta_{\mathbf{z}_2} \mathbf{h}_1^\top",
        r"\delta_{\mathbf{z}_2} \mathbf{h}_1^\top + 2 \lambda \mathbf{W}_2",
        r"\nabla_{\mathbf{W}_2} L",
    ),
    tier=3,
)
def missing_regulariser(sides: Sequence[Part], context: Context) -> Iterator[Edit]:
    r"""the term of the regulariser is missing

    A penalty `\lambda \|W\|^2` uses W once more, so its gradient is one term more.

        wrong   L = E + \lambda \|W\|^2:        \nabla_W L = \delta_z x^\top
        right   L = E + \lambda \|W\|^2:        \nabla_W L = \delta_z x^\top + 2 \lambda W

    How to see it: count how often the variable stands in the loss, the penalty included.
    """
    yield from _added("missing-regulariser", sides, context, True)


def _added(
    code: str, sides: Sequence[Part], context: Context, regulariser: bool
) -> Iterator[Edit]:  # fmt: skip
    terms = [term for term in context.terms if term.regulariser == regulariser]
    for part in sides:
        tree = part.tree
        if part.mask is not None or part.kind == "argument" or tree.head in ("num", "list"):
            continue
        if part.kind in ("segment", "factor", "inside") and regulariser:
            continue
        if part.kind == "term":
            continue  # a sum inside a sum: it is added to the whole sum instead
        for term in terms:
            if term.tree == tree:
                continue
            yield _with_term(code, part, term, context)
            if part.kind == "root":
                # A gradient that is a row has the transposes of the terms that are written.
                row = Term(turned(term.tree, context.transpose, written_scalars(context)))
                yield _with_term(code, part, row, context, 3)
        if not regulariser and part.kind in ("root", "inside", "factor"):
            for symbol in context.symbols:
                for tree in (negated(symbol.tree), symbol.tree):
                    if symbol.tree not in (part.tree, *part.tree.kids):
                        yield _with_term(code, part, Term(tree), context, 4)


def _with_term(
    code: str, part: Part, term: Term, context: Context, cost: int = 0
) -> Edit:  # fmt: skip
    new = total(part.tree, term.tree)
    says = "the term {} is missing: write {}"
    cost += 0 if part.kind == "root" else 2
    return edit(code, part, new, says, (term.tree, new), cost)


@mistake("held-constant", tier=9)
def held_constant(sides: Sequence[Part], context: Context) -> Iterator[Edit]:
    r"""something that depends on the variable is held constant

    A mean, a variance, a norm or a weight that is computed from the variable moves with it, and
    sends a gradient back like everything else.

        wrong   \hat x_i = (x_i - \mu) / \sigma:   \delta_{x_i} = \delta_i / \sigma
        right   \hat x_i = (x_i - \mu) / \sigma:
                \delta_{x_i} = \frac{1}{\sigma} \left( \delta_i - \frac1n \sum_j \delta_j
                               - \hat x_i \frac1n \sum_j \hat x_j \delta_j \right)

    How to see it: move one entry of the variable and ask of every quantity whether it changes.
    """
    # Decided by who differentiates with the paths cut: no edit of one side undoes it.
    yield from ()


@mistake(
    "extra-term",
    Example(
        LAYERS,
        r"\delta_{\mathbf{z}_1} \mathbf{x}^\top + 2 \lambda \mathbf{W}_1",
        r"\delta_{\mathbf{z}_1} \mathbf{x}^\top",
    ),
    tier=1,
    reshapes=True,
)
def extra_term(sides: Sequence[Part], context: Context) -> Iterator[Edit]:
    r"""a term does not belong here

    A term whose function does not depend on the variable has the derivative 0, and a path counts
    once.

        wrong   L = E + \lambda \|W_2\|^2:        \nabla_{W_1} L = \delta_1 x^\top + 2 \lambda W_1
        right   L = E + \lambda \|W_2\|^2:        \nabla_{W_1} L = \delta_1 x^\top

    How to see it: for every term name the place in the loss that it comes from.
    """
    for part in sides:
        kids = part.tree.kids
        if part.tree.head != "sum":
            continue
        for k, kid in enumerate(kids):
            rest = [other for j, other in enumerate(kids) if j != k and other is not None]
            if kid is None or not rest:
                continue
            new = rest[0] if len(rest) == 1 else Tree("sum", tuple(rest), part.tree.span)
            says = "the term {} does not belong here: write {}"
            shown = (negated(negated(kid)), new)
            yield edit("extra-term", part, new, says, shown, 0, kid.span)


@mistake(
    "extra-factor",
    Example(
        LAYERS,
        r"\mathbf{b}_1 \odot \delta_{\mathbf{z}_1}",
        r"\delta_{\mathbf{z}_1}",
    ),
    Example(UNIT, r"2(s - y)(1 - a^2 + 2z) x", r"2(s - y)(1 - a^2 + 2z)"),
    tier=2,
    reshapes=True,
)
def extra_factor(sides: Sequence[Part], context: Context) -> Iterator[Edit]:
    r"""a factor does not belong here

    A step of the chain rule was taken that the path does not have.

        wrong   z = w x + b:        \frac{\partial L}{\partial b} = \delta_z x
        right   z = w x + b:        \frac{\partial L}{\partial b} = \delta_z

    How to see it: a sum passes.  Only what stands beside the variable in a product comes along as a
    factor.
    """
    for part in sides:
        tree = part.tree
        if tree.head != "juxt" or part.kind == "segment" or part.mask is not None:
            continue
        for a in factors(tree):
            if tree.kids[a].head == "num" or is_mask(tree.kids[a]):
                continue  # a wrong number and a doubled slope are rows of their own
            new = without(tree, a)
            if new is None:
                continue
            says = "the factor {} does not belong here: write {}"
            shown = (tree.kids[a], new)
            yield edit("extra-factor", part, new, says, shown, 1, tree.kids[a].span)
