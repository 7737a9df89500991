r"""Names that a document does not have and a worked solution needs: ``\mathbf{u}_1 = W_1 x``.

The idea: an expression gets one where its cotangent deserves a line of its own.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from derive.derivation.local import symbol_of
from derive.kernel.expr import (
    Add,
    Call,
    Contract,
    Delta,
    Expr,
    Map,
    Name,
    Num,
    Ones,
    Var,
    is_named,
    toposort,
)
from derive.meaning.matrices import is_inverse
from derive.notation.names import parts, symbol_tree

_LETTERS = "uvsqrahgk"
_INDICES = "ijklpqrst"
DEEPEST = 30
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
    enter there without passing a name; what is asked for; and what stands so deep in brackets that
    nobody could read it.
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
    depth: dict[Expr, int] = {}  # of brackets, down to the next name
    elsewhere = _Products(order)
    for node in order:
        slots[node] = _slots(node, slots)
        depth[node] = 1 + max((depth[kid] for kid in node.kids), default=0)
        if is_named(node):
            depth[node] = 0
        if depth[node] > DEEPEST:
            forced.add(node)
        below = not is_named(node) and any(kid in direct for kid in node.kids)
        if not below and node not in forced:
            continue
        wanted = node in arguments or uses.get(node, 0) > 1
        wanted = wanted and node not in bodies and not _is_one_factor(node)
        if node in forced or (wanted and not elsewhere.hold(node)):
            chosen[node] = _auxiliary(letter, len(chosen) + 1, node, slots[node], bold)
            depth[node] = 0
        else:
            direct.add(node)
    return chosen


class _Products:
    r"""The products of a network by their factors: x^\top \beta is in y x^\top \beta too, and there
    it has no name, so that its \delta would say a part of its derivative only."""

    def __init__(self, order: Iterable[Expr]) -> None:
        self.holding: dict[Expr, list[Contract]] = {}
        for node in order:
            if isinstance(node, Contract):
                for factor in dict.fromkeys(node.factors):
                    self.holding.setdefault(factor, []).append(node)

    def hold(self, node: Expr) -> bool:
        """Whether the factors of a product are among those of another one, which is not made of
        it."""
        if not isinstance(node, Contract):
            return False
        own = {f for f in node.factors if not isinstance(f, Num | Ones | Delta)}
        rarest = min((self.holding[f] for f in own), key=len, default=[])
        return any(other is not node and own <= {*other.factors} for other in rarest)


def _is_one_factor(node: Expr) -> bool:
    """A variable spread, scaled, transposed or inverted: nothing that would deserve a name."""
    if is_inverse(node):
        return isinstance(node.kids[0], Var) or is_named(node.kids[0])
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
        # z_i^T v_j over all pairs: two axes with the same letter are two letters
        labels.append(next(x for x in (slot, *_INDICES) if x not in labels))
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
