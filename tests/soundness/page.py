r"""What a line of a page may be worth: a float evaluator of raw surface trees, with every reading.

The idea: it knows the conventions of the page and nothing of elaboration or the kernel.  Where a
page leaves something open (the size of a 1, the grouping of a mixed product, the square of a
matrix) it takes every choice in turn; a line is wrong only if no reading of it is true.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from derive.tree import Tree
from tests.soundness.place import (
    Path,
    Place,
    Reading,
    assignments,
    extent_in,
    function_of,
    key_of,
    stem,
)
from tests.soundness.signs import (
    COMPARE,
    INDICATORS,
    KIND,
    LONGEST_MIXED,
    MOST_CHOICES,
    ONES,
    UNITS,
    Misfit,
    TooMany,
    Unknown,
    condition,
    distinct,
    groupings,
    inner,
    inside,
    inverse,
    is_numeral,
    is_transpose,
    meet,
    norm,
    on_page,
    superscript,
    times,
    turned,
)


def readings(side: Tree, places: Sequence[Place], open_letters: Sequence[str] = (),
             extents: Callable[[str, Place], int] | None = None) -> list[Reading]:  # fmt: skip
    """Every reading of a side.  None fits: the line is ill-typed.  Raises Unknown."""
    path, found = Path(), []
    for _ in range(MOST_CHOICES):
        path.loose = False
        try:
            values = []
            for place in places:
                for bound in assignments(open_letters, place, extents):
                    path.step = 0
                    values.append(_Reader(place, path).value(side, bound))
            found.append(Reading(values, path.loose))
        except Misfit:
            pass
        # Choices that this reading did not come to are not its own.
        if not path.next():
            return found
    raise TooMany("too many readings")


class _Reader:
    def __init__(self, place: Place, path: Path) -> None:
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
                        if not part.ndim and not is_numeral(kid):
                            self.path.loose = True
                total = parts[0]
                for part in parts[1:]:
                    total = meet(total, part, np.add)
                return total
            case "frac":
                return meet(self.value(kids[0], bound), self.value(kids[1], bound), np.divide)
            case "sqrt":
                return np.sqrt(self.value(kids[0], bound))
            case "abs":
                return np.abs(self.value(kids[0], bound))
            case "norm":
                return norm(self.value(kids[0], bound), None)
            case "angle":
                return self.pair(kids[0], bound)
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
        if text in ONES and sizes:
            k = self.path.choose(len(sizes))
            return np.ones((self.place.at[sizes[k]], 1))
        if text in UNITS and sizes:
            return np.eye(self.place.at[sizes[self.path.choose(len(sizes))]])
        if text == r"\mathbf{0}":
            return np.asarray(0.0)
        if text in ("e", r"\pi"):
            return np.asarray(np.e if text == "e" else np.pi)
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
            return on_page(array[place] if place else array)
        except IndexError:
            raise Misfit("an index runs too far") from None

    def script(self, node: Tree, bound: Mapping[str, int]) -> np.ndarray:
        base, sub, sup = node.kids
        if base.head == "norm":
            inner = norm(self.value(base.kids[0], bound), sub)
            return self.raised(inner, sup, bound)
        e = base == Tree("name", ("e",)) and sub is None
        if e and sup is not None and not is_transpose(sup):
            return np.exp(self.value(sup, bound))
        if stem(base) in INDICATORS and sub is not None and sub.head == "chain":
            return self.raised(self.asked(sub, bound), sup, bound)
        # W^{[1]\top}: a label and a transpose in one superscript.
        if sup is not None and sup.head == "juxt" and is_transpose(sup.kids[-1]):
            rest = sup.kids[:-1]
            label = rest[0] if len(rest) == 1 else Tree("juxt", rest)
            return turned(self.value(Tree("script", (base, sub, label)), bound))
        if sup is not None and (sub is not None or base.head != "name"):
            base = Tree("script", (base, sub, None)) if sub is not None else base
        if sup is not None:
            return self.raised(self.value(base, bound), sup, bound)
        assert sub is not None
        return self.entry(self.value(base, bound), sub, bound)

    def raised(self, inner: np.ndarray, sup: Tree | None, bound: Mapping[str, int]) -> np.ndarray:
        if sup is None:
            return inner
        if is_transpose(sup):
            return turned(inner)
        if sup.head == "neg" and is_transpose(sup.kids[0]):
            return turned(inverse(inner))
        if sup.head in ("paren", "bracket"):
            raise Unknown("a label")
        entrywise = sup.head == "juxt" and sup.kids[0].kids[0] in (r"\odot", r"\circ")
        exponent = self.value(sup.kids[1] if entrywise else sup, bound)
        if exponent.ndim:
            raise Misfit("an exponent with axes")
        by = float(exponent)
        square = inner.ndim == 2 and inner.shape[0] == inner.shape[1]
        if square and not entrywise and by == -1:
            return inverse(inner)
        if square and not entrywise and by == int(by) and by > 0 and self.path.choose(2):
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

    def pair(self, pair: Tree, bound: Mapping[str, int]) -> np.ndarray:
        if pair.head != "list" or len(pair.kids) != 2:
            raise Unknown("an angle")
        return inner(*(self.value(kid, bound) for kid in pair.kids))

    def derivative(self, of, by, bound, order) -> np.ndarray:
        if of is None or by is None or order not in ("", "1") or self.place.derivative is None:
            raise Unknown("a derivative")
        found = self.place.derivative(of, by, bound)
        if found is None:
            raise Unknown("a derivative")
        if found.ndim > 2:
            raise Unknown("an array of three axes")
        return on_page(found)

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
            part = meet(first, here, np.multiply)
            value = part if value is None else meet(value, part, np.add)
            before = holds if before is None else before + holds
        if value is None or np.any(np.asarray(before) < 1):
            raise Unknown("no case holds")
        return value

    def asked(self, when: Tree, bound: Mapping[str, int]) -> np.ndarray:
        if when.head != "chain" or len(when.kids) != 3 or when.kids[0] is None:
            raise Unknown("a condition")
        left, sign, right = when.kids
        if str(sign.kids[0]) not in COMPARE:
            raise Unknown("a condition")
        a, b = (
            np.asarray(bound[str(side.kids[0])] + 1.0)  # an index counts from 1
            if side.head == "name" and str(side.kids[0]) in bound
            else self.value(side, bound)
            for side in (left, right)
        )
        return meet(a, b, COMPARE[str(sign.kids[0])]).astype(float)

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
            size = extent_in(letter, body, self.place)
        else:
            raise Unknown("a range")
        total: np.ndarray | None = None
        start = self.path.step
        for k in range(size):
            self.path.step = start  # every term is read alike
            term = self.value(body, {**bound, letter: k})
            total = term if total is None else meet(total, term, np.add)
        if total is None:
            raise Unknown("an empty sum")
        return total

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
        called = after is not None and inside(after) is not None
        if key_of(kid) in self.place.symbols and kid.head in ("name", "script", "prime"):
            return self.value(kid, bound), at + 1
        foot = stem(kid)
        if foot in INDICATORS or (kid == Tree("num", ("1",)) and after is not None
                                  and condition(after) is not None):  # fmt: skip
            if after is not None and (when := condition(after)) is not None:
                asked = self.asked(when, bound)
                return self.raised(asked, superscript(after), bound), at + 2
            if foot not in ONES:
                raise Unknown("an indicator")
        function = function_of(kid, self.place)
        if function is None:
            return self.value(kid, bound), at + 1
        if not called:
            if after is None or after.head == "op":
                raise Unknown("a function of nothing")
            # \log x y: of x alone, or of all that follows up to a sign.
            rest = kids[at + 1 :]
            stop = next((n for n, k in enumerate(rest) if k.head == "op"), len(rest))
            take = 1 if stop == 1 or not self.path.choose(2) else stop
            inner = rest[0] if take == 1 else Tree("juxt", tuple(rest[:take]))
            return self.applied(function, [inner], kid, None, bound), at + 1 + take
        assert after is not None
        inner = inside(after)
        assert inner is not None
        arguments = list(inner.kids) if inner.head == "list" else [inner]
        return self.applied(function, arguments, kid, superscript(after), bound), at + 2

    def applied(self, function, arguments, head: Tree, sup: Tree | None, bound) -> np.ndarray:
        values = [self.value(one, bound) for one in arguments]
        if function in ("max", "min"):
            join = np.maximum if function == "max" else np.minimum
            if len(values) < 2:
                raise Unknown("a maximum of one")
            made = values[0]
            for one in values[1:]:
                made = meet(made, one, join)
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
        kinds = {KIND.get(sign, sign) for sign in signs}
        if kinds <= {"product"}:
            try:
                total = values[0]
                for factor in values[1:]:
                    total = times(total, factor)
                return total
            except Misfit:
                pass
        elif kinds == {"hadamard"}:
            total = values[0]
            for factor in values[1:]:
                total = meet(total, factor, np.multiply)
            return total
        if not kinds <= {"product", "hadamard", "over", "dot", "star"}:
            raise Unknown(f"the signs {signs}")
        if len(values) > LONGEST_MIXED:
            raise Unknown("a long product")
        every = distinct(groupings(tuple(range(len(values))), values, signs, {}))
        if not every:
            raise Misfit("the factors do not fit")
        return every[self.path.choose(len(every))]
