"""A kind and the facts of its clause to layers: several at once, and what they expand to.

The idea: each fact sets one size, once; a fact that the kind has no size for is not understood.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from derive.counting.kinds import KINDS
from derive.counting.layers import Layer
from derive.counting.lexicon import Mark
from derive.counting.sizes import axis
from derive.kernel.sizes import Axis

Fact = tuple[str, tuple[str, ...]]
# Facts of the input or of the training, and not of a layer.
ANYWHERE = frozenset(
    ["image", "made", "rgb", "gray", "patch", "samples", "batch", "epochs", "length", "bits",
     "bytes", "parameters", "side", "frames", "input side"]
)  # fmt: skip
_MORE = frozenset(
    ["hidden", "vocabulary", "width", "inner", "heads", "context", "layers", "rank", "experts"]
)
_FEATURED = frozenset(["norm", "group norm", "layer norm", "rms norm", "prelu"])
_LISTED = frozenset(["kernel", "stride", "padding", "dilation", "filters", "units"])
_RECURRENT = frozenset(["rnn", "lstm", "gru", "bilstm"])
_MOST = 64  # layers of one kind


class NotUnderstood(Exception):
    """A piece of a text that would change a count, and that is not understood."""


class Clause:
    """The kind and the facts of one phrase, or a ``layer`` that a call gives."""

    def __init__(
        self, kind: str, values: Sequence[str], span: tuple[int, int], layer: Layer | None = None,
        plural: bool = False,
    ) -> None:  # fmt: skip
        self.kind, self.span, self.layer, self.plural = kind, span, layer, plural
        self.facts: list[Fact] = []
        self.count = 1
        if values:
            number, dims, plane, stride = values
            count = axis(number) if number else 1
            if not isinstance(count, int) or not 1 <= count <= _MOST:
                raise NotUnderstood(number.strip("«»"))
            self.count = count
            if dims:
                self.facts.append(("kernel", (dims,)))
            if plane:
                self.facts.append((f"{plane[0]}-d", ()))
            if stride:
                self.facts.append(("stride", (stride,)))


def layers_of(clause: Clause) -> list[Layer]:
    """The layers that a clause describes."""
    if clause.layer is not None:
        return [clause.layer]
    found: list[Layer] = []
    count = clause.count
    lists = {len(values) for name, values in clause.facts if name in _LISTED and len(values) > 1}
    if count == 1 and clause.plural and len(lists) == 1:
        (count,) = lists  # "convolutions with dilations 1, 2 and 4"
    for place in range(count):
        facts = [(n, _own(v, place, count) if n in _LISTED else v) for n, v in clause.facts]
        found += expanded(told(Layer(clause.kind, span=clause.span), facts))
    return found


def _own(values: tuple[str, ...], place: int, count: int) -> tuple[str, ...]:
    """What the layer at this place has of a list with one value for each."""
    return (values[place],) if count > 1 and len(values) == count else values


def told(layer: Layer, facts: Iterable[Fact]) -> Layer:
    """The layer with these facts; NotUnderstood where it has no such size, or has two of it."""
    order = {"1-d": 0, "3-d": 0}
    for name, values in sorted(facts, key=lambda fact: order.get(fact[0], 1)):
        layer = _with(layer, name, values)
    return layer


def _with(layer: Layer, name: str, values: tuple[str, ...]) -> Layer:
    window = "kernel" in KINDS[layer.kind].takes and layer.kind != "patches"
    match name:
        case "1-d" | "3-d" if window:
            return replace(layer, plane=int(name[0]))
        case "bias" | "no bias":
            takes = "bias" in KINDS[layer.kind].takes
            return replace(layer, bias=name == "bias") if takes else layer
        case "two biases" | "pytorch" if layer.kind in _RECURRENT:
            bias = layer.bias if name == "pytorch" else True
            return replace(layer, bias=bias, more={**layer.more, "biases": 2})
        case "running" if layer.kind == "norm":
            return replace(layer, more={**layer.more, "running": 1})
        case "up and down" if layer.kind == "feed-forward":
            width, inner, back = values
            if back != width:
                raise NotUnderstood(back.strip("«»"))
            return _with(_with(layer, "width", (width,)), "inner", (inner,))
        case "head width" if layer.kind == "attention":
            return replace(layer, more={**layer.more, "head width": axis(values[0])})
        case "pytorch" | "no running":
            return layer
        case "same" if window:
            return replace(layer, same=True)
        case "causal":
            # It looks back only: its parameters are the same, its output is as long as its input.
            return replace(layer, same=True) if window else layer
        case "full" if window:
            return replace(layer, full=True)
        case "no padding" if window:
            return _set(layer, "padding", 0)
        case "filters+kernel":
            return _with(_with(layer, "filters", values[:1]), "kernel", values[1:])
        case "one each" if layer.kind in _FEATURED:
            return layer
        case "both channels":
            return _with(_with(layer, "channels", values[:1]), "filters", values[1:])
        case "equal channels":
            return _with(_with(layer, "channels", values), "filters", values)
        case "out":
            return _with(layer, "filters", values)
        case "both":
            return _with(_with(layer, "inputs", values[:1]), "units", values[1:])
        case "to":
            one, other = ("channels", "filters") if window else ("inputs", "units")
            return _with(_with(layer, one, values[:1]), other, values[1:])
        case "maps":
            return _with(layer, "filters" if window else "channels", values)
        case "kernel" if window:
            return _windowed(layer, values)
        case "matrix" if layer.kind == "low rank":
            sides = _sides(values)
            if len(sides) != 2:
                raise NotUnderstood(values[0])
            return replace(layer, more={**layer.more, "rows": sides[0], "columns": sides[1]})
    if len(values) != 1:
        raise NotUnderstood(", ".join(v.strip("«»") for v in values) or name)
    value = axis(values[0])
    takes = KINDS[layer.kind].takes
    if name in ("filters", "channels", "inputs", "width") and layer.kind in _FEATURED:
        name = "units"
    if name == "groups" and layer.kind == "group norm":
        return layer
    if name == "norms" and layer.kind == "block" and value == 2:
        return layer
    if name == "channels" and layer.kind == "pool":
        name = "depth"
    if name == "hidden" and name not in takes and "units" in takes:
        name = "units"
    if name in ("hidden", "units") and name not in takes and "width" in takes:
        name = "width"
    if name == "width" and name not in takes and "inputs" in takes and layer.inputs is None:
        name = "inputs"
    if name == "channels" and "channels" in takes:
        return _set(layer, "depth", value)
    if name in _MORE and name in takes:
        if layer.more.get(name, value) != value:
            raise NotUnderstood(values[0].strip("«»"))
        return replace(layer, more={**layer.more, name: value})
    if name == "depth" or name in takes:
        return _set(layer, name.replace(" ", "_"), value)
    raise NotUnderstood(f"{name} {values[0].strip('«»')}")


def _set(layer: Layer, name: str, value: Axis) -> Layer:
    before = getattr(layer, name)
    if before is not None and before != value:
        raise NotUnderstood(f"two values of the {name}")
    return replace(layer, **{name: value})


def _sides(values: Sequence[str]) -> tuple[Axis, ...]:
    return tuple(axis(part) for text in values for part in text.split("x"))


def _windowed(layer: Layer, values: tuple[str, ...]) -> Layer:
    if len(values) != 1:
        raise NotUnderstood(", ".join(values))
    sides = _sides(values)
    plane = layer.plane
    if len(sides) > plane + 1 or 1 < len(sides) < plane:
        raise NotUnderstood(values[0])
    if len(sides) == plane + 1:
        layer = _set(layer, "depth", sides[-1])
    window = sides[:plane]
    square = layer.kernel * plane if len(layer.kernel) == 1 else layer.kernel
    if layer.kernel and square != (window * plane if len(window) == 1 else window):
        raise NotUnderstood("two sizes of the window")
    return replace(layer, kernel=window)


def expanded(layer: Layer) -> list[Layer]:
    """A separable convolution is a depthwise one and a pointwise one; a pointwise one is 1 x 1."""
    if layer.kind == "separable":
        first = replace(layer, kind="depthwise", filters=None)
        one = Layer("conv", layer.filters, (1,) * 2, stride=1, padding=0, bias=layer.bias,
                    span=layer.span)  # fmt: skip
        return [first, one]
    if layer.kind == "pointwise":
        kernel = layer.kernel or (1,) * layer.plane
        return [replace(layer, kind="conv", kernel=kernel)]
    if layer.kind == "regression" and layer.units is None:
        return [replace(layer, units=1)]
    if layer.kind == "patches" and layer.filters is None and "width" in layer.more:
        return [replace(layer, filters=layer.more["width"])]
    if layer.kind == "rnn" and layer.units is not None and "hidden" in layer.more:
        hidden, bias = layer.more["hidden"], layer.bias
        out = Layer("dense", inputs=hidden, units=layer.units, bias=bias, span=layer.span)
        return [replace(layer, units=None), out]
    return [layer]


def bias_of(facts: Iterable[Mark]) -> bool | None:
    """Whether a sentence counts biases."""
    names = {mark.name for mark in facts}
    if "no bias" in names:
        return False
    return True if "bias" in names else None
