"""Counts: formulas against counting one by one; words that are understood, and that are not."""

from itertools import product
from pathlib import Path

import numpy as np
import pytest

import derive as d
from derive.counting.answers import counted
from derive.counting.equations import Problems
from derive.counting.text import sentences
from derive.diagnostics import DeriveError, Source
from derive.kernel.sizes import latex
from derive.latex.read import read_formula
from derive.latex.segment import segment
from proofs.check import check_source

CONV = r"A conv layer has $5$ filters of size $3\times3$ on an RGB image of size $32\times32$, "


def found(text: str):
    return counted(segment(Source("", text + " $x$")))


def values(text: str) -> list:
    return [one.value for one in found(text) if one.asks]


# ---------------------------------------------------------------------------------- one by one


@pytest.mark.parametrize(
    ("n", "k", "s", "p"), list(product((5, 8, 9), (1, 2, 3), (1, 2, 3), (0, 1)))
)
def test_the_output_size_is_the_number_of_places(n: int, k: int, s: int, p: int) -> None:
    places = [i for i in range(-p, n + p - k + 1) if (i + p) % s == 0]
    assert d.output_size(n, k, s, p) == len(places)


def test_the_parameters_of_a_convolution_are_the_entries_of_its_arrays() -> None:
    for filters, channels, k in product((1, 4), (1, 3), (2, 3)):
        weights, biases = np.zeros((filters, channels, k, k)), np.zeros(filters)
        assert d.conv_parameters(filters, channels, k) == weights.size + biases.size
        assert d.conv_parameters(filters, channels, k, bias=False) == weights.size


@pytest.mark.parametrize(
    "layers",
    [[(3, 1)] * 3, [(7, 1), (3, 1)], [(3, 2), (3, 2)], [(3, 1, 2), (2, 2), (3, 1)], [(1, 1)]],
)
def test_the_receptive_field_is_what_an_output_sees(layers: list[tuple[int, ...]]) -> None:
    n = 64
    seen = np.eye(n, dtype=bool)
    for k, s, *rest in layers:
        step = rest[0] if rest else 1
        places = range(0, len(seen) - step * (k - 1), s)
        seen = np.array([np.any([seen[i + step * j] for j in range(k)], axis=0) for i in places])
    assert d.receptive_field(layers) == seen[0].sum()


def test_multiply_adds_are_counted_one_by_one() -> None:
    h, w, c, k, f, s = 6, 5, 2, 3, 4, 2
    count = 0
    for _ in range(0, h - k + 1, s):
        for _ in range(0, w - k + 1, s):
            count += f * k * k * c
    assert d.conv_multiply_adds((h, w, c), f, k, stride=s) == count


def test_sizes_that_fit_are_all_of_them() -> None:
    for at in d.solve_sizes(4, n=9):
        assert d.output_size(at["n"], at["k"], at["stride"], at["padding"]) == 4
    wanted = {
        (k, s, p) for k in range(1, 10) for s in range(1, 10) for p in range(k)
        if 9 + 2 * p >= k and (9 + 2 * p - k) // s + 1 == 4
    }  # fmt: skip
    got = {(a["k"], a["stride"], a["padding"]) for a in d.solve_sizes(4, n=9)}
    assert {t for t in got if t[0] < 10} == wanted
    assert [a["n"] for a in d.solve_sizes(4, k=3, stride=2, padding=1)] == [7, 8]
    with pytest.raises(ValueError, match="all the others"):
        d.solve_sizes(4, k=3)


def test_symbolic_counts() -> None:
    n, h, m = d.sizes("n h m")
    assert d.dense_parameters(n, h) + d.dense_parameters(h, m) == h * (n + m + 1) + m
    assert d.norm_parameters(n) == 2 * n


