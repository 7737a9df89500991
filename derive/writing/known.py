"""What is known of a part for every formula that it stands in: it is found once, and noted there.

The idea: a part without names is the same in all formulas, and the gradients of a network have much
in common, so no formula walks through what another has walked through before.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache
from typing import NamedTuple

from derive.kernel.expr import Add, Call, Contract, Expr, Map, Name, Operator, Var
from derive.kernel.sizes import Size
from derive.operators.blocks import FAMILIES
from derive.writing import raised
from derive.writing.matrices import own_axes
from derive.writing.said import Letters

_note = object.__setattr__
_ROWS = frozenset({Add, Contract})


class Known(NamedTuple):
    """``letters`` has for each axis the usual letter, if it is one that notation writes as a label;
    ``depth`` is how deep the part is nested, down to its names, a sum in a sum and a product in a
    product not counted; ``declared`` whether something is
    declared of a variable in it, such as that it is symmetric; ``lettered`` whether an axis of it,
    or of a part of it, has a letter."""

    letters: Letters
    depth: int
    declared: bool
    lettered: bool


def known(root: Expr) -> Known:
    """What is known of a part that no formula gives a name."""
    found = getattr(root, "known", None)
    if found is not None:
        return found
    stack = [root]
    while stack:
        node = stack[-1]
        kids = inside(node)
        waiting = [kid for kid in kids if getattr(kid, "known", None) is None]
        if waiting:
            stack += waiting
            continue
        stack.pop()
        depth, declared, lettered = 0, type(node) is Var and bool(node.kinds), False
        for kid in kids:
            _, deep, by, at = kid.known
            # a + b + .. and a b .. are built from the left and written in a row
            deep -= type(kid) is type(node) and type(node) in _ROWS
            depth, declared, lettered = max(depth, deep), declared or by, lettered or at
        if not kids:
            letters = of_axes(node, _called(node))
        elif lettered or type(node) is Call:
            letters = usual(node, _letters)
        else:
            letters = (None,) * len(node.axes)
        found = Known(letters, 1 + depth, declared, lettered or any(letters))
        _note(node, "known", found)
    return root.known


def inside(node: Expr) -> tuple[Expr, ...]:
    """The parts that a formula shows of a part: none below a name."""
    return () if type(node) is Call and type(node.op) is Name else node.kids


def _called(node: Expr) -> Letters:
    """The letters that a symbol is written with."""
    if type(node) is Var:
        return node.letters
    return node.op.letters if type(node) is Call and type(node.op) is Name else ()


def taken(root: Expr) -> frozenset[str]:
    """The symbols and the sizes in a part that no formula gives a name: none is free as a letter of
    an index."""
    found = getattr(root, "taken", None)
    if found is not None:
        return found
    # Noted for what is asked alone: for every part it would be as much again as the part is long.
    names: set[str] = set()
    seen: set[Expr] = set()
    stack = [root]
    while stack:
        node = stack.pop()
        noted = getattr(node, "taken", None)
        if noted is not None or node in seen:
            names |= noted or set()
            continue
        seen.add(node)
        stack += inside(node)
        for axis in node.axes:
            if type(axis) is Size:
                names |= axis.names()
        if type(node) is Var:
            names |= symbols(node.name, bool(node.letters))
        elif type(node) is Call and type(node.op) is Name:
            names |= symbols(node.op.symbol, bool(node.op.letters))
    found = frozenset(names)
    _note(root, "taken", found)
    return found


@lru_cache(maxsize=4096)
def symbols(symbol: str, lettered: bool) -> frozenset[str]:
    """What a symbol takes: its base, and itself if it is written without letters."""
    return frozenset([re.split("[_^]", symbol)[0], *([] if lettered else [symbol])])


def _letters(node: Expr) -> Letters:
    return node.known.letters


def of_axes(node: Expr, called: Letters) -> Letters:
    """A letter or None for every axis, of the first ones these."""
    return (*called, *(None,) * (len(node.axes) - len(called)))


def usual(node: Expr, label: Callable[[Expr], Letters]) -> Letters:
    """The usual letters of what has no name of its own, from those of its parts."""
    called: Letters = ()
    match node:
        case Contract(factors, indices, out):
            seen: dict[int, str] = {}
            if not out:
                return ()
            for factor, own in zip(factors, indices):
                letters = label(factor)
                if any(letters):
                    for i, letter in zip(own, letters):
                        if letter:
                            seen.setdefault(i, letter)
            return tuple([seen.get(i) for i in out]) if seen else (None,) * len(out)
        case Map(_, (only,)) | Call(Name(), (only,)):
            return label(only)
        case Add(kids) | Map(_, kids) if kids:
            rows = [label(kid) for kid in kids]
            if not any(map(any, rows)):
                return rows[0]
            return tuple([next(filter(None, column), None) for column in zip(*rows)])
        case Call(Operator(name="powers"), (first, _)):
            called = (*label(first)[:-2], raised.LETTER)
        case Call(Operator(name=op, params=params), (first, *_)) if op in FAMILIES:
            called = label(first)[: params[0]]
        case Call(Operator(name=op), (first, *_)):
            own = own_axes(op) if len(node.axes) <= len(first.axes) else 0
            called = label(first)[: len(first.axes) - own]
    return of_axes(node, called)
