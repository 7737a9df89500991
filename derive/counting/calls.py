"""Layers as a framework's program names them: Conv2d(3, 16, kernel_size=5, stride=2).

The idea: a call is a row of its arguments' names in order; an argument that is not in it makes the
layer unreadable.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from derive.counting.layers import Layer
from derive.kernel.sizes import Axis

_CONV = ("depth", "filters", "kernel", "stride", "padding", "dilation", "groups", "bias")
_NAMES = {
    "in_channels": "depth", "out_channels": "filters", "kernel_size": "kernel",
    "in_features": "inputs", "out_features": "units", "num_features": "units",
    "normalized_shape": "units", "num_embeddings": "vocabulary", "embedding_dim": "width",
    "input_size": "inputs", "hidden_size": "hidden", "num_layers": "depth of stack",
    "batch_first": "ignored", "p": "ignored", "inplace": "ignored",
}  # fmt: skip
_ROWS: dict[str, tuple[str, tuple[str, ...], int]] = {
    "conv1d": ("conv", _CONV, 1),
    "conv2d": ("conv", _CONV, 2),
    "conv3d": ("conv", _CONV, 3),
    "convtranspose2d": ("transposed", (*_CONV[:5], "output_padding", "groups", "bias"), 2),
    "maxpool1d": ("pool", ("kernel", "stride", "padding"), 1),
    "maxpool2d": ("pool", ("kernel", "stride", "padding"), 2),
    "avgpool1d": ("pool", ("kernel", "stride", "padding"), 1),
    "avgpool2d": ("pool", ("kernel", "stride", "padding"), 2),
    "linear": ("dense", ("inputs", "units", "bias"), 2),
    "batchnorm1d": ("norm", ("units",), 2),
    "batchnorm2d": ("norm", ("units",), 2),
    "layernorm": ("layer norm", ("units",), 2),
    "embedding": ("embedding", ("vocabulary", "width"), 2),
    "lstm": ("lstm", ("inputs", "hidden"), 2),
    "gru": ("gru", ("inputs", "hidden"), 2),
    "rnn": ("rnn", ("inputs", "hidden"), 2),
    "relu": ("other", ("ignored",), 2),
    "dropout": ("other", ("ignored", "ignored"), 2),
    "flatten": ("flat", (), 2),
}
_MORE = frozenset(["vocabulary", "width", "hidden"])


def called(name: str, given: Sequence[str], span: tuple[int, int]) -> Layer | None:
    """The layer of a call; None where an argument is not understood."""
    kind, order, plane = _ROWS[name]
    facts: dict[str, object] = {}
    more: dict[str, Axis] = {}
    for place, text in enumerate(given):
        key, sign, value = text.partition("=")
        if sign:
            word = _NAMES.get(key.strip(), key.strip())
        elif place < len(order):
            word, value = order[place], text
        else:
            return None
        value = value.strip()
        if word == "ignored":
            continue
        if (word not in order) or word in facts or word in more:
            return None
        if word == "bias" and value in ("true", "false"):
            facts["bias"] = value == "true"
        elif word == "padding" and value in ("'same'", '"same"'):
            facts["same"] = True
        elif not re.fullmatch(r"\d+", value):
            return None
        elif word == "kernel":
            facts["kernel"] = (int(value),)
        elif word in _MORE:
            more[word] = int(value)
        elif word != "groups" or int(value) != 1:
            facts[word] = int(value)
    if kind in ("conv", "transposed", "dense"):
        facts.setdefault("bias", True)
    if kind in ("conv", "transposed"):
        facts.setdefault("stride", 1)
        facts.setdefault("padding", 0)
    if kind in ("lstm", "gru", "rnn"):
        facts["bias"], more["biases"] = True, 2  # of the input and of the state
    return Layer(kind, plane=plane, more=more, span=span, **facts)  # type: ignore[arg-type]
