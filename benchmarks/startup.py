"""How long a first answer takes: ``import derive``, ``--version``, a document solved, one checked.

The idea: what is not needed is not imported.  Each measurement is a fresh process; the report says
which of the heavy libraries each command has loaded.  Seconds are those of the best run, on the
clock and of computing; the first run of all compiles the modules.

    python benchmarks/startup.py [--document examples/residual.tex] [--page PAGE] [--runs 5]
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HEAVY = (
    "sympy", "numpy", "lark", "jinja2", "opt_einsum", "latex2sympy2", "flint", "proofs.mistakes",
    "multiprocessing", "concurrent.futures", "ssl", "http.client", "email", "xml", "difflib",
)  # fmt: skip
# A page of lines to check: twenty claims, two of them wrong.
PAGE = "tests/book/source_siamese.tex"
ROOT = Path(__file__).resolve().parent.parent

# Runs the command in-process, as its entry point does, and says on the last line what it loaded.
PROBE = """
import json, sys, time
sys.argv = ["derive", *{arguments!r}]
code = 0
try:
    if {arguments!r}:
        from derive.app.cli import run
        code = run()
    else:
        import derive
except SystemExit as stop:
    code = stop.code or 0
print()
print(json.dumps([code, time.process_time(), [name for name in {heavy!r} if name in sys.modules]]))
"""


def probe(arguments: list[str], runs: int) -> tuple[float, float, int | str, list[str]]:
    """Seconds of the best run on the clock, and of computing; exit code; libraries loaded."""
    source = PROBE.format(arguments=arguments, heavy=HEAVY)
    best, said = min((_timed(source) for _ in range(runs)), key=lambda pair: pair[0])
    try:
        code, computing, loaded = json.loads(said.stdout.strip().splitlines()[-1])
    except (ValueError, IndexError):
        return best, 0.0, said.stderr.strip().splitlines()[-1:][0] if said.stderr else "?", []
    return best, computing, code, loaded


def _timed(source: str) -> tuple[float, subprocess.CompletedProcess[str]]:
    # What is installed is compiled once; here too, whatever the shell says.
    plain = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    start = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-c", source], capture_output=True, text=True, cwd=ROOT, check=False,
        env=plain,
    )  # fmt: skip
    return time.perf_counter() - start, done


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--document", default="examples/residual.tex")
    parser.add_argument("--page", default=PAGE)
    parser.add_argument("--runs", type=int, default=5)
    options = parser.parse_args()
    bare = min(_timed("pass")[0] for _ in range(options.runs))
    print(f"{'bare Python':<44} {bare * 1e3:7.0f} ms")
    failed = False
    with tempfile.TemporaryDirectory() as folder:
        # What each may load: a version needs nothing, a document no SymPy unless it asks for it, a
        # check no mistakes where there are none.
        for label, arguments, allowed, codes in (
            ("import derive", [], (), (0,)),
            ("derive --version", ["--version"], (), (0,)),
            (f"derive solve {options.document}", ["solve", options.document, "-o", folder],
             ("numpy", "lark", "jinja2", "opt_einsum"), (0,)),
            (f"derive check {options.page}", ["check", options.page],
             ("numpy", "flint", "opt_einsum", "proofs.mistakes"), (0, 1)),
        ):  # fmt: skip
            seconds, computing, code, loaded = probe(arguments, options.runs)
            unwanted = sorted(set(loaded) - set(allowed))
            failed |= bool(unwanted) or code not in codes
            verdict = f"loads {', '.join(unwanted)} without need" if unwanted else "ok"
            verdict = verdict if code in codes else f"exit {code}"
            has = f"loaded: {', '.join(loaded) or 'none of them'}"
            print(
                f"{label:<44} {seconds * 1e3:7.0f} ms, computing {computing * 1e3:4.0f} ms"
                f"  {verdict}  ({has})"
            )
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
