"""Expressions as they stand on paper: up to their names, and no further.

The idea: a name is opened only on purpose, so what is done to one line costs what the line is long,
however deep the network is below it.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Mapping

from derive.kernel.build import rebuilt
from derive.kernel.expr import Call, Expr, Map, Name, Num, Var, is_named, toposort
from derive.notation.names import filled
from derive.tree import Tree


def symbol_of(node: Expr) -> tuple[str, tuple[str, ...]] | None:
    """The LaTeX of a variable or named node with its slots, and the letters of those."""
    match node:
        case Var(name, _, letters) | Call(Name(name, letters)):
            return name, letters
        case _:
            return None


def local_order(root: Expr, stop: Callable[[Expr], bool]) -> list[Expr]:
    """The nodes below a root, kids first, not looking below those where ``stop`` holds."""
    return toposort(root, below=lambda node: () if stop(node) else node.kids)


def downward(root: Expr) -> list[Expr]:
    """Every node below a root, parents before kids, and the kids of a node as they are written."""
    return toposort(root, below=lambda node: node.kids[::-1])[::-1]


def replaced(root: Expr, by: Mapping[Expr, Expr], closed: bool = True) -> Expr:
    """The expression with some nodes replaced; names are not looked into where ``closed``."""
    made: dict[Expr, Expr] = {}
    for node in local_order(root, lambda n: n in by or (closed and is_named(n))):
        if node in by:
            made[node] = by[node]
        elif closed and is_named(node):
            made[node] = node
        else:
            made[node] = rebuilt(node, [made[kid] for kid in node.kids])
    return made[root]


def opened(root: Expr, but: Container[Expr] = ()) -> Expr:
    """The expression with every name replaced by what it stands for, ``but`` for these."""
    made: dict[Expr, Expr] = {}
    for node in toposort(root, below=lambda node: () if node in but else node.kids):
        kids = [made[kid] for kid in node.kids] if node not in but else node.kids
        made[node] = kids[0] if is_named(node) and node not in but else rebuilt(node, kids)
    return made[root]


def is_small(expr: Expr, most: int) -> bool:
    """Whether an expression has at most so many nodes; looks at no more than that."""
    seen: set[Expr] = set()
    stack = [expr]
    while stack and len(seen) <= most:
        node = stack.pop()
        if node not in seen:
            seen.add(node)
            stack.extend(node.kids)
    return len(seen) <= most


def shown(*roots: Expr) -> dict[Expr, None]:
    """The nodes of these expressions, down to their names."""
    seen: dict[Expr, None] = {}
    stack = list(roots)
    while stack:
        node = stack.pop()
        if node not in seen:
            seen[node] = None
            if not is_named(node):
                stack += node.kids
    return seen


def boundary(*roots: Expr) -> list[Expr]:
    """The variables and named nodes that these expressions are written in."""
    return [node for node in shown(*roots) if isinstance(node, Var) or is_named(node)]


def in_symbols(root: Expr) -> bool:
    """Whether an expression has a variable or a name in it; looks no further than the first."""
    seen: set[Expr] = set()
    stack = [root]
    while stack:
        node = stack.pop()
        if isinstance(node, Var) or is_named(node):
            return True
        if node not in seen:
            seen.add(node)
            stack.extend(node.kids)
    return False


def weight(root: Expr, known: Mapping[Expr, int]) -> int:
    """How many symbols and numbers it takes to write an expression; a name is one."""
    count: dict[Expr, int] = {}
    for node in local_order(root, lambda n: n in known or is_named(n)):
        if node in known:
            count[node] = known[node]
        elif not node.kids or is_named(node):
            count[node] = 1
        else:
            counted = [k for k in node.kids if not (isinstance(k, Num) and k.value in (1, -1))]
            extra = isinstance(node, Map | Call)
            count[node] = sum(count[kid] for kid in counted) + extra
    return count[root]


def label_tree(node: Expr) -> Tree | None:
    """The symbol of a variable or named node, its slots filled with their own letters."""
    own = symbol_of(node)
    return None if own is None else Tree("name", (filled(*own),))
