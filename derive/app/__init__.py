"""What a user meets: the commands and the sheets.

The idea: a solution is computed once, in ``solve``; the sheet, the JSON, the exit code and the
exported module only tell it.

``cli`` has the commands, ``files`` what they read and write; ``pages`` fills a ``sheet``, which
``html`` and ``tex`` set with the ``templates``; ``report`` is the JSON, ``shapes`` spells sizes.
``checked`` says what a check has found, of as many documents as ``many`` has checked at a time.
"""
