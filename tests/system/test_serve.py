"""``osbs-sandbox serve`` as a process: ready line, options, end."""

from __future__ import absolute_import, print_function, unicode_literals

import contextlib
import json
import os
import pty
import re
import signal
import socket
import stat
import subprocess

import pytest
import requests
import yaml
from six.moves import configparser

from osbs.conf import Configuration
from tests.conftest import ROOT, SandboxProcess, sandbox_python, watchdog

SEED_CONF = os.path.join(os.path.dirname(os.path.abspath(__file__)), "seed-example", "osbs.conf")
AUTHORIZE = "oauth/authorize?response_type=token&client_id=openshift-challenging-client"


@pytest.fixture
def serve():
    """Start sandboxes that end with the test."""
    processes = []

    def start(*options):
        processes.append(SandboxProcess(*options))
        return processes[-1]

    yield start
    for process in processes:
        process.stop()


def run_cli(*arguments, **environment):
    """Run osbs-sandbox to its end: (status, stdout, stderr)."""
    env = dict(os.environ, PYTHONPATH=str(ROOT))
    env.update((str(name), str(value)) for name, value in environment.items())
    process = subprocess.Popen(
        sandbox_python() + ["-m", "osbs.sandbox.cli"] + list(arguments),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=env,
    )
    stdout, stderr = process.communicate()
    return process.returncode, stdout.decode("utf-8"), stderr.decode("utf-8")


def get(ready, path, **kwargs):
    kwargs.setdefault("headers", {"Authorization": "Bearer " + ready["token"]})
    return requests.get(ready["url"] + path, verify=ready["ca"] or True, **kwargs)


def log_in(ready, user, password):
    return get(
        ready,
        AUTHORIZE,
        headers={"X-CSRF-Token": "1"},
        auth=(user, password),
        allow_redirects=False,
    )


def sections(path):
    parser = configparser.RawConfigParser()
    parser.read(str(path))
    return {name: set(parser.options(name)) for name in parser.sections()}


def test_ready_line_has_the_agreed_keys(sandbox):
    agreed = "ca config kubeconfig namespace page password token url user"
    assert sorted(sandbox) == agreed.split()


def test_ready_token_is_good(sandbox):
    answer = get(sandbox, "oapi/v1/users/~")
    assert (answer.status_code, answer.json()["metadata"]["name"]) == (200, sandbox["user"])


def test_ready_password_is_good(sandbox):
    answer = log_in(sandbox, sandbox["user"], sandbox["password"])
    assert "#access_token=" in answer.headers["Location"]


def test_ready_configuration_is_for_its_owner_only(sandbox):
    assert stat.S_IMODE(os.stat(sandbox["config"]).st_mode) == 0o600


def test_ready_configuration_names_the_server(sandbox):
    conf = Configuration(conf_file=sandbox["config"])
    assert [conf.get_openshift_base_uri(), conf.get_ca_bundle(), conf.get_verify_ssl()] == [
        sandbox["url"],
        sandbox["ca"],
        True,
    ]


def test_ready_configuration_has_the_sections_and_keys_of_a_real_installation(sandbox):
    ours, real = sections(sandbox["config"]), sections(SEED_CONF)
    missing = {name: keys - ours.get(name, set()) for name, keys in real.items()}
    # build_json_dir is left out: the templates are searched for. build_image is deprecated.
    assert missing == {
        "general": {"build_json_dir"},
        "platform:x86_64": set(),
        "default": {"build_image"},
    }


def test_ready_configuration_adds_a_platform_and_the_ca_to_that(sandbox):
    ours, real = sections(sandbox["config"]), sections(SEED_CONF)
    assert (sorted(set(ours) - set(real)), ours["default"] - real["default"]) == (
        ["platform:ppc64le"],
        {"build_from", "ca_bundle"},
    )


def test_a_token_that_login_kept_for_another_server_is_warned_of(serve, home):
    home.mkdir(".osbs").join("default.token").write("of another server")
    warning = serve().stderr()
    assert "default.token, which `osbs login` left, wins over the password" in warning
    assert "of another server" not in warning


def test_without_such_a_token_nothing_is_said(serve, home):
    assert serve().stderr() == ""


def test_a_proxy_that_would_be_asked_for_it_is_warned_of(serve, monkeypatch):
    monkeypatch.setenv(str("HTTPS_PROXY"), str("http://ham:eggs@proxy.example.com:3128"))
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(str(name))
    warning = serve().stderr()
    assert "the proxy proxy.example.com:3128 for https://127.0.0.1:" in warning
    assert ("no_proxy=127.0.0.1" in warning, "eggs" in warning) == (True, False)


