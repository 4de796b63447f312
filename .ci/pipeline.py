"""The jobs of CI: what is checked, on which interpreters, and what each job needs.

`CI=true` in the environment makes a job that cannot be done on this machine a failure.
"""

import argparse
import configparser
import functools
import glob
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile

import environments
from jobs import Failed, Job, Runner, Skipped, kill_all

TOP = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
CODE = ["osbs", "tests", "setup.py", ".ci"]
# command: Debian package that has it
SYSTEM = {
    "curl": "curl",
    "gcc": "gcc",
    "git": "git",
    "kadmin.local": "krb5-admin-server",
    "kinit": "krb5-user",
    "krb5-config": "libkrb5-dev",
    "krb5kdc": "krb5-kdc",
    "rpmbuild": "rpm",
}
APT_SECONDS = 600
# Tests for the interpreters between the oldest and the one that runs everything.
# API groups differ in paths and texts, which all interpreters see alike.
SELECTION = ["tests/unit", "tests/conformance", "-k", "not on_api_groups"]
# Of this interpreter, the tests use the oldest releases that setup.py allows.
OLDEST = "3.6"
KERBEROS_TESTS = "tests/system/test_kerberos*.py"


# The jobs whose tests count for the gate.
COVERED = ("readme", "python-2.7", "kerberos-3", "kerberos-2.7")


