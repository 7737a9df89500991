"""A hand-written backward function beside the derived gradient: ``check_function``.

The idea: the function is called with arrays of the network at random points of many sizes, and what
it returns is compared with the gradient that was derived; if it differs, with what each common
mistake would have given.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from derive.derivation.network import Network
from derive.kernel.expr import Expr
from proofs.functions.again import reconsidered
from proofs.functions.report import FunctionReport
from proofs.functions.run import checked
from proofs.functions.subject import subject


def check_function(
    backward: Callable[..., Any],
    network: Network | Expr | str,
    *,
    wrt: Sequence[Expr | str] | Expr | str | None = None,
    output: Expr | str | None = None,
    arguments: Mapping[str, Any] | None = None,
    framework: str | None = None,
    dtype: str = "float64",
    sizes: Mapping[str, int] | None = None,
    columns: bool | None = None,
    seed: int = 0,
    trials: int = 3,
) -> FunctionReport:
    r"""Compare a backward function in NumPy, PyTorch or JAX with the derived gradients.

    ``network`` is a network, an expression, or the LaTeX text of a document.  The function gets
    arrays for arguments that are named as the network has them (``W1``, ``x``, ``X`` for the batch
    of all x^{(i)}, a named node such as ``z``, a size such as ``n``, ``cache`` for a dict of all of
    them), or in the network's order if no name fits; ``arguments`` says what another name means:
    ``{"dy": "upstream", "saved": ("x", "z")}``.  It returns the gradients of ``wrt`` (every
    parameter if left out): in this order, or keyed by ``"W"``, ``"dW"`` or ``"grad_W"``, with the
    loss before them or without.  If ``output`` is no scalar, one argument is the gradient that
    flows into it.  A ``torch.autograd.Function`` and a ``jax.custom_vjp`` are called as they are.

    Gradients have the shape of what they are by.  ``columns`` passes vectors as n×1 arrays and
    wants such gradients; if left out, that is tried where the function cannot compute with vectors
    of one axis.  ``sizes`` fixes sizes, ``trials`` is how many calls have sizes that all
    differ (others have equal sizes, and sizes of 1); no call is at a kink.  Agreement to 1e-6, in
    float32 to 2e-3, relative to the largest entry.

    Raises DeriveError for an argument that nothing in the network fits, for a text that cannot be
    read, and where there is nothing to differentiate.  What the function itself raises is reported,
    not raised.

    >>> import derive, numpy as np
    >>> net = derive.read(r'''$\mathbf{W} \in \mathbb{R}^{m \times n}$, $\mathbf{z} = \mathbf{W}
    ... \mathbf{x} + \mathbf{b}$, $L = \frac12 \|\mathbf{z} - \mathbf{y}\|^2$''')
    >>> def backward(W, b, x, y):
    ...     dz = W @ x + b - y
    ...     return {"dW": np.outer(x, dz), "db": dz}
    >>> report = derive.check_function(backward, net)
    >>> report.mistakes, report.ok
    ({'dW': 'transposed-answer'}, False)
    >>> def backward(W, b, x, y):
    ...     dz = W @ x + b - y
    ...     return np.outer(dz, x), dz
    >>> derive.check_function(backward, net).assert_ok()
    """
    of = subject(
        backward, network, wrt=wrt, output=output, arguments=arguments, framework=framework,
        dtype=dtype, sizes=sizes or {}, columns=bool(columns),
    )  # fmt: skip
    report = checked(of, seed, trials)
    return report if report.ok else reconsidered(of, report, columns is None, seed, trials)
