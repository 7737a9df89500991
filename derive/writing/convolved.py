"""How a convolution is written: w * x, or a call with its options.

The idea: what is as usual has a sign, what is not has words, named as in PyTorch.
"""

from __future__ import annotations

from derive.kernel.sizes import Axis
from derive.tree import Tree, name, tree
from derive.writing import words
from derive.writing.flips import flipped
from derive.writing.windows import Convolution, Window

# The axes of space that a convolution of a kernel and a signal of these ranks has: with a batch,
# channels, or none.
RANKS = {(1, 1): 1, (2, 2): 2, (3, 2): 1, (3, 3): 2, (4, 3): 2, (4, 4): 2}


def said(made: Convolution, kernel: Tree, signal: Tree) -> Tree:
    """The convolution in words: w * x, a full convolution with the flipped kernel, or a call."""
    options = _options(made)
    if made.full and not options:
        full = Tree("script", (Tree("empty"), name("full"), None))
        turned = flipped(kernel, len(made.windows))
        return Tree("convolution", (turned, Tree("op", ("*",)), full, signal))
    if made.full:
        return Tree("call", (Tree("transpose", (name("conv"),)), signal, kernel, *options))
    if options or _unusual(made):
        word = "conv" if not _unusual(made) else rf"\operatorname{{conv{len(made.windows)}d}}"
        return Tree("call", (name(word), signal, kernel, *options))
    return Tree("convolution", (kernel, Tree("op", ("*",)), signal))


def _unusual(made: Convolution) -> bool:
    """Whether the ranks of the operands alone say something else to a reader."""
    ranks = len(made.kernel.axes), len(made.signal.axes)
    usual = RANKS.get(ranks)
    if ranks == (3, 2) and made.kernel.axes[1] != made.signal.axes[0]:
        usual = 2  # filters over an image of one channel
    return usual != len(made.windows)


def _options(made: Convolution) -> list[Tree]:
    """What is not as usual, named as in PyTorch."""
    rows = {
        "stride": [w.stride for w in made.windows],
        "padding": [w.padding for w in made.windows],
        "dilation": [w.dilation for w in made.windows],
    }
    usual = {"padding": 0}
    found = [
        _option(word, values)
        for word, values in rows.items()
        if any(v != usual.get(word, 1) for v in values)
    ]
    if any(map(_cropped, [made] * len(rows), made.windows, made.sizes)):
        size = [source if made.full else place for source, place, _ in made.sizes]
        found.append(_option("size", size))
    return found


def _cropped(made: Convolution, way: Window, sizes: tuple[Axis, Axis, Axis]) -> bool:
    """Whether the result is smaller than the operands say: a stride left a rest."""
    source, place, inside = sizes
    reach = way.dilation * (inside - 1) + 1
    if made.full:
        return way.stride * (place - 1) + reach - 2 * way.padding != source
    room = source + 2 * way.padding - reach - way.stride * (place - 1)
    if not isinstance(room, int) or not isinstance(way.stride, int):
        return room != 0
    return not 0 <= room < way.stride


def _option(word: str, values: list[Axis]) -> Tree:
    shown = [words.size_tree(v) for v in values]
    value = shown[0] if len(set(values)) == 1 else Tree("paren", (Tree("list", tuple(shown)),))
    return tree("chain", tree("text", word), tree("rel", "="), value)
