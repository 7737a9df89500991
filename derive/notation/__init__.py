"""One table of notation: each sign in LaTeX, in Unicode and in plain text, and how it binds.

The idea: reader and printers look the same row up, so a sign that is printed is a sign that is
read; adding a sign is adding a row.

``names`` takes symbols apart; ``written`` puts the brackets, signs and scripts of a tree, which
``mathml`` and ``plain`` (and ``derive.latex.print``) then spell; ``setting`` and ``letters`` say
how things look, ``breaking`` where a long line may break.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import NamedTuple


class Sign(NamedTuple):
    """One sign: its LaTeX, its character (for MathML), and its plain ASCII spelling."""

    latex: str
    char: str
    plain: str


class Fence(NamedTuple):
    """A pair of brackets, as (opener, closer) in LaTeX, in characters and in plain ASCII."""

    latex: tuple[str, str]
    char: tuple[str, str]
    plain: tuple[str, str]


class Accent(NamedTuple):
    """A mark over (or under) a letter: its character, the suffix of its ASCII name, its manner."""

    char: str
    suffix: str
    wide: bool = False
    below: bool = False


# How tightly a head binds, loosest first.  A kid looser than its place asks for gets brackets.
LIST, RELATION, SUM, PRODUCT, SCRIPT, ATOM = range(6)

PRECEDENCE = MappingProxyType(
    {
        "list": LIST,
        "semi": LIST,
        "given": LIST,
        "text": ATOM,
        "chain": RELATION,
        "sum": SUM,
        "neg": SUM,
        "pm": SUM,
        "juxt": PRODUCT,
        "product": PRODUCT,
        "hadamard": PRODUCT,
        "kronecker": PRODUCT,
        "convolution": PRODUCT,
        "apply": PRODUCT,
        "big": PRODUCT,
        "grad": SCRIPT,
        "deriv": SCRIPT,
        "frac": SCRIPT,
        "sqrt": SCRIPT,
        "root": SCRIPT,
        "factorial": SCRIPT,
        "at": SCRIPT,
        "call": ATOM,
    }
)  # every other head is an ATOM: it can carry a script without brackets


_PRECEDENCE = dict(PRECEDENCE)  # asked for every piece that is printed


def precedence(head: str) -> int:
    """How tightly a head binds; heads that need no brackets anywhere are ``ATOM``."""
    return _PRECEDENCE.get(head, ATOM)


RELATIONS = MappingProxyType(
    {
        "=": Sign("=", "=", "="),
        "<": Sign("<", "<", "<"),
        ">": Sign(">", ">", ">"),
        "<=": Sign(r"\leq", "≤", "<="),
        ">=": Sign(r"\geq", "≥", ">="),
        "!=": Sign(r"\neq", "≠", "!="),
        "~": Sign(r"\sim", "∼", "~"),
        "==": Sign(r"\equiv", "≡", "=="),
        "in": Sign(r"\in", "∈", "in"),
        "notin": Sign(r"\notin", "∉", "not in"),
        "<-": Sign(r"\leftarrow", "←", "<-"),
        "->": Sign(r"\to", "→", "->"),
        "|->": Sign(r"\mapsto", "↦", "|->"),
        ":=": Sign(":=", "≔", ":="),
        "prop": Sign(r"\propto", "∝", "~"),
        "=>": Sign(r"\Rightarrow", "⇒", "=>"),
        "<=>": Sign(r"\Leftrightarrow", "⇔", "<=>"),
        "approx": Sign(r"\approx", "≈", "~="),
        ":": Sign(":", ":", ":"),
        "<<": Sign(r"\ll", "≪", "<<"),
        ">>": Sign(r"\gg", "≫", ">>"),
        "<->": Sign(r"\leftrightarrow", "↔", "<->"),
        "subset": Sign(r"\subset", "⊂", "subset of"),
        "succ": Sign(r"\succ", "≻", "succeeds"),
        "succeq": Sign(r"\succeq", "⪰", "succeeds or equals"),
        "prec": Sign(r"\prec", "≺", "precedes"),
        "preceq": Sign(r"\preceq", "⪯", "precedes or equals"),
        "ni": Sign(r"\ni", "∋", "contains"),
    }
)

# The written multiplication signs; the key is the string in an ``op`` tree.
PRODUCTS = MappingProxyType(
    {
        r"\cdot": Sign(r"\cdot", "⋅", "*"),
        r"\times": Sign(r"\times", "×", "*"),
        "*": Sign("*", "∗", "*"),
        r"\odot": Sign(r"\odot", "⊙", "*"),
        r"\circ": Sign(r"\circ", "∘", "*"),
        r"\otimes": Sign(r"\otimes", "⊗", "(x)"),
        "/": Sign("/", "/", "/"),
        r"\oplus": Sign(r"\oplus", "⊕", "(+)"),
        r"\ominus": Sign(r"\ominus", "⊖", "(-)"),
        r"\oslash": Sign(r"\oslash", "⊘", "(/)"),
        r"\star": Sign(r"\star", "⋆", "*"),
        r"\cup": Sign(r"\cup", "∪", "union"),
        r"\cap": Sign(r"\cap", "∩", "intersection"),
        r"\setminus": Sign(r"\setminus", "∖", "without"),
        r"\bmod": Sign(r"\bmod", "mod", "mod"),
        r"\wedge": Sign(r"\wedge", "∧", "and"),
        r"\vee": Sign(r"\vee", "∨", "or"),
    }
)

FENCES = MappingProxyType(
    {
        "paren": Fence(("(", ")"), ("(", ")"), ("(", ")")),
        "bracket": Fence(("[", "]"), ("[", "]"), ("[", "]")),
        "brace": Fence((r"\{", r"\}"), ("{", "}"), ("{", "}")),
        "set": Fence((r"\{", r"\}"), ("{", "}"), ("{", "}")),
        "abs": Fence((r"\lvert ", r" \rvert"), ("|", "|"), ("|", "|")),
        "norm": Fence((r"\lVert ", r" \rVert"), ("‖", "‖"), ("||", "||")),
        "angle": Fence((r"\langle ", r" \rangle"), ("⟨", "⟩"), ("<", ">")),
        "floor": Fence((r"\lfloor ", r" \rfloor"), ("⌊", "⌋"), ("floor(", ")")),
        "ceil": Fence((r"\lceil ", r" \rceil"), ("⌈", "⌉"), ("ceil(", ")")),
    }
)

# Operators with a range below and above.  ``\operatorname*`` sets its limits like ``\max`` does.
BIG = MappingProxyType(
    {
        "sum": Sign(r"\sum", "∑", "sum"),
        "prod": Sign(r"\prod", "∏", "prod"),
        "int": Sign(r"\int", "∫", "int"),
        "max": Sign(r"\max", "max", "max"),
        "min": Sign(r"\min", "min", "min"),
        "lim": Sign(r"\lim", "lim", "lim"),
        "sup": Sign(r"\sup", "sup", "sup"),
        "inf": Sign(r"\inf", "inf", "inf"),
        "liminf": Sign(r"\liminf", "lim inf", "liminf"),
        "limsup": Sign(r"\limsup", "lim sup", "limsup"),
        "union": Sign(r"\bigcup", "⋃", "union"),
        "intersection": Sign(r"\bigcap", "⋂", "intersection"),
        "oplus": Sign(r"\bigoplus", "⨁", "(+)"),
        "otimes": Sign(r"\bigotimes", "⨂", "(x)"),
        "odot": Sign(r"\bigodot", "⨀", "(.)"),
        "argmax": Sign(r"\operatorname*{argmax}", "arg max", "argmax"),
        "argmin": Sign(r"\operatorname*{argmin}", "arg min", "argmin"),
    }
)

GREEK = MappingProxyType(
    {
        "alpha": "α",
        "beta": "β",
        "gamma": "γ",
        "delta": "δ",
        "epsilon": "ϵ",
        "varepsilon": "ε",
        "zeta": "ζ",
        "eta": "η",
        "theta": "θ",
        "vartheta": "ϑ",
        "iota": "ι",
        "kappa": "κ",
        "varkappa": "ϰ",
        "lambda": "λ",
        "mu": "μ",
        "nu": "ν",
        "xi": "ξ",
        "omicron": "ο",
        "pi": "π",
        "varpi": "ϖ",
        "rho": "ρ",
        "varrho": "ϱ",
        "sigma": "σ",
        "varsigma": "ς",
        "tau": "τ",
        "upsilon": "υ",
        "phi": "ϕ",
        "varphi": "φ",
        "chi": "χ",
        "psi": "ψ",
        "omega": "ω",
        "Gamma": "Γ",
        "Delta": "Δ",
        "Theta": "Θ",
        "Lambda": "Λ",
        "Xi": "Ξ",
        "Pi": "Π",
        "Sigma": "Σ",
        "Upsilon": "Υ",
        "Phi": "Φ",
        "Psi": "Ψ",
        "Omega": "Ω",
    }
)

# Symbols that stand as a name: command without its backslash -> character.
SYMBOLS = MappingProxyType(
    {
        "ell": "ℓ",
        "infty": "∞",
        "partial": "∂",
        "nabla": "∇",
        "top": "⊤",
        "intercal": "⊺",
        "dagger": "†",
        "ddagger": "‡",
        "star": "⋆",
        "ast": "∗",
        "prime": "′",
        "hbar": "ℏ",
        "Re": "ℜ",
        "Im": "ℑ",
        "aleph": "ℵ",
        "emptyset": "∅",
        "varnothing": "∅",
        "circ": "∘",
        "bullet": "∙",
        "perp": "⊥",
        "parallel": "∥",
        "angle": "∠",
        "forall": "∀",
        "exists": "∃",
        "imath": "ı",
        "jmath": "ȷ",
        "wp": "℘",
        "pm": "±",
        "mp": "∓",
        "sharp": "♯",
        "flat": "♭",
        "triangle": "△",
        "square": "□",
        "cup": "∪",
        "cap": "∩",
        "subset": "⊂",
        "subseteq": "⊆",
        "setminus": "∖",
        "oplus": "⊕",
        "ominus": "⊖",
        "oslash": "⊘",
        "wedge": "∧",
        "vee": "∨",
        "ldots": "…",
        "dots": "…",
        "cdots": "⋯",
        "vdots": "⋮",
        "ddots": "⋱",
        "bot": "⊥",
        "natural": "♮",
        "diamond": "⋄",
        "digamma": "ϝ",
    }
)

ACCENTS = MappingProxyType(
    {
        "hat": Accent("^", "hat"),
        "widehat": Accent("^", "hat", wide=True),
        "tilde": Accent("~", "tilde"),
        "widetilde": Accent("~", "tilde", wide=True),
        "bar": Accent("¯", "bar"),
        "overline": Accent("¯", "bar", wide=True),
        "vec": Accent("→", "vec"),
        "overrightarrow": Accent("→", "vec", wide=True),
        "dot": Accent("˙", "dot"),
        "ddot": Accent("¨", "ddot"),
        "dddot": Accent("⃛", "dddot"),
        "check": Accent("ˇ", "check"),
        "breve": Accent("˘", "breve"),
        "acute": Accent("´", "acute"),
        "grave": Accent("`", "grave"),
        "mathring": Accent("˚", "ring"),
        "underline": Accent("_", "under", wide=True, below=True),
    }
)

# Alphabets: command -> the style of its letters.
ALPHABETS = MappingProxyType(
    {
        "mathbf": "bold",
        "boldsymbol": "bold-italic",
        "bm": "bold-italic",
        "pmb": "bold-italic",
        "mathcal": "script",
        "mathscr": "script",
        "mathbb": "double-struck",
        "mathbbm": "double-struck",
        "mathds": "double-struck",
        "mathfrak": "fraktur",
        "mathsf": "sans",
        "mathtt": "mono",
        "mathrm": "upright",
        "mathit": "italic",
        "mathnormal": "italic",
        "text": "upright",
        "textrm": "upright",
        "textbf": "bold",
        "textit": "italic",
        "operatorname": "upright",
        "operatorname*": "upright",
    }
)

# Words for which LaTeX itself has a command.
COMMAND_WORDS = frozenset(
    {
        "arccos",
        "arcsin",
        "arctan",
        "arg",
        "cos",
        "cosh",
        "cot",
        "coth",
        "csc",
        "deg",
        "det",
        "dim",
        "exp",
        "gcd",
        "hom",
        "inf",
        "ker",
        "lg",
        "lim",
        "liminf",
        "limsup",
        "ln",
        "log",
        "max",
        "min",
        "Pr",
        "sec",
        "sin",
        "sinh",
        "sup",
        "tan",
        "tanh",
    }
)

# Words that are functions even where no bracket follows: ``\operatorname{tr} A``.
FUNCTION_WORDS = COMMAND_WORDS | frozenset(
    {"diag", "tr", "trace", "rank", "sign", "sgn", "vec", "softmax", "ReLU", "relu", "sigmoid"}
)

# Names that read as an indicator when a bracketed condition follows.
INDICATORS = frozenset({r"\mathbb{I}", r"\mathbb{1}", r"\mathbbm{1}", r"\mathds{1}"})

# A superscript that is one of these marks a symbol; it is no exponent, so a transpose may join it.
MARKS = frozenset({"*", r"\ast", r"\star", r"\dagger", r"\prime", "+", "-"})
