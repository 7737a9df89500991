"""What every printer asks of a written tree: is it tall, is it a function, where do words stand.

The idea: LaTeX and MathML differ in spelling only, so the questions are answered once.
"""

from __future__ import annotations

from derive.notation import FUNCTION_WORDS
from derive.tree import Tree

_ONE_LINE = frozenset({"name", "num", "op", "rel", "text"})
_TALL = frozenset({"frac", "env", "deriv", "binom"})
_ON_A_FOOT = frozenset({"script", "prime", "root"})
CALLING = frozenset({"paren", "bracket", "brace", "set"})


def foot(node: Tree) -> Tree:
    """What stands at the foot of scripts and primes."""
    while node.head in ("script", "prime"):
        node = node.kids[0]
    return node


def is_word(node: Tree) -> bool:
    base = foot(node)
    return base.head == "name" and len(base.kids[0]) > 1 and base.kids[0].isalpha()


def is_function(node: Tree, after: Tree | None) -> bool:
    """Whether a name in a product is a function of what stands after it."""
    base = foot(node)
    if base.head != "name" or after is None or after.head in ("op", "text"):
        return False
    return base.kids[0] in FUNCTION_WORDS or (is_word(node) and foot(after).head in CALLING)


def is_tall(node: Tree) -> bool:
    r"""Whether a piece is taller than a line, so that brackets around it must grow."""
    try:
        return node.tall
    except AttributeError:
        found = _is_tall(node)
        object.__setattr__(node, "tall", found)
        return found


def _is_tall(node: Tree) -> bool:
    head, kids = node.head, node.kids
    if head in _ONE_LINE:
        return False
    if head in _TALL:
        return True
    if head == "big":
        _, below, above, body = kids
        return below is not None or above is not None or (body is not None and is_tall(body))
    if head in _ON_A_FOOT:
        return is_tall(kids[0])
    return any([is_tall(kid) for kid in kids if type(kid) is Tree])


def with_condition(cell: Tree) -> Tree:
    """The condition of a case with the word that introduces it."""
    starts = cell.kids[0] if cell.head in ("list", "juxt") and cell.kids else cell
    if starts.head == "text":
        return cell
    rest = cell.kids if cell.head == "list" else (cell,)
    return Tree("list", (Tree("text", ("if",)), *rest), cell.span)


def words_between(text: str, before: object, after: object) -> str:
    """Words between formulas, with a space on each side where a formula stands."""
    return f"{' ' * bool(before)}{text}{' ' * bool(after)}"
