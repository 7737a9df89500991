r"""Mistakes of shape and order: transposes, factors that change places, Hadamard or matrix product.

The idea: each changes one sign or one place of the line; most of them do not fit, and the shapes of
what stands around say so before any number does.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

from derive.tree import Tree, name, num
from derive.writing.words import letter_tree
from proofs.mistakes.edit import (
    Context,
    Edit,
    Example,
    also,
    edit,
    mistake,
    written_scalars,
)
from proofs.mistakes.examples import LAYERS, QUADRATIC
from proofs.mistakes.surgery import (
    ATOMS,
    BRACKETS,
    DIAG,
    HADAMARD,
    Part,
    applied,
    as_unit,
    factors,
    op,
    product,
)
from proofs.mistakes.transposes import is_transposed, transposed, turned, untransposed

_PLAIN = frozenset(["", r"\cdot", r"\times", "*"])


@mistake(
    "missing-transpose",
    Example(
        LAYERS,
        r"\delta_{\mathbf{z}_2} \mathbf{h}_1 + 2\lambda \mathbf{W}_2",
        r"\delta_{\mathbf{z}_2} \mathbf{h}_1^\top + 2\lambda \mathbf{W}_2",
    ),
    Example(
        LAYERS,
        r"\mathbf{W}_2 \delta_{\mathbf{z}_2}",
        r"\mathbf{W}_2^\top \delta_{\mathbf{z}_2}",
    ),
    tier=0,
    reshapes=True,
)
def missing_transpose(sides: Sequence[Part], context: Context) -> Iterator[Edit]:
    r"""a factor must be transposed

    A matrix product switches: with z = W x the gradient flows back through `W^\top`, and the
    gradient in W is the outer product of the gradient in z with x.

        wrong   \delta_x = W \delta_z             \nabla_W L = \delta_z x
        right   \delta_x = W^\top \delta_z        \nabla_W L = \delta_z x^\top

    How to see it: write the shapes below every factor.  Neighbours must share a size, and what is
    left outside must be the shape of the variable.  A square W hides the mistake: give it two
    different sizes in your mind.
    """
    for part in _atoms(sides, context):
        if not is_transposed(part.tree):
            new = transposed(part.tree, context.transpose)
            says = "{} must be transposed here: write {}"
            shown = (part.tree, new)
            yield edit("missing-transpose", part, new, says, shown)


@mistake(
    "extra-transpose",
    Example(
        LAYERS,
        r"\delta_{\mathbf{z}_1}^\top \mathbf{x}^\top",
        r"\delta_{\mathbf{z}_1} \mathbf{x}^\top",
    ),
    tier=0,
    reshapes=True,
)
def extra_transpose(sides: Sequence[Part], context: Context) -> Iterator[Edit]:
    r"""a factor must not be transposed

    A transpose that the shapes do not ask for, or one that was already taken care of: going
    forward through z = W x needs W, only going back needs `W^\top`.

        wrong   \nabla_W L = \delta_z^\top x^\top        z = W^\top x
        right   \nabla_W L = \delta_z x^\top             z = W x

    How to see it: write the shapes below every factor; where two neighbours do not share a size,
    one of them stands the wrong way round.
    """
    for part in _atoms(sides, context):
        if is_transposed(part.tree):
            new = untransposed(part.tree)
            says = "{} must not be transposed here: write {}"
            shown = (part.tree, new)
            yield edit("extra-transpose", part, new, says, shown)


def _atoms(sides: Sequence[Part], context: Context) -> Iterator[Part]:
    ranks = {symbol.tree: symbol.rank for symbol in context.symbols}
    for part in sides:
        tree = part.tree
        if tree.head not in ATOMS or tree.head == "num" or part.kind == "root":
            continue
        bare = untransposed(tree) if is_transposed(tree) else tree
        if ranks.get(bare) != 0:
            yield part


@mistake(
    "transposed-answer",
    Example(
        LAYERS,
        r"\delta_{\mathbf{z}_2}^\top \mathbf{W}_2",
        r"\mathbf{W}_2^\top \delta_{\mathbf{z}_2}",
    ),
    Example(
        LAYERS,
        r"\mathbf{x} \delta_{\mathbf{z}_1}^\top",
        r"\delta_{\mathbf{z}_1} \mathbf{x}^\top",
    ),
    tier=0,
    reshapes=True,
)
def transposed_answer(sides: Sequence[Part], context: Context) -> Iterator[Edit]:
    r"""the whole answer stands the wrong way round

    Every entry is right, but rows and columns are exchanged.  Here a gradient has the shape of
    its variable (denominator layout); `x \delta^\top` is the transpose of what was asked
    for.

        wrong   \nabla_W L = x \delta_z^\top        \nabla_x L = \delta_z^\top W
        right   \nabla_W L = \delta_z x^\top        \nabla_x L = W^\top \delta_z

    How to see it: compare the shape of the answer with that of the variable: `W - \eta \nabla_W L`
    must make sense.  A whole document in numerator layout is no mistake: say so at its beginning.
    """
    whole = sides[0]
    if whole.tree.head == "num":
        return
    straight = transposed(as_unit(whole.tree), context.transpose)
    scalars = written_scalars(context)
    for cost, new in enumerate((turned(whole.tree, context.transpose, scalars), straight)):
        says = "this is the transpose of the right answer: write {}"
        shown = (new,)
        yield edit("transposed-answer", whole, new, says, shown, cost)
    for part in sides:
        if part.kind == "term" and part.tree.head == "juxt":
            new = turned(part.tree, context.transpose, scalars)
            says = "{} is the transpose of the right term: write {}"
            shown = (part.tree, new)
            yield edit("transposed-answer", part, new, says, shown, 2)


@mistake(
    "swapped-factors",
    Example(
        LAYERS,
        r"\mathbf{x}^\top \delta_{\mathbf{z}_1}",
        r"\delta_{\mathbf{z}_1} \mathbf{x}^\top",
    ),
    Example(
        QUADRATIC,
        r"2 \mathbf{u} \mathbf{A}^\top + (\mathbf{A} + \mathbf{A}^\top) \mathbf{x}",
        r"2 \mathbf{A}^\top \mathbf{u} + (\mathbf{A} + \mathbf{A}^\top) \mathbf{x}",
    ),
    tier=0,
    reshapes=True,
)
def swapped_factors(sides: Sequence[Part], context: Context) -> Iterator[Edit]:
    r"""two factors stand in the wrong order

    Matrices do not commute.  The chain rule puts the factors in one order only: in denominator
    layout what is applied first on the way forward stands to the left on the way back.

        wrong   \nabla_W L = x^\top \delta_z        \nabla_x L = \delta_z W^\top
        right   \nabla_W L = \delta_z x^\top        \nabla_x L = W^\top \delta_z

    How to see it: `x^\top \delta` is one number, `\delta x^\top` is a matrix.  Write the shapes
    below the factors; and `(A B)^\top` is `B^\top A^\top`.
    """
    scalars = {symbol.tree for symbol in context.symbols if symbol.rank == 0}
    for part in sides:
        if part.tree.head != "juxt" or part.kind == "segment":
            continue
        kids = part.tree.kids
        spots = [k for k in factors(part.tree) if kids[k].head != "num" and kids[k] not in scalars]
        for i, a in enumerate(spots):
            for b in spots[i + 1 :]:
                sign = kids[a + 1] if b == a + 2 else None
                if sign is not None and sign.head == "op" and sign.kids[0] in HADAMARD:
                    continue  # a Hadamard product commutes
                swapped = list(kids)
                swapped[a], swapped[b] = kids[b], kids[a]
                new = Tree("juxt", tuple(swapped), part.tree.span)
                says = "{} and {} stand in the wrong order: write {}"
                shown = (kids[a], kids[b], new)
                yield edit("swapped-factors", part, new, says, shown, b - a)
        if len(spots) > 2 and not any(kid.head == "op" for kid in kids):
            first, last = spots[0], spots[-1]
            for a, moved in (
                (first, (*kids[:first], *kids[first + 1 :], kids[first])),
                (last, (*kids[:first], kids[last], *kids[first:last])),
            ):
                new = Tree("juxt", moved, part.tree.span)
                says = "{} stands in the wrong place: write {}"
                shown = (kids[a], new)
                yield edit("swapped-factors", part, new, says, shown, len(spots))


@mistake(
    "hadamard-for-product",
    Example(
        LAYERS,
        r"\delta_{\mathbf{z}_1} \odot \mathbf{x}^\top",
        r"\delta_{\mathbf{z}_1} \mathbf{x}^\top",
    ),
    Example(
        LAYERS,
        r"(\mathbf{W}_2^\top \odot \delta_{\mathbf{z}_2}) \odot \mathbb{I}(\mathbf{z}_1 > 0)",
        r"(\mathbf{W}_2^\top \delta_{\mathbf{z}_2}) \odot \mathbb{I}(\mathbf{z}_1 > 0)",
    ),
    tier=0,
    reshapes=True,
)
def hadamard_for_product(sides: Sequence[Part], context: Context) -> Iterator[Edit]:
    r"""`\odot` stands where a matrix product belongs

    `\odot` multiplies entry by entry and needs two arrays of one shape.  Only a function of each
    entry brings it; a matrix brings a matrix product.

        wrong   \delta_x = W^\top \odot \delta_z        \nabla_W L = \delta_z \odot x
        right   \delta_x = W^\top \delta_z              \nabla_W L = \delta_z x^\top

    How to see it: ask what is computed there.  z = W x is a product: it switches.  a = f(z) is
    elementwise: it masks, with `\odot f'(z)`.
    """
    for part in _products(sides):
        kids = part.tree.kids
        for k, kid in enumerate(kids):
            if kid.head != "op" or kid.kids[0] not in HADAMARD or not 0 < k < len(kids) - 1:
                continue
            left, right = kids[k - 1], kids[k + 1]
            sign = context.transpose
            forms = (
                (left, right),
                (left, transposed(right, sign)),
                (transposed(left, sign), right),
            )
            for cost, (a, b) in enumerate(forms):
                new = Tree("juxt", (*kids[: k - 1], a, b, *kids[k + 2 :]), part.tree.span)
                says = "a matrix product belongs here, not {}: write {}"
                shown = (kid, Tree("juxt", (a, b)))
                yield edit("hadamard-for-product", part, new, says, shown, cost)


@mistake(
    "product-for-hadamard",
    Example(
        LAYERS,
        r"\mathbf{W}_2^\top \delta_{\mathbf{z}_2} \mathbb{I}(\mathbf{z}_1 > 0)",
        r"\mathbf{W}_2^\top \delta_{\mathbf{z}_2} \odot \mathbb{I}(\mathbf{z}_1 > 0)",
    ),
    Example(
        LAYERS,
        r"\delta_{\mathbf{h}_2} \cdot \mathbf{h}_2 \odot (1 - \mathbf{h}_2)",
        r"\delta_{\mathbf{h}_2} \odot \mathbf{h}_2 \odot (1 - \mathbf{h}_2)",
    ),
    tier=0,
    reshapes=True,
)
def product_for_hadamard(sides: Sequence[Part], context: Context) -> Iterator[Edit]:
    r"""a matrix product, or a dot, stands where `\odot` belongs

    A function of each entry masks: the gradient is multiplied entry by entry with f'(z).  Two
    columns side by side have no product, and `u \cdot v` is one number.

        wrong   \delta_z = \delta_a f'(z)             \delta_z = \delta_a \cdot f'(z)
        right   \delta_z = \delta_a \odot f'(z)       \delta_z = \operatorname{diag}(f'(z)) \delta_a

    How to see it: both factors are columns of the same size, and so is the answer.
    """
    dot = op(r"\odot")
    for part in _products(sides):
        kids = part.tree.kids
        spots = factors(part.tree)
        for a, b in pairwise(spots):
            between = kids[a + 1].kids[0] if b == a + 2 else ""
            if between not in _PLAIN or "num" in (kids[a].head, kids[b].head):
                continue
            new = Tree("juxt", (*kids[: a + 1], dot, *kids[b:]), part.tree.span)
            says = "{} and {} must be multiplied entry by entry: write {}"
            shown = (kids[a], kids[b], Tree("juxt", (kids[a], dot, kids[b])))
            # Who writes diag elsewhere has lost a diag, if that mends the line as well.
            yield edit("product-for-hadamard", part, new, says, shown, 3)


def _products(sides: Sequence[Part]) -> Iterator[Part]:
    return (part for part in sides if part.tree.head == "juxt" and part.kind != "segment")


@mistake(
    "missing-diag",
    Example(
        QUADRATIC,
        r"\mathbf{p} - \mathbf{p} \mathbf{p}^\top",
        r"\operatorname{diag}(\mathbf{p}) - \mathbf{p} \mathbf{p}^\top",
    ),
    tier=0,
    reshapes=True,
)
def missing_diag(sides: Sequence[Part], context: Context) -> Iterator[Edit]:
    r"""a vector stands where a diagonal matrix belongs

    The Jacobian of a function of each entry is a diagonal matrix, not a vector.

        wrong   \frac{\partial f(z)}{\partial z} = f'(z)          J = p - p p^\top
        right   \frac{\partial f(z)}{\partial z} = \operatorname{diag}(f'(z))
                J = \operatorname{diag}(p) - p p^\top

    How to see it: the derivative of n numbers by n numbers has n × n entries; off the diagonal
    they are 0, because no entry looks at another.
    """
    ranks = {symbol.tree: symbol.rank for symbol in context.symbols}
    for part in sides:
        tree = part.tree
        if tree.head in ("num", "neg") or part.kind in ("argument", "inside"):
            continue
        if ranks.get(tree, 1) != 1 or is_transposed(tree):
            continue
        if tree.head == "juxt" and not any(_is_hadamard(kid) for kid in tree.kids):
            continue  # a product of matrices, whose diagonal is another matter
        inner = tree if tree.head in BRACKETS else Tree("paren", (tree,), tree.span)
        new = applied(DIAG, inner)
        says = "a diagonal matrix belongs here: write {}"
        shown = (new,)
        yield edit("missing-diag", part, new, says, shown, 2 if context.diag else 4)


def _is_hadamard(tree: Tree) -> bool:
    return tree.head == "op" and tree.kids[0] in HADAMARD


@also("missing-diag", 3)
def missing_kronecker(sides: Sequence[Part], context: Context) -> Iterator[Edit]:
    """The same said of entries: a Kronecker delta of two open indices is missing."""
    bound = [
        below.kids[0] if below.head == "chain" else below
        for below in (node.kids[1] for node in sides[0].tree.subtrees() if node.head == "big")
        if below is not None
    ]
    letters = [*(letter_tree(letter) for letter in context.letters), *bound]
    for part in sides:
        if part.kind not in ("root", "term", "inside") or part.tree.head in ("sum", "neg"):
            continue
        for i, one in enumerate(letters):
            for other in letters[i + 1 :]:
                delta = Tree("script", (name(r"\delta"), Tree("juxt", (one, other)), None))
                new = delta if part.tree == num(1) else product(part.tree, delta)
                says = "this is 0 where the two indices differ: write {}"
                yield edit("missing-diag", part, new, says, (new,))


@mistake("layout-flip", tier=9)
def layout_flip(sides: Sequence[Part], context: Context) -> Iterator[Edit]:
    r"""one chain mixes two layouts

    In denominator layout the derivative of a scalar by a column is a column, and chain rules read
    from the left; in numerator layout it is a row, and they read from the right.  Both are right,
    but a chain that changes from one to the other says that a column equals a row.

        wrong   \frac{\partial L}{\partial x} = \delta_z^\top W = W^\top \delta_z
        right   \frac{\partial L}{\partial x} = W^\top \delta_z
        right   \frac{\partial L}{\partial x} = \delta_z^\top W   (everywhere in the document)

    How to see it: the two sides of every = must have one shape.
    """
    # Decided by who reads the document in both layouts: no edit of one side undoes it.
    yield from ()
