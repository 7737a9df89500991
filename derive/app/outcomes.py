"""The exit codes of the command ``derive``."""

DONE, DIFFERS, UNREADABLE = 0, 1, 2
# Of a check: a line that is wrong counts as one that differs; nothing is wrong, but not all proved.
UNSETTLED = 3
INTERRUPTED, BROKEN_PIPE = 130, 141
