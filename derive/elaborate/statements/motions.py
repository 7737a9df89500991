r"""Time: \dot V = 2 x^\top P \dot x of V = x^\top P x, \frac{dL}{dt} along \dot w = -\nabla L(w).

The idea: what has a dot moves, and what has none stands still; \dot V of a defined V is its
derivative along the dots of what it is made of, whether these are free or a law says what they are.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from derive.elaborate.dispatch import rule, said, value_of
from derive.elaborate.faults import Fault
from derive.elaborate.names.ranks import DOTS
from derive.elaborate.names.scope import base_of, names_in
from derive.elaborate.reading import Env, Reading
from derive.elaborate.statements.alone import DEFINES
from derive.elaborate.values import Value
from derive.kernel.calculus import pushforward
from derive.kernel.expr import Expr, Var
from derive.kernel.sizes import SizeError
from derive.latex.print import latex
from derive.tree import Tree


def with_motions(items: Sequence[Tree]) -> list[Tree]:
    """The statements with every derivative by time of a defined quantity or of a formula along
    what moves, where the document writes velocities with dots or by a time without a name."""
    time = _time(items)
    stripped = [_without_time(item, time) for item in items] if time is not None else list(items)
    lefts = {latex(_head(item)) for item in stripped if _defines(item)} - {""}
    lefts |= {latex(name) for item in stripped for name in _differentiated(item)}
    if time is not None:
        t = time
        stripped = [item.rewritten(lambda n: _dotted(n, t, lefts)) for item in stripped]
    names = [_unraised(node) for item in stripped for node in names_in([item])]
    moving = {
        latex(inner): (inner, node) for node in names
        if (inner := _undotted(node)) is not None and latex(inner) not in lefts
    }  # fmt: skip
    laws = any(_defines(item) and _undotted(_head(item)) is not None and
               latex(_undotted(_head(item)) or item) in moving for item in stripped)  # fmt: skip
    if not moving or (any(_is_timed(item) for item in items) and not laws):
        return list(items)  # x(t) is a function, and \dot x(t) its derivative
    motions = _Motions(stripped, lefts, moving, time)
    return [motions.written_out(item) for item in stripped]


class _Motions:
    def __init__(
        self, items: Sequence[Tree], lefts: set[str], moving: dict[str, tuple[Tree, Tree]],
        time: Tree | None,
    ) -> None:  # fmt: skip
        self.lefts, self.time = lefts, time
        self.brackets = dict(_brackets(items))
        names = Tree("list", tuple(inner for inner, _ in moving.values()))
        self.along = (names, Tree("list", tuple(node for _, node in moving.values())))

    def written_out(self, item: Tree) -> Tree:
        return item.rewritten(self._moved)

    def _moved(self, node: Tree) -> Tree:
        match node:
            case Tree("juxt", kids):
                return self._product(node, kids)
            case Tree("deriv", (Tree() as of, by, order)) if by == self.time and by is not None:
                found = of
                for _ in range(int(order) if str(order).isdigit() else 0):
                    found = self._along(found, node.span)
                return node if found is of else found
        inner = _undotted(node)
        if inner is not None and latex(inner) in self.lefts:
            return self._along(inner, node.span)
        return node

    def _product(self, node: Tree, kids: tuple) -> Tree:
        r"""\dot V(x) is \dot V, where V(x) is what is defined."""
        kept: list[Tree] = []
        for kid in kids:
            before = kept[-1] if kept else None
            applied = before is not None and before.head == "motion" and kid.head == "paren"
            if not (applied and kid == self.brackets.get(latex(_name(before.kids[0])))):  # type: ignore[union-attr]
                kept.append(kid)
        if len(kept) == len(kids):
            return node
        return kept[0] if len(kept) == 1 else Tree("juxt", tuple(kept), node.span)

    def _along(self, of: Tree, span: tuple[int, int]) -> Tree:
        bracket = self.brackets.get(latex(of)) if base_of(of) else None
        of = of if bracket is None else Tree("juxt", (of, bracket), of.span)
        return Tree("motion", (of, *self.along), span)


def _name(of: Tree) -> Tree:
    return of.kids[0] if of.head == "juxt" else of


def _time(items: Sequence[Tree]) -> Tree | None:
    r"""The t of \frac{d}{dt}, where it stands nowhere else but in x(t)."""
    by = {n.kids[1] for item in items for n in item.subtrees()
          if n.head == "deriv" and n.kids[1] == Tree("name", ("t",))}  # fmt: skip
    dots = any(_undotted(n) is not None for item in items for n in item.subtrees())
    if not by and not dots:
        return None
    time = Tree("name", ("t",))
    counted = sum(n == time for item in items for n in item.subtrees() if item.head == "chain")
    derived = sum(n.head == "deriv" and n.kids[1] == time
                  for item in items for n in item.subtrees() if item.head == "chain")  # fmt: skip
    bracketed = sum(n == Tree("paren", (time,))
                    for item in items for n in item.subtrees() if item.head == "chain")  # fmt: skip
    return time if counted == derived + bracketed else None


def _is_timed(item: Tree) -> bool:
    bracket = Tree("paren", (Tree("name", ("t",)),))
    return any(node == bracket for node in item.subtrees())


def _without_time(item: Tree, time: Tree) -> Tree:
    bracket = Tree("paren", (time,))

    def stripped(node: Tree) -> Tree:
        if node.head != "juxt":
            return node
        kept: list[Tree] = []
        for kid in node.kids:
            applied = kept and base_of(kept[-1])
            match kid:
                case Tree("paren") if applied and kid == bracket:
                    continue
                case Tree("script", (inner, *scripts)) if applied and inner == bracket:
                    kid = Tree("script", (kept.pop(), *scripts), kid.span)  # \dot x(t)^\top
            kept.append(kid)
        if len(kept) == len(node.kids) and all(
            a is b for a, b in zip(kept, node.kids, strict=True)
        ):
            return node
        return kept[0] if len(kept) == 1 else Tree("juxt", tuple(kept), node.span)

    return item.rewritten(stripped)


def _dotted(node: Tree, time: Tree, lefts: set[str]) -> Tree:
    r"""\frac{dw}{dt} as \dot w, where w is a variable."""
    match node:
        case Tree("deriv", (Tree() as of, by, str(order))) if by == time and order in ("1", "2"):
            name = of.kids[0] if of.head == "script" and of.kids[2] is None else of
            if base_of(of) and name.head == "name" and latex(of) not in lefts:
                dot = Tree("name", (f"{DOTS[int(order) - 1]}{name.kids[0]}}}",), node.span)
                return dot if name is of else Tree("script", (dot, *of.kids[1:]), node.span)
    return node


def _unraised(name: Tree) -> Tree:
    r"""The \dot x of \dot x^\top."""
    if name.head != "script" or name.kids[2] is None:
        return name
    base, sub, _ = name.kids
    return base if sub is None else Tree("script", (base, sub, None), name.span)


def _undotted(node: Tree) -> Tree | None:
    r"""The x of \dot x, the \dot x of \ddot x."""
    match node:
        case Tree("name", (str(name),)):
            for k, opening in enumerate(DOTS):
                if name.startswith(opening):
                    inner = name[len(opening) : -1]
                    return Tree("name", (f"{DOTS[k - 1]}{inner}}}" if k else inner,), node.span)
        case Tree("script", (Tree("name") as base, Tree() as sub, None)):
            inner = _undotted(base)
            return None if inner is None else Tree("script", (inner, sub, None), node.span)
    return None


def _defines(item: Tree) -> bool:
    return item.head == "chain" and item.kids[0] is not None and str(
        item.kids[1].kids[0]) in DEFINES  # fmt: skip


def _head(item: Tree) -> Tree:
    left = item.kids[0]
    if left.head == "juxt" and len(left.kids) == 2 and left.kids[1].head == "paren":
        return left.kids[0]
    return left if base_of(left) else Tree("empty")


def _differentiated(item: Tree) -> Iterator[Tree]:
    r"""The V of \nabla V(x), which is a function and moves with what it is of."""
    for node in item.subtrees():
        if node.head == "grad" and isinstance(node.kids[1], Tree):
            yield _name(node.kids[1])


def _brackets(items: Sequence[Tree]) -> Iterator[tuple[str, Tree]]:
    """The names that are only ever applied to one thing, and that."""
    seen: dict[str, set[Tree]] = {}
    for item in items:
        for node in item.subtrees():
            for before, after in zip(node.kids, node.kids[1:], strict=False) if (
                node.head == "juxt") else ():  # fmt: skip
                if base_of(before) and after.head == "paren":
                    seen.setdefault(latex(before), set()).add(after)
    for name, several in seen.items():
        if len(several) == 1:
            yield name, several.pop()


@rule("motion")
def motion_value(reading: Reading, tree: Tree, env: Env) -> Value:
    """The derivative along the velocities of what moves."""
    of, names, velocities = tree.kids
    value = value_of(reading, of, env)
    tangents: dict[Expr, Expr] = {}
    for name, velocity in zip(names.kids, velocities.kids, strict=True):
        moved = value_of(reading, name, env)
        if not isinstance(moved.expr, Var) or moved.opens:
            continue
        tangent = value_of(reading, velocity, env)
        try:
            if tangent.opens or len(tangent.expr.axes) != len(moved.expr.axes):
                raise SizeError
            for m, n in zip(tangent.expr.axes, moved.expr.axes, strict=True):
                reading.sizes.unify(m, n)
        except SizeError:
            told = f"{said(velocity)} is {tangent.shape_text()}, {said(name)} {moved.shape_text()}"
            raise Fault("shape-clash", told, tree) from None
        tangents[moved.expr] = tangent.expr
    current = {reading.sizes.current(Value(x)).expr: reading.sizes.current(Value(v)).expr
               for x, v in tangents.items()}  # fmt: skip
    whole = reading.sizes.current(value)
    return Value(pushforward(whole.expr, current), whole.opens, whole.row)
