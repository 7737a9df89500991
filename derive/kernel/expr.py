"""Expressions: the eight kinds, frozen, interned and shaped.

The idea: the linear half of the field is one node, a contraction (einsum), and the nonlinear half
is another, an elementwise map.  Same structure is the same object, so ``is`` is structural equality
and every memo is a plain dict.  Nodes are built faithfully: what is written stays to be read aloud;
only what no one would write (a factor 1, a sum with one term) is absorbed on the way in.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from fractions import Fraction
from operator import attrgetter
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple, NoReturn, Self, TypeAlias

from derive.kernel.interned import Noted, Table
from derive.kernel.sizes import Axis

Axes: TypeAlias = tuple[Axis, ...]
Number: TypeAlias = "int | Fraction"

_blank = object.__new__


class ShapeError(ValueError):
    """Axes that do not fit; the message gives both shapes."""


class Expr(Noted):
    """An array-valued expression: ``axes`` are its sizes, ``kids`` the expressions it is made of.

    ``+ - * / @ **`` and ``.T`` (see ``derive.kernel.build``) make new ones.
    """

    __slots__ = ("__weakref__", "axes")
    __match_args__: ClassVar[tuple[str, ...]] = ()
    table: ClassVar[Table]
    draft: ClassVar[type[Expr]]
    axes: Axes
    kids: tuple[Expr, ...] = ()

    def __init_subclass__(cls, kids: str = "") -> None:
        if "__match_args__" not in cls.__dict__:
            return
        cls.table = Table()
        if kids:
            cls.kids = cls.__dict__[kids]
        # A node is filled in as its draft and then frozen by changing its class: to write through
        # a class that forbids writing costs five times as much, and nodes are made by the million.
        thaw = {"__setattr__": object.__setattr__, "__delattr__": object.__delattr__}
        cls.draft = type(cls.__name__, (cls,), {"__slots__": (), **thaw})

    def __new__(cls, *fields: Any) -> Self:
        return cls.interned(fields)

    @classmethod
    def interned(cls, fields: tuple, *known: Any) -> Self:
        """The one node of this kind with these fields; the caller may know its axes already."""
        entry = cls.table.get(fields)
        if entry is not None:
            found = entry()
            if found is not None:
                return found
        node = _blank(cls.draft)
        node._fill(*fields, *known)
        node.__class__ = cls
        return cls.table.settle(fields, node)

    def _fill(self, *fields: Any) -> None:
        raise NotImplementedError

    def _frozen(self, *_: object) -> NoReturn:
        raise AttributeError("expressions are frozen: an attribute cannot be set or deleted")

    __setattr__ = __delattr__ = _frozen

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

    if TYPE_CHECKING:  # derive.kernel.build attaches these: imports go down only

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
    ``kinds`` are what is declared of it: ``("symmetric",)``; see ``derive.meaning.kinds``.
    """

    __slots__ = ("kinds", "letters", "name")
    __match_args__ = ("name", "axes", "letters", "kinds")
    name: str
    letters: tuple[str, ...]
    kinds: tuple[str, ...]

    def __new__(
        cls, name: str, axes: Axes, letters: tuple[str, ...] = (), kinds: tuple[str, ...] = ()
    ) -> Self:
        return cls.interned((name, axes, letters, kinds))

    def _fill(
        self, name: str, axes: Axes, letters: tuple[str, ...], kinds: tuple[str, ...]
    ) -> None:
        self.name = name
        self.axes = axes
        self.letters = letters
        self.kinds = kinds

    def _own(self) -> tuple:
        return self.name, self.axes, self.letters, self.kinds


class Num(Expr):
    """An exact number: an int or a Fraction."""

    __slots__ = ("value",)
    __match_args__ = ("value",)
    value: Number

    def _fill(self, value: Number) -> None:
        # 2 and Fraction(2) are one node, whichever was there first: it holds the int.
        self.value = int(value) if value == int(value) else value
        self.axes = ()

    def _own(self) -> tuple:
        return (self.value,)


class Delta(Expr):
    """Kronecker's delta of size n: the identity matrix."""

    __slots__ = ("n",)
    __match_args__ = ("n",)
    n: Axis

    def _fill(self, n: Axis) -> None:
        self.n = n
        self.axes = (n, n)

    def _own(self) -> tuple:
        return (self.n,)


class Ones(Expr):
    """The vector of n ones."""

    __slots__ = ("n",)
    __match_args__ = ("n",)
    n: Axis

    def _fill(self, n: Axis) -> None:
        self.n = n
        self.axes = (n,)

    def _own(self) -> tuple:
        return (self.n,)


class Add(Expr, kids="terms"):
    """A sum of terms with the same axes.  Not flattened: a named sum inside must stay a node."""

    __slots__ = ("terms",)
    __match_args__ = ("terms",)
    terms: tuple[Expr, ...]

    def _fill(self, terms: tuple[Expr, ...]) -> None:
        self.terms = terms
        self.axes = terms[0].axes

    def _own(self) -> tuple:
        return ()


