"""Every command that the reader knows: what it is, and how it is written canonically.

The idea: what is printed is read, so signs, letters and accents come from the rows of
``derive.notation``; the rows here are other spellings of them, and what only a reader meets.
Neither the tokeniser nor the grammar changes for a new row.
"""

from __future__ import annotations

from derive import notation


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


def _commands(text: str) -> frozenset[str]:
    return frozenset("\\" + word for word in text.split())


LETTERS = _commands(
    "digamma ell hbar imath jmath infty partial nabla top bot perp prime emptyset Re Im aleph wp"
    " dagger ddagger sharp flat natural diamond"
) | {"\\" + word for word in notation.GREEK}
RENAMED = {
    r"\intercal": r"\top",
    r"\triangledown": r"\nabla",
    r"\varnothing": r"\emptyset",
    r"\infin": r"\infty",
    r"\varGamma": r"\Gamma",
    r"\varDelta": r"\Delta",
    r"\varTheta": r"\Theta",
    r"\varLambda": r"\Lambda",
    r"\varSigma": r"\Sigma",
    r"\varPhi": r"\Phi",
    r"\varPsi": r"\Psi",
    r"\varOmega": r"\Omega",
}

# Words that operate on what follows, typed as commands or as plain letters.
FUNCTION_COMMANDS = frozenset("\\" + word for word in notation.COMMAND_WORDS)
BIG_COMMANDS = {
    r"\sum": "sum", r"\prod": "prod", r"\int": "int", r"\iint": "int", r"\iiint": "int",
    r"\oint": "int", r"\bigcup": "union", r"\bigcap": "intersection", r"\bigoplus": "oplus",
    r"\bigotimes": "otimes", r"\bigodot": "odot", r"\coprod": "prod",
}  # fmt: skip
# These bind what stands below them; without a subscript they are functions like any other.
BINDING_WORDS = _words("max min sup inf lim argmax argmin limsup liminf")

WORDS = _words(
    "exp log ln lg sin cos tan cot sinh cosh tanh arctan arcsin arccos max min argmax argmin"
    " sup inf lim det tr Tr trace rank diag Diag blkdiag vec Vec unvec sign sgn abs sqrt erf"
    " erfc relu ReLU Relu RELU ReLu LReLU LeakyReLU leakyReLU leaky_relu PReLU PRelu CReLU ELU"
    " elu SELU selu CELU GELU Gelu gelu SiLU silu Swish swish Mish mish GLU glu softmax"
    " Softmax softmin logsoftmax LogSoftmax softplus Softplus softsign sigmoid Sigmoid sigm"
    " hardtanh HardTanh hardsigmoid maxout logit logistic step LSE LogSumExp logsumexp NLL MSE"
    " MAE RMSE BCE CE KL JS ELBO MLP RNN LSTM GRU CNN FFN FFNN MHA FC Attention attention"
    " MultiHead head Concat concat LayerNorm layernorm BatchNorm BN LN RMSNorm Dropout dropout"
    " Linear Conv conv pool mean Mean var Var cov Cov std Std median clip clamp round floor"
    " ceil onehot stopgrad sg const loss Loss cost error dist sim Bernoulli Uniform Normal"
    " Categorical"
)
# Plain words that only a subscript or a superscript makes likely.
SCRIPT_WORDS = _words(
    "new old out min max hid vis emb ref pos neg val reg src tgt cls seq ctx att attn train"
    " test valid data model total prev next cur init opt adv rec gen real fake true pred batch"
    " input output hidden target in dec enc key query value loss task best final start end mod"
    " tot eff act bias orig clean noise noisy avg std ours base left right top bottom"
)

# Words that stand between formulas, each with its canonical spelling.
CONNECTIVES = {
    "if": "if", "for": "if", "when": "if", "whenever": "if", "provided": "if", "as": "as",
    "and": "and", "or": "or", "but": "and", "also": "and", "&": "and", "otherwise": "otherwise",
    "else": "otherwise", "elsewhere": "otherwise", "o.w.": "otherwise", "o/w": "otherwise",
    "where": "where", "with": "with", "since": "since", "because": "since", "by": "since",
    "as well as": "and", "let": "let", "given": "given", "so": "so", "thus": "so", "hence": "so",
    "then": "so", "therefore": "so", "i.e.": "so", "implies": "so", "iff": "iff",
    "if and only if": "iff", "such that": "such that", "s.t.": "such that", "s.t": "such that",
    "subject to": "such that", "for all": "for all", "for every": "for all", "for each": "for all",
    "for any": "for all", "there exists": "exists", "while": "and", "is": "is", "are": "is",
    "in": "in", "on": "on", "at": "at", "to": "to", "from": "from", "of": "of", "using": "since",
    "note that": "so", "recall that": "so", "we have": "so", "respectively": "respectively",
    "via": "since", "under": "if", "unless": "unless", "only if": "iff", "over": "over",
    "如果": "if", "若": "if", "当": "if", "且": "and", "和": "and", "与": "and", "及": "and",
    "以及": "and", "或": "or", "否则": "otherwise", "其他": "otherwise", "其它": "otherwise",
    "其中": "where", "因为": "since", "由于": "since", "所以": "so", "因此": "so", "则": "so",
    "故": "so", "即": "so", "对于": "for all", "对所有": "for all", "使得": "such that",
}  # fmt: skip

