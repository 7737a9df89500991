r"""Sentences about layers read to layers, and the questions and claims about them.

The idea: a sentence counts only if it names a layer and gives its numbers in words that are known;
whatever is not understood leaves the layer incomplete, and what would change a count (groups,
shared weights) makes the whole description unreadable.  Silence is better than a wrong count.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from itertools import pairwise

from derive.counting.arithmetic import is_name
from derive.counting.layers import Extent, Layer
from derive.counting.text import Sentence
from derive.diagnostics import DeriveError
from derive.kernel.sizes import Axis, product, size
from derive.latex.print import latex
from derive.latex.read import read_formula
from derive.tree import Tree

_N = r"(\d+|«[^»]+»)"
_DIMS = r"((?:\d+|«[^»]+»)(?:x(?:\d+|«[^»]+»))+)"
# Words that change what a layer counts, or that describe layers which are not known here.
_FOREIGN = re.compile(
    r"depth-?wise|separable|\bgroup(?:s|ed)?\b|transposed|deconv|locally|shared|\btied\b|tying|"
    r"causal|recurrent|\brnns?\b|lstm|\bgru\b|attention|embedding|residual|bottleneck|"
    r"1-?d\b|3-?d\b|"
    r"\bbranch|inception|low-rank|sparse|pruned|frozen|maxout|capsule|spectral|weight norm",
)
_KINDS = (
    ("norm", r"batch[- ]?norm(?:ali[sz]ation)?(?: layer)?"),
    ("pool", r"(?:max|average|avg|mean)?[- ]?pool(?:ing)?(?: layer)?"),
    ("conv", r"conv(?:olution(?:al)?)?\.?(?: layer)?\b|convolves?\b"),
    ("dense", r"fully[- ]connected(?: layer)?|dense(?: layer)?|linear layer|"
              r"affine layer|\bfc\b(?: layer)?"),
    ("other", r"\brelu\b|\bdropout\b|\bflatten(?:ed)?\b|activation|\bsigmoid\b|\btanh\b"),
)  # fmt: skip
_ANY = re.compile("|".join(f"(?P<{kind}>{words})" for kind, words in _KINDS))
_MLP = re.compile(
    r"\bmlp\b|multi-?layer perceptron|hidden layer|fully[- ]connected (?:neural )?network"
)
_NEXT = re.compile(r"followed by|\band then\b|\bthen\b|, next|;|->|→")

_FURTHER = re.compile(r"\b(?:second|third|fourth|next|another|last|final)\b")
_FILTERS = re.compile(
    rf"{_N} (?:conv(?:olution(?:al)?)? )?(?:different |learned )?"
    rf"(?:filters?|kernels?|output channels|feature maps)\b"
    rf"|{_N} {_DIMS} (?:conv(?:olution(?:al)?)? )?(?:filters?|kernels?)"
    rf"|{_N} ?@ ?{_DIMS}"
)
_KERNEL = re.compile(
    rf"(?:filters?|kernels?|windows?|kernel size|filter size|window size)(?: \(each\)| each)?"
    rf"(?: of size| of shape| with size| size| of dimensions?| of| are| is| =|,)* {_DIMS}"
    rf"|{_DIMS} (?:conv(?:olution(?:al)?s?)?|filters?|kernels?|windows?|max|average|avg|pool)"
    rf"|(?:kernel size|filter size|kernels? of size|filters? of size|window size)"
    rf"(?: of| is| =)? {_N}(?!x)"
    rf"|@ ?{_DIMS}|conv(?:olution(?:al)?)?(?: layer)? (?:of size )?{_DIMS}"
)
_STRIDE = re.compile(rf"strides?(?: of| is| =|:)? {_N}|⟦ *[sS] *= *(\d+) *⟧")
_PADDING = re.compile(
    rf"(?:zero-?)? ?padding(?: of| is| =|:)? {_N}|padded (?:by|with) {_N}|⟦ *[pP] *= *(\d+) *⟧"
)
_NO_PADDING = re.compile(
    r"\b(?:no|without)(?: zero-?)? ?padding|valid (?:padding|convolution)|\bvalid\b"
)
_SAME = re.compile(r"\"?\bsame\b\"? (?:padding|convolution)|padding\b[^.]{0,12}\bsame\b")
_DILATION = re.compile(rf"dilation(?: rate| factor)?(?: of| is| =)? {_N}")
_BIAS = re.compile(
    r"(?:with|including|include|plus|and)(?: the| a)? bias|has (?:a )?bias|"
    r"bias(?:es)? (?:is|are) (?:used|included|counted)|one bias per|counting bias"
)
_NO_BIAS = re.compile(
    r"(?:without|\bno|ignor\w+|exclud\w+|omit\w*|neglect\w*)(?: the| any| a)? bias|bias-free|"
    r"bias(?:es)? (?:is|are) (?:not used|omitted|ignored)"
)
_UNITS = re.compile(
    rf"{_N} (?:output (?:units|neurons|nodes)|outputs?|units|neurons|nodes|hidden units|classes)\b"
)
_INPUTS = re.compile(
    rf"{_N} (?:input (?:units|neurons|nodes|features|values)|inputs|features)\b|from {_N} to"
)
_FEATURES = re.compile(rf"{_N} (?:channels?|features?|units|neurons|feature maps)\b")
_IMAGE = re.compile(
    rf"(?:input|image|volume|picture|tensor|feature map)s?\b(?: volume| image| tensor)?"
    rf"(?: of size| of shape| with size| size| of dimensions?| of| is| has (?:size|shape)|"
    rf" has|,| =|:)* {_DIMS}"
    rf"|{_DIMS}(?:-| |x)?(?:pixel |dimensional |rgb |colou?r |gr[ae]y-?scale )*"
    rf"(?:inputs?|images?|volumes?|pictures?|feature maps?)"
)
_HIDDEN = re.compile(
    rf"hidden layers? (?:of|with|has|that has|:)* ?{_N}(?: hidden)?(?: units| neurons| nodes)?|"
    rf"{_N} hidden (?:units|neurons|nodes)"
)
_CHAIN = re.compile(rf"{_N}(?:->{_N})+")


@dataclass(slots=True)
class Described:
    """What a text has said of layers so far: ``layers`` from the ``shape`` of the input on.

    ``foreign`` is a word that made it unreadable.
    """

    layers: list[Layer] = field(default_factory=list)
    shape: Extent = ()
    channels: Axis | None = None
    foreign: str = ""
    bias: bool | None = None


def read(sentence: Sentence, before: Described) -> Described:
    """What is described after one more sentence."""
    words = sentence.words
    found = Described(
        list(before.layers), before.shape, before.channels, before.foreign, before.bias
    )
    layers = list(_layers(sentence))
    if before.layers and not _describes(layers):
        layers = []  # only mentioned
    shape, channels = _input(words)
    foreign = _FOREIGN.search(words)
    begins = bool(layers) and not re.match(
        r"\s*(?:then|next|after|followed|this is followed|it is followed)", words
    )
    if begins and _describes(layers):
        found = Described(shape=() if shape else before.shape, channels=before.channels,
                          bias=before.bias)  # fmt: skip
        # "The second layer .." goes on from the first.
        if before.layers and not shape and _FURTHER.search(words):
            found.layers = list(before.layers)
    if foreign and (layers or before.layers):
        found.foreign = foreign[0]
    if shape:
        found.shape = shape
    if channels is not None:
        found.channels = channels
    bias = _bias(words)
    if layers:
        found.layers += layers
    elif found.layers:
        found.layers[-1] = _with_facts(found.layers[-1], words, sentence)
    if bias is not None:
        found.bias = bias
    return found


def _describes(layers: list[Layer]) -> bool:
    """Whether some layer is given in numbers, not only mentioned."""
    return any(
        one.filters is not None or one.kernel or one.units is not None or one.inputs is not None
        for one in layers
    )


def _layers(sentence: Sentence) -> Iterator[Layer]:
    words = sentence.words
    if _MLP.search(words):
        yield from _perceptron(sentence)
        return
    marks = [m for m in _ANY.finditer(words)]
    kept: list[re.Match[str]] = []
    for mark in marks:
        # "a conv layer with 5 convolutional filters" is one layer
        between = words[kept[-1].end() : mark.start()] if kept else ""
        again = kept and mark.lastgroup == kept[-1].lastgroup and not _NEXT.search(between)
        if not again:
            kept.append(mark)
    for k, mark in enumerate(kept):
        last = kept[k - 1].end() if k else 0
        start = last
        if k:
            parts = list(_NEXT.finditer(words, last, mark.start()))
            comma = words.rfind(",", last, mark.start())
            wide = words.rfind(" and ", last, mark.start())
            start = parts[-1].end() if parts else max(comma, wide, last)
        end = len(words)
        if k + 1 < len(kept):
            parts = list(_NEXT.finditer(words, mark.end(), kept[k + 1].start()))
            comma = words.rfind(",", mark.end(), kept[k + 1].start())
            wide = words.rfind(" and ", mark.end(), kept[k + 1].start())
            end = parts[-1].start() if parts else max(comma, wide, mark.end())
        layer = Layer(str(mark.lastgroup), span=sentence.span(*mark.span()))
        yield _with_facts(layer, words[start:end], sentence)


def _perceptron(sentence: Sentence) -> Iterator[Layer]:
    """One hidden layer of h units between n inputs and m outputs; n -> h -> m."""
    words = sentence.words
    chain = _CHAIN.search(words)
    if chain:
        sizes = [axis(part) for part in chain[0].split("->")]
    else:
        inputs, outputs = _INPUTS.search(words), None
        hidden = [m for m in _HIDDEN.finditer(words)]
        for found in _UNITS.finditer(words):
            if not any(h.start() <= found.start() < h.end() for h in hidden):
                outputs = found
        if not (inputs and hidden and outputs) or "each" in words:
            return
        sizes = [axis(_first(inputs)), *(axis(_first(h)) for h in hidden), axis(_first(outputs))]
    bias = _bias(words)
    span = sentence.whole
    for one, other in pairwise(sizes):
        yield Layer("dense", inputs=one, units=other, bias=bias, span=span)


def _with_facts(layer: Layer, words: str, sentence: Sentence) -> Layer:
    """The layer with what these words say of it; what was said already stays."""
    made: dict[str, object] = {}
    if layer.kind in ("conv", "pool"):
        filters = _FILTERS.search(words) if layer.kind == "conv" else None
        kernel = _KERNEL.search(words)
        if filters and layer.filters is None:
            made["filters"] = axis(_first(filters))
        dims = next((g for g in filters.groups()[1:] if g and "x" in g), "") if filters else ""
        text = dims or (_first(kernel) if kernel else "")
        if text and not layer.kernel:
            sizes = tuple(axis(part) for part in text.split("x"))
            made["kernel"] = sizes[:2] if len(sizes) > 1 else sizes * 2
            if len(sizes) > 2:
                made["depth"] = sizes[2]
        for name, pattern in (("stride", _STRIDE), ("padding", _PADDING), ("dilation", _DILATION)):
            found = pattern.search(words)
            if found and getattr(layer, name) is None:
                number = axis(_first(found))
                if name == "padding" or isinstance(number, int):
                    made[name] = number
        if layer.padding is None and "padding" not in made and _NO_PADDING.search(words):
            made["padding"] = 0
        if _SAME.search(words):
            made["same"] = True
    elif layer.kind == "dense":
        units, inputs = _UNITS.search(words), _INPUTS.search(words)
        if units and layer.units is None:
            made["units"] = axis(_first(units))
        if inputs and layer.inputs is None:
            made["inputs"] = axis(_first(inputs))
    elif layer.kind == "norm":
        features = _FEATURES.search(words)
        if features and layer.units is None:
            made["units"] = axis(_first(features))
    if layer.kind in ("conv", "dense") and (bias := _bias(words)) is not None:
        made["bias"] = bias
    return replace(layer, **made)  # type: ignore[arg-type]


def _bias(words: str) -> bool | None:
    if _NO_BIAS.search(words):
        return False
    return True if _BIAS.search(words) else None


def _input(words: str) -> tuple[Extent, Axis | None]:
    """The shape of the input that a sentence gives, and its channels."""
    channels: Axis | None = None
    if re.search(r"\brgb\b|colou?r image", words):
        channels = 3
    elif re.search(r"gr[ae]y-?scale|single-channel", words):
        channels = 1
    elif found := re.search(rf"{_N} input channels", words):
        channels = axis(_first(found))
    found = _IMAGE.search(words)
    if found is None:
        # "on a 32x32x3 .." and "on an RGB input of 32x32": the size that no filter has
        found = re.search(
            rf"\b(?:on|of|from|to|input)(?: an?)?(?: rgb)?(?: input| image)?(?: of)? {_DIMS}"
            r"(?! (?:filter|kernel|conv|max|pool|window))",
            words,
        )
        if found is None or re.search(
            r"(?:filters?|kernels?|windows?|size)[^,.]{0,12}$", words[: found.start()]
        ):
            return (), channels
    shape = tuple(axis(part) for part in _first(found).split("x"))
    if len(shape) == 2 and channels is not None:
        shape = (*shape, channels)
    return shape, channels


def _first(found: re.Match[str]) -> str:
    return next(g for g in found.groups() if g)


def axis(text: str) -> Axis:
    """A size as it stands in the text."""
    if text.startswith("⟦"):
        return polynomial(text.strip("⟦⟧"))
    return int(text) if text.isdigit() else size(text.strip("«»"))


def polynomial(formula: str) -> Axis:
    """A formula of whole numbers and letters as a size; ValueError where it is none."""
    try:
        (tree,) = read_formula(formula)
    except DeriveError as error:
        raise ValueError(formula) from error
    return _polynomial(tree)


def _polynomial(tree: Tree) -> Axis:
    match tree:
        case Tree("num", (str() as digits,)) if digits.isdigit():
            return int(digits)
        case Tree("paren" | "bracket", (inner,)):
            return _polynomial(inner)
        case Tree("neg", (inner,)):
            return -1 * _polynomial(inner)
        case Tree("sum", kids):
            total: Axis = 0
            for kid in kids:
                total = _polynomial(kid) + total
            return total
        case Tree("juxt", kids):
            if any(k.head == "op" and k.kids[0] not in (r"\cdot", r"\times") for k in kids):
                raise ValueError(latex(tree))
            return product(_polynomial(kid) for kid in kids if kid.head != "op")
        case Tree("script", (base, None, Tree("num", (power,)))) if int(power) < 9:
            return product([_polynomial(base)] * int(power))
    if is_name(tree):
        return size(latex(tree))
    raise ValueError(latex(tree))
