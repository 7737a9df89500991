r"""Which statements of a document are claims: relations about what is already known.

The idea: the first equation that introduces a name defines it; everything else that relates two
quantities can be true or false.  \delta_z of a known z claims something of a gradient, \delta of
anything else is a name that its first equation defines.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass

from derive.elaborate.claims.remainders import Remainder
from derive.elaborate.claims.solutions import circular, solutions
from derive.elaborate.claims.steps import stepped, steps_of
from derive.elaborate.claims.valued import note_values
from derive.elaborate.names.indices import index_letter
from derive.elaborate.names.scope import base_of, names_in, taken_apart
from derive.elaborate.reading import Reading
from derive.elaborate.statements.cases import echoes
from derive.elaborate.statements.collect import DEFINES, Statements, introduced
from derive.elaborate.statements.declare import number
from derive.elaborate.statements.differentials import (
    is_d,
    names_gradients,
    varied_in,
    with_differentials,
)
from derive.elaborate.statements.given import is_given, is_value
from derive.elaborate.statements.mood import is_called_false, is_denied
from derive.elaborate.statements.roots import is_root
from derive.elaborate.statements.shorthand import Mark, Shorthand, delta_of
from derive.elaborate.statements.sized import note_sizes
from derive.latex.print import latex
from derive.tree import Tree

CONSTANTS = frozenset(
    [r"\mathbf{0}", r"\mathbf{1}", r"\mathbf{I}", r"\mathbb{I}", r"\mathbb{1}", "I", "E", "e",
     r"\pi"]
)  # fmt: skip
_ARROWS = frozenset(["<-"])


@dataclass(frozen=True, slots=True)
class Claim:
    """A chain of relations: ``given`` of its first ones define something and claim nothing.

    ``kind`` is ``relation``, ``shape`` (a quantity and the set it is in) or ``update`` (a step of
    an optimiser).  ``rests`` are what the sides leave out, if any does: see ``remainders``.
    """

    item: Tree
    sides: tuple[Tree, ...]
    relations: tuple[str, ...]
    given: int = 0
    kind: str = "relation"
    rests: tuple[Remainder | None, ...] = ()

    @property
    def span(self) -> tuple[int, int]:
        return self.item.span


def claims_told_apart(statements: Statements, reading: Reading, text: str = "") -> Shorthand:
    """Move what claims something from the declarations and assumptions to the claims, and the
    \\delta that name nothing known from the claims to the definitions, which are then written out.

    ``text`` is the document without its comments.  Its shorthand is returned, for the claims.
    """
    _known_powers(statements, reading)
    _note_inputs(statements, reading)
    note_sizes(statements, reading, text)
    note_values(statements, reading, text)
    for item in (*solutions(statements, reading, text), *circular(statements, reading)):
        if item in statements.definitions:
            _claim(item, statements, reading)
    for item in list(statements.definitions):
        symbol = introduced(item.kids[0], reading)[0]
        denied = is_denied(text, *item.span) or is_called_false(text, item.span[1])
        if symbol in reading.scope.declared and (denied or is_value(item, text)):
            _claim(item, statements, reading)
    for item in list(statements.definitions):
        # H^T = H: no name stands there; A_{ij} = A_{ji}: it does not give A.
        if _acts(item.kids[0], reading) or _of_itself(item, reading):
            _claim(item, statements, reading)
    where = {introduced(d.kids[0], reading)[0]: d.span for d in statements.definitions}
    for item in list(statements.declarations):
        left = item.kids[0]
        parts = left.kids if left.head == "list" else (left,)
        parts = [p for p in parts if p.head != "dots"]  # x_1, \dots, x_n
        if not all(base_of(p) for p in parts) or any(delta_of(p, reading) for p in parts):
            _moved(item, statements.declarations, statements)
        elif all(
            where.get(reading.scope.introduce(p).symbol, item.span) < item.span for p in parts
        ):
            statements.claims.append(item)  # said of what is defined above it
    for item in list(statements.assumptions):
        sides = item.kids[::2]
        # "With x > y" is supposed; 0 < x bounds x.
        supposed = is_given(item, text) and all(number(side) is None for side in sides)
        if supposed or not all(_plain(side, reading) for side in sides):
            _moved(item, statements.assumptions, statements)
    for item in list(statements.claims):
        # x \neq 0 of a variable is supposed, whatever the words.
        signs = {str(sign.kids[0]) for sign in item.kids[1::2]} if item.head == "chain" else set()
        if signs == {"!="} and all(_plain(side, reading) for side in item.kids[::2]):
            statements.claims.remove(item)
    marks: set[Mark] = set()
    rules: set[Tree] = set()
    every = (*statements.definitions, *statements.claims)
    for item in every:
        found = steps_of(item, reading)
        # \theta_{t+1} - \theta_t: the new value is a quantity beside the old one; so is a \theta_2
        # of which another thing is said.
        again = all(mark.base for mark in found) and _is_said_again(item, every)
        if found and (again or _is_used(item.kids[0], every)):
            continue
        marks |= found
        rules |= {item.kids[0]} if found else set()
    for item in list(statements.definitions):
        # So is what says in another form what W_{t+1} is.
        if item.kids[0] in rules:
            _moved(item, statements.definitions, statements)
            reading.scope.defined.discard(introduced(item.kids[0], reading)[0])
    named: set[str] = set()
    for item in list(statements.claims):
        left = item.kids[0] if item.head == "chain" else None
        if isinstance(left, Tree) and _names_delta(left, item, reading):
            symbol = introduced(left, reading)[0]
            if symbol not in named:
                named.add(symbol)
                statements.claims.remove(item)
                statements.definitions.append(item)
                reading.scope.defined.add(symbol)
    for item in list(statements.claims):
        for name, meaning in _named_in_passing(item, statements, reading):
            symbol = introduced(name, reading)[0]
            if symbol not in reading.scope.defined:
                reading.scope.defined.add(symbol)
                rel = Tree("rel", ("=",))
                statements.definitions.append(Tree("chain", (name, rel, meaning), name.span))
    shorthand = Shorthand.of(statements, reading, frozenset(marks), text)
    for items in (statements.definitions, statements.functions):
        items[:] = [Tree("chain", (i.kids[0], *map(shorthand.written_out, i.kids[1:])), i.span)
                    for i in items]  # fmt: skip
    return shorthand


def _moved(item: Tree, items: list[Tree], statements: Statements) -> None:
    items.remove(item)
    statements.claims.append(item)


def _claim(item: Tree, statements: Statements, reading: Reading) -> None:
    """A definition becomes a claim; what another one defines stays defined."""
    _moved(item, statements.definitions, statements)
    symbol = introduced(item.kids[0], reading)[0]
    if all(introduced(d.kids[0], reading)[0] != symbol for d in statements.definitions):
        base, _, label, _ = taken_apart(item.kids[0], reading.scope)
        reading.scope.defined.discard(symbol)
        reading.scope.powered.discard((base, latex(label) if label is not None else ""))


def _note_inputs(statements: Statements, reading: Reading) -> None:
    """The W of z = W x, which has a \\delta_W though nothing declares it."""
    scope = reading.scope
    rights = [kid for item in statements.definitions for kid in item.kids[2::2]]
    for name in names_in(rights):
        letter = index_letter(name)
        if letter is None or letter not in scope.bound | scope.steps:
            scope.inputs.add(scope.refer(name).symbol)


def _named_in_passing(
    item: Tree, statements: Statements, reading: Reading
) -> Iterator[tuple[Tree, Tree]]:
    r"""The g of \partial L / \partial z = z - y = g, and what it names, if nothing knows a g."""
    signs = {str(r.kids[0]) for r in item.kids[1::2]} if item.head == "chain" else set()
    if not signs or signs - DEFINES or item.span in reading.valued:
        return
    sides = zip(item.kids[::2], item.kids[2::2], strict=False)
    fresh = [(before, side) for before, side in sides if _is_new(side, reading)]
    if not fresh:
        return
    # What was spoken of before is not named here: the s of s > 0, e^{\log s} = s, the n of R^n.
    before_it = (*statements.declarations, *statements.assumptions, *statements.claims)
    earlier = [c for c in before_it if c.span < item.span]
    spoken = [kid for c in earlier if c.head == "chain" for kid in c.kids] + [item.kids[0]]
    defining = (*statements.definitions, *statements.functions)
    spoken += [kid for definition in defining for kid in definition.kids[2:]]
    scope, names = reading.scope, list(names_in(spoken))
    used = {scope.use_of(name) for name in names}
    # Who spoke of its entries spoke of it: the c of c_j y_j.
    entries = {one.symbol for name in names if (one := scope.refer(name)).indices}
    for before, side in fresh:
        if scope.use_of(side) not in used and scope.refer(side).symbol not in entries:
            yield side, before


def _is_new(side: Tree, reading: Reading) -> bool:
    """A plain name that nothing declares or defines."""
    if not base_of(side) or side.head == "prime" or number(side) is not None:
        return False
    reference = reading.scope.refer(side)
    plain = not reference.actions and not reference.indices and base_of(side) not in CONSTANTS
    known = reading.scope.known(reference.symbol) or delta_of(side, reading) is not None
    return plain and not known


def _of_itself(item: Tree, reading: Reading) -> bool:
    """Whether an equation between entries of a declared array gives them by themselves."""
    base, subs, _, _ = taken_apart(item.kids[0], reading.scope)
    other = item.kids[2].kids[0] if item.kids[2].head == "neg" else item.kids[2]
    if subs and base in reading.scope.declared and base_of(other):
        # A_{12} = A_{21} of a declared A: such numbers are its places.
        return all(s.head == "num" for s in subs) and taken_apart(other, reading.scope)[0] == base
    reference = reading.scope.introduce(item.kids[0])
    if not reference.indices or reference.symbol not in reading.scope.declared:
        return False
    return any(reading.scope.refer(n).symbol == reference.symbol for n in names_in(item.kids[2:]))


def _known_powers(statements: Statements, reading: Reading) -> None:
    """t^2 = t + 1 of a t that stands alone, too, and is known, defines no quantity t^2."""
    scope = reading.scope
    roots = {base_of(item.kids[0]) for item in statements.definitions if is_root(item)}
    for item in statements.definitions:
        base, _, label, _ = taken_apart(item.kids[0], scope)
        written = latex(label) if label is not None else ""
        known = scope.whole & (scope.declared | scope.defined)
        if (base, written) in scope.powered and base in known - roots:
            scope.defined.discard(introduced(item.kids[0], reading)[0])
            scope.powered.discard((base, written))


def _acts(left: Tree, reading: Reading) -> bool:
    r"""Whether a left side is a name under a transpose or a power, and not \sigma^2, a variance."""
    if left.head == "prime" and reading.scope.primed:
        return reading.scope.known(reading.scope.refer(left.kids[0]).symbol)
    base, _, _, actions = taken_apart(left, reading.scope)
    return bool(actions) and not (
        len(actions) == 1 and (base, latex(actions[0])) in reading.scope.powered
    )


def _is_used(name: Tree, items: Iterable[Tree]) -> bool:
    """Whether a name stands anywhere but alone on a left side."""
    sides = (
        side for item in items for k, side in enumerate(item.kids[::2])
        if isinstance(side, Tree) and (k or side != name)
    )  # fmt: skip
    return any(node == name for side in sides for node in names_in([side]))


def _is_said_again(item: Tree, items: Iterable[Tree]) -> bool:
    return any(other is not item and other.kids[0] == item.kids[0] for other in items
               if other.head == "chain")  # fmt: skip


def _plain(side: Tree, reading: Reading) -> bool:
    """A number, or a name that no equation defines: what an assumption speaks of."""
    if number(side) is not None or side.head in ("dots", "list"):
        return True
    if not base_of(side):
        return False
    reference = reading.scope.refer(side)
    # s^2 > 0 bounds s by nothing that can be recorded.
    return not reference.actions and reference.symbol not in reading.scope.defined


def _names_delta(left: Tree, item: Tree, reading: Reading) -> bool:
    base, subs, _, _ = taken_apart(left, reading.scope)
    defines = str(item.kids[1].kids[0]) in DEFINES
    if base != r"\delta" or not subs or not defines or delta_of(left, reading) is not None:
        return False
    # The \delta of a layer function is a gradient, though of what is not to be said.
    return not (base_of(subs[0]) and reading.scope.refer(subs[0]).symbol in reading.scope.functions)


def claims_of(statements: Statements, reading: Reading) -> list[Claim]:
    """Every claim of a document, in the order in which they were written."""
    gradients = any(names_gradients(item, reading) for item in statements.claims)
    varied = varied_in(statements.claims, reading)
    items = [with_differentials(item, reading, gradients, varied) for item in statements.claims]
    rules = {item.kids[0] for item in items if _is_rule(item, reading)}
    found = [claim for item in items for claim in _claims(item, 0, reading, rules)]
    for item in (*statements.definitions, *statements.functions):
        if len(item.kids) > 3:
            found += _claims(item, 1, reading)
    found.sort(key=lambda claim: claim.span)
    return found


def _is_rule(item: Tree, reading: Reading) -> bool:
    r"""Whether a statement is a step of an optimiser; a \theta_2 that has a value is none."""
    marks = steps_of(item, reading)
    numbered = all(mark.base for mark in marks)
    valued = numbered and reading.scope.refer(item.kids[0]).symbol in reading.scope.defined
    return bool(marks) and not valued


def _claims(
    item: Tree, given: int, reading: Reading, rules: Collection[Tree] = ()
) -> Iterator[Claim]:
    if item.head != "chain" or echoes(item):
        return
    sides, relations = item.kids[::2], tuple(str(r.kids[0]) for r in item.kids[1::2])
    if set(relations) == {"in"}:
        left = sides[0]
        for part in left.kids if left.head == "list" else (left,):
            yield Claim(item, (part, *sides[1:]), relations, 0, "shape")
        return
    if sides[1].head == "list" and any(part.head == "dots" for part in sides[1].kids):
        return  # i = 1, .., m says where an index runs
    if item.span in reading.valued:
        yield Claim(item, sides, relations)
        return
    if len(sides) == 2 and _is_notation(*sides, reading):
        return
    if all(_counts(side, reading) for side in sides):
        return  # i \\neq j says which entries are meant
    step = relations[0] in DEFINES and stepped(sides[0], sides[1]) is not None
    # What is defined has its value: \tilde\theta_{new} = \tilde\theta_{old} + .. is a claim.
    step = step and reading.scope.refer(sides[0]).symbol not in reading.scope.defined
    step = step or relations[0] in _ARROWS or (relations[0] in DEFINES and sides[0] in rules)
    assigned = relations[0] in DEFINES and _assigned(sides[0], sides[1], reading)
    step = step or (given == 0 and assigned)
    yield Claim(item, sides, relations, given, "update" if step and given == 0 else "relation")


def _is_notation(left: Tree, right: Tree, reading: Reading) -> bool:
    r"""dX = \partial L / \partial X of an X that is no quantity: how gradients are written."""
    match left, right:
        case Tree("juxt", (Tree() as sign, Tree() as named)), Tree("deriv", (_, by, _)):
            stands = is_d(sign) and by == named
        case Tree("script", (sign, Tree() as named, _)), Tree("deriv", (_, by, _)):
            stands = sign == Tree("name", (r"\delta",)) and by == named
        case _:
            return False
    if not stands:
        return False
    return base_of(named) != "" and not reading.scope.known(reading.scope.refer(named).symbol)


def _assigned(left: Tree, right: Tree, reading: Reading) -> bool:
    """Whether W = (1 - \\lambda) W - .. gives a variable, which nothing defines, a new value.

    A \\delta has its value: \\delta_z = W^\\top \\delta_z is a claim, and wrong.
    """
    if not base_of(left) or reading.scope.refer(left).symbol in reading.scope.defined:
        return False
    if delta_of(left, reading) is not None:
        return False
    return right.head in ("sum", "juxt") and left in right.subtrees()


def _counts(side: Tree, reading: Reading) -> bool:
    """A whole number, or a letter that is no quantity of the document."""
    letter = index_letter(side)
    return side.head == "num" or (letter is not None and not reading.scope.known(letter))
