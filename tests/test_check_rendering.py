"""What is said of a checked document: golden files for every form, and what holds of each.

``UPDATE_GOLDEN=1 ./run tests tests/test_check_rendering.py`` writes them anew; read the difference.
"""

from __future__ import annotations

import json
import os
import re
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from derive.app.checked.data import report_json
from derive.app.checked.excerpt import WIDEST, closed, excerpts
from derive.app.checked.exchange import github, junit, junit_part, sarif, sarif_part
from derive.app.checked.html import render_html
from derive.app.checked.margin import render_margin
from derive.app.checked.numbers import spoken_number
from derive.app.checked.terminal import render_report, said
from derive.app.checked.tex import render_page
from derive.app.checked.words import told
from derive.diagnostics import Source, display_width
from derive.version import VERSION
from proofs.verdict import ORDER, PROVED
from tests import checked_reports

GOLDEN = Path(__file__).parent / "golden" / "check"
REPORTS = {name: make() for name, make in checked_reports.REPORTS.items()}
ALL = pytest.mark.parametrize("name", REPORTS)
STYLE = re.compile(r"<style>.*?</style>", re.DOTALL)


def as_json(report) -> str:
    return json.dumps(report_json(report), indent=1, ensure_ascii=False)


FORMS = {
    "txt": render_report,
    "verbose.txt": lambda report: render_report(report, verbose=True),
    "color.txt": lambda report: render_report(report, color=True),
    "json": as_json,
    "sarif.json": lambda report: sarif([sarif_part(report)]),
    "junit.xml": lambda report: junit([junit_part(report)]),
    "github.txt": github,
    "html": lambda report: STYLE.sub("", render_html(report)),
    "tex": lambda report: render_margin(report) or render_page(report),
}


@ALL
@pytest.mark.parametrize("form", FORMS)
def test_it_is_the_golden_one(name, form):
    made = FORMS[form](REPORTS[name]).replace(f"derive {VERSION}", "derive VERSION")
    made = made.replace(f'"version": "{VERSION}"', '"version": "VERSION"')
    path = GOLDEN / f"{name}.{form}"
    if os.environ.get("UPDATE_GOLDEN"):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(made.encode("utf-8"))
    assert made == path.read_bytes().decode("utf-8")


def test_every_golden_file_is_made():
    assert {p.name for p in GOLDEN.iterdir()} == {f"{n}.{f}" for n in REPORTS for f in FORMS}


# ------------------------------------------------------------------------------------- terminal


@ALL
def test_colour_changes_no_word_and_only_colour_is_sent(name):
    plain = render_report(REPORTS[name])
    coloured = render_report(REPORTS[name], color=True)
    assert coloured != plain
    assert re.sub(r"\x1b\[[0-9;]*m", "", coloured) == plain
    assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202e]", plain)


def test_what_is_wrong_is_told_in_the_order_of_the_document():
    text = render_report(REPORTS["hand"])
    lines = [int(n) for n in re.findall(r"hand\.tex:(\d+):", text)]
    assert lines == sorted(lines)
    assert text.count("error[") == 6
    assert "10 claims: 4 proved, 4 wrong, 1 of wrong shape, 1 unsettled" in text


def test_a_proof_with_conditions_is_told_and_one_without_is_counted():
    report = REPORTS["hand"]
    brief, long = render_report(report), render_report(report, verbose=True)
    assert r"provided that `\lambda \ne 0`" in brief
    assert "except where `b_i = 0`" in brief
    assert brief.count("proved:") == 2
    assert long.count("proved:") == 4


def test_a_student_is_not_told_words_of_the_trade():
    for report in REPORTS.values():
        text = render_report(report, verbose=True)
        assert not re.search("normal.form|fingerprint|kernel|ill-typed:|refuted:", text)


def test_the_numbers_of_a_counterexample_stand_in_columns():
    lines = render_report(REPORTS["hand"]).splitlines()
    at = next(k for k, line in enumerate(lines) if "W_3 = [" in line)
    assert lines[at].index("[") == lines[at + 1].index("[")
    assert lines[at].index("]") == lines[at + 1].index("]")
    assert "z = (1, -2)" in lines[at]
    assert "in entry 1, the true value is 4, what is written is 1" in lines[at + 2]


def test_a_carried_line_is_no_error_and_names_the_one_it_follows():
    (carried,) = (one for one in told(REPORTS["hand"]) if one.verdict == "carried")
    assert carried.severity == "note"
    assert carried.counterexample is None
    assert carried.headline.endswith("line 19")


LETTERS = st.text(st.sampled_from("ab{}\\ \t中文é\u0301𝐱=^\r\x1b"), max_size=60)