RELATIONS = {sign.latex: key for key, sign in notation.RELATIONS.items()} | {
    "==": "==", "=:": "=", "<=": "<=", ">=": ">=", "!=": "!=", "->": "->", "=>": "=>",
    r"\lt": "<", r"\gt": ">", r"\le": "<=", r"\leqslant": "<=", r"\leqq": "<=", r"\ge": ">=",
    r"\geqslant": ">=", r"\geqq": ">=", r"\ne": "!=", r"\simeq": "approx", r"\cong": "approx",
    r"\doteq": ":=", r"\rightarrow": "->", r"\longrightarrow": "->", r"\gets": "<-",
    r"\longleftarrow": "<-", r"\longmapsto": "|->", r"\coloneqq": ":=", r"\triangleq": ":=",
    r"\colon": ":", r"\implies": "=>", r"\Longrightarrow": "=>", r"\iff": "<=>",
    r"\Longleftrightarrow": "<=>", r"\subseteq": "subset", r"\hookrightarrow": "->",
    r"\dashrightarrow": "->", r"\lesssim": "<=", r"\gtrsim": ">=", r"\rightsquigarrow": "->",
}  # fmt: skip
NEGATED = {"=": "!=", "in": "notin", "==": "!="}

SIGNS = {"+": "+", "-": "-", r"\pm": "pm", r"\mp": "pm"}
MULTIPLICATIONS = {sign.latex: key for key, sign in notation.PRODUCTS.items()} | {
    r"\ast": "*", r"\div": "/", r"\bullet": r"\cdot", "@": r"\cdot", r"\bigodot": r"\odot",
    r"\mod": r"\bmod", r"\boxtimes": r"\otimes", r"\cdotp": r"\cdot", r"\centerdot": r"\cdot",
}  # fmt: skip
DOTS = _commands("dots ldots cdots vdots ddots dotsc dotsb dotsm dotso iddots")

OPENERS = {
    "(": "LPAR", "[": "LBRACK", r"\{": "LSET", r"\lbrace": "LSET", r"\lbrack": "LBRACK",
    r"\langle": "LANGLE", r"\lfloor": "LFLOOR", r"\lceil": "LCEIL", r"\lvert": "LABS",
    r"\lVert": "LNORM", r"\lparen": "LPAR",
}  # fmt: skip
CLOSERS = {
    ")": "RPAR", "]": "RBRACK", r"\}": "RSET", r"\rbrace": "RSET", r"\rbrack": "RBRACK",
    r"\rangle": "RANGLE", r"\rfloor": "RFLOOR", r"\rceil": "RCEIL", r"\rvert": "RABS",
    r"\rVert": "RNORM", r"\rparen": "RPAR",
}  # fmt: skip
BARS = {"|": "ABS", r"\vert": "ABS", r"\|": "NORM", r"\Vert": "NORM", "||": "NORM"}

# Fonts that make another symbol, and the ones that are only typography.
FONTS = {
    r"\mathbf": r"\mathbf", r"\bm": r"\mathbf", r"\boldsymbol": r"\mathbf", r"\pmb": r"\mathbf",
    r"\mathbfit": r"\mathbf", r"\symbf": r"\mathbf", r"\mathbfup": r"\mathbf",
    r"\textbf": r"\mathbf",
    r"\mathcal": r"\mathcal", r"\mathscr": r"\mathscr", r"\mathfrak": r"\mathfrak",
    r"\mathbb": r"\mathbb", r"\mathbbm": r"\mathbb", r"\mathds": r"\mathbb", r"\mathsf": r"\mathsf",
    r"\mathbbb": r"\mathbb", r"\symbb": r"\mathbb", r"\Bbb": r"\mathbb",
}  # fmt: skip
FONT_SWITCHES = {
    r"\bf": r"\mathbf", r"\bfseries": r"\mathbf", r"\boldmath": r"\mathbf", r"\cal": r"\mathcal",
    r"\sf": r"\mathsf", r"\rm": "", r"\it": "", r"\sc": "", r"\tt": "", r"\mit": "",
}  # fmt: skip
UPRIGHT = _commands(
    "mathrm text textrm textit textnormal textsf texttt mbox hbox operatorname mathit mathtt"
    " textup textsc mathnormal emph fbox"
)
ACCENTS = {f"\\{word}": f"\\{word}" for word in notation.ACCENTS} | {
    r"\widehat": r"\hat", r"\widetilde": r"\tilde", r"\overline": r"\bar",
    r"\overrightarrow": r"\vec", r"\underbar": r"\underline",
}  # fmt: skip

