"""Documents: where formulas are, what is skipped, whose macros hold, what cannot be read."""

import pytest

from derive.diagnostics import DeriveError, Source
from derive.latex.read import read_formulas
from derive.latex.segment import LARGEST_DOCUMENT, open_source, segment, source_of

TEX = r"""\documentclass{article}
\newcommand{\vx}{\bm{x}} \newcommand{\Real}[1][n]{\mathbb{R}^{#1}}
\def\by#1#2{\frac{\partial #1}{\partial #2}}
\DeclareMathOperator{\act}{act}
\title{Two layers} % $not(a formula$
\begin{document}
Let $\vx \in \Real$, at a price of \$5, and \(W \in \Real[m\times n]\).
\begin{align*}
z &= \act(W\vx) \label{eq:z} \\ % a comment with $ and (
  &= \max(0, W \vx) \nonumber \\
\by{L}{W} &= ?
\end{align*}
\verb|$x(| \begin{verbatim} $y($ \end{verbatim}
$$ \begin{aligned} a &= b \\ c &= d \end{aligned} $$
\[ L = \text{loss if $z$ is large} \]
\end{document} $ignored($
"""

MARKDOWN = """---
title: $front($
---
# A heading
It costs $5 and $6, or `$code(`. Let $x \\in \\mathbb{R}^n$; 50% of $z$.

```python
$y($
```

```math
z = W x
```
$$
L = \\frac12 \\|z - y\\|^2
$$
<!-- $comment($ --> and $`q`$ and \\begin{equation} a = b \\end{equation}
"""


def formulas(name: str, text: str) -> list[str]:
    return [text[f.start : f.end].strip() for f in segment(Source(name, text)).formulas]


def test_formulas_of_a_tex_document():
    assert formulas("a.tex", TEX) == [
        r"\vx \in \Real",
        r"W \in \Real[m\times n]",
        TEX[TEX.index("z &=") : TEX.index(r"\end{align*}")].strip(),
        r"\begin{aligned} a &= b \\ c &= d \end{aligned}",
        r"L = \text{loss if $z$ is large}",
    ]


def test_rows_of_a_tex_document():
    parsed = read_formulas(Source("a.tex", TEX))
    assert parsed.diagnostics == ()
    assert parsed.title == "Two layers"
    rows = [(row.display, " ;; ".join(map(str, row.items))) for row in parsed.rows]
    assert rows[:5] == [
        (False, r"(chain \mathbf{x} (rel in) (script \mathbb{R} _ n))"),
        (False, r"(chain W (rel in) (script \mathbb{R} _ (juxt m (op \times) n)))"),
        (
            True,
            r"(chain z (rel =) (juxt act (paren (juxt W \mathbf{x})))"
            r" (rel =) (juxt max (paren (list 0 (juxt W \mathbf{x})))))",
        ),
        (True, "(chain (deriv L W 1) (rel =) (ask))"),
        (True, "(chain a (rel =) b)"),
    ]
    assert parsed.spelling[r"\mathbf{x}"] == r"\bm{x}"
    assert parsed.spelling["act"] == r"\operatorname{act}"


def test_formulas_of_a_markdown_document():
    assert formulas("a.md", MARKDOWN) == [
        r"x \in \mathbb{R}^n",
        "z",
        "z = W x",
        r"L = \frac12 \|z - y\|^2",
        "q",
        "a = b",
    ]
    assert segment(Source("a.md", MARKDOWN)).title == "A heading"


def test_words_between_formulas_are_kept():
    document = segment(Source("a.tex", "Let $x$ be small and $y$ large"))
    assert document.words_before(document.formulas[1].start) == "$ be small and $"


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_offsets_are_absolute(newline):
    text = newline.join(["% a comment (", "", "$a$ and $b + (c$", ""])
    (diagnostic,) = read_formulas(Source("a.tex", text)).diagnostics
    assert Source("a.tex", text).position(diagnostic.start) == (3, 14)
    assert text[diagnostic.start : diagnostic.end] == "("


