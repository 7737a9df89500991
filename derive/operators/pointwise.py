"""Elementwise functions, one row each: value, slope, spelling and definition.

The idea: a slope is an expression in the same vocabulary, so second derivatives need no more rows.
At a kink the slope is the value of the one-sided derivative that the row states.
"""

from __future__ import annotations

import math
import zlib
from fractions import Fraction
from functools import cache
from typing import TYPE_CHECKING

from derive.kernel.build import is_short, lift
from derive.kernel.expr import Contract, Expr, Fn, Map, Num, Ones, vocabulary
from derive.operators.row import POINTWISE, Row, pointwise

if TYPE_CHECKING:
    import numpy as np
else:

    class _Numpy:
        """NumPy, imported when a value is first computed: reading and deriving need none."""

        def __getattr__(self, name: str):
            import numpy

            # Kept, so that each name is looked up here only once.
            setattr(self, name, getattr(numpy, name))
            return self.__dict__[name]

    np = _Numpy()

# ------------------------------------------------------------------ powers, exp, log


@cache
def power(exponent: Fraction | int) -> Fn:
    """x to a constant rational exponent; for one that is not an integer, x > 0."""
    c = Fraction(exponent)
    whole = c.denominator == 1

    def value(x):
        if c == -1:
            return 1 / x
        if c == Fraction(1, 2):
            return np.sqrt(x)
        if whole and c >= 0:
            return x ** int(c)
        return np.power(np.asarray(x, float), float(c))

    def slope(x: Expr) -> Expr:
        if c == 1:
            return lift(1)
        return lift(c) * (x if c == 2 else power(c - 1)(x))

    def exact(x):
        if not is_short(x := Fraction(x), c):
            raise OverflowError("a power too long to be written out")
        return x ** int(c)

    # An int where it is whole: exponents are added and compared all the time.
    return Fn("power", (int(c) if whole else c,), value, (slope,), exact if whole else None)


def _power_code(exponent: Fraction) -> str:
    c = Fraction(exponent)
    if c < 0:
        return f"1 / {_power_code(-c)}"
    if c.denominator == 1:
        return f"{{0}} ** {c}" if c != 1 else "{0}"
    if c == Fraction(1, 2):
        return "np.sqrt({0})"
    # An exponent such as 1/3 is no decimal: leave the division to be read.
    text = str(float(c)) if Fraction(str(float(c))) == c else f"({c.numerator} / {c.denominator})"
    return f"{{0}} ** {text}"


vocabulary["function", "power"] = power
POINTWISE["power"] = Row(
    "power", power, "#1^{#0}", domain=(0.3, 3.0), code=_power_code, parameters=(3,)
)
reciprocal, sqrt, square = power(-1), power(Fraction(1, 2)), power(2)

exp = pointwise(
    "exp", lambda x: exp(x), value=lambda x: np.exp(x), latex=r"\exp", words=("exp",),
    code="np.exp({0})",
)  # fmt: skip
log = pointwise(
    "log", lambda x: reciprocal(x), value=lambda x: np.log(x), latex=r"\log",
    words=("log", "ln"), domain=(0.2, 4.0), where="$x > 0$", code="np.log({0})",
)  # fmt: skip
raised = pointwise(
    "raised", lambda x, y: y * raised(x, y - 1), lambda x, y: log(x) * raised(x, y),
    value=lambda x, y: np.power(x, y), latex="#1^{#2}", domain=(0.3, 3.0),
    where="$x > 0$", body=lambda x, y: exp(y * log(x)), code="np.power({0}, {1})",
)  # fmt: skip

# ------------------------------------------------------------------ comparisons: 1 or 0


def _comparison(name: str, sign: str, value, exact, words: tuple[str, ...]) -> Fn:
    return pointwise(
        name, lambda a, b: 0, lambda a, b: 0, value=lambda a, b: np.asarray(value(a, b), float),
        exact=lambda a, b: int(exact(a, b)), latex=rf"\mathbb{{I}}(#1 {sign} #2)", words=words,
        kinks="slope 0 everywhere", code=f"({{0}} {words[0]} {{1}}).astype(float)",
    )  # fmt: skip


