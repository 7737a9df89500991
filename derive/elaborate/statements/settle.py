"""Raw trees to settled trees: call or product, label or power, transpose, index, function.

The idea: everything that names and declarations can decide is decided here and is visible in the
tree; what only shapes can decide (how a product is grouped) is left to elaboration.  An undecided
call is a question with both readings, never a guess.
"""

from __future__ import annotations

from derive.elaborate.faults import Fault, ambiguous_superscript
from derive.elaborate.names.indices import index_letter
from derive.elaborate.names.scope import (
    INDICATORS,
    KNOWN_WORDS,
    NUMBER_LETTERS,
    Scope,
    base_of,
    is_bold,
    taken_apart,
)
from derive.elaborate.statements.bracketed import (
    BRACKETS,
    bracket_of,
    has_condition,
    is_condition,
)
from derive.elaborate.statements.columns import is_column, joins
from derive.elaborate.statements.units import is_unit, single_entry
from derive.elaborate.terms.adjoints import SLIDING, as_adjoint
from derive.latex.print import latex
from derive.operators.circular import INVERSE_OF
from derive.tree import Tree

# What braces may group, \{t - y\}^2; a list or a condition in them is a set.
_GROUPED = frozenset(["sum", "juxt", "neg", "frac", "big"])
TRANSPOSE = r"\top"
_ONE = Tree("num", ("1",))
_INVERSE = Tree("neg", (_ONE,))
_BESIDE = Tree("op", ("|",))  # x \| u, one after the other
# Functions that by custom take everything up to the next sign: \log p q, \sin x.
_GREEDY_STOPS = frozenset(["op", "paren", "bracket"])


def settle(tree: Tree, scope: Scope) -> Tree:
    """The tree with every notation settled that needs no shapes.

    Raises Fault, code ``ambiguous-call``, where f(..) could be a call or a product.
    """
    match tree:
        case Tree("prime", (base, _)) if _primed(tree, scope):
            return Tree("transpose", (settle(base, scope), "'"), tree.span)
        case Tree("name" | "prime"):
            return _symbol(tree, scope)
        case Tree("script", (base, sub, sup)):
            return _script(tree, base, sub, sup, scope)
        case Tree("juxt", kids):
            return _product(kids, tree.span, scope)
        case Tree("norm", (inner,)):
            return Tree("norm", (settle(inner, scope), None), tree.span)
        case Tree("bracket" | "paren", (inner,)) if joins(tree):
            return Tree("bracket", (settle(inner, scope),), tree.span)
        case Tree("paren" | "bracket", (Tree("env", ("array", rows)),)):
            return settle(Tree("env", ("bmatrix", rows), tree.span), scope)
        case Tree("paren" | "bracket" | "brace", (inner,)):
            return settle(inner, scope)
        case Tree("set", (inner,)) if inner.head in _GROUPED:
            return settle(inner, scope)
        case Tree("big", (operator, below, above, body)):
            settled_body = settle(body, scope) if body is not None else None
            above = settle(above, scope) if above is not None else None
            return Tree("big", (operator, below, above, settled_body), tree.span)
        case Tree("env", (kind, rows)):
            done = tuple(tuple(settle(cell, scope) for cell in row) for row in rows)
            return Tree("env", (kind, done), tree.span)
        case Tree("slope", (called, *signs)):
            return _slope(settle(called, scope), signs, tree.span)
        case Tree("num" | "op" | "rel" | "text" | "dots" | "ask" | "empty"):
            return tree
        case Tree(head, kids):
            done = tuple(settle(k, scope) if isinstance(k, Tree) else k for k in kids)
            return Tree(head, done, tree.span)
    raise AssertionError(tree)


def _slope(called: Tree, signs: list, span: tuple[int, int]) -> Tree:
    """A derivative of a call, or of one entry of its value: an entry of the derivative."""
    order, sign, entry, bare = signs
    whole = called if order == "0" else Tree("slope", (called, order, sign, None, bare), span)
    return whole if entry is None else Tree("index", (whole, *_index_list(entry)), span)


def _primed(tree: Tree, scope: Scope) -> bool:
    """Whether a prime is a transpose: on a bracket, and in such a document on known names too."""
    base = tree.kids[0]
    if not base_of(base):
        return True
    return scope.primed and not scope.known(scope.refer(tree).symbol)


def _symbol(tree: Tree, scope: Scope) -> Tree:
    reference = scope.refer(tree)
    return Tree("symbol", (reference.symbol, *reference.indices), tree.span)


