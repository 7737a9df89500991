"""A function called at every point, and the report of it.

The idea: each call is compared on its own; a cause is looked for afterwards, over all calls at
once, since a mistake explains a wrong answer only if it explains every answer.
"""

from __future__ import annotations

import traceback
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from derive.derivation.points import Point
from derive.diagnostics import DeriveError, Diagnostic
from derive.kernel.expr import Expr
from derive.meaning.evaluate import evaluate
from derive.operators.pointwise import np
from proofs.functions import trials as points
from proofs.functions.answers import Answers, sorted_answers
from proofs.functions.arguments import passed
from proofs.functions.frameworks import (
    as_numpy,
    changed,
    differentiated,
    given,
    is_torch_function,
    session,
)
from proofs.functions.report import FunctionReport, Trouble
from proofs.functions.results import output_of
from proofs.functions.subject import Subject
from proofs.functions.sweep import Sweep
from proofs.functions.whole import Trial, close

TOLERANCE = {"float64": 1e-6, "float32": 2e-3, "float16": 5e-2}
ROUNDING = {"float64": 2.2e-16, "float32": 1.2e-7, "float16": 1e-3}


@dataclass(slots=True)
class Record:
    """What all calls gave, while they are made."""

    of: Subject
    terms: points.Terms
    trials: dict[Expr, list[Trial]] = field(default_factory=dict)
    names: dict[Expr, str] = field(default_factory=dict)
    failed: dict[Expr, tuple[str, str, Mapping[str, int], int]] = field(default_factory=dict)
    troubles: dict[tuple[str, str], Trouble] = field(default_factory=dict)
    notes: dict[str, None] = field(default_factory=dict)
    sizes: list[Mapping[str, int]] = field(default_factory=list)

    def trouble(self, code: str, message: str, at: Point, seed: int, help: str = "",
                exception: BaseException | None = None, key: str = "") -> None:  # fmt: skip
        """The smallest case of each kind of trouble is kept."""
        known = self.troubles.get((code, key))
        if known is None or sum(at.at.values()) < sum(known.sizes.values()):
            self.troubles[code, key] = Trouble(code, message, at.at, seed, help, exception)


def checked(of: Subject, seed: int, count: int) -> FunctionReport:
    """The report on a subject.  DeriveError where no point is found at which it has a gradient."""
    terms = points.terms(
        of.root, [of.gradients[v] for v in of.asked], of.asked,
        [*of.gradients.values(), *of.nodes, of.output, of.upstream], of.domains,
    )  # fmt: skip
    record = Record(of, terms)
    if of.plan.note:
        record.notes[of.plan.note] = None
    with session(of.framework, of.dtype):
        for at, own in points.cases(terms, of.sizes, seed, count):
            if points.entries(terms, at) > points.MOST_ENTRIES:
                message = f"its arrays have more than {points.MOST_ENTRIES:,} entries"
                raise DeriveError(Diagnostic("too-large", message, help="fix smaller sizes=.."))
            found = points.point(terms, at, own, of.dtype)
            if found is not None:
                _call(record, found, own)
    if not record.sizes:
        raise DeriveError(Diagnostic(
            "no-point", "no point was found at which every value of the network is finite",
            help="declare where its variables live, as in $0 < p < 1$",
        ))  # fmt: skip
    return _report(record)


def _call(record: Record, at: Point, seed: int) -> None:
    first = not record.sizes
    record.sizes.append(at.at)
    try:
        answers, touched = _answers(record, at)
        again = _answers(record, at)[0] if first else None
    except Exception as exception:  # the function's own, whatever it is
        _raised(record, exception, at, seed)
        return
    for name in touched:
        record.trouble("modified-input", f"it writes into its argument {name}", at, seed,
                       f"work on a copy: {name} = {name}.copy()", key=name)  # fmt: skip
    if answers.fault is not None:
        code, message, help = answers.fault
        record.trouble(code, message, at, seed, help)
    for key in answers.ignored:
        record.notes[f"{key} is no gradient of the network, and is not compared"] = None
    _compare(record, answers, again, at, seed)


