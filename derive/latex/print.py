r"""Trees as LaTeX that a careful author would type, and that the reader reads back to the tree.

The idea: ``written`` has settled every bracket; what is left is spelling and space, with
``\left \right`` only around what is tall, and braces only where TeX needs them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from derive.notation import (
    ALPHABETS,
    BIG,
    COMMAND_WORDS,
    FENCES,
    PRODUCTS,
    RELATIONS,
)
from derive.notation.names import parts
from derive.notation.setting import (
    CALLING,
    foot,
    is_function,
    is_tall,
    is_word,
    with_condition,
    words_between,
)
from derive.notation.written import stands_above, written
from derive.tree import Tree

_FRACTIONS = frozenset({"frac", "deriv"})
_BARS = frozenset({"abs", "norm"})
_NO_SPELLING: Mapping[str, str] = {}
_OPEN_COMMAND = re.compile(r"\\[A-Za-z]+$")
_ONE_SIGN = re.compile(r"\\[A-Za-z]+$|[^\\{}]$")
_SPECIAL = {
    "\\": r"\textbackslash{}",
    "{": r"\{",
    "}": r"\}",
    "$": r"\$",
    "&": r"\&",
    "%": r"\%",
    "#": r"\#",
    "_": r"\_",
    "^": r"\textasciicircum{}",
    "~": r"\textasciitilde{}",
}


def latex(node: Tree, spelling: Mapping[str, str] = _NO_SPELLING) -> str:
    r"""The LaTeX of a tree; ``spelling`` maps a canonical base to the document's: ``\bm{x}``."""
    return spelled(written(node), spelling)


def spelled(node: Tree, spelling: Mapping[str, str] = _NO_SPELLING) -> str:
    """The LaTeX of a tree that ``written`` has made."""
    return _latex(node, spelling, False)


def _latex(node: Tree, spelling: Mapping[str, str], tight: bool) -> str:
    """``tight`` inside scripts: no spaces around signs, factors side by side."""
    if spelling is not _NO_SPELLING or tight:
        return _printed(node, spelling, tight)
    try:
        return node.printed
    except AttributeError:
        found = _printed(node, spelling, tight)
        object.__setattr__(node, "printed", found)
        return found


def escaped(text: str) -> str:
    """Words as LaTeX text: every character that TeX would act on is escaped."""
    return "".join(_SPECIAL.get(char, char) for char in text)


def _printed(node: Tree, spelling: Mapping[str, str], tight: bool) -> str:
    head, kids = node.head, node.kids
    match head:
        case "name":
            return spelling.get(kids[0]) or _name(kids[0], calls=False)
        case "num":
            return kids[0]
        case "juxt":
            return _product(kids, spelling, tight)
        case "script":
            return _script(kids, spelling, tight)
        case _ if head in FENCES:
            return _fenced(head, kids[0], spelling, tight)
        case "op":
            return PRODUCTS[kids[0]].latex if kids[0] in PRODUCTS else kids[0]
        case "rel":
            return RELATIONS[kids[0]].latex if kids[0] in RELATIONS else escaped(kids[0])
        case "differential":
            return _glued("d", _latex(kids[0], spelling, tight))
        case "motion":
            return r"\frac{d}{dt} " + _latex(kids[0], spelling, tight)
        case "sum":
            return _sum(kids, spelling, tight)
        case "neg":
            return _glued("-", _latex(kids[0], spelling, tight))
        case "pm":
            return _glued(r"\pm", _latex(kids[0], spelling, tight))
        case "chain":
            return _chain(kids, spelling, tight)
        case "frac":
            over, under = (_latex(kid, spelling, tight) for kid in kids)
            return rf"\frac{{{over}}}{{{under}}}"
        case "deriv":
            return _deriv(kids, spelling, tight)
        case "grad":
            return _grad(kids, spelling, tight)
        case "big":
            return _big(kids, spelling, tight)
        case "prime":
            return _latex(kids[0], spelling, tight) + "'" * int(kids[1])
        case "factorial":
            return _latex(kids[0], spelling, tight) + "!"
        case "sqrt":
            return rf"\sqrt{{{_latex(kids[0], spelling, tight)}}}"
        case "root":
            degree = _latex(kids[1], spelling, True)
            return rf"\sqrt[{degree}]{{{_latex(kids[0], spelling, tight)}}}"
        case "list":
            return _list(kids, spelling, tight)
        case "semi":
            return "; ".join(_latex(kid, spelling, tight) for kid in kids)
        case "given":
            return r" \mid ".join(_latex(kid, spelling, tight) for kid in kids)
        case "at":
            where = _latex(kids[1], spelling, True)
            return rf"{_latex(kids[0], spelling, tight)} \big|_{{{where}}}"
        case "interval":
            opener, inside, closer = kids
            return f"{opener}{_latex(inside, spelling, tight)}{closer}"
        case "binom":
            over, under = (_latex(kid, spelling, tight) for kid in kids)
            return rf"\binom{{{over}}}{{{under}}}"
        case "accent":
            return f"{kids[0]}{{{_latex(kids[1], spelling, tight)}}}"
        case "env":
            return _env(kids, spelling)
        case "unclear":
            return str(kids[0])
        case "marked" | "bare":
            return _latex(kids[0], spelling, tight)
        case "text":
            return rf"\text{{{escaped(kids[0])}}}"
        case "dots":
            return r"\dots"
        case "ask":
            return "?"
        case "empty":
            return ""
        case "open":
            return (r"\Biggl" if kids[1] else "") + FENCES[kids[0]].latex[0]
        case "close":
            return (r"\Biggr" if kids[1] else "") + FENCES[kids[0]].latex[1].strip()
        case _:
            raise ValueError(f"no way to write the head {head!r}")


