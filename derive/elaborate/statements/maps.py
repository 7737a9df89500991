r"""Functions that a document declares as maps, f \colon \mathbb{R}^n \to \mathbb{R}^m, and no more.

The idea: the sets say what its arguments and its values are, so that neither need be declared; what
is said to act on each entry is no map of arrays, whatever its sets.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from types import MappingProxyType

from derive.elaborate.names.indices import index_letter
from derive.elaborate.names.scope import ACTIVATIONS, base_of
from derive.elaborate.statements.spellings import maps
from derive.latex.print import latex
from derive.tree import Tree

_DEFINES = frozenset(["=", ":=", "==", r"\equiv", "=:"])
_IN = Tree("rel", ("in",))
_ZEROS = (Tree("name", (r"\mathbf{0}",)), Tree("name", (r"\vec{0}",)))
_REALS = Tree("name", (r"\mathbb{R}",))
_TIMES = Tree("op", (r"\times",))
_ENTRYWISE = re.compile(r"(?:element|entry|component|coordinate)[- ]?wise|pointwise", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Maps:
    """``sources`` are the sets of the arguments of each map, ``targets`` those of its values, as
    they are declared or follow from what the value is said to be."""

    sources: dict[str, tuple[Tree, ...]] = field(default_factory=dict)
    targets: dict[str, Tree] = field(default_factory=dict)
    defined: frozenset[str] = frozenset()
    given: frozenset[str] = frozenset()  # what has a definition or a declaration of its own

    @classmethod
    def of(
        cls, said: Sequence[Tree], items: Sequence[Tree], plain: str,
        summed: Mapping[str, Tree] = MappingProxyType({}),
    ) -> Maps:  # fmt: skip
        """The maps that are ``said``, and those of the other statements; ``plain`` is the text,
        ``summed`` are maps that the sums of their entries tell, with their sets."""
        sources: dict[str, tuple[Tree, ...]] = {}
        targets: dict[str, Tree] = {}
        entrywise = acts_on_entries(plain)
        for name, parts, target in _gathered(_declared(said), items):
            acts = entrywise and parts == (target,) and base_of(name) in ACTIVATIONS
            if not acts and any(map(is_array, (*parts, target))):
                sources.setdefault(latex(name), parts)
                targets.setdefault(latex(name), target)
        items = [i for i in items if not _is_condition(i, sources) and not (
            _enumerates(i) and latex(i.kids[0]) in sources)]  # fmt: skip
        defined = frozenset(_given(items, _DEFINES))
        given = defined | frozenset(_given(items, frozenset(["in"])))
        sets = {latex(name): a_set for name, a_set in _members(items)}
        for name, a_set in _values(items, sets):
            if latex(name) not in given and is_array(a_set):
                targets.setdefault(latex(name), a_set)
        for name, a_set in _inner_values(items, sources):
            if latex(name) not in given and is_array(a_set):
                targets.setdefault(latex(name), a_set)
        for name, a_set in summed.items():
            if name not in given:
                targets.setdefault(name, a_set)
        return cls(sources, targets, defined, given)

    def arrays(self) -> set[str]:
        """The maps whose values are arrays."""
        return {name for name, target in self.targets.items() if is_array(target)}

    def _is_told(self, item: Tree) -> bool:
        return _enumerates(item) and latex(item.kids[0]) in self.sources

    def _turned(self, item: Tree) -> Tree:
        """A condition with the number first: it defines nothing."""
        if not _is_condition(item, self.sources):
            return item
        return Tree("chain", tuple(reversed(item.kids)), item.span)

    def with_arguments(self, items: Sequence[Tree]) -> list[Tree]:
        """The statements, with those that the arguments of the maps are in the declared sets."""
        found: dict[str, Tree] = {}
        named: dict[str, Tree] = {}
        for item in items:
            for name, bracket in applications(item):
                parts = self.sources.get(latex(name), ())
                given = listed(bracket.kids[0])
                if latex(name) in self.given or len(parts) != len(given):
                    continue
                for argument, a_set in zip(given, parts, strict=True):
                    if argument.head == "name":
                        found.setdefault(latex(argument), a_set)
                        named.setdefault(latex(argument), argument)
        items = [self._turned(item) for item in items if not self._is_told(item)]
        known = {*self.given, *self.sources, *self.targets}
        said = [
            Tree("chain", (argument, _IN, found[text]), argument.span)
            for text, argument in named.items() if text not in known
        ]  # fmt: skip
        times = [
            Tree("chain", (time, _IN, _REALS), time.span) for time in dict.fromkeys(_times(items))
            if latex(time) not in known and latex(time) not in found
        ]  # fmt: skip
        return [*items, *said, *times]


def numeric(said: Iterable[Tree]) -> list[Tree]:
    r"""The functions that are declared to take a number, f: \mathbb{R} \to \mathbb{R}."""
    return [name for name, parts, _ in _declared(said) if len(parts) == 1 and not is_array(*parts)]


def acts_on_entries(plain: str) -> bool:
    """Whether a text says of something that it acts on each entry."""
    return _ENTRYWISE.search(plain) is not None


def _times(items: Iterable[Tree]) -> Iterator[Tree]:
    r"""The t of g'(t) and \frac{d}{dt} f(x + t p), which is a number and no target."""
    for node in (node for item in items for node in item.subtrees()):
        match node:
            case Tree("deriv", (Tree() as of, Tree("name", ("t" | "s",)) as by, _)):
                if any(by in bracket.subtrees() for _, bracket in applications(of)):
                    yield by
            case Tree("juxt", kids):
                for kid, after in pairwise(kids):
                    match kid, after:
                        case Tree("prime"), Tree("paren", (Tree("name", ("t" | "s",)) as inner,)):
                            yield inner


