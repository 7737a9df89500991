"""Verdicts on what a document claims; nothing below ``derive.app`` imports it.

The idea: whatever is clever proposes, and a small part that is trusted decides.

Trusted, for "proved": ``equal`` (the normal form with its side conditions) on ``derive.kernel`` and
``derive.operators``.  Trusted, for "refuted": ``numbers.certify`` (exact rationals and balls that
do not meet), with ``numbers.exact``, ``numbers.entries``, ``numbers.matrices``, ``numbers.plan``,
``numbers.draw`` and ``numbers.folded``.  ``decide`` asks them, and tests each with the other.  A
mistake in any other module costs a verdict, a name or a fix, and makes nothing true or false.

Rooms: ``verdict`` (data), ``equal``, ``numbers``, ``decide`` (one relation), ``loosely``
(up to something), ``judge`` (one claim), ``check`` (a document), ``narrowed``, ``supposed`` and
``described`` (what it says in places, supposes, and says in words), ``regions`` and ``parts``
(lines of a case), ``undefined`` (functions that nothing defines), ``norms`` (their customs),
``layouts`` and ``evidence``,
``agreement`` (what speaks for a line), ``stationary`` (what follows from a zero gradient),
``updates`` (steps of optimisers), ``rules`` (one state with several of them), ``causes`` and
``mistakes`` (why a line is wrong), ``conditions`` (what a proof needs, as LaTeX), ``function`` and
``functions`` (a backward function in code).
"""
