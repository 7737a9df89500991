"""The computational graph of a worked network, as a picture to be drawn.

The idea: a picture is coarser than the expression.  Names are not boxes but labels on the arrows; a
number, a sign or a transpose is not a box either; and a scalar that no parameter enters, such as a
loss, is one circle whatever its formula.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import assert_never

from derive.derivation.backprop import Worked
from derive.derivation.deltas import delta_of, delta_symbol, sweep
from derive.derivation.local import boundary, symbol_of, weight
from derive.derivation.reasons import spoken
from derive.draw.picture import MOST_NODES, Edge, Kind, Node, Picture
from derive.kernel.build import collected
from derive.kernel.expr import (
    Add,
    Call,
    Contract,
    Delta,
    Expr,
    Map,
    Name,
    Num,
    Ones,
    Var,
    is_named,
    toposort,
)
from derive.operators import POINTWISE, PRIMITIVES
from derive.operators.abstract import signature_of
from derive.operators.incidence import is_incidence
from derive.operators.row import Row
from derive.tree import Tree, name, num, tree
from derive.writing.labels import Symbol
from derive.writing.write import symbol, write

SHORTEST = 4  # symbols in a label on an arrow: what is longer stands in the lines of the solution


def picture(worked: Worked) -> Picture:
    """The graph of the loss and of what derivatives are asked of besides, of all outputs if there
    is no loss: values forward, gradients back."""
    roots = (worked.loss,) if worked.loss is not None else worked.network.outputs
    asked = [answer.question.of for answer in worked.answers if is_named(answer.question.of)]
    below = toposort(*roots, *(kid for of in asked for kid in of.kids))
    shown = {symbol(node) for node in below if is_named(node)}  # of one sample, or of all
    roots = (*roots, *(of for of in dict.fromkeys(asked) if symbol(of) not in shown))
    return _Drawing(worked, roots).finished()


class _Drawing:
    """One graph on its way to a picture."""

    def __init__(self, worked: Worked, roots: Iterable[Expr]) -> None:
        self.worked = worked
        self.roots = list(roots)
        self.order = toposort(*self.roots)
        self.parameters = {v.var for v in worked.network.parameters}
        self.role: dict[Expr, str] = {v.var: v.role for v in worked.network.variables}
        self.keys: dict[Expr, str] = {}  # of the nodes that are boxes
        self.inside: dict[Expr, dict[Expr, Expr]] = {}  # of a collapsed scalar: kid -> who uses it
        self.uses: dict[Expr, int] = {}
        for node in self.order:
            for kid in dict.fromkeys(node.kids):
                self.uses[kid] = self.uses.get(kid, 0) + 1
        self._collapse()

    def _collapse(self) -> None:
        """Find the scalars that are one circle, and what enters them."""
        for node in self.order:
            if not is_named(node) or node.axes[_slots(node) :]:
                continue
            entering = {leaf for leaf in boundary(node.kids[0]) if self._is_box(leaf)}
            inner = [n for n in _between(node.kids[0]) if self._is_operator(n)]
            if entering & self.parameters or not entering:
                continue
            if node in self.roots or len(inner) > 1:
                users = {}
                for user in _between(node.kids[0]):
                    users.update((kid, user) for kid in user.kids if kid in entering)
                users.update((leaf, node) for leaf in entering if leaf not in users)
                self.inside[node] = users

    def _is_box(self, leaf: Expr) -> bool:
        """Whether a variable or name is shown: a scalar constant (α, a step size) is not."""
        constant = isinstance(leaf, Var) and not leaf.axes
        return not constant or self.role.get(leaf) in ("parameter", "target", "input")

    def _is_operator(self, node: Expr) -> bool:
        return len(self._sources(node)) > 1 or isinstance(node, Map | Call)

    def _sources(self, node: Expr) -> list[Expr]:
        """The kids that a value comes from: no numbers, no constants."""
        return [kid for kid in node.kids if not _is_constant(kid) and self._shown(kid)]

    def _shown(self, kid: Expr) -> bool:
        if isinstance(kid, Var):
            return self._is_box(kid)
        return any(self._is_box(leaf) for leaf in boundary(kid))

    # ------------------------------------------------------------------------------------ boxes

    def finished(self) -> Picture:
        nodes: list[Node] = []
        wanted: set[Expr] = set(self.roots)
        arrows: list[tuple[Expr, Expr, Expr]] = []  # (tail, head, the kid of the head)
        for node in reversed(self.order):
            if node not in wanted:
                continue
            through = self._through(node)
            if through is not None:
                wanted.add(through)
                continue
            key = f"n{len(nodes)}"
            self.keys[node] = key
            label, kind = self._box(node)
            nodes.append(Node(key, label, kind))
            for kid in self._entering(node):
                wanted.add(kid)
                arrows.append((self._origin(kid), node, kid))
        back = self._flows() if len(nodes) <= MOST_NODES else {}
        edges: dict[tuple[str, str], Edge] = {}
        for tail, head, kid in arrows:
            ends = self.keys[tail], self.keys[head]
            gradient = back.get((head, kid))
            edge = Edge(*ends, self._forward(kid), gradient, (head, kid) in back)
            known = edges.get(ends)
            edges[ends] = edge if known is None else _both(known, edge)
        return Picture(tuple(reversed(nodes)), tuple(reversed(edges.values())))

    def _through(self, node: Expr) -> Expr | None:
        """The kid whose box this node shares: of a name, its body; of a sign, what it stands at."""
        if node in self.inside or isinstance(node, Var):
            return None
        if is_named(node):
            return node.kids[0]
        sources = self._sources(node)
        plain = isinstance(node, Add | Contract) and len(sources) == 1
        return sources[0] if plain else None

    def _origin(self, node: Expr) -> Expr:
        while (below := self._through(node)) is not None:
            node = below
        return node

    def _entering(self, node: Expr) -> dict[Expr, Expr]:
        """What enters a box, and the node inside the box that uses it: a + b + c is one box."""
        if node in self.inside:
            return self.inside[node]
        users: dict[Expr, Expr] = {}
        stack = [node]
        while stack:
            user = stack.pop()
            for kid in self._sources(user):
                inner = type(kid) is Add and type(user) is Add and self.uses[kid] == 1
                if inner and len(self._sources(kid)) > 1:
                    stack.append(kid)
                else:
                    users[kid] = user
        return users

    def _box(self, node: Expr) -> tuple[Tree, Kind]:
        if node in self.inside:
            label = self.worked.names[node]
            return label, "loss" if node in self.roots else "operator"
        match node:
            case Var():
                role = self.role.get(node, "input")
                kinds: dict[str, Kind] = {"parameter": "parameter", "target": "target"}
                return self.worked.names.get(node) or write(node), kinds.get(role, "input")
            case Add():
                return name("+"), "operator"
            case Contract(factors, indices, out):
                return _product_sign(factors, indices, out), "operator"
            case Map(fn):
                if fn.name == "power":
                    return _power_label(fn.params[0]), "operator"
                if fn.name == "generic":
                    return name(str(fn.params[0])), "operator"
                return name(_word(POINTWISE[fn.name])), "operator"
            case Call(op):
                assert not isinstance(op, Name)
                if (signature := signature_of(node)) is not None:
                    return name(signature.symbol), "operator"
                row = PRIMITIVES.get(op.name)
                return name(_word(row) if row else op.name), "operator"
            case Num() | Delta() | Ones():
                return write(node), "input"
            case _:
                assert_never(node)  # type: ignore[arg-type]

    # ------------------------------------------------------------------------------------ labels

    def _forward(self, kid: Expr) -> Tree | None:
        """What an arrow carries: the name of the value, or a short formula of one (a sign)."""
        if isinstance(kid, Var):
            return None  # the box itself says it
        known = self.worked.names.get(kid)
        if known is not None:
            return known
        below = self._through(kid)
        same = below is not None and below.axes == kid.axes and isinstance(kid, Contract)
        return write(kid) if same and weight(kid, {}) < SHORTEST else None

    def _flows(self) -> dict[tuple[Expr, Expr], Tree | None]:
        """What flows back along each arrow, for those along which something does."""
        asked = [w for a in self.worked.answers if a.question.kind == "gradient"
                 for w in a.question.wrt]  # fmt: skip
        names: dict[Expr, Symbol] = {}
        symbols: dict[Expr, Var] = {}
        of = self.worked.names.get(self.roots[0]) if len(self.roots) == 1 else None
        if self.roots == [self.worked.main]:
            of = None
        made = {d.node.kids[0]: d.node for d in self.worked.auxiliary}
        made |= {n: n for n in self.order if is_named(n) and n not in self.roots}
        for node, called in made.items():
            symbols[node] = delta_of(called)
            names[symbols[node]] = delta_symbol(called, of)
        for node, called in made.items():
            known = symbol_of(called)
            assert known is not None
            names.setdefault(node, Symbol(name(known[0]), known[1]))
        found: dict[tuple[Expr, Expr], list[Expr]] = {}
        for root in self.roots:
            sweep(root, asked, symbols, found)
        uses: dict[Expr, int] = {}
        for _, kid in found:
            uses[kid] = uses.get(kid, 0) + 1
        back: dict[tuple[Expr, Expr], Tree | None] = {}
        for head in self.keys:
            for kid, user in self._entering(head).items():
                along = found.get((user, kid))
                if along is None:
                    continue
                if kid in symbols and (uses[kid] == 1 or head in self.inside):
                    back[head, kid] = symbol(symbols[kid], names)
                    continue
                share = collected(along)
                short = weight(share, dict.fromkeys(names, 1)) <= SHORTEST
                back[head, kid] = symbol(share, names) if short else None
        return back


def _slots(node: Expr) -> int:
    own = symbol_of(node)
    return len(own[1]) if own else 0


def _between(root: Expr) -> Iterator[Expr]:
    """The unnamed nodes below a root, itself first."""
    stack, seen = [root], set()
    while stack:
        node = stack.pop()
        if node in seen or symbol_of(node) is not None:
            continue
        seen.add(node)
        yield node
        stack.extend(node.kids)


def _is_constant(node: Expr) -> bool:
    return isinstance(node, Num | Ones | Delta) or not boundary(node)


def _both(one: Edge, other: Edge) -> Edge:
    """Two uses of a value by one operator as one arrow."""
    backward = one.backward if one.backward == other.backward else None
    labels = [label for label in (one.forward, other.forward) if label is not None]
    forward = min(labels, key=lambda label: sum(1 for _ in label.subtrees()), default=None)
    return Edge(one.tail, one.head, forward, backward, one.flows or other.flows)


def _product_sign(factors: tuple, indices: tuple, out: tuple[int, ...]) -> Tree:
    """The sign of a product: ⊙ where every array has the axes of the result."""
    arrays = [(f, own) for f, own in zip(factors, indices) if own and not _is_constant(f)]
    if len(arrays) == 2 and arrays[0] == arrays[1] and not out:
        return tree("power", tree("norm", tree("op", r"\cdot")), num(2))
    if any(map(is_incidence, factors)):
        return tree("op", "*") if len(arrays) > 1 else name(r"\mathrm{windows}")
    entrywise = len(arrays) > 1 and all(own == out for _, own in arrays)
    return tree("op", r"\odot" if entrywise else r"\times")


def _power_label(exponent: object) -> Tree:
    dot = tree("op", r"\cdot")
    if str(exponent) == "1/2":
        return tree("sqrt", dot)
    if str(exponent) == "-1":
        return tree("frac", num(1), dot)
    return tree("power", tree("paren", dot), num(exponent))


def _word(row: Row) -> str:
    r"""What a node is called: the command or word that a spelling begins with, such as \tanh.

    A spelling may begin with a command that needs its arguments, such as \left|: the node then has
    the word that the row is read by, and a comparison its sign.
    """
    if comparison := re.fullmatch(r"\\mathbb\{I\}\(#1 (\S+) #2\)", row.latex):
        return comparison[1]
    said = spoken(row.latex)
    alone = re.fullmatch(r"\\[A-Za-z]+(\(.*)?", row.latex)
    return said if said.isalpha() or alone else (*row.words, row.name.replace("_", ""))[0]
