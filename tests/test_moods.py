r"""What a text says of its quantities, and how: as given, under a condition, in doubt, denied.

The idea: nothing is proved of what is not said in earnest, and nothing refuted that the words may
make true.
"""

import pytest

from proofs.check import check
from proofs.verdict import PROVED, REFUTED, UNSETTLED

pytest.importorskip("flint")
MATRIX = (
    r"Let $A, B \in \mathbb{R}^{n \times n}$, $x, u, v \in \mathbb{R}^n$ and $t \in \mathbb{R}$. "
)
LINE = r"\[ \nabla_x (x^\top A x) = 2 A x \]"


def verdicts(text: str) -> list[str]:
    return [claim.verdict for claim in check(text).claims]


@pytest.mark.parametrize(
    "said",
    [
        "Is $A$ symmetric? We find",
        "We do not assume that $A$ is symmetric. Then",
        "It is false that $A$ is symmetric. Then",
        "A common mistake is to treat $A$ as symmetric:",
        "Unless $A$ is symmetric, we have",
        "Assuming that $A$ were symmetric would be wrong. Anyway,",
        "Either $A$ or $B$ is symmetric.",
        "Nobody said that $A$ is symmetric.",
        "What if $A$ is symmetric? Without that:",
        "$A$ is almost symmetric.",
        "$A$ would be symmetric if $B$ were zero.",
        "$A$ is symmetric only in its first block.",
        "The Hessian at $A$ is symmetric.",
        "The kernel of $A$ is symmetric.",
        "$A$ is a symmetric function of $B$.",
        "$A$ is a diagonal plus rank one matrix.",
        "$A$ is not symmetric but $B$ is symmetric.",
        "We studied symmetric $A$. Here $A$ is arbitrary:",
        r"Let $A$ be positive definite, $A$ is not assumed symmetric:",
        "Suppose for contradiction that $A$ is symmetric. Then",
    ],
)
def test_nothing_is_proved_of_what_is_not_said_in_earnest(said: str) -> None:
    assert PROVED not in verdicts(MATRIX + said + LINE)


@pytest.mark.parametrize(
    "said",
    [
        "Let $A$ be symmetric.",
        "$A$ is a real symmetric matrix.",
        "Here $A$ is symmetric and positive definite.",
        "Without loss of generality, $A$ is symmetric.",
        "Let $A$ be a symmetric but otherwise arbitrary matrix.",
        "Since $A$ is symmetric,",
        "$B$ is not symmetric, but $A$ is symmetric.",
    ],
)
def test_what_is_given_is_used(said: str) -> None:
    assert verdicts(MATRIX + said + LINE) == [PROVED]


@pytest.mark.parametrize(
    "said", ["If $A$ is symmetric, then", "When $A$ is symmetric:", "For symmetric $A$,"]
)
def test_a_condition_is_named(said: str) -> None:
    (claim,) = check(MATRIX + "Consider $A$. " + said + LINE).claims
    assert claim.verdict == PROVED
    assert claim.links[0].conditions == (r"A = A^\top",)


@pytest.mark.parametrize(
    ("said", "line"),
    [
        ("$A$ and $B$ commute.", "(A + B)^2 = A^2 + 2 A B + B^2"),
        ("$u$ and $v$ are orthogonal.", r"\|u + v\|^2 = \|u\|^2 + \|v\|^2"),
        (r"$u \perp v$.", r"\|u + v\|^2 = \|u\|^2 + \|v\|^2"),
        ("$u$ and $v$ are orthonormal.", r"\|u + v\|^2 = 2"),
        ("$A$ is involutory.", "A^3 = A"),
        ("$A$ is a normal matrix.", r"A A^\top = A^\top A"),
        ("$A$ is traceless.", r"\operatorname{tr}(A + B) = \operatorname{tr}(B)"),
        ("$x$ is centred.", r"\sum_i x_i = 0"),
        ("The entries of $x$ sum to one.", r"\sum_i x_i = 1"),
        ("$A$ is nilpotent.", "A^n = 0"),
        ("$A$ is doubly stochastic.", r"A \mathbf{1} = \mathbf{1}"),
        ("$v$ is an eigenvector of $A$ with eigenvalue $t$.", "A v = t v"),
        ("$x$ lies in the null space of $A$.", "A x = 0"),
        ("$B$ is the inverse of $A$.", "A B = B A"),
        ("$u$ and $v$ are parallel.", r"(u^\top v)^2 = \|u\|^2 \|v\|^2"),
    ],
)
def test_what_words_may_make_true_is_not_refuted(said: str, line: str) -> None:
    assert REFUTED not in verdicts(rf"{MATRIX}{said} \[ {line} \]")
    assert verdicts(rf"{MATRIX} \[ {line} \]") == [REFUTED]