@given(before=LETTERS, inside=st.text(st.sampled_from("xy中"), min_size=1), after=LETTERS)
def test_marks_stand_under_what_they_mark(before, inside, after):
    source = Source("a.md", f"first\n{before}{inside}{after}\nlast")
    start = len("first\n") + len(before)
    (found,) = excerpts(source, (start, start + len(inside)))
    assert found.number == 2
    shown = found.text
    column = found.marks.index("^")
    assert set(found.marks) <= {" ", "^"}
    # The letters that stand over the marks are the marked ones.
    over, at = "", 0
    for letter in shown:
        if column <= at < len(found.marks) and display_width(letter):
            over += letter
        at += display_width(letter)
    assert over.rstrip("…").rstrip() == inside or inside.startswith(over.rstrip("…"))
    assert display_width(shown) <= WIDEST + 2


def test_a_piece_of_many_lines_is_marked_on_each_and_cut_short():
    text = "$$\n" + "".join(f"  a_{k} +\n" for k in range(9)) + "  b\n$$"
    found = excerpts(Source("a.md", text), (text.index("a_0"), text.index("b") + 1))
    assert [line.number for line in found] == [2, 3, 4, 0, 11]
    assert found[0].marks == "  ^^^^^"
    assert found[-1].marks == "  ^"


def test_what_is_missing_at_the_end_of_a_line_is_marked_behind_it():
    (found,) = excerpts(Source("a.tex", "a =\nb"), (3, 3))
    assert (found.text, found.marks) == ("a =", "   ^")


@pytest.mark.parametrize(
    ("text", "piece", "whole"),
    [
        (r"\frac{a}{b} c", r"\frac{a}{b", r"\frac{a}{b}"),
        (r"{x_{ij} } y", r"{x_{ij", r"{x_{ij} }"),
        (r"\{a\} b", r"\{a", r"\{a"),
        ("{a", "{a", "{a"),
    ],
)
def test_braces_that_a_piece_opens_are_closed(text, piece, whole):
    assert text[slice(*closed(text, (0, len(piece))))] == whole


@pytest.mark.parametrize(
    ("text", "spoken"),
    [
        ("3/2", "3/2"),
        ("[1.41, 1.42]", "between 1.41 and 1.42"),
        ("[1.4 +/- 1e-9]", "1.4 ± 1e-9"),
        (f"[-0.{'0' * 300}1, 0.{'0' * 300}1]", "between -1e-301 and 1e-301"),
        (f"{10**400 + 1}/{10**399}", "about 10.0000"),
        ("x" * 30 + "\x1b", "about xxxxxxxxxxxxxxxxxxxxxx …"),
        ("\x1b[31m", "\N{REPLACEMENT CHARACTER}[31m"),
    ],
)
def test_the_values_of_two_sides_are_spoken(text, spoken):
    assert spoken_number(text) == spoken


@pytest.mark.parametrize(
    ("text", "on_a_terminal"),
    [
        (r"$\mathbf{W}$ must be transposed", r"`\mathbf{W}` must be transposed"),
        ("shapes do not multiply: $(m×n)·(m×1)$", "shapes do not multiply: (m×n)·(m×1)"),
        (r"of shape $d_{model}×1$", r"of shape `d_{model}×1`"),
        ("write formulas between `$ .. $`", "write formulas between `$ .. $`"),
        ("$x$", "x"),
    ],
)
def test_formulas_stand_between_backquotes(text, on_a_terminal):
    assert said(text) == on_a_terminal


# ----------------------------------------------------------------------------------------- data


@ALL
def test_the_json_has_every_field_of_every_claim(name):
    report = REPORTS[name]
    made = json.loads(json.dumps(report_json(report)))
    assert list(made["counts"]) == list(ORDER)
    assert sum(made["counts"].values()) == len(made["claims"]) == len(report.claims)
    assert made["verdict"] == report.verdict
    fields = {
        "line", "column", "end_line", "end_column", "text", "links", "verdict", "by",
        "convention", "mistake", "message", "fix", "counterexample", "almost_everywhere",
        "conditions",
    }  # fmt: skip
    for claim, judged in zip(made["claims"], report.claims, strict=True):
        assert fields <= set(claim)
        assert claim["verdict"] == judged.verdict
        assert len(claim["links"]) == len(judged.links)
        for link in claim["links"]:
            assert fields - {"links", "convention"} <= set(link)
            assert (link["message"] == "") <= (link["verdict"] == PROVED)


