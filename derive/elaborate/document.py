"""A document read to a network: the front end's last step.

The idea: equations are elaborated in the order of their use, each in the context of what is known;
whatever fails is reported at its place, and everything else is still read, so that all the errors
of a document come at once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from typing import TypeAlias

from derive.derivation.network import Network
from derive.diagnostics import DeriveError, Diagnostic, Source
from derive.elaborate.anew import goes_on
from derive.elaborate.assembly import network_of
from derive.elaborate.claims.claimed import claims_told_apart
from derive.elaborate.claims.counts import Counts, read_with_counts
from derive.elaborate.claims.steps import steps_of
from derive.elaborate.claims.valued import words_claimed
from derive.elaborate.faults import Fault, Silent
from derive.elaborate.names.abstract import hidden_losses, note_asked, note_hidden, note_losses
from derive.elaborate.names.basis import has_basis
from derive.elaborate.names.ranks import note_entries, note_own
from derive.elaborate.names.scope import KNOWN_WORDS, Scope, base_of
from derive.elaborate.names.trials import elaborate
from derive.elaborate.names.unspecified import Unspecified
from derive.elaborate.names.used import needing
from derive.elaborate.order import ordered
from derive.elaborate.reading import Equation, Reading
from derive.elaborate.recurrence.anystep import AnyStep
from derive.elaborate.recurrence.layers import with_last
from derive.elaborate.recurrence.sequences import sequence, with_gradients
from derive.elaborate.recurrence.steps import recurrence
from derive.elaborate.recurrence.unroll import written_out
from derive.elaborate.shown import text as written
from derive.elaborate.statements.alone import dividing, sloped
from derive.elaborate.statements.bounds import assume
from derive.elaborate.statements.cases import stated
from derive.elaborate.statements.collect import (
    Statements,
    equation_of,
    introduced,
    numbers_asked,
    sorted_statements,
)
from derive.elaborate.statements.declare import declare
from derive.elaborate.statements.differentials import with_inner_products
from derive.elaborate.statements.distributions import (
    with_densities,
    with_divergences,
    with_plain_densities,
)
from derive.elaborate.statements.einstein import says_so, with_sums
from derive.elaborate.statements.given import follows, is_to_be_shown
from derive.elaborate.statements.given_numbers import note_given, with_signs, with_tables
from derive.elaborate.statements.held import without_held
from derive.elaborate.statements.increments import with_increments
from derive.elaborate.statements.kinds import Called, called_names, note_kinds
from derive.elaborate.statements.layers import with_layers
from derive.elaborate.statements.maps import Maps, acts_on_entries, numeric
from derive.elaborate.statements.members import note_members, with_members, with_own_letters
from derive.elaborate.statements.models import without_models
from derive.elaborate.statements.motions import with_motions
from derive.elaborate.statements.nabla import with_whole_products
from derive.elaborate.statements.numbers import of_numbers
from derive.elaborate.statements.onehot import with_one_hot, with_true_class
from derive.elaborate.statements.pairs import with_pairs
from derive.elaborate.statements.primes import Functions, with_named_functions
from derive.elaborate.statements.reach import Reach
from derive.elaborate.statements.requests import requests
from derive.elaborate.statements.roots import with_exponentials, with_roots
from derive.elaborate.statements.shorthand import Shorthand
from derive.elaborate.statements.sized import note_counts
from derive.elaborate.statements.slopes import Slopes
from derive.elaborate.statements.spaces import spaces
from derive.elaborate.statements.spellings import primes_transpose, respelled
from derive.elaborate.statements.spoken import spoken
from derive.elaborate.statements.subsets import with_subsets
from derive.elaborate.statements.summands import apart, summands
from derive.elaborate.statements.together import with_parts
from derive.elaborate.statements.turned import turned
from derive.elaborate.statements.unanswered import unanswered
from derive.elaborate.statements.units import unit_letter
from derive.elaborate.terms import calls as _calls  # noqa: F401 - registers its rules
from derive.elaborate.terms import convolve
from derive.elaborate.terms import derivatives as _derivatives  # noqa: F401 - registers its rules
from derive.elaborate.terms import elaborate as _elaborate  # noqa: F401 - registers its rules
from derive.elaborate.terms.flat import note_signs, with_commutations
from derive.elaborate.terms.norms import norm_said
from derive.elaborate.terms.runs import note_exponents
from derive.elaborate.terms.unspecified import note_sets
from derive.kernel import sizes
from derive.latex.print import latex
from derive.latex.read import Parsed
from derive.tree import Tree

Recast: TypeAlias = Callable[[list[Tree]], list[Tree]]
_UNDEFINED = frozenset(["undefined-symbol", "unknown-function"])


def read(text: str, file: str = "") -> Network:
    r"""The network of a LaTeX or Markdown document, or of a few formulas between dollars.

    Raises DeriveError with every diagnostic of the document; TypeError for what is no text.

    >>> net = read(r"$w \in \mathbb{R}^n$, $x \in \mathbb{R}^n$, $L = \frac12 (w^\top x)^2$")
    >>> [v.var.name for v in net.variables]
    ['w', 'x']
    """
    return read_document(Source(file, text))


def read_document(source: Source) -> Network:
    """The network of a document.  Raises DeriveError with every diagnostic of the document."""
    steps = AnyStep()
    network = _network(source, steps)
    lines = steps.lines(lambda view: _network(source, lambda items: view))
    return replace(network, general=lines, notes=(*network.notes, *steps.notes))


def _network(source: Source, recast: Recast) -> Network:
    done = elaborated(source, recast=recast)
    done.reading.scope.met = {
        symbol: max(len(one.axes) for one in every)
        for symbol, every in done.reading.variables.items()
    }
    faults = done.faults
    network = None
    try:
        note_own(done.reading)
        network = network_of(
            done.parsed, done.reading, done.statements, done.order, faults, counts=done.counts
        )
    except Silent:
        pass
    except Fault as fault:
        faults.append(fault)
    problems = problems_of(done.parsed, faults, source)
    if problems or network is None:
        raise DeriveError(*problems)
    answers = [one.span for one in (*network.questions, *network.counts)]
    left = unanswered(done.parsed.document, answers, bool(network.questions), bool(network.given))
    return replace(network, unanswered=tuple(left))


@dataclass(slots=True)
class Elaborated:
    """A document whose definitions have been given their values, and what went wrong."""

    parsed: Parsed
    reading: Reading
    statements: Statements
    order: list[Equation]
    faults: list[Fault]
    shorthand: Shorthand | None = None
    called: tuple[Called, ...] = ()  # what it calls symmetric, orthogonal, ..
    counts: Counts = field(default_factory=Counts)


def elaborated(
    source: Source, judging: bool = False, recast: Recast | None = None, as_numbers: bool = False
) -> Elaborated:
    """A document read and its definitions elaborated.

    ``judging``: what is said again of a symbol is a claim, where otherwise it would be a second
    definition; then one that shows no array is read ``as_numbers`` only if asked.  ``recast`` says
    what is read of a recurrence: else its steps are written out.  Raises DeriveError for a document
    that cannot hold formulas at all."""
    parsed, counts = read_with_counts(source, judging)
    reading = Reading(Scope(), Reach(parsed), recalled={} if judging else None)
    faults: list[Fault] = []
    words = spoken(parsed)
    reading.unread = words.others
    said = [*words.definitions, *stated(parsed, counts.takes, judging)]
    said += spaces(parsed)
    numbers: set[Tree] = set()
    said += () if judging else requests(parsed, numbers)
    said = with_one_hot(said, parsed.document.plain, reading)
    said = with_true_class(said, parsed, reading)
    said = with_plain_densities(without_held(said, parsed, reading, faults))
    said = said if judging else with_divergences(with_densities(with_signs(with_tables(said))))
    plain = parsed.document.plain
    respelt = turned(respelled(said, plain), plain)
    written = with_subsets(with_parts(respelt, reading), reading)
    functions = numeric(said)
    reading.scope.mapped = frozenset(map(latex, functions))
    entrywise = acts_on_entries(parsed.document.plain)
    reading.sloped = sloped(said, () if entrywise else functions) | dividing(said)
    reading.unit_letter = unit_letter(said, parsed.document.plain)
    reading.numeric = (as_numbers or not judging) and of_numbers(said, parsed.document.plain)
    written, models = without_models(written)
    for model in models:
        told = f"${latex(model)}$ is the model of the data, and names none of them"
        reading.note(f"model {latex(model)}", told)
    written, summed = apart(written, summands(written))
    maps = Maps.of(said, written, parsed.document.plain, summed)
    written = with_layers(written, parsed.document.plain, reading)
    items = [with_inner_products(with_whole_products(item)) for item in written]
    if says_so(parsed.document.plain):
        items = [with_sums(item) for item in items]
    items = with_motions(with_named_functions(with_own_letters(with_members(items))))
    items = with_increments(maps.with_arguments(items))
    slopes = Slopes.of(items, parsed.document.plain, maps)
    items = [slopes.written_out(item) for item in items]
    functions = Functions.of(items)
    items = [functions.written_out(item) for item in items]
    items = with_last(with_gradients(items), reading)
    steps = recurrence(items) or (sequence(items) if judging else None)
    if steps is not None:
        try:
            items = written_out(items, steps, reading, judging) if recast is None else recast(items)
        except Fault as fault:
            faults.append(fault)
            items = []
    free = Unspecified.of(items, parsed.document.plain, slopes)
    items = [free.written_out(item) for item in items]
    reading.scope.free = free.free
    note_signs(reading.sizes, source.text, parsed.document.plain)
    if reading.sizes.kronecker:
        items = with_commutations(items)
    reading.norms = norm_said(parsed.document.plain)
    reading.scope.basis = has_basis(items, parsed.document.plain)
    convolve.note_windows(items, parsed.document.plain, reading, judging)
    reading.scope.primed = primes_transpose(items, parsed.document.plain)
    items = with_roots(with_exponentials(with_pairs(items), reading), reading)
    note_members(items, reading.scope)
    known = words_claimed(items, parsed.document.plain) if judging else []
    statements = sorted_statements([item for item in items if item not in known], reading)
    statements.claims += known
    reading.differentiated |= numbers_asked(numbers, reading)
    shorthand = claims_told_apart(statements, reading, parsed.document.plain) if judging else None
    # W^{(k+1)} = W^{(k)} - .. is a rule: beside W its marks name no quantities.
    for item in [] if judging else [i for i in statements.definitions if steps_of(i, reading)]:
        statements.definitions.remove(item)
        reading.scope.defined.discard(introduced(item.kids[0], reading)[0])
    _declare(statements, reading, faults, parsed.document.plain, judging)
    note_sets(reading)
    note_exponents(items, reading)
    note_entries(items, reading)
    order = _equations(statements, reading, faults, judging, parsed.document.plain)
    if not judging:
        note_given(reading, order, items)
    sides = statements.claims, statements.declarations
    called = tuple(called_names(parsed, *sides, reading, judging))
    note_kinds(reading, called)
    reading.late = needing({"deriv", "grad"}, set(), order, reading) if judging else set()
    reading.differentiating = frozenset(reading.late)
    hidden = hidden_losses(statements, reading)
    uncertain = needing(set(), set(hidden), order, reading) if hidden else set()
    reading.late |= uncertain
    early = [equation for equation in order if equation.symbol not in reading.late]
    _read_definitions(early, reading, faults)
    if shorthand is not None:
        note_losses(statements, reading, shorthand)
    else:
        note_asked(statements, reading, parsed.document)
    try:
        note_hidden(hidden, reading)
    except Fault as fault:
        faults.append(fault)
        reading.broken |= uncertain
        order = [equation for equation in order if equation.symbol not in uncertain]
    _read_definitions([e for e in order if e.symbol in reading.late], reading, faults)
    return Elaborated(parsed, reading, statements, order, faults, shorthand, called, counts)


def _read_definitions(equations: Iterable[Equation], reading: Reading, faults: list[Fault]) -> None:
    for equation in equations:
        try:
            elaborate(equation, reading)
        except Silent:
            reading.broken.add(equation.symbol)
        except Fault as fault:
            reading.broken.add(equation.symbol)
            faults.append(fault)
        reading.late.discard(equation.symbol)


def problems_of(parsed: Parsed, faults: Iterable[Fault], source: Source) -> list[Diagnostic]:
    found = [d for d in parsed.diagnostics if d.severity == "error"]
    seen: set[tuple] = set()
    # What stands in a formula that could not be read may well be defined there.
    unread = [
        source.text[formula.start : formula.end]
        for formula in parsed.document.formulas
        if any(formula.start <= d.start <= formula.end for d in found)
    ]
    for fault in faults:
        name = source.text[slice(*fault.span)]
        if fault.code in _UNDEFINED and any(name in text for text in unread):
            continue
        key = (fault.code, fault.span, fault.message)
        if key not in seen:
            seen.add(key)
            found.append(fault.diagnostic(source))
    return sorted(found, key=lambda d: (d.start, d.end))


def _declare(
    statements: Statements, reading: Reading, faults: list[Fault], plain: str, judging: bool
) -> None:
    for item in statements.declarations:
        try:
            declare(item, reading, judging)
        except Fault as fault:
            faults.append(fault)
    assume(statements.assumptions, reading, plain)


def _equations(
    statements: Statements, reading: Reading, faults: list[Fault], judging: bool, plain: str
) -> list[Equation]:
    """Every definition and function settled; the definitions in the order of their use.

    ``plain`` is the document without its comments: what it says is to be shown defines nothing."""
    for table, items in (
        (reading.functions, statements.functions),
        (reading.equations, statements.definitions),
    ):
        for item in items:
            try:
                equation = equation_of(item, reading)
            except Fault as fault:
                faults.append(fault)
                symbol = reading.scope.refer(item.kids[0]).symbol if item.kids[0].head != "juxt" \
                    else reading.scope.refer(item.kids[0].kids[0]).symbol  # fmt: skip
                reading.broken.add(symbol)
                continue
            before = table.get(equation.symbol)
            if before is None:
                table[equation.symbol] = equation
                continue
            asked = [is_to_be_shown(one.span[0], plain) for one in (before, equation)]
            if asked == [True, False]:
                table[equation.symbol] = equation
                item = next(i for i in items if i.kids[0] == before.left and i.span == before.span)
            elif goes_on(equation, before, plain):
                reading.concludes = True
            elif not judging and before.body != equation.body:
                faults.append(_twice(before, equation))
            if judging:
                statements.claims.append(item)
    reading.concludes |= any(follows(item, 0, plain) for item in statements.claims)
    for item in () if judging else statements.claims:
        if (fault := _half_defined(item, reading)) is not None:
            faults.append(fault)
    note_counts(statements, reading)
    _count_calls(reading, statements)
    return ordered(reading, faults)


def _twice(before: Equation, again: Equation) -> Fault:
    return Fault(
        "defined-twice",
        f"${written(again.left)}$ is defined twice",
        again.span,
        "give the second quantity a name of its own, or its problem a heading such as Problem 2",
        (f"first defined as ${written(before.left)} = {written(before.right)}$",),
    )


def _half_defined(item: Tree, reading: Reading) -> Fault | None:
    r"""\log\sigma^2 = W x would define \sigma: said, where nothing else does."""
    left = item.kids[0] if item.head == "chain" else None
    if not isinstance(left, Tree) or left.head != "juxt" or len(left.kids) != 2:
        return None
    word, inside = left.kids[0], left.kids[1]
    inside = inside.kids[0] if inside.head == "paren" else inside
    if base_of(word).lstrip("\\") not in KNOWN_WORDS or not base_of(inside):
        return None
    symbol = reading.scope.refer(inside).symbol
    if reading.scope.known(symbol) or item.kids[1].kids[0] not in ("=", ":="):
        return None
    return Fault(
        "unreadable-left-side",
        f"${latex(left)}$ cannot be defined: only a name can stand on the left",
        left,
        "give it a name, as in $s = ..$, and write the quantity itself in that name",
    )


def _count_calls(reading: Reading, statements: Statements) -> None:
    for equation in (*reading.equations.values(), *reading.functions.values()):
        for node in equation.body.subtrees():
            if node.head == "call" and node.kids[0].head == "symbol":
                symbol = str(node.kids[0].kids[0])
                if symbol in reading.functions:
                    called = ", ".join(written(a) for a in node.kids[1:])
                    reading.calls.setdefault(symbol, set()).add(called)


__all__ = ["read", "read_document", "sizes"]
