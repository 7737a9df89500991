"""Gradients of random networks, judged by three that share nothing with the rules of calculus.

The idea: many routes to one number.  Central differences of the meaning, autograd on a translation
of its own, and the exported NumPy module must give what the four rules give; and rules that are
wrong on purpose must be caught.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import assume, given, settings

from derive import code
from derive.code.targets import TARGETS
from derive.kernel import calculus
from derive.kernel.calculus import Share, backward, pullback
from derive.kernel.expr import Call, Contract, Expr, Map, Name, toposort
from derive.meaning.evaluate import evaluate, evaluate_all
from derive.notation.names import ascii_name
from derive.operators import COMPOSITES, POINTWISE, PRIMITIVES
from derive.operators.singular import ONCE
from tests import moves, oracle_autograd
from tests.networks import Network, cook, network_of, networks
from tests.recipe import EXTENT

STEP = 1e-6
JUMPS = {"gt", "ge", "lt", "le", "eq", "ne", "sign", "step", "argmax", "argmin"}

# 2,000 networks in the profile ci, over the tests below; 100 in dev.
many = settings(max_examples={"ci": 500}.get(settings.get_current_profile_name(), 25))


class Unfit(Exception):
    """Nothing to compare: no variables, or numbers at a kink or too large."""


def judged(network: Network) -> None:
    """Compare the gradients with the three others; AssertionError where they differ."""
    wrt = network.parameters
    if not wrt:
        raise Unfit
    with np.errstate(all="ignore"):
        sweep = backward(network.loss, wrt)
        own = [sweep.cotangents.get(v, calculus.zeros(v.axes)) for v in wrt]
        known = evaluate_all([network.loss, *own], network.values, EXTENT)
        found = [known[g] for g in own]
        if not all(np.all(np.isfinite(g)) and np.all(np.abs(g) < 1e4) for g in found):
            raise Unfit
        for g, v in zip(found, wrt, strict=True):
            assert g.shape == np.shape(network.values[v])
        by_difference(network, found)
        by_autograd(network, found)
        by_export(network, own, found)


def by_difference(network: Network, found: list) -> None:
    """The derivative along a random direction of all variables at once."""
    random = np.random.default_rng(len(network.nodes))
    along = {v: random.uniform(-1, 1, np.shape(network.values[v])) for v in network.parameters}
    sides = []
    for sign in (1, -1):
        moved = {v: network.values[v] + sign * STEP * d for v, d in along.items()}
        sides.append(evaluate_all([network.loss], {**network.values, **moved}, EXTENT))
    for node in network.nodes:
        jumps = type(node) is Map and node.fn.name in JUMPS
        chooses = type(node) is Call and not isinstance(node.op, Name) and node.op.name in JUMPS
        if (jumps or chooses) and np.any(sides[0][node] != sides[1][node]):
            raise Unfit
    slope = float(sides[0][network.loss] - sides[1][network.loss]) / (2 * STEP)
    inner = sum(float(np.sum(g * along[v])) for g, v in zip(found, network.parameters, strict=True))
    size = 1 + abs(slope) + abs(float(sides[0][network.loss])) * 1e-3
    size += sum(float(np.abs(g).max(initial=0)) for g in found) * 1e-2
    assert abs(slope - inner) < 1e-5 * size, f"central differences: {slope}, not {inner}"


def by_autograd(network: Network, found: list) -> None:
    others = oracle_autograd.gradients(network.loss, network.parameters, network.values, EXTENT)
    for g, other, v in zip(found, others, network.parameters, strict=True):
        assert g.shape == other.shape
        close = np.allclose(g, other, rtol=1e-7, atol=1e-8 * (1 + np.abs(g).max(initial=0)))
        assert close, f"autograd differs on {v.name}: {g} and {other}"  # type: ignore[attr-defined]


def by_export(network: Network, own: list[Expr], found: list) -> None:
    made = code.compile([network.loss, *own])
    given = dict(network.values)
    loss, *others = made(given, **functions(made.source, network, own), **free_sizes(made.source))
    assert np.allclose(loss, evaluate(network.loss, network.values, EXTENT), rtol=1e-9)
    for g, other in zip(found, others, strict=True):
        assert g.shape == np.shape(other), made.source
        assert np.allclose(g, other, rtol=1e-7, atol=1e-8 * (1 + np.abs(g).max(initial=0)))


def functions(source: str, network: Network, own: list[Expr]) -> dict[str, Callable]:
    """The stand-ins of the undefined functions, under the names that the module gives them."""
    found = {
        ascii_name(node.fn.params[0] + "'" * node.fn.params[1]): node.fn.value
        for node in toposort(network.loss, *own)
        if type(node) is Map and node.fn.name == "generic"
    }
    return {name: value for name, value in found.items() if f'"{name}"' in source}


def free_sizes(source: str) -> dict[str, int]:
    table = source.split("SIZES = {")[1].split("}")[0]
    return {name: EXTENT[name] for name in EXTENT if f'"{name}":' in table}


def fits(network: Network) -> None:
    try:
        judged(network)
    except Unfit:
        assume(False)


@many
@given(networks())
def test_networks_of_everything(network: Network) -> None:
    fits(network)


@many
@given(networks(moves.DENSE))
def test_networks_of_vectors_and_matrices(network: Network) -> None:
    fits(network)


@many
@given(networks(moves.BATCH))
def test_networks_of_batches(network: Network) -> None:
    fits(network)


@many
@given(networks(moves.WORDS))
def test_networks_of_functions_and_losses(network: Network) -> None:
    fits(network)


ROWS = [row for row in (*POINTWISE.values(), *PRIMITIVES.values(), *COMPOSITES.values())
        if row.name not in {"infinity", *ONCE}]  # fmt: skip


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_each_row_of_the_vocabulary(row) -> None:
    for seed in range(30):
        try:
            judged(network_of(row, seed))
            return
        except Unfit:
            continue
    pytest.fail(f"no network with {row.name} stays away from its kinks")


# ---------------------------------------------------------------------------- testing the tester


def wrong_sign(shares: list[Share]) -> list[Share]:
    return [s._replace(cotangent=-s.cotangent) if type(s.parent) is Map else s for s in shares]


def missing_mask(shares: list[Share]) -> list[Share]:
    def unmasked(s: Share) -> Share:
        _, cotangent = s.cotangent.kids[0], s.cotangent.kids[-1]
        return s._replace(cotangent=cotangent)

    return [
        unmasked(s)
        if s.reason == "masks" and s.cotangent.kids and s.cotangent.kids[-1].axes == s.kid.axes
        else s
        for s in shares
    ]


def missing_transpose(shares: list[Share]) -> list[Share]:
    """Where the wrong orientation has the right shape: square matrices."""

    def flipped(s: Share) -> Share:
        axes = s.cotangent.axes
        if s.reason == "switches" and len(axes) == 2 and axes[0] is axes[1]:
            return s._replace(cotangent=s.cotangent.T)
        return s

    return [flipped(s) for s in shares]


def forgotten_use(shares: list[Share]) -> list[Share]:
    """A factor that occurs twice is differentiated once: x'Ax gives Ax."""
    seen: set[Expr] = set()
    kept = []
    for s in shares:
        if not (s.kid in seen and type(s.parent) is Contract):
            kept.append(s)
        seen.add(s.kid)
    return kept


