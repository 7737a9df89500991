r"""Inverses, determinants and powers of matrices.

The idea: they need a square matrix, and whether two axes are one is decided by unification, so a
matrix of open shape becomes square here and one that is known not to be is a fault at its place.
"""

from __future__ import annotations

from fractions import Fraction

from derive.elaborate.dispatch import rule, said, value_of
from derive.elaborate.faults import Fault
from derive.elaborate.reading import Env, Reading
from derive.elaborate.shown import text
from derive.elaborate.terms.limits import size_of
from derive.elaborate.values import Sizes, Value, contract_values, map_of, squeezed
from derive.kernel.build import contracted, diag
from derive.kernel.expr import Call, Contract, Delta, Expr, Fn, Map, Name, Ones, Var
from derive.kernel.sizes import Axis, Size, SizeError, size
from derive.operators import pointwise
from derive.operators.matrices import det, inverse, logabsdet, logdet
from derive.operators.powers import matrix_power as matrix_power_of
from derive.operators.powers import powers
from derive.operators.row import PRIMITIVES, Row
from derive.tree import Tree

_MOST_POWER = 8  # factors that a power of a matrix is written out in


@rule("inverse")
def _inverse(reading: Reading, tree: Tree, env: Env) -> Value:
    return inverse_of(reading, tree, squeezed(value_of(reading, tree.kids[0], env)))


def inverse_of(reading: Reading, tree: Tree, value: Value) -> Value:
    """The inverse of a matrix, 1 / x of a number.  Fault for a vector."""
    if not value.own:
        return map_of(tree, reading.sizes, pointwise.power(-1), [value])
    if len(value.own) == 1:
        raise Fault(
            "shape-clash", f"a {value.shape_text()} vector has no inverse", tree,
            r"write $\frac{1}{x}$ for the reciprocal of each entry",
        )  # fmt: skip
    value = squared(tree, reading.sizes, value, "an inverse needs a square matrix")
    return Value(Call(inverse, (value.expr,)), value.opens)


def squared(tree: Tree, known: Sizes, value: Value, needs: str) -> Value:
    """The value with its two axes made one; Fault, beginning with ``needs``, if they are not."""
    if len(value.own) != 2:
        raise Fault("shape-clash", f"{needs}, not {_told(value)}", tree)
    try:
        known.unify(*value.own)
    except SizeError:
        raise Fault("shape-clash", f"{needs}, not {value.shape_text()}", tree) from None
    return known.current(value)


def _told(value: Value) -> str:
    return f"a vector of shape {value.shape_text()}" if value.own else "a scalar"


def of_matrix(reading: Reading, tree: Tree, row: Row, values: list[Value]) -> Value:
    """A word of the vocabulary that takes one square matrix; a number is its own determinant."""
    if len(values) != 1:
        raise Fault("wrong-arguments", f"{row.words[0]} takes 1 argument, not {len(values)}", tree)
    (value,) = values
    if row.name == "det" and not value.own:
        return value
    needs = f"{_CALLED.get(row.name, 'a log-determinant')} needs a square matrix"
    if row.shapes == ("n n",):
        value = squared(tree, reading.sizes, value, needs)
    elif len(value.own) != 2:
        raise Fault("shape-clash", f"{row.words[0]} needs a matrix, not {_told(value)}", tree)
    made = row.make() if row.name in PRIMITIVES else row.make
    return Value(made(value.expr), value.opens)


_CALLED = {
    "inverse": "an inverse", "det": "a determinant", "adjugate": "an adjugate",
    "cofactor": "a matrix of cofactors",
}  # fmt: skip


def function_of(reading: Reading, tree: Tree, fn: Fn, values: list[Value]) -> Value:
    r"""A function of each entry; \log\det A and \log|\det A| are operators of their own."""
    if any(len(value.own) == 2 for value in values):
        reading.of_matrices.add(fn.name)
    if fn is pointwise.log:
        inner = reading.sizes.current(values[0])
        match inner.expr:
            case Call(op, args) if op is det:
                return Value(Call(logdet, args), inner.opens)
            case Map(outer, (Call(op, args),)) if outer is pointwise.absolute and op is det:
                return Value(Call(logabsdet, args), inner.opens)
    return map_of(tree, reading.sizes, fn, values)


def determinant_by_bars(reading: Reading, tree: Tree, value: Value) -> Value:
    r"""|A|: the determinant of a matrix that is known to be square.  Fault for others."""
    value = reading.sizes.current(value)
    if _is_inverted(reading, tree.kids[0]):
        value = squared(tree, reading.sizes, value, "an inverse needs a square matrix")
    if value.own[0] != value.own[1]:
        raise Fault(
            "ambiguous-bars", "bars around a matrix may mean the determinant or absolute entries",
            tree, r"write `\operatorname{abs}(..)` or `\det(..)`",
        )  # fmt: skip
    inner = text(tree.kids[0])
    reading.note(f"bars {inner}", f"$|{inner}|$ is read as the determinant of a square matrix")
    return Value(Call(det, (value.expr,)), value.opens)


