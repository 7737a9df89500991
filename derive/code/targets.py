"""Languages that code is written for: one row each, NumPy the first.

The idea: what differs between array libraries is how a product, a sum or an indicator is spelled.
Those spellings are a table here; the order of the computation is settled elsewhere and is the same
for all of them.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from fractions import Fraction
from functools import lru_cache
from string import Formatter
from types import MappingProxyType

from derive.kernel.expr import Fn, Operator
from derive.operators import POINTWISE, PRIMITIVES
from derive.operators.pooling import RESHAPES
from derive.operators.powers import powers_code

# How tightly a piece of Python binds, loosest first.  ``@`` and ``*`` bind alike in Python, but
# ``s * W @ x`` multiplies the matrix by s first, so here they never share a level.
COMPARISON, SUM, MATMUL, TIMES, UNARY, POWER, ATOM = range(7)


def spelled(value: int | Fraction) -> tuple[str, int]:
    """A positive number as Python text, and its level: 3, 0.5, 1 / 3.

    OverflowError beyond the range of floats.
    """
    if value == int(value) and value < 2**53:
        return str(int(value)), ATOM
    value, close = Fraction(value), float(value)
    if Fraction(repr(close)) == value or max(value.numerator, value.denominator) >= 2**53:
        return repr(close), ATOM
    return f"{value.numerator} / {value.denominator}", TIMES


@dataclass(frozen=True, slots=True)
class Piece:
    """Source text of a value: ``text`` binds at ``level``; the value is ``scale`` times it.

    ``mask`` has an entry for each axis that the value really has, aligned to the last axis of the
    expression: False is an axis of one entry that broadcasting stretches.  A scalar spread over a
    matrix has mask ``()``.  ``number`` marks a Python number (it has no array methods), and
    ``under`` is d where the text is ``1 / d``.
    """

    text: str
    level: int = ATOM
    mask: tuple[bool, ...] = ()
    number: bool = False
    scale: int | Fraction = 1
    under: Piece | None = None

    def at(self, level: int) -> str:
        """The text, in brackets where its place binds tighter."""
        text, own = self.signed()
        return text if own >= level else f"({text})"

    def signed(self) -> tuple[str, int]:
        """The text with its scale, and how tightly that binds."""
        text, level, factor = self.text, self.level, abs(self.scale)
        if factor != 1:
            number, own = spelled(factor)
            whole = Fraction(factor)
            if self.under is not None:
                text = f"{number} / {self.under.at(UNARY)}"
            elif whole.numerator == 1 and own == TIMES:
                text = f"{self.bare.at(TIMES)} / {whole.denominator}"
            else:
                text = f"{number} * {self.bare.at(TIMES)}"
            level = TIMES
        if self.scale >= 0:
            return text, level
        return (f"-({text})", UNARY) if level < TIMES else (f"-{text}", min(level, UNARY))

    @property
    def bare(self) -> Piece:
        """The piece without its scale."""
        return self if self.scale == 1 else replace(self, scale=1)

    @property
    def plain(self) -> bool:
        """A variable or a literal: writing it twice computes nothing twice."""
        return self.number or (self.scale == 1 and self.text.removesuffix(".T").isidentifier())


@dataclass(frozen=True, slots=True)
class Target:
    """A language: ``forms`` spell the kernel, ``words`` replace a row's own NumPy template.

    ``functions`` are definitions that a module starts with when it calls them.
    """

    name: str
    imports: str
    forms: Mapping[str, str]
    functions: Mapping[str, str] = field(default_factory=dict)
    words: Mapping[str, str] = field(default_factory=dict)

    def form(self, key: str, *parts: object) -> str:
        return self.forms[key].format(*parts)


class NoCode(ValueError):
    """A word of the vocabulary that has no spelling in this language."""


@lru_cache(maxsize=1024)
def slots(template: str) -> tuple[tuple[str, int | None, bool], ...]:
    """A template as (text, argument number or None, whether brackets already enclose it)."""
    parts = [(text, slot) for text, slot, _, _ in Formatter().parse(template)]
    rows: list[tuple[str, int | None, bool]] = []
    for k, (text, slot) in enumerate(parts):
        after = parts[k + 1][0] if k + 1 < len(parts) else ""
        enclosed = text.endswith(("(", ", ")) and after.startswith((",", ")"))
        rows.append((text, None if slot is None else int(slot), enclosed))
    return tuple(rows)


@lru_cache(maxsize=1024)
def level_of(template: str) -> int:
    """How tightly the filled template binds, read from Python's own syntax tree."""
    tree = ast.parse(template.format(*(f"slot{k}" for k in range(9))), mode="eval").body
    match tree:
        case ast.BinOp(op=ast.Add() | ast.Sub()):
            return SUM
        case ast.BinOp(op=ast.MatMult()):
            return MATMUL
        case ast.BinOp(op=ast.Pow()):
            return POWER
        case ast.BinOp():
            return TIMES
        case ast.UnaryOp():
            return UNARY
        case ast.Compare():
            return COMPARISON
        case _:
            return ATOM


@lru_cache(maxsize=1024)
def divisor(template: str) -> bool:
    """Whether the template is ``1 / ..``: then a times it is written a / .."""
    below = template.removeprefix("1 / ")
    return below != template and level_of(template) == TIMES and level_of(below) > TIMES


@lru_cache(maxsize=1024)
def called(template: str) -> frozenset[str]:
    """The names that a template mentions, besides its arguments."""
    tree = ast.parse(template.format(*(f"slot{k}" for k in range(9))), mode="eval")
    return frozenset(node.id for node in ast.walk(tree) if isinstance(node, ast.Name))


