r"""Losses and penalties: of distributions, of embeddings, of regressions, of weights.

The idea: each is a definition in other words, so its gradient follows from them.  Unless a function
says otherwise, all arguments have one shape and the loss is the **sum** over all entries, a scalar:
for a mean over m samples divide by m.  Where a loss has a kink its slope is the one-sided value of
the function that makes it: max(0, u) has slope 0 at 0, |u| has sign(0) = 0.
"""

from __future__ import annotations

from fractions import Fraction

from derive.kernel.build import contract, dot, hadamard, lift, total, trace
from derive.kernel.contraction import contracted
from derive.kernel.expr import Delta, Expr, Num, Ones, ShapeError, shape_text
from derive.operators.blocks import joined
from derive.operators.composites import cosine, define, mean, norm, power, squared_norm
from derive.operators.matrices import inverse, logdet
from derive.operators.pointwise import (
    absolute,
    cosh,
    exp,
    log,
    lt,
    max2,
    np,
    raised,
    relu,
    softplus,
    sqrt,
    tanh,
    where,
)
from derive.operators.row import pointwise

_HALF = Fraction(1, 2)
_UNIT = (0.1, 0.9)  # probabilities


def _option(value: object, word: str) -> Expr:
    given = lift(value)
    if given.axes:
        raise ShapeError(f"{word} is a number, not {shape_text(given.axes)}")
    return given


def _filled(value: object, like: Expr) -> Expr:
    """A number at every entry of an array like this one."""
    given = lift(value)
    return given if given.axes or not like.axes else given + 0 * like


# --------------------------------------------------------------------- of distributions


@define(r"\mathrm{KL}", words=("KL", "kl", "DKL"), arity=2, domain=_UNIT)
def kl(p: Expr, q: Expr) -> Expr:
    """sum p (log p - log q), for p, q > 0 (Kullback & Leibler, 1951, eq. 2.4)."""
    return dot(p, log(p) - log(q))


@define(r"\mathrm{JS}", words=("JS", "JSD"), arity=2, domain=_UNIT)
def jensen_shannon(p: Expr, q: Expr) -> Expr:
    """(KL(p, m) + KL(q, m)) / 2 with m = (p + q) / 2 (Lin, 1991, eq. 4.1, with equal weights)."""
    middle = _HALF * (p + q)
    return _HALF * (kl(p, middle) + kl(q, middle))


@define(r"\mathrm{H}", words=("Ent", "Entropy"), arity=1, domain=_UNIT)
def entropy(p: Expr) -> Expr:
    """-sum p log p, for p > 0 (Shannon, 1948, section 6)."""
    return -dot(p, log(p))


@define(r"\mathrm{FL}", words=("FL", "Focal", "FocalLoss"), arity=1, domain=_UNIT)
def focal(p: Expr, gamma: object = 2) -> Expr:
    r"""-sum (1 - p)^γ log p, of the probabilities p of the true classes.

    γ is a number, by custom 2; 0 leaves the cross-entropy (Lin et al., Focal loss for dense object
    detection, 2017, eq. 4).
    """
    weight = raised(1 - p, gamma) if isinstance(gamma, Expr) else power(_rational(gamma))(1 - p)
    return -dot(weight, log(p))


def _rational(value: object) -> Fraction:
    given = lift(value)
    if not isinstance(given, Num):
        raise TypeError(f"an exponent is a number, not {value!r}")
    return Fraction(given.value)


@define(r"\mathrm{LSCE}", words=("LSCE",), arity=2, domain=_UNIT)
def smoothed_cross_entropy(y: Expr, p: Expr, eps: object = Fraction(1, 10)) -> Expr:
    """Cross-entropy of (1 - ε) y + ε / K and p, vectors over K classes: label smoothing.

    ε is a number (Szegedy et al., Rethinking the Inception
    architecture, 2016, section 7).
    """
    e, k = _option(eps, "eps"), p.axes[-1]
    uniform = e / (lift(k) if isinstance(k, int) else total(Ones(k)))
    return -dot((1 - e) * y + _filled(uniform, y), log(p))


