"""The kinds of layers: the words for each, the sizes it takes, and its formulas.

The idea: a kind is one row; a size that is told of a kind which has no such size is not understood,
and then nothing is counted.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from derive.counting import cells, windows
from derive.counting.counted import Extent
from derive.counting.layers import Layer, Line, Unsaid, times
from derive.kernel.sizes import product

Formula: TypeAlias = "Callable[[Layer, Extent], Line]"


@dataclass(frozen=True, slots=True)
class Kind:
    """A row: ``words`` is a pattern, ``takes`` the sizes it may be told; ``output`` and
    ``multiply_adds`` are None where no question about them is answered."""

    words: str
    takes: frozenset[str]
    parameters: Formula
    output: Formula | None = None
    multiply_adds: Formula | None = None


def _same(layer: Layer, shape: Extent) -> Line:
    return Line(shape, (times(shape),))


def _nothing(layer: Layer, shape: Extent) -> Line:
    return Line(0, ("0",))


def _pooled_whole(layer: Layer, shape: Extent) -> Line:
    if len(shape) <= layer.plane or shape[0] == 0:
        raise Unsaid("the size of the input")
    whole = (*(1 for _ in shape[: layer.plane]), *shape[layer.plane :])
    return Line(whole, (times(whole),), ("one value is left of each channel",))


def _flattened(layer: Layer, shape: Extent) -> Line:
    if not shape or shape[0] == 0:
        return Line((), ("",))
    whole = (product(shape),)
    return Line(whole, (times(shape).replace(r"\times", r"\cdot"), times(whole)))


_SIDES = r"(?:(?P<e>(?:\d+|«[^»]+»)(?:x(?:\d+|«[^»]+»))+)[- ])?"
_CONV = (
    r"(?:conv(?:[123]d|olution(?:al)?)?s?\.?(?:[ -](?:layer|operation|block)s?)?|convolve[sd]?)"
    r"(?! (?:neural )?net)"
)
_OF = (
    r"(?:standard |normal |regular |ordinary |plain |simple |single |strided |2-?d |"
    r"two-dimensional |dilated |atrous )*"
)
_LAYER = r"(?:[ -]?(?:layer|operation|cell|unit)s?)?"
_WINDOW = frozenset(
    ["filters", "kernel", "channels", "stride", "padding", "dilation", "bias", "plane"]
)

KINDS: dict[str, Kind] = {
    "separable": Kind(
        rf"(?:depth-?wise[- ])?separable {_SIDES}{_CONV}", _WINDOW, windows.parameters,
        windows.output, windows.multiply_adds,
    ),
    "depthwise": Kind(
        rf"depth-?wise {_SIDES}{_CONV}", _WINDOW, windows.parameters, windows.output,
        windows.multiply_adds,
    ),
    "pointwise": Kind(
        rf"pointwise {_SIDES}{_CONV}",
        _WINDOW, windows.parameters, windows.output, windows.multiply_adds,
    ),
    "transposed": Kind(
        rf"conv[12]?d?transpose[12]?d?|(?:transposed?|fractionally[- ]strided|up-?) ?{_CONV}|"
        r"deconv(?:olution(?:al)?)?s?"
        r"(?: layers?)?|de-?convolutions?",
        _WINDOW | {"output padding"}, windows.parameters, windows.output, windows.multiply_adds,
    ),
    "conv": Kind(
        rf"{_OF}{_SIDES}{_CONV}\b", _WINDOW | {"groups"}, windows.parameters,
        windows.output, windows.multiply_adds,
    ),
    "whole pool": Kind(
        rf"global (?:max|average|avg|mean)[- ]?pool(?:ing)?{_LAYER}", frozenset(["channels"]),
        _nothing, _pooled_whole, _nothing,
    ),
    "pool": Kind(
        rf"(?:(?:max|average|avg|mean|sum)[- ]?)?pool(?:ing|ed|s)?{_LAYER}",
        frozenset(["kernel", "channels", "stride", "padding", "plane"]), _nothing, windows.output,
        _nothing,
    ),
    "layer norm": Kind(
        rf"layer[- ]?norm(?:ali[sz]ation)?{_LAYER}", frozenset(["channels", "units", "inputs"]),
        cells.norm, _same, None,
    ),
    "group norm": Kind(
        rf"(?:group|instance)[- ]?norm(?:ali[sz]ation)?{_LAYER}",
        frozenset(["channels", "units", "inputs", "groups"]), cells.norm, _same, None,
    ),
    "norm": Kind(
        rf"batch[- ]?norm(?:ali[sz]ation)?{_LAYER}|\bbn\b{_LAYER}",
        frozenset(["channels", "units", "inputs"]), cells.norm, _same, None,
    ),
    "rms norm": Kind(
        rf"rms[- ]?norm(?:ali[sz]ation)?{_LAYER}", frozenset(["channels", "units", "inputs"]),
        cells.one_each, _same, None,
    ),
    "prelu": Kind(
        rf"prelu{_LAYER}", frozenset(["channels", "units", "inputs"]), cells.one_each, _same, None,
    ),
    "regression": Kind(
        r"(?:multinomial |binary )?(?:logistic|softmax|linear) regression(?: model)?|"
        r"(?:single )?(?:perceptron|sigmoid neuron|artificial neuron)(?! network)",
        frozenset(["units", "inputs", "bias"]), cells.dense, cells.dense_output,
        cells.dense_multiply_adds,
    ),
    "dense": Kind(
        r"(?:fully[- ]connected|dense|linear|affine|output|classification|hidden)[ -]layers?"
        r"|\bfc\b(?:[ -]layers?)?|fully[- ]connected(?! (?:neural|network|to))",
        frozenset(["units", "inputs", "bias"]), cells.dense, cells.dense_output,
        cells.dense_multiply_adds,
    ),
    "patches": Kind(
        r"patch (?:embedding|projection)s?(?: layer)?",
        frozenset(["kernel", "width", "filters", "bias"]), windows.parameters, None, None,
    ),
    "places": Kind(
        r"(?:learn(?:ed|able) )?position(?:al)? embeddings?(?: (?:layer|matrix|table))?|"
        r"learn(?:ed|able) position(?:al)? encodings?",
        frozenset(["context", "width"]), cells.place_embedding, None, None,
    ),
    "mixture": Kind(
        r"(?:sparse )?mixture[- ]of[- ]experts(?: (?:layer|model|block))?|\bmoe\b(?: layer)?",
        frozenset(["experts", "width", "inner", "hidden", "bias"]), cells.mixture, None, None,
    ),
    "embedding": Kind(
        r"(?:word |token |input )?embeddings? ?(?:layer|matrix|table|lookup)s?|word embeddings",
        frozenset(["vocabulary", "width"]), cells.embedding, None, None,
    ),
    "bilstm": Kind(
        rf"bi-?(?:directional )?[- ]?lstms?{_LAYER}",
        frozenset(["inputs", "hidden", "units", "bias", "length"]),
        cells.recurrent(4, 2), None, None,
    ),
    "lstm": Kind(
        rf"lstms?{_LAYER}", frozenset(["inputs", "hidden", "units", "bias", "length"]),
        cells.recurrent(4), None, None,
    ),
    "gru": Kind(
        rf"grus?{_LAYER}", frozenset(["inputs", "hidden", "units", "bias", "length"]),
        cells.recurrent(3), None, None,
    ),
    "rnn": Kind(
        rf"(?:vanilla |simple |elman |basic )?(?:rnns?{_LAYER}|recurrent (?:layer|cell)s?)",
        frozenset(["inputs", "hidden", "units", "bias", "length"]), cells.recurrent(1), None, None,
    ),
    "attention": Kind(
        r"(?:multi-?head(?:ed)? )?(?:self-|cross-)?attention(?: (?:layer|block|sub-?layer))?s?",
        frozenset(["width", "heads", "bias", "length"]), cells.attention, None, None,
    ),
    "feed-forward": Kind(
        r"(?:position-?wise )?feed-?forward (?:network|layer|block|sub-?layer)s?|\bffns?\b",
        frozenset(["width", "inner", "hidden", "bias"]), cells.feed_forward, None, None,
    ),
    "block": Kind(
        r"transformer (?:encoder )?(?:block|layer)s?|encoder (?:block|layer)s?",
        frozenset(["width", "heads", "inner", "hidden", "bias", "length"]), cells.block, None,
        None,
    ),
    "language model": Kind(
        r"gpt(?:-?[23])?(?: small| medium| large| xl)?(?: model)?|decoder-only transformers?",
        frozenset(["vocabulary", "width", "context", "layers", "heads", "inner", "hidden"]),
        cells.language_model, None, None,
    ),
    "low rank": Kind(
        r"\blora\b(?: adapters?| matri(?:x|ces))?|low-rank adapt(?:ation|ers?)",
        frozenset(["rank", "matrix"]), cells.low_rank, None, None,
    ),
    "flat": Kind(r"\bflatten(?:s|ed|ing)?\b(?: layer)?(?! \d)",
                 frozenset(), _nothing, _flattened, _nothing),
    "other": Kind(
        r"\b(?:leaky )?relus?\b(?: activations?| layers?)?|\bdropout\b(?: layers?)?|"
        r"activation (?:function|layer)s?|\bsigmoid\b(?: activations?| layers?)?|"
        r"\btanh\b(?: activations?| layers?)?|\bsoftmax\b(?: layers?)?|\bgelu\b|"
        r"(?:identity )?(?:skip|residual) connections?|identity shortcuts?",
        frozenset(["units"]), _nothing, _same, _nothing,
    ),
}  # fmt: skip

COUNTING = frozenset(kind for kind in KINDS if kind not in ("other", "flat"))
WINDOWS = frozenset(["conv", "depthwise", "pointwise", "transposed", "separable", "pool"])
