r"""A network worked by back-propagation: the δ-lines of a solution, each with its reason.

The idea: the sweep of ``derive.deltas`` gives one short line for every name; here the lines become
formulas, a shorter spelling is shown only where it evaluates equal, and an answer is its last line
with the δ's put back in.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from derive.auxiliary import auxiliaries
from derive.build import is_zero, zeros
from derive.calculus import hessian, jacobian
from derive.deltas import Line, delta_of, sweep
from derive.expr import Call, Expr, Name, Var, toposort
from derive.latex.write import Names, Symbol, symbol, write, write_entry
from derive.local import boundary, is_named, label_tree, opened, replaced, symbol_of, weight
from derive.network import Definition, Domain, Network, Question
from derive.points import Witness
from derive.reasons import Text, known_together, reason
from derive.tidy import length, tidy
from derive.tree import Tree, name, tree

LONGEST = 90  # symbols in an answer, beyond which it stays in terms of δ's
SHORT = 20  # symbols in an answer that is also shown in terms of the inputs


@dataclass(frozen=True, slots=True)
class Step:
    r"""One line of the backward pass: ``left = right[0] = right[1] ..``, and why.

    ``left`` is ``\delta_{\mathbf{z}}`` for a named node and a derivative for a parameter; the first
    right side is in terms of the δ's before it.  ``value`` is the cotangent itself.  ``also`` are
    other nodes with the same cotangent on the same line, ``before`` the lines this one uses.
    """

    node: Expr
    left: Tree
    right: tuple[Tree, ...]
    reason: Text
    value: Expr
    also: tuple[Expr, ...] = ()
    before: tuple[Step, ...] = field(default=(), repr=False, compare=False)


@dataclass(frozen=True, slots=True)
class Answer:
    """What a question asked for, in denominator layout.

    ``named`` is in terms of the document's own names (in δ's where that would be too long to
    read), ``inputs`` opens the names down to the variables where that is short; ``zero`` if the
    loss does not depend on what it is differentiated by.
    """

    question: Question
    value: Expr
    left: Tree
    named: Tree
    inputs: Tree | None = None
    zero: bool = False
    last: Step | None = field(default=None, repr=False, compare=False)
    own: tuple[Step, ...] = field(default=(), repr=False, compare=False)

    @property
    def steps(self) -> tuple[Step, ...]:
        """The lines that lead to this answer, in the order of the backward pass."""
        if self.last is None:
            return self.own
        found: list[Step] = []
        seen: set[int] = set()
        stack: list[tuple[Step, bool]] = [(self.last, False)]
        while stack:
            step, done = stack.pop()
            if done:
                found.append(step)
            elif id(step) not in seen:
                seen.add(id(step))
                stack.append((step, True))
                stack.extend((one, False) for one in reversed(step.before))
        return (*found, *self.own)


@dataclass(frozen=True, slots=True)
class Worked:
    """A network with all its questions answered.

    ``auxiliary`` are names that the document does not have and the lines need; ``names`` says how
    every variable, named node and auxiliary expression is written; ``deltas`` the same for their
    cotangents.
    """

    network: Network
    loss: Expr | None
    steps: tuple[Step, ...]
    answers: tuple[Answer, ...]
    names: dict[Expr, Tree]
    auxiliary: tuple[Definition, ...] = ()
    deltas: dict[Expr, Tree] = field(default_factory=dict)


def worked(network: Network) -> Worked:
    """Every question answered; where nothing is asked, the gradient of the loss in every parameter.

    One backward sweep for each distinct loss, its cost linear in the size of the network.
    """
    questions = network.questions or _default_questions(network)
    losses = list(dict.fromkeys(q.of for q in questions if q.kind == "gradient"))
    paper = _Paper(network, [q.of for q in questions], [w for q in questions for w in q.wrt])
    passes = {
        of: _Pass(paper, of, [w for q in questions if q.of is of for w in q.wrt], main=k == 0)
        for k, of in enumerate(losses)
    }
    answers = tuple(_answer(paper, passes, q) for q in questions)
    main = network.loss or (losses[0] if losses else None)
    steps = tuple(step for one in passes.values() for step in one.steps)
    deltas = passes[losses[0]].symbols if losses else {}
    return Worked(network, main, steps, answers, paper.names, paper.definitions(), deltas)


def _default_questions(network: Network) -> tuple[Question, ...]:
    scalars = [node for node in network.outputs if not node.axes]
    if not scalars:
        return ()
    of = network.loss or scalars[-1]
    roles = (("parameter",), ("input",), ("input", "parameter", "target", "constant"))
    for wanted in roles:
        found = [v.var for v in network.variables if v.role in wanted]
        if found:
            return tuple(Question("gradient", of, (var,)) for var in found)
    return ()


# ------------------------------------------------------------------------- how things are written


def _is_bold(node: Expr) -> bool:
    own = symbol_of(node)
    return own is not None and any(mark in own[0] for mark in (r"\mathbf", r"\bm", r"\boldsymbol"))


class _Paper:
    """How the expressions of one network are written, and when a shorter spelling is right."""

    def __init__(self, network: Network, roots: Sequence[Expr], wrt: Iterable[Expr]) -> None:
        self.network = network
        roots = list(dict.fromkeys([*roots, *(d.node for d in network.definitions)]))
        self.roots = roots
        order = toposort(*roots)
        symbols = [own[0] for node in order if (own := symbol_of(node))]
        bold = any(node.axes and _is_bold(node) for node in order)
        parameters = [v.var for v in network.parameters]
        unnamed = [w for w in wrt if symbol_of(w) is None]
        self.auxiliary = auxiliaries(roots, parameters, symbols, bold, unnamed)
        self.names: dict[Expr, Tree] = {}
        self.fold: dict[Expr, Expr] = {}
        for node in order:
            if (own := label_tree(node)) is not None:
                self.names[node] = own
            if is_named(node) and symbol_of(node.kids[0]) is None:
                self.fold.setdefault(node.kids[0], node)
        for node, var in self.auxiliary.items():
            self.fold[node] = var
            own = label_tree(var)
            assert own is not None
            self.names[node] = own
        self.back: dict[Expr, Expr] = {var: node for node, var in self.auxiliary.items()}
        domains: dict[Expr, Domain] = {v.var: v.domain for v in network.variables}
        self.witness = Witness(roots, domains, self.back)

    def definitions(self) -> tuple[Definition, ...]:
        """The auxiliary names, each with its equation."""
        made = []
        for node, var in self.auxiliary.items():
            inside = replaced(node, {k: v for k, v in self.fold.items() if k is not node})
            named = Call(Name(var.name, var.letters), (node,))
            made.append(Definition(named, label_tree(var), self.tree(inside)))
        return tuple(made)

    def shown(self, expr: Expr) -> Expr:
        """The expression in terms of names, where one stands for a part of it."""
        return replaced(expr, self.fold)

    def tree(
        self,
        expr: Expr,
        names: Mapping[Expr, Tree | Symbol] | None = None,
        like: Expr | None = None,
    ) -> Tree:
        """The expression as a tree; its first axes are labelled as those of ``like`` are."""
        own = None if like is None else symbol_of(self.auxiliary.get(like, like))
        if own is not None and own[1]:
            rest = [None] * (len(expr.axes) - len(own[1]))
            return write_entry(expr, [*own[1], *rest], names)
        return symbol(expr, names) if is_named(expr) else write(expr, names)

    def tidied(self, expr: Expr) -> Expr:
        """A shorter spelling, if there is one that evaluates equal; else the expression itself."""
        found = tidy(expr)
        return found if found is expr or self.agree(expr, found) else expr

    def agree(self, a: Expr, b: Expr) -> bool:
        try:
            return self.witness.agree(a, b)
        except (KeyError, ValueError, ArithmeticError):
            return False  # no values to compare: the untidied form is shown

    def without_auxiliaries(self, expr: Expr) -> Expr:
        """The expression with the sheet's own names opened: an answer uses the document's only."""
        while any(leaf in self.back for leaf in boundary(expr)):
            expr = replaced(expr, self.back)
        return expr


class _Pass:
    """The backward pass of one loss: its steps, and the cotangents with the δ's put back in."""

    def __init__(self, paper: _Paper, loss: Expr, asked: Sequence[Expr], main: bool) -> None:
        self.paper = paper
        self.loss = loss
        self.of = paper.names.get(loss) or name(r"\mathcal{L}")
        parameters = [v.var for v in paper.network.parameters]
        wrt = list(dict.fromkeys([*parameters, *asked]))
        self.delta: dict[Expr, Var] = {}
        self.names: dict[Expr, Tree | Symbol] = {}
        for node in toposort(loss):
            own = symbol_of(paper.auxiliary.get(node, node))
            if own is None or isinstance(node, Var) or node is loss:
                continue
            var = delta_of(paper.auxiliary.get(node, node))
            if not main:
                var = Var(f"\\delta'_{{{own[0]}}}", node.axes, own[1])
                by = tree("deriv", self.of, name(own[0]), "1")
                self.names[var] = Symbol(by, own[1])
            self.delta[node] = var
        self.lines = {line.node: line for line in sweep(loss, wrt, self.delta)}
        self.symbols = {node: self._symbol(node) for node in self.lines if node in self.delta}
        self.by_delta: dict[Expr, Line] = {
            line.delta: line for line in self.lines.values() if line.delta
        }
        self.best: dict[Expr, Expr] = {}  # of each δ, its shortest right side
        self.full: dict[Expr, Expr] = {}  # of each δ, its value where that is not too long
        self.sizes: dict[Expr, int] = {}
        self.values: dict[Expr, Expr] = {}  # of each δ, its value
        self.step_of: dict[Expr, Step] = {}
        self.steps = self._written()

    def _symbol(self, node: Expr) -> Tree:
        return symbol(self.delta[node], self.names)

    def _left(self, node: Expr) -> Tree:
        if node in self.delta:
            return self._symbol(node)
        by = self.paper.names.get(node) or self.paper.tree(node)
        return tree("deriv", self.of, by, "1")

    def _written(self) -> tuple[Step, ...]:
        steps: dict[Expr, Step] = {}
        own = {n: self.paper.tidied(self.paper.shown(at.cotangent)) for n, at in self.lines.items()}
        # Names to which the same δ is passed share a line: δ_d = δ_f = δ_z.
        passed: dict[Expr, list[Line]] = {}
        for node, line in self.lines.items():
            if line.delta is not None and own[node] in self.by_delta:
                passed.setdefault(own[node], []).append(line)
        for node, line in self.lines.items():
            if node in self.step_of:
                continue
            group = passed.get(own[node], [line]) if line.delta is not None else [line]
            step = self._step(group[0], own[node], group[1:])
            for one in group:
                self.step_of[one.node] = step
            steps[step.node] = step
        self.own = own
        return tuple(steps.values())

    def _step(self, line: Line, own: Expr, also: Sequence[Line]) -> Step:
        deltas = [leaf for leaf in boundary(own) if leaf in self.by_delta]
        trail, best = line.trail, own
        right = [self.paper.tree(own, self.names, line.node)]
        if deltas and line.delta is not None and own not in self.by_delta:
            naive = replaced(own, {d: self.best[d] for d in deltas})
            found = self.paper.tidied(naive)
            shorter = length(found) <= length(naive) - 2
            if shorter and length(found) <= 2 * length(own) + 4:
                best = found
                right.append(self.paper.tree(found, self.names, line.node))
                above = (w for d in deltas for w in self.by_delta[d].trail)
                trail = known_together((*above, *trail)) or trail
                deltas = [leaf for leaf in boundary(found) if leaf in self.by_delta] or deltas
        before = tuple(dict.fromkeys(self.step_of[self.by_delta[d].node] for d in deltas))
        value = replaced(line.cotangent, self.values)
        for one in (line, *also):
            if one.delta is not None:
                self._remember(one.delta, best, value)
        nodes = [one.node for one in also]
        chain = (*(self._left(node) for node in nodes), *right)
        because = reason(trail, max([line.uses, *(one.uses for one in also)]))
        return Step(line.node, self._left(line.node), chain, because, value, tuple(nodes), before)

    def _remember(self, delta: Var, best: Expr, value: Expr) -> None:
        self.best[delta] = best
        self.values[delta] = value
        size = weight(best, self.sizes)
        if size <= LONGEST:
            self.full[delta] = replaced(best, self.full)
            self.sizes[delta] = size

    def answer(self, wrt: Expr) -> tuple[Expr, Expr, Step] | None:
        """The value of a gradient, its display form in the document's names, and its step."""
        line, step = self.lines.get(wrt), self.step_of.get(wrt)
        if line is None or step is None or is_zero(step.value):
            return None
        form = self.own[wrt] if line.delta is None else self.best[line.delta]
        if weight(form, self.sizes) <= LONGEST:
            whole = replaced(form, self.full)
            form = self.paper.tidied(self.paper.without_auxiliaries(whole))
        return step.value, form, step


