r"""What is printed is what is read: LaTeX of any tree parses back to the written tree."""

import ast
import inspect
import xml.etree.ElementTree as ElementTree

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from derive.latex import print as latex_printer
from derive.latex import vocabulary
from derive.latex.print import latex
from derive.latex.read import read_formula
from derive.notation import ACCENTS, BIG, FENCES, GREEK, PRODUCTS, RELATIONS
from derive.notation import mathml as mathml_printer
from derive.notation import plain as plain_printer
from derive.notation.mathml import mathml
from derive.notation.plain import plain
from derive.notation.written import written
from derive.tree import Tree, name, num, tree

BASES = ("x", "W", "a", r"\alpha", r"\theta", r"\mathbf{x}", r"\mathbf{W}", r"\hat{\mathbf{h}}")
LETTERS = st.sampled_from([*BASES, r"\mathcal{L}", r"\bar{\mu}"]).map(name)
DIGITS = st.sampled_from(["0", "1", "2", "10", "0.01"]).map(num)
INDICES = st.sampled_from(["i", "j", "k", "t"]).map(name)
LABELS = INDICES.map(lambda index: tree("paren", index))
SUBSCRIPTS = INDICES | DIGITS | INDICES.map(lambda i: tree("sum", i, tree("neg", num(1))))
RELATION_SIGNS = st.sampled_from(["=", "<", ">=", "!=", "in"])


def rel(sign):
    return Tree("rel", (sign,))


@st.composite
def symbols(draw):
    """A base with what may hang on it: a subscript, a label."""
    base = draw(LETTERS)
    sub = draw(st.none() | SUBSCRIPTS)
    sup = draw(st.none() | LABELS)
    return base if sub is None and sup is None else Tree("script", (base, sub, sup))


def settled(inner):
    """Trees as a writer makes them; any kid may stand anywhere, brackets are the printer's care."""
    many = st.lists(inner, min_size=2, max_size=3)
    pair = st.tuples(inner, inner)
    return st.one_of(
        many.map(lambda kids: Tree("sum", tuple(kids))),
        many.map(lambda kids: Tree("product", tuple(kids))),
        many.map(lambda kids: Tree("hadamard", tuple(kids))),
        st.tuples(inner, st.sampled_from([r"\cdot", r"\odot", r"\circ"]), inner).map(
            lambda kids: tree("juxt", kids[0], tree("op", kids[1]), kids[2])
        ),
        inner.map(lambda kid: tree("neg", kid)),
        inner.map(lambda kid: tree("transpose", kid)),
        inner.map(lambda kid: tree("inverse", kid)),
        pair.map(lambda kids: tree("power", *kids)),
        pair.map(lambda kids: tree("frac", *kids)),
        inner.map(lambda kid: tree("sqrt", kid)),
        st.tuples(inner, LABELS).map(lambda kids: tree("label", *kids)),
        st.tuples(inner, st.lists(INDICES, min_size=1, max_size=2)).map(
            lambda kids: tree("index", kids[0], *kids[1])
        ),
        st.tuples(st.sampled_from(["norm", "abs", "paren", "bracket"]), inner).map(
            lambda kids: tree(*kids)
        ),
        st.tuples(st.sampled_from(["ReLU", "diag", "f", "exp"]).map(name), inner).map(
            lambda kids: tree("call", *kids)
        ),
        st.tuples(inner, symbols()).map(lambda kids: tree("deriv", *kids, "1")),
        st.tuples(symbols(), inner).map(lambda kids: tree("grad", *kids, "1")),
        st.tuples(inner, INDICES, symbols()).map(
            lambda kids: tree(
                "big", "sum", tree("chain", kids[1], rel("="), num(1)), kids[2], kids[0]
            )
        ),
    )


TREES = st.recursive(symbols() | DIGITS, settled, max_leaves=8)
CHAINS = st.tuples(TREES, RELATION_SIGNS, TREES).map(
    lambda parts: tree("chain", parts[0], rel(parts[1]), parts[2])
)
FEW = settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@FEW
@example(tree("product", tree("grad", tree("name", "x"), tree("num", "0"), "1"), tree("name", "x")))
@given(TREES | CHAINS)
def test_latex_reads_back(made):
    once = latex(made)
    (back,) = read_formula(once)
    assert back == written(made), once


