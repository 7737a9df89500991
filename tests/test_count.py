"""Parameter counts, in the letters and the order of the document."""

from __future__ import annotations

import pytest

from derive.derivation.count import parameters
from derive.kernel.expr import Var
from derive.kernel.sizes import Axis, size, sizes

k, m, n, l = sizes("k m n l")  # noqa: E741


def variables(*shapes: tuple[Axis, ...]) -> list[Var]:
    return [Var(f"W_{place}", axes) for place, axes in enumerate(shapes, 1)]


@pytest.mark.parametrize(
    ("shapes", "text"),
    [
        ([(m, n), (m,), (m, n), (l, m), (l,)], "2mn + lm + m + l"),
        ([(n, m)], "nm"),
        ([(n,), (m, n)], "mn + n"),
        ([(m, n), (n, m)], "2mn"),
        ([(n, n), (n,)], "n^2 + n"),
        ([(10, 784), (10,)], "7850"),
        ([(m, 1), (1,)], "m + 1"),
        ([(m, n - k + 1)], "mn - mk + m"),
        ([(), ()], "2"),
        ([], "0"),
        ([(size("n_1"), size("n_0")), (size("n_1"),)], "n_1 n_0 + n_1"),
        ([(size(r"\ell"), m)], r"\ell m"),
    ],
)
def test_counts_as_people_write_them(shapes, text) -> None:
    assert parameters(variables(*shapes)).latex() == text


def test_each_parameter_counts_once_and_has_its_row() -> None:
    (a, b) = variables((m, n), (m,))
    count = parameters([a, b, a])
    assert count.latex() == "mn + m"
    assert [(v, own.latex()) for v, own in count.rows] == [(a, "mn"), (b, "m")]
    assert count.at({"m": 3, "n": 4}) == 15
    assert sum(own.at({"m": 3, "n": 4}) for _, own in count.rows) == 15


def test_a_missing_size_is_named() -> None:
    with pytest.raises(KeyError, match="n"):
        parameters(variables((m, n))).at({"m": 3})
