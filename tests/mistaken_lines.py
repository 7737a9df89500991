r"""Right lines of small networks, and mistakes planted in them: on the text, never on a tree.

The idea: what plants a mistake must not be what finds it, so a line is text whose factors are
parted by ``~`` (which stands for nothing in LaTeX's printed product), and every way of spoiling it
is a substitution on that text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple


class Lines(NamedTuple):
    """A document and right lines of it, as (left side, right side)."""

    name: str
    given: str
    lines: tuple[tuple[str, str], ...]


DOCUMENTS = (
    Lines(
        "two layers, bold, deltas",
        r"""$\mathbf{x} \in \mathbb{R}^n$, $\mathbf{W}_1 \in \mathbb{R}^{m \times n}$,
        $\mathbf{b}_1 \in \mathbb{R}^m$, $\mathbf{W}_2 \in \mathbb{R}^{k \times m}$,
        $\mathbf{t} \in \mathbb{R}^k$
        $$\mathbf{z}_1 = \mathbf{W}_1 \mathbf{x} + \mathbf{b}_1, \quad
        \mathbf{h}_1 = \mathrm{ReLU}(\mathbf{z}_1), \quad
        \mathbf{z}_2 = \mathbf{W}_2 \mathbf{h}_1, \quad
        L = \frac{1}{2} \|\mathbf{z}_2 - \mathbf{t}\|^2$$""",
        (
            (r"\delta_{\mathbf{z}_2}", r"\mathbf{z}_2 - \mathbf{t}"),
            (r"\nabla_{\mathbf{W}_2} L", r"\delta_{\mathbf{z}_2} ~ \mathbf{h}_1^\top"),
            (r"\delta_{\mathbf{h}_1}", r"\mathbf{W}_2^\top ~ \delta_{\mathbf{z}_2}"),
            (
                r"\delta_{\mathbf{z}_1}",
                r"\mathbf{W}_2^\top ~ \delta_{\mathbf{z}_2} \odot \mathbb{I}(\mathbf{z}_1 > 0)",
            ),
            (r"\nabla_{\mathbf{W}_1} L", r"\delta_{\mathbf{z}_1} ~ \mathbf{x}^\top"),
            (r"\nabla_{\mathbf{x}} L", r"\mathbf{W}_1^\top ~ \delta_{\mathbf{z}_1}"),
        ),
    ),
    Lines(
        "ridge regression",
        r"""$X \in \mathbb{R}^{m \times n}$, $w \in \mathbb{R}^n$, $y \in \mathbb{R}^m$,
        $\lambda \in \mathbb{R}$
        $$r = X w - y, \quad L = \frac{1}{m} \|r\|^2 + \lambda \|w\|^2$$""",
        (
            (r"\frac{\partial L}{\partial w}", r"\frac{2}{m} X^\top ~ r + 2 \lambda w"),
            (r"\nabla_w L", r"\frac{2}{m} X^\top ~ (X ~ w - y) + 2 \lambda w"),
            (r"\frac{\partial L}{\partial r}", r"\frac{2}{m} r"),
        ),
    ),
    Lines(
        "sigmoid layers, derivatives written out, T",
        r"""$x \in \mathbb{R}^n$, $W_1 \in \mathbb{R}^{m \times n}$, $b_1 \in \mathbb{R}^m$,
        $W_2 \in \mathbb{R}^{k \times m}$, $b_2 \in \mathbb{R}^k$, $y \in \mathbb{R}^k$
        $$z_1 = W_1 x + b_1, \quad a_1 = \sigma(z_1), \quad z_2 = W_2 a_1 + b_2, \quad
        a_2 = \sigma(z_2), \quad C = \frac{1}{2} \|a_2 - y\|^2$$
        with the sigmoid function $\sigma$.""",
        (
            (
                r"\frac{\partial C}{\partial z_2}",
                r"(a_2 - y) \odot \sigma'(z_2)",
            ),
            (
                r"\frac{\partial C}{\partial W_2}",
                r"\frac{\partial C}{\partial z_2} ~ a_1^T",
            ),
            (
                r"\frac{\partial C}{\partial z_1}",
                r"W_2^T ~ \frac{\partial C}{\partial z_2} \odot \sigma'(z_1)",
            ),
            (
                r"\frac{\partial C}{\partial z_1}",
                r"W_2^T ~ \frac{\partial C}{\partial z_2} \odot a_1 \odot (1 - a_1)",
            ),
            (r"\frac{\partial C}{\partial b_1}", r"\frac{\partial C}{\partial z_1}"),
            (r"\frac{\partial C}{\partial W_1}", r"\frac{\partial C}{\partial z_1} ~ x^T"),
        ),
    ),
    Lines(
        "one unit of scalars",
        r"""$w \in \mathbb{R}$, $b \in \mathbb{R}$, $x \in \mathbb{R}$, $y \in \mathbb{R}$
        $$z = w x + b, \quad a = \tanh(z), \quad L = (a - y)^2$$""",
        (
            (r"\frac{\partial L}{\partial a}", r"2 (a - y)"),
            (r"\frac{\partial L}{\partial z}", r"2 (a - y) ~ (1 - a^2)"),
            (r"\frac{\partial L}{\partial w}", r"2 (a - y) ~ (1 - a^2) ~ x"),
            (r"\frac{\partial L}{\partial b}", r"2 (a - y) ~ \tanh'(z)"),
            (r"\frac{\partial L}{\partial x}", r"\frac{\partial L}{\partial z} ~ w"),
        ),
    ),
    Lines(
        "residual block",
        r"""$\mathbf{x} \in \mathbb{R}^n$, $\mathbf{V} \in \mathbb{R}^{n \times m}$,
        $\mathbf{W} \in \mathbb{R}^{m \times n}$, $\mathbf{t} \in \mathbb{R}^n$
        $$\mathbf{u} = \mathbf{W} \mathbf{x}, \quad \mathbf{g} = \mathrm{ReLU}(\mathbf{u}), \quad
        \mathbf{h} = \mathbf{x} + \mathbf{V} \mathbf{g}, \quad
        L = \frac{1}{2} \|\mathbf{h} - \mathbf{t}\|^2$$""",
        (
            (r"\delta_{\mathbf{g}}", r"\mathbf{V}^\top ~ \delta_{\mathbf{h}}"),
            (
                r"\delta_{\mathbf{u}}",
                r"\mathbf{1}[\mathbf{u} > 0] \odot (\mathbf{V}^\top ~ \delta_{\mathbf{h}})",
            ),
            (
                r"\delta_{\mathbf{x}}",
                r"\delta_{\mathbf{h}} + \mathbf{W}^\top ~ \delta_{\mathbf{u}}",
            ),
            (r"\nabla_{\mathbf{V}} L", r"\delta_{\mathbf{h}} ~ \mathbf{g}^\top"),
            (r"\nabla_{\mathbf{W}} L", r"\delta_{\mathbf{u}} ~ \mathbf{x}^\top"),
        ),
    ),
    Lines(
        "quadratic form",
        r"""$x \in \mathbb{R}^n$, $A \in \mathbb{R}^{n \times n}$, $b \in \mathbb{R}^n$
        $$f = x^\top A x - b^\top x$$""",
        (
            (r"\nabla_x f", r"A ~ x + A^\top ~ x - b"),
            (r"\frac{\partial f}{\partial A}", r"x ~ x^\top"),
            (r"\frac{\partial f}{\partial b}", r"-x"),
        ),
    ),
    Lines(
        "softmax and cross-entropy",
        r"""$x \in \mathbb{R}^n$, $W \in \mathbb{R}^{k \times n}$, $b \in \mathbb{R}^k$,
        the one-hot vector $y \in \mathbb{R}^k$
        $$z = W x + b, \quad p = \mathrm{softmax}(z), \quad L = -y^\top \log p$$""",
        (
            (r"\delta_z", r"p - y"),
            (r"\frac{\partial L}{\partial W}", r"(p - y) ~ x^\top"),
            (r"\frac{\partial L}{\partial W}", r"\delta_z ~ x^\top"),
            (r"\frac{\partial L}{\partial x}", r"W^\top ~ (p - y)"),
        ),
    ),
    Lines(
        "a batch in columns",
        r"""$\mathbf{X} \in \mathbb{R}^{n \times m}$, $\mathbf{W} \in \mathbb{R}^{k \times n}$,
        $\mathbf{Y} \in \mathbb{R}^{k \times m}$, $\mathbf{V} \in \mathbb{R}^{q \times k}$
        $$\mathbf{Z} = \mathbf{W} \mathbf{X}, \quad \mathbf{H} = \tanh(\mathbf{Z}), \quad
        J = \frac{1}{2 m} \|\mathbf{H} - \mathbf{Y}\|_F^2$$""",
        (
            (r"\nabla_{\mathbf{H}} J", r"\frac{1}{m} (\mathbf{H} - \mathbf{Y})"),
            (r"\nabla_{\mathbf{Z}} J", r"\nabla_{\mathbf{H}} J \odot \tanh'(\mathbf{Z})"),
            (r"\nabla_{\mathbf{W}} J", r"\nabla_{\mathbf{Z}} J ~ \mathbf{X}^T"),
            (r"\nabla_{\mathbf{X}} J", r"\mathbf{W}^T ~ \nabla_{\mathbf{Z}} J"),
        ),
    ),
    Lines(
        "tied weights",
        r"""$x \in \mathbb{R}^n$, $W \in \mathbb{R}^{m \times n}$
        $$u = W x, \quad h = \sigma(u), \quad r = W^\top h - x, \quad L = \|r\|^2$$""",
        (
            (r"\delta_r", r"2 r"),
            (r"\delta_h", r"W ~ \delta_r"),
            (r"\delta_u", r"\delta_h \odot h \odot (1 - h)"),
            (r"\nabla_W L", r"\delta_u ~ x^\top + h ~ \delta_r^\top"),
            (r"\nabla_x L", r"W^\top ~ \delta_u - \delta_r"),
        ),
    ),
    Lines(
        "logistic regression over samples",
        r"""$x^{(i)} \in \mathbb{R}^n$, $y^{(i)} \in \mathbb{R}$, $w \in \mathbb{R}^n$
        $$z^{(i)} = w^\top x^{(i)}, \quad p^{(i)} = \sigma(z^{(i)}), \quad
        L = -\frac{1}{m} \sum_{i=1}^m
        \left( y^{(i)} \log p^{(i)} + (1 - y^{(i)}) \log(1 - p^{(i)}) \right)$$""",
        (
            (
                r"\frac{\partial L}{\partial w}",
                r"\frac{1}{m} \sum_{i=1}^m (p^{(i)} - y^{(i)}) ~ x^{(i)}",
            ),
            (
                r"\nabla_w L",
                r"\frac{1}{m} \sum_{i=1}^m (\sigma(w^\top x^{(i)}) - y^{(i)}) ~ x^{(i)}",
            ),
        ),
    ),
    Lines(
        "a gate",
        r"""$\mathbf{x} \in \mathbb{R}^n$, $\mathbf{W} \in \mathbb{R}^{m \times n}$,
        $\mathbf{U} \in \mathbb{R}^{m \times n}$, $\mathbf{t} \in \mathbb{R}^m$
        $$\mathbf{a} = \mathbf{W} \mathbf{x}, \quad \mathbf{g} = \sigma(\mathbf{a}), \quad
        \mathbf{c} = \mathbf{U} \mathbf{x}, \quad \mathbf{h} = \mathbf{g} \odot \mathbf{c}, \quad
        \mathcal{L} = \frac{1}{2} \|\mathbf{h} - \mathbf{t}\|^2$$""",
        (
            (r"\delta_{\mathbf{h}}", r"\mathbf{h} - \mathbf{t}"),
            (r"\delta_{\mathbf{c}}", r"\delta_{\mathbf{h}} \odot \mathbf{g}"),
            (
                r"\delta_{\mathbf{a}}",
                r"\delta_{\mathbf{h}} \odot \mathbf{c} \odot \sigma'(\mathbf{a})",
            ),
            (r"\nabla_{\mathbf{W}} \mathcal{L}", r"\delta_{\mathbf{a}} ~ \mathbf{x}^\top"),
            (
                r"\delta_{\mathbf{x}}",
                r"\mathbf{W}^\top ~ \delta_{\mathbf{a}} + \mathbf{U}^\top ~ \delta_{\mathbf{c}}",
            ),
        ),
    ),
    Lines(
        "bilinear score and a penalty",
        r"""$\mathbf{x} \in \mathbb{R}^n$, $\mathbf{M} \in \mathbb{R}^{n \times m}$,
        $\mathbf{v} \in \mathbb{R}^m$, $y \in \mathbb{R}$, $\lambda \in \mathbb{R}$
        $$s = \mathbf{x}^\top \mathbf{M} \mathbf{v}, \quad
        L = \frac{1}{2} (s - y)^2 + \frac{\lambda}{2} \|\mathbf{M}\|_F^2$$""",
        (
            (
                r"\nabla_{\mathbf{M}} L",
                r"(s - y) ~ \mathbf{x} ~ \mathbf{v}^\top + \lambda \mathbf{M}",
            ),
            (r"\nabla_{\mathbf{x}} L", r"(s - y) ~ \mathbf{M} ~ \mathbf{v}"),
            (r"\nabla_{\mathbf{v}} L", r"(s - y) ~ \mathbf{M}^\top ~ \mathbf{x}"),
        ),
    ),
    Lines(
        "three layers, superscripts",
        r"""$x \in \mathbb{R}^{n}$, $W^{(1)} \in \mathbb{R}^{p \times n}$,
        $W^{(2)} \in \mathbb{R}^{q \times p}$, $W^{(3)} \in \mathbb{R}^{r \times q}$,
        $t \in \mathbb{R}^r$
        $$z^{(1)} = W^{(1)} x, \quad a^{(1)} = \mathrm{ReLU}(z^{(1)}), \quad
        z^{(2)} = W^{(2)} a^{(1)}, \quad a^{(2)} = \tanh(z^{(2)}), \quad
        z^{(3)} = W^{(3)} a^{(2)}, \quad E = \frac{1}{2} \|z^{(3)} - t\|^2$$""",
        (
            (
                r"\frac{\partial E}{\partial z^{(2)}}",
                r"W^{(3)\top} ~ \frac{\partial E}{\partial z^{(3)}} \odot \tanh'(z^{(2)})",
            ),
            (
                r"\frac{\partial E}{\partial W^{(3)}}",
                r"(z^{(3)} - t) ~ a^{(2)\top}",
            ),
            (
                r"\frac{\partial E}{\partial W^{(2)}}",
                r"\frac{\partial E}{\partial z^{(2)}} ~ a^{(1)\top}",
            ),
            (
                r"\frac{\partial E}{\partial z^{(1)}}",
                r"W^{(2)\top} ~ \frac{\partial E}{\partial z^{(2)}} \odot \mathbb{I}(z^{(1)} > 0)",
            ),
        ),
    ),
    Lines(
        "a quotient",
        r"""$x \in \mathbb{R}$
        $$u = \sin(x), \quad v = x^2 + 1, \quad q = \frac{u}{v}$$""",
        (
            (r"\frac{\partial q}{\partial x}", r"\frac{\cos(x) v - 2 x u}{v^2}"),
            (r"\frac{\partial q}{\partial v}", r"-\frac{u}{v^2}"),
        ),
    ),
)


class Planted(NamedTuple):
    """A spoiled right side, the mistake that spoiled it, and the right side before."""

    code: str
    wrong: str
    right: str


def spoiled(right: str, left: str, names: tuple[str, ...], given: str) -> Iterator[Planted]:
    """Every single mistake that can be planted in a line; ``names`` are other δ of the document
    ``given``."""
    for code, wrong in _spoiled(right, left, names, given):
        if wrong != right and wrong.strip() and _closed(wrong):
            yield Planted(code, printed(wrong), printed(right))


def _closed(line: str) -> bool:
    """Whether every brace closes: a pattern may have cut a derivative in two."""
    depth = 0
    for sign in line:
        depth += {"{": 1, "}": -1}.get(sign, 0)
        if depth < 0:
            return False
    return depth == 0


def printed(line: str) -> str:
    return line.replace("~", " ")


_FACTOR = r"((?<![^ (-])[^\s~+()]+|(?<!\S)\([^()~]*\)|\\frac\{\\partial \w\}\{[^ ]* [^ ]*\})"
_MASK = r"\\mathbb\{I\}\([^()]*(?:\(\d\)[^()]*)?\)|\\mathbf\{1\}\[[^\]]*\]"


def _spoiled(
    right: str, left: str, names: tuple[str, ...], given: str
) -> Iterator[tuple[str, str]]:
    # a transpose that is lost
    for found in re.finditer(r"\^\\top|\^T|\\top", right):
        yield "missing-transpose", _without(right, found)
    for found in re.finditer(r"\^\{(\(\d\))\\top\}", right):
        yield "missing-transpose", _with(right, found, "^{" + found[1] + "}")
    # two factors that change places
    for found in re.finditer(rf"{_FACTOR} ~ {_FACTOR}(?= [~+]|$)", right):
        if right[: found.start()].endswith(r"\nabla_{\mathbf{Z}} "):
            continue  # the J of a gradient is no factor
        yield "swapped-factors", _with(right, found, f"{found[2]} ~ {found[1]}")
    # a transpose, or a factor, too many
    for found in re.finditer(rf"(?:^| ~ ){_FACTOR}(?= [~+-]|$)", right):
        if not re.search(r"\\top|\^T|frac|\(", found[0]):
            yield "extra-transpose", _with(right, found, found[0] + r"^\top")
    for found in re.finditer(r"(?<= ~ )(x|\\mathbf\{x\})(\^\\top|\^T)?$", right):
        yield "extra-factor", right + rf" \odot {found[1]}" + (found[2] or "")
    # products
    for found in re.finditer(r" ~ ", right):
        yield "hadamard-for-product", _with(right, found, r" \odot ")
    for found in re.finditer(r" \\odot ", right):
        yield "product-for-hadamard", _with(right, found, " ~ ")
    # signs
    for found in re.finditer(r" - ", right):
        yield "sign", _with(right, found, " + ")
    for found in re.finditer(r" \+ ", right):
        yield "sign", _with(right, found, " - ")
    if not re.search(r" [+-] ", re.sub(r"\([^()]*\)", "", right)):
        yield "sign", right[1:] if right.startswith("-") else "-" + right
    # numbers
    for found in re.finditer(r"(?<![\d{_^])2 ", right):
        yield "factor", _without(right, found)
    for found in re.finditer(r"\\frac\{(\d)\}\{m\} ", right):
        yield "factor", _with(right, found, "" if found[1] == "1" else found[1] + " ")
        yield "factor", _with(right, found, r"\frac{" + ("2" if found[1] == "1" else "1") + "}{m} ")
    if not re.match(r"-|.* [+-] (?![^(]*\))", right):
        yield "factor", "2 " + right
        yield "factor", r"\frac{1}{2} " + right
    # masks and slopes
    for found in re.finditer(rf" \\odot (?:{_MASK})|(?:{_MASK}) \\odot ", right):
        yield "missing-mask", _without(right, found)
    for found in re.finditer(_MASK, right):
        yield "wrong-mask", _with(right, found, found[0].replace(">", "<"))
    for found in re.finditer(r" \\odot \\(?:sigma|tanh)'\([^()]*(?:\(\d\)[^()]*)?\)", right):
        yield "missing-inner-derivative", _without(right, found)
        yield "derivative-twice", _with(right, found, found[0] + found[0])
    for found in re.finditer(r" (?:\\odot|~) (\w(?:_\d)?) \\odot \(1 - \1\)", right):
        yield "missing-inner-derivative", _without(right, found)
        yield "derivative-twice", _with(right, found, found[0] + found[0])
    for found in re.finditer(r"\\(sigma|tanh)'\(", right):
        yield "value-for-derivative", _with(right, found, rf"\{found[1]}(")
        yield "derivative-twice", _with(right, found, rf"\{found[1]}''(")
    for found in re.finditer(r" ~ \(1 - a\^2\)", right):
        yield "missing-inner-derivative", _without(right, found)
    for found in re.finditer(r" ~ (?:x|w)$", right):
        yield "missing-inner-derivative", _without(right, found)
    # a δ, or an index, of another node
    for found in re.finditer(r"\\delta_(?:\{[^{}]*(?:\{\w\})?[^{}]*\}|\w)", right):
        for other in names:
            if other not in (found[0], left):
                yield "wrong-delta", _with(right, found, other)
    for found in re.finditer(r"(?<=\\partial )([za])(_\d|\^\{\(\d\)\})(?=\})", right):
        other = {"z": "a", "a": "z"}[found[1]] + found[2]
        if other not in left and other in given:
            yield "wrong-delta", _with(right, found, other)
    for found in re.finditer(r"(?<=[hWa])_([12])(?!\})", right):
        yield "wrong-index", _with(right, found, "_" + {"1": "2", "2": "1"}[found[1]])
    for found in re.finditer(r"(?<=[aW]\^\{)\(([12])\)", right):
        yield "wrong-index", _with(right, found, {"1": "(2)", "2": "(1)"}[found[1]])
    # terms
    terms = re.split(r" ([+-]) ", right)
    if len(terms) > 1 and "(" not in right and "frac{" not in right.replace("frac{2}{m}", ""):
        for k in range(0, len(terms), 2):
            rest = terms[: max(0, k - 1)] + terms[k + (k == 0) * 2 + (k > 0) :]
            if k == 0 and terms[1] == "-":
                rest[0] = "-" + rest[0]
            code = "missing-regulariser" if "lambda" in terms[k] else "missing-term"
            yield code, _joined(rest)
    if right.count(" + ") == 1 and "(" in right and "lambda" in right:
        yield "missing-regulariser", right.split(" + ")[0]
    # powers
    for found in re.finditer(r"\^2", right):
        yield "wrong-inverse-or-power", _without(right, found)
    if right == r"\frac{\cos(x) v - 2 x u}{v^2}":
        yield "swapped-quotient-rule", r"\frac{2 x u - \cos(x) v}{v^2}"
    # the answer as a whole, the wrong way round
    turned = re.fullmatch(r"(\S*?)(\^\\top)? ~ (\S*?)(\^\\top)?", right)
    if turned:
        a, ta, b, tb = turned.groups()
        first, second = b + ("" if tb else r"^\top"), a + ("" if ta else r"^\top")
        yield "transposed-answer", f"{first} ~ {second}"


def _with(line: str, found: re.Match[str], new: str) -> str:
    return line[: found.start()] + new + line[found.end() :]


def _without(line: str, found: re.Match[str]) -> str:
    return _with(line, found, "")


def _joined(terms: list[str]) -> str:
    line = terms[0]
    for sign, term in zip(terms[1::2], terms[2::2], strict=True):
        line += f" {sign} {term}"
    return line
