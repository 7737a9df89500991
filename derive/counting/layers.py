r"""Layers as numbers: how many parameters they have, what size their output has, what it costs.

The idea: each count is a product of sizes, so it is a number where the sizes are numbers and a
polynomial where they are letters.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from derive.counting.counted import Extent
from derive.kernel.sizes import Axis, Size, SizeError, checked, latex, output_size, product


def conv_parameters(
    filters: Axis, channels: Axis, kernel: Axis | Sequence[Axis], bias: bool = True
) -> Axis:
    """The parameters of a convolution: one weight for each entry of each filter, and its bias.

    ``kernel`` is the size of the window, one number for a square one; every filter is as deep as
    the input has ``channels`` (Dumoulin and Visin, A guide to convolution arithmetic for deep
    learning, 2016, section 1.1).

    >>> conv_parameters(5, 3, 3)
    140
    """
    window = (kernel, kernel) if isinstance(kernel, int | Size) else tuple(kernel)
    weights = product(map(checked, window)) * checked(channels)
    return (weights + (1 if bias else 0)) * checked(filters)


def dense_parameters(inputs: Axis, outputs: Axis, bias: bool = True) -> Axis:
    """The parameters of a fully connected layer: a weight for each pair, a bias for each output.

    >>> dense_parameters(32 * 32 * 3, 500)
    1536500
    """
    return (checked(inputs) + (1 if bias else 0)) * checked(outputs)


def norm_parameters(features: Axis) -> Axis:
    """The learnable parameters of batch normalisation: a scale and a shift for each feature (Ioffe
    and Szegedy, Batch normalization, 2015, algorithm 1).

    >>> norm_parameters(64)
    128
    """
    return 2 * checked(features)


def receptive_field(layers: Iterable[tuple[int, ...]]) -> int:
    r"""How many inputs along one axis an output sees: 1 + \sum_l d_l (k_l - 1) \prod_{i<l} s_i.

    ``layers`` are (kernel, stride) or (kernel, stride, dilation) from the input on (Araujo, Norris
    and Sim, Computing receptive fields of convolutional neural networks, 2019, equation 2).
    ValueError for a number below 1.

    >>> receptive_field([(7, 1), (3, 1)])
    9
    """
    field_size, jump = 1, 1
    for kernel, stride, *rest in layers:
        dilation = rest[0] if rest else 1
        if min(kernel, stride, dilation) < 1:
            raise ValueError("kernels, strides and dilations are at least 1")
        field_size += dilation * (kernel - 1) * jump
        jump *= stride
    return field_size


def conv_multiply_adds(
    shape: Sequence[Axis], filters: Axis, kernel: Axis | Sequence[Axis], stride: int = 1,
    padding: Axis = 0, dilation: int = 1,
) -> Axis:  # fmt: skip
    """The multiply-adds of a convolution of one image: its parameters without biases, once for
    each place of the output.

    ``shape`` is (height, width, channels).  SizeError where the window does not fit.

    >>> conv_multiply_adds((32, 32, 3), 4, 4)
    161472
    """
    height, width, channels = shape
    window = (kernel, kernel) if isinstance(kernel, int | Size) else tuple(kernel)
    places = [output_size(n, k, stride, padding, dilation)
              for n, k in zip((height, width), window, strict=True)]  # fmt: skip
    return product((*places, filters, *window, channels))


@dataclass(frozen=True, slots=True)
class Layer:
    """One layer: ``kind`` is ``conv``, ``pool``, ``dense``, ``norm`` or ``other``, which has no
    parameters and keeps the size.  None stands for what is not said; ``same`` is the padding that
    keeps the size.
    """

    kind: str
    filters: Axis | None = None
    kernel: tuple[Axis, ...] = ()
    depth: Axis | None = None  # of each filter, where it is said
    stride: int | None = None
    padding: Axis | None = None
    dilation: int | None = None
    same: bool = False
    bias: bool | None = None
    units: Axis | None = None
    inputs: Axis | None = None
    span: tuple[int, int] = (0, 0)


class Unsaid(Exception):
    """What a count needs and the text does not say, in words."""


@dataclass(frozen=True, slots=True)
class Line:
    """A result and the steps to it, as LaTeX: the formula, the numbers put in, the value.

    ``assumed`` says why, or which customary values were taken, in words.
    """

    value: Axis | Extent
    steps: tuple[str, ...]
    assumed: tuple[str, ...] = ()


def parameters(layer: Layer, shape: Extent) -> Line:
    """The parameters of a layer on an input of this shape, (height, width, channels)."""
    assumed: tuple[str, ...] = ()
    bias = layer.bias
    if layer.kind in ("conv", "dense") and bias is None:
        bias, assumed = True, ("biases are counted",)
    one = " + 1" if bias else ""
    if layer.kind == "conv":
        if layer.filters is None:
            raise Unsaid("how many filters the convolution has")
        if not layer.kernel:
            raise Unsaid("the size of the filters")
        channels = depth(layer, shape)
        window = r" \cdot ".join(map(shown, (*layer.kernel, channels)))
        total = conv_parameters(layer.filters, channels, layer.kernel, bool(bias))
        made = rf"({window}{one}) \cdot {shown(layer.filters)}"
        return Line(total, (rf"(F_1 F_2 C{one}) \cdot K", made, latex(total)), assumed)
    if layer.kind == "dense":
        if layer.units is None:
            raise Unsaid("how many outputs the layer has")
        inputs = layer.inputs if layer.inputs is not None else entries(shape)
        total = dense_parameters(inputs, layer.units, bool(bias))
        own = shown(inputs)
        if layer.inputs is None and len(shape) > 1:
            own = r" \cdot ".join(map(shown, shape))
        made = rf"({own}{one}) \cdot {shown(layer.units)}"
        return Line(total, (rf"(n_{{in}}{one}) \cdot n_{{out}}", made, latex(total)), assumed)
    if layer.kind == "norm":
        features = layer.units if layer.units is not None else shape[-1] if shape else None
        if features is None:
            raise Unsaid("how many features are normalised")
        total = norm_parameters(features)
        return Line(total, (rf"2 \cdot {shown(features)}", latex(total)))
    return Line(0, ("0",))


def depth(layer: Layer, shape: Extent) -> Axis:
    """How deep the filters are: as the input; Unsaid where nothing says it."""
    if len(shape) > 2:
        if layer.depth is not None and layer.depth != shape[-1]:
            raise Unsaid(
                f"why filters of depth {latex(layer.depth)} are used on {latex(shape[-1])} channels"
            )
        return shape[-1]
    if layer.depth is not None:
        return layer.depth
    raise Unsaid("how many channels the input has")


def output(layer: Layer, shape: Extent) -> Line:
    """The shape of the output on an input of this shape.

    SizeError where a window does not fit.
    """
    if layer.kind == "dense":
        if layer.units is None:
            raise Unsaid("how many outputs the layer has")
        return Line((layer.units,), (latex(layer.units),))
    if layer.kind not in ("conv", "pool"):
        return Line(shape, (times(shape),))
    if len(shape) < 2:
        raise Unsaid("the size of the input")
    if not layer.kernel:
        raise Unsaid("the size of the window")
    if layer.kind == "conv" and layer.filters is None:
        raise Unsaid("how many filters the convolution has")
    assumed: list[str] = []
    stride, padding, dilation = layer.stride, layer.padding, layer.dilation or 1
    if stride is None:
        # A pooling window moves by its own size unless told otherwise.
        own = layer.kernel[0] if layer.kind == "pool" else 1
        stride = own if isinstance(own, int) else 1
        assumed.append(f"the stride is taken to be {stride}")
    if layer.same:
        if stride != 1:
            whole = (*(_ceil(n, stride) for n in shape[:2]), *_channels(layer, shape))
            over = rf"\left\lceil \frac{{{latex(shape[0])}}}{{{stride}}} \right\rceil"
            return Line(whole, (times(whole),), (f"${over} = {latex(whole[0])}$", *assumed))
        whole = (*shape[:2], *_channels(layer, shape))
        return Line(whole, (times(whole),), ("this padding keeps the size", *assumed))
    if padding is None:
        padding = 0
        if layer.kind == "conv":
            assumed.append("no padding is taken")
    kernel = layer.kernel if len(layer.kernel) > 1 else layer.kernel * 2
    made = tuple(
        output_size(n, k, stride, padding, dilation) for n, k in zip(shape[:2], kernel, strict=True)
    )
    sides = zip(shape[:2], kernel, made, strict=True)
    why = tuple(dict.fromkeys(
        f"${_window(n, k, stride, padding, dilation)} = {latex(m)}$" for n, k, m in sides
    ))  # fmt: skip
    whole = (*made, *_channels(layer, shape))
    return Line(whole, (times(whole),), (*why, *assumed))


def _channels(layer: Layer, shape: Extent) -> Extent:
    if layer.kind == "conv":
        assert layer.filters is not None
        return (layer.filters,)
    return shape[2:]


def _ceil(n: Axis, by: int) -> Axis:
    if not isinstance(n, int):
        raise SizeError(f"{latex(n)} over {by} is no whole number for every {latex(n)}")
    return -(-n // by)


def _window(n: Axis, k: Axis, stride: int, padding: Axis, dilation: int) -> str:
    reach = shown(k) if dilation == 1 else rf"({dilation} \cdot ({latex(k)} - 1) + 1)"
    over = rf"{latex(n)} - {reach} + 2 \cdot {shown(padding)}"
    return rf"\left\lfloor \frac{{{over}}}{{{stride}}} \right\rfloor + 1"


def multiply_adds(layer: Layer, shape: Extent) -> Line:
    """The products of a weight and an input that a layer takes for one sample."""
    if layer.kind == "conv":
        whole = output(layer, shape)
        assert isinstance(whole.value, tuple)
        channels = depth(layer, shape)
        sizes = (*whole.value, *_both(layer.kernel), channels)
        total = product(sizes)
        return Line(total, (r" \cdot ".join(map(shown, sizes)), latex(total)), whole.assumed)
    if layer.kind == "dense":
        if layer.units is None:
            raise Unsaid("how many outputs the layer has")
        inputs = layer.inputs if layer.inputs is not None else entries(shape)
        total = inputs * layer.units
        return Line(total, (rf"{shown(inputs)} \cdot {shown(layer.units)}", latex(total)))
    return Line(0, ("0",))


def _both(kernel: tuple[Axis, ...]) -> tuple[Axis, ...]:
    return kernel if len(kernel) > 1 else kernel * 2


def entries(shape: Extent) -> Axis:
    """How many entries an input has; Unsaid where its shape is not said."""
    if not shape or shape[0] == 0:
        raise Unsaid("how many inputs the layer has")
    return product(shape)


def shown(size: Axis) -> str:
    """A size as a factor."""
    return f"({latex(size)})" if isinstance(size, Size) and len(size.terms) > 1 else latex(size)


def times(shape: Extent) -> str:
    """A shape: 32 \\times 32 \\times 3."""
    return r" \times ".join(map(latex, shape))


def through(layers: Sequence[Layer], shape: Extent) -> list[tuple[Layer, Extent]]:
    """Each layer with the shape of its input; a shape is () from where nothing says it."""
    found: list[tuple[Layer, Extent]] = []
    for layer in layers:
        found.append((layer, shape))
        if shape[:1] == (0,):  # only the channels are known
            known = layer.kind != "conv" or layer.filters is not None
            keeps = layer.kind != "dense" and known
            shape = (*shape[:2], *_channels(layer, shape)) if keeps else ()
            continue
        try:
            made = output(layer, shape).value
            shape = made if isinstance(made, tuple) else ()
        except Unsaid:
            shape = ()
    return found
