"""What an expression is equal to: its numbers, and one normal form.

The idea: meaning knows nothing of the rules of calculus, so it can be their judge.

``evaluate`` has the numbers; ``normal`` the normal form, with ``digests`` to sort by and
``numbering`` for the indices of a product.
"""
