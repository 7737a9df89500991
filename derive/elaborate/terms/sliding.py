r"""Windows in words: \mathrm{conv}(x, w, \text{stride}=2), flips, pooling, flatten.

The idea: options are written name = value, or stand below the word; what they leave open is as
usual.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction

from derive.elaborate.dispatch import said, value_of
from derive.elaborate.faults import Fault
from derive.elaborate.reading import Env, Reading
from derive.elaborate.shown import text
from derive.elaborate.terms.adjoints import is_adjoint
from derive.elaborate.terms.convolve import (
    DIMS,
    Operand,
    channels,
    pair,
    places,
    slid,
    slidable,
    sliding,
    with_bias,
)
from derive.elaborate.terms.limits import size_of, sizes_below
from derive.elaborate.terms.said import with_said
from derive.elaborate.values import Value, call_of, contract_values, squeezed
from derive.kernel import sizes
from derive.kernel.build import contracted, lift
from derive.kernel.expr import Call, Expr, Ones
from derive.kernel.sizes import Axis, SizeError
from derive.operators import incidence
from derive.operators.blocks import joined, sliced
from derive.operators.pointwise import reciprocal
from derive.operators.pooling import FLATTENED, POOLS, flattening, unflattening
from derive.operators.primitives import argmax, maximum
from derive.operators.windows import CONVOLUTIONS, FLIPS
from derive.tree import Tree


def conv_value(reading: Reading, tree: Tree, arguments: list[Tree], env: Env) -> Value | None:
    r"""\mathrm{conv}(x, w, \text{stride}=2, \text{padding}=1)."""
    plain, options = _options(reading, tree, arguments)
    options = with_said(reading, tree, "conv", options)
    word = _word(tree)
    if len(plain) not in (2, 3):
        raise Fault(
            "wrong-arguments", f"{word} takes a signal and a kernel, not {len(plain)} arguments",
            tree, rf"write it as in $\mathrm{{{word}}}(x, w)$",
        )  # fmt: skip
    operands = [(p, slidable(reading, p, env)) for p in plain[:2]]
    if not all(v.own for _, v in operands):
        raise Fault("shape-clash", f"{word} needs arrays, not a scalar", tree)
    dims = 1 if "1" in word else 2 if "2" in word else None
    mode = "full" if "full" in word.lower() or _script(tree) == "full" else ""
    if mode == "" and _script(tree) in ("same", "valid"):
        mode = _script(tree)
    if _is_adjoint(tree) or "ranspose" in word or "deconv" in word.lower():
        return _adjoint(reading, tree, operands, options, dims)
    if (groups := options.pop("groups", [1])) != [1]:
        value = _grouped(reading, tree, operands, mode, options, groups[0])
    else:
        value = pair(reading, tree, operands[1], operands[0], mode, options, dims)
    if len(plain) == 3:
        return with_bias(reading, tree, [value, squeezed(value_of(reading, plain[2], env))])
    return value


def _grouped(
    reading: Reading, tree: Tree, operands: list[Operand], mode: str,
    options: dict[str, list[Axis]], groups: Axis,
) -> Value:  # fmt: skip
    """Each group of output channels from a group of channels alone, one group after the other."""
    x, w = (reading.sizes.current(v) for _, v in operands)
    dims = len(w.own) - 2
    if dims not in (1, 2) or len(x.own) <= dims or not isinstance(groups, int):
        raise Fault(
            "unsupported", f"{said(tree)} has groups that are not read", tree,
            "a kernel of a known number of groups is output channels × channels of a group × "
            r"$k$ × $k$, as in $W \in \mathbb{R}^{6 \times 2 \times 3 \times 3}$",
        )  # fmt: skip
    outputs, inside = w.own[0], w.own[1]
    if not isinstance(outputs, int) or outputs % groups:
        raise Fault("shape-clash", f"{groups} groups do not share the output channels of a kernel "
                    f"of shape {w.shape_text()}", tree)  # fmt: skip
    try:
        reading.sizes.unify(x.own[-dims - 1], groups * inside)
    except SizeError:
        raise Fault("shape-clash", f"{groups} groups of ${inside}$ channels are not those of an "
                    f"input of shape {x.shape_text()}", tree) from None  # fmt: skip
    x, out, parts = reading.sizes.current(x), outputs // groups, []
    for k in range(groups):
        seen = sliced(x.expr, -dims - 1, k * inside, (k + 1) * inside)
        own = sliced(w.expr, -dims - 2, k * out, (k + 1) * out)
        parts.append(slid(reading, tree, replace(w, expr=own), replace(x, expr=seen), dims, mode,
                          options))  # fmt: skip
    return replace(parts[0], expr=joined([part.expr for part in parts], -dims - 1))


def _adjoint(
    reading: Reading, tree: Tree, operands: list[Operand], options: dict[str, list[Axis]],
    dims: int | None,
) -> Value:  # fmt: skip
    """conv^T(g, w): what a convolution with w would have made g of."""
    g, w = (reading.sizes.current(v) for _, v in operands)
    if len(g.own) > len(w.own):
        g, w = w, g
    dims = dims or DIMS.get((len(w.own), len(g.own)), len(w.own))
    w_own, g_own, out = channels(
        reading, tree, w, g, len(w.own) - dims, len(g.own) - dims, dims, True
    )
    values, spots = [w, g], [(*w_own, *range(10, 10 + dims)), (*g_own, *range(dims))]
    for r in range(dims):
        k, m = (sizes.resolve(v.own[r - dims], reading.sizes.bound) for v in (w, g))
        stride, padding, dilation = (
            options.get(word, [usual])[r % len(options.get(word, [0]))]
            for word, usual in (("stride", 1), ("padding", 0), ("dilation", 1))
        )
        n = stride * (m - 1) - 2 * padding + dilation * (k - 1) + 1
        if "size" in options:
            n = options["size"][r % len(options["size"])]
        values.append(sliding(m, k, n, stride, padding, dilation))
        spots.append((20 + r, r, 10 + r))
    return contract_values(tree, reading.sizes, values, spots, (*out, *range(20, 20 + dims)))


def flip_value(reading: Reading, tree: Tree, arguments: list[Tree], env: Env) -> Value | None:
    r"""flip(w) reads a vector backwards; rot_{180}(W) the last two axes of an image or a kernel."""
    value = slidable(reading, arguments[0], env)
    if len(arguments) != 1 or not value.own:
        return None
    rank = len(value.own)
    turned = range(max(rank - 2, 0), rank) if rank != 3 or "rot" in _word(tree) else (2,)
    values, spots, out = [value], [tuple(range(rank))], list(range(rank))
    for k in turned:
        n = sizes.resolve(value.own[k], reading.sizes.bound)
        made = (incidence.raw if sizes.unknowns(n) else incidence.incidence)((1, 1), 1 - n, (n, n))  # type: ignore[operator]
        values.append(Value(made))
        spots.append((k, 50 + k))
        out[k] = 50 + k
    return contract_values(tree, reading.sizes, values, spots, tuple(out))


def pool_value(reading: Reading, tree: Tree, arguments: list[Tree], env: Env) -> Value | None:
    r"""\mathrm{MaxPool}_{2 \times 2}(a, \text{stride}=2); the stride is the window if left out."""
    plain, options = _options(reading, tree, arguments)
    word = _word(tree).lower()
    back = "unpool" in word
    window = options.get("window") or _window_of(reading, tree)
    options = with_said(reading, tree, "pool", options, bool(window) or len(plain) == 2 + back)
    window = window or options.get("window")
    if len(plain) == 2 + back and window is None:
        window = [size_of(reading, plain[-1])]
        plain = plain[:-1]
    if len(plain) != 1 + back:
        raise Fault("wrong-arguments", f"{_word(tree)} takes {1 + back} argument(s)", tree)
    given = [reading.sizes.current(slidable(reading, p, env)) for p in plain]
    value = given[-1]
    mean = word.startswith(("a", "mean", "globala")) or word == "gap"
    rank = len(value.own)
    if window is None:
        if not word.startswith("global") and word != "gap":
            raise Fault(
                "window", f"{said(tree)} does not say how large its window is", tree,
                rf"write it as in $\mathrm{{{_word(tree)}}}_{{2}}(..)$",
            )  # fmt: skip
        window = list(value.own[max(rank - 2, min(rank - 1, 1)) :])
    dims = min(len(window), 2) if len(window) > 1 else 1 if rank == 1 else 2
    if rank < dims:
        raise Fault("shape-clash", f"{_word(tree)} needs an array, not a scalar", tree)
    window = window * dims if len(window) == 1 else window
    joints = _joints(reading, tree, value, window, options, dims, mean)
    lead, places = tuple(range(100, 100 + rank - dims)), tuple(range(dims))
    inner, source = tuple(range(10, 10 + dims)), tuple(range(20, 20 + dims))
    spots = [(20 + r, r, 10 + r) for r in places]
    if is_adjoint(_word(tree)):
        return _scaled(reading, tree, window, contract_values(
            tree, reading.sizes, [value, *joints], [(*lead, *places), *spots], (*lead, *source)
        ))  # fmt: skip
    own = (*lead, *source)
    if mean:
        made = contract_values(
            tree, reading.sizes, [value, *joints], [own, *spots], (*lead, *places)
        )
        made = _scaled(reading, tree, window, made)
        return Value(squeezed(made).expr, made.opens) if word.startswith("g") else made
    seen = contract_values(
        tree, reading.sizes, [value, *joints], [own, *spots], (*lead, *places, *inner)
    )
    if back:
        first = call_of(tree, reading.sizes, argmax, seen)
        values, at = [given[0], first, *joints], [(*lead, *places), (*lead, *places, *inner)]
        at += spots
        if dims == 2:
            rows = call_of(tree, reading.sizes, argmax, call_of(tree, reading.sizes, maximum, seen))
            values, at = [*values, rows], [*at, (*lead, *places, inner[0])]
        return contract_values(tree, reading.sizes, values, at, own)
    for _ in range(dims):
        seen = call_of(tree, reading.sizes, maximum, seen)
    return seen


def _joints(
    reading: Reading, tree: Tree, value: Value, window: list[Axis],
    options: dict[str, list[Axis]], dims: int, mean: bool,
) -> list[Value]:  # fmt: skip
    """The constants of the windows, for an input (of an adjoint: for a result) of this shape."""
    found = []
    stride = options.get("stride", window)
    for r in range(dims):
        n = sizes.resolve(value.own[r - dims], reading.sizes.bound)
        how = (stride[r % len(stride)], options.get("padding", [0])[0], 1)
        if how[1] != 0 and not mean:
            raise Fault("unsupported", "a largest entry with padding is not known", tree)
        if is_adjoint(_word(tree)):
            whole = options.get("size")
            usual = how[0] * (n - 1) - 2 * how[1] + window[r]
            found.append(sliding(n, window[r], whole[r % len(whole)] if whole else usual, *how))
            continue
        count = places(reading, tree, n, window[r], how, {}, r)
        found.append(sliding(count, window[r], n, *how))
    return found


def _scaled(reading: Reading, tree: Tree, window: Sequence[Axis], made: Value) -> Value:
    """A sum over windows as a mean."""
    number = sizes.product(window)
    if isinstance(number, int):
        part: Expr = lift(Fraction(1, number))
    else:
        part = reciprocal(contracted([Ones(n) for n in window], [(k,) for k in range(len(window))],
                                     ()))  # fmt: skip
    own = tuple(range(len(made.own)))
    return contract_values(tree, reading.sizes, [Value(part), made], [(), own], own)


def unflatten_value(reading: Reading, tree: Tree, arguments: list[Tree], env: Env) -> Value | None:
    r"""\operatorname{unflatten}_{5,4,4}(h), the array of this shape with the entries of h."""
    axes = sizes_below(reading, tree.kids[0])
    if len(arguments) != 1 or not axes:
        raise Fault(
            "unsupported", "the shape of this array is not said", tree,
            r"write its sizes, as in $\operatorname{unflatten}_{c,m,n}(h)$",
        )  # fmt: skip
    value = squeezed(value_of(reading, arguments[0], env))
    if len(value.own) != 1:
        raise Fault("shape-clash", f"a vector is unflattened, not {value.shape_text()}", tree)
    reading.sizes.unify(value.own[0], sizes.product(axes))
    value = reading.sizes.current(value)
    return Value(Call(unflattening(*axes), (value.expr,)), value.opens)


def flatten_value(reading: Reading, tree: Tree, arguments: list[Tree], env: Env) -> Value | None:
    """The entries of an array as a vector, the last axis fastest."""
    if len(arguments) != 1:
        return None
    value = reading.sizes.current(slidable(reading, arguments[0], env))
    if len(value.own) < 2:
        return value
    return Value(Call(flattening(len(value.own)), (value.expr,)), value.opens)


def _word(tree: Tree) -> str:
    function = tree.kids[0]
    while function.head in ("index", "script", "transpose"):
        function = function.kids[0]
    return re.sub(r"\\(mathrm|operatorname|text|mathsf)\{(.*)\}", r"\2", str(function.kids[0]))


def _script(tree: Tree) -> str:
    function = tree.kids[0]
    return text(function.kids[1]).strip("{}").replace(r"\mathrm{", "").replace(r"\text{", "") if (
        function.head == "index") else ""  # fmt: skip


def _is_adjoint(tree: Tree) -> bool:
    return is_adjoint(_word(tree))


def _window_of(reading: Reading, tree: Tree) -> list[Axis] | None:
    """The window that a word has as its subscript: 2, 2 \\times 2, or 2, 2."""
    function = tree.kids[0]
    if function.head != "index":
        return None
    sub = function.kids[1:]
    if len(sub) == 1 and sub[0].head in ("juxt", "list"):
        sub = sub[0].kids
    return [size_of(reading, part) for part in sub if part.head != "op"]


_NAMES = {"s": "stride", "p": "padding", "d": "dilation", "k": "window", "kernel": "window",
          "pad": "padding", "strides": "stride", "kernelsize": "window"}  # fmt: skip


def _options(
    reading: Reading, tree: Tree, arguments: Sequence[Tree]
) -> tuple[list[Tree], dict[str, list[Axis]]]:
    """The arguments that are arrays, and the options that are written name = value."""
    plain: list[Tree] = []
    options: dict[str, list[Axis]] = {}
    flat: list[Tree] = []
    for argument in arguments:
        inner = argument.kids if argument.head in ("semi", "list") else (argument,)
        for one in inner:
            flat.extend(one.kids if isinstance(one, Tree) and one.head == "list" else (one,))
    for argument in flat:
        if argument.head != "chain":
            plain.append(argument)
            continue
        left, _, right = argument.kids[:3]
        word = re.sub(r"\\(mathrm|text|operatorname)|[{}\\ _]", "", text(left)).lower()
        word = _NAMES.get(word, word)
        known = ("stride", "padding", "dilation", "window", "size", "groups")
        if word not in known or (word == "groups" and tree.kids[0].kids[0] in POOLS):
            raise Fault(
                "wrong-arguments", f"{_word(tree)} has no option {word}", argument,
                "known are stride, padding, dilation, size and the groups of a convolution",
            )  # fmt: skip
        named = re.sub(r"\\(mathrm|text)|[{}]", "", text(right))
        if word == "padding" and named in ("same", "valid"):
            options[word] = [0] if named == "valid" else ["same"]  # type: ignore[list-item]
            continue
        several = right.kids if right.head == "list" else (right,)
        if right.head in ("paren", "bracket") and right.kids[0].head == "list":
            several = right.kids[0].kids
        options[word] = [_whole(reading, word, part) for part in several]
    return plain, options


def _whole(reading: Reading, word: str, tree: Tree) -> Axis:
    if tree.head == "neg":
        raise Fault("window", f"the {word} is not negative", tree)
    found = size_of(reading, tree)
    if found == 0 and word in ("stride", "dilation", "window", "groups"):
        raise Fault("window", f"the {word} is at least 1, not 0", tree)
    return found


WORDS = {
    **dict.fromkeys([*CONVOLUTIONS, *(f"{word}^T" for word in CONVOLUTIONS)], conv_value),
    **dict.fromkeys(FLIPS, flip_value),
    **dict.fromkeys([*POOLS, *(f"{word}^T" for word in POOLS)], pool_value),
    **dict.fromkeys(FLATTENED, flatten_value),
    "unflatten": unflatten_value,
}
