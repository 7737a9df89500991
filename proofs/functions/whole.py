"""Mistakes in an answer as a whole: transposed, a sign, a factor, a sum that was forgotten.

The idea: each row looks at every point at which the function was called; it holds only if it
explains all of them, and it says what it found in the names and sizes of the network.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from derive.derivation.points import Point
from derive.operators.pointwise import np


@dataclass(frozen=True, slots=True, eq=False)
class Trial:
    """One call: the point, what was expected and what came back, by output, and how exact it can
    be.  ``scalars`` are the values of the scalar variables there, by name."""

    point: Point
    seed: int
    expected: Any
    got: Any
    noise: float
    tolerance: float
    scalars: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Named:
    """A mistake by its code, and one sentence (without the name of the output)."""

    code: str
    says: str


def error(got: Any, expected: Any, noise: float, tolerance: float) -> float:
    """The largest difference relative to the largest entry; infinite where shapes differ."""
    if got.shape != expected.shape:
        return float("inf")
    if not np.all(np.isfinite(got)):
        return float("inf")
    scale = max(float(np.max(np.abs(a), initial=0.0)) for a in (got, expected))
    largest = float(np.max(np.abs(got - expected), initial=0.0))
    return largest / max(scale, noise / tolerance) if largest else 0.0


def close(got: Any, expected: Any, trial: Trial) -> bool:
    return error(np.asarray(got), np.asarray(expected), trial.noise, trial.tolerance) <= (
        trial.tolerance
    )


def whole(trials: Sequence[Trial], others: Mapping[str, Sequence[Any]]) -> list[Named]:
    """Every row that explains all the trials; ``others`` are the gradients of other outputs."""
    found = [*_shapes(trials), *_arrangements(trials)]
    for name, values in others.items():
        if all(close(t.got, value, t) for t, value in zip(trials, values, strict=True)):
            found.append(Named("swapped-outputs", f"is the gradient of {name}"))
    if found:
        return found
    if all(not np.any(t.got) for t in trials):
        return [Named("zero", "is 0 everywhere")]
    return [*_factors(trials)]


def _shapes(trials: Sequence[Trial]) -> Iterator[Named]:
    """The right numbers in an array of another shape."""
    differing = [t for t in trials if t.got.shape != t.expected.shape]
    if not differing:
        return
    first = differing[0]
    shapes = f"shape {first.got.shape}, not {first.expected.shape}"
    if all(close(t.got.reshape(t.expected.shape), t.expected, t)
           if t.got.size == t.expected.size and _unpadded(t.got) == _unpadded(t.expected)
           else False for t in trials):  # fmt: skip
        yield Named("wrong-shape", f"has the right entries in {shapes}")
        return
    axes = {t.got.ndim - t.expected.ndim for t in differing}
    if axes == {1}:
        for axis in range(first.got.ndim):
            if all(_reduces(t, axis, np.sum) for t in trials):
                yield Named("not-summed", f"is not summed over axis {axis}: {shapes}")
            elif all(_reduces(t, axis, np.mean) for t in trials):
                yield Named("not-summed", f"is repeated along axis {axis}: {shapes}")
    if axes == {-1} or (first.got.shape == () and first.expected.ndim):
        ways: list[Any] = [(k,) for k in range(first.expected.ndim)]
        ways += [tuple(range(first.expected.ndim))] if first.expected.ndim > 1 else []
        for way in ways:
            if all(close(t.got, t.expected.sum(axis=way), t) for t in trials):
                over = " and ".join(map(str, way))
                yield Named("summed", f"is summed over axis {over}, which the gradient keeps")


def _unpadded(array: Any) -> tuple[int, ...]:
    return tuple(n for n in array.shape if n != 1)


def _reduces(trial: Trial, axis: int, how: Any) -> bool:
    got, expected = trial.got, trial.expected
    return got.ndim == expected.ndim + 1 and close(how(got, axis=axis), expected, trial)


def _arrangements(trials: Sequence[Trial]) -> Iterator[Named]:
    if trials[0].expected.ndim < 2:
        return
    # Without a point at which both differ, transposing explains nothing.
    if all(close(t.got.T, t.expected, t) for t in trials):
        differing = next((t for t in trials if t.got.shape != t.expected.shape), None)
        also = (
            f": it has shape {differing.got.shape}, the gradient {differing.expected.shape}"
            if differing else ""
        )  # fmt: skip
        yield Named("transposed-answer", f"is transposed{also}")
    elif all(close(-t.got.T, t.expected, t) for t in trials):
        yield Named("transposed-answer", "is transposed, and has the wrong sign")


def _factors(trials: Sequence[Trial]) -> Iterator[Named]:
    """A factor, the same for all entries: a number, a size, a scalar of the network."""
    ratios: list[tuple[Trial, float]] = []
    for t in trials:
        if t.got.shape != t.expected.shape:
            return
        square = float(np.sum(t.expected * t.expected))
        if square == 0.0:
            if np.any(np.abs(t.got) > t.noise):
                return
            continue
        ratio = float(np.sum(t.expected * t.got)) / square
        if not close(t.got, ratio * t.expected, t):
            return
        ratios.append((t, ratio))
    if not ratios or any(ratio == 0 for _, ratio in ratios):
        return
    loose = 10 * max(t.tolerance for t, _ in ratios)
    if _constant(values := [ratio for _, ratio in ratios], loose):
        # One call shows a sign; a number seen once may be anything, a size or an accident.
        plain = _fraction(values[0])
        if plain == -1 or len(ratios) >= (2 if plain is not None else 3):
            yield _constant_factor(values[0])
        return
    names = sorted({*ratios[0][0].point.at, *ratios[0][0].scalars})
    monomials = [((a, 1),) for a in names] + [((a, -1),) for a in names]
    monomials += [
        ((a, p), (b, q)) for k, a in enumerate(names) for b in names[k:]
        for p in (1, -1) for q in (1, -1) if a != b or p == q
    ]  # fmt: skip
    for monomial in monomials:
        powers = [_power(t, monomial) for t, _ in ratios]
        if 0.0 in powers:
            continue
        rest = [ratio / power for (_, ratio), power in zip(ratios, powers, strict=True)]
        if _constant(rest, loose) and (text := _fraction(rest[0])) is not None:
            yield Named("factor", f"is {_product(text, monomial)} times the gradient")
            return


def _constant(values: Sequence[float], loose: float) -> bool:
    return max(values) - min(values) <= loose * max(map(abs, values))


def _power(trial: Trial, monomial: Sequence[tuple[str, int]]) -> float:
    total = 1.0
    for name, power in monomial:
        value = trial.point.at.get(name, trial.scalars.get(name, 0.0))
        total *= float(value) ** power if value else 0.0
    return total


def _fraction(value: float) -> Fraction | None:
    near = Fraction(value).limit_denominator(60)
    return near if near and abs(value - float(near)) <= 1e-4 * abs(value) else None


def _product(count: Fraction, monomial: Sequence[tuple[str, int]]) -> str:
    over = ([str(abs(count.numerator))] if abs(count.numerator) != 1 else []) + [
        name for name, power in monomial if power > 0
    ]
    under = ([str(count.denominator)] if count.denominator != 1 else []) + [
        name for name, power in monomial if power < 0
    ]
    text = " ".join(over) or "1"
    if under:
        text += f"/{under[0]}" if len(under) == 1 else f"/({' '.join(under)})"
    return f"-{text}" if count < 0 else text


def _constant_factor(value: float) -> Named:
    near = _fraction(value)
    if near == -1:
        return Named("sign", "has the wrong sign")
    text = str(near) if near is not None else f"{value:.6g}"
    return Named("factor", f"is {text} times the gradient")
