"""From what was read to a network: questions asked, sizes named, roles given.

The idea: everything has been elaborated; what is left is to choose the loss, to give letters to the
sizes that nothing declares, and to list each equation and variable as the loss uses it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace

from derive.derivation.network import Definition, Network, Question, Variable, Whole, guessed_role
from derive.derivation.within import linear_kinds, said_of_convention, said_of_triangle
from derive.elaborate.claims.counts import NONE, Counts
from derive.elaborate.faults import Fault, Silent
from derive.elaborate.met import require_linked
from derive.elaborate.names.ranks import odd_one_out
from derive.elaborate.names.scope import base_of
from derive.elaborate.names.symbols import definition_value
from derive.elaborate.names.trials import names_loss
from derive.elaborate.questions import asked, question
from derive.elaborate.reading import Env, Equation, Reading
from derive.elaborate.shown import shape_of
from derive.elaborate.statements.alone import is_head
from derive.elaborate.statements.collect import Statements
from derive.elaborate.statements.facts import note_facts, with_totals_said
from derive.elaborate.statements.requests import IN_WORDS, is_asked_for
from derive.elaborate.values import resized
from derive.kernel import sizes
from derive.kernel.expr import Call, Delta, Expr, Name, Ones, Var, toposort
from derive.kernel.sizes import Size, SizeError
from derive.latex.print import latex
from derive.latex.read import Parsed
from derive.notation.names import symbol_tree
from derive.operators.incidence import measures
from derive.tree import Tree

_LETTERS = "nmpdqkhlrst"


def network_of(
    parsed: Parsed, reading: Reading, statements: Statements, order: Sequence[Equation],
    faults: list[Fault], judging: bool = False, loss: str = "", counts: Counts = NONE,
) -> Network:  # fmt: skip
    """The network of a document whose equations have been elaborated.

    Faults of single questions are added to ``faults``; Fault is raised where nothing can be asked.
    ``judging``: nothing is asked, and a document may define nothing.  ``loss`` is the symbol of
    the loss where that is known.
    """
    broken = any(d.severity == "error" for d in parsed.diagnostics)
    empty = not reading.equations and not statements.questions
    counting = bool(counts.questions)
    if empty and not faults and not broken and not judging and not counting:
        raise Fault(
            "nothing-defined", "no equation here defines a network", (0, 0),
            r"write its equations, as in $\mathbf{z} = \mathbf{W}\mathbf{x}$",
        )  # fmt: skip
    nodes = {e.symbol: _node(e, reading) for e in order if e.symbol not in reading.broken}
    root = nodes.get(loss)
    if root is None or root.axes:
        root = _root(order, nodes, reading, [] if judging else _differentiated(statements, reading))
    questions: list[Question] = []
    worded = [] if judging else [q for q in statements.questions if q.kids[-1] == IN_WORDS]
    for item in () if judging else statements.questions:
        try:
            if item not in worded:
                questions += asked(item, reading, nodes, root, parsed.document.plain)
        except Silent:
            continue
        except Fault as fault:
            faults.append(fault)
    if not judging:
        questions += _requests(statements, reading, nodes, root, questions, faults, parsed)
    questions.sort(key=lambda one: one.span[0])
    for item in worded:
        try:
            questions += asked(item, reading, nodes, root, parsed.document.plain, questions)
        except (Silent, Fault):
            told = f"a step of ${latex(item.kids[0])}$ is asked for and not answered"
            reading.note(told, told)
    renamed = any(nodes.get(e.symbol) is root and e.body.head == "symbol" for e in order)
    if counting and not questions and root is not None and renamed:
        root = None  # d_k = d_v = 64 gives a layer its sizes, and is no loss
        reading.notes.pop("losses", None)
    if not questions and root is None and not faults and order and not judging and not counting:
        raise _no_loss(order, nodes)
    if not questions and root is not None and not judging and not faults:
        for one in (one for every in reading.variables.values() for one in every):
            require_linked(Question("gradient", root, (one,)), nodes, reading, order[-1].left)
    note_facts(parsed, statements, reading, judging)
    count_sizes(reading, nodes)
    name_sizes(reading, [*nodes.values(), *(q.of for q in questions)])
    final = _final(reading)
    questions = [
        replace(
            q, of=final(q.of), wrt=tuple(final(w) for w in q.wrt),
            whole=Whole(*map(final, q.whole)) if q.whole else None,
        )
        for q in questions
    ]  # fmt: skip
    root = final(root) if root is not None else None
    nodes = {symbol: final(node) for symbol, node in nodes.items()}
    made = {final(node): symbol for node, symbol in reading.made.items()}
    definitions = _definitions(order, nodes, made, root, questions)
    variables = _variables(reading, definitions, questions, made, final)
    arrays = {made.get(v.var, v.var.name): v.var.axes for v in variables if v.var.axes}
    slip = odd_one_out(reading, arrays)
    if (
        slip is not None
        and not judging
        and not any(d.severity == "error" for d in parsed.diagnostics)
    ):
        raise slip  # where a row could not be read, it may be the one that defines the symbol
    if not judging:
        for by in dict.fromkeys(w for q in questions for w in q.wrt):
            if told := said_of_convention(by) if linear_kinds(by) else said_of_triangle(by):
                reading.note(f"convention {by!r}", told)
    network = Network(
        variables, definitions, tuple(questions), parsed.title,
        tuple(reading.notes.values()), parsed.spelling, root,
        functions=frozenset([*reading.functions, *reading.scope.applied]),
        given={final(var): final(value) for var, value in reading.numbers.items()},
        concludes=reading.concludes,
    )  # fmt: skip
    return counts.answered(network) if counting and not judging else network


def _requests(
    statements: Statements, reading: Reading, nodes: dict[str, Expr], root: Expr | None,
    asked: Sequence[Question], faults: list[Fault], parsed: Parsed,
) -> list[Question]:  # fmt: skip
    """Derivatives alone in the text, "find \\nabla_W L": asked for, where they are known; at fault,
    if none is that is asked for."""
    found: list[Question] = []
    failed: list[Fault] = []
    seen = {(q.kind, q.of, q.wrt, q.entry) for q in asked}
    for item in statements.bare:
        try:
            for one in question(item, reading, nodes, root):
                key = (one.kind, one.of, one.wrt, one.entry)
                if key not in seen:
                    seen.add(key)
                    found.append(one)
        except (Silent, Fault) as fault:
            told = f"${latex(item)}$ is mentioned and not answered"
            if isinstance(fault, Fault) and is_asked_for(item.span[0], parsed.document.plain):
                failed.append(fault)
                told = f"${latex(item)}$ is asked for and not answered: {fault.message}"
            reading.note(latex(item), told)
    faults += failed if not found and not asked else []
    return found


def _final(reading: Reading):
    done: dict[Expr, Expr] = {}

    def final(node: Expr) -> Expr:
        return resized(node, reading.sizes.bound, reading.sizes.below, done)

    return final


def _node(equation: Equation, reading: Reading) -> Expr:
    letters = [Tree("name", (letter,)) for letter in equation.letters]
    return definition_value(reading, equation, letters, Env(), equation.left).expr


def _differentiated(statements: Statements, reading: Reading) -> list[str]:
    """The symbols of what derivatives are asked of, "" where a question leaves it open."""
    found: list[str] = []
    for item in (*statements.questions, *statements.bare):
        left = item.kids[0] if item.head == "chain" else item
        for part in left.kids if left.head == "list" else (left,):
            of = part.kids[part.head == "grad"] if part.head in ("deriv", "grad") else None
            of = of.kids[0] if isinstance(of, Tree) and is_head(of) else of
            named = isinstance(of, Tree) and base_of(of)
            found.append(reading.scope.refer(of).symbol if named and of else "")
    return found


def _root(
    order: Sequence[Equation], nodes: dict[str, Expr], reading: Reading, asked: Sequence[str] = ()
) -> Expr | None:
    """The scalar that no other equation uses; of several the one of which most derivatives are
    asked, or else the last one written."""
    used: set[str] = set()
    for equation in order:
        for part in (equation.body, *(f.body for f in reading.functions.values())):
            used |= {str(n.kids[0]) for n in part.subtrees() if n.head == "symbol"}
    known = [e for e in order if e.symbol in nodes and not nodes[e.symbol].axes]
    # A loss whose gradient is used, in a step of an optimiser, is used and still the loss.
    unused = [e for e in known if e.symbol not in used]
    scalars = unused or [e for e in known if names_loss(e.symbol)]
    if not scalars:
        return None
    most = max(asked.count(e.symbol) for e in scalars)
    likely = [e for e in scalars if asked.count(e.symbol) == most]
    if len(likely) > 1 and (not asked or "" in asked):
        *others, _ = (latex(e.left) for e in sorted(likely, key=lambda e: e.span[0]))
        reading.note(
            "losses", "of several numbers that nothing uses the last one written is the loss, not "
            + ", ".join(f"${o}$" for o in others),
        )  # fmt: skip
    return nodes[max(likely, key=lambda e: e.span[0]).symbol]


def _no_loss(order: Sequence[Equation], nodes: dict[str, Expr]) -> Fault:
    equation = order[-1]
    node = nodes[equation.symbol]
    written = latex(equation.left)
    return Fault(
        "no-scalar-loss",
        f"${written}$ has the shape {shape_of(node.axes)}, and no scalar loss is defined",
        equation.span,
        rf"define a scalar, as in $\mathcal{{L}} = \frac12 \|{written} - \mathbf{{y}}\|_2^2$, or "
        rf"ask for a Jacobian, as in $\frac{{\partial {written}}}{{\partial \mathbf{{x}}}} = ?$",
    )


def count_sizes(reading: Reading, nodes: Mapping[str, Expr]) -> None:
    r"""Where nothing gives the size of I and \mathbf{1}, a count beside them does: the n of
    I - \frac1n \mathbf{1} \mathbf{1}^\top.  A variable beside them has a size of its own."""
    for symbol, node in nodes.items():
        own = [sizes.resolve(axis, reading.sizes.bound) for axis in node.axes]
        if not any(map(sizes.unknowns, own)):
            continue
        parts = toposort(node)
        if any(isinstance(part, Var) for part in parts):
            continue
        below = [sizes.resolve(n.n, reading.sizes.bound) for n in parts
                 if isinstance(n, Ones | Delta)]  # fmt: skip
        known = {n for n in below if isinstance(n, Size) and not sizes.unknowns(n)}
        with suppress(SizeError):
            for axis in own if len(known) == 1 else ():
                reading.sizes.unify(axis, next(iter(known)))
                said = latex(symbol_tree(symbol))
                reading.note(f"size {symbol}", f"the size of ${said}$ is read off its counts")


def name_sizes(reading: Reading, roots: Sequence[Expr]) -> None:
    """Sizes that nothing declares get letters that the document does not use."""
    taken = {name for name in reading.size_names} | set(reading.scope.whole)
    free = (letter for letter in _LETTERS if letter not in taken)
    for node in toposort(*roots):
        for axis in measures(node):
            for name in sorted(sizes.unknowns(sizes.resolve(axis, reading.sizes.bound))):
                letter = next(free, None) or f"n_{{{name[1:]}}}"
                reading.sizes.bound[name] = sizes.size(letter)


def _definitions(
    order: Sequence[Equation], nodes: dict[str, Expr], made: dict[Expr, str],
    root: Expr | None, questions: Sequence[Question],
) -> tuple[Definition, ...]:  # fmt: skip
    """Each equation's node as the loss and the questions use it: for one sample, or for a batch."""
    roots = [q.of for q in questions] + ([root] if root is not None else [])
    by_symbol: dict[str, list[Expr]] = {}
    for node in toposort(*roots):
        if isinstance(node, Call) and isinstance(node.op, Name) and node in made:
            by_symbol.setdefault(made[node], []).append(node)
    equations = {e.symbol: e for e in order}
    found: list[Definition] = []
    for symbol in dict.fromkeys([*equations, *by_symbol]):
        for node in by_symbol.get(symbol) or ([nodes[symbol]] if symbol in nodes else []):
            equation = equations.get(symbol)
            if isinstance(node, Call) and isinstance(node.op, Name):
                if equation is not None:
                    found.append(Definition(node, equation.left, equation.right, equation.span))
                else:
                    found.append(Definition(node))
    # As the document has them, except that what is used stands before what uses it.
    found.sort(key=lambda d: d.span)
    ranked = {node: k for k, node in enumerate(toposort(*(d.node for d in found)))}
    return tuple(sorted(found, key=lambda d: ranked[d.node]))


