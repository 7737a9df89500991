r"""Equations between counts solved for what is not known: (32 - F) / 1 + 1 = 26 for F.

The idea: sizes are whole numbers and not many, so every one is tried, with exact fractions; where
no whole number fits, the fraction that would is said.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import islice, pairwise, product
from math import prod

from derive.counting.arithmetic import NoNumber, Number, compiled, is_name, names_of
from derive.latex.print import latex
from derive.tree import Tree

MOST_TRIED = 40_000
MOST_LISTED = 60
_PAST = 64


@dataclass(frozen=True, slots=True)
class Solutions:
    """All whole ``values`` of the unknowns between the ``bounds``; ``exact`` is the only fraction
    that fits where no whole number does, ``every`` whether none lies beyond the bounds."""

    values: tuple[tuple[int, ...], ...]
    bounds: tuple[tuple[int, int], ...]
    exact: Fraction | None = None
    every: bool = True


def solved(
    sides: Sequence[Tree], relations: Sequence[str], unknowns: Sequence[str],
    known: Mapping[str, Number], accepts: Callable[[Mapping[str, int]], bool] = lambda _: True,
) -> Solutions | None:  # fmt: skip
    """The whole numbers for which a chain of relations holds; None where too many would be tried.

    >>> from derive.latex.read import read_formula
    >>> chain, = read_formula(r"\\frac{32 - F}{1} + 1 = 26")
    >>> solved(chain.kids[::2], ["="], ["F"], {}).values
    ((7,),)
    """
    limit = _largest(sides, known)
    if len(unknowns) == 1 and relations == ["="]:
        found = _linear(sides, unknowns[0], known)
        if found is not None:
            whole = found.denominator == 1
            fits = whole and accepts({unknowns[0]: int(found)})
            return Solutions(((int(found),),) if fits else (), (), None if fits else found)
    bounds = [(_least(name), limit) for name in unknowns]
    if len(unknowns) == 1:
        bounds = [_around(sides, unknowns[0], known, bounds[0])]
        limit = bounds[0][1]
    if len(unknowns) > 1 and relations == ["="]:
        found = _eliminated(sides, unknowns, known, bounds, accepts)
        if found is not None:
            return Solutions(tuple(sorted(found)), tuple(bounds))
    if prod(high - low + 1 for low, high in bounds) > MOST_TRIED:
        return None
    values = list(islice(_fitting(sides, relations, unknowns, known, bounds, accepts),
                         MOST_TRIED))  # fmt: skip
    every = len(unknowns) > 1 or not values or max(v for (v,) in values) < limit
    return Solutions(tuple(values), tuple(bounds), None, every)


def _eliminated(
    sides: Sequence[Tree], unknowns: Sequence[str], known: Mapping[str, Number],
    bounds: Sequence[tuple[int, int]], accepts: Callable[[Mapping[str, int]], bool],
) -> list[tuple[int, ...]] | None:  # fmt: skip
    """The solutions, one unknown being found from the others; None where none is of degree one."""
    for k, name in enumerate(unknowns):
        try:
            if max(degree(side, name) for side in sides) != 1:
                continue
        except NoNumber:
            continue
        others = [*bounds[:k], *bounds[k + 1 :]]
        count = prod(high - low + 1 for low, high in others)
        if count > MOST_TRIED:
            continue
        found = []
        for chosen in product(*(range(low, high + 1) for low, high in others)):
            rest = dict(zip([*unknowns[:k], *unknowns[k + 1 :]], chosen, strict=True))
            root = _linear(sides, name, {**known, **rest})
            low, high = bounds[k]
            if root is None or root.denominator != 1 or not low <= root <= high:
                continue
            at = {**rest, name: int(root)}
            if accepts(at):
                found.append(tuple(at[n] for n in unknowns))
        return found
    return None


def _fitting(
    sides: Sequence[Tree], relations: Sequence[str], unknowns: Sequence[str],
    known: Mapping[str, Number], bounds: Sequence[tuple[int, int]],
    accepts: Callable[[Mapping[str, int]], bool],
) -> Iterator[tuple[int, ...]]:  # fmt: skip
    made = [compiled(side) for side in sides]
    for chosen in product(*(range(low, high + 1) for low, high in bounds)):
        at = dict(zip(unknowns, chosen, strict=True))
        if not accepts(at):
            continue
        full = {**known, **at}
        try:
            numbers = [side(full) for side in made]
        except NoNumber:
            continue
        if all(map(holds, numbers, relations, numbers[1:])):
            yield chosen


def holds(one: Number, relation: str, other: Number) -> bool:
    """Whether a relation holds between two numbers."""
    match relation:
        case "=" | ":=" | "==":
            return one == other
        case "<=":
            return one <= other
        case ">=":
            return one >= other
        case "<":
            return one < other
        case ">":
            return one > other
    raise NoNumber(relation)


def _linear(sides: Sequence[Tree], name: str, known: Mapping[str, Number]) -> Fraction | None:
    """The only root of an equation of degree one; None where it is of another degree."""
    try:
        most = max(degree(side, name) for side in sides)
        left, right = map(compiled, sides)
        points = [{**known, name: n} for n in range(most + 1)]
        gaps = [left(at) - right(at) for at in points]
    except NoNumber:
        return None
    # A polynomial of at most this degree is known by as many values and one more.
    slopes = {after - before for before, after in pairwise(gaps)}
    if len(slopes) != 1 or slopes == {0}:
        return None
    return -Fraction(gaps[0]) / slopes.pop()


def degree(tree: Tree, name: str) -> int:
    """The degree of a formula in a name, at most; NoNumber where it is no polynomial in it."""
    if is_name(tree):
        return int(latex(tree) == name)
    match tree:
        case Tree("num"):
            return 0
        case Tree("floor" | "ceil", (kid,)) if name not in names_of(kid):
            return 0
        case Tree("frac", (over, under)) if name not in names_of(under):
            return degree(over, name)
        case Tree("sum", kids):
            return max(degree(kid, name) for kid in kids)
        case Tree("juxt", kids):
            for sign, under in pairwise(kids):
                if sign.head == "op" and sign.kids[0] in ("/", r"\div") and degree(under, name):
                    raise NoNumber(latex(tree))
            return sum(degree(kid, name) for kid in kids if kid.head != "op")
        case Tree("neg" | "paren" | "bracket" | "brace", (kid,)):
            return degree(kid, name)
        case Tree("script", (base, None, Tree("num", (power,)))):
            return degree(base, name) * int(power)
    raise NoNumber(latex(tree))


def _least(name: str) -> int:
    """Paddings start at 0, other sizes at 1."""
    return 0 if name[0] in "pP" else 1


def _largest(sides: Sequence[Tree], known: Mapping[str, Number]) -> int:
    numbers = [
        Fraction(str(node.kids[0])) for s in sides for node in s.subtrees() if node.head == "num"
    ]
    top = max([*numbers, *known.values(), Fraction(1)])
    return min(int(top), MOST_TRIED - 1)


def _around(
    sides: Sequence[Tree], name: str, known: Mapping[str, Number], bounds: tuple[int, int]
) -> tuple[int, int]:
    """The range in which one unknown is tried: past twice the root of the equation without its
    whole parts, of which each changes less than 1; where that is far, the numbers next to it."""
    low, high = bounds
    try:
        root = _linear([_without_parts(side) for side in sides], name, known)
    except NoNumber:
        return bounds
    if root is None:
        return bounds
    past = 2 * abs(int(root)) + _PAST
    if past < MOST_TRIED:
        return low, max(high, past)
    half = MOST_TRIED // 2
    return max(low, int(root) - half), max(low, int(root) + half - 1)


def _without_parts(tree: Tree) -> Tree:
    """A formula whose whole parts are the numbers themselves."""
    return tree.rewritten(
        lambda node: Tree("paren", node.kids) if node.head in ("floor", "ceil") else node
    )


def solve_sizes(
    output: int, n: int | None = None, k: int | None = None, stride: int | None = None,
    padding: int | None = None, dilation: int = 1,
) -> list[dict[str, int]]:  # fmt: skip
    r"""All sizes of a window that give an output of this size along one axis.

    What is None is sought among whole numbers: the input ``n``, the window ``k`` (up to the padded
    input), the ``stride`` (up to the input), the ``padding`` (less than the window).  The rule is
    \lfloor (n + 2p - d(k - 1) - 1) / s \rfloor + 1 (Dumoulin and Visin, A guide to
    convolution arithmetic for deep learning, 2016, relationship 15).  ValueError for numbers out
    of range, or where ``n`` is sought beside other sizes, which has no end.

    >>> solve_sizes(26, n=32, stride=1, padding=0)
    [{'n': 32, 'k': 7, 'stride': 1, 'padding': 0}]
    """
    if n is None and None in (k, stride, padding):
        raise ValueError("where the size of the input is sought, all the others must be given")
    given = {"output": output, "n": n, "k": k, "stride": stride, "dilation": dilation}
    for word, value in given.items():
        if value is not None and value < 1:
            raise ValueError(f"{word} is at least 1, not {value}")
    if padding is not None and padding < 0:
        raise ValueError(f"padding is at least 0, not {padding}")
    if n is None:
        assert k is not None
        assert stride is not None
        assert padding is not None
        least = (output - 1) * stride + dilation * (k - 1) + 1 - 2 * padding
        inputs = range(max(1, least), max(1, least + stride))
        return [{"n": m, "k": k, "stride": stride, "padding": padding} for m in inputs]
    found: list[dict[str, int]] = []
    for window in (k,) if k is not None else range(1, 3 * n + 1):
        for pad in (padding,) if padding is not None else range(window):
            room = n + 2 * pad - dilation * (window - 1) - 1
            if room < 0 or window > n + 2 * pad:
                continue
            for step in (stride,) if stride is not None else range(1, n + 1):
                if room // step + 1 == output:
                    found.append({"n": n, "k": window, "stride": step, "padding": pad})
    return found
