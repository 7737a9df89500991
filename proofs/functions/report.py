"""What was found of a backward function, as data, and how it shows itself.

The idea: one verdict for each gradient, with the smallest case that shows it, the mistake if it has
a name, and the derived gradient beside it as a formula and as code.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from html import escape
from typing import Any

from derive.operators.pointwise import np


@dataclass(frozen=True, slots=True)
class Case:
    """One call that shows a wrong gradient, and its worst entry (counted from 0, as in code).

    ``got`` and ``expected`` are whole arrays; ``entry`` is None where their shapes differ.
    """

    sizes: Mapping[str, int]
    seed: int
    got: Any
    expected: Any
    entry: tuple[int, ...] | None


@dataclass(frozen=True, slots=True)
class Output:
    """One gradient of the function.

    ``name`` is what the function calls it, ``of`` the symbol (LaTeX) that it is the gradient of.
    ``error`` is the largest relative difference over ``compared`` calls, infinite where a shape
    differs.  ``mistake`` is a code, or None where it is right or no one kind of mistake explains
    it; ``message`` says it in a sentence.  ``latex`` and ``code`` are the derived gradient.
    """

    name: str
    of: str
    ok: bool
    compared: int
    error: float = 0.0
    mistake: str | None = None
    message: str = ""
    case: Case | None = None
    text: str = ""
    latex: str = ""
    code: str = ""


@dataclass(frozen=True, slots=True)
class Trouble:
    """What is wrong with the function itself: it raised, or wrote into its inputs."""

    code: str
    message: str
    sizes: Mapping[str, int]
    seed: int
    help: str = ""
    exception: BaseException | None = None


@dataclass(frozen=True, slots=True)
class FunctionReport:
    """The verdict on a backward function: every gradient, troubles, and what was read how.

    ``ok`` is true where every gradient agrees at every point and there are no troubles.  Agreement
    at points proves nothing; a difference is one.
    """

    function: str
    framework: str
    dtype: str
    outputs: tuple[Output, ...]
    troubles: tuple[Trouble, ...] = ()
    notes: tuple[str, ...] = ()
    sizes: tuple[Mapping[str, int], ...] = ()

    @property
    def ok(self) -> bool:
        return bool(self.outputs) and not self.troubles and all(o.ok for o in self.outputs)

    @property
    def mistakes(self) -> dict[str, str | None]:
        """The code of the mistake in each wrong gradient, by the name of the output."""
        return {o.name: o.mistake for o in self.outputs if not o.ok}

    def assert_ok(self) -> None:
        """AssertionError with the whole report unless all is right; for a test of one's own."""
        if not self.ok:
            raise AssertionError(str(self))

    def __str__(self) -> str:
        return "\n".join(self._lines())

    __repr__ = __str__

    def _repr_html_(self) -> str:
        return f"<pre>{escape(str(self))}</pre>"

    def _headline(self) -> str:
        wrong = sum(not o.ok for o in self.outputs)
        calls = f"{len(self.sizes)} calls, {self.framework} {self.dtype}"
        if self.ok:
            count = len(self.outputs)
            said = "the gradient agrees" if count == 1 else f"all {count} gradients agree"
            return f"{self.function}: {said} with the derivation ({calls})"
        if wrong:
            of = f"{wrong} of {len(self.outputs)} gradients" if len(self.outputs) > 1 else (
                "its gradient")  # fmt: skip
            return f"{self.function}: {of} {'is' if wrong == 1 else 'are'} wrong ({calls})"
        return f"{self.function}: not accepted ({calls})"

    def _lines(self) -> list[str]:
        rows = [self._headline()]
        width = max([len(o.name) for o in self.outputs], default=0)
        for o in self.outputs:
            if o.ok:
                some = f" in {o.compared} calls" if o.compared < len(self.sizes) else ""
                row = f"ok, largest relative error {o.error:.1e}{some}"
                rows.append(f"  {o.name.ljust(width)}  {row}")
                continue
            code = f"[{o.mistake}]" if o.mistake else ""
            rows.append(f"  {o.name.ljust(width)}  wrong{code}: {o.message}")
            if o.case is not None:
                rows.append(f"      {_where(o.case.sizes, o.case.seed)}: {_worst(o.case)}")
            if o.text:
                rows.append(f"      derived: {o.text}")
            rows += [f"      {line}" for line in o.code.splitlines()]
        for trouble in self.troubles:
            rows.append(f"  error[{trouble.code}]: {trouble.message}")
            rows.append(f"      {_where(trouble.sizes, trouble.seed)}")
            if trouble.help:
                rows.append(f"      help: {trouble.help}")
        rows += [f"  note: {note}" for note in self.notes]
        return rows


def _where(sizes: Mapping[str, int], seed: int) -> str:
    at = ", ".join(f"{name}={n}" for name, n in sorted(sizes.items()))
    return f"at {at}, seed {seed}" if at else f"at seed {seed}"


def _worst(case: Case) -> str:
    if case.entry is None:
        return f"shape {case.got.shape}, expected {case.expected.shape}"
    got, expected = case.got[case.entry], case.expected[case.entry]
    if not case.entry:
        return f"got {_number(got)}, expected {_number(expected)}"
    entry = ", ".join(map(str, case.entry))
    return f"entry [{entry}] is {_number(got)}, expected {_number(expected)}"


def _number(value: Any) -> str:
    return np.format_float_positional(value, precision=6, trim="-") if (
        1e-4 <= abs(value) < 1e7 or value == 0
    ) else f"{value:.6g}"  # fmt: skip
