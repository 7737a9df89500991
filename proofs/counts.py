"""Verdicts on counts: parameters, sizes and receptive fields that the words of a document state.

The idea: a count is a number or a polynomial of sizes, so a claim is right if it is the same one;
where it is wrong, the count that forgets one thing is looked for, and that is the mistake.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from derive.counting.counted import Counted
from derive.counting.equations import Compared
from derive.counting.layers import times
from derive.derivation.network import Network
from derive.diagnostics import Source
from derive.elaborate.claims.counts import Counts
from derive.kernel.sizes import latex
from derive.tree import Tree
from proofs.verdict import PROVED, REFUTED, Judged, Link


def judged_counts(counts: Counts, network: Network, source: Source) -> Iterator[Judged]:
    """A verdict for every count that is claimed, in words or by formulas with whole parts."""
    for one in counts.claims(network):
        yield _in_words(one, source)
    for item, links in counts.problems.claims:
        yield _in_numbers(item, links, source)


def _in_words(one: Counted, source: Source) -> Judged:
    text = source.text[slice(*one.span)]
    if one.right:
        conditions = (rf"\text{{{one.condition}}}",) if one.condition else ()
        link = Link(text, one.span, "=", PROVED, "shapes", conditions=conditions)
        return Judged(text, one.span, (link,))
    assert one.value is not None
    value = times(one.value) if isinstance(one.value, tuple) else latex(one.value)
    message = f"{one.slip}: it is ${value}$" if one.slip else f"this is not right: it is ${value}$"
    worked = f"${one.left} = {' = '.join(one.steps)}$"
    link = Link(text, one.span, "=", REFUTED, "shapes", message, notes=(worked, *one.assumed))
    return Judged(text, one.span, (link,))


def _in_numbers(item: Tree, links: Sequence[Compared], source: Source) -> Judged:
    made: list[Link] = []
    for one in links:
        text = source.text[slice(*one.right.span)]
        message = "" if one.true else (
            f"the left side is ${one.left_value}$, the right side ${one.right_value}$"
        )  # fmt: skip
        verdict = PROVED if one.true else REFUTED
        made.append(Link(text, one.right.span, one.relation, verdict, "numeric", message))
    return Judged(source.text[slice(*item.span)], item.span, tuple(made))
