"""How people see a build: the log of its platforms side by side, and a box at its end.

A log is made of the records that atomic-reactor writes. A plugin, one step of the build, is shown
with a mark when it ended, below what it said. Those that were quick share a line.
"""

from __future__ import absolute_import, division, print_function, unicode_literals

import re
import time
from collections import OrderedDict, namedtuple
from datetime import datetime

from osbs._compat import to_text
from osbs._json import load_json
from osbs._log_lines import parse_entry
from osbs._redact import mask_text
from osbs._typing import Any, Dict, Iterable, List, Optional, Text, Tuple  # noqa: F401
from osbs.cli import terminal
from osbs.cli.errors import tolerant
from osbs.utils import dicts_in, get_path

# Seconds below which a plugin needs no line of its own.
_QUICK = 1.0
# Columns of a terminal that leave room for the long label beside a line.
_ROOMY = 72
# Whether it is roomy -> how the orchestrator is called, columns of a label.
_LABELS = {True: ("orchestrator", 12), False: ("orch.", 7)}
# Of the slowest plugins so many are named, unless they took less than that (seconds).
_SLOWEST = 3
_NEGLIGIBLE = 0.05

_RECORD = re.compile(
    r"(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3}) (?:platform:\S* )?- (\S+) - ([A-Z]+) - (.*)$"
)
_RUNNER = "atomic_reactor.plugin"
_STARTED = re.compile(r"running plugin '?([^' ]+)")
_FINISHED = re.compile(r"plugin \S+ finished in \d+s")
_FAILED = re.compile(r"plugin '?([^' ]+)'? raised an exception: (.*)$")
_PHASE = re.compile(r"running \w+ plugins$")
# An instruction of the Dockerfile, which its author knows: one line is enough.
_DOCKER_STEP = re.compile(r"Step \d+/\d+ : ")

# In a variable of the build, USER_PARAMS or ATOMIC_REACTOR_PLUGINS.
_OF_ORCHESTRATOR = re.compile('"build_type": *"orchestrator"|"orchestrate_build"')

_PLATFORM_STYLES = {"x86_64": "cyan", "ppc64le": "magenta", "aarch64": "blue", "s390x": "green"}
_OTHER_PLATFORM_STYLE = "blue"
_LEVELS = {
    "DEBUG": ("", "dim"),
    "WARNING": ("warning: ", "yellow"),
    "ERROR": ("error: ", "red"),
    "CRITICAL": ("error: ", "red"),
}

_Record = namedtuple("_Record", "moment logger level text")
Failure = namedtuple("Failure", "platform plugin message")


class _Part(object):
    """The orchestrator, or the worker of a platform: the plugin that it runs."""

    def __init__(self, label, style):
        self.label = label
        self.style = style
        self.plugin = None  # type: Optional[Text]
        self.started = None  # type: Optional[datetime]
        # Plugins that will share a line, and how long they took.
        self.quick = []  # type: List[Tuple[Text, Optional[float]]]

    def took(self, moment):
        """Return how many seconds the plugin had run at a time, or None if that is not known."""
        if None in (moment, self.started):
            return None
        return max(0.0, (moment - self.started).total_seconds())