@define(r"\mathrm{BCEL}", words=("BCEWithLogits", "BCEL"), arity=2)
def bce_with_logits(y: Expr, z: Expr) -> Expr:
    """sum log(1 + e^z) - y z: the binary cross-entropy of y and σ(z); its gradient is σ(z) - y."""
    return total(softplus(z) - y * z)


@define(r"\mathrm{PNLL}", words=("PoissonNLL", "PNLL"), arity=2, domain=(0.2, 3.0))
def poisson_nll(y: Expr, rate: Expr) -> Expr:
    """sum λ - y log λ, without the constant log y! (Bishop, 2006, for counts y and rates λ > 0)."""
    return total(rate - y * log(rate))


@define(r"\mathrm{GNLL}", words=("GaussianNLL", "GNLL"), arity=3, domain=(0.2, 3.0))
def gaussian_nll(y: Expr, mu: Expr, variance: Expr) -> Expr:
    """½ sum (log σ² + (y - μ)² / σ²), without the constant ½ log 2π, of a normal law for each
    entry with variance σ² > 0 (Nix & Weigend, 1994, eq. 2)."""
    return _HALF * total(log(variance) + power(2)(y - mu) / variance)


def kl_normal(mu: Expr, variance: object, mu2: object = 0, variance2: object = 1) -> Expr:
    r"""KL of N(μ, diag σ²) to N(μ₂, diag σ₂²): ½ sum (log σ₂²/σ² + (σ² + (μ - μ₂)²)/σ₂² - 1).

    Means and variances are vectors or numbers, the second law the standard normal one if left out
    (Kingma & Welling, Auto-encoding variational Bayes, 2014, appendix B).

    >>> import derive as d
    >>> n = d.size("n")
    >>> d.kl_normal(d.vector("mu", n), d.vector("v", n)).axes
    ()
    """
    like = next((e for e in map(lift, (mu, variance, mu2, variance2)) if e.axes), lift(mu))
    m1, v1, m2, v2 = (_filled(e, like) for e in (mu, variance, mu2, variance2))
    ratio = log(v2) - log(v1) if v2 is not lift(1) else -log(v1)
    spread = v1 + power(2)(m1 - m2)
    return _HALF * total(ratio + spread / v2 - _filled(1, like))


def kl_normal_full(mu: Expr, sigma: Expr, mu2: Expr, sigma2: Expr) -> Expr:
    """KL of N(μ, Σ) to N(μ₂, Σ₂): ½ (tr Σ₂⁻¹Σ + eᵀΣ₂⁻¹e - k + log det Σ₂ - log det Σ), e = μ₂ - μ.

    Vectors of k entries and positive definite k×k matrices (Kullback, 1959, chapter 9, eq. 1.2).
    """
    back, way = inverse(sigma2), mu2 - mu
    k = mu.axes[0]
    size = lift(k) if isinstance(k, int) else total(Ones(k))
    terms = trace(back @ sigma) + dot(way, back @ way) - size + logdet(sigma2) - logdet(sigma)
    return _HALF * terms


# ------------------------------------------------------------------------ of embeddings


@define(r"\mathrm{Triplet}", words=("Triplet", "TripletLoss"), arity=3)
def triplet(a: Expr, p: Expr, n: Expr, margin: object = 1) -> Expr:
    """max(0, ||a - p||² - ||a - n||² + margin), of an anchor, a positive and a negative example
    (Schroff et al., FaceNet, 2015, eq. 3)."""
    return relu(squared_norm(a - p) - squared_norm(a - n) + _option(margin, "margin"))


