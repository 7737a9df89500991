r"""Symbol names: their trees, and the identifiers that stand for them in code."""

import builtins
import keyword

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from derive.latex.print import latex
from derive.latex.read import read_formula
from derive.notation.names import ascii_name, ascii_names, parts, symbol_tree


@pytest.mark.parametrize(
    ("symbol", "identifier"),
    [
        (r"\hat{\mathbf{x}}", "x_hat"),
        (r"\mathbf{W}_1", "W_1"),
        (r"\mathbf{x}^{(i)}", "x_i"),
        (r"\mathcal{L}", "L"),
        (r"\boldsymbol{\theta}", "theta"),
        (r"\hat{y}^{(i)}", "y_hat_i"),
        (r"\mathbf{W}_{hh}", "W_hh"),
        (r"\tilde{\mathcal L}", "L_tilde"),
        (r"D_{a_1}", "D_a_1"),
        (r"\lambda", "lambda_"),
        ("max", "max_"),
        (r"v_{\mathrm{new}}", "v_new"),
        (r"W^{[l+1]}_{t-1}", "W_t_minus_1_l_plus_1"),
        ("w^*", "w_star"),
        ("f'", "f_prime"),
        ("α", "alpha"),
        (r"\bar{\hat{x}}_2", "x_hat_bar_2"),
    ],
)
def test_identifiers(symbol, identifier):
    assert ascii_name(symbol) == identifier


SYMBOLS = st.text("xyW12_^{}()[]\\hatmbf,+-*' 中αλ", max_size=12)


@settings(max_examples=300, deadline=None)
@given(SYMBOLS)
def test_any_string_has_a_usable_identifier(symbol):
    identifier = ascii_name(symbol)
    assert identifier.isidentifier()
    assert identifier.isascii()
    assert not keyword.iskeyword(identifier)
    assert identifier not in dir(builtins)


@settings(max_examples=200, deadline=None)
@given(st.lists(SYMBOLS, unique=True, max_size=6))
def test_identifiers_of_a_network_are_distinct_and_independent_of_order(symbols):
    chosen = ascii_names(symbols)
    assert len(set(chosen.values())) == len(symbols)
    assert chosen == ascii_names(reversed(symbols))


def test_rivals_are_told_apart_by_their_alphabet():
    chosen = ascii_names([r"\mathbf{x}", "x", r"\mathcal{L}", "x_i", "x^{(i)}"])
    assert chosen["x"] == "x"
    assert chosen[r"\mathbf{x}"] == "x_bold"
    assert chosen[r"\mathcal{L}"] == "L"
    assert {chosen["x_i"], chosen["x^{(i)}"]} == {"x_i", "x_i_2"}


@pytest.mark.parametrize(
    "symbol",
    [
        "x",
        r"\mathbf{W}_1",
        r"\hat{\mathbf{h}}_{1}",
        r"\mathbf{x}^{(i)}",
        r"\mathcal{L}",
        r"D_{a_1}",
        r"\mathbf{W}_{hh}",
        r"W_{t-1}^{[l]}",
        r"x_{i,j}",
        r"\theta_{\mathrm{old}}",
        r"a_{y^{(i)}}",
        r"\mathbf{W}_{k+1}^{(t)}",
    ],
)
def test_the_splitter_agrees_with_the_reader(symbol):
    assert (symbol_tree(symbol),) == read_formula(symbol)
    assert symbol_tree(latex(symbol_tree(symbol))) == symbol_tree(symbol)


def test_parts():
    assert parts(r"\tilde{\hat{\mathbf x}}") == (("tilde", "hat"), "mathbf", "x")
    assert parts("ReLU") == ((), None, "ReLU")
