"""The check beside the results, judged: a rule of ours gone wrong is an exit code and is red.

Each mutant is one mistake that a careless hand could make in a rule; the document beside it is one
whose answer needs the rule.
"""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from derive.app import cli
from derive.derivation import deltas, paper
from derive.kernel import calculus
from derive.kernel.build import contracted, lift, scale
from derive.operators import pointwise, primitives

ROOT = Path(__file__).parent.parent
EXAMPLES = sorted(
    p.name for p in (ROOT / "examples").iterdir()
    if p.suffix in (".tex", ".md") and "\\partial" in p.read_text(encoding="utf-8")
)  # fmt: skip
DOCUMENT = {
    "softmax": r"$W \in \mathbb{R}^{k\times n}$, $x \in \mathbb{R}^n$, $t \in \mathbb{R}^k$. "
    r"$p = \mathrm{softmax}(Wx)$, $L = -t^\top \log p$. $\frac{\partial L}{\partial W} = ?$",
    "jacobian": r"$x \in \mathbb{R}^n$. $p = \mathrm{softmax}(x)$. "
    r"$\frac{\partial p}{\partial x} = ?$",
    "tanh": r"$w, x \in \mathbb{R}^n$. $L = \tanh(w^\top x)^2$. $\nabla_w L = ?$",
    "hessian": r"$A \in \mathbb{R}^{n\times n}$, $x \in \mathbb{R}^n$. $f = x^\top A x$. "
    r"$\nabla_x^2 f = ?$",
    "shared": r"$A \in \mathbb{R}^{n\times n}$, $x \in \mathbb{R}^n$. $u = A x$, $v = A u$, "
    r"$L = \|v\|^2$. $\frac{\partial L}{\partial A} = ?$",
    "max": r"$x \in \mathbb{R}^n$, $a \in \mathbb{R}$. $L = a \max_i x_i$. $\nabla_x L = ?$",
}


def _outcome(text: str, folder: Path) -> int:
    (folder / "a.md").write_text(text, encoding="utf-8")
    return cli.main(["solve", str(folder / "a.md"), "-o", str(folder)])


def _is_red(folder: Path, stem: str = "a") -> bool:
    html = (folder / f"{stem}.html").read_text(encoding="utf-8")
    tex = (folder / f"{stem}.tex").read_text(encoding="utf-8")
    return 'class="failed"' in html and r"\textcolor{wrong}" in tex


@pytest.fixture
def mutate() -> Iterator[Callable[[Any, str, Any], None]]:
    """Replaces an attribute, of a frozen row as well, until the test is over."""
    before: list[tuple[Any, str, Any]] = []

    def replace(owner: Any, name: str, value: Any) -> None:
        before.append((owner, name, getattr(owner, name)))
        object.__setattr__(owner, name, value)

    yield replace
    for owner, name, value in reversed(before):
        object.__setattr__(owner, name, value)


@pytest.mark.parametrize("document", DOCUMENT)
def test_the_documents_are_right_without_a_mutant(document, tmp_path):
    assert _outcome(DOCUMENT[document], tmp_path) == cli.DONE
    assert not _is_red(tmp_path)


# ------------------------------------------------------------------------------- the product rule


@pytest.mark.parametrize("example", EXAMPLES)
def test_a_sign_in_the_product_rule(example, tmp_path, monkeypatch):
    right = calculus._switched
    monkeypatch.setattr(calculus, "_switched", lambda *given: scale(-1, right(*given)))
    path = ROOT / "examples" / example
    assert cli.main(["solve", str(path), "-o", str(tmp_path)]) == cli.DIFFERS
    assert _is_red(tmp_path, path.stem)


@pytest.mark.parametrize("document", ["hessian", "shared", "softmax"])
def test_a_factor_in_the_product_rule(document, tmp_path, monkeypatch):
    right = calculus._switched
    monkeypatch.setattr(
        calculus, "_switched",
        lambda node, k, *rest: scale(2 if k else 1, right(node, k, *rest)),
    )  # fmt: skip
    assert _outcome(DOCUMENT[document], tmp_path) == cli.DIFFERS
    assert _is_red(tmp_path)


