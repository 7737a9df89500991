"""The derivation that the documentation shows: what the command prints of it is what stands there.

``UPDATE_GOLDEN=1 ./run tests tests/test_docs_check.py`` writes it anew; read the difference, and
take the picture of its page again.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

pytest.importorskip("flint")

from derive.app import cli
from proofs.check import check

DOCS = Path(__file__).parent.parent / "docs"
MISTAKES = ["sign", "factor", "wrong-delta", "missing-transpose", "missing-mask"]


def test_the_text_is_what_the_command_prints(capsys, monkeypatch):
    monkeypatch.chdir(DOCS)
    assert cli.main(["check", "hand.tex"]) == cli.DIFFERS
    printed = capsys.readouterr().out
    told = DOCS / "check.txt"
    if os.environ.get("UPDATE_GOLDEN"):
        told.write_text(printed, encoding="utf-8")
    assert told.read_text(encoding="utf-8") == printed


def test_it_has_five_mistakes_and_one_that_is_carried():
    report = check((DOCS / "hand.tex").read_text(encoding="utf-8"))
    links = [link for claim in report.claims for link in claim.links]
    assert [link.mistake for link in links if link.mistake] == MISTAKES
    assert sum(link.carried for link in links) == 1
    assert report.count("proved") == 3


def test_the_picture_is_no_burden():
    assert (DOCS / "check.png").stat().st_size < 300_000
