"""Questions about the parts of a formula, each answered once.

The idea: what is said of a part without names, new letters and sizes hangs on the part and on the
letters that it is asked for, and the gradients of a network have much in common; so it is kept for
the next formula, as long as somebody holds the part.
"""

from __future__ import annotations

from collections.abc import MutableMapping
from typing import Protocol
from weakref import WeakKeyDictionary

from derive.kernel.expr import Expr
from derive.writing.said import Ask, Letters, Said, Saying

# By the part: what was said of it at these letters, with those that are bound around it.
_plain: MutableMapping[Expr, dict[tuple[Letters, frozenset[str]], Said]] = WeakKeyDictionary()


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

    def kept(one: Ask) -> dict[tuple[Letters, frozenset[str]], Said]:
        """What was said of a part before, in any formula; nothing of what this one changes."""
        if named or (one.node is writer.root and (opened or any(one.at))):
            return {}
        found = _plain.get(one.node)
        if found is None:
            found = _plain[one.node] = {}
        return found

    stack: list[tuple[Ask, Saying, bool]] = [(asked, writer.saying(asked), writer.sized)]
    writer.sized = False
    answer: Said | None = None
    while stack:
        key, saying, before = stack[-1]
        try:
            following = saying.send(answer)  # type: ignore[arg-type]
        except StopIteration as done:
            said: Said = done.value
            answer = said
            memo[key] = said, writer.sized
            stack.pop()
            if not writer.sized:
                kept(key)[key.at, key.scope] = said
            writer.sized = writer.sized or before
            continue
        answer, sized = memo.get(following, (None, False))
        writer.sized = writer.sized or sized
        if answer is None:
            answer = kept(following).get((following.at, following.scope))
        if answer is None:
            stack.append((following, writer.saying(following), writer.sized))
            writer.sized = False
    assert answer is not None
    return answer
