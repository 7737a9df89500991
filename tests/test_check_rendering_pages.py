"""A checked document as a page: what is on it, what is marked, and that LaTeX compiles it."""

from __future__ import annotations

import re
import shutil
import subprocess
import time
from pathlib import Path

import pytest

from derive.app.checked.html import render_html
from derive.app.checked.margin import render_margin
from derive.app.checked.page import page
from derive.app.checked.prose import passages
from derive.app.checked.tex import render_page
from derive.diagnostics import Source
from derive.latex.segment import segment
from proofs.verdict import Report
from tests import checked_reports

REPORTS = {name: make() for name, make in checked_reports.REPORTS.items()}
ALL = pytest.mark.parametrize("name", REPORTS)
STYLE = re.compile(r"<style>.*?</style>", re.DOTALL)


@ALL
def test_the_page_needs_nothing_else_and_trusts_nobody(name):
    text = render_html(REPORTS[name])
    for outside in ("<script", "<link", "http:", "https:", "<i>", "<b> &", "<img", "onerror"):
        assert outside not in text.replace('xmlns="http://www.w3.org', "")
    tags = re.findall(r"</?([a-z][a-z0-9]*)", STYLE.sub("", text))
    opened = [tag for tag in tags if tag not in ("meta", "wbr", "mspace")]
    for tag in set(opened):
        assert len(re.findall(rf"<{tag}[\s>]", text)) == text.count(f"</{tag}>")
    ids = re.findall(r' id="([^"]+)"', text)
    assert len(ids) == len(set(ids))
    assert set(re.findall(r'href="#([^"]+)"', text)) <= set(ids)


def test_the_wrong_piece_is_marked_inside_its_formula():
    text = render_html(REPORTS["hand"])
    marked = re.findall(r'<mrow class="wrong">(.*?)</mrow>', text)
    assert len(marked) >= 7
    assert "𝐖" in marked[0]
    assert "δ" not in marked[0]


def test_the_document_is_there_in_its_order():
    text = render_html(REPORTS["hand"])
    pieces = ["The network", "Let ", "with", "Backward", "First, since the loss", "so that",
              "The slope is", "as a weight", "Finally"]  # fmt: skip
    places = [text.index(piece) for piece in pieces]
    assert places == sorted(places)
    assert "a comment" not in text
    chinese = render_html(REPORTS["chinese"])
    assert "因为是加号所以直接 通过" in chinese
    assert '<html lang="zh">' in chinese


def test_a_sign_that_is_spoken_of_is_shown_as_one():
    source = Source("a.md", r"Here $\odot$, $\le$ and $\fr{a$ are signs: $x = x$.")
    (block,) = page(Report(source, ())).blocks
    first, second, third, fourth = block.formulas
    assert str(first.trees[0]) == r"(op \odot)"
    assert str(second.trees[0]) == "(rel <=)"
    assert (third.trees, third.source) == ((), r"\fr{a")
    assert str(fourth.trees[0]) == "(chain x (rel =) x)"
    assert '<code class="quiet">' in render_html(Report(source, ()))


def test_notes_in_the_margin_leave_the_document_as_it_is():
    report = REPORTS["hand"]
    source, made = report.source.text, render_margin(report)
    at = 0
    for letter in source:  # nothing is lost, nothing changes its order
        at = made.index(letter, at) + 1
    without = re.sub(r"\\derive(?:mark|sign)\{\w+\}\{\d*\}", "", made)
    body = without.split(r"\begin{document}")[1]
    for line in source.split(r"\begin{document}")[1].splitlines():
        assert line.split("%")[0].strip() in body
    assert made.count(r"\derivemark{wrong}") == 5
    assert made.count(r"\derivemark{proved}") == 4
    assert render_margin(REPORTS["chinese"]) is None


def compiled(text: str, folder: Path) -> str:
    """What pdflatex says of a page."""
    (folder / "page.tex").write_text(text, encoding="utf-8")
    command = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "page.tex"]
    done = subprocess.run(command, cwd=folder, capture_output=True, timeout=120)
    assert done.returncode == 0, done.stdout.decode("latin-1")[-2000:]
    return done.stdout.decode("latin-1")


@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="needs pdflatex")
@ALL
def test_both_kinds_of_latex_compile(name, tmp_path):
    report = REPORTS[name]
    for text in filter(None, [render_margin(report), render_page(report)]):
        said = compiled(text, tmp_path)
        widths = [float(found) for found in re.findall(r"Overfull \\hbox \(([\d.]+)pt", said)]
        assert all(width <= 2 for width in widths)
        assert "Missing character" not in said


HOSTILE = ["**a ", "[", "<!--", "```a\n", r"\begin{a}[", r"\label{", r"\item[", "_a ", "`", "# ",
           "{", r"\footnote{", r"\section{"]  # fmt: skip


@pytest.mark.parametrize("piece", HOSTILE)
@pytest.mark.parametrize("suffix", [".md", ".tex"])
def test_no_text_takes_long(piece, suffix):
    document = segment(Source("a" + suffix, "$x = y$ " + piece * (20_000 // len(piece))))
    start = time.process_time()
    passages(document)
    assert time.process_time() - start < 0.5


def test_a_listing_is_kept_and_what_is_in_it_is_no_formula():
    text = "# T\n\nWords\n```py\na = *b*\n```\n~~~\n~~~\n- *one*\n> two __three__\n\n<!-- no -->"
    text += "$x = y$"
    found = [(b.kind, b.parts) for b in page(Report(Source("a.md", text), ())).blocks]
    assert found[:4] == [
        ("paragraph", ("Words",)), ("listing", ("a = *b*",)), ("item", ("one two three",)),
        ("paragraph", (found[-1][1][0],)),
    ]  # fmt: skip
