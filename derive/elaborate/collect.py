"""Statements sorted: declarations, assumptions, definitions, functions, questions, claims.

The idea: names are collected before any formula is given a meaning, so definitions may stand in any
order and a name can be told from a product, a label from a power.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from fractions import Fraction

from derive.elaborate.elaborate import bound_letters, size_of
from derive.elaborate.faults import Fault
from derive.elaborate.reading import Declaration, Equation, Reading
from derive.elaborate.scope import base_of, index_letter, names_in, taken_apart
from derive.elaborate.settle import BRACKETS, settle
from derive.expr import Axes
from derive.latex.print import latex
from derive.network import REALS, Domain
from derive.sizes import Axis
from derive.tree import Tree

DEFINES = frozenset(["=", ":=", "=="])
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


def sorted_statements(items: Iterable[Tree], reading: Reading) -> Statements:
    """Sort the statements and fill the scope with the names that they introduce."""
    found = Statements()
    items = list(items)
    collect_letters(items, reading)
    for item in items:
        _sort(item, found)
    _collect_components(found.definitions, reading)
    for item in found.definitions:
        _collect_powers(item.kids[0], reading)
    for item in found.declarations:
        for name in _declared_names(item):
            reading.scope.declared.add(_introduced(name, reading)[0])
    for item in list(found.definitions):
        left = item.kids[0]
        symbol, _, _ = _introduced(left, reading)
        base, subs, _, _ = taken_apart(left, reading.scope)
        mentioned = {latex(n) for n in names_in(item.kids[2:3])}
        if base == r"\delta" and subs:
            found.definitions.remove(item)
            found.claims.append(item)
        elif latex(left) in mentioned or _is_remark(item, symbol, reading):
            # W = W - ε∇L is an update, S = Sᵀ a fact: neither defines its left side.
            found.definitions.remove(item)
            found.claims.append(item)
        else:
            reading.scope.defined.add(symbol)
    _settle_heads(items, found, reading)
    for item in found.functions:
        reading.scope.functions.add(_introduced(item.kids[0].kids[0], reading)[0])
    return found


def collect_letters(items: list[Tree], reading: Reading) -> None:
    """Note which letters are bound, which names stand alone, and which are only ever applied."""
    called: dict[str, bool] = {}
    for item in items:
        for node in item.subtrees():
            if node.head == "big":
                for letter, _, _ in bound_letters(node.kids[1]):
                    reading.scope.bound.add(letter)
            if node.head == "chain":
                _range(node, reading)
            if node.head == "script" and isinstance(node.kids[1], Tree):
                for reckoning in node.kids[1].subtrees():
                    if reckoning.head == "sum":
                        letters = (index_letter(part) for part in reckoning.subtrees())
                        reading.scope.steps |= {letter for letter in letters if letter}
            for base, bracketed in _uses(node):
                called[base] = called.get(base, True) and bracketed
        for node in names_in([item]):
            if node.head == "name":
                reading.scope.whole.add(str(node.kids[0]))
            alphabet = base_of(node)
            reading.bold = reading.bold or alphabet.startswith(r"\mathbf")
    reading.scope.called_only = {base for base, always in called.items() if always}


def _uses(node: Tree) -> Iterator[tuple[str, bool]]:
    """The names among a node's kids, each with whether a bracket follows it."""
    kids = node.kids[1:] if node.head in ("script", "prime") else node.kids
    flat = [k for kid in kids for k in (_cells(kid) if isinstance(kid, tuple) else (kid,))]
    for k, kid in enumerate(flat):
        if isinstance(kid, Tree) and (base := base_of(kid)):
            after = flat[k + 1] if node.head == "juxt" and k + 1 < len(flat) else None
            scripted = after.kids[0] if after is not None and after.head == "script" else after
            yield base, isinstance(scripted, Tree) and scripted.head in BRACKETS


def _cells(rows: tuple) -> Iterator[object]:
    for part in rows:
        if isinstance(part, tuple):
            yield from _cells(part)
        else:
            yield part


