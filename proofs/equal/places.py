"""Incidences in a term: an index that an equation determines is no sum.

The idea: over all values of j, 1[j = i + a] is 1 exactly once where i + a is in the range of j; so
a sum over such a j, which nothing but equations have, is what these are at j = i + a.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from derive.kernel.expr import Call, Delta, Expr, Ones
from derive.kernel.sizes import Axis
from derive.operators import incidence
from derive.operators.incidence import Equation
from proofs.equal.atoms import Atom, Factor, Number, Poly
from proofs.equal.bounds import UNIT

Powers = Mapping[tuple[int, tuple[int, ...]], Number]
MakeAtom = Callable[..., int]


def atom_of(node: Expr, make: MakeAtom) -> int:
    """The atom of an incidence, or of the delta that it is."""
    if isinstance(node, Delta):
        return make("delta", (), (node.n, node.n))
    assert isinstance(node, Call)
    params = node.op.params  # type: ignore[union-attr]
    count = len(params) // 2

    def fill(atom: Atom) -> None:
        atom.look, atom.law = UNIT, "idempotent"
        pairs = list(zip(params[:count], node.axes, strict=True))
        atom.orders = _orders(pairs)

    return make("incidence", params[: count + 1], node.axes, fill)


def _orders(pairs: Sequence[tuple[Axis, Axis]]) -> tuple[tuple[int, ...], ...]:
    """The orders of the axes that leave it as it is: those of one coefficient and one size."""
    own = tuple(range(len(pairs)))
    swaps = [(i, j) for i in own for j in own[i + 1 :] if pairs[i] == pairs[j]]
    found = [own]
    for i, j in swaps[:1]:
        turned = list(own)
        turned[i], turned[j] = j, i
        found.append(tuple(turned))
    return tuple(found) if len(found) > 1 else ()


def determined(
    atoms: Sequence[Atom], make: MakeAtom, powers: Powers, summed: Mapping[int, Axis]
) -> tuple[list[Factor] | None, int | None] | None:
    """The factors of a term with one index less that equations determine, and that index; None
    where there is none.  None for the factors: the term is 0."""
    extent = {i: n for a, own in powers for i, n in zip(own, atoms[a].axes, strict=True)}
    equations = {
        key: _read(atoms[key[0]], key[1])
        for key, e in powers.items()
        if atoms[key[0]].kind == "incidence" and e > 0
    }
    for key, by in equations.items():
        if len(set(key[1])) < len(key[1]):
            return _rewritten({key: by}, powers, extent, make), None
        for i in by.indices:
            users = [k for k in powers if i in k[1]]
            if i not in summed or any(k not in equations for k in users):
                continue
            if not incidence.implied(by, i, extent):
                continue
            changed = {k: incidence.substituted(equations[k], i, by) for k in users if k != key}
            rest = {k: e for k, e in powers.items() if k != key}
            return _rewritten(changed, rest, extent, make), i
    return None


def _read(atom: Atom, own: tuple[int, ...]) -> Equation:
    *coefficients, offset = atom.content
    return incidence.equation(list(zip(own, coefficients, strict=True)), offset)


def _rewritten(
    changed: Mapping[tuple[int, tuple[int, ...]], Equation], powers: Powers,
    extent: Mapping[int, Axis], make: MakeAtom,
) -> list[Factor] | None:  # fmt: skip
    """The term with these equations in place of the old ones; None where one never holds."""
    found: list[Factor] = [(a, own, e) for (a, own), e in powers.items() if (a, own) not in changed]
    for equation in changed.values():
        made = incidence.factors(equation, extent)
        if made is None:
            return None
        for node, own in made:
            if isinstance(node, Call | Delta):
                found.append((atom_of(node, make), own, 1))
    return found


def reshaped(
    node: Call, poly: Poly, last: int, make: MakeAtom
) -> tuple[list[tuple[Poly, dict[int, int] | None]], list[tuple[int, Axis]]]:
    """An array whose entries have other places, as a contraction with an incidence: the factors,
    and the indices that are summed.  ``poly`` is the argument, ``last`` the least index in use."""
    lead, by, extent = reshaping(node)
    arg = node.args[0]
    inner = {k: k if k < lead else last + k for k in range(len(arg.axes))}
    at = {k: inner[lead + k] if k >= 0 else lead - 1 - k for k in extent}
    found: list[tuple[Poly, dict[int, int] | None]] = [(poly, inner)]
    for made, own in incidence.factors(by, extent) or []:
        a = make("ones", (), made.axes) if isinstance(made, Ones) else atom_of(made, make)
        term = ((a, tuple(range(len(own))), 1),)
        found.append(({term: 1}, {j: at[i] for j, i in enumerate(own)}))
    return found, [(i, arg.axes[k]) for k, i in inner.items() if i < 0]


def reshaping(node: Call) -> tuple[int, Equation, dict[int, Axis]]:
    """How many axes stay, and the equation of the others and their sizes: 0, 1, .. are the axes of
    the argument, -1, -2, .. those of the result."""
    arg, result = node.args[0].axes, node.axes
    lead = min(len(arg), len(result)) - 1
    extent: dict[int, Axis] = {k: n for k, n in enumerate(arg[lead:])}
    extent |= {-1 - k: n for k, n in enumerate(result[lead:])}
    terms: list[tuple[int, Axis]] = []
    for side, sign in ((sorted(k for k in extent if k >= 0), 1),
                       (sorted((k for k in extent if k < 0), reverse=True), -1)):  # fmt: skip
        step: Axis = sign
        for k in reversed(side):
            terms.append((k, step))
            step = extent[k] * step
    return lead, incidence.equation(terms, 0), extent
