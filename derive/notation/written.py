r"""From a settled tree to the tree as it is written: brackets, signs and scripts made explicit.

The idea: every printer prints this one form, so where a bracket is needed is decided once, and it
uses only the heads that the grammar builds, so what is printed can be read.  Raw trees pass through
unchanged (unless they could not be written without a bracket).
"""

from __future__ import annotations

from derive.notation import ATOM, MARKS, PRODUCT, SCRIPT, SUM, precedence
from derive.notation.names import symbol_tree
from derive.notation.slopes import slope_as_written
from derive.tree import LABELS, Tree, name, tree

TOP = name(r"\top")
_DOT = tree("op", r"\cdot")
_ODOT = tree("op", r"\odot")
_OTIMES = tree("op", r"\otimes")
_BRACKETED = frozenset({"paren", "bracket", "brace", "set", "abs", "norm", "angle"})
_SCRIPTED = frozenset({"power", "transpose", "inverse", "script", "label", "index", "prime"})
_TALL = frozenset({"frac", "deriv", "env", "big", "binom"})
_AS_IT_IS = frozenset({"num", "op", "rel", "text"})
_OPEN_ENDED = frozenset({"big", "apply", "deriv", "grad"})
_LABEL_LIKE = frozenset({"paren", "bracket", "brace", "angle", "bare"})


def written(node: Tree) -> Tree:
    """The tree with only grammar heads in which no kid binds more loosely than its place allows."""
    if node.head in _AS_IT_IS:
        return node
    if node.head == "name":
        text = node.kids[0]
        made = "_" in text or "^" in text or text[-1:] in ("'", ")")
        return symbol_tree(text) if made else node
    try:
        return node.written
    except AttributeError:
        found = _written(node)
        object.__setattr__(node, "written", found)
        return found


def _written(node: Tree) -> Tree:
    head, kids, span = node.head, node.kids, node.span
    match head:
        case "juxt" | "convolution":
            return _raw_product(kids)
        case "product":
            return _product(kids)
        case "hadamard":
            return _hadamard(kids)
        case "kronecker":
            return _kronecker(kids)
        case "script" if kids[0].head == "slope" and written(kids[0]).head == "juxt":
            *before, last = written(kids[0]).kids  # J_r(x)^\top
            scripted = Tree(head, (last, *map(_maybe, kids[1:])), span)
            return Tree("juxt", (*before, scripted), span)
        case "script":
            base, sub, sup = kids
            if base.head == "script" and sup is None and _is_labelled(base):
                return written(Tree(head, (base.kids[0], sub, base.kids[2]), span))
            return Tree(head, (_at_least(ATOM, written(kids[0])), *map(_maybe, kids[1:])), span)
        case "transpose":
            return _transposed(kids[0])
        case "call":
            return _called(written(kids[0]), [written(kid) for kid in kids[1:]])
        case "apply":
            arguments = (_at_least(PRODUCT, written(kid)) for kid in kids[1:])
            return _juxt([written(kids[0]), *arguments])
        case "power":
            return _superscript(kids[0], written(kids[1]))
        case "inverse":
            return _superscript(kids[0], tree("neg", Tree("num", ("1",))))
        case "label":
            return _superscript(kids[0], written(kids[1]))
        case "index":
            return _indexed(kids[0], [written(kid) for kid in kids[1:]])
        case "sum":
            terms = (None if kid is None else _term(written(kid)) for kid in kids)
            return Tree(head, tuple(terms), span)
        case "neg" | "pm":
            return Tree(head, (_at_least(PRODUCT, written(kids[0])),), span)
        case "abs" if (inner := written(kids[0])).head == "abs":
            return Tree(head, (_paren(inner),), span)  # two bars in a row are those of a norm
        case "prime":
            return _primed(written(kids[0]), kids[1])
        case "factorial":
            return Tree(head, (_at_least(ATOM, written(kids[0])),), span)
        case "big":
            operator, below, above, body = kids
            inner = None if body is None else _at_least(PRODUCT, written(body))
            return Tree(head, (operator, _maybe(below), _maybe(above), inner), span)
        case "deriv":
            by = written(kids[1])
            if by.head == "juxt" and kids[1].head != "juxt":  # one variable of several parts
                by = tree("list", by)
            return Tree(head, (_differentiated(kids[0]), by, kids[2]), span)
        case "grad":
            by, of, order = kids
            inner = None if of is None else _graded(of)
            return Tree(head, (_maybe(by), inner, order), span)
        case "slope":
            return written(slope_as_written(node))
        case "env":
            kind, rows = kids
            cells = tuple(tuple(written(cell) for cell in row) for row in rows)
            return Tree(head, (kind, cells), span)
        case _:
            made = (written(kid) if isinstance(kid, Tree) else kid for kid in kids)
            return Tree(head, tuple(made), span)


def _is_labelled(base: Tree) -> bool:
    """Whether a base has a label alone: a^l_k is the entry k of a^l."""
    return base.kids[1] is None and base.kids[2] is not None and base.kids[2].head in LABELS


