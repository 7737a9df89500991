"""From a network to a worked solution: names, lines with reasons, and the check beside them.

The idea: one backward sweep, cut at the names, so that every line is short; a line is shown in
another spelling only where that evaluates equal, and a result only beside its numerical check.

``network`` is what is asked, ``backprop`` works it: ``deltas`` has the sweep, ``jacobians`` the
chains, ``reasons`` the words, ``auxiliary`` the names that are missing, ``paper`` how a line is
written.  ``check`` judges results and ``witness`` spellings, both at random ``points``.  ``local``
looks at expressions down to their names; ``graph`` is to be drawn, ``count`` the number of
parameters.
"""
