r"""A second reading of a scalar formula, by latex2sympy2, which shares nothing with our reader.

The idea: that library is right about most scalar right-hand sides and silently wrong about much
else (``ReLU(z)`` is E·L·R·U(z), ``x^{(i)}`` a power, ``1e-8`` is e - 8), so it is never believed on
its own.  It sees one formula that our reader has read, with every symbol under a single letter, and
counts only if both readings have the same value at random points.  Nothing else imports it.
"""

from __future__ import annotations

import math
import re
import sys
import typing
import warnings
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from threading import Lock
from types import ModuleType
from typing import Any

from derive.elaborate.formula import read_expression
from derive.elaborate.names.scope import Scope, base_of
from derive.kernel.expr import Expr, Map, Var, toposort
from derive.latex.read import read_formula
from derive.meaning.evaluate import evaluate_all
from derive.operators.pointwise import np
from derive.operators.symbolic import to_sympy
from derive.tree import Tree

POINTS = 3
TRIES = 40
TOLERANCE = 1e-9
# latex2sympy2 takes 10 ms a character in a bad formula, and cannot be interrupted.
LONGEST = 240
DEEPEST = 12
# Exact powers of numbers beyond these would fill the memory before anything is compared.
LARGEST_POWER = 10_000
LARGEST_VALUE = 1e60
# No letter that latex2sympy2 reads as something else: d, e, E, I, T, or that looks like a number.
_LETTERS = "abcghkmnpqrstuvwxyz"

# It keeps what it was told in globals of its module, so one thread reads at a time.
_READING = Lock()


