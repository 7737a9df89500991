r"""Closed forms of a sequence, and what else is said of it at any step, as claims about one step.

The idea: a closed form holds at every step if it holds at the first ones and its step does: put
into the recurrence for what came before, it gives itself.  For v_t = F(v_{t-1}) and a sum,
v_t = A(t) + \sum_{s \le t} b(s, t), that is three lines for any Z: F adds up (F(Z + Y) - F(Z) is
the same for all Z), each term gives the same term a step later, F(Z + b(s, t-1)) - F(Z) = b(s, t),
and the rest gives the rest and the newest term, F(A(t-1)) = A(t) + b(t, t).  A power
\alpha^{t-s} is \alpha Q where \alpha^{t-1-s} is Q: what holds for any Q holds for it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from derive.elaborate.names.scope import ACTIVATIONS, KNOWN_WORDS, base_of
from derive.elaborate.recurrence.indices import linear, reckoned, spelled
from derive.elaborate.recurrence.sequences import numbered
from derive.elaborate.recurrence.steps import (
    Steps,
    defines,
    members,
    mentions,
    put,
)
from derive.elaborate.recurrence.unroll import SHOWN
from derive.elaborate.terms.limits import bound_letters
from derive.tree import LABELS, Tree

_EQUAL = Tree("rel", ("=",))
_POWERS = ("q", "r", "u", "w", "y", "z")


class _Other(Exception):
    """A claim that is no closed form."""


def inductions(items: Iterable[Tree], steps: Steps) -> Iterator[tuple[Tree, list[Tree]]]:
    """Each closed form that is claimed, with statements all of whose claims must hold for its step;
    one that can be written in several ways comes as often."""
    items = list(items)
    spans = {item.span for item in steps.defined.values()}
    for item in items:
        member = defines(item, steps.letter)
        if member is None or member.family not in steps.carried or item.span in spans:
            continue
        if member.offset != 0 or any(sign != _EQUAL for sign in item.kids[1::2]):
            continue
        for backwards in (False, True):
            try:
                lines = [
                    line for right in item.kids[2::2]
                    for line in _step(member.family, right, steps, backwards)
                ]  # fmt: skip
            except _Other:
                continue
            yield item, _setting(items, steps, member.family, [
                Tree("chain", (left, _EQUAL, right), item.span) for left, right in lines
            ])  # fmt: skip


def windows(items: Iterable[Tree], steps: Steps) -> Iterator[tuple[Tree, list[Tree]]]:
    """Each claim about a few steps around any one, with these steps written out after a first one
    that is anything."""
    items = list(items)
    spans = {item.span for item in steps.defined.values()}
    for item in items:
        if item.head != "chain" or item.span in spans or not isinstance(item.kids[0], Tree):
            continue
        used = [m.offset for m in members(item, steps.letter) if m.family in steps.defined]
        if not used or max(used) - min(used) > SHOWN:
            continue
        rules = [
            reckoned(put(rule, steps.letter, spelled({steps.letter: 1, "": k})))
            for k in range(min(min(used) + 1, max(used)), max(used) + 1)
            for rule in steps.defined.values()
        ]  # fmt: skip
        yield item, _setting(items, steps, "", [*rules, reckoned(item)])


def consequences(
    items: Iterable[Tree], steps: Steps, held: Iterable[Tree]
) -> Iterator[tuple[Tree, list[Tree]]]:
    """Each claim about states whose closed forms hold, with these in their place."""
    items, known = list(items), {}
    for item in held:
        member = defines(item, steps.letter)
        if member is not None and not any(n.head == "big" for n in item.subtrees()):
            known.setdefault(member.family, item)
    spans = {item.span for item in (*steps.defined.values(), *known.values())}
    for item in items:
        used = set(members(item, steps.letter))
        families = {m.family for m in used if m.family in steps.defined}
        if item.head != "chain" or item.span in spans or not families <= set(known):
            continue
        if not families or not isinstance(item.kids[0], Tree):
            continue
        forms = [
            reckoned(put(Tree("chain", known[m.family].kids[:3], known[m.family].span),
                         steps.letter, spelled({steps.letter: 1, "": m.offset})))
            for m in used if m.family in known
        ]  # fmt: skip
        try:
            yield item, _setting(items, steps, "", [*forms, reckoned(item)])
        except _Other:
            continue


def _step(family: str, right: Tree, steps: Steps, backwards: bool) -> Iterator[tuple[Tree, Tree]]:
    """The equations that say that a closed form gives itself a step later."""
    letter, rule = steps.letter, steps.defined[family]
    state = rule.kids[0]
    if any(m.family in steps.defined for m in members(right, letter)):
        raise _Other
    before = put(state, letter, spelled({letter: 1, "": -1}))
    any_one, other, added = (_beside(state, accent) for accent in ("breve", "acute", "grave"))

    def after(value: Tree) -> Tree:
        """F of a value."""
        group = Tree("paren", (value,))
        body = rule.kids[2].rewritten(lambda node: group if node == before else node)
        if any(m.family in steps.defined for m in members(body, letter)):
            raise _Other
        return body

    def earlier(value: Tree) -> Tree:
        return reckoned(put(value, letter, spelled({letter: 1, "": -1})))

    rest, sums = _parted(right, letter)
    nothing = Tree("juxt", (Tree("num", ("0",)), any_one))
    whole = Tree("sum", tuple(rest)) if len(rest) > 1 else (rest or [nothing])[0]
    if not sums:
        yield after(earlier(whole)), whole
        return
    newest: list[Tree] = []
    for front, big in sums:
        body, one, last = _ascending(big, steps, backwards)
        term = _with(front, body)
        newest.append(reckoned(put(term, one, last)))
        yield (
            _less(after(Tree("sum", (any_one, Tree("paren", (earlier(term),))))), after(any_one)),
            term,
        )
    yield (
        _less(after(Tree("sum", (any_one, added))), after(any_one)),
        _less(after(Tree("sum", (other, added))), after(other)),
    )
    yield (
        after(earlier(whole)),
        Tree("sum", (*([whole] if rest else []), *newest))
        if (rest or len(newest) > 1)
        else newest[0],
    )


def _less(left: Tree, right: Tree) -> Tree:
    return Tree("sum", (Tree("paren", (left,)), Tree("neg", (Tree("paren", (right,)),))))


def _beside(state: Tree, accent: str) -> Tree:
    return Tree("name", (rf"\{accent}{{{base_of(state)}}}",))


def _ascending(big: Tree, steps: Steps, backwards: bool) -> tuple[Tree, str, Tree]:
    """A sum as one whose last term is new at each step: its term, its letter, and its last index.
    Read from its end, \\sum_{k=0}^{t-1} b(k) is \\sum_{k=0}^{t-1} b(t-1-k)."""
    ((one, first, _),) = bound_letters(big.kids[1])
    low, high, body = linear(first), linear(big.kids[2]), big.kids[3]
    if low is None or high is None or set(low) != {""} or not isinstance(body, Tree):
        raise _Other
    if high.get(steps.letter) != 1 or set(high) - {"", steps.letter}:
        raise _Other
    assert steps.last is not None, "a closed form is judged at some steps first"
    if steps.last + high.get("", 0) < low[""] - 1:
        raise _Other  # where its step begins, it would have fewer terms than none
    if backwards:
        turned = {**high, "": high.get("", 0) + low[""], one: -1}
        body = reckoned(put(body, one, spelled(turned)))
    return body, one, spelled(high)


def _parted(tree: Tree, letter: str) -> tuple[list[Tree], list[tuple[list[Tree], Tree]]]:
    """The terms that have no sum over steps, and the sums with what stands before them; a minus
    is a factor."""
    if tree.head == "sum":
        rest: list[Tree] = []
        sums: list[tuple[list[Tree], Tree]] = []
        for term in tree.kids:
            some, more = _parted(term, letter)
            rest += some
            sums += more
        return rest, sums
    if not any(node.head == "big" for node in tree.subtrees()):
        return [tree], []
    if tree.head == "big" and str(tree.kids[0]) == "sum" and len(bound_letters(tree.kids[1])) == 1:
        if isinstance(tree.kids[3], Tree) and any(n.head == "big" for n in tree.kids[3].subtrees()):
            raise _Other
        return [], [([], tree)]
    if tree.head in ("neg", "paren"):
        rest, sums = _parted(tree.kids[0], letter)
        if tree.head == "paren":
            return rest, sums
        minus = Tree("num", ("-1",))
        return [Tree("neg", (Tree("paren", (t,)),)) for t in rest], [
            ([minus, *front], big) for front, big in sums
        ]
    if tree.head == "juxt":
        *front, last = tree.kids
        if all(_is_factor(f) for f in front) and isinstance(last, Tree):
            rest, sums = _parted(last, letter)
            return [Tree("juxt", (*front, Tree("paren", (t,)))) for t in rest], [
                ([*front, *more], big) for more, big in sums
            ]
    raise _Other


def _is_factor(tree: object) -> bool:
    """Whether what stands before a sum multiplies it: \\log does not."""
    if not isinstance(tree, Tree) or any(n.head == "big" for n in tree.subtrees()):
        return False
    word = base_of(tree).lstrip("\\")
    return tree.head in ("num", "frac", "paren", "name", "script") and word not in (
        KNOWN_WORDS | ACTIVATIONS
    )


def _with(front: list[Tree], body: Tree) -> Tree:
    group = body if body.head in ("juxt", "name", "script") else Tree("paren", (body,))
    minus = sum(f == Tree("num", ("-1",)) for f in front) % 2
    front = [f for f in front if f != Tree("num", ("-1",))]
    whole = Tree("juxt", (*front, group)) if front else group
    return Tree("neg", (whole,)) if minus else whole


# ------------------------------------------------------------------------------- its statements


def _setting(items: list[Tree], steps: Steps, family: str, lines: list[Tree]) -> list[Tree]:
    """What is said whatever the step, and the lines of a step, their powers anything."""
    letter = steps.letter
    state = steps.defined[family].kids[0] if family else None
    lines, powers = _any_powers(lines)
    states = [rule.kids[0] for rule in steps.defined.values()]
    kept: list[Tree] = []
    declared: list[Tree] = []
    for item in items:
        if item.head == "chain" and item.kids[1] == Tree("rel", ("in",)):
            (declared if _steps_in(item, letter) else kept).append(item)
        elif not mentions(item, letter) and not numbered([item], states, letter):
            kept.append(item)
    made: list[Tree] = []
    for item in (*declared, *kept):
        if item.head != "chain" or item.kids[1] != Tree("rel", ("in",)):
            continue
        names = item.kids[0].kids if item.kids[0].head == "list" else item.kids[:1]
        for name in names:
            same = _alike(name, lines) if item in declared else []
            if state is not None and name.head == "script" and base_of(name) == base_of(state):
                same += [_beside(state, accent) for accent in ("breve", "acute", "grave")]
            same += [power for power, base in powers.items() if name == _lives(base, items)]
            made += [Tree("chain", (one, *item.kids[1:]), item.span) for one in dict.fromkeys(same)]
    if state is None:
        return [*kept, *made, *lines]
    # A name that only claims have is not known: all of them stand in one sum, of one shape.
    sides = tuple(Tree("paren", (side,)) for line in lines for side in line.kids[::2])
    whole = Tree("chain", (Tree("name", (r"\breve{d}",)), _EQUAL, Tree("sum", sides)), (0, 0))
    return [*kept, *made, whole, *lines]


def _steps_in(item: Tree, letter: str) -> bool:
    return any(True for _ in members(item, letter))


def _alike(name: Tree, lines: list[Tree]) -> list[Tree]:
    """The members of a declared family that the lines mention."""
    return [
        node for line in lines for node in line.subtrees()
        if node.head == "script" and base_of(node) == base_of(name) and node.kids[1] is not None
    ]  # fmt: skip


def _lives(base: Tree, items: list[Tree]) -> Tree | None:
    """The declared name where a power of a base lives: W of W^t, A of (I - \\eta A)^t."""
    found: list[tuple[bool, Tree]] = []
    inside = set(base.subtrees())
    for item in items:
        if item.head == "chain" and item.kids[1] == Tree("rel", ("in",)):
            names = item.kids[0].kids if item.kids[0].head == "list" else item.kids[:1]
            array = item.kids[2].head == "script"
            found += [(not array, name) for name in names if name in inside]
    return min(found, key=lambda pair: pair[0])[1] if found else None


def _any_powers(lines: list[Tree]) -> tuple[list[Tree], dict[Tree, Tree]]:
    """The lines with \\alpha^{t-s+c} as \\alpha^{c} Q; the Q and what they are powers of."""
    least: dict[tuple, int] = {}
    for line in lines:
        for node in line.subtrees():
            if (found := _power(node)) is not None:
                key, n = found
                least[key] = min(n, least.get(key, n))
    if len(least) > len(_POWERS):
        raise _Other
    name = {key: Tree("name", (rf"\breve{{{x}}}",))
            for key, x in zip(least, _POWERS, strict=False)}  # fmt: skip

    def written(node: Tree) -> Tree:
        found = _power(node)
        if found is None:
            return node
        key, n = found
        more = n - least[key]
        if not more:
            return name[key]
        base = key[0]
        front = base if more == 1 else Tree("script", (base, None, spelled({"": more})))
        return Tree("paren", (Tree("juxt", (front, name[key])),), node.span)

    return [line.rewritten(written) for line in lines], {name[k]: k[0] for k in least}


def _power(node: Tree) -> tuple[tuple, int] | None:
    if node.head != "script" or node.kids[2] is None or not isinstance(node.kids[0], Tree):
        return None
    if node.kids[2].head in LABELS:
        return None
    index = linear(node.kids[2])
    if index is None or not set(index) - {""}:
        return None
    base, sub = node.kids[0], node.kids[1]
    base = base if sub is None else Tree("script", (base, sub, None))
    letters = tuple(sorted((x, n) for x, n in index.items() if x))
    return (base, letters), index.get("", 0)
