"""How requests are built, authenticated, retried, done once and followed. Private.

``osbs.core`` is the only user.

endpoints   requests as values: verb, API, quoted path, query, body, accepted statuses; pure
groups      where the API groups of OpenShift 4 live
objects     reading JSON that may be of any shape; pure
auth        which token is sent, and how to get the next one
retry       what may be retried and when; deadlines and backoff
once        creating exactly once, although the outcome of a request may be unknown
paging      lists in pages
watch       the one watch engine
logs        the one follower of logs
phases      what a build is waiting for
"""