class Pipeline(object):
    """The jobs' functions and what they hand to each other.

    :param directory: str, a directory of this run
    """

    def __init__(self, directory):
        self.directory = directory
        self.running = "%d.%d" % sys.version_info[:2]
        self.python3 = shutil.which("python3") or sys.executable
        self.tools = None
        self.wheel = None
        self.python27 = None
        self.environments = None
        self.interpreters = {}

    def jobs(self):
        newer = environments.newer_interpreters(self.running)
        jobs = [
            Job("system", self.system),
            Job("tools", self.make_tools),
            Job("wheel", self.make_wheel, ["tools"]),
            Job("readme", self.readme, ["system"]),
            Job("fetch-2.7", self.find_python27),
            Job("environment-3", functools.partial(self.environment, "3", "test"), ["wheel"]),
            Job("environment-2.7", self.environment27, ["wheel", "fetch-2.7"]),
            Job("python-2.7", self.suite27, ["system", "environment-2.7", "environment-3"]),
            Job("kerberos-3", self.kerberos3, ["system", "wheel"]),
            Job("kerberos-2.7", self.kerberos27, ["fetch-2.7", "kerberos-3"]),
            Job("coverage", self.coverage, ["tools"], COVERED),
        ]
        for version in sorted(newer, key=lambda v: abs(int(v[2:]) - int(self.running[2:]))):
            function = functools.partial(self.selection, version, newer[version])
            jobs.append(Job("python-" + version, function, ["wheel"]))
        jobs += [
            Job("rpm", self.rpm, ["system", "environment-2.7", "environment-3"]),
            Job("mypy", self.lint("mypy"), ["tools"]),
            Job("duplicates", self.lint("pylint", DUPLICATES), ["tools"]),
            Job("ruff", self.lint("ruff", ["check"] + CODE), ["tools"]),
            Job("black", self.lint("black", BLACK + CODE), ["tools"]),
            Job("vermin", self.vermin, ["tools"]),
            Job("limits", self.limits, ["tools"]),
        ]
        return jobs

    # What the other jobs stand on

    def system(self, step):
        """Install the programs that the tests start, with the system's package manager."""
        path = os.environ["PATH"] + ":/usr/sbin:/sbin"
        missing = sorted({SYSTEM[name] for name in SYSTEM if not shutil.which(name, path=path)})
        if not missing:
            return "nothing to install"
        if os.geteuid() != 0 or not shutil.which("apt-get"):
            raise Skipped("to be installed: " + " ".join(missing))
        env = {"DEBIAN_FRONTEND": "noninteractive"}
        command = ["apt-get", "-q", "-o", "DPkg::Lock::Timeout=300"]
        # An unreachable archive of another vendor must not stop Debian's.
        step.run(command + ["update"], env=env, seconds=APT_SECONDS, check=False)
        install = ["install", "-y", "--no-install-recommends"]
        step.run(command + install + missing, env=env, seconds=APT_SECONDS)
        return "installed " + " ".join(missing)

    def make_tools(self, step):
        """Make the environment of the linters, with the releases that setup.py names."""
        environments.remove_unused()
        wanted = extra("lint") + ["setuptools", "wheel", environments.VIRTUALENV]
        self.tools = os.path.join(environments.tools(step, wanted), "bin")
        virtualenv = os.path.join(self.tools, "virtualenv")
        home = os.path.join(self.directory, "environments")
        self.environments = environments.Environments(home, virtualenv)

    def make_wheel(self, step):
        """Build a wheel from a copy, so that nothing is left in the checkout."""
        source = self.copy_of_checkout(step, "wheel-source")
        output = os.path.join(self.directory, "wheel")
        command = [os.path.join(self.tools, "python"), "-m", "pip", "wheel", "-q", "--no-deps"]
        step.run(command + ["--no-build-isolation", "-w", output, source])
        (path,) = glob.glob(os.path.join(output, "*.whl"))
        self.wheel = environments.Wheel(path)
        return os.path.basename(path)

    def copy_of_checkout(self, step, name):
        """Return the directory of a copy of what is, or is about to be, in the repository."""
        target = os.path.join(self.directory, name)
        os.makedirs(target)
        listing = subprocess.check_output(
            ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"], cwd=TOP
        )
        for path in filter(None, os.fsdecode(listing).split("\0")):
            if os.path.isfile(os.path.join(TOP, path)):
                os.makedirs(os.path.dirname(os.path.join(target, path)), exist_ok=True)
                shutil.copy2(os.path.join(TOP, path), os.path.join(target, path))
        step.log("copied the checkout to %s" % target)
        return target

    def find_python27(self, step):
        """Find or make a Python 2.7 (.ci/python27)."""
        status, output = step.run([os.path.join(TOP, ".ci", "python27")], check=False)
        if status:
            raise Skipped("no Python 2.7 on this machine: Python 2.7 IS NOT TESTED")
        self.python27 = output.strip().splitlines()[-1]
        return self.python27

    def environment(self, name, extras, step, python=None, oldest=False):
        """Make an environment of the running Python 3, or of another interpreter."""
        self.interpreters[name] = self.environments.make(
            step, name, python or self.python3, self.wheel, extras, oldest
        )

    def environment27(self, step):
        self.environment("2.7", "test", step, self.python27)

    # Tests

    def readme(self, step):
        """Do what README tells a newcomer to: the second command of "Quick start"."""
        command = readme_test_command()
        found = re.search(r"-m venv (\S+)", command)
        if found:
            home = os.path.join(TOP, found.group(1))
            step.run([self.python3, "-m", "venv", home])
            own = os.path.join(home, "bin", "python")
            hook = os.path.join(environments.site_packages(step, own), "coverage.pth")
            with open(hook, "w") as target:
                target.write(environments.COVERAGE_HOOK)
        return step.pytest(["bash", "-c", command], env=self.test_env("readme"), cwd=TOP)

    def test_env(self, name, python=None):
        """Return what the environment of a run of pytest has in addition."""
        options = "-p no:cacheprovider -ra --durations=10"
        if not name.startswith("kerberos"):
            # There they would be skipped for want of the extra.
            options += " --ignore-glob=" + os.path.join(TOP, KERBEROS_TESTS)
        env = {
            "OSBS_HYPOTHESIS_PROFILE": "ci",
            "HYPOTHESIS_STORAGE_DIRECTORY": os.path.join(self.directory, "hypothesis-" + name),
            "PYTEST_ADDOPTS": options,
        }
        if python:
            env["PATH"] = os.path.dirname(python) + ":" + os.environ["PATH"]
        if name in COVERED:
            env["COVERAGE_PROCESS_START"] = self.coverage_settings(name)
        return env

    def coverage_settings(self, name):
        """Return the path of settings that also say where the data goes.

        Programs that the tests start with an environment of their own get no other variable.
        """
        settings = configparser.RawConfigParser()
        settings.read(os.path.join(TOP, ".coveragerc"))
        directory = os.path.join(self.directory, "coverage")
        os.makedirs(directory, exist_ok=True)
        settings.set("run", "data_file", os.path.join(directory, "data." + name))
        if not name.endswith("2.7"):
            # Unknown to the last coverage for Python 2.7, which refuses the whole file.
            settings.set("run", "sigterm", "true")
            settings.set("run", "patch", "_exit")
        path = os.path.join(directory, name + ".rc")
        with open(path, "w") as target:
            settings.write(target)
        return path

    def suite(self, step, name, tests, **env):
        """Run tests with the interpreter of an environment."""
        python = self.interpreters[name]
        command = [python, "-m", "pytest", "-q"] + tests
        env = dict(self.test_env(step.job.name, python), **env)
        return step.pytest(command, env=env, cwd=TOP)

    def suite27(self, step):
        return self.suite(step, "2.7", [], OSBS_SANDBOX_PYTHON=self.interpreters["3"])

    def kerberos3(self, step):
        """Run what needs a Kerberos realm, with the extra that compiles against its headers."""
        self.environment("kerberos-3", "test,kerberos", step)
        return self.kerberos(step, "kerberos-3")

    def kerberos27(self, step):
        self.environment("kerberos-2.7", "test,kerberos", step, self.python27)
        return self.kerberos(step, "kerberos-2.7")

    def kerberos(self, step, name):
        tests = sorted(glob.glob(os.path.join(TOP, KERBEROS_TESTS)))
        server = self.interpreters["kerberos-3"]
        return self.suite(step, name, tests, OSBS_SANDBOX_PYTHON=server, OSBS_REQUIRE_KERBEROS="1")

    def selection(self, version, python, step):
        """Run the tests that say most about an interpreter."""
        name = "python-" + version
        self.environment(name, "test", step, python, oldest=version == OLDEST)
        return self.suite(step, name, SELECTION)

    def coverage(self, step):
        """Hold the lines and branches that all test runs together reached against the gate."""
        data = glob.glob(os.path.join(self.directory, "coverage", "data.*"))
        if not data:
            raise Skipped("no test run has left its data")
        command = [os.path.join(self.tools, "python"), "-m", "coverage"]
        env = {"COVERAGE_FILE": os.path.join(self.directory, "coverage-data")}
        step.run(command + ["combine", "-q"] + data, env=env, cwd=TOP)
        status, output = step.run(command + ["report"], env=env, cwd=TOP, check=False)
        total = "".join(re.findall(r"(?m)^TOTAL.*", output))
        if status and not self.python27:
            raise Skipped("without Python 2.7 the gate says nothing: " + total)
        if status:
            raise Failed((output.strip().splitlines() or ["no report"])[-1])
        return total

    # Packages and linters

    def rpm(self, step):
        """Build the RPM packages and hold their file lists against what belongs in each."""
        source = self.copy_of_checkout(step, "osbs-client-%s" % version())
        env = {
            "OSBS_PYTHON2": self.interpreters["2.7"],
            "OSBS_PYTHON3": os.path.join(self.tools, "python"),
        }
        command = ["bash", os.path.join(TOP, ".ci", "build-rpm")]
        output = os.path.join(self.directory, "rpm")
        step.run(command + [source, output], env=env)
        tests = ["tests/docs/test_packaging_rpm.py"]
        return self.suite(step, "3", tests, OSBS_RPMS=os.path.join(output, "RPMS"))

    def lint(self, tool, arguments=()):
        def run(step):
            step.run([os.path.join(self.tools, tool)] + list(arguments), cwd=TOP)

        return run

    def vermin(self, step):
        """Find what Python 2.7 or 3.6 does not have, outside the Python 3 only sandbox."""
        sources = sorted(
            os.path.relpath(path, TOP)
            for path in glob.glob(os.path.join(TOP, "osbs", "**", "*.py"), recursive=True)
            if not os.path.relpath(path, TOP).startswith(os.path.join("osbs", "sandbox"))
        )
        step.run([os.path.join(self.tools, "vermin")] + VERMIN + sources, cwd=TOP)

    def limits(self, step):
        script = os.path.join(TOP, ".ci", "limits.py")
        step.run([os.path.join(self.tools, "python"), script, "osbs"], cwd=TOP)


