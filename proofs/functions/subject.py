"""What is checked: the function, how it is called, and the gradients that it should return.

The idea: everything that can be wrong with the question is found here, before anything runs.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from derive import surface
from derive.derivation.network import Domain, Network
from derive.diagnostics import DeriveError, Diagnostic
from derive.elaborate.document import read
from derive.kernel.build import dot, named
from derive.kernel.calculus import grad
from derive.kernel.expr import Expr, Var, is_named, shape_text, toposort
from derive.kernel.sizes import Size
from proofs.functions.arguments import Plan, Room, plan
from proofs.functions.frameworks import (
    FRAMEWORKS,
    detected,
    is_custom_vjp,
    is_torch_function,
    signature,
)
from proofs.functions.words import Ambiguous, Words

DTYPES = ("float64", "float32")


@dataclass(frozen=True, slots=True)
class Subject:
    """A function and what it is compared with.

    ``output`` is what is differentiated, ``root`` the scalar (the output, or its product with the
    ``upstream`` gradient).  ``asked`` are the nodes whose gradients are wanted; ``gradients`` those
    of every node that has one, ``output`` apart.
    """

    function: Callable[..., Any]
    name: str
    framework: str
    dtype: str
    network: Network
    output: Expr
    root: Expr
    upstream: Expr
    asked: tuple[Expr, ...]
    explicit: bool
    nodes: tuple[Expr, ...]
    gradients: Mapping[Expr, Expr]
    domains: Mapping[Expr, Domain]
    words: Words
    plan: Plan
    sizes: Mapping[str, int]
    columns: bool
    from_zero: bool = False  # class numbers are passed as 0..c-1

    @property
    def own_backward(self) -> bool:
        """Whether it is a forward function that brings its own backward."""
        return is_torch_function(self.function) or is_custom_vjp(self.function)


def subject(
    function: Any, network: Network | Expr | str, *,
    wrt: Sequence[Expr | str] | Expr | str | None, output: Expr | str | None,
    arguments: Mapping[str, Any] | None, framework: str | None, dtype: str,
    sizes: Mapping[str, int], columns: bool,
) -> Subject:  # fmt: skip
    """The question, settled.  DeriveError says what is wrong with it."""
    if not callable(function):
        raise _error("not-a-function", f"{function!r} cannot be called",
                     "give a function of arrays, or a torch.autograd.Function")  # fmt: skip
    name = getattr(function, "__name__", type(function).__name__)
    if framework is not None and framework not in FRAMEWORKS:
        raise _error("no-such-framework", f"no framework is called {framework!r}",
                     f"known are {', '.join(FRAMEWORKS)}")  # fmt: skip
    if dtype not in DTYPES:
        raise _error("no-such-dtype", f"no check is made in {dtype!r}",
                     f"known are {', '.join(DTYPES)}")  # fmt: skip
    net = _network(network)
    words = Words(_tiers(net, None))
    of = _output(net, output, words)
    words = Words(_tiers(net, of))
    variables = _variables(net, of)
    nodes = tuple(n for n in toposort(of) if is_named(n) and n is not of)
    asked = _asked(net, wrt, words, of)
    known = tuple(dict.fromkeys([*asked, *variables, *nodes]))
    upstream = Var(r"\bar{%s}" % words.names.get(of, "out"), of.axes)  # noqa: UP031
    wanted = framework or detected(function)
    own = is_torch_function(function) or is_custom_vjp(function)
    room = Room(
        words, variables, tuple(v for v in asked if v in variables), (*nodes, *_extra(of)),
        _size_names(toposort(of)), upstream, words.names.get(of, "the output"),
        bool(of.axes) and not own,
    )  # fmt: skip
    made = plan(signature(function), room, arguments, name)
    if wrt is None:
        # Who takes (W1, b1, W2, b2) returns (dW1, db1, dW2, db2): the order is the function's own.
        taken = [node for node in made.nodes() if node in asked]
        asked = tuple(dict.fromkeys([*taken, *asked]))
    weighted = own or upstream in made.leaves()
    root = dot(upstream, of) if weighted else of
    _checked_sizes(sizes, toposort(of))
    slopes = grad(root, list(known))
    return Subject(
        function, name, wanted, dtype, net, of, root, upstream, asked, wrt is not None, known,
        dict(zip(known, slopes, strict=True)), {v.var: v.domain for v in net.variables}, words,
        made, sizes, columns,
    )  # fmt: skip


def _error(code: str, message: str, help: str = "", *notes: str) -> DeriveError:
    return DeriveError(Diagnostic(code, message, help=help, notes=notes))


def _network(given: Network | Expr | str) -> Network:
    match given:
        case Network():
            return given
        case Expr():
            return surface.network(given)
        case str():
            return _text(given)
        case _:
            raise _error("not-a-network", f"{type(given).__name__} is no network",
                         "give what derive.read returns, an expression, or LaTeX text")  # fmt: skip


def _text(text: str) -> Network:
    """The network of a text; a layer, which ends in an array, is read too."""
    try:
        return read(text)
    except DeriveError as refused:
        (first, *others) = refused.diagnostics
        left, sign, _ = text[first.start : first.end].partition("=")
        if others or first.code != "no-scalar-loss" or not sign:
            raise
        # A text without a loss is read as far as its questions need: ask for the array itself.
        left = left.replace("&", "").strip()
        net = read(f"{text}\n\n$\\frac{{\\partial {left}}}{{\\partial {left}}} = ?$")
        return replace(net, questions=())


def _tiers(net: Network, of: Expr | None) -> list[list[Expr]]:
    """What words mean: first what is below the output, then the rest of the document."""
    every = [*(v.var for v in net.variables), *(d.node for d in net.definitions)]
    if of is None:
        return [every]
    inside = set(toposort(of))
    order = [node for node in every if node in inside]
    order += [n for n in toposort(of) if (is_named(n) or isinstance(n, Var)) and n not in order]
    return [order, [node for node in every if node not in inside]]


def _variables(net: Network, of: Expr) -> tuple[Expr, ...]:
    inside = [n for n in toposort(of) if isinstance(n, Var)]
    order = [v.var for v in net.variables if v.var in inside]
    return tuple(dict.fromkeys([*order, *inside]))


def _extra(of: Expr) -> tuple[Expr, ...]:
    return (of,) if is_named(of) else ()


def _size_names(order: Sequence[Expr]) -> frozenset[str]:
    axes = [a for node in order for a in node.axes if isinstance(a, Size)]
    return frozenset(name for axis in axes for name in axis.names() if name.isidentifier())


def _checked_sizes(sizes: Mapping[str, int], order: Sequence[Expr]) -> None:
    axes = [a for node in order for a in node.axes if isinstance(a, Size)]
    names = {name for axis in axes for name in axis.names()}
    for name, count in sizes.items():
        if name not in names:
            raise _error("unknown-size", f"no size of the network is called {name}",
                         f"its sizes are {', '.join(sorted(names)) or 'numbers'}")  # fmt: skip
        if not isinstance(count, int) or count < 1:
            raise _error("unknown-size", f"{name} cannot be {count!r}",
                         "an axis has at least one entry")  # fmt: skip


def _output(net: Network, output: Expr | str | None, words: Words) -> Expr:
    if isinstance(output, Expr):
        return output if is_named(output) else named("out", output)
    if output is not None:
        return _meant(output, words)
    if net.loss is not None:
        return net.loss
    outputs = net.outputs
    if len(outputs) == 1:
        return outputs[0]
    if not outputs:
        raise _error("no-output", "the network defines nothing", "define a loss or an output")
    names = ", ".join(words.names[node] for node in outputs)
    raise _error("several-outputs", f"the network ends in several arrays: {names}",
                 f"say which with output={words.names[outputs[0]]!r}")  # fmt: skip


def _meant(word: Expr | str, words: Words) -> Expr:
    if isinstance(word, Expr):
        return word
    try:
        node = words.find(word)
    except Ambiguous as several:
        names = [words.names[n] for n in several.nodes]
        raise _error("ambiguous-symbol", f"{word} could be {' or '.join(names)}",
                     f"write {names[0]!r}") from None  # fmt: skip
    if node is None:
        known = list(words.names.values())
        near = difflib.get_close_matches(word, known, 1)
        raise _error(
            "unknown-symbol", f"nothing in the network is called {word}",
            f"is it {near[0]}?" if near else "write a symbol of the network",
            f"there are {', '.join(known)}",
        )  # fmt: skip
    return node


def _asked(
    net: Network, wrt: Sequence[Expr | str] | Expr | str | None, words: Words, of: Expr
) -> tuple[Expr, ...]:
    inside = set(toposort(of))
    if wrt is not None:
        several = [wrt] if isinstance(wrt, Expr | str) else list(wrt)
        nodes = tuple(dict.fromkeys(_meant(w, words) for w in several))
        for node in nodes:
            if node not in inside:
                name = words.names.get(node, repr(node))
                top = words.names.get(of, repr(of))
                raise _error("no-dependence", f"{top} has no {name} in it", "leave it out of wrt")
        if nodes:
            return nodes
    found = tuple(v.var for v in net.parameters if v.var in inside)
    if not found:
        names = ", ".join(f"{words.names[v]} ({shape_text(v.axes)})" for v in _variables(net, of))
        raise _error(
            "no-parameters", "nothing in the network looks like a parameter",
            "say what the gradients are by: wrt=['x']", f"its variables: {names}",
        )  # fmt: skip
    return found
