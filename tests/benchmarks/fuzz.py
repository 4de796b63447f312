"""Tries hostile documents within limits of time and memory: ``python -m tests.benchmarks.fuzz``.

Documents are made of good ones by small changes, and by changes that make them large: those that
took longest are changed further. A finding is whatever ends with another exception than a refusal,
in more than one line, too late, or for want of memory. It is kept as a file:
``--target NAME --replay FILE`` tries it again.
"""

from __future__ import absolute_import, print_function, unicode_literals

import argparse
import io
import logging
import os
import random
import resource
import signal
import sys
import time
import traceback

from osbs.exceptions import OsbsException, OsbsResponseException
from tests.benchmarks.fuzz_targets import TARGETS

# Seconds of processor time for one document: other programs make no difference.
SECONDS = 5
# Somewhat more than any limit of size, so that those are tried as well.
MAX_SIZE = 1100 * 1024
# Documents that are changed further, besides the good ones.
POOL = 20
DIRECTORY = os.path.join("build", "fuzz")

clock = getattr(time, "process_time", None) or time.clock


class TooLate(BaseException):
    """Trying took too long; not an Exception, which the code under test may catch."""


def change(data, seeds, words, rand):
    """Return a document with one to five changes."""
    for _ in range(rand.randint(1, 5)):
        data = rand.choice(CHANGES)(data, seeds, words, rand)[:MAX_SIZE]
    return data


def _span(data, rand, longest=40):
    start = rand.randint(0, len(data))
    return start, min(len(data), start + rand.randint(0, longest))


def _insert(data, piece, rand):
    at = rand.randint(0, len(data))
    return data[:at] + piece + data[at:]


def _times(rand):
    # Few times mostly: large documents take long to try.
    return 2 ** min(rand.randint(1, 18), rand.randint(1, 18))


def _flip(data, seeds, words, rand):
    start, _ = _span(data, rand)
    return data[:start] + bytes(bytearray([rand.randint(0, 255)])) + data[start + 1 :]


def _overwrite(data, seeds, words, rand):
    # What stands behind keeps its place, which matters in binary documents.
    start, _ = _span(data, rand)
    word = rand.choice(words)
    return data[:start] + word + data[start + len(word) :]


def _delete(data, seeds, words, rand):
    start, end = _span(data, rand)
    return data[:start] + data[end:]


def _add_word(data, seeds, words, rand):
    return _insert(data, rand.choice(words), rand)


def _add_phrase(data, seeds, words, rand):
    phrase = b"".join(rand.choice(words) for _ in range(rand.randint(2, 8)))
    return _insert(data, phrase, rand)


def _repeat_span(data, seeds, words, rand):
    start, end = _span(data, rand)
    return data[:start] + data[start:end] * _times(rand) + data[end:]


def _repeat_word(data, seeds, words, rand):
    return _insert(data, rand.choice(words) * _times(rand), rand)


def _repeat_phrase(data, seeds, words, rand):
    phrase = b"".join(rand.choice(words) for _ in range(rand.randint(2, 4)))
    return _insert(data, phrase * _times(rand), rand)


def _repeat_character(data, seeds, words, rand):
    return _insert(data, rand.choice([b" ", b"9", b"a", b"[", b"\n", b"\0"]) * _times(rand), rand)


def _splice(data, seeds, words, rand):
    start, _ = _span(data, rand)
    other = rand.choice(seeds)
    return data[:start] + other[_span(other, rand)[0] :]


CHANGES = (
    _flip,
    _overwrite,
    _delete,
    _add_word,
    _add_phrase,
    _repeat_span,
    _repeat_word,
    _repeat_phrase,
    _repeat_character,
    _splice,
)


def _expire(_number, _frame):
    raise TooLate()


def attempt(target, data):
    """Try a document; returns processor seconds, and what is wrong (text) or None."""
    began = clock()
    problem = None
    signal.signal(signal.SIGPROF, _expire)
    signal.setitimer(signal.ITIMER_PROF, SECONDS)
    try:
        target.function(data)
    except TooLate:
        problem = "interrupted after %g s" % SECONDS
    except target.refusals as ex:
        # The message of an error response is its body.
        is_body = not isinstance(ex, OsbsException) or isinstance(ex, OsbsResponseException)
        if not is_body and "\n" in ex.message:
            problem = "a message of several lines: %r" % ex.message[:500]
    except Exception:
        problem = traceback.format_exc()
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
    seconds = clock() - began
    if seconds > SECONDS and problem is None:
        problem = "took more than %g s" % SECONDS
    return seconds, problem


