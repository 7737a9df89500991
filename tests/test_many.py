"""Many documents: whatever one of them does, every other has the outcome that it would have had."""

from __future__ import annotations

import multiprocessing
import os
import subprocess
import sys
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import pytest

from derive.app.many import CHECKED, CRASHED, FAILED, TIMED_OUT, UNREADABLE, check_many, pool
from derive.app.many.gather import Outcome
from derive.app.many.worker import Options, Order, work_on
from tests.many_work import AtOnce, Backwards, Losing, not_json, process, shown, work

ROOT = Path(__file__).parent.parent


@pytest.fixture(autouse=True)
def light_workers(monkeypatch) -> None:
    """A spawned process would import pytest first, as the program that started it."""
    program = sys.modules["__main__"]
    monkeypatch.setattr(program, "__spec__", None)
    monkeypatch.delattr(program, "__file__", raising=False)


def folder(path: Path, *texts: str) -> Path:
    """A folder with these documents, named by their numbers."""
    path.mkdir(exist_ok=True)
    for k, text in enumerate(texts):
        (path / f"{k:03}.tex").write_text(text, encoding="utf-8")
    return path


def kinds(outcomes: list[Outcome]) -> list[str]:
    return [outcome.kind for outcome in outcomes]


MIXED = ("a b refuted", "unsettled", "complain", "fail", "", "c", "leave", "deep", "作业 d")


@pytest.fixture
def mixed(tmp_path: Path) -> Path:
    found = folder(tmp_path / "mixed", *MIXED, *(f"w{k} slow" for k in range(4)))
    (found / "zz.md").write_bytes(b"\xff\xfe\x00")
    return found


# ----------------------------------------------------------------------------------- executors


def test_outcomes_of_every_kind(mixed: Path) -> None:
    outcomes = list(check_many([mixed, mixed / "absent.tex"], work=work))
    assert kinds(outcomes) == [
        CHECKED, CHECKED, UNREADABLE, FAILED, UNREADABLE, CHECKED, FAILED, FAILED, CHECKED,
        *[CHECKED] * 4, UNREADABLE, UNREADABLE,
    ]  # fmt: skip
    names = [f"{k:03}.tex" for k in range(13)] + ["zz.md", "absent.tex"]
    assert [o.file for o in outcomes] == [str(mixed / name) for name in names]
    assert all(o.result["file"] == o.file for o in outcomes)
    first, strange, failed = outcomes[0].result, outcomes[2].result, outcomes[3].result
    assert [claim["verdict"] for claim in first["claims"]] == ["proved", "proved", "refuted"]
    assert (first["verdict"], first["length"]) == ("refuted", len(MIXED[0]))
    assert strange["error"][0]["code"] == "strange"
    assert strange["error"][0]["column"] == 3
    assert "LookupError: nothing there" in failed["error"][0]["message"]
    assert outcomes[-1].result["error"][0]["code"] == "no-file"


@pytest.mark.parametrize(
    "executor",
    [AtOnce, Backwards, lambda: ThreadPoolExecutor(3)],
    ids=["at once", "backwards", "threads"],
)
def test_any_executor_gives_the_same_in_the_same_order(executor, mixed: Path) -> None:
    expected = list(check_many([mixed], work=work))
    with executor() as given:
        assert list(check_many([mixed], work=work, executor=given, jobs=3)) == expected
    assert list(check_many([mixed], work=work, executor=executor, jobs=3)) == expected


def test_processes_give_the_same(mixed: Path) -> None:
    expected = list(check_many([mixed], work=work))
    assert list(check_many([mixed], work=work, jobs=2)) == expected
    assert not multiprocessing.active_children()


def test_what_is_no_json_is_a_mistake_of_ours(tmp_path: Path) -> None:
    (outcome,) = check_many([folder(tmp_path / "d", "a")], work=not_json)
    assert outcome.kind == FAILED
    assert outcome.verdict == "unreadable"


def test_nothing_to_do(tmp_path: Path) -> None:
    assert list(check_many([], work=work, jobs=2)) == []
    (outcome,) = check_many([tmp_path], work=work, jobs=2)
    assert (outcome.kind, outcome.file) == (UNREADABLE, str(tmp_path))
    assert "no document" in outcome.result["error"][0]["message"]


@pytest.mark.parametrize("wrong", [{"jobs": 0}, {"limit": 0}, {"limit": float("nan")}])
def test_bad_numbers_are_refused_at_once(wrong) -> None:
    with pytest.raises(ValueError, match=r"jobs|time limit"):
        check_many([], **wrong)


def test_what_is_shown_is_no_part_of_the_result(tmp_path: Path) -> None:
    documents = folder(tmp_path / "d", "a", "b")
    journal = tmp_path / "journal"
    for _ in range(2):
        found = list(check_many([documents], work=shown, form="f", journal=journal))
        assert [o.shown for o in found] == [f"{o.file}: f" for o in found]
        assert all("shown" not in o.result for o in found)
    assert found[0].resumed


# -------------------------------------------------------------------------------------- crashes


