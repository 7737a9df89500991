"""The version, in one place: packaging, ``--version`` and the sheets read it here."""

VERSION = "0.1.0"
