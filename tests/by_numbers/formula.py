"""Formulas: names, functions, cases, indicators.

The idea: a word is a function if the document or custom says so, else a name with its value.
"""

from __future__ import annotations

import numpy as np

from tests.by_numbers.derivatives import Derivatives
from tests.by_numbers.names import (
    base_of,
    canonical,
    conjuncts,
    group,
    name_end,
    parted_name,
    parts_of,
    spelled,
)
from tests.by_numbers.values import (
    COMPARED,
    FUNCTIONS,
    GENERIC,
    WORDS,
    Eye,
    Misfit,
    Unread,
    difference,
    squeeze,
)


class Parser(Derivatives):
    """One formula, evaluated while it is read."""

    def blackboard(self):
        words, at = group(self.t, self.at + 1)
        if "".join(words) == "R":
            raise Unread("R")
        self.at = at
        if self.peek() == "_":
            inner, end = group(self.t, self.at + 1)
            if any(w in COMPARED for w in inner):
                self.at = end
                if inner[0] in (r"\{", "["):
                    inner = inner[1:-1]
                return self.compared(inner)
        if self.peek() in ("(", r"\{", "["):
            opener = self.peek()
            closer = {"(": ")", "[": "]", r"\{": r"\}"}[opener]
            end = self.matching(self.at, opener, closer)
            inner = self.t[self.at + 1 : end]
            self.at = end + 1
            return self.compared(inner)
        raise Unread("blackboard")

    def cases(self):
        end = next(
            k for k in range(self.at, len(self.t))
            if self.t[k] == r"\end" and self.t[k + 2 : k + 7] == list("cases")
        )  # fmt: skip
        inner = self.t[self.at + 8 : end]
        self.at = end + 8
        rows = [self.case(row) for row in parts_of(inner, ("\\\\",))]
        for value, conditions in rows:  # of numbers: only the case that holds has a value
            met = [self.compared(c) for c in conditions]
            if any(np.ndim(m) for m in met):
                break
            if all(met):
                return self.sub(value)
        else:
            raise Unread("no case holds")
        made = None
        for value, conditions in reversed(rows):
            here = self.sub(value)
            met = np.prod([self.compared(c) for c in conditions], axis=0) if conditions else 1.0
            made = here if made is None else np.where(np.asarray(met) > 0, here, made)
        return made

    def case(self, row: list[str]) -> tuple[list[str], list[list[str]]]:
        cut = row.index("&")
        value, when = row[:cut], row[cut + 1 :]
        if r"\text" in when or r"\mathrm" in when:
            k = when.index(r"\text") if r"\text" in when else when.index(r"\mathrm")
            word, after = group(when, k + 1)
            when = when[after:] if "".join(word).strip() in ("if", "falls", "wenn") else \
                when[:k] + when[k:] if k else []  # fmt: skip
        while value and value[-1] == ",":
            value = value[:-1]
        while when and when[-1] in (",", "."):
            when = when[:-1]
        return value, conjuncts(when) if when else []

    def arguments(self) -> list[list[str]]:
        end = self.matching(self.at, "(", ")")
        inner = self.t[self.at + 1 : end]
        self.at = end + 1
        return parts_of(inner, (",",))

    def operand(self):
        """What a function is applied to: a bracket, or the factors that follow."""
        if self.peek() in ("(", "[", r"\{"):
            return self.bracketed()
        return self.run()

    def named(self):
        start = self.at
        word = self.peek()
        spelled_word, end = self.word()
        if spelled_word in ("diag", "tr", "Tr", "trace", "det", "vec", "max", "min"):
            return self.special(spelled_word, end)
        name = WORDS.get(spelled_word)
        if name is not None and not (word == r"\sigma" and not self.called(end)):
            return self.function(name, end)
        if word == r"\mathbf" and self.t[start + 1 : start + 4] in (
            ["{", "1", "}"],
            ["{", "0", "}"],
        ):
            fill = 1.0 if self.t[start + 2] == "1" else 0.0
            self.at = start + 4
            size = self.w.ones
            if self.peek() == "_":
                words, self.at = group(self.t, self.at + 1)
                size = "".join(words)
            if not size:
                raise Unread("constant vector of no size")
            return np.full((self.w.size(size), 1), fill)
        upright = spelled_word == "d" and word != "d"
        if spelled_word == "d" and self.w.changes.varied and (upright or not self.w.known("d")):
            return self.differential(end)
        if word == "d" and not self.w.known("d") and self.at + 1 < len(self.t):
            end = name_end(self.t, self.at + 1)
            if end is not None:
                target = self.resolve(self.t[self.at + 1 : end])
                self.at = end
                return self.w.derivative(lambda: self.sub(self.w.loss), target, self.letters)
        if word == "e" and self.peek(1) == "^" and not self.w.known("e"):
            words, self.at = group(self.t, self.at + 2)
            return np.exp(self.sub(words))
        found = base_of(self.t, self.at)
        if found is None:
            raise Unread(f"at {' '.join(self.t[self.at : self.at + 5])}")
        if found[0] in self.w.functions or self.generic(found[0]):
            primed, at = found[1], 0
            while self.t[primed : primed + 1] == ["'"]:
                at += 1
                primed += 1
            sub = name_end(self.t, self.at)
            if self.t[primed : primed + 1] == ["("]:
                return self.apply(found[0], at, primed)
            del sub
        end = name_end(self.t, self.at)
        assert end is not None
        full = spelled(*parted_name(self.t[self.at : end]))
        if full in self.w.functions and self.t[end : end + 1] == ["("] and not self.w.known(full):
            return self.apply(full, 0, end)
        return self.value(end)

    def value(self, end):
        words = self.t[self.at : end]
        base, scripts = parted_name(words)
        if base in ("I", r"\mathbf{I}") and not self.w.known(base):
            self.at = end
            return Eye()
        if base in self.letters and not scripts and not self.w.known(base):
            self.at = end
            return float(self.letters[base] + 1)
        if (
            base in (r"\delta", r"\mathbf{\delta}")
            and scripts
            and not self.known_any(base, scripts)
        ):
            self.at = end
            pair = scripts[0][1]
            if len(scripts) == 1 and len(pair) == 2 and all(w in self.letters for w in pair):
                return 1.0 if self.letters[pair[0]] == self.letters[pair[1]] else 0.0
            return self.delta(scripts)
        # a square that is part of the name
        if self.t[end : end + 2] == ["^", "2"]:
            plain = spelled(base, scripts)
            if plain + "^{2}" in self.w.definitions and plain not in self.w.definitions:
                self.at = end + 2
                return self.w.lookup(plain + "^{2}", [], self.letters)
        if not scripts and base in self.w.sizes and not self.w.known(base):
            self.at = end
            return float(self.w.sizes[base])
        name, indices = self.resolve(words)
        self.at = end
        value = self.w.lookup(name, indices, self.letters)
        while self.peek() == "(":  # J(w): what it is a function of
            inner = self.t[self.at + 1 : self.matching(self.at, "(", ")")]
            body = self.w.functions.get(name)
            if body is None or [canonical(p) for p in parts_of(inner, (",", ";"))] != body[0]:
                break
            self.at = self.matching(self.at, "(", ")") + 1
        return value

    def generic(self, base: str) -> bool:
        found = base_of(self.t, self.at)
        assert found is not None
        after = found[1]
        while self.t[after : after + 1] == ["'"]:
            after += 1
        return (
            self.t[after : after + 1] == ["("]
            and not self.w.known(base)
            and base in ("f", "g", "h", r"\phi", r"\varphi", r"\psi", r"\mathrm{act}", "s")
            and f"{base} is generic" not in self.w.text
        )

    def apply(self, base: str, primes: int, at: int):
        self.at = at
        if base in self.w.functions:
            formals, body = self.w.functions[base]
            given = [self.sub(a) for a in self.arguments()]

            def call(*values):
                held, memo = self.w.held, self.w.memo
                self.w.held = {**held, **{(f, ()): v for f, v in zip(formals, values, strict=True)}}
                self.w.memo = {}
                try:
                    return self.w.evaluate(body, {})
                finally:
                    self.w.held, self.w.memo = held, memo

            if primes:
                value = given[0]
                if np.ndim(value) == 0:
                    return difference(lambda t: call(t), value, 1e-5)
                out = np.zeros_like(value)
                for place in np.ndindex(value.shape):
                    out[place] = difference(lambda t: squeeze(call(t)), float(value[place]), 1e-5)
                return out
            if len(given) == 1 and np.ndim(given[0]) and r"\begin" in body:
                return np.array([[call(float(v)) for v in row] for row in given[0]])
            return call(*given)
        value = self.bracketed()
        if primes > 1:
            raise Unread("second prime")
        return GENERIC[primes](value)

    def word(self) -> tuple[str, int]:
        word = self.peek()
        if word in (r"\mathrm", r"\text", r"\operatorname", r"\mathop", r"\textrm"):
            inner, end = group(self.t, self.at + 1)
            return "".join(inner), end
        if word in (r"\max", r"\min", r"\tr", r"\det", r"\vec", r"\diag"):
            return word[1:], self.at + 1
        rest = "".join(self.t[self.at : self.at + 9])
        for known in ("softmax", "sigmoid", "ReLU", "relu", "diag", "tanh", "sign"):
            if rest.startswith(known) and all(
                len(w) == 1 for w in self.t[self.at : self.at + len(known)]
            ):
                return known, self.at + len(known)
        return word, self.at + 1

    def called(self, end: int) -> bool:
        while self.t[end : end + 1] == ["'"]:
            end += 1
        return self.t[end : end + 1] == ["("] or not self.w.known(r"\sigma")

    def special(self, word: str, end: int):
        self.at = end
        if word in ("max", "min"):
            if self.peek() == r"\{":
                stop = self.matching(self.at, r"\{", r"\}")
                parts = parts_of(self.t[self.at + 1 : stop], (",",))
                self.at = stop + 1
            else:
                parts = self.arguments()
            values = [self.sub(p) for p in parts]
            made = values[0]
            for value in values[1:]:
                made = (np.maximum if word == "max" else np.minimum)(made, value)
            return squeeze(made) if np.ndim(made) == 0 else made
        value = self.operand()
        if word == "diag":
            if np.ndim(value) == 0:
                return value
            return np.diag(value.reshape(-1)) if 1 in value.shape else np.diag(value)[:, None]
        if isinstance(value, Eye) or np.ndim(value) == 0:
            raise Unread(f"{word} of no known size")
        if word == "vec":
            return value.reshape(-1, 1, order="F")
        if value.shape[0] != value.shape[1]:
            raise Misfit(word)
        return float(np.linalg.det(value) if word == "det" else np.trace(value))

    def function(self, name: str, end: int):
        self.at = end
        primes = 0
        while self.peek() == "'":
            primes += 1
            self.at += 1
        power = None
        if self.peek() == "^":
            words, self.at = group(self.t, self.at + 1)
            if "".join(words) == r"\prime":
                primes += 1
            else:
                power = words
        value = self.operand()
        plain, slope = FUNCTIONS[name]
        if primes > 1 or (primes and slope is None):
            raise Unread("prime")
        made = slope(value) if primes else plain(value)
        return made if power is None else made ** self.sub(power)
