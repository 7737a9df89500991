"""Questions resolved: what is differentiated, in which nodes, and which entry is meant.

The idea: a question names nodes of one graph; under a sum a node is the batch of its samples, so
what is asked about is looked for in the graph of what is differentiated.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import NamedTuple

from derive.derivation.network import Question, Whole
from derive.derivation.picked import picked
from derive.elaborate.dispatch import value_of
from derive.elaborate.entries import entries_of
from derive.elaborate.faults import Fault, Silent
from derive.elaborate.met import require_linked, require_met
from derive.elaborate.names.scope import base_of
from derive.elaborate.reading import Env, Reading
from derive.elaborate.shown import shape_of
from derive.elaborate.statements.requests import IN_WORDS
from derive.elaborate.statements.settle import settle
from derive.elaborate.terms.derivatives import (
    MOST_TIMES,
    node_and_entry,
    note_order,
    numbered,
    only_variable,
    power_below,
    stacked_of,
    variables_of,
)
from derive.elaborate.terms.parts import parted, selected, with_ranges
from derive.elaborate.values import Value
from derive.kernel.build import lift
from derive.kernel.calculus import grad, hessian
from derive.kernel.expr import Call, Expr, Name, Var, toposort
from derive.latex.print import latex
from derive.meaning.evaluate import NotExact, evaluate
from derive.notation.names import symbol_tree
from derive.operators.optimizers import OPTIMIZERS, stepped
from derive.operators.powers import NoRule, whole_power
from derive.tree import Tree

_VEC = re.compile(r"(?:\\\w+\{)?[vV]ec\}?")
# "with step size $\\alpha$": else it has the letter that is customary
_RATE = re.compile(
    r"(?:step[- ]?size|learning[- ]rate|schrittweite|lernrate|pas)(?: of)?\s*(?:\$|\\\()?\s*"
    r"(\\[a-z]+|[a-z])\b",
    re.IGNORECASE,
)
_D, _TOP = Tree("name", ("d",)), Tree("name", (r"\top",))


def asked(
    item: Tree, reading: Reading, nodes: dict[str, Expr], root: Expr | None, text: str = "",
    others: Sequence[Question] = (),
) -> Iterator[Question]:  # fmt: skip
    """The questions of a statement; ``text`` is the document, which may name an optimizer, and
    ``others`` are what it asks besides."""
    left = item.kids[0]
    if len(item.kids) == 3 and str(item.kids[1].kids[0]) == "<-":
        shared = others if item.kids[2] == IN_WORDS else None
        yield from _step(left, reading, root, text, item.span, shared)
        return
    if len(item.kids) > 3 and str(item.kids[1].kids[0]) == "<-":
        # W \leftarrow W - \eta \nabla_W L = ?: the value of the step
        step = item.kids[-3]
        value = value_of(reading, settle(step, reading.scope), Env())
        written = Tree("chain", item.kids[:-2], item.span)
        yield Question("value", value.expr, (), (), written, item.span)
        return
    if len(item.kids) > 3 and item.kids[2].head in ("deriv", "grad") and base_of(left):
        left = item.kids[2]  # H = \\nabla^2 f = ?
    for part in left.kids if left.head == "list" else (left,):
        yield from question(part, reading, nodes, root)


def _step(
    left: Tree, reading: Reading, root: Expr | None, text: str, span: tuple[int, int],
    others: Sequence[Question] | None,
) -> Iterator[Question]:  # fmt: skip
    r"""W \leftarrow ?: one step of the optimizer that the words before it name, of plain gradient
    descent where they name none; with ``others`` in terms of the gradient, answered too."""
    target, _ = _target(None, reading, root, left)
    node, entry = _wrt(left, target, reading)
    if entry or not isinstance(node, Var):
        raise Fault("unsupported", f"{latex(left)} is no parameter: a step has no meaning", left)
    named = [(m.start(), row) for row in OPTIMIZERS.values() for word in row.words
             for m in re.finditer(rf"\b{word}\b", text[: span[0]], re.IGNORECASE)]  # fmt: skip
    row = max(named, key=lambda pair: pair[0])[1] if named else OPTIMIZERS["sgd"]
    if not named:
        reading.note("step", "no optimizer is named: the step is one of gradient descent")
    if row.ahead is not None:
        row = OPTIMIZERS["nesterov_stored"]
        reading.note("step", "the step has its gradient at the parameters that are stored")
    gradient = grad(target, node)
    if others is not None and (loss := reading.made.get(target)) is not None:
        slope = next((q.left for q in others if (q.of, q.wrt) == (target, (node,))), None)
        if slope is None:
            slope = Tree("deriv", (symbol_tree(loss), left, "1"), span)
            yield Question("gradient", target, (node,), (), slope, span)
        gradient = Call(Name(latex(slope)), (gradient,))
    said = _RATE.search(text)
    rate = {"eta": Var(said[1], ())} if said is not None and "eta" in row.rates else {}
    step = stepped(row, node, gradient, rate)
    for made in step.made.values():
        yield Question("value", made, (), (), symbol_tree(made.op.symbol), span)  # type: ignore[attr-defined]
    new = Tree("script", (left, Tree("text", ("new",)), None), left.span)
    if left.head == "script":
        new = Tree("script", (*left.kids[:2], Tree("paren", (Tree("text", ("new",)),))), left.span)
    yield Question("value", step.new, (), (), new, span)


def question(
    part: Tree, reading: Reading, nodes: dict[str, Expr], root: Expr | None
) -> Iterator[Question]:
    if part.head in ("deriv", "grad"):
        of, by, order = part.kids
        if part.head == "grad":
            of, by = by, of
        if by is None and of is not None:
            by = _only_formal(of, reading) or _only_variable(of, reading, root, part)
        if by is None:
            what = latex(of) if of is not None else r"\mathcal{L}"
            raise Fault("incomplete-question", "the gradient does not say in which variable", part,
                        rf"write $\nabla_{{\mathbf{{W}}}} {what} = ?$")  # fmt: skip
        if power_below(by, int(order) if str(order).isdigit() else 1) != 1 and not _is_one(
            by, reading
        ):
            value = value_of(reading, settle(part, reading.scope), Env())
            yield Question("value", value.expr, (), (), part, part.span)
            return
        if _is_part(by, reading):
            made = _of_part(Tree("deriv", (of, by, order), part.span), part, reading, root)
            require_met(made, nodes, reading, part)
            require_linked(made, nodes, reading, part)
            yield made
            return
        if of is None and part.head == "grad" and root is not None and root in reading.made:
            # the gradient with respect to W is that of the loss
            part = Tree("grad", (by, symbol_tree(reading.made[root]), order), part.span)
        opens = entries_of((of, by), reading)
        reading.scope.bound |= opens
        target, letters = _target(of, reading, root, part, opens)
        each: list[tuple[Tree, Tree]] = [(part, by)]
        if part.head == "grad" and by.head == "list" and str(order) in ("1", "_", ""):
            each = [(Tree("grad", (one, *part.kids[1:]), part.span), one) for one in by.kids]
        for single, one in each:
            made = _derivative(single, target, one, str(order), reading, letters)
            require_met(made, nodes, reading, part)
            require_linked(made, nodes, reading, part)
            yield made
        return
    if base_of(part) == r"\delta" and part.head == "script" and part.kids[1] is not None:
        target, _ = _target(None, reading, root, part)
        yield _derivative(part, target, part.kids[1], "1", reading)
        return
    differential = part.head == "juxt" and len(part.kids) == 2 and part.kids[0] == _D
    if differential and not reading.scope.known("d"):
        # dW is what programs call the gradient of the loss
        _, variable = part.kids
        target, _ = _target(None, reading, root, part)
        made = _derivative(part, target, variable, "1", reading)
        require_linked(made, nodes, reading, part)
        yield made
        return
    value = value_of(reading, settle(part, reading.scope), Env())
    yield Question("value", _reckoned(value.expr), (), (), part, part.span)


def _reckoned(value: Expr) -> Expr:
    """12 - 4 as 8: a number that is no formula of anything."""
    if value.axes or any(isinstance(node, Var) for node in toposort(value)):
        return value
    try:
        return lift(evaluate(value, {}, exact=True).item())
    except (NotExact, ArithmeticError, ValueError, AttributeError):
        return value


def _is_part(by: Tree, reading: Reading) -> bool:
    """Whether a derivative is by entries that a range or a class number selects."""
    if not base_of(by):
        return False
    part = parted(reading, settle(by, reading.scope), Env(), set())
    return bool(part.chosen or part.ranges)


def _of_part(whole: Tree, part: Tree, reading: Reading, root: Expr | None) -> Question:
    """The part of a gradient as a value: without the names that the gradients of a claim have."""
    target, _ = _target(whole.kids[0], reading, root, part)
    if target.axes:
        raise _not_scalar(part, target, "a gradient in a part of a variable")
    taken = parted(reading, settle(whole.kids[1], reading.scope), Env(), set())
    node, letters = node_and_entry(taken.whole, target, reading)
    found = grad(target, node)
    assert isinstance(found, Expr)
    opens = tuple(f"{x} {k}" if x.isdigit() else x for k, x in enumerate(letters))
    gradient = found
    found, opens = with_ranges(reading, found, opens, taken, part)
    found, opens = numbered(found, opens, part)
    value = selected(reading, Value(found, opens), (taken,), Env(), part)
    if value.opens:
        raise Fault("unsupported", f"the entries of {latex(part)} are asked for one by one", part,
                    "ask for the whole part, or for one entry")  # fmt: skip
    of_all = Whole(target, node, gradient, value.expr)
    return Question("value", picked(value.expr), (), (), part, part.span, whole=of_all)


def _only_formal(of: Tree, reading: Reading) -> Tree | None:
    r"""The variable of \nabla f(x) and of \nabla f where f(x) is defined: its argument; all of
    f(x, y)."""
    name = of.kids[0] if of.head == "juxt" else of
    bracket = reading.scope.applied.get(reading.scope.refer(name).symbol) if base_of(name) else None
    inner = bracket.kids[0] if bracket is not None else None
    several = inner is not None and inner.head == "list" and all(map(base_of, inner.kids))
    return inner if inner is not None and (base_of(inner) or several) else None


def _only_variable(of: Tree, reading: Reading, root: Expr | None, part: Tree) -> Tree | None:
    lone = only_variable(_target(of, reading, root, part)[0])
    symbol = reading.made.get(lone) if lone is not None else None
    return None if symbol is None or "#" in symbol else symbol_tree(symbol)


def _target(
    of: Tree | None, reading: Reading, root: Expr | None, part: Tree,
    opens: frozenset[str] = frozenset(),
) -> tuple[Expr, tuple[str, ...]]:  # fmt: skip
    """What is differentiated, and the letters of its first axes where entries of it are meant."""
    if of is not None:
        _require_known(of, reading)
        value = value_of(reading, settle(of, reading.scope), Env(opens))
        return value.expr, tuple(x for x in value.opens if x in opens)
    if root is None:
        raise Fault("no-scalar-loss", "no scalar loss is defined for this gradient", part,
                    r"define it, as in $\mathcal{L} = ..$")  # fmt: skip
    return root, ()


def _derivative(
    part: Tree, of: Expr, by: Tree, order: str, reading: Reading, opens: tuple[str, ...] = ()
) -> Question:
    variables = _variables(by, reading)
    times = int(order) if order.isdigit() else 1
    if len(variables) == 1 and times > 2:
        variables *= times
    if len(variables) > MOST_TIMES or (times > 2 and len(variables) != times):
        one = all(v.tree == variables[0].tree for v in variables)
        what = f"of order {times}" if one else f"in {len(variables)} variables"
        raise Fault("unsupported", f"a derivative {what} has no value here", part,
                    f"known are derivatives up to order {MOST_TIMES}")  # fmt: skip
    found = [_wrt(one.tree, of, reading) for one in variables]
    wrt = tuple(node for node, _ in found)
    entry = tuple(letter for _, letters in found for letter in letters)
    kind = "gradient"
    if times > 1 or len(variables) > 1:
        if of.axes:
            raise _not_scalar(part, of, "a Hessian")
        _require_rules(of, wrt, part)
        kind = "hessian"
    elif of.axes and part.head == "deriv":
        kind = "jacobian"
    elif of.axes:
        raise _not_scalar(part, of, "a gradient")
    asked = Question(kind, of, wrt, entry, part, part.span, opens)
    groups = () if entry or opens else _groups(asked, variables, reading)
    if any(len(group) > 1 for group in groups):
        note_order(reading)
    return replace(asked, groups=groups)


class _Variable(NamedTuple):
    r"""What a derivative is by: \operatorname{vec}(X) is X, ``flat``; x^\top is ``turned``."""

    tree: Tree
    flat: bool = False
    turned: bool = False


def _variables(by: Tree, reading: Reading) -> list[_Variable]:
    lone = _is_one(by, reading)
    found = [by] if lone else variables_of(by)
    if not lone and any(
        node.head == "name" and _VEC.fullmatch(node.kids[0]) for node in by.subtrees()
    ):
        found = variables_of(settle(by, reading.scope))
    done = []
    for tree in found:
        inner = stacked_of(tree)
        turned = tree.head == "transpose" or (
            tree.head == "script" and tree.kids[2] in (_TOP, Tree("name", ("T",)))
        )
        done.append(_Variable(inner or tree, inner is not None, turned))
    return done


def _is_one(by: Tree, reading: Reading) -> bool:
    r"""Whether \sigma^2 is the name of one quantity; x^2 below \partial^2 is x twice."""
    whole = reading.scope.refer(by) if base_of(by) else None
    return whole is not None and not whole.actions and reading.scope.known(whole.symbol)


def _groups(
    asked: Question, variables: Sequence[_Variable], reading: Reading
) -> tuple[tuple[int, ...], ...]:
    """How the axes of an answer are laid out; () for as they are."""
    sides: list[tuple[int, ...]] = []
    at = 0
    for node in (*asked.by, *((asked.of,) if asked.of.axes else ())):
        sides.append(tuple(range(at, at + len(node.axes))))
        at += len(node.axes)
    turned = asked.kind != "hessian" and variables[0].turned and (
        variables[0].flat or len(sides[0]) == 1
    )  # fmt: skip
    if turned and len(sides) == 1:
        sides.append(())  # the gradient as a row
    flat = [v.flat for v in variables] + [False] * (len(sides) - len(variables))
    if len(sides) == 2 and at > 2 and max(map(len, sides)) == 2:
        flat = [True, True]
    if not turned and not any(flat):
        return ()
    groups = [
        [(side[::-1] if reading.sizes.row_major else side)] if stack and len(side) == 2
        else [(k,) for k in side] or [()]
        for side, stack in zip(sides, flat, strict=True)
    ]  # fmt: skip
    return tuple(group for side in (groups[::-1] if turned else groups) for group in side)


def _require_rules(of: Expr, wrt: Sequence[Expr], part: Tree) -> None:
    """Fault where a second derivative needs a rule that nobody knows."""
    if not any(isinstance(n, Call) and n.op is whole_power for n in toposort(of)):
        return
    try:
        hessian(of, *wrt[:2])
    except NoRule as error:
        raise Fault("unsupported", str(error), part) from None


def _not_scalar(part: Tree, of: Expr, what: str) -> Fault:
    of_it = part.kids[1 if part.head == "grad" else 0] if part.head in ("grad", "deriv") else None
    written = latex(of_it) if of_it else "this"
    by = latex(part.kids[0]) if part.head == "grad" and part.kids[0] else r"\mathbf{x}"
    return Fault(
        "not-a-scalar",
        f"{what} needs a scalar, ${written}$ has the shape {shape_of(of.axes)}",
        part,
        rf"ask for the Jacobian: $\frac{{\partial {written}}}{{\partial {by}}} = ?$",
    )


def _require_known(tree: Tree, reading: Reading) -> None:
    if not base_of(tree):
        return
    symbol = reading.scope.refer(tree).symbol
    if _VEC.fullmatch(symbol):
        return
    if symbol in reading.broken:
        raise Silent
    known = reading.scope.known(symbol) or symbol in reading.variables
    if not known:
        defined = ", ".join(dict.fromkeys(latex(e.left) for e in reading.equations.values()))
        raise Fault(
            "undefined-symbol", f"${latex(tree)}$ is neither declared nor defined", tree,
            f"defined here are {defined}" if defined else "define it first",
        )  # fmt: skip


def _wrt(tree: Tree, of: Expr, reading: Reading) -> tuple[Expr, tuple[str, ...]]:
    """The node that a derivative is taken in, and the letters where one entry of it is meant."""
    if tree.head == "symbol":
        return node_and_entry(tree, of, reading)
    _require_known(tree, reading)
    return node_and_entry(settle(tree, reading.scope), of, reading)
