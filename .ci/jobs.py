"""Run jobs that need each other's results side by side, each with a log file of its own.

A job is a function that is handed a Step. It raises Failed or Skipped, or returns a word on how
it went. Knows nothing of what the jobs do.
"""

import os
import re
import signal
import subprocess
import threading
import time

COMMAND_SECONDS = 1500
LINES_SHOWN = 200
COUNTED = ("passed", "failed", "skipped", "error", "xfailed", "xpassed")


# Process groups of the commands that are running.
_groups = set()


class Failed(Exception):
    """The job found something wrong."""


class Skipped(Exception):
    """The job cannot be done on this machine, for the reason given."""


class Job(object):
    """A named function with the names of the jobs that must be done before.

    :param needs: sequence of str, jobs that must have succeeded
    :param after: sequence of str, jobs that must have ended, in whatever way
    """

    def __init__(self, name, function, needs=(), after=()):
        self.name = name
        self.function = function
        self.needs = tuple(needs)
        self.after = tuple(after)
        self.state = "waiting"
        self.detail = ""
        self.seconds = 0.0
        self.counts = dict.fromkeys(COUNTED, 0)

    @property
    def ended(self):
        return self.state not in ("waiting", "running")


class Step(object):
    """What a job's function may do: run commands, and write into the job's log."""

    def __init__(self, job, path):
        self.job = job
        self.path = path

    def log(self, text):
        with open(self.path, "a") as log:
            log.write(text.rstrip("\n") + "\n")

    def run(self, command, env=None, cwd=None, seconds=COMMAND_SECONDS, check=True):
        """Run a command in a process group of its own and return its exit status and output.

        :param command: list of str
        :param env: dict, what is added to the environment
        :param seconds: float, the time after which the group is killed
        :raises Failed: when it ends with another status than 0, unless check is false
        """
        self.log("$ " + " ".join(command))
        start = os.path.getsize(self.path)
        with open(self.path, "ab") as log:
            process = subprocess.Popen(
                command,
                env=dict(os.environ, **(env or {})),
                cwd=cwd,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
            _groups.add(process.pid)
            try:
                status = process.wait(timeout=seconds)
            except subprocess.TimeoutExpired:
                raise Failed("%s: not done after %d s" % (command[0], seconds)) from None
            finally:
                kill_group(process.pid)
                process.wait()
                _groups.discard(process.pid)
        with open(self.path, "rb") as log:
            log.seek(start)
            output = log.read().decode("utf-8", "replace")
        if check and status:
            raise Failed("%s ended with %d" % (os.path.basename(command[0]), status))
        return status, output

    def pytest(self, command, **kwargs):
        """Run a command that ends with a run of pytest, and count its tests.

        :raises Failed: when a test failed, or none ran
        """
        status, output = self.run(command, check=False, **kwargs)
        closing = closing_line(output)
        for number, word in re.findall(r"(\d+) (\w+)", closing):
            word = "error" if word == "errors" else word
            if word in self.job.counts:
                self.job.counts[word] += int(number)
        if status:
            raise Failed(closing or "ended with %d before any test" % status)
        if not self.job.counts["passed"]:
            raise Failed("no test passed")
        return closing


def closing_line(output):
    """Return the line with which pytest sums up, or ''."""
    for line in reversed(output.splitlines()):
        if re.search(r"\d+ (passed|failed|errors?|skipped|deselected)\b.* in [\d.]+ ?s", line):
            return line.strip("= ")
    return ""


def kill_group(pid):
    try:
        os.killpg(pid, signal.SIGKILL)
    except ProcessLookupError:
        pass


def kill_all():
    """End what is still running when the whole run is ended early."""
    for pid in list(_groups):
        kill_group(pid)


class Runner(object):
    """Run jobs in as many threads as there are cores to use.

    :param jobs: list of Job, the ones to start first at the front
    :param directory: str, where the logs go
    :param strict: bool, whether a job that cannot be done counts as failed
    """

    def __init__(self, jobs, directory, workers, strict):
        self.jobs = jobs
        self.directory = directory
        self.workers = workers
        self.strict = strict
        self.changed = threading.Condition()
        self.by_name = {job.name: job for job in jobs}

    def run(self):
        """Run all jobs and return whether none failed."""
        threads = [threading.Thread(target=self._work, daemon=True) for _ in range(self.workers)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return all(job.state in ("done", "skipped") for job in self.jobs)

    def _work(self):
        while True:
            with self.changed:
                job = self._next()
                while job is None and not all(each.ended for each in self.jobs):
                    self.changed.wait()
                    job = self._next()
                if job is None:
                    return
                job.state = "running"
            self._do(job)
            with self.changed:
                self.changed.notify_all()

    def _next(self):
        """Return the first job that can start; those that never can are closed on the way."""
        for job in self.jobs:
            if job.state != "waiting":
                continue
            needs = [self.by_name[name] for name in job.needs]
            others = [self.by_name[name] for name in job.after if name in self.by_name]
            missing = [each for each in needs if each.ended and each.state != "done"]
            if missing:
                job.state = missing[0].state
                job.detail = "needs %s" % missing[0].name
                self.changed.notify_all()
                return self._next()
            if all(each.ended for each in needs + others):
                return job
        return None

    def _do(self, job):
        path = os.path.join(self.directory, job.name + ".log")
        step = Step(job, path)
        step.log("== " + job.name)
        print("... %s" % job.name, flush=True)
        start = time.time()
        try:
            state, detail = "done", job.function(step) or ""
        except Skipped as ex:
            state, detail = "failed" if self.strict else "skipped", str(ex)
        except Failed as ex:
            state, detail = "failed", str(ex)
        except Exception as ex:  # a defect of these scripts must not stop the other jobs
            state, detail = "failed", "%s: %s" % (type(ex).__name__, ex)
        job.seconds = time.time() - start
        job.detail = detail
        step.log(detail)
        print(
            "%-7s %s (%.0f s) %s" % (state, job.name, job.seconds, first_line(detail)), flush=True
        )
        if state != "done":
            print(tail(path), flush=True)
        job.state = state

    def summary(self):
        """Return a table of the jobs and, last, the line that sums up all tests."""
        lines = ["", "%-28s %-8s %8s" % ("job", "state", "seconds")]
        for job in self.jobs:
            row = "%-28s %-8s %8.1f  %s"
            lines.append(row % (job.name, job.state, job.seconds, first_line(job.detail)))
        total = {word: sum(job.counts[word] for job in self.jobs) for word in COUNTED}
        for job in self.jobs:
            if job.state == "skipped":
                lines.append("NOT CHECKED HERE: %s: %s" % (job.name, first_line(job.detail)))
        passed = total["passed"] + total["xpassed"]
        failed = total["failed"] + total["error"]
        skipped = total["skipped"] + total["xfailed"]
        lines.append("%d passed, %d failed, %d skipped" % (passed, failed, skipped))
        return "\n".join(lines)


def first_line(text):
    return text.strip().splitlines()[0] if text.strip() else ""


def tail(path):
    with open(path, errors="replace") as log:
        return "".join("    | " + line for line in log.readlines()[-LINES_SHOWN:])
