"""A document's own commands: their definitions, and their expansion with a limit on everything.

Expansion works on lexemes, before anything is understood; what comes out of a call stands at the
place of the call, so that every later complaint points at text that the author wrote.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from derive.latex.faults import Unreadable
from derive.latex.lexemes import Lexeme, lexemes

DEEPEST_EXPANSION = 100
LONGEST_EXPANSION = 20_000

_DEFINITION = re.compile(
    r"\\(?P<kind>newcommand|renewcommand|providecommand|DeclareRobustCommand|DeclareMathOperator"
    r"|DeclarePairedDelimiter|NewDocumentCommand|def|gdef|let)(?![A-Za-z])(?P<star>\*?)\s*"
    r"(?:\{\s*(?P<braced>\\(?:[A-Za-z@]+|[^A-Za-z]))\s*\}|(?P<bare>\\(?:[A-Za-z@]+|[^A-Za-z])))"
)
_ARITY = re.compile(r"\s*\[\s*(\d)\s*\]")
_DEFAULT = re.compile(r"\s*\[([^\]\[]*)\]")
_PARAMETERS = re.compile(r"\s*((?:#\d)*)(?=\s*\{)")
_SIGNATURE = re.compile(r"\s*\{([\smO{}]*)\}")
_ALIAS = re.compile(r"\s*=?\s*(\\[A-Za-z]+|\\.|\S)")


@dataclass(frozen=True, slots=True)
class Macro:
    """A command that stands for other text: its number of arguments, a default for the first."""

    name: str
    arity: int
    body: tuple[Lexeme, ...]
    default: tuple[Lexeme, ...] | None = None


def _customary(rows: Mapping[str, tuple[int, str]]) -> dict[str, Macro]:
    return {
        name: Macro(name, arity, tuple(lexemes(body, 0, len(body))))
        for name, (arity, body) in rows.items()
    }


# Commands of widespread packages and habits, for documents that call them without defining them.
CUSTOMARY = _customary(
    {
        r"\pdv": (2, r"\frac{\partial #1}{\partial #2}"),
        r"\pd": (2, r"\frac{\partial #1}{\partial #2}"),
        r"\pderiv": (2, r"\frac{\partial #1}{\partial #2}"),
        r"\dv": (2, r"\frac{d #1}{d #2}"),
        r"\norm": (1, r"\left\lVert #1 \right\rVert"),
        r"\abs": (1, r"\left\lvert #1 \right\rvert"),
        r"\inner": (2, r"\langle #1, #2 \rangle"),
        r"\set": (1, r"\{#1\}"),
        r"\ceil": (1, r"\lceil #1 \rceil"),
        r"\floor": (1, r"\lfloor #1 \rfloor"),
        r"\R": (0, r"\mathbb{R}"),
        r"\N": (0, r"\mathbb{N}"),
        r"\Z": (0, r"\mathbb{Z}"),
        r"\E": (0, r"\mathbb{E}"),
        r"\reals": (0, r"\mathbb{R}"),
        r"\T": (0, r"^\top"),
        r"\tran": (0, r"^\top"),
        r"\trans": (0, r"^\top"),
        r"\transp": (0, r"^\top"),
        r"\dd": (0, r"\mathrm{d}"),
        r"\diff": (0, r"\mathrm{d}"),
        r"\grad": (0, r"\nabla"),
        r"\vb": (1, r"\mathbf{#1}"),
        r"\mat": (1, r"\mathbf{#1}"),
        **{
            "\\" + word: (0, rf"\operatorname{{{word}}}")
            for word in [
                "diag",
                "tr",
                "Tr",
                "trace",
                "rank",
                "sign",
                "sgn",
                "softmax",
                "sigmoid",
                "relu",
                "ReLU",
                "Var",
                "Cov",
                "KL",
                "var",
                "cov",
                "argmax",
                "argmin",
                "logit",
                "softplus",
                "erf",
                "Softmax",
                "LayerNorm",
            ]
        },
    }
)


def collect(text: str) -> tuple[dict[str, Macro], list[tuple[int, int]], list[Unreadable]]:
    """The macros that a text defines, the spans of the definitions, and those that cannot be read.

    A later definition of a name replaces an earlier one; ``\\providecommand`` does not.
    """
    macros: dict[str, Macro] = {}
    spans: list[tuple[int, int]] = []
    faults: list[Unreadable] = []
    at = 0
    while found := _DEFINITION.search(text, at):
        name = found["braced"] or found["bare"]
        at = found.end()
        try:
            macro, at = _definition(text, found["kind"], bool(found["star"]), name, at, macros)
        except Unreadable as fault:
            faults.append(fault)
            at = max(at, fault.span[1])
        else:
            if not (found["kind"] == "providecommand" and name in macros):
                macros[name] = macro
        spans.append((found.start(), at))
    return macros, spans, faults


def _definition(
    text: str, kind: str, star: bool, name: str, at: int, known: Mapping[str, Macro]
) -> tuple[Macro, int]:
    arity, default = 0, None
    match kind:
        case "let":
            alias = _ALIAS.match(text, at)
            if alias is None:
                raise _malformed(name, at)
            target = tuple(lexemes(alias[1], 0, len(alias[1])))
            if alias[1] in known:
                return Macro(name, known[alias[1]].arity, known[alias[1]].body), alias.end()
            # \let\x\x would call itself for ever; TeX reads it as no change.
            return Macro(name, 0, target), alias.end()
        case "DeclareMathOperator":
            body, at = _braced(text, at, name)
            word = r"\operatorname" + ("*" if star else "") + "{" + body + "}"
            return Macro(name, 0, tuple(lexemes(word, 0, len(word)))), at
        case "DeclarePairedDelimiter":
            left, at = _braced(text, at, name)
            right, at = _braced(text, at, name)
            body = rf"\left{left} #1 \right{right}"
            return Macro(name, 1, tuple(lexemes(body, 0, len(body)))), at
        case "def" | "gdef":
            parameters = _PARAMETERS.match(text, at)
            if parameters is None:
                raise _malformed(name, at)
            arity, at = parameters[1].count("#"), parameters.end()
        case "NewDocumentCommand":
            signature = _SIGNATURE.match(text, at)
            if signature is None:
                raise _malformed(name, at)
            arity, at = signature[1].count("m"), signature.end()
        case _:
            if count := _ARITY.match(text, at):
                arity, at = int(count[1]), count.end()
                if optional := _DEFAULT.match(text, at):
                    default = tuple(lexemes(optional[1], 0, len(optional[1])))
                    at = optional.end()
    body, at = _braced(text, at, name)
    return Macro(name, arity, tuple(lexemes(body, 0, len(body))), default), at


def _malformed(name: str, at: int) -> Unreadable:
    return Unreadable(
        "macro-definition",
        f"the definition of `{name}` has no body in braces",
        (at, at + 1),
        help=rf"write `\newcommand{{{name}}}{{..}}`",
    )


def _braced(text: str, at: int, name: str) -> tuple[str, int]:
    """The content of the braces at ``at`` (or one bare command), and the offset behind it."""
    while at < len(text) and text[at].isspace():
        at += 1
    if command := re.compile(r"\\[A-Za-z]+").match(text, at):
        return command[0], command.end()
    if at >= len(text) or text[at] != "{":
        raise _malformed(name, at)
    depth = 0
    for found in re.compile(r"\\.|[{}]", re.DOTALL).finditer(text, at):
        depth += {"{": 1, "}": -1}.get(found[0], 0)
        if depth == 0:
            return text[at + 1 : found.start()], found.end()
    raise Unreadable(
        "unclosed-bracket",
        f"the body of `{name}` opens with `{{` and is never closed",
        (at, at + 1),
        help="add the missing `}`",
    )


def expand(atoms: list[Lexeme], macros: Mapping[str, Macro]) -> list[Lexeme]:
    """The atoms with every macro call replaced, to the end.

    Raises ``Unreadable``: ``recursive-macro`` beyond a hundred levels, ``macro-too-long`` beyond
    twenty thousand atoms, ``macro-argument`` where an argument is missing.
    """
    if not any(atom.text in macros for atom in atoms):
        return atoms
    out: list[Lexeme] = []
    waiting = atoms[::-1]
    made = 0
    while waiting:
        atom = waiting.pop()
        macro = macros.get(atom.text)
        if macro is None:
            out.append(atom)
            continue
        if atom.depth >= DEEPEST_EXPANSION:
            raise Unreadable(
                "recursive-macro",
                f"`{macro.name}` is still not expanded after {DEEPEST_EXPANSION} levels",
                (atom.start, atom.end),
                help=f"define `{macro.name}` without a reference to itself",
            )
        arguments, end = _arguments(macro, atom, waiting)
        body = _substituted(macro, arguments, atom, end)
        made += len(body)
        if made + len(waiting) > LONGEST_EXPANSION + len(atoms):
            raise Unreadable(
                "macro-too-long",
                f"`{macro.name}` expands to more than {LONGEST_EXPANSION} symbols",
                (atom.start, atom.end),
                help="write the formula out, or define shorter macros",
            )
        waiting.extend(reversed(body))
    return out


def _arguments(macro: Macro, call: Lexeme, waiting: list[Lexeme]) -> tuple[list[list[Lexeme]], int]:
    arguments: list[list[Lexeme]] = []
    end = call.end
    if macro.arity and waiting and waiting[-1].text == "*":
        waiting.pop()  # \norm*{..}: the starred form of a paired delimiter.
    if macro.default is not None:
        if waiting and waiting[-1].text == "[":
            arguments.append(_until("]", waiting.pop(), waiting, macro)[0])
        else:
            arguments.append(list(macro.default))
    while len(arguments) < macro.arity:
        if not waiting or waiting[-1].text == "}":
            raise Unreadable(
                "macro-argument",
                f"`{macro.name}` takes {macro.arity} arguments and got {len(arguments)}",
                (call.start, call.end),
                help=f"write `{macro.name}{'{..}' * macro.arity}`",
            )
        atom = waiting.pop()
        end = max(end, atom.end)
        if atom.text == "{":
            inside, closer = _until("}", atom, waiting, macro)
            arguments.append(inside)
            end = max(end, closer)
        else:
            arguments.append([atom])
    return arguments, end


def _until(
    closer: str, opener: Lexeme, waiting: list[Lexeme], macro: Macro
) -> tuple[list[Lexeme], int]:
    inside: list[Lexeme] = []
    depth = 0
    while waiting:
        atom = waiting.pop()
        if depth == 0 and atom.text == closer:
            return inside, atom.end
        depth += {"{": 1, "}": -1}.get(atom.text, 0)
        inside.append(atom)
    raise Unreadable(
        "unclosed-bracket",
        f"`{opener.text}` opens an argument of `{macro.name}` and is never closed",
        (opener.start, opener.end),
        help=f"add the missing `{closer}`",
    )


def _substituted(
    macro: Macro, arguments: list[list[Lexeme]], call: Lexeme, end: int
) -> list[Lexeme]:
    out: list[Lexeme] = []
    body = macro.body
    at = 0
    while at < len(body):
        atom = body[at]
        at += 1
        if atom.text == "#" and at < len(body) and body[at].text.isdigit():
            number = int(body[at].text)
            at += 1
            if 0 < number <= len(arguments):
                # An argument keeps its own place, but ages: else \def\a#1{\a{#1}} never ends.
                out += [
                    Lexeme(a.text, a.start, a.end, a.gap, call.depth + 1)
                    for a in arguments[number - 1]
                ]
            continue
        out.append(Lexeme(atom.text, call.start, end, atom.gap, call.depth + 1))
        if len(out) > LONGEST_EXPANSION:
            break
    return out