def test_a_worker_that_dies_costs_only_the_document_that_killed_it(tmp_path: Path) -> None:
    texts = [f"w{k}" for k in range(30)]
    texts[3], texts[17], texts[18] = "die", "segfault", "x die"
    outcomes = list(check_many([folder(tmp_path / "d", *texts)], work=work, jobs=2))
    assert {k for k, o in enumerate(outcomes) if o.kind == CRASHED} == {3, 17, 18}
    assert {o.kind for o in outcomes} == {CHECKED, CRASHED}
    assert outcomes[3].verdict == "unreadable"
    assert outcomes[3].result["error"][0]["code"] == "crashed"


def test_somebody_elses_broken_executor_is_left_and_the_rest_goes_on(tmp_path: Path) -> None:
    documents = folder(tmp_path / "d", "a", "die", "b", "c", "e")
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as given:
        outcomes = list(check_many([documents], work=work, executor=given, jobs=1))
    assert kinds(outcomes) == [CHECKED, CRASHED, *[CHECKED] * 3]


def test_a_chunk_that_is_lost_is_sent_again_one_by_one(tmp_path: Path) -> None:
    texts = ["lose" if k in (4, 11) else f"w{k}" for k in range(20)]
    documents = folder(tmp_path / "d", *texts)
    outcomes = list(check_many([documents], work=work, executor=Losing(), jobs=1))
    assert {k for k, o in enumerate(outcomes) if o.kind == CRASHED} == {4, 11}
    assert "the machine is gone" in outcomes[4].result["error"][0]["message"]


def test_workers_are_replaced_when_they_have_done_much(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr(pool, "RECYCLED", 4)
    documents = folder(tmp_path / "d", *(f"w{k}" for k in range(10)))
    processes = [o.result["process"] for o in check_many([documents], work=process, jobs=2)]
    assert processes[0] != processes[-1]
    assert os.getpid() not in processes


def test_an_executor_of_a_function_is_renewed_by_it(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr(pool, "RECYCLED", 3)
    made: list[AtOnce] = []

    def make() -> AtOnce:
        made.append(AtOnce())
        return made[-1]

    documents = folder(tmp_path / "d", *(f"w{k}" for k in range(7)))
    outcomes = list(check_many([documents], work=work, executor=make, jobs=1))
    assert kinds(outcomes) == [CHECKED] * 7
    assert len(made) > 1


def test_a_run_that_is_left_leaves_no_process(tmp_path: Path) -> None:
    documents = folder(tmp_path / "d", "a", *["deaf"] * 5)
    outcomes = check_many([documents], work=work, jobs=2)
    assert next(outcomes).kind == CHECKED
    outcomes.close()  # type: ignore[attr-defined]
    assert not multiprocessing.active_children()


def test_a_script_that_is_run_again_by_its_workers_is_told_so(tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text(
        "from derive.app.many import check_many\nfrom tests.many_work import work\n"
        f"list(check_many([{str(folder(tmp_path / 'd', 'a', 'b'))!r}], work=work, jobs=2))\n"
    )
    done = subprocess.run(
        [sys.executable, str(script)], capture_output=True, text=True, timeout=60, check=False,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    assert done.returncode == 1
    assert "[no-workers]" in done.stderr.splitlines()[-1]
    assert "__name__ == '__main__'" in done.stderr.splitlines()[-1]


# --------------------------------------------------------------------------------------- limits


def test_a_check_without_end_is_interrupted_in_a_process_and_the_rest_goes_on(
    tmp_path: Path,
) -> None:
    documents = folder(tmp_path / "d", "a", "loop", "b", "deaf", "c")
    outcomes = list(check_many([documents], work=process, jobs=2, limit=0.3))
    assert kinds(outcomes) == [CHECKED, TIMED_OUT, CHECKED, TIMED_OUT, CHECKED]
    assert outcomes[1].verdict == outcomes[3].verdict == "unsettled"
    assert outcomes[1].result["error"][0]["code"] == "timed-out"
    assert "0.6 seconds" in outcomes[1].result["error"][0]["message"]


def test_a_check_without_end_is_interrupted_here(tmp_path: Path) -> None:
    documents = folder(tmp_path / "d", "a", "swallow", "b")
    outcomes = list(check_many([documents], work=work, limit=0.25))
    assert kinds(outcomes) == [CHECKED, TIMED_OUT, CHECKED]


def test_a_check_without_end_is_interrupted_in_a_thread(tmp_path: Path) -> None:
    documents = folder(tmp_path / "d", "a", "swallow", "b")
    with ThreadPoolExecutor(1) as threads:
        outcomes = list(check_many([documents], work=work, limit=0.25, executor=threads, jobs=1))
    assert kinds(outcomes) == [CHECKED, TIMED_OUT, CHECKED]


def test_the_limit_is_told_to_the_work() -> None:
    said: list[Options] = []

    def listen(source: object, options: Options) -> dict[str, object]:
        said.append(options)
        return {"verdict": "proved", "claims": []}

    work_on([(0, "a.tex", "x")], Order(listen, Options("numerator", 7.5, "f")))
    assert said == [Options("numerator", 7.5, "f")]
    assert said[0].hard == 15
