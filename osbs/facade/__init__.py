"""What the facade ``osbs.api`` is made of, beside the flows themselves.

``guard`` turns exceptions into the library's own, ``buildlogs`` reads atomic-reactor's log lines,
``tokenfile`` writes the file of ``osbs login``, ``source`` checks what a repository says about its
image.
"""
