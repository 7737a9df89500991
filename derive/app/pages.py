"""The solution sheet: what is on it, in which order, in which words.

The idea: a reader checks the network first, then follows the backward pass line by line, then
takes the answers; the count and the numerical check come last, for those who doubt.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import PurePath

from derive.app import sheet
from derive.app.exists import kinks_of, outside, where_it_exists
from derive.app.problems import Solved
from derive.app.shapes import asked_axes, counted, labelled, polynomial, space
from derive.app.sheet import Block, Section, Sheet, Text, worded
from derive.app.solve import Solution, drawing
from derive.counting import lines
from derive.derivation.backprop import Answer, Step
from derive.derivation.count import parameters
from derive.derivation.graph import picture
from derive.derivation.network import Definition, Network
from derive.draw.picture import too_large
from derive.elaborate.statements.kinds import said
from derive.kernel.expr import Axes, Expr
from derive.meaning.kinds import foremost, kinds_of
from derive.notation.breaking import width
from derive.notation.written import written
from derive.tree import Tree, num, tree
from derive.version import VERSION
from derive.writing.write import symbol, write
from proofs.loewner import certified, told

_EQUAL = tree("rel", "=")
_ROOM, _BETWEEN = 30.0, 2.0  # of a line of a display, and between its formulas, in em


def solution_sheet(solution: Solution, file: str = "") -> Sheet:
    """The sheet of a solution; ``file`` is the document that it answers."""
    network = solution.network
    sections: list[Section] = []
    only_shown = bool(solution.shown) and not solution.worked.answers
    if only_shown:
        sections.append(Section("Given", tuple(_equations(network))))
    elif network.definitions or network.questions:
        sections += [
            Section("The network", (*_network(network), *_graph(solution))),
            *_backward(solution),
        ]
    if network.general:
        sections.append(Section("At every step", _general(network)))
    sections += _with_numbers(solution)
    if solution.worked.answers:
        sections.append(Section("Answers", tuple(_answers(solution))))
    sections += _counts(network)
    if solution.shown:
        from derive.app.shown import shown_blocks

        sections.append(Section("To be shown", tuple(shown_blocks(solution.shown))))
    if solution.said:
        from derive.app.shown import shown_blocks

        sections.append(Section("What the text says", tuple(shown_blocks(solution.said))))
    sections += () if only_shown else _parameters(network)
    if solution.worked.answers:
        sections.append(Section("Numerical check", tuple(_checks(solution))))
    title = network.title or (PurePath(file).stem if file else "") or "Solution sheet"
    return Sheet(title, _subtitle(solution), tuple(sections), network.spelling)


def solved_sheet(done: Solved) -> Sheet:
    """The sheet of a document: of its one problem, or of each in its order."""
    if done.single is not None:
        return solution_sheet(done.single)
    parts, spelling = [], {}
    for posed, solution in done.each:
        heading = posed.problem.title if posed.problem else ""
        if solution is not None and (solution.checks or solution.network.counts or solution.shown):
            spelling = {**solution.network.spelling, **spelling}
            parts.append(replace(solution_sheet(solution), title=heading, subtitle=""))
            continue
        faults = [f"It could not be read: {fault.message}." for fault in posed.faults]
        said = " ".join(faults) or "Nothing that can be computed is asked here."
        parts.append(Sheet(heading, worded(said)))
    subtitle = f"worked by derive {VERSION}: {done.summary()}"
    return Sheet(done.title or "Solution sheet", subtitle, (), spelling, tuple(parts))


def _general(network: Network) -> tuple[Block, ...]:
    """The lines of a recurrence of any length; behind the last step nothing is sent back."""
    told = "For any number of steps. Behind the last step there is nothing: its gradients are 0."
    return (sheet.Display(network.general), sheet.Paragraph((told,)))


def _subtitle(solution: Solution) -> str:
    return f"worked by derive {VERSION}: {solution.summary()}"


# ------------------------------------------------------------------------------------ the counts


def _counts(network: Network) -> Iterable[Section]:
    if not network.counts:
        return
    blocks: list[Block] = []
    for one in network.counts:
        left, *steps = (lines.tree(text) for text in (one.left, *one.steps))
        remark = "; ".join(one.assumed)
        blocks.append(sheet.Answer(left, tuple(steps), worded(remark) if remark else ()))
    if not network.definitions and not network.questions:
        # Where there is a network they stand with it.
        for note in network.notes:
            blocks.append(sheet.Paragraph(worded(note)))
    yield Section("Counts", tuple(blocks))


# --------------------------------------------------------------------------------- the network


def _network(network: Network) -> Iterable[Block]:
    yield from _equations(network)
    header: tuple[Text, ...] = ("symbol", "lives in", "role")
    rows = list(_rows(network).values())
    # Where every shape was declared there is nothing to explain.
    if any(v.note for v in network.variables):
        header = (*header, "shape from")
    yield sheet.Table(header, tuple(row[: len(header)] for row in rows))
    told = {v.note for v in network.variables}
    for note in dict.fromkeys(network.notes):
        if note not in told:
            yield sheet.Paragraph(("Read by convention: ", *worded(note)))


def _equations(network: Network) -> Iterable[Block]:
    if network.definitions:
        # A document speaks of one sample and of all with the same words: they are printed once.
        yield sheet.Display(tuple(dict.fromkeys(_equation(d) for d in network.definitions)))


def _equation(definition: Definition) -> Tree:
    """The equation as it was written, or as it is written where it comes from Python."""
    left, right = definition.left, definition.right
    if left is None or right is None:
        left, right = symbol(definition.node), write(definition.node)
    return tree("chain", left, _EQUAL, right)


def _rows(network: Network) -> dict[Tree, tuple[Text, ...]]:
    """A row for each symbol, variables first; that of all samples where there is one of each."""
    rows: dict[Tree, tuple[Text, ...]] = {}
    batch: set[Tree] = set()
    for node, declared, role, note in _roles(network):
        shape, each = labelled(node, declared)
        own = symbol(node)
        if own not in batch:
            rows[own] = (own, shape, (*role, *each), worded(note))
        if each:
            batch.add(own)
    return rows


def _roles(network: Network) -> Iterable[tuple[Expr, Axes, tuple[str | Tree, ...], str]]:
    for variable in network.variables:
        role: tuple[str | Tree, ...] = (variable.role,)
        if variable.domain.classes is not None:
            role = ("class ", counted(None, variable.domain.classes))
        if kinds := foremost(kinds_of(variable.var)):
            role = (*role, ", " + ", ".join(map(said, kinds)))
        # The first column names the symbol: the note need not repeat it.
        yield variable.var, variable.declared, role, variable.note.rpartition("$ is ")[2]
    for definition in network.definitions:
        node = definition.node
        yield node, (), ("loss" if node is network.loss else "node",), ""


def _graph(solution: Solution) -> Iterable[Block]:
    drawn = picture(solution.worked)
    if too_large(drawn):
        text = f"The computational graph has {len(drawn.nodes)} nodes: too many to be drawn here."
        yield sheet.Paragraph(text)
        return
    spelling = solution.network.spelling
    yield sheet.Figure(
        drawing(drawn, "svg", spelling),
        drawing(drawn, "tikz", spelling),
        "The computational graph: values flow along the solid arrows, gradients along the dashed.",
    )


# --------------------------------------------------------------------------- the backward pass


def _backward(solution: Solution) -> Iterable[Section]:
    steps = solution.worked.steps
    blocks: list[Block] = []
    if solution.worked.auxiliary:
        blocks.append(sheet.Paragraph("What has no name in the document gets one:"))
        blocks.append(sheet.Display(tuple(_equation(d) for d in solution.worked.auxiliary)))
    if steps:
        blocks.append(_lines(steps))
    if blocks:
        yield Section("Backward pass", tuple(blocks))


def _lines(steps: Iterable[Step]) -> Block:
    return sheet.Steps(tuple(sheet.Step(step.left, step.right, step.reason) for step in steps))


def _with_numbers(solution: Solution) -> Iterable[Section]:
    """The values on the way, where the document gives its variables numbers."""
    numbers = solution.numbers
    blocks = [
        sheet.Display(tuple(_side_by_side(one.line for one in lines)))
        for lines in (numbers.given, numbers.forward, numbers.backward) if lines
    ]  # fmt: skip
    if blocks:
        yield Section("With the numbers", tuple(blocks))


def _side_by_side(lines: Iterable[Tree]) -> Iterable[tuple[Tree, ...]]:
    """Short formulas that share a line."""
    row: list[Tree] = []
    room = _ROOM
    for line in lines:
        room -= width(written(line)) + _BETWEEN
        if row and room < 0:
            yield tuple(row)
            row, room = [], _ROOM - width(written(line)) - _BETWEEN
        row.append(line)
    if row:
        yield tuple(row)


def _answers(solution: Solution) -> Iterable[Block]:
    network = solution.network
    for k, answer in enumerate(solution.worked.answers):
        if answer.zero:
            yield sheet.Answer(answer.left, (answer.named,), _why_zero(answer))
            continue
        right = (answer.named,) if answer.inputs is None else (answer.named, answer.inputs)
        if k in solution.numbers.answers:
            right = (*right, solution.numbers.answers[k].right)
        if answer.own:
            yield _lines(answer.own)
        exists = where_it_exists(answer.value, answer.question.of, network)
        yield sheet.Answer(
            answer.left, right,
            _shape_of(answer) + exists + _outside(answer) + _definite(answer, network),
        )  # fmt: skip
    yield from _kinks(solution)
    for sentence in network.unanswered:
        yield sheet.Paragraph(("Asked for and not answered here: ", *worded(sentence)))


def _kinks(solution: Solution) -> Iterable[Block]:
    """The values that stand for derivatives where there are none, each said once."""
    taken: dict[str, dict[Tree, None]] = {}
    for answer in solution.worked.answers:
        for function, value in kinks_of(answer.question.of, answer.question.wrt).items():
            taken.setdefault(value, {})[function] = None
    said: list[str | Tree] = []
    for value, functions in taken.items():
        opening = "; " if said else "Where there is no derivative, the answers take: "
        said.append(opening + value)
        for k, function in enumerate(functions):
            said += [" and " if k else " for ", function]
    if said:
        yield sheet.Paragraph((*said, "."))


def _why_zero(answer: Answer) -> Text:
    question = answer.question
    of = symbol(question.of)
    return ("since ", of, " does not depend on ", symbol(question.wrt[-1]))


def _shape_of(answer: Answer) -> tuple[str | Tree, ...]:
    return ("in ", space(asked_axes(answer)))


def _outside(answer: Answer) -> tuple[str | Tree, ...]:
    """That what has an index out of its range is 0, in answers that have such indices."""
    said: list[str | Tree] = []
    for one in outside(answer.value, answer.named):
        said += [", " if said else "; ", one]
    return (*said, " is 0 where the index is out of range") if said else ()


def _definite(answer: Answer, network: Network) -> tuple[str | Tree, ...]:
    """That a Hessian is positive semidefinite, where its form shows it."""
    if answer.question.kind != "hessian" or len(set(answer.question.wrt)) != 1:
        return ()
    found = certified(answer.value, {v.var: v.domain for v in network.variables})
    return () if found is None else ("; ", *worded(told(found)))


# -------------------------------------------------------------------------------- the parameters


def _parameters(network: Network) -> Iterable[Section]:
    count = parameters(v.var for v in network.parameters)
    if not count.rows:
        return
    rows: list[tuple[Text, ...]] = []
    for variable, (_, own) in zip(network.parameters, count.rows, strict=True):
        shape, each = labelled(variable.var, variable.declared)
        rows.append((symbol(variable.var), (shape, *each), polynomial(own.terms)))
    table = sheet.Table(("parameter", "lives in", "numbers"), tuple(rows))
    sides: list[Tree] = [tree("text", "parameters"), _EQUAL]
    if count.collects:
        sides += [Tree("sum", tuple(polynomial(own.terms) for _, own in count.rows)), _EQUAL]
    sides.append(polynomial(count.terms))
    yield Section("Parameters", (table, sheet.Display((Tree("chain", tuple(sides)),))))


# ---------------------------------------------------------------------------------- the numbers


def _checks(solution: Solution) -> Iterable[Block]:
    compared = [(a, c) for a, c in solution.results if c.passed is not None]
    if compared:
        first = compared[0][1]
        yield sheet.Paragraph(
            (
                "Every result beside central differences of the forward pass in NumPy, at "
                f"{first.points} random points away from kinks. The error is the largest "
                "difference, relative to the largest entry; up to ",
                sheet.error_tree(first.tolerance),
                " is taken for rounding.",
            )
        )
        rows = [
            sheet.Check(
                answer.left,
                _sizes(check.sizes.items()),
                check.seed,
                check.error,
                bool(check.passed),
            )
            for answer, check in compared
        ]
        yield sheet.Checks(tuple(rows))
    for answer, check in solution.results:
        if check.passed is None:
            yield sheet.Paragraph((answer.left, f" was not checked: {check.remark}."))


def _sizes(taken: Iterable[tuple[str, int]]) -> Text:
    parts: list[str | Tree] = []
    for letter, n in sorted(taken):
        parts += [", "] if parts else []
        parts.append(tree("chain", polynomial([((letter,), 1)]), _EQUAL, num(n)))
    return tuple(parts) or "none"
