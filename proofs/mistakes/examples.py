"""The documents in which the examples of the mistakes are read.

The idea: three small networks show every mistake: two layers of vectors, one unit of scalars, and
a regression over samples.
"""

LAYERS = r"""
$\mathbf{x} \in \mathbb{R}^n$, $\mathbf{W}_1 \in \mathbb{R}^{m \times n}$,
$\mathbf{b}_1 \in \mathbb{R}^m$, $\mathbf{W}_2 \in \mathbb{R}^{k \times m}$,
$\mathbf{t} \in \mathbb{R}^k$, $\lambda \in \mathbb{R}$
$$\mathbf{z}_1 = \mathbf{W}_1 \mathbf{x} + \mathbf{b}_1, \quad
\mathbf{h}_1 = \mathrm{ReLU}(\mathbf{z}_1), \quad \mathbf{z}_2 = \mathbf{W}_2 \mathbf{h}_1, \quad
\mathbf{h}_2 = \sigma(\mathbf{z}_2)$$
$$L = \frac{1}{2} \|\mathbf{h}_2 - \mathbf{t}\|^2 + \lambda \|\mathbf{W}_2\|_F^2$$
"""

UNIT = r"""
$w \in \mathbb{R}$, $b \in \mathbb{R}$, $x \in \mathbb{R}$, $y \in \mathbb{R}$
$$z = w x + b, \quad a = \tanh(z), \quad s = z^2 + a, \quad L = (s - y)^2$$
"""

QUADRATIC = r"""
$\mathbf{x} \in \mathbb{R}^n$, $\mathbf{A} \in \mathbb{R}^{n \times n}$,
$\mathbf{b} \in \mathbb{R}^n$
$$\mathbf{u} = \mathbf{A} \mathbf{x} - \mathbf{b}, \quad
\mathbf{p} = \operatorname{softmax}(\mathbf{x}), \quad
L = \mathbf{x}^\top \mathbf{A} \mathbf{x} + \|\mathbf{u}\|^2$$
"""

SAMPLES = r"""
$X \in \mathbb{R}^{m \times n}$, $w \in \mathbb{R}^n$, $y \in \mathbb{R}^m$
$$r = X w - y, \quad L = \frac{1}{m} \|r\|^2$$
"""
