"""What each rule of the grammar builds: one method for each rule, from parts to a tree.

Heads are those of ``derive.tree``.  Nothing is decided here that depends on what a name means.
"""

from __future__ import annotations

from collections.abc import Sequence

from derive.latex import vocabulary as known
from derive.latex.lexemes import Token
from derive.latex.operators import derivative_fraction, folded
from derive.tree import Tree

_BRACKETS = {
    "LPAR": "paren", "LBRACK": "bracket", "LSET": "set", "LANGLE": "angle", "LABS": "abs",
    "LNORM": "norm", "LFLOOR": "floor", "LCEIL": "ceil",
}  # fmt: skip


def _span(parts: Sequence) -> tuple[int, int]:
    places = [_place(part) for part in parts if part is not None]
    if len(places) > 1:
        places = [p for p in places if p != (0, 0)] or places  # nothing stands nowhere: {}^T
    return min(p[0] for p in places), max(p[1] for p in places)


def _place(part) -> tuple[int, int]:
    match part:
        case Tree():
            return part.span
        case Token():
            return part.start, part.end
        case _:
            return _span(part)


class Builder:
    """One method for each rule of the grammar; each takes the rule's parts and returns a tree."""

    # -- statements, lists, chains ------------------------------------------------------------

    def statement(self, parts: list) -> Tree:
        return parts[0] if len(parts) == 1 else _chain(parts)

    def led(self, parts: list) -> Tree:
        return _chain([None, *parts])

    def side(self, parts: list) -> Tree:
        return _listed([part for part in parts if isinstance(part, Tree)], parts)

    def inside(self, parts: list) -> Tree:
        return parts[0]

    def semi(self, parts: list) -> Tree:
        return Tree("semi", (parts[0], parts[2]), _span(parts))

    def given(self, parts: list) -> Tree:
        return Tree("given", (parts[0], parts[2]), _span(parts))

    def entries(self, parts: list) -> Tree:
        entries: list[Tree] = []
        for part in parts:
            if not isinstance(part, Token):
                entries.extend(part)
        if len(parts) > 1 and entries and entries[-1].head == "empty":
            entries.pop()  # A trailing comma is punctuation.
        return _listed(entries, parts) if entries else Tree("empty")

    def entry(self, parts: list) -> list[Tree]:
        return parts

    def empty(self, parts: list) -> list[Tree]:
        return [Tree("empty")]

    def worded(self, parts: list) -> list[Tree]:
        return [*parts[:-1], *parts[-1]]

    def said(self, parts: list) -> list[Tree]:
        return [piece for phrase in parts for piece in phrase]

    def phrase(self, parts: list) -> list[Tree]:
        word = parts[0]
        return [Tree("text", (word.text,), (word.start, word.end)), *parts[1:]]

    def links(self, parts: list) -> list:
        return parts

    def linked(self, parts: list) -> list:
        return [*parts[0], *parts[1:]]

    def chain(self, parts: list) -> Tree:
        links = parts[0]
        return links[0] if len(links) == 1 else _chain(links)

    def trailing(self, parts: list) -> Tree:
        return _chain([*parts[0], parts[1], Tree("empty", (), _end(parts[1]))])

    def leading(self, parts: list) -> Tree:
        return _chain([None, parts[0], *parts[1]])

    def trailing_led(self, parts: list) -> Tree:
        return _chain([None, parts[0], *parts[1], parts[2], Tree("empty", (), _end(parts[2]))])

    # -- sums and products --------------------------------------------------------------------

    def total(self, parts: list) -> Tree:
        terms = [parts[0]]
        for sign, term in zip(parts[1::2], parts[2::2], strict=True):
            terms.append(_signed(sign, term))
        flat = terms[0].kids + tuple(terms[1:]) if terms[0].head == "sum" else tuple(terms)
        return Tree("sum", flat, _span(parts))

    def negated(self, parts: list) -> Tree:
        return _signed(*parts)

    prefixed = negated

    def signed_body(self, parts: list) -> Tree:
        return parts[0] if len(parts) == 1 else _signed(*parts)

    def term(self, parts: list) -> Tree:
        factors: list[Tree] = []
        for part in parts:
            match part:
                case list():
                    factors.extend(part)
                case Token():
                    factors.append(_operator(part))
                case Tree():
                    factors.append(part)
        return folded(factors)

    def run(self, parts: list) -> list[Tree]:
        factors: list[Tree] = parts[0] if isinstance(parts[0], list) else [parts[0]]
        for part in parts[1:]:
            factors.append(_operator(part) if isinstance(part, Token) else part)
        return factors

    def tail(self, parts: list) -> Tree:
        operator, below, above = parts[0]
        body = parts[-1] if len(parts) > 1 else None
        if len(parts) == 3:
            body = _signed(parts[1], parts[2])
        places = [part for part in (operator, below, above, body) if part is not None]
        return Tree("big", (operator.text, below, above, body), _span(places))

    def operator(self, parts: list) -> tuple:
        return parts[0], None, None

    def below(self, parts: list) -> tuple:
        operator, _, above = parts[0]
        return operator, parts[2], above

    def above(self, parts: list) -> tuple:
        operator, below, _ = parts[0]
        return operator, below, parts[2]

    # -- factors ------------------------------------------------------------------------------

    def sub(self, parts: list) -> Tree:
        base, _, below = parts
        if base.head == "script" and base.kids[1] is None and base.kids[2] is not None:
            return Tree("script", (base.kids[0], below, base.kids[2]), _span(parts))
        return Tree("script", (base, below, None), _span(parts))

    def sup(self, parts: list) -> Tree:
        base, _, above = parts
        above = _with_sign(above)
        if base.head == "script" and base.kids[2] is None:
            return Tree("script", (base.kids[0], base.kids[1], above), _span(parts))
        return Tree("script", (base, None, above), _span(parts))

    def primed(self, parts: list) -> Tree:
        base, marks = parts
        count = str(len(marks.text))
        if base.head == "script":
            # x_i' and x'_i are one symbol: the prime belongs to the name.
            inner = Tree("prime", (base.kids[0], count), base.kids[0].span)
            return Tree("script", (inner, *base.kids[1:]), _span(parts))
        return Tree("prime", (base, count), _span(parts))

    def factorial(self, parts: list) -> Tree:
        return Tree("factorial", (parts[0],), _span(parts))

    def evaluated(self, parts: list) -> Tree:
        return Tree("at", (parts[0], parts[3]), _span(parts))

    def name(self, parts: list) -> Tree:
        return Tree("name", (parts[0].text,), _span(parts))

    def num(self, parts: list) -> Tree:
        return Tree("num", (parts[0].text,), _span(parts))

    def dots(self, parts: list) -> Tree:
        return Tree("dots", (), _span(parts))

    def ask(self, parts: list) -> Tree:
        return Tree("ask", (), _span(parts))

    def group(self, parts: list) -> Tree:
        # Braces leave no node, but what they enclose is one operand: {x^{(i)}}^T.
        # Its place takes them in, so that what ends with a group ends behind its brace.
        return Tree(parts[1].head, parts[1].kids, _span(parts))

    def over(self, parts: list) -> Tree:
        return derivative_fraction(parts[1], parts[3], _span(parts))

    def bracketed(self, parts: list) -> Tree:
        opener, inside, closer = parts
        if opener.type == "LINTERVAL":
            return Tree("interval", (opener.text, inside, closer.text), _span(parts))
        if opener.type == "LABS" and inside.head == "abs":
            return Tree("norm", inside.kids, _span(parts))  # \left|\left| x \right|\right|
        return Tree(_BRACKETS[opener.type], (inside,), _span(parts))

    def frac(self, parts: list) -> Tree:
        return derivative_fraction(parts[1], parts[2], _span(parts))

    def binom(self, parts: list) -> Tree:
        return Tree("binom", (parts[1], parts[2]), _span(parts))

    def sqrt(self, parts: list) -> Tree:
        return Tree("sqrt", (parts[1],), _span(parts))

    def root(self, parts: list) -> Tree:
        return Tree("root", (parts[2], parts[1]), _span(parts))

    def accent(self, parts: list) -> Tree:
        return Tree("accent", (parts[0].text, parts[1]), _span(parts))

    def env(self, parts: list) -> Tree:
        kind = known.MATRICES.get(parts[0].text, "aligned")
        rows = tuple(row for row in parts[1] if any(cell.head != "empty" for cell in row))
        if kind == "cases":
            rows = tuple(_case(row) for row in rows)
        return Tree("env", (kind, rows), _span((parts[0], parts[2])))

    def rows(self, parts: list) -> list:
        return [part for part in parts if not isinstance(part, Token)]

    def row(self, parts: list) -> tuple:
        return tuple(part for part in parts if isinstance(part, Tree))


