"""Reports built by hand, for the tests of what is shown: every verdict, every kind of document."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction

from derive.diagnostics import Source
from derive.latex.read import read_formulas
from proofs.verdict import (
    ILL_TYPED,
    PROVED,
    REFUTED,
    UNREADABLE,
    UNSETTLED,
    Counterexample,
    Finding,
    Fix,
    Judged,
    Link,
    Report,
)

HAND = r"""\documentclass[11pt]{article}
\usepackage{amsmath,amssymb}
\newcommand{\W}{\mathbf{W}}
\title{A network by hand}
\begin{document}
\maketitle
\section{The network}
Let $\mathbf{x}\in\mathbb{R}^n$, $\mathbf{y}\in\mathbb{R}^m$, $\W_1\in\mathbb{R}^{p\times n}$ and
$\W_3\in\mathbb{R}^{m\times p}$, with % a comment, 100\% ignored
\begin{align*}
  \mathbf{b} &= \W_1\mathbf{x}, & \mathbf{c} &= \mathrm{relu}(\mathbf{b}), \\
  \mathbf{z} &= \W_3\mathbf{c}, & \mathcal{L} &= \tfrac12\|\mathbf{z}-\mathbf{y}\|_2^2 .
\end{align*}

\section{Backward}
First, \emph{since} the loss is quadratic, $\delta_{\mathbf{z}} = \mathbf{z}-\mathbf{y}$. Then
\begin{align}
  \delta_{\mathbf{c}} &= \W_3\delta_{\mathbf{z}} \\
  \delta_{\mathbf{b}} &= \delta_{\mathbf{c}}
      = \W_3^\top(\mathbf{z}-\mathbf{y}) \\
  \frac{\partial\mathcal{L}}{\partial\W_1} &= \delta_{\mathbf{b}}\mathbf{x} \\
  \frac{\partial\mathcal{L}}{\partial\W_3} &= 2\,\delta_{\mathbf{z}}\mathbf{c}^\top
\end{align}
so that $\nabla_{\mathbf{x}}\mathcal{L} = \W_1^\top\delta_{\mathbf{b}}$, and
\[
  \|\mathbf{x}\|_1 \le \|\mathbf{x}\|_2 .
\]
\begin{itemize}
\item The slope is $\frac{\partial\mathbf{c}}{\partial\mathbf{b}}
  = \mathrm{diag}(\mathbb{I}(\mathbf{b}\ge 0))$.
