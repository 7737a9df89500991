"""Lines labelled by hand, in documents that try to make the checker say something false.

The idea: ``% true`` and ``% proved`` are right, ``% false`` and ``% refuted`` wrong; the first of
each pair may be left unsettled, and a line without a label is no question here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from proofs.check import check
from proofs.verdict import ILL_TYPED, ORDER, PROVED, REFUTED

pytest.importorskip("flint")
FOLDER = Path(__file__).parent / "attacks"
_LABEL = re.compile(r"\s*%\s*(true|proved|false|refuted)$")


def _documents() -> Iterator:
    for path in sorted(FOLDER.glob("*.txt")):
        parts = re.split(r"^=== *(.*)\n", path.read_text(encoding="utf-8"), flags=re.MULTILINE)
        for k, (name, text) in enumerate(zip(parts[1::2], parts[2::2], strict=True)):
            yield pytest.param(name, text, id=f"{path.stem}-{k}-{name}")


@pytest.mark.parametrize(("name", "text"), [*_documents()])
def test_no_false_line_is_proved_and_no_true_one_refuted(name: str, text: str) -> None:
    found = [_LABEL.search(line) for line in text.split("\n")]
    plain = "\n".join(_LABEL.sub("", line) for line in text.split("\n"))
    verdicts: dict[int, str] = {}
    for claim in check(plain, "document.md" if name.endswith(".md") else "document.tex").claims:
        line = plain.count("\n", 0, max(claim.span[1] - 1, 0))
        worst = max(claim.verdict, verdicts.get(line, PROVED), key=ORDER.index)
        verdicts[line] = worst
    wrong = []
    for line, label in enumerate(found):
        if label is None:
            continue
        verdict = verdicts.get(line, "")
        fits = {
            "true": verdict not in (REFUTED, ILL_TYPED),
            "proved": verdict == PROVED,
            "false": verdict != PROVED,
            "refuted": verdict in (REFUTED, ILL_TYPED),
        }[label[1]]
        if not fits:
            wrong.append(f"line {line + 1}, {label[1]}: {verdict or 'no claim'}")
    assert not wrong, "\n".join([*wrong, plain])


def test_the_attacks_are_many() -> None:
    text = "".join(path.read_text(encoding="utf-8") for path in FOLDER.glob("*.txt"))
    labels = re.findall(r"% (true|proved|false|refuted)$", text, re.MULTILINE)
    assert sum(label in ("false", "refuted") for label in labels) > 150
    assert sum(label in ("true", "proved") for label in labels) > 150