def _enumerates(item: Tree) -> bool:
    r"""Whether an item says what the entries of a name are called: r = (r_1, \dots, r_m)."""
    match item:
        case Tree("chain", (Tree("name") as base, Tree("rel", ("=",)), Tree() as right)):
            nodes = list(right.subtrees())
            first = Tree("script", (base, Tree("num", ("1",)), None))
            return first in nodes and any(node.head == "dots" for node in nodes)
    return False


def _is_condition(item: Tree, sources: Mapping[str, tuple[Tree, ...]]) -> bool:
    """Whether an item asks a map that is declared to have a number for its value: c(x) = 0."""
    match item:
        case Tree("chain", (Tree("juxt", (Tree() as name, Tree("paren"))), _, Tree() as value)):
            value = value.kids[0] if value.head == "neg" else value
            return latex(name) in sources and (value.head == "num" or value in _ZEROS)
    return False


def is_array(a_set: Tree) -> bool:
    r"""Whether the members of a set are arrays: \mathbb{R}^n, not \mathbb{R} or \mathbb{R}^+."""
    if a_set.head != "script" or a_set.kids[2] is None:
        return False
    return a_set.kids[2] not in (Tree("name", ("+",)), Tree("op", ("*",)), Tree("num", ("1",)))


def listed(inner: Tree) -> list[Tree]:
    """The arguments in a bracket: x, y; \\theta."""
    if inner.head in ("list", "semi"):
        return [leaf for part in inner.kids for leaf in listed(part)]
    return [inner]


def headed(left: Tree) -> Tree:
    """What an equation defines: f, of f(x) = .., and nothing of f(x + y) = f(x) + f(y)."""
    match left:
        case Tree("juxt", (Tree() as name, Tree("paren", (inner,)))) if not any(
            map(_is_made, listed(inner))
        ):
            return name
    return left


def _is_made(argument: Tree) -> bool:
    """Whether an argument is made of others, or a number: no formal one."""
    return argument.head in ("sum", "juxt", "neg", "num", "frac", "prod")


def applications(tree: Tree) -> Iterator[tuple[Tree, Tree]]:
    """Every name before a bracket, which may be under scripts, with the bracket."""
    for node in tree.subtrees():
        if node.head == "juxt":
            for kid, after in pairwise(node.kids):
                bracket = after.kids[0] if after.head == "script" else after
                if base_of(kid) and bracket.head == "paren" and kid not in bracket.subtrees():
                    yield kid, bracket


def _declared(items: Iterable[Tree]) -> Iterator[tuple[Tree, tuple[Tree, ...], Tree]]:
    for item in items:
        if maps(item) and item.kids[0] is not None:
            *_, source, arrow, target = item.kids
            if arrow != Tree("rel", ("->",)):
                continue
            names = item.kids[0].kids if item.kids[0].head == "list" else (item.kids[0],)
            parts = _factors(source)
            if all(_is_set(part) for part in (*parts, target)):
                yield from ((name, parts, target) for name in names if base_of(name))


