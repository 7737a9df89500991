"""What a line costs to judge: processor milliseconds over the book, median and 95th percentile.

    python benchmarks/check.py [DOCUMENT..]

A line is a link of a claim.  What a document costs before its first line (reading, the layout, the
points) is shared out over its lines in the last row.
"""

from __future__ import annotations

import gc
import sys
from collections import defaultdict
from pathlib import Path
from statistics import median, quantiles
from time import process_time

from derive.diagnostics import Source
from proofs.check import opened
from proofs.verdict import PROVED, UNSETTLED

BOOK = Path(__file__).parent.parent / "tests" / "book"
_KINDS = {PROVED: "proved", UNSETTLED: "unsettled"}


def main(paths: list[str]) -> None:
    files = [Path(p) for p in paths] or sorted([*BOOK.glob("*.tex"), *BOOK.glob("*.md")])
    costs: dict[str, list[float]] = defaultdict(list)
    for warm in (True, False):
        for path in files[:3] if warm else files:
            source = Source(path.name, path.read_text(encoding="utf-8"))
            gc.collect()  # the documents before this one are not at its expense
            start = process_time()
            judge, _ = opened(source)
            before = process_time() - start
            lines = 0
            for claim in judge.claims.claims:
                start = process_time()
                judged = judge.judged(claim)
                spent = process_time() - start
                if warm or judged is None:
                    continue
                lines += len(judged.links)
                for link in judged.links:
                    kind = _KINDS.get(link.verdict, "wrong")
                    if kind == "wrong" and link.mistake is None:
                        kind = "wrong, no name"
                    costs[kind].append(spent / len(judged.links))
            if lines:
                costs["shared, a line"].append(before / lines)
    print(f"{'':16}{'lines':>7}{'median':>9}{'p95':>9}  ms")
    for kind, spent in costs.items():
        p95 = quantiles(spent, n=20)[-1] if len(spent) > 1 else spent[0]
        print(f"{kind:16}{len(spent):7}{1e3 * median(spent):9.1f}{1e3 * p95:9.1f}")


if __name__ == "__main__":
    main(sys.argv[1:])
