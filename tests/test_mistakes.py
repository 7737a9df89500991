"""Named mistakes: the rows show themselves, and what is planted is what is named."""

import re
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from time import thread_time

import pytest

from derive.diagnostics import Source
from derive.elaborate.claims.claiming import read_claims
from derive.elaborate.claims.claims import Claims
from derive.elaborate.faults import Fault, Silent
from derive.elaborate.values import Value
from derive.kernel.expr import Expr
from derive.latex.print import latex
from derive.latex.read import read_formula, read_formulas
from derive.tree import Tree, name, num
from proofs.mistakes import (
    MISTAKES,
    Example,
    Named,
    Slope,
    Surroundings,
    Symbol,
    Term,
    name_left,
    name_mistake,
)
from proofs.mistakes.examples import LAYERS, QUADRATIC, SAMPLES, UNIT
from proofs.mistakes.probe import Probe
from proofs.mistakes.quick import Quick
from proofs.mistakes.search import braced
from proofs.mistakes.surgery import flat, grouped, parts
from proofs.mistakes.surroundings import other_lefts, spellings, surroundings
from tests.mistaken_lines import DOCUMENTS, Lines, printed, spoiled

PATIENT = 60.0  # seconds: a busy machine must not change what is named


@dataclass
class Desk:
    """A document and the means to judge a side of one of its lines."""

    claims: Claims
    context: Surroundings

    @classmethod
    def of(cls, text: str) -> "Desk":
        claims = read_claims(Source("", text))
        assert not claims.diagnostics
        return cls(claims, surroundings(claims))

    def value(self, tree: Tree, letters: frozenset[str] = frozenset()) -> Expr | None:
        try:
            value = self.claims.value(tree, letters)
        except (Fault, Silent):
            return None
        return None if value.row else self.claims.arrays([value])[0]

    def part(self, tree: Tree, letters: frozenset[str]) -> Value | None:
        try:
            return self.claims.value(tree, letters)
        except (Fault, Silent):
            return None

    def named(self, wrong: str, truth: Tree, left: str = "", sieve: bool = True) -> Named | None:
        side = tree_of(wrong)
        letters = self.claims.letters([side, truth])
        value = self.value(truth, letters)
        assert value is not None
        probe = Probe(value, self.claims.facts())
        return name_mistake(
            side, self.context,
            value_of=lambda tree: self.value(tree, letters),
            agrees=probe.agrees,
            proves=probe.agrees,
            axes=value.axes,
            probe=probe if sieve else None,
            quick=Quick(probe, lambda tree: self.part(tree, letters), sorted(letters)),
            letters=sorted(letters),
            source=wrong,
            banned=spellings(tree_of(left), self.claims) if left else (),
            longest=PATIENT,
        )  # fmt: skip

    def true(self, side: Tree, truth: Tree) -> bool:
        letters = self.claims.letters([side, truth])
        value, right = self.value(side, letters), self.value(truth, letters)
        assert right is not None
        return value is not None and Probe(right, self.claims.facts()).agrees(value)


def tree_of(text: str) -> Tree:
    (tree,) = read_formula(text)
    return tree


def with_line(given: str, left: str, right: str) -> str:
    return f"{given}\n$${left or '0'} = {right}$$"


# ------------------------------------------------------------------------------------- the rows

EXAMPLES = [(code, example) for code, row in MISTAKES.items() for example in row.examples]


@pytest.mark.parametrize("code", MISTAKES)
def test_a_row_explains_itself(code: str):
    row = MISTAKES[code]
    lines = row.explanation.splitlines()
    assert re.fullmatch(r"[a-z]+(-[a-z]+)*", code)
    assert row.code == code
    assert 5 <= len(lines) <= 18
    assert all(len(line) <= 100 for line in lines)
    for word in ("wrong ", "right ", "How to see it:"):
        assert word in row.explanation
    assert row.summary == lines[0].rstrip(".")
    assert row.examples or code in ("layout-flip", "held-constant")


