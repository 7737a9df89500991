r"""A network worked by back-propagation: the δ-lines of a solution, each with its reason.

The idea: the sweep of ``derive.derivation.deltas`` gives one short line for every name; here the
lines become formulas, a shorter spelling is shown only where it evaluates equal, and an answer is
its last line with the δ's put back in.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from derive.derivation.basis import in_basis
from derive.derivation.deltas import Line, delta_of, delta_symbol, sweep
from derive.derivation.jacobians import hessian_steps, jacobian_steps
from derive.derivation.local import (
    boundary,
    is_small,
    opened,
    replaced,
    symbol_of,
    weight,
)
from derive.derivation.network import Definition, Network, Question, Whole
from derive.derivation.normalised import standardised
from derive.derivation.paper import LONGEST, MOST_NAMES, Paper, Step
from derive.derivation.picked import picked
from derive.derivation.reasons import known_together, merged, reason
from derive.derivation.within import derivatives_within, linear_kinds, projected
from derive.kernel.build import is_zero, lift, zeros
from derive.kernel.calculus import jacobian
from derive.kernel.expr import Expr, Var, is_named, toposort
from derive.meaning.kinds import KINDS
from derive.meaning.normal import normal
from derive.operators.blocks import numbered
from derive.tree import Tree, name, tree
from derive.writing.labels import Names, Symbol
from derive.writing.lengths import length
from derive.writing.stacked import laid_out, says_matrix, tree_size
from derive.writing.write import symbol, write_entry

_KEPT = 3  # symbols by which a product may be longer than what it is multiplied out
SHORT = 16  # symbols in an answer that is also shown in terms of the inputs


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
    cotangents, which are those of ``main``.
    """

    network: Network
    loss: Expr | None
    steps: tuple[Step, ...]
    answers: tuple[Answer, ...]
    names: dict[Expr, Tree]
    auxiliary: tuple[Definition, ...] = ()
    deltas: dict[Expr, Tree] = field(default_factory=dict)
    main: Expr | None = None


def worked(network: Network, unasked: bool = True) -> Worked:
    """Every question answered; where nothing is asked, the gradient of the loss in every parameter
    if the ``unasked`` is to be answered.

    One backward sweep for each distinct loss, its cost linear in the size of the network.
    """
    unasked = unasked and not network.counts
    questions = network.questions or (_default_questions(network) if unasked else ())
    asked: dict[Expr, list[Expr]] = {}
    for question in questions:
        if question.kind == "gradient":
            asked.setdefault(question.of, []).extend(question.wrt)
    main = _main(network, asked)
    paper = Paper(network, [q.of for q in questions], [w for q in questions for w in q.wrt])
    passes = {of: _Pass(paper, of, wrt, of is main) for of, wrt in asked.items()}
    answers = tuple(_answer(paper, passes, q) for q in questions)
    steps = tuple(step for one in passes.values() for step in one.steps)
    deltas = passes[main].symbols if main is not None else {}
    loss = network.loss or main
    return Worked(network, loss, steps, answers, paper.names, paper.definitions(), deltas, main)


def _main(network: Network, asked: Iterable[Expr]) -> Expr | None:
    """The loss for whose derivatives δ is short; None where a reader would have to ask of which:
    what goes into the only loss is none."""
    scalars = {node for node in network.outputs if not node.axes}
    candidates = scalars | ({network.loss} if network.loss is not None else set()) or {*asked}
    return next(iter(candidates)) if len(candidates) == 1 and candidates <= {*asked} else None


def _unnamed(paper: Paper, loss: Expr) -> Tree:
    """A loss that has no name, below the line of a derivative: its formula, if that is short."""
    found = paper.tree(loss) if is_small(loss, 2 * SHORT) else None
    return found if found is not None and tree_size(found) <= 2 * SHORT else name(r"\mathcal{L}")


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


