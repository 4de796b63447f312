"""
Every delay of the sandbox in one place.

The values (seconds) were measured on a real master. ``speed`` divides all of them; a single one can
be set: ``sandbox.timing.log_wait = 0.2``.
"""

import asyncio

from osbs.sandbox.kinds import validation


class Timing:
    """
    The delays.

    :param speed: float, divides all delays: 10 is ten times faster than a real master
    :param delays: keywords that replace single delays (seconds at speed 1)
    """

    DEFAULTS = {
        # life cycle of a build
        "instantiate": 0.02,
        # between the update of the BuildConfig and the creation of its Build
        "late_build": 0.1,
        "new": 0.05,
        "pending": 0.2,
        "cancel": 1.0,
        "pod_deleted": 0.8,
        "foreground_deletion": 1.0,
        "complete": 0.1,
        "prune": 1.0,
        "quota_retry": 0.25,
        "quota_retry_max": 60.0,
        "quota_status": 0.1,
        "kubelet_retry": 1.0,
        # requests
        "log_wait": 10.0,
        "watch_shortest": 3600.0,
        "watch_longest": 7200.0,
        # images
        "import_new": 0.3,
        "import_again": 1.2,
        "scheduled_import": 900.0,
        "trigger": 0.1,
        # authentication
        "token_life": 86400.0,
        "token_cache": 10.0,
        "account": 0.1,
        # etcd
        "compaction": 300.0,
    }

    #: not divided by the speed: lifetimes, not delays
    UNSCALED = ("token_life", "compaction", "watch_shortest", "watch_longest")

    def __init__(self, speed=1.0, **delays):
        self.check(delays)
        if not speed > 0:
            raise ValueError("speed must be greater than 0, not {!r}".format(speed))
        self.speed = speed
        self._given = delays
        self.reset()

    def reset(self):
        """Set all delays as at the start."""
        for name, seconds in self.DEFAULTS.items():
            factor = 1.0 if name in self.UNSCALED else self.speed
            setattr(self, name, self._given.get(name, seconds) / factor)

    @classmethod
    def check(cls, delays):
        """
        Check given delays.

        :param delays: dict, name -> seconds
        :raises ValueError: naming the unknown or invalid one
        """
        unknown = sorted(set(delays) - set(cls.DEFAULTS))
        if unknown:
            hint = validation.unknown(unknown[0], sorted(cls.DEFAULTS))
            raise ValueError("unknown delay {!r}{}".format(unknown[0], hint))
        found = validation.mistake(delays, {"additionalProperties": validation.SECONDS}, "delay")
        if found is not None:
            raise ValueError(found)

    async def sleep(self, name):
        """Wait for the delay with this name."""
        await asyncio.sleep(getattr(self, name))