@pytest.mark.parametrize(
    ("said", "line"),
    [
        ("$A$ and $B$ commute.", r"(A + B)^2 = A^2 + A B + B^2"),
        ("$u$ and $v$ are orthogonal.", r"\|u + v\|^2 = \|u\|^2 - \|v\|^2"),
        ("$A$ and $B$ do not commute.", "(A + B)^2 = A^2 + 2 A B + B^2"),
        ("$x$ is centred.", r"\|x\|^2 = 0"),
    ],
)
def test_what_is_false_in_spite_of_the_words_is_refuted(said: str, line: str) -> None:
    assert verdicts(rf"{MATRIX}{said} \[ {line} \]") == [REFUTED]


def test_intervals_hold_where_they_are_said() -> None:
    text = (
        r"Let $x > 0$. \[ \sqrt{x^2} = x \] Now let $x < 0$. \[ \sqrt{x^2} = -x \] "
        r"\[ \sqrt{x^2} = x \]"
    )
    assert verdicts(text) == [PROVED, PROVED, REFUTED]
    text = (
        r"Let $x \in \mathbb{R}$. For $x > 0$ we have \[ |x| = x \] and for $x < 0$ \[ |x| = -x \]"
    )
    assert verdicts(text) == [PROVED, PROVED]


def test_contradictory_kinds_prove_nothing() -> None:
    said = "Let $A$ be positive definite and skew-symmetric."
    assert PROVED not in verdicts(MATRIX + said + r"\[ \det A = 0 \]")
    assert PROVED not in verdicts(
        MATRIX + r"Let $A$ be orthogonal and $A = 2 I$. \[ A^\top A = I \]"
    )


# ------------------------------------------------------------------- the root of a variance

VARIANCE = (
    r"Let $x \in \mathbb{R}^n$, $\mu = \frac1n \sum_i x_i$, "
    r"$\sigma^2 = \frac1n \sum_i (x_i - \mu)^2$"
)


@pytest.mark.parametrize("said", ["", r", $\sigma = \sqrt{\sigma^2}$", r", $\sigma > 0$"])
@pytest.mark.parametrize(
    ("line", "verdict"),
    [
        (r"\frac{\partial \sigma}{\partial x_i} = \frac{x_i - \mu}{n \sigma}", PROVED),
        (r"\frac{\partial \sigma}{\partial x_i} = 0", REFUTED),
        (r"\frac{\partial \sigma^2}{\partial x_i} = \frac{2}{n} (x_i - \mu)", PROVED),
        (r"\sum_i \left(\frac{x_i - \mu}{\sigma}\right)^2 = n", PROVED),
    ],
)
def test_a_deviation_is_the_root_of_its_variance(said: str, line: str, verdict: str) -> None:
    assert verdicts(rf"{VARIANCE}{said}. \[ {line} \]") == [verdict]


def test_a_name_with_a_value_of_its_own_is_no_root() -> None:
    text = r"Let $t \in \mathbb{R}$, $t^2 = t + 1$. \[ \frac{d}{dt} t^3 = 3 t^2 \]"
    assert REFUTED not in verdicts(text)
    text = r"Let $x \in \mathbb{R}^n$, $\sigma^2 = x^\top x$, $y = \sigma(x)$. \[ y = \sigma(x) \]"
    assert verdicts(text) == [PROVED]


