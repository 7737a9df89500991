"""A second look at a function that was not accepted: under what else would it be right?

The idea: code is often right for column vectors, for classes counted from 0, or for labels that sum
to 1, where the network does not say so; then that is what its writer must be told.
"""

from __future__ import annotations

from dataclasses import replace

from proofs.functions.report import FunctionReport
from proofs.functions.run import checked
from proofs.functions.subject import Subject


def reconsidered(
    of: Subject, report: FunctionReport, columns: bool, seed: int, count: int
) -> FunctionReport:
    """The report with what a second look adds.

    ``columns``: whether vectors may be passed as n×1 arrays where the function raises with others.
    """
    classes = [v for v in of.plan.nodes() if v in of.domains and of.domains[v].classes is not None]
    if classes:
        second = checked(replace(of, from_zero=True), seed, count)
        if second.ok:
            names = " and ".join(of.words.names[v] for v in classes)
            note = (
                f"{names} is passed counting classes from 0; from 1, as the network counts, it is"
            )
            return replace(second, notes=(f"{note} wrong", *second.notes))
    raised = any(trouble.code == "raised" for trouble in report.troubles)
    vectors = any(len(node.axes) == 1 for node in of.plan.nodes())
    if columns and raised and vectors:
        second = checked(replace(of, columns=True), seed, count)
        fits = all(trouble.code != "raised" for trouble in second.troubles)
        if second.ok or (fits and all(o.error != float("inf") for o in second.outputs)):
            note = "vectors are passed as n×1 arrays: with one axis it raises"
            return replace(second, notes=(note, *second.notes))
    return _normalised(of, report, seed, count)


def _normalised(of: Subject, report: FunctionReport, seed: int, count: int) -> FunctionReport:
    """p - y is the gradient of a cross-entropy only where the entries of y sum to 1."""
    free = [
        v for v in of.network.variables
        if v.role == "target" and v.var.axes and v.var in of.domains
        and not v.domain.normalised and v.domain.classes is None and v.var not in of.asked
    ]  # fmt: skip
    if not free or report.troubles:
        return report
    domains = {**of.domains, **{v.var: replace(v.domain, normalised=True) for v in free}}
    if not checked(replace(of, domains=domains), seed, count).ok:
        return report
    names = " and ".join(of.words.names[v.var] for v in free)
    outputs = tuple(
        o if o.ok else replace(
            o, mistake="assumes-normalised",
            message=f"{o.name} is the gradient only where the entries of {names} sum to 1, which "
            "the network does not say",
        )
        for o in report.outputs
    )  # fmt: skip
    return replace(report, outputs=outputs)
