"""The four rules: a sum passes, a product switches, an elementwise function masks, a max routes.

The idea: reverse mode is one table, ``pullback``, from a node and its cotangent to the shares of
its kids, each with its reason.  A cotangent may carry leading axes of its own; with none it gives
gradients, with the axes of an output it gives Jacobians, and a gradient's Jacobian is a Hessian.

Gradients are stored in denominator layout: the derivative of y by x has the axes of x, then of y.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import NamedTuple, overload

from derive.kernel.build import ONE, collected, dot, is_zero, lift
from derive.kernel.contraction import Indices, axes_of, contracted, span, zeros
from derive.kernel.expr import (
    Add,
    Axes,
    Call,
    Contract,
    Delta,
    Expr,
    Map,
    Name,
    Num,
    Ones,
    Operator,
    ShapeError,
    Var,
    shape_text,
    toposort,
)
from derive.kernel.interned import uncollected


class Share(NamedTuple):
    """What one use of a node adds to its cotangent: ``kid`` inside ``parent``, by which rule."""

    kid: Expr
    cotangent: Expr
    reason: str  # "passes" | "switches" | "masks" | "routes" | "names" | an operator's own word
    parent: Expr


def pullback(node: Expr, cotangent: Expr, extra: int = 0) -> Iterator[Share]:
    """The shares of the node's kids in its cotangent, which has ``extra`` leading axes of its own.

    Kids whose share is zero are left out.
    """
    match node:
        case Add():
            for term in node.terms:
                yield Share(term, cotangent, "passes", node)
        case Contract():
            yield from _switches(node, cotangent, extra)
        case Map():
            carried = span(len(cotangent.axes))
            for k, arg in enumerate(node.args):
                slope = node.fn.slopes[k](*node.args)
                if not is_zero(slope):
                    axes = carried[extra:] if slope.axes else ()
                    share = contracted((slope, cotangent), (axes, carried), carried)
                    yield Share(arg, share, "masks", node)
        case Call(op=Name()):
            yield Share(node.args[0], cotangent, "names", node)
        case Call(op=Operator() as op):
            for arg, share, reason in op.pull(node, cotangent, extra):
                yield Share(arg, share, reason, node)
        case Var() | Num() | Delta() | Ones():
            return
        case _:
            raise AssertionError(f"not a kind of expression: {node!r}")


def _switches(
    node: Contract, cotangent: Expr, extra: int, matters: Container[Expr] | None = None
) -> Iterator[Share]:
    """The shares of the factors, or of those that matter."""
    for k, factor in enumerate(node.factors):
        if type(factor) not in _CONSTANTS and (matters is None or factor in matters):
            yield Share(factor, _switched(node, k, cotangent, extra), "switches", node)


def _switched(node: Contract, k: int, cotangent: Expr, extra: int) -> Expr:
    """The contraction of the cotangent with every factor but the k-th."""
    axes = tuple(map(axes_of, node.factors))
    indices, filling, out = _switch(axes, node.indices, node.out, k, extra)
    others = (*node.factors[:k], *node.factors[k + 1 :], cotangent, *filling)
    return contracted(others, indices, out)


@lru_cache(maxsize=4096)
def _switch(
    axes: tuple[Axes, ...], indices: tuple[Indices, ...], out: Indices, k: int, extra: int
) -> tuple[tuple[Indices, ...], tuple[Expr, ...], Indices]:
    """Indices of the other factors, the cotangent and what fills the axes that none of them has."""
    top = 1 + max((i for own in indices for i in own), default=-1)
    lead = tuple(range(top, top + extra))
    spots = [*indices[:k], *indices[k + 1 :], (*lead, *out)]
    present = {i for own in spots for i in own}
    filling: list[Expr] = []
    wanted: list[int] = []
    fresh = top + extra
    for i, n in zip(indices[k], axes[k], strict=True):
        if i in wanted:
            # A repeated axis (trace, diagonal): the gradient lives on its diagonal.
            filling.append(Delta(n))
            spots.append((i, fresh))
            wanted.append(fresh)
            fresh += 1
            continue
        if i not in present:
            # An axis that was summed alone: every entry gets the same.
            filling.append(Ones(n))
            spots.append((i,))
        wanted.append(i)
    return tuple(spots), tuple(filling), (*lead, *wanted)


_CONSTANTS = frozenset({Num, Ones, Delta})
# Factors of a product, from which on only the shares that matter are made: each is as long.
_LONG = 16


@dataclass(slots=True)
class Backward:
    """One backward sweep: the cotangent of every node that matters, and where it came from.

    ``order`` has the nodes below the root, kids first; a node's shares add up to its cotangent.
    """

    root: Expr
    order: list[Expr]
    cotangents: dict[Expr, Expr] = field(default_factory=dict)
    shares: dict[Expr, list[Share]] = field(default_factory=dict)


def backward(root: Expr, wrt: Iterable[Expr] | None = None, seed: Expr = ONE) -> Backward:
    """Sweep the graph once from the root.  Each node is visited once; its shares are added.

    Only nodes that depend on ``wrt`` are differentiated (all of them where it is None).  ``seed``
    is the cotangent of the root; its leading axes, if any, ride along.  A cotangent has these, then
    the axes of its node: denominator layout.

    >>> import derive as d
    >>> x = d.vector("x", 3)
    >>> sweep = d.backward(d.half_squared_norm(x))
    >>> sweep.cotangents[x], [share.reason for share in sweep.shares[x]]
    (x, ['switches', 'switches'])
    """
    root = lift(root)
    order = toposort(root)
    matters = None if wrt is None else _above(order, wrt)
    sweep = Backward(root, order)
    with uncollected():
        _sweep(sweep, matters, seed)
    return sweep


def _above(order: list[Expr], wrt: Iterable[Expr]) -> set[Expr]:
    """The nodes that depend on some of these."""
    matters = set(wrt)
    for node in order:
        if not matters.isdisjoint(node.kids):
            matters.add(node)
    return matters


def _sweep(sweep: Backward, matters: set[Expr] | None, seed: Expr) -> None:
    extra = len(seed.axes) - len(sweep.root.axes)
    arriving: dict[Expr, list[Share]] = {sweep.root: []}
    for node in reversed(sweep.order):
        shares = arriving.get(node)
        if shares is None or (matters is not None and node not in matters):
            continue
        if len(shares) == 1:
            cotangent = shares[0].cotangent
        else:
            cotangent = collected([s.cotangent for s in shares]) if shares else seed
        sweep.cotangents[node] = cotangent
        sweep.shares[node] = shares
        if is_zero(cotangent):
            continue
        if matters is not None and type(node) is Contract and len(node.factors) > _LONG:
            shares = _switches(node, cotangent, extra, matters)
        else:
            shares = pullback(node, cotangent, extra)
        for share in shares:
            kid = share.kid
            if matters is None or kid in matters:
                if kid in arriving:
                    arriving[kid].append(share)
                else:
                    arriving[kid] = [share]


@overload
def grad(loss: Expr, wrt: Expr) -> Expr: ...
@overload
def grad(loss: Expr, wrt: Sequence[Expr]) -> list[Expr]: ...
def grad(loss: Expr, wrt: Expr | Sequence[Expr]) -> Expr | list[Expr]:
    """The gradient of a scalar in each variable or named node, of its axes; one sweep for a list.

    Zero where the loss does not depend on it.  ShapeError if the loss is not a scalar: its
    derivative is then a Jacobian.
    """
    if loss.axes:
        raise ShapeError(
            f"grad needs a scalar, not {shape_text(loss.axes)}: use jacobian, or sum it first"
        )
    several = [wrt] if isinstance(wrt, Expr) else list(wrt)
    sweep = backward(loss, several)
    found = [sweep.cotangents.get(v) or zeros(v.axes) for v in several]
    return found[0] if isinstance(wrt, Expr) else found


def _identity(axes: Axes) -> Expr:
    """The derivative of an array by itself: a delta for every axis; for a scalar 1."""
    k = len(axes)
    pairs = tuple((i, i + k) for i in range(k))
    return contracted(tuple(Delta(n) for n in axes), pairs, tuple(range(2 * k)))


def jacobian(y: Expr, x: Expr) -> Expr:
    """The derivative of y by x in denominator layout: entry (x axes, y axes) is dy/dx.

    For vectors J[i, j] = dy_j / dx_i, so that d(Wx)/dx is Wᵀ (Petersen & Pedersen, The Matrix
    Cookbook, 2012, section 2; Goodfellow et al., Deep Learning, 2016, section 6.5).
    """
    k, m = len(y.axes), len(x.axes)
    found = backward(y, [x], _identity(y.axes)).cotangents.get(x)
    if found is None:
        return zeros((*x.axes, *y.axes))
    return contracted((found,), (tuple(range(k + m)),), (*range(k, k + m), *range(k)))


def hessian(loss: Expr, x: Expr, y: Expr | None = None) -> Expr:
    """The second derivative of a scalar, d/dy of d/dx, with the axes of y, then of x."""
    return jacobian(grad(loss, x), x if y is None else y)


def hvp(loss: Expr, x: Expr, v: Expr) -> Expr:
    """The Hessian in x times v, as the gradient of <grad, v>: no Hessian is ever built."""
    return grad(dot(grad(loss, x), v), x)


def pushforward(root: Expr, tangents: dict[Expr, Expr]) -> Expr:
    """The derivative of the root along these tangents of variables: the four rules run forward.

    A tangent has the axes of its variable, the result those of the root; zero where none reaches
    it.  Linear in the tangents, and the adjoint of the pullback: <c, push(t)> = <pull(c), t>.

    >>> import derive as d
    >>> W, x, v = d.matrix("W", 2, 3), d.vector("x", 3), d.vector("v", 3)
    >>> d.pushforward(W @ x, {x: v})
    W v
    """
    moving = dict(tangents)
    for node in toposort(root):
        if node in moving or not any(kid in moving for kid in node.kids):
            continue
        moving[node] = _pushed(node, moving)
    return moving.get(root, zeros(root.axes))


def _pushed(node: Expr, moving: dict[Expr, Expr]) -> Expr:
    parts: list[Expr] = []
    match node:
        case Add(terms):
            parts = [moving[t] for t in terms if t in moving]
        case Contract(factors, indices, out):
            for k, factor in enumerate(factors):
                if factor in moving:
                    swapped = (*factors[:k], moving[factor], *factors[k + 1 :])
                    parts.append(contracted(swapped, indices, out))
        case Map(fn, args):
            axes = tuple(range(len(node.axes)))
            for k, arg in enumerate(args):
                slope = fn.slopes[k](*args)
                if arg in moving and not is_zero(slope):
                    own = axes if slope.axes else ()
                    parts.append(contracted((slope, moving[arg]), (own, axes), axes))
        case Call(Name(), (arg,)):
            parts = [moving[arg]]
        case Call():
            # An operator has only a pullback; its adjoint is its Jacobian, contracted forward.
            for arg in dict.fromkeys(node.args):
                if arg in moving:
                    parts.append(_through(node, arg, moving[arg]))
        case Var() | Num() | Delta() | Ones():
            pass
        case _:
            raise AssertionError(f"not a kind of expression: {node!r}")
    return collected(parts) if parts else zeros(node.axes)


def _through(node: Call, arg: Expr, tangent: Expr) -> Expr:
    k, m = len(node.axes), len(arg.axes)
    shares = [s.cotangent for s in pullback(node, _identity(node.axes), k) if s.kid is arg]
    if not shares:
        return zeros(node.axes)
    own = tuple(range(k, k + m))
    return contracted((collected(shares), tangent), ((*range(k), *own), own), tuple(range(k)))
