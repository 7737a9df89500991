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
    bad = _differences(document, trials=2)
    if bad:  # a wrong row may be true by chance: where everything is masked, say
        bad = _differences(document, trials=8)
    assert not bad, "\n" + "\n".join(bad)


def _differences(document: Document, trials: int) -> list[str]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        found = judged(document, trials=trials)
    bad = []
    for one in found:
        if one.verdict == "unread" and "{(k+1)}" in document.text[one.row.start : one.row.end]:
            continue  # a rule of descent: its right side is the step of the gradient beside it
        if not any(one.verdict in ADMITS[expected.kind] for expected in one.row.expected):
            bad.append(f"{document.name}:{one.row.last}: {one.row.note}: {one.verdict} {one.why}")
    return bad
