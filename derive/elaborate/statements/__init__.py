"""What a document states: spellings written out, statements sorted, symbols declared."""
