"""One generated module: its tables of symbols and inputs, and its functions.

The idea: every function of a module begins by reading its inputs, so that what is missing, unknown
or of the wrong shape is said in the names and sizes of the document.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from derive.code.body import Body, Names, readable_sizes
from derive.code.targets import TARGETS, Piece, Target
from derive.kernel.expr import Call, Expr, Name, is_named, toposort
from derive.kernel.sizes import Size
from derive.notation.names import ascii_name

# Identifiers that generated modules use themselves.
RESERVED = frozenset(
    {"np", "math", "SYMBOLS", "INPUTS", "SIZES", "FUNCTIONS", "forward", "gradients", "compute"}
    | {"inputs", "given"}
)

_READ = '''
def _read(inputs, needed):
    """The inputs as arrays, their shapes checked, and the sizes that the shapes give."""
    known = [*INPUTS, *SIZES, *FUNCTIONS]
    if unknown := [name for name in inputs if name not in known]:
        raise TypeError(f"no input is called {', '.join(unknown)}; known: {', '.join(known)}")
    if missing := [name for name in needed if name not in inputs]:
        raise TypeError(f"missing: {'; '.join(_described(name) for name in missing)}")
    given, sizes = {}, {}
    for name, value in inputs.items():
        if name in FUNCTIONS:
            if not callable(value):
                raise TypeError(f"{name} is {FUNCTIONS[name]}, not {value!r}")
            given[name] = value
        elif name in SIZES:
            if value != int(value) or value < 1:
                raise ValueError(f"{name} is {SIZES[name]}, not {value!r}")
            given[name] = int(value)
            _same(name, SIZES[name], name, given[name], sizes)
        else:
            given[name] = ARRAY
            axes, shape = INPUTS[name], tuple(given[name].shape)
            if len(axes) != len(shape):
                raise ValueError(f"{name} needs shape {_shape(axes)}, not {shape}")
            for axis, n in zip(axes, shape):
                _same(name, f"shape {_shape(axes)}, not {shape}", axis, n, sizes)
    return given


def _described(name):
    if name in INPUTS:
        return f"{name} of shape {_shape(INPUTS[name])}"
    return f"{name}, {SIZES.get(name) or FUNCTIONS[name]}"


def _same(name, needs, axis, n, sizes):
    """Record that this axis has n entries; it must have as many wherever it is met."""
    size, where = sizes.setdefault(axis, (axis if isinstance(axis, int) else n, name))
    if size != n:
        raise ValueError(f"{name} needs {needs}: {axis} is {n} here, {size} in {where}")


def _shape(axes):
    return f"({', '.join(map(str, axes))}{',' if len(axes) == 1 else ''})"
'''


def broken(head: str, items: Sequence[str], tail: str) -> list[str]:
    """A bracket and what is in it, on one line, or on several where it is too long."""
    row = f"{head}{', '.join(items)}{tail}"
    if len(row) <= 100:
        return [row]
    margin = " " * (len(head) - len(head.lstrip()))
    rows, width = [""], 0
    for item in items:
        if width + len(item) > 90:
            rows.append("")
            width = 0
        rows[-1] += f" {item},"
        width += len(item) + 2
    return [head, *(f"{margin}   {row}" for row in rows), margin + tail]


class Listing:
    """One module being written: its inputs, and the identifiers that all its functions share."""

    def __init__(
        self, variables: Mapping[str, Expr], target: Target, outputs: Mapping[str, Expr]
    ) -> None:
        self.target = target
        self.keys = {v: key for key, v in variables.items()}
        self.sources = readable_sizes(variables.values())
        self.taken = {*RESERVED, *target.functions}
        names = Names(self.taken)
        # An input that is called like something of ours is renamed inside, not for its user.
        self.inputs = {v: names.fresh(key) for key, v in variables.items()}
        self.known = {}
        for key, node in outputs.items():
            if is_named(node):
                self.known.setdefault(node, names.fresh(key))
        self.extents: dict[str, str] = {}
        axes = [a for node in toposort(*variables.values(), *outputs.values()) for a in node.axes]
        self.names = names
        for axis in axes:
            self._extend(axis)
        self.size_inputs: dict[str, str] = {}
        self.used_functions: set[str] = set()
        self.generic: dict[str, tuple[str, int | tuple[int, ...]]] = {}

    def _extend(self, axis: object) -> None:
        for name in sorted(axis.names()) if isinstance(axis, Size) else ():
            if name not in self.extents:
                wish = f"size_{name[1:]}" if name[0] == "?" else ascii_name(name)
                self.extents[name] = self.names.fresh(wish)

    def body(self, roots: Sequence[Expr], named: Mapping[str, Expr]) -> tuple[Body, list[Piece]]:
        """The body that computes these roots, and what they have become."""
        for node in toposort(*roots):
            for axis in node.axes:
                self._extend(axis)
            if isinstance(node, Call) and not isinstance(node.op, Name):
                for axis in node.op.params:
                    self._extend(axis)
        names = Names(self.names.taken)
        known = dict(self.known)
        for key, node in named.items():
            if node not in known and node not in self.inputs and node.kids:
                known[node] = names.fresh(key)
        body = Body(self.target, names, self.inputs, self.extents, known)
        results = body.write(roots)
        self.used_functions |= body.used_functions
        self.generic |= {text: key for key, text in body.generic.items()}
        return body, results

    def needs(
        self, body: Body, roots: Sequence[Expr], results: Sequence[str]
    ) -> tuple[list[Expr], list[str]]:
        """The variables that a body needs, and the identifiers of sizes that must be given."""
        order = set(toposort(*roots))
        needed = {v: None for v in self.inputs if v in order}
        free = []
        for name in body.sizes_in([*body.lines, *results]):
            if name in self.sources:
                needed[self.sources[name][0]] = None
            else:
                free.append(self.extents[name])
                self.size_inputs[self.extents[name]] = name
        return list(needed), free

    def size_lines(self, body: Body, results: Sequence[str]) -> list[str]:
        """``n = W_1.shape[1]`` for each size that the body mentions and a shape gives."""
        rows = []
        for name in body.sizes_in([*body.lines, *results]):
            if name in self.sources:
                variable, axis = self.sources[name]
                rows.append(f"{self.extents[name]} = {self.inputs[variable]}.shape[{axis}]")
        return rows

    def function(
        self,
        name: str,
        says: str,
        outputs: Mapping[str, Expr],
        named: Mapping[str, Expr],
        locals_: Mapping[str, str],
    ) -> str:
        """A function that checks its inputs and returns the outputs in a dict."""
        roots = list(outputs.values())
        body, pieces = self.body(roots, named)
        results, shared = [], set(self.inputs.values())
        for key, piece in zip(outputs, pieces, strict=True):
            if key in locals_ and not piece.plain:
                piece = body.line(piece, body.names.fresh(locals_[key]))
            text = piece.at(0)
            if piece.number:
                text = self.target.form("array", text)
            elif piece.plain and (text in shared or text.endswith(".T")):
                # What is returned is the caller's to change, and not to be an input or a twin.
                text = self.target.form("copy", text)
            shared.add(text)
            results.append(f'        "{key}": {text},')
        needed, free = self.needs(body, roots, results)
        local = [(self.inputs[v], self.keys[v]) for v in needed]
        local += [(own, own) for own in (*free, *body.generic.values())]
        needs = [f'"{key}"' for _, key in local]
        text = [
            "",
            f"def {name}(**inputs):",
            f'    """{says}"""',
            *broken("    given = _read(inputs, [", needs, "])"),
            *(f'    {own} = given["{key}"]' for own, key in local),
            *(f"    {row}" for row in self.size_lines(body, results)),
            *(f"    {row}" for row in self._composite(body, needed)),
            *(f"    {row}" for row in body.lines),
            "    return {",
            *results,
            "    }",
            "",
        ]
        return "\n".join(text)

    def _composite(self, body: Body, needed: Sequence[Expr]) -> list[str]:
        """Checks of axes such as n - k + 1 whose letters are axes of inputs themselves."""
        rows = []
        for variable in needed:
            for k, axis in enumerate(variable.axes):
                if not isinstance(axis, Size) or axis.names() == {str(axis)}:
                    continue
                if not all(self.sources.get(n, (None,))[0] in needed for n in axis.names()):
                    continue
                reads = {
                    name: f"{self.inputs[self.sources[name][0]]}.shape[{self.sources[name][1]}]"
                    for name in axis.names()
                }
                mine, size = self.inputs[variable], body.size(axis).at(0)
                rows.append(f"if {mine}.shape[{k}] != {_size_text(axis, reads)}:")
                rows.append(
                    f'    raise ValueError(f"axis {k} of {self.keys[variable]} has '
                    f'{{{mine}.shape[{k}]}} entries, not {size} = {{{_size_text(axis, reads)}}}")'
                )
        return rows

    def imports(self) -> list[str]:
        texts = "".join(self.target.functions[f] for f in self.used_functions)
        return (["import math", ""] if "math." in texts else []) + [self.target.imports, ""]

    def functions(self) -> list[str]:
        order = [f for f in self.target.functions if f in self.used_functions]
        return [line for f in order for line in ("", self.target.functions[f].strip("\n"), "")]

    def header(self, symbols: Mapping[str, str]) -> list[str]:
        """Imports, the tables of symbols and inputs, and the functions that are called."""
        rows = [f'    "{key}": {self._axes(v)},' for v, key in self.keys.items()]
        free = [
            f'    "{text}": "the size {name.lstrip("?")}, a positive integer",'
            for text, name in sorted(self.size_inputs.items())
        ]
        unknown = [
            f'    "{text}": "{self._spoken(order)}",' for text, (_, order) in self.generic.items()
        ]
        return [
            *self.imports(),
            *_table("SYMBOLS", "", [f'    {_quoted(s)}: "{a}",' for s, a in symbols.items()]),
            *_table("INPUTS", "  # and the sizes of their axes", rows),
            *_table("SIZES", "  # that no shape gives", free),
            *_table("FUNCTIONS", "  # that are given, not defined here", unknown),
            "",
            *self.functions(),
            _READ.replace("ARRAY", self.target.form("array", "value")).rstrip("\n"),
        ]

    def _axes(self, node: Expr) -> str:
        axes = [
            str(n) if isinstance(n, int) else f'"{_size_text(n, self.extents)}"' for n in node.axes
        ]
        return f"({', '.join(axes)}{',' if len(axes) == 1 else ''})"

    @staticmethod
    def _spoken(order: int | tuple[int, ...]) -> str:
        if isinstance(order, tuple):
            by = " and ".join(str(k + 1) for k, n in enumerate(order) for _ in range(n))
            return f"its derivative by argument {by}" if by else "a function of arrays"
        what = "a function" if order == 0 else f"its derivative of order {order}"
        return f"{what}, applied to each entry of an array"


def _size_text(axis: Size, extents: Mapping[str, str]) -> str:
    names = Names()
    body = Body(TARGETS["numpy"], names, {}, extents, {})
    return body.size(axis).at(0)


def _quoted(text: str) -> str:
    """A Python string literal; raw where that is possible, as LaTeX is written."""
    if "\\" in text and '"' not in text and not text.endswith("\\") and text.isprintable():
        return f'r"{text}"'
    return repr(text) if '"' in text or not text.isprintable() else f'"{text}"'


def _table(name: str, remark: str, rows: list[str]) -> list[str]:
    return [f"{name} = {{{remark}", *rows, "}"] if rows else [f"{name} = {{}}{remark}"]
