r"""Layers without windows as numbers: dense, normalised, recurrent, attention, embeddings, blocks.

The idea: every one is a sum of products of sizes, written as the course writes it; a block is the
sum of its parts.
"""

from __future__ import annotations

from collections.abc import Callable

from derive.counting.counted import Custom, Extent
from derive.counting.layers import (
    Layer,
    Line,
    Unsaid,
    dense_parameters,
    dotted,
    entries,
    norm_parameters,
    shown,
)
from derive.counting.windows import BIASED
from derive.kernel.sizes import Axis, latex


def dense(layer: Layer, shape: Extent) -> Line:
    """(n_in + 1) n_out."""
    bias = layer.bias is not False
    inputs, own = _inputs(layer, shape)
    units, one = _units(layer), " + 1" if bias else ""
    total = dense_parameters(inputs, units, bias)
    made = rf"({own}{one}) \cdot {shown(units)}"
    formula = rf"(n_{{in}}{one}) \cdot n_{{out}}"
    return Line(total, (formula, made, latex(total)), (BIASED,) if layer.bias is None else ())


def dense_output(layer: Layer, shape: Extent) -> Line:
    return Line((_units(layer),), (latex(_units(layer)),))


def dense_multiply_adds(layer: Layer, shape: Extent) -> Line:
    inputs, own = _inputs(layer, shape)
    total = inputs * _units(layer)
    return Line(total, (rf"{own} \cdot {shown(_units(layer))}", latex(total)))


def _units(layer: Layer) -> Axis:
    if layer.units is None:
        raise Unsaid("how many outputs the layer has")
    return layer.units


def _inputs(layer: Layer, shape: Extent) -> tuple[Axis, str]:
    if layer.inputs is not None:
        # What comes in must be what the layer takes.
        if shape and shape[0] != 0 and entries(shape) != layer.inputs:
            taken, given = latex(layer.inputs), latex(entries(shape))
            raise Unsaid(f"why a layer of {taken} inputs is used on {given} values")
        return layer.inputs, shown(layer.inputs)
    return entries(shape), dotted(*shape)


def norm(layer: Layer, shape: Extent) -> Line:
    """A scale and a shift for each feature."""
    features = _features(layer, shape, "how many features are normalised")
    total, each = norm_parameters(features), 2
    told: tuple[str, ...] = ()
    if "running" in layer.more:
        total, each = 2 * total, 4
        told = ("a scale, a shift, a running mean and a running variance for each feature",)
    return Line(total, (rf"{each} \cdot {shown(features)}", latex(total)), told)


def one_each(layer: Layer, shape: Extent) -> Line:
    """One number for each feature: the slopes of a PReLU, the scales of RMS normalisation."""
    features = _features(layer, shape, "how many features the layer has")
    return Line(features, (latex(features),))


def _features(layer: Layer, shape: Extent, says: str) -> Axis:
    if layer.units is not None:
        if shape and shape[-1] != layer.units and shape[0] != 0:
            raise Unsaid(f"why {latex(layer.units)} features are told of {latex(shape[-1])}")
        return layer.units
    if not shape:
        raise Unsaid(says)
    return shape[-1]


def embedding(layer: Layer, shape: Extent) -> Line:
    """A vector for each word."""
    words = layer.size("vocabulary", "how large the vocabulary is")
    width = layer.size("width", "the dimension of the embedding")
    return Line(words * width, (dotted(words, width), latex(words * width)))


def place_embedding(layer: Layer, shape: Extent) -> Line:
    """A vector for each place."""
    places = layer.size("context", "how many positions there are")
    width = layer.size("width", "the dimension of the embedding")
    return Line(places * width, (dotted(places, width), latex(places * width)))


def mixture(layer: Layer, shape: Extent) -> Line:
    """A feed-forward network for each expert."""
    experts = layer.size("experts", "how many experts there are")
    one = feed_forward(layer, shape)
    total = experts * one.number
    router = dotted(layer.more["width"], experts)
    made = rf"{shown(experts)} \cdot ({one.steps[-2]})"
    told = (*one.assumed, Custom(f"of the experts alone: a router has ${router}$ weights more"))
    return Line(total, (made, latex(total)), told)


def recurrent(gates: int, directions: int = 1) -> Callable[[Layer, Extent], Line]:
    """For each gate a matrix for the input, one for the state before, and a bias."""

    def line(layer: Layer, shape: Extent) -> Line:
        n = layer.inputs if layer.inputs is not None else (shape[-1] if shape else None)
        if n is None:
            raise Unsaid("how many inputs the cell has")
        h = layer.more.get("hidden", layer.units)
        if h is None:
            raise Unsaid("how large the hidden state is")
        bias = layer.bias is not False
        biases = layer.more.get("biases", 1) if bias else 0
        total = gates * directions * ((n + h) * h + biases * h)
        front = r" \cdot ".join([str(k) for k in (directions, gates) if k > 1])
        many = "" if biases == 1 else rf"{biases} \cdot "
        inner = rf"{dotted(n, h)} + {shown(h)}^2" + (f" + {many}{shown(h)}" if bias else "")
        letters = "n h + h^2" + (" + h" if biases == 1 else f" + {biases} h" if bias else "")
        steps = [rf"{front} ({letters})" if front else letters,
                 rf"{front} \cdot ({inner})" if front else inner, latex(total)]  # fmt: skip
        assumed = ("one bias for each gate is counted" if gates > 1 and biases == 1 else BIASED,)
        return Line(total, tuple(steps), assumed if layer.bias is None else ())

    return line


