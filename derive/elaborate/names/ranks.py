r"""The shapes of symbols that nothing declares: what font and letter suggest.

The idea: custom proposes ranks, each with the cost of departing from it, and the equations dispose
(``trials``); whatever was read by custom is noted, so that a reader can object.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress

from derive.elaborate.faults import Fault
from derive.elaborate.names.indices import has_label_slot, index_letter
from derive.elaborate.names.scope import FUNCTION_LETTERS, MAPS, is_bold, names_in, taken_apart
from derive.elaborate.reading import Declaration, Reading
from derive.elaborate.values import Value
from derive.kernel.expr import Axes
from derive.kernel.sizes import Size, SizeError
from derive.notation import ALPHABETS, GREEK
from derive.notation.names import parts
from derive.tree import Tree

# Letters that name data by custom, so that a document need not declare them.
_DATA = re.compile(r"[xytXYT]")
# A vector written as a row, x W: a rank of its own, as rows multiply from the left.
ROW = -1
_KINDS = {
    ROW: ("a row", r"\mathbb{R}^{1 \times n}"),
    0: ("a scalar", r"\mathbb{R}"),
    1: ("a vector", r"\mathbb{R}^{n}"),
    2: ("a matrix", r"\mathbb{R}^{m \times n}"),
    3: ("an array of three axes", r"\mathbb{R}^{c \times m \times n}"),
    4: ("an array of four axes", r"\mathbb{R}^{b \times c \times m \times n}"),
}


_OF_FUNCTION = "()"
_COSTS = frozenset(["C", "E"])  # the values of these functions are numbers by custom
_UNEQUAL = Tree("rel", ("!=",))

DOTS = (r"\dot{", r"\ddot{", r"\dddot{")


def own_axes(reading: Reading, symbol: str, least: int, tree: Tree) -> Axes:
    """The own axes of a variable: declared, or of the rank that its font or its use suggests.

    ``least`` is how many indices select from it here.
    """
    if symbol in reading.own_axes:
        return reading.own_axes[symbol]
    still = undotted(symbol)
    if still and symbol not in reading.declarations and still not in reading.equations:
        reading.own_axes[symbol] = own_axes(reading, still, least, tree)
        return reading.own_axes[symbol]
    declaration = reading.declarations.get(symbol) or inherited(reading, symbol)
    if declaration is not None and declaration.axes is not None:
        axes = declaration.axes
    else:
        rank = reading.ranks.get(symbol)
        if rank is None:
            rank = ranks_to_try(reading, symbol, least)[0][0]
        if declaration is None:
            _require_custom(reading, symbol, least if least > abs(rank) else rank, tree)
        own = tuple(reading.sizes.fresh() for _ in range(max(abs(rank), least)))
        axes = (1, *own) if rank == ROW else own
    reading.own_axes[symbol] = axes
    return axes


def undotted(symbol: str) -> str:
    r"""The x of \dot{x}, and the W_1 of \dot{W}_1, which has the shape of its velocity; or ""."""
    opening = next((dot for dot in DOTS if symbol.startswith(dot)), "")
    inner, closing, rest = symbol[len(opening) :].partition("}") if opening else ("", "", "")
    return inner + rest if closing and "{" not in inner else ""


def paced(reading: Reading, symbol: str, value: Value, tree: Tree) -> Value:
    r"""The A x of a law \dot{x} = A x, as large as the x that it moves."""
    still = undotted(symbol)
    if still and still not in reading.equations and reading.scope.known(symbol):
        with suppress(Fault, SizeError):
            own = own_axes(reading, still, 0, tree)
            for m, n in zip(value.own, own, strict=True) if len(own) == len(value.own) else ():
                reading.sizes.unify(m, n)
    return reading.sizes.current(value) if still else value


def inherited(reading: Reading, symbol: str) -> Declaration | None:
    r"""What is declared of a sibling: of bold \mathbf{x} for \mathbf{x}_t, of h_t for h_{t-1}."""
    bare = re.sub(r"_(\{[^{}]*\}|.)", "", symbol, count=1)
    if bare == symbol:
        return None
    found = reading.declarations.get(bare) if is_bold(re.split(r"[_^]", symbol)[0]) else None
    told = bare
    if found is None and (letters := _letters_below(symbol) & reading.scope.steps):
        base = re.split(r"[_^]", symbol)[0]
        for other, declaration in reading.declarations.items():
            sibling = other != symbol and re.split(r"[_^]", other)[0] == base
            if sibling and (_letters_below(other) & letters or other == bare):
                found, told = declaration, other
                break
    if found is not None:
        reading.note(symbol, f"${_plain(symbol)}$ is read as of the shape of ${told}$")
    return found


def _letters_below(symbol: str) -> set[str]:
    below = re.search(r"_(\{[^{}]*\}|.)", symbol)
    return set(re.findall(r"(?<![A-Za-z\\])[A-Za-z](?![A-Za-z])", below[1])) if below else set()


def note_entries(items: Iterable[Tree], reading: Reading) -> None:
    r"""Note how many indices stand beside a label, y_j^{(i)} makes a vector of y^{(i)}, or below
    the x of f(x) = \sum_j x_j."""
    items = list(items)
    formal = {str(x.kids[0]) for item in items for x in _formals(item)}
    for node in names_in(items):
        base, below, label, _ = taken_apart(node, reading.scope)
        if not below or (label is None and base not in formal):
            continue
        reference = reading.scope.refer(node)
        axes = len(reference.indices) - reference.symbol.count("#")
        known = "^" in reference.symbol or reference.symbol in formal
        if axes > reading.entries.get(reference.symbol, 0) and known:
            reading.entries[reference.symbol] = axes


def _formals(item: Tree) -> Iterator[Tree]:
    """The names that a statement has in brackets on its left: x of f(x) = .."""
    match item:
        case Tree("chain", (Tree("juxt", (Tree(), Tree("paren", (inner,)))), *_)):
            names = inner.kids if inner.head == "list" else (inner,)
            yield from (name for name in names if name.head == "name")


def ranks_to_try(reading: Reading, symbol: str, least: int = 0) -> tuple[tuple[int, int], ...]:
    """The ranks that an undeclared symbol may have and their costs, the customary one first.

    A cost is what must be strained elsewhere (``Sizes.strain``) before custom is left.
    """
    if reading.declarations.get(symbol) is not None:
        return ((0, 0),)
    if symbol.endswith(_OF_FUNCTION):
        return _of_values(reading, symbol.removesuffix(_OF_FUNCTION))
    least = max(least, reading.entries.get(symbol, 0))
    found = _customary(reading, symbol)
    if found[0][0] == 2 and any(len(d.axes or ()) > 2 for d in reading.declarations.values()):
        found = (*found, (3, 1), (4, 1))  # the target of an image is one
    if _follows_a_number(reading, symbol):
        found = ((0, 0), *((rank, cost + 1) for rank, cost in found if rank))
    fitting = tuple((rank, cost) for rank, cost in found if abs(rank) >= least)
    return fitting or ((least, 0),)


def _follows_a_number(reading: Reading, symbol: str) -> bool:
    """Whether the one before it in a row of names is a number: w_2 beside a w_1 that is one."""
    numbered = re.fullmatch(r"(.+)_\{?(\d+)\}?", symbol)
    if numbered is None or numbered[2] == "0":
        return False
    before = str(int(numbered[2]) - 1)
    written = before if len(before) == 1 else f"{{{before}}}"
    return reading.ranks.get(f"{numbered[1]}_{written}") == 0


def valued(symbol: str) -> str:
    """The key of the values of a function that nothing defines: their rank may be open too."""
    return symbol + _OF_FUNCTION


def _of_values(reading: Reading, function: str) -> tuple[tuple[int, int], ...]:
    base = re.split(r"[_^]", function)[0]
    if function in reading.scope.free.vectors:
        return ((1, 0),)
    if function in reading.scope.free.graded or base in (FUNCTION_LETTERS - MAPS) | _COSTS:
        return ((0, 0), (1, 3)) if function in reading.scope.free.graded else ((0, 0), (1, 1))
    return ((1, 0), (0, 1))


def _customary(reading: Reading, symbol: str) -> tuple[tuple[int, int], ...]:
    base = re.split(r"[_^]", symbol)[0].removeprefix(r"\Delta ")
    if base in reading.layered and "#" not in symbol:
        return reading.layered[base]
    taken = parts(base.rstrip("'"))
    core, style = taken.core, ALPHABETS.get(taken.alphabet or "", "")
    vector = r"\vec" in taken.accents or "vec" in taken.accents
    upper = core.lstrip("\\")[:1].isupper()
    if style == "bold":
        return ((2, 0),) if upper else ((1, 0), (ROW, 2))
    if "#" in symbol:
        # x^{(i)} is a sample and likely a vector, y^{(i)} its label, x_i an entry or a sample.
        sample = has_label_slot(symbol) and core not in ("y", "t", "a", "z")
        if sample and not reading.bold:
            return ((1, 0), (0, 1))
        if upper and symbol == f"{base}_{{#1}}" and not reading.bold:
            # The W_k of experts and heads are matrices.
            return ((2, 0), (0, 1), (1, 1)) if core == "W" else ((0, 0), (1, 1), (2, 2))
        return ((0, 0), (1, 1))
    if vector:
        return ((1, 0),)
    if core.lstrip("\\") in GREEK:
        if upper and not reading.bold:
            return ((2, 0), (1, 2), (0, 2))
        return ((0, 0), (1, 3 if reading.bold else 1), (2, 4))
    if core == "W" and not style:
        return ((2, 0), (0 if reading.bold else 1, 6), (1 if reading.bold else 0, 8))
    if reading.bold or style:
        return ((0, 0), (2 if upper else 1, 3))
    if upper:
        return ((2, 0), (1, 2), (0, 3))
    if symbol in reading.sloped or reading.numeric:
        return ((0, 0), (1, 1))
    return ((1, 0), (0, 1), (ROW, 2))


# What is written beside a name, for an optimum, an adjoint, a positive part: nobody's variable.
_MARKS = frozenset(
    ["*", "+", "-", "'", r"\star", r"\dagger", r"\ddagger", r"\sharp", r"\flat", r"\natural",
     r"\perp", r"\bot"]
)  # fmt: skip

_PSEUDO = re.compile(r"(.+)\^\{?(?:\+|\\dagger)\}?")


def _require_custom(reading: Reading, symbol: str, rank: int, tree: Tree) -> None:
    """A symbol is read by custom only where a slip of the pen is not more likely: a name that is
    met once, and differs from a known name by its scripts or its font, is a slip."""
    if symbol == r"\top":
        raise Fault(
            "unreadable", r"`\top` stands alone here", tree, r"a transpose is written $x^\top$"
        )
    if symbol in _MARKS:
        raise Fault(
            "unreadable",
            f"${symbol}$ is a mark and no quantity, and what it does here is not known",
            tree,
            "give what is marked a name of its own",
        )
    matrix = _PSEUDO.fullmatch(symbol)
    declared = reading.declarations.get(matrix[1]) if matrix else None
    if matrix and declared is not None and len(declared.axes or ()) == 2:
        raise Fault(
            "unsupported",
            f"${symbol}$ may be the pseudo-inverse of ${matrix[1]}$, whose rank is not said, or "
            "a quantity of its own",
            tree,
            rf"say that ${matrix[1]}$ has full column rank, or define ${symbol} = ..$",
        )
    core = parts(re.split(r"[_^]", symbol)[0]).core
    kind, shape = _KINDS[rank]
    plain = _plain(symbol)
    lone = reading.scope.uses.get(reading.scope.use_of(tree), 0) <= 1
    if reading.declares and lone and not _DATA.fullmatch(core):
        known = reading.scope.declared | reading.scope.defined | reading.scope.functions
        # w_0 beside w is a name of its own, and h^{(0)} or h^{(l-1)} beside h^{(l)}, the start of
        # a recurrence; W_l beside W_1, or w beside bold w, are slips.
        first = re.search(r"[_^]\{?[(\[]?(?:0|[A-Za-z] ?- ?\d)[)\]]?\}?$", symbol) is not None
        alike = {(parts(re.split(r"[_^]", other)[0]).core, "_" in other) for other in known}
        if (core, "_" in symbol) in alike and not first:
            raise Fault(
                "undefined-symbol",
                f"${plain}$ is neither declared nor defined",
                tree,
                rf"declare it, as in ${plain} \in {shape}$, or define ${plain} = ..$",
            )
    if lone:
        reading.lone[symbol] = tree
    reading.note(symbol, f"${plain}$ is not declared: read as {kind}")


def note_own(reading: Reading) -> None:
    """Note of u_o that it is read as a quantity of its own, where a sum runs over u_w.

    Fault, code ``ambiguous-index``, where the letter is an index of that sum's condition.
    """
    excluded = {
        letter
        for equation in reading.equations.values() for node in equation.body.subtrees()
        if node.head == "big" and node.kids[1] is not None
        for part in node.kids[1].subtrees() if part.head == "chain" and _UNEQUAL in part.kids
        for letter in map(index_letter, part.kids[::2]) if letter
    }  # fmt: skip
    for symbol in list(reading.variables):
        taken = re.fullmatch(r"(.+)_\{?([A-Za-z])\}?", symbol)
        family = f"{taken[1]}_{{#1}}" if taken else ""
        if taken is None or family not in reading.variables:
            continue
        letter = reading.letters.get(family, ("k",))[0]
        if letter not in reading.scope.bound:  # made up, for a member that is chosen
            letter = next((x for x in sorted(reading.scope.bound) if x != taken[2]), letter)
        member = f"{taken[1]}_{letter if letter != taken[2] else 'k'}"
        if taken[2] in excluded:
            raise Fault(
                "ambiguous-index", f"${symbol}$ may be one of the ${member}$ that are "
                "summed, or a quantity of its own",
                Tree("name", (symbol,), reading.spans[symbol]),
                "give it a letter of its own, such as $q$, if it is no member that is summed",
            )  # fmt: skip
        told = f"{reading.notes[symbol]}, " if symbol in reading.notes else f"${symbol}$ is "
        reading.notes[symbol] = f"{told}of its own and none of the ${member}$"


def odd_one_out(reading: Reading, arrays: Mapping[str, Axes]) -> Fault | None:
    """The fault of an array that is met once, in a document that declares all others.

    ``arrays`` are the variables with axes.  Letters that custom gives to data and to parameters
    are read by custom even so, and so is what has its whole shape from its place in the
    equations; a letter is a slip of the pen where that is free, or where another is declared
    that nothing uses.
    """
    undeclared = [s for s in arrays if s in reading.notes and s not in reading.declarations]
    if not reading.declares or len(undeclared) != 1 or undeclared[0] not in reading.lone:
        return None
    symbol = undeclared[0]
    known = set().union(*(_letters(axes) for s, axes in arrays.items() if s != symbol))
    idle = [
        s for s, d in reading.declarations.items()
        if d.axes and s not in arrays and s not in reading.scope.defined
    ]  # fmt: skip
    if not idle and _letters(arrays[symbol]) <= known:
        return None
    core = parts(re.split(r"[_^]", symbol)[0]).core
    if _DATA.fullmatch(core) or core in "wWb" or core.lstrip("\\") in GREEK or "#" in symbol:
        return None
    plain, (_, shape) = _plain(symbol), _KINDS[len(arrays[symbol])]
    return Fault(
        "undefined-symbol", f"${plain}$ is neither declared nor defined", reading.lone[symbol],
        rf"declare it, as in ${plain} \in {shape}$, or define ${plain} = ..$",
        ("every other array here is declared"
         + (f", and nothing uses ${_plain(idle[0])}$" if idle else ""),),
    )  # fmt: skip


def is_called_after(family: str, whole: str) -> bool:
    """Whether a^{(i)} has the letter of A, and the accents."""
    one, all_of_it = (parts(re.split(r"[_^]", symbol)[0]) for symbol in (family, whole))
    same = (one.core.lower(), one.accents) == (all_of_it.core.lower(), all_of_it.accents)
    return same and "#" not in whole


def _letters(axes: Axes) -> set[str]:
    return {name for axis in axes if isinstance(axis, Size) for name in axis.names()}


def _plain(symbol: str) -> str:
    """The symbol with letters where its slots are, each another one."""
    return re.sub(r"#(\d)", lambda m: "ijkl"[int(m[1]) - 1], symbol)
