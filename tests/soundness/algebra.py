r"""Lines of linear algebra, made and judged by numbers alone: inverses, determinants, traces, vec,
\otimes, norms, and facts of the matrices.

The idea: a formula is a nested tuple that writes itself as LaTeX and reckons itself in NumPy; a
line is a formula beside an edited copy, some edits being laws and some slips, and whether it is
true is what the numbers say at points of several sizes.  Nothing is shared with the checker.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from tests.soundness.laws import EDITS, Node

SIZES = (2, 3, 1, 4)
TEXT = (
    r"Let $A, B \in \mathbb{R}^{n \times n}$, $S \in \mathbb{R}^{n \times n}$ symmetric, "
    r"$Q \in \mathbb{R}^{n \times n}$ orthogonal, $D \in \mathbb{R}^{n \times n}$ diagonal, "
    r"$K \in \mathbb{R}^{n \times n}$ skew-symmetric, $H \in \mathbb{R}^{n \times n}$ positive "
    r"definite, $P \in \mathbb{R}^{n \times n}$ a projection matrix, $x, y \in \mathbb{R}^n$ and "
    r"$c \in \mathbb{R}$."
)
MATRICES, VECTORS = "ABSQDKHP", "xy"


@dataclass(frozen=True)
class Line:
    """Both sides as LaTeX, whether it is true, and what was done to the copy."""

    left: str
    right: str
    true: bool
    edits: tuple[str, ...]

    @property
    def text(self) -> str:
        return f"{TEXT}\n\\[ {self.left} = {self.right} \\]"


def lines(rng: random.Random) -> Iterator[Line]:
    """Lines without end.  Those that the numbers leave in doubt are left out."""
    while True:
        node = _formula(rng, rng.choice("mmssv"), rng.randint(1, 3))
        other, edits = node, []
        for _ in range(rng.choice((1, 1, 2, 3))):
            found = _edited(other, rng)
            if found is not None:
                other, name = found
                edits.append(name)
        if other == node:
            continue
        true = judged(node, other)
        if true is not None:
            yield Line(written(node), written(other), true, tuple(edits))


def judged(one: Node, other: Node) -> bool | None:
    """Whether two formulas agree wherever both have a value; None if the numbers do not tell."""
    seen, worst = 0, 0.0
    for n in SIZES:
        for seed in range(4):
            point = _point(n, seed)
            with np.errstate(all="ignore"):
                try:
                    a, b = np.asarray(value(one, point)), np.asarray(value(other, point))
                except np.linalg.LinAlgError:
                    continue
            if not (np.isfinite(a).all() and np.isfinite(b).all()):
                continue
            if a.shape != b.shape:
                return None
            seen += 1
            size = max(1.0, float(np.abs(a).max(initial=0)), float(np.abs(b).max(initial=0)))
            worst = max(worst, float(np.abs(a - b).max(initial=0)) / size)
    if seen < 6 or 1e-8 < worst < 1e-4:
        return None
    return worst <= 1e-8


# ------------------------------------------------------------------------------------------ points


def _point(n: int, seed: int) -> dict[str, Any]:
    rng = np.random.default_rng((n, seed))
    a, b, s, k, h = (rng.normal(size=(n, n)) for _ in range(5))
    q, _ = np.linalg.qr(rng.normal(size=(n, n)))
    if seed % 2:
        q[:, 0] *= -1
    u, v = rng.normal(size=n), rng.normal(size=n)
    oblique = np.outer(u, v) / (u @ v)
    return {
        "A": a, "B": b, "S": s + s.T, "Q": q, "D": np.diag(rng.normal(size=n)), "K": k - k.T,
        "H": h @ h.T + 0.1 * np.eye(n), "P": oblique if seed < 2 else np.eye(n) - oblique,
        "x": rng.normal(size=n), "y": rng.normal(size=n), "c": float(rng.normal()), "n": n,
    }  # fmt: skip


def _inverse(a: Any) -> Any:
    if np.linalg.cond(a) > 1e7:
        raise np.linalg.LinAlgError
    return np.linalg.inv(a)


_VALUES: dict[str, Callable[..., Any]] = {
    "mul": lambda a, b: a @ b, "add": lambda a, b: a + b, "sub": lambda a, b: a - b,
    "T": lambda a: a.T, "inv": _inverse, "tr": np.trace, "det": np.linalg.det,
    "scale": lambda c, a: c * a, "times": lambda a, b: a * b, "had": lambda a, b: a * b,
    "fro2": lambda a: np.sum(a * a), "norm2": lambda v: v @ v, "dot": lambda a, b: a @ b,
    "outer": np.outer, "apply": lambda a, v: a @ v, "sq": lambda a: a @ a, "neg": lambda a: -a,
    "trkron": lambda a, b: np.trace(np.kron(a, b)),
    "kron2": lambda a, b: np.sum(np.kron(a, b) ** 2),
    "vecdot": lambda a, b: a.T.reshape(-1) @ b.T.reshape(-1), "pow2": lambda s: s * s,
    "abs": np.abs, "diag": lambda a: np.diag(np.diag(a)),
    "logdet": lambda a: np.log(np.linalg.det(a)), "kronvec": lambda a, b, m: (
        np.kron(b.T, a) @ m.T.reshape(-1)), "vec": lambda m: m.T.reshape(-1),
}  # fmt: skip


def value(node: Node, point: dict[str, Any]) -> Any:
    head, *kids = node
    if head == "name":
        return point[kids[0]]
    if head == "num":
        return float(kids[0])
    if head == "I":
        return np.eye(point["n"])
    return _VALUES[head](*(value(kid, point) for kid in kids))


# ----------------------------------------------------------------------------------------- writing

_SUMS = frozenset(["add", "sub", "neg"])
_ATOMS = frozenset(["name", "num", "I", "tr", "det", "fro2", "norm2", "abs", "trkron", "diag"])


def written(node: Node) -> str:
    head, *kids = node
    match head:
        case "name" | "num":
            return str(kids[0])
        case "I":
            return "I"
        case "add":
            return f"{written(kids[0])} + {_term(kids[1])}"
        case "sub":
            return f"{written(kids[0])} - {_term(kids[1])}"
        case "neg":
            return f"-{_term(kids[0])}"
        case "mul" | "apply" | "scale" | "times":
            return f"{_factor(kids[0])} {_factor(kids[1])}"
        case "had":
            return rf"{_power(kids[0])} \odot {_power(kids[1])}"
        case "T":
            return rf"{_power(kids[0])}^\top"
        case "inv":
            return f"{_power(kids[0])}^{{-1}}"
        case "sq" | "pow2":
            return f"{_power(kids[0])}^2"
        case "tr":
            return rf"\operatorname{{tr}}({written(kids[0])})"
        case "det":
            return rf"\det({written(kids[0])})"
        case "logdet":
            return rf"\log \det({written(kids[0])})"
        case "diag":
            return rf"\operatorname{{diag}}(\operatorname{{diag}}({written(kids[0])}))"
        case "abs":
            return f"|{written(kids[0])}|"
        case "fro2":
            return rf"\|{written(kids[0])}\|_F^2"
        case "norm2":
            return rf"\|{written(kids[0])}\|_2^2"
        case "dot":
            return rf"{_power(kids[0])}^\top {_factor(kids[1])}"
        case "outer":
            return rf"{_factor(kids[0])} {_power(kids[1])}^\top"
        case "trkron":
            return rf"\operatorname{{tr}}({_power(kids[0])} \otimes {_power(kids[1])})"
        case "kron2":
            return rf"\|{_power(kids[0])} \otimes {_power(kids[1])}\|_F^2"
        case "vec":
            return rf"\operatorname{{vec}}({written(kids[0])})"
        case "vecdot":
            a, b = map(written, kids)
            return rf"\operatorname{{vec}}({a})^\top \operatorname{{vec}}({b})"
        case _:
            a, b, m = kids
            return rf"({_power(b)}^\top \otimes {_power(a)}) \operatorname{{vec}}({written(m)})"


def _term(node: Node) -> str:
    return f"({written(node)})" if node[0] in _SUMS else written(node)


def _factor(node: Node) -> str:
    return f"({written(node)})" if node[0] in _SUMS | {"had"} else written(node)


def _power(node: Node) -> str:
    return written(node) if node[0] in _ATOMS - {"num", "tr", "det"} else f"({written(node)})"


# ---------------------------------------------------------------------------------------- formulas


def _formula(rng: random.Random, kind: str, depth: int) -> Node:
    """A random formula: of a matrix ``m``, a vector ``v`` or a number ``s``."""

    def matrix(less: int = 1) -> Node:
        return _formula(rng, "m", depth - less)

    if kind == "v":
        return ("apply", matrix(), _formula(rng, "v", depth - 1)) if depth > 0 else (
            ("name", rng.choice(VECTORS)))  # fmt: skip
    if kind == "s":
        make = rng.choice((
            lambda: ("tr", matrix()), lambda: ("det", matrix()), lambda: ("fro2", matrix()),
            lambda: ("dot", ("name", "x"), _formula(rng, "v", depth)),
            lambda: ("norm2", _formula(rng, "v", depth)),
            lambda: ("trkron", matrix(2), matrix(2)), lambda: ("kron2", matrix(2), matrix(2)),
            lambda: ("vecdot", matrix(2), matrix(2)), lambda: ("tr", ("mul", matrix(), matrix())),
        ))  # fmt: skip
        return make()
    if depth <= 0:
        return ("name", rng.choice(MATRICES)) if rng.random() < 0.92 else ("I",)
    make = rng.choice((
        lambda: ("mul", matrix(), matrix()), lambda: ("mul", matrix(), matrix()),
        lambda: ("add", matrix(), matrix()), lambda: ("sub", matrix(), matrix()),
        lambda: ("T", matrix()), lambda: ("T", ("mul", matrix(), matrix())),
        lambda: ("inv", matrix()), lambda: ("inv", ("mul", matrix(2), matrix(2))),
        lambda: ("sq", matrix()), lambda: ("outer", ("name", "x"), ("name", rng.choice(VECTORS))),
        lambda: ("had", matrix(2), matrix(2)), lambda: ("scale", ("name", "c"), matrix()),
    ))  # fmt: skip
    return make()


# ------------------------------------------------------------------------------------------- edits


def _edited(node: Node, rng: random.Random) -> tuple[Node, str] | None:
    """The formula with one edit somewhere, and the name of the edit."""
    places = list(_places(node, ()))
    rng.shuffle(places)
    for place in places:
        inner = _at(node, place)
        edits = [(new, name) for name, edit in EDITS.items() for new in edit(inner) if new != inner]
        if edits:
            new, name = rng.choice(edits)
            return _put(node, place, new), name
    return None


def _places(node: Node, place: tuple[int, ...]) -> Iterator[tuple[int, ...]]:
    yield place
    for k, kid in enumerate(node[1:], 1):
        if isinstance(kid, tuple):
            yield from _places(kid, (*place, k))


def _at(node: Node, place: tuple[int, ...]) -> Node:
    for k in place:
        node = node[k]
    return node


def _put(node: Node, place: tuple[int, ...], new: Node) -> Node:
    if not place:
        return new
    k, *rest = place
    return (*node[:k], _put(node[k], tuple(rest), new), *node[k + 1 :])
