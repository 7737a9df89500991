r"""What a document's names are: declared, defined, functions, families, labels.

The idea: a symbol is a LaTeX string with ``#1``, ``#2`` where an index is written, so that x^{(i)}
and x^{(j)} under a sum are one symbol ``\mathbf{x}^{(#1)}`` with different indices.  A letter is an
index if something in the document binds it; a script that nothing binds is part of the name.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace

from derive.elaborate.names.free import Free
from derive.elaborate.names.indices import (
    has_label_slot,
    index_letter,
    inside,
    is_index,
    is_number,
    is_range,
)
from derive.elaborate.shown import text
from derive.latex.print import latex
from derive.notation import ALPHABETS, FUNCTION_WORDS, MARKS
from derive.notation.names import parts, symbol_tree
from derive.operators.circular import EXPRESSED
from derive.operators.pooling import FLATTENED, POOLS
from derive.operators.row import COMPOSITES, POINTWISE, PRIMITIVES
from derive.operators.stacking import STACKED
from derive.operators.windows import CONVOLUTIONS, FLIPS
from derive.tree import LABELS, Tree

# Words of the vocabulary, by what the reader finds them under.
KNOWN_WORDS = frozenset(
    word
    for rows in (POINTWISE, PRIMITIVES, COMPOSITES)
    for row in rows.values()
    for word in row.words
    if word.isascii() and word[0].isalpha()
) | frozenset(["tr", "Tr", "trace", "diag", "Diag", "det", "arg", "sum", "var", "Var", "mean"])
KNOWN_WORDS |= CONVOLUTIONS | FLIPS | POOLS | FLATTENED | STACKED | EXPRESSED.keys()
INDICATORS = frozenset([r"\mathbb{I}", r"\mathbb{1}", r"\mathbf{1}", r"\mathbf{I}"])
# Letters that by custom name functions, and letters that name numbers, if nothing else is said.
ACTIVATIONS = frozenset(["f", "g", "h", r"\phi", r"\varphi", r"\psi", r"\sigma", r"\rho"])
FUNCTION_LETTERS = ACTIVATIONS | frozenset(
    ["F", "G", "L", "J", "R", r"\ell", r"\mathcal{L}", r"\mathcal{J}", r"\Omega", r"\Phi", r"\Psi"]
)
MAPS = frozenset(["F", "G", r"\Phi", r"\Psi"])  # of those, letters of functions with array values
NORMAL = r"\mathcal{N}"
_NUMBERS = "alpha beta gamma delta epsilon varepsilon eta lambda mu tau kappa nu omega"
NUMBER_LETTERS = frozenset("\\" + word for word in _NUMBERS.split())


NUMBERS = frozenset(["e", r"\pi", r"\infty"])  # where nothing declares or defines them


@dataclass(frozen=True, slots=True)
class Reference:
    """A name with scripts, taken apart: its symbol, and the index trees of its slots and axes."""

    symbol: str
    indices: tuple[Tree, ...] = ()
    actions: tuple[Tree, ...] = ()  # superscripts that are no part of it: transposes, powers


@dataclass(slots=True)
class Scope:
    """The names of one document."""

    declared: set[str] = field(default_factory=set)
    defined: set[str] = field(default_factory=set)
    functions: set[str] = field(default_factory=set)
    bound: set[str] = field(default_factory=set)
    whole: set[str] = field(default_factory=set)  # bases that occur without a subscript
    scalars: set[str] = field(default_factory=set)  # declared numbers
    arrays: set[str] = field(default_factory=set)  # declared vectors and matrices
    ranges: dict[str, Tree] = field(default_factory=dict)  # the last value of i = 1, .., m
    given: bool = False  # is every symbol given, so that a bold name with a letter is an entry
    primed: bool = False  # does a prime on a bracket transpose it
    basis: bool = False  # is e_i a vector of the standard basis
    classes: set[str] = field(default_factory=set)  # the numbers of classes
    called_only: set[str] = field(default_factory=set)
    mapped: frozenset[str] = frozenset()  # f: R -> R, declared to take a number
    applied_bare: set[str] = field(default_factory=set)  # without a script only before brackets
    differentiated: set[str] = field(default_factory=set)  # f of f'(x)
    families: set[str] = field(default_factory=set)  # met under a sum, not declared: w_{#1}
    own: set[str] = field(default_factory=set)  # beside a family and none of it: u_o
    timed: bool = False  # is t a quantity, so that e^t is no transpose
    counts: set[str] = field(default_factory=set)  # letters in limits and in exponents of sets
    shifted: set[str] = field(default_factory=set)  # indices that do not count from 1
    convolves: bool = False  # does the document speak of convolutions
    from_zero: bool = False  # do the indices of such places count from 0
    shifts: set[Tree] = field(default_factory=set)  # subscripts i + k - 1 that are places
    steps: set[str] = field(default_factory=set)  # letters that are reckoned with: t in h_{t-1}
    uses: dict[str, int] = field(default_factory=dict)  # how often a name with its scripts is met
    applied: dict[str, Tree] = field(default_factory=dict)  # J(w), always with these brackets
    powered: set[tuple[str, str]] = field(default_factory=set)  # σ^2 defined as one quantity
    inputs: set[str] = field(default_factory=set)  # what definitions are made of, known or not
    met: dict[str, int] = field(default_factory=dict)  # variables that are read, and their axes
    free: Free = field(default_factory=Free)  # functions of arrays that nothing defines

    def use_of(self, tree: Tree) -> str:
        """What a name is counted under: raw, or settled to a symbol."""
        if tree.head == "symbol":
            return text(tree)
        while tree.head == "script" and tree.kids[1] is None:
            tree = tree.kids[0]
        return latex(Tree("script", (*tree.kids[:2], None)) if tree.head == "script" else tree)

    def known(self, symbol: str) -> bool:
        return symbol in self.declared or symbol in self.defined or symbol in self.functions

    def refer(self, tree: Tree) -> Reference:
        """The symbol that a name with scripts stands for: any name, script or prime tree."""
        base, subs, label, actions = taken_apart(tree, self)
        if base == r"\delta" and len(subs) == 1 and base_of(subs[0]):
            # δ_z is the δ of bold z where only that is known.
            below = self.refer(subs[0])
            if self.known(below.symbol) and "#" not in below.symbol and not below.indices:
                subs = (symbol_tree(below.symbol),)
        label_letter = index_letter(label) if label is not None else None
        labelled = [label]
        if label_letter is not None and len(label_letter) == 1:
            # A bound letter is a slot; another letter is one too if the family is known.
            slot = self._spelled(base, (), label, label_slot=True)
            slotted = label_letter in self.bound or self._family_known(slot)
            labelled = ["slot", label] if slotted else [label, "slot"]
        for choice in labelled:
            found = self._with_label(base, subs, label, choice == "slot", actions)
            if found is not None:
                return found
        return self._new(base, subs, label, labelled[0] == "slot", actions)

    def introduce(self, tree: Tree) -> Reference:
        """The symbol that a declaration or a left side introduces: w is not bold w."""
        base, subs, label, _ = taken_apart(tree, self)
        if not subs and label is None and base != r"\delta":
            return replace(self.refer(tree), symbol=base, indices=())
        found = self.refer(tree)
        entry = found.indices and label is None and "#" not in found.symbol
        if entry and not any(index_letter(s) in self.bound for s in subs):
            return Reference(self._spelled(base, subs, None), (), found.actions)  # W_h beside W
        return found

    def _family_known(self, slot: str) -> bool:
        stem = slot.split("^", 1)[0]
        return any(
            self.known_slot(s) and s.startswith(stem) and has_label_slot(s)
            for s in self.declared | self.defined | self.functions
        )

    def known_slot(self, symbol: str) -> bool:
        return "#" in symbol and self.known(symbol)

    def _with_label(
        self, base: str, subs: tuple[Tree, ...], label: Tree | None, slot: bool, actions: tuple
    ) -> Reference | None:
        first = (inside(label),) if slot and label is not None else ()
        for spelled_base in self._aliases(base):
            exact = self._spelled(spelled_base, subs, label, label_slot=slot)
            if self.known(exact) or exact in self.met or exact in self.own:
                return Reference(exact, first, actions)
            if not subs:
                continue
            labels = {*map(index_letter, subs)} & self.defined - self.bound  # W_g, of the gate g
            inner = index_letter(subs[0]) in self.bound  # x_{ij} may be the entry j of x_i
            for slots in (subs, subs[:1])[: 1 + inner]:
                family = self._spelled(spelled_base, slots, label, label_slot=slot, sub_slots=True)
                summed = family in self.families and (not self.given or family in self.met)
                known = self.known(family)
                chosen = (known or summed) and self._selects(subs)
                if not labels and (chosen or (known and slots == subs)):
                    return Reference(family, (*first, *subs), actions)
            bare = self._spelled(spelled_base, (), label, label_slot=slot)
            # A bold name with one letter is a vector of its own, others are entries.
            whole = spelled_base == base and is_bold(base) and not self.given and len(subs) == 1
            whole = whole and not is_range(subs[0]) and subs[0] not in self.shifts
            chosen = {*map(index_letter, subs)} <= self.classes
            entry = label is not None or chosen or self.met.get(bare) == len(subs)  # V_{ij} of a V
            met = bare in self.met and entry and all(map(index_letter, subs))
            if (self.known(bare) or met) and not whole and self._selects(subs):
                return Reference(bare, (*first, *subs), actions)
        return None

    def _selects(self, subs: tuple[Tree, ...]) -> bool:
        # Entries are counted from 1: w_0 beside w is a number of its own, the bias.
        zero = Tree("num", ("0",))
        return all(is_index(s) and index_letter(s) not in self.steps and s != zero
                   for s in subs if s not in self.shifts)  # fmt: skip

    def _new(
        self, base: str, subs: tuple[Tree, ...], label: Tree | None, slot: bool, actions: tuple
    ) -> Reference:
        """A symbol that the document neither declares nor defines."""
        first = (inside(label),) if slot and label is not None else ()
        letters, shifted = [*map(index_letter, subs)], any(s in self.shifts for s in subs)
        bound = [x in self.bound or s in self.shifts for x, s in zip(letters, subs)]
        # x_{i1} too, but x_{2i} may be the one at 2i
        if bound[:1] == [True] and all(b or is_number(s) for b, s in zip(bound, subs)):
            bare = self._spelled(base, (), label, label_slot=slot)
            number = base in NUMBERS or base in self.counts  # n_k beside n is no entry of it
            stands = not number and (base in self.whole or bare in self.whole)
            if (stands and not is_bold(base)) or (shifted and is_bold(base)):
                return Reference(bare, (*first, *subs), actions)
            for other in self._aliases(base):
                if other != base and other in self.whole and is_bold(other):
                    # x_k beside bold x: an entry of it
                    bold = self._spelled(other, (), label, label_slot=slot)
                    return Reference(bold, (*first, *subs), actions)
            family = self._spelled(base, subs, label, label_slot=slot, sub_slots=True)
            self.families.add(family)
            return Reference(family, (*first, *subs), actions)
        exact = self._spelled(base, subs, label, label_slot=slot)
        return Reference(exact, first, actions)

    def _aliases(self, base: str) -> Iterator[str]:
        r"""The base, then the same letter in the other weight: \delta_z may mean that of bold z."""
        yield base
        primes = base[len(base.rstrip("'")) :]
        taken = parts(base.rstrip("'"))
        marks = "".join("\\" + a + "{" for a in taken.accents)
        close = "}" * len(taken.accents)
        if taken.alphabet is None:
            yield marks + rf"\mathbf{{{taken.core}}}" + close + primes
            yield marks + rf"\mathcal{{{taken.core}}}" + close + primes
        elif ALPHABETS.get(taken.alphabet) == "bold":
            yield marks + taken.core + close + primes

    def _spelled(
        self, base: str, subs: tuple[Tree, ...], label: Tree | None, *,
        label_slot: bool = False, sub_slots: bool = False,
    ) -> str:  # fmt: skip
        text = base
        if subs:
            if sub_slots:
                first = 2 if label_slot else 1
                written = ",".join(f"#{first + k}" for k in range(len(subs)))
                text += f"_{{{written}}}"
            else:
                group = subs[0] if len(subs) == 1 else Tree("list", subs)
                if len(subs) > 1 and all(len(index_letter(s) or "") == 1 for s in subs):
                    group = Tree("juxt", subs)
                text = latex(Tree("script", (Tree("name", (base,)), group, None)))
        if label is not None:
            if label_slot:
                fence = {"paren": "(#1)", "bracket": "[#1]"}.get(label.head, "#1")
                text += f"^{{{fence}}}"
            else:
                text += "^{" + latex(label).replace(" ", "") + "}"
        return text

    def is_function(self, tree: Tree) -> bool:
        """Whether this name, standing before brackets, is applied to them."""
        if tree.head == "prime":
            return True
        if tree.head == "name" and tree.kids[0].lstrip("\\") in KNOWN_WORDS:
            return not self.known(tree.kids[0]) or tree.kids[0] in self.functions
        reference = self.refer(tree)
        if reference.symbol in self.functions or reference.symbol in self.free:
            return True
        if self.known(reference.symbol):
            return False
        base = base_of(tree)
        if base in INDICATORS or base in (r"\mathbb{E}", NORMAL):
            return True
        if base.lstrip("\\") in FUNCTION_WORDS or (len(base) > 1 and base.isalpha()):
            return True
        if tree.head == "name" and base in ACTIVATIONS & self.applied_bare:
            return True
        called = base in FUNCTION_LETTERS or base in self.differentiated or base in self.mapped
        return called and base in self.called_only


def base_of(tree: Tree) -> str:
    while tree.head in ("script", "prime"):
        tree = tree.kids[0]
    return str(tree.kids[0]) if tree.head == "name" else ""


def is_bold(base: str) -> bool:
    return ALPHABETS.get(parts(base).alphabet or "") == "bold"


def taken_apart(
    tree: Tree, scope: Scope
) -> tuple[str, tuple[Tree, ...], Tree | None, tuple[Tree, ...]]:
    """The base, subscripts, label, and remaining superscripts of a name with scripts."""
    subs: list[Tree] = []
    label: Tree | None = None
    actions: list[Tree] = []
    layers: list[Tree] = []
    while tree.head in ("script", "prime"):
        layers.append(tree)
        tree = tree.kids[0]
    base = str(tree.kids[0]) if tree.head == "name" else latex(tree)
    for layer in reversed(layers):
        if layer.head == "prime":
            base += "'" * int(layer.kids[1])
            continue
        _, sub, sup = layer.kids
        if sub is not None:
            subs += _subscripts(sub)
        for part in _superscripts(sup):
            if label is None and _is_label(part, base, tuple(subs), scope):
                label = part
            else:
                actions.append(part)
    return base, tuple(subs), label, tuple(actions)


def _subscripts(sub: Tree) -> list[Tree]:
    if sub.head == "list":
        return list(sub.kids)
    if sub.head == "juxt" and all(k.head in ("name", "num") for k in sub.kids):
        letters = [index_letter(k) or str(k.kids[0]) for k in sub.kids]
        if all(len(letter) == 1 or k.head == "num" for letter, k in zip(letters, sub.kids)):
            return list(sub.kids)
    return [sub]


def _superscripts(sup: Tree | None) -> Iterator[Tree]:
    """The parts of a superscript in order: ``(i)T`` is a label, then a transpose."""
    if sup is None:
        return
    if sup.head == "juxt" and (
        sup.kids[0].head in ("paren", "bracket") or sup.kids[-1].kids[:1] == (r"\top",)
    ):
        yield from sup.kids
    elif sup.head == "script" and (
        sup.kids[0].head in ("op", "paren", "bracket") or _mark(sup.kids[0]) in MARKS
    ):
        # w^{*^T}, x^{(i)^\top}
        yield sup.kids[0]
        yield from _superscripts(sup.kids[2])
    else:
        yield sup


def _mark(tree: Tree) -> str:
    return str(tree.kids[0]) if tree.kids else ""


def _is_label(part: Tree, base: str, subs: tuple[Tree, ...], scope: Scope) -> bool:
    if part.head in LABELS:
        return True
    text = str(part.kids[0]) if part.head in ("name", "op") else ""
    if text in MARKS:
        return True
    if subs and index_letter(part) in scope.bound:
        return True  # w_{rc}^i under a sum over i: a label, not a power
    if part.head == "name" and len(text) > 1 and text.isalpha():
        return True  # a word: W^{new}, x^{max}
    if (base, latex(part)) in scope.powered:
        return True
    if len(text) == 1 and text.isupper() and text not in "TLN" and base not in scope.whole:
        # The Q of W^Q: a capital that is no number, above a name that never stands without one.
        number = base in NUMBER_LETTERS or base.startswith(r"\mathbb") or text in scope.scalars
        return not number and text not in scope.counts
    if part.head == "name" and text not in ("T", r"\top"):
        exact = scope._spelled(base, subs, part)
        return scope.known(exact)
    return False


def names_in(trees: Iterable[Tree]) -> Iterator[Tree]:
    """Every maximal name, script-on-name or prime-on-name in these trees."""
    stack = list(trees)
    while stack:
        node = stack.pop()
        if not isinstance(node, Tree):
            if isinstance(node, tuple):
                stack.extend(node)
            continue
        if node.head == "name":
            yield node
        elif node.head in ("script", "prime") and base_of(node):
            yield node
            layer = node
            while layer.head in ("script", "prime"):
                stack.extend(k for k in layer.kids[1:] if isinstance(k, Tree))
                layer = layer.kids[0]
        else:
            stack.extend(node.kids)
