"""Why a line of the backward pass holds, in the words of the course.

The idea: every share of a cotangent says which rule made it, so the words for a line are those of
the rules on its way: a sum passes, a product switches, an elementwise function masks, a max routes.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from fractions import Fraction
from functools import lru_cache
from typing import NamedTuple, TypeAlias, assert_never

from derive.derivation.local import in_symbols
from derive.kernel.calculus import Share
from derive.kernel.expr import (
    Add,
    Call,
    Contract,
    Delta,
    Expr,
    Fn,
    Map,
    Name,
    Num,
    Ones,
    Operator,
    Var,
)
from derive.meaning.evaluate import NotExact, evaluate
from derive.notation import COMMAND_WORDS
from derive.operators import POINTWISE, PRIMITIVES
from derive.operators.abstract import signature_of
from derive.operators.incidence import is_incidence
from derive.tree import Tree, name, num, tree
from derive.writing.write import write

Text: TypeAlias = "tuple[str | Tree, ...]"


class Word(NamedTuple):
    """One rule on the way from a node to its kid: which rule, and how it is said."""

    rule: str
    said: Text


_EQUAL = tree("rel", "=")
_U = name(r"\mathbf{u}")
_SQUARES = tree("power", tree("norm", _U), num(2))
_HALF = tree("product", tree("frac", num(1), num(2)), _SQUARES)
_NORM = tree("chain", tree("grad", None, _SQUARES, "1"), _EQUAL, tree("product", num(2), _U))
_HALF_NORM = tree("chain", tree("grad", None, _HALF, "1"), _EQUAL, _U)

_M = name(r"\mathbf{U}")
_INVERTED = tree("inverse", _M)
_TURNED = tree("transpose", _INVERTED)
_INVERSE = tree(
    "chain", tree("differential", _INVERTED), _EQUAL,
    tree("neg", tree("product", _INVERTED, tree("differential", _M), _INVERTED)),
)  # fmt: skip
_DETERMINANT = tree("call", name(r"\det"), _M)
_DET = tree(
    "chain", tree("grad", None, _DETERMINANT, "1"), _EQUAL, tree("product", _DETERMINANT, _TURNED)
)
_LOGDET = tree(
    "chain",
    tree("grad", None, tree("apply", name(r"\log"), tree("apply", name(r"\det"), _M)), "1"),
    _EQUAL,
    _TURNED,
)

# How a rule is said where the vocabulary's own name would not tell.
_SAID: dict[str, Text] = {
    "max": ("max routes",),
    "min": ("min routes",),
    "where": ("the case that holds passes",),
    "abs": ("the absolute value passes with its sign",),
    "raised": ("power rule",),
    "maximum": ("max routes",),
    "product": ("product: to each factor the product of the others",),
    "concat": ("every part gets its slice",),
    "part": ("a slice: zeros elsewhere",),
    "minimum": ("min routes",),
    "logsumexp": ("log-sum-exp: its gradient is the softmax",),
    "log_softmax": ("log-softmax",),
    "inverse": ("inverse: ", _INVERSE),
    "det": ("determinant: ", _DET),
    "logdet": ("log-determinant: ", _LOGDET),
    "logabsdet": ("log-determinant: ", _LOGDET),
    "softmax": ("softmax: every output moves every input",),
    "flatten": ("flatten: entries go back to their places",),
    "unflatten": ("entries go back to their places",),
    "masked_softmax": ("softmax: every output moves every input that the mask leaves",),
    **dict.fromkeys(
        ("standardize", "batch_standardize"),
        ("standardised: the mean and the variance move with every entry",),
    ),
    "rms_standardize": ("scaled: the mean square moves with every entry",),
}

# The backward pass of a mean and a variance, at once.
STANDARDISED = Word("standardize", _SAID["standardize"])

# Two rules that are known by one name together: (upper, lower) on the way down.
_TOGETHER: dict[tuple[str, str], Text] = {
    ("log", "softmax"): ("softmax with cross-entropy",),
    ("log", "sigmoid"): ("sigmoid with cross-entropy",),
    ("times 1/2", "norm"): ("norm: ", _HALF_NORM),
}


def word(share: Share) -> Word | None:
    """The rule that made this share; None where nothing is worth saying (a name, a constant)."""
    match share.parent:
        case Add():
            return Word("passes", ("+ passes",))
        case Contract() as product:
            return _product_word(product, share.kid)
        case Map(fn):
            return Word(fn.name, _map_words(fn))
        case Call(Name()):
            return None
        case Call(Operator() as op):
            if (signature := signature_of(share.parent)) is not None:
                return Word(op.name, (name(signature.symbol), " gives its gradient"))
            row = PRIMITIVES.get(op.name)
            said = _SAID.get(op.name) or (f"{spoken(row.latex) if row else op.name}",)
            return Word(op.name, said)
        case Var() | Num() | Delta() | Ones():
            return None
        case _:
            assert_never(share.parent)  # type: ignore[arg-type]


def _product_word(product: Contract, kid: Expr) -> Word | None:
    factors = [f for f in product.factors if in_symbols(f)]  # numbers and ones are no partners
    spots = [own for f, own in zip(product.factors, product.indices) if f in factors]
    joints = [f for f in product.factors if is_incidence(f)]
    if joints:
        seen = any(len(f.axes) > 2 for f in joints)
        alone = "windows send back their shares" if seen else "entries go back to their places"
        return Word("slides", ("* switches" if len(factors) > 1 else alone,))
    if len(factors) == 1:
        if len(product.out) < len(spots[0]):
            return Word("summed", ("a sum gives every entry the same",))
        if len(product.out) > len(spots[0]):
            return Word("spread", ("shared by all entries: the shares add",))
        # A transpose or a number in front shows in the line; the number may be half of a norm.
        count = _number([f for f in product.factors if not f.axes and f not in factors])
        return None if count in (None, 1) else Word(f"times {count}", ())
    squares = [own for f, own in zip(factors, spots) if f is kid]
    if not product.out and len(squares) == 2 and squares[0] == squares[1] and kid.axes:
        return Word("norm", ("norm: ", _NORM))
    arrays = [own for own in spots if own]
    entrywise = len(arrays) > 1 and all(own == product.out for own in arrays)
    return Word("switches", ("⊙ switches" if entrywise else "× switches",))


def _number(factors: Sequence[Expr]) -> Fraction | None:
    """The product of constants as an exact number; None where it is not rational."""
    count = Fraction(1)
    for factor in factors:
        if isinstance(factor, Num):
            count *= factor.value
            continue
        try:
            count *= Fraction(evaluate(factor, {}, exact=True).item())
        except (NotExact, ArithmeticError, KeyError):
            return None
    return count


@lru_cache(maxsize=256)
def _map_words(fn: Fn) -> Text:
    if fn.name in _SAID:
        return _SAID[fn.name]
    if fn.name == "power":
        (exponent,) = fn.params
        known = {Fraction(-1): "quotient rule", Fraction(1, 2): "square root"}
        return (known.get(exponent, "power rule"),)
    if fn.name == "generic":
        return (name(str(fn.params[0])), " scales by its slope")
    row = POINTWISE.get(fn.name)
    called = spoken(row.latex) if row else fn.name
    if row and row.kinks:
        return (f"{called} masks",)
    return (_slope(fn, name(called)),)


def _slope(fn: Fn, symbol: Tree) -> Tree:
    r"""The slope of a smooth function: ``\sigma' = \sigma(1 - \sigma)``, ``\log'(u) = 1/u``."""
    args = tuple(Var(letter, ()) for letter in "uvw"[: len(fn.slopes)])
    slope = fn.slopes[0](*args)
    left = tree("prime", symbol, "1")
    right = write(slope, {Map(fn, args): symbol})
    if any(sub == name(str(a.name)) for a in args for sub in right.subtrees()):
        return tree("chain", Tree("call", (left, *map(write, args))), _EQUAL, write(slope))
    return tree("chain", left, _EQUAL, right)


def spoken(latex: str) -> str:
    r"""The bare word or command of a row's spelling: ``\mathrm{PReLU}_{#2}(#1)`` is PReLU."""
    if match := re.match(r"\\(?:mathrm|operatorname)\{(\w+)\}", latex):
        return match[1]
    match = re.match(r"\\([A-Za-z]+)", latex)
    if match is None:
        return latex
    return match[1] if match[1] in COMMAND_WORDS else match[0]


