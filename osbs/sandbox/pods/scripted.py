"""Run build pods as scripted outcomes: nothing is started."""

import asyncio
import collections
import fnmatch

from osbs.sandbox.pods import outcomes
from osbs.sandbox.pods.runner import Runner


class ScriptedRunner(Runner):
    """
    Play outcomes instead of running programs; cheap enough for hundreds of builds.

    The last added pattern (as in a shell) that matches a build's name sets its outcome.

    :param default: Outcome without a matching pattern; None: succeeds at once
    :param store_metadata: function (pod, annotations, labels) that stores them on the Build, as
                           atomic-reactor does; None: nothing is stored
    """

    def __init__(self, default=None, store_metadata=None):
        self.default = default or outcomes.Outcome()
        self.store_metadata = store_metadata
        self._patterns = collections.OrderedDict()

    @classmethod
    def from_file(cls, path):
        """
        Return a runner for a file of outcomes.

        :param path: str, see :func:`osbs.sandbox.pods.outcomes.load_outcomes`
        :raises OutcomeError: when the file is malformed
        """
        default, patterns = outcomes.load_outcomes(path)
        runner = cls(default)
        for pattern, outcome in patterns.items():
            runner.add(pattern, outcome)
        return runner

    def add(self, pattern, outcome=None, **fields):
        """
        Set the outcome of builds whose name matches.

        :param pattern: str, name of the Build, ``*`` and ``?`` as in a shell
        :param outcome: Outcome; None: built from the other keywords
        """
        self._patterns.pop(pattern, None)
        self._patterns[pattern] = outcomes.Outcome(**fields) if outcome is None else outcome

    def clear(self):
        """Forget all patterns."""
        self._patterns.clear()

    def outcome_of(self, build_name):
        """Return the Outcome of a build, by its name."""
        for pattern in reversed(self._patterns):
            if fnmatch.fnmatchcase(build_name, pattern):
                return self._patterns[pattern]
        return self.default

    async def run(self, pod):
        """Play the outcome; see :meth:`osbs.sandbox.pods.runner.Runner.run`."""
        return await self._play(pod, 0)

    async def resume(self, pod):
        """Continue a build that ran when the sandbox was killed; no line is printed twice."""
        return await self._play(pod, len(pod.log.data))

    async def _play(self, pod, printed):
        outcome = self.outcome_of(pod.build["metadata"]["name"])
        loop = asyncio.get_event_loop()
        end = loop.time() + outcome.duration
        for line, pause in outcome.schedule(pod):
            if printed >= len(line):
                printed -= len(line)
                end -= pause
                continue
            if pause > 0:
                await asyncio.sleep(pause)
            pod.log.write(line[printed:])
            printed = 0
        await asyncio.sleep(max(0.0, end - loop.time()))
        if self.store_metadata is not None:
            self.store_metadata(pod, *outcomes.scripted_metadata(outcome))
        pod.message = outcome.failure_text()
        return outcome.exit_status
