"""The run policy: which build of a BuildConfig may start next."""

import bisect

from osbs.sandbox.kinds.builds import NUMBER_ANNOTATION, PENDING, RUNNING, phase_of


def number_of(build):
    """Return the number of a build among those of its BuildConfig, 0 if it has none."""
    text = (build["metadata"].get("annotations") or {}).get(NUMBER_ANNOTATION, "")
    return int(text) if text.isdigit() else 0


class Queue:
    """
    The unfinished builds of one BuildConfig, ordered by number.

    A build that is being cancelled does not block others, unless its pod exists.
    """

    def __init__(self):
        self._runs = {}
        self._active = set()
        #: sorted (number, uid) of the builds that block others
        self._order = []

    def __len__(self):
        return len(self._runs)

    def add(self, run, build):
        """
        Add a build.

        :param run: builds.BuildRun
        :param build: dict, the Build
        """
        self._runs[run.uid] = run
        run.number = number_of(build)
        bisect.insort(self._order, (run.number, run.uid))
        self.update(run, build)

    def update(self, run, build):
        """Update a build's state, and wake the builds that may start."""
        if build["status"].get("cancelled"):
            self._step_aside(run)
        if phase_of(build) in (PENDING, RUNNING):
            self._active.add(run.uid)
        else:
            self._active.discard(run.uid)
            self._wake()

    def remove(self, run):
        """Remove a build, and wake the builds that may start."""
        self._runs.pop(run.uid, None)
        self._active.discard(run.uid)
        self._step_aside(run)
        self._wake()

    def _step_aside(self, run):
        entry = (run.number, run.uid)
        position = bisect.bisect_left(self._order, entry)
        if self._order[position : position + 1] == [entry]:
            del self._order[position]

    def _wake(self):
        """Wake the oldest and the newest build: no policy starts another one."""
        if not self._active:
            for _, uid in self._order[:1] + self._order[-1:]:
                self._runs[uid].changed.set()

    def is_free(self, run):
        """Return whether no other build has a pod."""
        return not self._active - {run.uid}

    def older(self, run):
        """Return the runs with lower numbers."""
        position = bisect.bisect_left(self._order, (run.number, ""))
        return [self._runs[uid] for _, uid in self._order[:position]]

    def is_oldest(self, run):
        """Return whether no other build has a lower number."""
        return not self._order or self._order[0][0] >= run.number

    def is_newest(self, run):
        """Return whether no other build has the same number or a higher one."""
        position = bisect.bisect_left(self._order, (run.number, ""))
        return all(uid == run.uid for _, uid in self._order[position : position + 2])
