"""``python -m tests.cookbook [--markdown]``: the identities of the Matrix Cookbook, one a line."""

import sys

from tests.cookbook.table import table

print(table(markdown="--markdown" in sys.argv[1:]))
