"""A journal: what is finished is not done again, whatever happened to the run or to the file."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from derive.app.many import CRASHED, check_many, worker
from derive.app.many import journal as journals
from derive.app.many.journal import Journal, fingerprint, key
from derive.app.many.worker import Options
from derive.diagnostics import DeriveError, Source
from tests.many_work import Losing, process, work
from tests.test_many import folder

ROOT = Path(__file__).parent.parent


@pytest.fixture(autouse=True)
def somebody_may_be_editing_our_sources(monkeypatch) -> None:
    monkeypatch.setattr(journals, "CODE", ())


def worked(log: Path) -> Counter[str]:
    """How often each document was worked on, by its first word."""
    return Counter(log.read_text(encoding="utf-8").split()) if log.exists() else Counter()


def test_a_second_run_does_nothing_and_finds_the_same(tmp_path: Path) -> None:
    log, journal = tmp_path / "log", tmp_path / "deep" / "journal"
    documents = folder(tmp_path / "d", "a", "b refuted", "c fail", "e complain", "")
    first = list(check_many([documents], work=work, journal=journal, form=str(log)))
    again = list(check_many([documents], work=work, journal=journal, form=str(log)))
    assert again == first
    assert json.dumps([o.result for o in again]) == json.dumps([o.result for o in first])
    assert [o.resumed for o in again] == [True] * 4 + [False]  # an empty one was never sent
    assert worked(log) == Counter("abce")


def test_what_changes_a_verdict_is_part_of_the_key(tmp_path: Path, monkeypatch) -> None:
    source, options = Source("a.tex", "text"), Options()
    own = fingerprint(work, options)
    keys = [
        key(source, own, options),
        key(Source("a.tex", "text "), own, options),
        key(Source("a.md", "text"), own, options),
        key(source, fingerprint(work, Options(layout="numerator")), options),
        key(source, fingerprint(work, Options(limit=1.0)), options),
        key(source, fingerprint(process, options), options),
    ]
    assert len(set(keys)) == len(keys)
    assert key(Source("other/b.TEX", "text"), own, options) == keys[0]
    shown = Options(form="text")
    assert key(Source("b.tex", "text"), own, shown) != key(source, own, shown)
    monkeypatch.setattr(journals, "VERSION", "99")
    assert fingerprint(work, options) != own


def test_our_sources_are_part_of_the_key(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr(journals, "CODE", (".py",))
    monkeypatch.setattr("derive.__path__", [str(tmp_path)])
    source = tmp_path / "inside" / "rule.py"
    source.parent.mkdir()
    found = set()
    for text in ("x = 1", "x = 2"):
        source.write_text(text)
        found.add(fingerprint(work, Options()))
    source.rename(source.with_name("other.py"))
    found.add(fingerprint(work, Options()))
    (tmp_path / "notes.txt").write_text("no source")
    found.add(fingerprint(work, Options()))
    assert len(found) == 3


def test_the_same_text_under_another_name_is_known(tmp_path: Path) -> None:
    journal = tmp_path / "journal"
    folder(tmp_path / "d", "a refuted")
    list(check_many([tmp_path / "d"], work=work, journal=journal))
    (tmp_path / "d" / "000.tex").rename(tmp_path / "d" / "李.tex")
    (outcome,) = check_many([tmp_path / "d"], work=work, journal=journal)
    assert outcome.resumed
    assert outcome.file == outcome.result["file"] == str(tmp_path / "d" / "李.tex")


def test_a_crash_is_tried_again(tmp_path: Path) -> None:
    journal, documents = tmp_path / "journal", folder(tmp_path / "d", "a", "lose")
    (_, lost) = check_many([documents], work=work, journal=journal, executor=Losing(), jobs=1)
    (first, found) = check_many([documents], work=work, journal=journal)
    assert (lost.kind, lost.verdict) == (CRASHED, "unreadable")
    assert (found.verdict, found.resumed) == ("proved", False)
    assert first.resumed


def test_a_run_that_is_killed_goes_on_where_it_was(tmp_path: Path) -> None:
    log, journal = tmp_path / "log", tmp_path / "journal"
    documents = folder(tmp_path / "d", *(f"w{k} slow" for k in range(30)))
    run = subprocess.Popen(
        [sys.executable, "-c", RUN, str(documents), str(journal), str(log)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT,
    )  # fmt: skip
    assert run.stdin is not None
    assert run.stdout is not None
    with run.stdin, run.stdout:
        workers = [int(word) for word in run.stdout.readline().split()]
        run.kill()
    run.wait()
    assert len(workers) == 2
    assert all(_ended(process) for process in workers)

    with Journal(journal) as kept:
        finished = len(kept)
    assert 4 <= finished < 30
    with open(journal, "ab") as file:
        file.write(b'{"key": "00", "kind": "checked", "resu')  # as if killed in the act
    before = worked(log)
    found = list(check_many([documents], work=process, journal=journal, form=str(log)))
    again = worked(log) - before
    assert sum(o.resumed for o in found) == finished
    assert again.total() == 30 - finished
    assert not {o.file for o in found if o.resumed} & {
        str(documents / f"{int(word[1:]):03}.tex") for word in again
    }
    # The same as a run that nobody killed, but for where it ran.
    whole = list(check_many([documents], work=work))
    assert [{**o.result, "process": 0} for o in found] == [
        {**o.result, "process": 0} for o in whole
    ]


# Neither run looks at our sources, which somebody may be editing.
RUN = """
import sys
from derive.app.many import journal
from tests.many_work import main
journal.CODE = ()
main(sys.argv[1:])
"""


def _ended(process: int) -> bool:
    for _ in range(500):
        try:
            os.kill(process, 0)
            # In a container nobody may collect it: a zombie has ended too.
            if Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] == "Z":
                return True
        except (ProcessLookupError, FileNotFoundError):
            return True
        time.sleep(0.02)
    return False


RECORDS = [(f"{k:02}", {"verdict": "proved", "claims": [], "text": "é\n" * k}) for k in range(5)]


@given(cut=st.integers(0, 600), junk=st.binary(max_size=12))
def test_a_line_that_was_torn_has_no_effect(cut: int, junk: bytes) -> None:
    with tempfile.TemporaryDirectory() as where:
        path = Path(where) / "journal"
        with Journal(path) as journal:
            for name, result in RECORDS:
                journal.add(name, "checked", result, 0.5)
        content = path.read_bytes()
        kept = content[:cut]
        path.write_bytes(kept + junk.replace(b"\n", b""))
        # A record that only lacks the end of its line is whole; junk behind it spoils it.
        whole = content[:cut].count(b"\n")
        with Journal(path) as journal:
            found = [name for name, _ in RECORDS if journal.get(name) is not None]
            assert found[:whole] == [name for name, _ in RECORDS[:whole]]
            assert len(found) <= whole + 1
            for name, result in RECORDS:
                if name not in found:
                    journal.add(name, "checked", result, 0.5)
        with Journal(path) as journal:
            for name, result in RECORDS:
                record = journal.get(name)
                assert record is not None
                assert record["result"] == result


@pytest.mark.parametrize(
    "line",
    [b"[]", b'"text"', b"{}", b'{"key": 1}', b"[" * 100_000, b"\xff", b'{"key": "00"}', b"",
     b'{"key": "00", "kind": "checked", "seconds": 0, "result": {"claims": []}}'],
)  # fmt: skip
def test_a_line_that_is_no_record_is_passed_over(tmp_path: Path, line: bytes) -> None:
    path = tmp_path / "journal"
    path.write_bytes(line + b"\n")
    with Journal(path) as journal:
        assert len(journal) == 0
        assert journal.get("00") is None
        journal.add("00", "checked", {"verdict": "proved"}, 0.0)
    with Journal(path) as journal:
        assert journal.verdict("00") == "proved"


def test_several_runs_write_to_one_journal(tmp_path: Path) -> None:
    path = tmp_path / "journal"
    long = {"verdict": "proved", "text": "x" * 20_000}

    def write(number: int) -> None:
        with Journal(path) as journal:
            for k in range(20):
                journal.add(f"{number}-{k}", "checked", long, 0.0)

    writers = [threading.Thread(target=write, args=(number,)) for number in range(4)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    with Journal(path) as journal:
        assert len(journal) == 80
        assert all(journal.get(f"{n}-{k}") is not None for n in range(4) for k in range(20))
    assert path.read_bytes().count(b"\n") == 80


def test_a_journal_that_is_cut_during_the_run_is_said_to_be(tmp_path: Path) -> None:
    path, documents = tmp_path / "journal", folder(tmp_path / "d", "a", "b")
    list(check_many([documents], work=work, journal=path))
    outcomes = check_many([documents], work=work, journal=path)
    next(outcomes)
    path.write_bytes(b"")
    with pytest.raises(DeriveError, match="changed while it was in use"):
        next(outcomes)


def test_what_is_no_file_is_no_journal(tmp_path: Path) -> None:
    with pytest.raises(DeriveError, match="cannot use the journal"):
        list(check_many([folder(tmp_path / "d", "a")], work=work, journal=tmp_path))


def test_a_finished_document_is_kept_before_it_is_its_turn(tmp_path: Path) -> None:
    # Whoever looks at the first outcome finds all that is finished in the journal by then.
    path, documents = tmp_path / "journal", folder(tmp_path / "d", "a", "b", "c")
    for number, _ in enumerate(check_many([documents], work=work, journal=path), 1):
        assert path.read_bytes().count(b"\n") >= number
    assert worker.CHECKED in path.read_text()
