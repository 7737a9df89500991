"""The computational graph drawn: one layout, as SVG for a page and as TikZ for a paper.

The idea: a drawing is coordinates, computed once; an output format only spells them.

``picture`` is what to draw, ``layout`` where: ``arrange``, ``frame``, ``stack`` and ``rows`` place
the boxes, ``curve`` the arrows, ``size`` knows how large a formula is; ``svg`` and ``tikz`` spell.
"""

from derive.draw.layout import Arrow, Box, Drawing, Label, layout
from derive.draw.picture import Edge, Node, Picture, too_large
from derive.draw.size import extent, width
from derive.draw.svg import description, svg
from derive.draw.tikz import tikz

__all__ = [
    "Arrow",
    "Box",
    "Drawing",
    "Edge",
    "Label",
    "Node",
    "Picture",
    "description",
    "extent",
    "layout",
    "svg",
    "tikz",
    "too_large",
    "width",
]
