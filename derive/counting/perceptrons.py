"""Fully connected networks told by the sizes of their layers: 784 -> 100 -> 10."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise

from derive.counting.clauses import NotUnderstood, bias_of
from derive.counting.layers import Layer
from derive.counting.lexicon import Mark
from derive.counting.sizes import axis
from derive.kernel.sizes import product

_MLP = re.compile(
    r"\bmlp\b|multi-?layer perceptron|hidden layer|"
    r"(?:fully[- ]connected|feed-?forward|neural|dense) (?:neural )?network|\bnetwork\b|"
    r"\bautoencoder"
)
_EARLIER = re.compile(r"how many[^?]*\b((?:this|the above|the given) (?:network|model))\b")
_KNOWN = frozenset(
    ["chain", "list", "inputs", "units", "hidden", "both", "bias", "no bias", "to", "width",
     "samples", "batch", "epochs", "image", "rgb", "gray", "layers"]
)  # fmt: skip


def perceptron(words: str, seen: Sequence[Mark], span: tuple[int, int]) -> list[Layer] | None:
    """The layers of a network that a sentence gives by sizes; None where it gives none so."""
    if not _MLP.search(words):
        return None
    facts = [m for m in seen if m.sort == "fact"]
    kinds = [m for m in seen if m.sort in ("kind", "call")]
    if any(m.name not in ("dense", "other", "feed-forward", "flat") for m in kinds):
        return None
    sizes: list[str] | None = None
    chains = [
        m for m in facts if m.name in ("chain", "list")
        and not re.search(r"hidden layers?(?: (?:of|with|have|has))?$", words[: m.span[0]].strip())
    ]  # fmt: skip
    hidden = _hidden(words, facts, kinds)
    if len(chains) == 1 and len(chains[0].values) > 2:
        sizes = list(chains[0].values)
    elif hidden:
        first, last = _ends(words, facts, hidden)
        if first is None or last is None:
            return None
        sizes = [first, *(size for _, size in hidden), last]
    if sizes is None:
        return None
    if any(m.name not in _KNOWN for m in facts):
        raise NotUnderstood(next(m.name for m in facts if m.name not in _KNOWN))
    if (earlier := _EARLIER.search(words)) is not None:
        raise NotUnderstood(earlier[1])  # it may stand in equations, with other biases
    deep = next((m.values[0] for m in facts if m.name == "layers"), "")
    if deep and deep != str(len(sizes) - 1):
        raise NotUnderstood(f"{deep} layers")  # which of them count is not said
    bias = bias_of(facts)
    made = [product(axis(part) for part in size.split("x")) for size in sizes]
    return [Layer("dense", inputs=a, units=b, bias=bias, span=span) for a, b in pairwise(made)]


def _hidden(words: str, facts: Sequence[Mark], kinds: Sequence[Mark]) -> list[tuple[Mark, str]]:
    """Each hidden layer with its size."""
    found: list[tuple[Mark, str]] = []
    named = [m for m in kinds if m.name == "dense" and "output" not in words[slice(*m.span)]]
    for mark in facts:
        if mark.name == "hidden":
            found += [(mark, value) for value in mark.values]
    if found or not named:
        return found
    (layer, *others) = named
    count = int(layer.values[0]) if layer.values[0].isdigit() else 1
    own = [m for m in facts if m.name in ("units", "list") and m.span[0] >= layer.span[1]]
    if not own or others:
        return []
    values = own[0].values
    if len(values) == 1:
        return [(own[0], values[0])] * count
    alone = count == 1 and not layer.values[0] and words[layer.span[1] - 1] == "s"
    return [(own[0], value) for value in values] if len(values) == count or alone else []


def _ends(
    words: str, facts: Sequence[Mark], hidden: list[tuple[Mark, str]]
) -> tuple[str | None, str | None]:
    """The sizes of the input and of the output."""
    used = {id(mark) for mark, _ in hidden}
    first = last = None
    for mark in facts:
        if id(mark) in used or len(mark.values) not in (1, 2):
            continue
        match mark.name:
            case "inputs" | "width":
                first = mark.values[0]
            case "units" if words[: mark.span[0]].endswith(
                ("input layer of ", "input layer with ")
            ):
                first = mark.values[0]
            case "image":
                first = _pixels(words, facts, mark.values[0])
            case "units":
                last = mark.values[0]
            case "both" | "to":
                first, last = mark.values
    return first, last


def _pixels(words: str, facts: Sequence[Mark], sides: str) -> str:
    """An image as inputs: its pixels, three numbers for each where it has colours."""
    told = {m.name for m in facts} | ({"rgb"} if "rgb" in words else set())
    parts = sides.split("x")
    if len(parts) == 2 and "rgb" in told:
        parts.append("3")
    return "x".join(parts)
