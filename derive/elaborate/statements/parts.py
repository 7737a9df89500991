"""The parts of a text that have suppositions of their own: items, cases, lemmas, titled paragraphs.

The idea: a part ends where the next of its kind begins, or whatever it is in ends; a lemma has its
proof with it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from derive.latex.headings import Heading, headings

Span = tuple[int, int]
_ENVIRONMENT = re.compile(
    r"\\(?P<edge>begin|end)\{(?P<name>lemma|theorem|proposition|corollary|remark|example|claim|case|"
    r"observation|fact)\*?\}"
)
_PROOF = re.compile(r"\s*\\begin\{proof\}.*?\\end\{proof\}", re.DOTALL)
_CASE = re.compile(
    r"(?:^|[\n{*.])[ \t*{]*(?:\\\w+\*?\{)?[ \t]*(?:(?:In|First|Second|Third)\s+)?"
    r"(?P<case>Case|Fall|Cas)\b[ \t]*(?:\d|[A-Z]\b|[IVX]+\b|\$|\()",
)  # fmt: skip
_LIST_ENDS = re.compile(r"\\end\{(?:enumerate|itemize)")
_PARTS = frozenset(["item", "part", "letter", "count", "paragraph", "subparagraph"])


def parts_of(text: str) -> list[Span]:
    """The parts of a text, in the order of where they begin."""
    found = list(headings(text))
    return sorted([*_listed(text, found), *_environments(text), *_cases(text, found)])


def _listed(text: str, found: list[Heading]) -> Iterator[Span]:
    """Items, lettered parts and paragraphs with a title: up to the next of their kind, or to the
    end of what they are in."""
    following: dict[str, int] = {}
    ends = [one.start() for one in _LIST_ENDS.finditer(text)]
    over = len(text)  # where whatever holds the parts ends
    for one in reversed(found):
        while ends and ends[-1] > one.start:
            over = ends.pop()
        if one.kind not in _PARTS:
            over = one.start
            continue
        yield one.start, min(following.get(one.kind, len(text)), over)
        following[one.kind] = one.start


def _environments(text: str) -> Iterator[Span]:
    opened: list[tuple[str, int]] = []
    for found in _ENVIRONMENT.finditer(text):
        if found["edge"] == "begin":
            opened.append((found["name"], found.start()))
        elif opened and opened[-1][0] == found["name"]:
            proof = _PROOF.match(text, found.end())
            yield opened.pop()[1], proof.end() if proof else found.end()


def _cases(text: str, found: list[Heading]) -> Iterator[Span]:
    starts = [one.start("case") for one in _CASE.finditer(text)]
    sections = [one.start for one in found if "section" in one.kind or "#" in one.kind]
    edges = sorted([*starts, *sections, len(text)])
    for start in starts:
        yield start, next(edge for edge in edges if edge > start)
