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

from importlib import import_module

from derive.version import VERSION as __version__

TYPE_CHECKING = False  # what type checkers take for true; importing typing would double the time
if TYPE_CHECKING:
    from typing import Any

    from derive.app.checked.shown import check
    from derive.app.many import check_many
    from derive.app.solve import solved as solve
    from derive.code import compile
    from derive.counting.layers import (
        conv_multiply_adds,
        conv_parameters,
        dense_parameters,
        norm_parameters,
        receptive_field,
    )
    from derive.counting.solving import solve_sizes
    from derive.derivation.count import parameters as count
    from derive.display import graph
    from derive.elaborate.document import read
    from derive.elaborate.scalar import second_reading
    from derive.kernel.build import contract, diag, dot, outer, total, trace, transpose
    from derive.kernel.calculus import Backward, Share, backward, pushforward
    from derive.kernel.expr import Expr, ShapeError
    from derive.kernel.sizes import output_size
    from derive.meaning.evaluate import evaluate
    from derive.operators.arrangement import block, chunk, split
    from derive.operators.arrangement import concatenated as concat
    from derive.operators.arrangement import stacked as stack
    from derive.operators.attention import attention, causal_mask, multi_head_attention
    from derive.operators.layers import embedding, lora, mixture
    from derive.operators.normalisation import batch_norm_test
    from derive.operators.powers import matrix_power
    from derive.operators.stacking import commutation, khatri_rao, kron, unvec, vec
    from derive.operators.symbolic import to_sympy
    from derive.stepping import optimizer
    from derive.surface import (
        abstract,
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
    from proofs.function import check_function

__all__ = [
    "Backward",
    "Expr",
    "ShapeError",
    "Share",
    "__version__",
    "abstract",
    "attention",
    "backward",
    "batch",
    "batch_norm_test",
    "block",
    "causal_mask",
    "check",
    "check_function",
    "check_many",
    "chunk",
    "commutation",
    "compile",
    "concat",
    "contract",
    "conv_multiply_adds",
    "conv_parameters",
    "count",
    "dense_parameters",
    "diag",
    "dot",
    "embedding",
    "evaluate",
    "grad",
    "graph",
    "hessian",
    "hvp",
    "jacobian",
    "khatri_rao",
    "kron",
    "lora",
    "matrix",
    "matrix_power",
    "mixture",
    "multi_head_attention",
    "name",
    "network",
    "norm_parameters",
    "optimizer",
    "outer",
    "output_size",
    "pushforward",
    "read",
    "receptive_field",
    "scalar",
    "second_reading",
    "size",
    "sizes",
    "solve",
    "solve_sizes",
    "split",
    "stack",
    "steps",
    "tensor",
    "to_sympy",
    "total",
    "trace",
    "transpose",
    "unvec",
    "vec",
    "vector",
    "worked",
]  # fmt: skip

# Where those live that ``derive.surface`` does not make: module, here or in ``proofs``, and name.
_ELSEWHERE = {
    "Backward": ("kernel.calculus", "Backward"),
    "Expr": ("kernel.expr", "Expr"),
    "ShapeError": ("kernel.expr", "ShapeError"),
    "Share": ("kernel.calculus", "Share"),
    "backward": ("kernel.calculus", "backward"),
    "block": ("operators.arrangement", "block"),
    "check": ("app.checked.shown", "check"),
    "check_function": ("proofs.function", "check_function"),
    "check_many": ("app.many", "check_many"),
    "chunk": ("operators.arrangement", "chunk"),
    "compile": ("code", "compile"),
    "concat": ("operators.arrangement", "concatenated"),
    "count": ("derivation.count", "parameters"),
    "optimizer": ("stepping", "optimizer"),
    "output_size": ("kernel.sizes", "output_size"),
    "solve_sizes": ("counting.solving", "solve_sizes"),
    **{word: ("counting.layers", word) for word in
       ("conv_multiply_adds", "conv_parameters", "dense_parameters", "norm_parameters",
        "receptive_field")},
    "evaluate": ("meaning.evaluate", "evaluate"),
    "graph": ("display", "graph"),
    "matrix_power": ("operators.powers", "matrix_power"),
    "pushforward": ("kernel.calculus", "pushforward"),
    "read": ("elaborate.document", "read"),
    "second_reading": ("elaborate.scalar", "second_reading"),
    "solve": ("app.solve", "solved"),
    "split": ("operators.arrangement", "split"),
    "stack": ("operators.arrangement", "stacked"),
    "to_sympy": ("operators.symbolic", "to_sympy"),
    "batch_norm_test": ("operators.normalisation", "batch_norm_test"),
    **{word: ("operators.attention", word) for word in
       ("attention", "causal_mask", "multi_head_attention")},
    **{word: ("operators.layers", word) for word in ("embedding", "lora", "mixture")},
    **{word: ("kernel.build", word) for word in
       ("contract", "diag", "dot", "outer", "total", "trace", "transpose")},
    **{word: ("operators.stacking", word) for word in
       ("commutation", "khatri_rao", "kron", "unvec", "vec")},
}  # fmt: skip


def __getattr__(word: str) -> Any:
    """A public name, imported when it is first used; else a function of the vocabulary."""
    if word.startswith("_"):
        raise AttributeError(f"module 'derive' has no attribute {word!r}")
    surface = import_module("derive.surface")  # attaches how expressions show themselves
    if word not in __all__:
        return surface.function(word)
    module, there = _ELSEWHERE.get(word, ("surface", word))
    where = module if module.startswith("proofs.") else f"derive.{module}"
    found = getattr(import_module(where), there)
    if module.startswith("operators."):
        return import_module("derive.operators.guarded").guarded(found)
    return found


def __dir__() -> list[str]:
    from derive.operators import COMPOSITES, POINTWISE, PRIMITIVES, WITH_OPTIONS

    return sorted({*__all__, *COMPOSITES, *POINTWISE, *PRIMITIVES, *WITH_OPTIONS})
