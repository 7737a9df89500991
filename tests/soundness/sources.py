"""Where true lines come from: the examples, the documents of the tests and the book.

The idea: of the first two the engine's own lines are taken, of the book what is written there.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from derive.diagnostics import DeriveError, Source
from derive.latex.read import read_formulas
from derive.tree import Tree
from tests.soundness.corpus import Claim, Document, bare, document_of, verdict, with_letters
from tests.soundness.place import key_of

ROOT = Path(__file__).parent.parent.parent
_EMPTY = re.compile(r"\\begin\{(align|gather|equation)(\*?)\}\s*\\end\{\1\2\}")


def of_book(path: Path) -> Document:
    """A page of the book without its claims, and those of them that the judge finds true."""
    text = path.read_text(encoding="utf-8")
    rows = text.split("\n")
    kept = [row for row in rows if not re.search(r"%\s*(ok|error|unsettled|carried)", row)]
    found = document_of(path.name, _EMPTY.sub("", "\n".join(kept)))
    claims: list[Claim] = []
    for row in read_formulas(Source(path.name, text)).rows:
        for item in row.items:
            if item.head == "chain" and isinstance(item.kids[0], Tree):
                claims += _equations(found, bare(item))
    found.claims = [c for c in dict.fromkeys(claims) if verdict(found, c) in ("true", "loose")]
    return found


def _equations(document: Document, chain: Tree) -> Iterator[Claim]:
    """Left side = each right side of a chain, unless that would define the left side again."""
    left, *rest = chain.kids
    if key_of(left) in document.nodes or any(r.kids[0] != "=" for r in rest[::2]):
        return
    for right in rest[1::2]:
        if left.head in ("deriv", "grad") or r"\delta" in key_of(left):
            yield with_letters(document, Claim(left, right))


def files() -> list[Path]:
    found = [p for p in sorted((ROOT / "examples").iterdir()) if p.suffix in (".tex", ".md")]
    found += [p for p in sorted((ROOT / "tests" / "documents").iterdir()) if p.suffix in
              (".tex", ".md")]  # fmt: skip
    return found


def book() -> list[Path]:
    folder = ROOT / "tests" / "book"
    found = [p for p in sorted(folder.iterdir()) if p.suffix in (".tex", ".md")]
    # The judge reads derivatives in denominator layout.
    return [p for p in found if "numerator" not in p.name]


def read_files() -> Iterator[Document]:
    """Every document of the examples, the tests and the book that has lines to begin with."""
    for path, make in [*((p, _of_file) for p in files()), *((p, of_book) for p in book())]:
        try:
            document = make(path)
        except DeriveError:
            continue
        if document.claims:
            yield document


def _of_file(path: Path) -> Document:
    return document_of(path.name, path.read_text(encoding="utf-8"))
