"""Every sub-command, by the real ``osbs`` process against a sandbox whose builds are scripted."""

from __future__ import absolute_import, print_function, unicode_literals

import io
import json
import os
import signal
import stat
import threading

import pytest

import osbs
from tests.conftest import SandboxProcess
from tests.system import client

DONE, FAILED, USAGE, AUTHENTICATION, INTERRUPTED = 0, 1, 2, 3, 130

SCRIPT = {
    "default": {
        "lines": ["line 1", "l\xedne 2", "line 3"],
        "annotations": {
            "repositories": json.dumps(
                {"primary": ["reg.example.com/team/hello:1"], "unique": ["reg/team/hello:1-2"]}
            )
        },
        "labels": {"koji-build-id": "77"},
    },
    "builds": {
        "bad-*": {"lines": [], "failing_plugin": "dockerbuild", "message": "no space left"},
        "slow-*": {"lines": [["first", 0], ["last", 600]], "duration": 600},
        "long-*": {"lines": ["line %d" % number for number in range(3000)]},
    },
}


@pytest.fixture(scope="module")
def scripted(tmpdir_factory):
    """A sandbox whose builds take no time unless their names say so."""
    script = tmpdir_factory.mktemp("script").join("outcomes.json")
    script.write(json.dumps(SCRIPT))
    process = SandboxProcess("--scripted", str(script), "--speed", "50")
    yield process
    process.stop()


@pytest.fixture(scope="module")
def repositories(tmpdir_factory):
    """Function that gives the URI of a repository whose builds are named like it."""
    made = {}
    directory = tmpdir_factory.mktemp("repositories")

    def uri(name):
        if name not in made:
            made[name] = client.make_repository(directory.join(name))
        return made[name]

    return uri


@pytest.fixture
def run(scripted, home):
    """Run ``osbs`` with the sandbox's configuration."""

    def run_osbs(*arguments, **environment):
        environment.setdefault("HOME", home)
        return client.osbs("--config", scripted["config"], *arguments, **environment)

    return run_osbs


@pytest.fixture
def build(run, repositories, scripted):
    """Run ``osbs build --orchestrator`` for the repository of a name."""

    def run_build(name, *options):
        arguments = client.orchestrator(scripted["config"], repositories(name), *options)
        return client.osbs(*arguments)

    return run_build


@pytest.fixture(scope="module")
def done_build(scripted, repositories):
    """Name of a build that is complete."""
    arguments = client.orchestrator(scripted["config"], repositories("done"), "--no-logs")
    name = client.osbs(*arguments).stdout.strip()
    client.osbs("--config", scripted["config"], "watch-build", name)
    return name


@pytest.fixture
def interrupt(scripted):
    """Interrupt ``osbs`` when it has printed a line with a text; gives its Result."""

    def interrupt_osbs(after, *arguments):
        process = client.osbs_process("--config", scripted["config"], *arguments)
        watchdog = threading.Timer(60, process.kill)
        watchdog.start()
        try:
            head = client.read_until(process, after)
            process.send_signal(signal.SIGINT)
            stdout, stderr = process.communicate()
        finally:
            watchdog.cancel()
        return client.Result(process.returncode, head + stdout, stderr)

    return interrupt_osbs


def test_a_build_shows_its_log_and_summary(build):
    result = build("good")
    assert result.status == DONE, result
    lines = result.stdout.splitlines()
    assert lines[0].startswith("Build submitted (good-demo-")
    assert lines[1:4] == ["line 1", "l\xedne 2", "line 3"]
    assert lines[5].endswith(" is complete")
    assert "primary repositories:\n\treg.example.com/team/hello:1\n" in result.stdout


def test_defect_63_a_build_that_failed_ends_with_status_1(build):
    result = build("bad")
    assert result.status == FAILED
    assert " is failed\n" in result.stdout
    assert result.last_line.endswith(" is failed: Error in plugin dockerbuild: no space left")


def test_without_logs_a_build_prints_its_id(build):
    result = build("brief", "--no-logs")
    assert result.status == DONE
    assert result.stdout.startswith("brief-demo-")
    assert result.stdout.count("\n") == 1


def test_without_logs_json_is_the_build(scripted, repositories):
    arguments = client.orchestrator(scripted["config"], repositories("json"), "--no-logs")
    result = client.osbs("--output", "json", *arguments)
    assert json.loads(result.stdout)["kind"] == "Build"


