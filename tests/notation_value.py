r"""What a formula in matrix notation is worth: an evaluator of surface trees, for tests only.

The idea: it knows the conventions of the page (a vector is a column, a product is a matrix product,
\odot is entry by entry, a label picks a sample) and nothing of the kernel, so it can judge what the
writer says.
"""

from __future__ import annotations

import re
from itertools import product as every

import numpy as np

from derive.kernel.expr import Expr, Var
from derive.notation import INDICATORS
from derive.notation.names import symbol_tree
from derive.operators.row import POINTWISE, PRIMITIVES
from derive.tree import Tree

_COMPARE = {">": np.greater, "<": np.less, ">=": np.greater_equal, "<=": np.less_equal,
            "=": np.equal, "!=": np.not_equal}  # fmt: skip


def as_written(array: np.ndarray) -> np.ndarray:
    """An array of the kernel as the page means it: a vector is a column."""
    return array.reshape(-1, 1) if array.ndim == 1 else array


class Page:
    """The symbols of a page with their values, and the letters that are bound."""

    def __init__(self, values: dict[Expr, np.ndarray], at: dict[str, int]) -> None:
        self.at = at
        self.chosen: tuple[int, ...] = ()
        self.symbols: list[tuple[re.Pattern, int, np.ndarray]] = []
        for node, value in values.items():
            symbol = node.name if isinstance(node, Var) else node.op.symbol  # type: ignore[attr-defined]
            slots = len(node.letters if isinstance(node, Var) else node.op.letters)  # type: ignore[attr-defined]
            pattern = re.escape(symbol).replace(r"\#", "#")
            for k in range(1, slots + 1):
                pattern = pattern.replace(f"#{k}", f"(?P<s{k}>[a-z](?:_\\d+)?)")
            self.symbols.append((re.compile(pattern), slots, np.asarray(value, float)))

    def value(self, node: Tree, bound: dict[str, int]) -> np.ndarray:
        kids = node.kids
        match node.head:
            case "name":
                return self._name(kids[0], bound)
            case "num":
                return np.asarray(float(kids[0]))
            case "neg":
                return -self.value(kids[0], bound)
            case "paren":
                return self.value(kids[0], bound)
            case "sum":
                return _fold([self.value(k, bound) for k in kids], np.add)
            case "product":
                return self._product([self.value(k, bound) for k in kids])
            case "hadamard":
                return _fold([self.value(k, bound) for k in kids], np.multiply)
            case "frac":
                return _fold([self.value(k, bound) for k in kids], np.divide)
            case "transpose":
                inner = self.value(kids[0], bound)
                assert inner.ndim == 2, f"transposed: {node}"
                return inner.T
            case "sqrt":
                return np.sqrt(self.value(kids[0], bound))
            case "root":
                return self.value(kids[0], bound) ** (1 / self.value(kids[1], bound))
            case "power":
                base = self.value(kids[0], bound)
                by_entry = kids[1].head == "juxt"
                if base.ndim == 2 and not by_entry:
                    return np.linalg.matrix_power(base, int(self.value(kids[1], bound)))
                assert base.ndim == 0 or by_entry, f"a power of an array: {node}"
                return base ** self.value(kids[1].kids[1] if by_entry else kids[1], bound)
            case "abs":
                return np.abs(self.value(kids[0], bound))
            case "script":
                assert kids[0].head == "norm", node
                inner = self.value(kids[0].kids[0], bound)
                assert kids[1].kids[0] == ("F" if 1 not in inner.shape else "2"), node
                return np.linalg.norm(inner) ** (1 if kids[2] is None else int(kids[2].kids[0]))
            case "index":
                return self._index(kids[0], [k.kids[0] for k in kids[1:]], bound)
            case "big":
                return self._sum(kids, bound)
            case "call":
                return self._call(kids[0], kids[1:], bound)
            case "env":
                (yes, when), (no, _) = kids[1]
                asked = self._asked(when, bound)
                a, b = self.value(yes, bound), self.value(no, bound)
                return np.where(asked, a, b)
        raise AssertionError(f"no value for {node}")

    def _size(self, node: Tree, bound: dict[str, int]) -> int:
        return int(self.value(node, bound))

    def _name(self, text: str, bound: dict[str, int]) -> np.ndarray:
        if text in self.at:
            return np.asarray(float(self.at[text]))
        if text == r"\mathbf{0}":
            return np.asarray(0.0)
        if text == r"\pi":
            return np.asarray(np.pi)
        for pattern, slots, array in self.symbols:
            if found := pattern.fullmatch(text):
                place = tuple(bound[found[f"s{k}"]] for k in range(1, slots + 1))
                return as_written(array[place])
        if "@" in text:
            base, _, which = text.partition("@")
            n = self.chosen[int(which)]
            return np.eye(n) if base == r"\mathbf{I}" else np.ones((n, 1))
        raise AssertionError(f"unknown symbol {text}")

    def _product(self, factors: list[np.ndarray]) -> np.ndarray:
        total = factors[0]
        for factor in factors[1:]:
            total = total * factor if 0 in (total.ndim, factor.ndim) else total @ factor
            total = total.reshape(()) if total.shape == (1, 1) else total
        return total

    def _index(self, base: Tree, letters: list[str], bound: dict[str, int]) -> np.ndarray:
        if base.head == "bracket":
            return self._family(base.kids[0], [one.split("@") for one in letters], bound)
        array = self.value(base, bound)
        if len(letters) == 1 and array.ndim == 2:
            array = array[:, 0]
        assert array.ndim == len(letters), f"{base} has {array.ndim} axes, not {letters}"
        place = tuple(
            slice(None) if one == ":" else 0 if one == "1" else bound[one] for one in letters
        )
        return as_written(array[place])

    def _family(self, body: Tree, letters: list[list[str]], bound: dict[str, int]) -> np.ndarray:
        extents = [1 if one == "1" else self.chosen[int(which)] for one, which in letters]
        found = {}
        for place in every(*map(range, extents)):
            inner = {**bound, **dict(zip((one for one, _ in letters), place))}
            found[place] = self.value(body, inner)
        first = found[(0,) * len(letters)]
        made = np.array([found[p] for p in sorted(found)]).reshape(*extents, *first.shape)
        return as_written(made)

    def _sum(self, kids: tuple, bound: dict[str, int]) -> np.ndarray:
        _, below, above, body = kids
        letter = below.kids[0].kids[0]
        assert letter not in bound, f"{letter} is bound twice"
        return sum(self.value(body, {**bound, letter: k}) for k in range(self._size(above, bound)))  # type: ignore[return-value]

    def _asked(self, when: Tree, bound: dict[str, int]) -> np.ndarray:
        left, sign, right = when.kids
        return _COMPARE[sign.kids[0]](self.value(left, bound), self.value(right, bound))

    def _call(self, head: Tree, args: tuple, bound: dict[str, int]) -> np.ndarray:
        if head.head == "name" and head.kids[0] in INDICATORS:
            return self._asked(args[0], bound).astype(float)
        values = [self.value(arg, bound) for arg in args]
        if head == symbol_tree(r"\operatorname{abs}"):
            return np.abs(values[0])
        if head == symbol_tree(r"\operatorname{tr}"):
            return np.trace(values[0])
        if head == symbol_tree(r"\operatorname{diag}"):
            square = values[0].shape[1] != 1
            return as_written(np.diag(values[0])) if square else np.diag(values[0][:, 0])
        for row in PRIMITIVES.values():
            if "#" not in row.latex and symbol_tree(row.latex) == head and len(values) == 1:
                flat = values[0][:, 0] if values[0].shape[1] == 1 else values[0]
                return as_written(np.asarray(row.make().value(flat)))
        for row in POINTWISE.values():
            if "#" not in row.latex and symbol_tree(row.latex) == head:
                return row.make().value(*values)
        raise AssertionError(f"unknown function {head}")


