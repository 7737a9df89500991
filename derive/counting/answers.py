r"""What a document asks and claims of counts: each answer a worked line, each claim a verdict.

The idea: a claim is compared with the worked line, and where it is wrong, with what people write
who forget one thing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from derive.counting import prose, questions, training
from derive.counting.axes import channels_first
from derive.counting.clauses import bias_of
from derive.counting.counted import Counted
from derive.counting.kinds import KINDS
from derive.counting.layers import Extent, Unsaid
from derive.counting.lexicon import Mark, marks
from derive.counting.prose import Described
from derive.counting.sizes import axis
from derive.counting.sought import size_named
from derive.counting.text import Sentence, sentences
from derive.counting.worked import named, worked
from derive.kernel.sizes import Axis, SizeError
from derive.latex.segment import Document

_STORED = re.compile(r"\bweights?\b(?! and)[^.?]*\b(?:stored|kept|saved|held)\b")
_BOTH = re.compile(r"\bwith(out)?(?: bias(?:es)?)? (?:and|or) with(?:out)?(?: an?| the| any)? bias")
_WHICH = "the text does not say whether the layer has biases"
# A remark that may say which biases count.
_OF_BIASES = re.compile(
    r"\bbias[^.]*\b(?:count|ignor|neglect|omit|exclud|includ|not|has|have|only)|"
    r"\b(?:count|ignor|neglect|omit|exclud|includ|without|no|not|has|have|only)\w*\b[^.]*\bbias"
)


def counted(document: Document) -> list[Counted]:
    """Every question and claim about counts in the words of a document, in order."""
    found: list[Counted] = []
    told = training.Told()
    text = list(sentences(document))
    described = Described(first=channels_first([s.words for s in text]))
    if not any(questions.counts(s.words) or training.counts(s.words) for s in text):
        return found
    for place, sentence in enumerate(text):
        asks = questions.asks(sentence.words) or _goes_on(text[:place], sentence)
        own = _unclaimed(sentence.words, described)
        before = described
        described = prose.read(sentence, before, asks, own)
        told = training.told(sentence.words, told)
        if asks:
            about = _remarked(text[place + 1 :], described)
            bare = _remarked(text[place + 1 :], _as_before(described, before))
            some = list(_asked(sentence, about, bare, told))
            some = some if any(one.kind != "other" for one in some) else []
            described = _as_before(described, before)
        else:
            one = training.claimed(sentence, told) or _claimed(sentence, described)
            some = [] if one is None else [one]
        described.answered |= bool(some)
        if _STORED.search(sentence.words):
            described.asked = "weights"
        described.asked = next((one.kind for one in some if one.asks), described.asked)
        found += some
    return found


def _goes_on(before: Sequence[Sentence], sentence: Sentence) -> bool:
    """Whether a list of questions goes on: "find the number of parameters; the output size"."""
    for one in reversed(before):
        if not one.words.rstrip().endswith(";"):
            return False
        if questions.asks(one.words):
            return questions.noun(sentence.words) is not None
    return False


def _remarked(after: Sequence[Sentence], described: Described) -> Described:
    """What is described with what is said of biases only after the question: "Ignore biases."

    Other questions may stand between; where more is described, what follows is of that.
    """
    for sentence in after:
        facts = [mark for mark in marks(sentence.words) if mark.sort != "label"]
        counts = questions.asks(sentence.words) and questions.kind(sentence.words) is not None
        if not counts and facts and all(mark.name in ("bias", "no bias") for mark in facts):
            return _biased(described, bias_of(facts))
        asks = questions.asks(sentence.words)
        kinds = any(mark.sort in ("kind", "call") for mark in facts)
        if not asks and _OF_BIASES.search(sentence.words) and not (kinds and _sized(facts)):
            return replace(described, foreign=described.foreign or "bias")
        if _sized(facts) or not asks:
            return described
    return described


def _biased(described: Described, bias: bool | None) -> Described:
    """All layers with biases, or without."""
    layers = [
        replace(one, bias=bias) if "bias" in KINDS[one.kind].takes else one
        for one in described.layers
    ]
    return replace(described, layers=layers, bias=bias)


def _as_before(described: Described, before: Described) -> Described:
    """What a question alone says of biases is of this question: "how many without biases?"."""
    layers, old = described.layers, before.layers
    if [one.span for one in layers] != [one.span for one in old]:
        return described
    kept = [replace(one, bias=was.bias) for one, was in zip(layers, old, strict=True)]
    return replace(described, layers=kept, bias=before.bias if kept else described.bias)


def _sized(facts: Sequence[Mark]) -> bool:
    """Whether a sentence gives sizes."""
    return any(m.sort in ("fact", "number") and not m.name.endswith("bias") for m in facts)


def _unclaimed(words: str, described: Described) -> str:
    """The words without the numbers that they claim; a size of which nothing is known is told."""
    for claim in questions.claims(words):
        if claim.kind == "output size" and not described.layers:
            continue
        if claim.kind == "output size":
            described.made = tuple(map(axis, claim.number.split("x")))
        start, end = claim.span
        words = words[:start] + " " * (end - start) + words[end:]
    return words


# --------------------------------------------------------------------------------------- questions


def _asked(
    sentence: Sentence, described: Described, bare: Described, told: training.Told
) -> Iterator[Counted]:
    """The answers to a sentence; ``bare`` is what is described without what it says of biases."""
    if (one := training.asked(sentence, told)) is not None:
        yield one
        return
    places = questions.parts(sentence.words)
    kinds = [
        (questions.kind(sentence.words[a:b]) or questions.noun(sentence.words[a:b]), a, b)
        for a, b in places
    ]
    if all(kind is None for kind, _, _ in kinds):  # "for such a layer, with biases, how many .."
        whole = questions.kind(sentence.words)
        if whole is None and (letter := questions.letter(sentence.words)) is not None:
            whole = size_named(letter, described)
        kinds = [(whole, 0, len(sentence.words))]
    several = sum(kind is not None for kind, _, _ in kinds) > 1
    told_of = [bias_of(marks(sentence.words[a:b])) for _, a, b in kinds]
    both = list(zip(kinds, told_of, strict=True))
    before = [bias for (kind, _, _), bias in both if kind is None and bias is not None]
    for (kind, a, b), bias in both:
        part = sentence.words[a:b]
        if kind is None:
            if questions.wants(part) and len(kinds) > 1:
                why = f"`{part.strip(' ?.')}` is not understood"
                left = rf"\text{{{re.sub('[^a-z -]', '', part).strip()}}}"
                yield Counted("other", sentence.span(a, b), left, missing=why)
            continue
        words = part if several or named(part) else sentence.words
        # "how many weights (without biases) and how many biases?": a word in the last part, or
        # before the question, is of all that have none of their own
        bias = told_of[-1] if bias is None else bias
        bias = next(iter(before), None) if bias is None else bias
        about = described
        if len(kinds) > 1 and any(said is not None for said in told_of):
            about = bare if bias is None else _biased(bare, bias)
        if (two := _BOTH.search(part)) is not None:
            for counted_too in (True, False) if two[1] is None else (False, True):
                one = _answer(kind, words, sentence, _biased(described, counted_too))
                if one is not None:
                    says = r"\ \text{with biases}" if counted_too else r"\ \text{without biases}"
                    yield replace(one, left=one.left + says)
            continue
        unclear = kind == "biases" and bias is None and False in told_of
        if unclear and any(layer.bias is False for layer in bare.layers):
            yield Counted(kind, sentence.span(a, b), _LEFT[kind], missing=_WHICH)
            continue
        one = _answer(kind, words, sentence, about)
        if one is not None:
            yield replace(one, span=sentence.span(a, b)) if several else one


def _answer(kind: str, words: str, sentence: Sentence, described: Described) -> Counted | None:
    """The answer to a question of this kind about what is described."""
    blank = Counted(kind, sentence.whole, _LEFT[kind])
    if described.foreign and (described.layers or described.shape):
        why = f"what the text says of `{described.foreign}` is not understood"
        return replace(blank, missing=why)
    try:
        return worked(blank, words, described)
    except Unsaid as error:
        return replace(blank, missing=f"the text does not say {error}")
    except (SizeError, ValueError) as error:
        return replace(blank, missing=str(error))


_LEFT = {
    "parameters": r"\text{parameters}",
    "weights": r"\text{weights}",
    "biases": r"\text{biases}",
    "connections": r"\text{connections}",
    "output size": r"\text{output size}",
    "activations": r"\text{activations}",
    "filter depth": r"\text{depth of a filter}",
    "receptive field": r"\text{receptive field}",
    "multiply-adds": r"\text{multiply-adds}",
    "operations": r"\text{operations}",
    "padding": r"\text{padding}",
    "kernel": r"\text{size of the filter}",
    "stride": r"\text{stride}",
    "input": r"\text{size of the input}",
    "filters": r"\text{filters}",
    "channels": r"\text{channels}",
    "inputs": r"\text{inputs}",
    "units": r"\text{units}",
    "stack": r"\text{layers}",
    "effective kernel": r"\text{reach of the filter}",
    "head width": r"\text{dimension of a head}",
    "fit": r"\text{places along a side}",
    "memory": r"\text{memory}",
    "patches": r"\text{patches}",
}


# ------------------------------------------------------------------------------------------ claims


def _claimed(sentence: Sentence, described: Described) -> Counted | None:
    """A sentence that says how large a count is; None where it is not certain of what."""
    words = sentence.words
    if described.foreign or questions.VAGUE.search(words):
        return None
    for claim in questions.claims(words):
        kind, text = claim.kind, claim.number
        if text[0] == "⟦":
            text = "⟦" + text[1:].rpartition("=")[2]  # what a worked line comes to
        one = _answer(kind, words, sentence, described)
        try:
            parts = tuple(map(axis, [text] if text[0] == "⟦" else text.split("x")))
        except ValueError:
            return None
        if kind == "parameters" and (one is None or one.missing or one.kind == "network"):
            described.given = (kind, parts[0])
        network = one is not None and one.kind == "network" and claim.named
        if one is None or one.missing or (one.value is None and not network):
            return None
        claimed: Axis | Extent = parts if kind == "output size" else parts[0]
        both = isinstance(claimed, tuple) and isinstance(one.value, tuple)
        if both and len(claimed) != len(one.value):  # type: ignore[arg-type]
            return None
        span = sentence.whole if claim.text.startswith("#") else sentence.span(*claim.span)
        found = replace(one, claimed=claimed, span=span)
        partly = claim.of_whole and not described.whole
        open_ = found.kind != "network" and (found.free or partly)
        return found if found.right or not open_ else None
    return None
