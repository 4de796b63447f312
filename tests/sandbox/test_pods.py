"""Runners of build pods: processes with their environment, and scripts."""

import asyncio
import json
import os
import sys

import pytest

from osbs.sandbox.pods import outcomes, processes, scripted
from osbs.sandbox.pods.runner import PodLog, PodRun
from osbs.sandbox.reactor import variables

BUILD = {"metadata": {"name": "hello-1", "namespace": "osbs"}}


def make_pod(**kwargs):
    return PodRun("hello-1-build", "osbs", BUILD, **kwargs)


def run(coroutine):
    loop = asyncio.new_event_loop()
    try:
        return loop.run_until_complete(coroutine)
    finally:
        loop.close()


def run_python(code, pod=None, **kwargs):
    pod = make_pod() if pod is None else pod
    runner = processes.ProcessRunner([sys.executable, "-c", code], **kwargs)
    return run(runner.run(pod)), pod


def gone(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    with open("/proc/{}/stat".format(pid)) as stream:
        return stream.read().split()[2] == "Z"


def test_exit_status_of_the_program_is_that_of_the_pod():
    assert run_python("import sys; sys.exit(7)")[0] == 7


def test_output_and_errors_go_to_the_log_of_the_pod():
    code = 'import os; os.write(1, b"out\\xff\\n"); os.write(2, b"err\\n")'
    assert bytes(run_python(code)[1].log.data) == b"out\xff\nerr\n"


def test_environment_of_the_pod_is_that_of_the_build_and_no_more(monkeypatch):
    monkeypatch.setenv("OSBS_TEST_SECRET", "of the server")
    pod = make_pod(env={"USER_PARAMS": '{"a": 1}'})
    run_python("import json, os; print(json.dumps(dict(os.environ)))", pod)
    seen = json.loads(pod.log.data.decode())
    assert (seen["USER_PARAMS"], "OSBS_TEST_SECRET" in seen) == ('{"a": 1}', False)


DANGEROUS = (
    ["PYTHONSTARTUP", "LD_PRELOAD", "GIT_SSH_COMMAND", "GIT_CONFIG_COUNT", "BASH_ENV", "ENV"]
    + ["HTTPS_PROXY", "SSL_CERT_FILE", "XDG_CONFIG_HOME", "OSBS_CONFIG", "OSBS_SANDBOX_OTHER"]
    + ["BUILD_EVIL", "USER_PARAMS\n"]
)


@pytest.mark.parametrize("name", DANGEROUS)
def test_a_build_cannot_set_what_the_program_or_git_reads(name):
    pod = make_pod(env={name: "/tmp/evil"})
    run_python("import os; print(os.environ.get({!r}))".format(name), pod)
    assert pod.log.data.decode() == "None\n"


@pytest.mark.parametrize("name", ["PATH", "HOME", "TMPDIR", "PYTHONPATH"])
def test_a_build_cannot_replace_what_the_runner_sets(name):
    pod = make_pod(env={name: "/tmp/evil"})
    run_python("import os; print(os.environ[{!r}])".format(name), pod)
    assert "evil" not in pod.log.data.decode()


CUSTOM_BUILD = (
    ["BUILD", "SOURCE_REPOSITORY", "SOURCE_URI", "SOURCE_CONTEXT_DIR", "SOURCE_REF"]
    + ["OUTPUT_REGISTRY", "OUTPUT_IMAGE", "ORIGIN_VERSION", "DOCKER_SOCKET", "USER_PARAMS"]
    + ["REACTOR_CONFIG", "ATOMIC_REACTOR_PLUGINS", "OPENSHIFT_CUSTOM_BUILD_BASE_IMAGE"]
    + ["PUSH_DOCKERCFG_PATH", "PULL_DOCKERCFG_PATH", "BUILD_LOGLEVEL", "LABEL_RELEASE"]
)


@pytest.mark.parametrize("name", CUSTOM_BUILD)
def test_the_variables_of_a_custom_build_reach_the_pod(name, tmpdir):
    pod = make_pod(env={name: "value"})
    assert processes.pod_environment(pod, str(tmpdir))[name] == "value"


def test_a_build_cannot_choose_the_token_file():
    pod = make_pod(env={variables.TOKEN_FILE: "/etc/shadow"}, token="the-token")
    run_python("import os; print(open(os.environ[{!r}]).read())".format(variables.TOKEN_FILE), pod)
    assert pod.log.data.decode() == "the-token\n"


def test_token_file_is_for_the_owner_only():
    code = "import os; print(oct(os.stat(os.environ[{!r}]).st_mode & 0o777))"
    pod = run_python(code.format(variables.TOKEN_FILE), make_pod(token="t"))[1]
    assert pod.log.data.decode() == "0o600\n"


def test_mounted_secrets_are_files_below_their_mount_path():
    pod = make_pod(secrets={"/var/run/secrets/atomic-reactor/s": {"osbs.conf": b"[general]\n"}})
    code = 'import os; print(open(os.environ[{!r}] + "{}").read())'.format(
        variables.SECRETS_DIR, "/var/run/secrets/atomic-reactor/s/osbs.conf"
    )
    run_python(code, pod)
    assert pod.log.data.decode() == "[general]\n\n"


@pytest.mark.parametrize(
    "mount_path, name", [("/../../..", "x"), ("/a", "../../../x"), ("/", "..")]
)
def test_a_secret_with_a_path_outside_of_the_pod_fails_the_build(mount_path, name):
    pod = make_pod(secrets={mount_path: {name: b"data"}})
    status, _ = run_python('print("ran")', pod)
    assert (status, "outside of the pod" in pod.message) == (128, True)


def test_an_argument_list_that_is_too_long_fails_the_build_with_a_message():
    pod = make_pod(env={"USER_PARAMS": "x" * 3000000})
    assert (run_python("pass", pod)[0], pod.log.data != b"") == (128, True)


def test_termination_message_of_the_program_is_that_of_the_pod():
    code = 'import os; open(os.environ[{!r}], "w").write("no luck")'
    assert run_python(code.format(variables.TERMINATION_LOG))[1].message == "no luck"


def test_files_of_the_pod_are_gone_afterwards():
    pod = run_python("import os; print(os.getcwd())")[1]
    assert not os.path.exists(pod.log.data.decode().strip())


class LoggedLine(PodLog):
    """A log that signals its first line."""

    def __init__(self):
        super().__init__()
        self.first = asyncio.Event()

    def write(self, data):
        super().write(data)
        if b"\n" in self.data:
            self.first.set()


async def cancel_after_first_line(code, grace):
    pod = make_pod(log=LoggedLine())
    runner = processes.ProcessRunner([sys.executable, "-u", "-c", code], grace=grace)
    task = asyncio.ensure_future(runner.run(pod))
    await asyncio.wait_for(pod.log.first.wait(), 20)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await asyncio.sleep(0)
    return pod


CHILD = 'import subprocess, sys, time; print(subprocess.Popen([sys.executable, "-c", "{}"]).pid);'
SLEEP = " time.sleep(60)"


def test_cancelling_ends_the_children_of_the_program_too():
    code = CHILD.format("import time; time.sleep(60)") + SLEEP
    pod = run(cancel_after_first_line(code, 5))
    child = int(pod.log.data.decode().split()[0])
    for _ in range(200):
        if gone(child):
            break
        run(asyncio.sleep(0.01))
    assert gone(child)


def test_cancelling_lets_the_program_finish_its_output():
    code = (
        "import signal, sys, time\n"
        'def bye(*_): print("bye"); sys.exit(1)\n'
        'signal.signal(signal.SIGTERM, bye)\nprint("ready"); time.sleep(60)'
    )
    pod = run(cancel_after_first_line(code, 10))
    assert pod.log.data.decode() == "ready\nbye\n"


def test_cancelling_kills_a_program_that_ignores_it():
    code = (
        "import os, signal, time\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
        "print(os.getpid()); time.sleep(60)"
    )
    pod = run(cancel_after_first_line(code, 0.1))
    pid = int(pod.log.data.decode())
    for _ in range(200):
        if gone(pid):
            break
        run(asyncio.sleep(0.01))
    assert gone(pid)


def play(runner, **kwargs):
    pod = make_pod(**kwargs)
    return run(runner.run(pod)), pod


def test_a_default_script_succeeds_at_once():
    assert play(scripted.ScriptedRunner())[0] == 0


def test_scripted_lines_come_out_as_utf8():
    runner = scripted.ScriptedRunner(outcomes.Outcome(lines=["grün", b"\xff", ("late", 0.0)]))
    assert bytes(play(runner)[1].log.data) == b"gr\xc3\xbcn\n\xff\nlate\n"


def test_a_scripted_log_has_lines_of_each_platform():
    env = {"USER_PARAMS": json.dumps({"platforms": ["x86_64", "ppc64le"]})}
    text = play(scripted.ScriptedRunner(), env=env)[1].log.data.decode()
    assert [p for p in ("x86_64", "ppc64le") if "platform:{} - ".format(p) in text] == [
        "x86_64",
        "ppc64le",
    ]


def test_a_scripted_build_runs_as_long_as_it_should():
    loop = asyncio.new_event_loop()
    started = loop.time()
    runner = scripted.ScriptedRunner(outcomes.Outcome(duration=0.2, lines=["a", "b"]))
    loop.run_until_complete(runner.run(make_pod()))
    elapsed = loop.time() - started
    loop.close()
    assert 0.2 <= elapsed < 2


@pytest.mark.parametrize(
    "fields, status",
    [
        ({}, 0),
        ({"exit_status": 3}, 3),
        ({"failing_plugin": "squash"}, 1),
        ({"failing_platform": "ppc64le"}, 1),
        ({"failing_plugin": "squash", "exit_status": 0}, 0),
    ],
)
def test_exit_status_follows_from_the_outcome(fields, status):
    assert outcomes.Outcome(**fields).exit_status == status


def test_a_failing_platform_is_the_failure_of_orchestrate_build():
    annotations, _ = outcomes.scripted_metadata(
        outcomes.Outcome(failing_platform="ppc64le", message="no space")
    )
    errors = json.loads(annotations["plugins-metadata"])["errors"]
    assert json.loads(errors["orchestrate_build"]) == {"ppc64le": {"general": "no space"}}


def test_the_last_pattern_that_matches_decides():
    runner = scripted.ScriptedRunner()
    runner.add("hello-*", exit_status=1)
    runner.add("*-1", exit_status=2)
    assert [play(runner)[0], runner.outcome_of("hello-2").exit_status] == [2, 1]


@pytest.mark.parametrize("printed", [b"", b"one\n", b"one\nt", b"one\ntwo\n"])
def test_a_resumed_script_prints_only_the_rest(printed):
    runner = scripted.ScriptedRunner(outcomes.Outcome(lines=["one", "two"]))
    pod = make_pod()
    pod.log.write(printed)
    run(runner.resume(pod))
    assert bytes(pod.log.data) == b"one\ntwo\n"


def test_metadata_of_a_script_is_stored_with_the_pod():
    stored = []
    runner = scripted.ScriptedRunner(
        outcomes.Outcome(failing_plugin="squash", message="boom", labels={"koji-build-id": "5"}),
        store_metadata=lambda pod, annotations, labels: stored.append((pod.name, labels)),
    )
    play(runner)
    assert stored == [("hello-1-build", {"koji-build-id": "5"})]


def test_a_file_of_outcomes_becomes_a_runner(tmpdir):
    path = tmpdir.join("outcomes.json")
    path.write(json.dumps({"default": {"exit_status": 1}, "builds": {"good*": {}}}))
    runner = scripted.ScriptedRunner.from_file(str(path))
    assert [runner.outcome_of(n).exit_status for n in ("bad-1", "good-1")] == [1, 0]


@pytest.mark.parametrize(
    "text, culprit",
    [
        ("{", "outcomes.json"),
        ("[]", "expected an object"),
        ('{"defaults": {}}', "'defaults'"),
        ('{"builds": []}', "builds"),
        ('{"builds": {"a-*": 5}}', "builds.a-*"),
        ('{"default": {"exit": 1}}', "'exit'"),
        ('{"default": {"duration": "long"}}', "'duration'"),
        ('{"default": {"lines": [5]}}', "line 5"),
        ('{"default": {"exit_status": true}}', "'exit_status'"),
    ],
)
def test_a_bad_file_of_outcomes_names_the_culprit(tmpdir, text, culprit):
    path = tmpdir.join("outcomes.json")
    path.write(text)
    with pytest.raises(outcomes.OutcomeError) as caught:
        scripted.ScriptedRunner.from_file(str(path))
    assert culprit in str(caught.value) and "\n" not in str(caught.value)


def test_a_missing_file_of_outcomes_is_named(tmpdir):
    with pytest.raises(outcomes.OutcomeError) as caught:
        outcomes.load_outcomes(str(tmpdir.join("nothing.json")))
    assert "nothing.json" in str(caught.value)