def _collect_components(definitions: list[Tree], reading: Reading) -> None:
    """f_i = max(α g_i, g_i): a letter on both sides of an equation between entries is an index.

    Not where the letter is reckoned with (h_t from h_{t-1}): there it tells steps apart.
    """
    for item in definitions:
        letters = _plain_subscripts(item.kids[:1]) & _plain_subscripts(item.kids[2:])
        reading.scope.bound |= letters - reading.scope.steps


def _plain_subscripts(trees: tuple) -> set[str]:
    """The letters below names that are not bold: bold names with letters are things of their own."""
    found: set[str] = set()
    for node in names_in(trees):
        if node.head == "script" and r"\mathbf" not in base_of(node) and node.kids[1] is not None:
            subs = node.kids[1].kids if node.kids[1].head in ("list", "juxt") else node.kids[1:2]
            found |= {letter for s in subs if isinstance(s, Tree) and (letter := index_letter(s))}
    return found


def _collect_powers(left: Tree, reading: Reading) -> None:
    """A left side \\sigma^2 defines the variance as one quantity: its square is part of its name."""
    base, _, _, actions = taken_apart(left, reading.scope)
    if len(actions) == 1 and actions[0].head == "num":
        reading.scope.powered.add((base, latex(actions[0])))


def _range(chain: Tree, reading: Reading) -> None:
    r"""k \in \{1, \dots, c\}, i = 1: a letter that ranges is an index wherever it is a subscript."""
    first, relation, second = chain.kids[:3] if len(chain.kids) >= 3 else (None, None, None)
    if first is None or relation is None or second is None:
        return
    letter = index_letter(first)
    if letter is None:
        return
    sign = relation.kids[0]
    counts = (
        sign == "in"
        and second.head == "set"
        and any(part.head == "dots" for part in second.subtrees())
    )
    runs = (
        sign == "=" and second.head == "list" and any(part.head == "dots" for part in second.kids)
    )
    if counts or runs:
        reading.scope.bound.add(letter)


def _sort(item: Tree, found: Statements) -> None:
    if item.head in ("deriv", "grad"):
        found.bare.append(item)
        return
    if item.head != "chain" or item.kids[0] is None:
        return
    sides, signs = item.kids[::2], [str(r.kids[0]) for r in item.kids[1::2]]
    left = sides[0]
    if any(side.head == "ask" for side in sides):
        found.questions.append(item)
    elif set(signs) == {"in"}:
        found.declarations.append(item)
    elif signs and set(signs) <= ORDERED:
        found.assumptions.append(item)
    elif signs[0] in DEFINES and base_of(left):
        found.definitions.append(item)
    elif signs[0] in DEFINES and _is_head(left):
        found.functions.append(item)
    else:
        found.claims.append(item)


def _is_head(left: Tree) -> bool:
    """f(x), L(θ; X, y): a name before a bracket that holds only names."""
    if left.head != "juxt" or len(left.kids) != 2:
        return False
    name, bracket = left.kids
    if not base_of(name) or name.head == "prime" or bracket.head != "paren":
        return False
    return all(base_of(a) for a in _formals(bracket))


def _formals(bracket: Tree) -> list[Tree]:
    inner = bracket.kids[0]
    parts = inner.kids if inner.head == "semi" else (inner,)
    return [a for part in parts for a in (part.kids if part.head == "list" else (part,))]


def _is_remark(item: Tree, symbol: str, reading: Reading) -> bool:
    """i = 1, .., m says where an index runs; y = +1, of a declared y, is one of its values."""
    right = item.kids[2]
    if any(part.head == "dots" for part in right.subtrees()):
        return index_letter(item.kids[0]) is not None
    return symbol in reading.scope.declared and _number(right) is not None


