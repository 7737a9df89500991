"""From expressions to surface trees: matrix notation, recovered from contractions.

The idea: a contraction is a graph whose edges are its matrices, and a matrix product is a path in
it; what no path covers is written with sums over letters.

``write`` is the way in; ``said`` is what is asked of it; ``chain`` finds the paths,
``product`` and ``flat`` what they are made of;
``windows``, ``flips`` and ``shifts`` find convolutions, which ``convolved`` says;
``words`` and ``spelling`` say them; ``tidy`` and ``gather`` look for a shorter way to write the
same; ``alike`` writes many formulas at the price of one.
"""
