"""Which mistake explains a wrong answer: named only if one kind of mistake alone does.

The idea: the tables are asked in order, from mistakes in the answer as a whole to edits inside the
sweep; in the first table where anything fits, all that fits must bear one code.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from derive.kernel.expr import Expr
from derive.operators.pointwise import np
from proofs.functions.edits import TABLES, Edit, Search, of_another
from proofs.functions.whole import Named, Trial, close, whole

# Shares that are computed for one output, and for all: a deep network has more edits than anyone
# would wait for.
MOST_WORK = 10_000
ALL_WORK = 40_000
CUT_SHORT = Named("", "the network is too deep for a search of the cause")


def cause(
    trials: Sequence[Trial], search: Search, others: Mapping[str, Sequence[Any]]
) -> tuple[Named | None, list[Named]]:
    """The mistake that explains every trial, or None and the several that do."""
    if not trials:
        return None, []
    if found := _one(whole(trials, others)):
        return found
    end = min(search.sweep.work + MOST_WORK, ALL_WORK)
    for table in TABLES:
        fits: list[Named] = []
        for row in table:
            for edit in row(search):
                if search.sweep.work >= end:
                    # What was not tried might fit as well: nothing is named.
                    return None, [CUT_SHORT]
                if _explains(edit, trials, search):
                    fits.append(Named(edit.code, edit.says))
        if found := _one(fits):
            return found
    with np.errstate(all="ignore"):
        run = [search.sweep.base(t.point).cotangents for t in trials]
    fits = [
        Named(code, says)
        for code, says, values in of_another(search, run)
        if all(close(t.got, value, t) for t, value in zip(trials, values, strict=True))
    ]
    return _one(fits) or (None, [])


def _one(fits: Sequence[Named]) -> tuple[Named | None, list[Named]] | None:
    if not fits:
        return None
    codes = {named.code for named in fits}
    return (fits[0], []) if len(codes) == 1 else (None, list(fits))


def _explains(edit: Edit, trials: Sequence[Trial], search: Search) -> bool:
    """Whether the sweep with this edit gives what the function gave, at every trial."""
    by: Expr = search.by
    for trial in trials:
        try:
            with np.errstate(all="ignore"):
                value = search.sweep.run(trial.point, by, edit.changes, edit.arriving)
        # A mistake need not fit: NumPy says so in several ways, and then it is not this one.
        except (ValueError, KeyError, IndexError, TypeError):
            return False
        if value is None:  # every share left out
            value = np.zeros_like(trial.expected)
        if not close(trial.got, value, trial):
            return False
    return True
