"""The commands ``check`` and ``explain``.

The idea: documents are checked one by one or many at a time by the same loop; each is printed when
it is its turn, and what other programs want as one file is put together at the end.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from derive.app.outcomes import DONE, UNREADABLE

if TYPE_CHECKING:
    from concurrent.futures import Executor

    from derive.app.checked.work import Form
    from derive.app.files import Names
    from derive.app.many import Outcome


def check(options: argparse.Namespace) -> int:
    """Check every document; the worst outcome."""
    from derive.app.checked.work import Form, checked
    from derive.app.files import Names, publish
    from derive.app.many import check_many
    from derive.app.many.progress import progress
    from derive.app.many.summary import Summary, worse
    from derive.app.many.walk import documents
    from derive.diagnostics import DeriveError, render

    form = Form(_format(options), _color(options), options.verbose, options.output is not None)
    found = [one for one in documents(options.files) if isinstance(one, str)]
    names = Names(found, "checked")
    several = len(found) > 1
    told = progress(options.progress if options.progress is not None or several else False)
    summary, parts, code = Summary(), [], DONE
    try:
        if options.summary is not None:
            names.spare(Path(options.summary))
        with _executor(options) as (executor, jobs):
            for outcome in check_many(
                options.files, executor=executor, jobs=jobs, limit=options.limit,
                layout=options.layout, journal=options.journal, progress=told, work=checked,
                form=str(form),
            ):  # fmt: skip
                summary.add(outcome.file, outcome.kind, outcome.result, outcome.resumed)
                pages = outcome.result.pop("pages", None)
                written = _publish(pages, outcome, names, options) if pages else ""
                text = _text(outcome, form)
                told.clear()
                if form.format in ("sarif", "junit"):
                    parts.append(json.loads(text))
                elif text:
                    # Documents stand apart, as findings do.
                    apart = "\n" if several and form.format == "terminal" else ""
                    print(f"{text}{written}{apart}", flush=True)
        if options.summary is not None:
            publish({Path(options.summary): json.dumps(summary.json(), indent=2) + "\n"})
    except DeriveError as error:
        for diagnostic in error.diagnostics:
            print(render(diagnostic, color=form.color), file=sys.stderr)
        code = UNREADABLE
    _print_parts(form, parts)
    if several and summary.files and form.format == "terminal":
        print(summary.text(), file=sys.stderr)
    return worse(code, summary.code)


@contextmanager
def _executor(options: argparse.Namespace) -> Iterator[tuple[Executor | None, int | None]]:
    """Where documents are checked, and how many at a time: None is here."""
    if options.cluster is None:
        yield None, options.jobs
        return
    from derive.app.many.cluster import cluster

    with cluster(options.cluster, options.jobs) as (executor, threads):
        yield executor, threads


def _format(options: argparse.Namespace) -> str:
    return options.format or ("json" if options.json else "terminal")


def _color(options: argparse.Namespace) -> bool:
    if options.color == "auto":
        plain = "NO_COLOR" in os.environ or os.environ.get("TERM") == "dumb"
        return sys.stdout.isatty() and not plain
    return options.color == "always"


def _text(outcome: Outcome, form: Form) -> str:
    """What is printed of a document; one that nobody could check is told from what is known."""
    from derive.app.checked.data import report_json
    from derive.app.checked.work import shown, unread
    from derive.diagnostics import render

    if outcome.shown is not None:
        return outcome.shown
    result: dict[str, Any] = outcome.result
    if "counts" not in result:
        report = unread(outcome.file, result["error"])
        if form.format == "terminal":
            # Nothing is known of its claims, so nothing is said of them.
            return "\n".join(render(one, color=form.color) for one in report.diagnostics)
        # Every object has the same fields; what is known of this one goes over them.
        result = {"file": outcome.file, **report_json(report), **result}
        if (text := shown(report, form)) is not None:
            return text
    return json.dumps(result)


def _publish(
    pages: dict[str, str], outcome: Outcome, names: Names, options: argparse.Namespace
) -> str:
    """Write the pages of a document; words for where they are."""
    from derive.app.files import STDIN, publish

    folder = Path(options.output)
    path = STDIN if outcome.file == "<stdin>" else outcome.file
    stem = names.fresh(path, folder, tuple(pages))
    texts = {folder / (stem + suffix): text for suffix, text in pages.items()}
    publish(texts)
    if _format(options) != "terminal":
        return ""
    from derive.diagnostics import printable

    return "\n" + printable(f"written: {', '.join(map(str, texts))}")


def _print_parts(form: Form, parts: list[dict[str, Any]]) -> None:
    if form.format not in ("sarif", "junit"):
        return
    # Only here: it loads the libraries of the web.
    from derive.app.checked.exchange import junit, sarif

    print((sarif if form.format == "sarif" else junit)(parts))


def explain(asked: list[str]) -> int:
    """Print what codes mean, or all codes; UNREADABLE where there is no such code."""
    from derive.app.checked.explain import codes, explained, nearest, title_of
    from derive.app.checked.terminal import said

    if not asked:
        for heading, group in codes().items():
            print(f"{heading}:")
            width = max(map(len, group), default=0) + 2
            for code in group:
                print(f"  {code.ljust(width)}{said(title_of(code) or '')}".rstrip())
            print()
        return DONE
    outcome, apart = DONE, ""
    for code in asked:
        text = explained(code)
        if text is None:
            close = nearest(code)
            hint = f"; did you mean `{close}`?" if close else "; `derive explain` lists all codes"
            print(f"derive: no code is called {code!r}{hint}", file=sys.stderr)
            outcome = UNREADABLE
            continue
        print(f"{apart}{code}: {said(text)}")
        apart = "\n"
    return outcome
