r"""What a document says of its data beside their sets: labels that sum to 1.

The idea: \mathbf{1}^\top \mathbf{y} = 1 is read as a formula, and "one-hot" as the word that it is
where it stands beside a symbol; both say the same of the symbol.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction

from derive.derivation.network import Domain
from derive.elaborate.dispatch import value_of
from derive.elaborate.faults import Fault, Silent
from derive.elaborate.reading import Bound, Env, Reading
from derive.elaborate.statements.beside import beside
from derive.elaborate.statements.collect import Statements
from derive.elaborate.statements.constraints import is_constraint
from derive.elaborate.statements.given import is_hypothesis, is_listed
from derive.elaborate.statements.mood import Mood, mood_of
from derive.elaborate.statements.settle import settle
from derive.kernel.expr import Contract, Expr, Var
from derive.latex.print import latex
from derive.latex.read import Parsed
from derive.tree import Tree

_ZERO_OR_ONE = (Fraction(0), Fraction(1))
ONE_HOT = re.compile(r"one[- ]?hot|独热", re.IGNORECASE)
_DISTRIBUTION = re.compile(
    r"probability (?:vector|distribution)|概率分布|"
    r"\b(?:be|are|is)\s+(?:two\s+|an?\s+)?(?:(?:discrete|categorical|finite)\s+)?distributions?\b",
    re.IGNORECASE,
)


def note_facts(
    parsed: Parsed, statements: Statements, reading: Reading, judging: bool = False
) -> None:
    """Record the symbols whose last axis sums to 1 in ``reading.normalised``, with a note.
    ``judging``: what a displayed line says of a sum is a claim, unless words give it."""
    plain = parsed.document.plain
    for item in statements.claims:
        if judging and not (is_hypothesis(item, plain) or is_listed(item, plain)):
            continue
        if not judging and is_constraint(item.span[0], plain):
            continue
        for side in _sides_equal_to_one(item):
            try:
                value = value_of(reading, settle(side, reading.scope), Env())
            except (Fault, Silent):
                continue
            var = _totalled(reading.sizes.current(value).expr)
            if var is None or var not in reading.made:
                continue
            symbol, mood = reading.made[var], mood_of(plain, *item.span)
            if mood is Mood.GIVEN and reading.reach.everywhere(item.span, symbol):
                reading.normalised.add(symbol)
            else:
                _in_places(symbol, Domain(normalised=True), item.span, mood, reading)
    for words, told in ((ONE_HOT, "one-hot"), (_DISTRIBUTION, "a distribution")):
        for symbol, mood, span in _worded(words, parsed, reading):
            if mood is not Mood.GIVEN or not reading.reach.everywhere(span, symbol):
                values = _ZERO_OR_ONE if words is ONE_HOT else ()
                _in_places(symbol, Domain(values=values, normalised=True), span, mood, reading)
                continue
            reading.normalised.add(symbol)
            if words is ONE_HOT:
                reading.hot.add(symbol)
            named = re.sub(r"#\d", "i", symbol)
            reading.note(f"sum {symbol}", f"${named}$ is called {told}: its entries sum to 1")


def _in_places(
    symbol: str, domain: Domain, span: tuple[int, int], mood: Mood, reading: Reading
) -> None:
    given = mood is Mood.GIVEN
    reading.bounds.append(Bound(symbol, domain, span, Mood.CONDITION if given else mood, given))


def _sides_equal_to_one(item: Tree) -> Iterator[Tree]:
    if item.head == "chain" and len(item.kids) == 3 and item.kids[1].kids == ("=",):
        one = Tree("num", ("1",))
        left, _, right = item.kids
        if right == one and left is not None:
            yield left
        elif left == one:
            yield right


def _totalled(expr: Expr) -> Var | None:
    """The variable, if this is its sum over its last axis."""
    if not isinstance(expr, Contract) or len(expr.factors) != 1:
        return None
    factor, own = expr.factors[0], expr.indices[0]
    return factor if isinstance(factor, Var) and own and expr.out == own[:-1] else None


def with_totals_said(domain: Domain, symbol: str, reading: Reading) -> Domain:
    """The domain of a symbol with what the text says of its sum."""
    if symbol in reading.normalised:
        domain = replace(domain, normalised=True)
    if symbol in reading.hot and not domain.values:
        domain = replace(domain, values=_ZERO_OR_ONE)
    return domain


def _worded(
    words: re.Pattern[str], parsed: Parsed, reading: Reading
) -> Iterator[tuple[str, Mood, tuple[int, int]]]:
    """The symbols beside which the text has these words, in what mood, and where."""
    for one in beside(words, parsed):
        symbol = reading.scope.refer(one.named).symbol
        # A label that an equation defines has its own sum; a class number has none.
        known = symbol in reading.equations or reading.domain(symbol).classes is not None
        if not known and one.how != "denied":
            mood = mood_of(parsed.document.plain, one.at, one.end, latex(one.named))
            yield symbol, mood, (one.at, one.end)
