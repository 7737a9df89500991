"""One count that is asked for or claimed, with its worked line.

The idea: question and claim are one thing; a claim has, besides the result, the number it states.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from derive.kernel.sizes import Axis

Extent: TypeAlias = "tuple[Axis, ...]"


class Custom(str):
    """What is customary and a text does not say: no claim is wrong for choosing otherwise."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Counted:
    """An answer: ``left`` and ``steps`` are LaTeX, the last of them the result.

    ``value`` is the result, ``assumed`` what was taken for it, ``missing`` why there is none;
    ``claimed`` what the text says it is.  ``kind`` ``network``: the parameters of the network of
    the document, which are counted elsewhere.
    """

    kind: str
    span: tuple[int, int]
    left: str
    steps: tuple[str, ...] = ()
    value: Axis | Extent | None = None
    assumed: tuple[str, ...] = ()
    missing: str = ""
    claimed: Axis | Extent | None = None
    slips: tuple[tuple[str, Axis | Extent], ...] = ()
    also: tuple[tuple[str, Axis | Extent], ...] = ()  # right under a condition

    @property
    def result(self) -> str:
        """The last step, as it stands behind the sign of equality."""
        return self.steps[-1]

    @property
    def asks(self) -> bool:
        return self.claimed is None

    @property
    def free(self) -> bool:
        """Whether it rests on a choice that the text does not make."""
        return any(isinstance(said, Custom) for said in self.assumed)

    @property
    def right(self) -> bool:
        return self.claimed == self.value or bool(self.condition)

    @property
    def condition(self) -> str:
        """Under which a claim is right, in words."""
        if self.claimed == self.value:
            return ""
        return next((says for says, value in self.also if value == self.claimed), "")

    @property
    def slip(self) -> str:
        """What was forgotten where a claim is wrong, in words."""
        return next((says for says, value in self.slips if value == self.claimed), "")
