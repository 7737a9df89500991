r"""Trees as LaTeX that a careful author would type, and that the reader reads back to the tree.

The idea: ``written`` has settled every bracket; what is left is spelling and space, with
``\left \right`` only around what is tall, and braces only where TeX needs them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import TypeAlias

from derive.notation import (
    ALPHABETS,
    BIG,
    COMMAND_WORDS,
    FENCES,
    GREEK,
    PRODUCTS,
    RELATIONS,
    SYMBOLS,
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
_FOOTED = frozenset({"name", "script", "prime"})
_NO_SPELLING: Mapping[str, str] = {}
_Writer: TypeAlias = Callable[[tuple, Mapping[str, str], bool], str]
_OPEN_COMMAND = re.compile(r"\\[A-Za-z]+$")
# Other commands may be macros with arguments, such as \max: TeX refuses them as a bare script.
_ONE_SIGN = frozenset(["\\" + word for word in (*GREEK, *SYMBOLS)]) - {
    rf"\{word}" for word in ("omicron", "dots", "ldots", "cdots", "vdots", "ddots", "hbar", "perp")
}
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
        return HEADS[node.head](node.kids, spelling, tight)
    try:
        return node.printed
    except AttributeError:
        found = HEADS[node.head](node.kids, spelling, tight)
        object.__setattr__(node, "printed", found)
        return found


def escaped(text: str) -> str:
    """Words as LaTeX text: every character that TeX would act on is escaped."""
    return "".join(_SPECIAL.get(char, char) for char in text)


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
    bare = text in _ONE_SIGN or (len(text) == 1 and text not in "\\{}")
    return text if bare else f"{{{text}}}"


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
    for kid, after in zip(kids, (*kids[1:], None)):
        head = kid.head
        if head == "text":
            piece = rf"\text{{{words_between(escaped(kid.kids[0]), before, after)}}}"
        elif head in _FOOTED and is_word(kid) and is_function(kid, after):
            base = foot(kid).kids[0]
            function = spelling.get(base) or _name(base, calls=True)
            piece = _latex(kid, {base: function, **spelling}, tight)
        else:
            piece = _latex(kid, spelling, tight)
        if before is None:
            space = ""
        elif head == "op" or before.head == "op":
            sign = (before if before.head == "op" else kid).kids[0]
            # a script on the sign: *_{\mathrm{full}}
            bare = head == "script" and kid.kids[0].head == "empty"
            space = "" if bare or (tight and not sign.startswith("\\")) else " "
        else:
            space = "" if tight else _space(before, kid, after, spelling)
        _append(line, piece, space)
        before = kid
    return "".join(line)


def _space(before: Tree, kid: Tree, after: Tree | None, spelling: Mapping[str, str]) -> str:
    r"""What stands between two factors: nothing, a source space, or a visible ``\,``."""
    first, second = foot(before), foot(kid)
    if second.head == "empty" and kid.head == "script":
        return ""
    if second.head in CALLING and first.head == "name":
        # f(x), h_1(x), f'(x); a base with a superscript is a factor: W^\top (z - y).
        return " " if before.head == "script" and before.kids[2] is not None else ""
    upright = (_upright(first, spelling) and not is_function(before, kid)) or (
        _upright(second, spelling) and not _operates(kid, after, spelling)
    )
    fractions = first.head in _FRACTIONS and second.head in _FRACTIONS
    bars = first.head in _BARS and second.head in _BARS
    return r" \, " if upright or fractions or bars else " "


def _operates(kid: Tree, after: Tree | None, spelling: Mapping[str, str]) -> bool:
    r"""Whether a word will be set by ``\operatorname``, which brings its own space."""
    return foot(kid).kids[0] not in spelling and is_function(kid, after)


def _upright(base: Tree, spelling: Mapping[str, str]) -> bool:
    r"""Whether a factor is a word that TeX sets tight against its neighbours (``\mathrm``)."""
    return base.head == "name" and _is_upright(spelling.get(base.kids[0], base.kids[0]))


@lru_cache(maxsize=4096)
def _is_upright(text: str) -> bool:
    if text in COMMAND_WORDS or text.lstrip("\\") in COMMAND_WORDS:
        return False
    _, alphabet, core = parts(text)
    if alphabet is not None and alphabet.startswith("operatorname"):
        return False
    upright = alphabet is None or ALPHABETS[alphabet] == "upright"
    return upright and len(core) > 1 and not core.startswith("\\")


# -------------------------------------------------------------------------------------- the rest


def _fenced(head: str) -> _Writer:
    opener, closer = FENCES[head].latex

    def write(kids: tuple, spelling: Mapping[str, str], tight: bool) -> str:
        inner = _latex(kids[0], spelling, tight)
        if not tight and is_tall(kids[0]):
            return rf"\left{opener.strip()} {inner} \right{closer.strip()}"
        return opener + inner + closer

    return write


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


def _env(kids: tuple, spelling: Mapping[str, str], tight: bool) -> str:
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


def _root(kids: tuple, spelling: Mapping[str, str], tight: bool) -> str:
    degree = _latex(kids[1], spelling, True)
    return rf"\sqrt[{degree}]{{{_latex(kids[0], spelling, tight)}}}"


def _above(command: str) -> _Writer:
    """One above the other: a fraction, a binomial coefficient."""

    def write(kids: tuple, spelling: Mapping[str, str], tight: bool) -> str:
        over, under = kids
        over, under = _latex(over, spelling, tight), _latex(under, spelling, tight)
        return rf"\{command}{{{over}}}{{{under}}}"

    return write


def _joined(sign: str) -> _Writer:
    return lambda kids, spelling, tight: sign.join([_latex(kid, spelling, tight) for kid in kids])


def _signed(sign: str, space: str = "") -> _Writer:
    return lambda kids, spelling, tight: _glued(sign, _latex(kids[0], spelling, tight), space)


def _at(kids: tuple, spelling: Mapping[str, str], tight: bool) -> str:
    where = _latex(kids[1], spelling, True)
    return rf"{_latex(kids[0], spelling, tight)} \big|_{{{where}}}"


class _Heads(dict[str, _Writer]):
    def __missing__(self, head: str) -> _Writer:
        raise ValueError(f"no way to write the head {head!r}")


HEADS = _Heads(
    {
        "name": lambda kids, spelling, _: spelling.get(kids[0]) or _name(kids[0], calls=False),
        "num": lambda kids, *_: kids[0],
        "op": lambda kids, *_: PRODUCTS[kids[0]].latex if kids[0] in PRODUCTS else kids[0],
        "rel": lambda kids, *_: (
            RELATIONS[kids[0]].latex if kids[0] in RELATIONS else escaped(kids[0])
        ),
        "juxt": _product,
        "sum": _sum,
        "neg": _signed("-"),
        "pm": _signed(r"\pm"),
        "frac": _above("frac"),
        "binom": _above("binom"),
        "script": _script,
        "prime": lambda kids, *how: _latex(kids[0], *how) + "'" * int(kids[1]),
        "factorial": lambda kids, *how: _latex(kids[0], *how) + "!",
        "sqrt": lambda kids, *how: rf"\sqrt{{{_latex(kids[0], *how)}}}",
        "root": _root,
        "accent": lambda kids, *how: f"{kids[0]}{{{_latex(kids[1], *how)}}}",
        **{head: _fenced(head) for head in FENCES},
        "open": lambda kids, *_: (r"\Biggl" if kids[1] else "") + FENCES[kids[0]].latex[0],
        "close": lambda kids, *_: (r"\Biggr" if kids[1] else "") + FENCES[kids[0]].latex[1].strip(),
        "interval": lambda kids, *how: f"{kids[0]}{_latex(kids[1], *how)}{kids[2]}",
        "big": _big,
        "deriv": _deriv,
        "grad": _grad,
        "differential": _signed("d"),
        "motion": _signed(r"\frac{d}{dt}", " "),
        "at": _at,
        "chain": _chain,
        "list": _list,
        "semi": _joined("; "),
        "given": _joined(r" \mid "),
        "env": _env,
        "marked": lambda kids, *how: _latex(kids[0], *how),
        "bare": lambda kids, *how: _latex(kids[0], *how),
        "unclear": lambda kids, *_: str(kids[0]),
        "text": lambda kids, *_: rf"\text{{{escaped(kids[0])}}}",
        "dots": lambda *_: r"\dots",
        "ask": lambda *_: "?",
        "empty": lambda *_: "",
    }
)
