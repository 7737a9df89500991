"""``python -m tests.soundness --count 20000 --seed 0``: the two tables, and every offender."""

from __future__ import annotations

import argparse

from tests.soundness.corpus import read_files
from tests.soundness.harness import as_written, smallest, table, true_run, wrong_run


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.soundness", description=__doc__)
    parser.add_argument("--count", type=int, default=20_000, help="lines of each sort")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--seconds", type=float, help="stop each sort after so many seconds")
    parser.add_argument("--only", choices=["wrong", "true"])
    parser.add_argument("--show", type=int, default=40, help="offenders to print")
    given = parser.parse_args()
    documents = list(read_files())
    lines = sum(len(d.claims) for d in documents)
    print(f"{len(documents)} documents, {lines} true lines")
    plain = as_written(documents)
    print("\n" + table(plain, "as written"))
    documents = [d for d in documents if d.claims]
    offenders = plain.offenders
    for sort, make in (("wrong", wrong_run), ("true", true_run)):
        if given.only in (None, sort):
            done = make(documents, given.count, given.seed, seconds=given.seconds)
            print("\n" + table(done, f"{sort} lines"), flush=True)
            offenders += done.offenders
    for one in offenders[: given.show]:
        print(f"\n== {one.mutant.kind}, {one.mutant.truth}, called {one.verdict}: {one.message}")
        print("   from  " + one.mutant.document.line(one.mutant.base))
        print("   line  " + one.mutant.line)
        print(smallest(one))
    return 1 if offenders else 0


if __name__ == "__main__":
    raise SystemExit(main())
