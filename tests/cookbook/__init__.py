"""The Matrix Cookbook's derivatives: stated, proved, answered, and their wrong variants refuted."""