def _name(base: str, calls: bool) -> str:
    r"""A base as LaTeX; a word is upright, as an operator (``\operatorname``) where it calls."""
    if base in COMMAND_WORDS:
        return "\\" + base
    if base.startswith("\\") or len(base) <= 1 or "{" in base:
        return base
    if not base.isalpha():
        return rf"\text{{{escaped(base)}}}"
    return rf"\operatorname{{{base}}}" if calls else rf"\mathrm{{{base}}}"


def _glued(left: str, right: str, space: str = "") -> str:
    """Two pieces side by side, apart if a command would swallow the letter that follows."""
    if not space and right[:1].isalpha() and _OPEN_COMMAND.search(left):
        space = " "
    return f"{left}{space}{right}"


def _append(line: list[str], piece: str, space: str) -> None:
    """Put a piece at the end of a line; a line may have any number of them, so it is a list."""
    if line and not space and piece[:1].isalpha() and _OPEN_COMMAND.search(line[-1]):
        space = " "
    line.append(space + piece)


def _braced(text: str) -> str:
    return text if _ONE_SIGN.match(text) else f"{{{text}}}"


def _argument(node: Tree, spelling: Mapping[str, str]) -> str:
    return _braced(_latex(node, spelling, True))


def _script(kids: tuple, spelling: Mapping[str, str], tight: bool) -> str:
    base, sub, sup = kids
    # f_1' rather than f'_1: the primes are written behind the subscript.
    primes = 0
    if base.head == "prime" and sub is not None:
        base, primes = base.kids[0], int(base.kids[1])
    inner = _latex(base, spelling, tight)
    # TeX refuses a second superscript, and x_a_b: a base with scripts of its own is braced.
    if base.head == "script":
        inner = f"{{{inner}}}"
    if sub is not None:
        inner += "_" + _argument(sub, spelling)
    inner += "'" * primes
    if sup is not None:
        inner += "^" + _argument(sup, spelling)
    return inner


# ----------------------------------------------------------------------------- sums and products


def _sum(terms: tuple, spelling: Mapping[str, str], tight: bool) -> str:
    space = "" if tight else " "
    line: list[str] = []
    for at, term in enumerate(terms):
        if term is None:
            line.append("{}")  # keeps the sign that follows binary
            continue
        sign = {"neg": "-", "pm": r"\pm"}.get(term.head, "+") if at else ""
        body = _latex(term.kids[0] if sign not in ("", "+") else term, spelling, tight)
        line.append(f"{space}{_glued(sign, body, space)}" if sign else body)
    return "".join(line)


def _product(kids: tuple, spelling: Mapping[str, str], tight: bool) -> str:
    # A leading sign needs something before it, or TeX would not set it as a binary one.
    line = ["{} "] if kids and kids[0].head == "op" else []
    before: Tree | None = None
    for at, kid in enumerate(kids):
        after = kids[at + 1] if at + 1 < len(kids) else None
        if kid.head == "text":
            piece = rf"\text{{{words_between(escaped(kid.kids[0]), before, after)}}}"
        elif is_word(kid) and is_function(kid, after):
            base = foot(kid).kids[0]
            function = spelling.get(base) or _name(base, calls=True)
            piece = _latex(kid, {base: function, **spelling}, tight)
        else:
            piece = _latex(kid, spelling, tight)
        space = "" if before is None else _space(before, kid, after, spelling, tight)
        _append(line, piece, space)
        before = kid
    return "".join(line)


def _space(
    before: Tree, kid: Tree, after: Tree | None, spelling: Mapping[str, str], tight: bool
) -> str:
    r"""What stands between two factors: nothing, a source space, or a visible ``\,``."""
    if kid.head == "script" and kid.kids[0].head == "empty":
        return ""  # a script on the sign: *_{\mathrm{full}}
    if "op" in (before.head, kid.head):
        sign = (before if before.head == "op" else kid).kids[0]
        return "" if tight and not sign.startswith("\\") else " "
    if tight:
        return ""
    first, second = foot(before), foot(kid)
    if second.head in CALLING and first.head == "name":
        # f(x), h_1(x), f'(x); a base with a superscript is a factor: W^\top (z - y).
        return " " if before.head == "script" and before.kids[2] is not None else ""
    upright = (_upright(before, spelling) and not is_function(before, kid)) or (
        _upright(kid, spelling) and not _operates(kid, after, spelling)
    )
    fractions = first.head in _FRACTIONS and second.head in _FRACTIONS
    bars = first.head in _BARS and second.head in _BARS
    return r" \, " if upright or fractions or bars else " "


