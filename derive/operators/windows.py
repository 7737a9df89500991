r"""Convolution and pooling: windows that slide over one or two axes.

The idea: what a window sees is x_{s i + d a - p}, an entry for each place i of the window and each
place a inside it.  As a contraction with a constant (``incidence``), a convolution is linear in its
input and in its kernel and is differentiated by the kernel's rules; entries out of range are 0,
which is zero padding.

As in deep learning, a convolution here is a cross-correlation: the kernel is not flipped
(Goodfellow et al., Deep Learning, 2016, equation 9.6); ``flip`` turns it into the other one.
Arguments are named and ordered as in PyTorch's ``torch.nn.functional``.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, TypeAlias

from derive.kernel.build import contracted, plus, zeros
from derive.kernel.expr import Axes, Expr, Ones, ShapeError, shape_text
from derive.kernel.sizes import Axis, Size, SizeError, output_size
from derive.operators.blocks import joined, sliced
from derive.operators.incidence import equation, factors

__all__ = [
    "conv1d", "conv2d", "conv_transpose1d", "conv_transpose2d", "convolve", "correlate", "flip",
]  # fmt: skip

# How documents spell these.
CONVOLUTIONS = frozenset(
    ["conv", "Conv", "conv1d", "Conv1d", "Conv1D", "conv2d", "Conv2d", "Conv2D", "convolve",
     "fullconv", "ConvTranspose", "ConvTranspose1d", "ConvTranspose2d", "ConvTranspose1D",
     "ConvTranspose2D", "TransposedConv", "TransposeConv", "convtranspose", "deconv", "Deconv",
     "correlate", "xcorr"]
)  # fmt: skip
FLIPS = frozenset(["flip", "Flip", "rot", "rot180"])

Option: TypeAlias = "int | Sequence[int]"
Padding: TypeAlias = "Axis | Sequence[Axis] | str"
Indices: TypeAlias = tuple[int, ...]


class Geometry(NamedTuple):
    """How a window moves along one axis."""

    stride: int = 1
    padding: Axis = 0
    dilation: Axis = 1


def conv1d(
    x: Expr, w: Expr, b: Expr | None = None, stride: int = 1, padding: Axis | str = 0,
    dilation: int = 1, groups: int = 1,
) -> Expr:  # fmt: skip
    r"""The convolution of a signal: z_{o i} = b_o + \sum_{c a} w_{o c a} x_{c, s i + d a - p}.

    ``x``: [N,] C, L and ``w``: O, C / groups, k give [N,] O, L' with
    L' = \lfloor (L + 2p - d(k - 1) - 1) / s \rfloor + 1; a plain signal L and kernel k give L'.
    ``b``: O, or a scalar for a plain kernel.  ``padding`` zeros on either side, or ``"valid"`` (0)
    or ``"same"`` (L' = L, for stride 1 and an odd kernel).  The kernel is not flipped.

    ShapeError where channels, sizes or options do not fit, with the size formula.
    Dumoulin and Visin, A guide to convolution arithmetic for deep learning, 2016, section 2.4;
    Goodfellow et al., Deep Learning, 2016, equation 9.6.

    >>> import derive as d
    >>> n, k = d.sizes("n k")
    >>> conv1d(d.vector("x", n), d.vector("w", k)).axes
    (Size(n - k + 1),)
    """
    return _convolved(x, w, b, 1, stride, padding, dilation, groups)


def conv2d(
    x: Expr, w: Expr, b: Expr | None = None, stride: Option = 1, padding: Padding = 0,
    dilation: Option = 1, groups: int = 1,
) -> Expr:  # fmt: skip
    r"""The convolution of an image, as ``conv1d`` along both of its last axes.

    ``x``: [N,] C, H, W and ``w``: O, C / groups, kh, kw give [N,] O, H', W'; a plain image H, W and
    kernel kh, kw give H', W'.  Options are one number, or one for each axis.

    >>> import derive as d
    >>> x, w = d.tensor("x", 3, 32, 32), d.tensor("w", 16, 3, 7, 7)
    >>> conv2d(x, w).axes
    (16, 26, 26)
    """
    return _convolved(x, w, b, 2, stride, padding, dilation, groups)


def _convolved(
    x: Expr, w: Expr, b: Expr | None, dims: int, stride: Option, padding: Padding,
    dilation: Option, groups: int,
) -> Expr:  # fmt: skip
    word = f"conv{dims}d"
    plain = len(w.axes) == dims
    ranks = (dims,) if plain else (dims + 1, dims + 2)
    if len(x.axes) not in ranks or len(w.axes) not in (dims, dims + 2):
        shapes = f"x of shape {shape_text(x.axes)} and w of shape {shape_text(w.axes)}"
        space = "L" if dims == 1 else "H, W"
        kernel = "k" if dims == 1 else "kh, kw"
        raise ShapeError(
            f"{word} cannot take {shapes}: give x: [N,] C, {space} and w: O, C, {kernel}, or "
            f"x: {space} and w: {kernel}"
        )
    how = geometry(word, x.axes[-dims:], w.axes[-dims:], stride, padding, dilation)
    if groups != 1:
        made = _by_groups(word, x, w, dims, how, groups)
    else:
        if not plain and x.axes[-dims - 1] != w.axes[1]:
            raise ShapeError(
                f"{word} needs one kernel slice for each channel: x has {x.axes[-dims - 1]}, "
                f"w has {w.axes[1]}"
            )
        lead = () if plain else tuple(range(100, 100 + len(x.axes) - dims - 1))
        x_own, w_own, out = (*lead, 91), (90, 91), (*lead, 90)
        if plain:
            x_own = w_own = out = ()
        made = correlation(x, w, dims, how, x_own, w_own, out)
    return made if b is None else _with_bias(word, made, b, dims)


def correlation(
    x: Expr, w: Expr, dims: int, how: Sequence[Geometry], x_own: Indices, w_own: Indices,
    out: Indices,
) -> Expr:  # fmt: skip
    """Windows of x times w, summed: the leading indices of both as given, then the axes of space.

    Space has the indices 0 .. (the result), 10 .. (the kernel) and 20 .. (the input).
    """
    x_space, w_space, z_space = x.axes[-dims:], w.axes[-dims:], []
    parts, spots = [w, x], [(*w_own, *range(10, 10 + dims)), (*x_own, *range(20, 20 + dims))]
    for r, one in enumerate(how):
        count = output_size(x_space[r], w_space[r], *one)
        z_space.append(count)
        for part, own in window(r, 10 + r, 20 + r, count, w_space[r], x_space[r], one):
            parts.append(part)
            spots.append(own)
    return contracted(parts, spots, (*out, *range(dims)))


def window(
    at: int, inside: int, source: int, count: Axis, k: Axis, n: Axis, how: Geometry
) -> list[tuple[Expr, Indices]]:
    """1[source = stride at + dilation inside - padding], as factors over these indices."""
    stride, padding, dilation = how
    terms = [(source, 1), (at, -stride), (inside, -1 * dilation)]
    made = factors(equation(terms, padding), {at: count, inside: k, source: n})
    if made is None:  # no place of the window sees an entry: all of it is padding
        return [(zeros((count, k, n)), (at, inside, source))]
    seen = {i for _, own in made for i in own}
    extra = [(Ones(size), (i,)) for i, size in ((at, count), (inside, k), (source, n))
             if i not in seen]  # fmt: skip
    return [*made, *extra]


def geometry(
    word: str, space: Axes, kernel: Axes, stride: Option, padding: Padding, dilation: Option
) -> list[Geometry]:
    """The options for each axis, checked against its sizes; ShapeError where they do not fit."""
    dims = len(space)
    strides, dilations = (
        each(word, "stride", stride, dims),
        each(word, "dilation", dilation, dims),
    )
    if isinstance(padding, str):
        paddings = [_by_word(word, padding, k, s, d)
                    for k, s, d in zip(kernel, strides, dilations, strict=True)]  # fmt: skip
    else:
        paddings = each(word, "padding", padding, dims)
    found = []
    for n, k, *options in zip(space, kernel, strides, paddings, dilations, strict=True):
        how = Geometry(*options)  # type: ignore[arg-type]
        try:
            output_size(n, k, *how)
        except SizeError as error:
            raise ShapeError(f"{word}: {error}") from None
        found.append(how)
    return found


def each(word: str, name: str, option: object, dims: int) -> list:
    """An option that is one number, or one for each axis, as one for each axis."""
    several = [option] * dims if isinstance(option, int | Size) else option
    if not isinstance(several, list | tuple) or len(several) != dims:
        raise ShapeError(f"the {name} of {word} is one number or {dims}, not {option!r}")
    return list(several)


def _by_word(word: str, padding: str, k: Axis, stride: int, dilation: int) -> Axis:
    if padding == "valid":
        return 0
    if padding != "same":
        raise ShapeError(f'the padding of {word} is a number, "valid" or "same", not {padding!r}')
    reach = dilation * (k - 1)
    if stride != 1 or not isinstance(reach, int) or reach % 2:
        raise ShapeError(
            f'padding "same" of {word} needs stride 1 and an odd kernel of known size: give the '
            "padding as a number"
        )
    return reach // 2


def _by_groups(word: str, x: Expr, w: Expr, dims: int, how: list[Geometry], groups: Axis) -> Expr:
    """Each group of output channels sees a group of channels alone; depthwise, one channel."""
    channels = x.axes[-dims - 1] if len(x.axes) > dims else 1
    if len(w.axes) != dims + 2 or groups * w.axes[1] != channels:
        raise ShapeError(
            f"{word} of {groups} groups over {channels} channels needs w: O, {channels} / "
            f"{groups}, .., not {shape_text(w.axes)}"
        )
    if groups != channels or w.axes[0] != channels:
        return _side_by_side(word, x, w, dims, how, groups)
    alone = contracted((w,), (tuple(range(len(w.axes))),), (0, *range(2, len(w.axes))))
    lead = tuple(range(100, 100 + len(x.axes) - dims - 1))
    return correlation(x, alone, dims, how, (*lead, 91), (91,), (*lead, 91))


def _side_by_side(
    word: str, x: Expr, w: Expr, dims: int, how: list[Geometry], groups: Axis
) -> Expr:  # fmt: skip
    """The channels of all groups, one group after the other (Krizhevsky et al., 2012)."""
    outputs, inside = w.axes[0], w.axes[1]
    if not isinstance(groups, int) or not isinstance(outputs, int) or outputs % groups:
        raise ShapeError(
            f"{word}: {groups} groups do not share {outputs} output channels; both are numbers"
        )
    out, axis = outputs // groups, -dims - 1
    lead = tuple(range(100, 100 + len(x.axes) - dims - 1))
    parts = []
    for k in range(groups):
        seen = sliced(x, axis, k * inside, (k + 1) * inside)
        own = sliced(w, -dims - 2, k * out, (k + 1) * out)
        parts.append(correlation(seen, own, dims, how, (*lead, 91), (90, 91), (*lead, 90)))
    return joined(parts, axis)


def _with_bias(word: str, made: Expr, b: Expr, dims: int) -> Expr:
    if not b.axes:
        return plus(made, b)
    channel = len(made.axes) - dims - 1
    if len(b.axes) != 1 or channel < 0 or b.axes[0] != made.axes[channel]:
        count = made.axes[channel] if channel >= 0 else "no"
        raise ShapeError(
            f"the bias of {word} is one number for each of {count} output channels, not of shape "
            f"{shape_text(b.axes)}"
        )
    return made + along(b, made.axes, channel)


def along(b: Expr, axes: Axes, place: int) -> Expr:
    """A vector repeated over all axes but its own."""
    own = tuple(range(len(axes)))
    others = [k for k in own if k != place]
    ones = [Ones(axes[k]) for k in others]
    return contracted((b, *ones), ((place,), *((k,) for k in others)), own)


def flip(w: Expr, dims: int | None = None) -> Expr:
    """The array with its last axes (all, or ``dims`` of them) read backwards; an image is turned by
    180 degrees.

    >>> import derive as d
    >>> w = d.vector("w", 3)
    >>> d.evaluate(flip(w), {w: [1, 2, 3]}).tolist()
    [3.0, 2.0, 1.0]
    """
    count = len(w.axes) if dims is None else dims
    if not 0 < count <= len(w.axes):
        raise ShapeError(f"flip needs at least one axis, not {shape_text(w.axes)}")
    own, parts, spots = list(range(len(w.axes))), [w], []
    out = list(own)
    for k in range(len(w.axes) - count, len(w.axes)):
        fresh = 100 + k
        n = w.axes[k]
        made = factors(equation([(k, 1), (fresh, 1)], 1 - n), {k: n, fresh: n})  # type: ignore[arg-type,operator]
        assert made is not None
        seen = {i for _, s in made for i in s}
        made += [(Ones(n), (i,)) for i in (k, fresh) if i not in seen]
        parts += [p for p, _ in made]
        spots += [s for _, s in made]
        out[k] = fresh
    return contracted(parts, [tuple(own), *spots], tuple(out))


def correlate(x: Expr, w: Expr) -> Expr:
    r"""The cross-correlation w \\star x of a signal or image with a kernel: ``conv1d``, ``conv2d``.

    z_i = \sum_a w_a x_{i + a}, at every place where the kernel fits (Goodfellow et al., 2016,
    equation 9.6).  ShapeError for more than two axes.
    """
    return _plain("correlate", x, w)


def convolve(x: Expr, w: Expr) -> Expr:
    r"""The convolution of signal processing: the kernel is flipped, z_i = \sum_a w_a x_{i + k - a}.

    At every place where the kernel fits (Goodfellow et al., 2016, equation 9.4).

    >>> import derive as d
    >>> x, w = d.vector("x", 3), d.vector("w", 2)
    >>> d.evaluate(convolve(x, w), {x: [1, 2, 4], w: [1, 10]}).tolist()
    [12.0, 24.0]
    """
    return _plain("convolve", x, flip(w))


def _plain(word: str, x: Expr, w: Expr) -> Expr:
    dims = len(w.axes)
    if dims not in (1, 2) or len(x.axes) != dims:
        raise ShapeError(
            f"{word} needs two vectors or two matrices, not {shape_text(x.axes)} and "
            f"{shape_text(w.axes)}"
        )
    return _convolved(x, w, None, dims, 1, 0, 1, 1)


# ------------------------------------------------------------------------------------- transposed


def conv_transpose1d(
    g: Expr, w: Expr, stride: int = 1, padding: int = 0, dilation: int = 1, size: Axis | None = None
) -> Expr:
    r"""The adjoint of ``conv1d`` in its input: <g, conv1d(x, w)> = <conv_transpose1d(g, w), x>.

    ``g``: [N,] O, L' and ``w``: O, C, k give [N,] C, L with L = (L' - 1)s - 2p + d(k - 1) + 1, or
    ``size`` where a stride leaves more than one (Dumoulin and Visin, 2016, section 4).  It is the
    gradient of a convolution by its input.
    """
    return _transposed(g, w, 1, stride, padding, dilation, size)


def conv_transpose2d(
    g: Expr, w: Expr, stride: Option = 1, padding: Option = 0, dilation: Option = 1,
    size: Axis | Sequence[Axis] | None = None,
) -> Expr:  # fmt: skip
    """The adjoint of ``conv2d`` in its input, as ``conv_transpose1d`` along both axes."""
    return _transposed(g, w, 2, stride, padding, dilation, size)


def _transposed(
    g: Expr, w: Expr, dims: int, stride: Option, padding: Option, dilation: Option, size: object
) -> Expr:
    word = f"conv_transpose{dims}d"
    plain = len(w.axes) == dims
    fits = len(g.axes) == dims if plain else (
        len(w.axes) == dims + 2 and len(g.axes) in (dims + 1, dims + 2))  # fmt: skip
    if not fits or (not plain and g.axes[-dims - 1] != w.axes[0]):
        raise ShapeError(
            f"{word} needs g with the output channels of w first, not g of shape "
            f"{shape_text(g.axes)} and w of shape {shape_text(w.axes)}"
        )
    how = [Geometry(*one) for one in zip(
        each(word, "stride", stride, dims), each(word, "padding", padding, dims),
        each(word, "dilation", dilation, dims), strict=True)]  # fmt: skip
    wanted = [None] * dims if size is None else each(word, "size", size, dims)
    lead = () if plain else tuple(range(100, 100 + len(g.axes) - dims - 1))
    g_own, w_own = (*lead, *([] if plain else [90])), () if plain else (90, 91)
    parts, spots = [w, g], [(*w_own, *range(10, 10 + dims)), (*g_own, *range(dims))]
    for r, one in enumerate(how):
        k, m = w.axes[r - dims], g.axes[r - dims]
        n = wanted[r]
        if n is None:
            n = one.stride * (m - 1) - 2 * one.padding + one.dilation * (k - 1) + 1  # type: ignore[operator]
        try:
            count = output_size(n, k, *one)
        except SizeError as error:
            raise ShapeError(f"{word}: {error}") from None
        if count != m:
            raise ShapeError(f"{word}: a window fits {count} times into {n}, g has {m} entries")
        made = window(r, 10 + r, 20 + r, m, k, n, one)
        parts += [p for p, _ in made]
        spots += [s for _, s in made]
    out = (*lead, *([] if plain else [91]), *range(20, 20 + dims))
    return contracted(parts, spots, out)
