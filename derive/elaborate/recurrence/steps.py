r"""The steps of a recurrence in the trees: h_t, h_{t-1}, h^{(l)}, and how far t runs.

The idea: a name with a letter that is reckoned with in a script is a member of a family, told from
the others by an offset; a family whose definition leads back to itself at an earlier step is a
recurrence.  All of this is seen in the trees, before meaning.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from derive.elaborate.names.indices import index_letter
from derive.elaborate.names.scope import NUMBER_LETTERS, base_of
from derive.elaborate.recurrence.ranges import number_of, number_said, range_in, range_of
from derive.elaborate.terms.limits import bound_letters
from derive.latex.print import latex
from derive.tree import LABELS, Tree

_DEFINES = frozenset(["=", ":=", "=="])
_HERE = Tree("name", ("here",))
_END = Tree("name", ("T",))  # the last step, where nothing says how many there are


class Member(NamedTuple):
    """A name of a family: what it is called but for its step, and the step, t + ``offset``."""

    family: str
    offset: int


@dataclass(frozen=True, slots=True)
class Steps:
    """A recurrence: its letter, the first step, the last one as written and as a number where it
    is known, what is defined at each step, and which of these are carried to the next one."""

    letter: str
    low: int
    high: Tree
    last: int | None
    defined: dict[str, Tree] = field(default_factory=dict)  # family: its definition
    carried: tuple[str, ...] = ()
    endless: bool = False  # whether no last step is said: what is claimed holds at all of them
    later: frozenset[str] = frozenset()  # what is carried from the first step on, not from before
    order: int = 1  # how many steps back a step looks

    def start_of(self, family: str) -> int:
        """The first step at which a family is made by its definition."""
        return self.low + (family in self.later)


def offset_of(tree: Tree, letter: str) -> int | None:
    """How far an index is from the letter: 0 for t, -1 for t - 1; None where it is none."""
    inner = tree.kids[0] if tree.head in LABELS else tree
    if inner == Tree("name", (letter,)):
        return 0
    if inner.head == "sum" and Tree("name", (letter,)) in inner.kids:
        rest = [number_of(kid) for kid in inner.kids if kid != Tree("name", (letter,))]
        if len(rest) == len(inner.kids) - 1 and None not in rest:
            return sum(n for n in rest if n is not None)
    return None


def member_of(node: Tree, letter: str) -> Member | None:
    """The family and the step of a name with a script that is reckoned with."""
    if node.head != "script" or not base_of(node):
        return None
    base, sub, sup = node.kids
    for k, script in enumerate((sub, sup)):
        if not isinstance(script, Tree):
            continue
        parts = script.kids if script.head in ("list", "juxt") else (script,)
        for j, part in enumerate(parts):
            offset = offset_of(part, letter)
            if offset is None or (k == 1 and part.head not in LABELS):
                continue
            rest = (*parts[:j], _HERE, *parts[j + 1 :])
            marked = rest[0] if len(rest) == 1 else Tree(script.head, rest)
            # A power or a transpose above is no part of the name.
            kept = (marked, sup if _labels(sup) else None) if k == 0 else (sub, marked)
            return Member(latex(Tree("script", (base, *kept))), offset)
    inner = base
    if inner.head == "script":
        return member_of(inner, letter)
    return None


def _labels(sup: object) -> bool:
    return isinstance(sup, Tree) and sup.head in LABELS


def members(tree: Tree, letter: str) -> Iterator[Member]:
    """Every member that a formula mentions, without those that a sum over the letter binds."""
    stack: list[object] = [tree]
    while stack:
        node = stack.pop()
        if isinstance(node, tuple):
            stack.extend(node)
        elif isinstance(node, Tree):
            found = member_of(node, letter)
            if found is not None:
                yield found
                stack.extend(k for k in node.kids[1:] if k is not None)
            else:
                stack.extend(node.kids)


def mentions(tree: object, letter: str) -> bool:
    """Whether a letter stands free in a formula: not bound by a sum inside it."""
    match tree:
        case Tree("name", (name,)):
            return name == letter
        case Tree("big", (_, below, above, body)):
            binds = letter in {one for one, _, _ in bound_letters(below)}
            return mentions(above, letter) or (
                not binds and (mentions(below, letter) or mentions(body, letter))
            )
        case Tree(_, kids):
            return any(mentions(kid, letter) for kid in kids)
        case tuple():
            return any(mentions(kid, letter) for kid in tree)
    return False


def put(tree: Tree, letter: str, value: Tree) -> Tree:
    """The formula at a step: the letter replaced where it is free, and reckoned out."""
    return _put(tree, letter, value)


def _put(tree: Any, letter: str, value: Tree) -> Any:
    # Nesting is capped by the reader, so the recursion is bounded.
    if isinstance(tree, tuple):
        return tuple(_put(kid, letter, value) for kid in tree)
    if not isinstance(tree, Tree) or not mentions(tree, letter):
        return tree
    if tree.head == "name":
        return Tree(value.head, value.kids, tree.span)
    if letter == "T" and tree.head == "script" and _is_turned(tree):
        return Tree("script", (*(_put(k, letter, value) for k in tree.kids[:2]), tree.kids[2]),
                    tree.span)  # fmt: skip
    if tree.head == "big" and letter in {one for one, _, _ in bound_letters(tree.kids[1])}:
        return Tree("big", (*tree.kids[:2], _put(tree.kids[2], letter, value), tree.kids[3]),
                    tree.span)  # fmt: skip
    if tree.head == "script" and isinstance(tree.kids[1], Tree) and tree.kids[0].head == "name":
        first, *rest = (
            tree.kids[1].kids if tree.kids[1].head in ("list", "juxt") else (tree.kids[1],)
        )
        if rest and offset_of(first, letter) is not None and all(map(index_letter, rest)):
            # y_{t,k} is the entry k of y_t
            one = Tree("script", (tree.kids[0], _put(first, letter, value), None), tree.span)
            entry = rest[0] if len(rest) == 1 else Tree("list", tuple(rest))
            above = _put(tree.kids[2], letter, value)
            return Tree("script", (Tree("paren", (one,), tree.span), entry, above), tree.span)
    kids = tuple(_put(kid, letter, value) for kid in tree.kids)
    if tree.head == "sum" and Tree("name", (letter,)) in tree.kids:
        return reckoned(kids, tree.span)
    return Tree(tree.head, kids, tree.span)


def _is_turned(tree: Tree) -> bool:
    r"""Whether the T above a formula transposes it, where T is the last step as well: it does but
    above a number, 2^T, \gamma^T and (1 - \gamma)^T."""
    base, _, sup = tree.kids
    if sup != Tree("name", ("T",)):
        return False
    names = {base_of(node) for node in base.subtrees() if node.head in ("name", "script")}
    return not names <= NUMBER_LETTERS


def reckoned(terms: tuple, span: tuple[int, int]) -> Tree:
    """A sum with its numbers added: t + 1 - 1 is t, 3 - 1 is 2."""
    flat = [t for term in terms for t in (term.kids if term.head == "sum" else (term,))]
    numbers = [n for term in flat if (n := number_of(term)) is not None]
    total = sum(numbers)
    rest = [term for term in flat if number_of(term) is None]
    if not numbers:
        return Tree("sum", tuple(flat), span)
    if total or not rest:
        count = Tree("num", (str(abs(total)),), span)
        rest.append(count if total >= 0 else Tree("neg", (count,), span))
    return rest[0] if len(rest) == 1 else Tree("sum", tuple(rest), span)


def companion(state: Tree) -> Tree:
    """A name beside that of a state, which nobody else uses: of the shape of the state."""
    return Tree("name", (rf"\breve{{{base_of(state)}}}",))


def starts_at_zero(item: Tree, steps: Steps) -> bool:
    """Whether a statement says that what is carried is zero before the first step: h_0 = 0."""
    if item.head != "chain" or len(item.kids) != 3 or item.kids[1] != Tree("rel", ("=",)):
        return False
    zero = item.kids[2] in (Tree("num", ("0",)), Tree("name", (r"\mathbf{0}",)))
    return zero and any(
        put(steps.defined[family].kids[0], steps.letter, Tree("num", (str(steps.low - 1),)))
        == item.kids[0]
        for family in steps.carried
    )


# ------------------------------------------------------------------------------- what recurs


def recurrence(items: Iterable[Tree]) -> Steps | None:
    """The recurrence of a document whose steps have a range; None where there is none."""
    items = list(items)
    for letter in letters_in(items):
        low, high = range_in(items, letter)
        if high is None and _has_products_to(items, letter):
            high = _END
        defined, ahead = defined_at(items, letter)
        if high is None:
            high = _last_used(items, letter, carried_in(defined, letter))
        if high is None:
            continue
        carried = carried_in(defined, letter)
        if not carried:
            continue
        if ahead and any(range_of(item, letter) for item in items):
            # h_{t+1} = .. for t = 0, .., T - 1 defines h_1, .., h_T.
            after = reckoned((high, Tree("num", ("1",))), high.span)
            low, high = (low + 1, after) if after.head in ("name", "num") else (low, high)
        return Steps(letter, low, high, number_said(items, high), defined, carried)
    return None


def _last_used(items: Iterable[Tree], letter: str, carried: Sequence[str]) -> Tree | None:
    r"""The last step of what is carried that a definition uses by itself, where no range is said:
    the 2 of L = \|h_2 - y\|^2, the T of L = \ell(h_T)."""
    found: dict[str, Tree] = {}
    for item in items:
        if item.head != "chain" or not base_of(item.kids[0]) or defines(item, letter) is not None:
            continue
        if any(_carried_at(item.kids[0], carried)):
            continue  # a step by its number: what it says is for others
        for step in (s for side in item.kids[2::2] for n in side.subtrees()
                     for s in _carried_at(n, carried)):  # fmt: skip
            if step == _END or (number_of(step) or 0) > 0:
                found[latex(step)] = step
    numbers = [part for part in found.values() if number_of(part) is not None]
    if len(numbers) < len(found):
        return _END if not numbers else None
    return max(numbers, key=lambda part: number_of(part) or 0, default=None)


def _carried_at(node: Tree, carried: Sequence[str]) -> Iterator[Tree]:
    """The step at which a name is one of what is carried: the 2 of h_2."""
    for part, step in _scripts(node):
        family = latex(node.rewritten(lambda one, part=part: _HERE if one is part else one))
        if family in carried:
            yield step


def _scripts(node: Tree) -> Iterator[tuple[Tree, Tree]]:
    """The parts of the scripts of a name that may number a step, each with the number in it."""
    for script in node.kids[1:] if node.head == "script" else ():
        if isinstance(script, Tree):
            for part in script.kids if script.head in ("list", "juxt") else (script,):
                yield part, part.kids[0] if part.head in LABELS else part


def _has_products_to(items: Iterable[Tree], letter: str) -> bool:
    """Whether a product over steps ends at the step t, of a t of which no range is said."""
    here = Tree("name", (letter,))
    nodes = [node for item in items for node in item.subtrees()]
    return _END not in nodes and any(
        node.head == "big" and node.kids[0] == "prod" and node.kids[2] == here for node in nodes
    )


def defined_at(items: Iterable[Tree], letter: str) -> tuple[dict[str, Tree], bool]:
    """What is defined at a step, h_t, by its family; and whether all of it was said of the next
    one, as h_{t+1} is."""
    defined: dict[str, Tree] = {}
    offsets: set[int] = set()
    for item in items:
        member = defines(item, letter)
        if member is not None and member.offset in (0, 1):
            offsets.add(member.offset)
            shifted = _a_step_before(item, letter) if member.offset == 1 else item
            defined.setdefault(member.family, shifted)
    return defined, offsets == {1}


def _a_step_before(item: Tree, letter: str) -> Tree:
    """What is said of step t + 1, said of step t."""
    one = Tree("neg", (Tree("num", ("1",)),))
    return put(item, letter, Tree("sum", (Tree("name", (letter,)), one)))


def is_by_member(node: Tree, letter: str) -> bool:
    """Whether this is the derivative of a name alone by a member of a family."""
    match node:
        case Tree("deriv", (Tree("name") as of, Tree() as by, "1")):
            return bool(base_of(of)) and member_of(by, letter) is not None
    return False


def defines(item: Tree, letter: str) -> Member | None:
    """The member that a statement defines."""
    if item.head != "chain" or len(item.kids) < 3 or not isinstance(item.kids[0], Tree):
        return None
    left, relation = item.kids[0], item.kids[1]
    if str(relation.kids[0]) not in _DEFINES or base_of(left) in ("", r"\delta"):
        return None
    if any(side.head == "ask" for side in item.kids[2::2]):
        return None
    return member_of(left, letter)


def letters_in(items: list[Tree]) -> list[str]:
    """The letters that are reckoned with in scripts."""
    found: dict[str, None] = {}
    for item in items:
        for node in item.subtrees():
            if node.head == "sum" and len(node.kids) == 2:
                letters = [index_letter(kid) for kid in node.kids if isinstance(kid, Tree)]
                found |= dict.fromkeys(x for x in letters if x)
    return list(found)


def carried_in(defined: dict[str, Tree], letter: str) -> tuple[str, ...]:
    """The families that lead back to themselves at an earlier step."""
    uses = {
        family: {m for side in item.kids[2::2] for m in members(side, letter)}
        for family, item in defined.items()
    }
    earlier = {m.family for used in uses.values() for m in used if m.offset < 0}
    found = []
    for family in defined:
        seen: set[str] = set()
        stack = [family]
        while stack:
            for member in uses[stack.pop()]:
                if member.family in defined and member.family not in seen:
                    seen.add(member.family)
                    stack.append(member.family)
        if family in seen and family in earlier:
            found.append(family)
    return tuple(found)


def made_at_steps(items: list[Tree], steps: Steps) -> dict[str, Tree]:
    r"""What is made at each step: v_t from v_{t-1}, and \hat{v}_t = v_t / (1 - b^t) from v_t."""
    found = dict(steps.defined)
    for item in items:
        member = defines(item, steps.letter)
        if member is not None and member.offset in (0, 1) and len(item.kids) == 3:
            if member.offset:
                item = _a_step_before(item, steps.letter)
            if not any(m.offset > 0 for m in members(item, steps.letter)):
                found.setdefault(member.family, item)
    return found
