"""What a name stands for: its scope, its shape where nobody declares one, its value."""
