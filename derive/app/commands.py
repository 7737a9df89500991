"""The commands that answer one document after the other: ``solve``, ``graph``, ``export``.

The idea: each document has an outcome of its own; a bad one does not stop the others, and the worst
outcome is the exit code.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from derive.app.outcomes import DIFFERS, DONE, UNREADABLE

if TYPE_CHECKING:
    from derive.derivation.network import Network
    from derive.diagnostics import DeriveError, Diagnostic, Source

REPORT = "this is a mistake in derive, not in your document: please report it with the document"


def each(options: argparse.Namespace) -> int:
    """Every document in turn; the worst outcome."""
    from derive.app.files import Names, load
    from derive.diagnostics import DeriveError, Source

    names = Names(options.files)
    worst = DONE
    for path in options.files:
        source = Source("<stdin>" if path == "-" else path, "")
        try:
            source = load(path)
            code, printed = options.run(source, path, names, options)
        except DeriveError as error:
            code, printed = UNREADABLE, _told(error.diagnostics, source, options.json)
        except BrokenPipeError:
            raise
        except Exception as error:
            if os.environ.get("DERIVE_TRACEBACK"):
                raise
            code, printed = (
                UNREADABLE,
                _told(internal_error(error, source).diagnostics, source, options.json),
            )
        worst = max(worst, code)
        if options.json:
            printed = json.dumps({"file": source.file, **(printed or {})})
        if printed is not None:
            print(printed, flush=True)
    return worst


def internal_error(error: BaseException, source: Source) -> DeriveError:
    """What is said where the program itself broke down."""
    from derive.diagnostics import DeriveError, Diagnostic

    kind = type(error).__name__
    message = f"internal error ({kind}: {error})" if str(error) else f"internal error ({kind})"
    remark = "DERIVE_TRACEBACK=1 shows where"
    return DeriveError(
        Diagnostic("internal-error", message, source.file, help=REPORT, notes=(remark,))
    )


def _told(
    diagnostics: Sequence[Diagnostic], source: Source, as_json: bool
) -> dict[str, Any] | None:
    """The diagnostics, on standard error or as JSON."""
    from derive.diagnostics import Source, render

    if as_json:
        from derive.app.report import error_json

        return {"error": [error_json(d, source) for d in diagnostics]}
    color = sys.stderr.isatty() and "NO_COLOR" not in os.environ
    for diagnostic in diagnostics:
        # What concerns the file as a whole has no excerpt.
        whole = diagnostic.start == diagnostic.end == 0
        shown = Source(source.file, "") if whole else source
        print(render(diagnostic, shown, color), file=sys.stderr)
    return None


def _read(source: Source, options: argparse.Namespace) -> Network:
    from derive.app.problems import one_network

    return one_network(source, options.problem)


# ---------------------------------------------------------------------------------- commands


def solve(source: Source, path: str, names: Any, options: argparse.Namespace) -> tuple[int, Any]:
    from derive.app.problems import solved_document

    done = solved_document(source, options.seed, options.problem)
    written: list[Path] = []
    if options.output is not None or not options.json:
        from derive.app.files import publish
        from derive.app.html import render_html
        from derive.app.pages import solved_sheet
        from derive.app.tex import render_tex

        folder = Path(options.output or "output")
        stem = names.fresh(path, folder, (".tex", ".html"))
        sheet = solved_sheet(done)
        texts = {
            folder / f"{stem}.tex": render_tex(sheet),
            folder / f"{stem}.html": render_html(sheet),
        }
        publish(texts)
        written = list(texts)
    code = UNREADABLE if done.faults else DIFFERS if done.failed else DONE
    if options.json:
        from derive.app.report import solved_json

        return code, solved_json(done, source)
    _told(done.faults, source, False)
    return code, f"{source.file}: {done.summary()} -> {', '.join(map(str, written))}"


def graph(source: Source, path: str, names: Any, options: argparse.Namespace) -> tuple[int, Any]:
    from derive.app.solve import drawing, worked_graph

    suffix = Path(options.output).suffix if options.output else ""
    to = options.to or ("tikz" if suffix == ".tex" else "svg")
    picture = worked_graph(_read(source, options))
    text = drawing(picture, to)
    if options.json:
        from derive.app.report import picture_json

        return DONE, {**picture_json(picture), to: text}
    return DONE, _delivered(text, path, ".svg" if to == "svg" else ".tex", names, options)


def export(source: Source, path: str, names: Any, options: argparse.Namespace) -> tuple[int, Any]:
    from derive.app.solve import exported

    text, symbols = exported(_read(source, options), options.to)
    if options.json:
        return DONE, {"code": text, "symbols": symbols}
    return DONE, _delivered(text, path, ".py", names, options)


def _delivered(
    text: str, path: str, suffix: str, names: Any, options: argparse.Namespace
) -> str | None:
    """The text for standard output, or None where it went to a file."""
    if options.output in (None, "-"):
        return text.rstrip("\n")
    from derive.app.files import publish

    target = Path(options.output)
    if target.suffix != suffix or target.is_dir() or len(options.files) > 1:
        target = target / (names.fresh(path, target, (suffix,)) + suffix)
    names.spare(target)
    publish({target: text})
    return None
