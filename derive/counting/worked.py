r"""The worked line of a count of described layers: which layers it is of, and their sum.

The idea: a question names a layer, or a kind, or the whole; where it could be of several layers
nothing is answered.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace

from derive.counting import questions
from derive.counting.counted import Counted, Custom
from derive.counting.kinds import COUNTING, KINDS, WINDOWS
from derive.counting.layers import (
    Extent,
    Layer,
    Line,
    Unsaid,
    receptive_field,
    times,
)
from derive.counting.memory import product_costs, stored
from derive.counting.prose import Described
from derive.counting.slips import of_parameters, of_sizes
from derive.counting.sought import fits, head_width, patches, reach, sought, stacked
from derive.counting.windows import depth
from derive.counting.written import as_written, axes_known
from derive.kernel.sizes import Axis, SizeError, latex, product

# The layers that a count leaves out.
_EXCEPT = re.compile(
    r"\b(?:without|exclud\w+|ignor\w+|except(?:ing)?(?: for)?|apart from|other than|besides|"
    r"not (?:counting|including)|leaving out|omitting|disregarding)\b([^,.;?()]*)"
)
_PLACED = re.compile(r"\b(?:first|second|third|last|final|output|hidden|input)\b")
_EVERY = re.compile(r"\b(?:every|each|all|intermediate)\b")
_FULL = re.compile(r"fully|dense|\bfc\b|linear|hidden|output layer")
_NAMED = (("conv", r"\bconv"), ("dense", _FULL.pattern), ("norm", r"batch[- ]?norm|\bbn\b"),
          ("layer norm", r"layer[- ]?norm"), ("pool", r"\bpool|max[- ]?pool"),
          ("other", r"\bdropout|\brelu\b|\bsoftmax|activation (?:function|layer)"),
          ("embedding", r"embedding"), ("lstm", r"\blstm"), ("gru", r"\bgru"),
          ("attention", r"attention"), ("feed-forward", r"feed-?forward"))  # fmt: skip


def worked(blank: Counted, words: str, described: Described) -> Counted | None:
    """The answer to a question about what is described; None where it is about something else."""
    if (rule := _OTHERS.get(blank.kind)) is not None:
        return rule(blank, words, described)
    if blank.kind == "connections":
        raise Unsaid("what counts as a connection")
    if blank.kind in ("multiply-adds", "operations") and not described.layers:
        return product_costs(blank, words)
    if blank.kind == "memory":
        return _memory(blank, words, described)
    if not any(one.kind not in ("other", "flat") for one in described.layers):
        if any(one.kind == "other" for one in described.layers) and named(words) == ["other"]:
            return replace(blank, steps=("0",), value=0)
        said = re.search(r"network|model|there|\bit\b|# parameters|number of", words)
        return replace(blank, kind="network") if blank.kind == "parameters" and said else None
    layers, shape = described.layers, described.shape
    strange = [kind for kind in described.mentioned if kind not in {one.kind for one in layers}]
    if strange:
        raise Unsaid(f"what the {strange[0]} is like")
    if described.bias is not None and blank.kind != "biases":
        layers = [replace(one, bias=described.bias) if one.bias is None else one for one in layers]
    plane = layers[0].plane
    if len(shape) == plane and described.channels is not None:
        shape = (*shape, described.channels)
    if not shape and described.channels is not None:
        shape = (*(0,) * plane, described.channels)  # only the channels matter
    axes_known(layers[0], shape)
    if len(shape) == 1 and layers[0].kind in ("rnn", "lstm", "gru", "bilstm"):
        shape = ()  # how long a sequence is
    placed = through(_deepened(layers, shape), shape)
    match blank.kind:
        case "receptive field":
            return _field(blank, [one for one, _ in placed if one.kind in WINDOWS])
        case "output size" | "activations":
            return as_written(_sizes(blank, words, placed, shape), words, described, plane)
        case "filter depth":
            filters = [(one, at) for one, at in placed if one.kind == "conv"]
            deep = depth(*filters[-1]) if filters else None
            return None if deep is None else replace(blank, steps=(latex(deep),), value=deep)
    return _summed(blank, words, placed, described)


_OTHERS: dict[str, Callable[[Counted, str, Described], Counted | None]] = {
    "patches": patches, "stack": stacked, "effective kernel": reach, "head width": head_width,
    "fit": fits,
    **dict.fromkeys(
        ("padding", "kernel", "stride", "input", "filters", "inputs", "channels", "units"), sought
    ),
}  # fmt: skip


def _memory(blank: Counted, words: str, described: Described) -> Counted | None:
    """The bytes of activations, or of parameters."""
    stored_here = re.search(r"activation|feature map|volume", words)
    learned = re.search(r"\bweights?\b|\bparam", words)
    if stored_here and learned:
        raise Unsaid("which memory is meant: of what is learned, or of what is computed")
    if stored_here or (re.search(r"output|image", words) and not learned):
        if described.layers:
            one = worked(replace(blank, kind="activations"), words, described)
        elif described.shape and described.shape[0] != 0:
            one = replace(blank, value=product(described.shape))
        else:
            raise Unsaid("how many activations there are")
    elif described.given is not None and described.given[0] == "parameters":
        one = replace(blank, value=described.given[1])
    else:
        # "How many weights are there? How much memory do they need?" leaves biases out.
        they = described.asked == "weights" and re.search(r"\b(?:they|these|them|it)\b", words)
        alone = they or re.search(r"\bweights?\b(?! and)", words)
        more = re.search(r"\bbias|param", words)
        kind = "weights" if alone and not more else "parameters"
        one = worked(replace(blank, kind=kind), words, described)
        if kind == "weights" and one is not None and any(o.bias for o in described.layers):
            one = replace(one, assumed=(*one.assumed, "the biases are left out"))
        if one is not None and one.kind == "network":
            return None
    if one is None or one.value is None or isinstance(one.value, tuple):
        return one
    made = stored(blank, one.value, described)
    return replace(made, assumed=(*made.assumed, *one.assumed))


def _deepened(layers: Sequence[Layer], shape: Extent) -> list[Layer]:
    """A depthwise convolution has as many channels as the next layer takes."""
    found = list(layers)
    for k in reversed(range(len(found) - 1)):
        one, after = found[k], found[k + 1]
        if one.kind == "depthwise" and one.depth is None and not shape and after.depth is not None:
            found[k] = replace(one, depth=after.depth)
    return found


def through(layers: Sequence[Layer], shape: Extent) -> list[tuple[Layer, Extent]]:
    """Each layer with the shape of its input: () from where nothing says it, zeros where only the
    channels are known."""
    found: list[tuple[Layer, Extent]] = []
    for layer in layers:
        found.append((layer, shape))
        rule = KINDS[layer.kind].output
        if rule is None:
            shape = ()
            continue
        try:
            if shape[:1] == (0,) and layer.kind in ("dense", "flat", "whole pool"):
                raise Unsaid("the size of the input")
            made = rule(layer, shape).value
            shape = made if isinstance(made, tuple) else ()
        except (Unsaid, SizeError):
            known = layer.filters
            if layer.kind == "depthwise" or layer.kind == "pool":
                known = shape[-1] if shape else layer.depth
            shape = (*(0,) * layer.plane, known) if layer.kind in WINDOWS and known else ()
    return found


# ------------------------------------------------------------------------------------------- sums


def _summed(
    blank: Counted, words: str, placed: Sequence[tuple[Layer, Extent]], described: Described
) -> Counted | None:
    """Parameters, weights or multiply-adds of the layers that a question is about."""
    chosen = _chosen(placed, words, described)
    if not chosen:
        return None
    costs = blank.kind in ("multiply-adds", "operations")
    if blank.kind == "biases":
        return _biases(blank, chosen)
    if blank.kind == "weights":
        chosen = [(replace(one, bias=False), at) for one, at in chosen]
    if re.search(r"\b(?:trainable|learnable|learned|learnt)\b", words):
        chosen = [(_learned(one), at) for one, at in chosen]
    lines: list[Line] = []
    for one, at in chosen:
        rule = KINDS[one.kind].multiply_adds if costs else KINDS[one.kind].parameters
        if rule is None:
            raise Unsaid(f"how the {one.kind} is used")
        if costs and at[:1] == (0,):
            raise Unsaid("the size of the input")
        if costs and not at and described.made and len(chosen) == 1:
            # What an output costs depends on its places alone.
            one, at = _by_output(one, described.made)
        lines.append(rule(one, at))
    assumed = tuple(dict.fromkeys(a for line in lines for a in line.assumed))
    total: Axis = 0
    for line in lines:
        total = line.number + total
    steps = lines[0].steps
    if len(lines) > 1:
        steps = (
            " + ".join(line.steps[-2:][0] for line in lines),
            " + ".join(line.steps[-1] for line in lines),
            latex(total),
        )
    made = replace(blank, steps=tuple(dict.fromkeys(steps)), value=total, assumed=assumed)
    if costs:
        return _cost(made, described.batch if "batch" in words else None, total)
    if len(lines) == 1:
        return of_parameters(made, *chosen[0])
    bare = _sum_of(chosen, False)
    if any(one.bias is None for one, _ in chosen):
        return replace(made, also=(("without biases", bare),))
    return replace(made, slips=(("the biases are forgotten", bare),))


def _biases(blank: Counted, chosen: Sequence[tuple[Layer, Extent]]) -> Counted:
    """What the parameters with biases have more than those without."""
    counts: list[Axis] = []
    for one, at in chosen:
        if "bias" not in KINDS[one.kind].takes and one.kind != "pool":
            raise Unsaid(f"what the biases of the {one.kind} are")
        full, bare = (_sum_of([(one, at)], bias) for bias in (True, False))
        counts.append(0 if one.bias is False else full + -1 * bare)
    total: Axis = 0
    for n in counts:
        total = n + total
    steps = (" + ".join(map(latex, counts)), latex(total))
    return replace(blank, steps=tuple(dict.fromkeys(steps)), value=total)


def _learned(layer: Layer) -> Layer:
    """A layer without what it stores and does not learn."""
    more = {name: n for name, n in layer.more.items() if name != "running"}
    return replace(layer, more=more)


def _by_output(layer: Layer, made: Extent) -> tuple[Layer, Extent]:
    """A layer of the same cost that makes this output: a window of any stride moves evenly."""
    if layer.kind not in ("conv", "depthwise") or layer.depth is None:
        raise Unsaid("the size of the input")
    if len(made) > layer.plane and layer.filters not in (None, made[layer.plane]):
        raise Unsaid("why the output is as deep as that")
    same = replace(layer, same=True, stride=1, padding=None, dilation=None)
    return same, (*made[: layer.plane], layer.depth)


def _cost(made: Counted, batch: Axis | None, total: Axis) -> Counted:
    """The multiply-adds of a batch, or the operations, of which each has two."""
    steps, assumed = made.steps, made.assumed
    if batch is not None:
        total = total * batch
        steps = (*steps[:-1], rf"{latex(batch)} \cdot {made.result}", latex(total))
        assumed = (*assumed, f"of the whole batch of ${latex(batch)}$")
    if made.kind == "operations":
        steps = (*steps[:-1], rf"2 \cdot {latex(total)}", latex(2 * total))
        total = 2 * total
        assumed = (*assumed, "a multiply-add is two operations, and biases are left out")
    return replace(made, steps=steps, value=total, assumed=assumed)


def _sum_of(chosen: Sequence[tuple[Layer, Extent]], bias: bool) -> Axis:
    total: Axis = 0
    for one, at in chosen:
        total = KINDS[one.kind].parameters(replace(one, bias=bias), at).number + total
    return total


def named(words: str) -> list[str]:
    """The kinds of layers that a question names."""
    found = [kind for kind, pattern in _NAMED if re.search(pattern, words)]
    return [*found, "depthwise", "transposed"] if "conv" in found else found


def _chosen(
    placed: Sequence[tuple[Layer, Extent]], words: str, described: Described
) -> list[tuple[Layer, Extent]]:
    """The layers that a question is about: those it names, all of a network, or the only one."""
    words, out = _left_out(words)
    whole = questions.WHOLE.search(words) or (described.whole and re.search(r"\bit\b", words))
    own = named(words)
    if out:
        placed, whole = [pair for pair in placed if pair[0].kind not in out], whole or not own
    if len(own) == 1 and not whole:
        of_kind = [(one, at) for one, at in placed if one.kind == own[0]]
        if of_kind and all(one.kind in ("pool", "other") for one, _ in of_kind):
            return of_kind[:1]
    counting = [
        (one, at) for one, at in placed if one.kind in COUNTING and one.kind != "whole pool"
    ]
    if any(one.kind not in WINDOWS or one.kind != "pool" for one, _ in counting):
        rest = [(one, at) for one, at in counting if one.kind != "pool"]
        counting = rest or counting
    if len(counting) > 1 and own and not whole and len({one.span for one, _ in counting}) > 1:
        counting = [pair for pair in counting if pair[0].kind in own]
    place = re.search(r"\b(first|second|third|last)\b", words)
    if place and len(counting) > 1:
        at = {"first": 0, "second": 1, "third": 2, "last": -1}[place[1]]
        return counting[at:][:1] if at < len(counting) else []
    if len(counting) > 1 and not whole:
        spans = {one.span for one, _ in counting}
        return counting if len(spans) == 1 or _together(counting, words) else []
    return counting


def _left_out(words: str) -> tuple[str, list[str]]:
    """A question without the layers that it leaves out, and the kinds of these."""
    out: list[str] = []
    for found in _EXCEPT.finditer(words):
        kinds = named(found[1])
        if re.search(r"\bbias|\bpadding", found[1]) and not kinds:
            continue
        if _PLACED.search(found[1]) or ("layer" in found[1] and not kinds):
            raise Unsaid(f"what is left: `{found[0].strip()}`")
        if kinds:
            out += kinds
            words = words.replace(found[0], " " * len(found[0]))
    return words, out


def _together(counting: Sequence[tuple[Layer, Extent]], words: str) -> bool:
    """Whether a question that names no layer is about all of them."""
    one = re.search(r"\b(?:this|the|a) [a-z- ]*layer\b|\bit\b", words)
    return not one or all(layer.kind == "dense" for layer, _ in counting)


# ------------------------------------------------------------------------------------------- sizes


def _field(blank: Counted, layers: Sequence[Layer]) -> Counted | None:
    windows: list[tuple[int, int, int]] = []
    for one in layers:
        if one.kind == "transposed":
            raise Unsaid("how the transposed convolution is seen through")
        kernel = one.window
        stride = one.stride or (kernel[0] if one.kind == "pool" else 1)
        dilation = one.dilation or 1
        if not all(isinstance(n, int) for n in (*kernel, stride, dilation)):
            return None
        if len(set(kernel)) > 1:
            raise Unsaid("along which axis")
        windows.append((kernel[0], stride, dilation))  # type: ignore[arg-type]
    if not windows:
        return None
    terms, jump = ["1"], 1
    for kernel, stride, dilation in windows:
        factor = rf"({kernel} - 1)" if dilation == 1 else rf"{dilation} \cdot ({kernel} - 1)"
        terms.append(factor if jump == 1 else rf"{factor} \cdot {jump}")
        jump *= stride
    value = receptive_field(windows)
    formula = r"1 + \sum_l (k_l - 1) \prod_{i<l} s_i"
    if any(dilation > 1 for _, _, dilation in windows):
        formula = r"1 + \sum_l d_l (k_l - 1) \prod_{i<l} s_i"
    told = ()
    if any(one.stride is None for one in layers):
        told = (Custom("strides that are not said are 1, those of pooling the window's"),)
    return replace(blank, steps=(formula, " + ".join(terms), str(value)), value=value, assumed=told)


def _sizes(
    blank: Counted, words: str, placed: Sequence[tuple[Layer, Extent]], shape: Extent
) -> Counted | None:
    if not shape or shape[0] == 0:
        raise Unsaid("the size of the input")
    chosen = [pair for pair in placed if pair[0].kind != "other"]
    kinds = [k for k in named(words) if k != "other"]
    if len(kinds) == 1 and not _EVERY.search(words) and len(chosen) > 1:
        of_kind = [pair for pair in chosen if pair[0].kind == kinds[0]]
        if len(of_kind) == 1:
            chosen = chosen[: chosen.index(of_kind[0]) + 1]
    if not chosen:
        return None
    place = re.search(r"\b(first|second|third|fourth)\b", words)
    if place and len(chosen) > 1:
        own = [p for p in chosen if not kinds or p[0].kind in kinds]
        at = ["first", "second", "third", "fourth"].index(place[1])
        if at >= len(own):
            return None
        chosen = chosen[: chosen.index(own[at]) + 1]
    lines: list[Line] = []
    for one, at in chosen:
        rule = KINDS[one.kind].output
        if rule is None:
            raise Unsaid(f"how the {one.kind} is used")
        lines.append(rule(one, at))
    assumed = tuple(dict.fromkeys(a for line in lines for a in line.assumed))
    last = lines[-1].value
    if last is None:
        return replace(blank, steps=lines[-1].steps, assumed=assumed) if len(lines) == 1 else None
    assert isinstance(last, tuple)
    if blank.kind == "activations":
        total = product(last)
        dots = times(last).replace(r"\times", r"\cdot")
        steps = tuple(dict.fromkeys((dots, latex(total))))
        return replace(blank, steps=steps, value=total, assumed=assumed)
    if len(lines) == 1:
        made = replace(blank, steps=lines[0].steps, value=last, assumed=assumed)
        return of_sizes(made, *chosen[0])
    made_by = [line.value for line in lines if isinstance(line.value, tuple)]
    chain = r" \to ".join(map(times, (shape, *made_by)))
    return replace(blank, steps=(chain,), value=last, assumed=assumed)
