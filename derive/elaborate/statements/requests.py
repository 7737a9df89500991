r"""Questions in words: "find the gradient of $L$ with respect to $W$ and $b$".

The idea: a sentence that asks has a verb, and behind it what is to be found, of what and by what;
each of these is the derivative that the words name, standing alone in the text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from derive.elaborate.names.scope import base_of
from derive.elaborate.statements.alone import formals_of, is_head
from derive.elaborate.statements.lettered import ONE, lettered
from derive.latex.read import Parsed
from derive.tree import Tree


def _any(*words: str) -> str:
    return "(?:" + "|".join(words) + ")"


# What may be asked for: how often it differentiates, and its words.
_NOUNS = {
    2: _any(
        r"hessians?(?:\s+matri(?:x|ces))?", r"second(?:[\s-]order)?(?:\s+partial)?\s+derivatives?",
        r"hesse[\s-]?matrix", r"zweiten?\s+ableitung(?:en)?", r"matrice\s+hessienne", r"hessienne",
    ),
    1: _any(
        r"gradients?(?:\s+vectors?)?", r"jacobians?(?:\s+matri(?:x|ces))?",
        r"(?:partial\s+)?derivatives?", r"gradienten", r"(?:partiellen?\s+)?ableitung(?:en)?",
        r"jacobi[\s-]?matrix", r"(?:matrice\s+)?jacobienne", r"dérivées?(?:\s+partielles?)?",
    ),
}  # fmt: skip
_NOUN = _any(*(f"(?P<n{order}_{{k}}>{words})" for order, words in _NOUNS.items()))
_GRADIENT = re.compile("gradient", re.IGNORECASE)
_AND = r"(?:\s*,\s*(?:and\s+|und\s+|et\s+)?|\s+(?:and|und|et|as well as)\s+)"
# The weight matrix $W$, the loss $L$; "and the Hessian of $L$" is another request.
_WORDS = (
    r"(?:(?!(?:of|for|with|wrt|von|des?|du|that|show|prove|find|compute|calculate|derive|determine|set|solve|"
    r"use|give|write|state|simplify|verify|check|explain|plot|sketch|draw|bestimme\w*|zeige\w*)\b)"
    r"[\w'’/-]+\s+){0,4}?"
)
_VERB = re.compile(
    r"\b(?:find|compute|calculate|derive|determine|evaluate|obtain|state|give|write|express|provide|"
    r"work out|what (?:is|are)|differentiate|berechne\w*|bestimme\w*|leite\w*|calcule[rz]?|"
    r"détermine[rz]?|donne[rz]?)\b",
    re.IGNORECASE,
)
# "We compute the gradient of L" reports; "you are asked to compute it" asks.
_REPORTS = re.compile(
    r"\b(?:we|i|one|you|they|to|can|could|will|would|may|then|and then|let us|let's|by|of|for|not|"
    r"wir|man|nous|on)\s+(?:\w+ly\s+|also\s+|now\s+)?$",
    re.IGNORECASE,
)
_ASKED = re.compile(r"\b(?:task|asked|goal|want\w*|like|need\w*|exercise)\b[^,]{0,40}$", re.I)
_BESIDE = re.compile(
    r"\b(?:given|using|use|assum\w+|knowing|know|from|suppos\w+|if|when|that|once|where|show|prove|"
    r"gegeben|sachant|directional)\b",
    re.IGNORECASE,
)
_BY = (
    r"\s*,?\s*(?:with respect to|wrt|with regard to|relative to|regarding|in|by|nach|bezüglich|"
    r"par rapport (?:à|aux?))\s+(?:(?:each|all|every one|any)\s+of\s+)?"
    rf"(?P<by{{k}}>{_WORDS}{ONE}(?:{_AND}{_WORDS}{ONE})*)"
)
_LOSS = _any(
    "loss",
    "cost",
    "objective",
    "error",
    "criterion",
    "risk",
    r"verlust\w*",
    "perte",
    "coût",
    r"(?-i:[A-Z]{2,6})(?:[\s-]+loss)?",
)
_DERIVATIVE = re.compile(
    "(?:" + _NOUN.replace("{k}", "0") + "(?:" + _AND + r"(?:(?:the|die|den|la|le|its)\s+)*"
    + _NOUN.replace("{k}", "1") + r")?)(?:\s+(?:of|for|von|des?|du)\s+"
    rf"(?:{_WORDS}(?P<of>{ONE}{_AND}{ONE}|{ONE})(?:" + _BY.replace("{k}", "0") + ")?"
    rf"|{_WORDS}{_LOSS}(?:\s+function)?" + _BY.replace("{k}", "1") + ")"
    "|" + _BY.replace("{k}", "2").replace("|in|by|", "|") + ")"
    rf"(?:{_AND}(?:its|the corresponding)\s+(?P<its>{_NOUNS[2]}))?",
    re.IGNORECASE,
)  # fmt: skip
# "What is its derivative?" asks of what was defined last.
_ITS = re.compile(
    r"^\s*(?:(?:its|the|ihre|seine|die)\s+)" + _NOUN.replace("{k}", "0")
    + rf"(?:\s+(?:at|for|in|an)\s+{ONE}|(?<=hessian)\s+{ONE})?(?:\s*$|\s*,|\s+(?:and|und)\b)",
    re.IGNORECASE,
)  # fmt: skip
# "Compute $\\nabla E(w)$ and the Hessian": of the same
_ALSO = re.compile(
    rf"(?P<of>{ONE}){_AND}(?:the|its|ihre|die)\s+(?P<n2_0>{_NOUNS[2]})\s*(?:$|,|{ONE}\s*$)",
    re.IGNORECASE,
)
# "Write down the update for $w$ and $b$", "the gradient descent updates"
_UPDATE = re.compile(
    r"\b(?:updates?|iterations?|update[\s-](?:rules?|steps?|equations?)|"
    r"steps? of (?:\w+\s+){0,3}?descent)\b"
    rf"(?:\s+(?:for|of)\s+(?P<by>{_WORDS}{ONE}(?:{_AND}{_WORDS}{ONE})*))?",
    re.IGNORECASE,
)
_EQUAL = Tree("rel", ("=",))
_STEP, IN_WORDS = Tree("rel", ("<-",)), Tree("ask", ("in words",))
_DIFFERENTIATE = re.compile(
    rf"\bdifferentiate\s+{_WORDS}(?P<of>{ONE})" + _BY.replace("{k}", "0"), re.IGNORECASE
)
_ENDS = re.compile(
    r"[.?!;:]+(?=\s|$|[\ue000-\uf8ff])|\n\s*\n|\\(?:item|begin|end|(?:sub)*section|paragraph)\b"
)
_SHOWN = re.compile(r"\b(?:show|prove|verify)\b", re.IGNORECASE)
_WRT = re.compile(r"\bw\s*\.?\s*r\s*\.?\s*t\b\.?", re.IGNORECASE)
_NOISE = re.compile(r"\\(?:[A-Za-z]+\*?|.)|[${}~*_]")


def requests(parsed: Parsed, numbers: set[Tree] | None = None) -> list[Tree]:
    """The derivatives that the words of a document ask for.

    ``numbers`` gets that of which a gradient is asked: what has one is a number.
    """
    if not _VERB.search(parsed.document.plain):
        return []
    text, said = lettered(parsed)
    items = [item for row in parsed.rows for item in row.items]
    heads = {i.kids[0].kids[0]: formals_of(i.kids[0].kids[1]) for i in items
             if i.head == "chain" and i.kids[0] is not None and is_head(i.kids[0])}  # fmt: skip
    found: dict[Tree, None] = {}
    said_alone = [i for i in items if i.head in ("deriv", "grad")]
    called = {node.kids[0] for i in items if i.head == "chain" for node in i.kids if is_head(node)}
    last = ""  # the letter of what was defined last
    for sentence in _ENDS.split(_WRT.sub("wrt", text)):
        for ask in _asks(sentence):
            of = ask.groupdict().get("of") or (last if ask.re is _ITS else "")
            if ask.re is _ALSO:
                found |= dict.fromkeys(_hessians(said[of]))
            elif of or ask.re is not _ITS:
                made = list(_derivatives(ask, of, said, heads))
                found |= dict.fromkeys(made)
                if numbers is not None and _GRADIENT.search(ask["n1_0"] or ""):
                    numbers |= {one.kids[0] for one in made if one.head == "deriv"}
        by = [n for one in (*found, *said_alone) for n in _variables(one)]
        found |= dict.fromkeys(_updates(sentence, said, by))
        found |= dict.fromkeys(_values(sentence, said, called))
        *_, last = (last, *(x for x in re.findall(ONE, sentence) if any(map(_defines, said[x]))))
    return list(found)


def _hessians(items: Sequence[Tree]) -> Iterator[Tree]:
    """The second derivatives of what the first are asked of."""
    for item in items:
        match item:
            case Tree("grad", (by, Tree() as of, "1")) | Tree("deriv", (Tree() as of, by, "1")):
                yield Tree("grad", (by, of, "2"), item.span)


def _updates(sentence: str, said: Mapping[str, list[Tree]], by: Sequence[Tree]) -> Iterator[Tree]:
    r"""The steps w \leftarrow ? that a sentence asks to write down: of what it names, or of all
    that gradients are asked in."""
    words = " ".join(_NOISE.sub(" ", sentence).split())
    verb = next((v for v in _VERB.finditer(words) if _is_asked(words, v)), None)
    found = _UPDATE.search(words, verb.end()) if verb is not None else None
    if found is None or _SHOWN.search(words):
        return
    for name in dict.fromkeys(_quantities(found["by"], said) if found["by"] else by):
        if base_of(name):
            yield Tree("chain", (name, _STEP, IN_WORDS), name.span)


def _values(sentence: str, said: Mapping[str, list[Tree]], called: set[Tree]) -> Iterator[Tree]:
    """The f'(x), f'(2) and f(0) that a sentence asks for, of a function that is defined, and the
    dW of programs."""
    words = " ".join(_NOISE.sub(" ", sentence).split())
    verb = next((v for v in _VERB.finditer(words) if _is_asked(words, v)), None)
    for letter in re.findall(ONE, words[verb.end() :] if verb is not None else ""):
        for item in said[letter]:
            match item:
                case Tree("juxt", (Tree() as function, Tree("paren", (Tree() as at,)))):
                    name = function.kids[0] if function.head == "prime" else function
                    number = at.kids[0] if at.head == "neg" else at
                    if name in called and number.head == "num":
                        yield Tree("chain", (item, _EQUAL, Tree("ask", ())), item.span)
                    elif name in called and function == Tree("prime", (name, "1")):
                        yield Tree("deriv", (name, at, "1"), item.span)
                case Tree("juxt", (Tree("name", ("d",)), Tree() as by)) if base_of(by):
                    yield Tree("chain", (item, _EQUAL, Tree("ask", ())), item.span)
                case Tree("chain", (Tree(), sign, Tree("deriv" | "grad") as slope)) if (
                    sign == _EQUAL
                ):  # dw = \partial J / \partial w
                    yield slope


def _variables(request: Tree) -> Iterator[Tree]:
    by = request.kids[1 if request.head == "deriv" else 0] if request.head != "chain" else None
    if isinstance(by, Tree):
        yield from by.kids if by.head == "list" else (by,)


def is_asked_for(place: int, plain: str) -> bool:
    """Whether the sentence before a formula asks to find it: "compute .. and .."."""
    before = _ENDS.split(plain[max(0, place - 300) : place])[-1]
    words = " ".join(_NOISE.sub(" ", before).split())
    found = list(_VERB.finditer(words))
    return any(_is_asked(words, v) and not _BESIDE.search(words, v.end()) for v in found)


def said_in_words(sentence: str) -> bool:
    """Whether a sentence, with a letter in the place of each formula, asks for a derivative or for
    a step of an optimizer."""
    return next(_asks(sentence), None) is not None or _UPDATE.search(sentence) is not None


def _defines(item: Tree) -> bool:
    if item.head != "chain" or item.kids[0] is None or item.kids[1].kids[0] not in ("=", ":="):
        return False
    return base_of(item.kids[0]) != "" or is_head(item.kids[0])


def _asks(sentence: str) -> Iterator[re.Match[str]]:
    words = " ".join(_NOISE.sub(" ", sentence).split())
    verb = next((v for v in _VERB.finditer(words) if _is_asked(words, v)), None)
    if verb is None:
        return
    yield from _DIFFERENTIATE.finditer(words, verb.start())
    yield from _ALSO.finditer(words, verb.end())
    its = _ITS.search(words[verb.end() :])
    if its is not None:
        yield its
    end = verb.end()
    for ask in _DERIVATIVE.finditer(words, verb.end()):
        if _BESIDE.search(words, end, ask.start()):
            return
        end = ask.end()
        yield ask


def _is_asked(words: str, verb: re.Match[str]) -> bool:
    before = words[: verb.start()]
    reports = _REPORTS.search(before)
    return reports is None or _ASKED.search(before[: reports.start()] + reports[0]) is not None


def _derivatives(
    ask: re.Match[str], of_what: str, said: Mapping[str, list[Tree]],
    heads: Mapping[Tree, list[Tree]],
) -> Iterator[Tree]:  # fmt: skip
    groups = ask.groupdict()
    ofs: list[Tree | None] = [*_quantities(of_what, said)]
    ofs = ofs if of_what else [None]  # the loss of the document
    named = groups.get("by0") or groups.get("by1") or groups.get("by2") or ""
    orders = [order for k in "01" for order in _NOUNS if groups.get(f"n{order}_{k}")] or [1]
    orders += [2] if groups.get("its") and 2 not in orders else []
    for of in ofs:
        variables = list(_quantities(named, said))
        name = of.kids[0] if of is not None and of.head == "juxt" and is_head(of) else of
        formals = heads.get(name, []) if name is not None else []
        if not variables and (len(formals) == 1 or (orders == [1] and len(formals) < 4)):
            variables = formals
        for order in orders:
            span = (of or variables[0]).span if of is not None or variables else (0, 0)
            if order == 2 and of is not None and not variables:
                yield Tree("grad", (None, of, "2"), span)
            for by in variables:
                if order == 2 or of is None:
                    yield Tree("grad", (by, of, str(order)), span)
                else:
                    yield Tree("deriv", (of, by, "1"), span)


def _quantities(text: str, said: Mapping[str, list[Tree]]) -> Iterator[Tree]:
    """What the formulas of a piece of text are of: the f(x) of f(x) = .., W and b of a list."""
    for letter in re.findall(ONE, text):
        for item in said.get(letter, ()):
            parts = item.kids if item.head == "list" else (item,)
            for part in parts:
                part = part.kids[0] if part.head == "chain" else part
                if isinstance(part, Tree) and (base_of(part) or part.head in _WHOLE):
                    yield part


_WHOLE = frozenset(["juxt", "sum", "script", "norm", "frac", "big"])
