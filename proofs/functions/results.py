"""The verdict on one gradient: how far off, where it shows first, and why.

The idea: the smallest call that fails is the one that a reader can follow by hand.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from derive import code
from derive.code.targets import NoCode
from derive.derivation.network import Network
from derive.kernel.expr import Expr
from derive.operators.pointwise import np
from proofs.functions.edits import Search
from proofs.functions.report import Case, Output
from proofs.functions.search import CUT_SHORT, cause
from proofs.functions.subject import Subject
from proofs.functions.sweep import Sweep
from proofs.functions.whole import Named, Trial, error
from proofs.functions.words import text_of


def output_of(
    node: Expr, name: str, trials: Sequence[Trial], everything: Mapping[Expr, Sequence[Trial]],
    of: Subject, sweep: Sweep,
) -> Output:  # fmt: skip
    """The verdict on the gradient of one node."""
    errors = [error(t.got, t.expected, t.noise, t.tolerance) for t in trials]
    wrong = [t for t, e in zip(trials, errors, strict=True) if not e <= t.tolerance]
    symbol = text_of(node)
    if not wrong:
        return Output(name, symbol, True, len(trials), max(errors))
    smallest = min(wrong, key=lambda t: (t.expected.size, sum(t.point.at.values()), t.seed))
    # The call that shows most is tried first: most edits are ruled out there.
    ordered = sorted(trials, key=lambda t: -t.expected.size if t in wrong else 0)
    found, several = _cause(node, ordered, everything, of, sweep)
    value = of.gradients[node]
    text = repr(value)
    return Output(
        name, symbol, False, len(trials), max(errors), found.code if found else None,
        _sentence(name, found, several), _case(smallest),
        f"grad_{of.words.names[node]} = {text}" if not text.startswith("<") else "",
        _latex(value), _code(value, of.words.names[node]),
    )  # fmt: skip


def _cause(
    node: Expr, trials: Sequence[Trial], everything: Mapping[Expr, Sequence[Trial]], of: Subject,
    sweep: Sweep,
) -> tuple[Named | None, list[Named]]:  # fmt: skip
    data = frozenset(v.var for v in _data(of.network) if v.var not in of.asked)
    search = Search(sweep, node, [t.point for t in trials], data)
    others = {
        of.words.names[other]: [_column(t.point.known[of.gradients[other]], of) for t in trials]
        for other in everything if other is not node
    }  # fmt: skip
    if of.columns:
        # Inside the sweep a vector has one axis; a column is compared as the vector that it is.
        flat = [_flat(t) for t in trials]
        if all(t.got.ndim == t.expected.ndim for t in trials):
            others = {
                name: [v[:, 0] if v.ndim == 2 and v.shape[1] == 1 else v for v in rows]
                for name, rows in others.items()
            }
            trials = flat
    return cause(trials, search, others)


def _flat(trial: Trial) -> Trial:
    if trial.expected.ndim == 2 and trial.expected.shape == trial.got.shape and (
        trial.expected.shape[1] == 1
    ):  # fmt: skip
        return replace(trial, got=trial.got[:, 0], expected=trial.expected[:, 0])
    return trial


def _column(array: Any, of: Subject) -> Any:
    return array[:, None] if of.columns and array.ndim == 1 else array


def _data(net: Network) -> list[Any]:
    return [v for v in net.variables if v.role in ("input", "target")]


def _sentence(name: str, found: Named | None, several: Sequence[Named]) -> str:
    if found is not None:
        verb = found.says.split(" ", 1)[0]
        return f"{name} {found.says}" if verb in ("is", "has") else f"in {name}, {found.says}"
    if several == [CUT_SHORT]:
        return f"{name} differs from the derived gradient; {CUT_SHORT.says}"
    if several:
        codes = list(dict.fromkeys(n.code for n in several))
        rows = [next(n for n in several if n.code == c) for c in codes]
        return "several mistakes would give this: " + "; or ".join(n.says for n in rows)
    return f"{name} differs from the derived gradient, and no one mistake that is known explains it"


def _case(trial: Trial) -> Case:
    entry = None
    if trial.got.shape == trial.expected.shape:
        far = np.abs(trial.got - trial.expected)
        entry = tuple(int(k) for k in np.unravel_index(int(np.argmax(far)), far.shape))
    return Case(dict(trial.point.at), trial.seed, trial.got, trial.expected, entry)


def _latex(value: Expr) -> str:
    try:
        return value.latex()
    except ValueError:  # nested too deep to be read
        return ""


def _code(value: Expr, name: str) -> str:
    """The derived gradient as a NumPy function; empty where a word of it has no spelling."""
    try:
        text = code.source(value, "numpy", f"grad_{name}")
    except (NoCode, OverflowError, ValueError):
        return ""
    return text[text.index("def grad_") :].rstrip("\n")
