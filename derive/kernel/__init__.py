"""Expressions and the rules of calculus: the trusted core, without a line of notation.

The idea: the linear half of the field is one kind of node, a contraction, with one rule, and the
nonlinear half is another, an elementwise map.  What is not one of the eight kinds is a definition.

``expr`` has the kinds, ``build`` what people write with them, ``contraction`` what is absorbed on
the way in, ``calculus`` the rules, ``sizes`` the axes, ``interned`` how same becomes identical.
"""
