"""The 109 strings of the source document, settled: each notation taken for what its author meant.

``golden/settled.txt`` was read line by line against the meaning that goes with each string in
``golden/seed.jsonl``; CONTEXT holds what the source document says elsewhere of the names in it.
"""

import json
from pathlib import Path

import pytest

from derive.diagnostics import Source
from derive.elaborate.faults import Fault
from derive.elaborate.statements.settled import settled_statements
from derive.tree import sexpr

HERE = Path(__file__).parent / "golden"
STRINGS = [json.loads(line) for line in (HERE / "seed.jsonl").read_text().splitlines()]
EXPECTED: dict[str, list[str]] = {}
for _line in (HERE / "settled.txt").read_text().splitlines():
    _key, _, _tree = _line.partition("  ")
    EXPECTED.setdefault(_key, []).append(_tree)

# Statements of the source that stand before a string and are needed to read it.
CONTEXT = {
    "G16": [r"\mathbf{z} = \mathbf{W}_2 \mathbf{h}_1 + \mathbf{b}_2"],
    "G21": [r"\mathbf{f}, \mathbf{y} \in \mathbb{R}^m"],
    "G23": [
        r"\mathbf{f} = \max(\alpha \cdot \mathbf{g}, \mathbf{g})",
        r"\mathbf{g} = \mathbf{h} + \mathbf{b}",
    ],
    "G24": [r"\mathbf{g} = \mathbf{h} + \mathbf{b}", r"\mathbf{h}, \mathbf{b} \in \mathbb{R}^m"],
    "G35": [
        r"\mathcal{L} = \sum_{i=1}^m \log \sum_{j=1}^c e^{a_j(x^{(i)})}",
        r"a_j(x) = w_j^T x + b_j",
    ],
    "G36": [
        r"\mathcal{L} = \sum_{i=1}^m \log \sum_{j=1}^c e^{a_j(x^{(i)})}",
        r"a_j(x) = w_j^T x + b_j",
    ],
    "G37": [
        r"R(\mathbf{W}) = \frac{\lambda}{n} \sum_{i=1}^n"
        r" \left( \max_{1 \le r \le m} \sum_{c=1}^p |w_{rc}^i| \right)"
    ],
    "D35": [r"\sigma_i^2 = \frac{1}{m}\sum_{j=1}^{m} (x_i^{(j)} - \mu_i)^2"],
    "D36": [r"\mu_i = \frac{1}{m}\sum_{j=1}^{m} x_i^{(j)}"],
}


def settled(key: str, latex: str) -> list[str]:
    before = CONTEXT.get(key, [])
    text = "\n\n".join(f"$${line}$$" for line in [*before, latex])
    skipped = sum(len(settled_statements(Source("", f"$${line}$$"))) for line in before)
    return [sexpr(tree) for tree in settled_statements(Source("", text))][skipped:]


@pytest.mark.parametrize("row", STRINGS, ids=lambda row: row["id"])
def test_read_as_meant(row):
    assert settled(row["id"], row["latex"]) == EXPECTED[row["id"]]


def test_all_strings_are_here():
    assert len(STRINGS) == 109
    assert EXPECTED.keys() == {row["id"] for row in STRINGS}


@pytest.mark.parametrize(
    ("latex", "part"),
    [
        (r"$a \in \mathbb{R}$, $b = a(x + 1)$", "(juxt (symbol a) (sum (symbol x) 1))"),
        (r"$a(u) = u^2$, $b = a(x + 1)$", "(call (symbol a) (sum (symbol x) 1))"),
        (r"$b = \sigma(z)$", r"(call (symbol \sigma) (symbol z))"),
        (r"$\sigma \in \mathbb{R}$, $b = \sigma(z + 1)$", r"(juxt (symbol \sigma) (sum"),
        (r"$c = \log p_k$", "(call (symbol log) (symbol p_k))"),
        (r"$c = \log \sigma(z)$", r"(call (symbol log) (call (symbol \sigma) (symbol z)))"),
        (r"$c = \tanh^2(x)$", "(power (call (symbol tanh) (symbol x)) 2)"),
        (r"$T \in \mathbb{R}$, $c = x^T$", "(power (symbol x) (symbol T))"),
        (r"$c = x^T y$", "(juxt (transpose (symbol x)) (symbol y))"),
        (r"$c = A^{-T} b$", "(juxt (transpose (inverse (symbol A))) (symbol b))"),
        (r"$c = \mathbf{W}^{[l]} \mathbf{a}$", r"(juxt (symbol \mathbf{W}^{[l]})"),
        (r"$c = w^{*\top} x$", "(transpose (symbol w^{*}))"),
        (r"$c = {x^{(i)}}^\top y$", "(transpose (symbol x^{(i)}))"),
        (r"$c = e^{-z}$", "(call (symbol exp) (neg (symbol z)))"),
        (r"$e = y - a$, $c = e^T e$", "(juxt (transpose (symbol e)) (symbol e))"),
        (r"$c = \mathbb{1}_{z > 0} y$", r"(call (symbol \mathbb{1}) (chain (symbol z) (rel >) 0))"),
    ],
)
def test_the_same_notation_is_read_by_what_is_declared(latex, part):
    assert part in sexpr(settled_statements(Source("", latex))[-1])


@pytest.mark.parametrize(
    ("latex", "code"),
    [
        (r"$L = q(a + b)$", "ambiguous-call"),
        (r"$L = \mathbf{x}^i$", "ambiguous-superscript"),
    ],
)
def test_what_is_undecidable_is_a_question(latex, code):
    with pytest.raises(Fault) as caught:
        settled_statements(Source("", latex))
    assert caught.value.code == code
    assert caught.value.help
