"""The one table of sub-commands and options.

The parser, the completion, the help and the reference page in docs/ are made from it or checked
against it.
"""

from __future__ import absolute_import, print_function, unicode_literals

import argparse

from osbs.constants import (
    CLI_LIST_BUILDS_DEFAULT_COLS,
    CLI_WATCH_BUILDS_DEFAULT_COLS,
    DEFAULT_CONFIGURATION_FILE,
    DEFAULT_CONFIGURATION_SECTION,
)

# Whether a sub-command talks to the server: not at all (nor needs a configuration), perhaps, or
# always, so that a missing openshift_url is an error before anything is done.
NEVER = "never"
MAYBE = "maybe"
ALWAYS = "always"

DESCRIPTION = "OpenShift Build Service client"

EXAMPLES = (
    "osbs login",
    "osbs list-builds --running",
    "osbs --instance stage build --git-url URL --git-branch BRANCH --user USER",
)

EXIT_STATUSES = (
    (0, "done"),
    (1, "the build failed or was cancelled, or the request could not be carried out"),
    (2, "wrong usage"),
    (3, "authentication failed"),
    (4, "network error"),
    (130, "interrupted"),
)

USAGE = 2

LIST_BUILDS_COLUMNS = (
    ("name", "BUILD ID"),
    ("status", "STATUS"),
    ("image", "IMAGE NAME"),
    ("unique_image", "UNIQUE IMAGE NAME"),
    ("image_id", "IMAGE ID"),
    ("base_image", "BASE IMAGE NAME"),
    ("base_image_id", "BASE IMAGE ID"),
    ("commit", "COMMIT"),
    ("koji_build_id", "KOJI BUILD ID"),
    ("time_created", "TIME CREATED"),
    ("age", "AGE"),
    ("duration", "DURATION"),
    ("reason", "REASON"),
)
WATCH_BUILDS_COLUMNS = (
    ("changetype", "CHANGE"),
    ("status", "STATUS"),
    ("created", "CREATED"),
    ("name", "NAME"),
    ("reason", "REASON"),
)


# argparse shows the names of these functions: "invalid seconds value: 'x'".


def number(text):
    """Return a number from 0 up."""
    value = int(text)
    if value < 0:
        raise ValueError(text)
    return value


def seconds(text):
    """Return a time."""
    value = float(text)
    if not 0 < value < float("inf"):
        raise ValueError(text)
    return value


class CliOption(object):
    """An option, or a positional argument, of the command line.

    :ivar flags: its names, as argparse takes them
    :ivar argparse_kwargs: all other arguments of argparse's ``add_argument``
    :ivar env: environment variable with the default, or None
    :ivar group: one of EXCLUSIVE_GROUPS, or the title of a group in the help, or None
    :ivar default: value when neither the command line nor the environment has one
    """

    def __init__(self, *flags, **keywords):
        self.flags = tuple(str(flag) for flag in flags)
        self.env = keywords.pop("env", None)
        self.group = keywords.pop("group", None)
        self.default = keywords.get("default")
        if self.env:
            # Filled in after parsing, when it is known what the user gave.
            keywords["default"] = argparse.SUPPRESS
        self.argparse_kwargs = keywords

    @property
    def dest(self):
        """Name of the attribute in which argparse puts the value."""
        longest = max(self.flags, key=len)
        return self.argparse_kwargs.get("dest") or longest.lstrip("-").replace("-", "_")


class Command(object):
    """A sub-command.

    :ivar name: as on the command line
    :ivar function: name of the function of osbs.cli.main that runs it, by default ``cmd_get_build``
        for ``get-build``
    :ivar arguments: CliOptions
    :ivar server: NEVER, MAYBE or ALWAYS
    :ivar examples: command lines for the end of its help, by default the one without arguments
    :ivar argparse_kwargs: arguments of argparse's ``add_parser``; without ``help`` the sub-command
        has no line of its own in the help of osbs
    """

    def __init__(self, name, *arguments, **keywords):
        self.name = str(name)
        self.function = keywords.pop("function", "cmd_" + name.replace("-", "_"))
        self.arguments = arguments
        self.server = keywords.pop("server", ALWAYS)
        self.examples = keywords.pop("examples", ("osbs " + name,))
        self.argparse_kwargs = dict({"description": keywords.get("help")}, **keywords)


def _flag(*flags, **keywords):
    return CliOption(*flags, action="store_true", **keywords)


def _columns(columns, default):
    return CliOption(
        "--columns",
        help="columns of the table, separated by commas, of: %s (default: %s)"
        % (", ".join(key for key, _ in columns), ",".join(default)),
    )


