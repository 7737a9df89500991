"""Shorter ways to write the same expression, for display.

The idea: each rule proposes, and what is proposed is taken only if it is not longer, so tidying
never makes an expression grow.  Products are flattened, equal factors become powers, like terms are
collected, a common number or scalar goes in front, and a product is multiplied out only where that
cancels something.  What has a name (or is in ``keep``) stays a piece of its own.

Values agree wherever the given expression is defined: x times 1/x becomes 1.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from fractions import Fraction

from derive.kernel.build import add, coefficient, contracted, rebuilt, zeros
from derive.kernel.build import named as named_node
from derive.kernel.expr import Add, Call, Contract, Delta, Expr, Map, Num, Number, Ones
from derive.meaning.digests import is_barrier, visible
from derive.meaning.factors import scaled
from derive.meaning.matrices import plainer
from derive.meaning.normal import Normal
from derive.operators.blocks import is_part, read_off
from derive.operators.blocks import summed as side_by_side
from derive.operators.pointwise import power
from derive.writing.cancel import Key, cancelling, collapsing
from derive.writing.cancelled import cancelled
from derive.writing.choices import chosen
from derive.writing.flat import Factor, flattened
from derive.writing.gather import gathered
from derive.writing.lengths import Lengths, length
from derive.writing.tables import table_of
from derive.writing.upright import upright

_MOST_TERMS = 8  # a product is multiplied out only if no more terms than this come of it


def tidy(expr: Expr, keep: Collection[Expr] = (), normal: Normal | None = None) -> Expr:
    """A shorter expression of the same value; ``keep`` are expressions that stay as they are.

    ``normal`` has the normal forms of earlier calls, for who tidies many expressions of a network.
    A part that is the body of a named node in ``keep``, or of one that the expression shows, is
    replaced by that node.  The expression itself is opened even if it is kept; a named node is not.
    """
    known = normal or Normal()
    found = _Tidy(expr, keep, known).whole()
    table = table_of(found, lambda one: _Tidy(one, keep, known).whole())
    return found if table is None or length(table) > 2 * length(found) else table


class _Tidy:
    def __init__(self, root: Expr, keep: Collection[Expr], normal: Normal) -> None:
        self.root = root
        self.keep = keep
        self.length = Lengths()
        self.normal = normal
        self.form: dict[Expr, Expr] = {}

    def whole(self) -> Expr:
        order = self._shown()
        named = [node for node in (*self.keep, *order) if is_barrier(node)]
        bodies = {node.kids[0]: node for node in named}
        closed: dict[Expr, Expr] = {}
        for node in order:
            if node is not self.root and node in bodies and node.kids:
                self.form[node] = bodies[node]
            elif node is not self.root and node in self.keep and node.kids:
                # Under a name of its own, so that no rule looks inside; taken off at the end.
                stand_in = node if is_barrier(node) else named_node(f"kept {len(closed)}", node)
                self.form[node] = closed[stand_in] = stand_in
            else:
                self.form[node] = self._tidied(node)
        return _opened(self.form[self.root], {k for k in closed if k not in order})

    def _shown(self) -> list[Expr]:
        """The nodes that are written, kids before parents: none below a name or a kept one."""
        order: list[Expr] = []
        seen: set[Expr] = set()
        stack: list[tuple[Expr, bool]] = [(self.root, False)]
        while stack:
            node, ready = stack.pop()
            if ready:
                order.append(node)
            elif node not in seen:
                seen.add(node)
                stack.append((node, True))
                if not is_barrier(node) and (node is self.root or node not in self.keep):
                    stack.extend((kid, False) for kid in reversed(node.kids))
        return order

    def _tidied(self, node: Expr) -> Expr:
        if is_barrier(node) or not node.kids:
            return node
        here = rebuilt(node, [self.form[kid] for kid in node.kids])
        match here:
            case Add():
                return self._shorter(here, side_by_side(here.terms) or self._sum(here.terms))
            case Contract():
                return self._shorter(here, self._product(here))
            case Call() if is_part(here):
                return read_off(here)
            case Map(fn, (Map(inner, (arg,)),)) if fn.name == inner.name == "power":
                outer, exponent = fn.params[0], inner.params[0]
                # (x^a)^b is x^(ab) for whole b; the root of a square is not x
                whole = outer.denominator == 1
                return _powered(arg, outer * exponent) if whole else here
            case Call():
                plain = plainer(here)
                return here if plain is None else self._shorter(here, plain)
            case _:
                return here

    def _shorter(self, old: Expr, new: Expr) -> Expr:
        return new if self.length.of(new) <= self.length.of(old) else old

    # ---------------------------------------------------------------------------------- sums

    def _sum(self, terms: Sequence[Expr]) -> Expr:
        """The sum collected, and with a factor in front that some terms share."""
        short = self._collected(terms)
        if type(short) is not Add or len(short.terms) > _MOST_TERMS:
            return short
        return self._least(short, *gathered(short.terms, self._collected))

    def _collected(self, terms: Sequence[Expr]) -> Expr:
        """Nested sums flattened, like terms collected, a common scalar in front."""
        flat: list[Expr] = []
        for term in terms:
            flat.extend(term.terms if type(term) is Add else (term,))
        counts: dict[Expr, Number] = {}
        shown: dict[Expr, Expr] = {}
        for term in flat:
            count, core = coefficient(term)
            extra, key = coefficient(self.normal.of(core))
            if not extra:
                continue  # equal to 0, in disguise
            counts[key] = counts.get(key, 0) + count * extra
            shown.setdefault(key, scaled(Fraction(1) / extra, core) if extra != 1 else core)
        kept = [scaled(n, shown[key]) for key, n in counts.items() if n]
        total = add(*kept) if kept else zeros(flat[0].axes)
        if type(total) is not Add:
            return total
        short = self._shorter(total, self._factored(total))
        return self._least(short, self.normal.of(total))

    def _factored(self, total: Add) -> Expr:
        """The scalars that all terms share, and the number if it is the same but for its sign."""
        rows = [self._scalars(term) for term in total.terms]
        numbers = [abs(Fraction(number)) for number, _, _ in rows]
        number = numbers[0] if len(set(numbers)) == 1 else Fraction(1)
        if all(n < 0 for n, _, _ in rows):
            number = -number
        common = dict(rows[0][1])
        for _, powers, _ in rows[1:]:
            for base in list(common):
                there, here = powers.get(base, 0), common[base]
                # the smaller power of the same sign is what both have
                least = min(there, here) if here > 0 else max(there, here)
                common[base] = least if there * here > 0 else 0
        common = {base: e for base, e in common.items() if e}
        if number == 1 and not common:
            return total
        inner = []
        for n, powers, rest in rows:
            left = {b: e - common.get(b, 0) for b, e in powers.items()}
            inner.append(_times(Fraction(n) / number, left, rest))
        return _times(number, common, add(*inner))

    def _scalars(self, term: Expr) -> tuple[Number, dict[Expr, Number], Expr | None]:
        """A term as its number, its scalar factors with their powers, and the array left."""
        if type(term) is not Contract:
            if type(term) is Num:
                return term.value, {}, None
            if not term.axes:
                base, exponent = _based(term)
                return 1, {base: exponent}, None
            return 1, {}, term
        number: Number = 1
        powers: dict[Expr, Number] = {}
        factors: list[Expr] = []
        spots: list[tuple[int, ...]] = []
        summed = {i for own in term.indices for i in own} - set(term.out)
        alone = {i for i in summed if sum(i in own for own in term.indices) == 1}
        for factor, own in zip(term.factors, term.indices, strict=True):
            if type(factor) is Num:
                number = number * factor.value
            elif not own:
                base, exponent = _based(factor)
                powers[base] = powers.get(base, 0) + exponent
            elif type(factor) is Ones and own[0] in alone:
                base = contracted((factor,), (own,), ())
                powers[base] = powers.get(base, 0) + 1
            else:
                factors.append(factor)
                spots.append(own)
        rest = contracted(factors, spots, term.out) if factors else None
        if rest is not None and not rest.axes:
            powers[rest] = powers.get(rest, 0) + 1
            rest = None
        return number, powers, rest

    # ------------------------------------------------------------------------------ products

    def _product(self, node: Contract) -> Expr:
        joined = self._flat(node)
        if type(joined) is Contract:
            joined = upright(joined)
        if type(joined) is not Contract:
            return joined
        turned = self._turned(joined)
        # a sum that only stands transposed is multiplied out where its terms are turned
        alone = turned is not None and len(joined.factors) == 1
        spread = None if alone else self._multiplied_out(joined)
        return self._least(joined, turned, spread, self.normal.of(joined))

    def _turned(self, node: Contract) -> Expr | None:
        """(A + Bᵀ)ᵀ as Aᵀ + B: the sum that stands transposed, term by term."""
        for k, (factor, own) in enumerate(zip(node.factors, node.indices)):
            if type(factor) is Add and len(own) == 2 and own == node.out[::-1]:
                terms = []
                for term in factor.terms:
                    terms.append(self._flat(contracted((term,), ((0, 1),), (1, 0))))
                swapped = (*node.factors[:k], add(*terms), *node.factors[k + 1 :])
                spots = (*node.indices[:k], node.out, *node.indices[k + 1 :])
                return contracted(swapped, spots, node.out)
        return None

    def _least(self, first: Expr, *others: Expr | None) -> Expr:
        """The shortest; the first of equals, so the order that was written stays if it can."""
        found = [first, *(other for other in others if other is not None)]
        return min(found, key=self.length.of)

    def _flat(self, node: Expr) -> Expr:
        """One flat product, if the node is a product."""
        if type(node) is not Contract:
            return node
        flat = flattened(node)
        return self._joined(flat.count, flat.factors, flat.out)

    def _joined(self, count: Number, factors: Sequence[Factor], out: tuple[int, ...]) -> Expr:
        """Equal factors at the same indices as one power; x times 1/x is gone."""
        powers: dict[Key, Number] = {}
        shown: dict[Key, tuple[Expr, bool]] = {}
        ones: list[Factor] = []
        factors = cancelled(factors, out, self.normal)
        axes = {i: n for f in factors for i, n in zip(f.own, f.node.axes, strict=True)}
        for factor in factors:
            node, own, exponent = factor
            if type(node) is Ones or type(node) is Delta:
                ones.append(factor)
                continue
            key = self.normal.of(node), own
            powers[key] = powers.get(key, 0) + exponent
            _, written = shown.get(key, (node, False))
            shown.setdefault(key, (node, written))
            if exponent not in (1, -1):
                shown[key] = shown[key][0], True
        made: list[Expr] = [Num(_number(count))]
        spots: list[tuple[int, ...]] = [()]
        for key, exponent in powers.items():
            node, written = shown[key]
            copies = exponent.denominator == 1 and 1 < exponent <= 4 and not written
            for one in [node] * int(exponent) if copies else [_powered(node, exponent)]:
                if exponent:
                    made.append(one)
                    spots.append(key[1])
        for one in ones:
            made.append(one.node)
            spots.append(one.own)
        there = {i for own in spots for i in own}
        for i in axes:
            if i not in there:
                made.append(Ones(axes[i]))
                spots.append((i,))
        return contracted(made, spots, out)

    def _multiplied_out(self, node: Contract) -> Expr | None:
        """The product distributed over one of the sums in it: the one that pays best."""
        sums = [k for k, f in enumerate(node.factors)
                if type(f) is Add and len(f.terms) <= _MOST_TERMS]  # fmt: skip
        if not sums:
            return None
        best: Expr | None = None
        pays = collapsing(node, sums, self.normal.of)
        for k in sums if pays else cancelling(node, sums, self.normal.of):
            terms = []
            for part in node.factors[k].kids:
                swapped = (*node.factors[:k], part, *node.factors[k + 1 :])
                flat = self._flat(contracted(swapped, node.indices, node.out))
                terms.append(self._shorter(flat, self._flat(chosen(flat))))
            found = self._sum(terms)
            if best is None or self.length.of(found) < self.length.of(best):
                best = found
        return best


def _opened(root: Expr, closed: Collection[Expr]) -> Expr:
    """The expression with these stand-ins replaced by what they stand for."""
    form: dict[Expr, Expr] = {}
    for node in visible(root):
        if node in closed:
            form[node] = node.kids[0]
        else:
            form[node] = node if is_barrier(node) else rebuilt(node, [form[k] for k in node.kids])
    return form[root]


def _number(count: Number) -> Number:
    return int(count) if count == int(count) else count


def _based(atom: Expr) -> tuple[Expr, Number]:
    if type(atom) is Map and atom.fn.name == "power":
        return atom.args[0], atom.fn.params[0]
    return atom, 1


def _powered(base: Expr, exponent: Number) -> Expr:
    return base if exponent == 1 else power(exponent)(base)


def _times(number: Number, powers: dict[Expr, Number], rest: Expr | None) -> Expr:
    """The number times the scalars times the array."""
    scalars = [_powered(base, e) for base, e in powers.items() if e]
    factors = [Num(_number(number)), *scalars, *([rest] if rest is not None else [])]
    axes = () if rest is None else tuple(range(len(rest.axes)))
    return contracted(factors, [*[()] * (1 + len(scalars)), *([axes] if rest is not None else [])],
                      axes)  # fmt: skip
