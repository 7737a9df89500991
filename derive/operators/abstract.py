r"""Functions of arrays that a document names and does not define: J(W), \ell(\hat y, y), f(x).

The idea: all that is known of such a function is that it is smooth, so its derivative is another
one of the same arguments, and the chain rule does the rest.  For numerical checks it is a fixed
polynomial chosen by its name, which takes floats, fractions and balls alike.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Sequence
from functools import cache, reduce
from itertools import permutations, product
from typing import Any, NamedTuple

from derive.kernel.build import contracted
from derive.kernel.expr import Axes, Call, Expr, Operator, ShapeError, vocabulary
from derive.operators.pointwise import np

NAME = "abstract"
_FEATURES = 4
_POWERS = (1, 3, 2, 5, 1)  # the coefficients of the polynomial of one feature, the constant first


class Argument(NamedTuple):
    """An argument: the number of its axes, and how often it is differentiated by."""

    rank: int
    order: int = 0


class Signature(NamedTuple):
    """``arguments`` in order, after ``lead`` axes that they and the result share: samples."""

    symbol: str
    arguments: tuple[Argument, ...]
    lead: int = 0


@cache
def abstract(signature: Signature, *out: Any) -> Operator:
    """A function of arrays by its LaTeX symbol, with the axes ``out`` of its value.

    A derivative of it has, after the leading axes, those of the arguments differentiated by, an
    argument of order two twice, and then ``out``.
    """
    return Operator(NAME, (signature, *out), _shape(signature, out), _value, _pull, True)


vocabulary["operator", NAME] = abstract


def signature_of(node: Expr) -> Signature | None:
    """The signature of a call of such a function; None of anything else."""
    called = isinstance(node, Call) and isinstance(node.op, Operator) and node.op.name == NAME
    return node.op.params[0] if called else None  # type: ignore[union-attr]


def applied(symbol: str, args: Sequence[Expr], out: Axes = (), lead: int = 0) -> Expr:
    """The function of this symbol at these arguments."""
    if not args:
        raise TypeError(f"{symbol} needs an argument, as {symbol}(x): what has none is a variable")
    arguments = tuple(Argument(len(a.axes) - lead) for a in args)
    return abstract(Signature(symbol, arguments, lead), *out)(*args)


def derivative(node: Call, k: int) -> Expr:
    """The derivative of a call by its k-th argument, as another function of the arguments."""
    signature, *out = node.op.params  # type: ignore[union-attr]
    arguments = list(signature.arguments)
    arguments[k] = Argument(arguments[k].rank, arguments[k].order + 1)
    return abstract(signature._replace(arguments=tuple(arguments)), *out)(*node.args)


def _shape(signature: Signature, out: Axes):
    def shape(*axes: Axes) -> Axes:
        _, arguments, lead = signature
        if [len(own) for own in axes] != [lead + a.rank for a in arguments]:
            raise ShapeError(f"{signature.symbol} takes other arguments")
        own = [n for a, n in zip(arguments, axes, strict=True) for n in n[lead:] * a.order]
        return (*axes[0][:lead], *own, *out)

    return shape


def _pull(node: Call, cotangent: Expr, extra: int) -> Iterator[tuple[Expr, Expr, str]]:
    signature = node.op.params[0]  # type: ignore[union-attr]
    lead = tuple(range(extra, extra + signature.lead))
    riders = tuple(range(extra))
    for k, arg in enumerate(node.args):
        slope = derivative(node, k)
        # The new axes go before those that the argument has been differentiated by already.
        before = sum(a.rank * a.order for a in signature.arguments[:k])
        own = tuple(range(extra + len(node.axes), extra + len(slope.axes)))
        rest = tuple(range(extra + signature.lead, extra + len(node.axes)))
        spot = (*lead, *rest[:before], *own, *rest[before:])
        share = contracted(
            (slope, cotangent), (spot, (*riders, *lead, *rest)), (*riders, *lead, *own)
        )
        yield arg, share, NAME


def _value(*given: Any) -> Any:
    """The polynomial at arrays, which may have an axis more in front: points side by side."""
    at = next(k for k, part in enumerate(given) if isinstance(part, Signature))
    args, signature, out = given[:at], given[at], given[at + 1 :]
    arguments = signature.arguments
    total: Any = 0
    for r in range(_FEATURES):
        draw = _drawn(signature.symbol, r)
        inner, slopes = draw.integers(-3, 4), []
        for x, argument in zip(args, arguments, strict=True):
            x = np.asarray(x)
            split = x.ndim - argument.rank
            weights = draw.integers(1, 4, x.shape[split:]) * draw.choice([-1, 1], x.shape[split:])
            inner = inner + np.sum(x * weights, axis=tuple(range(split, x.ndim)))
            slopes += [weights] * argument.order
        heights = draw.integers(1, 5, out) * draw.choice([-1, 1], out)
        parts = [*slopes, heights]
        # Powers of 1/4 keep the numbers small.
        curve = _polynomial(inner / 4, len(slopes)) / 4 ** len(slopes)
        total = total + reduce(np.multiply.outer, parts, np.asarray(curve))
    return total


def _drawn(symbol: str, feature: int) -> Any:
    return np.random.default_rng((zlib.crc32(symbol.encode()), feature))


def _polynomial(x: Any, order: int) -> Any:
    """The derivative of this order of the polynomial of one feature."""
    coefficients = list(_POWERS)
    for _ in range(order):
        coefficients = [k * c for k, c in enumerate(coefficients)][1:]
    total = x * 0
    for c in reversed(coefficients):
        total = total * x + c
    return total


def symmetries(node: Expr) -> tuple[tuple[int, ...], ...]:
    """The orders of a derivative's axes that leave it the same: of smooth functions it does not
    matter in which order they are differentiated (Schwarz).  () where there is one order only."""
    signature = signature_of(node)
    if signature is None or all(a.order < 2 or not a.rank for a in signature.arguments):
        return ()
    at, groups = signature.lead, []
    for rank, order in signature.arguments:
        blocks = [tuple(range(at + k * rank, at + (k + 1) * rank)) for k in range(order)]
        groups.append([sum(blocks_in, ()) for blocks_in in permutations(blocks)])
        at += rank * order
    rest = tuple(range(at, len(node.axes)))
    lead = tuple(range(signature.lead))
    return tuple((*lead, *sum(chosen, ()), *rest) for chosen in product(*groups))
