r"""Divergences of distributions: KL(p \| q) of vectors, and of normal laws by their parameters.

The idea: the bar parts what a comma would part; \mathcal{N}(\mu, \sigma^2) is known by its mean
and its variance, which is a number or a vector of variances (independent entries), diag of one, a
number times the identity, or a covariance matrix.
"""

from __future__ import annotations

from derive.elaborate.dispatch import said, value_of
from derive.elaborate.faults import Fault
from derive.elaborate.names.scope import NORMAL
from derive.elaborate.reading import Env, Reading
from derive.elaborate.values import Value, levelled, squeezed
from derive.kernel.build import lift
from derive.kernel.expr import Delta, Expr
from derive.operators.losses import kl, kl_normal, kl_normal_full
from derive.tree import Tree

_IDENTITIES = (r"\mathbf{I}", "I", r"\mathbb{I}", r"\mathrm{I}", "E", r"\mathbf{E}")
_HELP = r"write $D_{\mathrm{KL}}(p \| q)$ of two vectors, or of $\mathcal{N}(\mu, \sigma^2)$"


def divergence(reading: Reading, tree: Tree, arguments: list[Tree], env: Env) -> Value:
    """The Kullback-Leibler divergence of the second law from the first."""
    if len(arguments) == 1 and arguments[0].head == "given":
        arguments = list(arguments[0].kids)
    if len(arguments) != 2:
        raise Fault("wrong-arguments", f"{said(tree)} needs two distributions", tree, _HELP)
    normal = [_normal(side) for side in arguments]
    if all(normal):
        return _of_normals(reading, tree, [law for law in normal if law], env)
    if any(normal):
        raise Fault("unsupported", f"{said(tree)} is of a normal law and another", tree, _HELP)
    done, letters, _ = levelled(tree, reading.sizes, [
        squeezed(value_of(reading, side, env)) for side in arguments
    ])  # fmt: skip
    if letters:
        raise Fault(
            "unsupported", f"{said(tree)} inside a sum over samples needs its definition written "
            "out", tree,
        )  # fmt: skip
    return Value(kl(*done))


def _normal(side: Tree) -> tuple[Tree, Tree] | None:
    """The mean and the variance of a normal law."""
    if side.head == "call" and side.kids[0] == Tree("symbol", (NORMAL,)) and len(side.kids) >= 3:
        return side.kids[-2], side.kids[-1]
    return None


def _of_normals(
    reading: Reading, tree: Tree, laws: list[tuple[Tree, Tree]], env: Env
) -> Value:  # fmt: skip
    means = [squeezed(value_of(reading, mean, env)) for mean, _ in laws]
    spreads = [_variance(reading, spread, env) for _, spread in laws]
    if any(v.opens for v in (*means, *(s for s in spreads if s is not None))):
        raise Fault(
            "unsupported", f"{said(tree)} inside a sum over samples needs its definition written "
            "out", tree,
        )  # fmt: skip
    if any(s is not None and len(s.own) == 2 for s in spreads):
        vectors, _, _ = levelled(tree, reading.sizes, means)
        n = vectors[0].axes[0] if vectors[0].axes else 1
        full = [_matrix(reading, tree, s, n) for s in spreads]
        return Value(kl_normal_full(vectors[0], full[0], vectors[1], full[1]))
    flat = [v if v is not None else Value(lift(1)) for v in spreads]
    done, _, _ = levelled(tree, reading.sizes, [*means, *flat])
    return Value(kl_normal(done[0], done[2], done[1], done[3]))


def _variance(reading: Reading, spread: Tree, env: Env) -> Value | None:
    """The variances; None for the identity, a matrix for a covariance."""
    match spread:
        case Tree("symbol", (name,)) if name in _IDENTITIES and not reading.scope.known(str(name)):
            return None
        case Tree("call", (Tree("symbol", ("diag" | "Diag",)), inner)):
            return squeezed(value_of(reading, inner, env))
        case Tree("juxt", (*front, Tree("symbol", (name,)))) if (
            name in _IDENTITIES and not reading.scope.known(str(name)) and front
        ):
            inner = front[0] if len(front) == 1 else Tree("juxt", tuple(front), spread.span)
            return squeezed(value_of(reading, inner, env))
    return squeezed(value_of(reading, spread, env))


def _matrix(reading: Reading, tree: Tree, spread: Value | None, n) -> Expr:
    if spread is None:
        return Delta(n)
    if len(spread.own) != 2:
        raise Fault("unsupported", f"{said(tree)} mixes a covariance with variances", tree,
                    r"write $\operatorname{diag}(\sigma^2)$ as a matrix of its own")  # fmt: skip
    return reading.sizes.current(spread).expr
