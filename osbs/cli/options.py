"""The one table of sub-commands and options.

The parser, the completion, the help and the reference page in docs/ are made from it or checked
against it. Data only: it may import osbs.constants and nothing else of osbs.
"""

from __future__ import absolute_import, print_function, unicode_literals

from osbs.constants import (
    CLI_LIST_BUILDS_DEFAULT_COLS,
    CLI_WATCH_BUILDS_DEFAULT_COLS,
    DEFAULT_CONFIGURATION_FILE,
    DEFAULT_CONFIGURATION_SECTION,
    DEFAULT_GIT_REF,
)

# What an option does with its argument.
VALUE = "value"
APPEND = "append"
TRUE = "true"
FALSE = "false"
VERSION = "version"

# Whether a sub-command talks to the server: not at all (nor needs a configuration), perhaps, or
# always, so that a missing openshift_url is an error before anything is done.
NEVER = "never"
MAYBE = "maybe"
ALWAYS = "always"

DESCRIPTION = "OpenShift Build Service client"

EXIT_STATUSES = (
    (0, "done"),
    (1, "the build failed or was cancelled, or the request could not be carried out"),
    (2, "wrong usage"),
    (3, "authentication failed"),
    (4, "network error"),
    (130, "interrupted"),
)

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
)
WATCH_BUILDS_COLUMNS = (
    ("changetype", "CHANGE"),
    ("status", "STATUS"),
    ("created", "CREATED"),
    ("name", "NAME"),
)


# A namedtuple costs as much to make as all rows of the table.
class _Row(object):
    __slots__ = ()

    def __init__(self, **facts):
        for name in self.__slots__:
            setattr(self, name, facts.pop(str(name), None))
        if facts:
            raise TypeError("no such column: %s" % ", ".join(sorted(facts)))


class Option(_Row):
    """One option.

    ``exclusive`` names the group of options that shut each other out, ``title`` the headed group
    in the help. ``inherits``: a value given before the sub-command stays unless the option is
    given again. ``env``: environment variable with the default.
    """

    __slots__ = (
        "flags",
        "dest",
        "kind",
        "default",
        "metavar",
        "type",
        "choices",
        "required",
        "exclusive",
        "title",
        "inherits",
        "env",
        "help",
    )


class Positional(_Row):
    """One positional argument; ``nargs`` None: exactly one, kept as a plain string."""

    __slots__ = ("name", "nargs", "choices", "help")


class Command(_Row):
    """One sub-command; ``function`` is a name of osbs.cli.main.

    ``help`` None: no entry in the list of commands, only a description of its own.
    """

    __slots__ = ("name", "function", "server", "help", "description", "arguments")


def _option(flags, help, **facts):
    flags = tuple(flags.split())
    longest = [flag for flag in flags if flag.startswith("--")][0]
    row = {"dest": longest[2:].replace("-", "_"), "kind": VALUE, "required": False}
    row.update(facts, flags=flags, help=help)
    return Option(**row)


def _flag(flags, help, **facts):
    facts.setdefault("kind", TRUE)
    facts.setdefault("default", False)
    return _option(flags, help, **facts)


def _positional(name, help, nargs=1, choices=None):
    return Positional(name=name, nargs=nargs, choices=choices, help=help)


def _command(name, function, help, arguments=(), server=ALWAYS, description=None):
    return Command(
        name=name,
        function=function,
        server=server,
        help=help,
        description=description or help,
        arguments=tuple(arguments),
    )


def _columns(columns, default):
    return _option(
        "--columns",
        "columns of the table, separated by commas, of: %s (default: %s)"
        % (", ".join(key for key, _ in columns), ",".join(default)),
    )


_BUILD_ID = _positional("BUILD_ID", "name of the build")
_CONTINUE_ON_ERROR = _flag("--continue-on-error", "go on with what is left after an error")
_IGNORE_QUOTA_ERRORS = _flag(
    "--ignore-quota-errors", "go on when there is no right to pause builds by a resource quota"
)
_OC = _flag("--oc", 'show the token as an "oc login" command')