\item With $\lambda$ as a weight, $\frac{\lambda}{\lambda} = 1$.
\end{itemize}
Finally \( \mathbf{s} = \mathrm{softmin}(\mathbf{z}) \) and $\mathbf{q} = (\mathbf{z}$.
\end{document}
"""
CHINESE = """# 中文作业

设 $\\mathbf{x}\\in\\mathbb{R}^n$，损失 $L = \\frac12\\|\\mathbf{x}\\|^2$。

因为是加号所以直接 **通过**： $\\nabla_{\\mathbf{x}} L = 2\\mathbf{x}$，所以

$$
\\begin{aligned}
\\frac{\\partial L}{\\partial \\mathbf{x}}
\t&= \\mathbf{x} \\\\
\t&= -\\mathbf{x}
\\end{aligned}
$$

- 第一点 `code_here` 和 $L \\ge 0$
- *second* point, a very long line: $L = \\tfrac12\\sum_{i=1}^n x_i^2 = \\tfrac12 x_1^2 + \\tfrac12 x_2^2 + \\tfrac12 x_3^2 + \\tfrac12 x_4^2 + \\tfrac12 x_5^2 + \\dots$ 完
"""  # noqa: E501


class Writer:
    """Builds the claims of a source; each piece of text is looked for behind the one before."""

    def __init__(self, file: str, text: str) -> None:
        self.source = Source(file, text)
        self.at = 0

    def span(self, piece: str) -> tuple[int, int]:
        start = self.source.text.index(piece, self.at)
        self.at = start
        return start, start + len(piece)

    def link(self, piece: str, verdict: str, by: str = "normal-form", relation: str = "=", **more):
        """The link when it is its turn: what stands before it must have been found."""
        return lambda: self._link(piece, verdict, by, relation, dict(more))

    def _link(self, piece: str, verdict: str, by: str, relation: str, more: dict) -> Link:
        span = self.span(piece)
        fix = more.pop("fix", None)
        if fix:
            where, latex, *line = fix
            start = self.source.text.index(where, span[0])
            more["fix"] = Fix(latex, (start, start + len(where)), *line)
        self.at = span[1]
        return Link(piece, span, relation, verdict, by, **more)

    def claim(self, piece: str, *links: Callable[[], Link]) -> Judged:
        start, self.at = self.span(piece)
        made = tuple(link() for link in links)
        span = start, made[-1].span[1]
        return Judged(self.source.text[slice(*span)], span, made)


def hand() -> Report:
    """Five different mistakes, a carried line, something unsettled, conditions, a null set."""
    w = Writer("hand.tex", HAND)
    minus = Counterexample(
        {"n": 1, "m": 2, "p": 2},
        (
            (r"\mathbf{W}_3", ((Fraction(1), Fraction(0)), (Fraction(-3, 2), Fraction(2)))),
            (r"\mathbf{z}", (Fraction(1), Fraction(-2))),
            (r"\mathbf{y}", (Fraction(0), Fraction(0))),
        ),
        (1,),
        "4",
        "1",
    )
    twice = Counterexample(
        {"n": 1, "m": 1, "p": 1},
        ((r"\mathbf{c}", (Fraction(1),)), (r"\delta_{\mathbf{z}}", (Fraction(1, 3),))),
        (1, 1),
        "1/3",
        "2/3",
    )
    far = Counterexample(
        {"n": 2}, ((r"\mathbf{x}", (Fraction(1), Fraction(1))),), (), "2", "[1.41421356 +/- 3e-9]"
    )
    refuted = Finding(REFUTED, "numeric", counterexample=minus)
    claims = [
        w.claim(r"\delta_{\mathbf{z}} =", w.link(r"\mathbf{z}-\mathbf{y}", PROVED)),
        w.claim(
            r"\delta_{\mathbf{c}} &=",
            w.link(
                r"\W_3\delta_{\mathbf{z}}", REFUTED, "numeric", mistake="missing-transpose",
                message=r"$\W_3$ must be transposed here: write $\W_3^\top$", value=refuted,
                counterexample=minus, fix=(r"\W_3", r"\W_3^\top", r"\W_3^\top\delta_{\mathbf{z}}"),
            ),
        ),
        w.claim(
            r"\delta_{\mathbf{b}} &=",
            w.link(
                r"\delta_{\mathbf{c}}", REFUTED, "numeric", mistake="missing-mask",
                message=r"the mask $\mathbb{I}(\mathbf{b} > 0)$ is missing here: write "
                r"$\mathbb{I}(\mathbf{b} > 0) \odot \delta_{\mathbf{c}}$",
                fix=(r"\delta_{\mathbf{c}}",
                     r"\mathbb{I}(\mathbf{b} > 0) \odot \delta_{\mathbf{c}}"),
                notes=("relu lets a gradient through only where its argument is positive",),
                value=Finding(REFUTED, "numeric"), step=Finding(REFUTED, "numeric"),
            ),
            w.link(
                r"\W_3^\top(\mathbf{z}-\mathbf{y})", REFUTED, "numeric", carried=True,
                carried_from=HAND.index(r"\delta_{\mathbf{b}} &="),
            ),
        ),
        w.claim(
            r"\frac{\partial\mathcal{L}}{\partial\W_1} &=",
            w.link(
                r"\delta_{\mathbf{b}}\mathbf{x}", ILL_TYPED, "shapes", mistake="missing-transpose",
                message="shapes do not multiply: $(p×1)·(n×1)$",
                notes=("the left side is $p×n$",),
                fix=(r"\mathbf{x}", r"\mathbf{x}^\top"),
            ),
        ),
        w.claim(
            r"\frac{\partial\mathcal{L}}{\partial\W_3} &=",
            w.link(
                r"2\,\delta_{\mathbf{z}}\mathbf{c}^\top", REFUTED, "numeric",
                mistake="factor-2", message=r"the factor 2 is too much: the $\frac12$ took it",
                counterexample=twice, fix=(r"2\,\delta_{\mathbf{z}}\mathbf{c}^\top",
                                           r"\delta_{\mathbf{z}} \mathbf{c}^\top"),
            ),
        ),
        w.claim(
            r"\nabla_{\mathbf{x}}\mathcal{L} =",
            w.link(r"\W_1^\top\delta_{\mathbf{b}}", PROVED, "kernel"),
        ),
        w.claim(
            r"\|\mathbf{x}\|_1 \le",
            w.link(r"\|\mathbf{x}\|_2", REFUTED, "numeric", "<=", counterexample=far),
        ),
        w.claim(
            r"\frac{\partial\mathbf{c}}",
            w.link(
                r"\mathrm{diag}(\mathbb{I}(\mathbf{b}\ge 0))", PROVED,
                almost_everywhere=r"b_i = 0",
            ),
        ),
        w.claim(
            r"\frac{\lambda}{\lambda} =",
            w.link("1", PROVED, conditions=(r"\lambda \ne 0",)),
        ),
        w.claim(
            r"\mathbf{s} =",
            w.link(
                r"\mathrm{softmin}(\mathbf{z})", UNSETTLED, "fingerprint",
                message="it agrees at 3 exact random trials, and no proof was found",
            ),
        ),
    ]  # fmt: skip
    diagnostics = read_formulas(w.source).diagnostics
    return Report(
        w.source, tuple(claims), "denominator", "inferred", diagnostics,
        ("$L$ is read as the loss",), title="A network by hand",
    )  # fmt: skip


def chinese() -> Report:
    """Markdown, wide letters, tabs, a chain over several rows, a very long line."""
    w = Writer("中文.md", CHINESE)
    point = Counterexample({"n": 1}, ((r"\mathbf{x}", (Fraction(1),)),), (1,), "1", "2")
    long = "".join(rf"\tfrac12 x_{k}^2 + " for k in range(1, 6)) + r"\dots"
    claims = [
        w.claim(
            r"\nabla_{\mathbf{x}} L =",
            w.link(
                r"2\mathbf{x}", REFUTED, "numeric", mistake="factor-2", counterexample=point,
                message=r"there is a factor $2$ too much: write $\mathbf{x}$",
                fix=(r"2\mathbf{x}", r"\mathbf{x}"),
            ),
        ),
        w.claim(
            "\\frac{\\partial L}{\\partial \\mathbf{x}}\n\t",
            w.link(r"\mathbf{x}", PROVED),
            w.link(
                r"-\mathbf{x}", REFUTED, "numeric", counterexample=point,
                message="the two sides are not equal",
            ),
        ),
        w.claim(r"L \ge", w.link("0", PROVED, "kernel", ">=")),
        w.claim(
            "L =",
            w.link(r"\tfrac12\sum_{i=1}^n x_i^2", PROVED),
            w.link(long, UNREADABLE, "shapes", message="the dots do not say where the sum ends"),
        ),
    ]  # fmt: skip
    return Report(w.source, tuple(claims), title="中文作业")


def proved() -> Report:
    """Everything is right."""
    w = Writer("right.md", "Let $x\\in\\mathbb{R}$. Then $x + x = 2x$ and $x^2 \\ge 0$.\n")
    claims = (
        w.claim("x + x =", w.link("2x", PROVED)),
        w.claim(r"x^2 \ge", w.link("0", PROVED, "kernel", ">=")),
    )
    return Report(w.source, claims)


def hostile() -> Report:
    """What a bad author may put in: markup, control characters, quotes, nothing at a place."""
    text = '<script>alert("1")</script> $a\x1b[31m = b$ & "c" \u202e %0A::error::x\n$u = <v>$\n'
    w = Writer("a&b<c>'\",%:.md", text)
    claims = (
        w.claim(
            "a\x1b[31m =", w.link("b", REFUTED, "numeric", message="no\n::error::<b> & 50%, a:b")
        ),
        w.claim("u =", w.link("<v>", UNSETTLED, "fingerprint")),
    )
    return Report(w.source, claims, notes=("<i>",))


ODD = r"""\documentclass{article}
\usepackage{amsmath}
\begin{document}
\begin{center}\textbf{Bold with $a = b$ inside} and more\footnote{Here $c = d$ stands.}\end{center}
\begin{tabular}{l|l}
one & $e = f$ \\
two & $g = h$
\end{tabular}

\begin{enumerate}
\item[(a)] A display
\[ \frac{\partial L}{\partial \gamma} = \sum_{i=1}^m g_i \]
goes on % and $ignored = 1$
\item \begin{equation*}\begin{split} u &= v \\ &= \text{{a word} w} \end{split}\end{equation*}
\end{enumerate}
\verb|$x = y$| and \(k = (((((l\)
\paragraph{A last one} $p \ge q$, $r = 1000000 + 2000000 + 3000000 + 4000000 + 5000000 + 6000000
 + 7000000 + 8000000 + 9000000$.
\end{document}
behind
"""


def odd() -> Report:
    """Claims where nothing can be put in: in footnotes, tables, bold words; a wrong left side."""
    w = Writer("odd.tex", ODD)
    left = ODD.index(r"\frac{\partial L}")
    by = Counterexample({}, ((r"\gamma", Fraction(1)),), (), "[0.1555, 0.1558]", "1", boundary=True)
    wide = ODD[ODD.index("1000000") : ODD.index("$.\n\\end{document}")]
    claims = [
        w.claim("a =", w.link("b", REFUTED, "numeric", 
                              message=r"$\mathbf{c}$ is missing: write $b - \mathbf{c}$",
                              fix=("b", r"b - \mathbf{c}"))),
        w.claim("c =", w.link("d", UNSETTLED, "fingerprint")),
        w.claim("e =", w.link("f", PROVED)),
        w.claim("g =", w.link("h", REFUTED, "numeric")),
        w.claim(
            r"\frac{\partial L}{\partial \gamma} =",
            w.link(r"\sum_{i=1}^m g_i", REFUTED, "numeric", mistake="wrong-left-side",
                   message="the left side is another one", counterexample=by),
        ),
        w.claim("u &=", w.link("v", PROVED), w.link(r"\text{{a word} w}", UNSETTLED, "numeric")),
        w.claim("k =", w.link("(" * 5 + "l", UNREADABLE, "shapes",
                                message="more than `100` brackets",
                                code="nested-too-deep")),
        w.claim(r"p \ge", w.link("q", PROVED, "kernel", ">=", conditions=("q > 0", "p < 1"))),
        w.claim("r =", w.link(wide, REFUTED, "numeric")),
    ]  # fmt: skip
    link = claims[4].links[0]
    fix = Fix(
        r"\frac{\partial L}{\partial \beta}",
        (left, left + len(r"\frac{\partial L}{\partial \gamma}")),
    )
    claims[4] = replace(claims[4], links=(replace(link, fix=fix),))
    return Report(w.source, tuple(claims))


REPORTS = {"odd": odd, "hand": hand, "chinese": chinese, "proved": proved, "hostile": hostile}
