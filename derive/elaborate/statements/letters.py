"""Letters and names as they stand in the trees: which are indices, and which are only applied.

The idea: a letter is an index where something binds it, lets it run or meets it on both sides of
an equation between entries; this is known before any name is.
"""

from __future__ import annotations

from collections.abc import Iterator

from derive.elaborate.names.indices import index_letter
from derive.elaborate.names.scope import ACTIVATIONS, base_of, names_in
from derive.elaborate.reading import Reading
from derive.elaborate.statements.alone import applied_only, formal_only, means
from derive.elaborate.statements.bracketed import BRACKETS
from derive.elaborate.statements.unfold import chooses, uses
from derive.elaborate.statements.units import chosen_bold
from derive.elaborate.terms.limits import bound_letters
from derive.elaborate.terms.shifts import collected, counts_from_zero
from derive.tree import Tree


def collect_letters(items: list[Tree], reading: Reading) -> None:
    """Note which letters are bound, which names stand alone, and which are only ever applied."""
    called: dict[str, bool] = {}
    reading.scope.shifts = collected(items)
    reading.scope.from_zero = counts_from_zero(items, reading.scope.shifts)
    ranged: set[str] = set()
    reading.scope.timed = any(map(_has_time, items))
    for item in items:
        for node in item.subtrees():
            reading.scope.counts |= counted(node)
            if node.head == "big":
                for letter, low, _ in bound_letters(node.kids[1]):
                    reading.scope.bound.add(letter)
                    if low not in (None, Tree("num", ("1",))):
                        reading.scope.shifted.add(letter)
            reading.scope.bound |= _gathered(node)
            if node.head == "prime" and not base_of(node):
                reading.scope.primed = True
            if node.head == "juxt":
                reading.scope.differentiated |= {
                    base_of(kid)
                    for kid, after in zip(node.kids, node.kids[1:], strict=False)
                    if kid.head == "prime" and after.head == "paren" and base_of(kid)
                }
            if node is item and item.head == "chain" and mentions(item):
                reading.scope.differentiated.add(base_of(item.kids[0]))
            if node.head == "chain":
                _range(node, reading, ranged)
            if node.head == "script" and isinstance(node.kids[1], Tree):
                for reckoning in node.kids[1].subtrees():
                    if reckoning.head == "sum" and reckoning not in reading.scope.shifts:
                        letters = (index_letter(part) for part in reckoning.subtrees())
                        reading.scope.steps |= {letter for letter in letters if letter}
            if node is item and mentions(item):
                continue  # "let f, g be functions" puts neither of them to use
            for base, bracketed in _uses(node):
                called[base] = called.get(base, True) and bracketed
        for node in names_in([item]):
            if node.head == "name":
                reading.scope.whole.add(str(node.kids[0]))
            elif node.head == "prime":
                reading.scope.whole.add(base_of(node) + "'" * int(node.kids[1]))
            reading.bold = reading.bold or chosen_bold(node)
            use = reading.scope.use_of(node)
            reading.scope.uses[use] = reading.scope.uses.get(use, 0) + 1
    # k ∈ {1, …, c} is an index where something is indexed by k; else a class number, such as y.
    heads = {index for item in items if item.head == "chain" for index in _head_indices(item)}
    reading.scope.bound |= {x for x in ranged & heads if not chooses(x, items)}
    # A function that is declared to take a number is one wherever it stands: fg is no product.
    reading.scope.called_only = {base for base, always in called.items() if always}
    reading.scope.called_only |= reading.scope.mapped
    # The \sigma of \sigma_i = \sigma(z_i) is a function, and \sigma_i no entry of it.
    reading.scope.applied_bare = applied_only(items)
    reading.scope.whole -= ACTIVATIONS & reading.scope.applied_bare
    reading.scope.whole -= formal_only(items) | means(items)
    labelled = (n for n in names_in(items) if n.head == "script" and n.kids[1] is None)
    reading.scope.whole |= {s for n in labelled if "^" in (s := reading.scope.refer(n).symbol)}
    reading.scope.families |= {f"{base}_{{#1}}" for base in means(items)}


_T = Tree("name", ("t",))


def _has_time(item: Tree) -> bool:
    """Whether t stands in a statement as a quantity, other than as a sub- or superscript."""
    stands = 0
    for node in item.subtrees():
        stands += node == _T
        if node.head == "script":
            _, sub, sup = node.kids
            stands -= sup == _T
            stands -= sum(n == _T for n in sub.subtrees()) if isinstance(sub, Tree) else 0
    return stands > 0


def counted(node: Tree) -> set[str]:
    r"""The letters of a limit above a big operator, and of the exponent of \mathbb{R}."""
    above = node.kids[2] if node.head == "big" else None
    if node.head == "script" and base_of(node).startswith((r"\mathbb", r"\Re")):
        above = node.kids[2]
    if not isinstance(above, Tree):
        return set()
    return {letter for part in above.subtrees() if (letter := index_letter(part))}


def mentions(item: Tree) -> bool:
    r"""A list of names, and f \colon A \to B."""
    if item.head == "chain":
        return item.kids[1].kids[0] == ":" and "->" in [str(r.kids[0]) for r in item.kids[1::2]]
    return item.head == "list" and all(base_of(kid) for kid in item.kids)