def joined(trail: Sequence[Word], more: Sequence[Word]) -> tuple[Word, ...]:
    """Two trails as one, each rule said once; its length is bounded by the vocabulary."""
    return tuple(dict.fromkeys((*trail, *more)))


def known_together(trail: Sequence[Word]) -> tuple[Word, ...]:
    """The trail with the rules that have one name together under that name; () if there are none.

    What lies between two such rules (a quotient, a product with the target) is part of the name.
    """
    rules = [one.rule for one in trail]
    for (upper, lower), said in _TOGETHER.items():
        if upper in rules and lower in rules[rules.index(upper) :]:
            end = rules.index(lower, rules.index(upper))
            one = Word(f"{upper}, {lower}", said)
            rest = [w for w in trail[end + 1 :] if w.rule not in rules[:end]]
            return (one, *rest)
    return ()


def reason(trail: Sequence[Word], uses: int = 1) -> Text:
    """The words for a line: the rules on its way, and that the shares of several uses add."""
    said: list[str | Tree] = []
    for one in known_together(trail) or trail:
        said += [", ", *one.said] if said and one.said else one.said
    if uses > 1:
        times = {2: "twice", 3: "three times"}.get(uses, f"{uses} times")
        said += ["; "] * bool(said) + [f"used {times}: the shares add"]
    return merged(said)


def merged(said: Iterable[str | Tree]) -> Text:
    """Words side by side as one piece of text."""
    pieces: list[str | Tree] = []
    for piece in said:
        if isinstance(piece, str) and pieces and isinstance(pieces[-1], str):
            pieces[-1] += piece
        else:
            pieces.append(piece)
    return tuple(pieces)
