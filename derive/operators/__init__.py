"""The vocabulary: functions of each entry, operators along an axis, definitions in their words."""

from derive.operators import composites, pointwise, primitives
from derive.operators.row import COMPOSITES, POINTWISE, PRIMITIVES, Row

__all__ = ["COMPOSITES", "POINTWISE", "PRIMITIVES", "Row", "composites", "pointwise", "primitives"]