def _chain(parts: Sequence) -> Tree:
    kids: list = []
    for part in parts:
        match part:
            case Token():
                kids.append(Tree("rel", (part.text,), (part.start, part.end)))
            case _:
                kids.append(part)
    return Tree("chain", tuple(kids), _span([part for part in parts if part is not None]))


def _end(token: Token) -> tuple[int, int]:
    return token.end, token.end


def _listed(entries: list[Tree], parts: Sequence) -> Tree:
    if len(entries) == 1:
        return entries[0]
    return Tree("list", tuple(entries), _span([part for part in parts if part]))


def _operator(token: Token) -> Tree:
    return Tree("op", (token.text,), (token.start, token.end))


def _signed(sign: Token, term: Tree) -> Tree:
    match sign.text:
        case "+":
            if term == Tree("name", ("+",)):  # R_{++}
                return Tree("name", ("++",), (sign.start, term.span[1]))
            return term
        case "-":
            return Tree("neg", (term,), (sign.start, term.span[1]))
        case _:
            return Tree("pm", (term,), (sign.start, term.span[1]))


def _case(row: tuple[Tree, ...]) -> tuple[Tree, ...]:
    """A row of cases as value and condition, whether ``&``, a comma or a word parts them."""
    cells = [piece for cell in row for piece in (cell.kids if cell.head == "list" else (cell,))]
    cells = [cell for cell in cells if cell.head != "empty"]
    value, *rest = cells or [Tree("empty")]
    if rest and rest[0] == Tree("text", ("if",)):
        rest = rest[1:]
    if not rest:
        return value, Tree("text", ("otherwise",), value.span)
    return value, rest[0] if len(rest) == 1 else Tree("list", tuple(rest), _span(rest))


def _with_sign(above: Tree) -> Tree:
    r"""The \odot of x^{\odot 5} is a sign, not the mark that it would be alone."""
    if above.head not in ("juxt", "sum") or not isinstance(first := above.kids[0], Tree):
        return above
    if first.head == "name" and first.kids[0] in (r"\odot", r"\circ"):
        sign = Tree("op", first.kids, first.span)
    elif above.head == "sum" and first.head == "juxt":
        sign = _with_sign(first)
    else:
        return above
    return Tree(above.head, (sign, *above.kids[1:]), above.span)
