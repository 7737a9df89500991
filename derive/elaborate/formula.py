r"""One formula read in the context of known expressions: what the writer prints comes back.

The idea: the symbols of an expression are its declarations.  A formula over samples is read with
its labels open, and comes back as the array over those labels.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from derive.diagnostics import DeriveError, Source
from derive.elaborate.dispatch import value_of
from derive.elaborate.faults import Fault
from derive.elaborate.names.scope import Scope
from derive.elaborate.reading import Env, Reading
from derive.elaborate.statements.letters import collect_letters
from derive.elaborate.statements.settle import settle
from derive.elaborate.terms import calls as _calls  # noqa: F401 - registers its rules
from derive.elaborate.terms import derivatives as _derivatives  # noqa: F401 - registers its rules
from derive.elaborate.terms import elaborate as _elaborate  # noqa: F401 - registers its rules
from derive.elaborate.values import Value, as_row_matrix, closed
from derive.kernel import sizes
from derive.kernel.expr import Call, Expr, Name, Var, toposort
from derive.kernel.sizes import Size
from derive.latex.print import latex
from derive.latex.read import read_formula
from derive.notation.names import symbol_tree


def read_expression(
    text: str, symbols: Iterable[Expr], letters: Sequence[str] = (), *, like: Expr | None = None
) -> Expr:
    r"""The expression that a formula means, given the variables and named nodes it may use.

    ``letters`` are the labels that stay open: the result has their axes first, in this order.
    ``like`` is an expression whose axes the result must have (sizes of \mathbf{1} and \mathbf{I}
    that the formula leaves open are taken from it).  Raises DeriveError where it cannot be read.

    >>> from derive.kernel.sizes import sizes as symbols
    >>> n, m = symbols("n m")
    >>> W, x = Var(r"\mathbf{W}", (m, n)), Var(r"\mathbf{x}", (n,))
    >>> read_expression(r"\mathbf{W} \mathbf{x}", [W, x]) is W @ x
    True
    """
    reading = Reading(Scope(given=True), closed=True)
    formals: dict[str, Value] = {}
    symbols = list(symbols)
    for node in symbols:
        symbol, own = _symbol(node)
        reading.scope.declared.add(symbol)
        if not node.axes:
            reading.scope.scalars.add(symbol)
        formals[symbol] = Value(node, own)
    for part in toposort(*symbols, *([like] if like is not None else [])):
        for axis in part.axes:
            if isinstance(axis, Size):
                reading.size_names |= axis.names()
                reading.scope.scalars |= axis.names()
    source = Source("", text)
    try:
        (tree,) = read_formula(text)
        collect_letters([tree], reading)
        reading.scope.bound |= set(letters)
        value = value_of(reading, settle(tree, reading.scope), Env(frozenset(letters), formals))
        value = reading.sizes.current(as_row_matrix(value))
        expr = closed(value, [x for x in letters if x in value.opens])
        if like is not None and len(like.axes) == len(expr.axes):
            for a, b in zip(expr.axes, like.axes, strict=True):
                reading.sizes.unify(a, b)
            expr = reading.sizes.current(Value(expr)).expr
        return expr
    except Fault as fault:
        raise DeriveError(fault.diagnostic(source)) from None
    except sizes.SizeError as error:
        raise DeriveError(
            Fault("shape-clash", str(error), (0, len(text))).diagnostic(source)
        ) from None


def _symbol(node: Expr) -> tuple[str, tuple[str, ...]]:
    """The symbol as it is read, W_1 for W_{1}, and the letters in its slots."""
    match node:
        case Var(symbol, _, letters) | Call(Name(symbol, letters)):
            return latex(symbol_tree(symbol)), letters
    raise TypeError(f"a formula is read over variables and named nodes, not {node!r}")