def _settle_heads(items: list[Tree], found: Statements, reading: Reading) -> None:
    """J(w) = .. defines the quantity J if J is never applied to anything but w."""
    seen: dict[str, set[Tree]] = {}
    for item in items:
        for node in item.subtrees():
            if node.head == "juxt":
                for kid, after in zip(node.kids, node.kids[1:], strict=False):
                    if base_of(kid) and after.head in BRACKETS:
                        seen.setdefault(latex(kid), set()).add(after)
    for item in list(found.functions):
        name, bracket = item.kids[0].kids
        if seen.get(latex(name), set()) - {bracket}:
            continue
        symbol = _introduced(name, reading)[0]
        found.functions.remove(item)
        found.definitions.append(Tree("chain", (name, *item.kids[1:]), item.span))
        reading.scope.defined.add(symbol)
        reading.scope.applied[symbol] = bracket


def _introduced(left: Tree, reading: Reading) -> tuple[str, tuple[str, ...], tuple[str, ...]]:
    """The symbol that a left side introduces, the letters of its slots, and its components."""
    reference = reading.scope.refer(left)
    letters = [index_letter(i) or latex(i) for i in reference.indices]
    slots = reference.symbol.count("#")
    return reference.symbol, tuple(letters[:slots]), tuple(letters[slots:])


# ---------------------------------------------------------------- declarations


def _declared_names(item: Tree) -> Iterator[Tree]:
    left = item.kids[0]
    for part in left.kids if left.head == "list" else (left,):
        if base_of(part):
            yield part


def declare(item: Tree, reading: Reading) -> None:
    r"""Record ``W \in \mathbb{R}^{m \times n}`` and its kin.  Fault where the set is not known."""
    axes, domain = _set_of(item.kids[2], reading)
    for name in _declared_names(item):
        symbol = _introduced(name, reading)[0]
        before = reading.declarations.get(symbol)
        if before is not None and before.axes != axes and before.axes is not None:
            raise Fault(
                "declared-twice", f"{latex(name)} is declared twice, with different sets", item,
                "keep one of the two declarations",
            )  # fmt: skip
        if index_letter(name) in reading.scope.bound and domain.classes is not None:
            continue  # k ∈ {1, …, c} says where an index runs, not that k is a variable
        reading.declarations[symbol] = Declaration(axes, domain, name.span)
        if axes == ():
            reading.scope.scalars.add(symbol)
        if axes:
            reading.declares = True


def _set_of(tree: Tree, reading: Reading) -> tuple[Axes | None, Domain]:
    exponent: Tree | None = None
    sub: Tree | None = None
    if tree.head == "script":
        tree, sub, exponent = tree.kids
    elif tree.head == "juxt" and tree.kids[0].head in ("script", "name"):
        return _set_of(tree.kids[0], reading)  # R^n \setminus \{0\}
    axes = _axes(exponent, reading) if exponent is not None else ()
    if tree.head == "name":
        name = str(tree.kids[0])
        if name in (r"\mathbb{R}", r"\mathbf{R}", r"\mathcal{R}", r"\Re", "R"):
            positive = sub is not None or (
                exponent is not None and exponent == Tree("name", ("+",))
            )
            if positive and exponent is not None and exponent.kids == ("+",):
                axes = ()
            return axes, Domain(low=Fraction(0)) if positive else REALS
        if name in (r"\mathbb{N}", r"\mathbb{Z}"):
            return axes, Domain(low=Fraction(1)) if name == r"\mathbb{N}" else REALS
        if name == r"\mathbb{B}":
            return axes, Domain(values=(Fraction(0), Fraction(1)))
    if tree.head in ("set", "brace"):
        return axes, _finite(tree.kids[0], reading)
    if tree.head in ("paren", "bracket", "interval"):
        ends = tree.kids[-1] if tree.kids[-1].head == "list" else tree.kids[0]
        if ends.head == "list" and len(ends.kids) == 2:
            low, high = (_number(end) for end in ends.kids)
            return axes, Domain(low=low, high=high)
    raise Fault(
        "unknown-set", f"{latex(tree)} is not a set that can be declared here", tree,
        r"known are \mathbb{R}, \mathbb{R}^{m \times n}, (0, 1), \{-1, +1\} and \{1, \dots, c\}",
    )  # fmt: skip