gt = _comparison("gt", ">", lambda a, b: a > b, lambda a, b: a > b, (">",))
ge = _comparison("ge", r"\ge", lambda a, b: a >= b, lambda a, b: a >= b, (">=",))
lt = _comparison("lt", "<", lambda a, b: a < b, lambda a, b: a < b, ("<",))
le = _comparison("le", r"\le", lambda a, b: a <= b, lambda a, b: a <= b, ("<=",))
eq = _comparison("eq", "=", lambda a, b: a == b, lambda a, b: a == b, ("==", "="))
ne = _comparison("ne", r"\ne", lambda a, b: a != b, lambda a, b: a != b, ("!=",))
COMPARISONS = frozenset([gt, ge, lt, le, eq, ne])
_TURNED = {gt: lt, ge: le, lt: gt, le: ge}


def _compared(relation: Fn, a: Expr, b: Expr) -> Expr:
    """a ~ b, turned so that a number stands on the right: x > 0 rather than 0 < x."""
    parts = a.kids if isinstance(a, Contract) else (a,)
    number = all(isinstance(part, Num | Ones) for part in parts)
    return _TURNED[relation](b, a) if number else relation(a, b)


def _holds(condition: Expr) -> Expr:
    """1 where a condition holds; what is made of comparisons is that already."""
    parts = condition.kids if isinstance(condition, Contract) else (condition,)
    plain = all(isinstance(p, Ones) or (isinstance(p, Map) and p.fn in COMPARISONS) for p in parts)
    return condition if plain else ne(condition, 0)


where = pointwise(
    "where", lambda c, a, b: 0, lambda c, a, b: _holds(c), lambda c, a, b: 1 - _holds(c),
    value=lambda c, a, b: np.where(c, a, b), exact=lambda c, a, b: a if c else b,
    latex=r"\begin{cases} #2 & #1 \\ #3 & \text{otherwise} \end{cases}",
    kinks="the branch whose condition holds at the border",
    code="np.where({0}, {1}, {2})",
)  # fmt: skip

# ------------------------------------------------------------------ signs, max and min

sign = pointwise(
    "sign", lambda x: 0, value=lambda x: np.sign(x), exact=lambda x: (x > 0) - (x < 0),
    latex=r"\operatorname{sign}", words=("sign", "sgn"), kinks="slope 0 at 0",
    body=lambda x: gt(x, 0) - lt(x, 0), code="np.sign({0})",
)  # fmt: skip
step = pointwise(
    "step", lambda x: 0, value=lambda x: np.asarray(x >= 0, float), exact=lambda x: int(x >= 0),
    latex=r"\operatorname{step}", words=("step", "heaviside", "Heaviside"),
    kinks="1 at 0, slope 0 there", body=lambda x: ge(x, 0),
    code="np.asarray({0} >= 0, dtype=float)",
)  # fmt: skip
absolute = pointwise(
    "abs", lambda x: sign(x), value=lambda x: np.abs(x), exact=abs, latex=r"\left| #1 \right|",
    words=("abs",), kinks="slope 0 at 0", body=lambda x: sign(x) * x, code="np.abs({0})",
)  # fmt: skip
max2 = pointwise(
    "max", lambda a, b: _compared(gt, a, b), lambda a, b: _compared(le, a, b),
    value=lambda a, b: np.maximum(a, b),
    exact=max, latex=r"\max", words=("max",), kinks="the second of two equal ones",
    body=lambda a, b: where(gt(a, b), a, b), code="np.maximum({0}, {1})",
)  # fmt: skip
min2 = pointwise(
    "min", lambda a, b: _compared(lt, a, b), lambda a, b: _compared(ge, a, b),
    value=lambda a, b: np.minimum(a, b),
    exact=min, latex=r"\min", words=("min",), kinks="the second of two equal ones",
    body=lambda a, b: where(lt(a, b), a, b), code="np.minimum({0}, {1})",
)  # fmt: skip

# ------------------------------------------------------------------ activations

