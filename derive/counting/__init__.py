"""Counting: parameters, sizes, receptive fields and operations of layers that a text describes.

The idea: a layer is a few numbers; all that a course asks of it is one formula of these, shown with
the numbers put in.  What a text does not say for certain is not assumed in silence.

Rooms: ``layers`` (layers and their formulas), ``prose`` (sentences to layers), ``answers`` (what a
document asks and claims of them), ``arithmetic`` (formulas of numbers), ``solving`` (unknowns).
"""
