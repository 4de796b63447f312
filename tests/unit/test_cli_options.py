"""The command line holds every option of the reference: a walk over its tables."""

from __future__ import absolute_import, print_function, unicode_literals

import sys

import pytest
import six

import osbs
from osbs.cli import main as cli_main

FLAG = object()

# Of each option: flags, dest, default, what an argument becomes.
GLOBAL_OPTIONS = [
    ("--verbose", "verbose", None, FLAG, True),
    ("-q", "quiet", False, FLAG, True),
    ("--quiet", "quiet", False, FLAG, True),
    ("--openshift-uri", "openshift_uri", None, "u", "u"),
    ("--registry-uri", "registry_uri", None, "u", "u"),
    ("--source-registry-uri", "source_registry_uri", None, "u", "u"),
    ("--config", "config", "/etc/osbs.conf", "/c", "/c"),
    ("--instance", "instance", "default", "i", "i"),
    ("-i", "instance", "default", "i", "i"),
    ("--username", "username", None, "u", "u"),
    ("--password", "password", None, "p", "p"),
    ("--use-kerberos", "use_kerberos", None, FLAG, True),
    ("--client-cert", "client_cert", None, "c", "c"),
    ("--client-key", "client_key", None, "k", "k"),
    ("--kerberos-keytab", "kerberos_keytab", None, "k", "k"),
    ("--kerberos-principal", "kerberos_principal", None, "p", "p"),
    ("--kerberos-ccache", "kerberos_ccache", None, "c", "c"),
    ("--verify-ssl", "verify_ssl", None, FLAG, True),
    ("--with-auth", "use_auth", None, FLAG, True),
    ("--without-auth", "use_auth", None, FLAG, False),
    ("--output", "output", "text", "json", "json"),
    ("--namespace", "namespace", None, "n", "n"),
    ("--request-timeout", "request_timeout", None, "2.5", 2.5),
    ("--retries", "retries", None, "0", 0),
    ("--capture-dir", "capture_dir", None, "d", "d"),
    ("--token", "token", None, "t", "t"),
    ("--token-file", "token_file", None, "t", "t"),
]

BUILD_OPTIONS = [
    ("--build-json-dir", "build_json_dir", None, "d", "d"),
    ("--git-commit", "git_commit", "master", "c", "c"),
    ("-t", "target", None, "t", "t"),
    ("--target", "target", None, "t", "t"),
    ("--flatpak", "flatpak", False, FLAG, True),
    ("-a", "arch", None, "a", "a"),
    ("--arch", "arch", None, "a", "a"),
    ("-c", "component", None, "c", "c"),
    ("--component", "component", None, "c", "c"),
    ("-A", "tag", None, "t", "t"),
    ("--tag", "tag", None, "t", "t"),
    ("--no-logs", "no_logs", False, FLAG, True),
    ("--add-yum-repo", "yum_repourls", None, "u", ["u"]),
    ("--source-secret", "source_secret", None, "s", "s"),
    ("--cpu-limit", "cpu_limit", None, "1", "1"),
    ("--memory-limit", "memory_limit", None, "1", "1"),
    ("--storage-limit", "storage_limit", None, "1", "1"),
    ("--scratch", "scratch", False, FLAG, True),
    ("--yum-proxy", "yum_proxy", None, "p", "p"),
    ("--koji-parent-build", "koji_parent_build", None, "b", "b"),
    ("--release", "release", None, "r", "r"),
    ("--isolated", "isolated", False, FLAG, True),
    ("--arrangement-version", "arrangement_version", None, "6", 6),
    ("--signing-intent", "signing_intent", None, "s", "s"),
    ("--compose-id", "compose_ids", None, "7", [7]),
    ("--platform", "platform", None, "p", "p"),
    ("--koji-upload-dir", "koji_upload_dir", None, "d", "d"),
    ("--platforms", "platforms", None, "p", ["p"]),
    ("--source-registry-uri", "source_registry_uri", None, "u", "u"),
    ("--worker", "worker", False, FLAG, True),
    ("--orchestrator", "orchestrator", False, FLAG, True),
    ("--prod", "prod", True, FLAG, True),
    ("--build-from", "build_from", None, "image:x", "image:x"),
    ("--build-image", "build_image", None, "x", "x"),
    ("--build-imagestream", "build_imagestream", None, "x", "x"),
]

REQUIRED_BUILD_OPTIONS = [
    ("-g", "--git-url", "git_url"),
    ("-b", "--git-branch", "git_branch"),
    ("-u", "--user", "user"),
]

