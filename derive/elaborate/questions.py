"""From what was read to a network: questions resolved, sizes named, roles given.

The idea: a question names nodes of one graph; under a sum a node is the batch of its samples, so
what is asked about is looked for in the graph of what is differentiated.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from derive.derivation.network import Definition, Network, Question, Variable, guessed_role
from derive.elaborate.collect import Statements
from derive.elaborate.dispatch import value_of
from derive.elaborate.facts import note_facts
from derive.elaborate.faults import Fault, Silent
from derive.elaborate.ranks import odd_one_out
from derive.elaborate.reading import Env, Equation, Reading
from derive.elaborate.scope import base_of, has_label_slot, index_letter
from derive.elaborate.settle import settle
from derive.elaborate.symbols import definition_value
from derive.elaborate.trials import names_loss
from derive.elaborate.values import resized
from derive.kernel import sizes
from derive.kernel.expr import Call, Expr, Name, Var, shape_text, toposort
from derive.latex.print import latex
from derive.latex.read import Parsed
from derive.tree import Tree

_D = Tree("name", ("d",))
_LETTERS = "nmpdqkhlrst"


def network_of(
    parsed: Parsed, reading: Reading, statements: Statements, order: Sequence[Equation],
    faults: list[Fault],
) -> Network:  # fmt: skip
    """The network of a document whose equations have been elaborated.

    Faults of single questions are added to ``faults``; Fault is raised where nothing can be asked.
    """
    broken = any(d.severity == "error" for d in parsed.diagnostics)
    if not reading.equations and not faults and not broken:
        raise Fault(
            "nothing-defined", "no equation here defines a network", (0, 0),
            r"write its equations, as in $\mathbf{z} = \mathbf{W}\mathbf{x}$",
        )  # fmt: skip
    nodes = {e.symbol: _node(e, reading) for e in order if e.symbol not in reading.broken}
    root = _root(order, nodes, reading)
    questions: list[Question] = []
    for item in statements.questions:
        try:
            questions += _asked(item, reading, nodes, root)
        except Silent:
            continue
        except Fault as fault:
            faults.append(fault)
    questions += _requests(statements, reading, nodes, root, questions)
    if not questions and root is None and not faults and order:
        raise _no_loss(order, nodes)
    note_facts(parsed, statements, reading)
    _name_sizes(reading, [*nodes.values(), *(q.of for q in questions)])
    final = _final(reading)
    questions = [replace(q, of=final(q.of), wrt=tuple(final(w) for w in q.wrt)) for q in questions]
    root = final(root) if root is not None else None
    nodes = {symbol: final(node) for symbol, node in nodes.items()}
    made = {final(node): symbol for node, symbol in reading.made.items()}
    definitions = _definitions(order, nodes, made, root, questions)
    variables = _variables(reading, definitions, questions, made, final)
    slip = odd_one_out(reading, [made.get(v.var, v.var.name) for v in variables if v.var.axes])
    if slip is not None and not any(d.severity == "error" for d in parsed.diagnostics):
        raise slip  # where a row could not be read, it may be the one that defines the symbol
    return Network(
        variables, definitions, tuple(questions), parsed.title,
        tuple(reading.notes.values()), parsed.spelling, root,
    )  # fmt: skip


def _requests(
    statements: Statements, reading: Reading, nodes: dict[str, Expr], root: Expr | None,
    asked: Sequence[Question],
) -> list[Question]:  # fmt: skip
    """Derivatives alone in the text, "find \\nabla_W L": asked for, where they are known."""
    found: list[Question] = []
    seen = {(q.kind, q.of, q.wrt, q.entry) for q in asked}
    for item in statements.bare:
        try:
            for question in _question(item, reading, nodes, root):
                key = (question.kind, question.of, question.wrt, question.entry)
                if key not in seen:
                    seen.add(key)
                    found.append(question)
        except (Silent, Fault):
            reading.note(latex(item), f"${latex(item)}$ is mentioned and not answered")
    return found


def _final(reading: Reading):
    done: dict[Expr, Expr] = {}

    def final(node: Expr) -> Expr:
        return resized(node, reading.sizes.bound, reading.sizes.below, done)

    return final


def _node(equation: Equation, reading: Reading) -> Expr:
    letters = [Tree("name", (letter,)) for letter in equation.letters]
    return definition_value(reading, equation, letters, Env(), equation.left).expr


def _root(order: Sequence[Equation], nodes: dict[str, Expr], reading: Reading) -> Expr | None:
    """The scalar that no other equation uses; of several the last one written."""
    used: set[str] = set()
    for equation in order:
        for part in (equation.body, *(f.body for f in reading.functions.values())):
            used |= {str(n.kids[0]) for n in part.subtrees() if n.head == "symbol"}
    known = [e for e in order if e.symbol in nodes and not nodes[e.symbol].axes]
    # A loss whose gradient is used, in a step of an optimiser, is used and still the loss.
    scalars = [e for e in known if e.symbol not in used] or [e for e in known if names_loss(e)]
    if not scalars:
        return None
    if len(scalars) > 1:
        *others, _ = (latex(e.left) for e in sorted(scalars, key=lambda e: e.span[0]))
        reading.note(
            "losses", "of several numbers that nothing uses the last one written is the loss, not "
            + ", ".join(f"${o}$" for o in others),
        )  # fmt: skip
    return nodes[max(scalars, key=lambda e: e.span[0]).symbol]


def _no_loss(order: Sequence[Equation], nodes: dict[str, Expr]) -> Fault:
    equation = order[-1]
    node = nodes[equation.symbol]
    written = latex(equation.left)
    return Fault(
        "no-scalar-loss",
        f"{written} is an array of shape {shape_text(node.axes)}, and no scalar loss is defined",
        equation.span,
        rf"define a scalar, as in \mathcal{{L}} = \frac12 \|{written} - \mathbf{{y}}\|_2^2, or ask "
        rf"for a Jacobian, as in \frac{{\partial {written}}}{{\partial \mathbf{{x}}}} = ?",
    )


# ---------------------------------------------------------------- questions


def _asked(
    item: Tree, reading: Reading, nodes: dict[str, Expr], root: Expr | None
) -> Iterator[Question]:
    left = item.kids[0]
    for part in left.kids if left.head == "list" else (left,):
        yield from _question(part, reading, nodes, root)


def _question(
    part: Tree, reading: Reading, nodes: dict[str, Expr], root: Expr | None
) -> Iterator[Question]:
    if part.head in ("deriv", "grad"):
        of, by, order = part.kids
        if part.head == "grad":
            of, by = by, of
        if by is None and of is not None:
            by = _only_formal(of, reading)
        if by is None:
            what = latex(of) if of is not None else r"\mathcal{L}"
            raise Fault("incomplete-question", "the gradient does not say in which variable", part,
                        rf"write \nabla_{{\mathbf{{W}}}} {what} = ?")  # fmt: skip
        target = _target(of, reading, root, part)
        each: list[tuple[Tree, Tree]] = [(part, by)]
        if part.head == "grad" and by.head == "list" and str(order) in ("1", "_", ""):
            each = [(Tree("grad", (one, *part.kids[1:]), part.span), one) for one in by.kids]
        for single, one in each:
            yield _derivative(single, target, one, str(order), reading)
        return
    if base_of(part) == r"\delta" and part.head == "script" and part.kids[1] is not None:
        target = _target(None, reading, root, part)
        yield _derivative(part, target, part.kids[1], "1", reading)
        return
    differential = part.head == "juxt" and len(part.kids) == 2 and part.kids[0] == _D
    if differential and not reading.scope.known("d"):
        # dW is what programs call the gradient of the loss
        _, variable = part.kids
        yield _derivative(part, _target(None, reading, root, part), variable, "1", reading)
        return
    value = value_of(reading, settle(part, reading.scope), Env())
    yield Question("value", value.expr, (), (), part, part.span)


def _only_formal(of: Tree, reading: Reading) -> Tree | None:
    r"""The variable of \nabla f(x) and of \nabla f where f(x) is defined: its only argument."""
    name = of.kids[0] if of.head == "juxt" else of
    bracket = reading.scope.applied.get(reading.scope.refer(name).symbol) if base_of(name) else None
    return bracket.kids[0] if bracket is not None and base_of(bracket.kids[0]) else None


def _target(of: Tree | None, reading: Reading, root: Expr | None, part: Tree) -> Expr:
    if of is not None:
        _require_known(of, reading)
        value = value_of(reading, settle(of, reading.scope), Env())
        return value.expr
    if root is None:
        raise Fault("no-scalar-loss", "no scalar loss is defined for this gradient", part,
                    r"define it, as in \mathcal{L} = ..")  # fmt: skip
    return root


def _derivative(part: Tree, of: Expr, by: Tree, order: str, reading: Reading) -> Question:
    wrt_trees = _variables_of(by)
    if order not in ("1", "2", "_", "") or len(wrt_trees) > 2:
        what = f"of order {order}" if len(wrt_trees) < 3 else f"in {len(wrt_trees)} variables"
        raise Fault("unsupported", f"a derivative {what} has no value here", part,
                    "known are first and second derivatives")  # fmt: skip
    found = [_wrt(tree, of, reading) for tree in wrt_trees]
    wrt = tuple(node for node, _ in found)
    entry = tuple(letter for _, letters in found for letter in letters)
    second = order not in ("1", "_", "") or len(wrt_trees) > 1
    if second:
        if of.axes:
            raise _not_scalar(part, of, "a Hessian")
        return Question("hessian", of, wrt[:2], entry, part, part.span)
    if of.axes and part.head == "deriv":
        return Question("jacobian", of, wrt, entry, part, part.span)
    if of.axes:
        raise _not_scalar(part, of, "a gradient")
    return Question("gradient", of, wrt, entry, part, part.span)


def _not_scalar(part: Tree, of: Expr, what: str) -> Fault:
    written = latex(part.kids[1]) if part.head == "grad" and part.kids[1] else "this"
    by = latex(part.kids[0]) if part.head == "grad" and part.kids[0] else r"\mathbf{x}"
    return Fault(
        "not-a-scalar",
        f"{what} needs a scalar, {written} has shape {shape_text(of.axes)}",
        part,
        rf"ask for the Jacobian: \frac{{\partial {written}}}{{\partial {by}}} = ?",
    )


def _variables_of(by: Tree) -> list[Tree]:
    r"""The variables below a derivative: \partial x \partial y^\top are two."""
    if by.head == "list":
        return list(by.kids)
    if by.head == "juxt":
        return [k for k in by.kids if base_of(k) and k.kids != (r"\partial",)]
    if by.head == "script" and by.kids[2] is not None and by.kids[2].head == "num":
        return [Tree("script", (by.kids[0], by.kids[1], None), by.span)] if by.kids[1] else [
            by.kids[0]]  # fmt: skip
    return [by]


def _require_known(tree: Tree, reading: Reading) -> None:
    if not base_of(tree):
        return
    symbol = reading.scope.refer(tree).symbol
    if symbol in reading.broken:
        raise Silent
    known = reading.scope.known(symbol) or symbol in reading.variables
    if not known:
        defined = ", ".join(dict.fromkeys(latex(e.left) for e in reading.equations.values()))
        raise Fault(
            "undefined-symbol", f"{latex(tree)} is neither declared nor defined", tree,
            f"defined here are {defined}" if defined else "define it first",
        )  # fmt: skip


def _wrt(tree: Tree, of: Expr, reading: Reading) -> tuple[Expr, tuple[str, ...]]:
    """The node that a derivative is taken in, and the letters where one entry of it is meant."""
    _require_known(tree, reading)
    settled = settle(tree, reading.scope)
    while settled.head == "transpose":
        settled = settled.kids[0]
    if settled.head != "symbol":
        raise Fault(
            "not-a-variable", f"{latex(tree)} is not a variable or a named node", tree,
            "give it a name and ask for the derivative in that name",
        )  # fmt: skip
    symbol, *indices = settled.kids
    if reading.domain(symbol).classes is not None:
        raise Fault(
            "not-a-variable", f"{latex(tree)} is the number of a class: nothing is differentiated "
            "in it", tree,
        )  # fmt: skip
    below = set(toposort(of))
    here = [node for node, made in reading.made.items() if made == symbol and node in below]
    current = [n for n in here if isinstance(n, Var | Call)]
    if len(current) == 1:
        node = current[0]
        return node, _entry(node, symbol, indices, tree)
    asked = frozenset(letter for i in indices if (letter := index_letter(i)))
    value = value_of(reading, Tree("symbol", (symbol, *indices), tree.span), Env(asked))
    base = reading.sizes.current(value).expr
    candidates = [n for n in current if n is base]
    node = candidates[0] if candidates else current[0] if current else base
    if not isinstance(node, Var) and not (isinstance(node, Call) and isinstance(node.op, Name)):
        raise Fault(
            "not-a-variable", f"{latex(tree)} is not a variable or a named node", tree,
            "ask for the derivative in the whole of it",
        )  # fmt: skip
    return node, _entry(node, symbol, indices, tree)


def _entry(node: Expr, symbol: str, indices: Sequence[Tree], tree: Tree) -> tuple[str, ...]:
    """The letters of a node's first axes where a row or an entry of it is meant.

    The slots that the node has keep their customary letters unless the question writes others.
    """
    written = [index_letter(i) or latex(i) for i in indices]
    slots, components = written[: symbol.count("#")], written[symbol.count("#") :]
    own = node.op.symbol if isinstance(node, Call) and isinstance(node.op, Name) else ""
    own = node.name if isinstance(node, Var) else own
    letters = list(node.letters if isinstance(node, Var) else node.op.letters)  # type: ignore[union-attr]
    if has_label_slot(symbol) and not has_label_slot(own):
        slots = slots[1:]  # one sample: its label is part of the name
    letters[: len(slots)] = slots
    if len(letters) + len(components) > len(node.axes):
        raise Fault(
            "too-many-indices",
            f"more indices than axes: {latex(tree)}, of shape {shape_text(node.axes)}", tree,
        )  # fmt: skip
    return (*letters, *components)


# ---------------------------------------------------------------- what the network is made of


def _name_sizes(reading: Reading, roots: Sequence[Expr]) -> None:
    """Sizes that nothing declares get letters that the document does not use."""
    taken = {name for name in reading.size_names} | set(reading.scope.whole)
    free = (letter for letter in _LETTERS if letter not in taken)
    for node in toposort(*roots):
        if not isinstance(node, Var):
            continue
        for axis in node.axes:
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
    roots = [d.node for d in definitions] + [w for q in questions for w in q.wrt]
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
        if symbol in reading.normalised and var.axes and var not in asked:
            domain = replace(domain, normalised=True)
        variables.append(Variable(var, role, domain, declared, reading.notes.get(symbol, "")))
    return tuple(variables)