_VERBOSITY, _KIND, _BUILDER = "verbosity", "kind of build", "builder"
EXCLUSIVE_GROUPS = (_VERBOSITY, _KIND, _BUILDER)
_WORKER_ARGUMENTS = "arguments for --worker"
_ORCHESTRATOR_ARGUMENTS = "arguments for --orchestrator"

_BUILD_ID = CliOption("BUILD_ID", nargs=1, help="name of the build")
_CONTINUE_ON_ERROR = _flag("--continue-on-error", help="go on with what is left after an error")
_IGNORE_QUOTA_ERRORS = _flag(
    "--ignore-quota-errors", help="go on when there is no right to pause builds by a resource quota"
)
_RAW = _flag("--raw", help="show the lines of the log as they are, on a terminal too")
_PAUSE_QUOTA = CliOption(
    "QUOTA_NAME", nargs="?", help="name of the resource quota that pauses builds (default: pause)"
)
_OC = _flag("--oc", help='show the token as an "oc login" command')

GLOBAL_OPTIONS = (
    # Flags that are settings too default to None: "not given", so that the file counts.
    _flag("-v", "--verbose", default=None, group=_VERBOSITY, help="log everything, for debugging"),
    _flag("-q", "--quiet", group=_VERBOSITY, help="show warnings and errors only"),
    CliOption(
        "-V", "--version", action="version", group=_VERBOSITY, help="print the version and exit"
    ),
    CliOption("--openshift-uri", metavar="URL", help="base URL of OpenShift"),
    CliOption("--registry-uri", metavar="URL", help="registry to which images get pushed"),
    CliOption("--source-registry-uri", metavar="URL", help="registry from which base images come"),
    CliOption(
        "--config",
        env="OSBS_CONFIG",
        default=DEFAULT_CONFIGURATION_FILE,
        metavar="PATH",
        help="configuration file (default: $OSBS_CONFIG, else %s)" % DEFAULT_CONFIGURATION_FILE,
    ),
    CliOption(
        "--instance",
        "-i",
        env="OSBS_INSTANCE",
        default=DEFAULT_CONFIGURATION_SECTION,
        metavar="SECTION_NAME",
        help="section of the configuration file (default: $OSBS_INSTANCE, else %s)"
        % DEFAULT_CONFIGURATION_SECTION,
    ),
    CliOption("--username", help="user name for Basic authentication"),
    CliOption("--password", help="password for Basic authentication"),
    _flag("--use-kerberos", default=None, help="authenticate with Kerberos"),
    CliOption("--client-cert", help="file with the client certificate (PEM)"),
    CliOption("--client-key", help="file with the key of the client certificate (PEM)"),
    CliOption("--kerberos-keytab", help="keytab to get a ticket with"),
    CliOption("--kerberos-principal", help="principal to get a ticket for"),
    CliOption("--kerberos-ccache", help="credential cache for the ticket"),
    _flag("--verify-ssl", default=None, help="check the server's certificate"),
    _flag(
        "--with-auth", dest="use_auth", default=None, help="send an OAuth token with each request"
    ),
    CliOption(
        "--without-auth",
        action="store_false",
        dest="use_auth",
        default=None,
        help="do not send an OAuth token",
    ),
    CliOption(
        "--output",
        choices=(str("json"), str("text")),
        default="text",
        help="format of what is printed (default: text)",
    ),
    CliOption(
        "--color",
        choices=(str("auto"), str("always"), str("never")),
        default="auto",
        help="colours: on a terminal unless NO_COLOR is set (auto, default), always (then the view"
        " for terminals goes into a pipe too), never",
    ),
    CliOption("--namespace", "-n", metavar="NAMESPACE", help="namespace to work in"),
    CliOption(
        "--request-timeout",
        type=seconds,
        metavar="SECONDS",
        help="time after which a request gives up, instead of 600 seconds to its response",
    ),
    CliOption(
        "--retries",
        type=number,
        metavar="N",
        help="how often a request is retried after a failure, instead of 8 times; 0 is never",
    ),
    CliOption(
        "--capture-dir", metavar="DIR", help="directory in which to save the server's answers"
    ),
    CliOption("--token", metavar="TOKEN", help="OAuth token"),
    CliOption("--token-file", metavar="TOKENFILE", help="file with the OAuth token"),
)

