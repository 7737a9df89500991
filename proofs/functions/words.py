r"""Which node of a network a word of code means: ``W1``, ``dW_1``, ``\mathbf{W}_1``, ``X``.

The idea: a node has a few spellings, from the exact one of ``derive export`` to one without case
and underscores; the first kind of spelling that fits a word decides, if it fits one node alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from derive.derivation.local import symbol_of
from derive.kernel.expr import Expr
from derive.notation.names import ascii_name, ascii_names, filled

# A sample label or index that stands for an axis: x^{(#1)}, x_{#1}, x_#1.
_LABEL = re.compile(r"[\^_](\{\(?#\d\)?\}|#\d)")
# Short spellings that code uses for Greek letters; lambda is a keyword of Python.
_SHORT = {
    "lambda_": ("lam", "lamb", "lambd", "lmbda", "reg"),
    "epsilon": ("eps",),
    "varepsilon": ("eps",),
}
# What a gradient is called: dW, d_W, grad_W, gW, dL_dW, dLdW; W_grad, W_bar.
_BEFORE = ("gradient", "grad", "nabla", "delta", "dloss_d", "dLoss_d", "dL_d", "dLd", "dJ_d", "dJd",
           "d", "g")  # fmt: skip
_BEHIND = ("_gradient", "_grad", "_bar", "grad")
_LATEX = re.compile(r"[\\{}^$]")


class Ambiguous(LookupError):
    """A word that fits several nodes alike; ``nodes`` are these."""

    def __init__(self, nodes: Sequence[Expr]) -> None:
        super().__init__()
        self.nodes = tuple(nodes)


def text_of(node: Expr) -> str:
    """The LaTeX symbol of a variable or named node, its sample label written out."""
    found = symbol_of(node)
    assert found is not None, "variables and named nodes have symbols"
    return filled(*found)


class Words:
    """The nodes of a network under the words that code may call them by.

    ``tiers`` are groups of variables and named nodes: a word that fits in one group is not looked
    up in the next (a document may speak of one sample and of all of them).
    """

    def __init__(self, tiers: Sequence[Sequence[Expr]]) -> None:
        nodes = list(dict.fromkeys(node for tier in tiers for node in tier))
        chosen = ascii_names(text_of(node) for node in nodes)
        self.names: dict[Expr, str] = {node: chosen[text_of(node)] for node in nodes}
        self.tiers = [tuple(dict.fromkeys(tier)) for tier in tiers]
        self._spelled = {node: self._spellings(node) for node in nodes}

    def _spellings(self, node: Expr) -> tuple[frozenset[str], ...]:
        """Kinds of spellings, the exact one first."""
        own = self.names[node]
        symbol, _ = symbol_of(node) or ("", ())
        bare = ascii_name(_LABEL.sub("", symbol))
        also = {own, ascii_name(text_of(node)), bare}
        also |= {short for word in tuple(also) for short in _SHORT.get(word, ())}
        return frozenset([own]), frozenset(also), frozenset(_folded(word) for word in also)

    def find(self, word: str) -> Expr | None:
        """The node that a word means, None if there is none; Ambiguous if there are several."""
        plain = ascii_name(word) if _LATEX.search(word) else word
        for tier in self.tiers:
            for kind, sought in enumerate((plain, plain, _folded(plain))):
                fits = [node for node in tier if sought in self._spelled[node][kind]]
                if len(fits) > 1:
                    raise Ambiguous(fits)
                if fits:
                    return fits[0]
        return None

    def gradient(self, word: str) -> Expr | None:
        """The node whose gradient a word means: ``dW``, ``grad_W``, ``W_grad``; not ``W``."""
        for part in _stems(word):
            if part and (node := self.find(part)) is not None:
                return node
        return None


def _stems(word: str) -> Iterator[str]:
    yield from (word[len(p) :].lstrip("_") for p in _BEFORE if word.startswith(p))
    yield from (word[: -len(p)] for p in _BEHIND if word.endswith(p))


def _folded(word: str) -> str:
    return word.replace("_", "").lower()
