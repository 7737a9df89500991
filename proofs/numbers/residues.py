"""Arrays of residues: arithmetic modulo a safe prime p = 2q + 1, and modulo q for exponents.

The idea: the squares modulo p are a group of the prime order q, so ``exp`` can be a homomorphism
from exponents modulo q, roots of squares are unique among the squares, and the Legendre symbol is a
sign: it multiplies, and -1 is no square.
"""

from __future__ import annotations

from functools import cache
from typing import Any
from zlib import crc32

from derive.operators.pointwise import np

P = 2147146559
Q = (P - 1) // 2
G = 4  # a square other than 1, so of order q


def einsum(subscripts: str, *arrays: Any, m: int) -> Any:
    """An einsum of one or two arrays modulo m; no sum leaves 63 bits."""
    if len(arrays) == 1:
        return np.einsum(subscripts, arrays[0]) % m
    a, b = arrays
    # Half of the digits of one factor at a time: a product has 47 bits, a sum of 2**15 of them 62.
    high = np.einsum(subscripts, a, b >> 16) % m
    low = np.einsum(subscripts, a, b & 0xFFFF) % m
    return ((high << 16) + low) % m


def powered(a: Any, k: int, m: int) -> Any:
    """a to a power modulo the prime m; a negative power of a number that is not 0."""
    k = k % (m - 1)
    found, base = np.ones_like(a), a % m
    while k:
        if k & 1:
            found = found * base % m
        base = base * base % m
        k >>= 1
    return found


def powers(x: Any, exponents: range, m: int) -> Any:
    """The powers of matrices modulo m, whose exponents make an axis before those of a matrix."""
    *lead, n, _ = x.shape
    flat = x.reshape(-1, n, n)
    found = {0: np.broadcast_to(np.eye(n, dtype=np.int64), flat.shape)}
    for k in range(max(exponents, default=0)):
        found[k + 1] = einsum("bij,bjk->bik", found[k], flat, m=m)
    rows = [found[k] for k in exponents]
    made = np.stack(rows, 1) if rows else np.zeros((len(flat), 0, n, n), np.int64)
    return made.reshape(*lead, len(rows), n, n)


@cache
def _squares_of_g() -> tuple[int, ...]:
    found = [G]
    while len(found) < 31:
        found.append(found[-1] ** 2 % P)
    return tuple(found)


def exponential(k: Any) -> Any:
    """g to the exponents k."""
    found = np.ones_like(k)
    for bit, base in enumerate(_squares_of_g()):
        found = np.where((k >> bit) & 1, found * base % P, found)
    return found


@cache
def _baby_steps() -> tuple[Any, Any, int]:
    """The first powers of g in order of size, their exponents, and how many there are."""
    count = 1 << 19
    powers = exponential(np.arange(count, dtype=np.int64))
    order = np.argsort(powers)
    return powers[order], order, count


def logarithm(a: Any) -> Any:
    """The exponents k with g to the k equal to a, for squares a (Shanks, 1971: giant steps of 2^19
    powers, then a look-up)."""
    powers, exponents, count = _baby_steps()
    back = pow(pow(G, count, P), -1, P)
    left, found = a.copy().ravel(), np.full(a.size, -1, np.int64)
    for giant in range(Q // count + 1):
        place = np.minimum(np.searchsorted(powers, left), count - 1)
        hit = (powers[place] == left) & (found < 0)
        found[hit] = (giant * count + exponents[place[hit]]) % Q
        if (found >= 0).all():
            break
        left = left * back % P
    return found.reshape(a.shape)


def sign(a: Any) -> Any:
    """The Legendre symbol: 1 for squares, -1 for the others, 0 for 0."""
    found = powered(a, Q, P)
    return np.where(found == P - 1, -1, found)


def hashed(a: Any, name: str, keys: Any) -> Any:
    """A residue that depends on the argument, the name and the key of the trial, and on nothing
    else that is known (the finalizer of splitmix64, twice)."""
    key = keys.reshape(-1, *(1 for _ in a.shape[1:])).astype(np.uint64)
    said = np.uint64(crc32(name.encode()) * 0x9E3779B97F4A7C15 % 2**64)
    word = a.astype(np.uint64) + key + said
    for _ in range(2):
        word = (word ^ (word >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        word = (word ^ (word >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        word = word ^ (word >> np.uint64(31)) ^ key
    return (word % np.uint64(P)).astype(np.int64)