class Contract(Expr, kids="factors"):
    """A generic einsum: the product of the factors, summed over every index that is not in ``out``.

    ``indices[k]`` names the axes of ``factors[k]`` by small integers in order of first appearance.
    Matrix product, outer and inner product, Hadamard product, transpose, trace and diag are all
    this node.
    """

    __slots__ = ("factors", "indices", "out")
    __match_args__ = ("factors", "indices", "out")
    factors: tuple[Expr, ...]
    indices: tuple[tuple[int, ...], ...]
    out: tuple[int, ...]

    def _fill(
        self,
        factors: tuple[Expr, ...],
        indices: tuple[tuple[int, ...], ...],
        out: tuple[int, ...],
        axes: Axes | None = None,
    ) -> None:
        self.factors = factors
        self.indices = indices
        self.out = out
        if axes is None:
            extent = {i: n for f, own in zip(factors, indices) for i, n in zip(own, f.axes)}
            axes = tuple(extent[i] for i in out)
        self.axes = axes

    def _own(self) -> tuple:
        return self.indices, self.out


class Map(Expr, kids="args"):
    """A scalar function applied elementwise to arguments of the same axes."""

    __slots__ = ("args", "fn")
    __match_args__ = ("fn", "args")
    fn: Fn
    args: tuple[Expr, ...]

    def _fill(self, fn: Fn, args: tuple[Expr, ...]) -> None:
        self.fn = fn
        self.args = args
        self.axes = args[0].axes if args else ()

    def _own(self) -> tuple:
        return (self.fn,)


class Call(Expr, kids="args"):
    """An operator with a rule of its own, or a name given to an expression."""

    __slots__ = ("args", "op")
    __match_args__ = ("op", "args")
    op: Operator | Name
    args: tuple[Expr, ...]

    def _fill(self, op: Operator | Name, args: tuple[Expr, ...]) -> None:
        self.op = op
        self.args = args
        self.axes = args[0].axes if isinstance(op, Name) else op.shape(*(a.axes for a in args))

    def _own(self) -> tuple:
        return (self.op,)


class Name(NamedTuple):
    """A name given to an expression: it is a node with a cotangent, and it prints as its symbol.

    ``symbol`` is LaTeX; ``#1`` .. are the places of the first axes, ``letters`` what is written
    there.  Two names of one expression are two nodes: a copy ``a = x`` has a gradient of its own.
    """

    symbol: str
    letters: tuple[str, ...] = ()


def is_named(node: Expr) -> bool:
    """Whether a node is a name given to an expression."""
    return type(node) is Call and type(node.op) is Name


@dataclass(frozen=True, slots=True)
class Fn:
    """A scalar function.  Its rows are in ``derive.operators.pointwise``.

    ``value`` computes it on NumPy arrays, ``exact`` on a Fraction (None where the result is not
    rational), ``slopes[k]`` is its partial derivative in argument k as an expression of the
    arguments.  ``params`` are plain numbers or strings; (name, params) is its identity.
    """

    name: str
    params: tuple
    value: Callable[..., Any] = field(compare=False, repr=False)
    slopes: tuple[Callable[..., Expr], ...] = field(default=(), compare=False, repr=False)
    exact: Callable[..., Number] | None = field(default=None, compare=False, repr=False)

    if TYPE_CHECKING:  # derive.kernel.build attaches it

        def __call__(self, *args: object) -> Expr: ...

    def __hash__(self) -> int:
        # Asked for every node that is made: to hash the params too would cost ten times more.
        return hash(self.name)

    def __reduce__(self):
        return registered, ("function", self.name, self.params)


@dataclass(frozen=True, slots=True)
class Operator:
    """An operator with its own rule.  Its rows are in ``derive.operators.primitives``.

    ``shape`` gives the axes of the result from those of the arguments (ShapeError if they do not
    fit); ``value`` computes it on NumPy arrays; ``pull(call, cotangent, extra)`` yields (argument,
    share, reason), where the cotangent carries ``extra`` leading axes of its own; ``exact`` says
    that ``value`` takes Fractions and gives them.
    """

    name: str
    params: tuple
    shape: Callable[..., Axes] = field(compare=False, repr=False)
    value: Callable[..., Any] = field(compare=False, repr=False)
    pull: Callable[..., Iterable[tuple[Expr, Expr, str]]] = field(compare=False, repr=False)
    exact: bool = field(default=False, compare=False, repr=False)

    def __call__(self, *args: Expr) -> Expr:
        return Call(self, args)

    def __hash__(self) -> int:
        return hash(self.name)

    def __reduce__(self):
        return registered, ("operator", self.name, self.params)


# How a pickled Fn or Operator finds its row: ("function" | "operator", name) -> maker(*params).
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


def toposort(
    *roots: Expr, below: Callable[[Expr], Iterable[Expr]] = attrgetter("kids")
) -> list[Expr]:
    """Every node below the roots once, kids before parents.  Iterative: depth is the user's.

    ``below`` says which nodes a node leads to: all of its kids, unless the caller stops earlier.
    """
    order: dict[Expr, None] = {}
    for root in roots:
        if root in order:
            continue
        path, left = [root], [iter(below(root))]
        while path:
            for kid in left[-1]:
                if kid not in order:
                    path.append(kid)
                    left.append(iter(below(kid)))
                    break
            else:
                order[path.pop()] = None
                left.pop()
    return list(order)


def shape_text(axes: Axes) -> str:
    return "×".join(str(n) for n in axes) if axes else "scalar"