def _answers(record: Record, at: Point) -> tuple[Answers, list[str]]:
    """One call with fresh arrays, and the names of the arguments that it wrote into."""
    of = record.of
    before: dict[str, Any] = {}
    handed: dict[str, Any] = {}

    def array(node: Expr) -> Any:
        value = np.asarray(at.known[node])
        domain = of.domains.get(node)
        if domain is not None and domain.classes is not None:
            value = value.astype(int) - of.from_zero
            name = of.words.names[node]
            if not of.from_zero:
                record.notes[f"{name} counts classes from 1, as the network does"] = None
        if of.columns and value.ndim == 1:
            value = value[:, None]
        name = of.words.names.get(node, "the upstream gradient")
        # One array for one node, however often it is passed: so does a caller.
        if name not in handed:
            handed[name] = given(of.framework, value, of.dtype)
            before[name] = np.array(as_numpy(handed[name]))
        return handed[name]

    ordered = [passed(value, array, at.at) for _, value in of.plan.positional]
    by_name = {name: passed(value, array, at.at) for name, value in of.plan.named}
    if of.own_backward:
        return _own_backward(record, at, ordered), changed(before, handed)
    result = of.function(*ordered, **by_name)
    known = frozenset(of.nodes) | {of.output}
    answers = sorted_answers(result, of.asked, of.words, known)
    if of.output not in of.asked and of.output in answers.gradients:
        answers.value = answers.gradients.pop(of.output)
    return answers, changed(before, handed)


def _own_backward(record: Record, at: Point, ordered: list[Any]) -> Answers:
    of = record.of
    nodes = [value if isinstance(value, Expr) else None for _, value in of.plan.positional]
    wrt = [
        k for k, node in enumerate(nodes)
        if node is not None and node in of.gradients
        and (d := of.domains.get(node)) is not None and d.classes is None
    ]  # fmt: skip
    if of.explicit:
        wrt = [k for k in wrt if nodes[k] in of.asked]
    upstream = given(of.framework, np.asarray(at.known[of.upstream]), of.dtype)

    def cotangent(out: Any) -> Any:
        shape = tuple(getattr(out, "shape", ()))
        expected = tuple(at.known[of.output].shape)
        if shape != expected:
            raise ValueError(f"its forward gives shape {shape}, the network {expected}")
        return upstream

    out, found = differentiated(of.function, ordered, wrt, cotangent, of.framework)
    answers = Answers(value=out)
    for k, value in found.items():
        node = nodes[k]
        assert node is not None
        if value is None and node not in of.asked:
            record.notes[f"it gives no gradient of {of.words.names[node]}"] = None
        elif value is not None:
            answers.gradients[node] = value
            answers.names[node] = f"d{of.words.names[node]}"
    return answers


def _raised(record: Record, exception: Exception, at: Point, seed: int) -> None:
    """The function's own exception, with the line of the function at which it was raised."""
    own = getattr(getattr(record.of.function, "__code__", None), "co_filename", None)
    frames = traceback.extract_tb(exception.__traceback__)
    lines = [frame.line for frame in frames if frame.filename == own and frame.line]
    where = f" in: {lines[-1]}" if lines else ""
    text = str(exception).splitlines()
    said = f"{type(exception).__name__}{': ' + text[0] if text else ''}"
    record.trouble("raised", f"it raises {said}{where}", at, seed, exception=exception)


