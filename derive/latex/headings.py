r"""Where the problems of an exam begin: ``\section{Problem 2}``, ``\question``, ``## Exercise 3``.

The idea: a heading that names a problem begins one; other headings and the items of a list may
begin one, which is for those to say who know what stands under them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

_WORD = r"(?:Problem|Exercise|Question|Task|Assignment|Aufgabe|Exercice|Ejercicio|Esercizio)"
_NUMBER = r"(?:\d+(?:\.\d+)*|[A-Z]|[IVX]+)"
# What is called a problem: "Problem 2: a leaky unit", but no "Problem statement".
_CALLED = re.compile(
    rf"\s*(?:{_WORD}\s*(?:[#(:.]|{_NUMBER}(?!\w)|$)|Q\s*{_NUMBER}(?!\w))", re.IGNORECASE
)
_NO_WORDS = re.compile(
    r"[\[(][^\])\n]*\b(?:points?|pts|marks)\b[^\])\n]*[\])]"
    r"|\\(?:label|footnote|hfill|points)\{[^{}]*\}|\$[^$]*\$|\\[A-Za-z]+|[{}]"
)
_HEADING = re.compile(
    r"\\(?P<section>part|chapter|(?:sub){0,2}section|(?:sub)?paragraph)\*?\s*(?:\[[^\]\n]*\])?"
    r"\{(?P<headed>(?:[^{}]|\{[^{}]*\})*)\}"
    r"|^[ \t]*(?P<hashes>\#{1,6})[ \t]+(?P<hashed>[^\n]*)"
    r"|\\(?P<bold>textbf|textsc|emph|underline)\{(?P<set>[^{}\n]*)\}"
    r"|^[ \t]*(?P<stars>\*\*|__)(?P<starred>[^*_\n]+)(?P=stars)"
    r"|\\begin\{(?P<env>problem|exercise|question|task|homeworkProblem|prob|exer)\*?\}"
    r"(?:\[(?P<named>[^\]\n]*)\])?"
    r"|\\(?P<command>question|problem|exercise|titledquestion)(?![A-Za-z])"
    r"(?:\{(?P<titled>[^{}\n]*)\})?(?:\[[^\]\n]*\])?"
    rf"|^[ \t]*(?P<line>(?-i:{_WORD}[ \t]+{_NUMBER})(?=[ \t]*(?:[.:)(]|$))[.:)]?)"
    r"|\\(?P<edge>begin|end)\{(?:enumerate|itemize)\*?\}|\\(?P<item>item|part)(?![A-Za-z])"
    r"|^[ \t]*(?:(?P<count>\d+[.)])|(?P<letter>\(?[a-z]\)))(?=[ \t])",
    re.MULTILINE | re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading; ``kind`` is how it is set, ``named`` whether it calls what follows a problem."""

    kind: str
    title: str
    start: int
    named: bool


def headings(plain: str, start: int = 0, stop: int | None = None) -> Iterator[Heading]:
    """The headings of a text without comments and code, in order; of lists, the outermost items."""
    depth = 0
    for found in _HEADING.finditer(plain, start, len(plain) if stop is None else stop):
        if found["edge"]:
            depth += 1 if found["edge"] == "begin" else -1
        elif found["section"]:
            kind = found["section"]
            yield Heading(kind, _bare(found["headed"]), found.start(), _names(found["headed"]))
        elif found["hashes"]:
            kind, title = found["hashes"], found["hashed"].rstrip("# \t\r")
            yield Heading(kind, _bare(title), found.start(), _names(title))
        elif found["bold"] or found["stars"]:
            title = found["set"] or found["starred"] or ""
            if _names(title):  # other words that are bold are no headings
                yield Heading("bold", _bare(title), found.start(), True)
        elif found["env"] or found["command"]:
            title = found["named"] or found["titled"] or ""
            yield Heading(found["env"] or found["command"], _bare(title), found.start(), True)
        elif found["line"]:
            yield Heading("line", found["line"].strip(" \t.:)"), found.start(), True)
        elif found["item"]:
            if depth <= 1:
                yield Heading(found["item"], "", found.start(), False)
        else:
            kind = "count" if found["count"] else "letter"
            yield Heading(kind, found[kind], found.start(), False)


def _names(title: str) -> bool:
    return _CALLED.match(title) is not None


def _bare(title: str) -> str:
    """The words of a title: formulas and commands in it have no place among them."""
    words = _NO_WORDS.sub(" ", title)
    return " ".join(words.split()).strip(" .:")


def levels(found: list[Heading], named: bool) -> Iterator[list[Heading]]:
    """The headings of each kind that is there more than once: the kind first met comes first."""
    for kind in dict.fromkeys(one.kind for one in found if one.named or not named):
        same = [one for one in found if one.kind == kind and (one.named or not named)]
        if len(same) > 1:
            yield same