def _gathered(
    declared: Iterable[tuple[Tree, tuple[Tree, ...], Tree]], items: Sequence[Tree]
) -> Iterator[tuple[Tree, tuple[Tree, ...], Tree]]:
    """The maps, the numbers r_i(x) of a sum over i as the entries of one map r."""
    taken = {
        latex(headed(i.kids[0])) for i in items
        if i.head == "chain" and i.kids[0] is not None and not _enumerates(i)
    }  # fmt: skip
    for name, parts, target in declared:
        match name:
            case Tree("script", (Tree("name", (letter,)) as base, Tree() as sub, None)) if (
                index_letter(sub) and not is_array(target) and letter not in taken
            ):
                last = next(_ends(items, sub), None)
                if last is not None:
                    yield base, parts, Tree("script", (target, None, last), target.span)
                    continue
        yield name, parts, target


def _ends(items: Sequence[Tree], letter: Tree) -> Iterator[Tree]:
    """What an index runs to, from 1 on."""
    for node in (node for item in items for node in item.subtrees()):
        match node:
            case Tree("big", (_, Tree("chain", (first, _, start)), Tree() as last, _)) if (
                first == letter and start == Tree("num", ("1",))
            ):
                yield last
            case Tree("chain", (first, _, Tree("list", (start, Tree("dots"), last)))) if (
                first == letter and start == Tree("num", ("1",))
            ):
                yield last


def _factors(source: Tree) -> tuple[Tree, ...]:
    if source.head == "juxt" and source.kids[1::2] == (_TIMES,) * (len(source.kids) // 2):
        return source.kids[::2]
    return (source,)


def _is_set(tree: Tree) -> bool:
    base = tree.kids[0] if tree.head == "script" else tree
    return base.head == "name" and str(base.kids[0]) in (
        r"\mathbb{R}", r"\mathbf{R}", r"\mathcal{R}", r"\Re", "R",
    )  # fmt: skip


def _given(items: Iterable[Tree], signs: frozenset[str]) -> Iterator[str]:
    """What stands on the left of such signs: f of f(x) = .."""
    for item in items:
        if item.head == "chain" and item.kids[0] is not None:
            left, sign = item.kids[0], str(item.kids[1].kids[0])
            if sign == "in" and sign in signs:
                yield from map(latex, left.kids if left.head == "list" else (left,))
            elif sign in _DEFINES & signs:
                yield latex(headed(left))


def _members(items: Iterable[Tree]) -> Iterator[tuple[Tree, Tree]]:
    """What is declared to be in a set, with the set."""
    for item in items:
        if item.head == "chain" and item.kids[1:2] == (_IN,) and item.kids[0] is not None:
            left = item.kids[0]
            yield from ((name, item.kids[2]) for name in
                        (left.kids if left.head == "list" else (left,)))  # fmt: skip


def _values(items: Iterable[Tree], sets: dict[str, Tree]) -> Iterator[tuple[Tree, Tree]]:
    r"""The functions whose value is said to be in a set: r(x) \in \mathbb{R}^m, or z = f(x) where z
    is."""
    for name, a_set in _members(items):
        if (called := _called(name)) is not None:
            yield called, a_set
    for item in items:
        if item.head == "chain" and item.kids[0] is not None and len(item.kids) > 2:
            left, sign, right = item.kids[:3]
            called = _called(right)
            if str(sign.kids[0]) in _DEFINES and called is not None and latex(left) in sets:
                yield called, sets[latex(left)]


def _inner_values(
    items: Iterable[Tree], sources: Mapping[str, tuple[Tree, ...]]
) -> Iterator[tuple[Tree, Tree]]:
    """The functions whose values are put in others, with the sets that those are declared on."""
    for item in items:
        for name, bracket in applications(item):
            parts, given = sources.get(latex(name), ()), listed(bracket.kids[0])
            for argument, a_set in zip(given, parts, strict=False):
                if len(parts) == len(given) and (called := _called(argument)) is not None:
                    yield called, a_set


def _called(tree: Tree | None) -> Tree | None:
    """The f of f(x)."""
    match tree:
        case Tree("juxt", (Tree() as name, Tree("paren"))) if name.head != "prime":
            return name if base_of(name) else None
    return None
