r"""The truth of the book's lines by numbers alone: a small reader of LaTeX and central differences.

The idea: it shares nothing with the package. A document's definitions are a program in NumPy,
a derivative is a difference quotient of that program with one node held, and a row is true if all
of its sides agree at random points. What it cannot read it says, and the book says why it is true.

Vectors are columns (n, 1). Lines in a document tell it what the text leaves open:
``% numbers: shape x n``, ``% numbers: loss L``, ``% numbers: layout numerator``.
"""

from tests.by_numbers.judge import Found, judged

__all__ = ["Found", "judged"]
