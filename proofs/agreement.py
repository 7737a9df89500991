"""What speaks for an equality that nothing settles.

The idea: agreement at points is said with the chance by which different sides agree; it proves
nothing.
"""

from __future__ import annotations

from proofs.numbers.agree import Agreement
from proofs.numbers.sample import VAST


def evidence_of(agreement: Agreement, alike: bool) -> str:
    """What speaks for an equality that nothing settles; ``alike``: in floats the sides agree."""
    if agreement.found == "agrees":
        chance = float(agreement.miss) ** agreement.trials
        rare = (
            f", which different sides do with a chance of at most {chance:.0e}"
            if chance < 1e-3
            else ""
        )
        sizes_tried = "" if agreement.complete else ", of small sizes only"
        return (
            f"the two sides agree at {agreement.trials} random points{sizes_tried}{rare}; no proof "
            "was found"
        )
    if alike:
        return "the two sides agree at random points in floating-point numbers; no proof was found"
    if agreement.reason == VAST:
        return f"{VAST}, and no proof was found: with letters for its sizes it can be judged"
    return "no numbers were found for which both sides have a value, and no proof was found"