def _gathered(node: Tree) -> set[str]:
    """The letters that [a_i b_j]_{ij} binds: those of its subscript that are indices inside."""
    match node:
        case Tree("script", (Tree("bracket", (inner,)), Tree() as sub, _)):
            inside = [n.kids[1] for n in inner.subtrees() if n.head == "script" and n.kids[1]]
            used = {index_letter(one) for part in inside for one in part.subtrees()}
            parts = sub.kids if sub.head in ("juxt", "list") else (sub,)
            return {letter for part in parts if (letter := index_letter(part)) in used and letter}
    return set()


def _uses(node: Tree) -> Iterator[tuple[str, bool]]:
    """The names among a node's kids, each with whether a bracket follows it."""
    kids = node.kids[1:] if node.head in ("script", "prime") else node.kids
    flat: list = [k for kid in kids for k in (_cells(kid) if isinstance(kid, tuple) else (kid,))]
    for k, kid in enumerate(flat):
        if isinstance(kid, Tree) and (base := base_of(kid)):
            after = flat[k + 1] if node.head == "juxt" and k + 1 < len(flat) else None
            scripted = after.kids[0] if after is not None and after.head == "script" else after
            yield base, isinstance(scripted, Tree) and scripted.head in BRACKETS


def _cells(rows: tuple) -> Iterator[object]:
    for part in rows:
        if isinstance(part, tuple):
            yield from _cells(part)
        else:
            yield part


def collect_components(definitions: list[Tree], reading: Reading) -> None:
    """f_i = max(α g_i, g_i): a letter on both sides of an equation between entries is an index.

    Not where the letter is reckoned with (h_t from h_{t-1}): there it tells steps apart; and not
    where s = W x_i goes without it on the left: then x_i is the one sample of L_i.
    """
    loose: set[str] = set()
    for item in definitions:
        free = {x for x in _plain_subscripts(item.kids[2:3]) if uses(item.kids[2], {x})}
        loose |= free - _head_indices(item)
    loose -= reading.scope.bound
    for item in definitions:
        right = _plain_subscripts(item.kids[2:]) | _compared(item.kids[2:])
        right |= _reckoned(item.kids[2], reading.scope.shifts)
        letters = _plain_subscripts(item.kids[:1]) & right
        reading.scope.bound |= letters - reading.scope.steps - loose


def _reckoned(tree: Tree, shifts: set[Tree]) -> set[str]:
    """The letters in places that are reckoned: z_i = \\sum_j w_j x_{i+j-1}."""
    places = (node for node in tree.subtrees() if node in shifts)
    return {letter for place in places for n in place.subtrees() if (letter := index_letter(n))}


def _compared(trees: tuple) -> set[str]:
    r"""The letters that a condition compares: M_{ij} is 0 where j \le i."""
    found: set[str] = set()
    for tree in (t for t in trees if isinstance(t, Tree)):
        for node in tree.subtrees():
            if node.head == "chain":
                sides = (side for side in node.kids[::2] if side is not None)
                found |= {letter for side in sides if (letter := index_letter(side))}
    return found


def _plain_subscripts(trees: tuple) -> set[str]:
    """The letters below names that are not bold: bold names with letters are names of their own."""
    found: set[str] = set()
    for node in names_in(trees):
        if node.head == "script" and r"\mathbf" not in base_of(node) and node.kids[1] is not None:
            subs = node.kids[1].kids if node.kids[1].head in ("list", "juxt") else node.kids[1:2]
            found |= {letter for s in subs if isinstance(s, Tree) and (letter := index_letter(s))}
    return found


def _head_indices(item: Tree) -> set[str]:
    """The single letters in the scripts of a left side."""
    head = item.kids[0]
    if not isinstance(head, Tree):
        return set()
    scripts = [k for n in names_in([head]) if n.head == "script" for k in n.kids[1:]]
    found = (index_letter(t) for k in scripts if isinstance(k, Tree) for t in k.subtrees())
    return {letter for letter in found if letter}


def _range(chain: Tree, reading: Reading, ranged: set[str]) -> None:
    r"""k \in \{1, \dots, c\}, i = 1: what ranges is an index wherever it is a subscript."""
    first, relation, second = chain.kids[:3] if len(chain.kids) >= 3 else (None, None, None)
    if first is None or relation is None or second is None:
        return
    letter = index_letter(first)
    if letter is None:
        return
    sign = relation.kids[0]
    counts = (
        sign == "in"
        and second.head == "set"
        and any(part.head == "dots" for part in second.subtrees())
    )
    runs = (
        sign == "=" and second.head == "list" and any(part.head == "dots" for part in second.kids)
    )
    if counts:
        ranged.add(letter)
    if runs:
        reading.scope.bound.add(letter)
    if counts or runs:
        last = second.kids[0] if second.head == "set" else second
        reading.scope.ranges[letter] = last.kids[-1] if last.head == "list" else last
        if (last.kids[0] if last.head == "list" else last) != Tree("num", ("1",)):
            reading.scope.shifted.add(letter)
