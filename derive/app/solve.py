"""A network solved: worked, checked against numbers, drawn and exported.

The idea: what every output needs is computed once, here, and is the same for the sheet, the JSON
and the exit code.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from derive.derivation.backprop import Answer, Worked, worked
from derive.derivation.check import Agreement, agreements
from derive.derivation.graph import picture
from derive.derivation.local import symbol_of
from derive.derivation.network import Network, Question
from derive.derivation.numbers import Numbers, numbers_of
from derive.diagnostics import DeriveError, Diagnostic
from derive.draw.picture import Picture, too_large
from derive.kernel.calculus import grad
from derive.kernel.expr import Expr, Var, toposort
from derive.latex.print import latex
from derive.notation.mathml import mathml
from derive.notation.names import ascii_names, filled, symbol_tree

if TYPE_CHECKING:
    from derive.app.checked.words import Told


@dataclass(frozen=True, slots=True)
class Solution:
    """A worked network with the numerical check of each of its answers."""

    worked: Worked
    checks: tuple[Agreement, ...]
    seed: int
    shown: tuple[Told, ...] = ()  # what the document wants shown, judged
    said: tuple[Told, ...] = ()  # what the document itself concludes, judged
    numbers: Numbers = field(default_factory=Numbers)  # where the document gives any

    @property
    def network(self) -> Network:
        return self.worked.network

    @property
    def results(self) -> tuple[tuple[Answer, Agreement], ...]:
        return tuple(zip(self.worked.answers, self.checks, strict=True))

    @property
    def failed(self) -> tuple[Answer, ...]:
        return tuple(answer for answer, check in self.results if check.passed is False)

    def summary(self) -> str:
        """One line: how many results there are, and how many agree with their check."""
        told = [self._compared()] if self.checks or self.network.counts or not self.shown else []
        told += [said_of_shown(self.shown)] if self.shown else []
        return "; ".join((*told, *([said_of_lines(self.said)] if self.said else [])))

    def _compared(self) -> str:
        counts = len(self.network.counts)
        if not self.checks and counts:
            return f"{counted(counts, 'count')}, worked from the numbers that are said"
        compared = [check for check in self.checks if check.passed is not None]
        results = counted(len(self.checks), "result")
        if self.failed:
            return f"{len(self.failed)} of {results} differ from central differences"
        if len(compared) < len(self.checks):
            return f"{results}, {len(compared)} agree with central differences, the rest unchecked"
        agree = "it agrees" if len(self.checks) == 1 else "all agree"
        return f"{results}, {agree} with central differences"


def said_of_shown(shown: Sequence[Told]) -> str:
    """``2 of 3 proofs that it asks for were found``."""
    claims = {one.claim.span: one.claim.verdict for one in shown}
    proved = sum(verdict == "proved" for verdict in claims.values())
    asked = "the proof that it asks for" if len(claims) == 1 else "the proofs that it asks for"
    found = "none" if not proved else "all" if proved == len(claims) else str(proved)
    if len(claims) == 1:
        return f"{asked} was {'found' if proved else 'not found'}"
    return f"of {len(claims)} proofs that it asks for {found} were found"


def said_of_lines(said: Sequence[Told]) -> str:
    """``2 of its 3 own lines are proved, 1 is wrong``."""
    verdicts = list({one.claim.span: one.claim.verdict for one in said}.values())
    proved = sum(one == "proved" for one in verdicts)
    wrong = sum(one in ("refuted", "ill-typed") for one in verdicts)
    told = f"of its {counted(len(verdicts), 'own line')} {proved or 'none'} proved"
    return told + (f", {wrong} wrong" if wrong else "")


def counted(count: int, word: str) -> str:
    """``1 result``, ``2 results``."""
    return f"{count} {word}{'' if count == 1 else 's'}"


def solved(network: Network, seed: int = 0, unasked: bool = True) -> Solution:
    r"""Every question answered, or every parameter where none is asked, and checked.

    ``seed`` (not negative) chooses the points of the numerical check; ``unasked`` says whether
    anything is answered where nothing is asked.  TypeError for what is no network.

    >>> import derive as d
    >>> net = d.read(r"$w, x \in \mathbb{R}^n$, $L = (w^\top x)^2$, $\nabla_w L = ?$")
    >>> d.solve(net).summary()
    '1 result, it agrees with central differences'
    """
    if not isinstance(network, Network):
        raise TypeError(
            "solve needs a network, as read(text) and network(loss) make, not "
            f"{type(network).__name__}"
        )
    done = worked(network, unasked)
    asked = [(answer.question, answer.value) for answer in done.answers]
    checks = tuple(agreements(network, asked, seed))
    return Solution(done, checks, seed, numbers=numbers_of(done))


# ------------------------------------------------------------------------------------ drawings


def worked_graph(network: Network) -> Picture:
    """The computational graph with its forward values and gradients; DeriveError if too large."""
    drawn = picture(worked(network))
    if too_large(drawn):
        message = f"the graph has {len(drawn.nodes)} nodes: nobody could read the drawing"
        raise DeriveError(Diagnostic("too-large", message))
    return drawn


def drawing(drawn: Picture, to: str, spelling: Mapping[str, str] | None = None) -> str:
    """The picture as ``svg`` or ``tikz``, from the same coordinates."""
    from derive.draw.layout import layout

    known = spelling or {}
    placed = layout(drawn)
    if to == "svg":
        from derive.draw.svg import svg

        return svg(placed, label=lambda tree: mathml(tree, known))
    from derive.draw.tikz import tikz

    return tikz(placed, label=lambda tree: latex(tree, known))


# --------------------------------------------------------------------------------------- code


def exported(network: Network, target: str) -> tuple[str, dict[str, str]]:
    """A module of this network and its gradients, and the ASCII name of each symbol in it.

    The gradients are those of every parameter and of whatever else the document asks for.
    """
    from derive.code import module

    loss = network.loss or next((q.of for q in network.questions if _is_gradient(q)), None)
    symbols = _exported_symbols(network, loss)
    chosen = ascii_names(symbols.values())
    asked = [q.wrt[0] for q in network.questions if _is_gradient(q) and q.of is loss]
    wanted = [v.var for v in network.parameters] if loss is not None else []
    wanted = [node for node in dict.fromkeys([*wanted, *asked]) if node in symbols]
    found = grad(loss, wanted) if loss is not None else []
    # What code calls x_hat is written as the document spells it.
    spelled = {
        latex(symbol_tree(text), network.spelling): chosen[text] for text in symbols.values()
    }
    text = module(
        {chosen[text]: v for v, text in symbols.items() if isinstance(v, Var)},
        {chosen[text]: node for node, text in symbols.items() if not isinstance(node, Var)},
        {chosen[symbols[v]]: value for v, value in zip(wanted, found, strict=True)},
        spelled,
        title=network.title,
        target=target,
    )
    return text, spelled


def _exported_symbols(network: Network, loss: Expr | None) -> dict[Expr, str]:
    """The variables and definitions that go into the module, with their symbols.

    A document may speak of x^{(i)} as one sample and as all of them.  In code that is one name, so
    it is what the loss is made of; what uses the other one is left out.
    """
    symbols: dict[Expr, str] = {}
    taken: dict[str, Expr] = {}
    known = {v.var for v in network.variables} | {d.node for d in network.definitions}
    for root in ([] if loss is None else [loss]) + [d.node for d in network.definitions]:
        inside = [node for node in toposort(root) if node in known]
        fresh = {node: _symbol(node) for node in inside}
        if all(taken.setdefault(text, node) is node for node, text in fresh.items()):
            symbols |= fresh
    variables = [v.var for v in network.variables if v.var in symbols]
    return {node: symbols[node] for node in [*variables, *symbols]}


def _is_gradient(question: Question) -> bool:
    return question.kind == "gradient" and not question.of.axes


def _symbol(node: Expr) -> str:
    found = symbol_of(node)
    assert found is not None, "variables and definitions have symbols"
    return filled(*found)
