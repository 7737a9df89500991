"""True lines in their documents: what the mutations start from, and what is true at some points.

The idea: a document is read once; its symbols, deltas and derivatives get numbers at a few points
of different sizes, under the spelling that the page uses.  A line is kept only if the judge of the
page agrees that it is true; everything after that is surface text.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import product as every
from pathlib import Path

import numpy as np

from derive.derivation.backprop import Worked, worked
from derive.derivation.network import REALS, Domain, Network
from derive.derivation.points import point
from derive.diagnostics import DeriveError, Source
from derive.elaborate.document import read_document
from derive.kernel.build import total
from derive.kernel.calculus import backward, jacobian
from derive.kernel.expr import Call, Expr, Fn, Map, Name, Var, toposort
from derive.kernel.sizes import evaluate as size_at
from derive.latex.print import latex
from derive.latex.read import read_formula
from derive.meaning.evaluate import evaluate_all
from derive.notation.names import filled
from derive.tree import Tree
from tests.soundness.page import readings
from tests.soundness.place import Place, Reading, key_of
from tests.soundness.signs import Unknown, agree

ROOT = Path(__file__).parent.parent.parent
POINTS = 6
_LETTERS = "ijk"


@dataclass(frozen=True, slots=True)
class Claim:
    """One line: two sides as raw trees, and the letters that are open in it."""

    left: Tree
    right: Tree
    relation: str = "="
    open_letters: tuple[str, ...] = ()

    @property
    def tree(self) -> Tree:
        return Tree("chain", (self.left, Tree("rel", (self.relation,)), self.right))


@dataclass(slots=True, repr=False)
class Document:
    """What stands before and after the lines, the points, and the lines that are true of it.

    ``truth`` caches the value of left sides; ``definitions`` maps the LaTeX of a named node to its
    right side where that is short.
    """

    name: str
    head: str
    tail: str
    places: list[Place]
    spelling: Mapping[str, str] = field(default_factory=dict)
    claims: list[Claim] = field(default_factory=list)
    definitions: dict[str, Tree] = field(default_factory=dict)
    shapes: dict[str, tuple[int, ...]] = field(default_factory=dict)
    symbols: dict[str, Tree] = field(default_factory=dict)
    nodes: dict[str, Expr] = field(default_factory=dict)
    known: dict[tuple, list[Reading]] = field(default_factory=dict)
    network: Network | None = None

    def text(self, lines: Iterable[str]) -> tuple[str, list[tuple[int, int]]]:
        """The document with these lines, and the span of each in it."""
        parts, spans, at = [self.head], [], len(self.head)
        for line in lines:
            parts.append("$$ ")
            at += 3
            spans.append((at, at + len(line)))
            parts.append(line + " $$\n\n")
            at += len(line) + 5
        parts.append(self.tail)
        return "".join(parts), spans

    def line(self, claim: Claim) -> str:
        return latex(claim.tree, self.spelling)

    def values(self, side: Tree, letters: tuple[str, ...], points: int) -> list[Reading]:
        """Every reading of a side at the first points; a side is evaluated once."""
        key = side, letters, points
        if key not in self.known:
            if len(self.known) > 20_000:
                self.known.clear()
            with np.errstate(all="ignore"):
                self.known[key] = readings(side, self.places[:points], letters, extent)
        return self.known[key]


def extent(letter: str, place: Place) -> int:
    for letters, array in place.symbols.values():
        if letter in letters:
            return array.shape[letters.index(letter)]
    raise Unknown(f"nothing has the letter {letter}")


@lru_cache(maxsize=50_000)
def parsed(text: str) -> Tree:
    """One formula as a raw tree, without the places where it was written."""
    (tree,) = read_formula(text)
    return bare(tree)


def bare(tree: Tree) -> Tree:
    return tree.rewritten(lambda node: Tree(node.head, node.kids))


# -------------------------------------------------------------------------------------- truth


def verdict(document: Document, claim: Claim) -> str:
    """``true`` (in every reading), ``wrong`` (in none), ``open`` (in some), ``ill-typed`` (no
    reading has shapes that fit), ``unknown`` (not judged); ``loose`` is true for readers who add a
    number to every entry of a vector."""
    first = _verdict(document, claim, 1)
    # What is wrong at one point is wrong; what is true there is asked at all of them.
    return first if first in ("wrong", "ill-typed") else _verdict(document, claim, POINTS)


def _verdict(document: Document, claim: Claim, points: int) -> str:
    try:
        rights = document.values(claim.right, claim.open_letters, points)
        lefts = document.values(claim.left, claim.open_letters, points)
    except (Unknown, ArithmeticError, np.linalg.LinAlgError):
        return "unknown"
    if claim.relation != "=":
        return "unknown"
    if not lefts or not rights:
        return "ill-typed"
    if not all(np.all(np.isfinite(x)) for one in (*lefts, *rights) for x in one.arrays):
        return "unknown"
    fits = [
        (a, b)
        for a in lefts
        for b in rights
        if all(x.shape == y.shape or not y.ndim for x, y in zip(a.arrays, b.arrays, strict=True))
    ]
    if not fits:
        return "ill-typed"
    # delta_d = 0 and I = 1 mean an array all of whose entries are that number.
    found = [
        agree(a.arrays,
              [np.broadcast_to(y, x.shape) for x, y in zip(a.arrays, b.arrays, strict=True)])
        for a, b in fits
    ]  # fmt: skip
    strict = not any(a.loose or b.loose for a, b in fits)
    if all(found):
        return "true" if strict else "loose"
    return "open" if any(found) else "wrong"


# ---------------------------------------------------------------------------- from a network


def _symbol_of(node: Expr) -> tuple[str, tuple[str, ...]] | None:
    match node:
        case Var(name, _, letters):
            return name, letters
        case Call(Name(symbol, letters)):
            return symbol, letters
    return None


def _relettered(tree: Tree, letters: tuple[str, ...], others: tuple[str, ...]) -> Tree:
    change = {Tree("name", (a,)): Tree("name", (b,)) for a, b in zip(letters, others, strict=True)}
    return tree.rewritten(lambda node: change.get(node, node))


def _forms(tree: Tree) -> Iterator[Tree]:
    """w_{j,i} is written w_{ji} too."""
    yield tree
    if tree.head == "script" and tree.kids[1] is not None and tree.kids[1].head == "list":
        yield Tree("script", (tree.kids[0], Tree("juxt", tree.kids[1].kids), tree.kids[2]))


def document_of(name: str, text: str, tail_mark: str = r"\end{document}") -> Document:
    """A document with numbers for all its symbols.  DeriveError where it cannot be read."""
    network = read_document(Source(name, text))
    head, mark, tail = text.partition(tail_mark)
    found = Document(name, head.rstrip() + "\n\n", mark + tail, [], network.spelling)
    found.network = network
    solved = worked(network)
    roots = [d.node for d in network.definitions] + [q.of for q in network.questions]
    roots += [v.var for v in network.variables]
    entries = _entries(network, solved)
    found.nodes = {key: node for _, key, node, _ in entries if node is not None}
    points = _points(network, roots)
    wanted = [value for *_, value in entries]
    jacobians: dict[tuple[Expr, Expr], Expr] = {}
    for values, at in points:
        known = evaluate_all([*wanted, *roots], values, at)
        symbols: dict[str, tuple[tuple[str, ...], np.ndarray]] = {}
        for (tree, letters), key, node, value in entries:
            array = np.asarray(known[value], float)
            variable = network.variable(node) if node is not None else None
            if variable is not None and len(variable.declared) > len(array.shape):
                array = array.reshape([size_at(n, at) for n in variable.declared])
            for others in every(dict.fromkeys([*letters, *_LETTERS]), repeat=len(letters)):
                if len(set(others)) == len(others):
                    for form in _forms(_relettered(tree, letters, others)):
                        symbols.setdefault(key_of(form), (others, array))
            found.symbols.setdefault(key, tree)
        place = Place(symbols, at, _functions(roots))
        place.derivative = _derivative(found, known, jacobians, at)
        found.places.append(place)
    for key in found.symbols:
        letters, array = found.places[0].symbols[key]
        found.shapes[key] = array.shape[len(letters) :]
    _define(found, network)
    found.claims = [c for c in _lines(found, solved) if verdict(found, c) in ("true", "loose")]
    return found


def _entries(network: Network, solved: Worked) -> list:
    """(tree, letters), key, node, value: the symbols of the page and what each stands for."""
    entries = []
    named = [v.var for v in network.variables] + [d.node for d in network.definitions]
    for node in named:
        own = _symbol_of(node)
        assert own is not None
        tree = parsed(filled(*own))
        entries.append(((tree, own[1]), key_of(tree), node, node))
    if solved.main is not None:
        loss = total(solved.main) if solved.main.axes else solved.main
        cotangents = backward(loss).cotangents
        for node, tree in solved.deltas.items():
            own = _symbol_of(node)
            if own is not None and node in cotangents and node in named and tree.head != "deriv":
                raw = parsed(latex(tree))
                if raw.head == "script":
                    entries.append(((raw, own[1]), key_of(raw), None, cotangents[node]))
    # x^{(i)} of all samples, and of the one that a line speaks of: the first is kept.
    open_keys = {key for (_, letters), key, *_ in entries if letters}
    return [e for e in entries if e[0][1] or e[1] not in open_keys]


def _points(network: Network, roots: list[Expr]) -> list:
    """Points at which every node is finite; where free entries do not do, positive ones."""
    domains: dict[Expr, Domain] = {v.var: v.domain for v in network.variables}
    points, order = [], toposort(*roots)
    for seed in range(60):
        values, at = point(roots, domains, seed)
        if seed >= 20:
            values = {
                v: np.abs(a) * 0.4 + 0.1 if domains[v] == REALS else a for v, a in values.items()
            }
        with np.errstate(all="ignore"):
            known = evaluate_all(order, values, at)
        if all(np.all(np.isfinite(known[node])) for node in order):
            points.append((values, at))
        if len(points) == POINTS:
            break
    if len(points) < POINTS:
        raise DeriveError()
    return points


def _functions(roots: Iterable[Expr]) -> dict:
    found = {}
    for node in toposort(*roots):
        if isinstance(node, Map) and node.fn.name == "generic":
            symbol, order = node.fn.params
            fn: Fn = node.fn
            for k in range(order, order + 3):
                found[symbol, k] = fn.value
                slope = fn.slopes[0](Var("x", ()))
                assert isinstance(slope, Map)
                fn = slope.fn
    return found


def _derivative(document: Document, known, jacobians, at):
    symbols = document.nodes

    def derivative(of: Tree, by: Tree, bound: Mapping[str, int]) -> np.ndarray | None:
        pair = []
        for side in (of, by):
            found = _slots(document, side)
            if found is None:
                return None
            pair.append(found)
        (key, letters), (other, its) = pair
        a, b = symbols[key], symbols[other]
        if (a, b) not in jacobians:
            jacobians[a, b] = jacobian(a, b)
        expr = jacobians[a, b]
        if expr not in known:
            values: dict[Expr, np.ndarray] = {v: known[v] for v in known if isinstance(v, Var)}
            known[expr] = evaluate_all([expr], values, at)[expr]
        array = np.asarray(known[expr], float)
        if any(letter not in bound for letter in (*letters, *its)):
            return None
        first = tuple(bound[x] for x in its)
        start = len(b.axes) - len(its)
        array = array[first]
        last = (slice(None),) * start + tuple(bound[x] for x in letters)
        return array[last]

    return derivative


def _slots(document: Document, side: Tree) -> tuple[str, tuple[str, ...]] | None:
    """The node that a symbol names, and the letters in its slots."""
    if side.head == "juxt" and len(side.kids) == 2 and side.kids[1].head == "paren":
        side = side.kids[0]  # J(\\theta)
    own = key_of(side)
    for place in document.places[:1] or []:
        if own in place.symbols:
            break
    for key, node in document.nodes.items():
        symbol = _symbol_of(node)
        assert symbol is not None
        letters = symbol[1]
        if key == own:
            return key, letters
        if letters:
            for others in every(dict.fromkeys([*letters, *_LETTERS]), repeat=len(letters)):
                if key_of(_relettered(document.symbols.get(key) or parsed(key), letters, others)) \
                        == own:  # fmt: skip
                    return key, others
    return None


def _define(document: Document, network: Network) -> None:
    for definition in network.definitions:
        own = _symbol_of(definition.node)
        if own is None or definition.right is None:
            continue
        key = key_of(parsed(filled(*own)))
        document.definitions[key] = bare(definition.right)


def _lines(document: Document, solved: Worked) -> Iterator[Claim]:
    seen = set()
    pairs = [(s.left, r) for s in solved.steps for r in s.right if s.left is not None]
    for answer in solved.answers:
        pairs += [(answer.left, r) for r in (answer.named, answer.inputs) if r is not None]
    for left, right in pairs:
        try:
            text = latex(left), latex(right)
            claim = Claim(parsed(text[0]), parsed(text[1]))
        except (DeriveError, ValueError):
            continue
        if text in seen:
            continue
        seen.add(text)
        yield with_letters(document, claim)


def with_letters(document: Document, claim: Claim) -> Claim:
    """The claim with the letters that its left side leaves open."""
    found: dict[str, None] = {}
    symbols = document.places[0].symbols if document.places else {}
    for node in claim.left.subtrees():
        if node.head in ("name", "script") and node.kids and (own := symbols.get(key_of(node))):
            found |= dict.fromkeys(own[0])
    return Claim(claim.left, claim.right, claim.relation, tuple(found))
