r"""Trees as one line of plain ASCII, for terminals, JSON and code comments.

The idea: symbols are spelled by the identifiers that exported code uses, so the text can be laid
beside the code: ``(1[b > 0] * (W_3^T (z - y))) x^T``.
"""

from __future__ import annotations

from derive.notation import (
    FENCES,
    FUNCTION_WORDS,
    INDICATORS,
    PRODUCTS,
    RELATIONS,
    SCRIPT,
    SUM,
    precedence,
)
from derive.notation.names import ascii_name, parts
from derive.notation.written import written
from derive.tree import LABELS, Tree

_TRANSPOSE = frozenset({r"\top", r"\intercal"})


def plain(node: Tree) -> str:
    """The tree as ASCII text; a name is spelled by its identifier."""
    return _plain(written(node))


def _plain(node: Tree) -> str:
    head, kids = node.head, node.kids
    match head:
        case "name":
            return _name(kids[0])
        case "num" | "text":
            return _ascii(kids[0])
        case "juxt":
            return _product(kids)
        case "script":
            return _script(*kids)
        case "op":
            return PRODUCTS[kids[0]].plain if kids[0] in PRODUCTS else "*"
        case "rel":
            return RELATIONS[kids[0]].plain if kids[0] in RELATIONS else _ascii(kids[0])
        case "sum":
            return _sum(kids)
        case "neg":
            return "-" + _plain(kids[0])
        case "pm":
            return "+-" + _plain(kids[0])
        case "chain":
            return " ".join(_plain(kid) for kid in kids if kid is not None)
        case "frac":
            return f"{_operand(kids[0])}/{_operand(kids[1], SCRIPT + 1)}"
        case "deriv":
            return _deriv(*kids)
        case "grad":
            by, of, order = kids
            sign = "grad" + ("" if order in ("", "1") else order)
            sign += "" if by is None else "_" + _tight(by)
            return sign if of is None else f"{sign} {_plain(of)}"
        case "big":
            return _big(*kids)
        case "differential":
            return "d" + _plain(kids[0])
        case "motion":
            return "d/dt " + _plain(kids[0])
        case "prime":
            return _plain(kids[0]) + "'" * int(kids[1])
        case "factorial":
            return _plain(kids[0]) + "!"
        case "sqrt":
            return f"sqrt({_plain(kids[0])})"
        case "root":
            return f"root({_plain(kids[0])}, {_plain(kids[1])})"
        case "list":
            return _list(kids)
        case "given":
            return " | ".join(_plain(kid) for kid in kids)
        case "at":
            return f"{_operand(kids[0])} at {_plain(kids[1])}"
        case "interval":
            return f"{kids[0]}{_plain(kids[1])}{kids[2]}"
        case "binom":
            return f"binom({_plain(kids[0])}, {_plain(kids[1])})"
        case "accent":
            return f"{kids[0].lstrip(chr(92))}({_plain(kids[1])})"
        case "unclear":
            return str(kids[0])
        case "bare":
            return _plain(kids[0])
        case "semi":
            return "; ".join(_plain(kid) for kid in kids)
        case "env":
            kind, rows = kids
            lines = "; ".join(", ".join(_plain(cell) for cell in row) for row in rows)
            return f"{kind}[{lines}]"
        case "dots":
            return "..."
        case "ask":
            return "?"
        case "empty":
            return ""
        case _ if head in FENCES:
            opener, closer = FENCES[head].plain
            return opener + _plain(kids[0]) + closer
        case _:
            raise ValueError(f"no way to write the head {head!r}")


def _name(base: str) -> str:
    """A symbol by its identifier; a function's word is itself, though Python may have it too."""
    if base == r"\infty":
        return "inf"
    return base if base in FUNCTION_WORDS else _identifier(base)


def _identifier(symbol: str | Tree) -> str:
    """The name that exported code has for a symbol; but the vector of ones stays a 1 here."""
    core = symbol
    while isinstance(core, Tree):
        core = core.kids[0]
    text = ascii_name(symbol)
    return text.removeprefix("n") if parts(core).core[:1].isdigit() else text


def _list(kids: tuple) -> str:
    line = ""
    for at, kid in enumerate(kids):
        if at:
            line += " " if "text" in (kids[at - 1].head, kid.head) else ", "
        line += _plain(kid)
    return line


def _ascii(text: str) -> str:
    return text.encode("ascii", "replace").decode()


