r"""The facts that words tell of layers: a noun with the number that it counts or measures.

The idea: a row is a fact's name and a pattern whose groups ``v`` and ``w`` are numbers and ``d``
sides; of the rows that match at one place the first is taken.
"""

from __future__ import annotations

V = r"(?:(?<![\w.\-])\d+(?![\w]|\.\d)|(?<!x)«[^»]+»)"  # a number on its own, or a letter
D = r"(?:(?<![\w.])(?:\d+|«[^»]+»)(?:x(?:\d+|«[^»]+»))+)"  # 3x3
_IS = r"(?:\s*(?:of|is|are|=|:|equal to|equals|set to|[a-z] =|being|be|has|have|with|by)\s*)*\s*"
# Words that may come after a list of numbers; before any other the last belongs to that word.
_AFTER = (
    "and|with|on|is|are|for|respectively|in|to|of|at|over|what|how|have|has|gives?|without|but|"
    "does|"
    "applied|per|where|when|if"
)
_LIST = rf"{V}(?:(?:(?:, (?:and )?| and ){V})+(?!\w)(?! (?!(?:{_AFTER})\b)[a-z⟦«\d]))?"


def _measured(nouns: str) -> str:
    """stride 2, stride of 2, a stride-2 .., strides of 1, 2 and 4."""
    return rf"(?:{nouns})(?:-|{_IS})(?P<v>{_LIST}(?!\w))"


def _numbered(nouns: str, before: str = "") -> str:
    """64 filters, K = 64 filters, number of filters: 64, 32, 64 and 128 filters."""
    return (
        rf"(?P<v>{V}(?:(?:, (?:and )?| and ){V})*)[- ](?:{before})*(?:{nouns})\b"
        rf"|(?:number of|no\. of|#) ?(?:{before})*(?:{nouns})\b{_IS}(?P<w>{V})"
    )


def _assigned(letter: str) -> str:
    return rf"⟦ *(?:{letter}) *= *(?P<v>\d+|[a-zA-Z]) *⟧"


