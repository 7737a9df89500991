"""The book against the checker: one case for each document, and the count of it all."""

from functools import cache

import pytest

from derive.diagnostics import Source
from proofs.check import check_source
from proofs.verdict import Report
from tests.literate import Count, Document, compared, documents

DOCUMENTS = documents()
# What the checker does not do yet: document -> why.
FALLS_SHORT: dict[str, str] = {}


@cache
def report(name: str) -> Report:
    found = next(d for d in DOCUMENTS if d.name == name)
    return check_source(Source(found.name, found.text))


def _cases() -> list:
    return [
        pytest.param(
            d, id=d.name,
            marks=[pytest.mark.xfail(reason=FALLS_SHORT[d.name], strict=True)]
            if d.name in FALLS_SHORT else [],
        )
        for d in DOCUMENTS
    ]  # fmt: skip


@pytest.mark.parametrize("document", _cases())
def test_every_row_gets_its_verdict(document: Document) -> None:
    found = compared(document, report(document.name))
    assert not found, "\n" + "\n".join(map(str, found))


def test_count(capsys: pytest.CaptureFixture[str]) -> None:
    count = Count()
    for document in DOCUMENTS:
        count.add(document, report(document.name))
    with capsys.disabled():
        print(f"\nthe book: {count}")
    assert count.documents >= 40
    assert count.expected.get("error", 0) >= 120
