"""From expressions to surface trees: matrix notation, recovered from contractions."""
