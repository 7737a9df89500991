r"""The backward pass of a recurrence of any length: \delta_{h_t} in terms of \delta_{a_{t+1}}, and
\partial L / \partial W as a sum over the steps.

The idea: both are read off windows (``windows``): two steps show what one sends
back to the one before, one step shows what each use of a weight adds.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from derive.derivation.backprop import Worked, worked
from derive.derivation.network import Network
from derive.derivation.paper import Step
from derive.diagnostics import DeriveError
from derive.elaborate.faults import Fault
from derive.elaborate.recurrence.steps import Steps, recurrence
from derive.elaborate.recurrence.unroll import SHOWN, unrolled
from derive.elaborate.recurrence.window import Unfit, Window
from derive.elaborate.recurrence.windows import Recurrent
from derive.kernel.expr import Expr, Var
from derive.latex.print import latex
from derive.tree import Tree

_EQUAL = Tree("rel", ("=",))


class AnyStep:
    """What is read of a recurrence that is to be solved: its steps written out, three of them where
    their number is a letter; then ``lines`` says what holds at every step."""

    def __init__(self) -> None:
        self.steps: Steps | None = None
        self.items: list[Tree] = []
        self.apart = False  # whether a step uses what is given at another one
        self.starts = ""  # what is carried before the first step, as written

    def __call__(self, items: list[Tree]) -> list[Tree]:
        self.steps, self.items = recurrence(items), items
        assert self.steps is not None, "only a recurrence is written out"
        last = self.steps.last
        return unrolled(
            items, self.steps, self.steps.low + SHOWN - 1 if last is None else last, False
        )

    @property
    def notes(self) -> tuple[str, ...]:
        """That the steps which are written out are examples."""
        if self.steps is None or self.steps.last is not None:
            return ()
        name = latex(self.steps.high)
        return (f"${name}$ is a letter: the steps are written out for ${name} = "
                f"{self.steps.low + SHOWN - 1}$",)  # fmt: skip

    def lines(self, read: Callable[[list[Tree]], Network]) -> tuple[Tree, ...]:
        """The lines of step t, and the gradients in weights as sums; ``read`` reads a window."""
        if self.steps is None or self.steps.last is not None:
            return ()
        here = Tree("name", (self.steps.letter,))
        try:
            document = Recurrent(self.items, self.steps)
            (loss,) = document.last_losses() or (None,)
            wide = worked(read(document.setting(Window(here, 0, 1), loss)))
            use = worked(read(document.setting(Window(here, 0, 0, use=True), loss)))
        except (Unfit, Fault, DeriveError, ValueError):
            return ()
        self.apart = document.apart
        self.starts = " ".join(latex(item.kids[2]) for item in document.starts)
        return (*self._deltas(wide), *self._weights(use))

    def _deltas(self, wide: Worked) -> Iterator[Tree]:
        """The lines of step t: those of names that are defined there."""
        assert self.steps is not None
        lefts = [item.kids[0] for item in self.steps.defined.values()]
        names: dict[Expr, Tree | None] = {d.node: d.left for d in wide.network.definitions}
        for step, right in _without_auxiliary(wide):
            if names.get(step.node) in lefts:
                yield Tree("chain", (step.left, _EQUAL, right))

    def _weights(self, use: Worked) -> Iterator[Tree]:
        """The gradient in each weight: of one that all steps use the sum of what its uses add."""
        assert self.steps is not None
        letter = self.steps.letter
        here = (f"_{letter}", f"_{{{letter}", f"({letter}", f"[{letter}")
        weights = {v.var for v in use.network.parameters}
        for step, right in _without_auxiliary(use):
            if step.node not in weights or not isinstance(step.node, Var):
                continue
            name = step.node.name
            if r"\breve" in name or name in self.starts:
                continue
            own = any(mark in name for mark in here)
            if own and (self.apart or f"{letter}-" in name or f"{letter}+" in name):
                continue  # other steps than this one use it too
            if not own:
                body = Tree("paren", (right,)) if right.head == "sum" else right
                low = Tree("num", (str(self.steps.low),))
                below = Tree("chain", (Tree("name", (letter,)), _EQUAL, low))
                right = Tree("big", ("sum", below, self.steps.high, body))
            yield Tree("chain", (step.left, _EQUAL, right))


def _without_auxiliary(done: Worked) -> Iterator[tuple[Step, Tree]]:
    """Every line with its right side; what only the lines have a name for is put in."""
    named = {definition.node for definition in done.network.definitions}
    named |= {variable.var for variable in done.network.variables}
    inside: dict[Tree, Tree] = {}
    for step in done.steps:
        if not step.right:
            continue
        right = step.right[0].rewritten(lambda node: inside.get(node, node))
        if step.node in named:
            yield step, right
        else:
            inside[step.left] = Tree("paren", (right,))
