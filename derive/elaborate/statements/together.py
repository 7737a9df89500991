r"""Names defined together: i, f, o, g = \operatorname{split}(Wx + Uh + b), [Q, K, V] = X W.

The idea: each is a part of what stands on the right, in their order; of equal sizes, unless what is
declared of them says otherwise.  It is a definition where the names are met for the first time.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from derive.elaborate.names.scope import KNOWN_WORDS, base_of
from derive.elaborate.reading import Reading
from derive.tree import Tree

PART = "part"
_SPLITS = frozenset(["split", "Split", "chunk", "Chunk", "unstack", "unbind"])
_TABLES = frozenset(["matrix", "pmatrix", "bmatrix", "Bmatrix", "array", "smallmatrix"])
_EQUAL = Tree("rel", ("=",))
_DEFINED = (_EQUAL, Tree("rel", (":=",)))


def with_parts(items: Iterable[Tree], reading: Reading) -> list[Tree]:
    """The statements with a definition for each name that is defined together with others."""
    met: set[Tree] = set()
    done: list[Tree] = []
    for item in items:
        names = _names(item)
        if names and not met.intersection(names):
            done += _definitions(item, names, reading)
        else:
            done.append(item)
        if not _declares(item):
            met.update(node for node in item.subtrees() if base_of(node))
    return done


def _declares(item: Tree) -> bool:
    return item.head == "chain" and item.kids[1] == Tree("rel", ("in",))


def _names(item: Tree) -> Sequence[Tree]:
    """The names on the left of such a definition; none where this is another statement."""
    if item.head != "chain" or len(item.kids) != 3 or item.kids[1] not in _DEFINED:
        return ()
    left, _, right = item.kids
    called = _called(right)
    below = False
    match left:
        case Tree("list", parts):
            fits = called is not None
        case Tree("paren", (Tree("list", parts),)):
            fits = called is not None
        case Tree("bracket", (Tree("list" | "semi", parts),)):
            fits = True
        case Tree("env", (kind, rows)) if kind in _TABLES:
            below = all(len(row) == 1 for row in rows)
            parts = [cell for row in rows for cell in row]
            fits = below or len(rows) == 1
        case _:
            return ()
    plain = all(base_of(p) and p.head in ("name", "script") for p in parts)
    entries = {base_of(p) for p in parts if p.head == "script"}
    plain = plain and not {*parts} & {*right.subtrees()}  # [A, B] = AB - BA is a commutator
    numbered = len(entries) == 1 and len(parts) > 1 and all(_is_numbered(p) for p in parts)
    return tuple(parts) if fits and plain and not numbered and len(set(parts)) > 1 else ()


def _is_numbered(part: Tree) -> bool:
    return part.head == "script" and part.kids[1] is not None and part.kids[1].head == "num"


def _called(right: Tree) -> Tree | None:
    """The word of a call that the document does not spell out: split(..), LSTM(..)."""
    match right:
        case Tree("juxt", (Tree("name", (str(word),)) as name, Tree("paren"))):
            return name if len(word) > 1 and word.isalpha() and word not in KNOWN_WORDS else None
    return None


def _definitions(item: Tree, names: Sequence[Tree], reading: Reading) -> Iterator[Tree]:
    left, sign, right = item.kids
    word = _called(right)
    functions: Sequence[Tree | None] = [None] * len(names)
    rest = right
    if word is not None and word.kids[0] in _SPLITS:
        rest = right.kids[1].kids[0]
        rest = rest.kids[0] if rest.head == "list" else rest
    elif word is not None and left.head != "env":
        for name in names:  # a cell that nothing spells out: said where it is read
            yield Tree("chain", (name, sign, right), item.span)
        return
    elif (found := _stack(right, len(names))) is not None:
        functions, rest = found
    reading.together.append(tuple(names))
    at = Tree("num", (str(len(reading.together) - 1),), left.span)
    columns = left.head in ("list", "paren") or (
        left.head == "bracket" and left.kids[0].head == "list"
    )
    axis = Tree("num", ("1" if columns else "0",), left.span)
    for k, (name, function) in enumerate(zip(names, functions, strict=True)):
        number = Tree("num", (str(k),), name.span)
        arguments = Tree("list", (rest, number, at, axis), right.span)
        word = Tree("name", (PART,), right.span)
        body = Tree("juxt", (word, Tree("paren", (arguments,), right.span)), right.span)
        if function is not None:
            body = Tree("juxt", (function, Tree("paren", (body,), right.span)), right.span)
        yield Tree("chain", (name, sign, body), (name.span[0], item.span[1]))


def _stack(right: Tree, count: int) -> tuple[Sequence[Tree], Tree] | None:
    """The functions of (σ, σ, tanh) W [x; h], one for each part, and what they are applied to."""
    if right.head != "juxt" or len(right.kids) < 2 or right.kids[0].head != "env":
        return None
    kind, rows = right.kids[0].kids
    if kind not in _TABLES or len(rows) != count or any(len(row) != 1 for row in rows):
        return None
    functions = [row[0] for row in rows]
    if not all(f.head == "name" and _is_function(str(f.kids[0])) for f in functions):
        return None
    inner = right.kids[1:]
    return functions, inner[0] if len(inner) == 1 else Tree("juxt", inner, right.span)


def _is_function(word: str) -> bool:
    return word in (r"\sigma", r"\phi", r"\varphi", r"\operatorname{sigm}") or (
        word.lstrip("\\") in KNOWN_WORDS
    )
