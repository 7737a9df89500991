"""What a computational graph shows, before it has coordinates.

The idea: a picture knows nothing of expressions or of drawing; its labels are surface trees, so the
same printers that write the sheet write the labels.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Literal

from derive.tree import Tree

Kind = Literal["input", "parameter", "target", "operator", "loss"]

#: More than this is no picture any more: nobody reads it, and a page cannot hold it.
MOST_NODES = 400
MOST_EDGES = 800


@dataclass(frozen=True, slots=True)
class Node:
    """A box of the graph: data, a parameter, or an operator; ``key`` is unique in its picture."""

    key: str
    label: Tree
    kind: Kind


@dataclass(frozen=True, slots=True)
class Edge:
    """A value that flows from ``tail`` to ``head``, and the gradient that flows back.

    ``flows`` is False where no gradient is wanted (data, targets, constants): no arrow goes back.
    """

    tail: str
    head: str
    forward: Tree | None = None
    backward: Tree | None = None
    flows: bool = True


@dataclass(frozen=True, slots=True)
class Picture:
    """A directed acyclic graph to be drawn; the order of nodes and edges settles every tie."""

    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]

    def topological(self) -> list[int]:
        """Indices of the nodes, every tail before its heads.

        Raises ``ValueError`` for a repeated key, an edge to an unknown node, and a cycle.
        """
        place = {node.key: at for at, node in enumerate(self.nodes)}
        if len(place) < len(self.nodes):
            twice = next(key for key, n in Counter(v.key for v in self.nodes).items() if n > 1)
            raise ValueError(f"two nodes have the key {twice!r}")
        heads: list[list[int]] = [[] for _ in self.nodes]
        waiting = [0] * len(self.nodes)
        for edge in self.edges:
            for key in (edge.tail, edge.head):
                if key not in place:
                    raise ValueError(f"an edge names {key!r}, which is no node of the picture")
            heads[place[edge.tail]].append(place[edge.head])
            waiting[place[edge.head]] += 1
        order = [at for at, count in enumerate(waiting) if not count]
        for at in order:
            for head in heads[at]:
                waiting[head] -= 1
                if not waiting[head]:
                    order.append(head)
        if len(order) < len(self.nodes):
            stuck = next(self.nodes[at].key for at, count in enumerate(waiting) if count)
            raise ValueError(f"{stuck!r} depends on itself: a graph with a cycle cannot be drawn")
        return order


def too_large(picture: Picture) -> bool:
    """Whether a reader could make nothing of the drawing, so that it is better left out."""
    return len(picture.nodes) > MOST_NODES or len(picture.edges) > MOST_EDGES
