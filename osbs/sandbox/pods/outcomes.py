"""
Scripted builds, for tests that need builds but no processes.

An :class:`Outcome` says how long a build runs, what it prints and how it ends;
:func:`load_outcomes` reads a file of them.
:class:`osbs.sandbox.pods.scripted.ScriptedRunner` plays them.
"""

import collections
import json
import time

from osbs.sandbox.kinds import validation


class OutcomeError(ValueError):
    """A scripted outcome is malformed."""


_TEXT = {"type": "string", "minLength": 1}

#: fields of an Outcome -> JSON Schema; lines may also be bytes, which JSON Schema does not know
FIELD_TYPES = collections.OrderedDict(
    [
        ("duration", validation.SECONDS),
        ("lines", {"type": "array"}),
        ("interval", validation.SECONDS),
        ("exit_status", {"type": "integer", "minimum": -64, "maximum": 255}),
        ("failing_plugin", _TEXT),
        ("failing_platform", _TEXT),
        ("message", {"type": "string"}),
        ("annotations", validation.TEXTS),
        ("labels", validation.TEXTS),
    ]
)


class Outcome:
    """
    What one scripted build does.

    :param duration: float, seconds that the build runs (at least)
    :param lines: list of text, bytes, or pairs (text, seconds to wait before it); None: lines as
                  atomic-reactor writes them, relayed ones for each platform, one not in ASCII
    :param interval: float, seconds between lines; None: spread evenly over the duration
    :param exit_status: int; None: 1 if a plugin or platform fails, else 0
    :param failing_plugin: str, name of the plugin that fails, stored in ``plugins-metadata``
    :param failing_platform: str, platform whose worker fails (then plugin ``orchestrate_build``)
    :param message: str, text of the failure
    :param annotations: dict of str, stored at the end of the build, in addition to the default ones
    :param labels: dict of str, likewise
    :raises OutcomeError: for invalid values
    """

    def __init__(
        self,
        duration=0.0,
        lines=None,
        interval=None,
        exit_status=None,
        failing_plugin=None,
        failing_platform=None,
        message=None,
        annotations=None,
        labels=None,
    ):
        if failing_platform is not None and failing_plugin is None:
            failing_plugin = "orchestrate_build"
        if exit_status is None:
            exit_status = 0 if failing_plugin is None else 1
        self.duration = duration
        self.lines = lines
        self.interval = interval
        self.exit_status = exit_status
        self.failing_plugin = failing_plugin
        self.failing_platform = failing_platform
        self.message = message
        self.annotations = annotations
        self.labels = labels
        self._check()

    def _check(self):
        given = {name: getattr(self, name) for name in FIELD_TYPES}
        given = {name: value for name, value in given.items() if value is not None}
        found = validation.mistake(given, {"properties": FIELD_TYPES})
        if found is not None:
            raise OutcomeError(found)
        for line in self.lines or ():
            _timed_line(line, 0)

    def failure_text(self):
        """Return the text of the failure, or None for a build that succeeds."""
        if self.failing_plugin is None:
            return self.message
        text = self.message or "scripted failure"
        if self.failing_platform is None:
            return text
        return json.dumps({self.failing_platform: {"general": text}})

    def schedule(self, pod):
        """
        Return the lines to print and their delays.

        :param pod: PodRun
        :return: list of (bytes, seconds to wait before it)
        """
        lines = default_lines(pod, self) if self.lines is None else self.lines
        delay = self.interval
        if delay is None:
            delay = self.duration / float(len(lines) + 1) if lines else 0.0
        return [_timed_line(line, delay) for line in lines]


def _timed_line(line, delay):
    if isinstance(line, (tuple, list)):
        if len(line) != 2 or validation.mistake(line[1], validation.SECONDS):
            raise OutcomeError("line {!r}: expected text and seconds".format(line))
        line, delay = line
    if isinstance(line, str):
        line = line.encode("utf-8")
    if not isinstance(line, bytes):
        raise OutcomeError("line {!r}: expected text".format(line))
    return line + b"\n", delay