def test_every_error_is_reported_and_the_rest_is_read():
    parsed = read_formulas(Source("a.tex", r"$a = b$ $(c$ $\foo$ $d = e$ $x + $ $f]$"))
    assert [str(row.items[0]) for row in parsed.rows] == [
        "(chain a (rel =) b)",
        "(chain d (rel =) e)",
    ]
    assert [d.code for d in parsed.diagnostics] == [
        "unclosed-bracket",
        "undefined-command",
        "incomplete-formula",
        "unopened-bracket",
    ]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("$x", "unclosed-formula"),
        ("$x\n\ny$", "unclosed-formula"),
        (r"\[ x", "unclosed-formula"),
        (r"\begin{align} x", "unclosed-formula"),
        (r"\frac{a}{b} = c", "no-formulas"),
        ("nothing of the kind", "no-formulas"),
        (r"\newcommand{\a}{\b}\newcommand{\b}{\a} $\a$", "recursive-macro"),
        (r"\def\a{\a} $\a$", "recursive-macro"),
        (r"\newcommand{\a}[1]{\a{#1#1}} $\a{x}$", "macro-too-long"),
        (
            r"\def\a{xxxxxxxxxx}" + "".join(
                rf"\def\{new}{{{chr(92) + old}\{old}\{old}\{old}}}"
                for old, new in zip("abcdefghij", "bcdefghijk", strict=True)
            ) + r" $\k$",
            "macro-too-long",
        ),
        (r"\newcommand{\a}[2]{#1#2} $\a{x}$", "macro-argument"),
        (r"\newcommand{\a} $x$", "macro-definition"),
        (r"\newcommand{\a}{ $x$", "unclosed-bracket"),
    ],
)  # fmt: skip
def test_documents_with_one_mistake(text, code):
    assert [d.code for d in read_formulas(Source("a.tex", text)).diagnostics][:1] == [code]


def test_the_call_of_a_macro_is_blamed_for_what_it_makes():
    text = r"\newcommand{\half}[1]{\frac{#1}{}} $x = \half{y} + z$"
    (diagnostic,) = read_formulas(Source("a.tex", text)).diagnostics
    assert text[diagnostic.start : diagnostic.end].startswith(r"\half")


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "empty-file"),
        (b" \n ", "empty-file"),
        (b"\x89PNG\0\0", "binary-file"),
        (b"\xff\xfe$\x00x\x00", "binary-file"),
        (b"caf\xe9 $x$", "binary-file"),
        (b"$x$ " * (LARGEST_DOCUMENT + 1), "huge-file"),
    ],
)
def test_files_that_hold_no_document(tmp_path, content, code):
    path = tmp_path / "a.tex"
    path.write_bytes(content)
    with pytest.raises(DeriveError) as caught:
        open_source(path)
    (diagnostic,) = caught.value.diagnostics
    assert (diagnostic.code, diagnostic.file) == (code, str(path))


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(DeriveError) as caught:
        open_source(tmp_path / "none.tex")
    assert caught.value.diagnostics[0].code == "unreadable-file"


def test_a_byte_order_mark_is_no_text():
    assert source_of("a.tex", b"\xef\xbb\xbf$x$").text == "$x$"


def test_lines_that_end_in_a_return_alone_are_lines():
    assert source_of("a.tex", b"% note\r$x$").text == "% note\n$x$"
    assert source_of("a.tex", b"% note\r\n$x$").text == "% note\r\n$x$"


def test_utf_16_is_named():
    with pytest.raises(DeriveError) as caught:
        source_of("a.tex", "$x$".encode("utf-16"))
    assert "UTF-16" in caught.value.diagnostics[0].message


@pytest.mark.parametrize(
    ("text", "formulas"),
    [
        (r"$ z = W x $, $ L = \|z\|^2$", [" z = W x ", r" L = \|z\|^2"]),
        (r"$W \in \mathbb{R}^n $ x", [r"W \in \mathbb{R}^n "]),
        ("costs $5 and $6 for $x=1$", ["x=1"]),
        ("the $ and the $ sign", []),
    ],
)
def test_dollars_with_a_space_inside_are_mathematics_if_it_looks_like_it(text, formulas):
    document = segment(Source("a.md", text))
    assert [text[f.start : f.end] for f in document.formulas] == formulas


@pytest.mark.parametrize(
    "document",
    [r"\[ " * 8000, "$$ " * 8001, r"\begin{align} " * 8000, "<!-- " * 8000, "` `` " * 8000],
    ids=lambda text: text[:8],
)
def test_unclosed_delimiters_do_not_take_quadratic_time(document):
    for name in ("a.tex", "a.md"):
        assert read_formulas(Source(name, document)).diagnostics
