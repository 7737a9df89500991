r"""Mistakes of arithmetic: signs, numbers, powers, and the quotient rule.

The idea: what a scalar derivative loses or gains on the way is a sign, a small number or a size.
Where the truth is one number times the side, that number is read off instead of guessed.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction

from derive.tree import Tree, num
from proofs.mistakes.edit import Context, Edit, Example, also, edit, mistake
from proofs.mistakes.examples import LAYERS, QUADRATIC, SAMPLES, UNIT
from proofs.mistakes.surgery import (
    APPLIED,
    BRACKETS,
    Part,
    is_division,
    negated,
    number,
    op,
    product,
)
from proofs.mistakes.transposes import is_transposed, transposed

_SMALL = (Fraction(2), Fraction(1, 2))
_MISSING = "the factor {} is missing: write {}"
_TOO_MUCH = "there is a factor {} too much: write {}"


# ------------------------------------------------------------------------------------------ sign


@mistake(
    "sign",
    Example(UNIT, r"2(y - s)", r"2(s - y)"),
    Example(LAYERS, r"\mathbf{h}_2 + \mathbf{t}", r"\mathbf{h}_2 - \mathbf{t}"),
    tier=1,
)
def sign(sides: Sequence[Part], context: Context) -> Iterator[Edit]:
    r"""a sign is wrong

    A difference that is differentiated by its second part brings a minus; so do `\log(1 - p)`,
    `1 / x` and `\cos x`.  A loss with a minus in front keeps it to the end.

        wrong   \frac{\partial}{\partial s} (y - s)^2 = 2(y - s)
        right   \frac{\partial}{\partial s} (y - s)^2 = -2(y - s) = 2(s - y)

    How to see it: ask in which direction the loss grows.  If s is too large, the gradient in s
    must be positive.
    """
    for part in sides:
        tree = part.tree
        if tree.head == "sum":
            yield from _signs_of_a_sum(part, context)
        elif part.kind in ("root", "argument", "inside") and tree.head != "chain":
            if tree.head in ("list", "text") or part.mask is not None:
                continue
            new = negated(tree)
            says = "the sign is wrong: write {}"
            shown = (new,)
            yield edit("sign", part, new, says, shown, 1 if part.kind == "root" else 4)


def _signs_of_a_sum(part: Part, context: Context) -> Iterator[Edit]:
    tree = part.tree
    kids = tree.kids
    signs = [kid is not None and kid.head == "neg" for kid in kids]
    if len(kids) == 2 and signs == [False, True] and kids[0] is not None:
        new = Tree("sum", (kids[1].kids[0], negated(kids[0])), tree.span)
        says = "the difference is the wrong way round: write {}"
        shown = (new,)
        yield edit("sign", part, new, says, shown)
    for k, kid in enumerate(kids):
        if kid is None:
            continue
        new = Tree("sum", (*kids[:k], negated(kid), *kids[k + 1 :]), tree.span)
        says = "the sign of {} is wrong: write {}"
        shown = (_bare(kid), new)
        yield edit("sign", part, new, says, shown, 0 if k else 2, kid.span)
    if len(kids) > 2 or signs != [False, True]:
        new = Tree("sum", tuple(kid and negated(kid) for kid in kids), tree.span)
        says = "every sign is wrong: write {}"
        shown = (new,)
        yield edit("sign", part, new, says, shown, 1)


def _bare(tree: Tree) -> Tree:
    return tree.kids[0] if tree.head == "neg" else tree


# ---------------------------------------------------------------------------------------- factor


@mistake(
    "factor",
    Example(UNIT, r"s - y", r"2(s - y)"),
    Example(SAMPLES, r"2 X^\top r", r"\frac{2}{m} X^\top r"),
    Example(LAYERS, r"\delta_{\mathbf{z}_2} \mathbf{h}_1^\top + \lambda \mathbf{W}_2",
            r"\delta_{\mathbf{z}_2} \mathbf{h}_1^\top + 2 \lambda \mathbf{W}_2"),
    tier=1,
)  # fmt: skip
def factor(sides: Sequence[Part], context: Context) -> Iterator[Edit]:
    r"""a constant factor is missing, or one too many

    The square brings a 2, the ½ in front of it takes the 2 away, a mean over m samples keeps its
    1/m to the end.  The message says which number is meant.

        wrong   \nabla_x \frac12 \|x\|^2 = 2x        \nabla_w \frac1m \|r\|^2 = 2 X^\top r
        right   \nabla_x \frac12 \|x\|^2 = x         \nabla_w \frac1m \|r\|^2 = \frac{2}{m} X^\top r

    How to see it: write the constant in front of the loss and carry it along in every line; do not
    drop it "because it goes into the learning rate".
    """
    for part in sides:
        if part.kind not in ("root", "term", "inside") or part.mask is not None:
            continue
        if part.tree.head in ("neg", "chain", "list") or (part.kind == "inside" and _loose(part)):
            continue
        cost = {"root": 0, "term": 0}.get(part.kind, 2) + (part.tree.head == "sum")
        for by in _SMALL:
            yield _by_number(part, by, cost)
        for count in context.counts:
            for up in (True, False):
                new = scaled(part.tree, Fraction(1), count, up)
                gone = _divides(part.tree, count, not up)
                size = count if up != gone else Tree("juxt", (num(1), op("/"), count))
                says = _TOO_MUCH if gone else _MISSING
                shown = (size, new)
                yield edit("factor", part, new, says, shown, cost)


@also("factor", 3)
def constant_factor(sides: Sequence[Part], context: Context) -> Iterator[Edit]:
    """The same for a constant with a name: a step size, the weight of a penalty."""
    constants = [symbol.tree for symbol in context.symbols if symbol.kind == "constant"]
    for part in sides:
        if part.kind not in ("root", "term", "inside") or part.mask is not None:
            continue
        if part.tree.head in ("neg", "chain", "list"):
            continue
        for constant in constants:
            if constant in (part.tree, *part.tree.kids):
                continue  # a lost square, and a row of its own
            new = product(constant, part.tree)
            cost = 0 if part.kind != "inside" else 2
            yield edit("factor", part, new, _MISSING, (constant, new), cost)


def by_ratio(whole: Part, ratio: Fraction, context: Context) -> Edit:
    """The edit that multiplies the whole side with a number that was measured."""
    return _by_number(whole, ratio)


def _by_number(part: Part, by: Fraction, cost: int = 0) -> Edit:
    """The part times a number; one half of it is a factor 2 too many."""
    new = scaled(part.tree, by)
    too_much = by.numerator == 1
    shown = (number(1 / by if too_much else by), new)
    # A half that is put in front of a 2 further inside is true, and no good advice.
    clumsy = too_much and _length(new) > _length(part.tree)
    says = _TOO_MUCH if too_much else _MISSING
    return edit("factor", part, new, says, shown, cost + 3 * clumsy)


def _length(tree: Tree) -> int:
    return sum(1 for _ in tree.subtrees())


def _loose(part: Part) -> bool:
    return part.tree.head in ("name", "script", "num", "prime")


def scaled(tree: Tree, by: Fraction, count: Tree | None = None, up: bool = True) -> Tree:
    """The tree times a number and a size (or its reciprocal), merged with those in front of it."""
    if tree.head == "neg":
        return negated(scaled(tree.kids[0], by, count, up))
    kids = list(tree.kids) if tree.head == "juxt" else [tree]
    value, over, under, rest = by, [], [], []
    for k, kid in enumerate(kids):
        before = kids[k - 1] if k else None
        divided = before is not None and is_division(before)
        part = None if divided else _coefficient(kid)
        if part is None:
            rest.append(kid)
            continue
        value *= part[0]
        over += part[1]
        under += part[2]
        if rest and rest[-1].head == "op":
            rest.pop()
    if count is not None:
        here, there = (over, under) if up else (under, over)
        there.remove(count) if count in there else here.append(count)
    while rest and rest[0].head == "op":
        rest.pop(0)
    front = _fraction(abs(value), over, under)
    made = product(*([] if front == num(1) and rest else [front]), *rest)
    return negated(made) if value < 0 else made


def _coefficient(tree: Tree) -> tuple[Fraction, list[Tree], list[Tree]] | None:
    """A number, or a fraction of numbers and plain names, such as 1/2 and 2/m."""
    if tree.head == "num":
        return Fraction(tree.kids[0]), [], []
    if tree.head != "frac":
        return None
    over, under = tree.kids
    value, above, below = Fraction(1), [], []
    for side, names, power in ((over, above, 1), (under, below, -1)):
        for kid in side.kids if side.head == "juxt" else (side,):
            if kid.head == "num" and Fraction(kid.kids[0]) != 0:
                value *= Fraction(kid.kids[0]) ** power
            elif kid.head in ("name", "sqrt"):
                names.append(kid)
            else:
                return None
    return value, above, below


def _fraction(value: Fraction, over: list[Tree], under: list[Tree]) -> Tree:
    if not over and not under:
        return number(value)
    top = [num(value.numerator)] if value.numerator != 1 or not over else []
    above = product(*top, *over)
    bottom = [num(value.denominator)] if value.denominator != 1 else []
    if not bottom and not under:
        return above
    return Tree("frac", (above, product(*bottom, *under)))


def _divides(tree: Tree, count: Tree, up: bool) -> bool:
    """Whether a size already stands above (or below) the line in a coefficient of the tree."""
    for kid in tree.kids if tree.head == "juxt" else (tree,):
        if isinstance(kid, Tree) and (found := _coefficient(kid)) is not None:
            _, above, below = found
            return count in (above if up else below)
    return False


# ---------------------------------------------------------------------------------------- powers


@mistake(
    "wrong-inverse-or-power",
    Example(UNIT, r"2(z^2 + a - y)(2z + 1 - a)", r"2(z^2 + a - y)(2z + 1 - a^2)"),
    Example(
        QUADRATIC,
        r"(\mathbf{A}^{-1} + \mathbf{A}) \mathbf{x}",
        r"(\mathbf{A}^\top + \mathbf{A}) \mathbf{x}",
    ),
    tier=3,
    reshapes=True,
)
def wrong_inverse_or_power(sides: Sequence[Part], context: Context) -> Iterator[Edit]:
    r"""a power, a root or an inverse is wrong

    A square that was lost, an exponent that was not lowered, `W^{-1}` for `W^\top`,
    `\sigma` for `\sigma^2`.

        wrong   \tanh'(z) = 1 - \tanh(z)        (1/v)' = -1/v        (x^3)' = 3x
        right   \tanh'(z) = 1 - \tanh(z)^2      (1/v)' = -1/v^2      (x^3)' = 3x^2

    How to see it: try one number, or count units: if x is a length, the derivative of an area by x
    is a length.
    """
    for part in sides:
        for cost, new in _powers(part, context):
            says = "the power of {} is wrong: write {}"
            shown = (_stem(part.tree), new)
            yield edit("wrong-inverse-or-power", part, new, says, shown, cost)


def _stem(tree: Tree) -> Tree:
    return tree.kids[0] if tree.head == "script" and tree.kids[1] is None else tree


def _powers(part: Part, context: Context) -> Iterator[tuple[int, Tree]]:
    tree = part.tree
    if part.mask is not None or (part.kind == "root" and tree.head == "num"):
        return
    if tree.head == "sum" and part.kind == "inside":
        yield 2, raised(_paren(tree), num(2))
        return
    last = tree.kids[-1] if tree.head == APPLIED else tree
    if tree.head == "sqrt":
        yield 1, tree.kids[0] if tree.kids[0].head not in ("sum", "juxt") else _paren(tree.kids[0])
    if is_transposed(tree):
        bare = transposed(tree, context.transpose)
        yield 0, raised(bare, Tree("neg", (num(1),)))
        return
    exponent = last.kids[2] if last.head == "script" else None
    if tree.head == "script" and exponent is not None and exponent.head in BRACKETS:
        # x^{(i)}: a label, above which no power can stand.
        yield 0, raised(_paren(tree), num(2))
        yield 1, Tree("juxt", (tree, op(r"\odot"), tree), tree.span)
        return
    if exponent is not None and exponent.head in ("num", "neg"):
        value = _integer(exponent)
        if value is None:
            return
        yield 0, raised(tree, None)
        if value == -1:
            yield 0, transposed(raised(tree, None), context.transpose)
        for other in (value - 1, value + 1, -value):
            if other not in (0, 1):
                yield 1, raised(tree, number(Fraction(other)))
    elif last.head in ("name", "prime", "norm", "abs", *BRACKETS) or (
        last.head == "script" and exponent is None
    ):
        yield 0, raised(tree, num(2))
        if tree.head in ("name", "script"):
            yield 1, Tree("juxt", (tree, op(r"\odot"), tree), tree.span)
        if part.kind in ("term", "root", "inside") or tree.head != APPLIED:
            yield 2, raised(tree, Tree("neg", (num(1),)))
            yield 2, Tree("sqrt", (tree.kids[0] if tree.head in BRACKETS else tree,), tree.span)


def _paren(tree: Tree) -> Tree:
    return Tree("paren", (tree,), tree.span)


def _integer(tree: Tree) -> int | None:
    inner = tree.kids[0] if tree.head == "neg" else tree
    if inner.head != "num" or not str(inner.kids[0]).isdigit():
        return None
    return -int(inner.kids[0]) if tree.head == "neg" else int(inner.kids[0])


def raised(tree: Tree, exponent: Tree | None) -> Tree:
    """The tree with this exponent in the place of the one that it has."""
    if tree.head == APPLIED:
        return Tree(APPLIED, (*tree.kids[:-1], raised(tree.kids[-1], exponent)), tree.span)
    base, sub = (tree.kids[0], tree.kids[1]) if tree.head == "script" else (tree, None)
    if sub is None and exponent is None:
        return base
    return Tree("script", (base, sub, exponent), tree.span)


@mistake(
    "swapped-quotient-rule",
    Example(
        r"$x \in \mathbb{R}$, $u = \sin(x)$, $v = x^2 + 1$, $L = \frac{u}{v}$",
        r"\frac{2 x u - \cos(x) v}{v^2}",
        r"\frac{\cos(x) v - 2 x u}{v^2}",
    ),
    tier=1,
)
def swapped_quotient_rule(sides: Sequence[Part], context: Context) -> Iterator[Edit]:
    r"""the quotient rule is the wrong way round

    The derivative of what stands above comes first, and the one below is subtracted.

        wrong   (u/v)' = (u v' - u' v) / v^2
        right   (u/v)' = (u' v - u v') / v^2

    How to see it: set v = 1.  Then v' = 0 and u' must be left, with a plus.
    """
    for part in sides:
        if part.tree.head != "frac":
            continue
        over, under = part.tree.kids
        squared = any(t.head == "script" and t.kids[2] == num(2) for t in under.subtrees())
        terms = over.kids if over.head == "sum" else ()
        if len(terms) != 2 or terms[1].head != "neg" or terms[0] is None or not squared:
            continue
        turned = Tree("sum", (terms[1].kids[0], negated(terms[0])), over.span)
        new = Tree("frac", (turned, under), part.tree.span)
        says = "the quotient rule is the wrong way round: write {}"
        shown = (new,)
        yield edit("swapped-quotient-rule", part, new, says, shown, -1)
