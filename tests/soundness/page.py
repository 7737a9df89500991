r"""What a line of a page may be worth: a float evaluator of raw surface trees, with every reading.

The idea: it knows the conventions of the page and nothing of elaboration or the kernel.  Where a
page leaves something open (the size of a 1, the grouping of a mixed product, the square of a
matrix) it takes every choice in turn; a line is wrong only if no reading of it is true.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

import numpy as np

from derive.latex.print import latex
from derive.tree import Tree

MOST_CHOICES = 96  # readings of one line; a line with more is not judged
_LONGEST_MIXED = 6  # factors of a product that is grouped in every way
_TRANSPOSE = frozenset([r"\top", "T", r"\mathsf{T}", r"\mathrm{T}", r"\intercal"])
INDICATORS = frozenset([r"\mathbb{I}", r"\mathbb{1}", r"\mathbbm{1}", r"\mathds{1}"])
_ONES = frozenset([r"\mathbf{1}", r"\mathbb{1}"])
_UNITS = frozenset([r"\mathbf{I}", "I"])
_COMPARE = {
    ">": np.greater, "<": np.less, ">=": np.greater_equal, "<=": np.less_equal,
    "=": np.equal, "!=": np.not_equal,
}  # fmt: skip


class Misfit(ValueError):
    """Shapes that do not go together: in this reading the line means nothing."""


class Unknown(ValueError):
    """Something on the page that this judge does not know: the line is not judged."""


class TooMany(Unknown):
    """More readings than are tried."""


def _logistic(x):
    return 1.0 / (1.0 + np.exp(-x))


def _columns(x: np.ndarray) -> bool:
    return x.ndim == 2 and x.shape[1] == 1


def _softmax(x):
    if x.ndim != 2:
        raise Unknown("softmax of a scalar")
    axis = 0 if _columns(x) else 1
    e = np.exp(x - x.max(axis=axis, keepdims=True))
    return e / e.sum(axis=axis, keepdims=True)


def _diag(x):
    if x.ndim != 2:
        raise Unknown("diag of a scalar")
    if x.shape[0] == x.shape[1]:
        return np.diag(x).reshape(-1, 1)
    if 1 not in x.shape:
        raise Misfit("diag of an oblong matrix")
    return np.diag(x.reshape(-1))


def _trace(x):
    if x.ndim != 2:
        raise Unknown("the trace of a scalar")
    if x.shape[0] != x.shape[1]:
        raise Misfit("trace of an oblong matrix")
    return np.asarray(np.trace(x))


_ENTRYWISE: dict[str, Callable] = {
    "ReLU": lambda x: np.maximum(x, 0.0), "relu": lambda x: np.maximum(x, 0.0),
    "tanh": np.tanh, "exp": np.exp, "log": np.log, "ln": np.log, "sigmoid": _logistic,
    r"\sigma": _logistic, "sign": np.sign, "sgn": np.sign, "abs": np.abs, "sin": np.sin,
    "cos": np.cos, "softplus": lambda x: np.logaddexp(0.0, x), "cosh": np.cosh, "sinh": np.sinh,
}  # fmt: skip
_SLOPES: dict[str, Callable] = {
    "ReLU": lambda x: (x > 0).astype(float), "relu": lambda x: (x > 0).astype(float),
    "tanh": lambda x: 1 - np.tanh(x) ** 2, "exp": np.exp, "log": lambda x: 1 / x,
    r"\sigma": lambda x: _logistic(x) * (1 - _logistic(x)), "sin": np.cos,
}  # fmt: skip
_WHOLE: dict[str, Callable] = {"softmax": _softmax, "diag": _diag, "tr": _trace}
WORDS = frozenset([*_ENTRYWISE, *_WHOLE, "max", "min"])


@dataclass
class Place:
    """One point: the symbols of a document as the page writes them, and what they are there.

    ``symbols`` maps the LaTeX of a symbol to (letters, array); the array has an axis for each
    letter first.  ``functions`` are generic functions by name and order of derivative.
    ``derivative`` gives the array of d of / d by, or None.
    """

    symbols: Mapping[str, tuple[tuple[str, ...], np.ndarray]]
    at: Mapping[str, int]
    functions: Mapping[tuple[str, int], Callable] = field(default_factory=dict)
    derivative: Callable[[Tree, Tree, Mapping[str, int]], np.ndarray | None] | None = None


class _Path:
    """The choices of one reading, the same at every point; ``next`` moves on to another one."""

    def __init__(self) -> None:
        self.taken: list[int] = []
        self.counts: list[int] = []
        self.step = 0
        self.loose = False  # a number that is no numeral was added to every entry of an array

    def choose(self, count: int) -> int:
        if count == 1:
            return 0
        if self.step == len(self.taken):
            self.taken.append(0)
            self.counts.append(count)
        elif self.counts[self.step] != count:
            raise Misfit("another point has other readings")
        self.step += 1
        return self.taken[self.step - 1]

    def next(self) -> bool:
        while self.taken and self.taken[-1] + 1 == self.counts[-1]:
            self.taken.pop()
            self.counts.pop()
        if not self.taken:
            return False
        self.taken[-1] += 1
        return True


@dataclass(frozen=True)
class Reading:
    """One reading: its arrays at all the points in turn, and at all values of the open letters.
    ``loose``: a number met the entries of an array in a sum, which not every reader allows."""

    arrays: list[np.ndarray]
    loose: bool


def readings(side: Tree, places: Sequence[Place], open_letters: Sequence[str] = (),
             extents: Callable[[str, Place], int] | None = None) -> list[Reading]:  # fmt: skip
    """Every reading of a side.  None fits: the line is ill-typed.  Raises Unknown."""
    path, found = _Path(), []
    for _ in range(MOST_CHOICES):
        path.loose = False
        try:
            values = []
            for place in places:
                for bound in _assignments(open_letters, place, extents):
                    path.step = 0
                    values.append(_Reader(place, path).value(side, bound))
            found.append(Reading(values, path.loose))
        except Misfit:
            pass
        # Choices that this reading did not come to are not its own.
        if not path.next():
            return found
    raise TooMany("too many readings")


def _assignments(letters: Sequence[str], place: Place, extents) -> Iterator[dict[str, int]]:
    bounds: list[dict[str, int]] = [{}]
    for letter in letters:
        size = extents(letter, place)
        bounds = [{**b, letter: k} for b in bounds for k in range(size)]
    yield from bounds


@lru_cache(maxsize=100_000)
def key_of(node: Tree) -> str:
    """How a symbol is looked up: its LaTeX, with the transposes of this judge taken off before."""
    return latex(node)


def stem(node: Tree) -> str:
    """The name at the foot of scripts and primes, or the empty string."""
    while node.head in ("script", "prime"):
        node = node.kids[0]
    return str(node.kids[0]) if node.head == "name" else ""


class _Reader:
    def __init__(self, place: Place, path: _Path) -> None:
        self.place = place
        self.path = path

    # ------------------------------------------------------------------ the heads

    def value(self, node: Tree | None, bound: Mapping[str, int]) -> np.ndarray:
        if node is None:
            raise Unknown("a missing part")
        if (known := self.symbol(node, bound)) is not None:
            return known
        head, kids = node.head, node.kids
        match head:
            case "num":
                return np.asarray(float(kids[0]))
            case "name":
                return self.constant(str(kids[0]))
            case "paren" | "bracket" | "brace":
                if kids[0].head in ("list", "chain"):
                    raise Unknown("a list")
                return self.value(kids[0], bound)
            case "neg":
                return -self.value(kids[0], bound)
            case "sum":
                if kids[0] is None:
                    raise Unknown("a sum that goes on")
                parts = [self.value(kid, bound) for kid in kids]
                if any(part.ndim for part in parts):
                    for kid, part in zip(kids, parts, strict=True):
                        if not part.ndim and not _numeral(kid):
                            self.path.loose = True
                total = parts[0]
                for part in parts[1:]:
                    total = _meet(total, part, np.add)
                return total
            case "frac":
                return _meet(self.value(kids[0], bound), self.value(kids[1], bound), np.divide)
            case "sqrt":
                return np.sqrt(self.value(kids[0], bound))
            case "abs":
                return np.abs(self.value(kids[0], bound))
            case "norm":
                return _norm(self.value(kids[0], bound), None)
            case "angle":
                return self.angle(kids[0], bound)
            case "juxt":
                return self.product(kids, bound)
            case "script":
                return self.script(node, bound)
            case "big":
                return self.big(kids, bound)
            case "deriv":
                return self.derivative(kids[0], kids[1], bound, kids[2])
            case "grad":
                return self.derivative(kids[1], kids[0], bound, kids[2])
            case "env" if kids[0] == "cases":
                return self.cases(kids[1], bound)
        raise Unknown(f"the head {head}")

    def constant(self, text: str) -> np.ndarray:
        sizes = sorted(self.place.at)
        if text in self.place.at:
            return np.asarray(float(self.place.at[text]))
        if text in _ONES and sizes:
            k = self.path.choose(len(sizes))
            return np.ones((self.place.at[sizes[k]], 1))
        if text in _UNITS and sizes:
            return np.eye(self.place.at[sizes[self.path.choose(len(sizes))]])
        if text == r"\mathbf{0}":
            return np.asarray(0.0)
        if text == "e":
            return np.asarray(np.e)
        if text == r"\pi":
            return np.asarray(np.pi)
        raise Unknown(f"the symbol {text}")

    def symbol(self, node: Tree, bound: Mapping[str, int]) -> np.ndarray | None:
        if node.head not in ("name", "script", "prime", "juxt"):
            return None
        key = key_of(node)
        found = self.place.symbols.get(key)
        if found is None:
            return np.asarray(float(self.place.at[key])) if key in self.place.at else None
        letters, array = found
        for letter in letters:
            if letter not in bound:
                raise Unknown(f"the letter {letter} is open")
        place = tuple(bound[letter] for letter in letters)
        try:
            return _page(array[place] if place else array)
        except IndexError:
            raise Misfit("an index runs too far") from None

    def script(self, node: Tree, bound: Mapping[str, int]) -> np.ndarray:
        base, sub, sup = node.kids
        if base.head == "norm":
            inner = _norm(self.value(base.kids[0], bound), sub)
            return self.raised(inner, sup, bound)
        if base == Tree("name", ("e",)) and sub is None and sup is not None:
            if not _is_transpose(sup):
                return np.exp(self.value(sup, bound))
        if stem(base) in INDICATORS and sub is not None and sub.head == "chain":
            return self.raised(self.asked(sub, bound), sup, bound)
        # W^{[1]\top}: a label and a transpose in one superscript.
        if sup is not None and sup.head == "juxt" and _is_transpose(sup.kids[-1]):
            rest = sup.kids[:-1]
            label = rest[0] if len(rest) == 1 else Tree("juxt", rest)
            return _turned(self.value(Tree("script", (base, sub, label)), bound))
        if sup is not None and (sub is not None or base.head != "name"):
            inner = Tree("script", (base, sub, None)) if sub is not None else base
            return self.raised(self.value(inner, bound), sup, bound)
        if sup is not None:
            return self.raised(self.value(base, bound), sup, bound)
        assert sub is not None
        return self.entry(self.value(base, bound), sub, bound)

    def raised(self, inner: np.ndarray, sup: Tree | None, bound: Mapping[str, int]) -> np.ndarray:
        if sup is None:
            return inner
        if _is_transpose(sup):
            return _turned(inner)
        if sup.head == "neg" and _is_transpose(sup.kids[0]):
            return _turned(_inverse(inner))
        if sup.head == "paren" or sup.head == "bracket":
            raise Unknown("a label")
        entrywise = sup.head == "juxt" and len(sup.kids) == 2 and \
            str(sup.kids[0].kids[0]) in (r"\odot", r"\circ")  # fmt: skip
        exponent = self.value(sup.kids[1] if entrywise else sup, bound)
        if exponent.ndim:
            raise Misfit("an exponent with axes")
        by = float(exponent)
        square = inner.ndim == 2 and inner.shape[0] == inner.shape[1]
        if square and not entrywise and by == -1:
            return _inverse(inner)
        if square and not entrywise and by == int(by) and by > 0:
            if self.path.choose(2):
                return np.linalg.matrix_power(inner, int(by))
        return np.power(inner, by) if by != int(by) or by < 0 else inner ** int(by)

    def entry(self, array: np.ndarray, sub: Tree, bound: Mapping[str, int]) -> np.ndarray:
        letters = sub.kids if sub.head in ("juxt", "list") else (sub,)
        place: list[int] = []
        for letter in letters:
            if letter.head == "num":
                place.append(int(letter.kids[0]) - 1)
            elif letter.head == "name" and str(letter.kids[0]) in bound:
                place.append(bound[str(letter.kids[0])])
            else:
                raise Unknown("a subscript")
        if array.ndim == 2 and len(place) == 1 and 1 in array.shape:
            array = array.reshape(-1)
        if array.ndim != len(place):
            raise Misfit("so many indices do not fit") if not array.ndim else Unknown("a row")
        try:
            return np.asarray(array[tuple(place)])
        except IndexError:
            raise Misfit("an index runs too far") from None

    def angle(self, pair: Tree, bound: Mapping[str, int]) -> np.ndarray:
        if pair.head != "list" or len(pair.kids) != 2:
            raise Unknown("an angle")
        a, b = (self.value(kid, bound) for kid in pair.kids)
        if a.shape != b.shape:
            raise Misfit("an inner product")
        return np.asarray((a * b).sum())

    def derivative(self, of, by, bound, order) -> np.ndarray:
        if of is None or by is None or order not in ("", "1") or self.place.derivative is None:
            raise Unknown("a derivative")
        found = self.place.derivative(of, by, bound)
        if found is None:
            raise Unknown("a derivative")
        if found.ndim > 2:
            raise Unknown("an array of three axes")
        return _page(found)

    def cases(self, rows: tuple, bound: Mapping[str, int]) -> np.ndarray:
        value, before = None, None
        for row in rows:
            if len(row) != 2:
                raise Unknown("a case")
            here = self.value(row[0], bound)
            if row[1].head == "text":
                holds = np.ones_like(before) if before is not None else np.asarray(1.0)
            elif row[1].head == "chain":
                holds = self.asked(row[1], bound)
            else:
                raise Unknown("a condition")
            first = holds if before is None else holds * (1 - np.minimum(before, 1))
            part = _meet(first, here, np.multiply)
            value = part if value is None else _meet(value, part, np.add)
            before = holds if before is None else before + holds
        if value is None or np.any(np.asarray(before) < 1):
            raise Unknown("no case holds")
        return value

    def asked(self, when: Tree, bound: Mapping[str, int]) -> np.ndarray:
        if when.head != "chain" or len(when.kids) != 3 or when.kids[0] is None:
            raise Unknown("a condition")
        left, sign, right = when.kids
        if str(sign.kids[0]) not in _COMPARE:
            raise Unknown("a condition")
        sides = [
            np.asarray(bound[str(side.kids[0])] + 1.0)  # an index counts from 1
            if side.head == "name" and str(side.kids[0]) in bound
            else self.value(side, bound)
            for side in (left, right)
        ]
        return _meet(*sides, _COMPARE[str(sign.kids[0])]).astype(float)

    def big(self, kids: tuple, bound: Mapping[str, int]) -> np.ndarray:
        operator, below, above, body = kids
        if operator != "sum" or body is None or below is None:
            raise Unknown(f"the operator {operator}")
        if below.head == "chain" and len(below.kids) == 3 and below.kids[0].head == "name" and \
                below.kids[1].kids[0] == "=" and below.kids[2] == Tree("num", ("1",)) and \
                above is not None:  # fmt: skip
            letter = str(below.kids[0].kids[0])
            size = int(self.value(above, bound))
        elif below.head == "name" and above is None:
            letter = str(below.kids[0])
            size = self.extent(letter, body)
        else:
            raise Unknown("a range")
        total: np.ndarray | None = None
        start = self.path.step
        for k in range(size):
            self.path.step = start  # every term is read alike
            term = self.value(body, {**bound, letter: k})
            total = term if total is None else _meet(total, term, np.add)
        if total is None:
            raise Unknown("an empty sum")
        return total

    def extent(self, letter: str, body: Tree) -> int:
        for node in body.subtrees():
            if node.head in ("name", "script") and (
                found := self.place.symbols.get(key_of(node))
            ):
                if letter in found[0]:
                    return found[1].shape[found[0].index(letter)]
            if node.head == "script" and node.kids[1] == Tree("name", (letter,)):
                inner = self.place.symbols.get(key_of(node.kids[0]))
                if inner is not None and not inner[0] and inner[1].ndim:
                    return inner[1].shape[0]
        raise Unknown("a range")

    # ------------------------------------------------------------------ products

    def product(self, kids: Sequence[Tree], bound: Mapping[str, int]) -> np.ndarray:
        """A flat product: calls are applied, then what is written side by side is grouped."""
        values: list[np.ndarray] = []
        signs: list[str] = []
        at = 0
        pending = ""
        while at < len(kids):
            kid = kids[at]
            if kid.head == "op":
                if pending or not values:
                    raise Unknown("signs in a row")
                pending = str(kid.kids[0])
                at += 1
                continue
            value, at = self.factor(kids, at, bound)
            if values:
                signs.append(pending)
            values.append(value)
            pending = ""
        if pending:
            raise Unknown("a product that ends in a sign")
        return self.grouped(values, signs)

    def factor(self, kids: Sequence[Tree], at: int, bound) -> tuple[np.ndarray, int]:
        kid = kids[at]
        after = kids[at + 1] if at + 1 < len(kids) else None
        called = after is not None and _bracketed(after) is not None
        if self.symbol_known(kid):
            return self.value(kid, bound), at + 1
        foot = stem(kid)
        if foot in INDICATORS or (kid == Tree("num", ("1",)) and after is not None
                                  and _condition(after) is not None):  # fmt: skip
            if after is not None and (when := _condition(after)) is not None:
                asked = self.asked(when, bound)
                return self.raised(asked, _superscript(after), bound), at + 2
            if not (foot in _ONES):
                raise Unknown("an indicator")
        function = self.function(kid)
        if function is None:
            return self.value(kid, bound), at + 1
        if not called:
            if after is None or after.head == "op":
                raise Unknown("a function of nothing")
            # \log x y: of x alone, or of all that follows up to a sign.
            rest = [k for k in kids[at + 1 :]]
            stop = next((n for n, k in enumerate(rest) if k.head == "op"), len(rest))
            take = 1 if stop == 1 or not self.path.choose(2) else stop
            inner = rest[0] if take == 1 else Tree("juxt", tuple(rest[:take]))
            return self.applied(function, [inner], kid, None, bound), at + 1 + take
        assert after is not None
        inner = _bracketed(after)
        assert inner is not None
        arguments = list(inner.kids) if inner.head == "list" else [inner]
        return self.applied(function, arguments, kid, _superscript(after), bound), at + 2

    def symbol_known(self, kid: Tree) -> bool:
        return kid.head in ("name", "script", "prime") and key_of(kid) in self.place.symbols

    def function(self, kid: Tree) -> Callable | str | None:
        """What a kid that stands before a bracket applies; None if it is no function."""
        core, order = kid, 0
        if core.head == "script" and core.kids[1] is None:
            core = core.kids[0]
        elif core.head == "script":
            return None
        if core.head == "prime":
            core, order = core.kids[0], int(core.kids[1])
        if core.head != "name":
            return None
        word = str(core.kids[0])
        plain = word.removeprefix("\\operatorname{").removeprefix("\\mathrm{").rstrip("}") \
            if "{" in word else word.lstrip("\\") if word != r"\sigma" else word  # fmt: skip
        if (word, order) in self.place.functions:
            return self.place.functions[word, order]
        if order == 1 and plain in _SLOPES:
            return _SLOPES[plain]
        if order:
            return None
        if plain in ("max", "min"):
            return plain
        return _ENTRYWISE.get(plain) or _WHOLE.get(plain)

    def applied(self, function, arguments, head: Tree, sup: Tree | None, bound) -> np.ndarray:
        values = [self.value(one, bound) for one in arguments]
        if function in ("max", "min"):
            join = np.maximum if function == "max" else np.minimum
            if len(values) < 2:
                raise Unknown("a maximum of one")
            made = values[0]
            for one in values[1:]:
                made = _meet(made, one, join)
        else:
            if len(values) != 1:
                raise Unknown("several arguments")
            made = np.asarray(function(values[0]), float)
        if head.head == "script" and head.kids[2] is not None:  # \tanh^2(x)
            made = self.raised(made, head.kids[2], bound)
        return self.raised(made, sup, bound)

    def grouped(self, values: list[np.ndarray], signs: list[str]) -> np.ndarray:
        if len(values) == 1:
            return values[0]
        kinds = {_KIND.get(sign, sign) for sign in signs}
        if kinds <= {"product"}:
            try:
                total = values[0]
                for factor in values[1:]:
                    total = _times(total, factor)
                return total
            except Misfit:
                pass
        elif kinds == {"hadamard"}:
            total = values[0]
            for factor in values[1:]:
                total = _meet(total, factor, np.multiply)
            return total
        if not kinds <= {"product", "hadamard", "over", "dot", "star"}:
            raise Unknown(f"the signs {signs}")
        if len(values) > _LONGEST_MIXED:
            raise Unknown("a long product")
        every = _distinct(_groupings(tuple(range(len(values))), values, signs, {}))
        if not every:
            raise Misfit("the factors do not fit")
        return every[self.path.choose(len(every))]


_KIND = {"": "product", r"\cdot": "dot", r"\times": "dot", "*": "star", r"\odot": "hadamard",
         r"\circ": "hadamard", "/": "over"}  # fmt: skip


def _groupings(span: tuple[int, ...], values, signs, memo) -> list[np.ndarray]:
    """The values of every way to bracket a product."""
    if len(span) == 1:
        return [values[span[0]]]
    if span in memo:
        return memo[span]
    found: list[np.ndarray] = []
    for cut in range(1, len(span)):
        sign = _KIND.get(signs[span[cut] - 1], "")
        for a in _groupings(span[:cut], values, signs, memo):
            for b in _groupings(span[cut:], values, signs, memo):
                for join in _JOINS[sign]:
                    try:
                        found.append(join(a, b))
                    except Misfit:
                        continue
    memo[span] = _distinct(found)
    return memo[span]


def _distinct(values: list[np.ndarray]) -> list[np.ndarray]:
    kept: list[np.ndarray] = []
    for one in values:
        if not any(one.shape == other.shape and np.allclose(one, other, rtol=1e-9, atol=1e-12,
                   equal_nan=True) for other in kept):  # fmt: skip
            kept.append(one)
    return kept


def _times(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    if 0 in (a.ndim, b.ndim):
        return a * b
    if a.shape[1] != b.shape[0]:
        raise Misfit(f"{a.shape} times {b.shape}")
    made = a @ b
    return made.reshape(()) if made.shape == (1, 1) else made


def _meet(a: np.ndarray, b: np.ndarray, join) -> np.ndarray:
    if 0 not in (a.ndim, b.ndim) and a.shape != b.shape:
        raise Misfit(f"{a.shape} meets {b.shape}")
    return np.asarray(join(a, b))


def _inner(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    if a.ndim != 2 or a.shape != b.shape or a.shape[1] != 1:
        raise Misfit("no inner product")
    return np.asarray((a * b).sum())


_JOINS = {
    "product": [_times],
    "hadamard": [lambda a, b: _meet(a, b, np.multiply)],
    "over": [lambda a, b: _meet(a, b, np.divide)],
    "dot": [_times, lambda a, b: _meet(a, b, np.multiply), _inner],
    "star": [_times, lambda a, b: _meet(a, b, np.multiply)],
}


def _numeral(kid: Tree) -> bool:
    return all(node.head != "name" for node in kid.subtrees())


def _is_transpose(sup: Tree) -> bool:
    return sup.head == "name" and str(sup.kids[0]) in _TRANSPOSE


def _turned(array: np.ndarray) -> np.ndarray:
    return array.T  # the transpose of a scalar is itself


def _inverse(array: np.ndarray) -> np.ndarray:
    if array.ndim == 0:
        return np.asarray(1 / array)
    if array.shape[0] != array.shape[1]:
        raise Misfit("the inverse of an oblong matrix")
    try:
        return np.linalg.inv(array)
    except np.linalg.LinAlgError:
        raise Unknown("a singular matrix") from None


def _norm(array: np.ndarray, sub: Tree | None) -> np.ndarray:
    which = "" if sub is None else str(sub.kids[0])
    if which in ("", "2", "F"):
        return np.asarray(np.sqrt((array**2).sum()))
    if which == "1" and (array.ndim < 2 or 1 in array.shape):
        return np.asarray(np.abs(array).sum())
    raise Unknown(f"the norm {which}")


def _bracketed(node: Tree) -> Tree | None:
    """The inside of a bracket, which may be raised: f(x), f(x)^2."""
    inner = node.kids[0] if node.head == "script" and node.kids[1] is None else node
    return inner.kids[0] if inner.head in ("paren", "bracket") else None


def _superscript(node: Tree) -> Tree | None:
    return node.kids[2] if node.head == "script" else None


def _condition(node: Tree) -> Tree | None:
    inner = node.kids[0] if node.head == "script" and node.kids[1] is None else node
    if inner.head in ("paren", "bracket", "set", "brace") and inner.kids[0].head == "chain":
        return inner.kids[0]
    return None


def _page(array: np.ndarray) -> np.ndarray:
    """An array as the page means it: a vector is a column, one number a scalar."""
    array = np.asarray(array, float)
    if array.ndim == 1:
        array = array.reshape(-1, 1)
    if array.ndim > 2:
        raise Unknown("an array of three axes")
    return array.reshape(()) if array.shape == (1, 1) else array


def agree(a: Sequence[np.ndarray], b: Sequence[np.ndarray]) -> bool:
    """Whether two readings have the same values at all the points."""
    return len(a) == len(b) and all(
        x.shape == y.shape
        and np.all(np.isfinite(x))
        and np.all(np.isfinite(y))
        and float(np.max(np.abs(x - y), initial=0.0))
        <= 1e-7 * max(float(np.max(np.abs(x), initial=0.0)), float(np.max(np.abs(y), initial=0.0)), 1e-3)
        for x, y in zip(a, b)
    )
