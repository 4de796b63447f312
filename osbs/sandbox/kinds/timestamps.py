"""Times in the format of Kubernetes."""

import time


def rfc3339(seconds=None):
    """
    Return a time in the format of Kubernetes.

    :param seconds: float or None, seconds since the epoch (None is now)
    """
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))


def rfc3339_nano(seconds):
    """Return a time with nine decimals, the timestamps of log lines."""
    whole = int(seconds)
    stamp = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(whole))
    return "{}.{:09d}Z".format(stamp, int(round((seconds - whole) * 1e6)) * 1000)


def parse_rfc3339(text):
    """Return seconds since the epoch for a result of :func:`rfc3339`."""
    import calendar

    return calendar.timegm(time.strptime(text, "%Y-%m-%dT%H:%M:%SZ"))
