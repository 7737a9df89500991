r"""What a document asks and claims of counts: each answer a worked line, each claim a verdict.

The idea: question and claim are the same sentence, one without its number; a claim is compared with
the worked line, and where it is wrong, with what people write who forget one thing.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from derive.counting import prose, training
from derive.counting.counted import Counted
from derive.counting.layers import (
    Extent,
    Layer,
    Unsaid,
    depth,
    multiply_adds,
    output,
    parameters,
    receptive_field,
    through,
    times,
)
from derive.counting.prose import Described, axis
from derive.counting.slips import of_parameters, of_sizes
from derive.counting.text import Sentence, sentences
from derive.kernel.sizes import Axis, SizeError, latex
from derive.latex.segment import Document

_N = r"(\d+|«[^»]+»)"
_C = r"(\d+|«[^»]+»|⟦[^⟧]+⟧)"
_VAGUE = re.compile(
    r"\b(?:about|approximately|roughly|around|nearly|almost|at (?:least|most)|more|less|fewer|over|"
    r"up to|each|per|every|previous|other|another|instead|would|if|not|compared|than|too)\b"
)
_ASKS = re.compile(
    r"\?\s*$|= \?|^\W*(?:\(?[a-z0-9]\)\s*)?"
    r"(?:find|compute|calculate|determine|give|state|count|what|how)\b"
)
_PARAMETERS = re.compile(
    r"\b(?:trainable |learnable |free )?(?:parameters|params)\b|\bweights and biases\b"
)
_HOW_MANY = re.compile(
    r"how many|number of|count(?: of)?\b|#|total (?:trainable |learnable )?parameters"
)
_WEIGHTS = re.compile(r"how many (?:trainable |learnable )?weights\b(?! and bias)")
_SIZE = re.compile(
    r"(?:output|spatial|resulting|feature map|activation|intermediate)[^.?]{0,30}"
    r"\b(?:sizes?|shapes?|dimensions?|volume|resolution)\b"
    r"|\b(?:sizes?|shapes?|dimensions?|volume|resolution) (?:of|after)[^.?]{0,30}"
    r"\b(?:output|feature map|activation|result|layer|conv|pool)"
)
_EVERY = re.compile(r"\b(?:every|each|all|intermediate)\b")
_DEPTH = re.compile(
    r"depth of (?:each|the|every|a|its)(?: \w+)? (?:filter|kernel)|how deep (?:is|are)[^?]*filter"
)
_FIELD = re.compile(r"receptive field")
_COST = re.compile(r"multiply[- ](?:adds?|accumulates?)|multiplications|\bmacs?\b")
_CLAIMED = re.compile(
    rf"(?:\b(?:the|this|our)(?: [a-z-]+){{0,3}} (?:layer|network|model|block|mlp|cnn)|\bit|\bthere)"
    rf" (?:has|have|uses|needs|contains|requires|are)"
    rf"(?: exactly| only| a total of| in total| thus| therefore| then)* *{_C}"
    rf" *(?:trainable |learnable |free )?(?:parameters|params)\b"
    rf"|(?:number of|total) (?:trainable |learnable |free )?(?:parameters|params)"
    rf"(?: of [a-z ]{{0,30}}?| in [a-z ]{{0,30}}?)? +(?:is|are|=|equals|comes to)"
    rf"(?: thus| therefore| then| =)* *{_C}(?!x)"
    rf"|# parameters = {_C}"
)
_SIZED = re.compile(
    r"(?:output|feature map|result)(?: volume| size| shape)?(?: of [a-z ]{0,30}?)?"
    r" (?:is|has (?:the )?(?:size|shape)|=)(?: of size| therefore| thus| =)*"
    r" ((?:\d+|«[^»]+»)(?:x(?:\d+|«[^»]+»))+)"
)
_SEEN = re.compile(
    rf"receptive field(?: of [a-z ]{{0,40}}?)? (?:is|has size|=)(?: =)? {_N}(?:x{_N})?"
)
_WHOLE = re.compile(r"network|model|\bcnn\b|block|\bmlp\b|altogether|in total|\btotal\b|stack")


def counted(document: Document) -> list[Counted]:
    """Every question and claim about counts in the words of a document, in order."""
    found: list[Counted] = []
    described = Described()
    samples: tuple[Axis | None, Axis | None] = (None, None)
    for sentence in sentences(document):
        described = prose.read(sentence, described)
        samples = training.samples(sentence.words, samples)
        one = _asked(sentence, described, samples) or training.claimed(sentence, *samples)
        one = one or _claimed(sentence, described)
        if one is not None:
            found.append(one)
    return found


# --------------------------------------------------------------------------------------- questions


def _asked(
    sentence: Sentence, described: Described, samples: tuple[Axis | None, Axis | None]
) -> Counted | None:
    words = sentence.words.strip()
    if not _ASKS.search(words):
        return None
    if (found := training.asked(sentence, *samples)) is not None:
        return found
    if described.foreign and described.layers:
        return None
    if _FIELD.search(words):
        return _worked("receptive field", sentence, described)
    if _COST.search(words) and _HOW_MANY.search(words):
        return _worked("multiply-adds", sentence, described)
    if _WEIGHTS.search(words):
        return _worked("weights", sentence, described)
    if _PARAMETERS.search(words) and _HOW_MANY.search(words):
        return _worked("parameters", sentence, described)
    if _DEPTH.search(words):
        return _worked("filter depth", sentence, described)
    if _SIZE.search(words):
        return _worked("output size", sentence, described)
    return None


def _worked(kind: str, sentence: Sentence, described: Described) -> Counted | None:
    """The answer to a question of this kind about what is described."""
    blank = Counted(kind, sentence.whole, _LEFT[kind])
    if not any(one.kind != "other" for one in described.layers):
        named = re.search(r"network|model|there|\bit\b|# parameters|number of", sentence.words)
        return replace(blank, kind="network") if kind == "parameters" and named else None
    layers = described.layers
    if described.bias is not None:
        layers = [replace(one, bias=described.bias) if one.bias is None else one for one in layers]
    shape = described.shape
    if len(shape) == 2 and described.channels is not None:
        shape = (*shape, described.channels)
    try:
        return _of_layers(blank, sentence, layers, shape, described.channels)
    except Unsaid as error:
        return replace(blank, missing=f"the text does not say {error}")
    except (SizeError, ValueError) as error:
        return replace(blank, missing=str(error))


_LEFT = {
    "parameters": r"\text{parameters}",
    "weights": r"\text{weights}",
    "output size": r"\text{output size}",
    "filter depth": r"\text{depth of a filter}",
    "receptive field": r"\text{receptive field}",
    "multiply-adds": r"\text{multiply-adds}",
}


def _of_layers(
    blank: Counted, sentence: Sentence, layers: Sequence[Layer], shape: Extent,
    channels: Axis | None,
) -> Counted | None:  # fmt: skip
    if not shape and channels is not None:
        shape = (0, 0, channels)  # only the channels matter where no size is asked
    placed = through(layers, shape)
    if blank.kind == "receptive field":
        return _field(blank, [one for one, _ in placed if one.kind in ("conv", "pool")])
    if blank.kind == "output size":
        return _sizes(blank, sentence, placed, shape)
    if blank.kind == "filter depth":
        filters = [(one, at) for one, at in placed if one.kind == "conv"]
        deep = depth(*filters[-1]) if filters else None
        return None if deep is None else replace(blank, steps=(latex(deep),), value=deep)
    chosen = _chosen(placed, sentence.words)
    if not chosen:
        return None
    if blank.kind == "weights":
        chosen = [(replace(one, bias=False), at) for one, at in chosen]
    count = multiply_adds if blank.kind == "multiply-adds" else parameters
    if count is multiply_adds and shape[:1] == (0,):
        raise Unsaid("the size of the input")
    lines = [count(one, at) for one, at in chosen]
    assumed = tuple(dict.fromkeys(a for line in lines for a in line.assumed))
    total: Axis = 0
    for line in lines:
        assert not isinstance(line.value, tuple)
        total = line.value + total
    if len(lines) == 1:
        (line,) = lines
        made = replace(blank, steps=line.steps, value=line.value, assumed=assumed)
        return of_parameters(made, *chosen[0]) if count is parameters else made
    sums = (
        " + ".join(line.steps[-2:][0] for line in lines),
        " + ".join(line.steps[-1] for line in lines),
        latex(total),
    )
    made = replace(blank, steps=tuple(dict.fromkeys(sums)), value=total, assumed=assumed)
    if count is not parameters:
        return made
    bare = _sum_of(chosen, False)
    if any(one.bias is None for one, _ in chosen):
        return replace(made, also=(("without biases", bare),))
    return replace(made, slips=(("the biases are forgotten", bare),))


def _sum_of(chosen: Sequence[tuple[Layer, Extent]], bias: bool) -> Axis:
    total: Axis = 0
    for one, at in chosen:
        value = parameters(replace(one, bias=bias), at).value
        assert not isinstance(value, tuple)
        total = value + total
    return total


def _chosen(placed: Sequence[tuple[Layer, Extent]], words: str) -> list[tuple[Layer, Extent]]:
    """The layers that a question is about: those it names, all of a network, or the only one."""
    counting = [(one, at) for one, at in placed if one.kind in ("conv", "dense", "norm")]
    named = [
        kind for kind, pattern in (("conv", r"\bconv"), ("dense", r"fully|dense|\bfc\b"),
                                   ("norm", r"batch[- ]?norm")) if re.search(pattern, words)
    ]  # fmt: skip
    if len(counting) > 1 and named and not _WHOLE.search(words):
        counting = [pair for pair in counting if pair[0].kind in named]
    place = re.search(r"\b(first|second|third|last)\b", words)
    if place and len(counting) > 1:
        at = {"first": 0, "second": 1, "third": 2, "last": -1}[place[1]]
        return counting[at:][:1] if at < len(counting) else []
    if len(counting) > 1 and not _WHOLE.search(words):
        chained = all(one.kind == "dense" and one.inputs is not None for one, _ in counting)
        return counting if chained else []
    return counting


def _field(blank: Counted, layers: Sequence[Layer]) -> Counted | None:
    windows: list[tuple[int, int, int]] = []
    for one in layers:
        if not one.kernel:
            raise Unsaid("the size of every window")
        stride = one.stride or (one.kernel[0] if one.kind == "pool" else 1)
        if not all(isinstance(n, int) for n in (*one.kernel, stride)):
            return None
        windows.append((one.kernel[0], stride, one.dilation or 1))  # type: ignore[arg-type]
    if not windows:
        return None
    terms, jump = ["1"], 1
    for kernel, stride, dilation in windows:
        factor = rf"({kernel} - 1)" if dilation == 1 else rf"{dilation} \cdot ({kernel} - 1)"
        terms.append(factor if jump == 1 else rf"{factor} \cdot {jump}")
        jump *= stride
    value = receptive_field(windows)
    formula = r"1 + \sum_l (k_l - 1) \prod_{i<l} s_i"
    return replace(blank, steps=(formula, " + ".join(terms), str(value)), value=value)


def _sizes(
    blank: Counted, sentence: Sentence, placed: Sequence[tuple[Layer, Extent]], shape: Extent
) -> Counted | None:
    if not shape or shape[0] == 0:
        raise Unsaid("the size of the input")
    words = sentence.words
    kinds = [k for k, p in (("conv", r"\bconv"), ("pool", r"\bpool")) if re.search(p, words)]
    chosen = [pair for pair in placed if pair[0].kind in ("conv", "pool", "dense")]
    if not chosen:
        return None
    if len(kinds) == 1 and not _EVERY.search(words) and len(chosen) > 1:
        of_kind = [pair for pair in chosen if pair[0].kind == kinds[0]]
        if len(of_kind) == 1:
            chosen = chosen[: chosen.index(of_kind[0]) + 1]
    lines = [output(one, at) for one, at in chosen]
    assumed = tuple(dict.fromkeys(a for line in lines for a in line.assumed))
    last = lines[-1].value
    assert isinstance(last, tuple)
    if len(lines) == 1:
        made = replace(blank, steps=lines[0].steps, value=last, assumed=assumed)
        return of_sizes(made, *chosen[0])
    made_by = [line.value for line in lines if isinstance(line.value, tuple)]
    chain = r" \to ".join(map(times, (shape, *made_by)))
    return replace(blank, steps=(chain,), value=last, assumed=assumed)


# ------------------------------------------------------------------------------------------ claims


def _claimed(sentence: Sentence, described: Described) -> Counted | None:
    """A sentence that says how large a count is; None where it is not certain of what."""
    words = sentence.words
    if described.foreign or _ASKS.search(words.strip()) or _VAGUE.search(words):
        return None
    for kind, pattern in (("parameters", _CLAIMED), ("output size", _SIZED),
                          ("receptive field", _SEEN)):  # fmt: skip
        found = pattern.search(words)
        if found is None:
            continue
        text = next(g for g in found.groups() if g)
        if text[0] == "⟦":
            text = "⟦" + text[1:].rpartition("=")[2]  # what a worked line comes to
        one = _worked(kind, sentence, described)
        if one is None or one.missing or (one.value is None and one.kind != "network"):
            return None
        try:
            parts = tuple(map(axis, [text] if text[0] == "⟦" else text.split("x")))
        except ValueError:
            return None
        claimed: Axis | Extent = parts if kind == "output size" else parts[0]
        both = isinstance(claimed, tuple) and isinstance(one.value, tuple)
        if both and len(claimed) != len(one.value):  # type: ignore[arg-type]
            return None
        formula = found[0].startswith("#")
        span = sentence.whole if formula else sentence.span(*found.span())
        return replace(one, claimed=claimed, span=span)
    return None
