"""Expressions: the eight kinds, frozen, interned and shaped.

The idea: the linear half of the field is one node, a contraction (einsum), and the nonlinear half
is another, an elementwise map.  Same structure is the same object, so ``is`` is structural equality
and every memo is a plain dict.  Nodes are built faithfully: what is written stays to be read aloud;
only what no one would write (a factor 1, a sum with one term) is absorbed on the way in.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from typing import TYPE_CHECKING, Any, TypeAlias
from weakref import WeakValueDictionary

from derive.sizes import Axis

Axes: TypeAlias = tuple[Axis, ...]
Number: TypeAlias = "int | Fraction"

_table: WeakValueDictionary[tuple, Expr] = WeakValueDictionary()
_lock = threading.Lock()
_set = object.__setattr__


class ShapeError(ValueError):
    """Axes that do not fit; the message gives both shapes."""


class Interned(type):
    """The same kind with the same fields is the same object."""

    def __call__(cls, *fields: Any) -> Any:
        if len(fields) < len(cls.__match_args__):  # type: ignore[attr-defined]
            fields = (*fields, *cls.defaults)  # type: ignore[attr-defined]
        key = (cls, *fields)
        found = _table.get(key)
        if found is None:
            node = super().__call__(*fields)
            with _lock:
                found = _table.setdefault(key, node)
        return found


class Expr(metaclass=Interned):
    """An array-valued expression: ``axes`` are its sizes, ``kids`` the expressions it is made of.

    ``+ - * / @ **`` and ``.T`` (see ``derive.build``) make new ones.
    """

    __slots__ = ("__weakref__", "axes")
    axes: Axes

    @property
    def kids(self) -> tuple[Expr, ...]:
        return ()

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"expressions are frozen: cannot set {name}")

    def __reduce__(self):
        # Children first, by position: pickling must not recurse on the depth of a network.
        place: dict[Expr, int] = {}
        rows = []
        for node in toposort(self):
            place[node] = len(rows)
            kids = tuple(place[kid] for kid in node.kids)
            rows.append((type(node), kids, node._own()))
        return _rebuild, (tuple(rows),)

    def _own(self) -> tuple:
        """The fields that are not expressions, for pickling."""
        raise NotImplementedError

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {shape_text(self.axes)}>"

    if TYPE_CHECKING:  # derive.build attaches these: imports go down only

        def __add__(self, other: object) -> Expr: ...
        def __radd__(self, other: object) -> Expr: ...
        def __neg__(self) -> Expr: ...
        def __sub__(self, other: object) -> Expr: ...
        def __rsub__(self, other: object) -> Expr: ...
        def __mul__(self, other: object) -> Expr: ...
        def __rmul__(self, other: object) -> Expr: ...
        def __truediv__(self, other: object) -> Expr: ...
        def __rtruediv__(self, other: object) -> Expr: ...
        def __pow__(self, other: object) -> Expr: ...
        def __matmul__(self, other: object) -> Expr: ...
        @property
        def T(self) -> Expr: ...
        def latex(self) -> str: ...
        def steps(self) -> Any: ...


class Var(Expr):
    """A symbol.  ``name`` is its LaTeX; ``#1``, ``#2`` in it are where its first axes are written.

    ``Var(r"\\mathbf{x}^{(#1)}", (m, n), ("i",))`` is a batch of m samples, printed x^{(i)}.
    """

    __slots__ = ("letters", "name")
    __match_args__ = ("name", "axes", "letters")
    defaults = ((),)

    def __init__(self, name: str, axes: Axes, letters: tuple[str, ...] = ()) -> None:
        _set(self, "name", name)
        _set(self, "axes", axes)
        _set(self, "letters", letters)

    def _own(self) -> tuple:
        return self.name, self.axes, self.letters


class Num(Expr):
    """An exact number: an int or a Fraction."""

    __slots__ = ("value",)
    __match_args__ = ("value",)

    def __init__(self, value: Number) -> None:
        _set(self, "value", value)
        _set(self, "axes", ())

    def _own(self) -> tuple:
        return (self.value,)


class Delta(Expr):
    """Kronecker's delta of size n: the identity matrix."""

    __slots__ = ("n",)
    __match_args__ = ("n",)

    def __init__(self, n: Axis) -> None:
        _set(self, "n", n)
        _set(self, "axes", (n, n))

    def _own(self) -> tuple:
        return (self.n,)


class Ones(Expr):
    """The vector of n ones."""

    __slots__ = ("n",)
    __match_args__ = ("n",)

    def __init__(self, n: Axis) -> None:
        _set(self, "n", n)
        _set(self, "axes", (n,))

    def _own(self) -> tuple:
        return (self.n,)


class Add(Expr):
    """A sum of terms with the same axes.  Not flattened: a named sum inside must stay a node."""

    __slots__ = ("terms",)
    __match_args__ = ("terms",)

    def __init__(self, terms: tuple[Expr, ...]) -> None:
        _set(self, "terms", terms)
        _set(self, "axes", terms[0].axes)

    @property
    def kids(self) -> tuple[Expr, ...]:
        return self.terms

    def _own(self) -> tuple:
        return ()