COMMANDS = {
    "list-builds": [
        ("--columns", "columns", None, "name", "name"),
        ("--running", "running", False, FLAG, True),
        ("--from-json", "from_json", None, "f", "f"),
    ],
    "watch-build": [],
    "watch-builds": [("--columns", "columns", None, "name", "name")],
    "get-build": [],
    "cancel-build": [],
    "import-image": [],
    "get-token": [("--oc", "oc", False, FLAG, True)],
    "login": [
        ("--token", "token", None, "t", "t"),
        ("-u", "username", None, "u", "u"),
        ("--username", "username", None, "u", "u"),
        ("-p", "password", None, "p", "p"),
        ("--password", "password", None, "p", "p"),
    ],
    "get-user": [],
    "build-logs": [
        ("-f", "follow", False, FLAG, True),
        ("--follow", "follow", False, FLAG, True),
        ("--wait-if-missing", "wait_if_missing", False, FLAG, True),
    ],
    "get-quota": [],
    "build": BUILD_OPTIONS,
    "get-build-image-id": [],
    "backup-builder": [
        ("-f", "filename", None, "a", "a"),
        ("--filename", "filename", None, "a", "a"),
        ("--ignore-quota-errors", "ignore_quota_errors", False, FLAG, True),
        ("--continue-on-error", "continue_on_error", False, FLAG, True),
    ],
    "restore-builder": [
        ("--continue-on-error", "continue_on_error", False, FLAG, True),
        ("--ignore-quota-errors", "ignore_quota_errors", False, FLAG, True),
    ],
    "print-token-url": [],
    "get-serviceaccount-token": [("--oc", "oc", False, FLAG, True)],
}

# Command, its positional, what that becomes, what it is if it may be left out.
POSITIONALS = [
    ("list-builds", "FILTER", "x", None),
    ("watch-build", "BUILD_ID", ["x"], pytest),
    ("get-build", "BUILD_ID", ["x"], pytest),
    ("cancel-build", "BUILD_ID", ["x"], pytest),
    ("import-image", "NAME", ["x"], pytest),
    ("get-user", "USERNAME", "x", None),
    ("build-logs", "BUILD_ID", ["x"], pytest),
    ("get-quota", "QUOTA_NAME", "x", None),
    ("get-build-image-id", "BUILD_ID", ["x"], pytest),
    ("restore-builder", "BACKUP_ARCHIVE", "x", pytest),
    ("get-serviceaccount-token", "SERVICEACCOUNT", "x", pytest),
]

FUNCTIONS = {
    "list-builds": "cmd_list_builds",
    "watch-build": "cmd_watch_build",
    "watch-builds": "cmd_watch_builds",
    "get-build": "cmd_get_build",
    "cancel-build": "cmd_cancel_build",
    "import-image": "cmd_import_image",
    "get-token": "cmd_get_token",
    "login": "cmd_login",
    "get-user": "cmd_get_user",
    "build-logs": "cmd_build_logs",
    "get-quota": "cmd_get_all_resource_quota",
    "build": "cmd_build",
    "get-build-image-id": "cmd_get_build_image_id",
    "backup-builder": "cmd_backup",
    "restore-builder": "cmd_restore",
    "print-token-url": "cmd_print_token_url",
    "get-serviceaccount-token": "cmd_serviceaccount_token",
}

BUILD = ["build", "-g", "git://h/r", "-b", "master", "-u", "me"]
COMMAND_OPTIONS = [(command, row) for command, rows in sorted(COMMANDS.items()) for row in rows]


@pytest.fixture
def parse(monkeypatch):
    """Parse a command line as the process would; returns the namespace."""

    def parse_argv(*argv):
        monkeypatch.setattr(sys, "argv", ["osbs"] + [str(word) for word in argv])
        return cli_main.cli()[1]

    return parse_argv


@pytest.fixture
def help_of(parse, capsys):
    """Return the words of a help page."""

    def get_help(*argv):
        with pytest.raises(SystemExit) as exit_info:
            parse(*(argv + ("--help",)))
        assert not exit_info.value.code
        text = capsys.readouterr()[0]
        for sign in ",[]{}":
            text = text.replace(sign, " ")
        return text.split()

    return get_help


def call_of(command):
    if command == "build":
        return list(BUILD)
    needed = [row[1] for row in POSITIONALS if row[0] == command and row[3] is pytest]
    return [command] + ["x" for _ in needed]


def given(flag, argument):
    return [flag] if argument is FLAG else [flag, argument]


