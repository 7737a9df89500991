"""From surface trees to meaning: scope, settle, elaborate.

The idea: what the text alone cannot decide (is f(x) a call, is (i) a label, is T a transpose) is
settled here by declarations and shapes, in that order, and what they cannot decide is a question.

``collect`` sorts the statements and ``declare`` reads what is declared; ``scope`` knows the names,
``settle`` decides the notation, ``elaborate`` gives trees their values with a module for each kind
(``symbols``, ``products``, ``calls``, ``conditions``, ``shaped``); ``ranks`` and ``trials`` find
the shapes that nobody declared; ``questions`` says what is asked, ``assembly`` makes the network,
and ``document`` is all of it.

Where a document is judged: ``claimed`` tells claims from definitions, ``given`` what is supposed,
``shorthand`` writes out what stands for a derivative (``ellipsis`` what dots do), ``abstract`` and
``differentials`` the losses and differentials that have no definition, ``derivatives`` and
``layouts`` give derivatives their values, ``einstein`` sums by convention, ``unknown`` finds what
nothing explains; ``claiming`` reads the document, and ``claims`` gives any formula in it its value.
"""