def contrastive(u: Expr, v: Expr, same: Expr, margin: object = 1) -> Expr:
    """½ (y d² + (1 - y) max(0, margin - d)²) with d = ||u - v||; y is 1 for a pair of one class.

    u and v have one shape, y is a number.  Hadsell et al., 2006, eq. 4, where Y = 1 - y.
    """
    y, d = _option(same, "same"), norm(u - v)
    far = power(2)(relu(_option(margin, "margin") - d))
    return _HALF * (y * squared_norm(u - v) + (1 - y) * far)


def cosine_embedding(u: Expr, v: Expr, y: Expr, margin: object = 0) -> Expr:
    """1 - cos(u, v) for y = 1, max(0, cos(u, v) - margin) for y = -1, a number.

    u and v are non-zero vectors (``torch.nn.CosineEmbeddingLoss``).
    """
    sign, c = _option(y, "y"), cosine(u, v)
    apart = relu(c - _option(margin, "margin"))
    return _HALF * ((1 + sign) * (1 - c) + (1 - sign) * apart)


def info_nce(q: Expr, positive: Expr, negatives: Expr, tau: object = 1) -> Expr:
    """-log (e^{q·k₊/τ} / (e^{q·k₊/τ} + sum_j e^{q·k_j/τ})), the k_j the rows of ``negatives``.

    q and ``positive`` are vectors of n entries, ``negatives`` is m×n, τ > 0 a number (van den Oord
    et al., 2018, eq. 4; He et al., MoCo, 2020, eq. 1).
    """
    t = _option(tau, "tau")
    near, far = dot(q, positive) / t, (negatives @ q) / t
    return log(exp(near) + total(exp(far))) - near


def nt_xent(u: Expr, v: Expr, tau: object = 1) -> Expr:
    """The mean over all 2m rows i of -log (e^{s_ij/τ} / sum_{k≠i} e^{s_ik/τ}), j the partner of i.

    u and v are m×n, row k of one the partner of row k of the other; s are cosines, so no row is 0;
    τ > 0 is a number (Chen et al., SimCLR, 2020, eq. 1).
    """
    if len(u.axes) != 2 or u.axes != v.axes:
        raise ShapeError(f"nt_xent needs two m×n matrices, not {shape_text(u.axes)} and "
                         f"{shape_text(v.axes)}")  # fmt: skip
    t = _option(tau, "tau")
    rows = joined([_unit_rows(u), _unit_rows(v)], -2)
    m = rows.axes[0]
    ones = contracted((Ones(m), Ones(m)), ((0,), (1,)), (0, 1))
    others = contract("ij,ij->i", exp((rows @ rows.T) / t), ones - Delta(m))
    pairs = contract("ij,ij->", _unit_rows(u), _unit_rows(v))
    return mean(log(others)) - 2 * pairs / (t * total(Ones(m)))


def _unit_rows(x: Expr) -> Expr:
    lengths = sqrt(contract("ij,ij->i", x, x))
    return contract("ij,i->ij", x, 1 / lengths)


# ------------------------------------------------------------------------- of scores


@define(r"\mathrm{MultiMargin}", words=("MultiMargin",), arity=2)
def multi_margin(y: Expr, scores: Expr, margin: object = 1) -> Expr:
    """sum over j ≠ y of max(0, s_j - s_y + margin), y the one-hot vector of the true class
    (Weston & Watkins, 1999)."""
    true = _filled(dot(y, scores), scores)
    return dot(1 - y, relu(scores - true + _filled(_option(margin, "margin"), scores)))


@define(r"\mathrm{SqHinge}", words=("SqHinge", "SquaredHinge"), arity=2)
def squared_hinge(y: Expr, score: Expr) -> Expr:
    """sum max(0, 1 - y s)², y of +1 and -1."""
    return squared_norm(relu(1 - y * score))


