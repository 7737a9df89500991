r"""Optimizers as recurrences: what one step makes of the parameters, their gradient and the state.

The idea: a step is a few equations between arrays of one shape, declared once; they are printed,
applied to the gradients of a network, and exported as code.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from types import SimpleNamespace

from derive.kernel.build import lift, spread
from derive.kernel.expr import Call, Expr, Name, Var
from derive.operators.pointwise import sign, sqrt


@dataclass(frozen=True, slots=True)
class Rate:
    """A number that is chosen once: its LaTeX and its customary value."""

    symbol: str
    default: Fraction


@dataclass(frozen=True, slots=True)
class Optimizer:
    """A row: ``state`` are the LaTeX of arrays that are kept, 0 at first; ``rule`` makes the new
    parameters and names what it makes on the way; ``ahead`` says where the gradient is taken if
    not at the parameters."""

    name: str
    title: str
    rule: Callable[[Step], Expr]
    rates: dict[str, Rate]
    state: dict[str, str] = field(default_factory=dict)
    words: tuple[str, ...] = ()
    ahead: Callable[[Step], Expr] | None = None
    source: str = ""


class Step(SimpleNamespace):
    """The names of one step: ``theta``, ``g``, ``t``, every rate and every state by its key.

    ``made`` collects the new quantities by their LaTeX, in order.
    """

    theta: Expr
    g: Expr
    t: Expr
    made: dict[str, Expr]
    spelled: Callable[[str], str]

    def define(self, symbol: str, value: Expr) -> Expr:
        """A new quantity: a named node, written with the index of the step."""
        node = Call(Name(self.spelled(symbol)), (value,))
        self.made[symbol] = node
        return node

    def over(self, array: Expr, root_of: Expr, nu: Expr) -> Expr:
        """The array over the root of another one plus a small number, entry by entry."""
        return array / (sqrt(root_of) + spread(nu, root_of.axes))


@dataclass(frozen=True, slots=True)
class Stepped:
    """One step on a parameter: its new value, and the new ``state`` by key, as named nodes.

    ``made`` are all quantities on the way, in order, by their LaTeX.
    """

    new: Expr
    state: Mapping[str, Expr]
    made: Mapping[str, Expr]


@dataclass(frozen=True, slots=True)
class Index:
    """How the quantities of a step are written: with the index t, or as variables of a program."""

    arrows: bool

    def new(self, symbol: str) -> str:
        if self.arrows:
            return symbol
        return f"{symbol}^{{(t)}}" if "_" in symbol else f"{symbol}_t"

    def old(self, symbol: str) -> str:
        if self.arrows:
            return symbol
        return f"{symbol}^{{(t-1)}}" if "_" in symbol else f"{symbol}_{{t-1}}"


def named_step(row: Optimizer, theta: Expr, gradient: Expr, names: Index) -> Step:
    """The names of a step on this parameter with this gradient."""
    step = Step(theta=theta, g=gradient, t=Var("t", ()), made={}, spelled=names.new)
    for key, rate in row.rates.items():
        setattr(step, key, Var(rate.symbol, ()))
    for key, symbol in row.state.items():
        setattr(step, key, Var(names.old(symbol), theta.axes))
    return step


def stepped(
    row: Optimizer, theta: Expr, gradient: Expr, state: Mapping[str, Expr] | None = None
) -> Stepped:
    """One step on a parameter, its rates the variables that are customary."""
    step = named_step(row, theta, gradient, Index(False))
    for key, value in (state or {}).items():
        setattr(step, key, value)
    new = row.rule(step)
    kept = {key: step.made[symbol] for key, symbol in row.state.items()}
    return Stepped(new, kept, dict(step.made))


OPTIMIZERS: dict[str, Optimizer] = {}

_ETA = Rate(r"\eta", Fraction(1, 100))
_SMALL = Rate(r"\eta", Fraction(1, 1000))
_ALPHA = Rate(r"\alpha", Fraction(9, 10))
_NU = Rate(r"\nu", Fraction(1, 10**8))
_LAMBDA = Rate(r"\lambda", Fraction(1, 100))


def _row(
    name: str, title: str, rule: Callable[[Step], Expr], rates: dict[str, Rate], **known
) -> None:
    OPTIMIZERS[name] = Optimizer(name, title, rule, rates, **known)


def _momentum(s: Step) -> Expr:
    v = s.define("v", s.alpha * s.v - s.eta * s.g)
    return s.theta + v


def _nesterov_stored(s: Step) -> Expr:
    v = s.define("v", s.alpha * s.v - s.eta * s.g)
    return s.theta + v + s.alpha * (v - s.v)


def _adagrad(s: Step) -> Expr:
    a = s.define("a", s.a + s.g * s.g)
    return s.theta - s.eta * s.over(s.g, a, s.nu)


def _rmsprop(s: Step) -> Expr:
    a = s.define("a", s.rho * s.a + (1 - s.rho) * (s.g * s.g))
    return s.theta - s.eta * s.over(s.g, a, s.nu)


def _corrected(s: Step) -> Expr:
    """The step direction of Adam: the mean over the root of the mean square, both corrected."""
    m = s.define("m", s.beta_1 * s.m + (1 - s.beta_1) * s.g)
    v = s.define("v", s.beta_2 * s.v + (1 - s.beta_2) * (s.g * s.g))
    m_hat = s.define(r"\hat{m}", m / (1 - s.beta_1**s.t))
    v_hat = s.define(r"\hat{v}", v / (1 - s.beta_2**s.t))
    return s.over(m_hat, v_hat, s.nu)


_row(
    "sgd", "stochastic gradient descent", lambda s: s.theta - s.eta * s.g, {"eta": _ETA},
    words=("sgd", "gradient descent", "stochastic gradient descent", "vanilla gradient descent"),
    source="Robbins and Monro, A stochastic approximation method, 1951",
)  # fmt: skip
_row(
    "weight_decay", "gradient descent with weight decay",
    lambda s: (lift(1) - s.eta * s.lam) * s.theta - s.eta * s.g, {"eta": _ETA, "lam": _LAMBDA},
    words=("weight decay",),
    source="Krogh and Hertz, A simple weight decay can improve generalization, 1992",
)  # fmt: skip
_row(
    "l1", "gradient descent with an L1 penalty",
    lambda s: s.theta - s.eta * s.lam * sign(s.theta) - s.eta * s.g,
    {"eta": _ETA, "lam": _LAMBDA}, words=("l1",),
    source="Goodfellow, Bengio and Courville, Deep learning, 2016, equation 7.20",
)  # fmt: skip
_row(
    "momentum", "gradient descent with momentum", _momentum, {"eta": _ETA, "alpha": _ALPHA},
    state={"v": "v"}, words=("momentum", "heavy ball"),
    source="Polyak, Some methods of speeding up the convergence of iteration methods, 1964",
)  # fmt: skip
_row(
    "nesterov", "Nesterov's accelerated gradient", _momentum, {"eta": _ETA, "alpha": _ALPHA},
    state={"v": "v"}, words=("nesterov",), ahead=lambda s: s.theta + s.alpha * s.v,
    source="Nesterov, 1983; Sutskever et al., On the importance of initialization and momentum "
    "in deep learning, 2013, equations 3 and 4",
)  # fmt: skip
_row(
    "nesterov_stored", "Nesterov's accelerated gradient, at the parameters that are stored",
    _nesterov_stored, {"eta": _ETA, "alpha": _ALPHA}, state={"v": "v"},
    source="Bengio, Boulanger-Lewandowski and Pascanu, Advances in optimizing recurrent "
    "networks, 2013, section 3.5",
)  # fmt: skip
_row(
    "adagrad", "Adagrad", _adagrad, {"eta": _ETA, "nu": _NU}, state={"a": "a"},
    words=("adagrad",),
    source="Duchi, Hazan and Singer, Adaptive subgradient methods, 2011, section 1.1",
)  # fmt: skip
_row(
    "rmsprop", "RMSProp", _rmsprop,
    {"eta": _SMALL, "rho": Rate(r"\rho", Fraction(9, 10)), "nu": _NU}, state={"a": "a"},
    words=("rmsprop",),
    source="Tieleman and Hinton, Neural networks for machine learning, 2012, lecture 6.5",
)  # fmt: skip
_BETAS = {
    "beta_1": Rate(r"\beta_1", Fraction(9, 10)), "beta_2": Rate(r"\beta_2", Fraction(999, 1000)),
}  # fmt: skip
_row(
    "adam", "Adam", lambda s: s.theta - s.eta * _corrected(s),
    {"eta": _SMALL, **_BETAS, "nu": _NU}, state={"m": "m", "v": "v"}, words=("adam",),
    source="Kingma and Ba, Adam: a method for stochastic optimization, 2015, algorithm 1",
)  # fmt: skip
_row(
    "adamw", "Adam with decoupled weight decay",
    lambda s: s.theta - s.eta * (_corrected(s) + s.lam * s.theta),
    {"eta": _SMALL, **_BETAS, "nu": _NU, "lam": _LAMBDA}, state={"m": "m", "v": "v"},
    words=("adamw",),
    source="Loshchilov and Hutter, Decoupled weight decay regularization, 2019, algorithm 2",
)  # fmt: skip
