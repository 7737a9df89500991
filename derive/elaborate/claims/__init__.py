"""What a document claims: which statements are claims, and the values of their sides."""