class _Pass:
    """The backward pass of one loss: its steps, and the cotangents with the δ's put back in."""

    def __init__(self, paper: Paper, loss: Expr, wrt: Sequence[Expr], main: bool) -> None:
        self.paper = paper
        self.loss = loss
        self.of = paper.names.get(loss) or _unnamed(paper, loss)
        self.delta: dict[Expr, Var] = {}
        self.names: dict[Expr, Tree | Symbol] = {}
        for node in toposort(loss):
            called = paper.auxiliary.get(node, node)
            if symbol_of(called) is None or isinstance(node, Var) or node is loss:
                continue
            var = self.delta[node] = delta_of(called)
            self.names[var] = delta_symbol(called, None if main else self.of)
        closed = standardised(loss, paper.agree) if len(self.delta) <= MOST_NAMES else ()
        self.lines = {line.node: line for line in sweep(loss, wrt, self.delta, closed=closed)}
        self.symbols = {node: self._symbol(node) for node in self.lines if node in self.delta}
        self.by_delta: dict[Expr, Line] = {
            line.delta: line for line in self.lines.values() if line.delta
        }
        self.best: dict[Expr, Expr] = {}  # of each δ, its shortest right side
        self.full: dict[Expr, Expr] = {}  # of each δ, its value where that is not too long
        self.sizes = dict(paper.sizes)
        self.values: dict[Expr, Expr] = {}  # of each δ, its value
        self.step_of: dict[Expr, Step] = {}
        self.steps = self._written()

    def _symbol(self, node: Expr) -> Tree:
        return symbol(self.delta[node], self.names)

    def _left(self, node: Expr) -> Tree:
        self.paper.used.add(self.paper.auxiliary.get(node, node))
        if node in self.delta:
            return self._symbol(node)
        return tree("deriv", self.of, self.paper.called(node), "1")

    def _written(self) -> tuple[Step, ...]:
        steps: dict[Expr, Step] = {}
        own = {
            n: self.paper.tidied(projected(self.paper.shown(at.cotangent), n))
            for n, at in self.lines.items()
        }
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
            if shorter and length(found) <= 3 * length(own):
                best = found
                right.append(self.paper.tree(found, self.names, line.node))
                above = (w for d in deltas for w in self.by_delta[d].trail)
                trail = known_together((*above, *trail)) or trail
                deltas = [leaf for leaf in boundary(found) if leaf in self.by_delta] or deltas
        before = tuple(dict.fromkeys(self.step_of[self.by_delta[d].node] for d in deltas))
        value = replaced(projected(line.cotangent, line.node), self.values)
        for one in (line, *also):
            if one.delta is not None:
                self._remember(one.delta, best, value)
        nodes = [one.node for one in also]
        chain = (*(self._left(node) for node in nodes), *right)
        because = reason(trail, max([line.uses, *(one.uses for one in also)]))
        if kinds := linear_kinds(line.node):
            because = (*because, f", within the {KINDS[kinds[0]].said} matrices")
        told = self.paper.facts.get(best, ()) or self.paper.facts.get(own, ())
        because = merged((*because, *told))
        return Step(line.node, self._left(line.node), chain, because, value, tuple(nodes), before)

    def _remember(self, delta: Var, best: Expr, value: Expr) -> None:
        self.best[delta] = best
        self.values[delta] = value
        size = weight(best, self.sizes)
        self.sizes[delta] = min(size, LONGEST + 1)
        if size <= LONGEST:
            self.full[delta] = replaced(best, self.full)

    def answer(self, wrt: Expr) -> tuple[Expr, Expr, Step] | None:
        """The value of a gradient, its display form in the document's names, and its step."""
        line, step = self.lines.get(wrt), self.step_of.get(wrt)
        if line is None or step is None or is_zero(step.value):
            return None
        form = self.own[wrt] if line.delta is None else self.best[line.delta]
        size = weight(form, self.sizes)
        if size <= LONGEST:
            form = self.paper.without_auxiliaries(replaced(form, self.full))
            # Its lines are tidy already; to tidy a long formula again costs more than it gives.
            form = self.paper.tidied(form) if size <= 2 * SHORT else form
        return step.value, form, step


# ----------------------------------------------------------------------------------------- answers


def _answer(paper: Paper, passes: Mapping[Expr, _Pass], question: Question) -> Answer:
    match question.kind:
        case "gradient":
            return _gradient(paper, passes[question.of], question)
        case "jacobian":
            by = question.wrt[0]
            value, steps = projected(jacobian(question.of, by), by), jacobian_steps
        case "hessian":
            value, steps = derivatives_within(question.of, question.by)[-1], hessian_steps
        case "value":
            return _value(paper, question)
        case _:
            raise ValueError(f"no such kind of question: {question.kind}")
    left = question.left or paper.derivative(question.of, *question.by)
    shown = paper.without_auxiliaries(paper.shown(value))
    form = paper.tidied(shown)
    named = _laid_out(shown, form, paper, question)
    own = steps(paper, question, left, value, named)
    inputs = _inputs(paper, value, form, question, named)
    return Answer(question, value, left, named, inputs, is_zero(value), own=own)