def _compare(record: Record, answers: Answers, again: Answers | None, at: Point, seed: int) -> None:
    of = record.of
    if answers.fault is None:
        for node in of.asked:
            if node not in answers.gradients:
                name = of.words.names[node]
                record.trouble("missing-output", f"it returns no gradient of {name}", at, seed,
                               f"return it under 'd{name}', or leave {name} out with wrt=[..]",
                               key=name)  # fmt: skip
    for node, raw in answers.gradients.items():
        name = record.names.setdefault(node, answers.names[node])
        array = _array(record, name, raw, at, seed)
        if array is None:
            continue
        dtype = array.dtype.name if array.dtype.name in TOLERANCE else of.dtype
        if TOLERANCE[dtype] > TOLERANCE[of.dtype]:
            record.notes[f"{name} is {dtype} though its inputs are {of.dtype}"] = None
        elif array.dtype.kind in "iub" and array.size and of.gradients[node].kids:
            record.notes[f"{name} is an array of {array.dtype.name}"] = None
        expected = np.asarray(at.known[of.gradients[node]])
        if of.columns and expected.ndim == 1:
            expected = expected[:, None]
        got = array.astype(float)
        if expected.shape == () and got.size == 1:
            got = got.reshape(())
        noise = 100 * ROUNDING[dtype] * points.largest(record.terms, at)
        loose = max(TOLERANCE[dtype], TOLERANCE[of.dtype])
        values = points.scalars(record.terms, at, of.words.names)
        trial = Trial(at, seed, expected, got, noise, loose, values)
        record.trials.setdefault(node, []).append(trial)
        if again is not None and node in again.gradients:
            second = as_numpy(again.gradients[node])
            if second.shape != array.shape or not close(second.astype(float), array.astype(float),
                                                        trial):  # fmt: skip
                record.trouble("not-repeatable", f"{name} is another one when it is called again",
                               at, seed, "start each call from zeros", key=name)  # fmt: skip
    if answers.value is not None:
        _value(record, answers.value, at, seed)


def _array(record: Record, name: str, raw: Any, at: Point, seed: int) -> Any:
    """A gradient as a NumPy array; None, and the trouble recorded, if it is no such thing."""
    try:
        array = as_numpy(raw)
    except (TypeError, ValueError) as refused:
        kind = type(raw).__name__
        said = str(refused) if raw is not None else "not an array"
        record.trouble("not-an-array", f"{name} is {kind}, {said.splitlines()[0]}", at, seed,
                       "return an array of floats", key=name)  # fmt: skip
        return None
    if array.dtype.kind == "c":
        record.trouble("wrong-dtype", f"{name} is an array of {array.dtype.name}", at, seed,
                       "a gradient is real", key=name)  # fmt: skip
        return None
    if not np.all(np.isfinite(array)):
        what = "nan" if np.any(np.isnan(array)) else "infinite"
        record.trouble("not-finite", f"{name} is {what} where the gradient is finite", at, seed,
                       key=name)  # fmt: skip
        return None
    return array


def _value(record: Record, raw: Any, at: Point, seed: int) -> None:
    """The output itself, where the function returns it too."""
    of = record.of
    try:
        got = as_numpy(raw).astype(float)
    except (TypeError, ValueError):
        return
    expected = evaluate(of.output, at.known, at.at)
    if of.columns and expected.ndim == 1:
        expected = expected[:, None]
    loose = TOLERANCE[of.dtype]
    noise = 100 * ROUNDING[of.dtype] * points.largest(record.terms, at)
    trial = Trial(at, seed, expected, got, noise, loose, {})
    if got.size == 1 and expected.size == 1:
        got = got.reshape(expected.shape)
    if not close(got, expected, trial):
        name = of.words.names.get(of.output, "the output")
        kind = "its forward" if is_torch_function(of.function) else "it"
        said = f"{_short(got)}, and {name} is {_short(expected)}"
        record.trouble("forward-differs", f"{kind} computes {said}", at, seed,
                       "is this the network of the function?")  # fmt: skip


def _short(array: Any) -> str:
    first = f"{float(array.flat[0]):.6g}" if array.size else "nothing"
    if array.size == 1:
        return first
    return f"an array of shape {array.shape} that starts with {first}"


def _report(record: Record) -> FunctionReport:
    of = record.of
    sweep = Sweep(of.root, of.nodes)
    # What is nearest to the loss is looked at first: there the causes are fewest.
    found = {
        node: output_of(node, record.names[node], record.trials[node], record.trials, of, sweep)
        for node in sorted(of.nodes, key=lambda node: len(sweep.above(node)))
        if record.trials.get(node)
    }
    outputs = [found[node] for node in of.nodes if node in found]
    return FunctionReport(
        of.name, of.framework, of.dtype, tuple(outputs), tuple(record.troubles.values()),
        tuple(record.notes), tuple(record.sizes),
    )  # fmt: skip