# ------------------------------------------------------------------------------------------ words


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (CONV + "stride 1, padding 1, with bias. How many parameters does it have?", [140]),
        (CONV + "without bias. How many parameters does it have?", [135]),
        (CONV + "stride 1 and padding 1. What is the output size?", [(32, 32, 5)]),
        (CONV + "stride 2. Find the size of the output.", [(15, 15, 5)]),
        (CONV + "same padding. What is the output size?", [(32, 32, 5)]),
        (CONV + "with no padding. How many multiply-adds does it take?", [30 * 30 * 5 * 27]),
        ("A dense layer with 10 outputs on 784 inputs. How many parameters are there?", [7850]),
        (r"A fully connected layer maps a 32x32x3 image to 500 outputs. How many parameters does "
         "it have?", [1536500]),
        (r"Three conv layers: a $3\times3$ conv with stride 1, then a $3\times3$ conv with stride "
         r"1, then a $3\times3$ conv with stride 1. What is the receptive field?", [7]),
        ("1000 samples, a batch size of 32. How many updates are there per epoch?", [32]),
        ("With $10$-fold cross-validation, how many models are trained?", [10]),
        (r"An MLP $784 \to 100 \to 10$ with biases. How many parameters does it have?", [79510]),
        ("A batch norm layer on 64 channels. How many learnable parameters does it have?", [128]),
        (CONV + "padding 1. What is the number of parameters and the output size?",
         [140, (32, 32, 5)]),
        (CONV + "stride 2. Output volume? Parameters?", [(15, 15, 5), 140]),
        (CONV + "stride 1. How many parameters and multiplications does it need, without biases?",
         [135, 30 * 30 * 5 * 27]),
        (CONV + "stride 1. How many weights (without biases) and how many biases are there?",
         [135, 5]),
        (CONV + "without bias. How many biases does it have?", [0]),
        (CONV + "stride 1. How many parameters with biases and how many parameters without biases?",
         [140, 135]),
        (CONV + "stride 1. Find the output size, the number of parameters and the receptive field.",
         [(30, 30, 5), 140, 3]),
        (CONV + "How many weights and biases does it have?", [140]),
        (CONV + "stride 1. How many parameters are there with and without bias?", [140, 135]),
        (CONV + "stride 1. Find the output volume size, number of parameters, and number of "
         "multiplications.", [(30, 30, 5), 140, 30 * 30 * 5 * 27]),
        (CONV + "stride 1. Determine (i) the number of parameters, (ii) the output size.",
         [140, (30, 30, 5)]),
        (CONV + "stride 1. Determine: the number of parameters; the output size; the receptive "
         "field.", [140, (30, 30, 5), 3]),
        (CONV + "stride 1. Give its output size and parameter count.", [(30, 30, 5), 140]),
        (CONV + "stride 1. Weights? Biases?", [135, 5]),
        ("The weights of a dense layer with 1000 inputs and 10 outputs are stored in float16. How "
         "many bytes do they need?", [20000]),
        (CONV + "How many parameters and how many gates does it have?", [140, None]),
        (CONV + "stride 1. How many weights (without biases) does it have? How many parameters?",
         [135, 140]),
        ("Ignore biases in this exercise. A dense layer has 10 inputs and 5 outputs. How many "
         "parameters does it have? A dense layer has 20 inputs and 5 outputs. How many parameters "
         "does it have?", [50, 100]),
        ("How many parameters does a dense layer with 10 inputs, 5 outputs and biases have?", [55]),
        ("A network has an input layer with 4 neurons, one hidden layer with 5 neurons and 3 "
         "output neurons. How many weights and how many biases are there?", [35, 8]),
        ("A dense layer has 4096 inputs and 4096 outputs. How many weights does it have? How much "
         "memory do they need in 32-bit floats?", [2**24, 2**26]),
    ],
)  # fmt: skip
def test_words_of_courses(text: str, expected: list) -> None:
    assert values(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "We use 140 parameters of the previous network, which has more than 3 layers.",
        "The network has about 140 parameters.",
        "A model with 7B parameters is large.",
        "The weights are shared. How many roads must a man walk down?",
        "A depthwise conv layer has 5 filters of size 3x3. How many parameters does it have?",
        "A conv layer with 4 groups and 5 filters of size 3x3. How many parameters does it have?",
        "The parameters are initialised as in the paper. What is the learning rate?",
        "The batch norm layer has parameters that are learned.",
        "If the layer had 140 parameters it would be small.",
        "An epoch is one pass over the data.",
        "The size of the output is discussed below.",
        "We fit 5 models. The k-fold procedure is standard.",
        "Consider the loss with 2 parameters. What is its gradient?",
    ],
)  # fmt: skip
def test_other_prose_claims_and_asks_nothing(text: str) -> None:
    assert [one for one in found(text) if one.value is not None or not one.asks] == []


