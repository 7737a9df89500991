r"""Names that stand alone without being quantities: the \sigma of \sigma(z), the x of f(x).

The idea: x_i is an entry of x where x stands alone; where it does so only as a function, as the
argument of one, or as the mean of the x_i, it is none.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from itertools import pairwise

from derive.elaborate.names.indices import index_letter
from derive.elaborate.names.scope import Scope, base_of, names_in
from derive.elaborate.statements.bracketed import BRACKETS
from derive.elaborate.statements.given import is_powered
from derive.latex.print import latex
from derive.tree import Tree

DEFINES = frozenset(["=", ":=", "=="])
# Functions that no document defines: an equation for one of them is a claim.
_STANDARD = frozenset(
    ["exp", "log", "ln", "sqrt", "sin", "cos", "tan", "cot", "sec", "csc", "sinh", "cosh", "tanh",
     "arcsin", "arccos", "arctan", "arctanh", "max", "min", "sign", "sgn", "diag", "Diag", "tr",
     "Tr", "trace", "det", "vec", "vech", "rank"]
)  # fmt: skip


def applied_only(items: list[Tree]) -> set[str]:
    """The names that stand without a script only before a bracket."""
    bare, applied = Counter[str](), Counter[str]()
    for node in names_in(items):
        bare[str(node.kids[0]) if node.head == "name" else ""] += 1
    for item in items:
        for node in item.subtrees():
            for kid, after in pairwise(node.kids if node.head == "juxt" else ()):
                if kid.head == "name" and after.head in BRACKETS:
                    applied[str(kid.kids[0])] += 1
    return {base for base, times in applied.items() if bare[base] == times}


def formal_only(items: list[Tree]) -> set[str]:
    r"""The x of f(x) = \theta^\top x, or of f(x) = \theta^\top z and z = W x, in a document that
    declares x_i or has f(x_i) or \|x_i\|, and speaks of no other x."""
    samples: set[str] = set()
    names = [[str(n.kids[0]) for n in names_in([i]) if n.head == "name"] for i in items]
    formals: dict[int, set[str]] = {}
    defined: dict[str, list[int]] = {}
    for k, item in enumerate(items):
        left = item.kids[0] if item.head == "chain" else None
        if left is not None and item.kids[1].kids == ("in",):
            parts = left.kids if left.head == "list" else (left,)
            samples |= {base_of(p) for p in parts if p.head == "script" and index_letter(p.kids[1])}
        elif left is not None and str(item.kids[1].kids[0]) in DEFINES:
            if is_head(left):
                formals[k] = {base_of(a) for a in formals_of(left.kids[1]) if a.head == "name"}
            elif left.head == "name":
                defined.setdefault(str(left.kids[0]), []).append(k)
    for k, own in list(formals.items()):
        stack = [k]
        while stack:  # what a function is made of, through other definitions
            for other in (o for name in names[stack.pop()] for o in defined.get(name, ())):
                if not own <= formals.get(other, set()):
                    formals[other] = formals.get(other, set()) | own
                    stack.append(other)
    heads = {item.kids[0].kids[0] for k, item in enumerate(items) if k in formals
             and is_head(item.kids[0])}  # fmt: skip
    samples |= {base for item in items for base in _called_on(item, heads)}
    bare = Counter(name for some in names for name in some)
    formal = Counter(name for k, own in formals.items() for name in names[k] if name in own)
    return {base for base in samples if 0 < bare[base] == formal[base]}


def _called_on(item: Tree, heads: set[Tree]) -> Iterator[str]:
    """The x of an f(x_i), of a function that the document defines, and of a norm of x_i."""
    for node in item.subtrees():
        if node.head == "norm" and node.kids[0].head == "script":
            yield from (base_of(n) for n in node.kids[:1] if index_letter(n.kids[1]))
        for kid, after in pairwise(node.kids if node.head == "juxt" else ()):
            after = after.kids[0] if after.head == "script" else after  # f(x_i)_k
            if kid in heads and after.head == "paren":
                yield from (base_of(a) for a in formals_of(after)
                            if a.head == "script" and index_letter(a.kids[1]))  # fmt: skip


def means(items: list[Tree]) -> set[str]:
    r"""The L of L = \frac1n \sum_i L_i: an L_i that L is made of is no entry of L."""
    bare: dict[str, Tree] = {}
    for item in items:
        left = item.kids[0] if item.head == "chain" else None
        if left is None or str(item.kids[1].kids[0]) not in DEFINES:
            continue
        left = left.kids[0] if is_head(left) else left
        if left.head == "name":
            bare.setdefault(str(left.kids[0]), item.kids[2])
    return {base for base, body in bare.items() if any(
        n.head == "script" and base_of(n) == base and index_letter(n.kids[1])
        for n in names_in([body])
    )}  # fmt: skip


def numbered_parts(items: list[Tree]) -> set[str]:
    r"""The K_0 and K_1 of K = K_0 + \theta K_1: no rows of K, which is made of them."""
    return {
        latex(Tree("script", (*name.kids[:2], None)))
        for item in items
        if item.head == "chain" and item.kids[0] is not None and item.kids[0].head == "name"
        and str(item.kids[1].kids[0]) in DEFINES
        for name in names_in(item.kids[2:3])
        if name.head == "script" and name.kids[0] == item.kids[0]
        and isinstance(name.kids[1], Tree) and name.kids[1].head == "num"
    }  # fmt: skip


def sloped(items: Sequence[Tree], numeric: Collection[Tree] = ()) -> set[str]:
    """The x of f'(x), of an f(x) that the document defines, and of an f in ``numeric``, which takes
    a number, as f(2) and f'(0) do; that of df/dx where f(x) has powers of x: by custom a number."""
    defined = {
        left: item.kids[2] for item in items
        if item.head == "chain" and isinstance(left := item.kids[0], Tree)
        and is_head(left) and len(formals_of(left.kids[1])) == 1
    }  # fmt: skip
    formals = {left.kids[0]: formals_of(left.kids[1])[0] for left in defined}
    powered = {formal for left, body in defined.items()
               for formal in formals_of(left.kids[1]) if _has_power(body, formal)}  # fmt: skip
    found: set[str] = set()
    for node in (node for item in items for node in item.subtrees()):
        if node.head == "deriv" and node.kids[1] in powered:
            found.add(base_of(node.kids[1]))
        for kid, after in pairwise(node.kids if node.head == "juxt" else ()):
            function = kid.kids[0] if kid.head == "prime" else kid
            slope = kid.head == "prime" and Tree("juxt", (function, after)) in defined
            at = after.kids[0] if after.head == "paren" else None
            if function in formals and at is not None and _is_number(at, kid.head == "prime"):
                found.add(base_of(formals[function]))
            if slope or (function in numeric and at is not None):
                found |= {base_of(formal) for formal in formals_of(after) if formal.head == "name"}
    return found


