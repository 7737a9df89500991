"""What a document shows of the superscripts of its names: whether they are labels or powers.

The idea: a label is a label wherever its name stands, so it is decided for a name at once, by all
that the document shows.  Nobody writes a power on the left of a definition, beside entries, or
under a \\partial, and who means powers of A writes A alone somewhere, reckons with the exponent,
or declares it as a number.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from derive.elaborate.names.indices import index_letter
from derive.elaborate.names.scope import NUMBER_LETTERS, base_of
from derive.elaborate.statements.superscripts import (
    TURNED,
    Step,
    counted,
    is_raised,
    step_of,
)
from derive.elaborate.terms.limits import bound_letters
from derive.latex.print import latex
from derive.operators.row import POINTWISE
from derive.tree import Tree

_DEFINES = frozenset(["=", ":=", "=="])
_ACTIVATIONS = frozenset(w for row in POINTWISE.values() for w in row.words if len(w) > 2)
_ACTIVATIONS |= {r"\sigma", r"\phi", r"\varphi", r"\rho", r"\psi", "f", "g"}
_NUMBERS = (NUMBER_LETTERS | {"e", "i"}) - {r"\delta"}
_COUNTED = r"layer|block|level|stage|iteration|iterate|step|epoch|round"
_NETWORK = re.compile(r"\b(layer|network|neuron|activation|backprop|weight)", re.IGNORECASE)
_SETS = frozenset([r"\mathbb{N}", r"\mathbb{Z}", r"\mathbb{R}", r"\mathbb{Q}"])


@dataclass(slots=True)
class _Name:
    """How the document writes one name: its superscripts, and what tells them from powers."""

    steps: set[Step] = field(default_factory=set)
    bare: bool = False  # does it stand without a superscript, as a power's base does
    raised: bool = False  # has it a superscript that can only be a power
    defined: set[Step] = field(default_factory=set)  # on the left of a definition
    entries: bool = False  # has it entries beside the superscript
    varied: bool = False  # is it differentiated by
    stepped: bool = False  # is it in the definition of a name that is defined with a superscript
    led: bool = False  # is it where such a definition leads on from one superscript to the next


class Evidence:
    """What a document shows of its names and of the letters above them."""

    def __init__(self, items: list[Tree], text: str) -> None:
        self.items, self.text = items, text
        self.names: dict[str, _Name] = {}
        self.numbers: set[str] = set()  # letters that are reckoned with, or declared
        self.ranges: dict[str, set[str]] = {}  # letter: the letters of its last value
        self.shown: dict[str, Tree] = {}
        for item in items:
            self._note(item)
        network = _NETWORK.search(text) is not None
        self.network = network or any(map(self._activates, items))

    def _note(self, item: Tree) -> None:
        if (found := range_said(item)) is not None:
            letter, ends = found
            self.ranges.setdefault(letter, set()).update(ends)
            return
        if only_names(item):
            return
        bound = formals(item)
        left = item.kids[0] if item.head == "chain" else None
        sign = str(item.kids[1].kids[0]) if item.head == "chain" else ""
        if left is not None and sign == "in" and str(base_of(item.kids[2])) in _SETS:
            names = left.kids if left.head == "list" else (left,)
            self.numbers |= {x for one in names if (x := index_letter(one)) and one.head == "name"}
        if left is not None and sign in ("<", "<=", ">", ">=") and index_letter(left):
            self.numbers.add(index_letter(left) or "")
        lefts: tuple = ()
        if left is not None and sign in (*_DEFINES, "in", "<-", "->"):
            lefts = left.kids if left.head == "list" and sign == "in" else (left,)
        heads = [
            (base_of(one), step) for one in lefts
            if is_raised(one) and (step := step_of(one.kids[2])) is not None
        ]  # fmt: skip
        for base, step in heads:
            self._name(base).defined.add(step)
        own = {step.letter for _, step in heads} if sign in _DEFINES else set()
        self._walk(item, bound, own, False)
        used = [(base_of(node), step) for node in item.subtrees() if is_raised(node)
                for step in (step_of(node.kids[2]),) if step and step.letter in own]  # fmt: skip
        if any(step not in {head for _, head in heads} for _, step in used):
            for base, _ in used:
                self._name(base).led = True

    def _name(self, base: str) -> _Name:
        return self.names.setdefault(base, _Name())

    def _walk(self, node: Any, formals: frozenset[str], own: set[str], inside: bool) -> None:
        """``own``: the letters of what the statement defines; ``inside`` a script."""
        # Nesting is capped by the reader, so the recursion is bounded.
        if isinstance(node, tuple):
            for kid in node:
                self._walk(kid, formals, own, inside)
        if not isinstance(node, Tree):
            return
        if node.head == "name":
            name = str(node.kids[0])
            if name in formals:
                return
            if not inside:
                self._name(name).bare = True
                if (letter := index_letter(node)) is not None:
                    self.numbers.add(letter)
            return
        if node.head == "script" and base_of(node):
            self._script(node, formals, own)
            return
        if node.head in ("deriv", "grad"):
            by = node.kids[1] if node.head == "deriv" else node.kids[0]
            of = node.kids[0] if node.head == "deriv" else node.kids[1]
            names = by.kids if isinstance(by, Tree) and by.head == "list" else (by,)
            for one in names:
                if isinstance(one, Tree) and is_raised(one) and step_of(one.kids[2]):
                    self._name(base_of(one)).varied = True
                if not (node.head == "grad" and isinstance(one, Tree) and one.head == "name"):
                    self._walk(one, formals, own, inside)  # \nabla_a C is by any of the a
            self._walk(of, formals, own, inside)
            return
        if node.head == "big":
            letters = {x for x, _, _ in bound_letters(node.kids[1])}
            if not letters:
                self._walk(node.kids[1], formals, own, inside)
            for kid in node.kids[2:]:
                limit = kid is node.kids[2]
                self._walk(kid, formals, own, inside or limit)
            return
        self._walk(node.kids, formals, own, inside)

    def _script(self, node: Tree, formals: frozenset[str], own: set[str]) -> None:
        base, sub, sup = base_of(node), None, None
        foot = node
        while foot.head in ("script", "prime"):
            if foot.head == "script":
                sub = sub or foot.kids[1]
                sup = foot.kids[2] if foot.kids[2] is not None else sup
                self._walk(foot.kids[1], formals, own, True)
                if foot.kids[2] is not None and base.startswith(r"\mathbb"):
                    # \mathbb{R}^n: what stands there by itself is a size, a number.
                    self.numbers |= {x for k in (sup, *_parts(sup)) if (x := index_letter(k))}
                self._walk(foot.kids[2], formals, own, True)
            foot = foot.kids[0]
        if base in formals or base.startswith(r"\mathbb"):
            return
        name = self._name(base)
        if sup is None or sup in TURNED:
            name.bare = True
            return
        step = step_of(sup)
        if step is None:
            name.raised |= not (sup.head in ("paren", "bracket", "op", "list") or _is_star(sup))
            name.bare |= _inverse(sup)
            return
        name.steps.add(step)
        name.entries |= sub is not None
        name.stepped |= step.letter in own
        self.shown.setdefault(base, node)

    def _activates(self, item: Tree) -> bool:
        r"""Whether a statement defines a name with a superscript by a function: a^l = f(z^l)."""
        if item.head != "chain" or item.kids[0] is None or not is_raised(item.kids[0]):
            return False
        return any(
            base_of(one) in _ACTIVATIONS and after.head in ("paren", "bracket")
            for node in item.subtrees() if node.head == "juxt"
            for one, after in zip(node.kids, node.kids[1:], strict=False)
        )  # fmt: skip

    # --------------------------------------------------------------------------------- verdicts

    def labelled(self) -> frozenset[str]:
        """The names whose superscripts are labels."""
        plain = {
            base: one for base, one in self.names.items()
            if one.steps and not one.bare and not one.raised and base not in _NUMBERS
        }  # fmt: skip
        letters = {x for one in plain.values() for x, _ in one.steps if x} - self.numbers
        counting = {x for x in letters if self._counts(x, plain)}
        ends = {x for letter in counting for x in self.ranges.get(letter, ())}
        counting |= {x for x in ends & letters}
        found = {base for base, one in plain.items() if self._is_labelled(one, counting)}
        if any(one.defined for base, one in plain.items() if base in found or self._first(one)):
            found |= {base for base, one in plain.items() if self._is_numbered(one, plain)}
        return frozenset(found)

    def _counts(self, letter: str, plain: dict[str, _Name]) -> bool:
        """Whether a letter counts layers or steps: something is defined with it above, and the text
        says so, or gives its range, or what is defined leads on from one to the next."""
        defined = any(step.letter == letter for one in plain.values() for step in one.defined)
        if not defined:
            return False
        if letter in self.ranges or self._is_said(letter):
            return True
        return any(
            len({offset for x, offset in one.steps if x == letter}) > 1 and one.defined
            for one in plain.values()
        )

    def _is_said(self, letter: str) -> bool:
        """Layer $l$, the $l$-th layer, layers $l = 1, .., L$."""
        one = re.escape(letter)
        before = rf"\b(?:{_COUNTED})s?\b[\s~]*(?:number\s*)?\$\s*\(?{one}(?![A-Za-z])"
        after = rf"\$\s*{one}\s*(?:\^\{{?\\?\w*\}}*)?\s*\$[-\s~]*(?:th)?[-\s~]*(?:{_COUNTED})\b"
        return re.search(before, self.text, re.I) is not None or (
            re.search(after, self.text, re.I) is not None
        )

    def _is_labelled(self, one: _Name, counting: set[str]) -> bool:
        letters = {step.letter for step in one.steps if step.letter}
        if not letters or not letters & counting or letters & self.numbers:
            return False
        own = any(step.letter in counting for step in one.defined)
        return own or one.varied or one.led or (self.network and (one.entries or one.stepped))

    def unclear(self, labelled: frozenset[str]) -> frozenset[str]:
        """The names that never stand without a superscript that counts, where nothing says that it
        is a label: written out step by step it would be a power, and nobody asked."""
        return frozenset(
            base for base, one in self.names.items()
            if base not in labelled | _NUMBERS and one.steps and not (one.bare or one.raised)
            and {x for x, _ in one.steps if x} - self.numbers <= self.ranges.keys()
            and any(x in self.ranges for x, _ in one.steps if x not in self.numbers)
        )  # fmt: skip

    def _first(self, one: _Name) -> bool:
        """Whether numbers above a name start where powers do not: at 0 or 1, and go on."""
        numbers = {offset for letter, offset in one.steps if not letter}
        return bool(numbers & {0, 1}) and len(one.steps) > 1

    def _is_numbered(self, one: _Name, plain: dict[str, _Name]) -> bool:
        if any(step.letter in self.numbers for step in one.steps if step.letter):
            return False
        numbers = {offset for letter, offset in one.steps if not letter}
        defined = {step.letter for other in plain.values() for step in other.defined}
        if not numbers or any(letter not in defined for letter, _ in one.steps if letter):
            return False  # but of \delta^l = .. the l is one of the numbers
        return bool(numbers & {0, 1}) or one.varied

    def examples(self, labelled: frozenset[str]) -> list[str]:
        return [latex(self.shown[base]) for base in self.names if base in labelled]


def _parts(tree: Tree | None) -> tuple:
    return tree.kids if tree is not None and tree.head in ("juxt", "list") else ()


def _is_star(sup: Tree) -> bool:
    return sup.head == "name" and index_letter(sup) is None


def _inverse(sup: Tree) -> bool:
    return sup.head == "neg"


def only_names(item: Tree) -> bool:
    """Whether a formula only names things: the weights $w$ and $b$, layer $l - 1$."""
    parts = item.kids if item.head == "list" else (item,)
    return all(part.head in ("name", "dots") or counted(part) is not None for part in parts)


def range_said(item: Tree) -> tuple[str, set[str]] | None:
    r"""The letter and the ends of l = 1, .., L; l = L-1, .., 1; l \in \{1, .., L\}; 1 <= l <= L."""
    item = item.kids[0] if item.head == "paren" and isinstance(item.kids[0], Tree) else item
    if item.head == "list" and item.kids and item.kids[0].head == "chain":
        first = item.kids[0]
        item = Tree("chain", (*first.kids[:-1], Tree("list", (first.kids[-1], *item.kids[1:]))))
    if item.head != "chain" or any(not isinstance(kid, Tree) for kid in item.kids):
        return None
    signs = [str(kid.kids[0]) for kid in item.kids[1::2]]
    if len(signs) == 2 and set(signs) <= {"<=", "<", ">=", ">"}:
        letter, ends = index_letter(item.kids[2]), item.kids[::4]
    elif len(signs) == 1 and signs[0] in ("=", "in"):
        letter, values = index_letter(item.kids[0]), item.kids[2]
        listed = values.kids[0] if values.head in ("set", "bracket", "paren") else values
        ends = listed.kids if listed.head == "list" else (listed,)
        if not only_names(listed) or (signs[0] == "in" and listed is values):
            return None  # l = L and l \in [L] are ranges, l \in \mathbb{N} is none
    else:
        return None
    if letter is None:
        return None
    return letter, {x for end in ends for node in end.subtrees() if (x := index_letter(node))}


def formals(item: Tree) -> frozenset[str]:
    """The variables of what f(x) = .. defines: bound there, whatever they are elsewhere."""
    left = item.kids[0] if item.head == "chain" else None
    if left is None or left.head != "juxt" or len(left.kids) != 2 or left.kids[1].head != "paren":
        return frozenset()
    inside = left.kids[1].kids[0]
    names = inside.kids if inside.head == "list" else (inside,)
    if not base_of(left.kids[0]) or any(name.head != "name" for name in names):
        return frozenset()
    return frozenset(str(name.kids[0]) for name in names)
