"""What slides over an array, said: convolutions, flips, pools, and arrays that are reshaped.

The idea: each is a part of a formula with operands of its own, which are asked for like any other.
"""

from __future__ import annotations

from derive.kernel.expr import Call, Operator
from derive.operators.pooling import RESHAPES
from derive.tree import Tree, name, tree
from derive.writing import convolved, pools
from derive.writing.flips import Flip, flipped
from derive.writing.pools import Pool, Sliding
from derive.writing.said import Ask, Letters, Said, Saying, entry, filled
from derive.writing.words import size_tree

OPERATORS = RESHAPES | {"maximum"}


def part(made: Sliding, at: Letters, scope: frozenset[str]) -> Saying:
    """A product that is one convolution, flip or pool."""
    if isinstance(made, Flip):
        array = yield Ask(made.array, (None,) * len(made.own), scope)
        return Said(entry(flipped(array.tree, made.axes), at))
    if isinstance(made, Pool):
        return (yield from _pooled(made, at, scope))
    lead = (*at[: made.batch], *[None] * (len(made.signal.axes) - made.batch))
    kernel = yield Ask(made.kernel, (None,) * len(made.kernel.axes), scope)
    signal = yield Ask(made.signal, lead, scope)
    said = convolved.said(made, kernel.tree, signal.tree)
    return Said(entry(said, at[made.batch :]))


def _pooled(pool: Pool, at: Letters, scope: frozenset[str]) -> Saying:
    args: list[Tree] = []
    for arg in pool.args:
        args.append((yield Ask(arg, (None,) * len(arg.axes), scope)).tree)
    return Said(entry(pools.said(pool, args), at))


def operator(node: Call, at: Letters, scope: frozenset[str]):
    """An operator that pools or reshapes; None for a maximum of anything else."""
    assert isinstance(node.op, Operator)
    if node.op.name == "maximum":
        pool = pools.largest(node)
        return None if pool is None else (yield from _pooled(pool, at, scope))
    (arg,) = node.args
    lead = min(len(arg.axes), len(node.axes)) - 1
    inner = (*at[:lead], *[None] * (len(arg.axes) - lead))
    said = yield Ask(arg, inner, scope)
    word = name(rf"\operatorname{{{node.op.name}}}")
    if node.op.name == "unflatten":
        word = tree("script", word, tree("list", *map(size_tree, node.op.params)), None)
    made = Tree("call", (word, filled(said, inner.count(None))))
    return Said(entry(made, at[lead:]))