@pytest.mark.parametrize("row", GLOBAL_OPTIONS, ids=lambda row: row[0])
def test_the_help_names_every_global_option(help_of, row):
    assert row[0] in help_of()


@pytest.mark.parametrize("row", GLOBAL_OPTIONS, ids=lambda row: row[0])
def test_a_global_option_that_is_not_given_has_its_default(parse, row):
    assert getattr(parse("list-builds"), row[1]) == row[2]


@pytest.mark.parametrize("row", GLOBAL_OPTIONS, ids=lambda row: row[0])
def test_a_global_option_that_is_given_has_its_value(parse, row):
    args = parse(*(given(row[0], row[3]) + ["list-builds"]))
    assert getattr(args, row[1]) == row[4]


@pytest.mark.parametrize("command", sorted(COMMANDS))
def test_the_help_names_every_command(help_of, command):
    assert command in help_of()


@pytest.mark.parametrize(
    "command, row", COMMAND_OPTIONS, ids=lambda value: str(value[0] if value else value)
)
def test_the_help_of_a_command_names_every_option(help_of, command, row):
    assert row[0] in help_of(command)


@pytest.mark.parametrize("command, row", COMMAND_OPTIONS)
def test_an_option_of_a_command_that_is_not_given_has_its_default(parse, command, row):
    assert getattr(parse(*call_of(command)), row[1]) == row[2]


@pytest.mark.parametrize("command, row", COMMAND_OPTIONS)
def test_an_option_of_a_command_that_is_given_has_its_value(parse, command, row):
    args = parse(*(call_of(command) + given(row[0], row[3])))
    assert getattr(args, row[1]) == row[4]
    assert type(getattr(args, row[1])) is type(row[4]) or isinstance(row[4], type(""))


@pytest.mark.parametrize("command, name, value, default", POSITIONALS)
def test_a_positional_is_kept_under_its_name(parse, command, name, value, default):
    assert getattr(parse(command, "x"), name) == value


@pytest.mark.parametrize("command, name, value, default", POSITIONALS)
def test_a_positional_may_be_left_out_only_if_it_has_a_default(
    parse, capsys, command, name, value, default
):
    if default is None:
        assert getattr(parse(command), name) is None
    else:
        with pytest.raises(SystemExit) as exit_info:
            parse(command)
        assert exit_info.value.code == 2


@pytest.mark.parametrize("command, name, value, default", POSITIONALS)
def test_the_help_of_a_command_names_its_positional(help_of, command, name, value, default):
    assert name in help_of(command)


@pytest.mark.parametrize("short, flag, dest", REQUIRED_BUILD_OPTIONS)
def test_a_build_needs_its_required_options(parse, capsys, short, flag, dest):
    argv = list(BUILD)
    at = argv.index(short)
    with pytest.raises(SystemExit) as exit_info:
        parse(*(argv[:at] + argv[at + 2 :]))
    assert exit_info.value.code == 2
    assert flag in capsys.readouterr()[1].splitlines()[-1]


@pytest.mark.parametrize("short, flag, dest", REQUIRED_BUILD_OPTIONS)
def test_the_help_of_build_names_its_required_options(help_of, short, flag, dest):
    words = help_of("build")
    assert short in words
    assert flag in words


@pytest.mark.parametrize("command", sorted(FUNCTIONS))
def test_a_command_calls_its_function(parse, command):
    assert parse(*call_of(command)).func is getattr(cli_main, FUNCTIONS[command])


def test_a_replaced_function_of_the_main_module_is_called(parse, monkeypatch):
    def replacement(args, osbs):
        return None

    monkeypatch.setattr(cli_main, "cmd_get_token", replacement)
    assert parse("get-token").func is replacement


@pytest.mark.parametrize(
    "kinds",
    [
        ["--worker", "--orchestrator"],
        ["--prod", "--worker"],
        ["--build-from", "a", "--build-image", "b"],
        ["--build-image", "a", "--build-imagestream", "b"],
    ],
)
def test_options_that_shut_each_other_out_are_a_usage_error(parse, capsys, kinds):
    with pytest.raises(SystemExit) as exit_info:
        parse(*(BUILD + kinds))
    assert exit_info.value.code == 2


@pytest.mark.parametrize("options", [["--verbose", "-q"], ["-q", "-V"], ["--verbose", "-V"]])
def test_verbosity_and_version_shut_each_other_out(parse, capsys, options):
    with pytest.raises(SystemExit) as exit_info:
        parse(*(options + ["list-builds"]))
    assert exit_info.value.code == 2