VANISHING = _words(
    r"\, \: \; \! \/ \- \> \displaystyle \textstyle \scriptstyle \scriptscriptstyle \limits"
    r" \nolimits \nonumber \notag \thinspace \medspace \thickspace \negthinspace \hfill \hfil"
    r" \big \Big \bigg \Bigg \bigl \Bigl \biggl \Biggl \bigr \Bigr \biggr \Biggr \bigm \Bigm"
    r" \biggm \Biggm \noindent \centering \hline \allowbreak \nobreak \linebreak \relax \strut"
    r" \mathstrut \par \small \large \Large \normalsize \footnotesize \scriptsize \enspace"
    r" \qedhere \null \ignorespaces \unskip \protect \smallskip \medskip \bigskip \hfilneg"
    r" \because \therefore \endgroup \begingroup \break \newpage \protect \enskip \mathsurround"
    r" \toprule \midrule \bottomrule \negmedspace \checkmark \qed"
) | {"\\ ", "\\\n", "\\\t"}  # fmt: skip
# Commands that vanish together with this many arguments in braces.
VANISHING_WITH = {
    r"\label": 1, r"\tag": 1, r"\hspace": 1, r"\vspace": 1, r"\phantom": 1, r"\hphantom": 1,
    r"\vphantom": 1, r"\color": 1, r"\footnote": 1, r"\cite": 1, r"\citep": 1, r"\citet": 1,
    r"\ref": 1, r"\eqref": 1, r"\mspace": 1, r"\hskip": 0, r"\footnotemark": 0, r"\index": 1,
    r"\cline": 1, r"\raisebox": 1, r"\addtocounter": 2, r"\setcounter": 2, r"\vcenter": 0,
}  # fmt: skip
# Commands whose last argument is what they show; the number says how many come before it.
TRANSPARENT = {
    r"\boxed": 0, r"\mathop": 0, r"\mathbin": 0, r"\mathrel": 0, r"\mathord": 0, r"\mathopen": 0,
    r"\mathclose": 0, r"\mathpunct": 0, r"\mathinner": 0, r"\smash": 0, r"\cancel": 0,
    r"\bcancel": 0, r"\xcancel": 0, r"\ensuremath": 0, r"\textcolor": 1, r"\colorbox": 1,
    r"\fcolorbox": 2, r"\cancelto": 1, r"\mathclap": 0, r"\mathrlap": 0, r"\mathllap": 0,
    r"\scalebox": 1, r"\resizebox": 2, r"\hlmath": 0, r"\overbracket": 0, r"\underbracket": 0,
    r"\substack": 0, r"\class": 1, r"\cssId": 1, r"\href": 1, r"\mathmakebox": 0, r"\alert": 0,
    r"\Aboxed": 0,
}  # fmt: skip
BRACED_LABELS = frozenset(
    [r"\underbrace", r"\overbrace", r"\underbracket", r"\overbracket", r"\underparen"]
)
FRACTIONS = frozenset([r"\frac", r"\dfrac", r"\tfrac", r"\cfrac", r"\nicefrac", r"\sfrac"])
BINOMIALS = frozenset([r"\binom", r"\dbinom", r"\tbinom"])
ARROWS = {
    r"\xrightarrow": "->", r"\xleftarrow": "<-", r"\xlongequal": "=", r"\xRightarrow": "=>",
    r"\xmapsto": "|->", r"\xlongrightarrow": "->",
}  # fmt: skip

MATRICES = {
    "matrix": "matrix", "smallmatrix": "matrix", "bmatrix": "bmatrix", "Bmatrix": "bmatrix",
    "bsmallmatrix": "bmatrix", "pmatrix": "pmatrix", "psmallmatrix": "pmatrix",
    "vmatrix": "vmatrix", "Vmatrix": "vmatrix", "array": "array", "cases": "cases",
    "dcases": "cases", "rcases": "cases", "numcases": "cases", "subarray": "array",
}  # fmt: skip
ALIGNED = _words(
    "aligned alignedat gathered split align align* alignat alignat* gather gather* multline"
    " multline* equation equation* flalign flalign* eqnarray eqnarray* displaymath math"
    " multlined subequations empheq dmath dmath*"
)
