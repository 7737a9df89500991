r"""Two factors that meet at a summed index and make one: Q^\top Q = I, P P = P, u^\top u = 1.

The idea: a contraction is a graph, and each of these laws is a step in it: two copies of one
variable that share an index at which nothing else stands give way to a delta, or to one copy,
between the indices that they leave.  Every step takes a factor away, so that steps come to an end;
where two steps overlap they leave the same, as of Q Q^\top Q.
"""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from typing import NamedTuple, TypeAlias

from derive.kernel.expr import Delta, Expr, Number
from derive.meaning.kinds import is_symmetric, kinds_of

DELTA, ITSELF = "delta", "itself"
# By the slots at which two copies meet: what they leave.
Laws: TypeAlias = Mapping[tuple[int, int], str]
NO_LAWS: Laws = {}


class Join(NamedTuple):
    """Factors ``first`` and ``second`` (the same one, if it is a square) meet at ``index``; what
    they leave, and the indices that it has."""

    first: int
    second: int
    index: int
    leaves: str
    own: tuple[int, ...]


def laws_of(expr: Expr) -> Laws:
    """The laws of a variable by what is known of it."""
    known = kinds_of(expr)
    if not known:
        return NO_LAWS
    if "unit" in known:
        return {(0, 0): DELTA}
    found: dict[tuple[int, int], str] = {}
    if "idempotent" in known:
        found[1, 0] = ITSELF
    if "columns" in known:
        found[0, 0] = DELTA
    if "rows" in known:
        found[1, 1] = DELTA
    if is_symmetric(expr) and found:
        leaves = next(iter(found.values()))
        return dict.fromkeys([(0, 0), (0, 1), (1, 0), (1, 1)], leaves)
    return found


def met(
    factors: Sequence[tuple[object, tuple[int, ...], Number, Laws]], kept: Container[int]
) -> Join | None:
    """The first join of these factors (what each is, its indices, its exponent, its laws) at an
    index that is not ``kept``, which means that it is summed; None if there is none."""
    if not any(laws for *_, laws in factors):
        return None
    there: dict[int, list[tuple[int, int]]] = {}
    for k, (_, own, exponent, _) in enumerate(factors):
        # A factor to some other power stands there more often than a law could take it.
        times = int(exponent) if exponent in (1, 2) else 3
        for slot, i in enumerate(own):
            if i not in kept:
                there.setdefault(i, []).extend([(k, slot)] * times)
    for i, spots in there.items():
        if len(spots) != 2:
            continue
        for (k, s), (n, t) in (spots, spots[::-1]):
            what, own, _, laws = factors[k]
            same = factors[n][0] is what or factors[n][0] == what
            if same and (k != n or s == t) and (s, t) in laws:
                left = tuple(j for slot, j in enumerate(own) if slot != s)
                right = tuple(j for slot, j in enumerate(factors[n][1]) if slot != t)
                return Join(k, n, i, laws[s, t], (*left, *right))
    return None


def joined(
    factors: Sequence[tuple[Expr, tuple[int, ...], Number]], kept: Container[int]
) -> list[tuple[Expr, tuple[int, ...], Number]] | None:
    """A product of expressions to powers in which two factors have become one; None if none do."""
    laws = [laws_of(atom) for atom, _, _ in factors]
    if not any(laws):
        return None
    join = met([(*factor, law) for factor, law in zip(factors, laws)], kept)
    if join is None:
        return None
    atom, own, _ = factors[join.first]
    rest = [f for k, f in enumerate(factors) if k not in (join.first, join.second)]
    if join.leaves == ITSELF:
        rest.append((atom, join.own, 1))
    elif join.own:
        size = dict(zip(own, atom.axes, strict=True))
        rest.append((Delta(size[join.own[0]]), join.own, 1))
    return rest
