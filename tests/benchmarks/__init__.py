"""Benchmarks: each carries the code of its baseline and its goal.

``python3 -m tests.benchmarks`` runs them all and writes a table (Markdown and JSON) and a plot;
``--help`` tells the rest. Python 3 only, with the extra ``benchmark``. Figures are ratios within
one run, of rounds in which baseline and subject take turns, so that a loaded machine slows both.
"""
