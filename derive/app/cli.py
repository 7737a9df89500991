"""The command ``derive``: arguments in, files and exit codes out.

The idea: one document after the other, each with an outcome of its own; a bad one does not stop the
others, and the worst outcome is the exit code.  Nothing heavy is imported before it is needed.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from derive.version import VERSION

if TYPE_CHECKING:
    from derive.derivation.network import Network
    from derive.diagnostics import DeriveError, Source

DONE, DIFFERS, UNREADABLE = 0, 1, 2
INTERRUPTED, BROKEN_PIPE = 130, 141
REPORT = "this is a mistake in derive, not in your document: please report it with the document"

EPILOG = """\
examples:
  derive solve exam.tex                      the worked sheet: output/exam.tex, output/exam.html
  derive solve *.tex -o sheets/              one sheet for each document
  derive solve - --json < exam.tex           the answers as JSON, no files
  derive graph exam.tex -o exam.svg          the computational graph
  derive export exam.tex --to numpy -o exam.py

exit code:
  0  done    1  a result differs from its numerical check    2  a document could not be read
"""

SOLVE = """\
Answers every `= ?` of a document, or the gradient of every parameter where nothing is asked, and
writes the worked sheet as LaTeX and as a self-contained HTML page. Each result is compared with
central differences of the forward pass at random points of small random sizes.
"""
SOLVE_EPILOG = """\
examples:
  derive solve exam.tex -o sheets/           sheets/exam.tex and sheets/exam.html
  derive solve a.tex b.md --seed 7           other points for the numerical check
  derive solve exam.tex --json | jq '.questions[].latex'
"""
GRAPH_EPILOG = """\
examples:
  derive graph exam.tex > exam.svg
  derive graph exam.tex --to tikz -o exam-graph.tex
  derive graph a.tex b.tex -o drawings/
"""
EXPORT_EPILOG = """\
examples:
  derive export exam.tex --to numpy -o exam.py
  python -c "import exam; print(exam.SYMBOLS)"

The module has forward(**inputs), gradients(**inputs), both with ASCII names, and SYMBOLS, which
maps each symbol as the document writes it to its name.
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; the exit code.  Never a traceback, unless DERIVE_TRACEBACK is set."""
    # A shell may start us with a stream closed: what goes there goes nowhere.
    sys.stdout = sys.stdout or open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115
    sys.stderr = sys.stderr or open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            # SVG and messages are UTF-8 whatever the locale says.
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")
    options = _parser().parse_args(argv)
    try:
        code = _each(options)
        sys.stdout.flush()
        return code
    except KeyboardInterrupt:
        print("derive: interrupted", file=sys.stderr)
        return INTERRUPTED
    except BrokenPipeError:
        # Who read our output has seen enough; the flush at exit must not complain either.
        _discard()
        return BROKEN_PIPE
    except OSError as error:
        _discard()
        print(f"derive: standard output: {error.strerror or error}", file=sys.stderr)
        return UNREADABLE


def _discard() -> None:
    """Nothing that is still waiting for standard output is written there."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _parser() -> argparse.ArgumentParser:
    raw = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(
        prog="derive",
        description="Symbolic matrix calculus for neural networks, from the LaTeX people write.",
        epilog=EPILOG,
        formatter_class=raw,
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"derive {VERSION}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")

    def command(
        name: str, run: Callable[..., tuple[int, Any]], about: str, epilog: str, output: str
    ) -> argparse.ArgumentParser:
        own = commands.add_parser(
            name,
            help=about.partition(",")[0],
            description=about,
            epilog=epilog,
            formatter_class=raw,
            allow_abbrev=False,
        )
        own.add_argument(
            "files", nargs="+", metavar="FILE", help="a .tex or .md document, - for stdin"
        )
        own.add_argument("-o", "--output", metavar="PATH", help=output)
        own.add_argument("--json", action="store_true", help="one line of JSON for each document")
        own.set_defaults(run=run)
        return own

    solve = command(
        "solve", _solve, SOLVE, SOLVE_EPILOG,
        "the folder of the sheets (default: output; none with --json)",
    )  # fmt: skip
    solve.add_argument(
        "--seed", type=_seed, default=0, metavar="N",
        help="chooses the points of the numerical check (default: 0)",
    )  # fmt: skip
    graph = command(
        "graph", _graph, "Draws the computational graph, with forward values and gradients.",
        GRAPH_EPILOG, "a file, or a folder for several (default: stdout)",
    )  # fmt: skip
    graph.add_argument(
        "--to", choices=("svg", "tikz"), help="default: by the suffix of -o, else svg"
    )
    export = command(
        "export", _export, "Writes the network and its gradients as code, a module by itself.",
        EXPORT_EPILOG, "a file, or a folder for several (default: stdout)",
    )  # fmt: skip
    export.add_argument(
        "--to", type=_target, required=True, metavar="LANGUAGE", help="such as numpy"
    )
    return parser


