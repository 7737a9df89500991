r"""Letters that a text calls derivatives: "with Jacobian $J(x)$", "the gradient $g$ of $f$".

The idea: a letter that nothing defines is the derivative that the words before or after it say, of
the function they say or of the only one that it can be of; a J beside one map is its Jacobian.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from derive.elaborate.statements.maps import Maps, headed, listed
from derive.latex.print import latex
from derive.notation.slopes import NABLA, NAMED, TURNED
from derive.tree import Tree

JACOBIANS = frozenset(["J", r"\mathbf{J}", r"\mathcal{J}", r"\mathrm{J}", "Jac", r"\mathrm{Jac}"])
# The order of a derivative by its word, and the sign that it is written for.
_WORDS = {
    "jacobian": ("1", NAMED),
    "gradient": ("1", NABLA + NAMED),
    "hessian": ("2", NABLA + NAMED),
}
_WORD = r"\b(?P<word>Jacobian|gradient|Hessian)(?:\s+matrix)?"
_OF = r"(?:\s+of\s+\$(?P<of>[^$]+)\$)?"
_NAME = (
    r"\$(?P<name>\\math\w+\{[A-Za-z]\}|[A-Za-z])"
    r"(?:\([^$=]*\))?(?:\s*(?:\\in|:?=)[^$]*)?\$"
)
_LINK = r"(?:\s|,|:|by|is|be|as|with|denoted?|given|its|the|let|we|write|for)*"
_SAID = (
    re.compile(rf"{_WORD}{_OF}{_LINK}{_NAME}", re.IGNORECASE),
    re.compile(rf"{_NAME}{_LINK}{_WORD}{_OF}", re.IGNORECASE),
)


class Derived(NamedTuple):
    """The function whose derivative a letter is, the order of it, and the sign of the slope."""

    function: Tree
    order: str
    sign: str


def named_derivatives(
    plain: str, maps: Maps, functions: Mapping[str, Tree | None], arrays: frozenset[str],
    nodes: Sequence[Tree],
) -> dict[str, Derived]:  # fmt: skip
    """The letters that mean derivatives; ``functions`` are those that are applied to something,
    ``arrays`` those with values that have entries, ``nodes`` all that is written."""
    found: dict[str, Derived] = {}
    arguments = set(_arguments(nodes))
    layouts: dict[str, bool] = {}
    for letter, turned in _layouts(nodes):
        layouts.setdefault(letter, turned)
    # J_{ij} = .. defines J, or says which way round it stands.
    defined = maps.defined | {name.split("_")[0] for name in maps.defined} - layouts.keys()
    text = re.sub(r"\\(?:bm|boldsymbol|pmb)\b", r"\\mathbf", re.sub(r"\\[()]", "$", plain))
    for said in (one for pattern in _SAID for one in pattern.finditer(text)):
        letter, of = said["name"], said["of"]
        order, sign = _WORDS[said["word"].lower()]
        if letter in {*defined, *maps.sources, *arguments, *found}:
            continue
        wanted = re.sub(r"\(.*\)$", "", of.strip()) if of else ""
        several = arrays if sign == NAMED else {n for n in maps.sources if n not in arrays}
        names = [n for n in functions if n == wanted] if of else [
            n for n in several if n not in maps.given and n != letter
        ]  # fmt: skip
        if len(names) == 1 and names[0] != letter:
            found[letter] = Derived(Tree("name", (names[0],)), order, sign + letter)
    of_jacobians = {one.function.kids[0] for one in found.values() if one.sign.startswith(NAMED)}
    lone = [n for n in arrays if n not in maps.given and n not in JACOBIANS]
    differentiated = {latex(of) for node in nodes if (of := _differentiated(node)) is not None}
    for node in nodes if len(lone) == 1 and not of_jacobians else ():
        letter = latex(node)
        if node.head == "name" and letter in JACOBIANS and letter not in {
            *defined, *maps.sources, *differentiated, *arguments
        }:  # fmt: skip
            found[letter] = Derived(Tree("name", (lone[0],)), "1", NAMED + letter)
    columns = [letter for letter in found if layouts.get(letter)]
    return found | {x: found[x]._replace(sign=TURNED + found[x].sign) for x in columns}


def _layouts(nodes: Sequence[Tree]) -> Iterator[tuple[str, bool]]:
    r"""The letters whose entries are said to be derivatives of entries, and whether the first index
    is that of the variable: J_{ij} = \frac{\partial r_j}{\partial x_i}."""
    for node in nodes:
        match node:
            case Tree("chain", (Tree() as left, Tree("rel", ("=" | ":=",)), Tree() as right)):
                at = right.kids[0] if right.head == "juxt" else right
                found = _ends(headed(left)), at
            case _:
                continue
        match found:
            case (name, (a, b)), Tree("deriv", (Tree() as of, Tree() as by, "1")):
                ends = (*_ends(headed(of))[1], *_ends(by)[1])
                if ends in ((a, b), (b, a)):
                    yield name, ends == (b, a)


def _ends(tree: Tree) -> tuple[str, tuple[Tree, ...]]:
    """A name and its indices."""
    match tree:
        case Tree("script", (Tree("name", (letter,)), Tree("juxt" | "list", subs), None)):
            return letter, tuple(subs)
        case Tree("script", (Tree("name", (letter,)), Tree() as sub, None)):
            return letter, (sub,)
    return "", ()


def _arguments(nodes: Sequence[Tree]) -> Iterator[str]:
    """What stands in brackets behind a name, or is differentiated by."""
    for node in nodes:
        if node.head == "juxt":
            for kid, after in zip(node.kids, node.kids[1:], strict=False):
                if kid.head == "name" and after.head == "paren":
                    yield from (latex(one) for one in listed(after.kids[0]))


def _differentiated(node: Tree) -> Tree | None:
    """What a derivative is of, without its arguments."""
    if node.head not in ("grad", "deriv"):
        return None
    of = node.kids[1 if node.head == "grad" else 0]
    while isinstance(of, Tree) and of.head in ("paren", "juxt"):
        of = of.kids[0]
    return of if isinstance(of, Tree) else None
