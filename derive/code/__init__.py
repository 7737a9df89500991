r"""Expressions as source: a module of a network, a snippet, a callable.

The idea: what runs is text that a person could have written and can read, and the text is made from
expressions alone.  No string of the user's becomes code: identifiers come from
``derive.notation.names`` and are checked here, LaTeX appears only inside quoted literals.

``targets`` has a row for each language; ``body`` writes straight-line code, ``contractions`` the
products in it, ``listing`` the module around it.
"""

from __future__ import annotations

import keyword
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from derive.code.body import Names
from derive.code.listing import RESERVED, Listing, broken
from derive.code.targets import TARGETS, Target
from derive.kernel.build import lift
from derive.kernel.expr import Expr, Var, toposort
from derive.notation.names import ascii_names, filled


def module(
    variables: Mapping[str, Expr],
    forward: Mapping[str, Expr],
    gradients: Mapping[str, Expr],
    symbols: Mapping[str, str],
    *,
    lines: Mapping[str, Expr] | None = None,
    title: str = "",
    target: str = "numpy",
) -> str:
    """A module with ``SYMBOLS``, ``forward(**inputs)`` and ``gradients(**inputs)``.

    ``variables``, ``forward`` and ``gradients`` are keyed by the ASCII names that the two functions
    take and return; ``symbols`` says which name each LaTeX symbol has.  ``lines`` names further
    expressions that are worth a line of their own, such as the cotangents of nodes.  Sizes that no
    input's shape gives, and functions that the document does not define, become inputs.
    ValueError for a key that is no identifier; NoCode for a word with no spelling.
    """
    for key in (*variables, *forward, *gradients, *symbols.values(), *(lines or {})):
        _checked(key)
    language = _target(target)
    room = Listing(variables, language, {**forward, **gradients, **(lines or {})})
    texts = [
        room.function(
            "forward", "Every named value of the network, keyed by name.", forward, forward, {}
        ),
        room.function(
            "gradients",
            "The gradient of the loss by each variable, keyed by name.",
            gradients,
            {**(lines or {}), **forward},
            {key: f"grad_{key}" for key in gradients},
        ),
    ]
    heading = title.replace("\\", "\\\\").replace('"', "'") or "A network and its gradients."
    return "\n".join([f'"""{heading}"""', "", *room.header(symbols), "", "\n".join(texts)])


def source(expr: Expr, target: str = "numpy", name: str = "value") -> str:
    """One function that computes the expression from its variables; shapes are not checked."""
    _checked(name)
    language = _target(target)
    room = Listing(_named_variables([expr]), language, {})
    body, (result,) = room.body([expr], {})
    needed, free = room.needs(body, [expr], [result.at(0)])
    inputs = [room.inputs[v] for v in needed]
    text = broken(f"def {name}(", [*inputs, *free, *body.generic.values()], "):")
    text += [f"    {row}" for row in (*room.size_lines(body, [result.at(0)]), *body.lines)]
    text.append(f"    return {result.at(0)}")
    return "\n".join([*room.imports(), *room.functions(), "", *text]) + "\n"


@dataclass(frozen=True, slots=True)
class Compiled:
    """A callable made from ``source``.  Values are given by ASCII name, or as {variable: array}."""

    source: str
    names: Mapping[Expr, str]
    compute: Callable[..., Any]
    single: bool

    def __call__(self, values: Mapping[Expr, Any] | None = None, /, **named: Any) -> Any:
        """The array of the expression, or the list of arrays where a list was compiled."""
        wanted = {self.names[v]: a for v, a in (values or {}).items() if v in self.names}
        found = list(self.compute(**wanted, **named).values())
        return found[0] if self.single else found


def compile(exprs: Expr | Sequence[Expr], target: str = "numpy") -> Compiled:
    """The expression, or list of expressions, as a function of arrays.

    >>> from derive.kernel.expr import Var
    >>> from derive.kernel.sizes import size
    >>> x = Var("x", (size("n"),))
    >>> float(compile(x @ x)(x=[3, 4]))
    25.0
    """
    single = isinstance(exprs, Expr)
    roots = [lift(e) for e in ([exprs] if isinstance(exprs, Expr) else exprs)]
    inputs = _named_variables(roots)
    room = Listing(inputs, _target(target), {})
    outputs = {f"value_{k}": root for k, root in enumerate(roots, 1)}
    symbols = {v.name: key for key, v in inputs.items() if isinstance(v, Var)}
    text = room.function("compute", "The values of the expressions.", outputs, {}, {})
    whole = "\n".join([*room.header(symbols), "", text])
    # exec is safe here and only here: the text was generated above, from expressions; what came
    # from a user is in it as checked identifiers, numbers and quoted strings, never as code.  The
    # namespace is empty so that the text cannot see, or change, anything of ours.
    namespace: dict[str, Any] = {"__name__": "derive_generated"}
    exec(_code(whole, f"<derive to {target}>"), namespace)
    return Compiled(whole, {v: key for key, v in inputs.items()}, namespace["compute"], single)


def _code(text: str, where: str) -> Any:
    import builtins

    return builtins.compile(text, where, "exec")


def _target(name: str) -> Target:
    if name not in TARGETS:
        raise ValueError(f"no target is called {name}; known: {', '.join(TARGETS)}")
    return TARGETS[name]


def _checked(name: str) -> str:
    if not (name.isascii() and name.isidentifier()) or keyword.iskeyword(name):
        raise ValueError(f"{name!r} is no ASCII identifier: derive.notation.names makes them")
    return name


def _named_variables(roots: Sequence[Expr]) -> dict[str, Expr]:
    """The variables below the roots, in order, keyed by ASCII names made from their symbols."""
    found = [node for node in toposort(*roots) if isinstance(node, Var)]
    written = {v: filled(v.name, v.letters) for v in found}
    chosen = ascii_names(written.values())
    names = Names(RESERVED)
    return {names.fresh(chosen[written[v]]): v for v in found}