def test_the_environment_names_configuration_and_instance(scripted, done_build):
    result = client.osbs("list-builds", OSBS_CONFIG=scripted["config"], OSBS_INSTANCE="default")
    assert done_build in result.stdout


def test_an_instance_of_the_environment_must_exist(scripted):
    result = client.osbs("list-builds", OSBS_CONFIG=scripted["config"], OSBS_INSTANCE="nowhere")
    assert result.status == FAILED
    assert "nowhere" in result.last_line


def test_builds_are_listed_with_the_header_on_stderr(run, done_build):
    result = run("list-builds", "team/hello")
    assert result.status == DONE
    assert "BUILD ID" not in result.stdout
    row = [line for line in result.stdout.splitlines() if done_build in line][0]
    assert row.split() == [done_build, "|", "complete", "|", "team/hello:1"]


def test_builds_are_listed_as_json(run, done_build):
    result = run("--output", "json", "list-builds")
    assert done_build in [one["metadata"]["name"] for one in json.loads(result.stdout)]


def test_a_saved_list_is_shown_without_a_server(run, done_build, tmpdir):
    saved = tmpdir.join("builds.json")
    saved.write_text(run("--output", "json", "list-builds").stdout, encoding="utf-8")
    result = client.osbs("list-builds", "--from-json", str(saved))
    assert done_build in result.stdout
    assert result.status == DONE


def test_an_unknown_column_is_a_usage_error(run):
    result = run("list-builds", "--columns", "name,spam")
    assert result.status == USAGE
    assert "spam" in result.last_line


def test_a_build_is_shown(run, done_build):
    result = run("get-build", done_build)
    assert result.status == DONE
    assert result.stdout.startswith("BUILD ID: %s\nSTATUS: complete\n" % done_build)
    assert "KOJI BUILD ID\n\n77\n" in result.stdout


def test_a_build_that_does_not_exist_is_named(run):
    result = run("get-build", "no-such-build")
    assert result.status == FAILED
    assert "no-such-build" in result.last_line


def test_waiting_for_a_build_that_succeeded_prints_nothing(run, done_build):
    result = run("watch-build", done_build)
    assert (result.status, result.stdout) == (DONE, "")


def test_the_log_is_printed_as_it_is(run, done_build):
    result = run("build-logs", done_build)
    assert (result.status, result.stdout) == (DONE, "line 1\nl\xedne 2\nline 3")


def test_a_log_is_followed_to_its_end(run, done_build):
    result = run("build-logs", "-f", done_build)
    assert (result.status, result.stdout) == (DONE, "line 1\nl\xedne 2\nline 3\n")


def test_a_log_is_readable_in_an_ascii_locale(run, done_build):
    result = run(
        "build-logs",
        "-f",
        done_build,
        LC_ALL="C",
        PYTHONIOENCODING="ascii",
        PYTHONUTF8="0",
        PYTHONCOERCECLOCALE="0",
    )
    assert (result.status, result.stdout) == (DONE, "line 1\nl?ne 2\nline 3\n")


@pytest.fixture
def slow_build(run, build):
    name = build("slow", "--no-logs").stdout.strip()
    yield name
    run("cancel-build", name)
    run("watch-build", name)


def test_interrupting_a_followed_log_tells_how_to_go_on(interrupt, slow_build, scripted):
    result = interrupt("first", "build-logs", "-f", slow_build)
    assert result.status == INTERRUPTED
    assert result.last_line.startswith(
        "Interrupted while waiting for build %s: Running on " % slow_build
    )
    assert result.last_line.endswith(
        "; to go on: osbs --config %s build-logs -f %s" % (scripted["config"], slow_build)
    )


def test_interrupting_a_build_leaves_it_running(interrupt, run, scripted, repositories):
    arguments = client.orchestrator(scripted["config"], repositories("slow"))
    result = interrupt("first", *arguments[2:])
    name = result.last_line.split()[-1]
    listed = run("list-builds", "--running", "--columns", "name").stdout.split()
    run("cancel-build", name)
    run("watch-build", name)
    assert result.status == INTERRUPTED
    assert "osbs --config %s build-logs -f slow-demo-" % scripted["config"] in result.last_line
    assert name in listed


