r"""Written sides cut open: every part that an edit may replace, and the side with it replaced.

The idea: a raw product is flat, so the pieces that are read together are first put together
(``f (z)`` is one factor), every part carries the function that puts another tree in its place, and
what comes out is a raw tree again, as the reader would have made it from the corrected line.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction

from derive.elaborate.names.scope import INDICATORS, KNOWN_WORDS, base_of
from derive.tree import Tree, name, num

BRACKETS = frozenset(["paren", "bracket", "brace", "set"])
KRONECKER = r"\otimes"
HADAMARD = frozenset([r"\odot", r"\circ", KRONECKER])
_LINEAR = frozenset(["vec", r"\mathrm{vec}", r"\operatorname{vec}"])
DIVISIONS = frozenset(["/", r"\div"])
TRANSPOSES = frozenset(["T", r"\top", r"\mathrm{T}", r"\intercal"])
ATOMS = frozenset(["name", "script", "prime", "deriv", "grad", "slope", "app", "num", *BRACKETS])
DIFFERENTIAL = name("d")
MOST_FACTORS = 10  # of a product whose segments are looked at
APPLIED = "app"  # a function with what it is applied to: a head of this package alone


# ------------------------------------------------------------------------------ grouped and flat


def grouped(tree: Tree, functions: frozenset[str]) -> Tree:
    """The tree with every function application as one factor; ``functions`` are bases that apply.

    Words of the vocabulary, indicators and primed names apply to the bracket behind them anyway;
    ``d`` among them says that dW is one factor.
    """

    def change(node: Tree) -> Tree:
        if node.head != "juxt":
            return node
        kids: list[Tree] = []
        k = 0
        while k < len(node.kids):
            taken = _taken(node.kids, k, functions)
            if taken > 1:
                run = node.kids[k : k + taken]
                kids.append(Tree(APPLIED, run, (run[0].span[0], run[-1].span[1])))
            else:
                kids.append(node.kids[k])
            k += taken
        return kids[0] if len(kids) == 1 else Tree("juxt", tuple(kids), node.span)

    return tree.rewritten(change)


def _taken(kids: Sequence[Tree], k: int, functions: frozenset[str]) -> int:
    """How many kids are read together from this one on."""
    kid = kids[k]
    base = base_of(kid)
    if not base or k + 1 == len(kids):
        return 1
    word = base.lstrip("\\") in KNOWN_WORDS
    primed = kid.head == "prime" or (kid.head == "script" and kid.kids[0].head == "prime")
    following = kids[k + 1]
    if kid == DIFFERENTIAL and "d" in functions:
        return 2 if base_of(following) else 1
    if _bracket(following) is not None:
        return 2 if word or primed or base in functions or base in INDICATORS else 1
    if not word or following.head == "op":
        return 1
    end = k + 1
    while end < len(kids) and kids[end].head != "op" and _bracket(kids[end]) is None:
        end += 1
    return end - k


def _bracket(tree: Tree) -> Tree | None:
    if tree.head == "script" and tree.kids[0].head in BRACKETS:
        return tree.kids[0]
    return tree if tree.head in BRACKETS else None


def flat(tree: Tree) -> Tree:
    """The raw tree again: applications are factors side by side, products in products flattened."""

    def change(node: Tree) -> Tree:
        match node.head:
            case "app":
                return Tree("juxt", _spliced(node.kids), node.span)
            case "juxt":
                kids = _spliced(node.kids)
                return kids[0] if len(kids) == 1 else Tree("juxt", kids, node.span)
            case "sum":
                return Tree("sum", _terms(node.kids), node.span)
            case "neg" if node.kids[0].head == "neg":
                return node.kids[0].kids[0]
            case "paren" if node.kids[0].head == "paren":
                return node.kids[0]
            case _:
                return node

    return tree.rewritten(change)


def _spliced(kids: Sequence[Tree]) -> tuple[Tree, ...]:
    found: list[Tree] = []
    for kid in kids:
        found.extend(kid.kids if kid.head == "juxt" else (kid,))
    return tuple(found)


def _terms(kids: Sequence[Tree | None]) -> tuple[Tree | None, ...]:
    found: list[Tree | None] = []
    for kid in kids:
        if kid is not None and kid.head == "sum":
            found.extend(kid.kids)
        elif kid is not None and kid.head == "neg" and kid.kids[0].head == "sum":
            found.append(Tree("neg", (paren(kid.kids[0]),), kid.span))
        else:
            found.append(kid)
    return tuple(found)


# ----------------------------------------------------------------------------- trees to be built


def paren(tree: Tree) -> Tree:
    return Tree("paren", (tree,), tree.span)


def as_factor(tree: Tree) -> Tree:
    """The tree as one factor among others: with brackets where a product would tear it apart."""
    if tree.head in ("sum", "neg", "chain") or reaches_on(tree):
        return paren(tree)
    if tree.head == "juxt" and any(kid.head == "op" for kid in tree.kids):
        return paren(tree)
    return tree


def reaches_on(tree: Tree) -> bool:
    """Whether a tree ends in a sum over an index, to which what follows would belong."""
    last = tree.kids[-1] if tree.head == "juxt" else tree
    return last.head == "big"


def as_unit(tree: Tree) -> Tree:
    """The tree as one piece: with brackets around every product too."""
    return paren(tree) if tree.head in ("sum", "neg", "big", "chain", "juxt", "frac") else tree


def product(*factors: Tree) -> Tree:
    """The factors and ``op`` signs side by side."""
    *before, last = factors
    kids = tuple(f if f.head == "op" else as_factor(f) for f in before)
    kids = (*kids, last if reaches_on(last) else as_factor(last))
    return kids[0] if len(kids) == 1 else Tree("juxt", kids, _span(factors))


def total(*terms: Tree) -> Tree:
    return Tree("sum", terms, _span(terms))


def negated(tree: Tree) -> Tree:
    """Minus the tree, without a double sign."""
    if tree.head == "neg":
        return tree.kids[0]
    return Tree("neg", (paren(tree) if tree.head == "sum" else tree,), tree.span)


def op(sign: str) -> Tree:
    return Tree("op", (sign,))


def number(value: Fraction) -> Tree:
    if value < 0:
        return Tree("neg", (number(-value),))
    if value.denominator == 1:
        return num(value.numerator)
    return Tree("frac", (num(value.numerator), num(value.denominator)))


def is_division(tree: Tree) -> bool:
    return tree.head == "op" and tree.kids[0] in DIVISIONS


def applied(function: Tree, argument: Tree) -> Tree:
    inside = argument if argument.head in BRACKETS else paren(argument)
    return Tree(APPLIED, (function, inside), argument.span)


def _span(trees: Sequence[Tree]) -> tuple[int, int]:
    spans = [t.span for t in trees if t.span != (0, 0)]
    return (min(a for a, _ in spans), max(b for _, b in spans)) if spans else (0, 0)


# ----------------------------------------------------------------------------------------- parts


@dataclass(frozen=True, slots=True)
class Part:
    """A piece of a side: ``put`` gives the whole side with another tree in its place.

    ``kind`` is ``root``, ``term``, ``factor``, ``segment`` (some neighbouring factors of a
    product), ``inside`` (of brackets, a fraction, a sum over an index) or ``argument``.  ``mask``
    is the application of an indicator or of a derivative that the part stands in; ``placed`` adds
    the brackets that another tree needs in this place.
    """

    tree: Tree
    kind: str
    put: Callable[[Tree], Tree]
    mask: Tree | None = None
    placed: Callable[[Tree], Tree] = lambda new: new


def parts(side: Tree) -> Iterator[Part]:
    """Every part of a grouped side, itself first.  Nesting is capped by the tokeniser."""
    yield from _parts(side, "root", lambda new: new, None)


def _parts(
    node: Tree,
    kind: str,
    put: Callable[[Tree], Tree],
    mask: Tree | None,
    placed: Callable[[Tree], Tree] = lambda new: new,
) -> Iterator[Part]:
    yield Part(node, kind, put, mask, placed)
    match node:
        case Tree("sum", kids):
            for k, kid in enumerate(kids):
                if kid is not None:
                    yield from _parts(kid, "term", _put_at(node, k, put), mask)
        case Tree("neg", (inner,)):
            outer = "term" if kind in ("term", "root") else kind
            yield from _parts(inner, outer, lambda new: put(negated(new)), mask, _summand)
        case Tree("juxt", kids):
            spots = factors(node)
            for i, a in enumerate(spots if len(spots) <= MOST_FACTORS else ()):
                for b in spots[i + 1 :]:
                    if (a, b) != (spots[0], spots[-1]):
                        run = kids[a : b + 1]
                        segment = Tree("juxt", run, _span(run))
                        whole = _put_run(node, a, b + 1, put)
                        yield Part(segment, "segment", whole, mask, as_factor)
            for a in spots:
                whole = _put_run(node, a, a + 1, put)
                yield from _parts(kids[a], "factor", whole, mask, as_factor)
        case Tree("app", kids) if kids[0] != DIFFERENTIAL:
            own = node if is_mask(node) else mask
            within = "inside" if kids[0].kids[:1] and kids[0].kids[0] in _LINEAR else "argument"
            for k in range(1, len(kids)):
                yield from _arguments(kids[k], _put_at(node, k, put), own, within)
        case Tree("script", (_, Tree("chain") as condition, _)) if is_mask(node):
            yield from _parts(condition, "argument", _put_at(node, 1, put), node)
        case Tree("script", (base, sub, sup)):
            if base.head in BRACKETS:
                yield from _parts(base.kids[0], "inside", _put_base(node, put), mask)
            elif sup is not None and sub is None and base_of(base) in ("e", r"\mathrm{e}"):
                yield from _parts(sup, "inside", _put_at(node, 2, put), mask)
        case Tree("env", (_, rows)):
            for r, row in enumerate(rows):
                for c, cell in enumerate(row):
                    yield from _parts(cell, "inside", _put_cell(node, r, c, put), mask)
        case Tree("big", (_, _, _, Tree() as body)):
            yield from _parts(body, "inside", _put_at(node, 3, put), mask)
        case Tree("frac" | "sqrt" | "abs" | "norm" | "chain" | "list" | "root", kids):
            for k, kid in enumerate(kids):
                if isinstance(kid, Tree) and kid.head != "rel":
                    yield from _parts(kid, "inside", _put_at(node, k, put), mask)
        case Tree(head, (inner,)) if head in BRACKETS:
            yield from _parts(inner, "inside", _put_at(node, 0, put), mask)


def _summand(new: Tree) -> Tree:
    return paren(new) if new.head in ("sum", "neg") else new


def _arguments(
    node: Tree, put: Callable[[Tree], Tree], mask: Tree | None, kind: str
) -> Iterator[Part]:
    if node.head == "script" and node.kids[0].head in BRACKETS:
        yield from _arguments(node.kids[0], _put_at(node, 0, put), mask, kind)
    elif node.head in BRACKETS:
        yield from _parts(node.kids[0], kind, _put_at(node, 0, put), mask)
    else:
        yield from _parts(node, kind, put, mask)


def _put_at(node: Tree, k: int, put: Callable[[Tree], Tree]) -> Callable[[Tree], Tree]:
    return lambda new: put(Tree(node.head, (*node.kids[:k], new, *node.kids[k + 1 :]), node.span))


def _put_base(node: Tree, put: Callable[[Tree], Tree]) -> Callable[[Tree], Tree]:
    base, *scripts = node.kids
    return lambda new: put(
        Tree("script", (Tree(base.head, (new,), base.span), *scripts), node.span)
    )


def _put_cell(node: Tree, r: int, c: int, put: Callable[[Tree], Tree]) -> Callable[[Tree], Tree]:
    form, rows = node.kids

    def placed(new: Tree) -> Tree:
        row = (*rows[r][:c], new, *rows[r][c + 1 :])
        return put(Tree("env", (form, (*rows[:r], row, *rows[r + 1 :])), node.span))

    return placed


def _put_run(node: Tree, a: int, b: int, put: Callable[[Tree], Tree]) -> Callable[[Tree], Tree]:
    def placed(new: Tree) -> Tree:
        last = b == len(node.kids)
        piece = new if last and reaches_on(new) else as_factor(new)
        return put(Tree("juxt", (*node.kids[:a], piece, *node.kids[b:]), node.span))

    return placed


def factors(node: Tree) -> list[int]:
    """Where the factors of a product stand among its kids."""
    return [k for k, kid in enumerate(node.kids) if kid.head != "op"]


def is_mask(node: Tree) -> bool:
    """Whether a tree is an indicator, as 1[z > 0] or 1_{z > 0}, or a derivative of a function at
    its argument."""
    if node.head == "script" and node.kids[1] is not None and node.kids[1].head == "chain":
        return node.kids[0] == ONE or base_of(node.kids[0]) in INDICATORS
    if node.head != APPLIED:
        return False
    function = node.kids[0]
    while function.head == "script":
        function = function.kids[0]
    return function.head == "prime" or base_of(function) in INDICATORS


def without(node: Tree, a: int) -> Tree | None:
    """A product without the factor at ``a`` and one sign beside it; None if nothing is left."""
    kids = list(node.kids)
    del kids[a]
    if a < len(kids) and kids[a].head == "op" and (a == 0 or not is_division(kids[a])):
        del kids[a]
    elif a > 0 and kids[a - 1].head == "op":
        del kids[a - 1]
    if not kids or kids[0].head == "op":
        return None
    return kids[0] if len(kids) == 1 else Tree("juxt", tuple(kids), node.span)


ONE = num(1)
DIAG = name("diag")
