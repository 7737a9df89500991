"""Numbers of expressions: floats to look with, exact rationals, balls and residues to be sure by.

The idea: floats say where to look and never decide; what is said of a claim is said from exact
rationals, from enclosures that do not meet, or, as evidence only, from residues modulo a prime.

``plan`` multiplies the factors of a contraction in pairs; ``draw`` finds rationals in a domain;
``sample`` holds the points of one document; ``exact`` evaluates in rationals and balls; ``refute``
looks for a counterexample and certifies it.
"""
