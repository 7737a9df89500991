r"""Trees as MathML that a browser sets the way LaTeX would, without a script or a style sheet.

The idea: the same written form that LaTeX is spelled from, one string per node.  Four rules carry
the look: brackets grow only around tall content, every bracket says whether it opens or closes,
table columns state their alignment twice (browsers differ in which they obey), and signs that a
browser would enlarge are told not to.
"""

from __future__ import annotations

from collections.abc import Mapping
from html import escape

from derive.latex.print import spelled
from derive.notation import BIG, FENCES, PRODUCTS, RELATIONS
from derive.notation.letters import accented, drawn
from derive.notation.setting import foot, is_function, is_tall, with_condition, words_between
from derive.notation.written import stands_above, written
from derive.tree import Tree

_NO_SPELLING: Mapping[str, str] = {}
_FRACTIONS = frozenset({"frac", "deriv"})
_BARS = frozenset({"abs", "norm"})
_THIN = '<mspace width="0.167em"/>'
_GAP = '<mspace width="0.333em"/>'
_APPLY = "<mo>&#x2061;</mo>"  # function application: no ink, told to screen readers


def mathml(node: Tree, spelling: Mapping[str, str] = _NO_SPELLING, display: bool = False) -> str:
    """One ``<math>`` element, with its LaTeX as annotation (so that copying gives LaTeX).

    ``display`` sets it as a block; inline, it is still set in display style where it is tall,
    because a sheet's cells and lines hold whole formulas.
    """
    return marked_up(written(node), spelling, display)


def marked_up(
    ready: Tree, spelling: Mapping[str, str] = _NO_SPELLING, display: bool = False
) -> str:
    """The ``<math>`` element of a tree that ``written`` has made, or of a piece of one."""
    source = escape(spelled(ready, spelling), quote=True)
    style = ' display="block"' if display else ' displaystyle="true"' if is_tall(ready) else ""
    return (
        f'<math{style} alttext="{source}"><semantics><mrow>{_mathml(ready, spelling)}</mrow>'
        f'<annotation encoding="application/x-tex">{source}</annotation></semantics></math>'
    )


def _mathml(node: Tree, spelling: Mapping[str, str]) -> str:
    """The markup of a written tree; may be several elements (``_one`` makes them one)."""
    head, kids = node.head, node.kids
    match head:
        case "name":
            return drawn(kids[0], spelling.get(kids[0]))
        case "num":
            return f"<mn>{escape(kids[0])}</mn>"
        case "juxt":
            return _product(kids, spelling)
        case "script":
            return _script(kids, spelling)
        case "op":
            return _operator(kids[0])
        case "rel":
            char = RELATIONS[kids[0]].char if kids[0] in RELATIONS else kids[0]
            return f"<mo>{escape(char)}</mo>"
        case "sum":
            return _sum(kids, spelling)
        case "neg":
            return f'<mo form="prefix">−</mo>{_mathml(kids[0], spelling)}'
        case "differential":
            return f'<mi mathvariant="normal">d</mi>{_mathml(kids[0], spelling)}'
        case "motion":
            return (
                '<mfrac><mi mathvariant="normal">d</mi><mrow><mi mathvariant="normal">d</mi>'
                f"<mi>t</mi></mrow></mfrac>{_one(kids[0], spelling)}"
            )
        case "pm":
            return f'<mo form="prefix">±</mo>{_mathml(kids[0], spelling)}'
        case "chain":
            return "".join(_mathml(kid, spelling) for kid in kids if kid is not None)
        case "frac":
            return f"<mfrac>{_one(kids[0], spelling)}{_one(kids[1], spelling)}</mfrac>"
        case "deriv":
            return _deriv(kids, spelling)
        case "grad":
            return _grad(kids, spelling)
        case "big":
            return _big(kids, spelling)
        case "prime":
            marks = "′" * int(kids[1])
            mark = f'<mo lspace="0em" rspace="0em">{marks}</mo>'
            return f"<mrow>{_mathml(kids[0], spelling)}{mark}</mrow>"
        case "factorial":
            return f'{_mathml(kids[0], spelling)}<mo form="postfix">!</mo>'
        case "sqrt":
            return f"<msqrt>{_mathml(kids[0], spelling)}</msqrt>"
        case "root":
            return f"<mroot>{_one(kids[0], spelling)}{_one(kids[1], spelling)}</mroot>"
        case "list":
            return _list(kids, spelling)
        case "semi":
            return '<mo separator="true">;</mo>'.join(_mathml(kid, spelling) for kid in kids)
        case "given":
            return "<mo>|</mo>".join(_mathml(kid, spelling) for kid in kids)
        case "at":
            bar = '<mo form="postfix" fence="true" stretchy="true">|</mo>'
            inside = f"<mrow>{_mathml(kids[0], spelling)}{bar}</mrow>"
            return f"<msub>{inside}{_small(kids[1], spelling)}</msub>"
        case "interval":
            opener, inside, closer = (kids[0], _mathml(kids[1], spelling), kids[2])
            first = f'<mo fence="true" form="prefix" stretchy="false">{opener}</mo>'
            last = f'<mo fence="true" form="postfix" stretchy="false">{closer}</mo>'
            return f"<mrow>{first}{inside}{last}</mrow>"
        case "binom":
            over, under = (_one(kid, spelling) for kid in kids)
            first = '<mo fence="true" form="prefix" stretchy="true">(</mo>'
            last = '<mo fence="true" form="postfix" stretchy="true">)</mo>'
            return f'<mrow>{first}<mfrac linethickness="0">{over}{under}</mfrac>{last}</mrow>'
        case "accent":
            return accented(kids[0].lstrip("\\"), _one(kids[1], spelling))
        case "env":
            return _env(kids, spelling)
        case "unclear":
            return f"<mi>{escape(kids[0])}</mi>"
        case "bare":
            return _mathml(kids[0], spelling)
        case "marked":
            return f'<mrow class="wrong">{_mathml(kids[0], spelling)}</mrow>'
        case "text":
            return f"<mtext>{escape(kids[0])}</mtext>"
        case "dots":
            return "<mo>…</mo>"
        case "ask":
            return "<mo>?</mo>"
        case "empty":
            return "<mrow></mrow>"
        case "open" | "close":
            return _half_fence(head == "open", *kids)
        case _ if head in FENCES:
            return _fenced(head, kids[0], spelling)
        case _:
            raise ValueError(f"no way to write the head {head!r}")


