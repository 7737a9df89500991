"""The book: derivations as people write them, each row with the verdict that it must get."""
