"""``python -m tests.seed [--markdown]``: every row of the source document, and its verdict."""

import sys

from tests.seed.table import table

print(table(markdown="--markdown" in sys.argv[1:]))