# ----------------------------------------------------------------------------------------- answers


def _answer(paper: _Paper, passes: Mapping[Expr, _Pass], question: Question) -> Answer:
    match question.kind:
        case "gradient":
            return _gradient(paper, passes[question.of], question)
        case "jacobian":
            value = jacobian(question.of, question.wrt[0])
            left = _derivative(paper, question, "1")
        case "hessian":
            value = hessian(question.of, *question.wrt)
            left = _derivative(paper, question, "2")
        case "value":
            value = question.of
            left = question.left or paper.names.get(question.of) or paper.tree(question.of)
            body = value.kids[0] if is_named(value) else value
            return Answer(question, value, left, paper.tree(body), _inputs(paper, value, body))
        case _:
            raise ValueError(f"no such kind of question: {question.kind}")
    form = paper.tidied(paper.without_auxiliaries(paper.shown(value)))
    zero = is_zero(value)
    named = _entry_tree(paper, form, question, {})
    return Answer(question, value, left, named, _inputs(paper, value, form), zero)


def _gradient(paper: _Paper, one: _Pass, question: Question) -> Answer:
    (wrt,) = question.wrt
    left = question.left or tree("deriv", one.of, paper.names.get(wrt) or paper.tree(wrt), "1")
    found = one.answer(wrt)
    if found is None:
        value = zeros(wrt.axes)
        return Answer(question, value, left, paper.tree(value), None, zero=True)
    value, form, step = found
    named = _entry_tree(paper, form, question, one.names)
    return Answer(question, value, left, named, _inputs(paper, value, form), last=step)


def _derivative(paper: _Paper, question: Question, order: str) -> Tree:
    if question.left is not None:
        return question.left
    of = paper.names.get(question.of) or paper.tree(question.of)
    by = tuple(paper.names.get(w) or paper.tree(w) for w in question.wrt)
    return tree("deriv", of, by[0] if len(set(by)) == 1 else Tree("list", by), order)


def _entry_tree(paper: _Paper, form: Expr, question: Question, names: Names) -> Tree:
    if not question.entry:
        return paper.tree(form, names, question.wrt[0] if question.kind == "gradient" else None)
    letters = [*question.entry, *[None] * (len(form.axes) - len(question.entry))]
    return write_entry(form, letters, names)  # type: ignore[arg-type]


def _inputs(paper: _Paper, value: Expr, form: Expr) -> Tree | None:
    if not any(is_named(leaf) for leaf in boundary(form)):
        return None
    whole = paper.tidied(opened(value))
    return paper.tree(whole) if weight(whole, {}) <= SHORT else None