def _operand(node: Tree, level: int = SCRIPT) -> str:
    """A side of a slash, in parentheses where it is more than one factor."""
    text = _plain(node)
    bare = precedence(node.head) >= level or text.isalnum()
    return text if bare else f"({text})"


def _tight(node: Tree) -> str:
    """A script: letters in a row run together, anything longer stands in parentheses."""
    text = _plain(node)
    if node.head == "juxt" and all(kid.head in ("name", "num") for kid in node.kids):
        text = text.replace(" ", "")
    return text if text.replace("_", "").isalnum() else f"({text})"


def _sum(terms: tuple) -> str:
    line: list[str] = []
    for at, term in enumerate(terms):
        if term is None:
            continue
        sign = {"neg": "-", "pm": "+-"}.get(term.head, "+") if at else ""
        body = _plain(term.kids[0] if sign not in ("", "+") else term)
        line.append(f"{' ' * bool(line)}{sign} {body}" if sign else body)
    return "".join(line)


def _product(kids: tuple) -> str:
    text = ""
    before: Tree | None = None
    for kid in kids:
        if before is None:
            text = "1" if kid.head == "name" and kid.kids[0] in INDICATORS else _plain(kid)
        elif before.head == "name" and before.kids[0] in INDICATORS and kid.head in FENCES:
            # An indicator: 1[b > 0], whatever brackets the condition stood in.
            text = text.removesuffix(ascii_name(before)).removesuffix("1")
            text += f"1[{_plain(kid.kids[0])}]"
        elif _calls(before, kid):
            text += _plain(kid)
        else:
            text += " " + _plain(kid)
        before = kid
    return text


def _calls(function: Tree, argument: Tree) -> bool:
    while argument.head in ("script", "prime"):
        argument = argument.kids[0]
    if argument.head != "paren":
        return False
    if function.head == "script" and function.kids[2] is not None:
        return False
    while function.head in ("script", "prime"):
        function = function.kids[0]
    return function.head == "name" and not parts(function.kids[0]).alphabet


def _script(base: Tree, sub: Tree | None, sup: Tree | None) -> str:
    """A symbol by its identifier; transposes and powers after a caret."""
    marks: list[Tree] = []
    if sup is not None:
        marks = list(sup.kids) if sup.head == "juxt" else [sup]
    turned = bool(marks) and marks[-1].head == "name" and marks[-1].kids[0] in _TRANSPOSE
    labels = marks[:-1] if turned else marks
    named = all(mark.head in LABELS or _is_star(mark) for mark in labels)
    symbol = base
    if sub is not None or (labels and named):
        label = None
        if labels and named:
            label = labels[0] if len(labels) == 1 else Tree("juxt", tuple(labels))
        symbol = Tree("script", (base, sub, label))
    if base.head in ("name", "prime"):
        text = _identifier(symbol)
    else:
        inner = f"({_plain(base)})" if base.head == "script" else _plain(base)
        text = inner + ("" if sub is None else "_" + _tight(sub))
    if sup is not None and not (named and (turned or labels)):
        return f"{text}^{'(-T)' if _is_inverse_turned(sup) else _tight(sup)}"
    return text + "^T" * turned


def _is_star(mark: Tree) -> bool:
    return mark.head in ("name", "op") and mark.kids[0] in ("*", r"\ast", r"\star", r"\dagger")


def _is_inverse_turned(sup: Tree) -> bool:
    return sup.head == "neg" and sup.kids[0].head == "name" and sup.kids[0].kids[0] in _TRANSPOSE


def _deriv(of: Tree | None, by: Tree, order: str) -> str:
    power = "" if order in ("", "1") else order
    variables = by.kids if by.head in ("list", "juxt") else (by,)
    under = " ".join("d" + _tight(variable) for variable in variables)
    under = f"({under})" if len(variables) > 1 else under + ("^" + power if power else "")
    above = "d" + ("^" + power if power else "")
    if of is None:
        return f"{above}/{under}"
    text = _plain(of)
    simple = precedence(of.head) > SUM and text.replace("_", "").isalnum()
    return f"{above}{' ' if power else ''}{text}/{under}" if simple else f"{above}/{under} {text}"


def _big(operator: str, below: Tree | None, above: Tree | None, body: Tree | None) -> str:
    limits = "" if below is None else _plain(below)
    if above is not None:
        limits += f"..{_plain(above)}"
    text = operator + (f"[{limits}]" if limits else "")
    return text if body is None else f"{text} {_plain(body)}"