BUILD_OPTIONS = (
    CliOption("--build-json-dir", metavar="PATH", help="directory with the build templates"),
    CliOption("-g", "--git-url", required=True, metavar="URL", help="URL of the git repository"),
    CliOption("--git-commit", help="commit, tag or branch to build (default: tip of the branch)"),
    CliOption("-b", "--git-branch", required=True, help="branch of the git repository"),
    CliOption("-t", "--target", help="koji target"),
    _flag("--flatpak", help="build a Flatpak OCI image"),
    CliOption("-a", "--arch", help="architecture to build for"),
    CliOption("-u", "--user", required=True, help="prefix of the image repository"),
    CliOption("-c", "--component", help="not used: the Dockerfile's label names the component"),
    CliOption("-A", "--tag", help="tag of the image, for simple builds only"),
    _flag("--no-logs", help="end when the build is scheduled instead of following its log"),
    _RAW,
    CliOption(
        "--add-yum-repo",
        action="append",
        dest="yum_repourls",
        metavar="URL",
        help="URL of a yum repo file, can be given again",
    ),
    CliOption("--source-secret", help="name of the secret for pulp"),
    CliOption("--cpu-limit", help="limit of the CPU time of the build"),
    CliOption("--memory-limit", help="limit of the memory of the build"),
    CliOption("--storage-limit", help="limit of the storage of the build"),
    _flag("--scratch", help="make a scratch build"),
    CliOption("--yum-proxy", help="proxy put in yum repo files"),
    CliOption("--koji-parent-build", help="koji build from which to take the parent image"),
    CliOption("--release", help="value of the release label"),
    _flag("--isolated", help="make an isolated build"),
    CliOption("--arrangement-version", type=int, help="version of the arrangement of plugins"),
    CliOption("--signing-intent", help="override of the signing intent of the ODCS compose"),
    CliOption(
        "--compose-id",
        action="append",
        dest="compose_ids",
        type=int,
        help="ODCS compose to use, can be given again",
    ),
    CliOption("--platform", group=_WORKER_ARGUMENTS, help="platform to build for"),
    CliOption("--koji-upload-dir", group=_WORKER_ARGUMENTS, help="path for uploads to koji"),
    CliOption(
        "--platforms",
        action="append",
        metavar="PLATFORM",
        group=_ORCHESTRATOR_ARGUMENTS,
        help="platforms to build for, separated by commas or given again; needed up to"
        " arrangement 5",
    ),
    CliOption("--source-registry-uri", metavar="URL", help="registry of the parent image"),
    _flag("--worker", group=_KIND, help="make a worker build"),
    _flag("--orchestrator", group=_KIND, help="make an orchestrator build"),
    _flag("--prod", default=True, group=_KIND, help="make a production build (default)"),
    CliOption(
        "--build-from", group=_BUILDER, help="image of the builder: image:SPEC or imagestream:SPEC"
    ),
    CliOption("--build-image", group=_BUILDER, help="image of the builder (older form)"),
    CliOption(
        "--build-imagestream", group=_BUILDER, help="image stream of the builder (older form)"
    ),
)