def test_what_is_asked_beside_and_not_understood_is_said() -> None:
    one, other = found(CONV + "How many parameters and connections does the layer have?")
    assert one.value == 140
    assert other.missing == "the text does not say what counts as a connection"


def test_a_letter_that_is_sought_is_one_of_the_sizes() -> None:
    text = "A filter of size $F$ with stride $S=2$ and no padding maps an input of size 11 to an "
    (one,) = found(text + "output of size 5. What is $F$?")
    assert (one.kind, one.result) == ("kernel", r"2,\ 3")
    assert found("An image of width 10 is blurred. What is $F$?") == []


def test_a_size_of_heads_is_no_loss() -> None:
    text = (
        r"Multi-head attention with $h=8$ heads, $d_{model} = 512$, $d_k = d_v = 64$, no biases. "
    )
    network = d.read(text + "How many parameters does it have?")
    assert [one.value for one in network.counts] == [4 * 512**2]
    assert network.root is None


def test_what_is_not_said_is_asked_back() -> None:
    text = r"A conv layer has 5 filters on an RGB image. How many parameters does it have? $x$"
    with pytest.raises(DeriveError, match="does not say the size of the filters"):
        d.read(text)
    (one,) = found("The data are in batches of size 32. How many iterations are there per epoch?")
    assert one.missing == "the text does not say how many samples there are"


@pytest.mark.parametrize(
    ("claim", "slip"),
    [
        ("135", "the biases are forgotten"),
        ("50", "the channels of the input are forgotten: a filter is as deep as it"),
        ("28", "this is one filter"),
        ("136", "each filter has a bias of its own"),
        ("141", ""),
    ],
)
def test_a_wrong_claim_says_what_was_forgotten(claim: str, slip: str) -> None:
    (one,) = found(CONV + f"with bias. The layer has {claim} parameters.")
    assert not one.right
    assert one.slip == slip


def test_the_words_keep_their_places() -> None:
    text = CONV + "with bias. The layer has 140 parameters. $x$"
    report = check_source(Source("", text))
    (claim,) = report.claims
    assert text[slice(*claim.span)] == "The layer has 140 parameters"
    for sentence in sentences(segment(Source("", text))):
        assert all(0 <= place < len(text) for place in sentence.places)
        assert list(sentence.places) == sorted(sentence.places)


# --------------------------------------------------------------------------------------- formulas


def answers(text: str) -> list[tuple[str, str]]:
    return [
        (one.left, one.missing or one.result)
        for one in Problems.of(read_formula(text), False).answers
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (r"\frac{32 - F}{1} + 1 = 26,\ F = ?", "7"),
        (r"\lfloor \frac{32 - F}{2} \rfloor + 1 = 15, F = ?", r"3,\ 4"),
        (r"26 = \frac{N - 7 + 2P}{S} + 1, N = 32, P = 0, S = ?", "1"),
        (r"(n + 1) h + (h + 1) m = 79510, n = 784, m = 10, h = ?", "100"),
        (r"(n + 1) h + (h + 1) m \le 10000, n = 784, m = 10, h = ?", "12"),
        (r"\frac{10 - F}{2} + 1 = 3, (F, S) = ?", None),
        (r"h^2 = 2, h = ?", "no whole number fits with $1 \\le h \\le 2$"),
        (r"2 F + 1 = 10, F = ?", r"no whole number fits: the equation gives $F = \frac{9}{2}$"),
        (r"\left\lfloor\frac{W-1}{2}\right\rfloor + 1 = 112, W = ?", r"223,\ 224"),
        (r"\lfloor (W - 3 + 2\cdot 1)/2 \rfloor + 1 = 112, W = ?", r"223,\ 224"),
        (r"\lceil \frac{W}{4} \rceil = 56, W = ?", r"221,\ 222,\ 223,\ 224"),
        (r"\lfloor W/2 \rfloor + \lfloor W/3 \rfloor = 1000, W = ?", r"1200,\ 1201"),
        (r"2 \lfloor \frac{W - 5}{10} \rfloor = 301, W = ?",
         r"no whole number fits with $1 \le W \le 3084$"),
        (r"N = 32, F = 5, \lfloor \frac{N - F}{2} \rfloor + 1 = ?", "14"),
    ],
)  # fmt: skip
def test_equations(text: str, expected: str | None) -> None:
    assert [result for _, result in answers(text)] == ([] if expected is None else [expected])


