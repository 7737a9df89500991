r"""Functions of arrays that a document differentiates and does not define: J(W), \ell(\hat y, y).

The idea: such a function is smooth and otherwise free, so its gradient is a function of its own,
\nabla J(W).  Where it always has the same arguments, its name alone means its value there.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from derive.elaborate.names.free import Free
from derive.elaborate.names.indices import index_letter
from derive.elaborate.names.scope import (
    ACTIVATIONS,
    FUNCTION_LETTERS,
    KNOWN_WORDS,
    MAPS,
    NUMBER_LETTERS,
    base_of,
)
from derive.elaborate.names.trials import names_loss
from derive.elaborate.statements.maps import headed, listed
from derive.elaborate.statements.mood import SENTENCE
from derive.elaborate.statements.slopes import Slopes
from derive.latex.print import latex
from derive.tree import Tree

_LATIN_MAPS = frozenset(["F", "G"])  # \Phi may be the normal distribution's
_SOUGHT = frozenset(["min", "max"])
_DEFINES = frozenset(["=", ":=", "==", r"\equiv", "=:"])
# What a text says of functions that it does not define.
_SMOOTH = re.compile(r"\b(?:differentiable|smooth|arbitrary function)", re.IGNORECASE)
# What would make some equations true of a function that is not defined, and of no other.
_PROPERTIES = re.compile(
    r"\b(?:quadratic|homogeneous|even|odd|harmonic|additive|affine|linear|invariant)\b",
    re.IGNORECASE,
)
# "$f$ is an affine function", "the quadratic function $f(x)$"
_OF_BEFORE = r"(?:[^$]{0,80}(?:\$|\\\)))?,?\s*(?:[a-z-]+[\s,]+){0,6}$"
_OF_AFTER = r"\s+(?:[a-z-]+\s+){0,3}(?:\$|\\\()?\s*"


@dataclass(frozen=True, slots=True)
class Unspecified:
    """The functions that nothing defines, and the statements with their arguments written out."""

    free: Free = field(default_factory=Free)

    @classmethod
    def of(cls, items: Sequence[Tree], plain: str, slopes: Slopes) -> Unspecified:
        """The functions of these statements that nothing defines."""
        seen = _Mentions(items)
        maps = slopes.maps
        arguments: dict[str, Tree | None] = {}
        smooth = _SMOOTH.search(plain) is not None
        for name, brackets in seen.applied.items():
            alone = all(_is_name(part) for b in brackets for part in listed(b.kids[0]))
            told = smooth and alone and len(name.lstrip("\\")) == 1
            shown = name in {*maps.targets, *slopes.arrays, *seen.nabla, *seen.stated_alone} or told
            # F(x, W) is no product, and what is differentiated is no factor.
            several = alone and any(len(listed(b.kids[0])) > 1 for b in brackets)
            core = re.split(r"[_^]", name)[0]
            shown = shown or (core in FUNCTION_LETTERS and several) or (
                core in _LATIN_MAPS and name in seen.differentiated
            )  # fmt: skip
            if name in seen.given or seen.members.get(name) in seen.families:
                continue
            if not _may_be(name, shown):
                continue
            # Of L = J(W) + .. and \nabla J(W_t) the first says what J alone is.
            if len(own := brackets) > 1:
                own = [b for b in brackets if b in seen.stated(name)]
            arguments[name] = own[0] if len(own) == 1 else None
        for name in seen.alone():
            if name not in arguments and names_loss(name):
                by = seen.variables(name, items)
                if by:
                    inner = by[0] if len(by) == 1 else Tree("list", tuple(by))
                    arguments[name] = Tree("paren", (inner,))
        nabla = frozenset(seen.nabla)
        special = {
            n: said for n in (*seen.applied, *arguments) if (said := _called_special(n, plain))
        }
        return cls(Free(arguments, maps.sources, maps.targets, nabla, slopes.arrays, special))

    @property
    def arguments(self) -> dict[str, Tree | None]:
        return self.free.arguments

    def written_out(self, item: Tree) -> Tree:
        """The statement with the arguments of each function beside its name."""
        return item.rewritten(self._applied) if self.arguments else item

    def _applied(self, node: Tree) -> Tree:
        if node.head == "name" or (node.head == "script" and base_of(node)):
            bracket = self.arguments.get(latex(node))
            if bracket is not None:
                return Tree("juxt", (node, bracket), node.span)
            # J in J_1 stands for no value of J
            return Tree(node.head, (self._bare(node.kids[0]), *node.kids[1:]), node.span)
        if node.head == "prime":
            return Tree("prime", (self._bare(node.kids[0]), *node.kids[1:]), node.span)
        if node.head != "juxt":
            return node
        kids: list[Tree] = []
        for k, kid in enumerate(node.kids):
            after = node.kids[k + 1] if k + 1 < len(node.kids) else None
            opened = self._bare(kid) if after is not None and _bracket(after) else kid
            kids += [opened] if opened is not kid or kid.head != "juxt" else self._spliced(kid)
        return Tree("juxt", tuple(kids), node.span)

    def _spliced(self, kid: Tree) -> Iterable[Tree]:
        return kid.kids if self._bare(kid) is not kid else (kid,)

    def _bare(self, kid: object) -> Tree:
        """The name alone of a function that was given its arguments."""
        match kid:
            case Tree("juxt", (Tree() as name, bracket)) if (
                bracket is not None and self.arguments.get(latex(name)) is bracket
            ):
                return name
        return kid  # type: ignore[return-value]


class _Mentions:
    """Where the names of a document stand: before brackets, under derivatives, on left sides."""

    def __init__(self, items: Sequence[Tree]) -> None:
        self.applied: dict[str, list[Tree]] = {}
        self.nabla: set[str] = set()
        self.differentiated: set[str] = set()
        self.given: set[str] = set()
        self.families: set[str] = set()  # E of a given E_k, and of the members E_j their base
        self.members: dict[str, str] = {}
        self.by: dict[str, list[Tree]] = {}
        self.used: dict[str, None] = {}
        self.plain: dict[str, list[Tree]] = {}  # brackets in statements without derivatives
        for item in items:
            self._collect(item)
        # "With cost $C(a^L)$": of what is differentiated a text may say no more.
        self.stated_alone = {
            latex(item.kids[0]) for item in items
            if item.head == "juxt" and len(item.kids) == 2 and base_of(item.kids[0])
            and _bracket(item.kids[1]) is item.kids[1] and latex(item.kids[0]) in self.by
        }  # fmt: skip

    def _collect(self, item: Tree) -> None:
        if item.head == "chain" and item.kids[0] is not None:
            left, sign = item.kids[0], str(item.kids[1].kids[0])
            if sign == "in":
                self._give(left.kids if left.head == "list" else (left,))
            if sign in _DEFINES:
                while left.head == "big" and left.kids[0] in _SOUGHT:
                    left = left.kids[-1]  # \min_w J(w) = .. says what J is
                self._give((headed(left),))
        nodes = list(item.subtrees())
        plain = all(node.head not in ("grad", "deriv") for node in nodes)
        self.used |= dict.fromkeys(map(latex, dict.fromkeys(filter(base_of, nodes))))
        for node in nodes:
            if node.head == "juxt":
                for kid, after in pairwise(node.kids):
                    bracket = _bracket(after)
                    if _is_turned(kid):
                        continue  # E_k^\top (y - t) is a product
                    if base_of(kid) and kid.head != "prime" and bracket is not None:
                        if _is_member(kid):
                            self.members[latex(kid)] = base_of(kid)
                        brackets = self.applied.setdefault(latex(kid), [])
                        if kid not in bracket.subtrees() and bracket not in brackets:
                            brackets.append(bracket)
                        if plain:
                            self.plain.setdefault(latex(kid), []).append(bracket)
            if node.head in ("grad", "deriv") and len(node.kids) == 3:
                of, by = node.kids[:2] if node.head == "deriv" else node.kids[1::-1]
                if isinstance(of, Tree):
                    name = of.kids[0] if of.head == "juxt" else of
                    if node.head == "grad" and base_of(name):
                        self.nabla.add(latex(name))
                    self.differentiated.add(latex(name))
                    if isinstance(by, Tree) and base_of(by):
                        known = self.by.setdefault(latex(of), [])
                        if by not in known:
                            known.append(by)

    def _give(self, names: Iterable[Tree]) -> None:
        for one in names:
            self.given.add(latex(one))
            if _is_member(one):
                self.families.add(base_of(one))

    def stated(self, name: str) -> list[Tree]:
        """The arguments of a function where no derivative is taken."""
        return self.plain.get(name, [])

    def alone(self) -> list[str]:
        """Names without a value that are never applied to anything."""
        return [n for n in self.used if n not in self.given and n not in self.applied]

    def variables(self, name: str, items: Sequence[Tree]) -> list[Tree]:
        r"""What \hat J = J + .. is differentiated by, where J alone is named; none where that is
        a quantity of the document: its gradient is a step of the chain rule."""
        users = [
            latex(item.kids[0])
            for item in items
            if item.head == "chain" and isinstance(item.kids[0], Tree) and base_of(item.kids[0])
            and str(item.kids[1].kids[0]) in _DEFINES
            and any(latex(n) == name for side in item.kids[2::2] for n in _summands(side))
        ]  # fmt: skip
        if not users:
            return []
        by = [b for user in (name, *users) for b in self.by.get(user, ())]
        return [] if any(latex(b) in self._defined(items) for b in by) else list(dict.fromkeys(by))

    def _defined(self, items: Sequence[Tree]) -> set[str]:
        return {
            latex(i.kids[0])
            for i in items
            if i.head == "chain" and i.kids[0] is not None and str(i.kids[1].kids[0]) in _DEFINES
        }


def _called_special(name: str, plain: str) -> str:
    """The words of a document that say of this function that it is affine, even, ..; "" if none
    do."""
    written = rf"(?<![A-Za-z\\]){re.escape(name)}(?![A-Za-z])"
    for found in _PROPERTIES.finditer(plain):
        before = SENTENCE.split(plain[max(0, found.start() - 90) : found.start()])[-1]
        if re.search(rf"(?:\$|\\\(|\\\[)\s*{written}{_OF_BEFORE}", before, re.IGNORECASE):
            return found[0]
        if re.compile(_OF_AFTER + written, re.IGNORECASE).match(plain, found.end()):
            return found[0]
    return ""


def _is_member(tree: Tree) -> bool:
    return tree.head == "script" and base_of(tree) != "" and index_letter(tree.kids[1]) is not None


def _is_turned(tree: Tree) -> bool:
    """Whether a name stands under a transpose."""
    return tree.head == "script" and tree.kids[2] in _TURNS


_TURNS = (Tree("name", (r"\top",)), Tree("name", ("T",)))


def _is_name(tree: Tree) -> bool:
    return base_of(tree) != "" and tree.head != "prime"


def _summands(side: Tree) -> Iterable[Tree]:
    return side.kids if side.head == "sum" else (side,)


def _bracket(tree: Tree) -> Tree | None:
    """The bracket with the arguments of a function, which may be under a power: J(W)^2."""
    tree = tree.kids[0] if tree.head == "script" else tree
    inside = tree.head == "paren" and not any(n.head == "chain" for n in tree.subtrees())
    return tree if inside else None


def _may_be(name: str, shown: bool) -> bool:
    """Whether a name may be that of such a function; ``shown`` if a gradient of it is written, or
    it is declared as one: else only letters that name losses and penalties."""
    core = re.split(r"[_^]", name)[0]
    if name.lstrip("\\") in KNOWN_WORDS or core in NUMBER_LETTERS:
        return False
    if shown:
        return True
    return (names_loss(name) and len(core.strip("\\")) <= 3) or core in FUNCTION_LETTERS - (
        ACTIVATIONS | MAPS
    )
