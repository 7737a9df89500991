r"""The examples' answers beside those a course gives for the same problems.

Each expected answer is read as one more definition of the document, and both are evaluated at a
random point: two spellings may differ, two values may not.
"""

from functools import cache
from pathlib import Path

import numpy as np
import pytest

from derive.app.shapes import polynomial
from derive.derivation.backprop import Worked, worked
from derive.derivation.count import parameters
from derive.derivation.network import Network
from derive.derivation.points import point
from derive.elaborate.document import read
from derive.latex.print import latex
from derive.meaning.evaluate import evaluate_all

EXAMPLES = Path(__file__).parent.parent / "examples"
COSINE = r"""\frac{(\|\mathbf{z}\|_2 \|\hat{\mathbf{z}}\|_2) %s - (\mathbf{z}^T \hat{\mathbf{z}})
  \frac{\|%s\|_2}{\|%s\|_2} %s}{\|\mathbf{z}\|_2^2 \|\hat{\mathbf{z}}\|_2^2}"""
Z, Z_HAT = r"\mathbf{z}", r"\hat{\mathbf{z}}"
DS_DZ = COSINE % (Z_HAT, Z_HAT, Z, Z)
DS_DZ_HAT = COSINE % (Z, Z, Z_HAT, Z_HAT)
DELTA_H1 = rf"\mathbf{{W}}_2^T (-y ({DS_DZ}))"
DELTA_H1_HAT = rf"\mathbf{{W}}_2^T (-y ({DS_DZ_HAT}))"
DELTA_M = rf"\mathbb{{I}}(\mathbf{{m}} > 0) \odot ({DELTA_H1})"
DELTA_N = rf"\mathbb{{I}}(\mathbf{{n}} > 0) \odot ({DELTA_H1_HAT})"
DELTA_B = r"\mathbb{I}(\mathbf{b} > 0) \odot (\mathbf{W}_3^T (\mathbf{z} - \mathbf{y}))"
LEAKY = r"(\mathbb{I}(\mathbf{g} \ge 0) + \alpha \mathbb{I}(\mathbf{g} < 0))"
DELTA_G = LEAKY + r" \odot (\mathbf{f} - \mathbf{y})"
DELTA_H = r"\mathbf{W}_2^\top (\mathbf{z} - \mathbf{y})"
DELTA_U = rf"f'(\mathbf{{u}}) \odot ({DELTA_H})"
PRELU = r"(\alpha \mathbb{I}(\mathbf{e} < 0) + \mathbb{I}(\mathbf{e} > 0))"
ELU = r"(\beta \mathbb{I}(\mathbf{c} < 0) \odot e^{\mathbf{c}} + \mathbb{I}(\mathbf{c} > 0))"
DELTA_C = ELU + r" \odot (\mathbf{W}_3^T (\mathbf{a} - \mathbf{y}))"
DELTA_Z2 = r"(\alpha y^{(i)} (1 - \hat{y}^{(i)}) - \beta (1 - y^{(i)}) \hat{y}^{(i)})"
MASK = r"\mathbb{I}(\mathbf{z}_1^{(i)} > 0)"
SOFTMAX = r"""\left(\frac{e^{a_k(\mathbf{x}^{(i)})}}{\sum_{j=1}^{c} e^{a_j(\mathbf{x}^{(i)})}}
  - \mathbb{1}(k = y^{(i)})\right)"""

