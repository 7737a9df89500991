"""Reading the LaTeX that people write: documents to formulas, formulas to trees, and back.

The idea: reading decides only what the text alone decides; the rest is left open in the tree, for
``derive.elaborate``.

In the order of the text: ``segment`` finds the formulas (without what is only drawn, ``rules``),
``macros`` and ``lexemes`` give TeX's atoms, ``tokens`` types them by the rows of ``vocabulary``,
``brackets`` pairs, ``rows`` parts the statements, ``parse`` makes the trees with ``grammar.lark``;
``read`` is all of it, and ``print`` the way back.
"""
