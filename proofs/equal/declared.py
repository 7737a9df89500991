"""Variables and closed names as polynomials, by what is declared of them.

The idea: a fact is a law of the atom (one slot order for a symmetric matrix, a join for an
orthogonal one), or another way to write it: a skew-symmetric matrix is half of A minus half of its
transpose, a diagonal one a vector and a delta.
"""

from __future__ import annotations

from fractions import Fraction

from derive.kernel.expr import Expr
from derive.meaning.joins import laws_of
from derive.meaning.kinds import is_symmetric, kinds_of
from proofs.equal.atoms import Atom, Poly
from proofs.equal.bounds import POSITIVE, Bounds
from proofs.equal.matrices import Matrices


class Declared(Matrices):
    """A ring that knows where its variables live."""

    interval: Bounds

    def itself(self, node: Expr) -> Poly:
        """A variable or a closed name, by what is known of it."""
        known = kinds_of(node)
        if "diagonal" in known:
            return self._diagonal(node)

        def make(atom: Atom) -> None:
            atom.look = lambda: self.interval.of(node)
            domain = self.interval.facts.get(node)
            if domain is not None:
                values = set(domain.values)
                atom.total = domain.normalised and bool(node.axes)
                if values and values <= {0, 1}:
                    atom.law = "idempotent"
                elif values and values <= {-1, 1}:
                    atom.law = "sign"
            if "permutation" in known:
                atom.law, atom.total = "idempotent", True
            if "distribution" in known:
                atom.total = True
            if is_symmetric(node):
                atom.orders = ((0, 1), (1, 0))
            atom.joins = laws_of(node)

        a = self.atom("var", (node,), node.axes, make)
        if "skew" in known:
            half = Fraction(1, 2)
            return {((a, (0, 1), 1),): half, ((a, (1, 0), 1),): -half}
        return self.of_factor((a, tuple(range(len(node.axes))), 1))

    def _diagonal(self, node: Expr) -> Poly:
        """A diagonal matrix by the vector of what stands on its diagonal."""

        def make(atom: Atom) -> None:
            known = kinds_of(node)
            if "definite" in known:
                atom.look = POSITIVE
            if "idempotent" in known:
                atom.law = "idempotent"
            elif "orthogonal" in known:
                atom.law = "sign"

        a = self.atom("diagonal", (node,), node.axes[:1], make)
        delta = self.atom("delta", (), node.axes)
        return self.of_factors(1, [(a, (0,), 1), (delta, (0, 1), 1)])
