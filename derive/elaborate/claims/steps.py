r"""Steps of an optimiser as they are written: W_{t+1} = W_t - \eta \nabla L.

The idea: the scripts in which the left side and its own term on the right differ number steps, and
all that a step is made of is of the time at which it starts.
"""

from __future__ import annotations

from derive.elaborate.names.scope import base_of
from derive.elaborate.reading import Reading
from derive.elaborate.statements.shorthand import Mark
from derive.tree import LABELS, Tree

_RATES = frozenset(
    [r"\eta", r"\epsilon", r"\varepsilon", r"\alpha", r"\gamma", r"\tau", r"\rho", r"\delta", "v",
     r"\mathbf{v}", "m"]
)  # fmt: skip


def steps_of(item: Tree, reading: Reading) -> set[Mark]:
    r"""The marks that number the steps of an optimiser: (k+1) and (k) in W^{(k+1)} = W^{(k)} - ..,
    t and t-1 in \theta_t = \theta_{t-1} - ..; none of a chain that is no such step."""
    if item.head != "chain" or not isinstance(item.kids[0], Tree):
        return set()
    left, before = item.kids[0], stepped(item.kids[0], item.kids[2])
    if before is None or left.head != "script":
        return set()
    base, *marks = left.kids
    others = before.kids[1:] if before.head == "script" else (None,) * len(marks)
    found: set[Mark] = set()
    for k, (mark, other) in enumerate(zip(marks, others, strict=True)):
        if mark is None or mark == other:
            continue
        kept = [None if j == k else m for j, m in enumerate(marks)]
        bare = Tree("script", (base, *kept)) if any(kept) else base
        # \theta^* is no use of \theta: what is looked for has not even a mark
        met = (
            bare.kids[0] in reading.scope.whole
            if bare.head == "name"
            else (reading.scope.use_of(bare) in reading.scope.uses)
        )
        if met:
            for script in (mark, other) if other is not None else (mark,):
                number = not any(part.head == "name" for part in script.subtrees())
                found.add(Mark(k + 1, script, base_of(base) if number else ""))
    return found


def out_of_step(item: Tree) -> Tree | None:
    r"""What the right side of a step has of the quantity at another time than the step starts from:
    the W_{t+1} of W_{t+1} = W_t - \eta \nabla J(W_{t+1}); None where all is of that time."""
    left, before = item.kids[0], stepped(item.kids[0], item.kids[2])
    if before is None:
        return None
    # The scripts that tell times apart: W_2^{(k+1)} and W_2^{(k)} are W_2 at two times.
    marks = [k for k in (1, 2) if _script(left, k) != _script(before, k)]

    def timeless(name: Tree) -> Tree:
        kept = [None if k in marks else _script(name, k) for k in (1, 2)]
        base = name.kids[0] if name.head == "script" else name
        return Tree("script", (base, *kept)) if any(kept) else base

    (start, end), stack = item.kids[2].span, [item.kids[2]]
    while stack:
        node = stack.pop()
        if isinstance(node, tuple):
            stack += node
        if not isinstance(node, Tree) or node == before:
            continue
        if base_of(node) and node.head in ("name", "script"):
            # What J alone is applied to was written elsewhere.
            if timeless(node) != timeless(left) or not start <= node.span[0] < end:
                continue
            timed = any(_script(node, k) is not None for k in marks)
            if timed or any(_script(before, k) is not None for k in marks):
                return node
        # What a derivative is taken by is a name, and no value.
        inside = {"deriv": node.kids[:1], "grad": node.kids[1:]}.get(node.head, node.kids)
        stack += inside
    return None


def _script(name: Tree, k: int) -> Tree | None:
    found = name.kids[k] if name.head == "script" else None
    return found if isinstance(found, Tree) else None


def _numbers_steps(mark: Tree, before: Tree | None) -> bool:
    """Whether a superscript counts steps: (k), [t], or k + 1 after k; A^2 = A + B has a power."""
    if mark.head in LABELS:
        return True
    return mark.head == "sum" and before in mark.kids and Tree("num", ("1",)) in mark.kids


def stepped(left: Tree, right: Tree) -> Tree | None:
    """The term of a sum that is what the left side was a step earlier: \\theta_{t-1} of
    \\theta_{t-1} + v_t, the W of W - \\eta \\nabla L; None where there is none."""
    if right.head != "sum" or not base_of(left) or base_of(left) == r"\delta":
        return None
    if not any(_learns(node) for node in right.subtrees()):
        return None  # x_1 = x_0 + F(x_0) is a layer, not a step
    bare = left.kids[0] if left.head == "script" else left
    for whole in right.kids:
        term = _decayed(whole) or whole
        if not isinstance(term, Tree) or not base_of(term):
            continue
        before = term.kids[0] if term.head == "script" else term
        above, other = (t.kids[2] if t.head == "script" else None for t in (left, term))
        if before == bare and (above is None or above == other or _numbers_steps(above, other)):
            return term
    return None


def _decayed(term: Tree) -> Tree | None:
    r"""The W_t of (1 - \eta \lambda) W_t: weight decay; not the v of \alpha v, a velocity."""
    match term:
        case Tree("juxt", (Tree("paren", (Tree("sum", (Tree("num", ("1",)), Tree())),)), last)):
            return last if base_of(last) and base_of(last) not in _RATES else None
    return None


def _learns(node: Tree) -> bool:
    """A derivative, a learning rate or a velocity: what a step of an optimiser is made of."""
    return node.head in ("deriv", "grad") or (node.head == "name" and node.kids[0] in _RATES)
