"""What a user meets: the commands and the sheets."""
