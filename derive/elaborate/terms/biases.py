"""A bias beside a product of matrices: b is added to every row of X W, to every column of W X.

The idea: whether it is the rows or the columns, the sizes of what is declared decide, and for what
is not declared the side on which the weight stands; where neither does, the sum is a clash.
"""

from __future__ import annotations

import re

from derive.elaborate.reading import Reading
from derive.elaborate.shown import text
from derive.elaborate.values import Value, contract_values, sum_of
from derive.kernel.expr import Ones
from derive.kernel.sizes import unknowns
from derive.tree import Tree

_BIAS = re.compile(r"(?:\\(?:math\w+|boldsymbol|bm|vec)\s*\{)?b(?:ias)?(?![a-z])")
_DATA = re.compile(r"(?:\\(?:math\w+|boldsymbol|bm)\s*\{)?(?:X|\\Phi)\}?")
_WEIGHTS = re.compile(r"(?:\\(?:math\w+|boldsymbol|bm)\s*\{)?(?:w|\\theta|\\beta)\}?")
_WEIGHT = re.compile(r"(?:\\(?:math\w+|boldsymbol|bm)\s*\{)?W")


def with_bias_of_rows(reading: Reading, tree: Tree, values: list[Value]) -> Value | None:
    """X W + b: the vector is added to every row, as to every column of W X; None for other sums."""
    ranks = [len(v.own) for v in values]
    _strain_of_samples(reading, tree, values)
    if ranks.count(1) != 1 or set(ranks) != {1, 2} or any(v.opens for v in values):
        return None
    k = ranks.index(1)
    at, bias = tree.kids[k], reading.sizes.current(values[k])
    symbol = str(at.kids[0]) if at.head == "symbol" else ""
    others = [kid for j, kid in enumerate(tree.kids) if j != k]
    if not _BIAS.match(symbol) or not any(kid.head == "juxt" for kid in others):
        return None
    rest = [reading.sizes.current(v) for j, v in enumerate(values) if j != k]
    if symbol in reading.declarations or reading.scope.known(symbol):
        axis = _by_sizes(bias, rest[0], others)
    else:
        axis = _by_weights(reading, others)
    if axis is None:
        return None
    reading.note(f"bias {symbol}", f"in ${text(tree)}$ the vector ${text(at)}$ is added to every "
                 f"{('column', 'row')[axis]}")  # fmt: skip
    ones = Value(Ones(rest[0].own[1 - axis]))
    spread = contract_values(tree, reading.sizes, [bias, ones], [(axis,), (1 - axis,)], (0, 1))
    return sum_of(tree, reading.sizes, [*rest, spread])


def _strain_of_samples(reading: Reading, tree: Tree, values: list[Value]) -> None:
    """X w + b, of data X and one weight for each of its columns, is a number for each sample, and
    b is one number: a vector b would have an entry for each sample."""
    for at, value in zip(tree.kids, values, strict=True):
        symbol = str(at.kids[0]) if at.head == "symbol" else ""
        known = symbol in reading.declarations or reading.scope.known(symbol)
        if symbol and value.own and not known and _BIAS.match(symbol):
            reading.sizes.strain += 4 * any(map(_is_of_samples, tree.kids))


def _is_of_samples(term: Tree) -> bool:
    """X w, w^T X: the data beside a vector of weights."""
    if term.head != "juxt" or len(term.kids) != 2:
        return False
    first, second = (kid.kids[0] if kid.head == "transpose" else kid for kid in term.kids)
    names = [str(one.kids[0]) if one.head == "symbol" else "" for one in (first, second)]
    return any(
        _DATA.fullmatch(data) and _WEIGHTS.fullmatch(weights)
        for data, weights in (names, names[::-1])
    )


def _by_sizes(bias: Value, product: Value, others: list[Tree]) -> int | None:
    """The only axis of a product that has the size of a bias, which is declared."""
    (size,) = bias.own
    fit = [axis for axis in (0, 1) if product.own[axis] == size]
    if not fit:  # of a weight that nothing declares, the size follows from the bias
        axis = _side(others)
        fit = [axis] if axis is not None and unknowns(product.own[axis]) else []
    if len(fit) != 1 or (bias.row and fit != [1]):
        return None  # of a square matrix nobody says which
    return fit[0]


def _by_weights(reading: Reading, others: list[Tree]) -> int | None:
    """The axis that the weight's side gives, of a sum that has no numbers times a matrix."""
    scaled = any(n.kids[:1] and n.kids[0] in reading.sizes.loose for kid in others
                 for n in kid.subtrees() if n.head == "symbol")  # fmt: skip
    return None if scaled else _side(others)


def _side(others: list[Tree]) -> int | None:
    """1 for X W, whose rows are samples, 0 for W X; None where the weight is not at one end."""
    ends = {
        (_is_weight(kid.kids[0]), _is_weight(kid.kids[-1])) for kid in others if kid.head == "juxt"
    }
    return {(False, True): 1, (True, False): 0}.get(ends.pop()) if len(ends) == 1 else None


def _is_weight(factor: Tree) -> bool:
    while factor.head == "transpose":
        factor = factor.kids[0]
    return factor.head == "symbol" and _WEIGHT.match(str(factor.kids[0])) is not None
