"""Counting: parameters, sizes, receptive fields and operations of layers that a text describes.

The idea: a layer is a few numbers; all that a course asks of it is one formula of these, shown with
the numbers put in.  What a text does not say for certain is not assumed in silence.

Rooms: ``layers`` (layers as numbers), ``kinds`` (a row for each kind: its words and its formulas,
which are in ``windows`` and ``cells``); ``text`` (a document as sentences), ``facts`` and
``lexicon`` (words to marks), ``clauses``, ``perceptrons``, ``calls`` and ``prose`` (marks to
layers), with ``axes`` (channels first) and ``repeats``; ``questions`` and ``answers`` (what a
document asks and claims), ``worked``, ``written``, ``sought`` and ``memory`` (the worked lines),
``training`` (epochs and folds), ``arithmetic`` (formulas of numbers), ``solving`` (unknowns).
"""