def test_a_cancelled_build_is_no_success(run, build):
    name = build("slow", "--no-logs").stdout.strip()
    assert run("cancel-build", name).status == DONE
    result = run("watch-build", name)
    assert result.status == FAILED
    assert result.last_line.endswith("build %s is cancelled" % name)


def end_of(process):
    """Wait for a process whose stdout is closed; returns status and what it said on stderr."""
    process.stdin.close()
    with process.stderr:
        stderr = process.stderr.read().decode("utf-8")
    return process.wait(), stderr


def test_a_reader_that_leaves_ends_it_quietly(scripted, run, build):
    name = build("long", "--no-logs").stdout.strip()
    run("watch-build", name)
    process = client.osbs_process("--config", scripted["config"], "build-logs", "-f", name)
    assert process.stdout.readline() == b"line 0\n"
    process.stdout.close()
    assert end_of(process) == (DONE, "")


def test_a_build_whose_log_nobody_reads_still_tells_how_it_ended(scripted, repositories):
    arguments = client.orchestrator(scripted["config"], repositories("bad"))
    process = client.osbs_process(*arguments)
    process.stdout.close()
    status, stderr = end_of(process)
    assert status == FAILED
    assert " is failed: " in stderr.splitlines()[-1]
    assert "cannot follow" not in stderr


def test_changes_are_watched_as_json(interrupt, slow_build):
    result = interrupt(slow_build, "--output", "json", "watch-builds")
    assert result.status == INTERRUPTED
    assert slow_build in [json.loads(line)["name"] for line in result.stdout.splitlines()]
    assert result.last_line.endswith(" watch-builds")


def test_changes_are_watched_as_a_table(interrupt, slow_build):
    result = interrupt(slow_build, "watch-builds")
    assert result.status == INTERRUPTED
    assert result.stderr.splitlines()[0].split() == [
        "CHANGE",
        "|",
        "STATUS",
        "|",
        "CREATED",
        "|",
        "NAME",
    ]


def test_the_user_is_shown(run):
    result = run("get-user")
    assert (result.status, result.stdout.splitlines()[0]) == (DONE, 'Name: "osbs"')


def test_the_user_is_shown_as_json(run):
    assert json.loads(run("--output", "json", "get-user").stdout)["metadata"]["name"] == "osbs"


def test_a_configured_token_is_printed(run, scripted):
    result = run("--token", scripted["token"], "get-token", "--oc")
    expected = "oc login --token %s %s\n" % (scripted["token"], scripted["url"])
    assert (result.status, result.stdout) == (DONE, expected)


def test_login_keeps_a_token_that_get_token_finds(run, scripted, home):
    result = run("login", "-u", scripted["user"], "-p", scripted["password"])
    assert result.status == DONE, result
    kept = home.join(".osbs", "default.token")
    assert stat.S_IMODE(os.stat(str(kept)).st_mode) == 0o600
    assert run("get-token").stdout == kept.read()


def test_login_takes_the_token_that_stands_before_it(run, scripted, home):
    assert run("--token", scripted["token"], "login").status == DONE
    assert home.join(".osbs", "default.token").read().strip() == scripted["token"]


def test_login_with_a_wrong_password_is_an_authentication_failure(run, home):
    result = run("login", "-u", "nobody", "-p", "S3CRET-wrong")
    assert result.status == AUTHENTICATION
    assert "S3CRET" not in result.stderr
    assert not home.join(".osbs").check()


def test_login_with_a_token_that_is_not_valid_is_an_authentication_failure(run, home):
    result = run("login", "--token", "S3CRET-wrong")
    assert result.status == AUTHENTICATION
    assert "token is not valid" in result.last_line
    assert "S3CRET" not in result.stderr
    assert not home.join(".osbs").check()


def test_login_with_a_token_and_a_user_fails(run):
    result = run("login", "--token", "t", "-u", "u")
    assert result.status == FAILED
    assert result.stdout == "Can't use --token and (--user or --password).\n"


def test_the_url_of_the_token_page_is_printed(run, scripted):
    result = run("print-token-url")
    assert scripted["url"] + "oauth/token/request" in result.stdout.splitlines()


def test_the_token_of_a_service_account_is_printed(run):
    result = run("get-serviceaccount-token", "builder")
    assert result.status == DONE
    assert len(result.stdout.split()) == 1