def lost_route(shares: list[Share]) -> list[Share]:
    return [s for s in shares if s.reason != "routes"]


def softmax_alone(shares: list[Share]) -> list[Share]:
    """The diagonal of the softmax Jacobian without its second part."""
    return [
        s._replace(cotangent=s.cotangent * s.parent)
        if s.reason == "softmax" and s.cotangent.axes == s.parent.axes
        else s
        for s in shares
    ]


def second_term_lost(shares: list[Share]) -> list[Share]:
    return shares[:1] if shares and shares[0].reason == "passes" else shares


def networks_of_tanh() -> None:
    for seed in range(20):
        judged(network_of(POINTWISE["tanh"], seed))


def mistranslated(monkeypatch, **change) -> None:
    monkeypatch.setitem(TARGETS, "numpy", replace(TARGETS["numpy"], **change))
    with pytest.raises((AssertionError, ValueError)):
        networks_of_tanh()


def test_a_wrong_word_in_the_export_is_caught(monkeypatch) -> None:
    mistranslated(monkeypatch, words={"tanh": "np.sin({0})"})


def test_a_wrong_product_in_the_export_is_caught(monkeypatch) -> None:
    forms = TARGETS["numpy"].forms
    mistranslated(monkeypatch, forms={**forms, "sum": "{0}.mean(axis={1})", "transpose": "{0}"})


MUTANTS = [wrong_sign, missing_mask, missing_transpose, forgotten_use, lost_route, softmax_alone,
           second_term_lost]  # fmt: skip


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.__name__)
@pytest.mark.parametrize("judge", ["by_difference", "by_autograd"])
def test_a_wrong_rule_is_caught(mutant, judge, monkeypatch) -> None:
    monkeypatch.setattr(calculus, "pullback", lambda *given: iter(mutant(list(pullback(*given)))))
    for other in {"by_difference", "by_autograd", "by_export"} - {judge}:
        monkeypatch.setitem(globals(), other, lambda *_: None)
    for seed in range(400):
        choices = np.random.default_rng(seed).integers(0, 256, 24, dtype=np.uint8).tobytes()
        try:
            judged(cook(choices, seed, moves.MOVES, 8))
        except Unfit:
            continue
        except AssertionError:
            return
    pytest.fail("no random network tells this rule from the right one")