def test_a_transpose_that_is_missing(tmp_path, monkeypatch):
    right = calculus._switch

    def turned(axes, indices, out, k, extra):
        spots, filling, kept = right(axes, indices, out, k, extra)
        return spots, filling, kept[::-1] if len(kept) == 2 else kept

    monkeypatch.setattr(calculus, "_switch", turned)
    square = r"$A, B, Y \in \mathbb{R}^{n\times n}$. $L = \|A B - Y\|_F^2$. $\nabla_A L = ?$"
    assert _outcome(square, tmp_path) == cli.DIFFERS


# ------------------------------------------------------------------------------------- slopes


@pytest.mark.parametrize(
    ("name", "document"),
    [
        ("tanh", "tanh"),
        ("log", "softmax"),
        ("relu", "residual.tex"),
        ("sigmoid", "weighted_bce.tex"),
        ("prelu", "prelu_elu.tex"),
        ("elu", "composition.md"),
        ("exp", "softmax_classifier.tex"),
    ],
)
@pytest.mark.parametrize("mistake", [lambda s: scale(2, s), lambda s: s + 1], ids=["2s", "s+1"])
def test_a_slope(name, document, mistake, tmp_path, mutate):
    fn = getattr(pointwise, name)
    mutate(fn, "slopes", tuple(lambda *args, s=s: mistake(lift(s(*args))) for s in fn.slopes))
    text = DOCUMENT.get(document) or (ROOT / "examples" / document).read_text(encoding="utf-8")
    assert _outcome(text, tmp_path) == cli.DIFFERS
    assert _is_red(tmp_path)


# ------------------------------------------------------------------------------ along an axis


def _only_its_diagonal(node, cotangent, extra):
    lead, rows, k = primitives._along(node, extra)
    whole = (*lead, *rows, k)
    share = contracted((node, cotangent), ((*rows, k), whole), whole)
    yield node.args[0], share, "softmax"


def _nothing_taken(node, cotangent, extra):
    yield node.args[0], cotangent, "log-softmax"


@pytest.mark.parametrize(
    ("operator", "pull", "document"),
    [
        (primitives.softmax, _only_its_diagonal, "jacobian"),
        (primitives.log_softmax, _nothing_taken, "softmax"),
    ],
    ids=["softmax", "log_softmax"],
)
def test_a_pull_along_an_axis(operator, pull, document, tmp_path, mutate):
    mutate(primitives.softmax, "pull", _only_its_diagonal)
    mutate(operator, "pull", pull)
    assert _outcome(DOCUMENT[document], tmp_path) == cli.DIFFERS
    assert _is_red(tmp_path)


# ------------------------------------------------------------------------- sums, and what is shown


def test_a_share_that_is_lost(tmp_path, monkeypatch):
    monkeypatch.setattr(deltas, "collected", lambda shares: shares[0])
    assert _outcome(DOCUMENT["shared"], tmp_path) == cli.DIFFERS
    assert _is_red(tmp_path)


@pytest.mark.parametrize("mistake", [lambda e: scale(-1, e), lambda e: scale(2, e)])
@pytest.mark.parametrize("document", DOCUMENT)
def test_what_tidying_gets_wrong_is_not_shown(document, mistake, tmp_path, monkeypatch, capsys):
    right = paper.shortened
    monkeypatch.setattr(paper, "shortened", lambda *given: mistake(right(*given)))
    assert _outcome(DOCUMENT[document], tmp_path) == cli.DONE
    shown = (tmp_path / "a.tex").read_text(encoding="utf-8")
    monkeypatch.setattr(paper, "shortened", lambda expr, *_: expr)
    _outcome(DOCUMENT[document], tmp_path)
    assert (tmp_path / "a.tex").read_text(encoding="utf-8") == shown