def test_the_place_of_a_fix_holds_what_is_replaced():
    report = REPORTS["hand"]
    lines = report.source.text.splitlines()
    (link,) = report_json(report)["claims"][1]["links"]
    where = link["fix_at"]
    assert where["line"] == where["end_line"] == link["line"]
    replaced = lines[where["line"] - 1][where["column"] - 1 : where["end_column"] - 1]
    assert (replaced, link["fix"]) == (r"\W_3", r"\W_3^\top")
    assert link["counterexample"]["values"][r"\mathbf{W}_3"] == [["1", "0"], ["-3/2", "2"]]


def test_the_documentation_names_every_field():
    text = (Path(__file__).parent.parent / "docs" / "json.md").read_text(encoding="utf-8")
    section = text.split("## `check`")[1].split("\n## ")[0]
    named = set(re.findall(r"`(\w+)`", section))
    made = report_json(REPORTS["hand"])
    claim = made["claims"][1]
    assert set(made) | set(claim) | set(claim["links"][0]) <= named | {"claims"}
    assert set(claim["counterexample"]) <= named


# ------------------------------------------------------------------------------------- exchange


def test_sarif_is_as_the_standard_has_it():
    made = json.loads(sarif([sarif_part(report) for report in REPORTS.values()]))
    assert made["version"] == "2.1.0"
    assert set(made) == {"$schema", "version", "runs"}
    (run,) = made["runs"]
    assert set(run) == {"tool", "columnKind", "artifacts", "results"}
    driver = run["tool"]["driver"]
    assert (driver["name"], driver["version"]) == ("derive", VERSION)
    ids = [rule["id"] for rule in driver["rules"]]
    assert len(ids) == len(set(ids))
    for rule in driver["rules"]:
        assert set(rule) == {"id", "shortDescription", "help"}
        assert rule["help"]["text"]
        assert "http" not in rule["help"]["text"]
    for result in run["results"]:
        assert ids[result["ruleIndex"]] == result["ruleId"]
        assert result["level"] in ("error", "warning", "note")
        assert result["message"]["text"].strip()
        (location,) = result["locations"]
        region = location["physicalLocation"]["region"]
        assert region["startLine"] >= 1
        start = (region["startLine"], region["startColumn"])
        assert start <= (region["endLine"], region["endColumn"])
        uri = location["physicalLocation"]["artifactLocation"]["uri"]
        assert re.fullmatch(r"[\w/.~!$&'()*+,;=@%-]+", uri, re.ASCII)
        assert uri in {artifact["location"]["uri"] for artifact in run["artifacts"]}
        for fix in result.get("fixes", []):
            (change,) = fix["artifactChanges"]
            (replacement,) = change["replacements"]
            assert set(replacement) == {"deletedRegion", "insertedContent"}
    assert sum(r["level"] == "error" for r in run["results"]) == 15


def test_a_sarif_fix_can_be_applied():
    report = REPORTS["hand"]
    results = json.loads(sarif([sarif_part(report)]))["runs"][0]["results"]
    fixed = [r for r in results if r["ruleId"] == "factor-2"]
    (change,) = fixed[0]["fixes"][0]["artifactChanges"]
    region = change["replacements"][0]["deletedRegion"]
    start, length = region["charOffset"], region["charLength"]
    assert report.source.text[start : start + length].startswith(r"2\,\delta")


def test_junit_counts_what_it_lists():
    root = ElementTree.fromstring(junit([junit_part(r) for r in REPORTS.values()]))
    assert root.tag == "testsuites"
    suites = list(root)
    assert [suite.get("name") for suite in suites] == [r.source.file for r in REPORTS.values()]
    found = {"failures": "failure", "errors": "error", "skipped": "skipped"}
    for suite in [*suites, root]:
        cases = list(suite.iter("testcase"))
        assert int(suite.get("tests")) == len(cases)
        for count, tag in found.items():
            assert int(suite.get(count)) == len(list(suite.iter(tag)))
        names = [case.get("name") for case in cases]
        assert len(names) == len(set(names)) or suite is root
    assert int(root.get("failures")) == 12
    assert int(root.get("skipped")) == 4
    assert int(root.get("errors")) == 3


def test_github_annotations_cannot_be_forged():
    lines = github(REPORTS["hostile"]).splitlines()
    assert len(lines) == 2
    pattern = r"::(error|warning|notice) (\w+=[^,:]*,)*\w+=[^,:]*::.*"
    assert all(re.fullmatch(pattern, line) for line in lines)
    assert "50%25" in lines[0]
    assert "%0A::error::<b>" in lines[0]
    (place,) = re.findall(r"file=([^,]*),", lines[0])
    assert place == "a&b<c>'\"%2C%25%3A.md"


def test_github_columns_are_given_on_one_line_only():
    (line,) = (x for x in github(REPORTS["hand"]).splitlines() if "missing-mask" in x)
    assert "line=19,endLine=19,col=26,endColumn=44" in line