# ------------------------------------------------------------------- losses that nothing defines


@pytest.mark.parametrize(
    ("line", "verdict"),
    [
        (r"\frac{\partial L}{\partial \beta} = \sum_i \frac{\partial L}{\partial y_i}", PROVED),
        (
            r"\frac{\partial L}{\partial \beta} = \sum_i \frac{\partial L}{\partial y_i} z_i",
            REFUTED,
        ),
        (
            r"\frac{\partial L}{\partial \gamma} = \sum_i \frac{\partial L}{\partial y_i} z_i",
            PROVED,
        ),
        (r"\frac{\partial L}{\partial z_i} = \gamma \frac{\partial L}{\partial y_i}", PROVED),
        (r"\frac{\partial L}{\partial z_i} = 7", REFUTED),
        (r"\frac{\partial L}{\partial x_i} = \frac{\partial L}{\partial y_i} \gamma", REFUTED),
    ],
)
def test_an_unknown_loss_depends_on_members(line: str, verdict: str) -> None:
    text = (
        r"Let $x \in \mathbb{R}^n$, $\mu = \frac1n \sum_{i=1}^n x_i$, $z_i = x_i - \mu$, "
        r"$y_i = \gamma z_i + \beta$."
    )
    assert verdicts(rf"{text} \[ {line} \]") == [verdict]


# ------------------------------------------------------------------- norms of matrices


@pytest.mark.parametrize(
    ("line", "verdict"),
    [
        (r"\|A\|_\infty = \|A^\top\|_1", UNSETTLED),
        (r"\|A\|_1 = \max_j \sum_i |A_{ij}|", UNSETTLED),
        (r"\|A\|_1 = \sum_{i,j} |A_{ij}|", PROVED),
        (r"\|A\|_1 = \|A\|_F", REFUTED),
        (r"\|x\|_\infty = \|x\|_1", REFUTED),
    ],
)
def test_norms_with_two_customs(line: str, verdict: str) -> None:
    assert verdicts(rf"{MATRIX} \[ {line} \]") == [verdict]


# ------------------------------------------------------------------- strokes


@pytest.mark.parametrize("written", [r"a/2b", r"a/2b^2", r"(a + b)^2/2\sigma^2"])
def test_a_stroke_with_two_readings_is_asked_back(written: str) -> None:
    text = rf"Let $a, b, \sigma \in \mathbb{{R}}$. \[ {written} = a \]"
    (claim,) = check(text).claims
    assert (claim.verdict, claim.links[0].code) == ("unreadable", "ambiguous-product")


@pytest.mark.parametrize("line", ["1/2 a = a/2", "a/(2 b) = a/2/b", r"a/2 \cdot b = a b/2"])
def test_a_stroke_with_one_reading_is_read(line: str) -> None:
    assert verdicts(rf"Let $a, b \in \mathbb{{R}}$. \[ {line} \]") == [PROVED]


# ------------------------------------------------------------------- sums and sizes


@pytest.mark.parametrize(
    ("line", "verdict"),
    [
        (r"\sum_{i=1}^n i = n i", UNSETTLED),
        (r"\sum_{i=1}^n i x_i = i \sum_{i=1}^n x_i", UNSETTLED),
        (r"\sum_{i=1}^3 i = 6", PROVED),
        (r"\sum_{i=1}^3 i = 5", REFUTED),
        (r"\sum_{i \ne j} x_i x_j = (\sum_i x_i)^2 - \sum_i x_i^2", PROVED),
        (r"\sum_{i \ne j} x_i x_j = (\sum_i x_i)^2", REFUTED),
        (r"\sum_{i < j} x_i x_j = \frac12 ((\sum_i x_i)^2 - \sum_i x_i^2)", UNSETTLED),
        (r"\sum_{i < j} x_i x_j = (\sum_i x_i)^2 - \sum_i x_i^2", REFUTED),
    ],
)
def test_letters_of_sums(line: str, verdict: str) -> None:
    assert verdicts(rf"Let $x \in \mathbb{{R}}^n$. \[ {line} \]") == [verdict]


