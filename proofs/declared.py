r"""Variables of a declared kind at points: expressions of free variables stand for them.

The idea: numbers are drawn, moved and made simple for free variables only; what is said of a point
is what the declared ones are there, and it is shown to be of its kind before it is said.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from derive.derivation.local import replaced
from derive.derivation.network import Domain
from derive.kernel.expr import Expr, Var, toposort
from derive.operators.pointwise import np
from derive.operators.structures import structured
from proofs.kinds import has_kinds
from proofs.numbers.certify import Refutation, nested, plain_symbol
from proofs.numbers.entries import fraction, is_rational
from proofs.numbers.exact import PRECISIONS, Exact
from proofs.verdict import Counterexample


def declared_in(*roots: Expr) -> list[Var]:
    """The variables below the roots that are of some declared kind."""
    return [node for node in toposort(*roots) if isinstance(node, Var) and node.kinds]


def free_facts(facts: Mapping[Expr, Domain]) -> dict[Expr, Domain]:
    """The facts about what stands for the variables, instead of about these."""
    found: dict[Expr, Domain] = {}
    for node, domain in facts.items():
        forms = structured(node) if isinstance(node, Var) and node.kinds else (node,)
        found |= dict.fromkeys(forms[:1], domain)
    return found


@dataclass(frozen=True, slots=True)
class StandIn:
    """Expressions of free variables for the declared ones of some formulas."""

    by: Mapping[Expr, Expr]

    def free(self, expr: Expr) -> Expr:
        return replaced(expr, self.by, closed=False) if self.by else expr

    def told(self, found: Refutation, *sides: Expr) -> Counterexample | None:
        """A counterexample in the variables of the document; None if one of them cannot be shown
        to be of its kind there."""
        if not self.by:
            return found.counterexample
        point = Exact(found.values, found.at, max(PRECISIONS))
        values = []
        for var in dict.fromkeys(n for n in toposort(*sides) if isinstance(n, Var)):
            array = found.values.get(var)
            if var in self.by:
                array = _rational(point.value(self.by[var]))
                if array is None or not has_kinds(array, var):
                    return None
            if array is not None:
                values.append((plain_symbol(var), nested(array)))
        functions = found.counterexample.values[len(found.values) :]
        return replace(found.counterexample, values=(*values, *functions))


def stand_ins(roots: Sequence[Expr], facts: Mapping[Expr, Domain]) -> Iterable[StandIn]:
    """What may stand for the declared variables below the roots, all of them at once, in a few
    ways; nothing where one of them has no expression of free variables."""
    forms = {var: structured(var) for var in declared_in(*roots)}
    if not all(forms.values()):
        return
    # A variable whose entries are bounded besides stands for itself in one way only.
    forms = {var: found[:1] if var in facts else found for var, found in forms.items()}
    for k in range(max(map(len, forms.values()), default=1)):
        yield StandIn({var: found[k % len(found)] for var, found in forms.items()})


def _rational(array: Any) -> Any:
    """The entries as Fractions; None if one is known in part only."""
    if not all(is_rational(n) for n in array.flat):
        return None
    made = np.empty(array.shape, object)
    for place in np.ndindex(array.shape):
        made[place] = fraction(array[place])
    return made
