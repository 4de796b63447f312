"""Running git on repositories that nobody trusts.

``arguments`` says what may be asked of git and in which environment it runs; ``process`` runs a
command within limits; ``workspace`` is git in a temporary directory of its own (``tempdirs``);
``fetch`` makes a full clone, or fetches a few files of one commit, which ``tree`` finds.
Nothing else in the library runs git; ``osbs.utils`` is where callers come in.
"""