def _place(symbol: str, reading: Reading) -> tuple[int, int]:
    """Where a document first speaks of a symbol: its declaration, or else its first use."""
    declaration = reading.declarations.get(symbol)
    first = reading.spans.get(symbol, (0, 0))
    return min(first, declaration.span) if declaration else first


def _variables(
    reading: Reading, definitions: Sequence[Definition], questions: Sequence[Question],
    made: dict[Expr, str], final,
) -> tuple[Variable, ...]:  # fmt: skip
    roots = [d.node for d in definitions] + [w for q in questions for w in (q.of, *q.wrt)]
    asked = {w for q in questions for w in q.wrt}
    found = [n for n in toposort(*roots) if isinstance(n, Var)]
    found.sort(key=lambda v: _place(made.get(v, v.name), reading))
    variables = []
    for var in found:
        symbol = made.get(var, var.name)
        declaration = reading.declarations.get(symbol)
        role = guessed_role(var)
        if role == "constant" and var in asked:
            role = "parameter"
        role = reading.roles.get(symbol, role)
        lead = len(var.axes) - len(reading.own_axes.get(symbol, var.axes))
        declared = (
            declaration.axes if declaration and declaration.axes is not None else var.axes[lead:]
        )
        declared = tuple(sizes.resolve(n, reading.sizes.bound) for n in declared)
        domain = reading.domain(symbol)
        if domain.classes is not None:
            role = "target"
            domain = replace(domain, classes=sizes.resolve(domain.classes, reading.sizes.bound))
        if var.axes and var not in asked:
            domain = with_totals_said(domain, symbol, reading)
        variables.append(Variable(var, role, domain, declared, reading.notes.get(symbol, "")))
    return tuple(variables)
