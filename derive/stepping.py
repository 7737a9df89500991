r"""Optimizers to use: their rules printed, applied to gradients, and as code.

The idea: one declaration, read three ways.  The rules of numbers are those of arrays, entry by
entry, so that what is printed for a parameter \theta is the code for arrays of any shape.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from derive.code import TARGETS
from derive.code.listing import Listing
from derive.kernel.expr import Expr, Var, toposort
from derive.kernel.sizes import size
from derive.latex.print import latex
from derive.notation.names import ascii_name, parts
from derive.operators.optimizers import (
    OPTIMIZERS,
    Index,
    Optimizer,
    Step,
    Stepped,
    named_step,
    stepped,
)
from derive.tree import Tree
from derive.writing.write import write


@dataclass(frozen=True, slots=True)
class Rules:
    """An optimizer: ``latex`` prints its rules, ``step`` applies them, ``code`` exports them."""

    row: Optimizer

    def __repr__(self) -> str:
        return f"<optimizer {self.row.name}: {self.row.title}>"

    @property
    def source(self) -> str:
        """The paper that it is from."""
        return self.row.source

    @property
    def defaults(self) -> dict[str, float]:
        """The customary value of each rate."""
        return {key: float(rate.default) for key, rate in self.row.rates.items()}

    def latex(self, loss: str = "J", theta: str = r"\theta", arrows: bool = False) -> list[str]:
        r"""The equations of step t, the gradient first; ``arrows``: as assignments.

        >>> optimizer("momentum").latex()[1:]
        ['v_t = \\alpha v_{t-1} - \\eta g_t', '\\theta_t = \\theta_{t-1} + v_t']
        >>> optimizer("sgd").latex(arrows=True)
        ['g \\leftarrow \\nabla J(\\theta)', '\\theta \\leftarrow \\theta - \\eta g']
        """
        names = Index(arrows)
        axes = (size("n"),)  # a vector, so that what is meant entry by entry is printed so
        step = named_step(self.row, Var(names.old(theta), axes), Var(names.new("g"), axes), names)
        at = step.theta if self.row.ahead is None else self.row.ahead(step)
        new = self.row.rule(step)
        sign = r"\leftarrow" if arrows else "="
        called = latex(Tree("call", (Tree("name", (loss,)), write(at))))
        lines = [rf"{names.new('g')} {sign} \nabla {called}"]
        for symbol, node in step.made.items():
            lines.append(f"{names.new(symbol)} {sign} {latex(write(node.kids[0]))}")
        return [*lines, f"{names.new(theta)} {sign} {latex(write(new))}"]

    def step(self, theta: Expr, gradient: Expr, state: Mapping[str, Expr] | None = None) -> Stepped:
        """The parameter after one step with this gradient of its shape.

        The rates are the variables that ``latex`` prints; the state is one of variables of the
        shape of ``theta`` unless it is given.  ValueError for another shape or an unknown state.

        >>> import derive as d
        >>> W, x = d.matrix("W", 2, 3), d.vector("x", 3)
        >>> optimizer("sgd").step(W, d.grad(d.half_squared_norm(W @ x), W)).new.latex()
        '\\\\mathbf{W} - \\\\eta \\\\mathbf{W} \\\\mathbf{x} \\\\mathbf{x}^\\\\top'
        """
        if theta.axes != gradient.axes:
            raise ValueError("the gradient has not the shape of the parameter")
        unknown = set(state or {}) - set(self.row.state)
        if unknown:
            known = ", ".join(self.row.state) or "none"
            raise ValueError(f"{self.row.name} keeps no {', '.join(unknown)}; its state: {known}")
        return stepped(self.row, theta, gradient, state)

    def code(self, target: str = "numpy") -> str:
        """A function ``step(theta, g, state, t, ..)`` that gives the new parameters and state.

        ``state`` is a tuple of arrays, zeros at first; ``t`` counts steps from 1; arrays have any
        shape.  ValueError for an unknown target.

        >>> print(optimizer("sgd").code())
        def step(theta, g, state=(), t=1, eta=0.01):
            \"\"\"One step of stochastic gradient descent: the new parameters and state.\"\"\"
            return theta - eta * g, ()
        <BLANKLINE>
        """
        if target not in TARGETS:
            raise ValueError(f"no target is called {target}; known: {', '.join(TARGETS)}")
        names = Index(False)
        step = named_step(self.row, Var("theta", ()), Var("g", ()), names)
        keys = {**{key: key for key in self.row.rates}, **{key: key for key in self.row.state}}
        step.t = Var("t", ())
        for key in keys:
            setattr(step, key, Var(key, ()))
        new = self.row.rule(step)
        inputs = {
            key: Var(key, ()) for key in ("theta", "g", *self.row.state, "t", *self.row.rates)
        }
        room = Listing(inputs, TARGETS[target], {})
        named = {f"new_{_plain(symbol)}": node for symbol, node in step.made.items()}
        kept = [step.made[symbol] for symbol in self.row.state.values()]
        body, found = room.body([*kept, new], named)
        given = ", ".join(f"{k}={float(r.default):g}" for k, r in self.row.rates.items())
        state = "state" if self.row.state else "state=()"
        where = "" if self.row.ahead is None else self._where()
        comma = "," if len(kept) == 1 else ""
        made = ", ".join(part.at(0) for part in found[:-1])
        unpacked = [f"    {', '.join(self.row.state)}{comma} = state"] if kept else []
        count = "t" if self._counts(step) else "t=1"
        if count == "t" and not kept:
            state = "state"
        head = [
            f"def step(theta, g, {state}, {count}, {given}):",
            f'    """One step of {self.row.title}: the new parameters and state.{where}"""',
        ]
        imports = [TARGETS[target].imports, "", ""] if self._needs(body.lines, found) else []
        tail = f"    return {found[-1].at(0)}, ({made}{comma})"
        return (
            "\n".join([*imports, *head, *unpacked, *(f"    {x}" for x in body.lines), tail]) + "\n"
        )

    def _where(self) -> str:
        return "\n\n    ``g`` is the gradient at theta + alpha * v, one step ahead.\n    "

    @staticmethod
    def _needs(lines: list[str], found: list) -> bool:
        return any("np." in x or "." in x for x in [*lines, *(p.at(0) for p in found)])

    def _counts(self, step: Step) -> bool:
        return any(step.t in toposort(node) for node in step.made.values())


def _plain(symbol: str) -> str:
    found = parts(symbol)
    return ascii_name(found.core) + ("_hat" if "hat" in symbol else "")


def optimizer(name: str) -> Rules:
    """The optimizer of this name: sgd, weight_decay, l1, momentum, nesterov, nesterov_stored,
    adagrad, rmsprop, adam, adamw.

    ValueError for another name.

    >>> optimizer("adam").defaults["beta_2"]
    0.999
    """
    if name not in OPTIMIZERS:
        raise ValueError(f"no optimizer is called {name!r}; known: {', '.join(OPTIMIZERS)}")
    return Rules(OPTIMIZERS[name])


__all__ = ["Rules", "Stepped", "optimizer"]
