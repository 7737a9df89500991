"""Where a long formula may break: before relations, then before signs, then between factors.

The idea: a line is cut into pieces that each stand for themselves; the page flows the pieces like
words, so a formula breaks only where the page is too narrow for it, and always at the loosest sign.
"""

from __future__ import annotations

from derive.notation import FENCES
from derive.notation.names import parts
from derive.notation.setting import is_tall
from derive.notation.written import written
from derive.tree import Tree

ROOM = 21.0  # in em: what is narrower than this is never cut

TEXT_ROOM = 11.0  # the same among words, where the column may be narrow


def pieces(formula: Tree, room: float = ROOM) -> tuple[Tree, ...]:
    """The formula in pieces, in order; each goes on from the one before it.

    A piece that goes on starts with its relation (a chain whose first kid is None), its sign (a sum
    whose first kid is None), or its multiplication sign.  Pieces are written trees; the two halves
    of a bracket that was cut open are ``open`` and ``close`` [s fence, bool tall], which only the
    printers know.
    """
    return tuple(_pieces(written(formula), room))


def sides(formula: Tree) -> tuple[tuple[Tree, ...], ...]:
    """The pieces of a formula, those of each side of a chain together, the left with the first.

    A line is better broken before a relation than within a side.
    """
    groups: list[list[Tree]] = [[]]
    relations = 0
    for piece in pieces(formula):
        if piece.head == "chain" and piece.kids[0] is None:
            relations += 1
            if relations > 1:
                groups.append([])
        groups[-1].append(piece)
    return tuple(tuple(group) for group in groups)


def in_text(formula: Tree) -> tuple[Tree, ...]:
    """The pieces of a formula among words: one where it is short, as most are."""
    ready = written(formula)
    return (ready,) if width(ready) <= TEXT_ROOM else pieces(ready, TEXT_ROOM)


def _pieces(node: Tree, room: float) -> list[Tree]:
    if node.head == "chain":
        cut: list[Tree] = []
        first, rest = node.kids[0], node.kids[1:]
        if first is not None:
            cut += _pieces(first, room)
        for relation, side in zip(rest[::2], rest[1::2], strict=False):
            head, *tail = _pieces(side, room)
            cut += [Tree("chain", (None, relation, head)), *tail]
        return cut
    if width(node) <= room:
        return [node]
    if node.head == "sum":
        first, rest = node.kids[0], node.kids[1:]
        cut = [] if first is None else _pieces(first, room)
        for term in rest:
            head, *tail = _pieces(term, room)
            cut += [Tree("sum", (None, head)), *tail]
        return cut
    if node.head == "neg":
        head, *tail = _pieces(node.kids[0], room)
        return [Tree("neg", (head,)), *tail]
    return _factors(node.kids if node.head == "juxt" else (node,), room)


def _factors(kids: tuple, room: float) -> list[Tree]:
    """A product cut before its written signs; what is too wide even so, inside its brackets."""
    runs: list[list[Tree]] = [[]]
    for kid in kids:
        if kid.head == "op" and kid.kids[0] != "/" and runs[-1]:
            runs.append([])
        runs[-1].append(kid)
    return [piece for run in runs for piece in _opened(run, room)]


def _opened(run: list[Tree], room: float) -> list[Tree]:
    """A run of factors: whole if it fits, else cut inside its widest bracket, else in a row."""
    widths = [width(kid) for kid in run]
    if sum(widths) <= room:
        return [_row(run)]
    at = max(range(len(run)), key=lambda place: widths[place])
    scripted = run[at].head == "script"
    base: Tree = run[at].kids[0] if scripted else run[at]
    if base.head not in FENCES or widths[at] <= room / 2:
        return _filled(run, widths, room)
    inside = base.kids[0]
    tall = is_tall(inside)
    opener, closer = Tree("open", (base.head, tall)), Tree("close", (base.head, tall))
    cut = _pieces(inside, room)
    cut[0] = _row([*run[:at], opener, *_flat(cut[0])])
    if scripted:
        closer = Tree("script", (closer, *run[at].kids[1:]))
    return [*cut[:-1], _row([*_flat(cut[-1]), closer, *run[at + 1 :]])]


def _filled(run: list[Tree], widths: list[float], room: float) -> list[Tree]:
    """Factors side by side, a new piece wherever the next one would not fit."""
    rows: list[list[Tree]] = [[]]
    used = 0.0
    for kid, wide in zip(run, widths, strict=True):
        if rows[-1] and used + wide > room and rows[-1][-1].head not in ("op", "open"):
            rows.append([])
            used = 0.0
        rows[-1].append(kid)
        used += wide
    return [_row(row) for row in rows]


def _flat(node: Tree) -> tuple:
    return node.kids if node.head == "juxt" else (node,)


def _row(kids: list[Tree]) -> Tree:
    return kids[0] if len(kids) == 1 else Tree("juxt", tuple(kids))


def width(node: Tree) -> float:
    """About how wide a written tree is when set, in em."""
    head, kids = node.head, node.kids
    match head:
        case "name":
            core = parts(kids[0]).core
            if core.startswith("\\"):
                return 0.65
            return sum(0.95 if letter.isupper() else 0.58 for letter in core)
        case "num" | "text":
            return 0.5 * len(kids[0])
        case "op" | "rel":
            return 1.2
        case "neg" | "pm":
            return 0.8 + width(kids[0])
        case "sum":
            return sum(width(kid) + 1.2 for kid in kids if kid is not None) - 1.2
        case "frac":
            return max(map(width, kids)) + 0.2
        case "deriv":
            of, by, _ = kids
            return max(0.6 + (0 if of is None else width(of)), 0.6 + width(by)) + 0.2
        case "script":
            base, *scripts = kids
            return width(base) + 0.7 * max(width(kid) for kid in scripts if kid is not None)
        case "list" | "semi":
            return sum(width(kid) + 0.5 for kid in kids)
        case "env":
            return max((sum(width(cell) + 1.0 for cell in row) for row in kids[1]), default=0.0)
        case "big":
            limits = [0.7 * width(kid) for kid in kids[1:3] if kid is not None]
            body = 0.0 if kids[3] is None else width(kids[3])
            return max([1.4, *limits]) + body
        case _ if head in FENCES:
            return 0.8 + width(kids[0])
        case _:
            return sum(width(kid) for kid in kids if isinstance(kid, Tree))