def reshaping(op: Fn | Operator) -> str:
    """How an array is flattened along its last axes, or unflattened."""
    if op.name == "flatten":
        return f"{{0}}.reshape(*{{0}}.shape[:-{op.params[0]}], -1)"
    sizes = ", ".join(f"{{{k + 1}}}" for k in range(len(op.params)))
    return "{0}.reshape(*{0}.shape[:-1], " + sizes + ")"


def template_of(target: Target, op: Fn | Operator) -> str:
    """How this word is written in this language, ``{0}`` .. for its arguments.

    The parameters of an operator are sizes and follow its arguments; those of a function are
    numbers, which its row writes into the template.  NoCode where there is no spelling.
    """
    table = POINTWISE if isinstance(op, Fn) else PRIMITIVES
    row = table.get(op.name)
    if op.name in RESHAPES:
        return reshaping(op)
    code = target.words.get(op.name) or (row.code if row else "")
    if op.name == "powers" and target.name == "numpy":
        code = powers_code
    if callable(code):
        code = code(*op.params)
    if not code:
        raise NoCode(f"{op.name} has no spelling in {target.name}")
    return code


_NUMPY_FUNCTIONS = MappingProxyType(
    {
        "erf": '''
def erf(x):
    """The error function of each entry."""
    return np.vectorize(math.erf, otypes=[float])(x)
''',
        "softmax": '''
def softmax(x):
    """exp(x) divided by its sum along the last axis; shifted so that nothing overflows."""
    e = np.exp(x - x.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)
''',
        "logsumexp": '''
def logsumexp(x):
    """The logarithm of the sum of exp(x) along the last axis; shifted, so nothing overflows."""
    top = x.max(axis=-1)
    return top + np.log(np.exp(x - top[..., None]).sum(axis=-1))
''',
        "one_hot_argmax": '''
def one_hot_argmax(x):
    """1 at the first largest entry along the last axis, 0 elsewhere."""
    return (np.arange(x.shape[-1]) == x.argmax(axis=-1)[..., None]).astype(float)
''',
        "polar": '''
def polar(a):
    """U V^T of the singular value decomposition U S V^T, where the values in S are not 0."""
    u, s, v = np.linalg.svd(a, full_matrices=False)
    return np.where((s > 1e-12 * s[..., :1])[..., None, :], u, 0.0) @ v
''',
        "leading": '''
def leading(a):
    """u_1 v_1^T of the largest singular value."""
    u, _, v = np.linalg.svd(a, full_matrices=False)
    return u[..., :, :1] * v[..., :1, :]
''',
        "one_hot_argmin": '''
def one_hot_argmin(x):
    """1 at the first smallest entry along the last axis, 0 elsewhere."""
    return (np.arange(x.shape[-1]) == x.argmin(axis=-1)[..., None]).astype(float)
''',
        "looked_up": '''
def looked_up(x, axis, turn, offset, steps):
    """x at the place of an axis where turn * place + offset + steps . indices is 0, else 0."""
    sums = sum(c * i for (c, _), i in zip(steps, np.indices([n for _, n in steps]))) + offset
    at, rest = np.divmod(-sums, turn)
    seen = (rest == 0) & (at >= 0) & (at < x.shape[axis])
    after = (1,) * (x.ndim - axis - 1)
    return np.take(x, np.where(seen, at, 0), axis) * seen.reshape(seen.shape + after)
''',
        "incidence": '''
def incidence(offset, steps):
    """1 where offset + steps . indices is 0, 0 elsewhere."""
    sums = sum(c * i for (c, _), i in zip(steps, np.indices([n for _, n in steps]))) + offset
    return (sums == 0).astype(float)
''',
        "one_hot": '''
def one_hot(y, classes):
    """Each class number 1 .. classes as a vector with 1 at its place."""
    y = np.asarray(y)
    if not np.all((y == np.round(y)) & (y >= 1) & (y <= classes)):
        raise ValueError(f"class numbers are 1 to {classes}, not {y}")
    return (y[..., None] == np.arange(1, classes + 1)).astype(float)
''',
        "standardized": '''
def standardized(x, eps, axis, centre):
    """x, minus its mean where ``centre``, over the root of its mean square plus eps."""
    x = x - np.mean(x, axis=axis, keepdims=True) if centre else x
    return x / np.sqrt(np.mean(x**2, axis=axis, keepdims=True) + eps)
''',
        "masked_softmax": '''
def masked_softmax(x, mask):
    """The softmax along the last axis of what the mask leaves; 0 where the mask is 0."""
    kept = mask != 0
    top = np.max(np.where(kept, x, -np.inf), axis=-1, keepdims=True)
    e = np.where(kept, mask * np.exp(np.where(kept, x - top, 0.0)), 0.0)
    return e / e.sum(axis=-1, keepdims=True)
''',
    }
)

TARGETS: dict[str, Target] = {
    "numpy": Target(
        "numpy",
        "import numpy as np",
        MappingProxyType(
            {
                "array": "np.asarray({0}, dtype=float)",
                "copy": "{0}.copy()",
                "float": "np.float64({0})",
                "eye": "np.eye({0})",
                "zeros": "np.zeros({0})",
                "ones": "np.ones({0})",
                "full": "np.full({0}, {1}, dtype=float)",
                "outer": "np.outer({0}, {1})",
                "diag": "np.diag({0})",
                "trace": "np.trace({0})",
                "transpose": "{0}.T",
                "permute": "np.transpose({0}, {1})",
                "reshape": "{0}.reshape({1})",
                "total": "np.sum({0})",
                "sum": "{0}.sum(axis={1})",
                "einsum": 'np.einsum("{0}", {1})',
            }
        ),
        _NUMPY_FUNCTIONS,
    )
}
