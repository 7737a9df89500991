"""Formulas to surface trees: the source document's strings, other people's notation, bad input."""

import json
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from derive.diagnostics import DeriveError
from derive.latex.read import read_formula
from derive.latex.tables import compiled, grammar_text, stored_table

GOLDEN = Path(__file__).parent / "golden"
SEED = [json.loads(line) for line in (GOLDEN / "seed.jsonl").read_text("utf-8").splitlines()]
TREES = dict(
    line.split("  ", 1) for line in (GOLDEN / "seed_trees.txt").read_text("utf-8").splitlines()
)


def read(latex: str) -> str:
    return " ;; ".join(map(str, read_formula(latex)))


@pytest.mark.parametrize("row", SEED, ids=lambda row: row["id"])
def test_strings_of_the_source_document(row):
    assert read(row["latex"]) == TREES[row["id"]]


def test_every_string_has_a_tree():
    assert len(SEED) == len(TREES) == 109


def test_stored_table_is_that_of_the_grammar():
    assert stored_table() == compiled(grammar_text())


def written_blocks() -> list[tuple[str, str]]:
    """The pairs of formula and tree in ``notation.txt``."""
    pairs: list[tuple[str, str]] = []
    ways: list[str] = []
    for line in (GOLDEN / "notation.txt").read_text("utf-8").splitlines():
        if line.startswith("    "):
            pairs += [(latex, line.strip()) for latex in ways]
            ways = []
        elif line and not line.startswith("%"):
            ways.append(line)
    return pairs


@pytest.mark.parametrize(("latex", "tree"), written_blocks())
def test_notation_of_other_people(latex, tree):
    assert read(latex) == tree


def test_braces_and_typography_change_nothing():
    plain = r"\mathbf{z} = \frac{1}{m} \sum_{i=1}^{m} \sigma(W x_i + b)"
    dressed = (
        r"\displaystyle {\mathbf{z}}\; =\, \dfrac{1}{m}\! \sum\limits_{i=1}^{m}"
        r" \sigma\bigl(W{x_i} + b\bigr)\nonumber"
    )
    assert read(dressed) == read(plain)


BAD = [
    (r"(a + b", "unclosed-bracket", 0),
    (r"a + \left( b", "unclosed-bracket", 4),
    (r"x = |a + b", "unclosed-bracket", 4),
    (r"\frac{a}{b", "unclosed-bracket", 8),
    (r"a + b)", "unopened-bracket", 5),
    (r"a + b}", "unopened-bracket", 5),
    (r"(a + b]", "mismatched-bracket", 0),
    (r"[(a + b]", "unclosed-bracket", 1),
    (r"\begin{cases} a \end{matrix}", "mismatched-bracket", 0),
    (r"\begin{foo} a \end{foo}", "undefined-environment", 0),
    (r"x + \foo{y}", "undefined-command", 4),
    (r"x + * y", "missing-term", 2),
    (r"x = y +", "incomplete-formula", 6),
    (r"\frac{a}{}", "missing-argument", 0),
    (r"x^", "missing-argument", 1),
    (r"x = 中文", "foreign-character", 4),
    ("x + 😀", "foreign-character", 4),
    (r"np.sum(x)", "unexpected-symbol", 2),
    (r"a = = b", "missing-term", 2),
    ("(" * 200 + "x" + ")" * 200, "nested-too-deep", 100),
    ("{" * 200 + "x" + "}" * 200, "nested-too-deep", 100),
    (r"\hat" * 3000 + "x", "nested-too-deep", 400),
    (r"\nabla" * 3000 + " x", "nested-too-deep", None),
    ("- " * 3000 + " x", "nested-too-deep", None),
]  # fmt: skip


@pytest.mark.parametrize(("latex", "code", "start"), BAD, ids=lambda value: str(value)[:20])
def test_bad_formulas_are_blamed_at_their_place(latex, code, start):
    with pytest.raises(DeriveError) as caught:
        read_formula(latex)
    diagnostic = caught.value.diagnostics[0]
    assert diagnostic.code == code
    assert start is None or diagnostic.start == start


def test_one_bad_row_costs_one_row():
    with pytest.raises(DeriveError) as caught:
        read_formula(r"a &= b) \\ c &= d \\ e &= (f \\ g &= h")
    assert [d.code for d in caught.value.diagnostics] == ["unopened-bracket", "unclosed-bracket"]


def test_spans_are_those_of_the_source():
    latex = r"z = \mathbf{W}_1 x + b"
    (chain,) = read_formula(latex)
    for node in chain.subtrees():
        start, end = node.span
        assert 0 <= start < end <= len(latex)
    product = chain.kids[2].kids[0]
    assert latex[slice(*product.span)] == r"\mathbf{W}_1 x"


def test_long_formulas_are_linear():
    started = time.process_time()
    (tree,) = read_formula("+".join(["a_{i} b"] * 3000))
    assert len(tree.kids) == 3000
    assert time.process_time() - started < 5


ATOMS = r"""x y 1 2 W \alpha \frac \sqrt { } ( ) [ ] | \| \| \left( \right) \left. \right| \left\{
\right. ^ _ ' + - = < , ; : . ... ? ! & \\ \quad \text{if} \text{foo\ bar} \sum_ \max \nabla
\partial d / \cdot \hat \mathbf \begin{cases} \end{cases} \begin{aligned} \end{aligned}
\begin{bmatrix} \end{bmatrix} \over \mid \stackrel{?}{=} \underbrace \in \mathbb{R} \forall
\dots \mathrm \operatorname* \not \boxed \arg \bf \rm \substack \sqrt[ \binom \tag \color
α ² 中 ̂ \implies \overset \underset \middle $ % # ~ @"""
SOUP = st.lists(st.sampled_from(ATOMS.split()), max_size=25)


def check_reading(latex: str) -> None:
    """Trees or diagnostics, each at a place inside the text; anything else is an error of ours."""
    try:
        trees = read_formula(latex)
    except DeriveError as error:
        found = error.diagnostics
    else:
        found = ()
        assert all(str(tree) for tree in trees)
    for diagnostic in found:
        assert diagnostic.code
        assert diagnostic.message
        assert 0 <= diagnostic.start <= diagnostic.end <= len(latex)


@settings(max_examples=400, deadline=2000)
@given(SOUP, st.sampled_from(["", " "]))
def test_token_soup_raises_nothing_but_diagnostics(pieces, glue):
    check_reading(glue.join(pieces))


@settings(max_examples=150, deadline=2000)
@given(st.text(max_size=40))
def test_any_text_raises_nothing_but_diagnostics(latex):
    check_reading(latex)


@pytest.mark.parametrize("latex", ["x_1_2", "x_1^2_3", "x^2^3", "x_{a_1}_b", r"x_i'_j"])
def test_two_scripts_of_one_kind_are_refused(latex):
    with pytest.raises(DeriveError) as caught:
        read_formula(latex)
    assert caught.value.diagnostics[0].code == "double-script"


@pytest.mark.parametrize(
    "latex",
    ["{x_1}_2", "x_{a_1}^{b^2}", "f_1(x)_2", r"\frac{a_1}{b_1}_2", r"{x^{(i)}}^\top"],
)
def test_scripts_of_what_stands_in_braces_are_read(latex):
    assert len(read_formula(latex)) == 1


def test_a_derivative_before_a_question_mark_is_asked_for():
    (item,) = read_formula(r"\nabla_W L ?")
    assert str(item) == "(chain (grad W L 1) (rel =) (ask))"
