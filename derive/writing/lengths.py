"""How long an expression is to write.

The idea: what tidying compares is leaves, operations and terms, with a little for what reads badly:
a transpose, a bracket for a sign, a diag.
"""

from __future__ import annotations

from derive.kernel.expr import Add, Contract, Delta, Expr, Map, Num
from derive.meaning.digests import is_barrier
from derive.writing.known import known


def length(expr: Expr) -> int:
    """How long an expression is to write: its leaves, its operations, its terms.  Names are 1."""
    return Lengths().of(expr)


class Lengths:
    def __init__(self) -> None:
        self.known: dict[Expr, int] = {}

    def of(self, root: Expr) -> int:
        known = self.known
        stack = [root] if root not in known else []
        while stack:
            node = stack[-1]
            inner = () if is_barrier(node) else node.kids
            waiting = [kid for kid in inner if kid not in known]
            if waiting:
                stack += waiting
                continue
            if node not in known:
                known[node] = self._own(node) + sum([known[kid] for kid in inner])
            stack.pop()
        return known[root]

    @staticmethod
    def _own(node: Expr) -> int:
        if type(node) is Add:
            return len(node.terms) - 1
        if type(node) is Map and node.fn.name == "power":
            return 2
        if type(node) is not Contract:
            return 1
        first = node.factors[0]
        signs = type(first) is Num and first.value == -1
        factors = len(node.factors) - signs
        # a minus is no longer than a plus, unless it needs a bracket
        turned = factors == 1 and node.indices[-1] != node.out
        bracket = signs and factors == 1 and type(node.factors[-1]) is Add
        found = factors - 1 - signs + turned + bracket
        if len(node.out) == 2:
            back = node.out[::-1]
            sums = [own for f, own in zip(node.factors, node.indices) if type(f) is Add]
            found += (back in sums) + 2 * _needs_diag(node)
        return found


def _needs_diag(node: Contract) -> bool:
    """Whether a free index of a matrix carries a vector as well: diag(v) W; samples need none."""
    if not {1, 2} <= {len(f.axes) for f in node.factors if type(f) is not Delta}:
        return False
    for k, i in enumerate(node.out):
        here = [f for f, own in zip(node.factors, node.indices) if i in own]
        ranks = [len(f.axes) for f in here if type(f) is not Delta]
        if 1 in ranks and 2 in ranks and not known(node).letters[k]:
            return True
    return False