class LogView(object):
    """Shows the lines of a log as they come.

    :param screen: Terminal
    :param status: terminal.Status
    :param orchestrator: bool, whether it is the log of an orchestrator build
    :param verbose: bool, also show what the library reports inside the build
    """

    def __init__(self, screen, status, orchestrator=False, verbose=False):
        # type: (Any, Any, bool, bool) -> None
        self._screen = screen
        self._status = status
        self._verbose = verbose
        self._own = _Part("orchestrator" if orchestrator else "", None)
        self._workers = OrderedDict()  # type: Dict[Text, _Part]

    def add(self, line):
        # type: (Text) -> None
        """Show a line of the log."""
        entry = parse_entry(to_text(line))
        part = self._part(entry.platform)
        record = _parse(entry.line)
        if record.logger == _RUNNER:
            for pattern, act in self._EVENTS:
                found = pattern.match(record.text)
                if found:
                    act(self, part, record.moment, *found.groups())
                    self._tell_status()
                    return
        is_library = record.logger.split(".")[0] == "osbs"
        if self._verbose or record.level not in ("INFO", "DEBUG") or not is_library:
            self._flush(part)
            prefix, style = _LEVELS.get(record.level, ("", None))
            self._put(part, "", prefix + record.text, style)

    def end(self, succeeded):
        # type: (bool) -> None
        """Show what is not shown yet."""
        for part in self._parts():
            if succeeded:
                self._end_plugin(part, None)
            self._flush(part)
            if part.plugin:
                self._put(part, self._screen.symbols.dot, part.plugin)

    def _parts(self):
        return list(self._workers.values()) + [self._own]

    def _part(self, platform):
        if platform is None:
            return self._own
        if platform not in self._workers:
            style = _PLATFORM_STYLES.get(platform, _OTHER_PLATFORM_STYLE)
            self._workers[platform] = _Part(terminal.cell(platform)[0], style)
        return self._workers[platform]

    def _begin_plugin(self, part, moment, name):
        self._end_plugin(part, moment)
        part.plugin, part.started = name, moment

    def _end_plugin(self, part, moment):
        if part.plugin is None:
            return
        name, part.plugin = part.plugin, None
        took = part.took(moment)
        if (took or 0) >= _QUICK:
            self._flush(part)
            self._put_done(part, name, took)
        else:
            part.quick.append((name, took))
        if part is self._own:
            # Workers only run while a plugin of the orchestrator does.
            for worker in self._workers.values():
                self._end_plugin(worker, None)
                self._flush(worker)

    def _fail_plugin(self, part, moment, name, message):
        part.plugin = None
        self._flush(part)
        self._put(part, self._screen.symbols.failed, name, None, "red", part.took(moment))
        for failure in _failures_of(name, message):
            prefix = "%s: " % failure.platform if failure.platform else ""
            self._put(part, "", prefix + failure.message, "red")

    _EVENTS = (
        (_STARTED, _begin_plugin),
        (_FINISHED, _end_plugin),
        (_FAILED, _fail_plugin),
        (_PHASE, _end_plugin),
    )

    def _flush(self, part):
        quick, part.quick = part.quick, []
        if quick:
            names = ", ".join(name for name, _ in quick)
            known = [took for _, took in quick if took is not None]
            self._put_done(part, names, sum(known) if known else None)

    def _put_done(self, part, text, took):
        self._put(part, self._screen.symbols.done, text, None, "green", took)

    def _put(self, part, mark, text, style=None, mark_style=None, took=None):
        """Write a text beside the label of a part, in as many lines as it takes."""
        screen = self._screen
        margin = self._margin(part)
        room = screen.width - terminal.display_width(margin) - 2
        text = terminal.cell(text)[0]
        lines = [screen.cut(text, room)] if _DOCKER_STEP.match(text) else terminal.wrap(text, room)
        if took is not None:
            suffix = terminal.duration(took)
            # The last word takes the suffix along to the next line.
            lines[-1:] = terminal.wrap(lines[-1], room - len(suffix) - 2)
            lines[-1] += "  " + screen.style(suffix, "dim")
        mark = terminal.pad(screen.style(mark, mark_style), 2)
        for line in lines:
            screen.write_line((margin + mark + screen.style(line, style)).rstrip())
            mark = "  "

    def _margin(self, part):
        if not (self._own.label or self._workers):
            return ""
        screen = self._screen
        orchestrator, width = _LABELS[screen.width >= _ROOMY]
        label = orchestrator if part is self._own else part.label
        label = terminal.pad(screen.cut(label, width), width)
        return screen.style(label, part.style) + " " + screen.style(screen.symbols.bar, "dim") + " "

    def _tell_status(self):
        plugins = [(part.label, part.plugin) for part in self._parts() if part.plugin]
        words = ["running"] + [" ".join(pair).strip() for pair in plugins]
        self._status.show((" %s " % self._screen.symbols.dot).join(words))


def watch(screen, status, osbs, build_id, lines, verbose=False):
    # type: (Any, Any, Any, Text, Iterable[Text], bool) -> Any
    """Show the log of a build till it ends.

    :param screen: Terminal
    :param status: terminal.Status
    :param osbs: OSBS
    :param build_id: name of the build
    :param lines: iterable of text, the log while it is written
    :param verbose: see LogView
    :return: BuildResponse, finished
    """
    view = None  # type: Optional[LogView]
    for line in lines:
        if view is None:
            build = osbs.get_build(build_id)
            created = tolerant(build.get_time_created_in_seconds)
            if created:
                # The clock of the server may be ahead.
                status.since = min(created, time.time())
            status.show("running")
            view = LogView(screen, status, is_orchestrator(build), verbose)
        view.add(line)
    osbs.wait_for_build_to_finish(build_id)
    build = osbs.get_build(build_id)
    if view is not None:
        view.end(build.is_succeeded())
    return build


