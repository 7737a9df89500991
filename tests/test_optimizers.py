"""Optimizers: each row against a few lines of NumPy written from its paper, over many steps."""

import numpy as np
import pytest

import derive as d
from derive.app.solve import solved
from derive.latex.print import latex
from derive.operators.optimizers import OPTIMIZERS
from proofs.equal import prove

ETA, ALPHA, RHO, LAM, NU, B1, B2 = 0.05, 0.9, 0.8, 0.1, 1e-3, 0.7, 0.9
GIVEN = {
    "eta": ETA, "alpha": ALPHA, "rho": RHO, "lam": LAM, "nu": NU, "beta_1": B1, "beta_2": B2,
}  # fmt: skip


def gradient(theta: np.ndarray) -> np.ndarray:
    return np.sin(theta) + theta**3 / 3 - 0.2


def start() -> np.ndarray:
    return np.array([[0.5, -1.0, 2.0], [0.1, 0.0, -0.4]])


def by_hand(name: str, theta: np.ndarray, steps: int) -> np.ndarray:
    """The same optimizers as loops, from the papers that the rows name."""
    v = np.zeros_like(theta)
    m = np.zeros_like(theta)
    for t in range(1, steps + 1):
        at = theta + ALPHA * v if name == "nesterov" else theta
        g = gradient(at)
        match name:
            case "sgd":
                theta = theta - ETA * g
            case "weight_decay":
                theta = theta - ETA * (g + LAM * theta)
            case "l1":
                theta = theta - ETA * (g + LAM * np.sign(theta))
            case "momentum" | "nesterov":
                v = ALPHA * v - ETA * g
                theta = theta + v
            case "nesterov_stored":
                before, v = v, ALPHA * v - ETA * g
                theta = theta - ALPHA * before + (1 + ALPHA) * v
            case "adagrad":
                v = v + g**2
                theta = theta - ETA / (NU + np.sqrt(v)) * g
            case "rmsprop":
                v = RHO * v + (1 - RHO) * g**2
                theta = theta - ETA / (NU + np.sqrt(v)) * g
            case "adam" | "adamw":
                m = B1 * m + (1 - B1) * g
                v = B2 * v + (1 - B2) * g**2
                step = m / (1 - B1**t) / (np.sqrt(v / (1 - B2**t)) + NU)
                decay = LAM * theta if name == "adamw" else 0
                theta = theta - ETA * (step + decay)
            case _:
                raise AssertionError(name)
    return theta


def by_code(name: str, theta: np.ndarray, steps: int) -> np.ndarray:
    row = OPTIMIZERS[name]
    namespace: dict = {}
    exec(d.optimizer(name).code(), namespace)
    state = tuple(np.zeros_like(theta) for _ in row.state)
    rates = {key: GIVEN[key] for key in row.rates}
    for t in range(1, steps + 1):
        at = theta + ALPHA * state[0] if row.ahead is not None else theta
        theta, state = namespace["step"](theta, gradient(at), state, t, **rates)
    return theta


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_the_code_does_what_the_paper_says(name: str) -> None:
    assert np.allclose(by_code(name, start(), 40), by_hand(name, start(), 40), atol=1e-12)


def test_both_forms_of_nesterov_are_one() -> None:
    theta, v = start(), np.zeros_like(start())
    for _ in range(60):
        v = ALPHA * v - ETA * gradient(theta + ALPHA * v)
        theta = theta + v
    assert np.allclose(by_code("nesterov_stored", start(), 60), theta + ALPHA * v, atol=1e-10)


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_every_row_is_printed_applied_and_exported(name: str) -> None:
    rules = d.optimizer(name)
    assert rules.latex()[0].startswith(r"g_t = \nabla J(\theta_{t-1}")
    assert rules.latex(arrows=True)[-1].startswith(r"\theta \leftarrow")
    assert rules.source
    W, x, y = d.matrix("W", 2, 3), d.vector("x", 3), d.vector("y", 2)
    done = rules.step(W, d.grad(d.half_squared_norm(W @ x - y), W))
    assert done.new.axes == W.axes
    assert list(done.state) == list(OPTIMIZERS[name].state)
    for target in ("numpy",):
        assert "def step(theta, g" in rules.code(target)


def test_what_is_printed() -> None:
    assert d.optimizer("adam").latex() == [
        r"g_t = \nabla J(\theta_{t-1})",
        r"m_t = \beta_1 m_{t-1} + (1 - \beta_1) g_t",
        r"v_t = \beta_2 v_{t-1} + (1 - \beta_2) (g_t \odot g_t)",
        r"\hat{m}_t = \frac{m_t}{1 - \beta_1^t}",
        r"\hat{v}_t = \frac{v_t}{1 - \beta_2^t}",
        r"\theta_t = \theta_{t-1} - \eta \frac{\hat{m}_t}{\sqrt{\hat{v}_t} + \nu}",
    ]
    assert d.optimizer("sgd").latex("L", "W_1")[-1] == r"W_1^{(t)} = W_1^{(t-1)} - \eta g_t"


def test_weight_decay_is_descent_on_the_penalised_loss() -> None:
    W, J, lam = d.matrix("W", 2, 3), d.abstract("J"), d.scalar(r"\lambda")
    penalised = J(W) + lam / 2 * d.squared_norm(W)
    descent = d.optimizer("sgd").step(W, d.grad(penalised, W)).new
    decay = d.optimizer("weight_decay").step(W, d.grad(J(W), W)).new
    assert prove(descent, decay) is not None


def test_a_step_is_asked_for_in_a_document() -> None:
    text = r"Let $x \in \mathbb{R}^n$, $W \in \mathbb{R}^{m \times n}$, $L = \frac12 \|W x\|^2$. "
    plain = solved(d.read(text + r"$W \leftarrow W - \eta \nabla_W L = ?$"))
    (answer,) = plain.worked.answers
    assert latex(answer.named) == r"W - \eta W x x^\top"
    adam = solved(d.read(text + r"One step of Adam: $W \leftarrow ?$"))
    assert len(adam.worked.answers) == 5
    sgd = d.read(text + r"$W \leftarrow ?$")
    assert len(sgd.questions) == 1
    assert any("no optimizer is named" in note for note in sgd.notes)


def test_what_does_not_fit_is_refused() -> None:
    W, v = d.matrix("W", 2, 3), d.vector("v", 3)
    with pytest.raises(ValueError, match="no optimizer is called 'adm'"):
        d.optimizer("adm")
    with pytest.raises(ValueError, match="not the shape"):
        d.optimizer("sgd").step(W, v)
    with pytest.raises(ValueError, match="keeps no m"):
        d.optimizer("momentum").step(W, W, {"m": W})