COMMANDS = (
    Command(
        "list-builds",
        CliOption("FILTER", nargs="?", help="show only images whose name has this text in it"),
        _columns(LIST_BUILDS_COLUMNS, CLI_LIST_BUILDS_DEFAULT_COLS),
        _flag("--running", help="show only builds that are not finished"),
        CliOption(
            "--sort",
            metavar="COLUMN",
            help="column to sort by (default: time_created)",
        ),
        CliOption(
            "--limit",
            type=number,
            metavar="NUMBER",
            help="show only so many builds, the last ones of the list",
        ),
        CliOption(
            "-o",
            dest="output",
            choices=tuple(str(word) for word in ("wide", "name", "json", "yaml")),
            help="more columns, only the names, or whole builds",
        ),
        CliOption(
            "--from-json",
            metavar="FILE",
            help="read the builds from a file with a JSON array, not from the server",
        ),
        help="list builds",
        examples=(
            "osbs list-builds --running",
            "osbs list-builds -o wide --sort duration --limit 10",
            "osbs --output json list-builds > builds.json",
            "osbs list-builds --from-json builds.json team/app",
        ),
    ),
    Command(
        "watch-build",
        _BUILD_ID,
        help="wait till a build finishes",
        examples=("osbs watch-build app-main-12345-1",),
    ),
    Command(
        "watch-builds",
        _columns(WATCH_BUILDS_COLUMNS, CLI_WATCH_BUILDS_DEFAULT_COLS),
        help="watch running builds",
        examples=(
            "osbs watch-builds",
            "osbs watch-builds --columns name,status",
        ),
    ),
    Command(
        "get-build",
        _BUILD_ID,
        help="show the details of a build",
        examples=(
            "osbs get-build app-main-12345-1",
            "osbs get-build app-main-12345-1 --output json",
        ),
    ),
    Command(
        "cancel-build",
        _BUILD_ID,
        help="cancel a build",
        examples=("osbs cancel-build app-main-12345-1",),
    ),
    Command(
        "import-image",
        CliOption("NAME", nargs=1, help="name of the image stream"),
        help="import the tags of an image stream",
        examples=("osbs import-image fedora",),
    ),
    Command(
        "get-token",
        _OC,
        server=MAYBE,
        help="show the OAuth token",
        examples=("osbs get-token --oc",),
    ),
    Command(
        "login",
        CliOption("--token", help="token to keep"),
        CliOption("-u", "--username", help="user name, asked for if missing"),
        CliOption("-p", "--password", help="password, asked for if missing"),
        help="log in and keep the token for later use",
        examples=(
            "osbs login",
            "osbs login --username me",
            "osbs --instance stage login --token TOKEN",
        ),
    ),
    Command(
        "get-user",
        CliOption("USERNAME", nargs="?", help="name of the user (default: who is logged in)"),
        help="show information about a user",
        examples=(
            "osbs get-user",
            "osbs get-user somebody --output json",
        ),
    ),
    Command(
        "build-logs",
        _BUILD_ID,
        _flag("-f", "--follow", help="follow the log while the build runs"),
        _flag("--wait-if-missing", help="wait for the build if there is none of that name yet"),
        _RAW,
        help="show or follow the log of a build",
        examples=(
            "osbs build-logs app-main-12345-1",
            "osbs build-logs --follow app-main-12345-1",
        ),
    ),
    Command(
        "get-quota",
        CliOption("QUOTA_NAME", nargs="?", help="name of the resource quota"),
        function="cmd_get_all_resource_quota",
        help="show one resource quota, or the names of all",
        examples=(
            "osbs get-quota",
            "osbs get-quota pause",
        ),
    ),
    Command(
        "build",
        *BUILD_OPTIONS,
        help="build an image",
        examples=(
            "osbs build --git-url URL --git-branch main --user me --target candidate",
            "osbs build --orchestrator -g URL -b main -u me --platforms x86_64,ppc64le",
        )
    ),
    Command(
        "get-build-image-id",
        _BUILD_ID,
        help="show the ids of the images of the build pod's containers",
        examples=("osbs get-build-image-id app-main-12345-1",),
    ),
    Command(
        "backup-builder",
        CliOption(
            "-f",
            "--filename",
            help='archive to write, "-" for standard output'
            " (default: osbs-backup-INSTANCE-TIME.tar.bz2)",
        ),
        _IGNORE_QUOTA_ERRORS,
        _CONTINUE_ON_ERROR,
        function="cmd_backup",
        help="dump the data of the builder (for admins)",
        examples=(
            "osbs backup-builder",
            "osbs backup-builder --filename - | ssh HOST 'cat > backup.tar.bz2'",
        ),
    ),
    Command(
        "restore-builder",
        CliOption("BACKUP_ARCHIVE", help='archive to read, "-" for standard input'),
        _CONTINUE_ON_ERROR,
        _IGNORE_QUOTA_ERRORS,
        function="cmd_restore",
        help="restore the data of the builder (for admins)",
        examples=(
            "osbs restore-builder osbs-backup-default-2026-05-01-101500.tar.bz2",
            "osbs restore-builder --continue-on-error backup.tar.bz2",
        ),
    ),
    Command(
        "print-token-url",
        description="show the URL of the page that gives out OAuth tokens",
    ),
    Command(
        "get-serviceaccount-token",
        CliOption("SERVICEACCOUNT", help="name of the service account"),
        _OC,
        function="cmd_serviceaccount_token",
        description="show the token of a service account",
        examples=("osbs get-serviceaccount-token builder --oc",),
    ),
    Command(
        "pause-builds",
        _PAUSE_QUOTA,
        help="keep new builds from starting and wait until none runs (for admins)",
        examples=("osbs pause-builds", "osbs pause-builds && osbs get-quota pause"),
    ),
    Command(
        "resume-builds",
        _PAUSE_QUOTA,
        help="let builds start again after pause-builds (for admins)",
    ),
    Command(
        "help",
        CliOption("COMMAND", nargs="?", help="sub-command (default: osbs itself)"),
        server=NEVER,
        help="show the help of osbs or of a sub-command",
        examples=("osbs help build",),
    ),
    Command(
        "version",
        server=NEVER,
        help="print the version",
    ),
    Command(
        "completion",
        CliOption(
            "SHELL",
            choices=(str("bash"), str("zsh"), str("fish")),
            metavar="SHELL",
            help="shell to print it for",
        ),
        server=NEVER,
        help="print the code that makes a shell complete osbs and osbs-sandbox",
        examples=(
            'eval "$(osbs completion bash)"',
            'eval "$(osbs completion zsh)"',
            "osbs completion fish | source",
        ),
    ),
)