@FEW
@given(TREES | CHAINS)
def test_written_is_stable(made):
    assert written(written(made)) == written(made)


@FEW
@given(TREES | CHAINS)
def test_mathml_is_one_well_formed_element_with_its_latex(made):
    root = ElementTree.fromstring(mathml(made))
    assert root.tag == "math"
    assert root.findtext("semantics/annotation") == latex(made)
    arity = {"msub": 2, "msup": 2, "mfrac": 2, "munder": 2, "mover": 2}
    arity |= {"msubsup": 3, "munderover": 3, "mroot": 2}
    for element in root.iter():
        if element.tag in arity:
            assert len(element) == arity[element.tag]


@FEW
@given(TREES | CHAINS)
def test_plain_is_ascii_with_paired_brackets(made):
    text = plain(made)
    assert text.isascii()
    assert text.count("(") == text.count(")")


x, y, z = (name(rf"\mathbf{{{letter}}}") for letter in "xyz")
W = name(r"\mathbf{W}_1")
LOSS = name(r"\mathcal{L}")
DIFFERENCE = tree("sum", z, tree("neg", y))
SAMPLE = tree("label", x, tree("paren", name("i")))


@pytest.mark.parametrize(
    ("made", "expected"),
    [
        (tree("deriv", LOSS, W, "1"), r"\frac{\partial \mathcal{L}}{\partial \mathbf{W}_1}"),
        (tree("transpose", SAMPLE), r"\mathbf{x}^{(i)\top}"),
        (tree("power", SAMPLE, num(2)), r"(\mathbf{x}^{(i)})^2"),
        (tree("transpose", tree("inverse", W)), r"\mathbf{W}_1^{-\top}"),
        (tree("transpose", DIFFERENCE), r"(\mathbf{z} - \mathbf{y})^\top"),
        (tree("index", name("a"), name("i"), name("j")), "a_{ij}"),
        (tree("index", W, name("i"), name("j")), r"(\mathbf{W}_1)_{ij}"),
        (
            tree("power", tree("script", tree("norm", DIFFERENCE), num(2), None), num(2)),
            r"\lVert \mathbf{z} - \mathbf{y} \rVert_2^2",
        ),
        (tree("product", x, num(3)), r"\mathbf{x} \cdot 3"),
        (tree("product", tree("neg", x), y), r"-\mathbf{x} \mathbf{y}"),
        (tree("neg", tree("sum", x, y)), r"-(\mathbf{x} + \mathbf{y})"),
        (
            tree("hadamard", x, tree("product", tree("transpose", W), z)),
            r"\mathbf{x} \odot (\mathbf{W}_1^\top \mathbf{z})",
        ),
        (
            tree("product", W, tree("call", name("ReLU"), x)),
            r"\mathbf{W}_1 \operatorname{ReLU}(\mathbf{x})",
        ),
        (tree("apply", name("log"), x), r"\log \mathbf{x}"),
        # \max and \dots are macros: TeX refuses them as a bare script.
        (tree("script", name(r"\sigma"), name("max"), None), r"\sigma_{\max}"),
        (tree("script", x, name(r"\theta"), name(r"\star")), r"\mathbf{x}_\theta^\star"),
        (tree("script", x, tree("dots"), None), r"\mathbf{x}_{\dots}"),
        (tree("abs", tree("abs", x)), r"\lvert (\lvert \mathbf{x} \rvert) \rvert"),
        (tree("prime", tree("script", name("f"), num(1), None), "1"), "f_1'"),
        (
            tree("paren", tree("frac", num(1), num(2))),
            r"\left( \frac{1}{2} \right)",
        ),
        (
            tree("script", tree("script", x, None, num(2)), None, name(r"\top")),
            r"{\mathbf{x}^2}^\top",
        ),
    ],
)
def test_the_hand_of_a_careful_author(made, expected):
    assert latex(made) == expected


def test_minus_one_over_m_sum():
    below = tree("chain", name("i"), rel("="), num(1))
    total = tree("big", "sum", below, name("m"), name(r"\mathcal{L}^{(i)}"))
    made = tree("neg", tree("product", tree("frac", num(1), name("m")), total))
    assert latex(made) == r"-\frac{1}{m} \sum_{i=1}^{m} \mathcal{L}^{(i)}"