relu = pointwise(
    "relu", lambda x: gt(x, 0), value=lambda x: np.maximum(x, 0.0), exact=lambda x: max(x, 0),
    latex=r"\mathrm{ReLU}", words=("ReLU", "relu", "Relu", "RELU"), kinks="slope 0 at 0",
    body=lambda x: where(gt(x, 0), x, 0), code="np.maximum({0}, 0.0)",
)  # fmt: skip
leaky_relu = pointwise(
    "leaky_relu", lambda x: gt(x, 0) + Fraction(1, 100) * le(x, 0),
    value=lambda x: np.where(x > 0, x, 0.01 * x), exact=lambda x: x if x > 0 else x / 100,
    latex=r"\mathrm{LeakyReLU}",
    words=("LeakyReLU", "leakyReLU", "LReLU", "Leaky ReLU", "leaky_relu", "lrelu", "leakyrelu"),
    general="prelu",
    kinks="slope 0.01 at 0", body=lambda x: where(gt(x, 0), x, Fraction(1, 100) * x),
    code="np.where({0} > 0, {0}, 0.01 * {0})",
)  # fmt: skip
prelu = pointwise(
    "prelu", lambda x, a: gt(x, 0) + a * le(x, 0), lambda x, a: min2(x, 0),
    value=lambda x, a: np.where(x > 0, x, a * x), exact=lambda x, a: x if x > 0 else a * x,
    latex=r"\mathrm{PReLU}_{#2}(#1)", words=("PReLU", "prelu", "PRelu"),
    kinks="slope a at 0", implied=(r"\alpha",), learned=True,
    body=lambda x, a: where(gt(x, 0), x, a * x),
    code="np.where({0} > 0, {0}, {1} * {0})",
    source="He et al., Delving deep into rectifiers, 2015, eq. 1",
)  # fmt: skip
elu = pointwise(
    "elu", lambda x, a: gt(x, 0) + a * exp(min2(x, 0)) * le(x, 0),
    lambda x, a: exp(min2(x, 0)) - 1,
    value=lambda x, a: np.where(x > 0, x, a * np.expm1(np.minimum(x, 0))),
    latex=r"\mathrm{ELU}_{#2}(#1)", words=("ELU", "elu", "Elu"),
    kinks="slope a at 0", implied=(r"\alpha",),
    body=lambda x, a: where(gt(x, 0), x, a * (exp(x) - 1)),
    code="np.where({0} > 0, {0}, {1} * np.expm1(np.minimum({0}, 0)))",
    source="Clevert et al., ELUs, 2016, eq. 15",
)  # fmt: skip
SELU_SCALE, SELU_ALPHA = 1.0507009873554805, 1.6732632423543772
selu = pointwise(
    "selu",
    lambda x: SELU_SCALE * (gt(x, 0) + SELU_ALPHA * (exp(min2(x, 0)) * le(x, 0))),
    value=lambda x: SELU_SCALE * np.where(x > 0, x, SELU_ALPHA * np.expm1(np.minimum(x, 0))),
    latex=r"\mathrm{SELU}", words=("SELU", "selu"), kinks="the left slope at 0",
    body=lambda x: SELU_SCALE * where(gt(x, 0), x, SELU_ALPHA * (exp(x) - 1)),
    code="1.0507009873554805 * np.where({0} > 0, {0}, 1.6732632423543772 * "
    "np.expm1(np.minimum({0}, 0)))",
    source="Klambauer et al., Self-normalizing neural networks, 2017, eq. 2",
)  # fmt: skip
sigmoid = pointwise(
    "sigmoid", lambda x: sigmoid(x) * (1 - sigmoid(x)),
    value=lambda x: 0.5 * (1 + np.tanh(0.5 * x)), latex=r"\sigma",
    words=("sigmoid", "Sigmoid", "sigm", "logistic"), letters=(r"\sigma", "sigma"),
    body=lambda x: reciprocal(1 + exp(-x)),
    code="0.5 * (1 + np.tanh(0.5 * {0}))",
)  # fmt: skip
tanh = pointwise(
    "tanh", lambda x: 1 - square(tanh(x)), value=lambda x: np.tanh(x), latex=r"\tanh",
    words=("tanh", "Tanh"), body=lambda x: (exp(x) - exp(-x)) * reciprocal(exp(x) + exp(-x)),
    code="np.tanh({0})",
)  # fmt: skip
softplus = pointwise(
    "softplus", lambda x: sigmoid(x), value=lambda x: np.logaddexp(0.0, x),
    latex=r"\mathrm{softplus}", words=("softplus", "Softplus", "SoftPlus"),
    body=lambda x: log(1 + exp(x)), code="np.logaddexp(0.0, {0})",
)  # fmt: skip
log_sigmoid = pointwise(
    "log_sigmoid", lambda x: 1 - sigmoid(x), value=lambda x: -np.logaddexp(0.0, -x),
    latex=r"\mathrm{logsigmoid}", words=("logsigmoid", "LogSigmoid"),
    body=lambda x: log(sigmoid(x)), code="-np.logaddexp(0.0, -({0}))",
)  # fmt: skip
silu = pointwise(
    "silu", lambda x: sigmoid(x) * (1 + x * (1 - sigmoid(x))),
    value=lambda x: x * 0.5 * (1 + np.tanh(0.5 * x)), latex=r"\mathrm{SiLU}",
    words=("SiLU", "silu", "swish", "Swish"), body=lambda x: x * sigmoid(x),
    code="{0} * 0.5 * (1 + np.tanh(0.5 * {0}))",
)  # fmt: skip
softsign = pointwise(
    "softsign", lambda x: power(-2)(1 + absolute(x)), value=lambda x: x / (1 + np.abs(x)),
    exact=lambda x: Fraction(x) / (1 + abs(x)), latex=r"\mathrm{softsign}",
    words=("softsign", "Softsign"), body=lambda x: x * reciprocal(1 + absolute(x)),
    code="{0} / (1 + np.abs({0}))",
)  # fmt: skip
mish = pointwise(
    "mish", lambda x: tanh(softplus(x)) + x * (1 - square(tanh(softplus(x)))) * sigmoid(x),
    value=lambda x: x * np.tanh(np.logaddexp(0.0, x)), latex=r"\mathrm{Mish}",
    words=("Mish", "mish"), body=lambda x: x * tanh(softplus(x)),
    code="{0} * np.tanh(np.logaddexp(0.0, {0}))",
)  # fmt: skip
hard_tanh = pointwise(
    "hard_tanh", lambda x: gt(x, -1) * lt(x, 1), value=lambda x: np.clip(x, -1.0, 1.0),
    exact=lambda x: max(-1, min(1, x)), latex=r"\mathrm{hardtanh}",
    words=("hardtanh", "HardTanh", "Hardtanh", "htanh"), kinks="slope 0 at -1 and 1",
    body=lambda x: max2(min2(x, 1), -1), code="np.clip({0}, -1.0, 1.0)",
)  # fmt: skip
relu6 = pointwise(
    "relu6", lambda x: gt(x, 0) * lt(x, 6), value=lambda x: np.clip(x, 0.0, 6.0),
    exact=lambda x: max(0, min(6, x)), latex=r"\mathrm{ReLU6}", words=("ReLU6", "relu6"),
    kinks="slope 0 at 0 and 6", body=lambda x: min2(relu(x), 6), code="np.clip({0}, 0.0, 6.0)",
)  # fmt: skip

