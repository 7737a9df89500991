r"""Other spellings of what the notation has a form for: O = P V \in S, \nabla\nabla f, ^t x, X'y.

The idea: they are rewritten before statements are sorted, so that nothing after knows of them.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from itertools import pairwise

from derive.elaborate.names.scope import base_of, names_in
from derive.elaborate.statements.bars import with_bars
from derive.elaborate.statements.concatenated import with_families_joined
from derive.elaborate.statements.densities import with_log_densities
from derive.elaborate.statements.distributions import with_densities
from derive.elaborate.statements.indices import with_letters
from derive.elaborate.statements.selected import with_indices
from derive.elaborate.statements.valued import without_own_arguments
from derive.latex.print import latex
from derive.tree import LABELS, Tree

_HESSIANS = frozenset(["Hess", "Hessian", "hess"])
_EQUALS = frozenset(["=", ":=", "=="])
_TRANSPOSES = tuple(Tree("name", (sign,)) for sign in ("t", "T", r"\top", r"\intercal"))
_PRIME = Tree("name", (r"\prime",))
_D = ("D", r"\mathrm{D}", r"\mathbb{D}")
_KL = (Tree("name", ("KL",)), Tree("juxt", (Tree("name", ("K",)), Tree("name", ("L",)))))
_LIBRARY = re.compile(r"^(?:np|numpy|jnp|torch|tf)\.(?=[a-z]+$)")  # np.sum
_NO_ARRAYS = frozenset(["num", "neg", "list", "set", "dots", "interval"])  # l = 1, .., L
_PRIMES_SAID = re.compile(
    r"(?:'|\\prime)\s*\}?\s*\$?\s*(?:for|is|denotes?|means|as)\s+(?:the\s+|a\s+)?transpos"
    r"|primes?\s+(?:denotes?|for|means?)\s+(?:the\s+)?transpos",
    re.IGNORECASE,
)


def respelled(items: Sequence[Tree], text: str = "") -> list[Tree]:
    """The statements with these spellings rewritten; f : A \\to B states nothing, nor does
    a name for a collection."""
    found: list[Tree] = []
    for item in items:
        if not maps(item) and not _collects(item):
            found += _parted(item.rewritten(_respelled))
    mapped = {item.kids[0] for item in items if maps(item)}
    found = _with_deltas(with_indices(with_directions(found, mapped)))
    found = with_densities(with_letters(with_bars(found, text)), elsewhere=True)
    return with_families_joined(without_own_arguments(with_log_densities(found)))


def _with_deltas(items: list[Tree]) -> list[Tree]:
    r"""\delta_z for the \delta^z of a z that is defined, which is no power."""
    defined = {
        item.kids[0] for item in items
        if item.head == "chain" and isinstance(item.kids[0], Tree) and item.kids[0].head == "name"
        and str(item.kids[1].kids[0]) in ("=", ":=") and item.kids[2].head not in _NO_ARRAYS
    }  # fmt: skip

    def lowered(node: Tree) -> Tree:
        match node:
            case Tree("script", (Tree("name", (r"\delta",)) as delta, None, above)) if (
                above in defined
            ):
                return Tree("script", (delta, above, None), node.span)
        return node

    return [item.rewritten(lowered) for item in items]


def maps(item: Tree) -> bool:
    r"""Whether a statement is f : A \to B."""
    signs = [str(rel.kids[0]) for rel in item.kids[1::2]] if item.head == "chain" else []
    return len(signs) >= 2 and signs[0] == ":" and signs[1] in ("->", "|->")


def with_directions(items: list[Tree], mapped: Collection[Tree] = ()) -> list[Tree]:
    r"""The statements with \nabla f(x)^\top v for D_v f(x), where f is defined, or declared as a
    map, and no D is."""
    functions = {*mapped} | {
        item.kids[0].kids[0] for item in items
        if item.head == "chain" and isinstance(item.kids[0], Tree) and len(item.kids[0].kids) == 2
        and item.kids[0].head == "juxt" and item.kids[0].kids[1].head == "paren"
    }  # fmt: skip
    others = [n for item in items if item.head == "chain" and item.kids[0] is not None
              and item.kids[1].kids[0] in (*_EQUALS, "in") and item.kids[0].head != "juxt"
              for n in names_in([item.kids[0]])]  # fmt: skip
    if not functions or any(base_of(name) in _D for name in others):
        return items

    def directed(node: Tree) -> Tree:
        match node:
            case Tree(
                "juxt",
                (Tree("script", (Tree("name", (d,)), Tree("name") as v, None)), f, at, *rest),
            ) if d in _D and f in functions and at.head == "paren":
                applied = Tree("juxt", (f, at), (f.span[0], at.span[1]))
                gradient = Tree("paren", (Tree("grad", (None, applied, "1"), node.span),))
                turned = Tree("script", (gradient, None, Tree("name", (r"\top",))), node.span)
                return Tree("juxt", (turned, v, *rest), node.span)
        return node

    return [item.rewritten(directed) for item in items]


def _collects(item: Tree) -> bool:
    r"""Whether a statement only names a collection, as \mathcal{B} = \{x_1, \dots, x_m\} does."""
    match item:
        case Tree("chain", (Tree("name"), Tree("rel", ("=",)), Tree("set", (Tree("list", kids),)))):
            return any(kid.head == "dots" for kid in kids)
    return False


def _is_start_of_several(item: Tree) -> bool:
    sides, signs = item.kids[::2], item.kids[1::2]
    return (
        item.head == "chain" and len(sides) > 2 and sides[-1].head == "num"
        and {str(sign.kids[0]) for sign in signs} <= _EQUALS
        and all(side is not None and side.head == "script" and side.kids[2] is None
                and side.kids[1].head == "num" for side in sides[:-1])
    )  # fmt: skip


def _parted(item: Tree) -> Iterator[Tree]:
    r"""O = P V \in \mathbb{R}^{m \times n} as O = P V and O \in \mathbb{R}^{m \times n}; and
    m_0 = v_0 = 0 as m_0 = 0 and v_0 = 0."""
    if _is_start_of_several(item):
        *names, value = item.kids[::2]
        for name in names:
            yield Tree("chain", (name, item.kids[1], value), (name.span[0], item.span[1]))
        return
    signs = [str(rel.kids[0]) for rel in item.kids[1::2]] if item.head == "chain" else []
    plain = len(signs) > 1 and signs[-1] == "in" and set(signs[:-1]) <= _EQUALS
    if not plain or item.kids[0] is None or any(side.head == "ask" for side in item.kids[::2]):
        yield item
        return
    end = item.kids[-3].span[1]
    yield Tree("chain", item.kids[:-2], (item.span[0], end))
    yield Tree("chain", (item.kids[0], *item.kids[-2:]), (end, item.span[1]))


def _respelled(node: Tree) -> Tree:
    match node:
        case Tree("name", (str(word),)) if (plain := _LIBRARY.sub("", word)) != word:
            return Tree("name", (plain,), node.span)
        case Tree("script", (base, sub, Tree("prime", (label, order)))) if label.head in LABELS:
            return Tree("prime", (Tree("script", (base, sub, label), node.span), order), node.span)
        case Tree("script", (base, sub, Tree("juxt", (label, mark)))) if (
            label.head in LABELS and mark == _PRIME
        ):  # g^{[l]\prime}
            return Tree("prime", (Tree("script", (base, sub, label), node.span), "1"), node.span)
        case Tree("grad", (by, Tree("grad", (inner, of, "1")), "1")) if by == inner:
            return Tree("grad", (by, of, "2"), node.span)
        case Tree("grad", (by, inside, "1")) if by is not None and _nabla(inside) is not None:
            second, of = _nabla(inside).kids[:2]  # type: ignore[union-attr]
            return Tree("grad", (Tree("list", (by, second), by.span), of, "2"), node.span)
        case Tree("deriv", (Tree("juxt", (*rest, Tree("at", (last, where)))) as of, by, order)) if (
            where.head == "chain" and where.kids[0] == by
        ):  # d/dt f(x + t v) |_{t = 0} is taken at 0 once it is differentiated
            inner = Tree("juxt", (*rest, last), of.span)
            return Tree("at", (Tree("deriv", (inner, by, order), node.span), where), node.span)
        case Tree("deriv", (of, Tree("juxt", (word, X)), order)) if _is_vec(word):
            return Tree("deriv", (of, _called(word, X), order), node.span)
        case Tree("deriv", (Tree("deriv", (of, second, "1")), first, "1")) if of is not None:
            both = Tree("list", (first, second), first.span)
            return Tree("deriv", (of, both, "2"), node.span)
        case Tree("juxt", (Tree("script", (Tree("name", (word,)), by, None)), of)) if (
            by is not None and _plain(word) in _HESSIANS
        ):
            return Tree("grad", (by, _bare(of), "2"), node.span)
        case Tree("grad", (by, Tree("at", (of, where)), order)):
            # \nabla_w f |_{w = 0} is the gradient there.
            return Tree("at", (Tree("grad", (by, of, order), node.span), where), node.span)
        case Tree("deriv", (Tree("at", (of, where)), by, order)):
            return Tree("at", (Tree("deriv", (of, by, order), node.span), where), node.span)
        case Tree("script", (Tree("name", (base,)), below, None)) if base in _D and below in _KL:
            return Tree("name", ("KL",), node.span)
        case Tree("juxt", kids) if any(_is_left_transpose(kid) for kid in kids):
            done: list[Tree] = []
            pending = False
            for kid in kids:
                if _is_left_transpose(kid):
                    pending = True
                    continue
                top = Tree("name", (r"\top",), kid.span)
                done.append(Tree("script", (kid, None, top), kid.span) if pending else kid)
                pending = False
            return done[0] if len(done) == 1 else Tree("juxt", tuple(done), node.span)
    return node


def _nabla(node: Tree | None) -> Tree | None:
    """A gradient in a variable that is said, in brackets or not."""
    node = None if node is None else _bare(node)
    if node is None or node.head != "grad" or node.kids[2] != "1" or None in node.kids[:2]:
        return None
    return node


def _bare(node: Tree) -> Tree:
    return node.kids[0] if node.head in ("paren", "bracket") else node


def _called(word: Tree, of: Tree) -> Tree:
    r"""vec (X)^\top as the transpose of vec(X)."""
    span = (word.span[0], of.span[1])
    if (
        of.head == "script"
        and of.kids[0].head in ("paren", "bracket")
        and of.kids[2] in _TRANSPOSES
    ):
        return Tree("transpose", (_called(word, of.kids[0]),), span)
    return Tree("call", (word, _bare(of)), span)


def _is_vec(node: Tree) -> bool:
    return node.head == "name" and _plain(str(node.kids[0])) in ("vec", "Vec")


def _plain(word: str) -> str:
    return word[word.find("{") + 1 : -1] if word.endswith("}") else word


def _is_left_transpose(node: Tree) -> bool:
    return (
        node.head == "script" and node.kids[0].head == "empty" and node.kids[1] is None
        and node.kids[2] in _TRANSPOSES
    )  # fmt: skip


def primes_transpose(items: Iterable[Tree], text: str) -> bool:
    """Whether primes are transposes: the text says so, or a declared matrix has one in a product,
    or a name before itself, x' A x; and nothing declares or defines a name with a prime."""
    if _PRIMES_SAID.search(text):
        return True
    items = [item for item in items if item.head == "chain" and item.kids[0] is not None]
    if any(_names_primed(item) for item in items):
        return False
    matrices = {
        latex(name)
        for item in items if str(item.kids[1].kids[0]) == "in"
        and any(n == Tree("op", (r"\times",)) for n in item.kids[2].subtrees())
        for name in (item.kids[0].kids if item.kids[0].head == "list" else (item.kids[0],))
    }  # fmt: skip
    products = [node for item in items for node in item.subtrees() if node.head == "juxt"]
    return any(
        one.head == "prime" and latex(one.kids[0]) in matrices and after.head != "paren"
        for node in products for one, after in pairwise(node.kids)
    ) or any(_meets_itself(node) for node in products)  # fmt: skip


def _meets_itself(product: Tree) -> bool:
    """x' x, x' A x"""
    return any(
        one.head == "prime" and base_of(one) != "" and one.kids[0] in product.kids[k + 1 : k + 3]
        for k, one in enumerate(product.kids)
    )


def _names_primed(item: Tree) -> bool:
    """Whether a statement declares or defines a name with a prime; P' = P says something of P, and
    W' = W - G does not."""
    left, sign, right = item.kids[:3]
    if str(sign.kids[0]) in _EQUALS and left.head == "prime" and left.kids[0] == right:
        return False
    return any(node.head == "prime" for node in left.subtrees())
