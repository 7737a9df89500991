r"""Short spellings of derivatives written out: f', \dot x(t), D_x f, f_x of f(x, y).

The idea: they mean a derivative where the document says f(x) = .. with that x, and are replaced by
it before statements are sorted; everywhere else they stay names.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import pairwise

from derive.elaborate.names.scope import base_of
from derive.latex.print import latex
from derive.operators.row import POINTWISE
from derive.tree import Tree

_DOTS = {r"\dot{": "1", r"\ddot{": "2", r"\dddot{": "3"}
_BRACKETS = frozenset(["paren", "bracket"])
_FUNCTIONS = frozenset(
    word for row in POINTWISE.values() if row.arity == 1 for word in row.words if len(word) > 2
)


@dataclass(frozen=True, slots=True)
class Functions:
    """The functions of a document that are written with their variables: f of f(x, y) = ..

    ``varied`` are those that are applied to anything else, too: their name alone is no quantity.
    """

    brackets: dict[str, Tree] = field(default_factory=dict)
    varied: frozenset[str] = frozenset()
    named: frozenset[str] = frozenset()  # what has a declaration of its own

    @classmethod
    def of(cls, items: Iterable[Tree]) -> Functions:
        items = list(items)
        brackets: dict[str, Tree] = {}
        named: set[str] = set()
        for item in items:
            if item.head != "chain" or item.kids[0] is None:
                continue
            left, sign = item.kids[0], str(item.kids[1].kids[0])
            if sign == "in":
                named |= {latex(part) for part in _parts(left)}
            if sign in ("=", ":=", "==") and _is_head(left):
                brackets.setdefault(latex(left.kids[0]), left.kids[1])
        varied = {
            latex(kid)
            for item in items for node in item.subtrees() if node.head == "juxt"
            for kid, after in pairwise(node.kids)
            if base_of(kid) and after.head in _BRACKETS and kid not in after.subtrees()
            and brackets.get(latex(kid), after) != after
        }  # fmt: skip
        return cls(brackets, frozenset(varied), frozenset(named))

    def variables(self, name: str) -> list[Tree]:
        bracket = self.brackets.get(name)
        return _parts(bracket.kids[0]) if bracket is not None else []

    def written_out(self, item: Tree) -> Tree:
        r"""The statement with every short derivative of these functions replaced.

        \Phi'(x) = \phi(x) of functions that nothing defines says what \phi is.
        """
        match item:
            case Tree("chain", (Tree("juxt", (Tree("prime", (of, _)), bracket)) as slope, sign,
                                Tree("juxt", (name, other)) as head)):  # fmt: skip
                new = base_of(name) and latex(name) not in self.named
                if bracket == other and new and not {latex(of), latex(name)} & {*self.brackets}:
                    return Tree("chain", (head, sign, slope), item.span)
        return item.rewritten(self._replaced) if self.brackets else item

    def _replaced(self, node: Tree) -> Tree:
        if node.head == "juxt":
            kids = tuple(self._factors(node.kids))
            return kids[0] if len(kids) == 1 else Tree("juxt", kids, node.span)
        return self._derivative(node) or node

    def _factors(self, kids: tuple) -> Iterator[Tree]:
        """The factors of a product: a derivative takes the bracket of its function with it."""
        k = 0
        while k < len(kids):
            kid, after = kids[k], kids[k + 1] if k + 1 < len(kids) else None
            match kid:
                case Tree("script", (Tree("name", ("D",)), Tree() as by, None)) if (
                    after is not None and latex(after) in self.brackets
                ):
                    yield self._of(latex(after), after, by, "1", (kid.span[0], after.span[1]))
                    k += 2
                    continue
                case Tree("grad", (by, Tree() as of, order)) if (
                    after is not None
                    and after.head == "script"
                    and self.brackets.get(latex(of)) == after.kids[0]
                ):
                    # \nabla f(x)^\top is the gradient transposed, no product with x
                    span = (kid.span[0], after.span[1])
                    applied = Tree("juxt", (of, after.kids[0]), span)
                    whole = Tree("paren", (Tree("grad", (by, applied, order), span),), span)
                    yield Tree("script", (whole, *after.kids[1:]), span)
                    k += 2
                    continue
                case Tree("deriv", (Tree() as of, by, order)) if after is not None:
                    of = self._unapplied(of)
                    name, scripted = latex(of), _scripted(after)
                    if name in self.brackets and scripted.head in _BRACKETS:
                        span = (kid.span[0], after.span[1])
                        where = self._where(name, scripted)
                        if where is not None:
                            whole = self._of(name, of, by, str(order), kid.span)
                            yield Tree("at", (whole, where), span)
                            k += 2
                            continue
                        if scripted != self.brackets[name]:  # f'(0): the slope at another place
                            yield Tree("prime", (of, str(order)), kid.span)
                            k += 1
                            continue
                        whole = Tree("deriv", (of, by, order), span)
                        if after is not scripted:
                            scripts = (Tree("paren", (whole,), span), *after.kids[1:])
                            whole = Tree("script", scripts, span)
                        yield whole
                        k += 2
                        continue
            yield kid
            k += 1

    def _unapplied(self, of: Tree) -> Tree:
        """The f of an f(x) that stands for f."""
        match of:
            case Tree("juxt", (Tree() as name, bracket)) if (
                latex(name) in self.varied and bracket == self.brackets[latex(name)]
            ):
                return name
        return of

    def _where(self, name: str, bracket: Tree) -> Tree | None:
        r"""The place of a function of several variables, x = 1, y = 2, if it is another one."""
        variables, places = self.variables(name), _parts(bracket.kids[0])
        if bracket == self.brackets[name] or not 1 < len(variables) == len(places):
            return None
        equal = Tree("rel", ("=",))
        pairs = zip(variables, places, strict=True)
        return Tree("list", tuple(Tree("chain", (x, equal, at), at.span) for x, at in pairs))

    def _derivative(self, node: Tree) -> Tree | None:
        match node:
            case Tree("prime", (base, order)) if len(self.variables(latex(base))) == 1:
                name = latex(base)
                if latex(node) in self.named or name in self.varied:
                    return None  # f'(z) of a function that is applied to many things
                return self._of(name, base, self.variables(name)[0], str(order), node.span)
            case Tree("name", (str() as dotted,)) if dotted.startswith(tuple(_DOTS)):
                opening = next(d for d in _DOTS if dotted.startswith(d))
                name = dotted[len(opening) : -1]
                variables = self.variables(name)
                if len(variables) == 1 and dotted not in self.named:
                    base = Tree("name", (name,), node.span)
                    return self._of(name, base, variables[0], _DOTS[opening], node.span)
            case Tree("deriv", (Tree() as of, by, order)) if latex(of) in self.varied:
                return self._of(latex(of), of, by, str(order), node.span)
            case Tree("script", (Tree("name", (name,)) as base, Tree() as by, None)):
                # S_t of S(t) is a spelling of S(t); of several variables it is a derivative.
                variables = self.variables(name)
                if by in variables and len(variables) > 1 and latex(node) not in self.brackets:
                    return self._of(name, base, by, "1", node.span)
        return None

    def _of(self, name: str, base: Tree, by: Tree, order: str, span: tuple[int, int]) -> Tree:
        of = Tree("juxt", (base, self.brackets[name])) if name in self.varied else base
        return Tree("deriv", (of, by, order), span)


def with_named_functions(items: Iterable[Tree]) -> list[Tree]:
    r"""\\phi = \\tanh as \\phi(t) = \\tanh(t), with a letter that the document does not use."""
    items = list(items)
    used = {str(n.kids[0]) for item in items for n in item.subtrees() if n.head == "name"}
    letter = next((x for x in "tuvsxyzqr" if x not in used), "t")
    argument = Tree("paren", (Tree("name", (letter,)),))

    def named(item: Tree) -> Tree:
        match item:
            case Tree("chain", (Tree("name") as new, sign, Tree("name") as known)):
                word = str(known.kids[0]).lstrip("\\")
                if str(sign.kids[0]) in ("=", ":=", "==") and word in _FUNCTIONS:
                    kids = (Tree("juxt", (new, argument), new.span), sign,
                            Tree("juxt", (known, argument), known.span))  # fmt: skip
                    return Tree("chain", kids, item.span)
        return item

    return [named(item) for item in items]


def _scripted(tree: Tree) -> Tree:
    return tree.kids[0] if tree.head == "script" else tree


def _is_head(left: Tree) -> bool:
    if left.head != "juxt" or len(left.kids) != 2:
        return False
    name, bracket = left.kids
    return (
        base_of(name) != "" and name.head != "prime" and bracket.head == "paren"
        and all(map(base_of, _parts(bracket.kids[0])))
    )  # fmt: skip


def _parts(tree: Tree) -> list[Tree]:
    if tree.head in ("list", "semi"):
        return [leaf for part in tree.kids for leaf in _parts(part)]
    return [tree]