# ------------------------------------------------------------------ the normal law and GELU

pi = pointwise("pi", value=lambda: math.pi, latex=r"\pi", words=(r"\pi",), code="np.pi")

infinity = pointwise("infinity", value=lambda: math.inf, latex=r"\infty", words=(r"\infty",),
                     code="np.inf")  # fmt: skip


def _erf(x):
    return np.vectorize(math.erf, otypes=[float])(x)


erf = pointwise(
    "erf", lambda x: 2 * power(Fraction(-1, 2))(pi()) * exp(-square(x)), value=_erf,
    latex=r"\operatorname{erf}", words=("erf",), code="erf({0})",
)  # fmt: skip
density = pointwise(
    "density", lambda x: -x * density(x),
    value=lambda x: np.exp(-0.5 * x * x) / math.sqrt(2 * math.pi), latex=r"\varphi",
    words=("normpdf",), letters=(r"\varphi", r"\phi"), beside=(r"\Phi", "normcdf", "GELU"),
    source="the density of the standard normal law",
    code="np.exp(-0.5 * ({0}) ** 2) / np.sqrt(2 * np.pi)",
    body=lambda x: power(Fraction(-1, 2))(2 * pi()) * exp(Fraction(-1, 2) * square(x)),
)  # fmt: skip
normal_cdf = pointwise(
    "normal_cdf", lambda x: density(x), value=lambda x: 0.5 * (1 + _erf(x / math.sqrt(2))),
    latex=r"\Phi", words=("normcdf",), letters=(r"\Phi",),
    source="the distribution function of the standard normal law",
    code="0.5 * (1 + erf({0} / np.sqrt(2)))",
    body=lambda x: Fraction(1, 2) * (1 + erf(x * power(Fraction(-1, 2))(lift(2)))),
)  # fmt: skip
gelu = pointwise(
    "gelu", lambda x: normal_cdf(x) + x * density(x),
    value=lambda x: 0.5 * x * (1 + _erf(x / math.sqrt(2))), latex=r"\mathrm{GELU}",
    words=("GELU", "gelu", "GeLU", "Gelu"), body=lambda x: x * normal_cdf(x),
    code="0.5 * {0} * (1 + erf({0} / np.sqrt(2)))",
    source="Hendrycks & Gimpel, Gaussian error linear units, 2016, eq. 1",
)  # fmt: skip