def _script(tree: Tree, base: Tree, sub: Tree | None, sup: Tree | None, scope: Scope) -> Tree:
    if sub is None and sup is not None and is_column(base) and _is_transpose(sup, scope):
        return Tree("bracket", (settle(base.kids[0], scope),), tree.span)  # (1, 2)^T, a column
    if base.head == "angle" and sub is not None:
        inner = Tree("angle", (settle(base.kids[0], scope), sub), tree.span)
        return _raised(inner, (sup,) if sup is not None else (), tree, scope)
    if base.head == "norm":
        measured = Tree("norm", (settle(base.kids[0], scope), sub), tree.span)
        return _raised(measured, (sup,) if sup is not None else (), tree, scope)
    stem = base_of(tree)
    if (letters := single_entry(base, sub, sup, scope)) is not None:
        return Tree("single", letters, tree.span)
    if sub is not None and is_unit(base, sub, scope):
        at = Tree("unit", (sub if index_letter(sub) else settle(sub, scope),), tree.span)
        return _raised(at, (sup,) if sup is not None else (), tree, scope)
    if stem in INDICATORS and sub is not None and sub.head in ("chain", "set", "list"):
        condition = sub.kids[0] if sub.head == "set" else sub
        called = Tree("call", (_word(stem, base), settle(condition, scope)), tree.span)
        return _raised(called, (sup,) if sup is not None else (), tree, scope)
    if stem:
        if stem in ("e", "exp") and not scope.known(stem) and sub is None and sup is not None:
            if _is_transpose(sup, scope):
                return _raised(_symbol(base, scope), (sup,), tree, scope)
            return Tree("call", (_word("exp", base), settle(sup, scope)), tree.span)
        reference = scope.refer(tree)
        indices = tuple(
            i if i.head in ("name", "num") or i in scope.shifts else settle(i, scope)
            for i in reference.indices
        )
        symbol = Tree("symbol", (reference.symbol, *indices), tree.span)
        return _raised(symbol, reference.actions, tree, scope)
    if base == _ONE and sub is not None and sub.head in ("chain", "set"):
        # 1_{z > 0}
        condition = sub.kids[0] if sub.head == "set" else sub
        called = Tree("call", (_word(r"\mathbb{1}", base), settle(condition, scope)), tree.span)
        return _raised(called, (sup,) if sup is not None else (), tree, scope)
    inner = settle(base, scope)
    if sub == Tree("name", ("+",)) or sub == Tree("op", ("+",)):
        # [z]_+, the positive part
        inner = Tree("call", (_word("max", base), Tree("num", ("0",)), inner), tree.span)
        sub = None
    if sub is not None:
        inner = Tree("index", (inner, *_index_list(sub)), tree.span)
    return _raised(inner, (sup,) if sup is not None else (), tree, scope)


def _index_list(sub: Tree) -> tuple[Tree, ...]:
    return sub.kids if sub.head in ("list", "juxt") else (sub,)


def _is_transpose(sup: Tree, scope: Scope) -> bool:
    if sup.head != "name":
        return False
    letter = str(sup.kids[0])
    if letter in ("T", "t"):
        # A letter that is declared as a number is a power, as is one that counts steps.
        number = letter in scope.declared and letter not in scope.arrays
        counts = scope.timed or letter in scope.scalars | scope.steps
        return not (number or (letter == "t" and counts and letter not in scope.arrays))
    return letter == TRANSPOSE


def _counts(base: Tree, sup: Tree, scope: Scope) -> bool:
    """Whether T or t above this base counts: a declared number has powers, and β^t is one too."""
    letter = str(sup.kids[0])
    symbol = str(base.kids[0]) if base.head == "symbol" else ""
    if letter not in ("T", "t") or not symbol or symbol in scope.arrays:
        return False
    return symbol in scope.scalars or (letter == "t" and symbol.split("_")[0] in NUMBER_LETTERS)


def _raised(base: Tree, actions: tuple[Tree, ...], whole: Tree, scope: Scope) -> Tree:
    """The base under its remaining superscripts: transposes, inverses and powers, in order."""
    for sup in actions:
        if sup.head == "unclear":
            raise ambiguous_superscript(str(sup.kids[0]), sup)
        if _is_transpose(sup, scope) and not _counts(base, sup, scope):
            base = Tree("transpose", (base,), whole.span)
        elif sup.head == "neg" and _is_transpose(sup.kids[0], scope):
            base = Tree("transpose", (Tree("inverse", (base,), whole.span),), whole.span)
        elif sup.head == "juxt" and _is_transpose(sup.kids[-1], scope):
            rest = sup.kids[:-1]
            first = rest[0] if len(rest) == 1 else Tree("juxt", rest, sup.span)
            base = Tree("transpose", (_raised(base, (first,), whole, scope),), whole.span)
        elif (entrywise := exponent_of_entries(sup)) is not None:
            sign, inner = entrywise
            kept = Tree("juxt", (sign, settle(inner, scope)), sup.span)
            base = Tree("power", (base, kept), whole.span)
        else:
            known = (sup.kids[:1] and sup.kids[0] in scope.scalars) or _is_number(base, scope)
            if sup.head == "name" and sup.kids[0] in _LABEL_LETTERS and not known:
                raise ambiguous_superscript(str(sup.kids[0]), sup if sup.span != (0, 0) else whole)
            base = Tree("power", (base, settle(sup, scope)), whole.span)
    return base


