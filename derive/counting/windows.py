r"""Convolutions and pooling as numbers: parameters, the size of the output, multiply-adds.

The idea: every window follows one rule, \lfloor (n + 2p - d(k - 1) - 1) / s \rfloor + 1; groups
divide the depth of a filter, a depthwise convolution has as many groups as channels, and a
transposed convolution turns the rule round.
"""

from __future__ import annotations

from derive.counting.counted import Custom, Extent
from derive.counting.layers import Layer, Line, Unsaid, conv_parameters, dotted, shown, times
from derive.kernel.sizes import Axis, SizeError, latex, output_size, product

BIASED = "biases are counted"


def parameters(layer: Layer, shape: Extent) -> Line:
    r"""(k_1 k_2 C / G + 1) K, without the 1 where there is no bias."""
    filters, deep = _filters(layer, shape), _depth_of_filter(layer, shape)
    bias = layer.bias is not False
    one = " + 1" if bias else ""
    total = conv_parameters(filters, deep, layer.window, bias)
    formula = r"F_1 F_2 C" if layer.plane == 2 else "F C" if layer.plane == 1 else "F_1 F_2 F_3 C"
    if layer.groups is not None:
        formula = formula[:-1] + r"\frac{C}{G}"
    if layer.kind == "depthwise":
        formula, deep_shown = formula[:-2], ()
    else:
        deep_shown = (deep,)
    made = rf"({dotted(*layer.kernel, *deep_shown)}{one}) \cdot {shown(filters)}"
    over = "C" if layer.kind == "depthwise" else "K"
    assumed = (BIASED,) if layer.bias is None else ()
    return Line(total, (rf"({formula}{one}) \cdot {over}", made, latex(total)), assumed)


def no_parameters(layer: Layer, shape: Extent) -> Line:
    return Line(0, ("0",))


def depth(layer: Layer, shape: Extent) -> Axis:
    """How deep the input of a layer is; Unsaid where nothing says it."""
    if len(shape) > layer.plane and shape[-1] != 0:
        if layer.depth is not None and layer.depth != shape[-1]:
            raise Unsaid(
                f"why filters of depth {latex(layer.depth)} are used on {latex(shape[-1])} channels"
            )
        return shape[-1]
    if layer.depth is not None:
        return layer.depth
    raise Unsaid("how many channels the input has")


def _filters(layer: Layer, shape: Extent) -> Axis:
    if layer.kind == "depthwise":
        if layer.filters is not None and layer.filters != depth(layer, shape):
            raise Unsaid("how many filters each channel has")
        return depth(layer, shape)
    if layer.filters is None:
        raise Unsaid("how many filters the convolution has")
    return layer.filters


def _depth_of_filter(layer: Layer, shape: Extent) -> Axis:
    if layer.kind == "depthwise":
        return 1
    deep, groups = depth(layer, shape), layer.groups
    if groups is None:
        return deep
    numbers = (deep, groups, _filters(layer, shape))
    if not all(isinstance(n, int) for n in numbers):
        raise Unsaid("as numbers how many channels, filters and groups there are")
    for n in (deep, _filters(layer, shape)):
        if n % groups:  # type: ignore[operator]
            raise SizeError(f"{latex(n)} channels cannot be put into {latex(groups)} groups")
    return deep // groups  # type: ignore[operator]


def output(layer: Layer, shape: Extent) -> Line:
    """The shape of the output on an input of this shape.

    SizeError where a window does not fit.
    """
    if len(shape) < layer.plane or shape[0] == 0:
        raise Unsaid("the size of the input")
    spatial, window = shape[: layer.plane], layer.window
    if len(window) != layer.plane:
        raise Unsaid(f"how a window of {times(window)} moves over {times(spatial)}")
    assumed: list[str] = []
    channels = shape[layer.plane :]
    if layer.kind == "depthwise" or layer.filters is not None:
        channels = (_filters(layer, shape),)
    elif layer.kind != "pool":
        channels = ()
        assumed.append(
            Custom("the depth of the output is the number of filters, which is not said")
        )
    stride, padding, dilation = layer.stride, layer.padding, layer.dilation or 1
    if stride is None:
        # A pooling window moves by its own size unless told otherwise.
        stride = window[0] if layer.kind == "pool" else 1
        assumed.append(Custom(f"the stride is taken to be ${latex(stride)}$"))
    if layer.same and layer.kind != "transposed":
        if stride == 1:
            return Line((*spatial, *channels), (times((*spatial, *channels)),),
                        ("this padding keeps the size", *assumed))  # fmt: skip
        over = rf"\left\lceil \frac{{{latex(spatial[0])}}}{{{latex(stride)}}} \right\rceil"
        whole = (*(_ceil(n, stride) for n in spatial), *channels)
        return Line(whole, (times(whole),), (f"${over} = {latex(whole[0])}$", *assumed))
    if layer.full and padding is None and len(set(window)) == 1:
        padding = dilation * (window[0] - 1)
        assumed.append(rf"a full convolution is padded by ${latex(padding)}$")
    if padding is None:
        padding = 0
        if layer.kind != "pool":
            assumed.append(Custom("no padding is taken"))
    if not isinstance(stride, int) or not isinstance(dilation, int):
        return _formula(layer, spatial, window, (stride, padding, dilation), tuple(assumed))
    if layer.kind == "transposed":
        return _transposed(layer, spatial, (stride, padding, dilation), channels, assumed)
    made = tuple(
        output_size(n, k, stride, padding, dilation) for n, k in zip(spatial, window, strict=True)
    )
    why = dict.fromkeys(
        f"${_window(n, k, stride, padding, dilation)} = {latex(m)}$"
        for n, k, m in zip(spatial, window, made, strict=True)
    )
    uneven = dict.fromkeys(
        f"the window does not fit evenly: ${_evenly(n, k, stride, padding, dilation)}$ "
        "is no whole number, and the last places are left over"
        for n, k in zip(spatial, window, strict=True)
        if not _fits(n, k, stride, padding, dilation)
    )
    whole = (*made, *channels)
    return Line(whole, (times(whole),), (*why, *uneven, *assumed))


