r"""Symbolic matrix calculus for neural networks: derivations in the notation people write.

>>> import derive as d
>>> n, m, p = d.sizes("n m p")
>>> x, y = d.vector("x", n), d.vector("y", m)
>>> W1, W2, W3 = d.matrix("W_1", p, n), d.matrix("W_2", m, n), d.matrix("W_3", m, p)
>>> b = d.name("b", W1 @ x)
>>> z = d.name("z", W3 @ d.relu(b) + W2 @ x)
>>> g = d.grad(d.half_squared_norm(z - y), W1)
>>> g
(1[b > 0] * (W_3^T (z - y))) x^T

Every row of the vocabulary is a function of this module: ``d.relu``, ``d.softmax``, ``d.cosine``.
Nothing is imported before it is used.
"""

from __future__ import annotations

import sys
from importlib import import_module
from types import ModuleType

from derive.version import VERSION as __version__

TYPE_CHECKING = False  # what type checkers take for true; importing typing would double the time
if TYPE_CHECKING:
    from typing import Any

    from derive.app.solve import solved as solve
    from derive.build import contract, diag, dot, outer, total, trace, transpose
    from derive.calculus import Backward, Share, backward, pushforward
    from derive.code import compile
    from derive.count import parameters as count
    from derive.display import graph
    from derive.elaborate.document import read
    from derive.evaluate import evaluate
    from derive.expr import Expr, ShapeError
    from derive.surface import (
        batch,
        grad,
        hessian,
        hvp,
        jacobian,
        matrix,
        name,
        network,
        scalar,
        size,
        sizes,
        steps,
        tensor,
        vector,
        worked,
    )  # fmt: skip

__all__ = [
    "Backward",
    "Expr",
    "ShapeError",
    "Share",
    "__version__",
    "backward",
    "batch",
    "compile",
    "contract",
    "count",
    "diag",
    "dot",
    "evaluate",
    "grad",
    "graph",
    "hessian",
    "hvp",
    "jacobian",
    "matrix",
    "name",
    "network",
    "outer",
    "pushforward",
    "read",
    "scalar",
    "size",
    "sizes",
    "solve",
    "steps",
    "tensor",
    "total",
    "trace",
    "transpose",
    "vector",
    "worked",
]  # fmt: skip

# Where those live that ``derive.surface`` does not make: module, and their name there.
_ELSEWHERE = {
    "Backward": ("calculus", "Backward"),
    "Expr": ("expr", "Expr"),
    "ShapeError": ("expr", "ShapeError"),
    "Share": ("calculus", "Share"),
    "backward": ("calculus", "backward"),
    "compile": ("code", "compile"),
    "count": ("count", "parameters"),
    "evaluate": ("evaluate", "evaluate"),
    "graph": ("display", "graph"),
    "pushforward": ("calculus", "pushforward"),
    "read": ("elaborate.document", "read"),
    "solve": ("app.solve", "solved"),
    **{word: ("build", word) for word in
       ("contract", "diag", "dot", "outer", "total", "trace", "transpose")},
}  # fmt: skip


def __getattr__(word: str) -> Any:
    """A public name, imported when it is first used; else a function of the vocabulary."""
    if word.startswith("_"):
        raise AttributeError(f"module 'derive' has no attribute {word!r}")
    surface = import_module("derive.surface")  # attaches how expressions show themselves
    if word not in __all__:
        return surface.function(word)
    module, there = _ELSEWHERE.get(word, ("surface", word))
    return getattr(import_module(f"derive.{module}"), there)


class _Spoken(ModuleType):
    """A module that is also the public function of its name: ``derive.sizes("n m")``.

    When a submodule is imported, Python binds it in the package, over any function of that name.
    """

    def __call__(self, *args: Any, **named: Any) -> Any:
        return __getattr__(self.__name__.rpartition(".")[2])(*args, **named)


class _Package(ModuleType):
    """This package, which keeps its public functions when their modules are bound in it."""

    def __setattr__(self, word: str, value: Any) -> None:
        if word in __all__ and isinstance(value, ModuleType):
            value.__class__ = _Spoken
        super().__setattr__(word, value)


sys.modules[__name__].__class__ = _Package


def __dir__() -> list[str]:
    from derive.operators import COMPOSITES, POINTWISE, PRIMITIVES

    return sorted({*__all__, *COMPOSITES, *POINTWISE, *PRIMITIVES})
