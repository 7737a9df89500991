r"""The dashes and bars that are drawn in a matrix to show that its rows or columns are vectors.

The idea: they are drawing and no signs, so they are blanked out: - x^\top - is the row x^\top, and
a row of bars is none.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

_MATRIX = re.compile(
    r"\\begin\{(?P<env>[bpvB]?matrix|array)\}(?:\{[^{}]*\})?(?P<body>(?:(?!\\begin\{).)*?)"
    r"\\end\{(?P=env)\}",
    re.DOTALL,
)
_ROW_END = re.compile(r"\\\\(?:\[[^\]]*\])?")
_DASH = (
    r"(?:-{1,3}(?!\w)|[–—―]+|\\(?:text|textrm|mbox|mathrm)\s*\{\s*[-–—]+\s*\}|\\horzbar(?![a-z])|"
    r"\\rule(?:\[[^\]]*\])?\{[^{}]*\}\{[^{}]*\})"
)
_SPACE = r"(?:\s|\\[,;:! ]|\\quad|~)*"
_RULED = re.compile(
    rf"{_SPACE}(?P<left>{_DASH}{_SPACE}&?)(?P<row>.+?)(?P<right>&?{_SPACE}{_DASH}){_SPACE}$",
    re.DOTALL,
)
_BARS = re.compile(
    rf"(?:{_SPACE}(?:\||\\(?:mid|vert|vertbar|rule(?:\[[^\]]*\])?\{{[^{{}}]*\}}\{{[^{{}}]*\}})|"
    rf"\\[cl]?dots|&)){{2,}}{_SPACE}$",
    re.DOTALL,
)
_BAR = re.compile(r"\||\\(?:mid|vert|rule)")
_SKIPPED = re.compile(rf"{_SPACE}&?{_SPACE}\\[vc]dots{_SPACE}&?{_SPACE}$", re.DOTALL)


def rules_drawn(text: str) -> Iterator[tuple[int, int]]:
    """Where rules are drawn in the matrices of a text."""
    for matrix in _MATRIX.finditer(text):
        start, end = matrix.span("body")
        cuts = [found.span() for found in _ROW_END.finditer(text, start, end)]
        begins, ends = [start, *(b for _, b in cuts)], [*(a for a, _ in cuts), end]
        rows = list(zip(begins, ends, strict=True))
        ruled = [_RULED.match(text, a, b) for a, b in rows]
        bars = [bool(_BARS.match(text, a, b) and _BAR.search(text, a, b)) for a, b in rows]
        for k, (a, b) in enumerate(rows):
            if (found := ruled[k]) is not None:
                yield found.span("left")
                yield found.span("right")
            elif any(ruled) and _SKIPPED.match(text, a, b):
                for sign in re.finditer("&", text[a:b]):
                    yield a + sign.start(), a + sign.end()
            elif bars[k] and not all(bars):
                last = k == len(rows) - 1 or all(bars[k:])
                yield (cuts[k - 1][0], b) if last and k else (a, cuts[k][1] if k < len(cuts) else b)
