"""What a code means, at length: a named mistake, a verdict, or a way in which text is unreadable.

The idea: a mistake explains itself where it is defined; verdicts are explained here, since they are
a contract with the reader.
"""

from __future__ import annotations

import difflib
import inspect
from functools import cache

from derive.elaborate.layouts import LAYOUTS
from proofs.verdict import ILL_TYPED, PROVED, REFUTED, UNREADABLE, UNSETTLED

VERDICTS = {
    PROVED: (
        "the line is true",
        """
        The two sides are equal for every size of the vectors and matrices, and for every value in
        them. This is a proof, not a test: by the rules of calculus and algebra both sides were
        brought to one and the same form.

        Where a proof needs something, it says so: `provided that z is not 0`, or `except where
        b = 0`, for a set so thin that a random point is never in it, such as the kinks of relu.
        """,
    ),
    REFUTED: (
        "the line is wrong",
        """
        There are numbers for which the two sides differ, and they are shown. The numbers are exact,
        and where a side is no fraction its value is shown between two bounds; so rounding is not to
        blame, and whoever doubts it can put them in by hand.

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
        Inequalities are tried with numbers and not proved, unless both sides are equal.

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
    "ambiguous-index": "a letter below a name may say which member of a family is meant, or be "
    "part of the name: give what is no member a letter of its own",
    "ambiguous-axis": "arrays that are put together may stand beside or below each other: write "
    "`[A, B]` for beside, `[A; B]` for below",
    "ambiguous-bars": "bars around a matrix have two meanings: write the determinant or the "
    "absolute values in words, as `\\det` or `\\operatorname{abs}`",
    "ambiguous-call": "a letter before a bracket may be a factor or a function: a sign between "
    "them, or a definition of the function, settles it",
    "ambiguous-norm": "the 2-norm of a matrix has two meanings: write `\\|W\\|_F` for the root of "
    "the sum of squares",
    "ambiguous-power": "an e with an exponent may be Euler's number or the e of the document: "
    "write `\\exp(..)`, or give the other e another name",
    "ambiguous-product": "a product with several signs can be grouped in ways that differ: put "
    "brackets around what belongs together",
    "ambiguous-sum": "it is not clear where a sum over an index ends: put brackets around what is "
    "summed",
    "ambiguous-superscript": "what stands above a symbol may be a label or a power: write a label "
    "as `x^{(2)}`, or declare the exponent as a number",
    "binary-file": "the file is no text in UTF-8; save the document as UTF-8",
    "cycle": "a quantity is defined by itself, directly or through others",
    "declared-twice": "a symbol is declared with two different sets",
    "defined-twice": "a symbol has two definitions: give the second quantity a name of its own",
    "double-script": "two subscripts or two superscripts follow each other; put braces around them",
    "ellipsis": "it is not clear what the dots stand for: show the first two terms and the last "
    "one, or write a sum over an index",
    "empty-file": "there is nothing in the document",
    "empty-sum": "an index has nothing to run over; look at the limits of the sum",
    "foreign-character": "a character stands in a formula that means nothing there; write words "
    "as `\\text{..}` and symbols as LaTeX commands",
    "free-index": "one side has an index that the other does not have: an index that is not "
    "summed must stand on both sides",
    "function-without-argument": "a function stands where a quantity belongs: write what it is "
    "applied to",
    "huge-file": "the document is too long to be read; split it",
    "index-out-of-range": "an entry or a range is not sure to be in the array: entries count from "
    "1, and the declared size must be large enough",
    "incomplete-formula": "the formula breaks off where a term has to follow",
    "incomplete-question": "a gradient is asked for without its variable",
    "macro-argument": "a macro has another number of arguments than its definition says",
    "macro-definition": "the definition of a macro has no body in braces",
    "macro-too-long": "a macro becomes too long when it is written out",
    "mismatched-bracket": "a bracket is closed by one of another kind",
    "missing-argument": "a command stands without what it needs, such as the two parts of a "
    "fraction",
    "missing-term": "two signs follow each other with nothing between them",
    "nested-too-deep": "too many brackets stand inside each other: name the inner parts",
    "no-file": "there is no such file, or it cannot be opened",
    "no-formulas": "there is no formula: formulas stand between dollar signs, in `\\[ .. \\]`, or "
    "in an environment such as align",
    "no-scalar-loss": "a gradient needs one number that is differentiated, and none is defined",
    "not-a-class": "a quantity selects an entry, but is not declared as one of the numbers 1 to c",
    "not-a-scalar": "the gradient of an array is asked for: ask for its Jacobian, or for the "
    "gradient of a number",
    "not-a-variable": "a derivative is taken in something that has no name: give it one",
    "not-reached": "the derivative is taken in a variable that the definition does not contain",
    "nothing-defined": "no equation says how anything is computed",
    "number-too-long": "a number has more digits than anybody could read: write it as a power, or "
    "give it a letter",
    "recursive-macro": "a macro is defined by itself",
    "several-problems": "the document has several problems, and one of them must be chosen",
    "shape-clash": "two shapes do not fit together: write the number of rows and columns below "
    "every factor; neighbours in a product must share a size, terms of a sum must agree in both",
    "too-large": "the document needs more memory than there is",
    "too-many-indices": "a symbol has more indices than it has axes: a vector takes one, a matrix "
    "two",
    "too-many-steps": "a recurrence is written out for so many steps that nobody could read it: "
    "ask for a smaller number, or leave the number of steps open, as T",
    "unbound-index": "an index is used that no sum runs over, or that selects nothing",
    "unclosed-bracket": "a bracket is opened and never closed in the same formula",
    "unclosed-formula": "a formula has a beginning and no end: a dollar sign is missing",
    "undeclared-shape": "what is not declared has one shape in one line and another in the next: "
    "declare it, as in $A \\in \\mathbb{R}^{n \\times n}$",
    "undefined-command": "a LaTeX command is not known; define it with `\\newcommand`",
    "undefined-environment": "a LaTeX environment is not known; use align, cases or a matrix",
    "undeclared-neighbour": "an entry such as x_{t-1} stands beside x_t under a sum, and nothing "
    "says what x is: declare it, as in x in R^n, so that both are entries of one array.",
    "undefined-symbol": "a symbol is used of which nothing is said: declare it, as in "
    "$\\mathbf{x} \\in \\mathbb{R}^n$, or define it",
    "undetermined-size": "a size is used that nothing in the document gives: declare what has it",
    "unexpected-symbol": "a sign stands where it can have no meaning; often something before it "
    "is missing",
    "unknown-function": "a name before a bracket is no function that is known: define it, or "
    "check its spelling",
    "unknown-set": "a symbol is declared in a set that is not known; known are $\\mathbb{R}$ and "
    "its powers, intervals, and lists of numbers",
    "unopened-bracket": "a bracket is closed that was never opened",
    "unreadable-file": "the file cannot be opened",
    "unreadable-left-side": "something is defined that is no name: define the name itself, "
    "without transpose or power",
    "unreadable-size": "a size is no letter, number, or sum and product of these",
    "unsupported": "this way of writing is understood by people, and not by this program: the "
    "line may be right",
    "unsupported-index": "an index is more than one letter: select entries with letters, as in "
    "$x_i$",
    "uses-unread": "a definition that this line needs could not be read: correct that one first",
    "window": "a window does not fit on what it slides over, or it is not said how large it is: "
    "the message has the formula with its numbers",
    "wrong-arguments": "a function has another number of arguments than its definition says",
}


RUNNING = {
    "crashed": "the process that checked the document died of it: a mistake in derive",
    "internal-error": "the program broke down over the document: a mistake in derive",
    "no-cluster": "there is no cluster at this address, or dask.distributed is not installed",
    "no-output": "a file cannot be written",
    "no-workers": "the processes that check documents cannot be started",
    "timed-out": "the check took more than twice the time that --limit allows, and was interrupted",
}


_LAYOUT = "a custom of writing the entries of a derivative"


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
    if code in LAYOUTS:
        return LAYOUTS[code].says
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
    if code in LAYOUTS:
        return f"{_LAYOUT}: {LAYOUTS[code].says}"
    # One code may be both, such as a missing term.
    found = [_mistakes().get(code), READING.get(code)]
    return "\n\nOf a text that cannot be read: ".join(text for text in found if text) or None


def codes() -> dict[str, list[str]]:
    """Every code, under a heading."""
    return {
        "mistakes": sorted(_mistakes()),
        "verdicts": list(VERDICTS),
        "what cannot be read or has no meaning": sorted(READING),
        "layouts of derivatives": list(LAYOUTS),
        "what can fail besides": sorted(RUNNING),
    }


def nearest(code: str) -> str | None:
    """The code that was meant, if one is spelled much like this."""
    known = [known for group in codes().values() for known in group]
    lowered = code.strip().lower().replace("_", "-").replace(" ", "-")
    return next(iter(difflib.get_close_matches(lowered, known, 1, 0.5)), None)
