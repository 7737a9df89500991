"""Reading the LaTeX that people write: documents to formulas, formulas to trees."""
