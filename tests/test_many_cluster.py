"""The same over dask.distributed, where it is installed: ``pip install 'derive[cluster]'``."""

from __future__ import annotations

from pathlib import Path

import pytest

from derive.app.many import CHECKED, CRASHED, TIMED_OUT, check_many
from derive.app.many import cluster as clusters
from derive.diagnostics import DeriveError
from tests.many_work import work
from tests.test_many import folder


def test_without_the_extra_it_says_what_to_install(monkeypatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "distributed", None)
    with (
        pytest.raises(DeriveError, match="not installed"),
        clusters.cluster(),
    ):
        pass


# What dask leaves open when its processes end is not ours to close.
@pytest.mark.filterwarnings("default")
def test_a_cluster_gives_the_same(tmp_path: Path) -> None:
    dask = pytest.importorskip("dask")
    pytest.importorskip("distributed")
    # One try is enough to see that a document kills its worker; the default is four.
    with dask.config.set({"distributed.scheduler.allowed-failures": 0}):
        _compared(tmp_path)


def _compared(tmp_path: Path) -> None:
    texts = [f"w{k} refuted" if k % 5 == 0 else f"w{k}" for k in range(60)]
    texts[7], texts[23] = "loop", "die"
    documents = folder(tmp_path / "d", *texts)
    with clusters.cluster(workers=2) as (executor, jobs):
        assert jobs == 2
        outcomes = list(check_many([documents], work=work, limit=0.5, executor=executor, jobs=jobs))
    assert [k for k, o in enumerate(outcomes) if o.kind == TIMED_OUT] == [7]
    assert [k for k, o in enumerate(outcomes) if o.kind == CRASHED] == [23]
    assert "KilledWorker" in outcomes[23].result["error"][0]["message"]
    texts[7] = texts[23] = "w"
    alone = list(check_many([folder(tmp_path / "d", *texts)], work=work, limit=0.5))
    same = [k for k, o in enumerate(outcomes) if o.kind == CHECKED]
    assert len(same) == 58
    assert [outcomes[k] for k in same] == [alone[k] for k in same]
