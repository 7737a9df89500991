r"""Names with indices: z^{(#1)} of a z that there is one of for each sample.

The idea: a mark holds the place of an index until its number is known.
"""

from __future__ import annotations


def slot_mark(letter: str) -> str:
    """Where a call's name has the index of its argument, before its slot has a number."""
    return f"\x01{letter}\x01"


def with_slot(name: str, k: int) -> str:
    """The name with one more index, as a label where it has no superscript yet."""
    if "^" not in name:
        return f"{name}^{{(#{k})}}"
    head, _, tail = name.partition("^{(")
    if tail.endswith(")}"):
        return f"{head}^{{({tail[:-2]},#{k})}}"
    return f"{{{name}}}^{{(#{k})}}"