def _gradient(paper: Paper, one: _Pass, question: Question) -> Answer:
    (wrt,) = question.wrt
    left = question.left or tree("deriv", one.of, paper.called(wrt), "1")
    found = one.answer(wrt)
    if found is None:
        value = lift(1) if wrt is question.of else zeros(wrt.axes)
        return Answer(question, value, left, paper.tree(value), None, zero=is_zero(value))
    value, form, step = found
    if question.groups:
        form = paper.tidied(laid_out(form, question.groups))
    named = _entry_tree(form, paper, question, one.names)
    inputs = _inputs(paper, value, form, question, named)
    return Answer(question, value, left, named, inputs, last=step)


def _value(paper: Paper, question: Question) -> Answer:
    value = question.of
    left = question.left or paper.called(value)
    body = value.kids[0] if is_named(value) else value
    differentiated = left.subtrees() if question.left is not None else ()
    if not is_named(value) and any(node.head in ("grad", "deriv") for node in differentiated):
        # the gradients on the way have names that the document does not know
        own = frozenset(d.node for d in paper.network.definitions if d.left is not None)
        body = paper.tidied(opened(value, own))
        if question.whole is not None:
            body = _shorter_part(question.whole, body, own, paper)
    named = paper.tree(body)
    inputs = _inputs(paper, value, body, question, named)
    return Answer(question, value, left, named, inputs)


def _shorter_part(whole: Whole, body: Expr, own: frozenset[Expr], paper: Paper) -> Expr:
    """What is picked of a gradient once that is tidy, unless the tidied part is much shorter: it
    keeps the product (p - 1) v that the gradient is."""
    slope = paper.tidied(opened(whole.slope, own))
    other = picked(replaced(whole.part, {whole.slope: slope}))
    sizes = [tree_size(paper.tree(form)) for form in (body, other)]
    return other if sizes[1] <= sizes[0] + _KEPT else body


def _entry_tree(form: Expr, paper: Paper, question: Question, names: Names) -> Tree:
    """The form as a tree: of the one row or entry that was asked for, where one was."""
    if not question.entry and not question.opens:
        return paper.tree(form, names, question.wrt[0] if question.kind == "gradient" else None)
    by = len(question.wrt[0].axes) if question.kind == "jacobian" else len(form.axes)
    letters: list[str | None] = [None] * len(form.axes)
    letters[: len(question.entry)] = question.entry
    letters[by : by + len(question.opens)] = question.opens
    if question.kind == "jacobian":
        found = in_basis(form, letters, paper)
        if found is not None:
            return found
    for k in reversed(range(len(letters))):
        if (letters[k] or "").isdigit():  # dL/dw_2 is the second entry
            form = numbered(form, k - len(letters), int(letters.pop(k) or 0))
    if not letters:
        return paper.tree(paper.tidied(form), names)
    return write_entry(form, letters, names)  # type: ignore[arg-type]


def _laid_out(value: Expr, form: Expr, paper: Paper, question: Question) -> Tree:
    """An answer in the order of its axes that its question has, if matrix notation can say it."""
    if not question.groups:
        return _entry_tree(form, paper, question, {})
    forms = dict.fromkeys((form, normal(form), value))
    trees = [paper.tree(laid_out(one, question.groups)) for one in forms]
    good = [one for one in trees if says_matrix(one)]
    if good:
        return min(good, key=tree_size)
    plain = all(len(group) < 2 for group in question.groups)
    return trees[0] if plain else _entry_tree(form, paper, question, {})


def _inputs(paper: Paper, value: Expr, form: Expr, question: Question, named: Tree) -> Tree | None:
    if not any(is_named(leaf) for leaf in boundary(form)):
        return None
    if not is_small(value, 10 * SHORT):
        return None
    whole = opened(value)
    if weight(whole, {}) > 3 * SHORT:
        return None
    whole = paper.tidied(whole)
    if weight(whole, {}) > SHORT:
        return None
    found = _laid_out(whole, whole, paper, question)
    return found if _helps(found, named) else None


def _helps(inputs: Tree, named: Tree) -> bool:
    """Whether a second form is worth its room: not much longer than the first one, with no sums
    and entries of its own, and no derivative by what is no variable there."""

    def spelled(said: Tree) -> int:
        return sum(node.head in ("big", "index") for node in said.subtrees())

    by = [node.kids[node.head == "deriv"] for node in inputs.subtrees()
          if node.head in ("grad", "deriv")]  # fmt: skip
    plain = all(one is None or one.head in ("name", "script", "index") for one in by)
    short = tree_size(inputs) <= 2 * tree_size(named) + SHORT // 2
    return plain and short and spelled(inputs) <= spelled(named)
