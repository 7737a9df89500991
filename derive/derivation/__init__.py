"""From a network to a worked solution: names, lines with reasons, and the check beside them."""
