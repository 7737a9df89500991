"""The command ``derive``: arguments in, files and exit codes out.

The idea: this module knows the words of the command line and nothing of what they do; what a word
does is imported when it is said, so that `derive --version` takes no time.
"""

from __future__ import annotations

import argparse
import gc
import io
import math
import os
import sys
from collections.abc import Callable, Sequence
from typing import Any

from derive.app.outcomes import (
    BROKEN_PIPE,
    DIFFERS,
    DONE,
    INTERRUPTED,
    UNREADABLE,
    UNSETTLED,
)
from derive.version import VERSION

__all__ = [
    "BROKEN_PIPE", "DIFFERS", "DONE", "INTERRUPTED", "UNREADABLE", "UNSETTLED", "main", "run",
]  # fmt: skip

EPILOG = """\
examples:
  derive solve exam.tex                      the worked sheet: output/exam.tex, output/exam.html
  derive solve *.tex -o sheets/              one sheet for each document
  derive solve - --json < exam.tex           the answers as JSON, no files
  derive graph exam.tex -o exam.svg          the computational graph
  derive export exam.tex --to numpy -o exam.py
  derive check hand.tex                      a verdict on every line of a derivation
  derive explain missing-transpose           what a mistake is

exit code:
  0  done    1  a result differs from its numerical check, or a line is wrong
  2  a document could not be read    3  nothing is wrong, but not everything could be settled
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
CHECK = """\
Reads a derivation and says of every line whether it is right: proved for all sizes, wrong with
numbers that show it and with the correction, or unsettled. What is only a definition is no line to
be checked. Folders stand for the .tex and .md documents in them.
"""
CHECK_EPILOG = """\
examples:
  derive check hand.tex                      what is wrong, and why
  derive check hand.tex -o checked/          the document with its verdicts, as HTML and LaTeX
  derive check homework/ --jobs 8 --json     a line of JSON for each document
  derive check notes.md --format github      annotations for a pull request

exit code:
  0  everything is proved            1  a line is wrong, or its shapes do not fit
  2  something could not be read     3  nothing is wrong, but something is unsettled
