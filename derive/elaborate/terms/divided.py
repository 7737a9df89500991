"""What stands below a fraction and is not known: the T of softmax(z / T).

The idea: an array is by custom divided by a number, entry by entry only where that is known.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from derive.elaborate.dispatch import value_of
from derive.elaborate.reading import Env, Reading
from derive.elaborate.values import Value
from derive.kernel.expr import Var, is_named, toposort
from derive.tree import Tree


def strain_of_quotients(reading: Reading, kids: Sequence[Tree], env: Env) -> int:
    """What z / T strains in a product, T being an array."""
    found = 0
    for k, (one, sign) in enumerate(pairwise(kids[:-1])):
        if sign.head == "op" and sign.kids[0] == "/":
            top, bottom = (value_of(reading, kid, env) for kid in (one, kids[k + 2]))
            found += 3 * divides_unknown(reading, top, bottom)
    return found


def divides_unknown(reading: Reading, top: Value, bottom: Value) -> bool:
    """Whether an array is divided by one that the document does not know and the array is not made
    of: by custom what stands so is a number, the T of z / T."""
    if not top.own or len(bottom.own) != 1:
        return False
    # down to names alone: below them is the whole network
    nodes = toposort(bottom.expr, below=lambda node: () if is_named(node) else node.kids)
    if any(map(is_named, nodes)):
        return False
    symbols = {n: reading.made.get(n, "") for n in nodes if isinstance(n, Var)}
    known = {n for n, s in symbols.items() if s in reading.declarations or "#" in s}
    if len(known) == len(symbols):
        return False
    strange = symbols.keys() - toposort(top.expr)
    return bool(strange) and strange.isdisjoint(known)
