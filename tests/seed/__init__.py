"""The rows of the source document, stated in the product's own language, and what it says of each.

The idea: a document names its rows in its first line and carries its own expectations, those of the
book beside claims, ``% answer: ..`` beside questions; ``python -m tests.seed`` prints the table.
"""