"""
REFERENCE = "Writes the reference of the vocabulary as an HTML page: every word, with its gradient."
EXPLAIN = "Explains a code: a mistake with a name, a verdict, or why a text cannot be read."


def run() -> int:
    """``main`` in a process of its own."""
    # What is imported and read stays to the end: to look through it for garbage again and again,
    # and once more at the end, would be an eighth of the time of a page.
    gc.set_threshold(100_000)
    code = main()
    gc.freeze()
    return code


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
        code = options.command_of(options)
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

    def command(name: str, about: str, epilog: str, output: str) -> argparse.ArgumentParser:
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
        own.set_defaults(command_of=_one_by_one)
        return own

    solve = command(
        "solve", SOLVE, SOLVE_EPILOG,
        "the folder of the sheets (default: output; none with --json)",
    )  # fmt: skip
    solve.add_argument(
        "--seed", type=_seed, default=0, metavar="N",
        help="chooses the points of the numerical check (default: 0)",
    )  # fmt: skip
    graph = command(
        "graph", "Draws the computational graph, with forward values and gradients.",
        GRAPH_EPILOG, "a file, or a folder for several (default: stdout)",
    )  # fmt: skip
    graph.add_argument(
        "--to", choices=("svg", "tikz"), help="default: by the suffix of -o, else svg"
    )
    export = command(
        "export", "Writes the network and its gradients as code, a module by itself.",
        EXPORT_EPILOG, "a file, or a folder for several (default: stdout)",
    )  # fmt: skip
    export.add_argument(
        "--to", type=_target, required=True, metavar="LANGUAGE", help="such as numpy"
    )
    for one in (solve, graph, export):
        one.add_argument(
            "--problem", type=_number, metavar="N", help="of a document of several: only this one"
        )
    _add_check(
        command(
            "check", CHECK, CHECK_EPILOG,
            "a folder for the document with its verdicts, as HTML and LaTeX",
        )
    )  # fmt: skip
    explain = commands.add_parser(
        "explain", help=EXPLAIN.partition(":")[0], description=EXPLAIN, allow_abbrev=False
    )
    explain.add_argument("code", nargs="*", metavar="CODE", help="none: all codes are listed")
    explain.set_defaults(command_of=_explain)
    reference = commands.add_parser(
        "reference", help=REFERENCE.partition(":")[0], description=REFERENCE, allow_abbrev=False
    )
    reference.add_argument("-o", "--output", metavar="FILE", help="default: stdout")
    reference.set_defaults(command_of=_reference)
    return parser


def _add_check(check: argparse.ArgumentParser) -> None:
    check.add_argument(
        "--layout", choices=("denominator", "numerator", "mixed", "row"),
        help="how derivatives are laid out (default: as the document says or shows)",
    )  # fmt: skip
    check.add_argument(
        "--format", choices=("terminal", "json", "sarif", "junit", "github"),
        help="for other programs; --json is --format json",
    )  # fmt: skip
    check.add_argument("-v", "--verbose", action="store_true", help="list what is proved, too")
    check.add_argument(
        "--color", choices=("auto", "always", "never"), default="auto",
        help="default: auto, on a terminal unless NO_COLOR is set",
    )  # fmt: skip
    check.add_argument(
        "--limit", type=_seconds, metavar="SECONDS", help="for each document; then it is unsettled"
    )
    check.add_argument(
        "--jobs", type=_jobs, metavar="N", help="how many documents at a time (default: 1)"
    )
    check.add_argument(
        "--journal", metavar="FILE", help="keeps what is done; a run that was stopped goes on"
    )
    check.add_argument(
        "--cluster", metavar="ADDRESS",
        help="of a dask scheduler, which has the documents checked; local: one on this machine",
    )  # fmt: skip
    check.add_argument(
        "--progress", action=argparse.BooleanOptionalAction,
        help="how far it is, on standard error (default: of several documents, on a terminal)",
    )  # fmt: skip
    check.add_argument("--summary", metavar="FILE", help="the counts of the run, as JSON")
    check.set_defaults(command_of=_check)


def _one_by_one(options: argparse.Namespace) -> int:
    from derive.app import commands

    run: dict[str, Callable[..., tuple[int, Any]]] = {
        "solve": commands.solve,
        "graph": commands.graph,
        "export": commands.export,
    }
    options.run = run[options.command]
    return commands.each(options)


def _check(options: argparse.Namespace) -> int:
    if options.json and options.format not in (None, "json"):
        print(f"derive: --json and --format {options.format} contradict", file=sys.stderr)
        return UNREADABLE
    from derive.app.checked.command import check

    return check(options)


def _explain(options: argparse.Namespace) -> int:
    from derive.app.checked.command import explain

    return explain(options.code)


def _reference(options: argparse.Namespace) -> int:
    from derive.app.reference import command

    return command(options.output)


def _target(text: str) -> str:
    from derive.code.targets import TARGETS

    if text not in TARGETS:
        raise argparse.ArgumentTypeError(f"no target is called {text}; known: {', '.join(TARGETS)}")
    return text


def _seed(text: str) -> int:
    if not (text.isascii() and text.isdigit()):
        raise argparse.ArgumentTypeError(f"a seed is a whole number from 0 on, not {text!r}")
    return int(text)


def _number(text: str) -> int:
    if not (text.isascii() and text.isdigit() and int(text) > 0):
        raise argparse.ArgumentTypeError(f"problems are counted from 1 on: {text!r} is none")
    return int(text)


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = math.nan
    if not (seconds > 0 and math.isfinite(seconds)):
        raise argparse.ArgumentTypeError(f"a limit is a number of seconds above 0, not {text!r}")
    return seconds


def _jobs(text: str) -> int:
    if not (text.isascii() and text.isdigit() and 0 < int(text) <= 1024):
        raise argparse.ArgumentTypeError(f"jobs is a whole number from 1 to 1024, not {text!r}")
    return int(text)


if __name__ == "__main__":
    sys.exit(run())
