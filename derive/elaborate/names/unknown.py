"""Symbols of a claim that nothing gives a meaning.

The idea: a claim about a quantity that the document does not know is neither true nor false, and a
counterexample that chooses its value would refute nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress

from derive.elaborate.claims.claimed import CONSTANTS, Claim
from derive.elaborate.claims.claims import Claims
from derive.elaborate.faults import Fault
from derive.elaborate.names.ranks import ROW, undotted
from derive.elaborate.names.scope import INDICATORS, base_of
from derive.elaborate.terms.limits import bound_letters
from derive.tree import Tree


def undefined(claims: Claims, claim: Claim) -> Tree | None:
    """A symbol on a right side, or under a derivative, that nothing gives a meaning."""
    if any(side == claim.sides[0] for side in claim.sides[1:]):
        new = (
            n for n in quantities(claims, claim.sides[0]) if not is_given(claims, str(n.kids[0]))
        )
        node = next(new, None)
        if node is not None:
            return node  # q = q says nothing of a q that means nothing
    defines = claims.network.definitions or claims.reading.functions
    if not defines and not claims.network.variables:
        return _undefined_derivative(claims, claim)
    if claim.kind in ("update", "shape"):  # a set is no quantity
        return None
    allowed = set(_supposed_of(claims, claim))
    for k, side in enumerate(claim.sides):
        for node in quantities(claims, side):
            symbol = str(node.kids[0])
            if k == 0 and symbol.startswith(r"\delta_") and not is_given(claims, symbol):
                return node
            if k == 0:
                allowed.add(symbol)
            elif symbol not in allowed and not is_given(claims, symbol):
                return node
    return _undefined_derivative(claims, claim)


def _supposed_of(claims: Claims, claim: Claim) -> Iterator[str]:
    """The symbols that only a supposition before a claim has, which are anything: the a of "if
    x = a"."""
    for one in claims.given:
        if one.span[0] < claim.span[0] and one.relations == ("=",):
            for side, other in (one.sides, one.sides[::-1]):
                known = all(is_given(claims, str(n.kids[0])) for n in quantities(claims, other))
                if side.head == "symbol" and known:
                    yield str(side.kids[0])
                elif base_of(side) and known:
                    yield from (str(node.kids[0]) for node in quantities(claims, side))


def guessed(claims: Claims, claim: Claim) -> Tree | None:
    """A symbol of a claim of which nothing gives the meaning, or that was taken for a row for want
    of any other shape that fits, so that its shape is only a guess."""
    sides = claim.sides[:1] if claim.kind == "shape" else claim.sides
    nodes = (node for side in sides for node in quantities(claims, side))
    rows = {s for s, rank in claims.reading.ranks.items()
            if rank == ROW and claims.reading.declarations.get(s) is None}  # fmt: skip
    return next((node for node in nodes if node.kids[0] in rows
                 or not is_given(claims, str(node.kids[0]))), None)  # fmt: skip


def _undefined_derivative(claims: Claims, claim: Claim) -> Tree | None:
    """The f of df/dx where nothing says what f is, or the x where f is without it; also in what
    the quantities of the claim are defined as."""
    trees: list[Tree] = []
    for side in claim.sides:
        with suppress(Fault):
            trees.append(claims.settled(side))
    sides, met = len(trees), set[str]()
    for k, tree in enumerate(trees):  # grows by the definitions
        for node in tree.subtrees():
            symbol = str(node.kids[0]) if node.head == "symbol" else ""
            if symbol in claims.reading.equations and symbol not in met:
                met.add(symbol)
                trees.append(claims.reading.equations[symbol].body)
        for node in tree.subtrees():
            if node.head not in ("deriv", "grad"):
                continue
            of, by = node.kids[:2] if node.head == "deriv" else node.kids[1::-1]
            if of.head == "call" and k >= sides:
                continue  # the value of the gradient of an unknown function, given by its name
            for part, other in ((of, by), (by, of)):
                if part is None or part.head != "symbol" or is_given(claims, str(part.kids[0])):
                    continue
                inside = {n.kids[0] for n in other.subtrees()} if other is not None else set()
                if part.kids[0] not in inside:
                    return part
    return None


def quantities(claims: Claims, side: Tree) -> Iterator[Tree]:
    """The symbols of a formula that stand for quantities: no functions, no indices."""
    try:
        stack: list[object] = [claims.settled(side)]
    except Fault:
        return
    while stack:
        node = stack.pop()
        if isinstance(node, tuple):
            stack += node
        elif isinstance(node, Tree) and node.head == "symbol":
            yield node
        elif isinstance(node, Tree):
            bound = {x for x, _, _ in bound_letters(node.kids[1])} if node.head == "big" else ()
            called = node.head in ("call", "apply")
            kids = tuple(k for k in node.kids[1:] if not _is_option(node, k)) if called \
                else node.kids  # fmt: skip
            kids = () if _is_given_value(claims, node) else kids
            if node.head == "big":  # a letter above it is the size of what it runs over
                kids = node.kids[3:] if _is_letter(node.kids[2]) else node.kids[2:]
            stack += [k for k in kids if k not in bound]


def _is_option(call: Tree, argument: Tree) -> bool:
    """Whether an argument is an option of a word, the axis = 1 of a sum, and no quantity."""
    function = call.kids[0]
    while function.head in ("index", "prime"):
        function = function.kids[0]
    named = argument.head == "chain" and argument.kids[1] == Tree("rel", ("=",))
    return named and function.kids[:1] not in {(word,) for word in INDICATORS}


def _is_letter(above: object) -> bool:
    """Whether a limit is a letter alone: the n of a sum from 1 to n."""
    match above:
        case Tree("symbol" | "name", (str(letter),)):
            return len(letter) == 1
    return False


def _is_given_value(claims: Claims, node: Tree) -> bool:
    r"""Whether this is a value that is given as a whole, the \phi(x_n) of an unknown \phi."""
    match node:
        case Tree("call", (Tree("symbol", (str(function), *_)), Tree("symbol", (str(of), *_)))):
            return f"{function}({of})" in claims.own
    return False


def is_given(claims: Claims, symbol: str) -> bool:
    """Whether the document's declarations and definitions know a symbol."""
    scope = claims.reading.scope
    if (still := undotted(symbol)) and is_given(claims, still):
        return True  # how fast what is known moves is free
    letter = len(symbol) == 1 and symbol in scope.bound
    return (
        scope.known(symbol) or symbol in claims.reading.size_names or symbol in claims.own or letter
        or symbol in CONSTANTS or symbol.split("_")[0] in CONSTANTS - {"e"}
        or claims.reading.domain(symbol).classes is not None
        or any(symbol in one.formals for one in claims.reading.functions.values())  # x of f(x)
    )  # fmt: skip
