r"""Sizes sought from a count that is told: the filter of an output, the filters of parameters.

The idea: the rule of a layer with all sizes put in but one, solved for that one; all that fit are
listed.
"""

from __future__ import annotations

import re
from dataclasses import replace

from derive.counting.clauses import NotUnderstood, told
from derive.counting.counted import Counted
from derive.counting.kinds import KINDS, WINDOWS
from derive.counting.layers import Layer, Unsaid, dotted
from derive.counting.prose import Described
from derive.counting.sizes import axis
from derive.counting.solving import MOST_LISTED, solve_sizes
from derive.kernel.sizes import Axis, Size, SizeError, latex

_KEEPS = re.compile(
    r"\b(?:keep|preserv|maintain|retain|unchanged)\w*|\bsame\b|as (?:large|big|wide) as the input"
)
_FIELD_OF = re.compile(r"receptive field (?:size )?of (?:size |at least )?(\d+)(?:x\d+)?")
_WINDOWED = {"padding": "padding", "kernel": "k", "stride": "stride", "input": "n"}
_COUNTED = {"filters": "filters", "inputs": "inputs", "units": "units", "channels": "depth"}
_MOST = 10**7


def sought(blank: Counted, words: str, described: Described) -> Counted | None:
    """The answer to a question for one size; None where nothing is told to find it from."""
    if blank.kind == "padding" and _keeps(words, described):
        return _padding_that_keeps(blank, _window(described))
    if blank.kind in _WINDOWED:
        return _from_output(blank, described)
    return _from_parameters(blank, described)


def _keeps(words: str, described: Described) -> bool:
    same = any(one.same for one in described.layers)
    return same or any(name == "same" for name, _ in described.loose) or bool(_KEEPS.search(words))


def _window(described: Described) -> Layer:
    """The one layer with a window; one that is told only by its sizes is a convolution."""
    windows = [one for one in described.layers if one.kind in WINDOWS]
    if not described.layers:
        try:
            windows = [told(Layer("conv"), described.loose)]
        except NotUnderstood as error:
            raise Unsaid(f"what `{error}` is of") from error
    if len(windows) != 1 or windows[0].kind == "transposed":
        raise Unsaid("which window this is about")
    return windows[0]


def _padding_that_keeps(blank: Counted, layer: Layer) -> Counted:
    r"""d (k - 1) / 2 keeps the size at stride 1."""
    if layer.stride not in (None, 1):
        raise Unsaid("a stride of 1, without which no padding keeps the size")
    sides = dict.fromkeys(layer.window)
    if len(sides) != 1:
        raise Unsaid("along which axis")
    (k,) = sides
    d = layer.dilation or 1
    front = "" if d == 1 else rf"{latex(d)} \cdot "
    formula = rf"\frac{{{front}({latex(k)} - 1)}}{{2}}"
    if not isinstance(k, int) or not isinstance(d, int):
        return replace(blank, steps=(formula,), assumed=("on each side",))
    if d * (k - 1) % 2:
        return replace(blank, missing=f"${formula}$ is no whole number: no padding keeps the size")
    value = d * (k - 1) // 2
    return replace(blank, steps=(formula, str(value)), value=value, assumed=("on each side",))


def _from_output(blank: Counted, described: Described) -> Counted | None:
    """All windows, strides or inputs along one axis that give the output that is told."""
    layer, shape, made = _window(described), described.shape, described.made
    if not made:
        return None
    sides: dict[str, Axis | None] = {
        "k": layer.window[0] if layer.kernel else None,
        "stride": layer.stride,
        "padding": 0 if layer.padding is None and blank.kind != "padding" else layer.padding,
        "n": shape[0] if shape else None,
    }
    square = all(len(set(e[: layer.plane])) <= 1 for e in (made, shape, layer.kernel))
    if not square:
        raise Unsaid("along which axis")
    unknown = _WINDOWED[blank.kind]
    if isinstance(sides[unknown], Size):
        sides[unknown] = None  # "a padding P. What is P?"
    if sides[unknown] is not None:
        return None
    assumed = ["no padding is taken"] if layer.padding is None and unknown != "padding" else []
    if sides["stride"] is None and unknown != "stride":
        sides["stride"] = 1
        assumed.append("the stride is taken to be 1")
    for name, says in (("k", "the size of the window"), ("n", "the size of the input")):
        if sides[name] is None and unknown != name:
            raise Unsaid(says)
    numbers = {name: n for name, n in sides.items() if isinstance(n, int)}
    target, dilation = made[0], layer.dilation or 1
    if len(numbers) < 3 or not isinstance(target, int) or not isinstance(dilation, int):
        return None
    if max(numbers.values()) > 10_000:
        return None
    found = solve_sizes(
        target, numbers.get("n"), numbers.get("k"), numbers.get("stride"), numbers.get("padding"),
        dilation,
    )  # fmt: skip
    values = sorted({at[unknown] for at in found})
    if not values:
        return replace(blank, missing="no whole number gives this output")
    rest = [f"and {len(values) - MOST_LISTED} more"] if len(values) > MOST_LISTED else []
    shown = r",\ ".join(map(str, values[:MOST_LISTED]))
    rule = _rule(sides, unknown, dilation)
    checks = [f"from ${latex(target)} = {rule}$"]
    value = values[0] if len(values) == 1 else None
    return replace(blank, steps=(shown,), value=value, assumed=(*checks, *rest, *assumed))


