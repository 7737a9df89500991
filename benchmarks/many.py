"""How many documents a second are checked by two processes and by one, and what a run costs.

The idea: the same generated documents in fresh runs, so that the ratio is of what a user waits for,
the start of the processes included.  The cost of a document that takes no time at all is measured
with work that does nothing; a second run with the journal shows what it costs to go on.

    python benchmarks/many.py [--files 200] [--jobs 2] [--keep FOLDER]
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import random
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeAlias

from derive.app.many import Options, Outcome, check_many
from derive.diagnostics import Source
from derive.version import VERSION

# A gradient as it should be, and as it comes: the transpose is missing, the sign is wrong.
GRADIENTS = (
    r"\mathbf{W}^\top (\delta \odot {slope})",
    r"\mathbf{W} (\delta \odot {slope})",
    r"-\mathbf{W}^\top (\delta \odot {slope})",
)
FUNCTIONS = {
    r"\tanh": r"(\mathbf{1} - \mathbf{h} \odot \mathbf{h})",
    r"\sigma": r"\mathbf{h} \odot (\mathbf{1} - \mathbf{h})",
    r"\exp": r"\mathbf{h}",
}


def document(number: int) -> str:
    """One layer with two gradients of its loss; every second document has a mistake in one."""
    draw = random.Random(number)
    function, slope = draw.choice(sorted(FUNCTIONS.items()))
    wrong = number % 2 * draw.choice((1, 2))
    gradient = GRADIENTS[wrong].replace("{slope}", slope)
    out, into = draw.sample("klmnpq", 2)
    scale = draw.choice((r"\tfrac12", r"\frac{1}{2}"))
    return rf"""\section{{Exercise {number}}}
Let $\mathbf{{x}} \in \mathbb{{R}}^{into}$, $\mathbf{{y}} \in \mathbb{{R}}^{out}$ and
$\mathbf{{W}} \in \mathbb{{R}}^{{{out} \times {into}}}$.
\begin{{align}}
\mathbf{{h}} &= {function}(\mathbf{{W}} \mathbf{{x}}), &
\mathcal{{L}} &= {scale} \|\mathbf{{h}} - \mathbf{{y}}\|_2^2 \\
\delta &= \mathbf{{h}} - \mathbf{{y}} \\
\frac{{\partial \mathcal{{L}}}}{{\partial \mathbf{{x}}}} &= {gradient} \\
\frac{{\partial \mathcal{{L}}}}{{\partial \mathbf{{W}}}} &= (\delta \odot {slope}) \mathbf{{x}}^\top
\end{{align}}
"""


def nothing(source: Source, options: Options) -> dict[str, Any]:
    """Work that takes no time: what is measured is everything else."""
    return {"verdict": "proved", "claims": []}


Seconds: TypeAlias = tuple[float, float]


def timed(run: Callable[[], list[Outcome]]) -> tuple[Seconds, list[Outcome]]:
    """Seconds on the wall and of all processors, and the outcomes."""
    start, before = time.perf_counter(), os.times()
    outcomes = run()
    after = os.times()
    return (time.perf_counter() - start, sum(after[:4]) - sum(before[:4])), outcomes


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--files", type=int, default=200, metavar="N")
    parser.add_argument("--jobs", type=int, default=2, metavar="N")
    parser.add_argument("--limit", type=float, default=60.0, metavar="SECONDS")
    parser.add_argument("--keep", metavar="FOLDER", help="where the documents stay")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(options.keep or scratch) / "documents"
        folder.mkdir(parents=True, exist_ok=True)
        for number in range(options.files):
            (folder / f"{number:06}.tex").write_text(document(number), encoding="utf-8")
        journal = Path(scratch) / "journal.jsonl"

        def run(**more: Any) -> tuple[Seconds, list[Outcome]]:
            return timed(lambda: list(check_many([folder], limit=options.limit, **more)))

        # One document first: what is loaded and remembered once is no part of the ratio.
        list(check_many([folder / "000000.tex"]))
        one, expected = run(jobs=1)
        several, outcomes = run(jobs=options.jobs, journal=journal)
        resumed, again = run(jobs=options.jobs, journal=journal)
        empty_one, _ = run(jobs=1, work=nothing)
        empty_several, _ = run(jobs=options.jobs, work=nothing)

    files = options.files
    print(f"derive {VERSION}, Python {platform.python_version()}, {os.cpu_count()} cores")
    print(f"{files} documents: {dict(Counter(o.verdict for o in expected))}\n")
    for label, seconds in (
        ("--jobs 1", one),
        (f"--jobs {options.jobs}", several),
        ("again, from the journal", resumed),
        ("work that does nothing, --jobs 1", empty_one),
        (f"work that does nothing, --jobs {options.jobs}", empty_several),
    ):
        wall, processors = seconds
        print(f"{label:<36}{wall:9.2f} s{files / wall:11.1f} files/s{processors:9.2f} s of CPU")
    ratio, bound = one[0] / several[0], options.jobs * one[1] / several[1]
    print(f"\n--jobs {options.jobs} against --jobs 1: {ratio:.2f} times as fast")
    print(f"on a machine with nothing else to do, by the CPU time: at most {bound:.2f} times")
    same = json.dumps([o.result for o in outcomes]) == json.dumps([o.result for o in again])
    agree = [o.verdict for o in outcomes] == [o.verdict for o in expected]
    print(f"the same results from the journal: {same}; the same verdicts in both: {agree}")
    return 0 if same and agree else 1


if __name__ == "__main__":
    raise SystemExit(main())