def _transposed(
    layer: Layer, spatial: Extent, options: tuple[int, Axis, int], channels: Extent,
    assumed: list[str],
) -> Line:  # fmt: skip
    r"""(n - 1) s - 2p + d(k - 1) + p_{out} + 1 (Dumoulin and Visin, 2016, relationship 14)."""
    stride, padding, dilation = options
    if layer.same:
        raise Unsaid("the padding of the transposed convolution as a number")
    extra = layer.output_padding or 0
    made, why = [], {}
    for n, k in zip(spatial, layer.window, strict=True):
        size = (n - 1) * stride - 2 * padding + dilation * (k - 1) + extra + 1
        if isinstance(size, int) and size < 1:
            raise SizeError(f"the transposed convolution has no output: its size would be {size}")
        made.append(size)
        reach = shown(k) if dilation == 1 else rf"{dilation} \cdot ({latex(k)} - 1) + 1"
        more = f" + {latex(extra)}" if extra else ""
        text = (
            rf"({latex(n)} - 1) \cdot {stride} - 2 \cdot {shown(padding)} + {reach}{more}"
            f" = {latex(size)}"
        )
        why[f"${text}$"] = None
    whole = (*made, *channels)
    return Line(whole, (times(whole),), (*why, *assumed))


def _formula(
    layer: Layer, spatial: Extent, window: Extent, options: tuple[Axis, Axis, Axis],
    assumed: tuple[str, ...],
) -> Line:  # fmt: skip
    """The size of one side where stride or dilation are letters: a formula, and no polynomial."""
    stride, padding, dilation = options
    if layer.kind == "transposed":
        raise Unsaid("the stride as a number")
    sides = dict.fromkeys(
        _window(n, k, stride, padding, dilation) for n, k in zip(spatial, window, strict=True)
    )
    text = next(iter(sides)) if len(sides) == 1 else r" \times ".join(f"({s})" for s in sides)
    return Line(None, (text,), ("along each side", *assumed))


def _fits(n: Axis, k: Axis, stride: int, padding: Axis, dilation: int) -> bool:
    room = n + 2 * padding - dilation * (k - 1) - 1
    return not isinstance(room, int) or room % stride == 0


def _ceil(n: Axis, by: Axis) -> Axis:
    if not isinstance(n, int) or not isinstance(by, int):
        raise SizeError(f"{latex(n)} over {latex(by)} is no whole number for every {latex(n)}")
    return -(-n // by)


def _evenly(n: Axis, k: Axis, stride: Axis, padding: Axis, dilation: Axis) -> str:
    reach = shown(k) if dilation == 1 else rf"({shown(dilation)} \cdot ({latex(k)} - 1) + 1)"
    padded = "" if padding == 0 else rf" + 2 \cdot {shown(padding)}"
    return rf"\frac{{{latex(n)} - {reach}{padded}}}{{{latex(stride)}}}"


def _window(n: Axis, k: Axis, stride: Axis, padding: Axis, dilation: Axis) -> str:
    return rf"\left\lfloor {_evenly(n, k, stride, padding, dilation)} \right\rfloor + 1"


def multiply_adds(layer: Layer, shape: Extent) -> Line:
    """Once for each place of the output, the weights of its filter; a transposed convolution
    takes them once for each place of its input."""
    whole = output(layer, shape)
    if not isinstance(whole.value, tuple):
        raise Unsaid("the stride as a number")
    filters, deep = _filters(layer, shape), _depth_of_filter(layer, shape)
    places = shape[: layer.plane] if layer.kind == "transposed" else whole.value[: layer.plane]
    sizes = (*places, filters, *layer.window, *((deep,) if layer.kind != "depthwise" else ()))
    total = product(sizes)
    return Line(total, (dotted(*sizes), latex(total)), whole.assumed)
