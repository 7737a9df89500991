r"""Derivatives of functions at their arguments, as people write them: J_r(x), Dr(x), F'(x).

The idea: each sign becomes one ``slope`` of the function where its formula is read, and r_i(x) an
entry of its value; a sign is only taken for a derivative of what the document applies as a function
and says to have values that are arrays, or to be a map of them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from derive.elaborate.names.indices import index_letter
from derive.elaborate.names.scope import ACTIVATIONS, base_of
from derive.elaborate.statements.maps import Maps, applications, is_array, listed
from derive.elaborate.statements.named import JACOBIANS, Derived, named_derivatives
from derive.latex.print import latex
from derive.notation.slopes import DOT, NABLA, PRIME, TOTAL, slope
from derive.tree import Tree

_DOTTED = {r"\dot{": "1", r"\ddot{": "2", r"\dddot{": "3"}
_COMPOSED, _D = Tree("op", (r"\circ",)), Tree("name", (TOTAL,))
_TOP = Tree("name", (r"\top",))


@dataclass(frozen=True, slots=True)
class Slopes:
    """``brackets`` has each function's only bracket, None where it is applied to several;
    ``arrays`` are those whose values have entries; ``named`` the letters of derivatives."""

    maps: Maps = field(default_factory=Maps)
    brackets: dict[str, Tree | None] = field(default_factory=dict)
    arrays: frozenset[str] = frozenset()
    named: dict[str, Derived] = field(default_factory=dict)
    total: bool = False  # is D a sign of a derivative

    @classmethod
    def of(cls, items: Sequence[Tree], plain: str, maps: Maps) -> Slopes:
        """What the derivatives in these statements are written with."""
        brackets: dict[str, Tree | None] = {}
        for item in items:
            for name, bracket in applications(item):
                known = brackets.setdefault(latex(name), bracket)
                brackets[latex(name)] = known if known == bracket else None
        for name in (*maps.sources, *maps.targets):
            brackets.setdefault(name, None)
        found = cls(maps, brackets, frozenset(maps.arrays()))
        nodes = [node for item in items for node in item.subtrees()]
        marked = {latex(named) for node in nodes if (named := found._below(node)) is not None}
        arrays = found.arrays | marked | set(found._primed(nodes, items))
        found = cls(maps, brackets, frozenset(arrays), {}, found._is_total(nodes))
        named = named_derivatives(plain, maps, brackets, found.arrays, nodes)
        return cls(maps, brackets, found.arrays - named.keys(), named, found.total)

    # ------------------------------------------------------------------------ what signs there are

    def _below(self, node: Tree) -> Tree | None:
        """The r of J_r, where that is the Jacobian of a function."""
        match node:
            case Tree("script", (Tree("name", (letter,)), Tree() as named, None)) if (
                letter in JACOBIANS and (self.maps.targets or latex(node) not in self.maps.given)
            ):
                inner = named.kids[0] if named.head == "juxt" else named
                return inner if base_of(inner) and self._is_function(inner) else None
        return None

    def _is_function(self, name: Tree) -> bool:
        return latex(name) in self.brackets

    def _is_total(self, nodes: Sequence[Tree]) -> bool:
        """Whether every D stands before a function: else it is a matrix."""
        if "D" in self.maps.given or not {*self.maps.sources, *self.arrays}:
            return False
        before = [
            after for node in nodes if node.head == "juxt"
            for kid, after in zip(node.kids, node.kids[1:], strict=False) if kid == _D
        ]  # fmt: skip
        alone = sum(node == _D for node in nodes) > len(before)
        return bool(before) and not alone and all(
            _composed(after) is not None or self._is_function(after) for after in before
        )  # fmt: skip

    def _primed(self, nodes: Sequence[Tree], items: Sequence[Tree]) -> Iterator[str]:
        r"""The F of F'(x) for an x that is declared an array: by custom no function of each entry,
        as \phi is."""
        declared = {
            latex(name) for item in items if item.head == "chain" and len(item.kids) == 3
            and item.kids[1] == Tree("rel", ("in",)) and is_array(item.kids[2])
            for name in (item.kids[0].kids if item.kids[0].head == "list" else item.kids[:1])
        }  # fmt: skip
        for node in nodes:
            if node.head != "juxt":
                continue
            for kid, after in zip(node.kids, node.kids[1:], strict=False):
                match kid, after.kids[0] if after.head == "script" else after:
                    case Tree("prime", (Tree("name", (letter,)) as named, _)), Tree("paren", (x,)):
                        free = letter not in ACTIVATIONS and latex(named) not in self.maps.given
                        if free and latex(x) in declared and self._is_function(named):
                            yield latex(named)

    # ---------------------------------------------------------------------------- written out

    def written_out(self, item: Tree) -> Tree:
        """The statement with every derivative of a function at its arguments put as a slope."""
        return self._tree(self._pointed(item)) if self.brackets else item

    def _pointed(self, item: Tree) -> Tree:
        r"""h(x) = g(f(x)) for h = g \circ f, of functions that are declared and not defined."""
        match item:
            case Tree("chain", (Tree("name") as named, Tree("rel", ("=" | ":=",)) as sign, of)):
                inner = _composed(of if of.head == "paren" else Tree("paren", (of,)))
            case _:
                return item
        if inner is None or any(
            latex(f) in self.maps.given or latex(f) not in self.maps.targets for f in inner
        ):
            return item
        place = self.brackets.get(latex(named)) or self.brackets[latex(inner[-1])]
        place = Tree("paren", (Tree("name", (r"\xi",)),)) if place is None else place
        left = Tree("juxt", (named, place), named.span)
        return Tree("chain", (left, sign, self._applied_in_turn(inner, place)), item.span)

    def _tree(self, node: Tree) -> Tree:
        head, kids, span = node.head, node.kids, node.span
        match node:
            case Tree("juxt"):
                made = tuple(self._factors(kids))
                return made[0] if len(made) == 1 else Tree("juxt", made, span)
            case Tree("grad", (None, Tree() as of, order)):
                inner = self._tree(of)
                if inner.head == "slope" and inner.kids[1] == "0" and inner.kids[0].head == "juxt":
                    called, _, _, entry, bare = inner.kids
                    whole = bool(bare)
                    return slope(called, NABLA, span, order=str(order), entry=entry, bare=whole)
                return Tree("grad", (None, inner, order), span)
            case Tree("deriv", (Tree() as of, by, order)):
                return Tree("deriv", (self._tree(of), by, order), span)
            case Tree("script" | "name" | "prime") if base_of(node):
                return self._bare(node)
        return Tree(head, tuple(self._kid(kid) for kid in kids), span)

    def _kid(self, kid: object) -> object:
        if isinstance(kid, tuple):
            return tuple(self._kid(part) for part in kid)
        return self._tree(kid) if isinstance(kid, Tree) else kid

    def _bare(self, node: Tree) -> Tree:
        """A sign that stands without the arguments, where the function has one bracket only."""
        base, above = node, None
        if node.head == "script" and node.kids[2] is not None:
            base, sub, above = node.kids
            base = base if sub is None else Tree("script", (base, sub, None), node.span)
        sign = self._sign(base)
        bracket = self.brackets.get(latex(sign[0])) if sign is not None else None
        if sign is None or bracket is None:
            return node
        made = self._slope(sign, bracket, node.span, bare=True)
        return made if above is None else Tree("script", (made, None, above), node.span)

    def _factors(self, kids: tuple[Tree, ...]) -> Iterator[Tree]:
        k = 0
        while k < len(kids):
            found = self._applied(kids[k:])
            if found is not None:
                yield found[0]
                k += found[1]
            elif base_of(kids[k]) and k + 1 < len(kids) and _bracket(kids[k + 1]) is not None:
                yield kids[k]  # f(..) whose arguments may hold such signs
                yield self._tree(kids[k + 1])
                k += 2
            else:
                yield self._tree(kids[k])
                k += 1

    def _applied(self, kids: tuple[Tree, ...]) -> tuple[Tree, int] | None:
        """What begins a product as a derivative or an entry of a function, and how long it is."""
        first, second = kids[0], kids[1] if len(kids) > 1 else None
        if second is None:
            return None
        if self.total and first == _D and len(kids) > 2 and _bracket(kids[2]) is not None:
            inner = _composed(second)
            if inner is not None:
                return self._chain(inner, kids[2], first.span), 3
            if self._is_function(second):
                return self._at((second, TOTAL, "1", None), kids[2], first.span), 3
        if first.head == "grad" and first.kids[1] is not None:
            return self._gradient(first, second)
        if _bracket(second) is None:
            return None
        if (inner := _composed(first)) is not None:
            return self._scripted(second, self._applied_in_turn(inner, _bracket(second))), 2
        if first.head == "prime" and (inner := _composed(first.kids[0])) is not None:
            return self._chain(inner, second, first.span), 2
        if first.head == "script" and first.kids[1] is not None and first.kids[0].head == "name":
            inner = _composed(Tree("paren", first.kids[1:2]))
            if str(first.kids[0].kids[0]) in JACOBIANS and inner is not None:
                return self._chain(inner, second, first.span), 2
        if first.head == "deriv":
            return self._elsewhere(first, second)
        sign = self._sign(first)
        return (self._at(sign, second, first.span), 2) if sign is not None else None

    def _sign(self, node: Tree) -> tuple[Tree, str, str, Tree | None] | None:
        """The function that a sign is of, the sign itself, the order, and the entry."""
        if (named := self._below(node)) is not None:
            return named, str(node.kids[0].kids[0]), "1", None
        match node:
            case Tree("name", (letter,)) if letter in self.named:
                function, order, sign = self.named[letter]
                return function, sign, order, None
            case Tree("name", (str() as letter,)) if letter.startswith(tuple(_DOTTED)):
                opening = next(d for d in _DOTTED if letter.startswith(d))
                named = Tree("name", (letter[len(opening) : -1],), node.span)
                moves = latex(named) in self.arrays  # though \dot x = F(x) may say how
                return (named, DOT, _DOTTED[opening], None) if moves else None
            case Tree("prime", (Tree() as named, order)):
                free = latex(named) in self.arrays and latex(node) not in self.maps.given
                return (named, PRIME, str(order), None) if free else None
            case Tree("script", (Tree("name", (letter,)), Tree() as sub, None)) if (
                letter in self.named and all(map(index_letter, _indices(sub)))
            ):
                function, order, sign = self.named[letter]
                return function, sign, order, sub
            case Tree("script", (Tree() as named, Tree() as sub, None)):
                entry = (index_letter(sub) or "").islower() or sub.head == "num"
                free = latex(named) in self.arrays and latex(node) not in self.maps.given
                return (named, "", "0", sub) if entry and free else None
        return None

    def _slope(
        self, sign: tuple[Tree, str, str, Tree | None], bracket: Tree, span: tuple[int, int],
        bare: bool = False,
    ) -> Tree:  # fmt: skip
        named, mark, order, entry = sign
        called = Tree("juxt", (named, self._tree(bracket)), span)
        return slope(called, mark, span, order=order, entry=entry, bare=bare)

    def _at(
        self, sign: tuple[Tree, str, str, Tree | None], after: Tree, start: tuple[int, int]
    ) -> Tree:
        bracket = _bracket(after)
        assert bracket is not None
        return self._scripted(after, self._slope(sign, bracket, (start[0], bracket.span[1])))

    def _scripted(self, after: Tree, made: Tree) -> Tree:
        """What stands in the place of a call, under the scripts of its bracket."""
        if after.head != "script":
            return made
        return Tree("script", (made, *after.kids[1:]), (made.span[0], after.span[1]))

    def _gradient(self, first: Tree, second: Tree) -> tuple[Tree, int] | None:
        r"""\nabla f(x)^\top is the gradient transposed, and no product with x."""
        by, of, order = first.kids
        bracket = _bracket(second)
        if bracket is None:
            return None
        inner = _composed(of)
        if inner is not None:
            span = (first.span[0], bracket.span[1])
            whole = self._applied_in_turn(inner, bracket)
            by = bracket.kids[0] if by is None and base_of(bracket.kids[0]) else by
            return self._scripted(second, Tree("grad", (by, whole, order), span)), 2
        if second.head != "script" or not base_of(of):
            return None
        entry = self._sign(of)
        if not self._is_function(of) and entry is None:
            return None
        span = (first.span[0], bracket.span[1])
        whole = self._tree(Tree("grad", (by, Tree("juxt", (of, bracket), span), order), span))
        whole = whole if whole.head == "slope" else Tree("paren", (whole,), span)
        return self._scripted(second, whole), 2

    def _elsewhere(self, first: Tree, second: Tree) -> tuple[Tree, int] | None:
        r"""\frac{\partial f}{\partial x}(z): the derivative at another place."""
        of, by, order = first.kids
        if of is None or not base_of(of):
            return None
        entry = self._sign(of)
        of_entry = entry is not None and entry[2] == "0"
        if not self._is_function(of) and not of_entry:
            return None
        function = entry[0] if entry is not None and of_entry else of
        bracket, known = _bracket(second), self.brackets[latex(function)]
        span = (first.span[0], second.span[1])
        if bracket is None or known != bracket:
            return None
        whole = Tree("deriv", (self._tree(Tree("juxt", (of, bracket), span)), by, order), span)
        return self._scripted(second, Tree("paren", (whole,), span)), 2

    def _applied_in_turn(self, functions: Sequence[Tree], bracket: Tree | None) -> Tree:
        assert bracket is not None
        inner = self._tree(bracket)
        for one in reversed(functions):
            made = Tree("juxt", (one, inner), bracket.span)
            inner = Tree("paren", (made,), bracket.span)
        return inner.kids[0]

    def _chain(self, functions: Sequence[Tree], after: Tree, start: tuple[int, int]) -> Tree:
        """The derivative of functions after each other, which is the product of theirs."""
        bracket = _bracket(after)
        assert bracket is not None
        span = (start[0], bracket.span[1])
        factors: list[Tree] = []
        for k, one in enumerate(functions):
            rest, inner = functions[k + 1 :], bracket
            if rest:
                inner = Tree("paren", (self._applied_in_turn(rest, bracket),), span)
            factors.append(self._slope((one, "J", "1", None), inner, span))
        return self._scripted(after, Tree("paren", (Tree("juxt", tuple(factors), span),), span))


def _indices(sub: Tree) -> Sequence[Tree]:
    return sub.kids if sub.head in ("juxt", "list") else (sub,)


def _bracket(after: Tree) -> Tree | None:
    bracket = after.kids[0] if after.head == "script" else after
    return bracket if bracket.head == "paren" and listed(bracket.kids[0]) else None


def _composed(tree: Tree | None) -> list[Tree] | None:
    r"""The g and f of (g \circ f)."""
    match tree:
        case Tree("paren", (Tree("juxt", kids),)):
            names, signs = kids[::2], kids[1::2]
            if signs and set(signs) == {_COMPOSED} and all(map(base_of, names)):
                return list(names)
    return None
