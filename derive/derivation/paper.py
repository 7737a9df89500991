"""How the expressions of one network are written on a sheet: names, lines, shorter spellings.

The idea: whatever is derived, a line is a few symbols long; a shorter spelling of it is shown only
where it evaluates equal at a random point of the whole network.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from fractions import Fraction

from derive.derivation.auxiliary import auxiliaries
from derive.derivation.facts import shortened, used
from derive.derivation.local import boundary, label_tree, replaced, symbol_of, weight
from derive.derivation.network import Definition, Domain, Network
from derive.derivation.reasons import Text
from derive.derivation.witness import Witness
from derive.kernel.expr import Call, Expr, Map, Name, is_named, toposort
from derive.meaning.normal import Normal
from derive.notation.names import symbol_tree
from derive.notation.written import written
from derive.operators.pointwise import power, reciprocal, sqrt
from derive.tree import Tree, name, tree
from derive.writing.labels import Names, Symbol
from derive.writing.write import symbol, write, write_entry

LONGEST = 60  # symbols in an answer, beyond which it stays in terms of δ's
MOST_NAMES = 2000  # in a longer network every line is left as the rules made it


@dataclass(frozen=True, slots=True)
class Step:
    r"""One line of the backward pass: ``left = right[0] = right[1] ..``, and why.

    ``left`` is ``\delta_{\mathbf{z}}`` for a named node and a derivative for a parameter; the first
    right side is in terms of the δ's before it.  ``value`` is the cotangent itself.  ``also`` are
    other nodes with the same cotangent on the same line, ``before`` the lines this one uses.
    """

    node: Expr
    left: Tree
    right: tuple[Tree, ...]
    reason: Text
    value: Expr
    also: tuple[Expr, ...] = ()
    before: tuple[Step, ...] = field(default=(), repr=False, compare=False)


def _is_bold(node: Expr) -> bool:
    own = symbol_of(node)
    return own is not None and any(mark in own[0] for mark in (r"\mathbf", r"\bm", r"\boldsymbol"))


def _slope_of_root(node: Expr) -> tuple[Expr, Expr] | None:
    """u^{-1/2}, and the 1/s that it is where s is a name for the root of u."""
    root = node.kids[0]
    if isinstance(root, Map) and root.fn == sqrt:
        return power(Fraction(-1, 2))(root.args[0]), reciprocal(node)
    return None


def _opens_with_bracket(factor: Tree) -> bool:
    made = written(factor)
    while made.head in ("script", "juxt"):
        made = made.kids[0]
    return made.head in ("sum", "paren")


class Paper:
    """How the expressions of one network are written, and when a shorter spelling is right."""

    def __init__(self, network: Network, roots: Sequence[Expr], wrt: Iterable[Expr]) -> None:
        self.network = network
        roots = list(dict.fromkeys([*roots, *(d.node for d in network.definitions)]))
        self.roots = roots
        order = toposort(*roots)
        symbols = [own[0] for node in order if (own := symbol_of(node))]
        bold = any(node.axes and _is_bold(node) for node in order)
        parameters = [v.var for v in network.parameters]
        unnamed = [w for w in wrt if symbol_of(w) is None]
        self.auxiliary = auxiliaries(roots, parameters, symbols, bold, unnamed)
        self.names: dict[Expr, Tree] = {}
        self.fold: dict[Expr, Expr] = {}
        for node in order:
            if (own := label_tree(node)) is not None:
                self.names[node] = own
            if is_named(node) and symbol_of(node.kids[0]) is None:
                self.fold.setdefault(node.kids[0], node)
                if (slope := _slope_of_root(node)) is not None:
                    self.fold.setdefault(*slope)
        for node, var in self.auxiliary.items():
            self.fold[node] = var
            own = label_tree(var)
            assert own is not None
            self.names[node] = own
        # Of each auxiliary, how long it is to write in the names of the document.
        self.sizes: dict[Expr, int] = {}
        for node, var in self.auxiliary.items():
            self.sizes[node] = self.sizes[var] = min(weight(node, self.sizes), LONGEST + 1)
        self.used: set[Expr] = set()
        self.back: dict[Expr, Expr] = {var: node for node, var in self.auxiliary.items()}
        domains: dict[Expr, Domain] = {v.var: v.domain for v in network.variables}
        self.normalised = {var for var, domain in domains.items() if domain.normalised}
        self.declares = bool(self.normalised) or any(v.var.kinds for v in network.variables)
        self.facts: dict[Expr, Text] = {}  # of a shorter spelling: the facts that it rests on
        self.normal = Normal()
        self.functions = frozenset(map(symbol_tree, network.functions))
        self.witness = Witness(roots, domains, self.back)

    def definitions(self) -> tuple[Definition, ...]:
        """The auxiliary names that some formula so far was written with, each with its equation."""
        made: list[Definition] = []
        for node, var in reversed(self.auxiliary.items()):
            if var not in self.used:
                continue
            inside = replaced(node, {k: v for k, v in self.fold.items() if k is not node})
            named = Call(Name(var.name, var.letters), (node,))
            made.append(Definition(named, label_tree(var), self.tree(inside)))
        return tuple(reversed(made))

    def shown(self, expr: Expr) -> Expr:
        """The expression in terms of names, where one stands for a part of it."""
        return replaced(expr, self.fold)

    def tree(
        self,
        expr: Expr,
        names: Names | None = None,
        like: Expr | None = None,
    ) -> Tree:
        """The expression as a tree; its first axes are labelled as those of ``like`` are, and no
        other ones: what has a row for each k where ``like`` shows no k is the whole of the rows."""
        self.used |= self.back.keys() & boundary(expr)
        own = None if like is None else symbol_of(self.auxiliary.get(like, like))
        if own is not None and own[1]:
            letters = [*own[1], *[None] * (len(expr.axes) - len(own[1]))]
            made = write_entry(expr, letters, names)  # type: ignore[arg-type]
        elif is_named(expr):
            made = symbol(expr, names)
        else:
            made = write(expr, names, closed=own is not None)
        return made.rewritten(self._uncalled) if self.functions else made

    def _uncalled(self, node: Tree) -> Tree:
        r"""K \cdot (x - y), where K(x - y) would be the function at another place."""
        if node.head != "product":
            return node
        kids: list[Tree] = []
        for kid in node.kids:
            before = kids[-1].kids[0] if kids and kids[-1].head == "power" else (kids or [None])[-1]
            if before in self.functions and _opens_with_bracket(kid):
                kids.append(Tree("op", (r"\cdot",)))
            kids.append(kid)
        return node if len(kids) == len(node.kids) else Tree("product", tuple(kids), node.span)

    def tidied(self, expr: Expr) -> Expr:
        """A shorter spelling, if there is one that evaluates equal; else the expression itself."""
        if len(self.names) > MOST_NAMES:
            return expr
        found = shortened(expr, self.normalised, self.normal)
        if found is expr or not self.agree(expr, found):
            return expr
        if self.declares:
            self.facts[found] = used(expr, found, self.normalised) or self.facts.get(found, ())
        return found

    def agree(self, a: Expr, b: Expr) -> bool:
        try:
            return self.witness.agree(a, b)
        except (KeyError, ValueError, ArithmeticError):
            return False  # no values to compare: the untidied form is shown

    def without_auxiliaries(self, expr: Expr) -> Expr:
        """The expression with the sheet's own names opened: an answer uses the document's only."""
        while any(leaf in self.back for leaf in boundary(expr)):
            expr = replaced(expr, self.back)
        return expr

    def called(self, node: Expr) -> Tree:
        """How an expression is called in the numerator or below a derivative."""
        return self.names.get(node) or self.tree(node)

    def derivative(self, of: Expr, *by: Expr) -> Tree:
        """The derivative of one expression by one or more, as it is asked for."""
        below = [self.called(one) for one in by]
        alike = all(one == below[0] for one in below)
        return tree("deriv", self.called(of), below[0] if alike else Tree("list", tuple(below)),
                    str(len(by)))  # fmt: skip

    def template(self, node: Expr) -> Symbol:
        """How a named or auxiliary node is called, with places for the letters of its samples."""
        own = symbol_of(self.auxiliary.get(node, node))
        assert own is not None
        return Symbol(name(own[0]), own[1])
