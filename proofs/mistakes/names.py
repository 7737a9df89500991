r"""Mistakes of names: the wrong δ, the wrong index, the wrong symbol, the wrong left side.

The idea: what is put in is a quantity of the document, as its author writes it; the nearer it is to
what stands there (another index, another δ), the sooner it is believed.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from derive.elaborate.names.scope import base_of
from derive.tree import LABELS, Tree
from proofs.mistakes.edit import Context, Edit, Example, edit, mistake
from proofs.mistakes.examples import LAYERS, QUADRATIC, SAMPLES
from proofs.mistakes.surgery import APPLIED, DIFFERENTIAL, Part
from proofs.mistakes.transposes import base_name, renamed


@mistake(
    "wrong-delta",
    Example(
        LAYERS,
        r"\delta_{\mathbf{h}_1} \mathbf{x}^\top",
        r"\delta_{\mathbf{z}_1} \mathbf{x}^\top",
    ),
    Example(
        LAYERS,
        r"\delta_{\mathbf{h}_2} \mathbf{h}_1^\top + 2 \lambda \mathbf{W}_2",
        r"\delta_{\mathbf{z}_2} \mathbf{h}_1^\top + 2 \lambda \mathbf{W}_2",
    ),
    tier=2,
    reshapes=True,
)
def wrong_delta(sides: Sequence[Part], context: Context) -> Iterator[Edit]:
    r"""the `\delta` is that of another quantity

    With z = W x, what is multiplied with `x^\top` is the gradient in z: that of W x, not
    the one behind the function, and not that of another layer.

        wrong   a = f(z):   \nabla_W L = \delta_a x^\top
        right   a = f(z):   \nabla_W L = \delta_z x^\top

    How to see it: the `\delta` must have the shape of W x, and it must stand on the arrow that
    leaves the box of W.
    """
    deltas = [symbol.tree for symbol in context.symbols if symbol.kind == "delta"]
    known = set(deltas)
    for part, bare in _named(sides):
        if part.mask is not None or not (bare in known or base_of(bare) == r"\delta"):
            continue
        for other in deltas:
            if other != bare:
                yield _renamed(
                    "wrong-delta", part, other, context, "is the gradient of another quantity"
                )


@mistake(
    "wrong-index",
    Example(
        LAYERS,
        r"\delta_{\mathbf{z}_2} \mathbf{h}_2^\top + 2 \lambda \mathbf{W}_2",
        r"\delta_{\mathbf{z}_2} \mathbf{h}_1^\top + 2 \lambda \mathbf{W}_2",
    ),
    Example(
        LAYERS,
        r"\mathbf{W}_1^\top \delta_{\mathbf{z}_2}",
        r"\mathbf{W}_2^\top \delta_{\mathbf{z}_2}",
    ),
    Example(
        SAMPLES,
        r"\frac{2}{m} \sum_{i=1}^m r_i X_{ji}",
        r"\frac{2}{m} \sum_{i=1}^m r_i X_{ij}",
        r"\frac{\partial L}{\partial w_j}",
    ),
    tier=2,
    reshapes=True,
)
def wrong_index(sides: Sequence[Part], context: Context) -> Iterator[Edit]:
    r"""an index is wrong

    The right letter with the number of another layer, sample or entry; or i and j exchanged.

        wrong   \nabla_{W_2} L = \delta_2 h_2^\top          (A x)_i = \sum_j A_{ji} x_j
        right   \nabla_{W_2} L = \delta_2 h_1^\top          (A x)_i = \sum_j A_{ij} x_j

    How to see it: an index that is summed occurs twice in its term, one that is left occurs on both
    sides; a layer's gradient meets the activation of the layer below.
    """
    letters = list(_letters(sides))
    for part, bare in _named(sides):
        if part.mask is not None:
            continue
        for symbol in context.symbols:
            if symbol.tree != bare and symbol.kind != "delta" and _alike(symbol.tree, bare):
                yield _renamed("wrong-index", part, symbol.tree, context, "has the wrong index")
        for new in _reindexed(bare, letters):
            yield _renamed("wrong-index", part, new, context, "has the wrong index", 1)


def _alike(a: Tree, b: Tree) -> bool:
    return bool(base_of(a)) and base_of(a) == base_of(b)


def _letters(sides: Sequence[Part]) -> dict[Tree, None]:
    """The index letters that are written below names in this side."""
    found: dict[Tree, None] = {}
    for tree in sides[0].tree.subtrees():
        if tree.head == "script" and base_of(tree):
            for scripts in tree.kids[1:]:
                for kid in _index_trees(scripts):
                    found[kid] = None
        elif tree.head == "big" and tree.kids[1] is not None:
            below = tree.kids[1]
            first = below.kids[0] if below.head == "chain" else below
            if isinstance(first, Tree) and first.head == "name":
                found[first] = None
    return found


def _index_trees(tree: Tree | None) -> Iterator[Tree]:
    if tree is None:
        return
    if tree.head in ("juxt", "list", *LABELS):
        for kid in tree.kids:
            yield from _index_trees(kid)
    elif tree.head == "name" and len(tree.kids[0]) == 1 and tree.kids[0] != "T":
        yield tree


def _reindexed(tree: Tree, letters: list[Tree]) -> Iterator[Tree]:
    if tree.head != "script":
        return
    base, sub, sup = tree.kids
    if sub is not None and sub.head in ("juxt", "list") and len(sub.kids) == 2:
        turned = Tree(sub.head, (sub.kids[1], sub.kids[0]), sub.span)
        yield Tree("script", (base, turned, sup), tree.span)
    for place, scripts in ((1, sub), (2, sup)):
        if scripts is None:
            continue
        own = list(_index_trees(scripts))
        for old in own:
            for letter in letters:
                if letter != old:
                    changed = scripts.rewritten(lambda n, a=old, b=letter: b if n == a else n)
                    kids = (base, changed, sup) if place == 1 else (base, sub, changed)
                    yield Tree("script", kids, tree.span)


@mistake(
    "wrong-symbol",
    Example(
        QUADRATIC,
        r"2 \mathbf{A}^\top \mathbf{b} + (\mathbf{A} + \mathbf{A}^\top) \mathbf{x}",
        r"2 \mathbf{A}^\top \mathbf{u} + (\mathbf{A} + \mathbf{A}^\top) \mathbf{x}",
    ),
    tier=5,
    reshapes=True,
)
def wrong_symbol(sides: Sequence[Part], context: Context) -> Iterator[Edit]:
    r"""another symbol belongs here

    A quantity of the document stands in the place of another one.

        wrong   z = W x, L = f(z):   \nabla_W L = \delta_z z^\top
        right   z = W x, L = f(z):   \nabla_W L = \delta_z x^\top

    How to see it: go back to the equation that is differentiated; only what stands beside the
    variable there can stand beside the gradient here.
    """
    for part, bare in _named(sides):
        if part.mask is not None:
            continue
        own = next((s.rank for s in context.symbols if s.tree == bare), None)
        for symbol in context.symbols:
            if symbol.tree == bare or (_alike(symbol.tree, bare) and symbol.kind != "delta"):
                continue
            if own is None or symbol.rank is None or abs(own - symbol.rank) <= 1:
                yield _renamed("wrong-symbol", part, symbol.tree, context, "does not belong here")


def _named(sides: Sequence[Part]) -> Iterator[tuple[Part, Tree]]:
    """Every name, with or without scripts, and every derivative, under its transpose."""
    for part in sides:
        bare = base_name(part.tree)
        differential = bare.head == APPLIED and bare.kids[0] == DIFFERENTIAL
        if base_of(bare) or bare.head in ("deriv", "grad") or differential:
            yield part, bare


def _renamed(
    code: str, part: Part, other: Tree, context: Context, what: str, cost: int = 0
) -> Edit:  # fmt: skip
    new = renamed(part.tree, other, context.transpose)
    says = f"{{}} {what}: write {{}}"
    shown = (part.tree, new)
    return edit(code, part, new, says, shown, cost)


@mistake(
    "wrong-left-side",
    Example(
        LAYERS,
        r"\delta_{\mathbf{z}_2} \mathbf{h}_1^\top + 2 \lambda \mathbf{W}_2",
        r"\delta_{\mathbf{z}_2} \mathbf{h}_1^\top + 2 \lambda \mathbf{W}_2",
        r"\nabla_{\mathbf{W}_1} L",
    ),
    tier=9,
)
def wrong_left_side(sides: Sequence[Part], context: Context) -> Iterator[Edit]:
    r"""the right side is the gradient of something else

    The formula is right, but not for the symbol on the left.

        wrong   \nabla_{W_1} L = \delta_2 h_1^\top
        right   \nabla_{W_2} L = \delta_2 h_1^\top

    How to see it: both sides must have the shape of the variable that is named below the ∂.
    """
    # The edit is on the left side: ``name_left`` looks for it.
    yield from ()
