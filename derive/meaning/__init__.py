"""What an expression is equal to: its numbers, and one normal form."""