def test_a_letter_that_is_named_elsewhere_is_kept() -> None:
    text = r"Let $x \in \mathbb{R}^n$, $y_j = \sum_{i \ne j} x_i$. \[ y_j = \sum_i x_i - x_j \]"
    assert verdicts(text) == [PROVED]
    text = r"Let $z \in \mathbb{R}^n$ and a class $j$, $L = \sum_{k \ne j} z_j z_k$."
    assert verdicts(text + r"\[ L = z_j (\sum_k z_k - z_j) \]") == [PROVED]


@pytest.mark.parametrize(
    ("said", "line", "verdict"),
    [
        (r"n \ge 2", r"\sum_{i=1}^n 1 = n", PROVED),
        (r"n > 1", r"\frac{n - 1}{n - 1} x = x", PROVED),
        (r"n \ge 2", r"x y^\top = y x^\top", REFUTED),
        (r"n = 1", r"\|x\|_1 = \|x\|_2", PROVED),
    ],
)
def test_a_size_may_have_a_bound(said: str, line: str, verdict: str) -> None:
    text = rf"Let $x, y \in \mathbb{{R}}^n$ with ${said}$. \[ {line} \]"
    assert verdicts(text) == [verdict]


def test_sizes_that_contradict_one_another_are_noticed() -> None:
    text = r"Let $x \in \mathbb{R}^n$, $n \ge 2$ and $n = 1$. \[ \|x\|_1 = \|x\|_2 \]"
    assert check(text).verdict == REFUTED


def test_no_counterexample_is_smaller_than_the_sizes_allow() -> None:
    (claim,) = check(
        r"Let $x, y \in \mathbb{R}^n$ with $n \ge 3$. \[ x y^\top = y x^\top \]"
    ).claims
    (link,) = claim.links
    assert link.counterexample is not None
    assert dict(link.counterexample.sizes)["n"] >= 3


@pytest.mark.parametrize(
    ("line", "verdict"),
    [
        ("C^2 = C", PROVED),
        (r"C X = X - \frac1n \mathbf{1} \mathbf{1}^\top X", PROVED),
        (r"\operatorname{tr}(C) = n - 1", PROVED),
        (r"\operatorname{tr}(C) = n", REFUTED),
    ],
)
def test_the_size_of_a_centring_matrix_is_its_count(line: str, verdict: str) -> None:
    text = r"Let $X \in \mathbb{R}^{n \times d}$, $C = I - \frac1n \mathbf{1} \mathbf{1}^\top$."
    assert verdicts(rf"{text} \[ {line} \]") == [verdict]


@pytest.mark.parametrize(
    ("line", "verdict"),
    [
        (r"\frac{\partial L}{\partial z_k} = p_k \quad (k \ne c)", PROVED),
        (r"\frac{\partial L}{\partial z_k} = p_k - 1 \quad (k = c)", PROVED),
        (r"\frac{\partial L}{\partial z_k} = p_k - 1 \quad (k \ne c)", REFUTED),
        (r"\frac{\partial L}{\partial z_k} = p_k", REFUTED),
    ],
)
def test_lines_about_other_classes(line: str, verdict: str) -> None:
    text = (
        r"Let $z \in \mathbb{R}^n$, $p = \operatorname{softmax}(z)$ and the class $c$, "
        r"$L = -\log p_c$."
    )
    assert verdicts(rf"{text} \[ {line} \]") == [verdict]


def test_a_displayed_value_of_a_variable_is_no_definition() -> None:
    text = r"Let $A \in \mathbb{R}^{n \times n}$ with $A^2 = A$. \[ A = I \] \[ A = A^\top \]"
    assert PROVED not in verdicts(text)