def test_all_addresses_in_the_ready_configuration_are_on_loopback(sandbox):
    parser = configparser.RawConfigParser()
    parser.read(str(sandbox["config"]))
    urls = [value for _, value in parser.items("default") if "://" in value]
    assert [url for url in urls if not url.split("://")[1].startswith("127.0.0.1:")] == []


@pytest.mark.parametrize("key", ["content_versions", "image_labels"])
def test_the_reactor_config_map_has_what_atomic_reactor_cannot_do_without(sandbox, key):
    path = "api/v1/namespaces/osbs/configmaps/reactor-config-map"
    config = yaml.safe_load(get(sandbox, path).json()["data"]["config.yaml"])
    assert config[key]


@pytest.mark.parametrize("namespace", ["osbs", "osbs-x86-64", "osbs-ppc64le"])
def test_each_project_has_the_reactor_config_map(sandbox, namespace):
    path = "api/v1/namespaces/{}/configmaps/reactor-config-map".format(namespace)
    assert "required_secrets" in get(sandbox, path).json()["data"]["config.yaml"]


@pytest.mark.parametrize("signum", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_signal_ends_it_with_status_0_and_nothing_left(serve, signum):
    process = serve()
    process.process.send_signal(signum)
    status = process.process.wait()
    assert (status, os.listdir(process.directory), process.stderr()) == (0, [], "")


def test_a_hangup_that_is_ignored_does_not_end_it(tmpdir):
    # As under nohup.
    process = subprocess.Popen(
        ["sh", "-c", 'trap "" HUP; exec "$@"', "sh"]
        + sandbox_python()
        + ["-m", "osbs.sandbox.cli", "serve"],
        env=dict(os.environ, PYTHONPATH=str(ROOT), TMPDIR=str(tmpdir)),
        stdout=subprocess.PIPE,
    )
    timer = watchdog(process, 30)
    try:
        ready = json.loads(process.stdout.readline().decode("utf-8"))
        process.send_signal(signal.SIGHUP)
        assert get(ready, "oapi/v1/users/~").status_code == 200
    finally:
        process.terminate()
        process.wait()
        timer.cancel()
        process.stdout.close()


def test_stdout_that_is_full_is_one_line_and_status_1(tmpdir):
    with open("/dev/full", "wb") as full:
        process = subprocess.Popen(
            sandbox_python() + ["-m", "osbs.sandbox.cli", "serve"],
            env=dict(os.environ, PYTHONPATH=str(ROOT), TMPDIR=str(tmpdir)),
            stdout=full,
            stderr=subprocess.PIPE,
        )
        stderr = process.communicate()[1].decode("utf-8")
    assert (process.returncode, stderr.count("\n"), tmpdir.listdir()) == (1, 1, []), stderr
    assert "cannot write to standard output: No space left on device" in stderr


def test_without_tls_it_serves_http(serve):
    ready = serve("--no-tls")
    assert (ready["url"][:5], ready["ca"], get(ready, "healthz").status_code) == (
        "http:",
        None,
        200,
    )


def test_a_further_user_can_log_in(serve):
    ready = serve("--user", "ham:eggs:view")
    assert log_in(ready, "ham", "eggs").status_code == 302


def test_the_password_of_a_user_on_the_command_line_is_warned_of(serve):
    warning = serve("--user", "ham:eggs:view").stderr()
    assert ("--user-file" in warning, "eggs" in warning, warning.count("\n")) == (True, False, 1)


def test_users_can_come_from_a_file(serve, tmpdir):
    path = tmpdir.join("users")
    path.write("# of the tests\nham:eggs:view\n\nspam:eggs2\n")
    ready = serve("--user-file", str(path))
    assert [log_in(ready, *pair).status_code for pair in (("ham", "eggs"), ("spam", "eggs2"))] == [
        302,
        302,
    ]
    assert ready.stderr() == ""


def test_users_can_come_from_stdin(tmpdir):
    process = subprocess.Popen(
        sandbox_python() + ["-m", "osbs.sandbox.cli", "serve", "--user-file", "-"],
        env=dict(os.environ, PYTHONPATH=str(ROOT), TMPDIR=str(tmpdir)),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    timer = watchdog(process, 30)
    try:
        process.stdin.write(b"ham:eggs:view\n")
        process.stdin.close()
        ready = json.loads(process.stdout.readline().decode("utf-8"))
        assert log_in(ready, "ham", "eggs").status_code == 302
    finally:
        process.terminate()
        process.wait()
        timer.cancel()
        process.stdout.close()


def test_a_bad_line_of_users_is_named_without_its_password(tmpdir):
    path = tmpdir.join("users")
    path.write("ham:eggs\nspam:secret:king\n")
    status, stdout, stderr = run_cli("serve", "--user-file", str(path))
    assert (status, stdout, stderr.count("\n"), "secret" in stderr) == (1, "", 1, False)
    assert "{}: line 2: expected NAME:PASSWORD".format(path) in stderr


def test_a_missing_file_of_users_is_named(tmpdir):
    status, _, stderr = run_cli("serve", "--user-file", str(tmpdir.join("none")))
    assert (status, "cannot use {}".format(tmpdir.join("none")) in stderr) == (1, True)


def test_tokens_live_as_long_as_asked_for(serve):
    ready = serve("--token-lifetime", "77")
    location = log_in(ready, ready["user"], ready["password"]).headers["Location"]
    assert "expires_in=77&" in location


def test_without_oapi_the_configuration_says_apis(serve):
    ready = serve("--no-oapi")
    conf = Configuration(conf_file=ready["config"])
    assert (conf.get_openshift_api(), get(ready, "oapi/v1/users/~").status_code) == ("apis", 403)


def test_the_configuration_can_be_told_to_find_out(serve):
    ready = serve("--openshift-api", "auto")
    assert Configuration(conf_file=ready["config"]).get_openshift_api() == "auto"


def test_the_project_can_be_chosen(serve):
    ready = serve("--namespace", "ham")
    path = "api/v1/namespaces/ham-x86-64/configmaps/reactor-config-map"
    assert (ready["namespace"], get(ready, path).status_code) == ("ham", 200)


def test_state_outlives_a_kill(serve, tmpdir):
    options = ["--state", str(tmpdir.join("state")), "--directory", str(tmpdir.join("files"))]
    first = serve(*options)
    config_map = {"kind": "ConfigMap", "apiVersion": "v1", "metadata": {"name": "kept"}}
    requests.post(
        first["url"] + "api/v1/namespaces/osbs/configmaps",
        json=config_map,
        verify=first["ca"],
        headers={"Authorization": "Bearer " + first["token"]},
    ).raise_for_status()
    first.process.kill()
    first.process.wait()
    second = serve(*options)
    # Old address, old certificate and old token are still good.
    answer = get(dict(first), "api/v1/namespaces/osbs/configmaps/kept")
    assert (answer.status_code, second["url"], second["password"]) == (
        200,
        first["url"],
        first["password"],
    )


def test_files_go_where_they_should(serve, tmpdir):
    ready = serve("--directory", str(tmpdir.join("files")))
    assert ready["config"] == str(tmpdir.join("files", "osbs.conf"))


def test_a_port_that_is_taken_is_one_line_and_status_1():
    taken = socket.socket()
    taken.bind(("127.0.0.1", 0))
    taken.listen(1)
    port = str(taken.getsockname()[1])
    status, stdout, stderr = run_cli("serve", "--port", port)
    taken.close()
    assert (status, stdout, stderr.count("\n"), port in stderr) == (1, "", 1, True)


def test_a_bad_file_of_outcomes_is_one_line_and_status_1(tmpdir):
    path = tmpdir.join("outcomes.json")
    path.write('{"default": {"duration": "long"}}')
    status, stdout, stderr = run_cli("serve", "--scripted", str(path))
    assert (status, stdout, stderr.count("\n"), str(path) in stderr) == (1, "", 1, True)


def test_a_state_file_that_is_none_is_one_line_and_status_1(tmpdir):
    path = tmpdir.join("state")
    path.write("hello\nworld\n")
    status, stdout, stderr = run_cli("serve", "--state", str(path))
    assert (status, stdout, stderr.count("\n"), str(path) in stderr) == (1, "", 1, True)


@pytest.mark.parametrize("option", ["--state", "--directory"])
def test_a_path_that_cannot_be_used_is_named_and_not_the_port(option, tmpdir):
    path = tmpdir.join("file")
    path.write("")
    status, stdout, stderr = run_cli("serve", option, str(path.join("below")))
    assert (status, stdout, stderr.count("\n")) == (1, "", 1)
    assert stderr.startswith("osbs-sandbox: cannot use %s" % path)


@pytest.mark.parametrize(
    "options",
    [
        ["--namespace", ""],
        ["--namespace", "Bad_Name"],
        ["--namespace", "n" * 51],
        ["--no-oapi", "--openshift-api", "oapi"],
        ["--port", "65536"],
        ["--port", "-1"],
        ["--speed", "0"],
        ["--token-lifetime", "nan"],
        ["--user", "ham"],
        ["--user", "ham:eggs:king"],
        ["--user-file", "-", "--until-eof"],
        ["--openshift-api", "v1"],
        ["extra"],
    ],
)
def test_bad_options_are_usage_errors(options):
    status, stdout, _ = run_cli("serve", *options)
    assert (status, stdout) == (2, "")


def test_no_command_prints_the_help():
    status, stdout, _ = run_cli()
    assert (status, "serve" in stdout and "demo" in stdout) == (0, True)


def test_a_missing_extra_is_named(tmpdir):
    tmpdir.join("aiohttp.py").write('raise ImportError("No module named aiohttp")\n')
    path = os.pathsep.join([str(tmpdir), ROOT])
    status, _, stderr = run_cli("serve", PYTHONPATH=path)
    assert (status, stderr.count("\n"), "osbs-client[sandbox]" in stderr) == (1, 1, True)


def test_scripted_outcomes_decide(serve, tmpdir):
    path = tmpdir.join("outcomes.json")
    path.write(json.dumps({"default": {"exit_status": 1, "message": "as scripted"}}))
    ready = serve("--scripted", str(path), "--speed", "50")
    headers = {"Authorization": "Bearer " + ready["token"]}
    build = {
        "kind": "Build",
        "apiVersion": "v1",
        "metadata": {"name": "b"},
        "spec": {
            "serviceAccount": "builder",
            "strategy": {"customStrategy": {"from": {"kind": "DockerImage", "name": "x"}}},
        },
    }
    builds = ready["url"] + "oapi/v1/namespaces/osbs/builds"
    requests.post(builds, json=build, verify=ready["ca"], headers=headers).raise_for_status()
    watch = ready["url"] + "oapi/v1/watch/namespaces/osbs/builds/b"
    with requests.get(watch, verify=ready["ca"], headers=headers, stream=True) as stream:
        for line in stream.iter_lines():
            status = json.loads(line.decode("utf-8"))["object"]["status"]
            if status["phase"] in ("Complete", "Failed"):
                break
    assert (status["phase"], status["logSnippet"]) == ("Failed", "as scripted")


def test_with_log_each_request_is_a_line_on_stderr(serve):
    process = serve("--log")
    get(process, "oapi/v1/namespaces/osbs/builds/?labelSelector=a%3Db")
    process.stop()
    line = "200 GET /oapi/v1/namespaces/osbs/builds/?labelSelector=a%3Db osbs"
    assert line in process.stderr().splitlines()


def test_on_a_terminal_serve_tells_a_person_what_to_do():
    leader, follower = pty.openpty()
    env = dict(os.environ, PYTHONPATH=str(ROOT))
    command = sandbox_python() + ["-m", "osbs.sandbox.cli", "serve"]
    process = subprocess.Popen(command, stdout=follower, env=env)
    os.close(follower)
    timer = watchdog(process, 60)
    text = b""
    try:
        while b"osbs list-builds" not in text:
            text += os.read(leader, 4096)
    finally:
        timer.cancel()
        process.terminate()
        process.wait()
        os.close(leader)
    text = text.decode("utf-8")
    config = re.search(r"export OSBS_CONFIG=(\S+)", text).group(1)
    assert config.endswith("/osbs.conf") and re.search(r"page   http://127\.0\.0\.1:\d+/", text)
    assert "password" not in text


def test_a_repository_can_be_built_from_as_the_greeting_says(tmpdir):
    directory = str(tmpdir.join("hello"))
    status, stdout, _ = run_cli("repository", directory)
    assert (status, stdout) == (0, "file://%s\n" % directory)
    assert os.path.isfile(os.path.join(directory, "Dockerfile"))


def test_a_repository_is_not_made_where_files_are(tmpdir):
    tmpdir.join("mine").write("x")
    status, _, stderr = run_cli("repository", str(tmpdir))
    assert (status, stderr) == (1, "osbs-sandbox: %s is not empty\n" % tmpdir)
    assert not tmpdir.join("Dockerfile").check()


def test_a_relative_directory_is_made_absolute_for_other_programs(serve, tmpdir, monkeypatch):
    monkeypatch.chdir(str(tmpdir))
    ready = serve("--directory", "rel")
    assert ready["config"] == str(tmpdir.join("rel", "osbs.conf"))
    with open(ready["kubeconfig"]) as stream:
        (cluster,) = json.load(stream)["clusters"]
    assert cluster["cluster"]["certificate-authority"] == str(tmpdir.join("rel", "ca.crt"))


def test_a_port_of_the_page_that_is_taken_is_named():
    with contextlib.closing(socket.socket()) as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen(1)
        port = taken.getsockname()[1]
        status, _, stderr = run_cli("serve", "--page-port", str(port))
    assert (status, stderr) == (
        1,
        "osbs-sandbox: cannot serve on port {}: Address already in use\n".format(port),
    )


@pytest.mark.parametrize(
    "command, problem", [("", "the command is empty"), ("'x", '"\'x": No closing quotation')]
)
def test_a_malformed_command_of_pods_is_a_usage_error(command, problem):
    status, _, stderr = run_cli("serve", "--pod-command", command)
    assert (status, stderr.splitlines()[-1]) == (
        2,
        "osbs-sandbox serve: error: argument --pod-command: " + problem,
    )
