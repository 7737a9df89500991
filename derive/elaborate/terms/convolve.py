r"""The sign of a convolution, w * x: which operand is the kernel, and how it slides.

The idea: which operand is the kernel, and over how many axes of space it slides, follows from
ranks, then from sizes, then from the letters.  The kernel is not flipped, as in deep learning; a
kernel that is written flipped in a gradient slides over all places that it touches ("full").
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence

from derive.elaborate.dispatch import said, value_of
from derive.elaborate.faults import Fault
from derive.elaborate.names.symbols import symbol_value
from derive.elaborate.reading import Env, Reading
from derive.elaborate.shown import text
from derive.elaborate.terms.said import said_of_windows, with_said
from derive.elaborate.values import Value, contract_values, squeezed, sum_of
from derive.kernel import sizes
from derive.kernel.expr import Contract, Expr, Ones, is_named
from derive.kernel.sizes import Axis, SizeError, output_size
from derive.notation.names import parts
from derive.operators import incidence
from derive.operators.windows import FLIPS
from derive.tree import Tree

STARS = frozenset(["*", r"\ast", r"\star", r"\circledast"])
_SAID = re.compile(
    r"convol|cross-correlat|\bCNN|\bkernel|\bfilter|\bconv\b|Faltung|Filter|卷积|свёртк|свертк",
    re.IGNORECASE,
)
KERNEL_LETTERS = frozenset("wWkKfFvVuU") | {r"\theta", r"\kappa", r"\omega", r"\Theta"}
_WEIGHTS = frozenset("wWkK")  # letters that are never a signal's
# Of a kernel and a signal of these ranks: the axes of space.
DIMS = {(1, 1): 1, (2, 2): 2, (3, 2): 1, (3, 3): 2, (4, 3): 2, (4, 4): 2}


def says_so(plain: str) -> bool:
    """Whether a document speaks of convolutions."""
    return _SAID.search(plain) is not None


def note_windows(items: Iterable[Tree], plain: str, reading: Reading, judging: bool) -> None:
    """Note whether the text speaks of convolutions, and what it says of them in words."""
    reading.scope.convolves = says_so(plain)
    reading.said = said_of_windows(plain, items, reading.scope.convolves, judging)


def has_star(kids: Sequence[Tree]) -> bool:
    return any(kid.head == "op" and kid.kids[0] in STARS for kid in kids)


def starred(reading: Reading, tree: Tree, env: Env, product: Callable[[Tree], Value]) -> Value:
    """A product with a sign of convolution: of arrays, where the document or the shapes say so."""
    signs = {str(kid.kids[0]) for kid in tree.kids if kid.head == "op"} & STARS
    certain = bool(signs & {r"\star", r"\circledast"}) or any(map(_is_mode, tree.kids))
    certain = certain or any(map(is_flipped, tree.kids))
    bound = dict(reading.sizes.bound)
    if not certain and not reading.scope.convolves:
        try:
            return product(tree)
        except Fault as fault:
            reading.sizes.bound, notes = dict(bound), dict(reading.notes)
            try:
                return _convolved(reading, tree, env, product)
            except Fault:
                reading.sizes.bound, reading.notes = bound, notes
                raise fault from None
    try:
        return _convolved(reading, tree, env, product)
    except _Scalar:
        reading.sizes.bound = bound
        return product(tree)


class _Scalar(Fault):
    """An operand that has no axes: * is a product then."""


def _is_mode(kid: Tree) -> bool:
    """The script of a sign: *_{\\text{full}}."""
    return kid.head in ("script", "index") and kid.kids[0].head in ("empty", "mode")


def is_flipped(tree: Tree) -> bool:
    if tree.head not in ("call", "apply"):
        return False
    function = tree.kids[0]
    while function.head in ("index", "script"):
        function = function.kids[0]
    return str(function.kids[0]) in FLIPS


def _convolved(reading: Reading, tree: Tree, env: Env, product: Callable[[Tree], Value]) -> Value:
    pieces: list[list[Tree]] = [[]]
    modes: list[str] = []
    for kid in tree.kids:
        if kid.head == "op" and kid.kids[0] in STARS:
            pieces.append([])
            modes.append("")
        elif _is_mode(kid) and modes:
            modes[-1] = re.sub(r"[^a-z]", "", text(kid.kids[1]).replace("mathrm", ""))
            modes[-1] = modes[-1].replace("text", "")
        else:
            pieces[-1].append(kid)
    if not all(pieces):
        raise Fault("unreadable", f"{said(tree)} lacks an operand", tree)
    operands = [
        (p[0] if len(p) == 1 else Tree("juxt", tuple(p), (p[0].span[0], p[-1].span[1])))
        for p in pieces
    ]
    values = [slidable(reading, p, env) if p.head != "juxt" else squeezed(product(p))
              for p in operands]  # fmt: skip
    if not all(v.own for v in values):
        raise _Scalar("shape-clash", f"{said(tree)} is no convolution of arrays", tree)
    total, first = values[0], operands[0]
    options = with_said(reading, tree, "conv", {})
    for value, operand, mode in zip(values[1:], operands[1:], modes, strict=True):
        total = pair(reading, tree, (first, total), (operand, value), mode, options, None)
        first = tree
    return total


Operand = tuple[Tree, Value]


def slidable(reading: Reading, tree: Tree, env: Env) -> Value:
    """What is slid, or slid over: its channel stays an axis, be it one alone."""
    if tree.head == "symbol":
        value = reading.sizes.current(symbol_value(reading, tree, env))
        return value if len(value.own) > 2 else squeezed(value)
    return squeezed(value_of(reading, tree, env))


def pair(
    reading: Reading, at: Tree, a: Operand, b: Operand, mode: str, options: dict[str, list[Axis]],
    dims: int | None,
) -> Value:  # fmt: skip
    """The convolution of two, whichever of them is the kernel."""
    kernel, signal = _arranged(reading, a, b, dims)
    if not mode and is_flipped(kernel[0]) and reading.recalled is not None:
        mode = "full"
    if mode not in ("", "full", "valid", "same"):
        raise Fault(
            "unsupported", f"the convolution ${mode}$ is not known", at,
            "known are full, valid and same",
        )  # fmt: skip
    w, x = (reading.sizes.current(one[1]) for one in (kernel, signal))
    ranks = len(w.own), len(x.own)
    dims = dims or DIMS.get(ranks)
    if ranks == (3, 2) and w.own[1] != x.own[0] and not sizes.unknowns(w.own[1]):
        dims = 2  # filters over an image of one channel
    if dims is None or ranks[0] < dims or ranks[1] < dims:
        raise Fault(
            "shape-clash",
            f"shapes do not convolve: {w.shape_text()} over {x.shape_text()}", at,
            "a kernel is $k$, $k \\times k$ or output channels × input channels × $k$ × $k$",
        )  # fmt: skip
    reading.note(
        "convolution",
        f"${text(kernel[0])} * {text(signal[0])}$ is the convolution of deep learning: the kernel "
        "is not flipped" if not is_flipped(kernel[0]) else
        f"${text(kernel[0])} * {text(signal[0])}$ is a {mode or 'valid'} convolution",
    )  # fmt: skip
    return slid(reading, at, w, x, dims, mode, options)


def _arranged(
    reading: Reading, a: Operand, b: Operand, dims: int | None
) -> tuple[Operand, Operand]:
    """The kernel and the signal."""
    ranks = len(a[1].own), len(b[1].own)
    if is_flipped(a[0]) != is_flipped(b[0]):
        return (a, b) if is_flipped(a[0]) else (b, a)
    if ranks[0] != ranks[1] and max(ranks) > (dims or 1):
        return (a, b) if ranks[0] > ranks[1] else (b, a)
    weights = [tree.head == "symbol" and _letter(tree) in _WEIGHTS for tree, _ in (a, b)]
    if weights[0] != weights[1]:
        return (a, b) if weights[0] else (b, a)
    one, other = (sizes.resolve(v.own[-1], reading.sizes.bound) for _, v in (a, b))
    known = (*a[1].own, *b[1].own)
    if one != other:
        if incidence.at_least_zero(one - other, known):
            return b, a
        if incidence.at_least_zero(other - one, known):
            return a, b
    letters = [_letter(tree) in KERNEL_LETTERS for tree, _ in (a, b)]
    return (b, a) if letters[1] and not letters[0] else (a, b)


def _letter(tree: Tree) -> str:
    while tree.kids and isinstance(tree.kids[0], Tree):
        tree = tree.kids[0]
    return parts(re.split("[_^]", str(tree.kids[0]))[0]).core if tree.kids else ""


def slid(
    reading: Reading, at: Tree, w: Value, x: Value, dims: int, mode: str,
    options: dict[str, list[Axis]],
) -> Value:  # fmt: skip
    full = mode == "full"
    w_lead, x_lead = len(w.own) - dims, len(x.own) - dims
    w_own, x_own, out = channels(reading, at, w, x, w_lead, x_lead, dims, full)
    values = [w, x]
    spots = [(*w_own, *range(10, 10 + dims)), (*x_own, *range(20, 20 + dims))]
    for r in range(dims):
        k, n = (sizes.resolve(v.own[r - dims], reading.sizes.bound) for v in (w, x))
        stride, padding, dilation = (
            options.get(word, [usual] * dims)[r % len(options.get(word, [0]))]
            for word, usual in (("stride", 1), ("padding", 0), ("dilation", 1))
        )
        if full:
            padding = dilation * (k - 1)
        if mode == "same" or padding == "same":
            padding = _same(k, dilation, at)
        found = places(reading, at, n, k, (stride, padding, dilation), options, r)
        values.append(sliding(found, k, n, stride, padding, dilation))
        spots.append((20 + r, r, 10 + r))
    return contract_values(at, reading.sizes, values, spots, (*out, *range(dims)))


def channels(
    reading: Reading, at: Tree, w: Value, x: Value, w_lead: int, x_lead: int, dims: int, full: bool
) -> tuple[tuple[int, ...], tuple[int, ...], tuple[int, ...]]:
    """The indices of what is not space, of the kernel, the signal and the result."""
    batch = tuple(range(100, 100 + max(x_lead - 1, 0)))
    match w_lead, x_lead:
        case 0, 0:
            return (), (), ()
        case 2, (1 | 2):
            # a full convolution is the adjoint: it goes from output channels to input channels
            channel = 0 if full else 1
            _same_channels(reading, at, w, x, channel, dims)
            own = (91, 90) if full else (90, 91)
            return own, (*batch, 91), (*batch, 90)
        case 1, 0:
            return (90,), (), (90,)
        case 1, 1:
            a, b = (sizes.resolve(v.own[0], reading.sizes.bound) for v in (w, x))
            if full or (a == b and _letter_of(w) in KERNEL_LETTERS):
                return (91,), (91,), ()
            return (90,), (91,), (90, 91)
    raise Fault(
        "shape-clash", f"shapes do not convolve: {w.shape_text()} over {x.shape_text()}", at
    )


def _letter_of(value: Value) -> str:
    name = getattr(value.expr, "name", "") or getattr(getattr(value.expr, "op", None), "symbol", "")
    return parts(re.split("[_^]", name)[0]).core if name else ""


def _same_channels(reading: Reading, at: Tree, w: Value, x: Value, channel: int, dims: int) -> None:
    mine, theirs = w.own[channel], x.own[-dims - 1]
    try:
        reading.sizes.unify(mine, theirs)
    except SizeError:
        one, other = (sizes.latex(sizes.resolve(n, reading.sizes.bound)) for n in (mine, theirs))
        raise Fault(
            "shape-clash",
            f"the kernel has a slice for each of ${one}$ channels, what it slides over has "
            f"${other}$",
            at,
            "a kernel is output channels × input channels × $k$ × $k$",
        ) from None


def _same(k: Axis, dilation: Axis, at: Tree) -> Axis:
    reach = dilation * (k - 1)
    if not isinstance(reach, int) or reach % 2:
        raise Fault(
            "unsupported", f"a window of ${sizes.latex(k)}$ has no padding that keeps the size", at,
            'padding "same" needs an odd window of known size: write the padding as a number',
        )  # fmt: skip
    return reach // 2


def places(
    reading: Reading, at: Tree, n: Axis, k: Axis, how: tuple, options: dict[str, list[Axis]], r: int
) -> Axis:
    """How often the window fits; a size still to be found where a stride leaves that open."""
    if "size" in options:
        return options["size"][r % len(options["size"])]
    try:
        return output_size(n, k, *how)
    except SizeError as error:
        open_ = not isinstance(n, int) or not isinstance(k, int)
        if isinstance(how[0], int) and how[0] > 1 and how[1] != -1 and open_:
            return reading.sizes.fresh()
        told = re.sub(r"would be (.*)$", r"would be $\1$", str(error))
        told = re.sub(r"size (\\lfloor.*) has", r"size $\1$ has", told)
        raise Fault("window", told, at) from None


def sliding(count: Axis, k: Axis, n: Axis, stride: Axis, padding: Axis, dilation: Axis) -> Value:
    axes = (n, count, k)
    unknown = any(map(sizes.unknowns, (*axes, padding)))
    made = (incidence.raw if unknown else incidence.incidence)(
        (1, stride * -1, dilation * -1), padding, axes
    )
    return Value(made)


def is_convolution(expr: Expr) -> bool:
    """Whether a value is a convolution, or a name of one."""
    while is_named(expr):
        expr = expr.kids[0]
    return isinstance(expr, Contract) and any(map(incidence.is_incidence, expr.factors))


def fitting(expr: Expr) -> str:
    """How often the windows of a convolution fit, where its result has not the size it meets."""
    while is_named(expr):
        expr = expr.kids[0]
    if not isinstance(expr, Contract):
        return ""
    for factor, own in zip(expr.factors, expr.indices, strict=True):
        if not incidence.is_incidence(factor) or len(own) != 3:
            continue
        *steps, shift = factor.op.params[:4]  # type: ignore[attr-defined]
        if not all(isinstance(c, int) for c in steps):
            continue
        source = next((k for k in range(3) if sum(c * steps[k] < 0 for c in steps) == 2), None)
        place = next((k for k in range(3) if own[k] in expr.out and k != source), None)
        if source is None or place is None:
            continue
        inside = 3 - source - place
        n, count, k = (sizes.latex(factor.axes[j]) for j in (source, place, inside))
        reach = k if abs(steps[inside]) == 1 else f"({abs(steps[inside])}({k} - 1) + 1)"
        room = "" if shift == 0 else rf" + 2 \cdot {sizes.latex(shift * steps[source])}"
        stride = abs(steps[place])
        places = f"{n}{room} - {reach} + 1" if stride == 1 else (
            rf"\lfloor ({n}{room} - {reach}) / {stride} \rfloor + 1")  # fmt: skip
        return f"a window of ${k}$ fits into ${n}$ in ${places} = {count}$ places"
    return ""


def with_bias(reading: Reading, tree: Tree, values: list[Value]) -> Value | None:
    """A convolution and a vector with a number for each output channel; None for anything else."""
    whole = max(values, key=lambda v: len(v.own))
    ranks = {len(v.own) for v in values}
    vectors = [v for v in values if len(v.own) == 1]
    if len(whole.own) < 2 or not vectors or ranks - {0, 1, len(whole.own)}:
        return None
    if not any(is_convolution(v.expr) for v in values):
        return None
    channel = max(len(whole.own) - 3, 0)
    widened = []
    for v in values:
        if len(v.own) != 1:
            widened.append(v)
            continue
        rest = [k for k in range(len(whole.own)) if k != channel]
        ones = [Value(Ones(sizes.resolve(whole.own[k], reading.sizes.bound))) for k in rest]
        reading.note("bias", f"in {said(tree)} every channel gets its entry of the vector")
        widened.append(contract_values(
            tree, reading.sizes, [v, *ones], [(channel,), *((k,) for k in rest)],
            tuple(range(len(whole.own)))))  # fmt: skip
    return sum_of(tree, reading.sizes, widened)
