r"""One backward sweep, cut at the names: a short line for every δ.

The idea: at a named node the cotangent becomes a symbol of its own, ``\delta_{\mathbf{z}}``, so the
line below is written in terms of the line above and its length does not depend on the depth.  The
rules are the pullbacks of ``derive.calculus``; nothing is differentiated here.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from derive.build import ONE, collected, is_zero, rebuilt, spread
from derive.calculus import pullback
from derive.expr import Add, Call, Contract, Delta, Expr, Map, Name, Num, Ones, Var, toposort
from derive.names import parts, symbol_tree
from derive.reasons import Word, joined, word
from derive.tree import Tree


def is_named(node: Expr) -> bool:
    return isinstance(node, Call) and isinstance(node.op, Name)


def symbol_of(node: Expr) -> tuple[str, tuple[str, ...]] | None:
    """The LaTeX of a variable or named node with its slots, and the letters of those."""
    match node:
        case Var(name, _, letters) | Call(Name(name, letters)):
            return name, letters
        case _:
            return None


def filled(symbol: str, letters: Sequence[str]) -> str:
    """A symbol with letters in its slots."""
    for k, letter in enumerate(letters, 1):
        symbol = symbol.replace(f"#{k}", letter)
    return symbol


# ------------------------------------------------------------------------- expressions, cut short


def local_order(root: Expr, stop: Callable[[Expr], bool]) -> list[Expr]:
    """The nodes below a root, kids first, not looking below those where ``stop`` holds."""
    order: list[Expr] = []
    seen: set[Expr] = set()
    stack: list[tuple[Expr, bool]] = [(root, False)]
    while stack:
        node, done = stack.pop()
        if done:
            order.append(node)
        elif node not in seen:
            seen.add(node)
            stack.append((node, True))
            if not stop(node):
                stack.extend((kid, False) for kid in reversed(node.kids))
    return order


def downward(root: Expr) -> list[Expr]:
    """Every node below a root, parents before kids, and the kids of a node as they are written."""
    order: list[Expr] = []
    seen: set[Expr] = set()
    stack: list[tuple[Expr, bool]] = [(root, False)]
    while stack:
        node, done = stack.pop()
        if done:
            order.append(node)
        elif node not in seen:
            seen.add(node)
            stack.append((node, True))
            stack.extend((kid, False) for kid in node.kids)  # the last one first
    return order[::-1]


def replaced(root: Expr, by: Mapping[Expr, Expr], closed: bool = True) -> Expr:
    """The expression with some nodes replaced; names are not looked into where ``closed``."""
    made: dict[Expr, Expr] = {}
    for node in local_order(root, lambda n: n in by or (closed and is_named(n))):
        if node in by:
            made[node] = by[node]
        elif closed and is_named(node):
            made[node] = node
        else:
            made[node] = rebuilt(node, [made[kid] for kid in node.kids])
    return made[root]


def opened(root: Expr) -> Expr:
    """The expression with every name replaced by what it stands for."""
    made: dict[Expr, Expr] = {}
    for node in toposort(root):
        kids = [made[kid] for kid in node.kids]
        made[node] = kids[0] if is_named(node) else rebuilt(node, kids)
    return made[root]


# ----------------------------------------------------------------------------- names for the sheet

_LETTERS = "uvsqrahgk"
# Their arguments are short as they stand: the log of a probability, a norm, a quotient.
_PLAIN = frozenset({"power", "log", "abs"})


def auxiliaries(
    roots: Sequence[Expr],
    parameters: Iterable[Expr],
    taken: Iterable[str],
    bold: bool,
    asked: Iterable[Expr] = (),
) -> dict[Expr, Var]:
    """Symbols for what has no name and needs a δ.

    That is the arguments of nonlinear functions and what is used more than once, if parameters
    enter there without passing a name; and what is asked for.
    """
    order = toposort(*roots)
    uses: dict[Expr, int] = {}
    arguments: set[Expr] = set()
    bodies: set[Expr] = set()
    for node in order:
        for kid in node.kids:
            uses[kid] = uses.get(kid, 0) + 1
        match node:
            case Call(Name(), (body,)):
                bodies.add(body)
            case Map(fn, args) if fn.name not in _PLAIN:
                arguments.update(args)
            case Call(_, args):
                arguments.update(args)
            case _:
                pass
    letter = _unused_letter(taken)
    direct, forced = set(parameters), set(asked)
    slots: dict[Expr, tuple[str | None, ...]] = {}
    chosen: dict[Expr, Var] = {}
    for node in order:
        slots[node] = _slots(node, slots)
        below = not is_named(node) and any(kid in direct for kid in node.kids)
        if not below and node not in forced:
            continue
        wanted = node in arguments or uses.get(node, 0) > 1
        if node in forced or (wanted and node not in bodies and not _is_one_factor(node)):
            chosen[node] = _auxiliary(letter, len(chosen) + 1, node, slots[node], bold)
        else:
            direct.add(node)
    return chosen


def _is_one_factor(node: Expr) -> bool:
    """A variable spread, scaled or transposed: nothing that would deserve a name."""
    return (
        isinstance(node, Contract)
        and sum(not isinstance(f, Num | Ones | Delta) for f in node.factors) == 1
    )


def _unused_letter(taken: Iterable[str]) -> str:
    cores = set()
    for symbol in taken:
        base = symbol_tree(symbol)
        while base.head != "name":
            base = base.kids[0]
        cores.add(parts(str(base.kids[0])).core.lower())
    return next((letter for letter in _LETTERS if letter not in cores), r"\upsilon")


def _auxiliary(
    letter: str, count: int, node: Expr, slots: tuple[str | None, ...], bold: bool
) -> Var:
    labels: list[str] = []
    for slot in slots:
        if slot is None:
            break
        labels.append(slot)
    rank = len(node.axes) - len(labels)
    base = letter.upper() if rank > 1 and len(letter) == 1 else letter
    if bold and rank:
        base = rf"\mathbf{{{base}}}" if len(letter) == 1 else rf"\boldsymbol{{{base}}}"
    marks = ",".join(f"#{k}" for k in range(1, len(labels) + 1))
    label = f"^{{({marks})}}" if labels else ""
    return Var(f"{base}_{{{count}}}{label}", node.axes, tuple(labels))


def _slots(node: Expr, known: Mapping[Expr, tuple]) -> tuple[str | None, ...]:
    """For every axis the letter it is labelled with (a sample, a class), or None."""
    own = symbol_of(node)
    if own is not None:
        return (*own[1], *(None,) * (len(node.axes) - len(own[1])))
    match node:
        case Contract(factors, indices, out):
            letters = {
                i: letter
                for factor, spots in zip(factors, indices, strict=True)
                for i, letter in zip(spots, known[factor], strict=True)
                if letter is not None
            }
            return tuple(letters.get(i) for i in out)
        case Add(kids) | Map(_, kids) if kids:
            rows = [known[kid] for kid in kids]
            return tuple(next((a for a in column if a is not None), None) for column in zip(*rows))
        case Call(_, (first, *_)):
            got = known[first][: len(node.axes)]
            return (*got, *(None,) * (len(node.axes) - len(got)))
        case _:
            return (None,) * len(node.axes)


def delta_of(symbol: str, letters: tuple[str, ...], axes: tuple, mark: str = "") -> Var:
    r"""The cotangent of a symbol as a symbol: ``\delta_{\mathbf{z}_1}^{(i)}`` of z_1^{(i)}."""
    label = ""
    if match := re.search(r"\^\{?(\(?#[^{}]*)\}?$", symbol):
        symbol, label = symbol[: match.start()], f"^{{{match[1]}}}"
    return Var(rf"\delta{mark}_{{{symbol}}}{label}", axes, letters)


# -------------------------------------------------------------------------------------- the sweep


@dataclass(frozen=True, slots=True)
class Line:
    """The cotangent of one node in terms of the δ's before it; ``delta`` is its own symbol."""

    node: Expr
    delta: Var | None
    cotangent: Expr
    trail: tuple[Word, ...]
    uses: int


