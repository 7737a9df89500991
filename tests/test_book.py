"""The book against the checker: one case for each document, and the count of it all."""

from functools import cache

import pytest

from derive.diagnostics import Source
from proofs.check import check_source
from proofs.verdict import Report
from tests.literate import Count, Document, Expected, compared, documents

pytest.importorskip("flint")
DOCUMENTS = documents()
# What the checker does not do yet: document -> why.
FALLS_SHORT = {
    "traps_words.tex": "ReLU(t) = .. is taken for a definition",
}


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
    found = compared(document, report(document.name), named=False)
    assert not found, "\n" + "\n".join(map(str, found))


def test_nearly_every_mistake_gets_its_name() -> None:
    rows = [r for d in DOCUMENTS for r in d.rows if all(_must_be_named(e) for e in r.expected)]
    found = [x for d in DOCUMENTS for x in compared(d, report(d.name))]
    unnamed = [x for x in found if "error" in x.expected and x.got.endswith("[]")]
    assert len(rows) > 300
    assert len(unnamed) < 0.05 * len(rows), "\n" + "\n".join(map(str, unnamed))


def _must_be_named(expected: Expected) -> bool:
    return expected.kind == "error" and "" not in expected.mistakes


def test_count(capsys: pytest.CaptureFixture[str]) -> None:
    count = Count()
    for document in DOCUMENTS:
        count.add(document, report(document.name))
    with capsys.disabled():
        print(f"\nthe book: {count}")
    assert count.documents >= 80
    assert count.expected["ok"] >= 500
    assert count.expected["error"] >= 400
