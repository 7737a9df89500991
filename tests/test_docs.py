"""The examples in docstrings run, in every module of the package."""

from __future__ import annotations

import doctest
import pkgutil
from importlib import import_module

import pytest

import derive

MODULES = ["derive", *(m.name for m in pkgutil.walk_packages(derive.__path__, "derive."))]
# Modules whose examples a reader learns the library from must not lose them.
TAUGHT = ("derive", "derive.surface", "derive.kernel.sizes", "derive.code")


@pytest.mark.parametrize("module", MODULES)
def test_examples(module):
    failed, tried = doctest.testmod(
        import_module(module), optionflags=doctest.NORMALIZE_WHITESPACE, report=True
    )
    assert failed == 0
    assert tried or module not in TAUGHT
