r"""What follows where a gradient is zero: "setting this to zero gives X^\top X w = X^\top y".

The idea: words of that kind suppose that the derivatives last spoken of vanish, in their sentence
and in what goes on from it.  An equation follows from G = 0 if its two sides differ by a multiple
of G; and so does w = b, if G is linear in w and w - b is G divided by its slope.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from fractions import Fraction
from functools import partial
from itertools import product
from typing import TYPE_CHECKING

from derive.derivation.local import opened, replaced
from derive.elaborate.claims.claimed import Claim
from derive.elaborate.claims.claims import Claims
from derive.elaborate.faults import Fault, Silent
from derive.elaborate.statements.mood import is_denied
from derive.elaborate.statements.vanishing import DENIED, OF, SEVERAL, VANISHING
from derive.kernel.build import coefficient, contracted, scale, zeros
from derive.kernel.calculus import grad, jacobian
from derive.kernel.expr import Add, Contract, Expr, Number, Var, toposort
from derive.meaning.factors import based
from derive.meaning.normal import Normal
from derive.operators.matrices import inverse
from derive.operators.pointwise import power
from proofs.decide import Decider
from proofs.supposed import Supposed, rearranged
from proofs.verdict import PROVED, REFUTED, UNSETTLED, Finding

if TYPE_CHECKING:
    from proofs.judge import Judge

_MOST = 12  # terms of which pairs are tried


def stationary(judge: Judge) -> Iterator[Supposed]:
    """The derivatives that the words of a document suppose to be zero."""
    claims = judge.claims
    slopes = [claim for claim in claims.claims if _derivative(claim)]
    for found in VANISHING.finditer(claims.plain) if slopes else ():
        before = [claim for claim in slopes if claim.span[1] <= found.start()]
        if (of := OF.match(claims.plain, found.end())) is not None:
            written = (claims.plain[slice(*claim.sides[0].span)] for claim in before)
            before = [c for c, left in zip(before, written, strict=True) if of[1].strip() in left]
        denied = DENIED.search(claims.plain[: found.start()], max(0, found.start() - 40))
        if not before or denied or is_denied(claims.plain, *found.span()):
            continue
        for claim in before if SEVERAL.search(found[0]) else before[-1:]:
            with suppress(Fault, Silent):
                value = judge.sides(claim)[0].value
                if value is not None and not value.opens:
                    pair = value.expr, zeros(value.expr.axes)
                    left = claim.sides[0].span
                    said = " ".join(claims.source.text[slice(*left)].split()) + " = 0"
                    reaches = partial(_reaches, claims, found.span())
                    yield Supposed(-1, pair, said, True, reaches=reaches)


def _derivative(claim: Claim) -> bool:
    """Whether a claim says what a derivative is."""
    plain = claim.kind == "relation" and set(claim.relations) <= {"="}
    return plain and claim.sides[0].head in ("deriv", "grad")


def _reaches(claims: Claims, words: tuple[int, int], at: int) -> bool:
    return words[1] <= at and claims.reading.reach.conditional(words, at)


# ------------------------------------------------------------------------------ what follows


def follows(
    pair: tuple[Expr, Expr], supposed: Sequence[Supposed], decider: Decider, known: Finding
) -> Finding:
    r"""The proof of an equation from what is supposed, as derivatives that are zero; or a point
    at which one of these is zero, and the equation false; else what is ``known``.

    It may be false only where a factor of a gradient is 0, \lambda = 0 of \lambda (w - a)."""
    unsettled = known.verdict == UNSETTLED
    if unsettled and (found := rearranged(pair, supposed, decider)) is not None:
        return found
    left, right = map(opened, pair)
    sought = [one for one in supposed if one.said and one.sought and one.sign == "="]
    for one in sought:
        gap = opened(one.pair[0] - one.pair[1])
        for made in (*_multiples(left - right, gap), *_quotient(left, right, gap)):
            found = decider.related(left - right, made)
            if found.verdict == PROVED:
                return replace(found, conditions=(*found.conditions, one.said))
    fails = (_fails((left, right), one, decider) for one in sought if unsettled)
    return next(filter(None, fails), known)


def _fails(pair: tuple[Expr, Expr], one: Supposed, decider: Decider) -> Finding | None:
    """A point at which an equation is false, of those at which a gradient is zero that is linear in
    its variable: w is solved for, and put in."""
    gap = opened(one.pair[0] - one.pair[1])
    for var in (n for n in toposort(gap) if isinstance(n, Var) and n.axes == gap.axes):
        slope = jacobian(gap, var) if gap.axes else grad(gap, var)
        if var in toposort(slope):
            continue
        step = contracted((inverse(slope), gap), ((0, 1), (0,)), (1,)) if gap.axes else gap / slope
        put = partial(replaced, by={var: var - step}, closed=False)
        left, right = map(put, map(opened, pair))
        kept = decider.hypotheses
        decider.hypotheses = tuple(
            (put(opened(a)), put(opened(b)), sign) for a, b, sign in kept if (a, b) != one.pair
        )
        try:
            found = decider.related(left, right)
        finally:
            decider.hypotheses = kept
        if found.verdict == REFUTED:
            return replace(found, message=f"the two sides are not equal where ${one.said}$")
    return None


def _multiples(gap: Expr, zero: Expr) -> Iterator[Expr]:
    """What may be a multiple of what is zero by a number or by scalars, and this gap."""
    if gap.axes != zero.axes:
        return
    forms = Normal()
    ours, theirs = (_monomials(forms.of(one)) for one in (gap, zero))
    tried: set[Expr] = set()
    for (number, powers, rest), (other, below, same) in product(ours[:_MOST], theirs[:_MOST]):
        if rest is not same or not other:
            continue
        exponents = {base: powers.get(base, 0) - below.get(base, 0) for base in {**powers, **below}}
        made = scale(Fraction(number) / other, zero)
        for base, exponent in exponents.items():
            if exponent:
                own = tuple(range(len(zero.axes)))
                by = base if exponent == 1 else power(exponent)(base)
                made = contracted((by, made), ((), own), own)
        if made not in tried:
            tried.add(made)
            yield made


def _monomials(form: Expr) -> list[tuple[Number, dict[Expr, Number], Expr | None]]:
    """The terms of a normal form: a number, scalars to their powers, and the array that is left."""
    found: list[tuple[Number, dict[Expr, Number], Expr | None]] = []
    for term in form.terms if type(form) is Add else (form,):
        count, core = coefficient(term)
        powers: dict[Expr, Number] = {}
        rest: Expr | None = core
        if type(core) is Contract:
            left = []
            for factor, own in zip(core.factors, core.indices, strict=True):
                if own:
                    left.append((factor, own))
                    continue
                base, exponent = based(factor)
                powers[base] = powers.get(base, 0) + exponent
            spots = [own for _, own in left]
            rest = contracted([f for f, _ in left], spots, core.out) if left else None
        elif not core.axes:
            base, exponent = based(core)
            powers, rest = {base: exponent}, None
        found.append((count, powers, rest))
    return found


def _quotient(left: Expr, right: Expr, zero: Expr) -> Iterator[Expr]:
    """Of w = b and a G that is linear in w, G divided by its slope."""
    if not isinstance(left, Var) or len(left.axes) != 1 or zero.axes != left.axes:
        return
    slope = jacobian(zero, left)
    if left in toposort(slope) or left in toposort(right):
        return
    number, _, _ = _monomials(Normal().of(slope))[0]
    for count in dict.fromkeys((Fraction(number), Fraction(1))):
        if count:
            by = inverse(scale(1 / count, slope))
            yield scale(1 / count, contracted((by, zero), ((0, 1), (0,)), (1,)))
