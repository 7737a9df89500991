"""``output/`` is what ``./run sheets`` makes: nothing in it is edited by hand, nothing is stale.

Only the errors of the numerical check may differ, since rounding differs from machine to machine.
"""

import re
from itertools import zip_longest
from pathlib import Path

import pytest

from derive.app.cli import main

ROOT = Path(__file__).parent.parent
EXAMPLES = sorted(path for path in (ROOT / "examples").iterdir() if path.suffix in (".tex", ".md"))


def without_errors(text: str) -> str:
    """The sheet with the fourth cell of every row of the numerical check left out."""
    text = re.sub(
        r'(<tr class="(?:passed|failed)">(?:<td>.*?</td>){3})<td>.*?</td>', r"\1<td></td>", text,
        flags=re.DOTALL,
    )  # fmt: skip
    return re.sub(r"^((?:[^&\n]* & ){3})[^&\n]*( & \\textcolor)", r"\1\2", text, flags=re.MULTILINE)


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    folder = tmp_path_factory.mktemp("output")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(ROOT)
        paths = [str(path.relative_to(ROOT)) for path in EXAMPLES]
        assert main(["solve", *paths, "-o", str(folder)]) == 0
    return folder


@pytest.mark.parametrize(
    "name", [path.stem + suffix for path in EXAMPLES for suffix in (".tex", ".html")]
)
def test_the_sheet_is_the_committed_one(made, name):
    fresh = (made / name).read_text(encoding="utf-8")
    kept = (ROOT / "output" / name).read_text(encoding="utf-8")
    assert "agrees" in fresh or "worked from the numbers that are said" in fresh
    lines = zip_longest(without_errors(fresh).splitlines(), without_errors(kept).splitlines())
    for number, (now, then) in enumerate(lines, 1):
        # A page has lines of any length: a whole difference would bury the log.
        if now != then:
            pytest.fail(f"line {number} is {now!s:.120}, not {then!s:.120}: run ./run sheets")


def test_nothing_else_is_there(made):
    assert {p.name for p in (ROOT / "output").iterdir()} == {p.name for p in made.iterdir()}


def test_an_error_is_left_out_and_nothing_else(made):
    for name in ("residual.tex", "residual.html"):
        text = (made / name).read_text(encoding="utf-8")
        masked = without_errors(text)
        assert masked != text
        assert len(text) - len(masked) < 0.1 * len(text)
