"""``python -m tests.soundness --count 20000 --seed 0``: the two tables, and every offender."""

from __future__ import annotations

import argparse
import random
from itertools import islice

from proofs.check import check_source
from tests.soundness.garbage import garbage_documents, garbage_lines
from tests.soundness.harness import (
    as_written,
    crashes,
    run,
    smallest,
    table,
    true_run,
    verdict_only,
    wrong_run,
)
from tests.soundness.mutants import Tally
from tests.soundness.papers import identities, papers
from tests.soundness.sources import read_files


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.soundness", description=__doc__)
    parser.add_argument("--count", type=int, default=20_000, help="lines of each sort")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--seconds", type=float, help="stop each sort after so many seconds")
    parser.add_argument("--only", choices=["wrong", "true", "garbage"])
    parser.add_argument("--papers", type=int, default=40, help="random documents beside the files")
    parser.add_argument("--causes", action="store_true", help="look for the mistakes too: slower")
    parser.add_argument("--show", type=int, default=40, help="offenders to print")
    given = parser.parse_args()
    documents = [*read_files(), identities()]
    documents += papers(random.Random(given.seed), given.papers)
    check = check_source if given.causes else verdict_only
    lines = sum(len(d.claims) for d in documents)
    print(f"{len(documents)} documents, {lines} true lines")
    plain = as_written(documents, check)
    print("\n" + table(plain, "as written"))
    documents = [d for d in documents if d.claims]
    offenders, raised = plain.offenders, []
    for sort, make in (("wrong", wrong_run), ("true", true_run)):
        if given.only in (None, sort):
            done = make(documents, given.count, given.seed, seconds=given.seconds, check=check)
            print("\n" + table(done, f"{sort} lines"), flush=True)
            offenders += done.offenders
    if given.only in (None, "garbage"):
        rng, tally = random.Random(given.seed), Tally()
        lines = garbage_lines(documents, rng, tally)
        done = run(lines, given.count // 4, rng, tally, seconds=given.seconds)
        print("\n" + table(done, "garbage"), flush=True)
        offenders += done.offenders
        texts = list(islice(garbage_documents(documents, rng), given.count // 20))
        raised = crashes(texts)
        print(f"{len(texts)} broken documents, {len(raised)} exceptions")
        for text, told in raised[: given.show]:
            print(f"\n== exception\n{told}\n{text}")
    for one in offenders[: given.show]:
        print(f"\n== {one.mutant.kind}, {one.mutant.truth}, called {one.verdict}: {one.message}")
        print("   from  " + one.mutant.document.line(one.mutant.base))
        print("   line  " + one.mutant.line)
        print(smallest(one))
    return 1 if offenders or raised else 0


if __name__ == "__main__":
    raise SystemExit(main())