@pytest.mark.parametrize(("code", "example"), EXAMPLES)
def test_the_examples_of_a_row_are_named_by_it(code: str, example: Example):
    desk = Desk.of(with_line(example.given, example.left, example.wrong))
    right = tree_of(example.right)
    assert desk.true(right, right)
    if code == "wrong-left-side":
        assert_left(desk, example)
        return
    assert not desk.true(tree_of(example.wrong), right)
    found = desk.named(example.wrong, right, example.left)
    assert found is not None
    assert found.code == code
    assert desk.true(tree_of(found.fix.line), right)


def assert_left(desk: Desk, example: Example) -> None:
    value = desk.value(tree_of(example.right))
    assert value is not None
    others = [(left, desk.value(left)) for left in other_lefts(tree_of(example.left), desk.context)]
    found = name_left(
        tree_of(example.left), desk.context,
        [(left, expr) for left, expr in others if expr is not None], Probe(value).agrees,
    )  # fmt: skip
    assert found is not None
    assert found.code == "wrong-left-side"
    assert found.fix.latex == r"\nabla_{\mathbf{W}_2} L"


# ---------------------------------------------------------------------------------- what is planted


def planted(document: Lines):
    """Every mistake that makes a line of this document false, with the line."""
    deltas = r"\\delta_(?:\{[^{}]*(?:\{\w\})?[^{}]*\}|\w)"
    names = tuple(dict.fromkeys(d for line in document.lines for s in line
                                for d in re.findall(deltas, s)))  # fmt: skip
    for left, right in document.lines:
        for mistake in spoiled(right, left, names, document.given):
            yield left, mistake


@pytest.fixture(scope="module")
def tally() -> dict[str, list[int]]:
    return {}


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda d: d.name)
def test_planted_mistakes_are_named(document: Lines, tally: dict[str, list[int]]):
    lines = "\n".join(f"$${left} = {printed(right)}$$" for left, right in document.lines)
    desk = Desk.of(f"{document.given}\n{lines}")
    for left, right in document.lines:
        assert desk.true(tree_of(printed(right)), tree_of(left)), (left, right)
    for left, mistake in planted(document):
        truth = tree_of(left)
        if desk.true(tree_of(mistake.wrong), truth):
            continue  # no mistake: the transpose of a number, a sum that commutes
        found = desk.named(mistake.wrong, truth, left)
        seen = tally.setdefault(document.name, [0, 0])
        seen[0] += 1
        if found is None:
            continue
        seen[1] += 1
        assert found.code == mistake.code, (left, mistake, found.fix)
        assert desk.true(tree_of(found.fix.line), truth)
        # What the fix says is to be written there, word for word.
        start, end = found.fix.span
        mended = mistake.wrong[:start] + " " + found.fix.latex + " " + mistake.wrong[end:]
        assert desk.true(tree_of(mended), truth), (mistake.wrong, mended)
        assert start <= found.span[0] <= found.span[1] <= end
        assert found.says
        assert "{}" not in found.says


def test_the_share_that_is_named(tally: dict[str, list[int]]):
    if len(tally) < len(DOCUMENTS):
        pytest.skip("only together with the planted mistakes of every document")
    made, named = (sum(seen[k] for seen in tally.values()) for k in (0, 1))
    assert len(tally) >= 12
    assert made >= 400
    assert named >= 0.96 * made


# ------------------------------------------------------------------------------ how it is searched


@pytest.mark.parametrize(
    ("given", "wrong", "right"),
    [
        (LAYERS, r"\mathbf{W}_2 \delta_{\mathbf{z}_2}", r"\mathbf{W}_2^\top \delta_{\mathbf{z}_2}"),
        (UNIT, r"2(y - s)", r"2(s - y)"),
        (SAMPLES, r"2 X^\top r", r"\frac{2}{m} X^\top r"),
        (QUADRATIC, r"(\mathbf{A}^{-1} + \mathbf{A}) \mathbf{x}",
         r"(\mathbf{A}^\top + \mathbf{A}) \mathbf{x}"),
        (UNIT, r"2(s - y)(1 - a) x", r"2(s - y)(1 - a^2) x"),
    ],
)  # fmt: skip
def test_the_sieve_changes_nothing(given: str, wrong: str, right: str):
    desk = Desk.of(with_line(given, "", wrong))
    quick, slow = (desk.named(wrong, tree_of(right), sieve=sieve) for sieve in (True, False))
    assert quick is not None
    assert slow is not None
    assert (quick.code, quick.fix) == (slow.code, slow.fix)