def test_options_that_can_be_given_again_add_up(parse):
    args = parse(*(BUILD + ["--compose-id", "1", "--compose-id", "2", "--platforms", "a"]))
    assert (args.compose_ids, args.platforms) == ([1, 2], ["a"])


def test_defect_62_the_arrangement_version_is_a_number(parse):
    args = parse(*(BUILD + ["--arrangement-version", "5"]))
    assert args.arrangement_version < 6


def test_an_arrangement_version_that_is_no_number_is_a_usage_error(parse, capsys):
    with pytest.raises(SystemExit) as exit_info:
        parse(*(BUILD + ["--arrangement-version", "six"]))
    assert exit_info.value.code == 2
    assert "six" in capsys.readouterr()[1].splitlines()[-1]


@pytest.mark.parametrize(
    "argv, dest",
    [
        (["--token", "T", "login"], "token"),
        (["--username", "T", "login"], "username"),
        (["--password", "T", "login"], "password"),
        (["--source-registry-uri", "T"] + BUILD, "source_registry_uri"),
    ],
)
def test_defect_65_a_command_leaves_the_global_value(parse, argv, dest):
    assert getattr(parse(*argv), dest) == "T"


@pytest.mark.parametrize(
    "argv, dest",
    [
        (["--token", "T", "login", "--token", "later"], "token"),
        (
            ["--source-registry-uri", "T"] + BUILD + ["--source-registry-uri", "later"],
            "source_registry_uri",
        ),
    ],
)
def test_defect_65_the_later_value_wins(parse, argv, dest):
    assert getattr(parse(*argv), dest) == "later"


def test_the_environment_gives_the_default_of_config(parse, monkeypatch):
    monkeypatch.setenv(str("OSBS_CONFIG"), str("/from/environment"))
    assert parse("list-builds").config == "/from/environment"


def test_the_environment_gives_the_default_of_instance(parse, monkeypatch):
    monkeypatch.setenv(str("OSBS_INSTANCE"), str("there"))
    assert parse("list-builds").instance == "there"


def test_the_command_line_beats_the_environment(parse, monkeypatch):
    monkeypatch.setenv(str("OSBS_INSTANCE"), str("there"))
    assert parse("-i", "here", "list-builds").instance == "here"


def test_an_empty_environment_variable_counts_as_missing(parse, monkeypatch):
    monkeypatch.setenv(str("OSBS_CONFIG"), str(""))
    assert parse("list-builds").config == "/etc/osbs.conf"


def beyond_ascii(monkeypatch, encoding):
    """Parse arguments as Python 2 and 3 get them in a locale."""
    name = six.ensure_str("P\u011bt")
    argv = ["osbs", "--config", name, "--password", name, "build", "-g", "x", "-b", name, "-u", "u"]
    monkeypatch.setattr(sys, "argv", [str(word) for word in argv] + [str("--platforms"), name])
    monkeypatch.setattr(sys, "getfilesystemencoding", lambda: encoding)
    return cli_main.cli()[1]


@pytest.mark.parametrize("dest, value", [("config", "P\u011bt"), ("platforms", ["P\u011bt"])])
def test_arguments_beyond_ascii_are_text(monkeypatch, dest, value):
    assert getattr(beyond_ascii(monkeypatch, "utf-8"), dest) == value


@pytest.mark.parametrize("encoding, dest", [("ascii", "config"), ("utf-8", "password")])
def test_arguments_that_have_to_stay_bytes_do(monkeypatch, encoding, dest):
    assert type(getattr(beyond_ascii(monkeypatch, encoding), dest)) is str


def test_the_help_names_the_environment_variables_and_exit_statuses(help_of):
    words = help_of()
    assert "OSBS_CONFIG" in words
    assert "OSBS_INSTANCE" in words
    assert "130" in words


@pytest.mark.parametrize("flag", ["--version", "-V"])
def test_the_version_goes_to_stdout(parse, capsys, flag):
    with pytest.raises(SystemExit) as exit_info:
        parse(flag)
    assert not exit_info.value.code
    assert capsys.readouterr() == (osbs.__version__ + "\n", "")


