r"""Lines that nobody can read, and documents of them: text broken by characters and tokens.

The idea: what cannot be read is equal to nothing, not even to itself; what can still be read is
judged as any other line.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence

from derive.diagnostics import DeriveError
from tests.soundness.corpus import Claim, Document, parsed, verdict
from tests.soundness.mutants import Mutant, Tally

_TOKENS = (
    "{", "}", "(", ")", "[", "]", r"\left(", r"\right)", "^", "_", "^2", "_1", r"\top", "=", "<",
    r"\frac", r"\frac{1}", r"\sum", r"\sum_{i=1}", r"\partial", r"\nabla", "&", r"\\", "$", "?",
    r"\odot", "+", "-", "/", "*", "|", r"\|", ",", ";", ":", "'", r"\sqrt", r"\begin{cases}",
    r"\end{cases}", r"\unknown", r"\text{if}", "#", "~", "%", "é", "本", "\u0000", r"\dots", r"\to",
    r"\int", r"\prod", r"\lim", r"\mathbb", r"\mathbf{", "!", r"\pm", r"\infty", r"\cdot", "=\\ ",
)  # fmt: skip
_UNREADABLE = (
    r"\frac{x}", r"x^", r"( x", r"x )", r"\left( x", r"\unknowncommand{x}", "{x", r"x_{", r"x + ",
    r"\sum", r"x^2^3", r"\begin{cases} x", r"\int x dx", r"\frac{\partial L}", r"x \odot", r"\odot",
    r"\prod_{i=1}^{n}", r"\lim_{x \to 0} x", r"x \mapsto y",
    r"q_{undeclared}", r"\heartsuit", r"x ! y", "$", r"\mathbb{E}[x]", r"\dots", "?", r"\Box",
)  # fmt: skip


def broken(line: str, rng: random.Random) -> str:
    """The line with one to three places broken."""
    for _ in range(rng.randrange(1, 4)):
        at = rng.randrange(len(line) + 1)
        match rng.randrange(4):
            case 0:
                line = line[:at] + line[at + 1 + rng.randrange(3) :]
            case 1:
                line = f"{line[:at]} {rng.choice(_TOKENS)} {line[at:]}"
            case 2:
                end = rng.randrange(len(line) + 1)
                line = line[: min(at, end)] + line[max(at, end) :]
            case _:
                end = rng.randrange(len(line) + 1)
                line = line + line[min(at, end) : max(at, end)]
    return line.replace("\n", " ") or "="


def garbage_lines(
    documents: Sequence[Document], rng: random.Random, tally: Tally
) -> Iterator[Mutant]:
    """Broken lines that are not true (``unreadable``, or what the judge says), for ever."""
    while True:
        document = rng.choice(documents)
        claim = rng.choice(document.claims)
        if rng.random() < 0.2:
            one = rng.choice(_UNREADABLE)
            yield Mutant("unreadable_twice", document, claim, claim, f"{one} = {one}", "unreadable")
            continue
        line = broken(document.line(claim), rng)
        tally.tried["broken"] += 1
        truth, found = _truth(document, claim, line)
        if truth in ("wrong", "ill-typed", "unreadable"):
            yield Mutant("broken", document, claim, found, line, truth)
        elif truth == "unknown":
            tally.not_judged["broken"] += 1
        else:
            tally.still_true["broken"] += 1


def _truth(document: Document, claim: Claim, line: str) -> tuple[str, Claim]:
    if any(mark in line for mark in ("$", r"\\", "%", "&")):
        return "unknown", claim  # may end the formula, or hide the rest of it
    if line.endswith("\\"):
        return "unknown", claim  # a space where the formula ends
    try:
        tree = parsed(line)
    except (DeriveError, ValueError):
        return "unreadable", claim
    if tree.head != "chain" or len(tree.kids) != 3 or None in tree.kids:
        return "unknown", claim
    left, sign, right = tree.kids
    found = Claim(left, right, str(sign.kids[0]), claim.open_letters)
    return verdict(document, found), found


def garbage_documents(documents: Sequence[Document], rng: random.Random) -> Iterator[str]:
    """Whole documents, broken anywhere: they may say anything but must not raise."""
    while True:
        document = rng.choice(documents)
        lines = [document.line(c) for c in rng.sample(document.claims, 1)]
        text = document.text(lines)[0]
        for _ in range(rng.randrange(1, 4)):
            text = broken(text, rng)
        yield text
