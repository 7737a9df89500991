"""A checked document as its reader sees it: on a terminal, as data, and as a page.

The idea: what is said of a link is settled once, in ``words``; every output is a way of setting
those words, so no two of them can disagree.

``words``     what is said of a link, in which words, and which piece is pointed at
``excerpt``   lines of a source with marks under them
``terminal``  a report as text
``data``      a report as JSON
``exchange``  reports as SARIF, JUnit XML and GitHub annotations
``page``      a document line by line with its verdicts, before it has a look
``html``      the page as HTML; ``tex`` as LaTeX; ``margin`` the document itself with notes in it
"""
