"""The grammar compiled: Lark makes the LALR(1) table, and a file beside the grammar keeps it.

Making the table takes a quarter of a second, loading it two milliseconds.  The file knows which
grammar it was made from; if the two differ, the table is made afresh, never used stale.
``python -m derive.latex.tables`` writes it.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path

_FOLDER = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule: the symbol it makes, the builder's method, and how many parts it takes.

    A ``transparent`` rule with one part is that part.
    """

    origin: str
    action: str
    size: int
    transparent: bool


@dataclass(frozen=True, slots=True)
class Table:
    """An LALR(1) table: an action is the state to go to, or ``-1 - n`` to reduce by rule n."""

    grammar: str
    start: int
    end: int
    rules: list[Rule]
    states: list[dict[str, int]]


def grammar_text() -> str:
    """The grammar as written."""
    return (_FOLDER / "grammar.lark").read_text("utf-8")


@lru_cache(maxsize=1)
def stored_table() -> Table:
    """The table of the grammar: the stored one if it belongs to it, else a new one."""
    text = grammar_text()
    try:
        stored = json.loads((_FOLDER / "grammar.json").read_text("utf-8"))
    except (OSError, ValueError):
        return compiled(text)
    if stored.get("grammar") != _digest(text):
        return compiled(text)
    stored["rules"] = [Rule(*row) for row in stored["rules"]]
    return Table(**stored)


def compiled(text: str) -> Table:
    """The table of a grammar, by Lark; a conflict raises ``lark.exceptions.GrammarError``."""
    import lark
    from lark.parsers.lalr_analysis import Shift

    class Passing(lark.lexer.Lexer):
        """The tokens are made before the parser sees them; Lark lexes nothing."""

        def __init__(self, lexer_conf: object) -> None: ...

        def lex(self, lexer_state, parser_state):
            raise NotImplementedError

    parser = lark.Lark(text, parser="lalr", lexer=Passing, start="statement", strict=False)
    table = parser.parser.parser._parse_table
    # Lark numbers states by hash; numbered in order of discovery, the file is always the same.
    order = {table.start_states["statement"]: 0}
    numbers: dict = {}
    states: list[dict[str, int]] = []
    for state in (queue := list(order)):
        actions: dict[str, int] = {}
        for symbol, (action, target) in sorted(table.states[state].items()):
            if action is Shift:
                if target not in order:
                    order[target] = len(order)
                    queue.append(target)
                actions[symbol] = order[target]
            else:
                actions[symbol] = -1 - numbers.setdefault(target, len(numbers))
        states.append(actions)
    rules = [
        Rule(
            origin=rule.origin.name,
            action=rule.alias or rule.origin.name,
            size=len(rule.expansion),
            transparent=rule.options.expand1 and not rule.alias,
        )
        for rule in numbers
    ]
    return Table(_digest(text), 0, order[table.end_states["statement"]], rules, states)


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def main() -> None:
    """Write the table of the grammar beside it."""
    table = asdict(compiled(grammar_text()))
    table["rules"] = [list(rule.values()) for rule in table["rules"]]
    target = _FOLDER / "grammar.json"
    target.write_text(json.dumps(table, separators=(",", ":")) + "\n", "utf-8")


if __name__ == "__main__":
    main()