def _one(node: Tree, spelling: Mapping[str, str]) -> str:
    """Exactly one element, as a place in a fraction or a script asks for."""
    markup = _mathml(node, spelling)
    return markup if node.head in ("name", "num", "script", "frac") else f"<mrow>{markup}</mrow>"


def _operator(sign: str) -> str:
    char = PRODUCTS[sign].char if sign in PRODUCTS else sign
    # Browsers hold circled signs for large operators, as under a range.
    large = ' largeop="false" movablelimits="false"' if char in "⊙⊗" else ""
    return f'<mo form="infix"{large}>{escape(char)}</mo>'


# ------------------------------------------------------------------------------------- structure


def _script(kids: tuple, spelling: Mapping[str, str]) -> str:
    base, sub, sup = kids
    inner = _one(base, spelling)
    low = "" if sub is None else _small(sub, spelling)
    high = "" if sup is None else _small(sup, spelling)
    tag = "ms" + "ub" * bool(low) + "up" * bool(high)
    tag = {"msubup": "msubsup", "ms": "mrow"}.get(tag, tag)
    return f"<{tag}>{inner}{low}{high}</{tag}>"


def _small(node: Tree, spelling: Mapping[str, str]) -> str:
    """A script: TeX sets no space around the signs in it, and browsers must be told."""
    markup = _one(node, spelling)
    if "<mo" not in markup:
        return markup
    tight = '<mo lspace="0em" rspace="0em"'
    return markup.replace("<mo>", tight + ">").replace('<mo form="infix"', tight)


def _sum(terms: tuple, spelling: Mapping[str, str]) -> str:
    pieces = []
    for at, term in enumerate(terms):
        if term is None:
            continue
        sign = {"neg": "−", "pm": "±"}.get(term.head) if at else None
        if sign:
            pieces.append(f'<mo form="infix">{sign}</mo>{_mathml(term.kids[0], spelling)}')
        else:
            plus = '<mo form="infix">+</mo>' if at else ""
            pieces.append(plus + _mathml(term, spelling))
    return "".join(pieces)


def _product(kids: tuple, spelling: Mapping[str, str]) -> str:
    pieces = []
    before: Tree | None = None
    for at, kid in enumerate(kids):
        after = kids[at + 1] if at + 1 < len(kids) else None
        if before is not None and before.head not in ("op", "text") and kid.head != "op":
            if is_function(before, kid):
                # Before a bracket a function needs no space; before a bare argument it does.
                pieces.append(_APPLY if _opens(kid) else _APPLY + _THIN)
            elif (
                is_function(kid, after)
                or (before.head in _FRACTIONS and kid.head in _FRACTIONS)
                or (foot(before).head in _BARS and foot(kid).head in _BARS)
                or (before.head == "name" and before.kids[0].isalpha() and len(before.kids[0]) > 1)
            ):
                pieces.append(_THIN)
        if kid.head == "text":
            pieces.append(_words(kid, before, after))
        else:
            pieces.append(_mathml(kid, spelling))
        before = kid
    return "".join(pieces)


def _words(node: Tree, before: Tree | None, after: Tree | None) -> str:
    # Browsers drop the spaces at the ends of an mtext, but keep no-break spaces.
    spaced = words_between(node.kids[0], before, after).replace(" ", "\u00a0")
    return f"<mtext>{escape(spaced)}</mtext>"


def _list(kids: tuple, spelling: Mapping[str, str]) -> str:
    # Relations in a row stand further apart than the arguments of a function.
    gap = _GAP if any(kid.head == "chain" for kid in kids) else ""
    pieces = []
    for at, kid in enumerate(kids):
        before = kids[at - 1] if at else None
        after = kids[at + 1] if at + 1 < len(kids) else None
        if before is not None and "text" not in (before.head, kid.head):
            pieces.append(f'<mo separator="true">,</mo>{gap}')
        words = kid.head == "text"
        pieces.append(_words(kid, before, after) if words else _mathml(kid, spelling))
    return "".join(pieces)


