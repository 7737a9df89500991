r"""Edits of formulas of linear algebra: laws, slips, and what is a law for some matrices only.

The idea: an edit lists what a formula may be written as by somebody who is right or wrong; the
numbers say which (``algebra``).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

Node = tuple  # (head, *kids): kids are nodes, or the name of a leaf


def _transposed(node: Node) -> Iterator[Node]:
    match node:
        case ("T", ("mul", a, b)):
            yield from (("mul", ("T", b), ("T", a)), ("mul", ("T", a), ("T", b)))
        case ("T", ("add", a, b)):
            yield ("add", ("T", a), ("T", b))
        case ("T", ("inv", a)):
            yield ("inv", ("T", a))
        case ("T", ("name", name)):
            yield ("name", name)
            yield ("neg", ("name", name))
            yield ("inv", ("name", name))
        case ("T", ("outer", a, b)):
            yield ("outer", b, a)
        case ("T", a):
            yield a


def _inverted(node: Node) -> Iterator[Node]:
    match node:
        case ("inv", ("mul", a, b)):
            yield from (("mul", ("inv", b), ("inv", a)), ("mul", ("inv", a), ("inv", b)))
        case ("inv", ("add", a, b)):
            yield ("add", ("inv", a), ("inv", b))
        case ("inv", ("name", name)):
            yield ("T", ("name", name))
            yield ("name", name)
        case ("inv", ("inv", a)):
            yield a
        case ("mul", a, ("inv", b)) if a == b:
            yield ("I",)
        case ("mul", ("inv", a), ("mul", b, c)):
            yield c
            yield ("mul", b, c)


def _cycled(node: Node) -> Iterator[Node]:
    match node:
        case ("tr", ("mul", a, b)):
            yield ("tr", ("mul", b, a))
            yield ("times", ("tr", a), ("tr", b))
            yield ("vecdot", ("T", a), b)
            yield ("vecdot", a, b)
        case ("tr", ("T", a)) | ("tr", a):
            yield ("tr", ("T", a))
            yield ("tr", a)
        case ("trkron", a, b):
            yield from (("times", ("tr", a), ("tr", b)), ("trkron", b, a), ("tr", ("mul", a, b)))
        case ("kron2", a, b):
            yield from (("times", ("fro2", a), ("fro2", b)), ("fro2", ("mul", a, b)))
        case ("vecdot", a, b):
            yield from (("tr", ("mul", ("T", a), b)), ("tr", ("mul", a, b)))
        case ("fro2", a):
            yield ("tr", ("mul", ("T", a), a))
            yield ("tr", ("mul", a, ("T", a)))
            yield ("tr", ("sq", a))
        case ("norm2", a):
            yield ("dot", a, a)
        case ("dot", a, ("apply", m, b)):
            yield from (("dot", b, ("apply", m, a)), ("dot", b, ("apply", ("T", m), a)))
            yield ("tr", ("mul", m, ("outer", b, a)))


def _determined(node: Node) -> Iterator[Node]:
    match node:
        case ("det", ("mul", a, b)):
            yield ("times", ("det", a), ("det", b))
            yield ("det", ("mul", b, a))
        case ("det", ("T", a)):
            yield ("det", a)
        case ("det", ("sq", a)):
            yield ("pow2", ("det", a))
        case ("det", ("add", a, b)):
            yield ("add", ("det", a), ("det", b))
            yield ("det", ("add", b, a))
        case ("det", ("scale", c, a)):
            yield ("times", c, ("det", a))
        case ("det", ("name", "Q")):
            yield from (("num", 1), ("num", -1))
        case ("det", ("name", "P" | "K")):
            yield ("num", 0)


def _spread(node: Node) -> Iterator[Node]:
    match node:
        case ("mul", ("add", a, b), c):
            yield ("add", ("mul", a, c), ("mul", b, c))
        case ("mul", a, ("add", b, c)):
            yield ("add", ("mul", a, b), ("mul", a, c))
            yield ("add", ("mul", a, b), c)
        case ("mul", a, ("mul", b, c)):
            yield from (("mul", ("mul", a, b), c), ("mul", ("mul", a, c), b))
        case ("mul", ("mul", a, b), c):
            yield from (("mul", a, ("mul", b, c)), ("mul", ("mul", b, a), c))
        case ("mul", a, b):
            yield ("mul", b, a)
            yield ("had", a, b)
        case ("sq", ("add", a, b)):
            yield ("add", ("add", ("sq", a), ("sq", b)), ("scale", ("num", 2), ("mul", a, b)))
            yield ("add", ("add", ("sq", a), ("sq", b)), ("add", ("mul", a, b), ("mul", b, a)))
        case ("sq", ("mul", a, b)):
            yield from (("mul", ("sq", a), ("sq", b)), ("mul", ("mul", a, b), ("mul", a, b)))
        case ("sq", a):
            yield from (("mul", a, a), a, ("I",), ("had", a, a))
        case ("add", a, b):
            yield from (("add", b, a), ("sub", a, b))
        case ("sub", a, b):
            yield from (("sub", b, a), ("neg", ("sub", b, a)))
        case ("had", a, b):
            yield from (("had", b, a), ("mul", a, b))
        case ("outer", a, b):
            yield ("outer", b, a)
        case ("scale", c, ("mul", a, b)):
            yield ("mul", ("scale", c, a), b)
            yield ("mul", ("scale", c, a), ("scale", c, b))


def _of_a_kind(node: Node) -> Iterator[Node]:
    match node:
        case ("name", "S" | "H" | "D"):
            yield ("T", node)
        case ("name", "K"):
            yield from (("neg", ("T", node)), ("T", node))
        case ("name", "P"):
            yield from (("sq", node), ("T", node))
        case ("name", "Q"):
            yield from (("inv", ("T", node)), ("T", node))
        case ("name", "A" | "B"):
            yield ("T", node)
        case ("mul", ("name", "Q"), ("T", ("name", "Q"))) | ("fro2", ("name", "Q")):
            yield ("I",) if node[0] == "mul" else ("tr", ("I",))
        case ("tr", ("name", "K")):
            yield ("num", 0)
        case ("apply", ("name", "Q"), v):
            yield v
        case ("norm2", ("apply", ("name", "Q"), v)):
            yield ("norm2", v)
        case ("apply", a, ("apply", b, v)):
            yield from (("apply", ("mul", a, b), v), ("apply", ("mul", b, a), v))


EDITS: dict[str, Callable[[Node], Iterator[Node]]] = {
    "transpose": _transposed, "inverse": _inverted, "cycle": _cycled, "determinant": _determined,
    "spread": _spread, "kind": _of_a_kind,
}  # fmt: skip
