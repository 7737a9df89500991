"""Hand-written backward functions beside the derived gradient.

The idea: a function is only ever called; what it returns is compared with the derivation at random
points of many sizes, and a wrong answer is compared with what each common mistake would have given.

``words`` finds the node that an argument means, ``arguments`` plans a call, ``subject`` is the
question, ``trials`` are the points, ``frameworks`` and ``run`` make the calls, ``answers`` reads
what comes back; ``whole`` and ``edits`` are the tables of mistakes, ``sweep`` runs the backward
pass with one of them, ``search`` finds the one that fits; ``results`` and ``report`` say it.
"""