@define(r"\mathrm{Dice}", words=("Dice", "DiceLoss"), arity=2, domain=_UNIT)
def dice(p: Expr, y: Expr) -> Expr:
    """1 - 2 sum p y / (sum p + sum y), for p and y from 0 to 1 and not all 0 (Dice, 1945)."""
    return 1 - 2 * dot(p, y) / (total(p) + total(y))


@define(r"\mathrm{IoU}", words=("IoU", "IoULoss", "Jaccard"), arity=2, domain=_UNIT)
def iou(p: Expr, y: Expr) -> Expr:
    """1 - sum p y / (sum p + sum y - sum p y), for p and y from 0 to 1 and not all 0 (Jaccard)."""
    both = dot(p, y)
    return 1 - both / (total(p) + total(y) - both)


@define(r"\mathrm{Critic}", words=("Critic",), arity=2)
def wasserstein_critic(real: Expr, fake: Expr) -> Expr:
    """The mean score of what is made less that of what is real (Arjovsky et al., 2017, eq. 2)."""
    return mean(fake) - mean(real)


# ------------------------------------------------------------------------- of regressions


@define(r"\mathrm{MAE}", words=("MAE",), arity=2)
def mae(u: Expr, v: Expr) -> Expr:
    """The mean of the absolute differences."""
    return mean(absolute(u - v))


@define(r"\mathrm{pinball}", words=("pinball", "Pinball", "quantileloss"), arity=2)
def pinball(y: Expr, q: Expr, tau: object = _HALF) -> Expr:
    """sum max(τ (y - q), (τ - 1) (y - q)), for the quantile 0 < τ < 1 (Koenker & Bassett, 1978)."""
    t = _option(tau, "tau")
    return total(max2(t * (y - q), (t - 1) * (y - q)))


logcosh = pointwise(
    "logcosh", lambda x: tanh(x), value=lambda x: np.logaddexp(x, -x) - np.log(2.0),
    latex=r"\mathrm{logcosh}", words=("logcosh",), body=lambda x: log(cosh(x)),
    code="(np.logaddexp({0}, -{0}) - np.log(2.0))", source="log cosh x, without overflow",
)  # fmt: skip


@define(r"\mathrm{LogCosh}", words=("LogCosh",), arity=1)
def log_cosh(u: Expr) -> Expr:
    """sum log cosh u; its gradient is tanh u."""
    return total(logcosh(u))


@define(r"\mathrm{SmoothL1}", words=("SmoothL1",), arity=1)
def smooth_l1(u: Expr, beta: object = 1) -> Expr:
    """u² / 2β where |u| < β, else |u| - β/2, summed (Girshick, Fast R-CNN, 2015, eq. 3, β = 1)."""
    b = _option(beta, "beta")
    far = absolute(u) - _filled(_HALF * b, u)
    return total(where(lt(absolute(u), _filled(b, u)), power(2)(u) * (1 / (2 * b)), far))


# ----------------------------------------------------------------------------- of weights


@define(r"\mathrm{ElasticNet}", words=("ElasticNet",), arity=1)
def elastic_net(w: Expr, l1: object = 1, l2: object = 1) -> Expr:
    """λ₁ sum |w| + λ₂ sum w² (Zou & Hastie, 2005, eq. 3)."""
    return hadamard(_option(l1, "l1"), total(absolute(w))) + hadamard(
        _option(l2, "l2"), squared_norm(w)
    )


def group_lasso(w: Expr) -> Expr:
    """The sum of the lengths of the rows of a matrix, a row a group; differentiable where no row
    is 0.  Without the weights √n of Yuan & Lin, 2006, eq. 2.1, which are equal for equal rows."""
    if len(w.axes) != 2:
        raise ShapeError(f"the groups are the rows of a matrix, not {shape_text(w.axes)}")
    return total(sqrt(contract("ij,ij->i", w, w)))


__all__ = [
    "contrastive", "cosine_embedding", "group_lasso", "info_nce", "kl_normal", "kl_normal_full",
    "nt_xent",
]  # fmt: skip
