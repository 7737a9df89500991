r"""Mistakes at the elementwise functions: masks and slopes that are lost, doubled or misplaced.

The idea: the candidates are the slopes of the functions that the network has, and no others; so
what is put in is always something the writer could have meant.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

from derive.tree import Tree, name
from proofs.mistakes.edit import Context, Edit, Example, Slope, Symbol, also, edit, mistake
from proofs.mistakes.examples import LAYERS, UNIT
from proofs.mistakes.surgery import (
    APPLIED,
    BRACKETS,
    DIAG,
    Part,
    applied,
    as_factor,
    as_unit,
    factors,
    is_division,
    is_mask,
    op,
    product,
)
from proofs.mistakes.transposes import is_transposed, transposed, untransposed

_ONES = Symbol(name(r"\mathbf{1}"), "variable", 1)
_FLIPPED = {">": "<", "<": ">", ">=": "<=", "<=": ">=", "=": "!=", "!=": "=", "==": "!="}


@mistake(
    "missing-mask",
    Example(
        LAYERS,
        r"\mathbf{W}_2^\top \delta_{\mathbf{z}_2}",
        r"\mathbf{W}_2^\top \delta_{\mathbf{z}_2} \odot \mathbb{I}(\mathbf{z}_1 > 0)",
    ),
    Example(
        LAYERS,
        r"\mathbf{W}_2^\top \delta_{\mathbf{z}_2} \mathbf{x}^\top",
        r"(\mathbf{W}_2^\top \delta_{\mathbf{z}_2} \odot \mathbb{I}(\mathbf{z}_1 > 0))"
        r"\mathbf{x}^\top",
    ),
    tier=3,
)  # fmt: skip
def missing_mask(sides: Sequence[Part], context: Context) -> Iterator[Edit]:
    r"""a mask is missing

    ReLU lets the gradient through where its argument is positive and stops it elsewhere: going
    back through h = ReLU(z) multiplies with 1[z > 0], entry by entry.

        wrong   \delta_z = W^\top \delta
        right   \delta_z = (W^\top \delta) \odot 1[z > 0]

    How to see it: walk back along the picture and do something at every box.  A sum passes, a
    product switches, an elementwise function masks, a max routes.
    """
    yield from _inserted("missing-mask", sides, context, mask=True)


@mistake(
    "missing-inner-derivative",
    Example(UNIT, r"2(s - y)(2z + 1) x", r"2(s - y)(2z + (1 - \tanh(z)^2)) x"),
    Example(UNIT, r"2(s - y)(2z + 1 - a^2)", r"2(s - y)(2z + 1 - a^2) x"),
    Example(LAYERS, r"\delta_{\mathbf{h}_2}",
            r"\delta_{\mathbf{h}_2} \odot \mathbf{h}_2 \odot (1 - \mathbf{h}_2)",
            r"\delta_{\mathbf{z}_2}"),
    tier=3,
    reshapes=True,
)  # fmt: skip
def missing_inner_derivative(sides: Sequence[Part], context: Context) -> Iterator[Edit]:
    r"""a factor of the chain rule is missing

    The derivative of the outer function is there, that of what stands inside it is not.

        wrong   f(w x)' = f'(w x)        \frac{\partial}{\partial w} (w x - y)^2 = 2(w x - y)
        right   f(w x)' = f'(w x) w      \frac{\partial}{\partial w} (w x - y)^2 = 2(w x - y) x

    How to see it: count the functions between the loss and the variable; every one of them gives
    one factor.
    """
    yield from _inserted("missing-inner-derivative", sides, context, mask=False)
    for part in sides:
        if part.tree.head != "num" or part.kind not in ("term", "factor"):
            continue
        for slope in context.slopes:
            if not slope.mask:
                yield _gained("missing-inner-derivative", part, slope.tree, slope.tree)


@also("missing-inner-derivative", 4)
def missing_factor(sides: Sequence[Part], context: Context) -> Iterator[Edit]:
    """A quantity of the document put in at every place of every product."""
    for what in context.missing:
        whole = sides[0]
        new = product(*_kids(as_factor_of_sum(whole.tree)), what)
        yield _gained("missing-inner-derivative", whole, new, what)
    for part in sides:
        tree = part.tree
        if part.mask is not None or part.kind in ("argument", "factor", "segment"):
            continue
        if tree.head in ("num", "neg", "list", "chain"):
            continue
        kids = tree.kids if tree.head == "juxt" else (as_factor_of_sum(tree),)
        spots = [k for k, kid in enumerate(kids) if kid.head != "op"]
        for symbol in (*context.symbols, _ONES):
            if symbol.kind == "constant":
                continue  # a constant factor, and a row of its own
            forms = [symbol.tree]
            if symbol.rank != 0:
                forms.append(transposed(symbol.tree, context.transpose))
            places = [*spots, len(kids)] if symbol.rank != 0 else [len(kids)]
            if symbol.rank:
                beside = multiplied(part, Slope(symbol.tree, False, symbol.rank))
                yield edit(
                    "missing-inner-derivative", part, beside,
                    "the factor {} is missing here: write {}", (symbol.tree, beside), 7,
                )  # fmt: skip
            for form in forms:
                if form in kids:
                    continue  # a lost square, and a row of its own
                for k in places:
                    new = Tree("juxt", (*kids[:k], form, *kids[k:]), tree.span)
                    says = "the factor {} is missing here: write {}"
                    shown = (form, new)
                    yield edit("missing-inner-derivative", part, new, says, shown, 8)


def _inserted(
    code: str, sides: Sequence[Part], context: Context, mask: bool
) -> Iterator[Edit]:  # fmt: skip
    slopes = [slope for slope in context.slopes if slope.mask == mask]
    scalars = {symbol.tree for symbol in context.symbols if symbol.rank == 0}
    for part in sides:
        tree = part.tree
        if part.mask is not None or part.kind == "argument" or tree.head in ("num", "neg", "list"):
            continue
        if tree.head == "sum" and part.kind == "inside":
            continue  # the brackets around it are a part of their own
        for slope in slopes:
            if slope.tree == tree:
                continue
            yield _gained(code, part, multiplied(part, slope, scalars), slope.tree)

    for part in sides:
        if part.tree.head != "juxt" or part.kind == "segment" or part.mask is not None:
            continue
        kids = part.tree.kids
        for slope in slopes:
            if slope.rank == 1:
                diagonal = applied(DIAG, slope.tree)
                for k in (*(k for k, kid in enumerate(kids) if kid.head != "op"), len(kids)):
                    new = Tree("juxt", (*kids[:k], diagonal, *kids[k:]), part.tree.span)
                    yield _gained(code, part, new, diagonal)


def _gained(code: str, part: Part, new: Tree, what: Tree) -> Edit:
    kind = "the mask" if code == "missing-mask" else "the factor"
    says = f"{kind} {{}} is missing here: write {{}}"
    shown = (what, new)
    return edit(code, part, new, says, shown, len(list(part.tree.subtrees())) // 4)


def multiplied(part: Part, slope: Slope, scalars: Collection[Tree] = ()) -> Tree:
    """A part times a slope, entry by entry where it has entries."""
    tree, own = part.tree, slope.tree
    if slope.rank == 0 or tree in scalars:
        return product(tree, own)
    if own.head == "juxt":
        own = own if any(kid.head == "op" for kid in own.kids) else as_factor(own)
    tree = as_unit(tree) if tree.head == "sum" else tree
    both = (*_kids(tree), op(r"\odot"), *_kids(as_factor_of_sum(own)))
    return Tree("juxt", both, part.tree.span)


def _kids(tree: Tree) -> tuple[Tree, ...]:
    return tree.kids if tree.head == "juxt" else (tree,)


def as_factor_of_sum(tree: Tree) -> Tree:
    return as_unit(tree) if tree.head in ("sum", "neg") else tree


@mistake(
    "wrong-mask",
    Example(
        LAYERS,
        r"\mathbf{W}_2^\top \delta_{\mathbf{z}_2} \odot \mathbb{I}(\mathbf{z}_1 < 0)",
        r"\mathbf{W}_2^\top \delta_{\mathbf{z}_2} \odot \mathbb{I}(\mathbf{z}_1 > 0)",
    ),
    Example(UNIT, r"2(s - y)(2z + \tanh'(a))", r"2(s - y)(2z + \tanh'(z))"),
    tier=1,
    reshapes=True,
)
def wrong_mask(sides: Sequence[Part], context: Context) -> Iterator[Edit]:
    r"""the mask, or the slope, is that of another quantity

    The mask is that of the function the gradient goes back through, at the argument which that
    function had on the way forward.

        wrong   \delta_{z_1} = (W_2^\top \delta_2) \odot 1[z_2 > 0]     \sigma'(a) for a = \sigma(z)
        right   \delta_{z_1} = (W_2^\top \delta_2) \odot 1[z_1 > 0]     \sigma'(z) for a = \sigma(z)

    How to see it: mask and gradient stand at the same box of the picture, so they have one shape
    and one index.
    """
    names = [s.tree for s in context.symbols if s.kind != "delta"]
    for part in sides:
        tree = part.tree
        if part.mask is not None:
            if tree.head == "chain" and len(tree.kids) == 3 and tree.kids[1].kids[0] in _FLIPPED:
                rel = Tree("rel", (_FLIPPED[tree.kids[1].kids[0]],), tree.kids[1].span)
                new = Tree("chain", (tree.kids[0], rel, tree.kids[2]), tree.span)
                says = "the condition of the mask is the wrong way round: write {}"
                shown = (new,)
                yield edit("wrong-mask", part, new, says, shown)
            elif tree.head in ("name", "script"):
                for other in names:
                    if other != tree:
                        says = "{} must be taken at {}"
                        shown = (part.mask, other)
                        yield edit("wrong-mask", part, other, says, shown)
            continue
        if part.kind == "factor" and is_mask(tree):
            yield from _masked(part, context)


@also("wrong-mask", 5)
def wrong_slope(sides: Sequence[Part], context: Context) -> Iterator[Edit]:
    """The same for slopes that are written out: (1 - a^2), a ⊙ (1 - a)."""
    for part in sides:
        pair = part.kind == "segment" and _pair(part.tree)
        if part.mask is None and (pair or (part.kind == "factor" and part.tree.head in BRACKETS)):
            yield from _masked(part, context)


def _masked(part: Part, context: Context) -> Iterator[Edit]:
    """Another slope in the place of a part, unless the part is a factor of it."""
    old = part.tree
    for slope in context.slopes:
        new = slope.tree
        if new != old and old not in new.kids:
            says = "another mask belongs here: write {}"
            yield edit("wrong-mask", part, slope.tree, says, (slope.tree,), 1)


@mistake(
    "value-for-derivative",
    Example(
        LAYERS,
        r"\delta_{\mathbf{h}_2} \odot \sigma(\mathbf{z}_2)",
        r"\delta_{\mathbf{h}_2} \odot \sigma'(\mathbf{z}_2)",
    ),
    Example(UNIT, r"2(s - y)(2z + a)", r"2(s - y)(2z + \tanh'(z))"),
    tier=2,
)
def value_for_derivative(sides: Sequence[Part], context: Context) -> Iterator[Edit]:
    r"""the function stands where its derivative belongs

    The chain rule multiplies with f'(z), not with f(z).

        wrong   \delta_z = \delta_a \odot \sigma(z)
        right   \delta_z = \delta_a \odot \sigma'(z) = \delta_a \odot a \odot (1 - a)

    How to see it: in the picture the value goes forward and only the slope comes back.  At a flat
    place of f the gradient must vanish, whatever f is there.
    """
    for part in sides:
        tree = part.tree
        if part.mask is not None:
            continue
        for slope in context.slopes:
            if tree in slope.values:
                says = "the derivative belongs here, not the value: write {}"
                shown = (slope.tree,)
                yield edit("value-for-derivative", part, slope.tree, says, shown)
        if tree.head == APPLIED and not is_mask(tree) and tree.kids[-1].head in BRACKETS:
            function = Tree("prime", (tree.kids[0], "1"), tree.kids[0].span)
            if tree.kids[0].head == "script":
                base, sub, sup = tree.kids[0].kids
                function = Tree("script", (Tree("prime", (base, "1")), sub, sup))
            new = Tree(APPLIED, (function, *tree.kids[1:]), tree.span)
            says = "the derivative belongs here, not the value: write {}"
            shown = (new,)
            yield edit("value-for-derivative", part, new, says, shown, 1)


@mistake(
    "derivative-twice",
    Example(
        LAYERS,
        r"(\delta_{\mathbf{z}_2} \odot \sigma'(\mathbf{z}_2)) \mathbf{h}_1^\top"
        r" + 2 \lambda \mathbf{W}_2",
        r"\delta_{\mathbf{z}_2} \mathbf{h}_1^\top + 2 \lambda \mathbf{W}_2",
    ),
    Example(UNIT, r"2(s - y)(2z + \tanh''(z))", r"2(s - y)(2z + \tanh'(z))"),
    tier=1,
)  # fmt: skip
def derivative_twice(sides: Sequence[Part], context: Context) -> Iterator[Edit]:
    r"""a derivative was applied twice

    `\delta_z` is already the gradient in front of the function: the slope is in it.  Or f'' stands
    where f' belongs.

        wrong   \nabla_W L = (\delta_z \odot \sigma'(z)) x^\top
        right   \nabla_W L = \delta_z x^\top = (\delta_a \odot \sigma'(z)) x^\top

    How to see it: every function between the loss and the variable gives its slope once; say aloud
    which of them are in the `\delta` that you start from.
    """
    slopes = {slope.tree for slope in context.slopes}
    for part in sides:
        tree = part.tree
        lowered = _lowered(tree.kids[0]) if tree.head == APPLIED else None
        if lowered is not None:
            new = Tree(APPLIED, (lowered, *tree.kids[1:]), tree.span)
            says = "differentiated once too often: write {}"
            yield edit("derivative-twice", part, new, says, (new,), 1)
        if tree.head != "juxt":
            continue
        spots = factors(tree)
        for i, a in enumerate(spots):
            kid = tree.kids[a]
            bare = untransposed(kid) if is_transposed(kid) else kid
            if is_mask(bare) or bare in slopes or _inside(bare) in slopes:
                yield from _dropped(part, a, a + 1, context)
            if i + 1 < len(spots):
                run = Tree("juxt", tree.kids[a : spots[i + 1] + 1])
                if run in slopes or _pair(run):
                    yield from _dropped(part, a, spots[i + 1] + 1, context)


def _pair(run: Tree) -> bool:
    """a ⊙ (1 − a), however its slope is written elsewhere."""
    first, last = run.kids[0], _inside(run.kids[-1])
    return (
        last.head == "sum" and len(last.kids) == 2
        and last.kids[1] == Tree("neg", (first,)) and last.kids[0] is not None
        and last.kids[0].head in ("num", "name")
    )  # fmt: skip


def _inside(tree: Tree) -> Tree:
    return tree.kids[0] if tree.head in BRACKETS else tree


def _dropped(part: Part, a: int, b: int, context: Context) -> Iterator[Edit]:
    """The product without its kids from a to b and one sign beside them."""
    kids = part.tree.kids
    before, after = list(kids[:a]), list(kids[b:])
    if after and after[0].head == "op":
        after = after[1:] if not before or before[-1].head == "op" else after
    if before and before[-1].head == "op" and (not after or after[0].head == "op"):
        before = before[:-1]
    if before and before[-1].head == "op" and is_division(before[-1]):
        return
    left = before + after
    if not left:
        return
    new = left[0] if len(left) == 1 else Tree("juxt", tuple(left), part.tree.span)
    old = kids[a] if b == a + 1 else Tree("juxt", kids[a:b], (kids[a].span[0], kids[b - 1].span[1]))
    says = "{} is in the other factors already: write {}"
    shown = (old, new)
    yield edit("derivative-twice", part, new, says, shown, 0, old.span)


def _lowered(function: Tree) -> Tree | None:
    if function.head == "script":
        inner = _lowered(function.kids[0])
        return None if inner is None else Tree("script", (inner, *function.kids[1:]), function.span)
    if function.head != "prime":
        return None
    base, count = function.kids
    return base if int(count) == 1 else Tree("prime", (base, str(int(count) - 1)), function.span)