ANSWERS = {
    "residual.tex": [  # S72, S74, S76, S75, S73
        r"\mathbf{z} - \mathbf{y}",
        DELTA_B,
        rf"({DELTA_B}) \mathbf{{x}}^T",
        r"(\mathbf{z} - \mathbf{y}) \mathbf{x}^T",
        r"(\mathbf{z} - \mathbf{y}) \mathrm{relu}(\mathbf{W}_1 \mathbf{x})^T",
        rf"\mathbf{{W}}_1^T ({DELTA_B}) + \mathbf{{W}}_2^T (\mathbf{{z}} - \mathbf{{y}})",
        r"\mathbf{W}_3^T",
        r"\mathrm{diag}(\mathbb{I}(\mathbf{b} > 0))",
        r"\mathbf{W}_2^T",
    ],
    "shortcut.tex": [  # S32
        r"(\mathbf{z} - \mathbf{y}) \mathbf{h}_1^\top",
        r"\mathbf{z} - \mathbf{y}",
        DELTA_H,
        DELTA_U,
        rf"({DELTA_U}) \mathbf{{x}}^\top",
        DELTA_U,
        rf"({DELTA_H}) \mathbf{{x}}^\top",
        rf"\mathbf{{W}}_1^\top ({DELTA_U}) + \mathbf{{W}}_s^\top ({DELTA_H})",
    ],
    "weighted_bce.tex": [  # S38, S40, S43, S44, S47
        r"\alpha \frac{y^{(i)}}{\hat{y}^{(i)}} - \beta \frac{1 - y^{(i)}}{1 - \hat{y}^{(i)}}",
        DELTA_Z2,
        rf"\mathbf{{W}}_2^T {DELTA_Z2}",
        rf"{MASK} \odot (\mathbf{{W}}_2^T {DELTA_Z2})",
        rf"-\frac1m \sum_{{i=1}}^m {DELTA_Z2} {{\mathbf{{a}}_1^{{(i)}}}}^T",
        rf"-\frac1m \sum_{{i=1}}^m {DELTA_Z2}",
        rf"-\frac1m \sum_{{i=1}}^m ({MASK} \odot (\mathbf{{W}}_2^T {DELTA_Z2}))"
        r" {\mathbf{x}^{(i)}}^T",
        rf"-\frac1m \sum_{{i=1}}^m {MASK} \odot (\mathbf{{W}}_2^T {DELTA_Z2})",
    ],
    "siamese.tex": [  # S50, S51, S53, S54, S55, S56, S57
        DS_DZ,
        DS_DZ_HAT,
        rf"-y ({DS_DZ})",
        rf"-y ({DS_DZ_HAT})",
        rf"-y ({DS_DZ}) \mathbf{{h}}_1^T - y ({DS_DZ_HAT}) \hat{{\mathbf{{h}}}}_1^T",
        DELTA_H1,
        DELTA_H1_HAT,
        DELTA_M,
        DELTA_N,
        rf"({DELTA_M}) \mathbf{{x}}^T + ({DELTA_N}) \hat{{\mathbf{{x}}}}^T",
    ],
    "leaky.tex": [  # S61, S62, S63, S63, S64, S64, S64, S65
        r"\mathbf{f} - \mathbf{y}",
        rf"\mathrm{{diag}}{LEAKY}",
        r"\mathbf{I}_m",
        r"\mathbf{I}_m",
        DELTA_G,
        DELTA_G,
        DELTA_G,
        rf"({DELTA_G}) \mathbf{{x}}^T",
    ],
    "prelu_elu.tex": [  # S82, S83, S84, S85, S79, S83, S82
        r"(\mathbf{a} - \mathbf{y}) \mathbf{b}^T",
        rf"({DELTA_C}) \mathbf{{d}}^T",
        rf"({PRELU} \odot (\mathbf{{W}}_2^T ({DELTA_C}))) \mathbf{{x}}^T",
        rf"\min(\mathbf{{e}}, 0)^T (\mathbf{{W}}_2^T ({DELTA_C}))",
        rf"\mathrm{{diag}}{PRELU}",
        rf"\mathrm{{diag}}{ELU}",
        r"\mathbf{W}_3^T",
    ],
    "softmax_classifier.tex": [  # S178, S179
        rf"\sum_{{i=1}}^{{m}} {SOFTMAX} \mathbf{{x}}^{{(i)}}",
        rf"\sum_{{i=1}}^{{m}} {SOFTMAX}",
    ],
}
COUNTS = {
    "residual.tex": "pn + mn + mp",
    "shortcut.tex": "2mn + lm + m + l",  # S31
}


def read_example(name: str, extra: str = "") -> Network:
    text = (EXAMPLES / name).read_text(encoding="utf-8")
    return read(text.replace(r"\end{document}", extra + r"\end{document}"), name)


def test_every_example_of_the_course_is_there():
    assert set(ANSWERS) <= {path.name for path in EXAMPLES.iterdir()}


@cache
def answered(name: str) -> tuple[Network, Worked]:
    """The example with the expected answers as further definitions, and its own answers."""
    expected = [rf"\mathbf{{Q}}_{{{700 + k}}} = {right}" for k, right in enumerate(ANSWERS[name])]
    network = read_example(name, "".join(f"\n\\[ {equation} \\]\n" for equation in expected))
    return network, worked(network)


@pytest.mark.parametrize(
    ("name", "place"), [(name, k) for name, rows in ANSWERS.items() for k in range(len(rows))]
)
def test_the_answer_is_the_course_s(name, place):
    network, done = answered(name)
    assert len(done.answers) == len(ANSWERS[name])
    answer = done.answers[place]
    (other,) = [d.node for d in network.definitions if str(700 + place) in d.symbol]
    domains = {v.var: v.domain for v in network.variables}
    roots = [answer.value, other]
    compared = 0
    for seed in range(20):
        values, at = point(roots, domains, seed)
        with np.errstate(all="ignore"):
            known = evaluate_all(roots, values, at)
        ours, theirs = known[answer.value], known[other]
        assert ours.shape == theirs.shape
        # Where all units are off, an embedding is 0 and has no direction.
        if np.all(np.isfinite(ours)) and np.any(ours):
            assert np.allclose(ours, theirs, rtol=1e-9, atol=1e-12)
            compared += 1
            if compared == 3:
                break
    assert compared == 3


@pytest.mark.parametrize("name", COUNTS)
def test_the_count_is_the_course_s(name):
    network = read_example(name)
    count = parameters(v.var for v in network.parameters)
    assert latex(polynomial(count.terms)).replace(" ", "") == COUNTS[name].replace(" ", "")
