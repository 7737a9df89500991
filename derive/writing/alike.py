r"""Many formulas at once: those that differ only in the numbers of their names are written once.

The idea: the layers of a network are alike, \mathbf{W}_1 in one line is \mathbf{W}_2 in the next.
What the writer decides depends on the *look* of an expression: its nodes down to its names, and
each name without its numbers.  The first formula of a look is written with numbers that no one
uses; the others are that text with their own.
"""

from __future__ import annotations

import re
from collections import ChainMap
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from itertools import count
from typing import NamedTuple

from derive.kernel.expr import Add, Axes, Call, Contract, Expr, Map, Name, Num, Var
from derive.kernel.interned import uncollected
from derive.latex.print import latex
from derive.tree import Tree, name
from derive.writing.flat import is_size
from derive.writing.labels import POOL, Names, Symbol
from derive.writing.write import Writer

# A number that is a whole script: W_1, W_{12}, W^{[2]}, h^{(3)}.
_NUMERAL = re.compile(r"([_^])(?:\{([\[(]?)([0-9]+)([\])]?)\}|([0-9])(?![0-9]))")
# Stand-ins are digits to whoever asks, but not those that anyone types.
_STANDS_IN = str.maketrans("0123456789", "०१२३४५६७८९")
_STOOD_IN = re.compile(r"(?<=[_^])\{([०-९]+)\}|([०-९]+)")
_FIRST = 10  # of more than one digit, as whatever fits a long numeral fits a short one
_GAP = re.compile(r"#(?![0-9])")


def formulas(exprs: Iterable[Expr], names: Names | None = None) -> list[str]:
    r"""The LaTeX of each expression, the same as ``latex(write(expr, names))``, in linear time.

    >>> from derive.kernel.sizes import size
    >>> n = size("n")
    >>> def layer(k):
    ...     return Var(rf"\mathbf{{W}}_{k}", (n, n)) @ Var(rf"\mathbf{{h}}_{k}", (n,))
    >>> formulas([layer(1), layer(2)])
    ['\\mathbf{W}_1 \\mathbf{h}_1', '\\mathbf{W}_2 \\mathbf{h}_2']
    """
    looks = _Looks(names or {})
    with uncollected():
        return [looks.formula(expr) for expr in exprs]


class _Leaf(NamedTuple):
    """A named expression: its look and its text (as numbers), its numerals, and what has gaps."""

    node: Expr
    look: int
    text: int
    numerals: list[str]
    shape: Tree | str
    letters: tuple[str, ...]


class _Template(NamedTuple):
    """A formula with gaps: the text before each, which numeral goes there, whether in braces.

    ``sized`` if a letter or a size was needed, so that it holds for these sizes only.
    """

    gaps: tuple[tuple[str, int, bool], ...]
    end: str
    sized: bool


class _Look(NamedTuple):
    """All that the writing depends on: ``key`` but for the sizes, the sizes; and the names."""

    key: tuple
    sizes: tuple[Axes, ...]
    leaves: list[_Leaf]


