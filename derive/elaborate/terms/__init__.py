"""What a piece of notation means: a room for every kind of term."""