def test_what_stands_on_the_left_is_not_written_on_the_right():
    left = r"\delta_{\mathbf{z}_1}"
    desk = Desk.of(with_line(LAYERS, left, r"\delta_{\mathbf{h}_1}"))
    found = desk.named(r"\delta_{\mathbf{h}_1}", tree_of(left), left)
    assert found is not None
    assert found.code == "missing-mask"
    # b_1 is behind z_1: its gradient is no answer either
    assert "mathbf{b}" not in found.fix.latex
    # for the gradient in b_1, that of z_1 is one
    left = r"\nabla_{\mathbf{b}_1} L"
    found = desk.named(r"\delta_{\mathbf{h}_1}", tree_of(left), left)
    assert found is not None
    assert (found.code, found.fix.latex) == ("wrong-delta", r"\delta_{\mathbf{z}_1}")


def test_no_cause_is_said_without_a_proof():
    desk = Desk.of(with_line(UNIT, r"\frac{\partial L}{\partial s}", "s - y"))
    side, truth = tree_of("s - y"), desk.value(tree_of("2(s - y)"))
    assert truth is not None
    probe = Probe(truth)
    found = name_mistake(
        side, desk.context, value_of=desk.value, agrees=probe.agrees, proves=lambda made: False,
        axes=truth.axes, probe=probe, longest=PATIENT,
    )  # fmt: skip
    assert found is None


@pytest.mark.parametrize(
    ("given", "wrong", "left"),
    [
        (UNIT, r"\tanh(x) + y", r"\frac{\partial L}{\partial w}"),
        (LAYERS, r"\mathbf{t} + \mathbf{z}_2 \odot \mathbf{z}_2", r"\delta_{\mathbf{z}_2}"),
        (QUADRATIC, r"\mathbf{b} - 3\mathbf{x}", r"\nabla_{\mathbf{x}} L"),
    ],
)
def test_what_is_wrong_all_over_has_no_name(given: str, wrong: str, left: str):
    desk = Desk.of(with_line(given, left, wrong))
    assert desk.named(wrong, tree_of(left), left) is None


def test_a_line_whose_truth_is_zero_has_no_name():
    desk = Desk.of(with_line(UNIT, r"\frac{\partial w}{\partial x}", "w"))
    assert desk.named("w", tree_of(r"\frac{\partial w}{\partial x}")) is None


def test_the_time_limit_is_kept():
    desk = Desk.of(with_line(UNIT, "L", "s"))
    truth = desk.value(tree_of("L"))
    assert truth is not None
    asked: list[Tree] = []

    def value_of(tree: Tree) -> Expr | None:
        asked.append(tree)
        return desk.value(tree)

    name_mistake(tree_of("s"), desk.context, value_of=value_of, agrees=lambda made: False,
                 proves=lambda made: False, longest=0.0)  # fmt: skip
    assert len(asked) == 1


# --------------------------------------------------------------------------------- the instruments


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda d: d.name)
def test_a_side_comes_back_from_its_parts(document: Lines):
    for _, right in document.lines:
        side = tree_of(printed(right))
        whole = grouped(side, frozenset())
        assert flat(whole) == side
        cut = list(parts(whole))
        assert cut[0].tree is whole
        for part in cut:
            # A segment with a sign in it is put in brackets: it is one factor then.
            if part.kind != "segment":
                assert flat(part.put(part.tree)) == side, latex(flat(part.tree))


