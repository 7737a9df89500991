"""The rows of the source document: every one that is stated gets its answer or its verdict."""

import pytest

from tests.seed.table import Stated, outcome, rows, stated, without

pytest.importorskip("flint")
DOCUMENTS = stated()


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda d: d.path.name)
def test_a_document_says_what_it_should(document: Stated) -> None:
    assert not outcome(document).wrong, "\n" + "\n".join(outcome(document).wrong)


def test_every_row_that_is_named_is_one() -> None:
    known = {row.name for row in rows()}
    assert len(known) == 188
    assert {name for d in DOCUMENTS for name in d.rows} <= known


def test_a_wrong_answer_is_found() -> None:
    document = next(d for d in DOCUMENTS if d.path.name == "weighted_bce.tex")
    wrong = without(
        document, r"% answer: \mathbf{W}_2^\top \delta", r"% answer: \mathbf{W}_2 \delta"
    )
    assert outcome(wrong).wrong
