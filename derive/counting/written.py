r"""Sizes as the document writes them: which axis is which, of an input and of an output.

The idea: what is counted is one image with its channels last; the document may have a batch of
them, or the channels first.
"""

from __future__ import annotations

import re
from dataclasses import replace

from derive.counting.axes import shown_first
from derive.counting.counted import Counted
from derive.counting.kinds import WINDOWS
from derive.counting.layers import Extent, Layer, Unsaid, times
from derive.counting.prose import Described
from derive.kernel.sizes import latex


def axes_known(layer: Layer, shape: Extent) -> None:
    """Unsaid where an image has an axis too many, or may have its channels first: 3x32x32."""
    if layer.kind not in WINDOWS:
        return
    if len(shape) > layer.plane + 1:
        raise Unsaid(f"what each axis of ${times(shape)}$ is")
    first, *rest = shape or (0,)
    if len(rest) == layer.plane == 2 and first in (1, 3) and rest[0] == rest[1] not in (1, 2, 3):
        raise Unsaid(f"whether ${times(shape)}$ has its channels first")


def as_written(
    made: Counted | None, words: str, described: Described, plane: int
) -> Counted | None:
    """The size of an output as the document writes sizes: with the channels first, or with the
    images of a batch, where a question is about the whole tensor."""
    if made is None or not isinstance(made.value, tuple) or made.missing:
        return made
    shape = made.value
    if described.first and len(shape) == plane + 1 and len(made.steps) == 1:
        shape = shown_first(shape, plane)
        chain = r"\to" in made.steps[0]
        step = rf"{made.steps[0]} = {times(shape)}" if chain else times(shape)
        told = (*made.assumed, "channels come first, as in the text")
        made = replace(made, steps=(step,), value=shape, assumed=told, slips=())
    if described.batch is None:
        return made
    if re.search(r"\b(?:tensor|batch)\b", words):
        shape = (described.batch, *shape)
        return replace(made, steps=(times(shape),), value=shape, slips=())
    told = f"of each of the ${latex(described.batch)}$ inputs of a batch"
    return replace(made, assumed=(*made.assumed, told))