def _opens(node: Tree) -> bool:
    return foot(node).head in FENCES


def _fenced(head: str, inside: Tree, spelling: Mapping[str, str]) -> str:
    opener, closer = FENCES[head].char
    tall = "true" if is_tall(inside) else "false"
    return (
        f'<mrow><mo fence="true" form="prefix" stretchy="{tall}">{opener}</mo>'
        f"{_mathml(inside, spelling)}"
        f'<mo fence="true" form="postfix" stretchy="{tall}">{closer}</mo></mrow>'
    )


def _half_fence(opens: bool, head: str, tall: bool) -> str:
    """One bracket of a pair whose inside is broken over lines; it cannot grow by itself."""
    form, char = ("prefix", FENCES[head].char[0]) if opens else ("postfix", FENCES[head].char[1])
    size = 'stretchy="true" minsize="2.4em" maxsize="2.4em"' if tall else 'stretchy="false"'
    return f'<mo fence="true" form="{form}" {size}>{char}</mo>'


def _big(kids: tuple, spelling: Mapping[str, str]) -> str:
    operator, below, above, body = kids
    char = BIG[operator].char if operator in BIG else operator
    sign = (
        f"<mo>{char}</mo>"
        if len(char) == 1
        else f'<mo movablelimits="true" lspace="0em" rspace="0em">{char}</mo>'
    )
    low = "" if below is None else _small(below, spelling)
    high = "" if above is None else _small(above, spelling)
    integral = operator == "int"
    match bool(low), bool(high):
        case True, True:
            tag = "msubsup" if integral else "munderover"
        case True, False:
            tag = "msub" if integral else "munder"
        case False, True:
            tag = "msup" if integral else "mover"
        case _:
            tag = "mrow"
    markup = f"<{tag}>{sign}{low}{high}</{tag}>"
    if body is None:
        return markup
    bare = len(char) > 1 and not _opens(body)
    return f"{markup}{_THIN if bare else ''}{_mathml(body, spelling)}"


def _deriv(kids: tuple, spelling: Mapping[str, str]) -> str:
    of, by, order = kids
    power = "" if order in ("", "1") else escape(order)
    sign = "<mi>∂</mi>"
    over = f"<msup>{sign}<mn>{power}</mn></msup>" if power else sign
    variables = by.kids if by.head in ("list", "juxt") else (by,)
    pieces = []
    for variable in variables:
        markup = _one(variable, spelling)
        if power and len(variables) == 1:
            markup = f"<msup><mrow>{markup}</mrow><mn>{power}</mn></msup>"
        pieces.append(sign + markup)
    under = f"<mrow>{_THIN.join(pieces)}</mrow>"
    if of is not None and stands_above(of):
        return f"<mfrac><mrow>{over}{_mathml(of, spelling)}</mrow>{under}</mfrac>"
    after = "" if of is None else _THIN + _mathml(of, spelling)
    return f"<mfrac><mrow>{over}</mrow>{under}</mfrac>{after}"


def _grad(kids: tuple, spelling: Mapping[str, str]) -> str:
    by, of, order = kids
    sign = '<mi mathvariant="normal">∇</mi>'
    high = "" if order in ("", "1") else f"<mn>{escape(order)}</mn>"
    low = "" if by is None else _small(by, spelling)
    if low and high:
        sign = f"<msubsup>{sign}{low}{high}</msubsup>"
    elif low or high:
        tag = "msub" if low else "msup"
        sign = f"<{tag}>{sign}{low or high}</{tag}>"
    return sign if of is None else sign + _mathml(of, spelling)


_ENV_FENCES = {
    "cases": ("{", ""),
    "bmatrix": ("[", "]"),
    "pmatrix": ("(", ")"),
    "vmatrix": ("|", "|"),
    "Vmatrix": ("‖", "‖"),
    "Bmatrix": ("{", "}"),
}


def _env(kids: tuple, spelling: Mapping[str, str]) -> str:
    kind, rows = kids
    side = "left" if kind in ("cases", "aligned") else "center"
    if kind == "cases":
        rows = tuple((row[0], *map(with_condition, row[1:])) for row in rows)
    style = f'style="text-align:{side};justify-items:{side}"'
    lines = "".join(
        "<mtr>"
        + "".join(f"<mtd {style}><mrow>{_mathml(cell, spelling)}</mrow></mtd>" for cell in row)
        + "</mtr>"
        for row in rows
    )
    opener, closer = _ENV_FENCES.get(kind, ("", ""))
    first = f'<mo fence="true" form="prefix" stretchy="true">{opener}</mo>' if opener else ""
    last = f'<mo fence="true" form="postfix" stretchy="true">{closer}</mo>' if closer else ""
    return f'<mrow>{first}<mtable columnalign="{side}">{lines}</mtable>{last}</mrow>'
