r"""What stands below and above a big operator: the letters that it binds, and how far they run.

The idea: limits are sizes, and sizes are what exponents of \mathbb{R} are, so both are read here.
"""

from __future__ import annotations

from string import ascii_letters

from derive.elaborate.dispatch import said
from derive.elaborate.faults import Fault
from derive.elaborate.names.indices import index_letter
from derive.elaborate.reading import Env, Reading
from derive.elaborate.shown import text
from derive.kernel.sizes import Axis
from derive.tree import Tree


def bound_letters(below: Tree | None) -> list[tuple[str, Tree | None, Tree | None]]:
    """The letters that a big operator binds, with the lower and upper limit where written below."""
    if below is None:
        return []
    found: list[tuple[str, Tree | None, Tree | None]] = []
    parts = below.kids if below.head in ("list", "juxt") else (below,)
    for part in parts:
        match part:
            case Tree("chain", (first, Tree("rel", ("=",)), low)) if letter := index_letter(first):
                found.append((letter, low, None))
            case Tree("chain", (low, Tree("rel", (a,)), middle, Tree("rel", (b,)), high)) if (
                (letter := index_letter(middle)) and a in ("<=", "<") and b in ("<=", "<")
            ):
                found.append((letter, low if a == "<=" else None, high if b == "<=" else None))
            case Tree(
                "chain", (first, Tree("rel", ("in" | "!=" | "notin" | "<=" | "<" | ">=" | ">",)), _)
            ) if letter := index_letter(first):
                found.append((letter, None, None))
            case _ if letter := index_letter(part):
                found.append((letter, None, None))
    return found


def apart(
    reading: Reading, below: Tree | None, body: Tree | None, env: Env
) -> tuple[Tree | None, Tree | None]:
    r"""What a big operator binds and what it is of, its letters told apart from those that an index
    or an argument brings in: v_k of v_j = \sum_k q_{jk} a_k is \sum_r q_{kr} a_r."""
    brought = {*env.rename.values(), *(x for v in env.formals.values() for x in v.opens)}
    for letter, _, _ in bound_letters(below):
        if letter not in brought or below is None or body is None:
            continue
        written = {n.kids[0] for t in (below, body) for n in t.subtrees() if n.head == "name"}
        written |= {n.kids[0] for n in body.subtrees() if n.head == "symbol"}
        scope = reading.scope
        used = {*env.open, *env.rename, *brought, *scope.bound, *scope.ranges, *written}
        fresh = next((x for x in ascii_letters if x not in used), None)
        if fresh is None:
            raise Fault("unsupported", f"no letter is left for the ${letter}$ of this sum", below)
        below, body = (_relettered(t, letter, fresh) for t in (below, body))
    return below, body


def _relettered(tree: Tree, letter: str, fresh: str) -> Tree:
    """The letter replaced where it is an index: here it is bound, so it is nothing else."""
    old = ("name", "symbol")
    return tree.rewritten(
        lambda n: Tree(n.head, (fresh,), n.span) if n.head in old and n.kids == (letter,) else n
    )


def size_of(reading: Reading, tree: Tree) -> Axis:
    """The size that a limit or an exponent of R names: m, 4, n - k + 1, 2n."""
    match tree:
        case Tree("num", (digits,)) if str(digits).isdigit():
            return int(str(digits))
        case Tree("symbol", (name, *_)):
            return reading.size(str(name))
        case Tree("name" | "script"):
            return reading.size(text(tree))
        case Tree("sum", kids):
            total: Axis = 0
            for kid in kids:
                total = size_of(reading, kid) + total
            return total
        case Tree("neg", (kid,)):
            return size_of(reading, kid) * -1
        case Tree("juxt", kids):
            product: Axis = 1
            for kid in kids:
                if kid.head != "op":
                    product = size_of(reading, kid) * product
            return product
        case Tree("paren", (inner,)):
            return size_of(reading, inner)
        case Tree("power", (base, Tree("num", (digits,)))) | Tree(
            "script", (base, None, Tree("num", (digits,)))
        ):
            product = 1
            for _ in range(int(str(digits))):
                product = size_of(reading, base) * product
            return product
    raise Fault("unreadable-size", f"{said(tree)} is not a size", tree,
                "a size is a letter, a number, or a sum and product of these")  # fmt: skip


def sizes_below(reading: Reading, function: Tree) -> list[Axis]:
    r"""The sizes in the subscript of a word: 5, 4, 4 of \operatorname{unflatten}_{5,4,4}."""
    said = function.kids[1:] if function.head == "index" else ()
    parts = (part for kid in said for part in (kid.kids if kid.head == "list" else (kid,)))
    return [size_of(reading, part) for part in parts]