def attention(layer: Layer, shape: Extent) -> Line:
    """Queries, keys, values and the output: four maps of the model's width onto itself."""
    d = layer.size("width", "the dimension of the model")
    one, heads = layer.more.get("head width"), layer.more.get("heads")
    if one is not None and (heads is None or one * heads != d):
        raise Unsaid("how the heads make up the dimension of the model")
    bias = layer.bias is not False
    total = 4 * (d * d + (d if bias else 0))
    letters = "4 (d^2 + d)" if bias else "4 d^2"
    made = rf"4 \cdot ({shown(d)}^2 + {latex(d)})" if bias else rf"4 \cdot {shown(d)}^2"
    return Line(total, (letters, made, latex(total)), (BIASED,) if layer.bias is None else ())


def feed_forward(layer: Layer, shape: Extent) -> Line:
    """Two dense layers: up to the inner width, and down again."""
    d, inner, assumed = _widths(layer)
    bias = layer.bias is not False
    total = 2 * d * inner + (d + inner if bias else 0)
    letters = "2 d d_{ff}" + (" + d_{ff} + d" if bias else "")
    made = dotted(2, d, inner) + (f" + {latex(inner)} + {latex(d)}" if bias else "")
    assumed += (BIASED,) if layer.bias is None else ()
    return Line(total, (letters, made, latex(total)), assumed)


def _widths(layer: Layer) -> tuple[Axis, Axis, tuple[str, ...]]:
    d = layer.size("width", "the dimension of the model")
    if "inner" in layer.more:
        return d, layer.more["inner"], ()
    if "hidden" in layer.more:
        return d, layer.more["hidden"], ()
    raise Unsaid("how wide the feed-forward network is")


def block(layer: Layer, shape: Extent) -> Line:
    """Attention, a feed-forward network, and two layer normalisations."""
    heads, inside = attention(layer, shape), feed_forward(layer, shape)
    d = layer.more["width"]
    return _together(
        (heads, inside, Line(4 * d, (rf"2 \cdot 2 \cdot {shown(d)}", latex(4 * d)))),
        (Custom("two layer normalisations are counted"),),
    )


def language_model(layer: Layer, shape: Extent) -> Line:
    """The embeddings of words and of places, the blocks, and the last normalisation; the output
    shares the matrix of the words."""
    words = layer.size("vocabulary", "how large the vocabulary is")
    d = layer.size("width", "the dimension of the model")
    places = layer.size("context", "how long the context is")
    blocks = layer.size("layers", "how many blocks there are")
    assumed: tuple[str, ...] = ()
    if "inner" not in layer.more:
        more = {**layer.more, "inner": 4 * d}
        layer = Layer(layer.kind, bias=layer.bias, more=more)
        assumed = (Custom("the feed-forward networks are four times as wide as the model"),)
    one = block(layer, shape).number
    total = (words + places) * d + blocks * one + 2 * d
    made = (
        rf"({latex(words)} + {latex(places)}) \cdot {shown(d)} + {dotted(blocks, one)} + "
        rf"2 \cdot {shown(d)}"
    )
    taken = (
        *assumed, BIASED, Custom("the output shares the matrix of the words"),
        "places have embeddings of their own, and a normalisation comes last",
    )  # fmt: skip
    return Line(total, (made, latex(total)), taken)


def low_rank(layer: Layer, shape: Extent) -> Line:
    """Two factors of the change of a matrix: r (d + k)."""
    rank = layer.size("rank", "the rank")
    rows, columns = (layer.size(k, "the size of the matrix") for k in ("rows", "columns"))
    total = rank * (rows + columns)
    made = rf"{shown(rank)} \cdot ({latex(rows)} + {latex(columns)})"
    return Line(total, (made, latex(total)), ("the matrix itself is frozen",))


def _together(parts: tuple[Line, ...], assumed: tuple[str, ...]) -> Line:
    total: Axis = 0
    for part in parts:
        total = part.number + total
    told = tuple(dict.fromkeys(a for part in parts for a in part.assumed)) + assumed
    sums = (" + ".join(p.steps[-2:][0] for p in parts), " + ".join(p.steps[-1] for p in parts))
    return Line(total, (*sums, latex(total)), told)