# The target is old so that black never writes a comma after **kwargs, which 2.7 refuses.
BLACK = ["--check", "-q", "-l", "100", "-t", "py33"]
DUPLICATES = ["--disable=all", "--enable=duplicate-code", "--min-similarity-lines=6", "osbs"]
VERMIN = ["-q", "--no-tips", "--violations", "-t=2.7-", "-t=3.6-"]
# Only mypy imports it: the code does so under TYPE_CHECKING, which is false.
VERMIN += ["--backport", "typing"]
# What 2.7.9 brought to 2.7, which vermin does not know.
LOAD_CERT_CHAIN = "ssl.SSLContext.load_cert_chain(password)"
# Names that are probed before they are used, or are a library's and not the builtin.
for name in ("ConnectionError", "datetime.timezone", "os.get_terminal_size", LOAD_CERT_CHAIN):
    VERMIN += ["--exclude", name]


def extra(name):
    """Return the requirements of an extra of setup.py, without running it."""
    import ast

    with open(os.path.join(TOP, "setup.py")) as source:
        tree = ast.parse(source.read())
    for node in tree.body:
        if isinstance(node, ast.Assign) and node.targets[0].id == name.upper():
            return ast.literal_eval(node.value)
    raise Failed("setup.py: no list %s" % name.upper())