def _gelu_inner(x: Expr) -> Expr:
    return sqrt(2 * reciprocal(pi())) * (x + lift(0.044715) * power(3)(x))


gelu_tanh = pointwise(
    "gelu_tanh",
    lambda x: Fraction(1, 2) * (1 + tanh(_gelu_inner(x)))
    + Fraction(1, 2) * x * (1 - square(tanh(_gelu_inner(x))))
    * (sqrt(2 * reciprocal(pi())) * (1 + lift(0.134145) * square(x))),
    value=lambda x: 0.5 * x * (1 + np.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3))),
    latex=r"\mathrm{GELU}_{\tanh}", words=("GELUtanh", "gelu_tanh", "NewGELU"),
    body=lambda x: Fraction(1, 2) * x * (1 + tanh(_gelu_inner(x))),
    code="0.5 * {0} * (1 + np.tanh(np.sqrt(2 / np.pi) * ({0} + 0.044715 * ({0}) ** 3)))",
    source="Hendrycks & Gimpel, Gaussian error linear units, 2016, section 2",
)  # fmt: skip

# ------------------------------------------------------------------ circular and hyperbolic

sin = pointwise("sin", lambda x: cos(x), value=lambda x: np.sin(x), latex=r"\sin",
                words=("sin",), code="np.sin({0})")  # fmt: skip
cos = pointwise("cos", lambda x: -sin(x), value=lambda x: np.cos(x), latex=r"\cos",
                words=("cos",), code="np.cos({0})")  # fmt: skip
tan = pointwise("tan", lambda x: 1 + square(tan(x)), value=lambda x: np.tan(x), latex=r"\tan",
                words=("tan",), domain=(-1.0, 1.0), where=r"$\cos x \ne 0$",
                body=lambda x: sin(x) * reciprocal(cos(x)),
                code="np.tan({0})")  # fmt: skip
sinh = pointwise("sinh", lambda x: cosh(x), value=lambda x: np.sinh(x), latex=r"\sinh",
                 words=("sinh",), body=lambda x: Fraction(1, 2) * (exp(x) - exp(-x)),
                 code="np.sinh({0})")  # fmt: skip
cosh = pointwise("cosh", lambda x: sinh(x), value=lambda x: np.cosh(x), latex=r"\cosh",
                 words=("cosh",), body=lambda x: Fraction(1, 2) * (exp(x) + exp(-x)),
                 code="np.cosh({0})")  # fmt: skip
arctan = pointwise("arctan", lambda x: reciprocal(1 + square(x)), value=lambda x: np.arctan(x),
                   latex=r"\arctan", words=("arctan", "atan"),
                   code="np.arctan({0})")  # fmt: skip

# ------------------------------------------------------------------ functions nobody defined


@cache
def generic(symbol: str, order: int = 0) -> Fn:
    """A function the document names but does not define, or its derivative of this order.

    Its value, for numerical checks only, is a fixed smooth function chosen by its name.
    """
    shift = (zlib.crc32(symbol.encode()) % 997) / 100.0

    def value(x):
        wave = np.sin(x + shift + order * math.pi / 2)
        return wave + (0.5 * x if order == 0 else 0.5 if order == 1 else 0.0)

    return Fn("generic", (symbol, order), value, (lambda x: generic(symbol, order + 1)(x),))


vocabulary["function", "generic"] = generic
POINTWISE["generic"] = Row("generic", generic, "#0", parameters=("f",))