def test_a_large_power_is_left_alone() -> None:
    assert answers(r"9^{9^{9^{9}}} = ?") == []
    assert answers(r"\frac{1}{0} + 1 = ?") == []


# -------------------------------------------------------------------- questions, counted by hand


def _questions() -> list[tuple[str, str]]:
    text = (Path(__file__).parent / "counted.txt").read_text(encoding="utf-8")
    blocks = [block.split("\n= ") for block in text.split("\n\n") if "\n= " in block]
    return [(question, answer.strip()) for question, answer in blocks]


@pytest.mark.parametrize(("question", "answer"), _questions())
def test_questions_of_courses(question: str, answer: str) -> None:
    given = [one for one in found(question) if one.asks and not one.missing]
    shown = [
        "x".join(map(latex, one.value)) if isinstance(one.value, tuple) else latex(one.value)
        for one in given if one.value is not None
    ]  # fmt: skip
    assert shown == ([] if answer == "-" else [answer])


DEEP = "A conv layer with ten 5x5 filters, stride 1 and padding 2 acts on a 32x32x3 volume. "
CELL = "An LSTM has 32 inputs and 64 hidden units. "


@pytest.mark.parametrize(
    ("text", "right"),
    [
        (DEEP + "It has 760 parameters.", True),
        (DEEP + "It has 750 parameters.", True),  # without biases, which is said
        (DEEP + "It has 770 parameters.", False),
        (DEEP + r"The number of parameters is $(5 \cdot 5 \cdot 3 + 1) \cdot 10 = 760$.", True),
        (DEEP + r"The number of parameters is $(5 \cdot 5 + 1) \cdot 10 = 260$.", False),
        (DEEP + "The output has size 32x32x10.", True),
        (DEEP + "The output has size 28x28x10.", False),
        ("A conv layer with ten 5x5 filters on a 32x32x3 volume has 760 parameters.", True),
        ("A conv layer with ten 5x5 filters on a 32x32x3 volume has 761 parameters.", False),
        (CELL + "It has 24832 parameters.", True),
        (CELL + "It has 25088 parameters.", True),  # with two biases for each gate
        (CELL + "It has 6208 parameters.", False),
        ("An MLP 784-100-10 with biases. The network has 79510 parameters.", True),
        ("An MLP 784-100-10 with biases. The network has 79400 parameters.", False),
        ("Three 3x3 convolutions with stride 1. The receptive field is 9.", False),
        ("A batch norm layer acts on 64 channels. It has 256 learnable parameters.", False),
        # What the text leaves open is not wrong.
        ("A conv layer with ten 5x5 filters acts on a 32x32x3 volume. The output has size "
         "32x32x10.", None),
        ("A 3x3 max pool acts on a 13x13x8 volume. The output has size 6x6x8.", None),
        ("The model starts with a dense layer with 10 inputs and 5 outputs. The model has 5000 "
         "parameters.", None),
        ("GPT-2 small has 12 layers, a model dimension of 768, a vocabulary of 50257 and a context "
         "length of 1024. The model has 163037184 parameters.", None),
    ],
)  # fmt: skip
def test_claims_in_words(text: str, right: bool | None) -> None:
    judged = [one.right for one in found(text) if not one.asks]
    assert judged == ([] if right is None else [right])


def test_words_alone_are_a_document() -> None:
    text = DEEP + "What is the output size? How many parameters are in this layer?"
    assert [one.value for one in d.read(text).counts] == [(32, 32, 10), 760]
    with pytest.raises(DeriveError, match="there is no formula"):
        d.read("A nice layer. How many roads must a man walk down?")
