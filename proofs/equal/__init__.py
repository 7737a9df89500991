"""Whether two expressions are equal for all sizes, over the reals: a proof, or nothing.

The idea: both sides become sums of networks of atoms, and equal sums are equal values.  A proof
carries what it needs: conditions that are not shown to hold, and null sets that it leaves out.

``prove`` looks from few open names and words to many; ``reading`` makes expressions polynomials of
the ring that is ``atoms``, ``ring``, ``indicators`` and ``functions`` (each lays its laws on the
one before); ``bounds`` knows signs, ``defined`` what must be defined, ``null`` which sets are thin;
``proof`` is the result.
"""

from proofs.equal.proof import Condition as Condition
from proofs.equal.proof import Proof as Proof
from proofs.equal.prove import prove as prove
