"""The adversary of ``derive check``: wrong edits and true rewrites of true lines, judged apart.

The idea: the judge of this package reads the page on its own (``page``), with floats and the
conventions of the page, and shares no code with the checker's deciders, its table of mistakes or
the elaboration of documents; what the checker proves must be true here, what it refutes false.
"""