class Contract(Expr):
    """A generic einsum: the product of the factors, summed over every index that is not in ``out``.

    ``indices[k]`` names the axes of ``factors[k]`` by small integers in order of first appearance.
    Matrix product, outer and inner product, Hadamard product, transpose, trace and diag are all
    this node.
    """

    __slots__ = ("factors", "indices", "out")
    __match_args__ = ("factors", "indices", "out")

    def __init__(
        self, factors: tuple[Expr, ...], indices: tuple[tuple[int, ...], ...], out: tuple[int, ...]
    ) -> None:
        _set(self, "factors", factors)
        _set(self, "indices", indices)
        _set(self, "out", out)
        extent = {i: n for f, own in zip(factors, indices) for i, n in zip(own, f.axes)}
        _set(self, "axes", tuple(extent[i] for i in out))

    @property
    def kids(self) -> tuple[Expr, ...]:
        return self.factors

    def _own(self) -> tuple:
        return self.indices, self.out


class Map(Expr):
    """A scalar function applied elementwise to arguments of the same axes."""

    __slots__ = ("args", "fn")
    __match_args__ = ("fn", "args")

    def __init__(self, fn: Fn, args: tuple[Expr, ...]) -> None:
        _set(self, "fn", fn)
        _set(self, "args", args)
        _set(self, "axes", args[0].axes if args else ())

    @property
    def kids(self) -> tuple[Expr, ...]:
        return self.args

    def _own(self) -> tuple:
        return (self.fn,)


class Call(Expr):
    """An operator with a rule of its own, or a name given to an expression."""

    __slots__ = ("args", "op")
    __match_args__ = ("op", "args")

    def __init__(self, op: Operator | Name, args: tuple[Expr, ...]) -> None:
        _set(self, "op", op)
        _set(self, "args", args)
        axes = tuple(a.axes for a in args)
        _set(self, "axes", axes[0] if isinstance(op, Name) else op.shape(*axes))

    @property
    def kids(self) -> tuple[Expr, ...]:
        return self.args

    def _own(self) -> tuple:
        return (self.op,)


@dataclass(frozen=True, slots=True)
class Name:
    """A name given to an expression: it is a node with a cotangent, and it prints as its symbol.

    ``symbol`` is LaTeX; ``#1`` .. are the places of the first axes, ``letters`` what is written
    there.  Two names of one expression are two nodes: a copy ``a = x`` has a gradient of its own.
    """

    symbol: str
    letters: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Fn:
    """A scalar function.  Its rows are in ``derive.operators.pointwise``.

    ``value`` computes it on NumPy arrays, ``exact`` on a Fraction (None where the result is not
    rational), ``slopes[k]`` is its partial derivative in argument k as an expression of the
    arguments.  ``params`` are plain numbers or strings; (name, params) is its identity.
    """

    name: str
    params: tuple = ()
    value: Callable[..., Any] = field(default=None, compare=False, repr=False)  # type: ignore[assignment]
    slopes: tuple[Callable[..., Expr], ...] = field(default=(), compare=False, repr=False)
    exact: Callable[..., Number] | None = field(default=None, compare=False, repr=False)

    if TYPE_CHECKING:  # derive.build attaches it

        def __call__(self, *args: object) -> Expr: ...

    def __reduce__(self):
        return registered, ("function", self.name, self.params)


@dataclass(frozen=True, slots=True)
class Operator:
    """An operator with its own rule.  Its rows are in ``derive.operators.primitives``.

    ``shape`` gives the axes of the result from those of the arguments (ShapeError if they do not
    fit); ``value`` computes it on NumPy arrays; ``pull(call, cotangent, extra)`` yields (argument,
    share, reason), where the cotangent carries ``extra`` leading axes of its own.
    """

    name: str
    params: tuple = ()
    shape: Callable[..., Axes] = field(default=None, compare=False, repr=False)  # type: ignore[assignment]
    value: Callable[..., Any] = field(default=None, compare=False, repr=False)  # type: ignore[assignment]
    pull: Callable[..., Iterable[tuple[Expr, Expr, str]]] = field(
        default=None,  # type: ignore[assignment]
        compare=False,
        repr=False,
    )

    def __call__(self, *args: Expr) -> Expr:
        return Call(self, args)

    def __reduce__(self):
        return registered, ("operator", self.name, self.params)


# How a pickled Fn or Operator finds its row again: ("function" | "operator", name) -> maker(*params).
vocabulary: dict[tuple[str, str], Callable[..., Any]] = {}


def registered(sort: str, name: str, params: tuple) -> Any:
    return vocabulary[sort, name](*params)


def _rebuild(rows: tuple) -> Expr:
    nodes: list[Expr] = []
    for kind, kids, own in rows:
        made = tuple(nodes[k] for k in kids)
        if kind is Add:
            nodes.append(Add(made))
        elif kind is Contract:
            nodes.append(Contract(made, *own))
        elif kind in (Map, Call):
            nodes.append(kind(*own, made))
        else:
            nodes.append(kind(*own))
    return nodes[-1]


def toposort(*roots: Expr) -> list[Expr]:
    """Every node below the roots once, kids before parents.  Iterative: depth is the user's."""
    order: list[Expr] = []
    seen: set[Expr] = set()
    stack: list[tuple[Expr, Iterator[Expr]]] = []
    for root in roots:
        if root in seen:
            continue
        seen.add(root)
        stack.append((root, iter(root.kids)))
        while stack:
            node, rest = stack[-1]
            for kid in rest:
                if kid not in seen:
                    seen.add(kid)
                    stack.append((kid, iter(kid.kids)))
                    break
            else:
                order.append(node)
                stack.pop()
    return order


def shape_text(axes: Axes) -> str:
    return "×".join(str(n) for n in axes) if axes else "scalar"
