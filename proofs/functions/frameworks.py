"""NumPy, PyTorch and JAX: which one a function is written for, its arrays, and the call itself.

The idea: none of them is imported unless the function is written for it, which its globals and
annotations tell; inputs are fresh copies, so that a function that writes into them is found out.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from types import CodeType, ModuleType
from typing import Any

from derive.operators.pointwise import np

FRAMEWORKS = ("numpy", "torch", "jax")
# Methods that only tensors have: a function that calls one need not mention torch at all.
_TENSOR_WORDS = frozenset(["requires_grad_", "requires_grad", "detach", "retain_grad"])
_DEEPEST = 4  # calls from function to function that are followed to find out what it uses


def is_torch_function(function: Any) -> bool:
    """Whether this is a subclass of torch.autograd.Function, told without importing torch."""
    return inspect.isclass(function) and any(
        base.__module__ == "torch.autograd.function" and base.__name__ == "Function"
        for base in function.__mro__[1:]
    )


def is_custom_vjp(function: Any) -> bool:
    """Whether this is a jax.custom_vjp: a forward function that brings its own backward."""
    kind = type(function)
    return kind.__name__ == "custom_vjp" and kind.__module__.split(".")[0] == "jax"


def detected(function: Any) -> str:
    """The framework that a function is written for; NumPy if nothing says otherwise."""
    if is_torch_function(function):
        return "torch"
    if is_custom_vjp(function):
        return "jax"
    used = list(_used(function, _DEEPEST))
    # NumPy may stand beside the others, and they do not stand beside each other.
    return next((name for name in ("torch", "jax") if name in used), "numpy")


def _used(function: Any, depth: int) -> Iterator[str]:
    """Top-level packages of what a function's code and annotations mention."""
    function = inspect.unwrap(getattr(function, "__func__", function))
    if not inspect.isfunction(function):
        function = vars(type(function)).get("__call__")  # an object that is called
        if not inspect.isfunction(function):
            return
    for note in getattr(function, "__annotations__", {}).values():
        yield note.split(".")[0] if isinstance(note, str) else _package(note)
    known = dict(function.__globals__)
    if function.__closure__:
        for name, cell in zip(function.__code__.co_freevars, function.__closure__):
            try:
                known[name] = cell.cell_contents
            except ValueError:  # not filled yet
                continue
    for name in _names(function.__code__):
        if name in known:
            yield _package(known[name])
            if depth and inspect.isfunction(known[name]):
                yield from _used(known[name], depth - 1)
        elif name in FRAMEWORKS:  # imported inside the function
            yield name
        elif name in _TENSOR_WORDS:
            yield "torch"


def _names(code: CodeType) -> Iterator[str]:
    stack = [code]
    while stack:
        one = stack.pop()
        yield from (*one.co_names, *one.co_freevars)
        stack += [const for const in one.co_consts if isinstance(const, CodeType)]


def _package(value: Any) -> str:
    if isinstance(value, ModuleType):
        return value.__name__.split(".")[0]
    module = getattr(value, "__module__", None) or type(value).__module__
    return str(module).split(".")[0]


# ---------------------------------------------------------------------------------------- arrays


def session(framework: str, dtype: str) -> AbstractContextManager[Any]:
    """What must surround the calls: JAX computes in float64 only where that is switched on."""
    if framework == "jax" and dtype == "float64":
        import jax  # pyright: ignore[reportMissingImports]

        if hasattr(jax, "enable_x64"):
            return jax.enable_x64(True)
        from jax.experimental import enable_x64  # pyright: ignore[reportMissingImports]

        return enable_x64()
    return nullcontext()


def given(framework: str, array: Any, dtype: str) -> Any:
    """A NumPy array as a fresh array of the framework; whole numbers stay integers."""
    kind = "int64" if array.dtype.kind == "i" else dtype
    fresh = np.array(array, dtype=kind)
    if framework == "torch":
        import torch  # pyright: ignore[reportMissingImports]

        return torch.tensor(fresh, dtype=getattr(torch, kind))
    if framework == "jax":
        import jax.numpy as jnp  # pyright: ignore[reportMissingImports]

        return jnp.asarray(fresh)
    return fresh


def as_numpy(value: Any) -> Any:
    """What a function returned as a NumPy array.  TypeError if it is no array of numbers."""
    if callable(getattr(value, "detach", None)):  # a tensor, perhaps on a graph or on a device
        value = value.detach().cpu()
        if str(value.dtype) == "torch.bfloat16":  # NumPy has none
            value = value.float()
        value = value.numpy()
    array = np.asarray(value)
    if array.dtype == object and value is not None:
        try:
            array = array.astype(float)
        except (TypeError, ValueError):
            raise TypeError("not an array of numbers") from None
    if array.dtype.kind not in "fiubc":
        raise TypeError("not an array of numbers")
    return array


# ------------------------------------------------------------------------------------------ calls


def differentiated(
    function: Any, args: Sequence[Any], wrt: Sequence[int], upstream: Any, framework: str
) -> tuple[Any, dict[int, Any]]:
    """A function that brings its own backward: its output, and gradients for arguments by place.

    ``upstream`` is the gradient of the output, or a function that makes it from the output.
    """
    if framework == "torch":
        import torch  # pyright: ignore[reportMissingImports]

        tensors = [
            a.clone().requires_grad_() if k in wrt and torch.is_tensor(a) else a
            for k, a in enumerate(args)
        ]
        out = function.apply(*tensors)
        moving = [tensors[k] for k in wrt]
        found = torch.autograd.grad(out, moving, upstream(out), allow_unused=True)
        return out, dict(zip(wrt, found, strict=True))
    import jax  # pyright: ignore[reportMissingImports]

    def of(*moving: Any) -> Any:
        full = list(args)
        for k, value in zip(wrt, moving, strict=True):
            full[k] = value
        return function(*full)

    out, pull = jax.vjp(of, *(args[k] for k in wrt))
    return out, dict(zip(wrt, pull(upstream(out)), strict=True))


def changed(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[str]:
    """The names of the arrays that are no longer what they were."""
    rows = []
    for name, array in before.items():
        now = as_numpy(after[name])
        if now.shape != array.shape or not np.array_equal(now, array, equal_nan=True):
            rows.append(name)
    return rows


def signature(function: Callable[..., Any]) -> list[inspect.Parameter] | None:
    """The parameters that a caller fills; None where they cannot be known."""
    called: Any = function
    drop = 0
    if is_torch_function(function):
        called = function.forward
        base = next(b for b in function.__mro__ if b.__module__ == "torch.autograd.function")
        own = getattr(function, "setup_context", None)
        drop = 1 if own is getattr(base, "setup_context", None) else 0
    try:
        rows = list(inspect.signature(called).parameters.values())
    except (TypeError, ValueError):
        return None
    return rows[drop:]