class _Looks:
    def __init__(self, names: Names) -> None:
        self.names = names
        self.leaves: dict[Expr, _Leaf] = {}
        self.number: dict[object, int] = {}
        self.templates: dict[object, _Template] = {}

    def formula(self, expr: Expr) -> str:
        look = self._look(expr)
        template = self.templates.get(look.key)
        if template is None or template.sized:
            template = self.templates.get((look.key, look.sizes))
        if template is None:
            template = self._template(expr, look.leaves)
            self.templates[look.key] = self.templates[look.key, look.sizes] = template
        numerals = [text for leaf in look.leaves for text in leaf.numerals]
        line: list[str] = []
        for before, k, braced in template.gaps:
            text = numerals[k]
            line += (before, f"{{{text}}}" if braced and len(text) > 1 else text)
        line.append(template.end)
        return "".join(line)

    def _look(self, root: Expr) -> _Look:
        """The nodes as they are read, down to the names; what was met before by its place."""
        key: list[object] = []
        sizes: list[Axes] = []
        leaves: list[_Leaf] = []
        place: dict[object, int] = {}
        known = self.leaves
        stack = [root]
        while stack:
            node = stack.pop()
            if node in place:
                key.append(~place[node])
                continue
            place[node] = len(place)
            kids = node.kids
            leaf = known.get(node)
            if leaf is None and (not kids or type(node) is Call or node in self.names):
                leaf = self._leaf(node)
            if leaf is not None and (node is not root or not kids):
                # Two expressions may be called alike.
                key += (leaf.look, place.setdefault(leaf.text, len(place)))
                leaves.append(leaf)
            elif kids:
                key.append(_own(node))
                stack += kids
                continue
            else:
                key.append((node.value,) if type(node) is Num else type(node))
            # A size is a size, but an axis of size 1 is not written.
            key.append(1 in node.axes and node.axes)
            sizes.append(node.axes)
        found = self.names.get(root)
        if isinstance(found, Symbol):
            key.append(found.letters)
        return _Look(tuple(key), tuple(sizes), leaves)

    def _leaf(self, node: Expr) -> _Leaf | None:
        """The name of an expression; None if it has none."""
        own, found = None, self.names.get(node)
        match node:
            case Var(symbol, _, slots) | Call(Name(symbol, slots)):
                own = symbol, slots
        named = own if found is None else found if isinstance(found, Symbol) else (found, ())
        if named is None:
            return None
        called, letters = named
        numerals: list[str] = []
        shape = _renamed(called, _NUMERAL, partial(_gap, numerals))
        # A letter that is a variable cannot be an index.
        letter = own[0] if own is not None and (own[0] in POOL or own[0].isalpha()) else None
        size = type(node) is Contract and is_size(node)
        look = self._numbered((type(node), len(node.axes), shape, letters, letter, size))
        leaf = _Leaf(node, look, self._numbered(called), numerals, shape, letters)
        self.leaves[node] = leaf
        return leaf

    def _numbered(self, key: object) -> int:
        return self.number.setdefault(key, len(self.number))

    def _template(self, expr: Expr, leaves: Sequence[_Leaf]) -> _Template:
        """The formula with stand-ins for its numerals, cut at each of them."""
        called: dict[Expr, Symbol] = {}
        trees: dict[int, Tree] = {}  # of each text: who are called alike get the same stand-ins
        first = _FIRST
        for leaf in leaves:
            stand_in = count(first)
            shape = _renamed(leaf.shape, _GAP, lambda _: _spelled(next(stand_in)))  # noqa: B023
            tree = trees.setdefault(leaf.text, name(shape) if isinstance(shape, str) else shape)
            called[leaf.node] = Symbol(tree, leaf.letters)
            first += len(leaf.numerals)
        writer = Writer(expr, ChainMap(called, self.names))  # type: ignore[arg-type]
        text = latex(writer.whole())
        gaps, at = [], 0
        for found in _STOOD_IN.finditer(text):
            braced, bare = found.groups()
            k = int(braced or bare) - _FIRST
            gaps.append((text[at : found.start()], k, braced is not None))
            at = found.end()
        return _Template(tuple(gaps), text[at:], writer.sized)


def _own(node: Expr) -> object:
    """What a node that is no leaf is, without its kids."""
    match node:
        case Contract():
            return node.indices, node.out
        case Add():
            return "+", len(node.terms)
        case Map():
            return node.fn, len(node.args)
        case Call(Name(_, letters)):
            return letters
        case Call(op, args):
            return op, len(args)


def _gap(numerals: list[str], found: re.Match[str]) -> str:
    """The gap for a numeral, which is put aside."""
    script, opener, within, closer, alone = found.groups()
    numerals.append(within or alone)
    return f"{script}{{{opener or ''}#{closer or ''}}}"


def _renamed(
    called: Tree | str, old: re.Pattern[str], new: Callable[[re.Match[str]], str]
) -> Tree | str:
    """A symbol (a text, or a tree of them) with the new for the old in its names."""
    if isinstance(called, str):
        return old.sub(new, called)
    if called.head == "name":
        return name(old.sub(new, called.kids[0]))
    kids = (_renamed(kid, old, new) if isinstance(kid, Tree) else kid for kid in called.kids)
    return Tree(called.head, tuple(kids))


def _spelled(number: int) -> str:
    return str(number).translate(_STANDS_IN)
