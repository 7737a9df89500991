"""A network: variables, named equations and questions, from a document or from Python.

The idea: both front ends end here.  A definition is a named node of one expression graph, so the
network is that graph plus what the graph cannot know: roles, domains, and how things were written.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import NamedTuple

from derive.counting.counted import Counted
from derive.kernel.expr import Axes, Call, Expr, Name, Var, toposort
from derive.kernel.sizes import Axis
from derive.meaning.kinds import kinds_of
from derive.notation.names import parts, symbol_tree
from derive.tree import Tree


@dataclass(frozen=True, slots=True)
class Domain:
    """Where a variable lives: an interval, a finite set of values, or class numbers 1..c.

    ``normalised``: its entries sum to 1 along the last axis.  ``closed``: an end of the interval
    may belong to it; else it is open.  ``integers``: of the interval only the whole numbers.
    """

    low: Fraction | None = None
    high: Fraction | None = None
    values: tuple[Fraction, ...] = ()
    classes: Axis | None = None
    normalised: bool = False
    closed: bool = False
    integers: bool = False


REALS = Domain()


@dataclass(frozen=True, slots=True)
class Variable:
    """A symbol that no equation defines.

    ``role`` is ``input``, ``parameter``, ``target`` or ``constant``; ``declared`` are the axes as
    the document wrote them (1×n stays 1×n); ``note`` says where its shape comes from if not from a
    declaration.
    """

    var: Var
    role: str
    domain: Domain = REALS
    declared: Axes = ()
    note: str = ""


@dataclass(frozen=True, slots=True)
class Definition:
    """A named node, and the equation as it was written (None where it comes from Python)."""

    node: Call
    left: Tree | None = None
    right: Tree | None = None
    span: tuple[int, int] = (0, 0)

    @property
    def symbol(self) -> str:
        assert isinstance(self.node.op, Name)
        return self.node.op.symbol


class Whole(NamedTuple):
    """The gradient ``slope`` of ``of`` in all of ``by``, of which ``part`` is asked for."""

    of: Expr
    by: Expr
    slope: Expr
    part: Expr


@dataclass(frozen=True, slots=True)
class Question:
    """Something to be derived.

    ``kind`` is ``gradient`` (``of`` is a scalar), ``jacobian``, ``hessian`` (``wrt`` has one entry
    or more: d^2 L / dx dy^T has a row for each entry of x) or ``value``.  ``entry`` are free index
    letters for the leading axes of ``wrt`` where one row or entry is asked for: dL/dw_k asks for
    row k of dL/dW; ``opens`` are those for the leading axes of ``of``: of d(XA)_{ij} / dX_{kl} i
    and j.  ``groups`` are the axes of the answer as it is laid out, those of one group stacked:
    d vec(Y) / d vec(X)^T has the axes of Y first, and they are one.  A ``value`` that is what a
    class number picks of a gradient, dL/du_o, has that gradient as its ``whole``.
    """

    kind: str
    of: Expr
    wrt: tuple[Expr, ...] = ()
    entry: tuple[str, ...] = ()
    left: Tree | None = None
    span: tuple[int, int] = (0, 0)
    opens: tuple[str, ...] = ()
    groups: tuple[tuple[int, ...], ...] = ()
    whole: Whole | None = None

    @property
    def moved(self) -> tuple[Expr, ...]:
        """The variables that something is differentiated by."""
        return self.wrt if self.whole is None else (self.whole.by,)

    @property
    def by(self) -> tuple[Expr, ...]:
        """The variables of a higher derivative, one for each order."""
        return self.wrt * 2 if self.kind == "hessian" and len(self.wrt) == 1 else self.wrt


@dataclass(frozen=True, slots=True)
class Network:
    """Variables in order of appearance, definitions kids first, questions as asked.

    ``loss`` is the ``root`` that the document means, or the scalar that nothing else uses (None if
    there is none, or more than one); ``outputs`` are all definitions that nothing else uses.
    ``counts`` are answers to questions about parameters and sizes.
    ``spelling`` maps canonical names to the document's own; ``notes`` are readings that were
    settled by convention; ``general`` are the lines of a recurrence of any length, of which the
    definitions write a few steps out.  ``functions`` are the symbols that the document applies to
    arguments in brackets; ``given`` are the numbers that it gives its variables,
    ``concludes`` says whether it goes on to say what follows from its definitions;
    ``unanswered`` are the sentences that ask for something else than derivatives and counts.
    """

    variables: tuple[Variable, ...]
    definitions: tuple[Definition, ...]
    questions: tuple[Question, ...] = ()
    title: str = ""
    notes: tuple[str, ...] = ()
    spelling: Mapping[str, str] = field(default_factory=dict)
    root: Expr | None = None
    counts: tuple[Counted, ...] = ()
    general: tuple[Tree, ...] = ()
    functions: frozenset[str] = frozenset()
    given: Mapping[Expr, Expr] = field(default_factory=dict)
    concludes: bool = False
    unanswered: tuple[str, ...] = ()

    @property
    def outputs(self) -> tuple[Call, ...]:
        """The definitions that no other one uses, in order; one sweep over all of them."""
        used = {kid for node in toposort(*(d.node for d in self.definitions)) for kid in node.kids}
        return tuple(d.node for d in self.definitions if d.node not in used)

    @property
    def loss(self) -> Call | None:
        if isinstance(self.root, Call):
            return self.root
        scalars = [node for node in self.outputs if not node.axes]
        return scalars[0] if len(scalars) == 1 else None

    @property
    def parameters(self) -> tuple[Variable, ...]:
        return tuple(v for v in self.variables if v.role == "parameter")

    def variable(self, var: Expr) -> Variable | None:
        return next((v for v in self.variables if v.var is var), None)


def network(loss: Expr | Sequence[Expr], parameters: Sequence[Expr] | None = None) -> Network:
    """The network below one or more expressions; variables not listed as parameters are guessed by
    their letters where ``parameters`` is None."""
    roots = [loss] if isinstance(loss, Expr) else list(loss)
    order = toposort(*roots)
    variables = []
    for node in order:
        if isinstance(node, Var):
            role = (
                guessed_role(node)
                if parameters is None
                else ("parameter" if node in parameters else guessed_role(node, parameter=False))
            )
            domain = Domain(normalised="distribution" in kinds_of(node))
            variables.append(Variable(node, role, domain, declared=node.axes))
    definitions = tuple(
        Definition(n) for n in order if isinstance(n, Call) and isinstance(n.op, Name)
    )
    return Network(tuple(variables), definitions)


_TARGETS = frozenset("ytYT")
_INPUTS = frozenset("xuX")
_BIASES = frozenset(["b", "c", "w", "v", "theta", r"\theta", r"\gamma", r"\beta", r"\phi"])


def guessed_role(var: Var, parameter: bool = True) -> str:
    """The role that a letter suggests: W, b, θ are parameters, x is an input, y a target."""
    tree = symbol_tree(var.name)
    base = tree.kids[0] if tree.head == "script" else tree
    core = parts(str(base.kids[0])).core if base.head == "name" else str(base)
    if core in _TARGETS and len(var.axes) <= 2:
        return "target"
    if core in _INPUTS or (var.letters and var.letters[0] and "^" in var.name):
        return "input"
    scalar_constant = core.startswith("\\") and not var.axes and core != r"\theta"
    if parameter and not scalar_constant and (len(var.axes) >= 2 or core in _BIASES):
        return "parameter"
    return "constant" if not var.axes else "input"
