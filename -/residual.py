"""A residual network"""

import numpy as np

SYMBOLS = {
    r"\mathbf{x}": "x",
    r"\mathbf{y}": "y",
    r"\mathbf{W}_1": "W_1",
    r"\mathbf{W}_2": "W_2",
    r"\mathbf{W}_3": "W_3",
    r"\mathbf{a}": "a",
    r"\mathbf{b}": "b",
    r"\mathbf{c}": "c",
    r"\mathbf{d}": "d",
    r"\mathbf{e}": "e",
    r"\mathbf{f}": "f",
    r"\mathbf{z}": "z",
    r"\mathcal{L}": "L",
}
INPUTS = {  # and the sizes of their axes
    "x": ("n",),
    "y": ("m",),
    "W_1": ("p", "n"),
    "W_2": ("m", "n"),
    "W_3": ("m", "p"),
}
SIZES = {}  # that no shape gives
FUNCTIONS = {}  # that are given, not defined here


def _read(inputs, needed):
    """The inputs as arrays, their shapes checked, and the sizes that the shapes give."""
    known = [*INPUTS, *SIZES, *FUNCTIONS]
    if unknown := [name for name in inputs if name not in known]:
        raise TypeError(f"no input is called {', '.join(unknown)}; known: {', '.join(known)}")
    if missing := [name for name in needed if name not in inputs]:
        raise TypeError(f"missing: {'; '.join(_described(name) for name in missing)}")
    given, sizes = {}, {}
    for name, value in inputs.items():
        if name in FUNCTIONS:
            if not callable(value):
                raise TypeError(f"{name} is {FUNCTIONS[name]}, not {value!r}")
            given[name] = value
        elif name in SIZES:
            if value != int(value) or value < 1:
                raise ValueError(f"{name} is {SIZES[name]}, not {value!r}")
            given[name] = int(value)
            _same(name, SIZES[name], name, given[name], sizes)
        else:
            given[name] = np.asarray(value, dtype=float)
            axes, shape = INPUTS[name], tuple(given[name].shape)
            if len(axes) != len(shape):
                raise ValueError(f"{name} needs shape {_shape(axes)}, not {shape}")
            for axis, n in zip(axes, shape):
                _same(name, f"shape {_shape(axes)}, not {shape}", axis, n, sizes)
    return given


def _described(name):
    if name in INPUTS:
        return f"{name} of shape {_shape(INPUTS[name])}"
    return f"{name}, {SIZES.get(name) or FUNCTIONS[name]}"


def _same(name, needs, axis, n, sizes):
    """Record that this axis has n entries; it must have as many wherever it is met."""
    size, where = sizes.setdefault(axis, (axis if isinstance(axis, int) else n, name))
    if size != n:
        raise ValueError(f"{name} needs {needs}: {axis} is {n} here, {size} in {where}")


def _shape(axes):
    return f"({', '.join(map(str, axes))}{',' if len(axes) == 1 else ''})"


def forward(**inputs):
    """Every named value of the network, keyed by name."""
    given = _read(inputs, ["x", "y", "W_1", "W_2", "W_3"])
    x = given["x"]
    y = given["y"]
    W_1 = given["W_1"]
    W_2 = given["W_2"]
    W_3 = given["W_3"]
    a = x
    b = W_1 @ a
    c = np.maximum(b, 0.0)
    d = W_3 @ c
    e = x
    f = W_2 @ e
    z = d + f
    t1 = z - y
    L = (t1 @ t1) / 2
    return {
        "a": a,
        "b": b,
        "c": c,
        "d": d,
        "e": e,
        "f": f,
        "z": z,
        "L": L,
    }


def gradients(**inputs):
    """The gradient of the loss by each variable, keyed by name."""
    given = _read(inputs, ["x", "y", "W_1", "W_2", "W_3"])
    x = given["x"]
    y = given["y"]
    W_1 = given["W_1"]
    W_2 = given["W_2"]
    W_3 = given["W_3"]
    a = x
    b = W_1 @ a
    c = np.maximum(b, 0.0)
    d = W_3 @ c
    e = x
    f = W_2 @ e
    z = d + f
    t1 = 2 * (z - y) / 2
    t2 = (b > 0).astype(float) * (W_3.T @ t1)
    grad_W_1 = np.outer(t2, a)
    grad_W_2 = np.outer(t1, e)
    grad_W_3 = np.outer(t1, c)
    grad_x = W_2.T @ t1 + W_1.T @ t2
    return {
        "W_1": grad_W_1,
        "W_2": grad_W_2,
        "W_3": grad_W_3,
        "z": t1,
        "b": t2,
        "x": grad_x,
    }