def _is_inverted(reading: Reading, tree: Tree) -> bool:
    r"""Whether the document has an inverse of this, \Sigma^{-1} beside |\Sigma|: it is square."""
    power = Tree("power", (tree, Tree("neg", (Tree("num", ("1",)),))))
    every = (*reading.equations.values(), *reading.functions.values())
    return any(power == node for one in every for node in one.body.subtrees())


def matrix_power(
    reading: Reading, tree: Tree, value: Value, exponent: Fraction | None, env: Env
) -> Value:
    """A whole power of a square matrix: a product, of inverses where it is negative; with a symbol
    as exponent an operator of its own."""
    if exponent is None:
        found = raised_to_symbol(reading, tree, value, env)
        if found is not None:
            return found
    if exponent is not None and exponent.denominator != 1:
        entries = _on_diagonal(reading.sizes.current(value).expr, reading)
        if entries is not None and not value.opens:  # each is raised: \Lambda^{-1/2}
            return Value(diag(pointwise.power(exponent)(entries)))
    if exponent is None or exponent.denominator != 1 or abs(exponent) > _MOST_POWER:
        raise Fault(
            "unsupported", f"the power {said(tree)} of a matrix is not known", tree,
            f"known are the powers -{_MOST_POWER} to {_MOST_POWER}, and $A^k$ of a declared "
            r"$k \in \mathbb{N}$; give another one a name, such as $P$, and declare it",
        )  # fmt: skip
    value = squared(tree, reading.sizes, value, "a power needs a square matrix")
    if exponent == 0:
        return Value(Delta(value.own[0]))
    base = value if exponent > 0 else inverse_of(reading, tree, value)
    count = abs(int(exponent))
    if count == 1:
        return base
    indices = [(k, k + 1) for k in range(count)]
    return contract_values(tree, reading.sizes, [base] * count, indices, (0, count))


def _on_diagonal(matrix: Expr, reading: Reading) -> Expr | None:
    """The entries on the diagonal of a matrix that is diagonal by its form or by what is said of
    it; None for any other."""
    while isinstance(matrix, Call) and isinstance(matrix.op, Name):
        matrix = matrix.args[0]
    if isinstance(matrix, Call) and matrix.op is inverse:
        inner = _on_diagonal(matrix.args[0], reading)
        return None if inner is None else pointwise.reciprocal(inner)
    said_so = "diagonal" in reading.kinds.get(reading.made.get(matrix, ""), ())
    if isinstance(matrix, Var) and len(matrix.axes) == 2 and said_so:
        return contracted((matrix,), ((0, 0),), (0,))
    if not isinstance(matrix, Contract) or len(set(matrix.out)) != 2:
        return None
    i, j = matrix.out
    pairs = list(zip(matrix.factors, matrix.indices, strict=True))
    delta = next((p for p in pairs if isinstance(p[0], Delta) and set(p[1]) == {i, j}), None)
    if delta is None:
        return None
    rest = [(f, tuple(i if k == j else k for k in own)) for f, own in pairs if (f, own) != delta]
    ones = Ones(delta[0].axes[0])
    return contracted((ones, *(f for f, _ in rest)), ((i,), *(own for _, own in rest)), (i,))


def raised_to_symbol(reading: Reading, tree: Tree, value: Value, env: Env) -> Value | None:
    """X^k of a size k; X^r and X^{n - 1 - r} inside a sum over r as rows of powers.  None where
    the exponent is none of these."""
    try:
        exponent = size_of(reading, tree.kids[1])
    except Fault:
        return None
    names = exponent.names() if isinstance(exponent, Size) else set()
    apart = env.formals.keys() | env.rename.keys()
    running = [x for x in names if x in reading.runs and x in env.open and x not in apart]
    sizes = names - set(running)
    if len(running) > 1 or not all(name in reading.size_names for name in sizes) or value.opens:
        return None
    value = squared(tree, reading.sizes, value, "a power needs a square matrix")
    if not running:
        return Value(matrix_power_of(value.expr, exponent))
    (letter,) = running
    low, high = reading.runs[letter]
    step = _step(exponent, letter)
    rest = exponent - step * size(letter)
    if abs(step) != 1 or (isinstance(rest, Size) and letter in rest.names()):
        return None
    first = rest + low if step == 1 else rest - high
    if not isinstance(first, int):
        return None
    row = Call(powers(step, first), (value.expr, Ones(high - low + 1)))
    return Value(row, (env.letter(letter),))


def _step(exponent: Axis, letter: str) -> int:
    terms = dict(exponent.terms) if isinstance(exponent, Size) else {}
    return terms.get((letter,), 0)
