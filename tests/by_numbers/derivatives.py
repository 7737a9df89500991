"""Derivatives: fractions of partials, nablas, deltas; the name that stands below.

The idea: whatever is above is run again with the name below moved a little.
"""

from __future__ import annotations

import re

from tests.by_numbers.arithmetic import Arithmetic
from tests.by_numbers.names import group, is_transpose, name_end, parted_name, parts_of, spelled
from tests.by_numbers.text import TOKEN
from tests.by_numbers.values import Unread, entrywise


def upright(words: list[str]) -> list[str]:
    """\\mathrm{d} is d."""
    text = " ".join(words).replace(r"\mathrm { d }", "d").replace(r"\mathrm d", "d")
    return text.split(" ")


class Derivatives(Arithmetic):
    """Derivatives of what stands around them."""

    def fraction(self):
        top, at = group(self.t, self.at + 1)
        bottom, at = group(self.t, at)
        made = self.derivative_fraction(top, bottom, at)
        if made is not None:
            return made
        self.at = at
        return entrywise(self.sub(top), self.sub(bottom), lambda a, b: a / b)

    def derivative_fraction(self, top, bottom, at):
        marks = (r"\partial", "d")
        if not top or top[0] not in (*marks, r"\mathrm") or not bottom:
            return None
        top, bottom = upright(top), upright(bottom)
        if top[0] not in marks or bottom[0] not in marks:
            return None
        if top[0] == "d" and self.w.known("d") and len(top) == 1:
            return None
        second = top[1:2] == ["^"]
        if second:
            return self.second_order(top[3:], bottom, at)
        target = self.target(bottom[1:])
        if len(top) > 1:
            self.at = at
            body = top[1:]
            return self.w.derivative(lambda: self.sub(body), target, self.letters)
        # operator: applies to the one factor that follows
        self.at = at
        start = self.at

        def inside():
            part = type(self)(self.w, self.t, self.letters)
            part.at = start
            value = part.factor() if part.peek() in ("(", "[", r"\{") else part.run()
            self.at = part.at
            return value

        return self.w.derivative(inside, target, self.letters)

    def second_order(self, top, bottom, at):
        parts = parts_of(bottom, (r"\partial", "d"))
        names = []
        for part in parts:
            part = list(part)
            squared = len(part) > 2 and part[-2:] == ["^", "2"]
            if squared:
                part = part[:-2]
            for _ in range(2 if squared else 1):
                names.append(self.target(part))
        if len(names) != 2:
            raise Unread("second order")
        self.at = at
        self.w.step = 1e-4

        def first():
            return self.w.derivative(lambda: self.sub(top), names[1], self.letters)

        try:
            value = self.w.derivative(first, names[0], self.letters)
        finally:
            del self.w.step
        return value

    def target(self, words: list[str]) -> tuple[str, list[int]]:
        end = name_end(words, 0)
        if end is not None and words[end : end + 1] == ["^"]:
            mark, after = group(words, end + 1)
            if is_transpose(mark) and after == len(words):
                words = words[:end]
        end = name_end(words, 0)
        if end != len(words):
            raise Unread("derivative by " + "".join(words))
        return self.resolve(words)

    def resolve(self, words: list[str]) -> tuple[str, list[int]]:
        """The longest known name, and indices for the rest."""
        base, scripts = parted_name(words)
        if self.w.known(spelled(base, scripts)):
            return spelled(base, scripts), []
        # A family, or the entries of an array.
        for digits in (False, True):
            kept, rest = [], []
            for mark, part in scripts:
                plain = [w for w in part if w not in ",(){}[]"]
                if plain and all(p in self.letters or (digits and p.isdigit()) for p in plain):
                    rest += plain
                else:
                    kept.append((mark, part))
            bold = re.sub(r"([a-zA-Z])(\}*)$", r"\\mathbf{\1}\2", base) + spelled("", kept)
            for name in (spelled(base, kept) + "#", spelled(base, kept), bold):
                if self.w.known(name):
                    return name, [self.index(w) for w in rest]
        raise Unread("unknown name " + "".join(words))

    def slashed(self):
        """\\partial L / \\partial W"""
        self.at += 1
        end = name_end(self.t, self.at)
        top = self.t[self.at : end]
        assert end is not None
        if self.t[end : end + 2] != ["/", r"\partial"]:
            raise Unread("partial")
        stop = name_end(self.t, end + 2)
        target = self.target(self.t[end + 2 : stop])
        self.at = stop
        return self.w.derivative(lambda: self.sub(top), target, self.letters)

    def differential(self, at: int):
        """d of what follows: what it changes by where every variable x changes by its dx."""
        end = name_end(self.t, at)
        if end is not None:
            name = spelled(*parted_name(self.t[at:end]))
            if name in self.w.changes.varied and self.t[end : end + 1] not in (["^"], ["_"]):
                self.at = end
                return self.w.changes.of(name)

        def inside():
            part = type(self)(self.w, self.t, self.letters)
            part.at = at
            value = part.factor()
            self.at = part.at
            return value

        return self.w.changes.along(inside)

    def gradient(self):
        self.at += 1
        if self.peek() == "^":
            return self.hessian()
        target = None
        if self.peek() == "_":
            words, self.at = group(self.t, self.at + 1)
            target = self.target(words)
            if self.peek() == "^":
                self.at = group(self.t, self.at + 1)[1]
                return self.twice(target)
        start = self.at

        def inside():
            part = type(self)(self.w, self.t, self.letters)
            part.at = start
            value = part.base()
            while part.peek() == "^" and not is_transpose(group(part.t, part.at + 1)[0]):
                words, part.at = group(part.t, part.at + 1)
                value = part.power(value, words)
            if part.peek() == "(":  # J(theta)
                part.at = part.matching(part.at, "(", ")") + 1
            self.at = part.at
            return value

        if target is None:
            raise Unread("nabla without a name")
        return self.w.derivative(inside, target, self.letters)

    def hessian(self):
        words, self.at = group(self.t, self.at + 1)
        words, self.at = group(self.t, self.at + 1)
        return self.twice(self.target(words))

    def twice(self, target):
        start = self.at

        def inside():
            part = type(self)(self.w, self.t, self.letters)
            part.at = start
            value = part.base()
            self.at = part.at
            return value

        self.w.step = 1e-4
        try:
            return self.w.derivative(
                lambda: self.w.derivative(inside, target, self.letters), target, self.letters
            )
        finally:
            del self.w.step

    def known_any(self, base, scripts) -> bool:
        return self.w.known(spelled(base, scripts)) or self.w.known(base + "#")

    def delta(self, scripts):
        loss = self.w.loss
        if not loss:
            raise Unread("delta without a loss")
        mark, words = scripts[0]
        if mark == "_" and not self.w.delta:
            target = self.resolve(words)
        elif self.w.delta:
            base, own = parted_name(TOKEN.findall(self.w.delta))
            target = self.resolve(
                [*TOKEN.findall(base), *(x for m, p in [*own, *scripts] for x in (m, "{", *p, "}"))]
            )
        else:
            raise Unread("delta of what")
        return self.w.derivative(lambda: self.sub(loss), target, self.letters)