def allow_memory(amount):
    """Limit the address space to so many bytes more than the program has now."""
    with io.open("/proc/self/statm") as sizes:
        pages = int(sizes.read().split()[0])
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (pages * resource.getpagesize() + amount, hard))


class Campaign(object):
    """What has been tried of one target."""

    def __init__(self, name, seed, directory):
        self.name = name
        self.target = TARGETS[name]
        self._random = random.Random("%s %s" % (seed, name))
        self._directory = directory
        self._slowest = []  # pairs of seconds and document
        self.tried = 0
        self.findings = []  # pairs of file name and problem
        self.slowest = 0.0

    def step(self):
        """Make a document and try it."""
        rand, target = self._random, self.target
        slowest = [data for _, data in self._slowest]
        data = rand.choice(rand.choice([target.seeds, slowest or target.seeds]))
        data = change(data, target.seeds, target.words, rand)
        # A program that is killed while it tries leaves the document behind.
        current = self._write("current", data)
        seconds, problem = attempt(target, data)
        os.unlink(current)
        self.tried += 1
        self.slowest = max(self.slowest, seconds)
        self._slowest = sorted(self._slowest + [(seconds, data)], reverse=True)[:POOL]
        if problem is not None:
            self._note(data, problem)

    def _write(self, what, data):
        path = os.path.join(self._directory, "%s-%s" % (self.name.strip("."), what))
        with io.open(path, "wb") as written:
            written.write(data)
        return path

    def _note(self, data, problem):
        # One for each last line of a problem: the same is found by many documents.
        reason = problem.strip().splitlines()[-1]
        if all(reason != known.strip().splitlines()[-1] for _, known in self.findings):
            path = self._write("finding-%d" % len(self.findings), data)
            self.findings.append((path, problem))
            print("FINDING %s: %s\n%s" % (self.name, path, problem))
            sys.stdout.flush()


def run(names, minutes, seed, directory):
    """Try targets in turn; returns their campaigns."""
    if not os.path.isdir(directory):
        os.makedirs(directory)
    campaigns = [Campaign(name, seed, directory) for name in names]
    end = time.time() + 60 * minutes
    while time.time() < end:
        for campaign in campaigns:
            allow_memory(campaign.target.memory)
            turn = clock() + 1
            while clock() < turn and time.time() < end:
                campaign.step()
    return campaigns


def main(argv=None):
    """Fuzz, or try one file; returns the exit status: 1 when there is a finding."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.fuzz")
    parser.add_argument("--minutes", type=float, default=5.0)
    parser.add_argument("--target", action="append", choices=sorted(TARGETS), help="repeatable")
    parser.add_argument("--seed", type=int, default=None, help="of an earlier run")
    parser.add_argument("--output", default=DIRECTORY, metavar="DIR", help="where findings go")
    parser.add_argument("--replay", metavar="FILE", help="only try this, with the one --target")
    args = parser.parse_args(argv)
    names = args.target or sorted(TARGETS)
    logging.getLogger("osbs").handlers[:] = [logging.StreamHandler(io.open(os.devnull, "w"))]
    if args.replay:
        with io.open(args.replay, "rb") as document:
            data = document.read()
        allow_memory(TARGETS[names[0]].memory)
        seconds, problem = attempt(TARGETS[names[0]], data)
        print("%.2f s: %s" % (seconds, problem or "as it should be"))
        return 1 if problem else 0
    seed = random.SystemRandom().randint(0, 10**9) if args.seed is None else args.seed
    print("seed %d" % seed)
    campaigns = run(names, args.minutes, seed, args.output)
    for campaign in campaigns:
        print(
            "%-18s %7d tried, slowest %.2f s, %d findings"
            % (campaign.name, campaign.tried, campaign.slowest, len(campaign.findings))
        )
    return 1 if any(campaign.findings for campaign in campaigns) else 0


if __name__ == "__main__":
    sys.exit(main())
