"""Rooms and floors: imports go down only, nothing imports itself in a circle, files stay short."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
LONGEST = 400
# A module stands on the floor of its longest prefix here.
FLOORS = {
    "derive": 6,  # the public names
    "derive.version": 0,
    "derive.tree": 0,
    "derive.diagnostics": 0,
    "derive.kernel": 1,  # expressions and the four rules
    # What an expression is equal to: both meet functions by their rows.
    "derive.meaning": 2,
    "derive.operators": 2,  # the vocabulary
    "derive.notation": 3,  # trees: signs, names, printers
    "derive.latex": 3,  # LaTeX to trees, and back
    "derive.writing": 3,  # expressions to trees
    "derive.counting": 3,  # words about layers, and equations of sizes, to counts
    "derive.elaborate": 4,  # trees to expressions, documents to networks
    "derive.derivation": 4,  # networks to worked lines, checked
    "derive.code": 4,
    "derive.draw": 4,
    "derive.display": 4,
    "derive.surface": 4,
    "derive.vocabulary": 4,  # its rows as functions
    "derive.stepping": 4,  # optimizers: printed, applied, exported
    "proofs": 5,
    "derive.app": 6,
}
MODULES = {
    ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): path
    for folder in ("derive", "proofs")
    for path in sorted((ROOT / folder).rglob("*.py"))
}


def floor(module: str) -> int | None:
    while module and module not in FLOORS:
        module = module.rpartition(".")[0]
    return FLOORS.get(module)


def imported(module: str, everywhere: bool) -> Iterator[str]:
    """The modules of this project that a module imports; ``everywhere`` includes what functions
    import when they run, but never what is imported for the type checker only."""
    stack: list[ast.AST] = [ast.parse(MODULES[module].read_text(encoding="utf-8"))]
    while stack:
        node = stack.pop()
        match node:
            case ast.Import(names):
                yield from (name.name for name in names if name.name in MODULES)
            case ast.ImportFrom(module=str(source), names=names, level=0):
                for name in names:
                    inner = f"{source}.{name.name}"
                    if inner in MODULES:
                        yield inner
                    elif source in MODULES:
                        yield source
            case ast.If(test=ast.Name(id="TYPE_CHECKING"), orelse=orelse):
                stack.extend(orelse)
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.Lambda() if not everywhere:
                pass
            case _:
                stack.extend(ast.iter_child_nodes(node))


@pytest.mark.parametrize("module", MODULES)
def test_every_module_has_a_floor_of_its_own(module):
    assert module in FLOORS or floor(module.rpartition(".")[0]) is not None
    top = ".".join(module.split(".")[:2])
    assert top in FLOORS or module.startswith("proofs"), f"add {top} to FLOORS"


@pytest.mark.parametrize("module", MODULES)
def test_imports_go_down(module):
    here = floor(module)
    up = {other for other in imported(module, everywhere=True) if floor(other) > here}
    assert not up, f"{module} stands on floor {here} and imports from above: {sorted(up)}"


def test_the_map_of_the_house_has_every_floor():
    map_ = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    drawn = {
        room: int(row.split("|")[1])
        for row in map_.splitlines()
        if row.startswith("| ") and row.split("|")[1].strip().isdigit()
        for room in re.findall(r"`([\w.]+)`", row.split("|")[2])
    }
    assert drawn == FLOORS


def test_the_row_that_is_shown_to_contributors_is_a_real_one():
    shown = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8").split("```")[1]
    rows = (ROOT / "derive" / "operators" / "pointwise.py").read_text(encoding="utf-8")
    assert shown.removeprefix("python\n").rstrip() in rows


def test_no_module_imports_itself_in_a_circle():
    below = {module: set(imported(module, everywhere=False)) for module in MODULES}
    done: set[str] = set()
    while ready := [m for m in below if m not in done and below[m] <= done | {m}]:
        done.update(ready)
    assert done == set(below), f"in or above a circle: {sorted(set(below) - done)}"


@pytest.mark.parametrize(
    "path",
    sorted(
        path
        for folder in ("derive", "proofs", "tests", "benchmarks")
        for path in (ROOT / folder).rglob("*.py")
    ),
    ids=lambda path: str(path.relative_to(ROOT)),
)
def test_no_file_is_long(path):
    lines = path.read_text(encoding="utf-8").count("\n")
    assert lines <= LONGEST, f"{lines} lines: split it"


def test_the_walk_sees_what_it_should():
    assert "derive.derivation.backprop" in set(imported("derive.app.solve", everywhere=True))
    assert "derive.app.files" in set(imported("derive.app.commands", everywhere=True))
    assert "derive.app.files" not in set(imported("derive.app.commands", everywhere=False))
    assert "derive.derivation.network" not in set(imported("derive.app.commands", everywhere=True))
    assert floor("derive.latex.print") == 3
    assert floor("derive.app.cli") == 6
