r"""Networks written in Python: sizes, variables, names, and what is asked of them.

The idea: the same expressions as a document gives, under the same names: ``vector("x", n)`` is the
``\mathbf{x} \in \mathbb{R}^n`` of a text.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import cache
from numbers import Real
from typing import overload

from derive import display
from derive.derivation import backprop, wanted
from derive.derivation import network as networks
from derive.derivation.network import Network
from derive.derivation.within import gradient_within, projected, second_within
from derive.kernel import build, calculus
from derive.kernel.expr import (
    Axes,
    Expr,
    ShapeError,
    Var,
    is_named,
    shape_text,
)
from derive.kernel.sizes import Axis, checked, size, sizes
from derive.meaning.kinds import KINDS, closed
from derive.notation import GREEK
from derive.notation.names import parts, symbol_tree
from derive.operators import stacking
from derive.operators.abstract import applied
from derive.vocabulary import function

__all__ = [
    "batch", "function", "grad", "hessian", "hvp", "jacobian", "matrix", "name", "network",
    "scalar", "size", "sizes", "steps", "tensor", "vector", "worked",
]  # fmt: skip

_SHORT = {char: f"\\{word}" for word, char in GREEK.items()}


def scalar(symbol: str) -> Expr:
    r"""A number.

    >>> scalar("alpha").latex()
    '\\alpha'
    """
    return Var(canonical(symbol, bold=False), ())


def vector(symbol: str, n: Axis, **kinds: bool) -> Expr:
    r"""A vector of n entries; a plain letter is set in bold.

    What is known of it is an option: ``unit=True`` (of norm 1), ``distribution=True`` (entries that
    are not negative and sum to 1).  TypeError for another one.

    >>> vector(r"\hat{x}", size("n")).latex()
    '\\hat{\\mathbf{x}}'
    >>> u = vector("u", 3, unit=True)
    >>> u * build.dot(u, u)
    u
    """
    return _declared(symbol, (n,), kinds)


def matrix(symbol: str, m: Axis, n: Axis, **kinds: bool) -> Expr:
    r"""A matrix of m rows and n columns; a plain letter is set in bold.

    What is known of it is an option, or several: ``symmetric=True``, ``skew``, ``diagonal``,
    ``lower``, ``upper`` (triangular), ``definite``, ``semidefinite`` (positive, and so symmetric),
    ``orthogonal``, ``rotation``, ``permutation``, ``columns``, ``rows`` (orthonormal ones),
    ``idempotent``, ``projection`` (an orthogonal one), ``invertible``.  It is used in whatever is
    derived and printed.  TypeError for another one, ShapeError where the matrix must be square.

    >>> matrix("W_1", 3, 2).latex()
    '\\mathbf{W}_1'
    >>> n = size("n")
    >>> S, x = matrix("S", n, n, symmetric=True), vector("x", n)
    >>> grad(x @ S @ x, x)
    2 S x
    """
    return _declared(symbol, (m, n), kinds)


def _declared(symbol: str, axes: Axes, kinds: Mapping[str, bool]) -> Expr:
    known = [name for name, kind in KINDS.items() if kind.rank == len(axes)]
    for name in kinds:
        if name not in known:
            raise TypeError(f"{name!r} is none of what can be said here: {', '.join(known)}")
    names = [name for name, holds in kinds.items() if holds]
    axes = _checked(axes)
    for name in names:
        if KINDS[name].square and axes[0] != axes[1]:
            raise ShapeError(
                f"{shape_text(axes)} is not square: no such matrix is {KINDS[name].said}"
            )
    return Var(canonical(symbol, bold=True), axes, (), closed(names))


def tensor(symbol: str, *axes: Axis) -> Expr:
    """An array with these axes, each an integer or a size.  TypeError for anything else.

    >>> tensor("A", 2, 3, size("n"))
    A
    """
    return Var(canonical(symbol, bold=bool(axes)), _checked(axes))


def batch(symbol: str, count: Axis, *axes: Axis, letter: str = "i") -> Expr:
    r"""``count`` samples of an array, the sample axis first, written with a label.

    >>> m, n = sizes("m n")
    >>> batch("x", m, n).latex()
    '\\mathbf{x}^{(i)}'
    """
    label = canonical(symbol, bold=bool(axes)) + "^{(#1)}"
    return Var(label, _checked((count, *axes)), (letter,))


def name(symbol: str, expr: Expr) -> Expr:
    r"""The expression under a name: the same value, a node with a gradient of its own.

    >>> n = size("n")
    >>> name("b", 2 * vector("x", n)).latex()
    '\\mathbf{b}'
    """
    expr = build.lift(expr)
    return build.named(canonical(symbol, bold=bool(expr.axes)), expr)


def _checked(axes: Axes) -> Axes:
    return tuple(map(checked, axes))


@cache
def canonical(symbol: str, bold: bool) -> str:
    r"""The name that the reader gives a symbol: ``W_1`` is ``\mathbf{W}_1`` where ``bold``.

    Symbols that choose their own alphabet keep it.  ValueError for an empty symbol, TypeError for
    what is no text.
    """
    if not isinstance(symbol, str):
        raise TypeError(f"a symbol is text, LaTeX or a plain name, not {symbol!r}")
    text = symbol.strip()
    if not text:
        raise ValueError("a symbol needs a letter")
    match = re.match(r"(?:\\[A-Za-z]+\s*(?:\{(?:[^{}]|\{[^{}]*\})*\})?|[^\W\d_]+|.)", text)
    base, rest = (text[: match.end()], text[match.end() :]) if match else (text, "")
    accents, alphabet, core = parts(base)
    if core in GREEK:
        core = f"\\{core}"
    core = _SHORT.get(core, core)
    single = (len(core) == 1 and core.isalpha()) or core.lstrip("\\") in GREEK
    if alphabet is not None:
        core = rf"\{alphabet}{{{core}}}"
    elif bold and single:
        core = rf"\mathbf{{{core}}}"
    for accent in reversed(accents):
        core = rf"\{accent}{{{core}}}"
    # W_12 in Python is one subscript; TeX would end it after the 1.
    rest = re.sub(r"([_^])(\w\w+)$", r"\1{\2}", rest)
    made = core + rest
    symbol_tree(made)
    return made


# --------------------------------------------------------------------------------- the vocabulary


def abstract(symbol: str, *out: Axis) -> Callable[..., Expr]:
    r"""A smooth function of arrays of which no more is known than its name, the J of J(W).

    ``symbol`` is its LaTeX, ``out`` the axes of its value (none: a number).  It is applied to
    expressions of any shapes; its derivatives are functions of the same arguments, printed
    \nabla J(W), and for values that are arrays J_f(x)^\top, as denominator layout has them.

    >>> n, k = sizes("n k")
    >>> J, A, w = abstract("J"), matrix("A", n, k), vector("w", k)
    >>> grad(J(A @ w), w).latex()
    '\\mathbf{A}^\\top \\nabla J(\\mathbf{A} \\mathbf{w})'
    """
    return lambda *args: applied(symbol, [build.lift(a) for a in args], out)


# ---------------------------------------------------------------------------------- what is asked


@overload
def grad(loss: Expr, wrt: Expr) -> Expr: ...
@overload
def grad(loss: Expr, wrt: Sequence[Expr]) -> list[Expr]: ...
def grad(loss: Expr, wrt: Expr | Sequence[Expr]) -> Expr | list[Expr]:
    r"""The gradient of a scalar in a variable or name, in denominator layout: of the same shape.

    For a list of variables, the list of their gradients, from one backward sweep.  By a matrix that
    is declared symmetric, skew or diagonal it is taken within such matrices: (G + Gᵀ)/2, (G - Gᵀ)/2
    or the diagonal of the usual G.  ShapeError if the loss is not a scalar.

    >>> n, m = sizes("n m")
    >>> W, x, y = matrix("W", m, n), vector("x", n), vector("y", m)
    >>> z = name("z", W @ x)
    >>> grad(function("half_squared_norm")(z - y), W).latex()
    '(\\mathbf{z} - \\mathbf{y}) \\mathbf{x}^\\top'
    """
    loss = build.lift(loss)
    several = wanted.several("grad", loss, wrt)
    inner = [stacking.stacked_matrix(v) or v for v in several]
    found = [gradient_within(g, v) for g, v in zip(calculus.grad(loss, inner), inner)]
    pairs = zip(several, inner, found, strict=True)
    found = [g if v is x else stacking.vec(g) for v, x, g in pairs]
    for variable, value in zip(several, found, strict=True):
        object.__setattr__(value, "asked", (loss, variable))
    return found[0] if isinstance(wrt, Expr) else found


def jacobian(y: Expr, x: Expr) -> Expr:
    r"""The derivative of y by x in denominator layout: entry (i, j) is dy_j / dx_i.

    Petersen & Pedersen, The Matrix Cookbook, 2012, section 2.

    >>> n, m = sizes("n m")
    >>> jacobian(matrix("W", m, n) @ vector("x", n), vector("x", n)).latex()
    '\\mathbf{W}^\\top'

    By ``vec(X)`` the axes of X are one, in the order of vec:

    >>> A, X, B = matrix("A", 2, 3), matrix("X", 3, 4), matrix("B", 4, 5)
    >>> jacobian(stacking.vec(A @ X @ B), stacking.vec(X))
    B (x) A^T
    """
    y = build.lift(y)
    x = wanted.wanted("jacobian", y, x)
    X = stacking.stacked_matrix(x)
    if X is not None:
        found = jacobian(y, X)
        return stacking.stacked(found, (0, 1), *((k,) for k in range(2, len(found.axes))))
    return projected(calculus.jacobian(y, x), x)


def hessian(loss: Expr, x: Expr, y: Expr | None = None) -> Expr:
    """The second derivative of a scalar by x and y (x twice if left out): y's axes, then x's.

    ShapeError if the loss is not a scalar.

    >>> x = vector("x", 3)
    >>> hessian(x @ x, x)
    2 I
    """
    loss = build.lift(loss)
    x = wanted.wanted("hessian", loss, x)
    y = x if y is None else wanted.wanted("hessian", loss, y)
    X, Y = (stacking.stacked_matrix(one) or one for one in (x, y))
    found = second_within(calculus.hessian(loss, X, Y), (X, Y))
    if X is x and Y is y:
        return found
    first = range(len(Y.axes))
    rest = range(len(Y.axes), len(found.axes))
    return stacking.stacked(found, *_sides(first, Y is not y), *_sides(rest, X is not x))


def _sides(axes: range, flat: bool) -> list[tuple[int, ...]]:
    return [tuple(axes)] if flat else [(k,) for k in axes]


def hvp(loss: Expr, x: Expr, v: Expr) -> Expr:
    """The Hessian of a scalar in x times v, of x's shape; the Hessian itself is never built.

    ShapeError if the loss is not a scalar, or v not of x's shape.  Pearlmutter, Fast exact
    multiplication by the Hessian, 1994.

    >>> x, v = vector("x", 3), vector("v", 3)
    >>> hvp(x @ x, x, v)
    2 v
    """
    loss, v = build.lift(loss), build.lift(v)
    x = wanted.wanted("hvp", loss, x)
    if v.axes != x.axes:
        raise ShapeError(f"hvp needs v of the shape {shape_text(x.axes)}, not {shape_text(v.axes)}")
    X = stacking.stacked_matrix(x)
    if X is not None:
        return stacking.vec(calculus.hvp(loss, X, stacking.unvec(v, *X.axes)))
    return calculus.hvp(loss, x, v)


def network(loss: Expr | Sequence[Expr], parameters: Sequence[Expr] | None = None) -> Network:
    r"""The network below a loss; a scalar loss without a name is called ``\mathcal{L}``.

    Variables not listed as parameters have the role their letters suggest.

    >>> W, x = matrix("W", 2, 3), vector("x", 3)
    >>> [(v.var, v.role) for v in network(function("squared_norm")(W @ x)).variables]
    [(W, 'parameter'), (x, 'input')]
    """
    if isinstance(loss, Iterable) and not isinstance(loss, Expr):
        loss = [build.lift(one) for one in loss]
    else:
        if isinstance(loss, Real):
            raise TypeError(f"a network needs a loss of its variables, not the number {loss!r}")
        loss = build.lift(loss)
        if not loss.axes and not is_named(loss):
            loss = build.named(r"\mathcal{L}", loss)
    return networks.network(loss, parameters)


def worked(loss: Expr | Network, wrt: Expr | Sequence[Expr] | None = None) -> backprop.Worked:
    """The backward pass written out: a line for every name, each with its reason.

    ``wrt`` are the variables whose gradients are answered (every parameter if left out).  Lines and
    answers are in denominator layout.

    >>> W, x, y = matrix("W", 2, 3), vector("x", 3), vector("y", 2)
    >>> z = name("z", W @ x)
    >>> (answer,) = worked(function("half_squared_norm")(z - y)).answers
    >>> answer.value
    (z - y) x^T
    """
    net = loss if isinstance(loss, Network) else network(loss)
    if wrt is not None:
        of = net.loss
        if of is None:
            raise ShapeError(f"worked needs one scalar loss {_instead_of(loss)}")
        asked = wanted.several("worked", of, wrt)
        questions = tuple(networks.Question("gradient", of, (w,)) for w in asked)
        roles = tuple(
            v if v.var in asked else replace(v, role="input" if v.role == "parameter" else v.role)
            for v in net.variables
        )
        net = replace(net, questions=questions, variables=roles)
    return backprop.worked(net)


def _instead_of(loss: Expr | Network) -> str:
    if isinstance(loss, Expr) and loss.axes:
        return f"to differentiate, not {shape_text(loss.axes)}: sum its entries, or use jacobian"
    return "to differentiate: give it a name, and let nothing else be without a use"


def steps(loss: Expr, wrt: Expr) -> display.Lines:
    r"""The lines that lead to one gradient, from the loss down; printable.

    >>> n, m = sizes("n m")
    >>> W, x, y = matrix("W", m, n), vector("x", n), vector("y", m)
    >>> z = name("z", W @ x)
    >>> print(steps(name("L", function("half_squared_norm")(z - y)), W))
    delta_z = z - y             norm: grad (1/2 ||u||^2) = u, + passes
    dL/dW = delta_z x^T         × switches
    """
    (answer,) = worked(loss, wrt).answers
    return display.Lines(answer.steps, answer)


def _steps_of(value: Expr) -> display.Lines:
    """How this gradient was derived; ValueError if it was not made by ``grad``."""
    asked = getattr(value, "asked", None)
    if asked is None:
        raise ValueError("only what grad returned knows its steps: call steps(loss, variable)")
    return steps(*asked)


Expr.steps = _steps_of  # type: ignore[method-assign]
