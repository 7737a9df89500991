"""Numbers of expressions: floats to look with, exact rationals, balls and residues to be sure by.

The idea: floats say where to look and never decide; what is said of a claim is said from exact
rationals, from enclosures that do not meet, or, as evidence only, from residues modulo a prime.

``plan`` multiplies the factors of a contraction in pairs, whatever the entries are.  In floats:
``draw`` finds rational values in a domain, ``sample`` holds the points of one document, ``ties``
knows the points at a border, ``folded`` has short arrays for wide ones.  In exact numbers:
``entries`` has the rules of single entries, ``exact`` evaluates, ``certify`` proves a
counterexample.  ``refute`` looks for one, ``shrink`` and ``walk`` propose other points.  Modulo p:
``residues`` is the arithmetic, ``modular`` evaluates, ``bounds`` says how large sizes must be,
``agree`` compares.  ``cross`` checks what was proved.
"""

from __future__ import annotations

from importlib import import_module

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from proofs.numbers.agree import Agreement, agrees
    from proofs.numbers.certify import Refutation
    from proofs.numbers.cross import cross_check
    from proofs.numbers.sample import Sampler, float_agreement

__all__ = ["Agreement", "Refutation", "Sampler", "agrees", "cross_check", "float_agreement"]

# Imported when first asked for: floats need no FLINT.
_HOME = {
    "Agreement": "agree",
    "agrees": "agree",
    "Refutation": "certify",
    "cross_check": "cross",
    "Sampler": "sample",
    "float_agreement": "sample",
}


def __getattr__(word: str) -> Any:
    if word not in _HOME:
        raise AttributeError(f"proofs.numbers has no {word!r}")
    return getattr(import_module(f"proofs.numbers.{_HOME[word]}"), word)