def test_no_command_prints_the_help(monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", [str("osbs")])
    assert cli_main.main() is None
    out, err = capsys.readouterr()
    assert out.startswith("usage: osbs ")
    assert err == ""


def test_the_help_of_list_builds_names_all_columns(help_of):
    words = help_of("list-builds")
    for column in (
        "name status image unique_image image_id base_image base_image_id commit "
        "koji_build_id time_created"
    ).split():
        assert column in words


def test_the_choices_are_shown_without_the_marker_of_python_2(parse, capsys):
    with pytest.raises(SystemExit):
        parse("no-such-command")
    assert "u'" not in capsys.readouterr()[1]


@pytest.mark.parametrize("command", ["print-token-url", "get-serviceaccount-token"])
def test_two_commands_are_described_only_by_their_own_help(help_of, command):
    words = help_of()
    # Both stand among the choices, twice, but have no line of their own.
    assert words.count(command) == words.count("get-token") - 1 == 2
    assert "show" in help_of(command)


@pytest.fixture
def refused(parse, capsys):
    """Parse a command line that is wrong; returns what is told on stderr."""

    def parse_wrong(*argv):
        with pytest.raises(SystemExit) as exit_info:
            parse(*argv)
        assert exit_info.value.code == 2
        return capsys.readouterr()[1]

    return parse_wrong


@pytest.mark.parametrize(
    "argv, error",
    [
        (["lst-builds"], "there is no command lst-builds\nhint: did you mean list-builds?"),
        (["xyz"], "there is no command xyz\nhint: 'osbs --help' lists the commands"),
        (
            ["list-builds", "--colums=name"],
            "there is no option --colums\nhint: did you mean --columns?",
        ),
        (
            ["--instnce", "x", "list-builds"],
            "there is no option --instnce\nhint: did you mean --instance?",
        ),
        (
            ["get-build", "b", "--xyz"],
            "there is no option --xyz\nhint: 'osbs get-build --help' lists the options",
        ),
        (["get-build", "b", "c"], "too many arguments: c"),
    ],
)
def test_wrong_usage_is_a_line_and_a_hint(refused, argv, error):
    assert refused(*argv) == "error: %s\n" % error


@pytest.mark.parametrize(
    "words", [["P\u011bt"], ["get-build", "b", "P\u011bt"], ["--P\u011bt"], ["-"]]
)
def test_wrong_words_beyond_ascii_are_told(monkeypatch, capsys, words):
    monkeypatch.setattr(sys, "argv", [str("osbs")] + [six.ensure_str(word) for word in words])
    with pytest.raises(SystemExit) as exit_info:
        cli_main.cli()
    assert exit_info.value.code == 2
    assert capsys.readouterr()[1].startswith("error: ")


@pytest.mark.parametrize("row", GLOBAL_OPTIONS, ids=lambda row: row[0])
def test_a_global_option_may_stand_behind_the_command(parse, row):
    args = parse(*(["list-builds"] + given(row[0], row[3])))
    assert getattr(args, row[1]) == row[4]


def test_a_global_option_keeps_its_value_from_before_the_command(parse):
    args = parse("--output", "json", "--config", "/c", "list-builds", "-n", "ns")
    assert (args.output, args.config, args.namespace) == ("json", "/c", "ns")


@pytest.mark.parametrize("argv", [["-v", "list-builds"], ["list-builds", "-v"]])
def test_v_is_short_for_verbose(parse, argv):
    assert parse(*argv).verbose is True


def test_global_options_do_not_make_abbreviations_of_a_command_ambiguous(parse):
    assert parse("list-builds", "--r").running is True


def test_platforms_may_be_separated_by_commas(parse):
    args = parse(*(BUILD + ["--platforms", "x86_64,ppc64le", "--platforms", "s390x"]))
    assert args.platforms == ["x86_64", "ppc64le", "s390x"]


def test_the_commit_is_the_tip_of_the_branch_unless_it_is_named(parse):
    assert parse("build", "-g", "git://h/r", "-b", "f32", "-u", "me").git_commit == "f32"


@pytest.mark.parametrize("command", sorted(COMMANDS))
def test_the_help_of_a_command_has_examples(help_of, command):
    words = help_of(command)
    assert "osbs" in words[words.index("examples:") :]


@pytest.mark.parametrize(
    "words", [("--retries", "-1"), ("--retries", "x"), ("--request-timeout", "0")]
)
def test_numbers_that_make_no_sense_are_wrong_usage(monkeypatch, capsys, words):
    monkeypatch.setattr(sys, "argv", [str(word) for word in ("osbs",) + words + ("get-user",)])
    with pytest.raises(SystemExit) as exc_info:
        cli_main.cli()
    assert exc_info.value.code == 2
    assert words[0] in capsys.readouterr()[1]
