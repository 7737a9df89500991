r"""Sentences about layers read to layers, from the marks that they leave.

The idea: a fact belongs to the layer of its clause, and to a kind that has such a size; whatever
belongs to none, and every word that changes a count and is not known, is kept as ``foreign``, and
then nothing is counted.  Silence is better than a wrong count.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise

from derive.counting.axes import read_first
from derive.counting.calls import called
from derive.counting.clauses import (
    ANYWHERE,
    Clause,
    Fact,
    NotUnderstood,
    bias_of,
    layers_of,
    told,
)
from derive.counting.kinds import WINDOWS
from derive.counting.layers import Extent, Layer
from derive.counting.lexicon import Mark, marks
from derive.counting.perceptrons import perceptron
from derive.counting.repeats import again, repeated
from derive.counting.sizes import axis
from derive.counting.text import Sentence
from derive.kernel.sizes import Axis

# Words that change what a layer counts, or that describe layers which are not known here.
_FOREIGN = re.compile(
    r"locally|\bshar(?:e|es|ed|ing)\b|\btied\b|tying|low-rank (?!adapt)|sparse|pruned|"
    r"frozen|maxout|capsule|spectral|weight norm|projection shortcut|\bbranch|concatenat|"
    r"cross-?attention|decoder (?:block|layer)|peephole|swiglu|gated (?!recurrent)|"
    r"grouped-query|multi-query|depth multiplier|asymmetric|one side|circular|circulant|symmetric|"
    r"diagonal|toeplitz|triangular|quanti[sz]ed|banded|\bceil|round(?:ed|ing)? up|\bonly on\b|"
    r"on the (?:left|right|top|bottom)|"
    # another layer than the one described
    r"\bdoubl\w+|\bhalv\w+|\btwice\b|\breplac\w+|\bremov\w+|\binstead\b|\bincreas\w+|"
    r"\bdecreas\w+|\bchang\w+|reduc\w+ the (?:number|size)|"
    r"\beach (?:[a-z]+ ){0,3}followed by [^.;]*(?:pool|norm)"
)
_CONTINUES = re.compile(
    r"^\s*(?:then|next|after|afterwards|followed|finally|this is|it is)\b|\bfollow(?:s|ed)\b|"
    r"\b(?:second|third|fourth|next|another|last|final)\b|\bthe (?:output|result)\b"
)
_ALL = re.compile(
    r"\b(?:all|every|everywhere|both|each)\b(?! (?:filter|kernel|channel|feature|gate|head|map|"
    r"input|side))"
)
_RESULT = re.compile(r"\b(?:after|output|result\w*|becomes?)\b")
_OF_INPUT = re.compile(r"\b(?:input|data|image|vector|sample)s? (?:has|have|is|are|of)\b")
_BACKWARDS = re.compile(
    r"\bfollows\b|\bafter (?:an?|the|each|every)\b|\bpreceded by\b|\bon top of\b|"
    r"\bthe output of\b|\bcomes after\b"
)
# The subject of a description: "it" is then all of its layers.
_WHOLE = re.compile(
    r"\b(?:network|net|model|cnn|convnet|block|module|stack|branch|path|"
    r"classifier)\b"
)
_PARTLY = re.compile(r"\b(?:start|begin|first|includ|contain|among)\w*")
# A layer that no mark has taken: what it would count is not known.
_UNREAD = re.compile(
    r"\b[\w-]*(?:conv(?!nets?\b|olutional neural|olutional net|ention|er)|pool|norm(?!al\b)|lstm|"
    r"transpos|attention|embed|depth-?wise|separable|group(?:ed)?\b)[\w-]*"
)
_QUIET = ("other", "flat", "whole pool")  # layers that are whole without any size


@dataclass(slots=True)
class Described:
    """What a text has said of layers so far: ``layers`` from the ``shape`` of the input on.

    ``foreign`` is what made it unreadable; ``answered``: a count of it was asked or claimed.
    """

    layers: list[Layer] = field(default_factory=list)
    shape: Extent = ()
    channels: Axis | None = None
    foreign: str = ""
    bias: bool | None = None
    always: bool | None = None  # whether biases count, said before any layer
    answered: bool = False
    premise: bool = False  # the shape was told on its own, before any layer
    patch: Extent = ()
    batch: Axis | None = None
    mentioned: tuple[str, ...] = ()  # the kinds that the sentence only names
    loose: tuple[Fact, ...] = ()  # facts told before any layer
    made: Extent = ()  # the output, where it is told
    given: tuple[str, Axis] | None = None  # a count that is told of a layer that lacks a size
    whole: bool = False  # a network, a block: more than one layer is described
    bytes: Axis | None = None  # of one number
    asked: str = ""  # the kind of the question before
    recent: int = 0  # how many layers the last sentence that described some has added
    first: bool = False  # the document writes channels before sides


def read(sentence: Sentence, before: Described, asks: bool, words: str = "") -> Described:
    """What is described after one more sentence; ``words`` are those that no claim takes."""
    words, times, at = repeated(words or sentence.words)
    found = replace(before, layers=list(before.layers), mentioned=())
    seen = read_first(marks(words)) if before.first else marks(words)
    facts = [mark for mark in seen if mark.sort == "fact"]
    strange, whole = "", _is_whole(words, seen)
    try:
        clauses, loose = _clauses(words, seen, sentence, before.layers)
        made = perceptron(words, seen, sentence.whole)
        if made is not None:
            clauses, loose, whole = [], [], True
        else:
            made = [one for clause in clauses for one in layers_of(clause)]
        made = [one for one in made if not (asks and _generic(one, before, words, seen))]
        further = any(mark.sort in ("kind", "call") and mark.span[0] >= at for mark in seen)
        if times is None or (times > 1 and (further or not (made or _all_again(words, before)))):
            raise NotUnderstood("repeated")
        made = again(made, times)
        if not before.layers and before.loose and not any(map(_describes, made)):
            if len(made) == 1:  # "the vocabulary has .. words. .. does the embedding layer have?"
                made = [told(made[0], before.loose)]
            elif not made:
                loose = [*before.loose, *loose]
    except NotUnderstood as error:
        clauses, made, loose, strange = [], [], [], str(error)
    describing = any(map(_describes, made))
    found.recent = len(made) if describing else found.recent
    found.loose = tuple(loose) if not before.layers and not made else ()
    shape, channels = _premises(found, words, facts, bool(clauses or made))
    if strange or describing:
        fresh = before.answered and not _CONTINUES.search(words)
        if fresh or not before.layers:
            _start(found, before, bool(shape))
            found.layers = made
            found.whole = whole
        else:
            found.layers += made
            found.whole |= whole
    else:
        found.whole |= whole and not before.layers
        quiet = [one for one in made if one.kind in _QUIET]
        kept = quiet if not asks or (shape and quiet == made and not before.layers) else []
        goes_on = _CONTINUES.search(words) and "second" not in words
        if not asks and (goes_on or not before.layers):
            kept = made
        found.mentioned = tuple(one.kind for one in made if one not in kept)
        found.layers += kept
        loose = loose or [f for clause in clauses for f in clause.facts]
        told_of = not any(mark.name == "made" for mark in facts) and _RESULT.search(words)
        if shape and before.layers and (told_of or before.answered):
            found.layers, found.foreign, found.answered = [*kept], "", False
        try:
            found.layers = _told_more(found, words, loose, made)
        except NotUnderstood as error:
            strange = str(error)
    if times and times > 1 and not made:
        found.layers = again(found.layers, times)
    found.layers = [_patched(one, found.patch) for one in found.layers]
    if shape:
        found.shape, found.premise = shape, not made
    if channels is not None:
        found.channels = channels
    about = describing or bool(before.layers and (loose or shape)) or bool(strange)
    numbers = [mark.name for mark in seen if mark.sort == "number"]
    if about or (asks and found.layers):
        foreign = _FOREIGN.search(words) or (_unread(words, seen) if describing else None)
        strange = strange or (foreign[0] if foreign else "") or next(iter(numbers), "")
    found.foreign = found.foreign or strange
    bias = bias_of(facts)
    own = describing and clauses[:-1] and not _trails(words, facts, clauses)
    kinds = {one.kind for one in found.layers if one.kind not in _QUIET}
    partly = not describing and found.mentioned and not kinds <= set(found.mentioned)
    if bias is not None and not own and not partly:
        found.bias = bias
        found.always = bias if not found.layers else found.always
    return found


def _all_again(words: str, before: Described) -> bool:
    """Whether what is repeated is all that has been described."""
    return before.recent == len(before.layers) or bool(re.search(r"whole|entire|\ball\b", words))


def _patched(layer: Layer, patch: Extent) -> Layer:
    """The embedding of patches has a window as large as one."""
    if layer.kind != "patches" or layer.kernel or not patch:
        return layer
    deep = patch[2] if len(patch) > 2 else layer.depth
    return replace(layer, kernel=patch[:2], depth=deep)


def _trails(words: str, facts: Sequence[Mark], clauses: Sequence[Clause]) -> bool:
    """Whether one word on biases stands apart at the end, for all layers of a sentence."""
    told_of = [m for m in facts if m.name in ("bias", "no bias")]
    if len(told_of) != 1 or not any(name.endswith("bias") for name, _ in clauses[-1].facts):
        return False
    return re.search(r"(?:[,(;]|\ball|\beverywhere)\s*$", words[: told_of[0].span[0]]) is not None


def _start(found: Described, before: Described, shaped: bool) -> None:
    """A new description: the size of an input told on its own stays, that of a layer goes."""
    found.layers, found.foreign, found.answered, found.whole = [], "", False, before.whole
    if before.layers:
        found.made, found.given, found.whole = (), None, False
        found.bias = found.always
        if not shaped and not before.premise:
            found.shape, found.channels = (), None


def _generic(layer: Layer, before: Described, words: str, seen: Sequence[Mark]) -> bool:
    """Whether "this hidden layer" is said of the one layer that is known."""
    texts = {words[slice(*m.span)].strip() for m in seen if m.sort == "kind" and m.name == "dense"}
    known = len(before.layers) == 1 and before.layers[0].kind != "dense"
    return known and layer.kind == "dense" and texts == {"hidden layer"} and not _describes(layer)


def _is_whole(words: str, seen: Sequence[Mark]) -> bool:
    """Whether the subject of a sentence is more than a layer: "a block consists of .."."""
    first = next((m.span[0] for m in seen if m.sort in ("kind", "call")), len(words))
    found = _WHOLE.search(words, 0, first)
    return found is not None and not _PARTLY.search(words, found.end(), first)


def _unread(words: str, seen: Sequence[Mark]) -> re.Match[str] | None:
    """The first word of a layer that no mark has taken."""
    grouped = any(m.name == "groups" for m in seen)
    for found in _UNREAD.finditer(words):
        if grouped and found[0].startswith("group"):
            continue
        if all(found.end() <= m.span[0] or m.span[1] <= found.start() for m in seen):
            return found
    return None


def _describes(layer: Layer) -> bool:
    """Whether a layer is given in numbers, not only mentioned."""
    numbers = (layer.filters, layer.units, layer.inputs, layer.depth, layer.groups)
    return bool(layer.kernel or layer.more) or any(n is not None for n in numbers)


def _premises(
    found: Described, words: str, facts: Sequence[Mark], layered: bool
) -> tuple[Extent, Axis | None]:
    """The shape of the input that a sentence gives, and its channels where it gives them alone."""
    shape: Extent = ()
    channels: Axis | None = None
    plane = 1 if any(mark.name == "1-d" for mark in facts) else 2
    for mark in facts:
        match mark.name:
            case "image":
                shape = shape or tuple(axis(part) for part in mark.values[0].split("x"))
                if "rgb" in words[slice(*mark.span)]:
                    channels = 3
                elif re.search("gr[ae]y", words[slice(*mark.span)]):
                    channels = 1
            case "rgb" | "gray":
                channels = 3 if mark.name == "rgb" else 1
            case "channels" if not layered or "input" in mark.name:
                channels = axis(mark.values[0])
            case "width" if not layered and any(m.name == "length" for m in facts):
                channels = axis(mark.values[0])  # of each place of a sequence
            case "length" if not shape:
                shape = (axis(mark.values[0]),)
            case "patch":
                sides = mark.values[0].split("x")
                found.patch = tuple(axis(part) for part in (sides if len(sides) > 1 else sides * 2))
            case "frames":
                count, *deep, sides = mark.values
                shape = tuple(axis(part) for part in (count, *sides.split("x"), *deep))
                channels = axis(deep[0]) if deep else None
            case "batch":
                found.batch = axis(mark.values[0])
            case "side" if not shape and not found.shape:
                shape = (axis(mark.values[0]),) * 2
            case "parameters":
                found.given = ("parameters", axis(mark.values[0]))
            case "input side" if not shape and not any(isinstance(n, int) for n in found.shape):
                shape = (axis(mark.values[0]),) * plane
            case "made":
                sides = mark.values[0].split("x")
                found.made = tuple(axis(p) for p in (sides if len(sides) > 1 else sides * plane))
            case "bits" | "bytes":
                size = int(mark.values[0])
                found.bytes = size // 8 if mark.name == "bits" else size
    if len(shape) in (1, 2) and channels is not None:
        shape = (*shape, channels)
    return shape, channels


def _clauses(
    words: str, seen: Sequence[Mark], sentence: Sentence, before: Sequence[Layer]
) -> tuple[list[Clause], list[Fact]]:
    """The kinds of a sentence with their facts; the facts of none."""
    kinds: list[Mark] = []
    for mark in seen:
        if mark.sort not in ("kind", "call"):
            continue
        # "a conv layer with 5 convolutional filters" is one layer
        between = [m for m in seen if kinds and kinds[-1].span[1] <= m.span[0] < mark.span[0]]
        again = kinds and kinds[-1].name == mark.name and not any(mark.values)
        if kinds and (kinds[-1].name, mark.name) == ("mixture", "feed-forward"):
            continue  # that is what each expert is
        named = any(one.name == mark.name for one in kinds) and not any(mark.values)
        if named and re.search(r"\bthe $", words[: mark.span[0]]):
            continue  # "how many parameters does the dense layer have?"
        if not (again and not any(m.sort == "next" for m in between)):
            kinds.append(mark)
    facts = [mark for mark in seen if mark.sort == "fact"]
    if not kinds:
        told_of = [f for f in facts if f.name not in ANYWHERE]
        implied = [f for f in facts if f.name in ("filters", "filters+kernel")] or (
            [f for f in facts if f.name == "kernel" and re.search("filter|kernel", words)]
        )
        open_ones = [b for b in before if b.kind in WINDOWS and b.filters is None and b.kernel]
        further = len(before) == 1 and open_ones and all(f.name == "filters" for f in implied)
        if not implied or further:
            return [], [(f.name, f.values) for f in told_of]
        kinds = [Mark("kind", "conv", ("",) * 4, f.span) for f in implied]
    clauses: list[Clause] = []
    for k, mark in enumerate(kinds):
        span = sentence.span(*mark.span)
        if mark.sort == "call":
            layer = called(mark.name, mark.values, span)
            if layer is None:
                raise NotUnderstood(words[slice(*mark.span)])
            clauses.append(Clause("", (), span, layer))
            continue
        many = words[mark.span[1] - 1] == "s"
        clause = Clause(mark.name, mark.values, span, plural=many)
        start = _border(words, seen, kinds[k - 1], mark) if k else 0
        after = _border(words, seen, mark, kinds[k + 1]) if k + 1 < len(kinds) else len(words)
        clause.facts += [
            (f.name, f.values) for f in facts
            if f.name not in ANYWHERE and start <= f.span[0] < after
        ]  # fmt: skip
        clauses.append(clause)
    head, *rest = clauses
    if not head.facts and head.count == sum(one.count for one in rest if one.kind == head.kind) > 1:
        clauses = rest  # "three conv layers: a .., a .. and a .."
    if any(_BACKWARDS.search(words, a.span[1], b.span[0]) for a, b in pairwise(kinds)):
        # "a pooling layer follows a convolution": the second is the first
        if len(clauses) > 2:
            raise NotUnderstood("the order of the layers")
        clauses.reverse()
    return clauses, []


def _border(words: str, seen: Sequence[Mark], one: Mark, other: Mark) -> int:
    """Where the words of one layer end and those of the next begin."""
    between = [m for m in seen if m.sort == "next" and one.span[1] <= m.span[0] < other.span[0]]
    if between:
        return between[-1].span[0]
    comma = words.rfind(",", one.span[1], other.span[0])
    wide = words.rfind(" and ", one.span[1], other.span[0])
    # A comma or "and" inside a fact, as in "2, 3 and 4 filters", parts nothing.
    best = max(comma, wide)
    inside = any(m.sort == "fact" and m.span[0] < best < m.span[1] for m in seen)
    return best if best >= 0 and not inside else other.span[0]


def _told_more(
    found: Described, words: str, facts: Sequence[Fact], named: Sequence[Layer]
) -> list[Layer]:
    """The layers with what a later sentence says of them."""
    layers = list(found.layers)
    if not facts or not layers:
        return layers
    kinds = {one.kind for one in named}
    if not kinds and {name for name, _ in facts} == {"running"}:
        kinds = {"norm"}
    first = _OF_INPUT.search(words) and all(n in ("inputs", "channels", "width") for n, _ in facts)
    if first and not kinds:
        return [told(layers[0], facts), *layers[1:]]
    chosen = [
        k for k, one in enumerate(layers)
        if (one.kind in kinds if kinds else one.kind not in _QUIET)
    ]  # fmt: skip
    if not chosen:
        raise NotUnderstood(facts[0][0])
    if len(chosen) > 1 and not _ALL.search(words):
        if any(name not in ("bias", "no bias") for name, _ in facts) and kinds:
            raise NotUnderstood(f"{facts[0][0]}: of which layer")
        chosen = chosen[-1:] if _CONTINUES.search(words) else chosen
        lone = chosen[:1] != chosen[-1:] and any(
            name in ("stride", "padding", "same", "no padding", "dilation") for name, _ in facts
        )
        if lone and any(layers[k].kind not in WINDOWS for k in chosen):
            chosen = [k for k in chosen if layers[k].kind in WINDOWS]
        if lone and len(chosen) > 1:
            raise NotUnderstood(f"{facts[0][0]}: of which layer")
        chosen = chosen[-1:]
    for k in chosen:
        layers[k] = told(layers[k], facts)
    return layers
