"""Hypothesis profiles: ``ci`` is long and always the same, ``dev`` is short and varies.

``HYPOTHESIS_PROFILE`` or ``--hypothesis-profile`` chooses; with CI set in the environment it is ci.
"""

from __future__ import annotations

import os

from hypothesis import HealthCheck, settings

_SLOW_CORES = [HealthCheck.too_slow, HealthCheck.data_too_large]

settings.register_profile(
    "ci", derandomize=True, deadline=None, max_examples=200, database=None,
    suppress_health_check=_SLOW_CORES,
)  # fmt: skip
settings.register_profile("dev", deadline=None, max_examples=40, suppress_health_check=_SLOW_CORES)
settings.load_profile(
    os.environ.get("HYPOTHESIS_PROFILE") or ("ci" if os.environ.get("CI") else "dev")
)