def size_named(letter: str, described: Described) -> str | None:
    """Which size of the one window that is described has this letter."""
    if len(described.layers) != 1:
        return None
    (layer,), wanted = described.layers, axis(letter)
    sizes = {
        "kernel": layer.kernel[:1], "stride": (layer.stride,), "padding": (layer.padding,),
        "input": described.shape[:1],
    }  # fmt: skip
    found = [kind for kind, values in sizes.items() if wanted in values]
    return found[0] if len(found) == 1 else None


def _rule(sides: dict[str, Axis | None], unknown: str, dilation: int) -> str:
    letters = {"k": "F", "stride": "S", "padding": "P", "n": "N"}
    n, k, s, p = (
        letters[name] if name == unknown else latex(sides[name])  # type: ignore[arg-type]
        for name in ("n", "k", "stride", "padding")
    )
    reach = k if dilation == 1 else rf"({dilation} \cdot ({k} - 1) + 1)"
    padded = "" if p == "0" else rf" + 2 \cdot {p}"
    return rf"\left\lfloor \frac{{{n} - {reach}{padded}}}{{{s}}} \right\rfloor + 1"


def _from_parameters(blank: Counted, described: Described) -> Counted | None:
    """The one number of filters, inputs or units that gives the parameters that are told.

    Every count of parameters grows with each of its sizes.
    """
    name = _COUNTED[blank.kind]
    if described.given is None or len(described.layers) != 1:
        return None
    kind, target = described.given
    (layer,) = described.layers
    if getattr(layer, name) is not None or not isinstance(target, int) or kind != "parameters":
        return None
    if described.bias is not None and layer.bias is None:
        layer = replace(layer, bias=described.bias)
    shape = described.shape
    if not shape and described.channels is not None:
        shape = (*(0,) * layer.plane, described.channels)

    def count(n: int) -> tuple[Axis, tuple[str, ...]]:
        line = KINDS[layer.kind].parameters(replace(layer, **{name: n}), shape)
        return line.number, (line.steps[-2], *line.assumed)

    low, high = 1, min(target, _MOST)
    while low < high:
        middle = (low + high) // 2
        value, _ = count(middle)
        if not isinstance(value, int):
            return None
        low, high = (low, middle) if value >= target else (middle + 1, high)
    value, (proof, *assumed) = count(low)
    if value != target:
        return replace(blank, missing=f"no whole number gives ${latex(target)}$ parameters")
    checks = (f"put in: ${proof} = {latex(target)}$",)
    return replace(blank, steps=(str(low),), value=low, assumed=(*checks, *assumed))


# ------------------------------------------------------------------------------ of other kinds


def patches(blank: Counted, words: str, described: Described) -> Counted | None:
    """The image's sides over the patch's, and one more for the token of the class."""
    shape, patch = described.shape, described.patch
    if len(patch) < 2:
        raise Unsaid("how large a patch is")
    if len(shape) < 2 or shape[0] == 0:
        raise Unsaid("how large the image is")
    if not all(isinstance(n, int) for n in (*shape[:2], *patch[:2])):
        return None
    sides = list(zip(shape[:2], patch[:2], strict=True))
    for n, p in sides:
        if n % p:  # type: ignore[operator]
            return replace(blank, missing=f"patches of {p} do not fill {n}")
    value = 1
    for n, p in sides:
        value *= n // p  # type: ignore[operator]
    over = r" \cdot ".join(rf"\frac{{{n}}}{{{p}}}" for n, p in sides)
    if re.search(r"(?:class|cls)\]? token", words):
        return replace(blank, steps=(f"{over} + 1", str(value + 1)), value=value + 1)
    return replace(blank, steps=(over, str(value)), value=value)


