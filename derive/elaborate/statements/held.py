r"""What is held constant: "treat $z$ as a constant", "with $z = W x'$ held fixed", "stop-gradient".

The idea: what a document does not differentiate through is an input there, so its definition is
left out.  Where words say it of what has no name, or behind a question, it is asked back.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from derive.elaborate.faults import Fault
from derive.elaborate.names.scope import base_of, names_in
from derive.elaborate.reading import Reading
from derive.elaborate.statements.mood import SENTENCE
from derive.latex.print import latex
from derive.latex.read import Parsed
from derive.tree import Tree

_F = r"(?:\$[^$]+\$|\\\([^$]+?\\\))"
_NAMES = rf"(?P<what>{_F}(?:(?:\s*,\s*|\s*,?\s*and\s+){_F})*)"
_CONSTANT = r"(?:as\s+)?(?:an?\s+)?(?:constants?|fixed|given\s+(?:numbers?|constants?))\b"
_KEEPS = r"(?:treat|regard|hold|keep|consider)(?:s|ing|ed)?"
_KEPT = r"(?:treated|regarded|held|kept|considered|detached)"
_THROUGH = (
    r"(?:(?:do\s+not|don't|never|without)\s+(?:differentiat\w+|back-?propagat\w+|"
    r"propagat\w+(?:\s+gradients?)?)|no\s+gradients?\s+(?:flows?|passes|is\s+propagated)|"
    r"stop(?:s|ping|ped)?\s+(?:the\s+)?gradients?)\s+(?:through|into|at|of)\s+"
)
_NOUN = (
    r"\b(?:the\s+)?(?:(?:TD|bootstrap\w*|regression|whole)\s+)?"
    r"(?:targets?|teacher|baseline|advantages?|codebook|branch|bootstrap\w*)\s+"
)
_SAID = tuple(
    re.compile(words, re.IGNORECASE)
    for words in (
        rf"\b{_KEEPS}\s+{_NAMES}\s+{_CONSTANT}",
        rf"{_NAMES}\s*(?:is|are|being|be|to\s+be)?\s*{_KEPT}\s+{_CONSTANT}",
        rf"{_NAMES}\s+(?:is|are)\s+detached\b|\bdetach(?:ing)?\s+(?P<other>{_F})",
        rf"\b{_THROUGH}(?:the\s+(?:\w+\s+)?)?{_NAMES}",
    )
)
_UNNAMED = re.compile(
    rf"{_NOUN}(?:is\s+|are\s+|being\s+)?(?:{_KEPT}\s+{_CONSTANT}|detached\b)|"
    rf"\b{_KEEPS}\s+{_NOUN}{_CONSTANT}|\b{_THROUGH}{_NOUN.removesuffix(r's+')}|"
    r"\bstop[- ]?grad(?:ient)?s?\b(?!\s*(?:through|into|at|of))",
    re.IGNORECASE,
)


def without_held(
    items: Iterable[Tree], parsed: Parsed, reading: Reading, faults: list[Fault]
) -> list[Tree]:
    """The statements without the definitions of what is held constant, which is noted; and without
    derivatives, where it is not known what is held."""
    items, plain, found = list(items), parsed.document.plain, list[Fault]()
    unnamed = _UNNAMED.search(plain)
    held = [*_held(parsed, found, items)]
    if unnamed is not None and not held and _derived(items) and not found:
        found.append(_asked(unnamed.span()))
    for name, (start, _) in held:
        definition = next((i for i in items if _defines(i, name)), None)
        if definition is None:
            continue
        begins = max((m.end() for m in SENTENCE.finditer(plain, 0, start)), default=0)
        if any(i.span[1] <= begins and _derived([i]) for i in items):
            found.append(_asked((start, start + 1)))
            continue
        items.remove(definition)
        told = f"${latex(name)}$ is held constant, as the text says: its definition is not used"
        reading.note(f"held {latex(name)}", told)
    faults += found
    return [item for item in items if not _derived([item])] if found else items


def _held(
    parsed: Parsed, faults: list[Fault], items: list[Tree]
) -> Iterator[tuple[Tree, tuple[int, int]]]:
    """The names that are said to be held constant; a Fault where it is no name."""
    for words in _SAID:
        for found in words.finditer(parsed.document.plain):
            group = "what" if found["what"] else "other"
            start, end = found.span(group)
            for row in parsed.rows:
                for item in row.items:
                    if not start <= item.span[0] < end or item.head == "text":
                        continue
                    named = item.kids[0] if item.head == "chain" else item
                    each = named.kids if isinstance(named, Tree) and named.head == "list" else (
                        named,)  # fmt: skip
                    for one in each:
                        if isinstance(one, Tree) and base_of(one):
                            yield one, found.span()
                        elif isinstance(one, Tree) and names_in([one]) and _derived(items):
                            faults.append(_asked(item.span))


def _defines(item: Tree, name: Tree) -> bool:
    return (
        item.head == "chain" and item.kids[0] == name and len(item.kids) == 3
        and str(item.kids[1].kids[0]) in ("=", ":=", "==")
        and next(iter(names_in([item.kids[2]])), None) is not None
    )  # fmt: skip


def _derived(items: Iterable[Tree]) -> bool:
    return any(node.head in ("deriv", "grad") for item in items for node in item.subtrees())


def _asked(span: tuple[int, int]) -> Fault:
    return Fault(
        "unsupported", "the text says that something is held constant here, and not by the name of "
        "a quantity that is held everywhere", span,
        "give what is held a name, as in $z = ..$, and say \"treat $z$ as a constant\" before the "
        "question, or leave out what $z$ is made of",
    )  # fmt: skip
