"""Interpreters and virtual environments for the jobs of CI.

What is installed from the registry is kept in ~/.cache/osbs-client/envs, one directory for each
interpreter and list of requirements. A run puts a thin environment of its own over it, in which
the wheel under test is installed, so that runs do not disturb each other.
"""

import contextlib
import fcntl
import glob
import hashlib
import os
import re
import shutil
import subprocess
import time
import zipfile

from jobs import Failed

CACHE = os.path.join(
    os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache"), "osbs-client"
)
MINORS = range(6, 15)
# The last that makes environments for Python 2.7.
VIRTUALENV = "virtualenv<20.22"
NEW_MINOR = 12
UNUSED_SECONDS = 14 * 24 * 3600
PROBE = "import ssl, venv, zlib, sqlite3, sys; print('%d.%d' % sys.version_info[:2])"
# name, lowest release and marker of a requirement
OLDEST = re.compile(r"([\w.-]+).*?>=\s*([\w.]+)[^;]*(;.*)?$")
COVERAGE_HOOK = (
    "import os; exec(\"try:\\n if os.environ.get('COVERAGE_PROCESS_START'):\\n"
    '  import coverage; coverage.process_startup()\\nexcept ImportError: pass")\n'
)


def newer_interpreters(running):
    """Return the paths of the Python 3 interpreters found, by version such as "3.8".

    :param running: str, the version to leave out
    """
    found = {}
    for version in ("3.%d" % minor for minor in MINORS):
        candidates = [shutil.which("python" + version), "/usr/bin/python" + version]
        candidates += sorted(
            glob.glob(os.path.expanduser("~/.pyenv/versions/%s.*/bin/python3" % version))
        )
        for path in candidates:
            if version != running and path and probe(path) == version:
                found[version] = path
                break
    return found


def probe(python):
    """Return the version of an interpreter that has what the tests need, or None."""
    try:
        done = subprocess.run([python, "-c", PROBE], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    except OSError:
        return None
    return done.stdout.decode().strip() if done.returncode == 0 else None


@contextlib.contextmanager
def locked(path):
    """Keep other runs out of a directory of the cache."""
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path + ".lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def install(step, python, requirements):
    step.run([python, "-m", "pip", "install", "-q", "--disable-pip-version-check"] + requirements)


def tools(step, requirements):
    """Return the directory of the environment with the linters and virtualenv."""
    home = os.path.join(CACHE, "tools", digest(requirements + [shutil.which("python3") or ""]))
    with locked(home):
        if not os.path.exists(os.path.join(home, "complete")):
            shutil.rmtree(home, ignore_errors=True)
            step.run(["python3", "-m", "venv", home])
            install(step, os.path.join(home, "bin", "python"), ["-U", "pip"] + requirements)
        mark_complete(home)
    return home


def digest(words):
    return hashlib.sha256("\n".join(words).encode()).hexdigest()[:16]


def mark_complete(home):
    with open(os.path.join(home, "complete"), "w"):
        pass


def remove_unused():
    """Remove environments that no run has asked for in a while."""
    for marker in glob.glob(os.path.join(CACHE, "*", "*", "complete")):
        if os.path.getmtime(marker) < time.time() - UNUSED_SECONDS:
            home = os.path.dirname(marker)
            with locked(home):
                shutil.rmtree(home, ignore_errors=True)


class Wheel(object):
    """The package under test."""

    def __init__(self, path):
        self.path = path
        with zipfile.ZipFile(path) as archive:
            (name,) = [n for n in archive.namelist() if n.endswith(".dist-info/METADATA")]
            metadata = archive.read(name).decode("utf-8")
        self.requirements = re.findall(r"(?m)^Requires-Dist: (.+)$", metadata)

    def oldest_requirements(self):
        """Return what it needs at run time, each in the oldest release that it allows."""
        lowest = [OLDEST.match(words) for words in self.requirements if "extra ==" not in words]
        return ["%s==%s%s" % found.groups("") for found in lowest if found]


class Environments(object):
    """Make environments for a run.

    :param directory: str, a directory of this run
    :param virtualenv: str, path of a virtualenv that knows Python 2.7
    """

    def __init__(self, directory, virtualenv):
        self.directory = directory
        self.virtualenv = virtualenv

    def make(self, step, name, python, wheel, extras, oldest=False):
        """Return the path of the interpreter of a new environment with the wheel installed.

        :param name: str, name of the environment
        :param python: str, path of the interpreter
        :param wheel: Wheel
        :param extras: str, comma-separated
        :param oldest: bool, take the oldest releases that the wheel allows
        """
        pinned = wheel.oldest_requirements() if oldest else []
        base = self._base(step, python, wheel, extras, pinned)
        home = os.path.join(self.directory, name)
        self._bare(step, python, home)
        own = os.path.join(home, "bin", "python")
        with open(os.path.join(site_packages(step, own), "base.pth"), "w") as link:
            link.write("import site; site.addsitedir(%r)\n" % site_packages(step, base))
        with open(os.path.join(site_packages(step, own), "coverage.pth"), "w") as hook:
            hook.write(COVERAGE_HOOK)
        install(step, own, ["--no-deps", "--no-index", wheel.path])
        return own

    def _base(self, step, python, wheel, extras, pinned):
        words = [python, str(os.path.getmtime(os.path.realpath(python))), extras] + pinned
        home = os.path.join(CACHE, "envs", digest(words + wheel.requirements))
        own = os.path.join(home, "bin", "python")
        with locked(home):
            if not os.path.exists(os.path.join(home, "complete")):
                shutil.rmtree(home, ignore_errors=True)
                self._with_pip(step, python, home)
                install(step, own, ["%s[%s]" % (wheel.path, extras)] + pinned)
                step.run([own, "-m", "pip", "uninstall", "-q", "-y", "osbs-client"])
            mark_complete(home)
        return own

    def _with_pip(self, step, python, home):
        if self._knows(python):
            step.run([self.virtualenv, "-q", "-p", python, home])
        else:
            step.run([python, "-m", "venv", home])

    def _bare(self, step, python, home):
        if self._knows(python):
            bare = ["--no-pip", "--no-setuptools", "--no-wheel"]
            step.run([self.virtualenv, "-q", "-p", python] + bare + [home])
        else:
            step.run([python, "-m", "venv", "--without-pip", home])

    @staticmethod
    def _knows(python):
        """Return whether virtualenv is the one to use.

        What venv of old interpreters installs is too old for today's registry; what this
        virtualenv installs is too old for new interpreters.
        """
        version = probe(python)
        return version is None or int(version.partition(".")[2]) < NEW_MINOR


def site_packages(step, python):
    """Return the directory of an environment's packages."""
    code = "from distutils.sysconfig import get_python_lib as lib; print(lib())"
    if probe(python):
        code = "import sysconfig; print(sysconfig.get_path('purelib'))"
    output = subprocess.check_output([python, "-c", code]).decode()
    if not os.path.isdir(output.strip()):
        raise Failed("%s: no directory for packages" % python)
    return output.strip()