class _Misfit(ValueError):
    """Shapes that do not go together."""


def _fold(values: list[np.ndarray], join) -> np.ndarray:
    total = values[0]
    for value in values[1:]:
        fits = 0 in (total.ndim, value.ndim) or total.shape == value.shape
        if not fits:
            raise _Misfit(f"{total.shape} meets {value.shape}")
        total = join(total, value)
    return total


def worth(node: Tree, values: dict[Expr, np.ndarray], at: dict[str, int]) -> list[np.ndarray]:
    """Every value the formula can have: the size of each 1, I and [ ]_i is what fits around it."""
    places = 0

    def mark(here: Tree) -> Tree:
        nonlocal places
        if here.head == "name" and here.kids[0] in (r"\mathbf{1}", r"\mathbf{I}"):
            places += 1
            return Tree("name", (f"{here.kids[0]}@{places - 1}",))
        if here.head == "index" and here.kids[0].head == "bracket":
            letters = []
            for one in here.kids[1:]:
                letters.append(Tree("name", (f"{one.kids[0]}@{places}",)))
                places += 1
            return Tree("index", (here.kids[0], *letters))
        return here

    marked = node.rewritten(mark)
    page, found = Page(values, at), []
    for chosen in every(sorted(set(at.values())), repeat=places):
        page.chosen = chosen
        try:
            found.append(page.value(marked, {}))
        except (_Misfit, ValueError, IndexError):
            continue
    return found
