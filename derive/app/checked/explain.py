"""What a code means, at length: a named mistake, a verdict, or a way in which text is unreadable.

The idea: a mistake explains itself where it is defined; verdicts are explained here, since they are
a contract with the reader.
"""

from __future__ import annotations

import difflib
import inspect
from functools import cache

from proofs.verdict import ILL_TYPED, PROVED, REFUTED, UNREADABLE, UNSETTLED

VERDICTS = {
    PROVED: (
        "the line is true",
        """
        The two sides are equal for every size of the vectors and matrices, and for every value in
        them. This is a proof, not a test: both sides were brought to one normal form, or the line
        was derived step by step from the rules of calculus.

        Where a proof needs something, it says so: `provided that z is not 0`, or `except where
        b = 0`, for a set so thin that a random point is never in it, such as the kinks of relu.
        """,
    ),
    REFUTED: (
        "the line is wrong",
        """
        There are numbers for which the two sides differ, and they are shown. The numbers are exact,
        so rounding is not to blame, and whoever doubts it can put them in by hand.

        If the line becomes true by one small change, the change is shown under `instead`, and the
        mistake has a name. Where no single change makes it true, only the numbers are shown.
        """,
    ),
    ILL_TYPED: (
        "the shapes do not fit",
        """
        The line asks for something that has no meaning, such as the product of two columns, or it
        puts a row where the left side is a column. Nothing had to be computed to see that.

        Count the rows and columns of every factor. In most cases a transpose is missing or two
        factors stand in the wrong order.
        """,
    ),
    UNSETTLED: (
        "the line was neither proved nor refuted",
        """
        The line may well be right. No numbers were found for which it fails, and no proof was found
        either, or it uses something that is not understood well enough to say anything of it.

        What would help: smaller steps with names for what is in between, and the shapes of all
        symbols said in words or formulas.
        """,
    ),
    UNREADABLE: (
        "the text could not be read as mathematics",
        """
        A symbol is missing, a bracket is not closed, or a sign stands where it can have no meaning.
        The place is marked. Nothing is said of a line that could not be read.
        """,
    ),
    "carried": (
        "the line is wrong only because of an error further up",
        """
        The step is right in itself: it follows from the line before it. But a line further up is
        wrong, so the result is not what it should be. Correct the error further up, and this line
        will change with it.
        """,
    ),
}  # fmt: skip

READING = {
    "ambiguous-call": "a letter before a bracket may be a factor or a function: a sign between "
    "them, or a definition of the function, settles it",
    "binary-file": "the file is no text in UTF-8; save the document as UTF-8",
    "cycle": "a quantity is defined by itself, directly or through others",
    "double-script": "two subscripts or two superscripts follow each other; put braces around them",
    "empty-file": "there is nothing in the document",
    "incomplete-formula": "the formula breaks off where a term has to follow",
    "missing-term": "two signs follow each other with nothing between them",
    "no-file": "there is no such file, or it cannot be opened",
    "no-formulas": "there is no formula: formulas stand between dollar signs, in \\[ .. \\], or in "
    "an environment such as align",
    "shape-clash": "two shapes do not fit together where one of the symbols is defined",
    "unclosed-bracket": "a bracket is opened and never closed in the same formula",
    "unclosed-formula": "a formula has a beginning and no end: a dollar sign is missing",
    "undefined-symbol": "a symbol is used whose shape is nowhere given: declare it, as in "
    "$\\mathbf{x} \\in \\mathbb{R}^n$, or define it",
    "unexpected-symbol": "a sign stands where it can have no meaning; often something before it is "
    "missing",
    "unsupported": "this way of writing is understood by people, and not by this program",
}


RUNNING = {
    "crashed": "the process that checked the document died of it: a mistake in derive",
    "internal-error": "the program broke down over the document: a mistake in derive",
    "no-cluster": "there is no cluster at this address, or dask.distributed is not installed",
    "no-output": "a file cannot be written",
    "no-workers": "the processes that check documents cannot be started",
    "timed-out": "the check took more than twice the time that --limit allows, and was interrupted",
}


@cache
def _mistakes() -> dict[str, str]:
    """The explanation of every named mistake, under its code."""
    from proofs.mistakes import MISTAKES

    return {code: inspect.cleandoc(row.explanation) for code, row in MISTAKES.items()}


def title_of(code: str) -> str | None:
    """What a code means in one line; None if there is no such code."""
    if code in VERDICTS:
        return VERDICTS[code][0]
    if (text := _mistakes().get(code)) is not None:
        return text.split("\n", 1)[0].rstrip(".")
    found = READING.get(code) or RUNNING.get(code)
    return _first(found) if found else None


def _first(text: str) -> str:
    return text.partition(";")[0].partition(":")[0]


def explained(code: str) -> str | None:
    """What a code means, at length; None if there is no such code."""
    if code in VERDICTS:
        title, text = VERDICTS[code]
        return f"{title}\n\n{inspect.cleandoc(text)}"
    if code in RUNNING:
        return RUNNING[code]
    # One code may be both, such as a missing term.
    found = [_mistakes().get(code), READING.get(code)]
    return "\n\nOf a text that cannot be read: ".join(text for text in found if text) or None


def codes() -> dict[str, list[str]]:
    """Every code, under a heading."""
    return {
        "mistakes": sorted(_mistakes()),
        "verdicts": list(VERDICTS),
        "what cannot be read": sorted(READING),
        "what can fail besides": sorted(RUNNING),
    }


def nearest(code: str) -> str | None:
    """The code that was meant, if one is spelled much like this."""
    known = [known for group in codes().values() for known in group]
    lowered = code.strip().lower().replace("_", "-").replace(" ", "-")
    return next(iter(difflib.get_close_matches(lowered, known, 1, 0.5)), None)
