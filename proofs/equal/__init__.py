"""Whether two expressions are equal for all sizes, over the reals: a proof, or nothing.

The idea: both sides become sums of networks of atoms, and equal sums are equal values.  A proof
carries what it needs: conditions that are not shown to hold, and null sets that it leaves out.
"""

from proofs.equal.proof import Condition as Condition
from proofs.equal.proof import Proof as Proof
from proofs.equal.prove import prove as prove
