"""The trusted part of the proofs stays apart: it imports nothing that is not trusted."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
TRUSTED = [
    *sorted((ROOT / "proofs" / "equal").glob("*.py")),
    *(ROOT / "proofs" / "numbers" / f"{name}.py"
      for name in ("certify", "exact", "entries", "matrices", "plan", "draw", "folded")),
]  # fmt: skip
# What the trusted part rests on, beside the standard library.
FOUNDATIONS = (
    "derive.kernel", "derive.operators", "derive.meaning", "derive.derivation.network",
    "proofs.equal", "proofs.numbers.certify", "proofs.numbers.exact", "proofs.numbers.entries",
    "proofs.numbers.matrices", "proofs.numbers.plan", "proofs.numbers.draw",
    "proofs.numbers.folded", "proofs.verdict",
    "flint", "numpy",
)  # fmt: skip


@pytest.mark.parametrize("path", TRUSTED, ids=lambda path: path.stem)
def test_it_imports_only_what_is_trusted(path: Path) -> None:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        names = []
        if isinstance(node, ast.ImportFrom):
            names = [str(node.module)]
        elif isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        for name in names:
            ours = name.startswith(("derive", "proofs"))
            assert not ours or name.startswith(FOUNDATIONS), f"{path.name} imports {name}"