def exponent_of_entries(sup: Tree) -> tuple[Tree, Tree] | None:
    r"""The sign and the 5 of x^{\odot 5}, a power entry by entry; None for other superscripts."""
    match sup:
        case Tree("juxt" | "sum", (Tree("op", (r"\odot" | r"\circ",)) as sign, *rest)) if rest:
            return sign, rest[0] if len(rest) == 1 else Tree(sup.head, tuple(rest), sup.span)
        case Tree("sum", (Tree() as first, *rest)) if inner := exponent_of_entries(first):
            return inner[0], Tree("sum", (inner[1], *rest), sup.span)
    return None


_LABEL_LETTERS = frozenset(["T", "t", "i", "j", "k", "l", "n", "m", "L"])


def _is_number(base: Tree, scope: Scope) -> bool:
    """Whether a letter above this base can only be a power, or a number of axes."""
    symbol = str(base.kids[0]) if base.head == "symbol" else ""
    return (
        base.head == "num"
        or symbol.startswith(r"\mathbb")
        or symbol.split("_")[0] in NUMBER_LETTERS
        or symbol in scope.scalars
    )


def _word(word: str, at: Tree) -> Tree:
    return Tree("symbol", (word,), at.span)


def _product(kids: tuple[Tree, ...], span: tuple[int, int], scope: Scope) -> Tree:
    done: list[Tree] = []
    k = 0
    if _BESIDE in kids[1:-1]:
        at = kids.index(_BESIDE, 1)
        sides = (_product(kids[:at], span, scope), _product(kids[at + 1 :], span, scope))
        return Tree("bracket", (Tree("given", sides, span),), span)
    while k < len(kids):
        kid = kids[k]
        following = kids[k + 1] if k + 1 < len(kids) else None
        if kid.head in ("name", "script", "prime") and base_of(kid):
            taken = _applied(kid, following, kids[k + 1 :], scope)
            if taken is not None:
                call, used = taken
                done.append(call)
                k += 1 + used
                continue
            _ask_if_ambiguous(kid, following, scope)
        bracket = following if following is not None and following.head in BRACKETS else None
        if kid == _ONE and bracket is not None and is_condition(bracket):  # 1[z > 0]
            condition = settle(bracket.kids[0], scope)
            at = (kid.span[0], bracket.span[1])
            done.append(Tree("call", (_word(r"\mathbb{1}", kid), condition), at))
            k += 2
            continue
        done.append(settle(kid, scope))
        k += 1
    return done[0] if len(done) == 1 else Tree("juxt", tuple(done), span)


def _applied(
    kid: Tree, following: Tree | None, rest: tuple[Tree, ...], scope: Scope
) -> tuple[Tree, int] | None:
    """The call that starts at this name and how many of the following kids it takes."""
    stem = base_of(kid).rstrip("'")
    word = stem.lstrip("\\") in KNOWN_WORDS and not scope.known(stem)
    bracket, after = bracket_of(following)
    if bracket is not None:
        if has_condition(kid, stem) and not is_condition(bracket):
            return None  # Kronecker's delta before a bracket
        if stem in (r"\mathbf{1}", r"\mathbf{I}") and not is_condition(bracket):
            return None  # the ones or the identity before a bracket: \mathbf{1}(u + v)^\top
        if not scope.is_function(_without_powers(kid, scope)) and not _must_be_call(
            kid, bracket, scope
        ):
            return None
        function, powers = _function(kid, scope)
        arguments = _arguments(bracket, scope)
        if stem in SLIDING and powers == (Tree("name", (TRANSPOSE,)),):
            function, powers = as_adjoint(function), ()
        span = (kid.span[0], following.span[1]) if following else kid.span
        call = Tree("call", (function, *arguments), span)
        call = _raised(call, powers, kid, scope)
        if following is not None and following.head == "script" and following.kids[1] is not None:
            # softmax(z)_k is an entry of the call
            call = Tree("index", (call, *_index_list(following.kids[1])), span)
        return _raised(call, after, kid, scope), 1
    if word and following is not None and following.head != "op":
        function, powers = _function(kid, scope)
        taken: list[Tree] = []
        for part in rest:
            is_word = base_of(part).lstrip("\\") in KNOWN_WORDS if base_of(part) else False
            if part.head in _GREEDY_STOPS or (taken and is_word):
                break
            taken.append(part)
            if part.head == "big":
                break
        # log σ(z), log L(θ): the bracket belongs to σ and to L, so it is part of the argument
        while len(taken) < len(rest) and _takes(taken[-1], rest[len(taken)], scope):
            taken.append(rest[len(taken)])
        argument = _product(tuple(taken), (taken[0].span[0], taken[-1].span[1]), scope)
        applied = Tree("call", (function, argument), (kid.span[0], taken[-1].span[1]))
        return _raised(applied, powers, kid, scope), len(taken)
    return None


