r"""What a document asks for in words and nobody answers: "explain why ..", "plot the loss".

The idea: a sentence that begins with a verb that asks, or ends in a question mark, is a question;
one in which no question was found is said to be left open, so that no reader takes the sheet for
the whole answer.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from derive.diagnostics import DeriveError
from derive.elaborate.statements.requests import said_in_words
from derive.latex.read import read_formula
from derive.latex.segment import Document

Span = tuple[int, int]
_MASK = "\ue000"
_LONGEST = 150
_ENDS = re.compile(
    rf"[.?!;]+(?=\s|$|[{_MASK}$\\])|\n\s*\n|"
    r"\\(?:item|(?:sub)*section|paragraph|question|part)\b\*?|"
    r"\\(?:begin|end)\{(?:enumerate|itemize|parts|subparts|questions|document|solution|center|"
    r"figure|table|quote|abstract)\}"
)
_VERBS = (
    r"(?:find|compute|calculate|derive|determine|evaluate|obtain|state|give|write|express|provide|"
    r"work out|differentiate|explain|describe|discuss|plot|sketch|draw|argue|compare|interpret|"
    r"implement|simplify|minimi[sz]e|maximi[sz]e|solve|estimate|perform|carry out|"
    r"berechne\w*|bestimme\w*|leite\w*|erkläre\w*|zeichne\w*|calcule[rz]?|détermine[rz]?|"
    r"donne[rz]?|expliquez?)"
)
# (a), 2., "Then", "For the network above," may stand before the verb.
_ASKS = re.compile(
    r"^\W*(?:\(?(?:[a-z]|[ivx]+|\d+)[).]\s*|\(?\d+\s*(?:points?|pts?|marks?)\)?\W*)*"
    r"(?:(?:then|now|next|also|please|finally|first|hence|and|(?:using|for|given|assuming|with)\b"
    rf"[^,]*,)\s+)*{_VERBS}\b",
    re.IGNORECASE,
)
_DERIVATIVES = re.compile(
    r"gradients?(?! (?:descent|ascent|step|update|flow))|derivative|"
    r"jacobi|hessi|backprop|backward|ableitung|dérivée|with respect to|wrt",
    re.IGNORECASE,
)
_OTHERS = re.compile(  # what is judged, given, or asked for below
    r"\b(?:show|prove|verify|check|demonstrate|justify|following|below|zeige\w*|montrez?|"
    r"parameters|hint|recall|note)\b|\b(?:draw|sketch)\b.*\bgraph",
    re.IGNORECASE,
)
_INPUTS = re.compile(r"\binputs?\b", re.IGNORECASE)
_NUMBERS = re.compile(
    r"\b(?:forward|values?|outputs?|loss|numerical\w*|activations?|numbers?|evaluate)\b",
    re.IGNORECASE,
)
_COMMAND = re.compile(r"\\(?:text\w*|emph|mbox)\s*\{([^{}$]*)\}|\\(?:[A-Za-z]+\*?|.)|[{}~*_]")


def unanswered(
    document: Document, answered: Iterable[Span], asked: bool, numbers: bool
) -> Iterator[str]:
    """The questions in words in which nothing stands that is answered.

    ``asked``: whether any question was found; else every gradient is answered.  ``numbers``:
    whether the sheet has the values of the forward pass.
    """
    spans = list(answered)
    plain, masked = document.plain, _masked(document)
    for start, end, mark in _sentences(masked):
        words = re.sub(f"{_MASK}+", _MASK, masked[start:end])
        words = " ".join(_COMMAND.sub(r"\1 ", words).replace("$", " ").split())
        if not (_ASKS.match(words) or "?" in mark) or _OTHERS.search(words) or not words:
            continue
        if said_in_words(words):
            continue
        if any(start <= a < end or start < b <= end for a, b in spans):
            continue
        after = next((one for one in document.formulas if one.start >= end), None)
        if after is not None and any(after.start <= a and b <= after.end for a, b in spans):
            continue  # "find the gradients of the second layer:"
        if not asked and _DERIVATIVES.search(words) and not _INPUTS.search(words):
            continue
        if numbers and _NUMBERS.search(words):
            continue
        said = _quoted(plain[start:end], mark)
        if "$$" not in said:  # what is cut out is asked by another problem
            yield said


def _masked(document: Document) -> str:
    """The words of a document in their places, with signs in those of its formulas."""
    parts, at = [], 0
    for one in document.formulas:
        parts += [document.plain[at : one.start], _MASK * (one.end - one.start)]
        at = one.end
    return "".join((*parts, document.plain[at:]))


def _sentences(text: str) -> Iterator[tuple[int, int, str]]:
    """Where each sentence stands, and the sign that ends it."""
    start = 0
    for found in _ENDS.finditer(text):
        yield start, found.start(), found[0]
        start = found.end()
    yield start, len(text), ""


def _quoted(text: str, mark: str) -> str:
    """The sentence as a note has it: without commands outside of formulas, and not too long."""
    parts = text.replace(r"\(", "$").replace(r"\)", "$").split("$")
    kept, room = [], _LONGEST
    for k, part in enumerate(parts):
        said = part if k % 2 else " ".join(_COMMAND.sub(r"\1 ", part).split())
        if len(said) > room or (k % 2 and (k == len(parts) - 1 or not _is_formula(said))):
            kept.append(" ..")
            break
        room -= len(said)
        kept.append(f"${said.strip()}$" if k % 2 else said)
    joined = re.sub(r"\s+([,.;)])", r"\1", " ".join(filter(None, kept)))
    return joined + ("?" if "?" in mark else "")


def _is_formula(text: str) -> bool:
    try:
        read_formula(text)
    except DeriveError:
        return False
    return True
