"""What is false as it is read, and may be true as it is meant: that is not called wrong.

The idea: exp of a square matrix is read entry by entry, where another meaning is as usual, a full
rank may be that of the rows or of the columns, and a function that only one side has is any one.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from derive.elaborate.claims.claimed import Claim
from derive.elaborate.claims.claims import Claims, speaks_of_derivatives
from derive.elaborate.faults import Fault, Silent
from derive.elaborate.names.scope import base_of
from derive.elaborate.names.trials import names_loss
from derive.elaborate.names.unknown import is_given, quantities
from derive.elaborate.shown import formula
from derive.kernel.expr import Expr, Map, Var, toposort
from derive.latex.print import latex
from derive.tree import Tree
from proofs.undefined import function_of
from proofs.verdict import ILL_TYPED, REFUTED, UNREADABLE, UNSETTLED, Finding, Link

if TYPE_CHECKING:
    from proofs.judge import Side

# Functions that matrices have too.
_OF_MATRICES = frozenset(["exp", "log", "sin", "cos", "sinh", "cosh"])
_FULL_RANK = re.compile(r"full[- ]rank|rank[- ]deficient|independent", re.IGNORECASE)
_BY_ENTRIES = re.compile(
    r"element|entr(?:y|ies)|component|point-?wise|softmax|attention|逐元素|逐点", re.IGNORECASE
)
_ENTRY_SIGN = re.compile(r"\\(?:odot|circ|oslash)(?![a-z])")


def unless_unread(found: Finding, sides: Sequence[Side], relation: str, claims: Claims) -> Finding:
    """A refutation, or that nothing is known where it may rest on what is read otherwise."""
    if found.verdict != REFUTED:
        return found
    reading, text = claims.reading, claims.source.text
    exprs = [side.value.expr for side in sides if side.value is not None]
    if relation in ("succ", "prec") and _FULL_RANK.search(text):
        message = "of which matrix the rank is full is not read: say full column rank, or row rank"
        return replace(found, verdict=UNSETTLED, counterexample=None, message=message)
    if relation == "=" and (meant := _meant(sides, claims)) is not None:
        message = f"nothing says what {formula(meant)} is: this may say it"
        return replace(found, verdict=UNSETTLED, counterexample=None, message=message)
    strange = _strange(exprs, claims)
    if strange is not None:
        message = f"${strange}$ is not defined: whether this holds depends on what it is"
        return replace(found, verdict=UNSETTLED, counterexample=None, message=message)
    for node in toposort(*exprs):
        if _is_of_matrix(node, reading.of_matrices) and not _by_entries(node.fn.name, text):  # type: ignore[attr-defined]
            message = (
                f"{node.fn.name} of a square matrix is read entry by entry, and functions of "  # type: ignore[attr-defined]
                "matrices are not known: say element-wise if that is meant"
            )
            return replace(found, verdict=UNSETTLED, counterexample=None, message=message)
    return found


def unless_sized(link: Link, claim: Claim, claims: Claims) -> Link:
    """What is wrong for all sizes may be right for the n = 1 that is spoken of beside it; and
    nothing is wrong where what is not declared was given shapes that do not fit."""
    reading, at = claims.reading, claim.span[0]
    if link.verdict == ILL_TYPED and (told := _misread(link, claim, claims)):
        return Link(
            link.text, link.span, link.relation, UNREADABLE, "reader", told,
            notes=(link.message, *link.notes), code="undeclared-shape", at=link.at,
        )  # fmt: skip
    sized = any(reading.reach.within(said, at) for said in reading.sized)
    if link.verdict not in (REFUTED, ILL_TYPED) or not sized:
        return link
    told = "this is judged for all sizes, and the text speaks of one size beside it"
    return Link(link.text, link.span, link.relation, UNSETTLED, "numeric", told)


def _misread(link: Link, claim: Claim, claims: Claims) -> str:
    """Why a clash of shapes may be one of what was read, not of what is claimed: the left side has
    no shape of its own, or a loss has become an array."""
    reading = claims.reading
    free = [n for n in quantities(claims, claim.sides[0])
            if reading.declarations.get(str(n.kids[0])) is None
            and not reading.scope.known(str(n.kids[0]))]  # fmt: skip
    if free and link.code == "shape-clash" and _clashes(claim, claims):
        told = " ".join(link.notes)
        named = next(
            (n for n in free if f"`{latex(n)}`" in told or f"${latex(n)}$" in told), free[0]
        )
        return f"{formula(named)} is not declared, and has another shape elsewhere"
    losses = [d for d in claims.network.definitions
              if d.left is not None and names_loss(d.symbol) and "#" not in d.symbol]  # fmt: skip
    if losses and losses[0].left is not None and all(len(d.node.axes) == 1 for d in losses):
        return f"{formula(losses[0].left)} is read as an array: declare what it is made of"
    return ""


def _clashes(claim: Claim, claims: Claims) -> bool:
    """Whether the left side of a claim has no shape."""
    try:
        claims.value(claim.sides[0], claims.letters(claim.sides))
    except Silent:
        return False
    except Fault as fault:
        return fault.code == "shape-clash"
    return False


def of_a_variable(found: Finding, left: Side, right: Side) -> Finding:
    """That a variable has a value may follow from what the document says in words: a minimum."""
    if found.verdict != REFUTED or not base_of(left.tree) or not (left.value and right.value):
        return found
    if not isinstance(left.value.expr, Var) or left.value.expr in toposort(right.value.expr):
        return found
    message = f"{formula(left.tree)} is a variable: derive does not solve equations for it"
    return replace(found, verdict=UNSETTLED, counterexample=None, message=message)


def _meant(sides: Sequence[Side], claims: Claims) -> Tree | None:
    """What only the left side of an equation has, and nothing declares or supposes anything of:
    the \\theta of \\cos \\theta = u^\\top v, whose value it says."""
    left = sides[0].tree
    if speaks_of_derivatives((left,)):
        return None
    others = [side.tree for side in sides[1:] if side.tree != left]
    others += [side for claim in claims.given for side in claim.sides]
    known = {node.kids[0] for tree in others for node in quantities(claims, tree)}
    names = (node for node in quantities(claims, left) if node.kids[0] not in known)
    return next((node for node in names if not is_given(claims, str(node.kids[0]))), None)


def _strange(sides: Sequence[Expr], claims: Claims) -> str | None:
    """A function that nothing defines, which one side of a relation has and nothing else."""
    used = [{name for node in toposort(side) if (name := function_of(node))} for side in sides]
    known = {function_of(n) for n in toposort(*(d.node for d in claims.network.definitions))}
    lone = set().union(*used) - known - (set.intersection(*used) if used else set())
    return min(lone, default=None)


def _by_entries(function: str, text: str) -> bool:
    """Whether a text says that it takes arrays entry by entry, or multiplies the values so."""
    lines = (line for line in text.split("\n") if function in line)
    return bool(_BY_ENTRIES.search(text) or any(map(_ENTRY_SIGN.search, lines)))


def _is_of_matrix(node: Expr, written: Collection[str]) -> bool:
    square = len(node.axes) == 2 and node.axes[0] == node.axes[1]
    return (
        square and isinstance(node, Map) and node.fn.name in _OF_MATRICES
        and node.fn.name in written
    )  # fmt: skip
