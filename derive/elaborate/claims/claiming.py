r"""A document read for its claims: definitions, hypotheses, claims, and what could not be read.

The idea: definitions are read first, as where something is asked; then every name is known, and
what the claims say can be told from what they suppose.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace

from derive.derivation.network import Network
from derive.diagnostics import Diagnostic, Source
from derive.elaborate.assembly import network_of
from derive.elaborate.claims.claimed import Claim, claims_of
from derive.elaborate.claims.claims import Claims, speaks_of_derivatives
from derive.elaborate.claims.ends import note_ends
from derive.elaborate.claims.remainders import without_remainder
from derive.elaborate.document import Elaborated, Recast, elaborated, problems_of
from derive.elaborate.faults import Fault, Silent
from derive.elaborate.statements.described import described
from derive.elaborate.statements.given import is_case, is_condition, is_given, is_required
from derive.elaborate.statements.kinds import Called
from derive.elaborate.statements.mood import is_denied
from derive.elaborate.statements.vanishing import is_solved_for
from derive.latex.read import Parsed
from derive.notation.names import filled
from derive.tree import Tree

_RELATION = re.compile(r"[=<>≤≥≠]|\\(?:leq?|geq?|neq?|in|approx|equiv|leftarrow|gets|to)\b")


def read_claims(source: Source, recast: Recast | None = None, numeric: bool = False) -> Claims:
    """A document's definitions, and its claims with the means to read them; ``numeric``: as one of
    numbers, if nothing in it shows an array.

    Raises DeriveError for a document that cannot hold formulas at all.
    """
    done = elaborated(source, judging=True, recast=recast, as_numbers=numeric)
    faults = list(done.faults)
    assert done.shorthand is not None
    note_ends(done.statements.claims, done.shorthand, done.reading)
    network = _network(done, faults)
    claims = claims_of(done.statements, done.reading)
    problems = problems_of(done.parsed, faults, source)
    unread = {(d.code, d.start, d.end) for d in done.parsed.diagnostics if d.severity == "error"}
    parted: tuple[list[Diagnostic], list[Diagnostic]] = ([], [])
    for problem in problems:
        formula = (problem.code, problem.start, problem.end) in unread
        if not formula or _relates(problem, done.parsed):
            parted[formula].append(problem)
    plain = done.parsed.document.plain  # without comments
    claims = [part for claim in claims for part in _requirement_apart(claim, plain)]
    # Not by equality: what is supposed in one place may be claimed in another.
    valued = done.reading.valued
    supposed = [
        says_kind(claim, done.called) or _is_given(claim, plain) or claim.span in valued
        for claim in claims
    ]
    given = [claim for claim, is_one in zip(claims, supposed, strict=True) if is_one]
    claims = [claim for claim, is_one in zip(claims, supposed, strict=True) if not is_one]
    claims = [without_remainder(claim, done.reading.scope, plain) for claim in claims]
    found = Claims(source, network, done.reading, done.shorthand, claims, *parted, given)
    found.counts, found.plain = done.counts, plain
    # An index of one claim is an index everywhere: y_j is an entry of y where p_j is one of p.
    scope = done.reading.scope
    scope.met = dict.fromkeys(done.reading.variables, 0)
    scope.bound |= found.letters(side for claim in claims for side in claim.sides)
    # All names are known by now: bold x_i that is none of them is an entry of bold x.
    scope.given = True
    found.forget()
    own = {done.reading.made.get(v.var, v.var.name) for v in network.variables}
    letters = done.reading.letters
    own |= {s for s in done.reading.variables if filled(s, letters.get(s, ())) in own}
    # So are those of a function that nothing defined uses: the A and b of f(x) = \|Ax - b\|^2.
    bodies = (node for f in done.reading.functions.values() for node in f.body.subtrees()
              if node.head == "symbol" and node.kids[0] not in f.formals)  # fmt: skip
    own |= {str(node.kids[0]) for node in bodies}
    found.own = frozenset(own)
    found.called, found.described = done.called, tuple(described(done.parsed))
    return found


def _requirement_apart(claim: Claim, text: str) -> Iterator[Claim]:
    r"""\nabla f = A x - b \overset{!}{=} 0 as what it claims and what it asks for."""
    last = len(claim.relations) - 1
    gap = (claim.sides[-2].span[1], claim.sides[-1].span[0])
    if claim.kind != "relation" or not claim.given < last or not is_required(text, *gap):
        yield claim
        return
    kids, (start, end) = claim.item.kids, claim.span
    first = Tree("chain", kids[:-2], (start, gap[0]))
    asked = Tree("chain", kids[-3:], (claim.sides[-2].span[0], end))
    yield replace(claim, item=first, sides=claim.sides[:-1], relations=claim.relations[:-1])
    yield Claim(asked, claim.sides[-2:], claim.relations[-1:])


def _relates(problem: Diagnostic, parsed: Parsed) -> bool:
    """Whether an unreadable formula holds a relation: a lone sign in the text claims nothing."""
    spans = [(f.start, f.end) for f in parsed.document.formulas]
    start, end = next(((a, b) for a, b in spans if a <= problem.start <= b), (0, 0))
    return end == 0 or _RELATION.search(parsed.document.plain[start:end]) is not None


def _is_given(claim: Claim, text: str) -> bool:
    """Whether a claim is a hypothesis: of those about a derivative, which can be computed, only
    one that is set to 0."""
    if claim.given or claim.kind != "relation":
        return False
    if is_condition(claim.item, text) or is_denied(text, *claim.span):
        return True
    if speaks_of_derivatives(claim.sides) or is_solved_for(text, claim.span[0]):
        return False
    return is_given(claim.item, text) or is_case(claim.item, text)


def says_kind(claim: Claim, called: Iterable[Called]) -> bool:
    """Whether a formula was taken to say of what kind a variable is: S = S^T."""
    return claim.kind == "relation" and any(one.at == claim.span[0] for one in called)


def _loss(done: Elaborated) -> str:
    """The symbol of what the document's \\delta are derivatives of."""
    target = done.shorthand.target if done.shorthand is not None else None
    return "" if target is None else done.reading.scope.introduce(target).symbol


def _network(done: Elaborated, faults: list[Fault]) -> Network:
    try:
        return network_of(
            done.parsed, done.reading, done.statements, done.order, faults, judging=True,
            loss=_loss(done),
        )  # fmt: skip
    except Silent:
        pass
    except Fault as fault:
        faults.append(fault)
    return Network((), (), spelling=done.parsed.spelling, title=done.parsed.title)
