"""The numbers of a worked network, where the document gives its variables numbers.

The idea: what depends on nothing but given numbers has a value: exact where it is rational, else
rounded, and the sheet says which of the two it is.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from fractions import Fraction
from numbers import Rational
from typing import Any

from derive.derivation.backprop import Answer, Worked
from derive.kernel.expr import Expr, Map, Var, toposort
from derive.kernel.sizes import NoValue
from derive.meaning.evaluate import NotExact, evaluate_all
from derive.operators.abstract import signature_of
from derive.operators.pointwise import np
from derive.tree import Tree, num, tree
from derive.writing.write import symbol

_EQUAL, _NEARLY = tree("rel", "="), tree("rel", "approx")
MOST = 8  # rows and columns of a table that anybody reads
DIGITS = 4  # significant ones of what is rounded
_DECIMALS = 6  # so many at most are written out exactly


@dataclass(frozen=True, slots=True)
class Valued:
    """A formula and its number, with the sign between them: ``=``, or ``≈`` where it is rounded."""

    left: Tree
    sign: Tree
    value: Tree

    @property
    def right(self) -> Tree:
        """What goes on a line of which the formula stands on the left."""
        return Tree("chain", (None, self.sign, self.value))

    @property
    def line(self) -> Tree:
        return Tree("chain", (self.left, self.sign, self.value))


@dataclass(frozen=True, slots=True)
class Numbers:
    """The values of variables, of definitions, of the lines of the backward pass, of answers."""

    given: tuple[Valued, ...] = ()
    forward: tuple[Valued, ...] = ()
    backward: tuple[Valued, ...] = ()
    answers: Mapping[int, Valued] = field(default_factory=dict)  # by their place


def numbers_of(done: Worked) -> Numbers:
    """What the numbers that the document gives say of its network; nothing where it gives none."""
    network = done.network
    if not network.given:
        return Numbers()
    known: dict[Expr, Any] = {}
    for var, number in network.given.items():
        known[var] = _value(number, {})
    nodes = [d.node for d in (*done.auxiliary, *network.definitions)]
    place = {node: k for k, node in enumerate(toposort(*nodes))}
    nodes.sort(key=lambda node: place[node])
    wanted = [*nodes, *(s.value for s in done.steps), *(a.value for a in done.answers)]
    for root in wanted:
        if root not in known and _is_known(root, known):
            with suppress(NoValue):  # of a size that nothing says
                known[root] = _value(root, known)
    given = [(symbol(var), var) for v in network.variables if (var := v.var) in network.given]
    forward = [(symbol(node), node) for node in nodes]
    # A line that is an answer is said there.
    ends = {id(a.last) for a in done.answers}
    backward = [(s.left, s.value) for s in done.steps if s.left is not None and id(s) not in ends]
    answers = {
        k: made for k, one in enumerate(done.answers)
        if _is_whole(one) and (made := _valued(one.left, one.value, known)) is not None
    }  # fmt: skip
    return Numbers(_all(given, known), _all(forward, known), _all(backward, known), answers)


def _is_whole(answer: Answer) -> bool:
    """Whether an answer is laid out as its value is: neither one entry nor in groups."""
    question = answer.question
    return not (question.entry or question.opens or question.groups)


def _all(lines: Iterable[tuple[Tree, Expr]], known: Mapping[Expr, Any]) -> tuple[Valued, ...]:
    found = (_valued(left, node, known) for left, node in lines)
    return tuple(one for one in found if one is not None)


def _is_known(root: Expr, known: Mapping[Expr, Any]) -> bool:
    order = toposort(root, below=lambda node: () if node in known else node.kids)
    return all(node in known or not (isinstance(node, Var) or _is_unknown(node)) for node in order)


def _is_unknown(node: Expr) -> bool:
    """Whether a node applies a function that nothing defines: it has no values, whatever stands
    for it where results are compared."""
    generic = isinstance(node, Map) and node.fn.name == "generic"
    return generic or signature_of(node) is not None


def _value(root: Expr, known: Mapping[Expr, Any]) -> Any:
    """The value of a formula: in Fractions where every number on the way is rational."""
    order = toposort(root, below=lambda node: () if node in known else node.kids)
    if all(known[node].dtype == object for node in order if node in known):
        with suppress(NotExact):
            return evaluate_all([root], _exactly(known), exact=True)[root]
    floats = {node: np.asarray(array, float) for node, array in known.items()}
    with np.errstate(all="ignore"):
        return evaluate_all([root], floats)[root]


def _exactly(known: Mapping[Expr, Any]) -> dict[Expr, Any]:
    return {node: array for node, array in known.items() if array.dtype == object}


# ------------------------------------------------------------------------------- how it is written


def _valued(left: Tree, node: Expr, known: Mapping[Expr, Any]) -> Valued | None:
    array = known.get(node)
    if array is None or array.ndim > 2 or max(array.shape, default=1) > MOST:
        return None
    if not array.size or not np.all(np.isfinite(np.asarray(array, float))):
        return None
    entries = [_number(one) for one in array.ravel()]
    exact = all(one[1] for one in entries)
    trees = np.empty(len(entries), object)
    for k, (made, _) in enumerate(entries):
        trees[k] = made
    if array.ndim == 0:
        value = entries[0][0]
    else:
        rows = trees.reshape(array.shape if array.ndim == 2 else (-1, 1))
        value = Tree("env", ("pmatrix", tuple(map(tuple, rows))))
    return Valued(left, _EQUAL if exact else _NEARLY, value)


def _number(value: Any) -> tuple[Tree, bool]:
    """A number as it is written, and whether that is exactly what it is."""
    if isinstance(value, Rational):
        value = Fraction(value)
        for places in range(_DECIMALS + 1):
            scaled = abs(value) * 10**places
            if scaled.denominator == 1:
                digits = str(scaled.numerator).rjust(places + 1, "0")
                point = len(digits) - places
                text = digits[:point] + ("." + digits[point:] if places else "")
                return _signed(text, value < 0), True
        if len(str(value.numerator)) + len(str(value.denominator)) <= _DECIMALS:
            over, under = (num(n) for n in (abs(value.numerator), value.denominator))
            part = Tree("frac", (over, under))
            return (Tree("neg", (part,)) if value < 0 else part), True
    number = float(value)
    text = f"{abs(number):.{DIGITS - 1}e}"
    digits, exponent = text.split("e")
    power = int(exponent)
    if number == 0 or -DIGITS < power < _DECIMALS:
        places = max(0, DIGITS - 1 - power) if number else 0
        return _signed(f"{abs(number):.{places}f}", number < 0), False
    ten = num(abs(power)) if power >= 0 else Tree("neg", (num(abs(power)),))
    shown = tree("juxt", Tree("num", (digits,)), Tree("op", (r"\times",)),
                  Tree("power", (num(10), ten)))  # fmt: skip
    return (Tree("neg", (shown,)) if number < 0 else shown), False


def _signed(digits: str, negative: bool) -> Tree:
    one = Tree("num", (digits,))
    return Tree("neg", (one,)) if negative else one