def _maybe(node: Tree | None) -> Tree | None:
    return None if node is None else written(node)


def _paren(inner: Tree) -> Tree:
    return Tree("paren", (inner,), inner.span)


def _at_least(level: int, node: Tree) -> Tree:
    """The tree itself if it binds at least that tightly, else the tree in parentheses."""
    return node if precedence(node.head) >= level else _paren(node)


def _term(node: Tree) -> Tree:
    loose = node.head == "sum" or precedence(node.head) < SUM
    return _paren(node) if loose else node


def _juxt(factors: list[Tree]) -> Tree:
    flat: list[Tree] = []
    for factor in factors:
        flat.extend(factor.kids if factor.head == "juxt" else (factor,))
    return flat[0] if len(flat) == 1 else Tree("juxt", tuple(flat))


def _called(function: Tree, arguments: list[Tree]) -> Tree:
    r"""f(a, b); a lone argument that brings its own brackets keeps them: ``\mathbb{E}[v]``."""
    head = _at_least(ATOM, function)
    if len(arguments) == 1 and arguments[0].head in ("paren", "bracket", "brace", "set", "angle"):
        return _juxt([head, arguments[0]])
    if len(arguments) == 1 and arguments[0].head == "list":
        arguments = list(arguments[0].kids)
    inside = arguments[0] if len(arguments) == 1 else Tree("list", tuple(arguments))
    return _juxt([head, _paren(inside)])


# ------------------------------------------------------------------------------------- products


def _swallows(node: Tree) -> bool:
    """Whether what is written after the node would be read as part of it."""
    if node.head not in _OPEN_ENDED:
        return False
    match node:
        case Tree("big" | "apply") | Tree("deriv", (None, _, _)) | Tree("grad", (_, None, _)):
            return True
        case Tree("grad", (_, Tree() as of, _)):
            return of.head == "num" or _swallows(of)  # \nabla 2 x is that of 2 x
        case _:
            return False


def _raw_product(kids: tuple) -> Tree:
    """A product as written: only what cannot stand in a row gets brackets."""
    has_words = any(kid.head == "text" for kid in kids)
    factors: list[Tree] = []
    for at, kid in enumerate(kids):
        made = written(kid)
        if made.head == "juxt" and _is_call(kid):
            factors.extend(made.kids)
            continue
        loose = precedence(made.head) < PRODUCT and not has_words
        swallows = made.head == "big" and at < len(kids) - 1
        factors.append(_paren(made) if loose or swallows or made.head == "juxt" else made)
    return Tree("juxt", tuple(factors))


def _product(kids: tuple) -> Tree:
    """Factors side by side; a dot before a number, which would run into what precedes it.

    A function applied without brackets, and a range operator, swallow what follows: they are
    bracketed unless they stand last.  The sign of the first factor is the sign of the product.
    """
    if len(kids) > 1 and kids[0].head == "neg":
        return Tree("neg", (_product((kids[0].kids[0], *kids[1:])),))
    factors: list[Tree] = []
    for at, kid in enumerate(kids):
        made = written(kid)
        if made.head == "op":
            factors.append(made)
            continue
        open_end = at < len(kids) - 1 and _swallows(kid)
        if made.head == "juxt" and not open_end and not _has_sign(made):
            row = made.kids
        else:
            keep = precedence(made.head) >= PRODUCT and made.head != "juxt" and not open_end
            row = (made if keep else _paren(made),)
        if factors and _starts_with_digit(row[0]):
            factors.append(_DOT)
        factors.extend(row)
    return factors[0] if len(factors) == 1 else Tree("juxt", tuple(factors))


def _starts_with_digit(node: Tree) -> bool:
    while node.head in ("script", "prime", "factorial"):
        node = node.kids[0]
    return node.head == "num"


def _has_sign(node: Tree) -> bool:
    return any(kid.head == "op" and kid.kids[0] != r"\cdot" for kid in node.kids)


def _hadamard(kids: tuple) -> Tree:
    r"""a \odot b; a matrix product inside gets brackets, so that the grouping is not a riddle."""
    factors: list[Tree] = []
    for at, kid in enumerate(kids):
        made = written(kid)
        open_end = at < len(kids) - 1 and _swallows(kid)
        if factors:
            factors.append(_ODOT)
        if made.head == "juxt" and _is_call(kid):
            factors.extend(made.kids)
        elif open_end or (precedence(made.head) <= PRODUCT and made.head != "big"):
            factors.append(_paren(made))
        else:
            factors.append(made)
    return Tree("juxt", tuple(factors))


def _kronecker(kids: tuple) -> Tree:
    r"""A B \otimes C: a matrix product inside needs no brackets, a product with a sign does."""
    factors: list[Tree] = []
    for at, kid in enumerate(kids):
        made = written(kid)
        open_end = at < len(kids) - 1 and _swallows(kid)
        if factors:
            factors.append(_OTIMES)
        if made.head == "juxt" and not _has_sign(made) and not open_end:
            factors.extend(made.kids)
        elif precedence(made.head) <= PRODUCT:
            factors.append(_paren(made))
        else:
            factors.append(made)
    return Tree("juxt", tuple(factors))


