"""Sums, products, powers, bars and big operators.

The idea: juxtaposition binds most, then the entrywise product; else the order of writing.
"""

from __future__ import annotations

import re

import numpy as np

from tests.by_numbers.names import canonical, group, is_transpose, limits, name_end
from tests.by_numbers.text import balanced
from tests.by_numbers.values import (
    COMPARED,
    ENTRYWISE,
    Jac,
    Misfit,
    Unread,
    added,
    entrywise,
    joined,
    negated,
    picked_entries,
    product,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from tests.by_numbers.world import World


DERIV = (r"\frac", r"\dfrac", r"\tfrac")
ENDS = {")", "]", "}", r"\}", "&", "\\\\", ",", r"\end", "|", r"\|", r"\rVert", r"\Vert"}


class Arithmetic:
    """The part of the reader that reckons."""

    def __init__(self, world: World, tokens: list[str], letters: dict[str, int]) -> None:
        self.w, self.t, self.at, self.letters = world, tokens, 0, letters
        self.bars = 0

    def peek(self, k: int = 0) -> str:
        return self.t[self.at + k] if self.at + k < len(self.t) else ""

    def sub(self, tokens: list[str], letters: dict[str, int] | None = None):
        return self.w.evaluate(tokens, self.letters if letters is None else letters)

    # sum of terms
    def sum(self):
        sign = 1
        while self.peek() in ("-", "+"):
            sign = -sign if self.peek() == "-" else sign
            self.at += 1
        value = self.term()
        value = negated(value) if sign < 0 else value
        while self.peek() in ("+", "-"):
            sign = 1
            while self.peek() in ("-", "+"):
                sign = -sign if self.peek() == "-" else sign
                self.at += 1
            value = added(value, self.term(), sign)
        return value

    def term(self):
        start = self.at
        try:
            return self.loose()
        except Misfit:
            self.at = start
            return self.tight()

    def loose(self):
        """The elementwise product binds less than juxtaposition."""
        value = self.run()
        while self.peek() in ENTRYWISE:
            sign = self.peek()
            self.at += 1
            value = joined(sign, value, self.run())
        return value

    def tight(self):
        factors, signs = [self.factor()], []
        while True:
            if self.peek() in ENTRYWISE:
                signs.append(self.peek())
                self.at += 1
            elif self.peek() in (r"\cdot", r"\times"):
                signs.append(" ")
                self.at += 1
            elif self.starts():
                signs.append(" ")
            else:
                break
            factors.append(self.factor())
        value = factors[0]
        for sign, factor in zip(signs, factors[1:], strict=True):
            value = product(value, factor) if sign == " " else joined(sign, value, factor)
        return value

    def run(self):
        """A chain of factors: its product, from the right where only that fits."""
        factors = [self.factor()]
        while True:
            if self.peek() in (r"\cdot", r"\times"):
                self.at += 1
                factors.append(self.factor())
            elif self.peek() == "/":
                self.at += 1
                below = self.factor()
                factors[-1] = entrywise(factors[-1], below, lambda a, b: a / b)
            elif self.starts():
                factors.append(self.factor())
            else:
                break
        try:
            value = factors[0]
            for factor in factors[1:]:
                value = product(value, factor)
            return value
        except Misfit:
            value = factors[-1]
            for factor in reversed(factors[:-1]):
                value = product(factor, value)
            return value

    def starts(self) -> bool:
        word = self.peek()
        if not word or (word in ENDS and not (word in ("|", r"\|") and not self.bars)):
            return False
        return word not in ("+", "-", "_", "^", "/", "=", *ENTRYWISE)

    # one factor with its scripts
    def factor(self):
        if self.peek() == "-":
            self.at += 1
            return negated(self.factor())
        value = self.base()
        while self.peek() in ("^", "'", "_"):
            if self.peek() == "'":
                self.at += 1
                value = value.T
                continue
            if self.peek() == "_":
                words, self.at = group(self.t, self.at + 1)
                value = self.indexed(value, words)
                continue
            words, self.at = group(self.t, self.at + 1)
            value = self.power(value, words)
        return value

    def indexed(self, value, words):
        places = [self.index(w) for w in words if w not in (",", "{", "}")]
        return picked_entries(value, places)

    def index(self, word: str) -> int:
        if word in self.letters:
            return self.letters[word]
        if word.isdigit():
            return int(word) - 1
        raise Unread(f"index {word}")

    def power(self, value, words):
        text = "".join(words)
        if is_transpose(words):
            if isinstance(value, Jac):
                raise Unread("transposed derivative by a matrix")
            return value.T if np.ndim(value) else value
        if text in ("-1", r"{-1}") and np.ndim(value):
            if value.shape[0] != value.shape[1]:
                raise Misfit("inverse")
            return np.linalg.inv(value)
        if text in ("-T", r"-\top"):
            return np.linalg.inv(value).T
        if text in (r"\odot2", r"\circ2", r"{\odot2}", r"{\circ2}"):
            return value**2
        exponent = self.sub(words)
        square = np.ndim(value) and value.shape[0] == value.shape[1] > 1
        if square and exponent == int(exponent):
            return np.linalg.matrix_power(value, int(exponent))
        return np.power(value, exponent)

    def base(self):
        word = self.peek()
        if word in DERIV:
            return self.fraction()
        if re.fullmatch(r"[0-9.]+", word):
            self.at += 1
            if word == "1" and self.peek() == "_":
                inner, end = group(self.t, self.at + 1)
                if any(w in COMPARED for w in inner):
                    self.at = end
                    return self.compared(inner)
            return float(word)
        if word in ("(", "[", r"\{"):
            return self.bracketed()
        if word == "{":
            inner, end = group(self.t, self.at)
            self.at = end
            return self.sub(inner)
        if word in (r"\|", "|", r"\lVert", r"\Vert", r"\lvert", r"\vert"):
            return self.norm()
        if word == r"\sqrt":
            words, self.at = group(self.t, self.at + 1)
            return np.sqrt(self.sub(words))
        if word in (r"\sum", r"\prod"):
            return self.big()
        if word == r"\nabla":
            return self.gradient()
        if word in (r"\mathbb", r"\mathbbm", r"\mathds"):
            return self.blackboard()
        if word == r"\begin":
            return self.cases()
        if word in (r"\partial",):
            return self.slashed()
        return self.named()

    def bracketed(self):
        opener = self.peek()
        closer = {"(": ")", "[": "]", r"\{": r"\}"}[opener]
        end = self.matching(self.at, opener, closer)
        inner = self.t[self.at + 1 : end]
        self.at = end + 1
        relation = next((k for k, w in enumerate(inner) if w in COMPARED), None)
        if opener == "[" and relation is not None and balanced(inner[:relation]):
            return self.compared(inner)
        return self.sub(inner)

    def matching(self, at: int, opener: str, closer: str) -> int:
        depth = 0
        for k in range(at, len(self.t)):
            if self.t[k] == opener:
                depth += 1
            elif self.t[k] == closer:
                depth -= 1
                if depth == 0:
                    return k
        raise Unread(f"open {opener}")

    def compared(self, inner: list[str]):
        for k, word in enumerate(inner):
            if word in COMPARED and balanced(inner[:k]):
                left, right = inner[:k], inner[k + 1 :]
                if len(left) == 1 and left[0] in self.letters and right[0] in self.letters:
                    a, b = self.letters[left[0]], self.letters[right[0]]
                else:
                    a, b = self.sub(left), self.sub(right)
                return np.asarray(COMPARED[word](a, b)) * 1.0 if np.ndim(a) else (
                    1.0 if COMPARED[word](a, b) else 0.0)  # fmt: skip
        value = self.sub(inner)
        return (value > 0) * 1.0

    def norm(self):
        opener = self.peek()
        closer = {r"\lVert": r"\rVert", r"\lvert": r"\rvert"}.get(opener, opener)
        depth = 0
        for k in range(self.at + 1, len(self.t)):
            depth += {"{": 1, "(": 1, "}": -1, ")": -1}.get(self.t[k], 0)
            if self.t[k] == closer and depth == 0:
                break
        else:
            raise Unread("open bars")
        value = self.sub(self.t[self.at + 1 : k])
        self.at = k + 1
        if opener in ("|", r"\lvert", r"\vert"):
            return np.abs(value)
        kind = "2"
        if self.peek() == "_":
            words, self.at = group(self.t, self.at + 1)
            kind = "".join(words)
        if kind == "1":
            return float(np.abs(value).sum())
        if kind == r"\infty":
            return float(np.abs(value).max())
        return float(np.sqrt(np.sum(np.square(value))))

    def counted(self, letter: str, at: int) -> int:
        """How many values an index has that nothing limits: as many as the entries it selects."""
        for k in range(at, len(self.t) - 1):
            if self.t[k] != "_" or letter not in (words := group(self.t, k + 1)[0]):
                continue
            places = [w for w in words if w != ","]
            for start in range(k - 1, max(at, k - 8) - 1, -1):
                if name_end(self.t, start) is not None and self.w.known(
                    name := canonical(self.t[start:k])
                ):
                    shape = np.shape(self.w.lookup(name, [], self.letters))
                    if len(places) <= len(shape):
                        return shape[places.index(letter)]
        raise Unread(f"no limit for {letter}")

    def big(self):
        word = self.peek()
        letters, upper, condition, self.at, lower = limits(self.t, self.at + 1)
        start = self.at
        total = None
        counts = []
        for letter in letters:
            size = "".join(upper) or self.w.letters.get(letter, "")
            if size:
                counts.append(self.w.size(size))
            else:
                counts.append(self.counted(letter, start))
        for place in np.ndindex(tuple(counts)):
            inner = {**self.letters, **dict(zip(letters, place, strict=True))}
            if condition and inner[condition[0]] == inner[condition[2]]:
                continue
            if place[0] < lower - 1:
                continue
            part = type(self)(self.w, self.t, inner)
            part.at = start
            value = part.term()
            self.at = part.at
            if total is None:
                total = value
            else:
                total = added(total, value) if word == r"\sum" else total * value
        return total