GLOBAL_OPTIONS = (
    # Booleans default to None: "not given", so that the configuration file counts.
    _flag("--verbose", "log everything, for debugging", default=None, exclusive="verbosity"),
    _flag("-q --quiet", "log warnings and errors only", exclusive="verbosity"),
    _option("-V --version", "print the version and exit", kind=VERSION, exclusive="verbosity"),
    _option("--openshift-uri", "base URL of OpenShift", metavar="URL"),
    _option("--registry-uri", "registry to which images get pushed", metavar="URL"),
    _option("--source-registry-uri", "registry from which base images come", metavar="URL"),
    _option(
        "--config",
        "configuration file (default: $OSBS_CONFIG, else %s)" % DEFAULT_CONFIGURATION_FILE,
        metavar="PATH",
        default=DEFAULT_CONFIGURATION_FILE,
        env="OSBS_CONFIG",
    ),
    _option(
        "--instance -i",
        "section of the configuration file (default: $OSBS_INSTANCE, else %s)"
        % DEFAULT_CONFIGURATION_SECTION,
        metavar="SECTION_NAME",
        default=DEFAULT_CONFIGURATION_SECTION,
        env="OSBS_INSTANCE",
    ),
    _option("--username", "user name for Basic authentication"),
    _option("--password", "password for Basic authentication"),
    _flag("--use-kerberos", "authenticate with Kerberos", default=None),
    _option("--client-cert", "file with the client certificate (PEM)"),
    _option("--client-key", "file with the key of the client certificate (PEM)"),
    _option("--kerberos-keytab", "keytab to get a ticket with"),
    _option("--kerberos-principal", "principal to get a ticket for"),
    _option("--kerberos-ccache", "credential cache for the ticket"),
    _flag("--verify-ssl", "check the server's certificate", default=None),
    _flag("--with-auth", "send an OAuth token with each request", dest="use_auth", default=None),
    _flag(
        "--without-auth", "do not send an OAuth token", dest="use_auth", default=None, kind=FALSE
    ),
    _option(
        "--output",
        "format of what is printed (default: text)",
        choices=("json", "text"),
        default="text",
    ),
    _option("--namespace", "namespace to work in", metavar="NAMESPACE"),
    _option("--capture-dir", "directory in which to save the server's answers", metavar="DIR"),
    _option("--token", "OAuth token", metavar="TOKEN"),
    _option("--token-file", "file with the OAuth token", metavar="TOKENFILE"),
)

_WORKER_ARGUMENTS = "arguments for --worker"
_ORCHESTRATOR_ARGUMENTS = "arguments for --orchestrator"

BUILD_OPTIONS = (
    _option("--build-json-dir", "directory with the build templates", metavar="PATH"),
    _option("-g --git-url", "URL of the git repository", metavar="URL", required=True),
    _option(
        "--git-commit",
        "commit or ref to build (default: %s)" % DEFAULT_GIT_REF,
        default=DEFAULT_GIT_REF,
    ),
    _option("-b --git-branch", "branch of the git repository", required=True),
    _option("-t --target", "koji target"),
    _flag("--flatpak", "build a Flatpak OCI image"),
    _option("-a --arch", "architecture to build for"),
    _option("-u --user", "prefix of the image repository", required=True),
    _option("-c --component", "not used: the Dockerfile's label names the component"),
    _option("-A --tag", "tag of the image, for simple builds only"),
    _flag("--no-logs", "end when the build is scheduled instead of following its log"),
    _option(
        "--add-yum-repo",
        "URL of a yum repo file, can be given again",
        dest="yum_repourls",
        kind=APPEND,
        metavar="URL",
    ),
    _option("--source-secret", "name of the secret for pulp"),
    _option("--cpu-limit", "limit of the CPU time of the build"),
    _option("--memory-limit", "limit of the memory of the build"),
    _option("--storage-limit", "limit of the storage of the build"),
    _flag("--scratch", "make a scratch build"),
    _option("--yum-proxy", "proxy put in yum repo files"),
    _option("--koji-parent-build", "koji build from which to take the parent image"),
    _option("--release", "value of the release label"),
    _flag("--isolated", "make an isolated build"),
    _option("--arrangement-version", "version of the arrangement of plugins", type=int),
    _option("--signing-intent", "override of the signing intent of the ODCS compose"),
    _option(
        "--compose-id",
        "ODCS compose to use, can be given again",
        dest="compose_ids",
        kind=APPEND,
        type=int,
    ),
    _option("--platform", "platform to build for", title=_WORKER_ARGUMENTS),
    _option("--koji-upload-dir", "path for uploads to koji", title=_WORKER_ARGUMENTS),
    _option(
        "--platforms",
        "platform to build for, can be given again; needed up to arrangement 5",
        kind=APPEND,
        metavar="PLATFORM",
        title=_ORCHESTRATOR_ARGUMENTS,
    ),
    _option("--source-registry-uri", "registry of the parent image", metavar="URL", inherits=True),
    _flag("--worker", "make a worker build", exclusive="kind"),
    _flag("--orchestrator", "make an orchestrator build", exclusive="kind"),
    _flag("--prod", "make a production build (default)", default=True, exclusive="kind"),
    _option(
        "--build-from",
        "image of the builder: image:SPEC or imagestream:SPEC",
        exclusive="builder",
    ),
    _option("--build-image", "image of the builder (older form)", exclusive="builder"),
    _option("--build-imagestream", "image stream of the builder (older form)", exclusive="builder"),
)