def user_params(pod):
    """Return the USER_PARAMS of a pod as a dict, ``{}`` if missing or malformed."""
    try:
        params = json.loads(pod.env.get("USER_PARAMS") or "{}")
    except ValueError:
        return {}
    return params if isinstance(params, dict) else {}


def default_lines(pod, outcome):
    """
    Return the default log of a scripted build.

    :param pod: PodRun
    :param outcome: Outcome
    :return: list of text without line ends
    """
    platforms = [p for p in user_params(pod).get("platforms") or [] if isinstance(p, str)]
    entries = [("-", "atomic_reactor.core", "INFO", "scripted build, no image is built")]
    for platform in platforms:
        entries += [
            (platform, "atomic_reactor.plugins.orchestrate_build", "INFO", text)
            for text in ("Step 1/2 : FROM fedora", "Step 2/2 : RUN echo gr\u00fc\u00df dich")
        ]
    if outcome.failing_plugin is not None:
        entries.append(
            (
                "-",
                "atomic_reactor.plugin",
                "ERROR",
                "plugin {!r} raised an exception: {}".format(
                    outcome.failing_plugin, outcome.failure_text()
                ),
            )
        )
    stamp = time.strftime("%Y-%m-%d %H:%M:%S,000")
    return ["{} platform:{} - {} - {} - {}".format(stamp, *entry) for entry in entries]


def scripted_metadata(outcome):
    """
    Return the annotations and labels that a build with this outcome stores.

    :param outcome: Outcome
    :return: (dict of annotations, dict of labels)
    """
    errors = {}
    if outcome.failing_plugin is not None:
        errors[outcome.failing_plugin] = outcome.failure_text()
    plugins = {"errors": errors, "durations": {}, "timestamps": {}}
    annotations = {"plugins-metadata": json.dumps(plugins)}
    annotations.update(outcome.annotations or {})
    return annotations, dict(outcome.labels or {})


def load_outcomes(path):
    """
    Read a JSON file ``{"default": {...}, "builds": {pattern: {...}}}``.

    :param path: str, path of the file; the fields of each object are those of :class:`Outcome`
    :return: (Outcome, dict of pattern -> Outcome)
    :raises OutcomeError: when the file cannot be read or is malformed
    """
    try:
        with open(path, encoding="utf-8") as stream:
            script = _mapping(json.load(stream), "top")
        unknown = sorted(set(script) - {"default", "builds"})
        if unknown:
            hint = validation.unknown(unknown[0], ("default", "builds"))
            raise OutcomeError("unknown field {!r}{}".format(unknown[0], hint))
        builds = _mapping(script.get("builds", {}), "builds")
        return (
            make_outcome(script.get("default", {}), "default"),
            {name: make_outcome(fields, "builds." + name) for name, fields in builds.items()},
        )
    except (OSError, ValueError) as exc:
        raise OutcomeError("outcomes file {}: {}".format(path, exc)) from None


def _mapping(value, where):
    if not isinstance(value, dict):
        raise OutcomeError("{}: found {!r}, expected an object".format(where, value))
    return value


def make_outcome(fields, where):
    """
    Return the Outcome for fields of a file or request.

    :param fields: dict, those of :class:`Outcome`
    :param where: str, where the fields were found, for error messages
    :raises OutcomeError: for unknown fields and invalid values
    """
    unknown = sorted(set(_mapping(fields, where)) - set(FIELD_TYPES))
    if unknown:
        hint = validation.unknown(unknown[0], FIELD_TYPES)
        raise OutcomeError("{}: unknown field {!r}{}".format(where, unknown[0], hint))
    try:
        return Outcome(**fields)
    except OutcomeError as exc:
        raise OutcomeError("{}: {}".format(where, exc)) from None