def test_spelling_is_the_documents():
    made = tree("transpose", tree("script", x, num(1), None))
    assert latex(made, {r"\mathbf{x}": r"\bm{x}"}) == r"\bm{x}_1^\top"
    called = tree("product", W, tree("call", name("relu"), x))
    spelled = latex(called, {"relu": r"\text{relu}"})
    assert spelled == r"\mathbf{W}_1 \, \text{relu}(\mathbf{x})"


def test_plain_spells_the_exported_names():
    condition = tree("chain", name(r"\mathbf{b}"), rel(">"), num(0))
    mask = tree("call", name(r"\mathbb{I}"), condition)
    inner = tree("product", tree("transpose", name(r"\mathbf{W}_3")), DIFFERENCE)
    made = tree("product", tree("hadamard", mask, inner), tree("transpose", x))
    assert plain(made) == "(1[b > 0] * (W_3^T (z - y))) x^T"


def test_every_sign_of_the_reader_has_a_row():
    assert set(vocabulary.RELATIONS.values()) <= set(RELATIONS)
    assert set(vocabulary.MULTIPLICATIONS.values()) <= set(PRODUCTS)
    assert set(vocabulary.BIG_COMMANDS.values()) | vocabulary.BINDING_WORDS <= set(BIG)


def test_every_row_of_the_table_is_read_back_as_itself():
    x, y = name("x"), name("y")
    # An arrow of implication stands between two formulas, as a word does.
    made = [tree("chain", x, rel(key), y) for key in RELATIONS if key not in ("=>", "<=>")]
    made += [tree("juxt", x, tree("op", key), y) for key in PRODUCTS if key != "/"]
    made += [tree("juxt", name(f"\\{word}"), x) for word in GREEK]
    made += [name(rf"\{word}{{x}}") for word, row in ACCENTS.items() if not row.wide]
    for one in made:
        assert read_formula(latex(one)) == (one,), latex(one)


@pytest.mark.parametrize(
    "source",
    [
        r"f'(x)^2 + g_1'(x) = \sqrt[3]{x^{(i)}}",
        r"f(z) = \begin{cases} 1 & \text{if } z \ge 0 \\ -1 & \text{otherwise} \end{cases}",
        r"\mathbb{E}[v_t] \leq \max_{1 \le k \le p} \sum_{j=1}^{m} |A_{kj}|",
        r"\frac{\partial^2 L}{\partial x_1 \partial y} = \frac{\partial^2 L}{\partial x^2}",
        r"p(y \mid x) = \binom{n}{k} p^k (1-p)^{n-k}",
        r"x \in [0, 1)",
        r"\frac{\partial}{\partial x} (x^2 + 1) \Big|_{x=0} = 0",
        r"A = \begin{bmatrix} a & b \\ c & d \end{bmatrix}, n!",
        r"\widehat{AB} \otimes C \oplus D",
        r"\tilde{\mathcal{L}}(\theta; \mathbf{X}, \mathbf{y}) \to 0",
        r"w^{*T} x \pm \epsilon, \quad \nabla_\theta L(\theta_{t-1} + \alpha v)",
    ],
)
def test_notation_that_people_write_survives(source):
    trees = read_formula(source)
    for made in trees:
        assert read_formula(latex(made)) == (made,), latex(made)
        ElementTree.fromstring(mathml(made))
        assert plain(made).isascii()


def test_a_long_sum_takes_time_in_proportion():
    terms = 5_000
    made = Tree("sum", tuple(tree("product", W, name("x")) for _ in range(terms)))
    assert latex(made).count("+") == terms - 1
    assert mathml(made).count(">+<") == terms - 1
    assert plain(made).count("+") == terms - 1


def _heads(module) -> set[str]:
    cases = [n for n in ast.walk(ast.parse(inspect.getsource(module))) if type(n) is ast.MatchValue]
    return {case.value.value for case in cases if isinstance(case.value, ast.Constant)}


def test_what_one_printer_writes_all_do():
    """A head that only LaTeX knows would break the page on which it stands."""
    known = latex_printer.HEADS.keys() - FENCES.keys()
    assert known <= _heads(mathml_printer)
    # those of a page with verdicts are never said in plain words
    assert known - {"open", "close", "marked"} <= _heads(plain_printer)
    assert "differential" in known