COMMANDS = (
    _command(
        "list-builds",
        "cmd_list_builds",
        "list builds",
        (
            _positional("FILTER", "show only images whose name has this text in it", nargs="?"),
            _columns(LIST_BUILDS_COLUMNS, CLI_LIST_BUILDS_DEFAULT_COLS),
            _flag("--running", "show only builds that are not finished"),
            _option(
                "--from-json",
                "read the builds from a file with a JSON array, not from the server",
                metavar="FILE",
            ),
        ),
    ),
    _command("watch-build", "cmd_watch_build", "wait till a build finishes", (_BUILD_ID,)),
    _command(
        "watch-builds",
        "cmd_watch_builds",
        "watch running builds",
        (_columns(WATCH_BUILDS_COLUMNS, CLI_WATCH_BUILDS_DEFAULT_COLS),),
    ),
    _command("get-build", "cmd_get_build", "show the details of a build", (_BUILD_ID,)),
    _command("cancel-build", "cmd_cancel_build", "cancel a build", (_BUILD_ID,)),
    _command(
        "import-image",
        "cmd_import_image",
        "import the tags of an image stream",
        (_positional("NAME", "name of the image stream"),),
    ),
    _command("get-token", "cmd_get_token", "show the OAuth token", (_OC,), server=MAYBE),
    _command(
        "login",
        "cmd_login",
        "log in and keep the token for later use",
        (
            _option("--token", "token to keep", inherits=True),
            _option("-u --username", "user name, asked for if missing", inherits=True),
            _option("-p --password", "password, asked for if missing", inherits=True),
        ),
    ),
    _command(
        "get-user",
        "cmd_get_user",
        "show information about a user",
        (_positional("USERNAME", "name of the user (default: who is logged in)", nargs="?"),),
    ),
    _command(
        "build-logs",
        "cmd_build_logs",
        "show or follow the log of a build",
        (
            _BUILD_ID,
            _flag("-f --follow", "follow the log while the build runs"),
            _flag("--wait-if-missing", "wait for the build if there is none of that name yet"),
        ),
    ),
    _command(
        "get-quota",
        "cmd_get_all_resource_quota",
        "show one resource quota, or the names of all",
        (_positional("QUOTA_NAME", "name of the resource quota", nargs="?"),),
    ),
    _command("build", "cmd_build", "build an image", BUILD_OPTIONS),
    _command(
        "get-build-image-id",
        "cmd_get_build_image_id",
        "show the ids of the images of the build pod's containers",
        (_BUILD_ID,),
    ),
    _command(
        "backup-builder",
        "cmd_backup",
        "dump the data of the builder (for admins)",
        (
            _option(
                "-f --filename",
                'archive to write, "-" for standard output'
                " (default: osbs-backup-INSTANCE-TIME.tar.bz2)",
            ),
            _IGNORE_QUOTA_ERRORS,
            _CONTINUE_ON_ERROR,
        ),
    ),
    _command(
        "restore-builder",
        "cmd_restore",
        "restore the data of the builder (for admins)",
        (
            _positional("BACKUP_ARCHIVE", 'archive to read, "-" for standard input', nargs=None),
            _CONTINUE_ON_ERROR,
            _IGNORE_QUOTA_ERRORS,
        ),
    ),
    _command(
        "print-token-url",
        "cmd_print_token_url",
        None,
        description="show the URL of the page that gives out OAuth tokens",
    ),
    _command(
        "get-serviceaccount-token",
        "cmd_serviceaccount_token",
        None,
        (_positional("SERVICEACCOUNT", "name of the service account", nargs=None), _OC),
        description="show the token of a service account",
    ),
    _command(
        "completion",
        "cmd_completion",
        "print the code that makes a shell complete osbs",
        (_positional("SHELL", "shell to print it for", nargs=None, choices=("bash", "zsh")),),
        server=NEVER,
        description="print the code that makes a shell complete osbs;"
        ' for use as: eval "$(osbs completion bash)"',
    ),
)
