"""The surface tree: what is written, before it means anything, with the place where it was written.

One class serves both directions.  The reader turns LaTeX into a tree and settles its notation; the
writer turns an expression into a tree; the printers turn any tree into LaTeX or MathML.  The idea:
reader and writer share one vocabulary of heads, so what can be printed can be read.

Heads that the grammar builds (``T`` is a tree, ``s`` a string, ``?`` may be None):

=============  =============================================================================
``name``       [s] canonical LaTeX of a decorated base: ``x``, ``\\alpha``, ``\\mathbf{x}``,
               ``\\hat{\\mathbf{h}}``, ``\\mathcal{L}``, ``\\mathbb{I}``; a word is itself: ``ReLU``
``num``        [s] digits as written: ``2``, ``0.01``
``script``     [T base, ?T sub, ?T sup] scripts, not yet understood
``prime``      [T base, s count] f', f''
``juxt``       [T ...] a product as written, flat: factors and ``op`` in their order
``op``         [s] a written multiplication sign: ``\\cdot`` ``\\times`` ``*`` ``\\odot`` ``\\circ``
               ``\\otimes`` ``/``
``sum``        [?T ...] terms; a subtracted term is ``neg``; the first is None in a line that goes
               on with a sign
``neg``        [T]; ``pm`` [T] for a term after ± ; ``factorial`` [T]
``frac``       [T over, T under]; ``sqrt`` [T]; ``root`` [T radicand, T degree]
``paren`` ``bracket`` ``brace`` ``set`` ``abs`` ``norm`` ``angle`` ``floor`` ``ceil``  [T inside]
``list``       [T ...] comma-separated; ``semi`` [T, T] a list before and after a semicolon
``big``        [s operator, ?T below, ?T above, ?T body]: sum prod max min lim int argmax argmin
               sup inf; the body reaches to the end of its product
``deriv``      [?T of, T by, s order]: \\frac{\\partial A}{\\partial B} and its other spellings;
               ``of`` is None for a bare operator that applies to nothing; ``by`` is a ``list``
               for \\partial x \\partial y, and the exponent of \\partial x^2 is no part of it
``grad``       [?T by, ?T of, s order]: \\nabla_W L, \\nabla L
``env``        [s kind, rows]: cases, matrix, bmatrix, pmatrix, vmatrix, array, aligned; rows
               are tuples of tuples of trees; a row of cases is (value, condition), the
               condition without its ``if``, ``text`` otherwise where there is none
``dots``       []; ``ask`` [] the question mark of ``= ?``; ``empty`` []
``chain``      [T, rel, T, rel, T ...] relations in a row; ``rel`` [s] is one of = < > <= >= != ~
               == in notin <- -> |-> := prop => <=> : approx << >> subset succ succeq prec
               preceq <-> ni ; the first kid is None in a row that starts with a relation and
               continues nothing; where nothing follows the last relation, ``x_{t:}``, it is
               followed by ``empty``
``text``       [s] words between formulas: ``if``, ``and``, ``otherwise``
``bare``       [T] a superscript without brackets that was found to be a label: the l of w^l;
               ``unclear`` [s letter] one of which nothing says whether it is
``given``      [T, T] a list before and after a middle bar; ``at`` [T, T] f|_{x=0}
``interval``   [s opener, T inside, s closer]: [0, 1); ``binom`` [T, T]; ``accent`` [s command, T]
``differential`` [T, T list] dX in a line that speaks of these names: see elaborate.differentials
``motion``     [T, T list, T list] \\dot V of a defined V, along the velocities in the second list
               of what stands in the first: see elaborate.statements.motions
``slope``      [T call, s order, s sign, ?T entry, s bare] J_r(x): see notation.slopes
``marked``     [T] what a checked document points at; LaTeX prints it without the mark
=============  =============================================================================

Heads that settling (or the writer) puts in the place of ``script`` and ``juxt``:

=============  =============================================================================
``call``       [T function, T argument ...] a function applied
``apply``      [T function, T argument ...] printed without brackets: ``\\log x``
``power``      [T base, T exponent]; ``transpose`` [T]; ``inverse`` [T]
``label``      [T base, T label] a superscript that names: x^{(i)}, W^{[l]}, w^*
``index``      [T base, T index ...] a subscript that selects an entry: A_{kj}
``product``    [T ...] a product with every sign settled; ``hadamard``, ``kronecker`` [T ...]
``convolution``  [T kernel, op, ?T script, T signal] w * x, with ``full`` below the sign
=============  =============================================================================
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache

# Heads of a superscript that names and is no exponent.
LABELS = frozenset(["paren", "bracket", "bare"])


class _Hashed:
    """Room for what is worked out once: a hash, since trees are keys, and some are deep; the form
    and the text in which a tree is printed, whether it is small and whether it is tall, since the
    formulas of a sheet share their parts."""

    __slots__ = ("_hash", "printed", "small", "tall", "written")
    printed: str
    small: bool
    tall: bool
    written: Tree


@dataclass(frozen=True, slots=True, init=False)
class Tree(_Hashed):
    """A piece of notation: a head, its kids, and the half-open span of source offsets it covers.

    Two trees are equal if they are written alike; where they stand does not matter.
    """

    head: str
    kids: tuple = ()
    span: tuple[int, int] = field(default=(0, 0), compare=False)

    def __init__(self, head: str, kids: tuple = (), span: tuple[int, int] = (0, 0)) -> None:
        # By the slots themselves: a tree is frozen, and trees are made by the hundred thousand.
        _put_head(self, head)
        _put_kids(self, kids)
        _put_span(self, span)

    def __hash__(self) -> int:
        try:
            return self._hash
        except AttributeError:
            found = hash((self.head, self.kids))
            object.__setattr__(self, "_hash", found)
            return found

    def __str__(self) -> str:
        return sexpr(self)

    def subtrees(self) -> Iterator[Tree]:
        """Every tree in this one, itself first, in reading order."""
        stack: list = [self]
        while stack:
            node = stack.pop()
            if type(node) is Tree:
                yield node
                kids = node.kids
                if len(kids) == 1:
                    stack.append(kids[0])
                else:
                    stack.extend(kids[::-1])
            elif type(node) is tuple:
                stack.extend(node[::-1])

    def rewritten(self, change: Callable[[Tree], Tree]) -> Tree:
        """This tree with ``change`` applied to every node, kids first."""
        kids = _rewritten_kids(self.kids, change)
        # What does not change is not made again: most of a tree, as a rule.
        return change(self if kids is self.kids else Tree(self.head, kids, self.span))


_put_head, _put_kids, _put_span = (getattr(Tree, slot).__set__ for slot in ("head", "kids", "span"))


def _rewritten_kids(kids: tuple, change: Callable[[Tree], Tree]) -> tuple:
    # Nesting is capped by the tokeniser, so recursion here is bounded.
    made: list | None = None
    for k, kid in enumerate(kids):
        if isinstance(kid, Tree):
            new = kid.rewritten(change)
        elif isinstance(kid, tuple):
            new = _rewritten_kids(kid, change)
        else:
            continue
        if new is not kid:
            made = made or list(kids)
            made[k] = new
    return kids if made is None else tuple(made)


def tree(head: str, *kids, span: tuple[int, int] = (0, 0)) -> Tree:
    """A tree from its kids, for those who write trees by hand."""
    return Tree(head, kids, span)


@lru_cache(maxsize=4096)
def name(base: str) -> Tree:
    """A name that stands nowhere in a source, the same tree each time: it is printed once."""
    return Tree("name", (base,))


@lru_cache(maxsize=4096, typed=True)  # 1 is not 1.0
def num(value: object) -> Tree:
    return Tree("num", (str(value),))


def sexpr(node: object) -> str:
    """A one-line rendering for tests and error messages: ``(juxt W x)``."""
    match node:
        case Tree("name" | "num", (text,)):
            return str(text)
        case Tree(head, kids):
            return "(" + " ".join([head, *(sexpr(kid) for kid in kids)]) + ")"
        case tuple():
            return "[" + " ".join(sexpr(kid) for kid in node) + "]"
        case None:
            return "_"
        case _:
            return str(node)
