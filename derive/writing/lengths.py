"""How long an expression is to write.

The idea: what tidying compares is leaves, operations and terms, with a little for what reads badly:
a transpose, a bracket for a sign, a diag.
"""

from __future__ import annotations

from derive.kernel.expr import Add, Contract, Delta, Expr, Map, Num
from derive.meaning.digests import is_barrier
from derive.writing.labels import Labels


def length(expr: Expr) -> int:
    """How long an expression is to write: its leaves, its operations, its terms.  Names are 1."""
    return Lengths().of(expr)


class Lengths:
    def __init__(self) -> None:
        self.known: dict[Expr, int] = {}

    def of(self, root: Expr) -> int:
        stack = [root]
        while stack:
            node = stack[-1]
            if node in self.known:
                stack.pop()
                continue
            inner = () if is_barrier(node) else node.kids
            waiting = [kid for kid in inner if kid not in self.known]
            if waiting:
                stack.extend(waiting)
                continue
            self.known[node] = self._own(node) + sum(self.known[kid] for kid in inner)
            stack.pop()
        return self.known[root]

    @staticmethod
    def _own(node: Expr) -> int:
        if type(node) is Add:
            return len(node.terms) - 1
        if type(node) is Map and node.fn.name == "power":
            return 2
        if type(node) is not Contract:
            return 1
        number = node.factors[0].value if type(node.factors[0]) is Num else 1
        signs = number == -1
        factors = len(node.factors) - signs
        # a minus is no longer than a plus, unless it needs a bracket
        turned = factors == 1 and node.indices[-1] != node.out
        turned += len(node.out) == 2 and any(
            type(f) is Add and own == node.out[::-1] for f, own in zip(node.factors, node.indices)
        )
        bracket = signs and factors == 1 and type(node.factors[-1]) is Add
        return factors - 1 - signs + turned + bracket + 2 * _needs_diag(node)


def _needs_diag(node: Contract) -> bool:
    """Whether a free index of a matrix carries a vector as well: diag(v) W; samples need none."""
    for k, i in enumerate(node.out if len(node.out) == 2 else ()):
        here = [f for f, own in zip(node.factors, node.indices) if i in own]
        ranks = [len(f.axes) for f in here if type(f) is not Delta]
        if 1 in ranks and 2 in ranks and not Labels(node, {}, True).of(node)[k]:
            return True
    return False