class _Arrival(NamedTuple):
    cotangent: Expr
    trail: tuple[Word, ...]
    use: object  # what is one use: the squares of a norm are


def sweep(
    loss: Expr,
    wrt: Iterable[Expr],
    deltas: Mapping[Expr, Var],
    flows: dict[tuple[Expr, Expr], list[Expr]] | None = None,
) -> list[Line]:
    """The lines of one backward pass, from the loss down.

    ``deltas`` gives the symbol of the cotangent of every node that has one; lines without symbol
    are those of ``wrt``.  A loss with axes (one entry a sample) is swept as the sum of its entries.
    What flows back along each edge, from a node to a kid, is filed in ``flows``.
    """
    order = downward(loss)
    wanted = set(wrt)
    matters = set(wanted)
    for node in reversed(order):
        if node not in matters and any(kid in matters for kid in node.kids):
            matters.add(node)
    seed = spread(ONE, loss.axes) if loss.axes else ONE
    arriving: dict[Expr, list[_Arrival]] = {loss: [_Arrival(seed, (), None)]}
    lines: list[Line] = []
    for node in order:
        arrivals = arriving.pop(node, None)
        if arrivals is None or node not in matters:
            continue
        cotangent = collected([a.cotangent for a in arrivals])
        trail: tuple[Word, ...] = ()
        for arrival in arrivals:
            trail = joined(trail, arrival.trail)
        if node is not loss and (node in deltas or node in wanted):
            uses = len({a.use for a in arrivals})
            delta = deltas.get(node)
            lines.append(Line(node, delta, cotangent, trail, uses))
            if delta is not None and not is_zero(cotangent):
                cotangent = delta
            trail = ()
        if is_zero(cotangent):
            continue
        for k, share in enumerate(pullback(node, cotangent)):
            if share.kid not in matters:
                continue
            if flows is not None:
                flows.setdefault((node, share.kid), []).append(share.cotangent)
            said = word(share)
            along = trail if said is None else joined(trail, (said,))
            use = (node, "norm" if said is not None and said.rule == "norm" else k)
            arriving.setdefault(share.kid, []).append(_Arrival(share.cotangent, along, use))
    return lines


def weight(root: Expr, known: Mapping[Expr, int]) -> int:
    """How many symbols and numbers it takes to write an expression; a name is one."""
    count: dict[Expr, int] = {}
    for node in local_order(root, lambda n: n in known or is_named(n)):
        if node in known:
            count[node] = known[node]
        elif not node.kids or is_named(node):
            count[node] = 1
        else:
            counted = [k for k in node.kids if not (isinstance(k, Num) and k.value in (1, -1))]
            extra = isinstance(node, Map | Call)
            count[node] = sum(count[kid] for kid in counted) + extra
    return count[root]


def label_tree(node: Expr) -> Tree | None:
    """The symbol of a variable or named node, its slots filled with their own letters."""
    own = symbol_of(node)
    return None if own is None else Tree("name", (filled(*own),))
