"""Agreement modulo p: exact evidence where there is neither a proof nor a counterexample.

The idea: two expressions are evaluated at random residues at sizes as large as the number of
indices in a term, where equality for these sizes is equality for all.  Signs, order and other
functions keep a few of their laws there and no more, so agreement is evidence with a stated bound,
and a difference is no refutation.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from math import prod

from derive.derivation.network import REALS, Domain
from derive.kernel import sizes
from derive.kernel.expr import Expr, Fn, Operator, Var, toposort
from derive.operators.pointwise import np
from proofs.numbers.bounds import Bound, bound, large_sizes
from proofs.numbers.modular import NoSample, Residues
from proofs.numbers.residues import P
from proofs.numbers.sample import VAST, is_vast

TRIALS = 20
# Words whose laws all hold modulo p; the others keep a few there.
_LAWFUL = frozenset(["exp", "power", "sigmoid", "tanh", "sinh", "cosh", "softmax"])


@dataclass(frozen=True, slots=True)
class Agreement:
    """What trials modulo p say: ``agrees``, ``differs`` (no refutation) or ``no sample``.

    Two different expressions agree in one trial with a probability of at most ``miss``, provided
    that ``sizes`` reach the bound, which ``complete`` says; ``reason`` is why there is no sample,
    or why a difference says nothing.
    """

    found: str
    trials: int = 0
    miss: Fraction = Fraction(1)
    sizes: Mapping[str, int] | None = None
    complete: bool = True
    reason: str = ""

    def __str__(self) -> str:
        """The evidence as a sentence without its full stop."""
        if self.found == "no sample":
            return f"no random point modulo p was found: {self.reason}"
        at = ", ".join(f"{name} = {n}" for name, n in (self.sizes or {}).items())
        where = f"at {self.trials} random points modulo {P}" + (f" ({at})" if at else "")
        if self.found == "differs":
            return f"the two sides differ {where}, which is no counterexample{self.reason}"
        chance = f"{float(self.miss):.2g}"
        short = "" if self.complete else "; larger sizes were not tried"
        return (
            f"the two sides agree {where}, each of which two different ones pass with a "
            f"probability of at most {chance}{short}"
        )


def agrees(
    a: Expr, b: Expr, facts: Mapping[Expr, Domain] | None = None, trials: int = TRIALS,
    seed: int = 0,
) -> Agreement:  # fmt: skip
    """Whether two expressions of the same axes agree at random residues."""
    known = facts or {}
    limits = bound(a, b)
    at, complete = large_sizes(limits, toposort(a, b, *known), known)
    if at is None:
        return Agreement("no sample", reason="no sizes fit all axes")
    if any(map(is_vast, toposort(a, b, *known))):
        return Agreement("no sample", reason=VAST, sizes=at)
    point = Residues(at, known, trials, seed)
    try:
        left, right = point.value(a), point.value(b)
    except NoSample as error:
        return Agreement("no sample", reason=str(error), sizes=at)
    good = np.flatnonzero(point.valid)[:trials]
    if not len(good):
        return Agreement("no sample", reason=point.reason or "no point is in the domain", sizes=at)
    left, right = (np.broadcast_to(side, (len(point.valid), *side.shape[1:])) for side in
                   (left, right))  # fmt: skip
    if np.any(left[good] != right[good]):
        words = lawless(toposort(a, b))
        few = f": not all laws of {', '.join(words)} hold there" if words else ""
        return Agreement("differs", len(good), sizes=at, complete=complete, reason=few)
    variables = [node for node in toposort(a, b) if isinstance(node, Var)]
    tries = -(-len(point.valid) // int(np.count_nonzero(point.valid)))
    miss = _miss(limits, _choices(variables, known, at), tries)
    return Agreement("agrees", len(good), miss, at, complete)


def lawless(nodes: Iterable[Expr]) -> list[str]:
    """The words among these nodes that keep only some of their laws modulo p."""
    words: dict[str, None] = {}
    for node in nodes:
        op = getattr(node, "fn", None) or getattr(node, "op", None)
        if isinstance(op, Fn | Operator):
            # A root is the one that is a square again: the root of s^2 may be -s for an s > 0.
            root = op.name == "power" and Fraction(op.params[0]).denominator != 1
            words["root" if root else op.name] = None
    return [word for word in words if word not in _LAWFUL]


def _miss(limits: Bound, choices: int, tries: int) -> Fraction:
    """How often two different expressions agree in one trial, at most.

    A polynomial of degree d is 0 at d of as many residues as an entry is drawn from (Schwartz,
    1980; Zippel, 1979): at least a quarter of all where it lives in an interval, and one trial in
    ``tries`` was a point.  A mask hides a difference in half of all trials; one that shows for a
    single choice of the labels is hidden in all trials but one in ``choices``.  Coefficients of
    as many bits as p may vanish modulo p: then nothing is known.
    """
    if limits.height >= P.bit_length() - 1:
        return Fraction(1)
    seen = Fraction(1, 2 ** min(limits.masks, 60)) / choices
    return min(Fraction(1), Fraction(4 * tries * limits.degree, P - 1) + 1 - seen)


def _choices(variables: Iterable[Var], facts: Mapping[Expr, Domain], at: Mapping[str, int]) -> int:
    """In how many ways the variables with finitely many values take them."""
    ways = 1
    for v in variables:
        domain = facts.get(v, REALS)
        shape = [sizes.evaluate(n, at) for n in v.axes]
        entries = prod(shape)
        if domain.normalised and domain.values:
            ways *= shape[-1] ** (entries // shape[-1])
        elif domain.values:
            ways *= len(domain.values) ** entries
        elif domain.classes is not None:
            ways *= sizes.evaluate(domain.classes, at) ** entries
    return ways
