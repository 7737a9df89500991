r"""Layers as numbers: how many parameters they have, what size their output has, what it costs.

The idea: each count is a product of sizes, so it is a number where the sizes are numbers and a
polynomial where they are letters.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from derive.counting.counted import Extent
from derive.kernel.sizes import Axis, Size, checked, latex, output_size, product


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
    """One layer: its ``kind`` is a row of ``derive.counting.kinds``.

    None stands for what is not said; ``same`` is the padding that keeps the size, ``full`` that
    of a full convolution, ``plane`` how many axes the windows move along, ``more`` the sizes of
    layers that have no windows.
    """

    kind: str
    filters: Axis | None = None
    kernel: tuple[Axis, ...] = ()
    depth: Axis | None = None  # of the input, where it is said
    stride: Axis | None = None
    padding: Axis | None = None
    dilation: Axis | None = None
    groups: Axis | None = None
    output_padding: Axis | None = None
    same: bool = False
    full: bool = False
    bias: bool | None = None
    units: Axis | None = None
    inputs: Axis | None = None
    plane: int = 2
    more: Mapping[str, Axis] = field(default_factory=dict)
    span: tuple[int, int] = (0, 0)

    def size(self, name: str, says: str) -> Axis:
        """One of the sizes that only some kinds have; Unsaid where the text does not give it."""
        if name not in self.more:
            raise Unsaid(says)
        return self.more[name]

    @property
    def window(self) -> tuple[Axis, ...]:
        """The sides of the window: one number stands for a square one."""
        if not self.kernel:
            raise Unsaid(f"the size of the {'window' if self.kind == 'pool' else 'filters'}")
        return self.kernel if len(self.kernel) > 1 else self.kernel * self.plane


class Unsaid(Exception):
    """What a count needs and the text does not say, in words."""


@dataclass(frozen=True, slots=True)
class Line:
    """A result and the steps to it, as LaTeX: the formula, the numbers put in, the value.

    ``assumed`` says why, or which customary values were taken, in words; a ``value`` of None is a
    formula that is no polynomial.
    """

    value: Axis | Extent | None
    steps: tuple[str, ...]
    assumed: tuple[str, ...] = ()

    @property
    def number(self) -> Axis:
        """The value of a line that is no size of an output."""
        assert self.value is not None
        assert not isinstance(self.value, tuple)
        return self.value


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
    return r" \times ".join(map(shown, shape))


def dotted(*sizes: Axis) -> str:
    """A product as it is written."""
    return r" \cdot ".join(map(shown, sizes))
