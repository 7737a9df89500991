"""Statements sorted: declarations, assumptions, definitions, functions, questions, claims.

The idea: names are collected before any formula is given a meaning, so definitions may stand in any
order and a name can be told from a product, a label from a power.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field

from derive.elaborate.faults import Fault
from derive.elaborate.names.indices import index_letter
from derive.elaborate.names.scope import base_of, taken_apart
from derive.elaborate.reading import Equation, Reading
from derive.elaborate.statements.alone import (
    DEFINES,
    formals_of,
    is_circular,
    is_head,
    numbered_parts,
)  # fmt: skip
from derive.elaborate.statements.bracketed import BRACKETS, is_landau
from derive.elaborate.statements.declare import declared_names, number
from derive.elaborate.statements.differentials import is_rule
from derive.elaborate.statements.given import fact_in, is_powered
from derive.elaborate.statements.letters import collect_components, collect_letters, mentions
from derive.elaborate.statements.settle import settle
from derive.elaborate.statements.unfold import reaching, unfolded
from derive.latex.print import latex
from derive.tree import Tree

# Bold constants do not make a document one that sets its vectors in bold.
ORDERED = frozenset(["<", ">", "<=", ">="])


@dataclass(slots=True)
class Statements:
    """The statements of a document by kind; a definition keeps its whole chain."""

    declarations: list[Tree] = field(default_factory=list)
    assumptions: list[Tree] = field(default_factory=list)
    definitions: list[Tree] = field(default_factory=list)
    functions: list[Tree] = field(default_factory=list)
    questions: list[Tree] = field(default_factory=list)
    bare: list[Tree] = field(default_factory=list)  # derivatives that stand alone in the text
    claims: list[Tree] = field(default_factory=list)
    sought: list[Tree] = field(default_factory=list)  # names that are optimised over


def sorted_statements(items: Iterable[Tree], reading: Reading) -> Statements:
    """Sort the statements and fill the scope with the names that they introduce."""
    plain = unfolded(items)
    found = Statements(sought=plain.sought)
    items = plain.items
    for k, told in enumerate(plain.notes):
        reading.note(f"objective {k}", told)
    collect_letters(items, reading)
    heads = {latex(item.kids[0]) for item in items if item.head == "chain" and item.kids[0]}
    for item in items:
        _sort(item, found, heads)
    collect_components(found.definitions, reading)
    for item in found.definitions:
        _collect_powers(item.kids[0], reading)
    reading.scope.met |= dict.fromkeys(numbered_parts(items), 0)
    for item in found.declarations:
        for name in declared_names(item):
            reading.scope.declared.add(reading.scope.introduce(name).symbol)
    for item in list(found.definitions):
        left = item.kids[0]
        symbol, _, _ = introduced(left, reading)
        base, subs, label, _ = taken_apart(left, reading.scope)
        mentioned = {latex(n) for n in _factors(item.kids[2])}
        if base == r"\delta" and subs:
            found.definitions.remove(item)
            found.claims.append(item)
        elif latex(left) in mentioned or [*fact_in(item)] or _is_remark(item, symbol, reading):
            # W = W - ε∇L is an update, S = Sᵀ or P² = P a fact: neither defines its left side.
            found.definitions.remove(item)
            found.claims.append(item)
            reading.scope.powered.discard((base, latex(label) if label else ""))
        else:
            reading.scope.defined.add(symbol)
    _settle_heads(items, found, reading)
    for item in found.functions:
        reading.scope.functions.add(introduced(item.kids[0].kids[0], reading)[0])
    for item in (*found.bare, *found.questions):
        reading.differentiated |= {reading.scope.refer(of).symbol for of in _of_gradients(item)}
    for name in found.sought:
        reading.roles[reading.scope.refer(name).symbol] = "parameter"
    return found


def numbers_asked(of: Iterable[Tree], reading: Reading) -> set[str]:
    """The symbols of what a gradient is asked of in words: f, and the f of f(x)."""
    names = (tree.kids[0] if is_head(tree) else tree for tree in of)
    return {reading.scope.refer(name).symbol for name in names if base_of(name)}


def _of_gradients(item: Tree) -> Iterator[Tree]:
    """What a gradient is asked of: g of \\nabla_w g."""
    for node in item.subtrees():
        of = node.kids[1] if node.head == "grad" and node.kids[2] == "1" else None
        of = of.kids[0] if isinstance(of, Tree) and is_head(of) else of
        if isinstance(of, Tree) and base_of(of):
            yield of


def _factors(tree: Tree) -> Iterator[Tree]:
    """The names in a formula that are not part of another name: not the g of W_g."""
    stack: list = [tree]
    while stack:
        node = stack.pop()
        if isinstance(node, tuple):
            stack.extend(node)
        elif isinstance(node, Tree):
            if base_of(node):
                yield node
            name = node.head == "script" and base_of(node)
            stack.extend(() if name and _is_capital(node.kids[2]) else node.kids[2:] if name
                         else node.kids)  # fmt: skip


def _is_capital(above: object) -> bool:
    """The O of W^O, which is part of the name."""
    return isinstance(above, Tree) and (index_letter(above) or "").isupper()


def _collect_powers(left: Tree, reading: Reading) -> None:
    """A left side \\sigma^2 defines one quantity, the variance: the square is part of its name."""
    base, _, _, actions = taken_apart(left, reading.scope)
    if len(actions) == 1 and actions[0].head == "num":
        reading.scope.powered.add((base, latex(actions[0])))


def _sort(item: Tree, found: Statements, heads: Collection[str]) -> None:
    if item.head in ("deriv", "grad"):
        found.bare.append(item)
        return
    if item.head != "chain" or item.kids[0] is None or mentions(item):
        return
    sides, signs = item.kids[::2], [str(r.kids[0]) for r in item.kids[1::2]]
    left = sides[0]
    if any(side.head == "ask" for side in sides):
        found.questions.append(item)
    elif set(signs) == {"in"}:
        found.declarations.append(item)
    elif signs and set(signs) <= ORDERED:
        found.assumptions.append(item)
    elif any(is_landau(part, heads) for part in (sides[-1], *sides[-1].kids)):
        found.claims.append(item)  # f(x) = f(a) + f'(a)(x - a) + O((x - a)^2) gives f no value
    elif signs[0] in DEFINES and base_of(left) and not _exponential(left):
        found.definitions.append(item)
    elif signs[0] in DEFINES and (is_head(left) or _of_squares(left)) and not is_rule(item):
        found.functions.append(item)
    else:
        found.claims.append(item)


def _of_squares(left: Tree) -> bool:
    r"""\ell(\mu, \sigma^2): a name before a list of names, of which some are squares."""
    match left:
        case Tree("juxt", (name, Tree("paren", (Tree("list", parts),)))):
            plain = Tree("paren", (Tree("list", tuple(map(_unpowered, parts))),))
            return not is_head(left) and is_head(Tree("juxt", (name, plain)))
    return False


def _unpowered(part: Tree) -> Tree:
    if not base_of(part) or not is_powered(part):
        return part
    base, sub, _ = part.kids
    return base if sub is None else Tree("script", (base, sub, None), part.span)


def _exponential(left: Tree) -> bool:
    """e^{s + t}: nobody names a quantity so, as e^{(i)} and e_1 are named."""
    match left:
        case Tree("script", (Tree("name", ("e",)), None, Tree(head))):
            return head not in ("paren", "bracket", "num")
    return False


def _is_remark(item: Tree, symbol: str, reading: Reading) -> bool:
    """i = 1, .., m says where an index runs; y = +1, of a declared y, is one of its values."""
    right = item.kids[2]
    listed = right.kids[0] if right.head == "bracket" else right  # [W_1, \dots, W_L] is not read
    if listed.head == "list" and any(part.head == "dots" for part in listed.kids):
        return index_letter(item.kids[0]) is not None
    letter = index_letter(item.kids[0])
    if letter in reading.scope.bound and letter not in reading.scope.declared:
        # "when w = o", of a w that numbers the u_w
        return item.kids[0].head == "name" and index_letter(right) is not None
    return symbol in reading.scope.declared and number(right) is not None


def _settle_heads(items: list[Tree], found: Statements, reading: Reading) -> None:
    """J(w) = .. defines the quantity J if J is never applied to anything but w."""
    bodies = {introduced(d.kids[0], reading)[0]: d.kids[2] for d in found.definitions}
    circular = [f for f in found.functions if is_circular(f, bodies, reading.scope)]
    found.functions[:] = [f for f in found.functions if f not in circular]
    found.claims += circular
    seen: dict[str, set[Tree]] = {}
    for item in items:
        if reading.recalled is None and _is_step(item):
            continue
        for node in item.subtrees():
            if node.head == "juxt":
                for kid, after in zip(node.kids, node.kids[1:], strict=False):
                    # f (1 - f) is a product: nothing is applied to itself.  f(x)^2 is f of x.
                    after = after.kids[0] if after.head == "script" else after
                    if base_of(kid) and after.head in BRACKETS and kid not in after.subtrees():
                        seen.setdefault(latex(kid), set()).add(after)
    for item in list(found.functions):
        name, bracket = item.kids[0].kids
        if seen.get(latex(name), set()) - {bracket}:
            if _of_squares(item.kids[0]):  # no function can be said of a square
                found.functions.remove(item)
                found.claims.append(item)
            continue
        symbol = introduced(name, reading)[0]
        found.functions.remove(item)
        found.definitions.append(Tree("chain", (name, *item.kids[1:]), item.span))
        reading.scope.defined.add(symbol)
        reading.scope.applied[symbol] = bracket


def _is_step(item: Tree) -> bool:
    r"""Whether a statement only says how one step follows from another, w_{t+1} = w_t - \eta ..: it
    applies functions to steps, and they are defined as quantities all the same."""
    if item.head != "chain" or not isinstance(item.kids[0], Tree):
        return False
    base = base_of(item.kids[0])
    below = [node.kids[1] for node in item.subtrees() if base and base_of(node) == base
             and node.head == "script"]  # fmt: skip
    return any(mark is not None and mark.head == "sum" for mark in below) and len(set(below)) > 1


def introduced(left: Tree, reading: Reading) -> tuple[str, tuple[str, ...], tuple[str, ...]]:
    """The symbol that a left side introduces, the letters of its slots, and its components."""
    reference = reading.scope.introduce(left)
    letters = [index_letter(i) or latex(i) for i in reference.indices]
    slots = reference.symbol.count("#")
    return reference.symbol, tuple(letters[:slots]), tuple(letters[slots:])


# ---------------------------------------------------------------- definitions


def equation_of(item: Tree, reading: Reading) -> Equation:
    """A definition or a function, its right side settled.  Fault if it cannot be settled."""
    left, right = item.kids[0], item.kids[2]
    formals: tuple[str, ...] = ()
    name = left
    if left.head == "juxt":
        name = left.kids[0]
        formals = tuple(reading.scope.refer(a).symbol for a in formals_of(left.kids[1]))
    symbol, letters, components = introduced(name, reading)
    reference = reading.scope.refer(name)
    if reference.actions:
        raise Fault(
            "unreadable-left-side",
            f"${latex(left)}$ cannot be defined: only a name can stand on the left",
            left,
            "define the name itself, without transpose or power",
        )
    indices = frozenset(letters) | frozenset(components)
    body = settle(reaching(right, indices), reading.scope)
    return Equation(symbol, letters, components, formals, left, right, body, item.span)