def dividing(items: Iterable[Tree]) -> set[str]:
    r"""The n of \frac{1}{n}: nobody divides 1 by an array; and the x and \mu of a density
    p(x \mid \mu) that is defined, unless a matrix says otherwise."""
    found: set[str] = set()
    for item in items:
        match item:
            case Tree("chain", (Tree("juxt", (_, Tree("paren", (Tree("given") as inner,)))), *_)):
                found |= {str(n.kids[0]) for n in inner.subtrees() if n.head == "name"}
    for node in (node for item in items for node in item.subtrees()):
        match node:
            case Tree("frac", (Tree("num"), Tree("name", (str(under),)))):
                found.add(under)
            case Tree("juxt", (*_, Tree("num"), Tree("op", ("/",)), Tree("name", (str(under),)))):
                found.add(under)
    return found


def _is_number(at: Tree, or_zero: bool) -> bool:
    """Whether a place is a number, which 0 need not be."""
    inner = at.kids[0] if at.head == "neg" else at
    return inner.head == "num" and (or_zero or str(inner.kids[0]).strip("0.") != "")


def _has_power(body: Tree, of: Tree) -> bool:
    """Whether a formula has x^2, or e^{..} of an x, which by custom is a number then."""
    for node in body.subtrees():
        match node:
            case Tree("script", (base, _, Tree() as above)):
                number = base == of and above.head == "num"
                if number or (base == Tree("name", ("e",)) and of in above.subtrees()):
                    return True
    return False


def is_head(left: Tree) -> bool:
    """f(x), L(θ; X, y): a name before a bracket that holds only names."""
    if left.head != "juxt" or len(left.kids) != 2:
        return False
    name, bracket = left.kids
    if not base_of(name) or name.head == "prime" or bracket.head != "paren":
        return False
    if base_of(name).lstrip("\\") in _STANDARD:
        return False
    return all(base_of(a) and not is_powered(a) for a in formals_of(bracket))


def formals_of(bracket: Tree) -> list[Tree]:
    inner = bracket.kids[0]
    parts = inner.kids if inner.head == "semi" else (inner,)
    return [a for part in parts for a in (part.kids if part.head == "list" else (part,))]


def is_circular(item: Tree, bodies: Mapping[str, Tree], scope: Scope) -> bool:
    """Whether a formula has the form of a definition and is about what another one defines:
    softmax(y) = y of a y = softmax(x)."""
    name, bracket = item.kids[0].kids
    given = [bodies.get(scope.refer(formal).symbol) for formal in formals_of(bracket)]
    return any(body is not None and name in body.subtrees() for body in given)
