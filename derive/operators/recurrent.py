r"""One step of a recurrent network, and its steps one after the other with the same weights.

The idea: a step is a function from an input and a state to the next state; unrolling calls it for
every input, and since nodes are shared, the gradient in a weight is the sum over its uses.
Inputs and states are vectors; biases may be left out.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

from derive.kernel.build import named
from derive.kernel.expr import Expr, ShapeError, shape_text
from derive.operators.arrangement import split
from derive.operators.pointwise import sigmoid, tanh

State = TypeVar("State")


def rnn_step(x: Expr, h: Expr, W: Expr, U: Expr, b: Expr | None = None, at: str = "") -> Expr:
    r"""h' = tanh(W h + U x + b): W is p×p, U p×n, for x of n and h of p entries.

    ``at`` names the state h_{at}, and what is inside it a_{at}.  Elman, Finding structure in time,
    1990, with tanh.

    >>> import derive as d
    >>> n, p = d.sizes("n p")
    >>> W, U = d.matrix("W", p, p), d.matrix("U", p, n)
    >>> d.rnn_step(d.vector("x", n), d.vector("h", p), W, U)
    tanh(W h + U x)
    """
    return _named("h", tanh(_named("a", _affine(x, h, W, U, b), at)), at)


def lstm_step(
    x: Expr, h: Expr, c: Expr, W: Expr, U: Expr, b: Expr | None = None, at: str = ""
) -> tuple[Expr, Expr]:
    r"""The next h and c: z = W h + U x + b is cut into i, f, g, o in this order, then
    c' = σ(f) ⊙ c + σ(i) ⊙ tanh(g) and h' = σ(o) ⊙ tanh(c').

    W is 4p×p, U 4p×n, b has 4p entries, for x of n and h and c of p entries: the order and the
    shapes of ``torch.nn.LSTMCell``, whose two biases are one here.  Hochreiter & Schmidhuber, Long
    short-term memory, 1997, with the forget gate of Gers et al., 2000; no peepholes.

    >>> import derive as d
    >>> n, p = d.sizes("n p")
    >>> W, U = d.matrix("W", 4 * p, p), d.matrix("U", 4 * p, n)
    >>> h, c = d.lstm_step(d.vector("x", n), d.vector("h", p), d.vector("c", p), W, U)
    >>> h.axes == c.axes == (p,)
    True
    """
    z = _named("z", _affine(x, h, W, U, b), at)
    i, f, g, o = split(z, [h.axes[0]] * 4)
    i, f, o = (_named(k, sigmoid(v), at) for k, v in zip("ifo", (i, f, o), strict=True))
    g = _named("g", tanh(g), at)
    after = _named("c", f * c + i * g, at)
    return _named("h", o * tanh(after), at), after


def gru_step(
    x: Expr, h: Expr, W: Expr, U: Expr, b: Expr | None = None, recurrent: Expr | None = None,
    at: str = "",
) -> Expr:  # fmt: skip
    r"""h' = (1 - z) ⊙ n + z ⊙ h with r = σ(W_r h + U_r x + b_r), z = σ(W_z h + U_z x + b_z) and
    n = tanh(U_n x + b_n + r ⊙ (W_n h + b')), of vectors x and h.

    W is 3p×p, U 3p×n, b has 3p entries, their rows in the order r, z, n; ``recurrent`` is b', of p
    entries.  Cho et al., Learning phrase representations, 2014, eq. 5 to 8, in the variant of
    ``torch.nn.GRUCell``: the reset gate multiplies after W_n, and z keeps the old state.

    >>> import derive as d
    >>> n, p = d.sizes("n p")
    >>> W, U = d.matrix("W", 3 * p, p), d.matrix("U", 3 * p, n)
    >>> d.gru_step(d.vector("x", n), d.vector("h", p), W, U).axes == (p,)
    True
    """
    p = h.axes[0]
    own = _checked(U, x) if b is None else _checked(U, x) + b
    back = _checked(W, h)
    (ur, uz, un), (wr, wz, wn) = split(own, [p] * 3), split(back, [p] * 3)
    r, z = _named("r", sigmoid(wr + ur), at), _named("z", sigmoid(wz + uz), at)
    n = _named("n", tanh(un + r * (wn if recurrent is None else wn + recurrent)), at)
    return _named("h", (1 - z) * n + z * h, at)


def unroll(step: Callable[..., State], xs: Sequence[Expr], start: State) -> list[State]:
    """The states after each input: ``step(x, *state)`` is called for every x in turn.

    A state is an expression, or a tuple of them where a step takes and gives several.

    >>> import derive as d
    >>> W, U, h = d.matrix("W", 2, 2), d.matrix("U", 2, 3), d.vector("h_0", 2)
    >>> xs = [d.vector(f"x_{t}", 3) for t in (1, 2, 3)]
    >>> states = d.unroll(lambda x, h: d.rnn_step(x, h, W, U), xs, h)
    >>> d.grad(d.half_squared_norm(states[-1]), W).axes
    (2, 2)
    """
    states: list[State] = []
    state = start
    for x in xs:
        state = step(x, *state) if isinstance(state, tuple) else step(x, state)
        states.append(state)
    return states


def _affine(x: Expr, h: Expr, W: Expr, U: Expr, b: Expr | None) -> Expr:
    both = _checked(W, h) + _checked(U, x)
    return both if b is None else both + b


def _checked(weight: Expr, v: Expr) -> Expr:
    if len(weight.axes) != 2 or len(v.axes) != 1:
        raise ShapeError(
            f"a step multiplies a matrix and a vector, not {shape_text(weight.axes)} and "
            f"{shape_text(v.axes)}"
        )
    return weight @ v


def _named(letter: str, value: Expr, at: str) -> Expr:
    return named(rf"\mathbf{{{letter}}}_{{{at}}}" if len(at) > 1 else rf"\mathbf{{{letter}}}_{at}",
                 value) if at else value  # fmt: skip


__all__ = ["gru_step", "lstm_step", "rnn_step", "unroll"]