def _finite(inner: Tree, reading: Reading) -> Domain:
    parts = inner.kids if inner.head == "list" else (inner,)
    if any(part.head == "dots" for part in parts):
        return Domain(classes=_size(parts[-1], reading))
    values = tuple(_number(part) for part in parts)
    if any(v is None for v in values):
        raise Fault("unknown-set", f"{latex(inner)} is not a list of numbers", inner)
    return Domain(values=tuple(v for v in values if v is not None))


def _number(tree: Tree) -> Fraction | None:
    match tree:
        case Tree("num", (text,)):
            return Fraction(str(text))
        case Tree("neg", (kid,)):
            found = _number(kid)
            return None if found is None else -found
        case Tree("pos" | "plus", (kid,)):
            return _number(kid)
        case Tree("sum", (kid,)):
            return _number(kid)
        case Tree("frac", (over, under)):
            a, b = _number(over), _number(under)
            return a / b if a is not None and b else None
    return None


def _axes(exponent: Tree, reading: Reading) -> Axes:
    groups: list[list[Tree]] = [[]]
    parts = exponent.kids if exponent.head in ("juxt", "list") else (exponent,)
    for part in parts:
        if part.head == "op" and part.kids[0] in (r"\times", "*"):
            groups.append([])
        elif exponent.head == "list":
            groups.append([part])
        else:
            groups[-1].append(part)
    axes: list[Axis] = []
    for group in groups:
        if group:
            whole = group[0] if len(group) == 1 else Tree("juxt", tuple(group), exponent.span)
            axes.append(_size(whole, reading))
    if len(axes) == 2 and axes[1] == 1:
        axes = axes[:1] if axes[0] != 1 else []
    return tuple(axes)


def _size(tree: Tree, reading: Reading) -> Axis:
    size = size_of(reading, tree)
    for name in size.names() if not isinstance(size, int) else ():
        reading.size_names.add(name)
        reading.scope.scalars.add(name)
    return size


def assume(item: Tree, reading: Reading) -> None:
    """Record 0 < α < 1: bounds on one symbol by numbers; other inequalities are claims."""
    sides, signs = list(item.kids[::2]), [str(r.kids[0]) for r in item.kids[1::2]]
    for k, side in enumerate(sides):
        if not base_of(side):
            continue
        symbol = _introduced(side, reading)[0]
        if symbol in reading.scope.defined:
            continue
        low = high = None
        for sign, other, flipped in (
            *((signs[k - 1], sides[k - 1], True),) * (k > 0),
            *((signs[k], sides[k + 1], False),) * (k + 1 < len(sides)),
        ):
            number = _number(other)
            if number is None:
                continue
            if (sign in ("<", "<=")) == flipped:
                low = number
            else:
                high = number
        if low is None and high is None:
            continue
        before = reading.declarations.get(symbol)
        axes = before.axes if before else None
        reading.declarations[symbol] = Declaration(axes, Domain(low, high), side.span)
        reading.scope.declared.add(symbol)


# ---------------------------------------------------------------- definitions


def equation_of(item: Tree, reading: Reading) -> Equation:
    """A definition or a function, its right side settled.  Fault if it cannot be settled."""
    left, right = item.kids[0], item.kids[2]
    formals: tuple[str, ...] = ()
    name = left
    if left.head == "juxt":
        name = left.kids[0]
        formals = tuple(reading.scope.refer(a).symbol for a in _formals(left.kids[1]))
    symbol, letters, components = _introduced(name, reading)
    reference = reading.scope.refer(name)
    if reference.actions:
        raise Fault(
            "unreadable-left-side",
            f"{latex(left)} cannot be defined: only a name can stand on the left",
            left,
            "define the name itself, without transpose or power",
        )
    body = settle(right, reading.scope)
    return Equation(symbol, letters, components, formals, left, right, body, item.span)
