r"""What a document and its network offer to an edit: symbols, slopes, terms, and the author's hand.

The idea: whatever an edit may put in is taken from the document, as its author writes it, or from
the backward sweep, written with the author's names; how transposes, masks and gradients are
spelled is read off what stands there.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice

from derive.derivation.deltas import delta_of, sweep
from derive.derivation.local import boundary, symbol_of
from derive.elaborate.claims.claims import Claims
from derive.elaborate.faults import Fault, Silent
from derive.elaborate.names.scope import base_of, names_in
from derive.elaborate.statements.shorthand import is_known
from derive.kernel.expr import Add, Expr, Map, toposort
from derive.latex.print import latex
from derive.notation.names import symbol_tree
from derive.tree import Tree, name
from derive.writing.labels import Symbol as Written
from derive.writing.write import write
from proofs.mistakes.edit import Later, Slope, Surroundings, Symbol, Term
from proofs.mistakes.hand import FORMS, Hand, form_of, gradient_by
from proofs.mistakes.lack import lack_of
from proofs.mistakes.surgery import (
    APPLIED,
    BRACKETS,
    DIAG,
    DIFFERENTIAL,
    HADAMARD,
    applied,
    flat,
    grouped,
    is_mask,
)
from proofs.mistakes.transposes import base_name
from proofs.mistakes.written import raw, unplaced

_MASKS = frozenset(["gt", "ge", "lt", "le", "step"])
MOST_SLOPES, MOST_TERMS = 16, 200


def surroundings(claims: Claims) -> Surroundings:
    """The context of every side of a document."""
    trees = list(_trees(claims))
    functions = frozenset(_functions(claims, trees))
    rights = [side for claim in claims.claims for side in claim.sides[1:]]
    # How gradients are spelled inside formulas counts, not how they are asked for on the left.
    hand = Hand.of([grouped(t, functions) for t in (*rights, *trees)], claims.shorthand.target)
    symbols = tuple(_symbols(claims, trees, hand, functions))
    return Surroundings(
        symbols,
        Later(lambda: islice(_slopes(claims, hand, functions), MOST_SLOPES)),
        Later(lambda: islice(_terms(claims, hand, functions), MOST_TERMS)),
        Later(lambda: _counts(claims, trees)),
        hand.transpose,
        functions,
        claims.network.spelling,
        hand.diag,
        lacks=lambda truth, value, letters: lack_of(truth, value, letters, functions),
    )


def spellings(left: Tree, claims: Claims) -> frozenset[Tree]:
    """What must not be written for the gradient that a left side names: it, and the gradients of
    all that its node is computed from, in every spelling; the left side itself else."""
    by = gradient_by(left)
    if by is None:
        return frozenset([left] if base_of(left) else [])
    target = claims.shorthand.target
    banned = {left, *(form(by, target) for form in FORMS.values())}
    for node in _below(by, claims):
        banned.update(form(node, target) for form in FORMS.values())
    return frozenset(banned)


def _below(by: Tree, claims: Claims) -> Iterator[Tree]:
    """The names of everything that a node is computed from."""
    network = claims.network
    known = {d.left: d.node for d in network.definitions if d.left is not None}
    if by not in known:
        return
    lefts: dict[Expr, Tree] = {d.node: d.left for d in network.definitions if d.left is not None}
    for node in toposort(*known[by].kids):
        own = symbol_of(node)
        if node in lefts:
            yield lefts[node]
        elif own is not None:
            yield symbol_tree(own[0])


def other_lefts(left: Tree, context: Surroundings) -> Iterator[Tree]:
    """The derivatives that may have been meant where another one stands on the left: of the same
    quantity in another node, then of another quantity in the same node."""
    by = gradient_by(left)
    if by is None:
        return
    of = {"deriv": 0, "grad": 1}.get(left.head)
    target = None if of is None else left.kids[of]
    own = FORMS[form_of(left, target) or "deriv"]
    for symbol in context.symbols:
        other = gradient_by(symbol.tree)
        if symbol.kind == "delta" and other is not None and other != by:
            yield own(other, target)
    if left.head == "deriv":
        for symbol in context.symbols:
            if symbol.kind == "name" and symbol.tree not in (left.kids[0], by):
                yield Tree("deriv", (symbol.tree, by, left.kids[2]))


# ------------------------------------------------------------------------------- symbols and sizes


def _trees(claims: Claims) -> Iterator[Tree]:
    for definition in claims.network.definitions:
        for side in (definition.left, definition.right):
            if side is not None:
                yield side
    for claim in claims.claims:
        yield claim.item


def _functions(claims: Claims, trees: Iterable[Tree]) -> Iterator[str]:
    scope = claims.reading.scope
    for tree in trees:
        for node in tree.subtrees():
            if node.head != "juxt":
                continue
            if DIFFERENTIAL in node.kids and not scope.known("d"):
                yield "d"
            for kid, after in zip(node.kids, node.kids[1:], strict=False):
                bracket = after.kids[0] if after.head == "script" else after
                if base_of(kid) and isinstance(bracket, Tree) and bracket.head in (
                    "paren", "bracket", "set"
                ) and scope.is_function(kid):  # fmt: skip
                    yield base_of(kid)


def _symbols(
    claims: Claims, trees: list[Tree], hand: Hand, functions: frozenset[str]
) -> Iterator[Symbol]:  # fmt: skip
    """Every quantity of the document that has a value by itself; gradients of nodes come last."""
    found: dict[Tree, None] = {}
    gradients: dict[Tree, None] = {}
    for tree in trees:
        for node in names_in([tree]):
            found.setdefault(_plain(node), None)
        for node in grouped(tree, functions).subtrees():
            if form_of(node, hand.target) is not None:
                gradients.setdefault(base_name(node), None)
    letters = claims.letters(trees) | claims.reading.scope.bound
    defined = {d.left for d in claims.network.definitions if d.left is not None}
    constants = {
        symbol_tree(v.var.name)
        for v in claims.network.variables
        if v.role == "constant" and not v.var.axes
    }
    nodes: list[Tree] = []
    for tree in found:
        if base_of(tree) == r"\delta":
            below = tree.kids[1] if tree.head == "script" else None
            if below is not None and below.head in ("juxt", "list"):
                continue  # Kronecker's
            gradients.setdefault(tree, None)
            continue
        if not is_known(tree, claims.reading) or base_of(tree) in functions:
            continue
        rank = rank_of(tree, claims, letters)
        if rank is not None:
            nodes.append(tree)
            constant = tree in constants or tree.kids[0] in claims.reading.size_names
            kind = "name" if tree in defined else "constant" if constant else "variable"
            yield Symbol(tree, kind, rank)
    fixed = {
        symbol_tree(v.var.name)
        for v in claims.network.variables
        if v.role in ("target", "constant")
    }
    for node in nodes:
        # Nobody differentiates by a target who does not say so.
        if node not in fixed:
            gradients.setdefault(hand.delta(node), None)
    spelled: set[Tree | None] = set()
    for tree in gradients:
        by = gradient_by(tree)
        if by == hand.target or (by is not None and by in spelled):
            continue
        rank = rank_of(tree, claims, letters)
        if rank is not None:
            spelled.add(by)
            yield Symbol(tree, "delta", rank, latex(flat(by)) if by is not None else "")


def _plain(tree: Tree) -> Tree:
    """A name without its transpose and without a power."""
    tree = base_name(tree)
    match tree:
        case Tree("script", (base, sub, Tree("num" | "neg"))):
            return base if sub is None else Tree("script", (base, sub, None), tree.span)
    return tree


def rank_of(tree: Tree, claims: Claims, letters: frozenset[str]) -> int | None:
    """The number of axes of what a tree stands for; None where it stands for nothing."""
    try:
        return len(claims.value(flat(tree), letters).own)
    except (Fault, Silent):
        return None


def _counts(claims: Claims, trees: Iterable[Tree]) -> Iterator[Tree]:
    """Sizes that something in the document is divided by, and roots of sizes: m, \\sqrt{d}."""
    found: dict[Tree, None] = {}
    roots: dict[Tree, None] = {}
    for tree in trees:
        for node in tree.subtrees():
            if node.head == "frac":
                for kid in node.kids[1].subtrees():
                    if kid.head == "name" and kid.kids[0] in claims.reading.size_names:
                        found[kid] = None
            if node.head == "sqrt" and latex(node.kids[0]) in claims.reading.size_names:
                roots[node] = None
    yield from (*found, *roots)


# ------------------------------------------------------------------------------- slopes and terms


def _slopes(claims: Claims, hand: Hand, functions: frozenset[str]) -> Iterator[Slope]:
    """The slope of every function of the network, at its argument."""
    known = {d.node.kids[0]: d.left for d in claims.network.definitions if d.left is not None}
    names = {
        node: Written(name(symbol), own)
        for node, left in known.items()
        for definition in claims.network.definitions
        if definition.node.kids[0] is node and (found := symbol_of(definition.node)) is not None
        for symbol, own in [found]
    }
    seen: set[Tree] = set()
    letters = claims.reading.scope.bound
    for slope in _written_slopes(claims, functions, frozenset(letters)):
        if slope.tree not in seen and len(seen) < MOST_SLOPES // 2:
            seen.add(slope.tree)
            yield slope
    for node in toposort(*(d.node for d in claims.network.definitions)):
        if not isinstance(node, Map) or node.fn.name in _MASKS or not boundary(node):
            continue
        for slope in node.fn.slopes:
            made = slope(*node.args)
            if not isinstance(made, Expr):
                continue
            mask = isinstance(made, Map) and made.fn.name in _MASKS
            written = raw(write(made, names), functions)
            if written is None:
                continue
            values = [v for v in (raw(write(node), functions), known.get(node)) if v is not None]
            if hand.primes and not mask:
                written = _primed(values) or written
            written = hand.mask(written)
            if written not in seen and written.head != "num":
                seen.add(written)
                yield Slope(written, mask, len(made.axes), tuple(values))


def _written_slopes(
    claims: Claims, functions: frozenset[str], letters: frozenset[str]
) -> Iterator[Slope]:  # fmt: skip
    r"""What the document multiplies with entry by entry, or sets on a diagonal, and is no name."""
    for claim in claims.claims:
        for side in claim.sides[1:]:
            for node in grouped(side, functions).subtrees():
                kids = node.kids if node.head == "juxt" else ()
                for k, kid in enumerate(kids):
                    beside = [o for o in kids[max(0, k - 1) : k + 2] if o.head == "op"]
                    if kid.head in BRACKETS and any(o.kids[0] in HADAMARD for o in beside):
                        yield from _as_slope(kid.kids[0], claims, letters)
                if node.head == APPLIED and node.kids[0] == DIAG:
                    yield from _as_slope(node.kids[1].kids[0], claims, letters)


def _as_slope(tree: Tree, claims: Claims, letters: frozenset[str]) -> Iterator[Slope]:
    mask = any(is_mask(node) for node in tree.subtrees())
    if mask or tree.head == "sum":
        rank = rank_of(tree, claims, letters)
        if rank is not None:
            yield Slope(unplaced(tree), mask, rank)


def _primed(values: list[Tree]) -> Tree | None:
    """f'(z) of f(z)."""
    for value in values:
        if value.head == APPLIED and len(value.kids) == 2:
            return applied(Tree("prime", (value.kids[0], "1")), value.kids[1])
    return None