def _is_call(node: Tree) -> bool:
    """Whether a settled tree is one function with its brackets, scripts on it or not."""
    while node.head in _SCRIPTED:
        node = node.kids[0]
    return node.head in ("call", "slope")


def _is_name(node: Tree) -> bool:
    while node.head in ("script", "prime"):
        node = node.kids[0]
    return node.head == "name"


# -------------------------------------------------------------------------------------- scripts


def _carrier(node: Tree) -> tuple[tuple[Tree, ...], Tree]:
    """The factors before the one that carries the script, and that one: f(x)^2 hangs on (x)."""
    base = written(node)
    if base.head == "juxt" and _is_call(node):
        return base.kids[:-1], base.kids[-1]
    return (), _at_least(ATOM, base)


def _hung(before: tuple[Tree, ...], carrier: Tree) -> Tree:
    return Tree("juxt", (*before, carrier)) if before else carrier


def _superscript(node: Tree, sup: Tree) -> Tree:
    """``sup`` on a base, beside a subscript that is there; never on top of a superscript."""
    before, carrier = _carrier(node)
    match carrier:
        case Tree("script", (inner, sub, None)):
            return _hung(before, Tree("script", (inner, sub, sup)))
        case Tree("script" | "prime"):
            return Tree("script", (_paren(_hung(before, carrier)), None, sup))
        case _:
            return _hung(before, Tree("script", (carrier, None, sup)))


def _transposed(node: Tree) -> Tree:
    r"""x^\top, and x^{(i)\top} where a label is there already; A^{-\top} for an inverse."""
    if node.head == "inverse":
        return _superscript(node.kids[0], tree("neg", TOP))
    base = written(node)
    if base.head == "script":
        inner, sub, sup = base.kids
        inside = sup is not None and sup.head != "bare"  # w^{l+1\top} reads badly: (w^{l+1})^\top
        if sup is not None and inside and (node.head == "label" or _marks(sup)):
            joined = (*sup.kids, TOP) if sup.head == "juxt" else (sup, TOP)
            return Tree("script", (inner, sub, Tree("juxt", joined)))
    return _superscript(node, TOP)


def _marks(sup: Tree) -> bool:
    """Whether a superscript names (a label in brackets, a star) and is no exponent."""
    return sup.head in _LABEL_LIKE or (sup.head in ("name", "op") and sup.kids[0] in MARKS)


def _indexed(node: Tree, indices: list[Tree]) -> Tree:
    """A_{ij} where every index is one sign, A_{i+1,j} else; (W_1)_{ij} where a subscript is."""
    if all(_is_short(index) for index in indices):
        sub = indices[0] if len(indices) == 1 else Tree("juxt", tuple(indices))
    else:
        sub = indices[0] if len(indices) == 1 else Tree("list", tuple(indices))
    before, carrier = _carrier(node)
    match carrier:
        case Tree("script", (inner, None, sup)) if sup is None or _marks(sup):
            return _hung(before, Tree("script", (inner, sub, sup)))
        case Tree("script"):
            return Tree("script", (_paren(_hung(before, carrier)), sub, None))
        case _:
            return _hung(before, Tree("script", (carrier, sub, None)))


def _is_short(index: Tree) -> bool:
    return index.head == "name" and (len(index.kids[0]) == 1 or index.kids[0].startswith("\\"))


def _differentiated(of: Tree | None) -> Tree | None:
    """What is differentiated, so that it fits over the line or is a bracket behind it."""
    if of is None:
        return None
    inner = written(of)
    return inner if stands_above(inner) or inner.head in _BRACKETED else _paren(inner)


def stands_above(of: Tree) -> bool:
    """Whether what is differentiated may be written over the line: a product that is not tall."""
    if precedence(of.head) < PRODUCT or of.head in _BRACKETED or of.head == "big":
        return False
    return not any(part.head in _TALL for part in of.subtrees())


def _graded(of: Tree) -> Tree:
    r"""What a \nabla acts on: one factor, the call that it is, and the numbers before it."""
    inner = written(of)
    if inner.head != "juxt":
        return _at_least(SCRIPT, inner)
    if of.head == "juxt":
        *before, last = inner.kids
        if before and last.head in _BRACKETED and _is_name(before[-1]):
            before.pop()
        one = all(kid.head == "num" for kid in before) and last.head != "op"
    else:
        one = of.head == "call"  # a script on it would be one on the gradient
    return inner if one else _paren(inner)


def _primed(base: Tree, count: str) -> Tree:
    """f', and f_1' as the prime of f with its subscript, which is how it is read."""
    if base.head == "script":
        foot, sub, sup = base.kids
        return Tree("script", (_primed(foot, count), sub, sup), base.span)
    return Tree("prime", (_at_least(ATOM, base), count), base.span)
