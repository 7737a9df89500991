"""The definitions of one document at one random point.

The idea: definitions are a program that is run with one node held, for a difference quotient.
"""

from __future__ import annotations

import re

import numpy as np

from tests.by_numbers.changes import Changes
from tests.by_numbers.names import (
    canonical,
    canonical_text,
    limits,
    name_end,
    parted_name,
    parts_at,
    parts_of,
    spelled,
)
from tests.by_numbers.text import TOKEN, Statement, statements
from tests.by_numbers.values import PRIMES, Jac, Unread, difference, picked_entries, squeeze
from tests.literate import Document


class World:
    """The definitions of one document and one random point."""

    def __init__(self, document: Document, seed: int) -> None:
        self.text = document.text
        self.rng = np.random.default_rng(seed)
        self.sizes: dict[str, int] = {}
        self.shapes: dict[str, tuple] = {}  # name -> sizes as tokens
        self.families: dict[str, str] = {}  # base -> size symbol of its index
        self.values: dict[str, object] = {}
        self.definitions: dict[str, tuple[list[str], list[str]]] = {}  # name -> letters, body
        self.functions: dict[str, tuple[list[str], list[str]]] = {}
        self.letters: dict[str, str] = {}  # index letter -> size symbol
        self.positive: set[str] = set()
        self.between: dict[str, tuple[float, float]] = {}
        self.onehot: set[str] = set()
        self.symmetric: set[str] = set()
        self.layout = "denominator"
        self.loss: list[str] = []
        self.delta = ""
        self.ones = ""
        self.held: dict[str, object] = {}
        self.memo: dict = {}
        self.where()
        self.all = statements(document.text)
        self.claims: list[Statement] = []
        self.noted_lines = {n for row in document.rows for n in range(row.first, row.last + 1)}
        self.collect()
        self.changes = Changes(self)

    def where(self) -> None:
        for words in re.findall(r"%\s*numbers:\s*(.*)", self.text):
            kind, *rest = words.split()
            if kind == "shape":
                self.shapes[canonical_text(rest[0])] = tuple(rest[1:])
            elif kind == "family":
                base, scripts = parted_name(TOKEN.findall(rest[0]))
                plain = [
                    (m, w)
                    for m, w in scripts
                    if len([x for x in w if x not in "()[]"]) != 1 or not w[len(w) // 2].isalpha()
                ]
                name = spelled(base, plain) + "#"
                self.families[name] = rest[1]
                self.shapes[name] = tuple(rest[2:])
            elif kind == "layout":
                self.layout = rest[0]
            elif kind == "loss":
                self.loss = TOKEN.findall(rest[0])
            elif kind == "delta":
                self.delta = canonical_text(rest[0])
            elif kind == "ones":
                self.ones = rest[0]
            elif kind == "letter":
                self.letters[rest[0]] = rest[1]
            elif kind == "positive":
                self.positive |= {canonical_text(r) for r in rest}
            elif kind == "between":
                self.between[canonical_text(rest[0])] = (float(rest[1]), float(rest[2]))
            elif kind == "size":
                self.sizes[canonical_text(rest[0])] = int(rest[1])
            elif kind == "symmetric":
                self.symmetric |= {canonical_text(r) for r in rest}
            elif kind == "onehot":
                self.onehot |= {canonical_text(r) for r in rest}
            elif kind == "value":
                self.values[canonical_text(rest[0])] = float(rest[1])

    def size(self, word: str) -> int:
        if word.isdigit():
            return int(word)
        if word not in self.sizes:
            self.sizes[word] = PRIMES[len([k for k in self.sizes]) % len(PRIMES)]
        return self.sizes[word]

    def fits(self, found: tuple[str, object], space: list[str]) -> tuple[str, str]:
        """Is a value in R^{..}."""
        if found[0] != "value":
            return "misfit" if found[0] == "misfit" else "unread", str(found[1])
        hit = re.match(r"(?:\\mathbb\{?R\}?|\\R)(?:\^\{?(.*?)\}?)?$", "".join(space))
        if hit is None:
            return "unread", "a space"
        sizes = [s.strip("{}") for s in re.split(r"\\times|,", hit[1] or "") if s]
        shape = tuple(self.size(s) for s in sizes)
        shape = (*shape, 1) if len(shape) == 1 else shape
        ours = np.shape(found[1])
        return ("true", "") if ours == shape else ("misfit", f"{ours} in {shape}")

    # ---------------------------------------------------------------- statements

    def collect(self) -> None:
        for one in self.all:
            for side in one.sides:
                self.bind(side.tokens)
            self.ranges(one)
        for one in self.all:
            if one.relations and one.relations[0] == "in":
                if one.sides[1].line not in self.noted_lines:
                    self.declare(one)
                else:
                    self.claims.append(one)
        for one in self.all:
            if not one.relations or one.relations[0] == "in":
                continue
            noted = one.sides[-1].line in self.noted_lines
            first_noted = one.sides[1].line in self.noted_lines
            if one.relations[0] in ("<", ">") and not first_noted:
                self.assume(one)
            if one.relations[0] == "=" and not first_noted:
                self.define(one)
            if noted:
                self.claims.append(one)
        self.presize()

    def presize(self) -> None:
        for sizes in self.shapes.values():
            for word in sizes:
                self.size(word)
        for word in [*self.families.values(), *self.letters.values()]:
            if word:
                self.size(word)

    def bind(self, tokens: list[str]) -> None:
        for k, word in enumerate(tokens):
            if word == r"\sum" or word == r"\prod":
                letters, upper = limits(tokens, k + 1)[:2]
                for letter in letters:
                    self.letters.setdefault(letter, "".join(upper) or self.letters.get(letter, ""))

    def ranges(self, one: Statement) -> None:
        """i = 1, \\dots, m and i \\in \\{1, \\dots, m\\}"""
        left = one.sides[0].tokens
        right = one.sides[1].tokens if len(one.sides) > 1 else []
        if len(left) == 1 and left[0].isalpha() and any(w in right for w in (r"\dots", r"\ldots")):
            last = [w for w in right if w not in ("{", "}", r"\{", r"\}")][-1]
            self.letters[left[0]] = last

    def declare(self, one: Statement) -> None:
        space = "".join(one.sides[1].tokens)
        hit = re.match(r"(?:\\mathbb\{?R\}?|\\R|\\Re)(?:\^\{?(.*?)\}?)?$", space)
        binary = re.match(r"\\\{.*\\\}", space)
        names = parts_at(one.sides[0].tokens, ",")
        for name in names:
            key, letters = self.familiar(name)
            if letters:
                self.families.setdefault(key, self.letters[letters[0]])
                if key in self.shapes:
                    continue
            if hit is not None:
                sizes = tuple(s for s in re.split(r"\\times|,", hit[1] or "") if s)
                sizes = tuple(s.strip("{}") for s in sizes)
                self.shapes[key] = sizes
            elif binary is not None:
                pass
            elif space.startswith("(0,1)"):
                self.shapes[key] = ()
                self.between[key] = (0.05, 0.95)

    def familiar(self, words: list[str]) -> tuple[str, list[str]]:
        """A name without the scripts that are indices, and those; # marks a family."""
        base, scripts = parted_name(words)
        letters, kept = [], []
        for mark, part in scripts:
            plain = [w for w in part if w not in ",(){}[]"]
            if plain and all(self.letters.get(p) for p in plain):
                letters += plain
            else:
                kept.append((mark, part))
        return spelled(base, kept) + ("#" if letters else ""), letters

    def assume(self, one: Statement) -> None:
        """x > 0, 0 < x < 1."""
        texts = ["".join(side.tokens) for side in one.sides]
        if len(texts) == 3 and texts[0] == "0" and texts[2] == "1":
            self.between[canonical(one.sides[1].tokens)] = (0.1, 0.9)
        elif texts[1] == "0" and one.relations[0] == ">":
            self.positive.add(canonical(one.sides[0].tokens))
        elif texts[0] == "0" and one.relations[0] == "<":
            self.positive.add(canonical(one.sides[1].tokens))

    def define(self, one: Statement) -> None:
        left = one.sides[0].tokens
        body = one.sides[1].tokens
        if not body or "?" in body or not left:
            return
        name, letters, formals = self.head(left)
        if name is None:
            return
        if formals is not None and not letters:
            self.functions.setdefault(name, (formals, body))
            # L(w) = ..: a quantity, too.
            if all(f in self.shapes or f in self.definitions for f in formals):
                self.definitions.setdefault(name, ([], body))
            return
        if "".join(left) in "".join(body) and body[: len(left)] == left:
            return  # S = S^T
        # sigma^2 = ..: the square is part of the name
        self.definitions.setdefault(name, (letters, body))

    def head(self, left: list[str]):
        if left[0] in (r"\frac", r"\nabla", r"\partial", r"\tfrac", r"\dfrac"):
            return None, [], None
        if left[0] == "d" and len(left) > 1:
            return None, [], None
        end = name_end(left, 0)
        if end is None:
            return None, [], None
        name = left[:end]
        rest = left[end:]
        formals = None
        if rest:
            if rest[0] != "(" or rest[-1] != ")":
                if "".join(rest) == "^2":
                    return canonical(name) + "^{2}", [], None
                return None, [], None
            inner = [w for w in rest[1:-1]]
            formals = [canonical(f) for f in parts_of(inner, (",", ";"))]
        key, letters = self.familiar(name)
        return key, letters, formals

    # ---------------------------------------------------------------- values

    def slots(self, name: str) -> int:
        """How many indices are part of the name: which of a family is meant."""
        if name in self.definitions:
            return len(self.definitions[name][0])
        return 1 if name in self.families else 0

    def lookup(self, name: str, indices: list[int], letters: dict[str, int] | None = None):
        slots = self.slots(name)
        own, rest = tuple(indices[:slots]), indices[slots:]
        if len(own) < slots:
            raise Unread(f"{name} without its index")
        if (name, own) in self.held:
            return picked_entries(self.held[name, own], rest) if rest else self.held[name, own]
        if name in self.definitions:
            formal, body = self.definitions[name]
            inner = {**(letters or {}), **dict(zip(formal, own, strict=True))}
            key = (name, own, tuple(sorted(inner.items())))
            if key not in self.memo:
                self.memo[key] = self.evaluate(body, inner)
            value = self.memo[key]
        else:
            value = self.variable(name)
            if slots:
                value = value[own[0]]
        return picked_entries(value, rest) if rest else value

    def variable(self, name: str):
        if name in self.values:
            return self.values[name]
        if name in self.families:
            count = self.size(self.families[name])
            value = [self.random(name, self.shapes.get(name, ())) for _ in range(count)]
            self.values[name] = value
            return value
        if name not in self.shapes and (name in self.positive or name in self.between):
            self.shapes[name] = ()
        if name not in self.shapes:
            if name in self.sizes:
                return float(self.sizes[name])
            raise Unread(f"no value for {name}")
        self.values[name] = self.random(name, self.shapes[name])
        return self.values[name]

    def random(self, name: str, sizes: tuple):
        shape = tuple(self.size(s) for s in sizes)
        if len(shape) == 1:
            shape = (shape[0], 1)
        value = self.rng.normal(size=shape)
        if name in self.positive:
            value = np.abs(value) + 0.3
        if name in self.between:
            low, high = self.between[name]
            value = self.rng.uniform(low, high, size=shape)
        if name in self.symmetric:
            value = value + value.T
        if name in self.onehot:  # on the simplex: what its entries sum to is all that is used
            value = np.abs(value) / np.abs(value).sum()
        return squeeze(value) if not shape else value

    def known(self, name: str) -> bool:
        return (
            name in self.definitions or name in self.shapes or name in self.values
            or name in self.families or (name, ()) in self.held or name in self.positive
            or name in self.between
        )  # fmt: skip

    def evaluate(self, tokens: list[str], letters: dict[str, int] | None = None):
        from tests.by_numbers.formula import Parser  # the two need each other

        parser = Parser(self, tokens, letters or {})
        value = parser.sum()
        if parser.at < len(tokens):
            raise Unread(f"stopped before {' '.join(tokens[parser.at : parser.at + 6])}")
        return value

    # ---------------------------------------------------------------- derivatives

    def derivative(self, top, bottom: tuple[str, list[int]], letters: dict[str, int]):
        """d top() / d bottom, in the layout. ``top`` is a function of no arguments."""
        name, indices = bottom
        slots = self.slots(name)
        own, rest = tuple(indices[:slots]), indices[slots:]
        chosen = self.lookup(name, list(own), letters)

        def at(value):
            held, memo = self.held, self.memo
            self.held, self.memo = {**held, (name, own): value}, {}
            try:
                return top()
            finally:
                self.held, self.memo = held, memo

        step = getattr(self, "step", 1e-6)
        if np.ndim(chosen) == 0:
            return difference(at, chosen, step)
        if rest:  # one entry
            array = np.array(chosen)

            def entry(t):
                moved = array.copy()
                place = tuple(rest) if len(rest) == 2 else (rest[0], 0)
                if len(rest) == 1 and array.shape[0] == 1:
                    place = (0, rest[0])
                moved[place] += t
                return at(moved)

            return difference(entry, 0.0, step)
        array = np.array(chosen)
        parts = {}
        for place in np.ndindex(array.shape):

            def entry(t, place=place):
                moved = array.copy()
                moved[place] += t
                return at(moved)

            parts[place] = difference(entry, 0.0, step)
        first = next(iter(parts.values()))
        rows, columns = array.shape
        if np.ndim(first) == 0:
            made = np.array([[parts[i, j] for j in range(columns)] for i in range(rows)])
            if columns == 1 and self.layout in ("numerator", "row"):
                return made.T
            if columns > 1 and self.layout == "numerator":
                return made.T
            return made
        if 1 not in first.shape:
            raise Unread("a derivative of a matrix")
        flat = {p: v.reshape(-1) for p, v in parts.items()}
        if columns == 1 or rows == 1:
            made = np.array([flat[p] for p in np.ndindex(array.shape)])  # wrt x of
            return made if self.layout == "denominator" else made.T
        made = np.array([[flat[i, j] for j in range(columns)] for i in range(rows)])
        return Jac(made)