_FILTERS = r"filters?|kernels?|output (?:channels?|(?:feature )?maps?|filters)|out[- ]channels?"
_ADJECTIVES = r"different |learned |learnable |separate |conv(?:olution(?:al)?)? "
_NOT = r"(?:\b(?:do|does|did|need|should|must|may) ?n(?:o|['’])t(?: to)?)"
_ACTIVE = r"relu |sigmoid |tanh |linear |softmax |logistic "
_CHANNELS = r"(?:input |in[- ])?channels?"
_OF_SIZE = (
    r"(?:(?: of(?: spatial)?(?: size| shape| length| width| dimensions?)?| with (?:kernel )?size|"
    r"(?: is| are| being| has| have)(?: of)?(?: size)?|,? each of size|,? size)(?: [a-z] =| =|:)? )"
)
# In the order in which they are tried at one place; the groups v and w are values, d dimensions.
FACTS: tuple[tuple[str, str], ...] = (
    ("chain", r"(?P<v>(?:\d+|«[^»]+»)(?:\s*->\s*(?:\d+|«[^»]+»))+)(?![\w-])"
              r"|(?<![\w-])(?P<w>(?:\d+|«[^»]+»)(?:--?(?:\d+|«[^»]+»)){2,})(?![\w-])"),
    ("list", rf"(?:sizes|widths|dimensions|architecture|units|neurons)(?: per layer)?{_IS}"
             rf"[\[(]?(?P<v>{V}(?:, (?:and )?| and ){V}(?:(?:, (?:and )?| and ){V})*)(?!\w)[\])]?"
             rf"(?! (?!(?:{_AFTER}|each|neurons|units|nodes)\b)[a-z⟦«\d])"),
    ("list", rf"(?:mlp|perceptron|network|autoencoder)(?: with)? [\[(]?"
             rf"(?P<v>{V}(?:, ?{V}){{2,}})(?!\w)[\])]?(?! (?!(?:{_AFTER})\b)[a-z⟦«\d])"),
    ("list", rf"[\[(](?P<v>{V}(?:, ?{V}){{2,}})[\])]"),
    ("up and down", rf"maps?(?: from)? (?P<v>{V})(?: dimensions)? (?:up )?to (?P<w>{V})"
                    rf"(?: dimensions)?,? and (?:then )?(?:back|down)(?: again)? to (?P<f>{V})"),
    ("both channels", rf"(?P<v>{V}) (?:input|in) and (?P<w>{V}) (?:output|out)(?: channels?)?"),
    ("equal channels", rf"(?P<v>{V}) input and output channels"),
    ("both", rf"(?:of|with) (?P<v>{V}) (?:units|neurons|nodes)(?: (?:is|are))?(?: fully| densely)?"
             rf" connected to (?:an?|the|1|another)(?: [a-z]+){{0,3}} layer (?:of|with) (?P<w>{V})"
             r" (?:units|neurons|nodes)"),
    ("both", rf"(?P<v>{V}) inputs? and (?P<w>{V}) outputs?(?: (?:units|neurons|features|nodes))?"),
    ("to", r"(?:from|maps?|mapping|reduces?|reducing|expands?|expanding|projects?|takes|taking|"
           rf"converts?)(?: the| an?| number of)* (?P<v>{V})(?:[- ](?:dimensional|channels?|"
           r"inputs?|"
           r"features?|units|values|neurons|feature maps))?(?: vectors?)? (?:in)?to"
           r" (?!\d+ (?:[a-z-]+ ){0,2}(?:layer|block|stage)s?\b)"
           rf"(?P<w>{V})(?:[- ](?:dimensional|channels?|outputs?|features?|units|values|"
           r"neurons|"
           r"feature maps|classes))?(?: vectors?)?"),
    ("to",
     rf"(?P<v>{V})(?:[- ](?:input )?(?:channels?|features?))?\s*->\s*(?P<w>{V}) (?:channels|"
     r"features)"),
    ("filters+kernel",
     rf"(?P<v>{V}) (?P<d>{D})(?:x«?c»?)?[- ](?:{_ADJECTIVES})*(?:filters?|kernels?)\b"),
    ("filters+kernel", rf"(?P<v>{V}) ?@ ?(?P<d>{D})"),
    ("filters+kernel",
     rf"(?P<v>{V}) (?:{_ADJECTIVES})*(?:filters|kernels)(?: of (?:a|the|this|that)"
     rf"(?: [a-z-]+){{0,2}} layer)?(?: \(?each\)?)?{_OF_SIZE}(?P<d>{D}|{V}(?!x))"),
    ("filters+kernel",
     rf"(?P<v>{V}) (?:{_ADJECTIVES})*(?:filters|kernels)(?: (?:that|which) are(?: each)?|"
     rf",? each)? (?P<d>{D})"),
    ("filters", _numbered(_FILTERS, _ADJECTIVES)),
    ("maps", _numbered(r"feature maps|activation maps|maps")),
    ("filters",
     r"(?:produces?|producing|outputs?|outputting|gives?|giving|"
     rf"yields?) (?P<v>{V}) (?:output )?(?:channels|feature maps)"),
    ("out", rf"output channels{_IS}(?P<v>{V})"),
    ("channels", rf"(?P<v>{V})(?:[- ]){_CHANNELS}\b"),
    ("channels", rf"(?:number of |# ?)?(?:input |in[- ])?channels?{_IS}(?P<v>{V})(?!x)"),
    ("channels", rf"(?P<v>{V}) input (?:feature )?maps"),
    ("kernel",
     r"(?:filters?|kernels?|windows?|(?<!receptive )field|regions?|"
     r"neighbou?rhoods?)(?: \(each\)| each)?"
     r"(?:[ -]sizes?)?(?: of size| of shape| with size| size| of dimensions?| of|"
     rf" (?:that|which) are(?: each)?| are| is| is of size| =|:|,)* ?(?P<d>{D})"),
    ("kernel",
     r"(?:(?<=pooling)|(?<=pooling layer)|(?<=pooling layers)|(?<=pool)|(?<=pool layer))"
     rf" (?:of|with)(?: a)?(?: window)?(?: of)?(?: size| shape)? (?P<d>{D})"
     r"(?! (?:input|image|vol))"),
    ("kernel",
     rf"(?P<d>{D})[- ](?:\w+ )?(?:filters?|kernels?|windows?|neighbou?rhoods?|regions?)\b"),
    ("kernel",
     r"(?:kernel[ _-]sizes?|filter[ -]sizes?|window[ -]sizes?|pool[ -]sizes?|filters? of size|"
     r"kernels? of size|windows? of size|(?:filters?|kernels?|windows?) of (?:length|width)|"
     r"(?:kernel|filter|window) (?:length|width))"
     rf"{_IS}(?P<v>{_LIST}(?!\w))"),
    ("kernel", r"(?:filters?|kernels?|windows?) of size ⟦ *[fFkK] *= *(?P<v>\d+) *⟧"),
    ("output padding", _measured(r"output[ _-]padding")),
    ("stride", _measured(r"strides?")),
    ("stride", rf"(?P<v>{V})[- ]pixel strides?"),
    ("stride", r"strides? " + _assigned("[sS]")),
    ("padding", _measured(r"(?:zero[- ]?)?padding|(?:zero[- ])?pad|padded")),
    ("padding",
     rf"(?P<v>{V})[- ]pixels? (?:of )?(?:zero[- ]?)?padding|padded (?:with|"
     rf"by) (?P<w>{V})(?: pixels?| zeros?)?(?: on (?:each|every|all) sides?)?"),
    ("padding", r"(?:(?:zero[- ]?)?padding|pad) " + _assigned("[pP]")),
    ("dilation", _measured(r"dilations?(?: rates?| factors?)?|dilated (?:by|with)")),
    ("groups", _numbered(r"groups?")),
    ("groups", _measured(r"groups")),
    ("filters", _assigned("K")),
    ("kernel", _assigned("[fF]")),
    ("stride", _assigned("[sS]")),
    ("padding", _assigned("[pP]")),
    ("heads", _numbered(r"(?:attention )?heads?")),
    ("heads", _assigned(r"h") + r"(?: parallel)?(?: attention)? heads?\b"),
    ("head width", r"⟦ *d_\{?[kqv]\}?(?: *= *d_\{?[kqv]\}?)* *= *(?P<v>\d+) *⟧"),
    ("inner",
     _measured(r"(?:feed-?forward|ffn|mlp|inner)[ -](?:hidden[ -])?(?:dimension|width|size|"
               r"layer)(?:ality)?")),
    ("inner", _assigned(r"d_\{?(?:\\text\{|\\mathrm\{)?ff\}*")),
    ("hidden", _numbered(r"hidden (?:units?|neurons?|nodes?|dimensions?|states?)", _ACTIVE)),
    ("hidden",
     _measured(r"hidden[ -](?:state[ -])?(?:sizes?|dimension(?:ality)?|width|units)|"
               r"hidden states?(?: of)? (?:size|dimension)")),
    ("vocabulary", _measured(r"vocab(?:ulary)?(?:[ -]size)?(?: of size)?")),
    ("vocabulary", rf"(?P<v>{V})[- ](?:word|token)s?(?: vocabulary)?\b"),
    ("context",
     _measured(r"(?:context|maximum sequence|max sequence|maximal sequence)(?:[ -](?:length|"
               r"window|size))?|positions")),
    ("context", _numbered(r"positions?")),
    ("units", _measured(r"output[ -](?:dimension(?:ality)?|size)s?")),
    ("width",
     _measured(r"(?:(?:embedding|model|token|word)[ -])?dimension(?:ality)?s?|model width|"
               r"(?:model|embedding)[ -]size|embeddings of size|vectors of (?:size|dimension)")),
    ("width", rf"(?P<v>{V})[- ]dim(?:ensional|ensions|s)?\b(?: embeddings?| vectors?| model)?"),
    ("width", _assigned(r"d_\{?(?:\\text\{|\\mathrm\{)?model\}*|d")),
    ("rank", _measured(r"rank")),
    ("rank", _assigned("r")),
    ("layers", rf"(?P<v>{V})[- ](?:decoder |identical |stacked )*(?:layers?|blocks?)\b(?! norm)"),
    ("experts", _numbered(r"experts?")),
    ("bits",
     r"\b(?:float|fp|int|bf)-?(?P<v>8|16|32|64)\b|\b(?P<w>8|16|32|"
     r"64)[- ]?bits?\b(?:[- ](?:floats?|integers?|precision|numbers))?"),
    ("bytes", r"(?P<v>\d+)[- ]bytes?\b(?: (?:each|floats?|per (?:\w+)|for each \w+))?"),
    ("samples",
     _numbered(r"(?:training |labell?ed )*(?:samples?|examples?|data points?|"
               r"training (?:images|pairs))")),
    ("batch", _measured(r"(?:mini-?)?batch(?:es)?(?:[ -]sizes?)?(?: of size)?")),
    ("epochs", _numbered(r"epochs?")),
    ("length",
     _measured(r"(?:sequences?|signals?|inputs?|sentences?)(?: of| with)? length|length")),
    ("length", _numbered(r"(?:time[- ]?)?steps")),
    ("norms", rf"(?P<v>{V}) layer[- ]norm(?:ali[sz]ation)?s?\b(?: layers?)?"),
    ("one each",
     r"1 (?:slope|scale|parameter|weight) (?:per|for each|for every) (?:channel|feature|unit)"),
    ("inputs",
     _numbered(r"input (?:units?|neurons?|nodes?|features?|values?|variables?)|inputs?|"
               r"features?|predictors?|variables")),
    ("inputs",
     _measured(r"input[ -](?:sizes?|dimension(?:ality)?|features)|inputs of (?:size|dimension)")),
    ("units",
     _numbered(r"output (?:units?|neurons?|nodes?|features?|classes|values?)|outputs?|units?|"
               r"neurons?|nodes?|classes|categories", _ACTIVE)),
    ("units", _measured(r"output[ -](?:sizes?|dimension(?:ality)?)(?! of)")),
    ("matrix", rf"(?P<d>{D}) (?:weight |parameter )?matri(?:x|ces)"),
    ("matrix",
     r"(?:weights?|matrix|matrices|weight matrix)(?: ⟦?[a-zA-Z]⟧?)?(?: of (?:size|shape)| of|"
     rf" is|,)* (?P<d>{D})"),
    ("patch",
     rf"patch(?:es)?(?: size)?(?: of size| of| is| =)* (?P<d>{D})|"
     rf"(?P<f>{D}) (?:\w+ )?patch(?:es)?|patch size{_IS}(?P<v>{V})"),
    ("made",
     rf"(?P<d>{D})[- ](?:pixel |spatial )?output(?: feature)?(?: maps?| volumes?| images?|"
     r" sizes?)?\b"
     r"|(?:gives?|yields?|produces?|makes?|results? in|obtains?|gets?|for|into|"
     r"with) an output(?: feature)?"
     rf"(?: map| volume| image)?(?: of size| of shape| of)+ (?P<w>{D})"),
    ("made",
     r"outputs?(?: of (?:a|the|this) (?:convolution|layer))?(?: image| volume| map)? "
     r"(?:has|of|with|must have|should have|must be|should be|is)(?: an?)?(?: spatial)? "
     rf"(?:width|size|height|side)(?: of)? "
     rf"(?:(?P<v>{V}(?!x))|(?P<d>{D})|⟦ *[A-Za-z] *= *(?P<w>\d+) *⟧)"),
    ("made",
     r"outputs?(?: of (?:a|the|this) (?:convolution|layer))?(?: image| volume| map)? "
     rf"(?:must|should) be (?P<d>{D})"),
    ("input side",
     r"inputs?(?: image)?(?: (?:is|has|of|with))*(?: an?)?(?: spatial)? "
     rf"(?:width|size|height|side)(?: of)? (?:(?P<v>{V}(?!x))|⟦ *[A-Za-z] *= *(?P<w>\d+) *⟧)"),
    ("parameters", rf"(?P<v>{V}) (?:trainable |learnable |free )?(?:parameters|params)\b"),
    ("side", r"⟦ *[NWH] *= *(?P<v>\d+) *⟧"),
    ("channels",
     r"preceded by an?(?:other)? (?:[a-z]+ )?layer (?:with|of|"
     rf"that has) (?P<v>{V}) (?:feature maps|channels|filters)"),
    ("image",
     r"(?:inputs?|images?|volumes?|pictures?|tensors?|feature maps?|activations?|"
     r"activation maps?)\b(?: volume| image| tensor| size)*"
     r"(?: \w+ \w+ layer)?(?: of size| of shape| of dimensions?| with size| size| of| is| are|"
     rf" has (?:size|shape)| has|,| =|:| that is| be)* ?(?P<d>{D})"),
    ("image",
     rf"outputs?(?: of (?:the|a)(?: [a-z0-9-]+){{1,4}})? (?:is|are|has (?:size|"
     rf"shape)) (?:of size )?(?P<d>{D})"),
    ("image",
     rf"(?P<d>{D})[- ]?(?:pixel |pixels |dimensional |(?:\()?rgb(?:\))? |colou?r |"
     r"gr[ae]y-?scale |input )*"
     r"(?:inputs?|images?|volumes?|pictures?|feature maps?|activation maps?|tensors?|maps?)\b"),
    ("rgb", r"\brgb\b|\bcolou?r (?:image|picture|input)s?"),
    ("image", rf"\b(?:on|to|over) (?:an? )?(?P<d>{D})(?=\s*[:;,)]|\.(?!\d)|$)"),
    ("frames", rf"(?P<v>{V}) frames of size (?P<d>{D})(?: with (?P<w>{V}) channels)?"),
    ("gray", r"\bgr[ae]y-?scale\b|single-channel|black[- ]and[- ]white"),
    ("same",
     r"\"?'?\bsame\b\"?'?(?: zero)?[- ](?:padding\b|(?=convolutions?|conv\b))|"
     r"padding\b[^.\d]{0,12}\bsame\b'?\"?"
     r"|padding (?:that|which|to|chosen to|is chosen to) (?:keeps?|preserves?)[^.,;]*"
     r"|\"same\"|\bsame-padded\b"),
    ("causal", r"\bcausal(?:ly)?\b"),
    ("full", r"\bfull (?:(?:zero[- ])?padding|(?=(?:cross-)?(?:convolution|correlation)))"),
    ("no padding",
     r"\b(?:no|without|zero)(?: any)?(?: zero-?)? ?padding\b(?! ?(?:of|=|is|\d))|"
     r"\bvalid\b(?: (?:padding|convolutions?))?|\bunpadded\b"),
    ("two biases",
     r"(?:(?:each|every) gate (?:has|uses|keeps|with) |with |has |have |using |uses |counting )?"
     r"(?:2 (?:separate |different )?bias(?:es| vectors?| terms?)|separate input and (?:recurrent|"
     r"hidden|state) bias(?:es| vectors?))(?: (?:per|for each|in each|for every|for all|of each)"
     r" gates?)?(?:,? (?:as|like) in pytorch)?"),
    ("pytorch", r"\b(?:as|like) (?:in )?(?:pytorch|torch)\b|\bpytorch(?:'s)? (?:convention|lstm|"
                r"gru|rnn|implementation)|\bin pytorch\b"),
    ("no running", r"(?:without|not (?:counting|including)|exclud\w+|ignoring)(?: the| its)?"
                   r" running (?:means?|averages?|statistics|variances?)"
                   r"(?: and (?:the )?(?:running )?(?:means?|variances?))?"),
    ("running", r"(?:includ\w+|with|and|plus|counting|as well as)(?: also| the| its| both)* running"
                r" (?:means?|averages?|statistics|variances?)(?: and (?:the )?(?:running )?"
                r"(?:means?|variances?))?"),
    ("bias",
     rf"(?:{_NOT}|never) (?:forget|ignore|omit|neglect|leave out)(?: about| the| any| all)* bias"
     r"(?:es| terms?| parameters?| vectors?)?"),
    ("no bias",
     rf"{_NOT} (?:count|include|consider|use|have|contain)(?: the| any| a| all)* bias"
     r"(?:es| terms?| parameters?| vectors?)?|"
     r"(?:without|\bno|\bnot|\bignor\w+|\bexclud\w+|\bomit\w*|\bneglect\w*|\bdisregard\w*|"
     r"\bleav\w+ out)(?: counting| including| considering)?(?: the| any| a| all)* bias"
     r"(?:es| terms?| parameters?| vectors?)?\b|bias-free|"
     r"bias(?:es| terms?| parameters?)? (?:(?:is|are|can|may|should|need|do|does) )?(?:to )?"
     r"(?:be )?(?:not (?:be )?(?:used|counted|included|considered)|not count\b|omitted|ignored|"
     r"neglected|left out|disregarded|excluded)|bias ?= ?false"),
    ("bias",
     r"(?:with|including|include|plus|and|has|have|counting|count)(?: the| a| an| 1| its own|"
     r" \d)? bias(?:es| terms?| parameters?)?(?: each| per filter)?|biases included|"
     r"bias(?:es| terms?)? (?:is|are|should be|have to be|must be) (?:used|included|counted)|"
     r"1 bias (?:vectors? |terms? )?(?:per|"
     r"for each|for every)[^.,;]*|bias ?= ?true"),
    ("1-d", r"\b(?:1-?d|one-dimensional|temporal)\b"),
    ("3-d", r"\b(?:3-?d|three-dimensional|volumetric)\b"),
)  # fmt: skip