def _target(text: str) -> str:
    from derive.code.targets import TARGETS

    if text not in TARGETS:
        raise argparse.ArgumentTypeError(f"no target is called {text}; known: {', '.join(TARGETS)}")
    return text


def _seed(text: str) -> int:
    if not (text.isascii() and text.isdigit()):
        raise argparse.ArgumentTypeError(f"a seed is a whole number from 0 on, not {text!r}")
    return int(text)


# -------------------------------------------------------------------------------- one by one


def _each(options: argparse.Namespace) -> int:
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
            code, printed = UNREADABLE, _told(error, source, options.json)
        except BrokenPipeError:
            raise
        except Exception as error:
            if os.environ.get("DERIVE_TRACEBACK"):
                raise
            code, printed = UNREADABLE, _told(_internal(error, source), source, options.json)
        worst = max(worst, code)
        if options.json:
            printed = json.dumps({"file": source.file, **(printed or {})})
        if printed is not None:
            print(printed, flush=True)
    return worst


def _internal(error: Exception, source: Source) -> DeriveError:
    from derive.diagnostics import DeriveError, Diagnostic

    kind = type(error).__name__
    message = f"internal error ({kind}: {error})" if str(error) else f"internal error ({kind})"
    remark = "DERIVE_TRACEBACK=1 shows where"
    return DeriveError(
        Diagnostic("internal-error", message, source.file, help=REPORT, notes=(remark,))
    )


def _told(error: DeriveError, source: Source, as_json: bool) -> dict[str, Any] | None:
    """The diagnostics, on standard error or as JSON."""
    from derive.diagnostics import Source, render

    if as_json:
        from derive.app.report import error_json

        return {"error": [error_json(d, source) for d in error.diagnostics]}
    color = sys.stderr.isatty() and "NO_COLOR" not in os.environ
    for diagnostic in error.diagnostics:
        # What concerns the file as a whole has no excerpt.
        whole = diagnostic.start == diagnostic.end == 0
        shown = Source(source.file, "") if whole else source
        print(render(diagnostic, shown, color), file=sys.stderr)
    return None


def _read(source: Source) -> Network:
    from derive.elaborate.document import read_document

    return read_document(source)


# ---------------------------------------------------------------------------------- commands


def _solve(source: Source, path: str, names: Any, options: argparse.Namespace) -> tuple[int, Any]:
    from derive.app.solve import solved

    solution = solved(_read(source), options.seed)
    written: list[Path] = []
    if options.output is not None or not options.json:
        from derive.app.files import publish
        from derive.app.html import render_html
        from derive.app.pages import solution_sheet
        from derive.app.tex import render_tex

        folder = Path(options.output or "output")
        stem = names.fresh(path, folder, (".tex", ".html"))
        sheet = solution_sheet(solution)
        texts = {
            folder / f"{stem}.tex": render_tex(sheet),
            folder / f"{stem}.html": render_html(sheet),
        }
        publish(texts)
        written = list(texts)
    code = DIFFERS if solution.failed else DONE
    if options.json:
        from derive.app.report import solution_json

        return code, solution_json(solution, source)
    return code, f"{source.file}: {solution.summary()} -> {', '.join(map(str, written))}"


def _graph(source: Source, path: str, names: Any, options: argparse.Namespace) -> tuple[int, Any]:
    from derive.app.solve import drawing, worked_graph

    suffix = Path(options.output).suffix if options.output else ""
    to = options.to or ("tikz" if suffix == ".tex" else "svg")
    picture = worked_graph(_read(source))
    text = drawing(picture, to)
    if options.json:
        from derive.app.report import picture_json

        return DONE, {**picture_json(picture), to: text}
    return DONE, _delivered(text, path, ".svg" if to == "svg" else ".tex", names, options)


def _export(source: Source, path: str, names: Any, options: argparse.Namespace) -> tuple[int, Any]:
    from derive.app.solve import exported

    text, symbols = exported(_read(source), options.to)
    if options.json:
        return DONE, {"code": text, "symbols": symbols}
    return DONE, _delivered(text, path, ".py", names, options)


def _delivered(
    text: str, path: str, suffix: str, names: Any, options: argparse.Namespace
) -> str | None:
    """The text for standard output, or None where it went to a file."""
    if options.output is None:
        return text.rstrip("\n")
    from derive.app.files import publish

    target = Path(options.output)
    if target.suffix != suffix or target.is_dir() or len(options.files) > 1:
        target = target / (names.fresh(path, target, (suffix,)) + suffix)
    names.spare(target)
    publish({target: text})
    return None


if __name__ == "__main__":
    sys.exit(main())
