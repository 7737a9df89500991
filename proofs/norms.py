r"""A norm of a matrix by another custom: \|A\|_1 of the columns, \|A\|_\infty of the entries.

The idea: a text that does not say which it means, in words or by a line that is right by the custom
that is followed, is refuted only if the line is false by each.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from derive.elaborate.claims.claimed import Claim
from derive.elaborate.faults import Fault
from derive.latex.print import latex
from derive.tree import Tree
from proofs.verdict import REFUTED, UNSETTLED, Finding

if TYPE_CHECKING:
    from proofs.judge import Judge

_CUSTOMS = ("operator", "max")
_LOOSE = frozenset(["1", r"\infty"])


def by_another_custom(judge: Judge, claim: Claim, k: int) -> Finding | None:
    """What is left of a link that is refuted, where another custom for the norms of matrices does
    not refute it; None where there are none, or the text says which it means."""
    reading = judge.claims.reading
    norms = _loose_norms(claim)
    if reading.norms or not norms or any(
        norms & _loose_norms(other) and _is_proved(judge, other)
        for other in judge.claims.claims if other is not claim
    ):  # fmt: skip
        return None
    notes = dict(reading.notes)
    try:
        for custom in _CUSTOMS:
            reading.norms, reading.recalled = custom, {}
            judge.claims.forget()
            try:
                sides = judge.sides(claim)
                pair = judge.pair(sides[k], sides[k + 1], claim.relations[k])
                found = judge.decider.related(*pair, claim.relations[k])
            except Fault:
                continue
            if found.verdict != REFUTED:
                return Finding(
                    UNSETTLED, "numeric", "this is false as these norms of matrices are read here, "
                    "and not by another custom: say in the text which norm is meant",
                )  # fmt: skip
    finally:
        reading.norms, reading.recalled = "", {}
        judge.claims.forget()
        reading.notes.clear()
        reading.notes.update(notes)
    return None


def _is_proved(judge: Judge, claim: Claim) -> bool:
    """Whether a line is right by the custom that is followed: then the document means that."""
    try:
        sides = judge.sides(claim)
        return judge.decider.proves(*judge.pair(sides[0], sides[1], "="))
    except Fault:
        return False


def _loose_norms(claim: Claim) -> frozenset[str]:
    return frozenset(
        latex(node.kids[1]).strip() for node in claim.item.subtrees()
        if node.head == "script"
        and node.kids[0].head == "norm"
        and isinstance(node.kids[1], Tree)
        and latex(node.kids[1]).strip() in _LOOSE
    )  # fmt: skip
