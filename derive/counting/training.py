"""Counts of training: steps of an epoch, fits and uses of the folds of cross-validation.

The idea: an epoch of N samples in batches of b has as many steps as batches, the last one may be
smaller; k-fold cross-validation fits k models, each sample validating one and training the others.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from derive.counting.counted import Counted
from derive.counting.sizes import axis
from derive.counting.text import Sentence
from derive.kernel.sizes import Axis, latex

_N = r"(\d+|«[^»]+»)"
_EPOCH = re.compile(
    r"(?:iterations|updates|steps|mini-?batches|batches)\b[^.?]{0,40}\bepoch"
    rf"|\bepoch\b[^.?]{{0,20}}(?:has|have|takes?) {_N} (?:iterations|updates|steps|batches)"
)
_UPDATES = re.compile(r"(?:how many|number of) (?:\w+ )?(?:iterations|updates|steps)\b")
_FULL = re.compile(r"\bfull[- ]batch\b")
_EPOCHS = re.compile(rf"{_N} epochs\b")
_PER_EPOCH = re.compile(r"\b(?:per|in an|in 1|in one|each|every|of an|one|1) epoch\b")
_SAMPLES = re.compile(
    rf"{_N} (?:training |labell?ed )?(?:samples|examples|images|points|data points)"
)
_BATCH = re.compile(rf"(?:mini-?)?batch(?:es)?(?: size)?(?: of| is| =|,)*(?: size| of)* {_N}")
_STEPS = re.compile(
    rf"{_N} (?:iterations|updates|steps|batches)\b[^.?]{{0,20}}\bepoch"
    rf"|epoch (?:has|takes|consists of) {_N} (?:iterations|updates|steps|batches)"
    rf"|(?:iterations|updates|steps|batches)\b[^.?]{{0,20}}\bepoch (?:is|are|=)(?: =)* {_N}"
)
_FOLDS = re.compile(rf"{_N}[- ]fold\b")
_FITS = r"(?:different )?(?:models|fits|trainings|networks)"
_FITTED = re.compile(rf"{_N} {_FITS}\b|number of {_FITS}[^.?]{{0,60}} (?:is|are|=)(?: =)* {_N}")
_USED = re.compile(
    rf"\b(?:each|every|a given) (?:sample|example|fold|point)[^.?]{{0,30}}\b"
    rf"(?:once|{_N} times?) for (training|validation)"
)
_EACH = re.compile(r"\b(?:each|every|a given) (?:sample|example|fold|point)\b")


@dataclass(frozen=True, slots=True)
class Told:
    """What a text has said of a training so far."""

    samples: Axis | None = None
    batch: Axis | None = None
    epochs: Axis | None = None


def counts(words: str) -> bool:
    """Whether a sentence may be about epochs or folds."""
    return any(p.search(words) for p in (_EPOCH, _UPDATES, _STEPS, _FOLDS))


def told(words: str, before: Told) -> Told:
    """What is known after one more sentence."""
    number, size, epochs = (p.search(words) for p in (_SAMPLES, _BATCH, _EPOCHS))
    samples = axis(number[1]) if number else before.samples
    batch = axis(size[1]) if size else before.batch
    if _FULL.search(words):
        batch = samples
    return Told(samples, batch, axis(epochs[1]) if epochs else before.epochs)


def asked(sentence: Sentence, known: Told) -> Counted | None:
    """The answer to a question about epochs or folds; None where it is another question."""
    words = sentence.words
    steps = _EPOCH.search(words) or (known.epochs is not None and _UPDATES.search(words))
    if steps and re.search(r"how many|number of", words):
        whole = _EPOCHS.search(words) or (known.epochs and not _PER_EPOCH.search(words))
        return _epoch(sentence, known, known.epochs if whole else None)
    found = _FOLDS.search(words)
    if found is None or not re.search(r"how (?:many|often)|number of", words):
        return None
    folds = axis(found[1])
    if re.search(r"how often|how many times|number of times", words) and _EACH.search(words):
        kinds = [k for k in ("train", "validat") if re.search(rf"for {k}", words)]
        return _uses(sentence, folds, kinds[0]) if len(kinds) == 1 else None
    if re.search(rf"(?:how many|number of) {_FITS}", words):
        return _fits(sentence, folds)
    return None


def claimed(sentence: Sentence, known: Told) -> Counted | None:
    """A claim about epochs or folds."""
    words = sentence.words
    found = _STEPS.search(words)
    if found is not None:
        if _EPOCHS.search(words):
            return None
        number, size = known.samples, known.batch
        one = _epoch(sentence, known)
        if one.missing or one.value is None:
            return None
        floor = 0
        if isinstance(number, int) and isinstance(size, int):
            floor = number // size
        slips = (("the last batch is forgotten: it is smaller", floor),)
        return replace(one, claimed=_first(found), slips=slips)
    folded = _FOLDS.search(words)
    if folded is None:
        return None
    folds = axis(folded[1])
    if (used := _USED.search(words)) is not None:
        one = _uses(sentence, folds, used[2][:7].removesuffix("ing")[:7])
        return replace(one, claimed=axis(used[1]) if used[1] else 1)
    if (fitted := _FITTED.search(words)) is not None:
        return replace(_fits(sentence, folds), claimed=_first(fitted))
    return None


def _first(found: re.Match[str]) -> Axis:
    return axis(next(g for g in found.groups() if g))


def _epoch(sentence: Sentence, known: Told, epochs: Axis | None = None) -> Counted:
    """The steps of one epoch, or of several."""
    number, size = known.samples, known.batch
    left = r"\text{iterations per epoch}" if epochs is None else r"\text{iterations}"
    blank = Counted("iterations", sentence.whole, left)
    if number is None or size is None:
        what = "how many samples there are" if number is None else "how large a batch is"
        return replace(blank, missing=f"the text does not say {what}")
    made = rf"\left\lceil \frac{{{latex(number)}}}{{{latex(size)}}} \right\rceil"
    many = "" if epochs is None else rf"{latex(epochs)} \cdot "
    if not isinstance(number, int) or not isinstance(size, int):
        return replace(blank, steps=(many + made,))
    if size < 1:
        return replace(blank, missing="a batch has at least one sample")
    steps = -(-number // size)
    rest = ("the last batch of an epoch is smaller",) if number % size else ()
    if epochs is None:
        return replace(blank, steps=(made, str(steps)), value=steps, assumed=rest)
    value = epochs * steps
    shown = (many + made, many + str(steps), latex(value))
    return replace(blank, steps=shown, value=value, assumed=rest)


def _fits(sentence: Sentence, folds: Axis) -> Counted:
    return Counted("folds", sentence.whole, r"\text{fits}", (latex(folds),), folds)


def _uses(sentence: Sentence, folds: Axis, kind: str) -> Counted:
    """How often a sample, or a fold, trains a model or validates one."""
    if kind.startswith("valid"):
        return Counted("folds", sentence.whole, r"\text{validations with each}", ("1",), 1)
    less = folds - 1
    steps = (f"{latex(folds)} - 1", latex(less))
    left = r"\text{trainings with each}"
    return Counted("folds", sentence.whole, left, tuple(dict.fromkeys(steps)), less)
