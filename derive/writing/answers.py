"""Questions about the parts of a formula, each answered once.

The idea: what is said of a part without names, new letters and sizes hangs on the part and on the
letters that it is asked for, and the gradients of a network have much in common; so it is kept for
the next formula, as long as somebody holds the part.
"""

from __future__ import annotations

from typing import Protocol

from derive.kernel.expr import Expr
from derive.writing.said import Ask, Letters, Said, Saying

_note = object.__setattr__


class Asked(Protocol):
    """Who answers; ``sized`` once a letter or a size was used."""

    root: Expr
    sized: bool

    def saying(self, asked: Ask) -> Saying: ...


def answered(
    writer: Asked, asked: Ask, memo: dict[Ask, tuple[Said, bool]], named: bool, opened: bool
) -> Said:
    """The answer to one question; the questions it raises wait on a stack, not on Python's.

    ``memo`` has what was answered before, and whether with a letter or a size.  ``named``: some
    parts have names in this formula; ``opened``: its root is said as what it is made of.
    """

    def room(node: Expr, at: Letters) -> dict[tuple[Letters, frozenset[str]], Said]:
        """What was said of a part before, in any formula; nothing of what this one changes."""
        if named or (node is writer.root and (opened or any(at))):
            return {}
        found = getattr(node, "said", None)
        if found is None:
            found = {}
            _note(node, "said", found)
        return found

    stack = [(asked, writer.saying(asked), writer.sized, room(asked.node, asked.at))]
    writer.sized = False
    answer: Said | None = None
    while stack:
        key, saying, before, kept = stack[-1]
        try:
            following = saying.send(answer)  # type: ignore[arg-type]
        except StopIteration as done:
            answer = said = done.value
            memo[key] = said, writer.sized
            stack.pop()
            if not writer.sized:
                kept[key[1:]] = said
            writer.sized = writer.sized or before
            continue
        known = memo.get(following)
        if known is not None:
            answer, sized = known
            writer.sized = writer.sized or sized
            continue
        node, at, scope = following
        kept = room(node, at)
        answer = kept.get((at, scope))
        if answer is None:
            stack.append((following, writer.saying(following), writer.sized, kept))
            writer.sized = False
    assert answer is not None
    return answer
