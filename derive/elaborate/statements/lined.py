r"""Rows and columns by their names: "the matrix $A$ with rows $a_i^\top$", X = [x_1, \dots, x_n].

The idea: such words, and such a formula, are one equation between a matrix and a family of vectors.
It defines one of the two: the vectors, which are lines of the matrix, unless these are what is
given.  A vector that is named without a transpose stands in a row as x_i^\top.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from derive.elaborate.names.indices import index_letter
from derive.elaborate.names.scope import base_of, names_in
from derive.elaborate.recurrence.steps import put
from derive.elaborate.statements.ellipsis import is_dots
from derive.elaborate.statements.families import (
    IN,
    REALS,
    TRANSPOSES,
    defines,
    is_chain,
    last_index,
    member_of,
    terms_of,
    with_entries,
)
from derive.elaborate.statements.mood import SENTENCE, Mood, mood_of
from derive.elaborate.terms.limits import bound_letters
from derive.latex.print import latex
from derive.latex.read import Parsed
from derive.notation.names import parts
from derive.tree import Tree

_IS, _ALL = Tree("rel", ("=",)), Tree("name", (":",))
_TOP = Tree("name", (r"\top",))
_LETTERS = "rqsuhglvKQRU"
# What is said of a matrix as a whole is lost where it is made of its lines.
_OF_KINDS = re.compile(
    r"\b(?:orthogonal|orthonormal|unitary|symmetric|invertible|non-?singular|definite|diagonal|"
    r"full (?:column |row )?rank|projection|idempotent|permutation|triangular|stochastic|"
    r"skew\w*)\b|\\succ",
    re.IGNORECASE,
)

# The text with a sign for each formula in it: a matrix, a family of vectors, an index, m \times n,
# another.
_M, _V, _I, _S, _F = "MVISF"
_LINE = r"(?P<line>row|column)s?\b(?: vectors?)?"
_NTH = r"(?:(?:⟪I\d+⟫|[a-z])[\s-]*(?:th)?[\s-]+)?"
_MATRIX = r"(?P<M>⟪M\d+⟫)"
_FAMILY = (
    r"(?:(?:all|the|each|every|these|individual|data|feature|input|training|row|column|vectors?|"
    r"points?|samples?|inputs?|examples?|observations?|of)\s+)*(?P<V>⟪V\d+⟫)"
)
_KNOWN = (
    r"(?:[\s,]|\b(?:is|be|denotes?|as|the|an?|real|design|data|weight|feature|input|square|matrix|"
    r"for|orthogonal|unitary|invertible|symmetric|and|tall|rectangular)\b|⟪S\d+⟫)*"
)
_ARE = r"[\s,:]*(?:(?:is|are|be|being|equal|to|given|by|denoted|the|respectively)\s+)*"
_SAYS = [
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        # A is the matrix with rows a_i, whose i-th column is a_i
        rf"{_MATRIX}{_KNOWN}\b(?:with|whose|having|has|have|of|that has|which has)\s+(?:the\s+)?"
        rf"{_NTH}{_LINE}{_ARE}{_FAMILY}",
        # the rows of A are a_i; the rows a_i of A
        rf"\b{_NTH}{_LINE}\s+of\s+(?:the matrix\s+)?{_MATRIX}{_ARE}{_FAMILY}",
        rf"\b{_LINE}\s+{_FAMILY}\s+of\s+(?:the matrix\s+)?{_MATRIX}",
        # a_i is the i-th row of A
        rf"(?P<V>⟪V\d+⟫)[\s,]*(?:(?:is|are|be|denotes?|for|as|the|its)\s+)*{_NTH}{_LINE}\s+of\s+"
        rf"(?:(?:the|an?|data|design|weight|matrix)\s+)*{_MATRIX}",
        # A with a_i as its rows, A contains the vectors a_i in its rows
        rf"{_MATRIX}{_KNOWN}\b(?:with|having|has|that|which)?\s*"
        rf"(?:contain\w*|hold\w*|collect\w*|stack\w*)?\s*{_FAMILY}\s+(?:as|in|on|for)\s+"
        rf"(?:(?:its|the)\s+)?{_NTH}{_LINE}",
        # stacking the a_i as rows of A
        rf"\b(?:stack|collect|arrang|gather)\w*\s+{_FAMILY}\s+(?:as|in|into)\s+(?:the\s+)?{_LINE}"
        rf"\s+(?:of|in|into)\s+(?:(?:the|an?|data|design|weight|matrix)\s+)*{_MATRIX}",
    )
]


class _Lines(NamedTuple):
    """A matrix of rows or columns, the member of the family over ``letter``, and how many there
    are, if that is said."""

    matrix: Tree
    member: Tree
    by_rows: bool
    letter: str
    count: Tree | None = None

    @property
    def key(self) -> tuple[str, bool]:
        return latex(self.matrix), self.by_rows

    def over(self, letter: str) -> _Lines:
        member = put(self.member, self.letter, Tree("name", (letter,)))
        return self._replace(member=member, letter=letter)


def with_lines(items: list[Tree], parsed: Parsed, judging: bool) -> list[Tree]:
    """The statements, with an equation for each matrix whose rows or columns are given names."""
    letters = _fresh(items)
    if not letters:
        return items
    letter = letters[0]
    items = with_entries(items, letter)
    shapes = {latex(item.kids[0]): item.kids[2] for item in items if is_chain(item, IN)}
    found: dict[tuple[str, bool], tuple[_Lines, Tree | None]] = {}
    for item in items:
        one = _listed(item, letter, shapes)
        if one is not None and one.key not in found:
            found[one.key] = one, item
            for side in item.kids[4::2]:
                shapes.setdefault(latex(one.matrix), side)
    for one in _in_words(parsed, letter, items):
        found.setdefault(one.key, (one, None))
    kinds = _OF_KINDS.search(parsed.document.plain) is not None
    # One letter would be caught where the lines of one matrix are made of those of another.
    for (one, listing), new in zip(found.values(), letters, strict=False):
        others = [item for item in items if item is not listing]
        made = list(_equations(one.over(new), others, shapes, judging, kinds))
        if made and listing is not None:
            said = zip(listing.kids[3::2], listing.kids[4::2], strict=True)
            made += [Tree("chain", (one.matrix, *part), listing.span) for part in said]
        items = [*made, *others] if made else items
    return items


def _fresh(items: Iterable[Tree]) -> list[str]:
    used = {str(node.kids[0]) for item in items for node in item.subtrees() if node.head == "name"}
    return [letter for letter in _LETTERS if letter not in used]


def _equations(
    one: _Lines, items: list[Tree], shapes: dict[str, Tree], judging: bool, kinds: bool
) -> Iterator[Tree]:
    """What the lines of a matrix say; nothing if no formula names them, or both are defined."""
    matrix, member, by_rows, letter, count = one
    span, base = matrix.span, base_of(member)
    spoken = [item for item in items if item.head == "chain" and item.kids[1] != IN]
    if not any(base_of(name) == base for name in names_in(spoken)):
        # they may be named to ask for the gradients in them
        spoken = [item for item in items if item.head in ("deriv", "grad")]
        if judging or not any(base_of(name) == base for name in names_in(spoken)):
            return
    if base == base_of(matrix) or _has_steps(base, spoken):
        return
    if any(_is_like(name, member) and _size(own, True) for name, own in shapes.items()):
        return  # blocks
    wholes = [item for item in items if defines(item) and item.kids[0] == matrix]
    members = [item for item in items if defines(item) and _is_member(item.kids[0], member)]
    if wholes and members:
        first, other = (min(item.span for item in each) for each in (wholes, members))
        if not judging or max(first, other) < span:
            return
        of_lines = first < other
    elif wholes or members:
        of_lines = bool(wholes)
    else:
        given = any(_is_like(name, member) and _is_vector(own) for name, own in shapes.items())
        # What has a label is a sample, and samples make the matrix, unless it is a variable.
        sample = member.kids[2] is not None and latex(matrix) in shapes
        sample = sample and not _is_differentiated(base_of(matrix), spoken)
        of_lines = not _is_differentiated(base, spoken) and (kinds or not (given or sample))
    if of_lines:
        place = Tree("name", (letter,))
        entries = Tree("list", (place, _ALL) if by_rows else (_ALL, place))
        yield Tree("chain", (member, _IS, Tree("script", (matrix, entries, None), span)), span)
        return
    turned = Tree("script", (_grouped(member), None, _TOP), span)
    index = Tree("name", (letter,))
    stacked = Tree("script", (Tree("bracket", (turned,), span), index, None), span)
    if not by_rows:
        stacked = Tree("script", (Tree("paren", (stacked,), span), None, _TOP), span)
    yield Tree("chain", (matrix, _IS, stacked), span)
    shape = shapes.get(latex(matrix))
    own = next((one for name, one in shapes.items() if _is_like(name, member)), None)
    count = count or _count(base, spoken)
    if shape is None and count is not None and own is not None and _is_vector(own):
        sizes = (count, own.kids[2]) if by_rows else (own.kids[2], count)
        space = Tree("juxt", (sizes[0], Tree("op", (r"\times",)), sizes[1]), span)
        yield Tree("chain", (matrix, IN, Tree("script", (REALS, None, space), span)), span)
    size = _size(shape, by_rows)
    if size is not None and not members and own is None:
        reals = Tree("script", (REALS, None, size), span)
        used = (n for n in names_in(spoken) if _is_member(n, member) and n.kids[2] is not None)
        label = next((n for n in used if index_letter(n.kids[2]) is not None), member)
        yield Tree("chain", (label, IN, reals), span)


def _has_steps(base: str, items: Iterable[Tree]) -> bool:
    """Whether such a vector is made of the one before it: h_{t-1}."""
    return any(
        base_of(name) == base and isinstance(place, Tree) and place.head in ("sum", "juxt")
        for name in names_in(items) if name.head == "script" for place in name.kids[1:]
    )  # fmt: skip


def _count(base: str, items: Iterable[Tree]) -> Tree | None:
    r"""The m of a \sum_{i=1}^m over such vectors."""
    for node in (node for item in items for node in item.subtrees() if node.head == "big"):
        letters = {letter for letter, _, _ in bound_letters(node.kids[1])}
        inside = [n for n in names_in(node.kids[3:]) if base_of(n) == base and n.head == "script"]
        places = {index_letter(place) for n in inside for place in n.kids[1:] if place is not None}
        if node.kids[2] is not None and letters & places:
            return node.kids[2]
    return None


def _is_differentiated(base: str, items: Iterable[Tree]) -> bool:
    """Whether a derivative is by such a vector."""
    by = [node.kids[1] if node.head == "deriv" else node.kids[0] for item in items
          for node in item.subtrees() if node.head in ("deriv", "grad")]  # fmt: skip
    return any(base_of(name) == base for name in names_in(k for k in by if k is not None))


def _grouped(member: Tree) -> Tree:
    """x^{(i)} in brackets, under a superscript of its own."""
    return member if member.kids[2] is None else Tree("paren", (member,), member.span)


def _size(shape: Tree | None, by_rows: bool) -> Tree | None:
    """The n of R^{m x n} for rows, the m for columns."""
    match shape:
        case Tree("script", (_, None, Tree("juxt", (m, Tree("op"), n)))):
            return n if by_rows else m
    return None


def _is_member(name: Tree, member: Tree) -> bool:
    indexed = name.head == "script" and (name.kids[1] is None) == (member.kids[1] is None)
    return indexed and base_of(name) == base_of(member)


# ------------------------------------------------------------------------------------- formulas


def _listed(item: Tree, letter: str, shapes: dict[str, Tree]) -> _Lines | None:
    r"""The lines of X = [x_1, \dots, x_n], or of X = \begin{bmatrix} x_1^\top \\ \vdots \\ ..."""
    if not defines(item) or not _is_matrix(item.kids[0]):
        return None
    matrix, right = item.kids[0], item.kids[2]
    turned = False
    match right:
        case Tree("script", (Tree() as inner, None, Tree(_, above))) if above in TRANSPOSES:
            right, turned = inner, True
    terms, stacked = terms_of(right)
    if not any(map(is_dots, terms)):
        return None
    family = member_of(Tree("list", tuple(terms), right.span), letter)
    if family is None or (turned and family[1]) or (stacked and not family[1]):
        return None
    member, as_row = family
    if as_row != stacked:
        return None  # a list of rows in one row
    after = dict(zip((latex(s) for s in item.kids[3::2]), item.kids[4::2], strict=True))
    shape = shapes.get(latex(matrix)) or after.get(latex(IN))
    vectors = as_row or _size(shape, True) is not None or any(
        _is_vector(own) and _is_like(name, member) for name, own in shapes.items()
    )  # fmt: skip
    if not vectors:
        return None
    return _Lines(matrix, member, turned or as_row, letter, last_index(terms))


def _is_vector(shape: Tree) -> bool:
    return shape.head == "script" and shape.kids[2] is not None


def _is_like(name: str, member: Tree) -> bool:
    """Whether a declaration of x_i, or of x_1, \\dots, x_n, is of this family."""
    return name.startswith(base_of(member) + ("_" if member.kids[1] is not None else "^"))


def _is_matrix(name: Tree) -> bool:
    """A capital, which may have a number below it."""
    core = parts(base_of(name)).core.lstrip("\\")
    sub = name.kids[1] if name.head == "script" else None
    plain = name.head == "name" or (name.head == "script" and name.kids[2] is None)
    return plain and core[:1].isupper() and (sub is None or sub.head == "num")


# ---------------------------------------------------------------------------------------- words


def _in_words(parsed: Parsed, letter: str, items: list[Tree]) -> Iterator[_Lines]:
    """The lines that sentences give names to."""
    text = parsed.document.plain
    if not re.search(r"\b(?:rows?|columns?)\b", text, re.IGNORECASE):
        return
    said, signs, counts = _with_signs(parsed, letter)
    turned = {
        base_of(node) for item in items for node in item.subtrees()
        if node.head == "script" and node.kids[2] is not None and node.kids[2].kids in TRANSPOSES
        and base_of(node)
    }  # fmt: skip
    spoken = {base_of(n) for n in names_in(i for i in items if i.head == "chain")}
    for sentence in said:
        for pattern in _SAYS:
            for match in pattern.finditer(sentence):
                matrix = signs[match["M"]][0]
                member, as_row = signs[match["V"]]
                by_rows = match["line"].lower() == "row"
                at = sorted((*matrix.span, *member.span))
                if mood_of(text, at[0], at[-1]) is Mood.DOUBTED or as_row > by_rows:
                    continue
                # Rows that are never transposed may be meant as rows.
                named = base_of(member) in spoken
                if by_rows and not as_row and named and base_of(member) not in turned:
                    continue
                yield _Lines(matrix, member, by_rows, letter, counts.get(match["V"]))


def _with_signs(
    parsed: Parsed, letter: str
) -> tuple[list[str], dict[str, tuple[Tree, bool]], dict[str, Tree]]:
    """The sentences with a sign for each formula, what the signs stand for, and the last indices
    of those that list a family."""
    text = parsed.document.plain
    signs: dict[str, tuple[Tree, bool]] = {}
    counts: dict[str, Tree] = {}
    whole, last = "", 0
    items = sorted((item for row in parsed.rows for item in row.items), key=lambda i: i.span)
    for k, item in enumerate(items):
        start, end = item.span
        if start < last or item.head == "text":
            continue
        kind, value = _signed(item, letter)
        signs[sign := f"⟪{kind}{k}⟫"] = value
        listed = item.kids[0] if item.head == "chain" else item
        last_one = last_index(listed.kids) if kind == _V and listed.head == "list" else None
        if last_one is not None:
            counts[sign] = last_one
        whole += text[last:start] + sign
        last = end
    return [_plain(one) for one in SENTENCE.split(whole + text[last:])], signs, counts


def _plain(sentence: str) -> str:
    bare = re.sub(r"\$|\\[()]|\\(?:textbf|emph|textit)|[{}]|~", " ", sentence)
    return re.sub(r"\s+", " ", bare).replace("⟫ th ", "⟫th ").replace("⟫ -th ", "⟫-th ")


def _signed(item: Tree, letter: str) -> tuple[str, tuple[Tree, bool]]:
    named = item.kids[0] if item.head == "chain" and (item.kids[1] == IN or defines(item)) else item
    if isinstance(named, Tree):
        family = member_of(named, letter)
        if family is not None and not _is_nth(named):
            return _V, family
        if base_of(named) and _is_matrix(named):
            return _M, (named, False)
        if index_letter(named) or _is_nth(named):
            return _I, (named, False)
        if named.head == "juxt" and Tree("op", (r"\times",)) in named.kids:
            return _S, (named, False)
    return _F, (item, False)


def _is_nth(named: Tree) -> bool:
    """i^{th}"""
    sup = named.kids[2] if named.head == "script" else None
    return sup is not None and latex(sup).replace(" ", "") in ("th", r"\text{th}", r"\mathrm{th}")
