"""The JSON of every command; ``docs/json.md`` describes it for those who read it.

The idea: plain dictionaries of strings and numbers, with LaTeX wherever a formula stands.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from derive.counting.lines import chained
from derive.diagnostics import Diagnostic, Source
from derive.latex.print import latex
from derive.notation.plain import plain
from derive.tree import Tree
from derive.writing.write import symbol

if TYPE_CHECKING:
    from derive.app.checked.words import Told
    from derive.app.problems import Solved
    from derive.app.sheet import Text
    from derive.app.solve import Solution
    from derive.counting.counted import Counted
    from derive.derivation.backprop import Answer, Step
    from derive.derivation.check import Agreement
    from derive.derivation.network import Network, Question
    from derive.derivation.numbers import Valued
    from derive.draw.picture import Picture


def error_json(diagnostic: Diagnostic, source: Source) -> dict[str, Any]:
    """One diagnostic: code, severity, message, place (lines and columns count from 1)."""
    line, column = source.position(diagnostic.start)
    end_line, end_column = source.position(diagnostic.end)
    return {
        "code": diagnostic.code,
        "severity": diagnostic.severity,
        "message": diagnostic.message,
        "line": line,
        "column": column,
        "end_line": end_line,
        "end_column": end_column,
        "notes": list(diagnostic.notes),
        "help": diagnostic.help or None,
    }


def solved_json(done: Solved, source: Source) -> dict[str, Any]:
    """The answers of one document; see docs/json.md."""
    if done.single is not None:
        return {**solution_json(done.single, source), "problems": []}
    problems = []
    for posed, solution in done.each:
        own = {} if solution is None else solution_json(solution, source)
        if posed.problem is not None:
            line, _ = source.position(posed.problem.span[0])
            own |= {"title": posed.problem.title, "line": line}
        problems.append({**own, "error": [error_json(one, source) for one in posed.faults]})

    def every(field: str) -> list[Any]:
        return [one for problem in problems for one in problem.get(field, ())]

    return {
        "title": done.title,
        "seed": next((one.seed for one in done.solutions), None),
        "passed": not done.failed,
        "notes": every("notes"),
        "unanswered": every("unanswered"),
        "general": every("general"),
        "parameters": None,
        "questions": every("questions"),
        "backward": every("backward"),
        "shown": every("shown"),
        "said": every("said"),
        "numbers": every("numbers"),
        "problems": problems,
    }


def _shown(one: Told, source: Source) -> dict[str, Any]:
    line, column = source.position(one.link.span[0])
    return {
        "latex": one.claim.text, "verdict": one.verdict, "message": one.headline,
        "line": line, "column": column,
    }  # fmt: skip


def solution_json(solution: Solution, source: Source) -> dict[str, Any]:
    """The answers of one document; see docs/json.md."""
    network = solution.network
    spelling, numbers = network.spelling, solution.numbers
    return {
        "title": network.title,
        "seed": solution.seed,
        "passed": not solution.failed,
        "notes": list(network.notes),
        "unanswered": list(network.unanswered),
        "general": [latex(line, network.spelling) for line in network.general],
        "parameters": _parameters(network),
        "questions": [
            _question(answer, check, source, network)
            | {"number": _number(numbers.answers[k], spelling) if k in numbers.answers else None}
            for k, (answer, check) in enumerate(solution.results)
        ]
        + [_count(one, source) for one in network.counts],
        "backward": [_step(step, spelling) for step in solution.worked.steps],
        "shown": [_shown(one, source) for one in solution.shown],
        "said": [_shown(one, source) for one in solution.said],
        "numbers": [
            _number(one, spelling)
            for lines in (
                solution.numbers.given,
                solution.numbers.forward,
                solution.numbers.backward,
            )
            for one in lines
        ],
    }


def _number(one: Valued, spelling: Any) -> dict[str, Any]:
    exact = one.sign == Tree("rel", ("=",))
    return {"of": latex(one.left, spelling), "latex": latex(one.value, spelling), "exact": exact}


def _parameters(network: Network) -> dict[str, Any]:
    from derive.app.shapes import polynomial
    from derive.derivation.count import parameters

    count = parameters(v.var for v in network.parameters)
    each = {
        latex(symbol(v), network.spelling): latex(polynomial(own.terms)) for v, own in count.rows
    }
    return {"count": latex(polynomial(count.terms)), "each": each}


def _question(answer: Answer, check: Agreement, source: Source, network: Network) -> dict[str, Any]:
    from derive.app.exists import conditions_of, kinks_of, outside
    from derive.app.shapes import asked_axes

    question, spelling = answer.question, network.spelling
    wrt = [latex(by, spelling) for by in _variables(question)]
    asked = question.left is not None
    line, column = source.position(question.span[0]) if asked else (None, None)
    return {
        "kind": question.kind,
        "of": latex(symbol(question.of), spelling),
        "wrt": wrt[0] if len(wrt) == 1 else wrt,
        "line": line,
        "column": column,
        "question": latex(answer.left, spelling),
        "latex": latex(answer.named, spelling),
        "ascii": plain(answer.named),
        "inputs": None if answer.inputs is None else latex(answer.inputs, spelling),
        "zero": answer.zero,
        "conditions": [
            latex(one, spelling) for one in conditions_of(answer.value, question.of, network)
        ],
        "outside": [latex(one, spelling) for one in outside(answer.value, answer.named)],
        "kinks": {
            latex(function, spelling): value
            for function, value in kinks_of(question.of, question.wrt).items()
        },
        "shape": [str(axis) for axis in asked_axes(answer)],
        "layout": "denominator",
        "steps": [_step(step, spelling) for step in answer.steps],
        "check": _check(check),
    }


def _count(one: Counted, source: Source) -> dict[str, Any]:
    """An answer about parameters or sizes, in the fields of the others."""
    line, column = source.position(one.span[0])
    return {
        "kind": "count",
        "of": one.kind,
        "wrt": [],
        "line": line,
        "column": column,
        "question": one.left,
        "latex": one.result,
        "ascii": plain(chained(one.steps[-1:])),
        "inputs": None,
        "number": None,
        "zero": False,
        "conditions": [],
        "outside": [],
        "kinks": {},
        "shape": [],
        "layout": "denominator",
        "steps": [{"left": one.left, "right": list(one.steps), "reason": "; ".join(one.assumed)}],
        "check": {
            "sizes": {}, "seed": 0, "points": 0, "directions": None, "max_error": None,
            "tolerance": 0, "passed": True, "remark": None,
        },
    }  # fmt: skip


def _variables(question: Question) -> list[Tree]:
    """What the question differentiates by: its own words where it means one row or entry."""
    match question.left:
        case Tree("deriv", (_, by, _)) | Tree("grad", (by, _, _)) if question.entry and by:
            return list(by.kids) if by.head == "list" else [by]
    return [symbol(node) for node in question.wrt]


def _step(step: Step, spelling: Any) -> dict[str, Any]:
    return {
        "left": None if step.left is None else latex(step.left, spelling),
        "right": [latex(side, spelling) for side in step.right],
        "reason": words(step.reason),
    }


def words(text: Text) -> str:
    """A text with its formulas between dollar signs."""
    from derive.app.sheet import inline

    return "".join(f"${latex(p)}$" if isinstance(p, Tree) else p for p in inline(text))


def _check(check: Agreement) -> dict[str, Any]:
    return {
        "sizes": dict(check.sizes),
        "seed": check.seed,
        "points": check.points,
        "directions": check.directions or None,
        "max_error": check.error if math.isfinite(check.error) else None,
        "tolerance": check.tolerance,
        "passed": check.passed,
        "remark": check.remark or None,
    }


def picture_json(drawn: Picture) -> dict[str, Any]:
    """Nodes and edges of a computational graph."""

    def spelled(label: Tree | None) -> str | None:
        return None if label is None else latex(label)

    return {
        "nodes": [{"key": n.key, "label": spelled(n.label), "kind": n.kind} for n in drawn.nodes],
        "edges": [
            {
                "tail": edge.tail,
                "head": edge.head,
                "forward": spelled(edge.forward),
                "backward": spelled(edge.backward) if edge.flows else None,
            }
            for edge in drawn.edges
        ],
    }