def test_the_images_of_a_build_pod_are_shown(run, done_build):
    result = run("--output", "json", "get-build-image-id", done_build)
    assert result.status == DONE, result
    assert all(isinstance(value, type("")) for value in json.loads(result.stdout).values())


def test_there_are_no_quotas_at_first(run):
    result = run("get-quota")
    assert (result.status, result.stdout) == (DONE, "")


def test_a_quota_that_does_not_exist_is_named(run):
    result = run("get-quota", "no-such-quota")
    assert result.status == FAILED
    assert "no-such-quota" in result.last_line


def test_an_image_stream_that_does_not_exist_is_named(run):
    result = run("import-image", "no-such-stream")
    assert result.status == FAILED
    assert "no-such-stream" in result.last_line


def test_answers_are_captured_for_the_owner_only(run, done_build, tmpdir):
    directory = tmpdir.join("captured")
    assert run("--capture-dir", str(directory), "get-build", done_build).status == DONE
    names = [name for name in os.listdir(str(directory)) if done_build in name]
    assert len(names) == 1
    path = str(directory.join(names[0]))
    with io.open(path, encoding="utf-8") as captured:
        assert json.load(captured)["metadata"]["name"] == done_build
    assert stat.S_IMODE(os.stat(path).st_mode) == 0o600


@pytest.mark.parametrize("command", [["get-user"], ["list-builds"], ["get-build", "nothing"]])
def test_verbose_tells_no_secret(run, scripted, command):
    result = run("--verbose", *command)
    assert " - DEBUG - " in result.stderr
    assert scripted["password"] not in result.stderr
    assert scripted["token"] not in result.stderr


def test_verbose_shows_the_traceback_before_the_last_line(run):
    result = run("--verbose", "get-build", "no-such-build")
    assert "Traceback (most recent call last)" in result.stderr
    assert result.last_line == 'error: build "no-such-build" not found'


def test_an_error_is_one_line(run):
    result = run("get-build", "no-such-build")
    assert result.stderr == 'error: build "no-such-build" not found\n'


def test_a_misspelt_command_is_told_with_the_right_one(run):
    result = run("lst-builds")
    expected = "error: there is no command lst-builds\nhint: did you mean list-builds?\n"
    assert (result.status, result.stderr) == (USAGE, expected)


def test_a_misspelt_column_is_told_with_the_right_one(run):
    result = run("list-builds", "--columns", "nmae")
    assert (result.status, result.last_line) == (USAGE, "hint: did you mean name?")


@pytest.mark.parametrize(
    "url, branch, reason",
    [
        ("file:///no/such/repository", "demo", "does not appear to be a git repository"),
        (None, "no-such-branch", "Remote branch no-such-branch not found in upstream origin"),
    ],
)
def test_a_repository_that_cannot_be_read_is_told_in_the_words_of_git(
    run, repositories, url, branch, reason
):
    url = url or repositories("words")
    words = ["-g", url, "-b", branch, "-u", "osbs", "-t", "candidate"]
    result = run("build", "--orchestrator", *words)
    assert (result.status, reason in result.stderr) == (FAILED, True), result
    assert len(result.stderr.splitlines()) == 1


def test_without_a_commit_the_tip_of_the_branch_is_built(run, repositories):
    words = ["--orchestrator", "-g", repositories("tip"), "-b", "demo", "-u", "osbs"]
    result = run("build", "--target", "candidate", "--no-logs", *words)
    assert (result.status, result.stdout[:8]) == (DONE, "tip-demo"), result


def test_quiet_tells_nothing_when_all_is_well(run, done_build):
    assert run("-q", "watch-build", done_build).stderr == ""


def test_defect_69_an_error_before_the_command_is_one_line(scripted, tmpdir):
    config = client.changed_conf(scripted, tmpdir.join("osbs.conf"), verify_ssl="maybe")
    result = client.osbs("--config", config, "get-user")
    assert result.status == FAILED
    assert "verify_ssl" in result.last_line
    assert "Traceback" not in result.stderr


def test_the_version_is_that_of_the_package():
    result = client.osbs("--version")
    assert (result.status, result.stdout) == (DONE, osbs.__version__ + "\n")


def test_without_a_command_the_help_is_printed():
    result = client.osbs()
    assert (result.status, result.stdout[:12]) == (DONE, "usage: osbs ")
