r"""Declarations: which set a symbol is declared in.

The idea: a set is read to axes and a domain; the axes serve unification, the domain says where the
numerical check may look.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from fractions import Fraction

from derive.derivation.network import REALS, Domain
from derive.elaborate.faults import Fault
from derive.elaborate.names.indices import index_letter
from derive.elaborate.names.scope import base_of
from derive.elaborate.reading import Bound, Declaration, Reading
from derive.elaborate.shown import marked
from derive.elaborate.statements.mood import Mood
from derive.elaborate.terms.limits import size_of
from derive.kernel.expr import Axes
from derive.kernel.sizes import Axis
from derive.latex.print import latex
from derive.meaning.kinds import closed
from derive.tree import Tree


def declared_names(item: Tree) -> Iterator[Tree]:
    left = item.kids[0]
    parts = left.kids if left.head == "list" else (left,)
    # The x_1 and x_n of x_1, .., x_n are members of a family.
    dotted = any(part.head == "dots" for part in parts)
    for part in parts:
        if base_of(part) and not (dotted and part.head == "script"):
            yield part


def _families(item: Tree) -> Iterator[str]:
    r"""The families of x_1, \dots, x_n and of x^{(1)}, \dots, x^{(n)}, and the members named."""
    left = item.kids[0]
    parts = left.kids if left.head == "list" else ()
    if not any(part.head == "dots" for part in parts):
        return
    for part in parts:
        match part:
            case Tree("script", (Tree("name", (base,)), Tree(head), None)):
                yield f"{base}_{{#1}}"
                if head == "num":
                    yield latex(part)
            case Tree("script", (Tree("name", (base,)), None, Tree("paren", _))):
                yield f"{base}^{{(#1)}}"


def declare(item: Tree, reading: Reading, judging: bool = False) -> None:
    r"""Record ``W \in \mathbb{R}^{m \times n}`` and its kin.  Fault where the set is not known.

    ``judging``: what is declared in two sets is in each of them in places only."""
    axes, found = _set_of(item.kids[2], reading)
    domain = found
    kinds = kinds_of_set(item)
    for symbol in _families(item):
        reading.declarations.setdefault(symbol, Declaration(axes, domain, item.span))
        if domain.classes is not None:
            reading.scope.classes.add(symbol)
    for name in declared_names(item):
        symbol = reading.scope.introduce(name).symbol
        if kinds and reading.reach.everywhere(item.span, name):
            reading.kinds[symbol] = closed([*reading.kinds.get(symbol, ()), *kinds])
        before = reading.declarations.get(symbol)
        if before is not None and before.axes != axes and before.axes is not None:
            raise Fault(
                "declared-twice", f"${latex(name)}$ is declared twice, with different sets", item,
                "keep one of the two, or give the second problem a heading such as Problem 2",
            )  # fmt: skip
        if index_letter(name) in reading.scope.bound and domain.classes is not None:
            continue  # k ∈ {1, …, c} says where an index runs, not that k is a variable
        domain = found
        if judging and before is not None and before.axes == axes and before.domain != domain:
            domain = _in_places(symbol, before, domain, name.span, reading)
        reading.declarations[symbol] = Declaration(axes, domain, name.span)
        if domain.classes is not None:
            reading.scope.classes.add(symbol)
        if axes == ():
            reading.scope.scalars.add(symbol)
        if domain.normalised:
            reading.normalised.add(symbol)
        if axes:
            reading.scope.arrays.add(symbol)
            reading.declares = True


def _in_places(
    symbol: str, before: Declaration, domain: Domain, span: tuple[int, int], reading: Reading
) -> Domain:
    """What holds everywhere of a symbol that is said to be in two sets: nothing of either."""
    if domain.classes is not None or before.domain.classes is not None:
        return domain
    for one, at in ((before.domain, before.span), (domain, span)):
        if one != REALS:
            reading.bounds.append(Bound(symbol, one, at, Mood.CONDITION, onward=True))
    return REALS


def set_axes(tree: Tree, reading: Reading) -> Axes:
    """The axes that a set such as R^{m x n} gives its members.  Fault where it is not known."""
    return _set_of(tree, reading)[0] or ()


# Sets of matrices by their letters: S^n, S^n_{+}, S^n_{++}, Sym(n), O(n), SO(n).
_MATRICES = {
    r"\mathbb{S}": "symmetric", r"\mathcal{S}": "symmetric", r"\mathbf{S}": "symmetric",
    "Sym": "symmetric", "Skew": "skew", "O": "orthogonal", r"\mathcal{O}": "orthogonal",
    r"\mathbb{O}": "orthogonal", "SO": "rotation", "GL": "invertible",
}  # fmt: skip


def kinds_of_set(item: Tree) -> tuple[str, ...]:
    """The kinds that the set of a declaration gives its members; () of a set of arrays of all
    kinds."""
    found = _matrices(item.kids[2])
    return () if found is None else found[0]


def _simplex(tree: Tree, reading: Reading) -> Axis | None:
    r"""How many entries a member of \Delta^{K-1}, \Delta_K or \Delta(K) has."""
    match tree:
        case Tree("juxt", (base, Tree("paren", (size,)))):
            pass
        case Tree("script", (base, sub, sup)):
            size = sub if sub is not None else sup
        case _:
            return None
    if base != Tree("name", (r"\Delta",)) or not isinstance(size, Tree):
        return None
    if size.head == "sum" and size.kids[-1] == Tree("neg", (Tree("num", ("1",)),)):
        rest = size.kids[:-1]
        return _size(rest[0] if len(rest) == 1 else Tree("sum", rest, size.span), reading)
    reading.note("simplex", f"${latex(tree)}$ is read as the vectors of ${latex(size)}$ entries "
                 "that are not negative and sum to 1")  # fmt: skip
    return _size(size, reading)


def _matrices(tree: Tree) -> tuple[tuple[str, ...], Tree] | None:
    r"""The kinds of \mathbb{S}^n_{++} or SO(n), and the tree of n."""
    if tree.head in ("call", "juxt"):
        *head, size = tree.kids
        size = size.kids[0] if size.head == "paren" else size
        kind = _MATRICES.get("".join(map(_plain_name, head)))
        return None if kind is None else ((kind,), size)
    if tree.head != "script" or tree.kids[0].head != "name":
        return None
    kind = _MATRICES.get(_plain_name(tree.kids[0]))
    _, sub, sup = tree.kids
    if kind is None or not isinstance(sup, Tree):
        return None
    signs = str(sub.kids[0]) if isinstance(sub, Tree) and sub.head == "name" else ""
    said = {"": kind, "+": "semidefinite", "++": "definite"}
    if kind == "symmetric" and signs not in said:
        return None
    return ((said[signs] if kind == "symmetric" else kind,), sup)


def _plain_name(tree: Tree) -> str:
    found = str(tree.kids[0]) if tree.head == "name" else ""
    match = re.fullmatch(r"\\(?:operatorname|mathrm|text|mathsf)\{(\w+)\}", found)
    return match[1] if match else found


def _set_of(tree: Tree, reading: Reading) -> tuple[Axes | None, Domain]:
    exponent: Tree | None = None
    sub: Tree | None = None
    if (found := _matrices(tree)) is not None:
        return _axes(found[1], reading) * 2, REALS
    if (entries := _simplex(tree, reading)) is not None:
        return (entries,), Domain(low=Fraction(0), normalised=True, closed=True)
    if tree.head == "script":
        tree, sub, exponent = tree.kids
    elif tree.head == "juxt" and tree.kids[0].head in ("script", "name"):
        return _set_of(tree.kids[0], reading)  # R^n \setminus \{0\}
    axes = _axes(exponent, reading) if exponent is not None else ()
    if tree.head == "name":
        name = str(tree.kids[0])
        if name in (r"\mathbb{R}", r"\mathbf{R}", r"\mathcal{R}", r"\Re", "R"):
            positive = sub is not None or (
                exponent is not None and exponent == Tree("name", ("+",))
            )
            if positive and exponent is not None and exponent.kids == ("+",):
                axes = ()
            said = "".join(latex(tree) for tree in (sub, exponent) if tree is not None)
            closed = not any(sign in said for sign in (">", "++", "*"))  # R_+ may have its 0
            return axes, Domain(low=Fraction(0), closed=closed) if positive else REALS
        if name in (r"\mathbb{N}", r"\mathbb{Z}"):
            low = Fraction(0) if name == r"\mathbb{N}" else None
            return axes, Domain(low=low, integers=True)
        if name == r"\mathbb{B}":
            return axes, Domain(values=(Fraction(0), Fraction(1)))
    if tree.head in ("set", "brace"):
        return axes, _finite(tree.kids[0], reading)
    if tree.head in ("paren", "bracket", "interval"):
        ends = tree.kids[1] if tree.head == "interval" else tree.kids[0]
        if ends.head == "list" and len(ends.kids) == 2:
            low, high = (number(end) for end in ends.kids)
            return axes, Domain(low=low, high=high, closed=tree.head != "paren")
    said = latex(tree).strip()
    raise Fault(
        "unknown-set", f"{marked(said) if said else 'this'} is not a set that can be declared here",
        tree,
        r"known are $\mathbb{R}$, $\mathbb{R}^{m \times n}$, $(0, 1)$, $\{-1, +1\}$ and "
        r"$\{1, \dots, c\}$",
    )  # fmt: skip


def _finite(inner: Tree, reading: Reading) -> Domain:
    parts = inner.kids if inner.head == "list" else (inner,)
    if any(part.head == "dots" for part in parts):
        return Domain(classes=_size(parts[-1], reading))
    values = tuple(number(part) for part in parts)
    if any(v is None for v in values):
        raise Fault("unknown-set", f"${latex(inner)}$ is not a list of numbers", inner)
    return Domain(values=tuple(v for v in values if v is not None))


def number(tree: Tree) -> Fraction | None:
    match tree:
        case Tree("num", (text,)):
            return Fraction(str(text))
        case Tree("neg", (kid,)):
            found = number(kid)
            return None if found is None else -found
        case Tree("pos" | "plus", (kid,)):
            return number(kid)
        case Tree("sum", (kid,)):
            return number(kid)
        case Tree("frac", (over, under)):
            a, b = number(over), number(under)
            return a / b if a is not None and b else None
    return None


def _axes(exponent: Tree, reading: Reading) -> Axes:
    groups: list[list[Tree]] = [[]]
    parts = exponent.kids if exponent.head in ("juxt", "list") else (exponent,)
    for part in parts:
        if part.head == "op" and part.kids[0] in (r"\times", "*"):
            groups.append([])
        elif exponent.head == "list":
            groups.append([part])
        else:
            groups[-1].append(part)
    axes: list[Axis] = []
    for group in groups:
        if group:
            whole = group[0] if len(group) == 1 else Tree("juxt", tuple(group), exponent.span)
            axes.append(_size(whole, reading))
    if len(axes) == 2 and axes[1] == 1:
        axes = axes[:1] if axes[0] != 1 else []
    return tuple(axes)


def _size(tree: Tree, reading: Reading) -> Axis:
    size = size_of(reading, tree)
    for name in size.names() if not isinstance(size, int) else ():
        reading.size_names.add(name)
        reading.scope.scalars.add(name)
    return size