def _operates(kid: Tree, after: Tree | None, spelling: Mapping[str, str]) -> bool:
    r"""Whether a word will be set by ``\operatorname``, which brings its own space."""
    return foot(kid).kids[0] not in spelling and is_function(kid, after)


def _upright(node: Tree, spelling: Mapping[str, str]) -> bool:
    r"""Whether a factor is a word that TeX sets tight against its neighbours (``\mathrm``)."""
    base = foot(node)
    if base.head != "name":
        return False
    text = spelling.get(base.kids[0], base.kids[0])
    if text in COMMAND_WORDS or text.lstrip("\\") in COMMAND_WORDS:
        return False
    _, alphabet, core = parts(text)
    if alphabet is not None and alphabet.startswith("operatorname"):
        return False
    upright = alphabet is None or ALPHABETS[alphabet] == "upright"
    return upright and len(core) > 1 and not core.startswith("\\")


# -------------------------------------------------------------------------------------- the rest


def _fenced(head: str, inside: Tree, spelling: Mapping[str, str], tight: bool) -> str:
    opener, closer = FENCES[head].latex
    inner = _latex(inside, spelling, tight)
    if not tight and is_tall(inside):
        return rf"\left{opener.strip()} {inner} \right{closer.strip()}"
    return opener + inner + closer


def _big(kids: tuple, spelling: Mapping[str, str], tight: bool) -> str:
    operator, below, above, body = kids
    sign = BIG[operator].latex if operator in BIG else _name(operator, calls=True)
    if below is not None:
        sign += f"_{{{_latex(below, spelling, True)}}}"
    if above is not None:
        sign += f"^{{{_latex(above, spelling, True)}}}"
    if body is None:
        return sign
    inner = _latex(body, spelling, tight)
    brackets = foot(body).head in ("paren", "bracket", "brace") and below is None
    return _glued(sign, inner, "" if brackets else " ")


def _grad(kids: tuple, spelling: Mapping[str, str], tight: bool) -> str:
    by, of, order = kids
    sign = r"\nabla"
    if by is not None:
        sign += "_" + _argument(by, spelling)
    if order not in ("", "1"):
        sign += "^" + _braced(order)
    return sign if of is None else _glued(sign, _latex(of, spelling, tight), " ")


def _deriv(kids: tuple, spelling: Mapping[str, str], tight: bool) -> str:
    of, by, order = kids
    power = "" if order in ("", "1") else "^" + _braced(order)
    variables = by.kids if by.head in ("list", "juxt") else (by,)
    # A mixed derivative names each variable once; a pure one carries the order as a power.
    shown = (_variable(one, power * (len(variables) == 1), spelling) for one in variables)
    under = r" \, ".join(shown)
    over = rf"\partial{power}"
    if of is not None and stands_above(of):
        return rf"\frac{{{over} {_latex(of, spelling, False)}}}{{{under}}}"
    operator = rf"\frac{{{over}}}{{{under}}}"
    return operator if of is None else f"{operator} {_latex(of, spelling, tight)}"


def _variable(by: Tree, power: str, spelling: Mapping[str, str]) -> str:
    text = _latex(by, spelling, False)
    if power and by.head == "script" and by.kids[2] is not None:
        text = f"{{{text}}}"
    return rf"\partial {text}{power}"


def _env(kids: tuple, spelling: Mapping[str, str]) -> str:
    kind, rows = kids
    widest = max((len(row) for row in rows), default=1)
    columns = f"{{{'c' * widest}}}" if kind == "array" else ""
    if kind == "cases":
        rows = tuple((row[0], *map(with_condition, row[1:])) for row in rows)
    lines = (" & ".join(_latex(cell, spelling, False) for cell in row) for row in rows)
    body = r" \\ ".join(lines)
    return rf"\begin{{{kind}}}{columns} {body} \end{{{kind}}}"


def _list(kids: tuple, spelling: Mapping[str, str], tight: bool) -> str:
    # Relations in a row stand further apart than the arguments of a function.
    gap = r",\ " if any(kid.head == "chain" for kid in kids) else ", "
    line: list[str] = []
    for at, kid in enumerate(kids):
        before = kids[at - 1] if at else None
        after = kids[at + 1] if at + 1 < len(kids) else None
        if kid.head == "text":
            piece = rf"\text{{{words_between(escaped(kid.kids[0]), before, after)}}}"
        else:
            piece = _latex(kid, spelling, tight)
        if before is not None:
            worded = "text" in (before.head, kid.head)
            line.append(" " if worded else "," if tight else gap)
        line.append(piece)
    return "".join(line)


def _chain(kids: tuple, spelling: Mapping[str, str], tight: bool) -> str:
    space = "" if tight else " "
    line: list[str] = []
    for kid in kids:
        if kid is not None:
            piece = _latex(kid, spelling, tight)
            if tight and kid.head == "rel" and piece.startswith("\\"):
                piece = f" {piece} "
            _append(line, piece, space if line else "")
    return "".join(line)