def summary(screen, build):
    # type: (Any, Any) -> List[Text]
    """Return the box at the end of a build: how it ended, how long it took, and what came of it.

    :param screen: Terminal
    :param build: BuildResponse, finished
    """
    done = build.is_succeeded()
    mark = screen.symbols.done if done else screen.symbols.failed
    pairs = [("build", build.get_build_name())]
    took = tolerant(build.get_duration)
    if took is not None:
        pairs.append(("duration", terminal.duration(took)))
    pairs += _results(build) if done else reasons(build)
    style = terminal.phase(build.status)[1]
    return screen.box("%s build %s" % (mark, build.status), pairs, style)


def _results(build):
    pairs = [
        ("platforms", ", ".join(platform for platform, _ in platforms(build))),
        ("images", images(build)),
        ("Koji build", build.get_koji_build_id()),
        ("slowest", tolerant(lambda: _slowest(build))),
    ]
    return [(key, value) for key, value in pairs if value]


def reasons(build):
    # type: (Any) -> List[Tuple[Text, Text]]
    """Return what failed and why, as pairs for a block or box."""
    failures = failed_plugins(build)
    if not failures:
        return [("reason", mask_text(tolerant(build.get_failure_message) or ""))]
    pairs = []
    for failure in failures:
        where = " on %s" % failure.platform if failure.platform else ""
        failed = "plugin %s%s" % (failure.plugin, where) if failure.plugin else failure.platform
        pairs.append(("failed", failed))
        pairs.append(("reason", mask_text(failure.message)))
    return pairs


def failed_plugins(build):
    # type: (Any) -> List[Failure]
    """Return what failed, as atomic-reactor tells; empty if it does not.

    :param build: BuildResponse
    :return: list of Failure: platform (None: not that of a worker), plugin (None: unknown), message
    """
    failures = [
        Failure(platform, plugin, to_text(message))
        for platform, worker in platforms(build)
        for plugin, message in items(worker, "plugins-metadata", "errors")
    ]
    if not failures:
        for plugin, message in items(_metadata(build), "errors"):
            failures += _failures_of(plugin, to_text(message))
    return failures


def is_orchestrator(build):
    # type: (Any) -> bool
    """Tell whether a build starts worker builds."""
    variables = dicts_in(build.json, "spec", "strategy", "customStrategy", "env")
    return any(_OF_ORCHESTRATOR.search(to_text(each.get("value"))) for each in variables)


def _failures_of(plugin, message):
    """Return what a plugin failed with; orchestrate_build says in JSON: platform -> reason."""
    reasons = items(tolerant(lambda: load_json(message)))
    return [
        Failure(platform, None, to_text(get_path(reason, "general") or reason))
        for platform, reason in sorted(reasons)
    ] or [Failure(None, plugin, message)]


def _slowest(build):
    durations = items(_metadata(build), "durations")
    durations = [step for step in durations if step[1] >= _NEGLIGIBLE]
    steps = sorted(durations, key=lambda step: -step[1])[:_SLOWEST]
    return ", ".join("%s %s" % (name, terminal.duration(took)) for name, took in steps)


def _metadata(build):
    """Return what atomic-reactor notes of the plugins, None if there is nothing."""
    text = get_path(build.get_annotations_or_labels(), "plugins-metadata")
    return tolerant(lambda: load_json(text, object_pairs_hook=OrderedDict))


def images(build):
    # type: (Any) -> List[Text]
    """Return the names of the image, those under "primary" first."""
    repositories = sorted(items(tolerant(build.get_repositories)))
    return tolerant(lambda: [name for _, names in repositories for name in names or ()]) or []


def platforms(build):
    # type: (Any) -> List[Tuple[Text, Any]]
    """Return (platform, what atomic-reactor notes of its worker build), sorted."""
    return sorted(items(tolerant(build.get_platforms)))


def items(value, *path):
    # type: (Any, *Text) -> List[Tuple[Text, Any]]
    """Return the items of the dict under a path, none if there is no dict."""
    found = get_path(value, *path)
    return list(found.items()) if isinstance(found, dict) else []


def _parse(line):
    found = _RECORD.match(line)
    if found is None:
        return _Record(None, "", "", line)
    time_text, logger, level, text = found.groups()
    # Only differences count, so the zone does not matter.
    moment = tolerant(lambda: datetime.strptime(time_text, "%Y-%m-%d %H:%M:%S,%f"))
    return _Record(moment, logger, level, text)