def _takes(name: Tree, following: Tree, scope: Scope) -> bool:
    """Whether a name and what follows it are a call, which may be under a power: f(x)^2."""
    bracket, _ = bracket_of(following)
    if bracket is None or not base_of(name):
        return False
    return scope.is_function(name) or _must_be_call(name, bracket, scope)


def _must_be_call(kid: Tree, bracket: Tree, scope: Scope) -> bool:
    """R(W), L(θ; X, y): nobody puts a lone name, or a list, in brackets to multiply by it."""
    reference = scope.refer(kid)
    if reference.symbol in scope.applied:
        return scope.applied[reference.symbol] == bracket
    base = base_of(kid)
    number = reference.symbol in scope.scalars or base in NUMBER_LETTERS
    if scope.known(reference.symbol) or number or base not in scope.called_only:
        return False
    inner = bracket.kids[0]
    return bracket.head == "paren" and (inner.head in ("list", "semi") or bool(base_of(inner)))


def _arguments(bracket: Tree, scope: Scope) -> tuple[Tree, ...]:
    inner = bracket.kids[0]
    if inner.head == "semi":
        return tuple(a for part in inner.kids for a in _listed(part, scope))
    return _listed(inner, scope)


def _listed(inner: Tree, scope: Scope) -> tuple[Tree, ...]:
    parts = inner.kids if inner.head == "list" else (inner,)
    return tuple(settle(part, scope) for part in parts if part.head != "text")


def _without_powers(kid: Tree, scope: Scope) -> Tree:
    """A function's name without the power it is raised to: tanh^2(x), f^{-1}(x) keep their name."""
    if kid.head == "script" and kid.kids[2] is not None:
        _, _, label, actions = taken_apart(kid, scope)
        if actions and label is None:
            sub = kid.kids[1]
            return Tree("script", (kid.kids[0], sub, None), kid.span) if sub else kid.kids[0]
    return kid


def _function(kid: Tree, scope: Scope) -> tuple[Tree, tuple[Tree, ...]]:
    """The function's own tree (a symbol with indices, or a derivative of one) and its powers."""
    if kid.head == "prime":
        inner, powers = _function(kid.kids[0], scope)
        return Tree("prime", (inner, kid.kids[1]), kid.span), powers
    bare = (stem := base_of(kid)).lstrip("\\")
    if bare in INVERSE_OF and not scope.known(stem) and kid.kids[1:] == (None, _INVERSE):
        return Tree("symbol", (f"{bare}^{{-1}}",), kid.span), ()
    if bare in KNOWN_WORDS and not scope.known(stem):
        sub = kid.kids[1] if kid.head == "script" else None
        sup = kid.kids[2] if kid.head == "script" else None
        word = Tree("symbol", (bare,), kid.span)
        if sub is not None:
            word = Tree("index", (word, settle(sub, scope)), kid.span)
        return word, (sup,) if sup is not None else ()
    reference = scope.refer(kid)
    indices = tuple(
        settle(i, scope) if i.head not in ("name", "num") else i for i in reference.indices
    )
    return Tree("symbol", (reference.symbol, *indices), kid.span), reference.actions


def _ask_if_ambiguous(kid: Tree, following: Tree | None, scope: Scope) -> None:
    bracket, _ = bracket_of(following)
    if bracket is None or bracket.head not in ("paren",) or following is None:
        return
    reference, base = scope.refer(kid), base_of(kid)
    if scope.known(reference.symbol) or reference.symbol in scope.scalars or reference.indices:
        return
    if base in NUMBER_LETTERS or is_bold(base) or base not in scope.called_only:
        return
    written, whole = latex(kid), latex(Tree("juxt", (kid, following)))
    raise Fault(
        "ambiguous-call",
        f"${whole}$ may be the function ${written}$ applied, or a product",
        (kid.span[0], following.span[1]),
        f"for a call define ${written}(..) = ..$ or declare "
        rf"${written}\colon \mathbb{{R}} \to \mathbb{{R}}$; for a product declare "
        rf"${written} \in \mathbb{{R}}$ or write ${written} \cdot (..)$",
    )
