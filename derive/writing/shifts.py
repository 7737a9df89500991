r"""Shifted subscripts: x_{i + k - 1}, where an equation of windows gives an index.

The idea: a summed index that the others determine needs no sum of its own; letters count from 1.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from derive.kernel.expr import Expr
from derive.kernel.sizes import Axis
from derive.operators import incidence
from derive.operators.incidence import Equation, is_incidence
from derive.tree import Tree, name
from derive.writing import words
from derive.writing.flat import Factor
from derive.writing.words import SHIFTED

POINT = r"\cdot"  # an index that has no letter


def derived(factors: Sequence[Factor], known: Iterable[int]) -> dict[int, tuple[Factor, Equation]]:
    """For each incidence a summed index that the others give: x_{i + k - 1} needs no sum over j."""
    found: dict[int, tuple[Factor, Equation]] = {}
    known = set(known)
    for factor in factors:
        if not is_incidence(factor.node):
            continue
        by = incidence.read(factor.node, factor.own)
        for i, turn in by.terms:
            plain = [f for f in factors if i in f.own and not is_incidence(f.node)]
            if i in known or i in found or turn not in (1, -1) or not plain:
                continue
            # the input's index first: \\sum_k w_k x_{i + k - 1}
            sources = [j for j, c in by.terms if _is_source(by, c) and j not in known]
            if i in sources or not sources:
                found[i] = factor, by
                break
    return found


def _is_source(by: Equation, c: Axis) -> bool:
    return c in (1, -1) and sum(c == other for _, other in by.terms) == 1


def subscript(by: Equation, index: int, env: Mapping[int, str]) -> str | None:
    """What an index is in letters that count from 1; None while another one has no letter."""
    turn = by.of(index)
    shift: Axis = by.offset * (-1 * turn) + 1  # type: ignore[operator]
    total: dict[str, Axis] = {}
    for i, c in by.terms:
        if i == index:
            continue
        if i not in env:
            return None
        c = c * (-1 * turn)  # type: ignore[operator]
        inner, number = _taken_apart(env[i])
        if inner is None:
            return None
        shift = shift + c * (number - 1)
        for letter, count in inner.items():
            total[letter] = c * count + total.get(letter, 0)
    return SHIFTED + ",".join(f"{c}:{x}" for x, c in total.items() if c != 0) + ";" + str(shift)


def _taken_apart(letter: str) -> tuple[dict[str, int] | None, int]:
    """A letter as letters with whole numbers before them, and a number; None if it has others."""
    if letter.isdigit():
        return {}, int(letter)
    if not letter.startswith(SHIFTED):
        return {letter: 1}, 0
    letters, _, number = letter.removeprefix(SHIFTED).rpartition(";")
    pairs = [part.partition(":") for part in letters.split(",") if part]
    whole = [*(count for count, _, _ in pairs), number]
    if not all(text.lstrip("-").isdigit() for text in whole):
        return None, 0
    return {x: int(count) for count, _, x in pairs}, int(number)


def indicator(node: Expr, at: Sequence[str | None]) -> Tree:
    """An incidence none of whose indices is summed: 1(i + k - 1 = j)."""
    by = incidence.read(node, range(len(node.axes)))
    env = {k: letter or POINT for k, letter in enumerate(at)}
    index, _ = next(((i, c) for i, c in by.terms if c in (1, -1)), by.terms[0])
    shifted = subscript(by, index, env)
    assert shifted is not None
    same = words.relation(words.letter_tree(env[index]), "=", words.letter_tree(shifted))
    return Tree("call", (name(r"\mathbb{1}"), same))
