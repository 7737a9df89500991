"""Expressions and the rules of calculus: the trusted core, without a line of notation."""
