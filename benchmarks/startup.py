"""How long a first answer takes: ``import derive``, ``derive --version``, one document solved.

The idea: what is not needed is not imported.  Each measurement is a fresh process; the report says
which of the heavy libraries each command has loaded.

    python benchmarks/startup.py [--document examples/residual.tex] [--runs 5]
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HEAVY = ("sympy", "numpy", "lark", "jinja2", "opt_einsum", "latex2sympy2")
ROOT = Path(__file__).resolve().parent.parent

# Runs the command in-process, as its entry point does, and says on the last line what it loaded.
PROBE = """
import json, sys
sys.argv = ["derive", *{arguments!r}]
code = 0
try:
    if {arguments!r}:
        from derive.app.cli import main
        code = main() or 0
    else:
        import derive
except SystemExit as stop:
    code = stop.code or 0
print()
print(json.dumps([code, [name for name in {heavy!r} if name in sys.modules]]))
"""


def probe(arguments: list[str], runs: int) -> tuple[float, int | str, list[str]]:
    """Wall seconds of the best run; exit code; libraries loaded."""
    source = PROBE.format(arguments=arguments, heavy=HEAVY)
    best, said = min((_timed(source) for _ in range(runs)), key=lambda pair: pair[0])
    try:
        code, loaded = json.loads(said.stdout.strip().splitlines()[-1])
    except (ValueError, IndexError):
        return best, said.stderr.strip().splitlines()[-1:][0] if said.stderr else "?", []
    return best, code, loaded


def _timed(source: str) -> tuple[float, subprocess.CompletedProcess[str]]:
    start = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-c", source], capture_output=True, text=True, cwd=ROOT, check=False
    )
    return time.perf_counter() - start, done


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--document", default="examples/residual.tex")
    parser.add_argument("--runs", type=int, default=5)
    options = parser.parse_args()
    bare = min(_timed("pass")[0] for _ in range(options.runs))
    print(f"{'bare Python':<36} {bare * 1e3:7.0f} ms")
    failed = False
    with tempfile.TemporaryDirectory() as folder:
        # What each may load: a version needs nothing, a document no SymPy unless it asks for it.
        for label, arguments, allowed in (
            ("import derive", [], ()),
            ("derive --version", ["--version"], ()),
            (f"derive solve {options.document}", ["solve", options.document, "-o", folder],
             ("numpy", "lark", "jinja2", "opt_einsum")),
        ):  # fmt: skip
            seconds, code, loaded = probe(arguments, options.runs)
            unwanted = sorted(set(loaded) - set(allowed))
            failed |= bool(unwanted) or code != 0
            verdict = f"loads {', '.join(unwanted)} without need" if unwanted else "ok"
            verdict = verdict if code == 0 else f"exit {code}"
            has = f"loaded: {', '.join(loaded) or 'none of them'}"
            print(f"{label:<36} {seconds * 1e3:7.0f} ms  {verdict}  ({has})")
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
