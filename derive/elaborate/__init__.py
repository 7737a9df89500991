"""From surface trees to meaning: scope, settle, elaborate.

The idea: what the text alone cannot decide (is f(x) a call, is (i) a label, is T a transpose) is
settled here by declarations and shapes, in that order, and what they cannot decide is a question.
"""