@dataclass(frozen=True, slots=True)
class SecondReading:
    """Two readings of one formula that agree: our ``expression``, and the other one as ``sympy``,
    over real symbols that have the names of the variables."""

    expression: Expr
    sympy: Any


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why there is no second reading.

    ``reason`` is ``absent`` (latex2sympy2 cannot be imported), ``outside`` (not one scalar formula
    of declared numbers and known functions), ``large``, ``undefined`` (our value is finite at too
    few points), ``unread`` (latex2sympy2 cannot read it), ``symbols`` (it found others than are
    written) or ``differs`` (the readings have different values, as the message shows).
    """

    reason: str
    message: str


class _Refused(Exception):
    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.refusal = Refusal(reason, message)


def second_reading(latex: str, symbols: Iterable[Expr]) -> SecondReading | Refusal:
    r"""The formula as read by us and, independently, by latex2sympy2, if the two agree.

    ``symbols`` are the scalar variables that the formula may use.  Raises DeriveError where our own
    reader cannot read the formula, TypeError for a symbol that is no scalar variable.
    """
    declared: dict[str, Var] = {}
    for symbol in symbols:
        if not isinstance(symbol, Var) or symbol.axes:
            raise TypeError(f"a second reading is over scalar variables, not {symbol!r}")
        declared[symbol.name] = symbol
    try:
        own = _own_reading(latex, declared)
        points = _points(own, declared.values())
        text, letters = _renamed(latex, declared)
        other = _other_reading(text)
        _compare(other, letters, own, points)
    except _Refused as refused:
        return refused.refusal
    return SecondReading(own, other.xreplace({x: to_sympy(v) for x, v in letters.items()}))


# ------------------------------------------------------------------ our own reading


def _own_reading(latex: str, declared: Mapping[str, Var]) -> Expr:
    if len(latex) > LONGEST:
        raise _Refused("large", f"the formula has {len(latex)} characters, more than {LONGEST}")
    if (depth := _depth(latex)) > DEEPEST:
        raise _Refused("large", f"{depth} brackets are nested, more than {DEEPEST}")
    trees = read_formula(latex)
    if len(trees) != 1 or trees[0].head in ("chain", "list", "semi", "text"):
        raise _Refused("outside", "this is not one expression without relations")
    own = read_expression(latex, declared.values())
    for node in toposort(own):
        if node.axes:
            raise _Refused("outside", "a part of the formula is not a number but an array")
        match node:
            case Var(name) if node not in declared.values():
                raise _Refused("outside", f"{name} is not one of the declared numbers")
            case Map(fn) if fn.name == "generic":
                raise _Refused("outside", f"{fn.params[0]} is not a known function")
    return own


def _depth(latex: str) -> int:
    depth = deepest = 0
    for letter in latex:
        depth += (letter in "([{") - (letter in ")]}")
        deepest = max(deepest, depth)
    return deepest


def _points(own: Expr, variables: Iterable[Var]) -> list[tuple[dict[Expr, Any], float]]:
    """Random points at which everything in our reading is finite, each with our value."""
    draw = np.random.default_rng(0)
    variables = list(variables)
    found: list[tuple[dict[Expr, Any], float]] = []
    # Of both signs, if it can be: at positive numbers alone |x| is x.
    for low, high in ((-2.0, 2.0), (0.1, 0.9), (1.1, 3.0)):
        for _ in range(TRIES):
            values: dict[Expr, Any] = {v: draw.uniform(low, high) for v in variables}
            with np.errstate(all="ignore"):
                known = evaluate_all([own], values)
            if _powers(own, known) > LARGEST_POWER:
                raise _Refused("large", f"the powers multiply to more than {LARGEST_POWER}")
            if all(abs(float(a)) < LARGEST_VALUE for a in known.values()):
                found.append((values, float(known[own])))
            if len(found) == POINTS:
                return found
    raise _Refused("undefined", f"fewer than {POINTS} random points give the formula a value")


def _powers(own: Expr, known: Mapping[Expr, Any]) -> float:
    """The product of all exponents: no exact power in the formula has more digits than that, times
    those of its numbers."""
    product = 1.0
    for node in toposort(own):
        match node:
            case Map(fn) if fn.name == "power":
                product *= max(1.0, abs(float(fn.params[0])))
            case Map(fn, (_, exponent)) if fn.name == "raised":
                product *= max(1.0, abs(float(known[exponent])))
    return product


# ------------------------------------------------------------------ what the other one may see


def _renamed(latex: str, declared: Mapping[str, Var]) -> tuple[str, dict[Any, Var]]:
    r"""The formula with one letter for each symbol, ``\log`` as ``\ln``; what the letters mean."""
    import sympy

    scope = Scope()
    scope.declared |= declared.keys()
    scope.scalars |= declared.keys()
    (tree,) = read_formula(latex)
    places = sorted(set(_places(latex, tree, scope)))
    rest, end = [], 0
    for (start, stop), _ in places:
        if start < end:
            raise _Refused("outside", "symbols of the formula come out of one macro")
        rest.append(latex[end:start])
        end = stop
    rest.append(latex[end:])
    used = set(re.sub(r"\\[A-Za-z]+", "", "".join(rest)))
    free = iter(letter for letter in _LETTERS if letter not in used)
    given: dict[str, str] = {}
    pieces = [rest[0]]
    for (_, symbol), after in zip(places, rest[1:], strict=True):
        if symbol not in given and (letter := next(free, "")):
            given[symbol] = letter
        if symbol not in given:
            raise _Refused("large", "the formula has more symbols than there are safe letters")
        # In braces: `\log x` must not become `\lna`, nor a(b + 1) a call.
        pieces += ["{", given[symbol], "}", after]
    text = re.sub(r"\\log(?![A-Za-z])", r"\\ln", "".join(pieces))
    return text, {sympy.Symbol(letter): declared[symbol] for symbol, letter in given.items()}


def _places(latex: str, tree: Tree, scope: Scope) -> Iterator[tuple[tuple[int, int], str]]:
    """Where a declared symbol stands, with the scripts that are part of it but not its powers."""
    for part in _topmost(tree, scope):
        reference = scope.refer(part)
        if not reference.actions:
            yield part.span, reference.symbol
            continue
        above = reference.actions[0]
        caret = latex.rfind("^", part.span[0], above.span[0])
        if (
            len(reference.actions) > 1
            or caret < 0
            or latex[above.span[1] : part.span[1]].strip("} ")
        ):
            raise _Refused("outside", f"a power of {reference.symbol} is not written last")
        yield (part.span[0], caret), reference.symbol
        yield from _places(latex, above, scope)


def _topmost(tree: Tree, scope: Scope) -> Iterator[Tree]:
    stack: list[Any] = [tree]
    while stack:
        node = stack.pop()
        if isinstance(node, tuple):
            stack.extend(node)
        elif isinstance(node, Tree):
            if node.head in ("name", "script", "prime") and base_of(node):
                reference = scope.refer(node)
                if reference.symbol in scope.declared and not reference.indices:
                    yield node
                    continue
            stack.extend(node.kids)


# ------------------------------------------------------------------ the other reading


def _other_reading(text: str) -> Any:
    with _READING:
        library = _latex2sympy2()
        library.variances.clear()
        library.var.clear()
        library.VARIABLE_VALUES = {}
        library.set_real(None)
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                return library.latex2sympy(text)
        except Exception as error:  # its grammar and its conversions raise whatever they meet
            first = (str(error).splitlines() or [type(error).__name__])[0]
            raise _Refused("unread", f"latex2sympy2 cannot read this: {first}") from None


def _latex2sympy2() -> Any:
    """The library.  Its parser imports ``typing.io``, which Python has not had since 3.13."""
    before = sys.modules.get("typing.io")
    shim: Any = ModuleType("typing.io")
    shim.IO, shim.TextIO, shim.BinaryIO = typing.IO, typing.TextIO, typing.BinaryIO
    sys.modules["typing.io"] = shim
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            import latex2sympy2  # type: ignore[import-not-found]
    except Exception as error:  # absent, or beside a parser run time of another version
        raise _Refused("absent", f"latex2sympy2 cannot be imported: {error}") from None
    finally:
        if before is None:
            del sys.modules["typing.io"]
        else:
            sys.modules["typing.io"] = before
    return latex2sympy2


def _compare(
    other: Any, letters: Mapping[Any, Var], own: Expr, points: list[tuple[dict[Expr, Any], float]]
) -> None:
    import sympy
    from sympy.core.function import AppliedUndef

    if not isinstance(other, sympy.Expr):
        raise _Refused("unread", "latex2sympy2 reads this as something else than one number")
    strangers = {str(s) for s in other.free_symbols ^ set(letters)}
    strangers |= {str(f.func) for f in other.atoms(AppliedUndef)}
    if strangers:
        found = ", ".join(sorted(strangers))
        raise _Refused("symbols", f"latex2sympy2 reads other symbols than are written: {found}")
    for values, here in points:
        there = _number(other, {x: values[v] for x, v in letters.items()})
        if not abs(there - here) <= TOLERANCE * max(1.0, abs(here)):
            at = ", ".join(f"{v.name} = {values[v]:.3g}" for v in letters.values())
            shown = f"{there.real:.6g}" if not there.imag else f"{there:.6g}"
            raise _Refused(
                "differs",
                f"the readings differ{' at ' if at else ''}{at}: {here:.6g}, and {shown} by "
                "latex2sympy2",
            )


def _number(expression: Any, values: Mapping[Any, float]) -> complex:
    import sympy

    try:
        placed = expression.xreplace({x: sympy.Float(v) for x, v in values.items()})
        return complex(placed.doit().evalf())
    except (TypeError, ValueError, ArithmeticError, AttributeError):
        return complex(math.nan)
