"""Counts that forget one thing: what a wrong number shows to have been left out.

The idea: a slip is the same count of a layer in which one number is another; a claim that equals it
is named by it.
"""

from __future__ import annotations

from dataclasses import replace

from derive.counting.counted import Counted
from derive.counting.kinds import KINDS
from derive.counting.layers import Extent, Layer, Unsaid
from derive.counting.windows import depth, output, parameters
from derive.kernel.sizes import Axis, SizeError


def of_parameters(found: Counted, layer: Layer, shape: Extent) -> Counted:
    """The wrong numbers that one slip gives, each with what was forgotten."""
    rule = KINDS[layer.kind].parameters
    bare = rule(replace(layer, bias=False), shape).number
    full = rule(replace(layer, bias=True), shape).number
    slips: list[tuple[str, Axis | Extent]] = []
    also: list[tuple[str, Axis | Extent]] = []
    if "bias" in KINDS[layer.kind].takes:
        if layer.bias is None:
            also.append(("without biases", bare))
        elif layer.bias:
            slips.append(("the biases are forgotten", bare))
        else:
            slips.append(("biases are counted, and the layer has none", full))
    recurrent = layer.kind in ("lstm", "gru", "rnn", "bilstm")
    if recurrent and layer.bias is not False and "biases" not in layer.more:
        # PyTorch keeps two biases for each gate.
        also.append(("with two biases for each gate", 2 * full - bare))
    if layer.kind == "conv" and layer.groups is None:
        filters = layer.filters
        assert filters is not None
        channels = depth(layer, shape)
        flat = replace(layer, depth=None)
        for bias in (True, False):
            one = replace(flat, bias=bias)
            known = len(shape) > layer.plane
            at = (*(shape[: layer.plane] if known else (0,) * layer.plane), 1)
            value = parameters(one, at).number
            slips.append(
                ("the channels of the input are forgotten: a filter is as deep as it", value)
            )
            one = replace(layer, bias=bias, filters=1)
            slips.append(("this is one filter", parameters(one, shape).number))
            one = replace(layer, bias=bias, kernel=(*layer.kernel[:1], *(1,) * (layer.plane - 1)))
            slips.append(
                ("the window is square: its side counts twice", parameters(one, shape).number)
            )
        slips.append(("each filter has a bias of its own", bare + 1))
        slips.append(("a filter has one bias, not one for each channel", bare + channels * filters))
    if layer.kind == "dense" and layer.units is not None:
        slips.append(("each output has a bias of its own", bare + 1))
    if layer.kind == "norm":
        features = shape[-1] if shape and layer.units is None else layer.units
        assert features is not None
        slips.append(("each feature has a scale and a shift", features))
        slips.append(("each feature has a scale and a shift", 2))
        slips.append(("the running mean and variance are not learned", 2 * full))
    return replace(found, slips=tuple(slips), also=tuple(also))


def of_sizes(found: Counted, layer: Layer, shape: Extent) -> Counted:
    if layer.kind not in ("conv", "pool"):
        return found
    tries: list[tuple[str, Layer]] = []
    if layer.padding:
        tries.append(("the padding is forgotten", replace(layer, padding=0)))
    if layer.stride not in (None, 1):
        tries.append(("the stride is forgotten", replace(layer, stride=1)))
    slips: list[tuple[str, Axis | Extent]] = []
    for says, wrong in tries:
        try:
            if (made := output(wrong, shape).value) is not None:
                slips.append((says, made))
        except (SizeError, Unsaid):
            continue
    value = found.value
    assert isinstance(value, tuple)
    less = (*(n - 1 for n in value[: layer.plane]), *value[layer.plane :])
    slips.append(("the first place of the window is forgotten: + 1", less))
    deep = (*value[: layer.plane], *shape[layer.plane :])
    slips.append(("the depth of the output is the number of filters", deep))
    return replace(found, slips=tuple(slips))