def stacked(blank: Counted, words: str, described: Described) -> Counted | None:
    """How many equal convolutions of stride 1 see as much as is told: (R - 1) / (d (k - 1))."""
    told_of = _FIELD_OF.search(words)
    layer = _window(described)
    k, d = dict.fromkeys(layer.window), layer.dilation or 1
    if told_of is None or layer.stride not in (None, 1) or len(k) != 1:
        return None
    (side,), field = k, int(told_of[1])
    if not isinstance(side, int) or not isinstance(d, int) or side < 2:
        return None
    grows = d * (side - 1)
    value = -(-(field - 1) // grows)
    steps = (rf"\left\lceil \frac{{{field} - 1}}{{{grows}}} \right\rceil", str(value))
    adds = f"each adds ${dotted(d, side - 1)} = {grows}$" if d != 1 else f"each adds {grows}"
    return replace(blank, steps=steps, value=value, assumed=(adds,))


def reach(blank: Counted, words: str, described: Described) -> Counted | None:
    r"""How far a dilated window reaches: d (k - 1) + 1."""
    layer = _window(described)
    sides = dict.fromkeys(layer.window)
    if len(sides) != 1 or layer.dilation is None:
        return None
    (k,), d = sides, layer.dilation
    value = d * (k - 1) + 1
    steps = (rf"{latex(d)} \cdot ({latex(k)} - 1) + 1", latex(value))
    return replace(blank, steps=steps, value=value)


def head_width(blank: Counted, words: str, described: Described) -> Counted | None:
    """The width of the model over its heads."""
    sizes = {name: values for name, values in described.loose if len(values) == 1}
    if len(described.layers) == 1:
        more = described.layers[0].more
        width, heads = more.get("width"), more.get("heads")
    else:
        try:
            own = [(n, v) for n, v in sizes.items() if n in ("width", "heads")]
            one = told(Layer("attention"), own)
        except NotUnderstood:
            return None
        width, heads = one.more.get("width"), one.more.get("heads")
    if width is None or heads is None:
        raise Unsaid("the dimension of the model and how many heads there are")
    over = rf"\frac{{{latex(width)}}}{{{latex(heads)}}}"
    if not isinstance(width, int) or not isinstance(heads, int):
        return replace(blank, steps=(over,))
    if width % heads:
        return replace(blank, missing=f"{width} cannot be divided among {heads} heads")
    return replace(blank, steps=(over, str(width // heads)), value=width // heads)


def fits(blank: Counted, words: str, described: Described) -> Counted | None:
    """Whether the window fits the input evenly: the fraction in its rule, whole or not."""
    layer, shape = _window(described), described.shape
    if len(shape) < layer.plane or shape[0] == 0:
        raise Unsaid("the size of the input")
    numbers = (shape[0], layer.window[0], layer.stride, layer.padding or 0, layer.dilation or 1)
    if len(set(shape[: layer.plane])) > 1 or len(set(layer.window)) > 1:
        raise Unsaid("along which axis")
    n, k, s, p, d = numbers
    if not all(isinstance(x, int) for x in numbers):
        return None
    room = n + 2 * p - d * (k - 1) - 1  # type: ignore[operator]
    sides: dict[str, Axis | None] = {"n": n, "k": k, "stride": s, "padding": p}
    rule = _rule(sides, "", d).replace(r"\left\lfloor ", "").replace(r" \right\rfloor", "")  # type: ignore[arg-type]
    if room < 0:  # type: ignore[operator]
        raise SizeError(f"the window is larger than the input: {latex(k)} over {latex(n)}")  # type: ignore[arg-type]
    whole = room % s == 0  # type: ignore[operator]
    shown = str(room // s + 1) if whole else rf"\frac{{{room}}}{{{s}}} + 1"  # type: ignore[operator]
    says = "a whole number: the window fits" if whole else (
        "no whole number: the window does not fit evenly"
    )  # fmt: skip
    return replace(blank, steps=(rule, shown), assumed=(says,))
