"""The book is true: what each row must get agrees with numbers that this package has no part in."""

import warnings

import pytest

from tests.by_numbers import judged
from tests.literate import Document, documents

# What the numbers must say of a row for each verdict that it may get.
ADMITS = {
    "ok": ("true",), "ae": ("true",), "condition": ("true",), "unsettled": ("true", "false"),
    "error": ("false", "misfit"), "carried": ("false", "misfit"), "ill-typed": ("misfit",),
}  # fmt: skip


@pytest.mark.parametrize("document", documents(), ids=lambda d: d.name)
def test_numbers_agree_with_the_book(document: Document) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        found = judged(document, trials=2)
    bad = []
    for one in found:
        if one.verdict == "unread" and "{(k+1)}" in document.text[one.row.start : one.row.end]:
            continue  # a rule of descent: its right side is the step of the gradient beside it
        if not any(one.verdict in ADMITS[expected.kind] for expected in one.row.expected):
            bad.append(f"{document.name}:{one.row.last}: {one.row.note}: {one.verdict} {one.why}")
    assert not bad, "\n" + "\n".join(bad)
