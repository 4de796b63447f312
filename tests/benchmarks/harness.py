"""Measures two things by turns, and holds what came out against its goal."""

import statistics
import time


class Options:
    """How a benchmark is to run.

    :ivar quick: bool, tiny sizes and few rounds: does it run at all
    """

    def __init__(self, quick=False):
        self.quick = quick

    def pick(self, full, quick):
        """Return the first value, or the second for a quick run."""
        return quick if self.quick else full


class Row:
    """One line of the table.

    :param what: str
    :param baseline: str, what it is compared with; empty if with nothing
    :param measured: str, figures of baseline and subject
    :param figure: float, what is held against the goal
    :param at_most: float or None, the goal
    :param at_least: float or None, the goal
    :param unit: str, unit of figure and goal; ``x`` for a ratio
    :param note: str
    """

    def __init__(
        self, what, baseline, measured, figure, at_most=None, at_least=None, unit="x", note=""
    ):
        self.what = what
        self.baseline = baseline
        self.measured = measured
        self.figure = figure
        self.at_most = at_most
        self.at_least = at_least
        self.unit = unit
        self.note = note

    @property
    def reached(self):
        """Whether the goal is reached; None where there is none."""
        if self.at_most is None and self.at_least is None:
            return None
        return (self.at_most is None or self.figure <= self.at_most) and (
            self.at_least is None or self.figure >= self.at_least
        )

    @property
    def goal(self):
        """The goal as text."""
        if self.at_most is not None:
            return "at most " + self._with_unit(self.at_most)
        return "" if self.at_least is None else "at least " + self._with_unit(self.at_least)

    @property
    def result(self):
        """The figure as text."""
        return self._with_unit(self.figure)

    def _with_unit(self, value):
        text = "{:.2f}" if self.unit == "x" else "{:.3g}"
        return "{} {}".format(text.format(value), self.unit)

    def as_json(self):
        """Return the row as JSON-like data."""
        names = ("what", "baseline", "measured", "figure", "unit", "goal", "reached", "note")
        return {name: getattr(self, name) for name in names}


class Panel:
    """One part of the plot: cost against size.

    :param title: str
    :param x: str, label
    :param y: str, label
    :param lines: dict of str -> list of (x, y)
    """

    def __init__(self, title, x, y, lines):
        self.title = title
        self.x = x
        self.y = y
        self.lines = lines

    def as_json(self):
        """Return the panel as JSON-like data."""
        return dict(vars(self))


class Outcome:
    """What a benchmark found: rows and panels."""

    def __init__(self, rows, panels=()):
        self.rows = list(rows)
        self.panels = list(panels)


class Timing:
    """Seconds of rounds in which several functions took turns.

    :ivar seconds: dict, name of the function -> list of float, one for each round
    """

    def __init__(self, seconds):
        self.seconds = seconds

    def median(self, name):
        """Return the median of one function."""
        return statistics.median(self.seconds[name])

    def ratio(self, name, baseline):
        """Return the median of the rounds' ratios: a loaded machine slows both of a round."""
        pairs = zip(self.seconds[name], self.seconds[baseline])
        return statistics.median(one / other for one, other in pairs)

    def difference(self, name, baseline):
        """Return the difference of the quickest rounds: load only ever adds."""
        return min(self.seconds[name]) - min(self.seconds[baseline])

    def text(self, *names):
        """Tell medians."""
        return ", ".join("{} {}".format(name, duration(self.median(name))) for name in names)


def by_turns(rounds, functions, clock=time.perf_counter):
    """Time functions, each once in each round; every second round in reverse order.

    :param rounds: int
    :param functions: dict, name -> function without arguments; a function that returns a float
        has measured itself
    :param clock: function; ``time.process_time`` for what only computes: waiting for one of the
        cores is then no part of it
    :return: Timing
    """
    seconds = {name: [] for name in functions}
    names = list(functions)
    for _ in range(rounds):
        for name in names:
            seconds[name].append(timed(functions[name], clock))
        names.reverse()
    return Timing(seconds)


def timed(function, clock=time.perf_counter):
    """Return how many seconds a call takes, or the float that it returns."""
    begun = clock()
    own = function()
    ended = clock()
    return own if isinstance(own, float) else ended - begun


def duration(seconds):
    """Return seconds as text with a fitting unit."""
    for factor, unit in ((1, "s"), (1e3, "ms")):
        if abs(seconds) * factor >= 1:
            return "{:.3g} {}".format(seconds * factor, unit)
    return "{:.3g} us".format(seconds * 1e6)