def _terms(claims: Claims, hand: Hand, functions: frozenset[str]) -> Iterator[Term]:
    """What each use of each node adds to its gradient, in terms of the gradients behind it."""
    network = claims.network
    loss = network.loss
    if loss is None:
        return
    nodes: list[Expr] = [d.node for d in network.definitions if d.node is not loss]
    variables: list[Expr] = [v.var for v in network.variables]
    deltas = {node: delta_of(node) for node in nodes}
    names: dict[Expr, Written | Tree] = {
        var: Written(flat(hand.delta(_tree_of(node))), (symbol_of(node) or ("", ()))[1])
        for node, var in deltas.items()
    }
    flowing = frozenset(deltas.values())
    constants = {v.var for v in network.variables if not v.var.axes}
    for line in sweep(loss, [*nodes, *variables], deltas):
        terms = line.cotangent.terms if isinstance(line.cotangent, Add) else (line.cotangent,)
        own = symbol_of(line.node)
        for term in terms:
            leaves = set(boundary(term))
            alone = not leaves & flowing and leaves <= {line.node} | constants
            regulariser = alone and len(terms) > 1
            made = raw(write(term, names), functions)
            if made is not None and own is not None and made.head != "num":
                yield Term(made, regulariser, own[0])


def _tree_of(node: Expr) -> Tree:
    own = symbol_of(node)
    assert own is not None
    return symbol_tree(own[0]) if not own[1] else name(own[0])
