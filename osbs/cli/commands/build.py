"""``osbs build`` and ``build-logs``: submit a build, follow its log, print its result."""

from __future__ import absolute_import, print_function, unicode_literals

import logging
import sys

from osbs._typing import Any, Callable, Optional, Text  # noqa: F401
from osbs.cli.errors import MALFORMED, describe, one_line, resumable
from osbs.cli.output import (
    OutputClosed,
    in_one_line,
    is_terminal,
    print_json_nicely,
    write,
    write_line,
)

logger = logging.getLogger("osbs")


def cmd_build(args, osbs):
    # type: (Any, Any) -> Optional[int]
    """Create a build and, without --no-logs, wait until it ends.

    :param args: argparse.Namespace of the sub-command
    :param osbs: OSBS
    :return: None, or -1 when the build did not succeed
    """
    build_id = _create(args, osbs).get_build_name()
    with resumable("build-logs", "-f", build_id):
        if not args.no_logs:
            return _wait(args, osbs, build_id)
        build = osbs.wait_for_build_to_get_scheduled(build_id)
    if args.output == "json":
        print_json_nicely(build.json)
    else:
        write_line(in_one_line(build_id))
    return None


def cmd_build_logs(args, osbs):
    # type: (Any, Any) -> None
    """Print the log of a build, or follow it."""
    from osbs.cli.terminal import terminal_for

    build_id = args.BUILD_ID[0]
    screen = terminal_for(args) if args.follow else None

    def get_logs():
        logs = osbs.get_build_logs(
            build_id, follow=args.follow, wait_if_missing=args.wait_if_missing, decode=True
        )
        if logs is None:
            logger.warning("there are no logs of build %s yet", build_id)
        return logs

    with resumable("build-logs", "-f", build_id):
        if screen is not None:
            _watch(screen, args, osbs, build_id, get_logs)
            return
        logs = get_logs()
        if logs is not None and args.follow:
            for line in logs:
                write_line(line)
        elif logs is not None:
            write(logs)


def _create(args, osbs):
    # Callers may pass args with only those attributes that are read up to create(**keywords).
    if args.worker:
        create = osbs.create_worker_build
    elif args.orchestrator:
        create = osbs.create_orchestrator_build
    else:
        create = osbs.create_prod_build
    conf = osbs.build_conf
    keywords = {
        "git_uri": conf.get_git_uri(),
        "git_ref": conf.get_git_ref(),
        "git_branch": conf.get_git_branch(),
        "user": conf.get_user(),
        "tag": conf.get_tag(),
        "target": conf.get_koji_target(),
        "architecture": conf.get_architecture(),
        "yum_repourls": conf.get_yum_repourls(),
        "scratch": args.scratch,
        "platform": args.platform,
        "platforms": args.platforms,
        "release": args.release,
        "koji_parent_build": args.koji_parent_build,
        "isolated": args.isolated,
        "signing_intent": args.signing_intent,
        "compose_ids": args.compose_ids,
    }
    for name in ("arrangement_version", "koji_upload_dir"):
        if getattr(args, name):
            keywords[name] = getattr(args, name)
    if conf.get_flatpak():
        keywords["flatpak"] = True
    return create(**keywords)


def _wait(args, osbs, build_id):
    from osbs.cli.terminal import terminal_for

    screen = terminal_for(args)
    if screen is not None:
        build = _watch(screen, args, osbs, build_id, lambda: _follow(osbs, build_id))
        if build is None:
            return -1
        if is_terminal(sys.stdout) and is_terminal(sys.stderr):
            # The reason stands in the box already.
            return None if build.is_succeeded() else -1
        return report_failure(build)
    lines = _follow(osbs, build_id)
    if lines is None:
        return -1
    _show_logs(build_id, lines)
    osbs.wait_for_build_to_finish(build_id)
    build = osbs.get_build(build_id)
    _display_build_summary(build)
    return report_failure(build)


def _follow(osbs, build_id):
    osbs.wait_for_build_to_get_scheduled(build_id)
    logs = osbs.get_build_logs(build_id, follow=True, decode=True)
    if logs is None:
        logger.error("there is no log of build %s to follow yet", build_id)
        return None
    return _until_it_breaks(logs)


def _watch(screen, args, osbs, build_id, get_lines):
    """Show a build on a terminal; return the BuildResponse, or None if there is no log."""
    from osbs.cli import build_view

    with screen.status() as status:
        status.show("waiting for build %s" % build_id)
        lines = get_lines()
        if lines is None:
            return None
        build = build_view.watch(screen, status, osbs, build_id, lines, args.verbose)
    screen.write_lines(build_view.summary(screen, build))
    return build


def report_failure(build):
    # type: (Any) -> Optional[int]
    """Log why a build did not succeed.

    :param build: BuildResponse, finished
    :return: the result of the sub-command: None, or -1 when the build did not succeed
    """
    if build.is_succeeded():
        return None
    text = "build %s is %s" % (build.get_build_name(), build.status)
    reason = build.get_error_message()
    logger.error("%s", one_line("%s: %s" % (text, reason) if reason else text))
    return -1


def _until_it_breaks(logs):
    # How the build ends still decides the exit status.
    try:
        for line in logs:
            yield line
    except Exception as ex:
        logger.error("cannot follow the log any further: %s", one_line(describe(ex)))


def _show_logs(build_id, lines):
    try:
        write_line(
            "Build submitted (%s), watching logs (feel free to interrupt)" % in_one_line(build_id)
        )
        for line in lines:
            write_line(line)
    except OutputClosed:
        # Nobody reads the log any more, but how the build ends still decides the exit status.
        logger.debug("nobody reads the log any more")


def _display_build_summary(build):
    # type: (Any) -> None
    """Print how a build ended and which repositories hold its image.

    :param build: BuildResponse
    """
    write_line()
    write_line(in_one_line("build %s is %s" % (build.get_build_name(), build.status)))
    if not build.is_succeeded():
        return
    # The build succeeded all the same if they are malformed.
    found = value_of(build, "repositories", _repositories) or {}
    # Sorted, as Python 2 knows no order of keys: primary repositories come first.
    for kind, repositories in sorted(found.items()):
        if repositories:
            write_line("%s repositories:" % in_one_line(kind))
            for repository in repositories:
                write_line("\t%s" % in_one_line(repository))


def _repositories(build):
    return {kind: list(names or ()) for kind, names in (build.get_repositories() or {}).items()}


def value_of(build, what, function):
    # type: (Any, Text, Callable[[Any], Any]) -> Any
    """Return what a function finds in a build; if that is malformed, log a warning, return None.

    :param what: name of the value
    """
    try:
        return function(build)
    except MALFORMED:
        logger.warning("build %s: malformed %s", in_one_line(build.get_build_name()), what)
        return None
