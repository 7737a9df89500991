"""From surface trees to meaning: scope, settle, elaborate.

The idea: what the text alone cannot decide (is f(x) a call, is (i) a label, is T a transpose) is
settled here by declarations and shapes, in that order, and what they cannot decide is a question.

``statements`` writes spellings out, sorts what is stated and reads what is declared (``collect``,
``declare``, ``kinds``), and decides the notation (``settle``); ``names`` knows what a name stands
for (``scope``, ``symbols``) and finds the shapes that nobody declared (``ranks``, ``trials``);
``terms`` gives trees their values, with a module for each kind of notation (``products``,
``calls``, ``derivatives``, ``convolve``, ..); ``recurrence`` is what goes on in steps; ``claims``
tells claims from definitions and gives any formula in a document its value.

Over these rooms: ``dispatch`` has the rules, ``values`` what they give, ``reading`` the state of a
document; ``questions`` says what is asked, ``assembly`` makes the network, and ``document`` is all
of it.
"""