@pytest.mark.parametrize(
    ("source", "cut", "whole"),
    [
        (r"a \frac{u}{v} b", r"\frac{u}{v", r"\frac{u}{v}"),
        (r"{x^{(i)}}^T y", r"x^{(i)}}^T", r"{x^{(i)}}^T"),
        (r"\{ x_i - t", r"\{ x_i", r"\{ x_i"),
        (r"x_{1} + y", "x_{1}", "x_{1}"),
        (r"\frac{u + 1}{v}", "u + 1}", "u + 1"),
    ],
)
def test_a_span_has_the_braces_that_it_cuts(source: str, cut: str, whole: str):
    start = source.index(cut)
    begin, end = braced(source, (start, start + len(cut)))
    assert source[begin:end] == whole


def book() -> list[Path]:
    return sorted(
        p for p in (Path(__file__).parent / "book").iterdir() if p.suffix in (".tex", ".md")
    )


@pytest.mark.parametrize("path", book(), ids=lambda p: p.name)
def test_every_edit_of_what_people_write_can_be_written(path: Path):
    """Whatever stands in a document is cut into parts, and every edit of it is a formula again."""
    symbols = (Symbol(name("x"), "variable", 1), Symbol(tree_of(r"\delta_z"), "delta", 1, "z"))
    slope = Slope(grouped(tree_of(r"\mathbb{I}(z > 0)"), frozenset()), True, 1)
    context = Surroundings(symbols, (slope,), (Term(tree_of("2 x")),), (name("m"),), letters=("i",))
    source = Source(path.name, path.read_text(encoding="utf-8"))
    sides = {
        side for row in read_formulas(source).rows for item in row.items if item.head == "chain"
        for side in item.kids[2::2] if side is not None
    }  # fmt: skip
    for side in sorted(sides, key=str)[::4]:
        made = [found for row in MISTAKES.values() for found in row.edits(side, context)]
        for found in made[:: 1 + len(made) // 40]:
            assert latex(found.new)
            assert latex(found.whole)
            assert not any(node.head == "app" for node in found.whole.subtrees())
            assert "{}" not in found.says({})


def test_a_long_line_is_given_up_in_time():
    side = " + ".join(rf"x_{{{k}}} y_{{{k}}} z" for k in range(300))
    desk = Desk.of(with_line(UNIT, "L", "s"))
    truth = desk.value(tree_of("L"))
    assert truth is not None
    started = thread_time()
    found = name_mistake(
        tree_of(side), desk.context, value_of=lambda tree: truth, agrees=lambda made: False,
        proves=lambda made: False, longest=0.2,
    )  # fmt: skip
    assert found is None
    assert thread_time() - started < 3.0


def test_a_ratio_is_read_off():
    desk = Desk.of(with_line(UNIT, "L", "s"))
    two, one, other = (desk.value(tree_of(t)) for t in ("2(s - y)", "3(s - y)", "s + y"))
    assert two is not None
    assert one is not None
    assert other is not None
    assert Probe(two).ratio(one) == Fraction(2, 3)
    assert Probe(two).ratio(other) is None


def test_the_author_s_hand_is_followed():
    text = r"""$x \in \mathbb{R}^n$, $W \in \mathbb{R}^{m \times n}$, $t \in \mathbb{R}^m$,
    $z = W x$, $a = \mathrm{ReLU}(z)$, $L = \frac12 \|a - t\|^2$,
    $$\nabla_z L = \mathbf{1}[z > 0] \odot \nabla_a L, \quad \nabla_x L = W^T \nabla_z L$$"""
    context = Desk.of(text).context
    assert context.transpose == name("T")
    (mask,) = [slope.tree for slope in context.slopes if slope.mask]
    assert latex(flat(mask)) == r"\mathbf{1}[z > 0]"
    deltas = {latex(s.tree) for s in context.symbols if s.kind == "delta"}
    assert {r"\nabla_z L", r"\nabla_a L", r"\nabla_W L", r"\nabla_x L"} == deltas
    assert num(2) not in {symbol.tree for symbol in context.symbols}
