"""The examples in docstrings run, in every module of the package."""

from __future__ import annotations

import doctest
import pkgutil
from importlib import import_module

import pytest

import derive
import proofs

MODULES = [
    found
    for package in (derive, proofs)
    for found in (
        package.__name__,
        *(m.name for m in pkgutil.walk_packages(package.__path__, f"{package.__name__}.")),
    )
]
# Modules whose examples a reader learns the library from must not lose them.
TAUGHT = ("derive", "derive.surface", "derive.kernel.sizes", "derive.code")
# It needs latex2sympy2, which not every machine has; tests/test_scalar.py shows it.
SHOWN_ELSEWHERE = ("second_reading",)


@pytest.mark.parametrize("word", derive.__all__)
def test_every_public_name_is_explained_and_shown(word):
    value = getattr(derive, word)
    if not isinstance(value, str):
        assert value.__doc__
        assert isinstance(value, type) or word in SHOWN_ELSEWHERE or ">>>" in value.__doc__


@pytest.mark.parametrize("module", MODULES)
def test_examples(module):
    failed, tried = doctest.testmod(
        import_module(module), optionflags=doctest.NORMALIZE_WHITESPACE, report=True
    )
    assert failed == 0
    assert tried or module not in TAUGHT