def version():
    with open(os.path.join(TOP, "setup.py")) as source:
        return re.search(r"version=['\"](.+)['\"]", source.read()).group(1)


def readme_test_command():
    """Return the second command of README's section "Quick start"."""
    try:
        with open(os.path.join(TOP, "README.md"), encoding="utf-8") as source:
            text = source.read()
    except OSError as ex:
        raise Failed("README.md: %s" % ex) from None
    section = re.split(r"(?m)^## ", text.partition("## Quick start")[2])[0]
    blocks = re.findall(r"(?ms)^```(?:sh|bash|console|shell)\n(.*?)^```", section)
    if len(blocks) != 2 or len(blocks[1].strip().splitlines()) != 1:
        raise Failed('README.md: "Quick start" must have two shell blocks of one line each')
    return blocks[1].strip()


def chosen(jobs, names):
    """Return the jobs of these names with the ones that they need."""
    by_name = {job.name: job for job in jobs}
    wanted, queue = set(), list(names)
    while queue:
        name = queue.pop()
        if name not in by_name:
            sys.exit("no job %r; there are: %s" % (name, " ".join(by_name)))
        wanted.add(name)
        queue += [need for need in by_name[name].needs if need not in wanted]
    return [job for job in jobs if job.name in wanted]


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("jobs", nargs="*", help="only these, and what they need")
    parser.add_argument("--list", action="store_true", help="name the jobs")
    parser.add_argument("--keep", action="store_true", help="keep logs and environments")
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    directory = tempfile.mkdtemp(prefix="osbs-ci-")
    os.environ["PIP_DISABLE_PIP_VERSION_CHECK"] = "1"
    os.environ["PIP_NO_PYTHON_VERSION_WARNING"] = "1"
    os.environ["PATH"] += ":/usr/sbin:/sbin"
    keep = options.keep
    try:
        jobs = Pipeline(directory).jobs()
        if options.list:
            print("\n".join(job.name for job in jobs))
            return 0
        jobs = chosen(jobs, options.jobs) if options.jobs else jobs
        strict = os.environ.get("CI") == "true"
        # One more than there are cores: tests of servers wait much of their time.
        runner = Runner(jobs, directory, (os.cpu_count() or 1) + 1, strict)
        good = runner.run()
        keep = keep or not good
        print(runner.summary(), flush=True)
        return 0 if good else 1
    finally:
        kill_all()
        if keep:
            print("logs are in %s" % directory, file=sys.stderr)
        else:
            shutil.rmtree(directory, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
