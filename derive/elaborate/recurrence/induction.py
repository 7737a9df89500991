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

from derive.elaborate.names.scope import ACTIVATIONS, KNOWN_WORDS, NUMBER_LETTERS, base_of
from derive.elaborate.recurrence.indices import linear, reckoned, spelled
from derive.elaborate.recurrence.sequences import numbered
from derive.elaborate.recurrence.steps import (
    Steps,
    defines,
    made_at_steps,
    members,
    mentions,
    put,
)
from derive.elaborate.terms.limits import bound_letters
from derive.latex.print import latex
from derive.tree import LABELS, Tree

_EQUAL, _IN = Tree("rel", ("=",)), Tree("rel", ("in",))


class Other(Exception):
    """A claim that is no closed form."""


def inductions(items: Iterable[Tree], steps: Steps) -> Iterator[tuple[Tree, list[Tree]]]:
    """Each closed form that is claimed, with statements all of whose claims must hold for its step;
    one that can be written in several ways comes as often."""
    items = list(items)
    spans = {item.span for item in steps.defined.values()}
    for item in map(lambda one: solved(one, steps), items):
        member = defines(item, steps.letter)
        if member is None or member.family not in steps.carried or item.span in spans:
            continue
        if member.offset != 0 or any(sign != _EQUAL for sign in item.kids[1::2]):
            continue
        for backwards in (False, True):
            places: dict[Tree, Tree] = {}
            try:
                lines = [
                    line for right in item.kids[2::2]
                    for line in _step(member.family, right, steps, backwards, places)
                ]  # fmt: skip
            except Other:
                continue
            yield item, _setting(items, steps, member.family, [
                *(Tree("chain", (name, _EQUAL, value), (0, 0)) for value, name in places.items()),
                *(Tree("chain", (left, _EQUAL, right), item.span) for left, right in lines),
            ])  # fmt: skip


def solved(item: Tree, steps: Steps) -> Tree:
    r"""x_t - x^* = A^t (x_0 - x^*) as x_t = x^* + A^t (x_0 - x^*)."""
    if item.head != "chain" or len(item.kids) != 3 or item.kids[1] != _EQUAL:
        return item
    left, sign, right = item.kids
    if not isinstance(left, Tree) or left.head != "sum":
        return item
    states = [term for term in left.kids if any(members(term, steps.letter))]
    if len(states) != 1 or states[0].head != "script":
        return item
    rest = [kid.kids[0] if kid.head == "neg" else Tree("neg", (kid,)) for kid in left.kids
            if kid is not states[0]]  # fmt: skip
    return Tree("chain", (states[0], sign, Tree("sum", (*rest, right))), item.span)


def _step(
    family: str, right: Tree, steps: Steps, backwards: bool, places: dict[Tree, Tree]
) -> Iterator[tuple[Tree, Tree]]:
    """The equations that say that a closed form gives itself a step later; ``places`` are filled
    with names for the values at which a gradient is taken."""
    letter, rule = steps.letter, steps.defined[family]
    state = rule.kids[0]
    # What else is made in steps is as good as given: the claim is shown whatever it is.
    if any(m.family == family for m in members(right, letter)):
        raise Other
    before = put(state, letter, spelled({letter: 1, "": -1}))
    any_one, other, added = (_beside(state, accent) for accent in ("breve", "acute", "grave"))

    graded = any(node.head == "grad" for node in rule.kids[2].subtrees())

    def after(value: Tree) -> Tree:
        """F of a value."""
        group = Tree("paren", (value,))
        if graded and not base_of(value):
            name = Tree("name", (rf"\breve{{{base_of(state)}_{{{len(places)}}}}}",))
            group = places.setdefault(value, name)
        body = rule.kids[2].rewritten(lambda node: group if node == before else node)
        if any(m.family == family for m in members(body, letter)):
            raise Other
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
        raise Other
    if high.get(steps.letter) != 1 or set(high) - {"", steps.letter}:
        raise Other
    assert steps.last is not None, "a closed form is judged at some steps first"
    if steps.last + high.get("", 0) < low[""] - 1:
        raise Other  # where its step begins, it would have fewer terms than none
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
            raise Other
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
    raise Other


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
    state = steps.defined[family].kids[0]
    lines, powers = any_powers(lines)
    states = [rule.kids[0] for rule in made_at_steps(items, steps).values()]
    kept: list[Tree] = []
    declared: list[Tree] = []
    for item in items:
        if item.head == "chain" and item.kids[1] == _IN:
            (declared if _steps_in(item, letter) else kept).append(item)
        elif not mentions(item, letter) and not numbered([item], states, letter):
            kept.append(item)
    made: list[Tree] = []
    for item in (*declared, *kept):
        if item.head != "chain" or item.kids[1] != _IN:
            continue
        names = item.kids[0].kids if item.kids[0].head == "list" else item.kids[:1]
        for name in names:
            same = _alike(name, lines) if item in declared else []
            if name.head == "script" and base_of(name) == base_of(state):
                same += [_beside(state, accent) for accent in ("breve", "acute", "grave")]
            made += [Tree("chain", (one, *item.kids[1:]), item.span) for one in dict.fromkeys(same)]
    made += where_powers_live(powers, items)
    # A name that only claims have is not known: all of them stand in one sum, of one shape.
    sides = tuple(Tree("paren", (side,)) for line in lines for side in line.kids[::2]
                  if line.span != (0, 0) or side is line.kids[0])  # fmt: skip
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


def where_powers_live(powers: dict[Tree, Tree], items: list[Tree]) -> Iterator[Tree]:
    r"""What declares the powers as their bases are declared: as W is those of W^t, and A those of
    (I - \\eta A)^t.  A base that nothing declares is a number if its letter is one by custom."""
    for power, base in powers.items():
        inside, found = set(base.subtrees()), []
        for item in items:
            if item.head == "chain" and item.kids[1] == _IN:
                names = item.kids[0].kids if item.kids[0].head == "list" else item.kids[:1]
                array = item.kids[2].head == "script"
                found += [(not array, item.kids[2]) for name in names if name in inside]
        if found:
            yield Tree("chain", (power, _IN, min(found, key=lambda pair: pair[0])[1]), (0, 0))
        elif base_of(base) in NUMBER_LETTERS:
            yield Tree("chain", (power, _IN, Tree("name", (r"\mathbb{R}",))), (0, 0))


def any_powers(lines: list[Tree]) -> tuple[list[Tree], dict[Tree, Tree]]:
    """The lines with \\alpha^{t-s+c} as \\alpha^{c} Q; the Q and what they are powers of."""
    least: dict[tuple, int] = {}
    for line in lines:
        for node in line.subtrees():
            if (found := _power(node)) is not None:
                key, n = found
                least[key] = min(n, least.get(key, n))
    name = {
        (base, letters): stands_for(_raised(base, letters, n))
        for (base, letters), n in least.items()
    }

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


def _raised(base: Tree, letters: tuple[tuple[str, int], ...], n: int) -> Tree:
    above = spelled({**dict(letters), "": n})
    if base.head == "script" and base.kids[2] is None:
        return Tree("script", (*base.kids[:2], above))
    return Tree("script", (base, None, above))


def stands_for(tree: Tree) -> Tree:
    """A name for anything in the place of a formula, which is told by it."""
    return Tree("name", (rf"\breve{{{latex(tree)}}}",), tree.span)


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
