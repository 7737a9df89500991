r"""Memory, and products of matrices: the counts that need no layer.

The idea: what is stored has a number of entries, and each entry its bytes; a product of an n x m
and an m x p matrix takes n m p multiplications.
"""

from __future__ import annotations

import re
from dataclasses import replace

from derive.counting.counted import Counted
from derive.counting.layers import Unsaid, dotted
from derive.counting.prose import Described
from derive.counting.sizes import axis
from derive.kernel.sizes import Axis, latex, product

_V = r"(?:\d+|«[^»]+»)"
_D = rf"(?:{_V}x{_V})(?!x)"
_TIMES = re.compile(
    rf"(?P<one>{_D})(?:[- ]matrix)? (?:by|with|and|times|x|to)(?: an?| the)?(?: matrix of size)? "
    rf"(?:(?P<two>{_D})|(?:column )?vector (?:of (?:length|size|dimension) )(?P<three>{_V})|"
    rf"(?P<four>{_V})-dimensional (?:column )?vector)"
)
_PRODUCT = re.compile(r"\b(?:product|multipl\w+|matmul)\b")


def stored(blank: Counted, entries: Axis, described: Described) -> Counted:
    """The bytes of so many numbers."""
    if described.bytes is None:
        raise Unsaid("how many bytes a number takes")
    total = entries * described.bytes
    steps = (dotted(entries, described.bytes), latex(total))
    return replace(blank, steps=steps, value=total, assumed=("in bytes", *_larger(total)))


def _larger(total: Axis) -> tuple[str, ...]:
    """The same in larger units, as people count them."""
    if not isinstance(total, int):
        return ()
    for power, ten, two in ((3, "GB", "GiB"), (2, "MB", "MiB"), (1, "kB", "KiB")):
        if total >= 1000**power:
            return (f"{total / 1000**power:.4g} {ten}, or {total / 1024**power:.4g} {two}",)
    return ()


def multiplied(words: str) -> tuple[tuple[Axis, ...], str] | None:
    """The sizes n, m, p of a product of matrices in a sentence, or why there is none."""
    found = _TIMES.search(words)
    if found is None or not _PRODUCT.search(words):
        return None
    n, m = (axis(part) for part in found["one"].split("x"))
    if found["two"]:
        k, p = (axis(part) for part in found["two"].split("x"))
    else:
        k, p = axis(found["three"] or found["four"]), 1
    if k != m:
        return (), f"shapes do not multiply: {latex(m)} columns and {latex(k)} rows"
    return (n, m, p), ""


def product_costs(blank: Counted, words: str) -> Counted | None:
    """The multiplications of a product of matrices, or its operations."""
    found = multiplied(words)
    if found is None:
        return None
    sizes, why = found
    if why:
        return replace(blank, missing=why)
    shown = [n for n in sizes if n != 1] or [1]
    total = product(sizes)
    if blank.kind == "operations":
        told = ("a multiplication and its addition are two operations",)
        steps = (dotted(2, *shown), latex(2 * total))
        return replace(blank, steps=steps, value=2 * total, assumed=told)
    return replace(blank, steps=tuple(dict.fromkeys((dotted(*shown), latex(total)))), value=total)
