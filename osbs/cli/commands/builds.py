"""Sub-commands about existing builds and images."""

from __future__ import absolute_import, print_function, unicode_literals

import logging
import sys
from collections import OrderedDict

from osbs._compat import to_text
from osbs._typing import Any, Dict, Optional, Text  # noqa: F401
from osbs.cli import options
from osbs.cli.commands.build import report_failure, value_of
from osbs.cli.parser import did_you_mean
from osbs.cli.errors import MALFORMED, CommandError, UsageError, resumable, tolerant
from osbs.cli.output import in_one_line, print_json_nicely, say, write, write_line
from osbs.constants import BUILD_FINISHED_STATES
from osbs.exceptions import OsbsException

logger = logging.getLogger("osbs")

_COLUMNS_ON_SCREEN = ["created", "status", "name", "reason"]
_WIDE = "name,status,age,duration,image,koji_build_id,reason"

_NOT_REPORTED = "(not reported)"
_UNSET = "(unset)"
_INVALID = "(invalid value)"

# A table that grows has its widths before its rows are known: these are as long as values usually
# are.
_EXPECTED = {
    "changetype": "modified",
    "status": _NOT_REPORTED,
    "created": "Wed May  1 10:00:00 2024",
    "name": "repo-branch-f7644-1",
    "reason": "Error in plugin dockerbuild: no space left",
}
_EXPECTED_ON_SCREEN = dict(
    _EXPECTED,
    status="Cancelled",
    created="2024-05-01T10:00:00Z",
    name="docker-hello-world-osbs-box-demo-f7644-1",
    reason="Error in plugin dockerbuild: the command returned a non-zero code: 1",
)


def cmd_list_builds(args, osbs):
    # type: (Any, Any) -> None
    """List the builds of the namespace, or of a file."""
    text = args.columns or (_WIDE if args.output == "wide" else None)
    known = options.LIST_BUILDS_COLUMNS
    columns = _chosen_columns(text, options.CLI_LIST_BUILDS_DEFAULT_COLS, known)
    _chosen_columns(getattr(args, "sort", None), [], known, "--sort")
    if args.from_json:
        builds = _builds_of_file(args.from_json)
    elif args.running:
        builds = osbs.list_builds(running=True)
    else:
        builds = osbs.list_builds()
    builds = _selected(builds, args)
    if not builds:
        place = args.from_json or osbs.os_conf.get_namespace()
        such = " such" if args.running or args.FILTER else ""
        say(args, "No%s builds in %s" % (such, place))
    _print_builds(builds, columns, args)


def _selected(builds, args):
    """Return the builds that are asked for, in order."""
    sort, limit = getattr(args, "sort", None), getattr(args, "limit", None)
    wanted = [build for build in builds if _is_wanted(build, args)]
    # Programs get the order of the server unless they ask for another.
    if sort or limit is not None or args.output not in ("json", "yaml"):
        key = _SORT_KEYS.get(sort or "time_created")
        wanted.sort(key=key or (lambda build: _text_of(build, sort)))
    return wanted if limit is None else wanted[max(0, len(wanted) - limit) :]


def _is_wanted(build, args):
    if args.running and not tolerant(build.is_in_progress):
        return False
    return not args.FILTER or args.FILTER in _text_of(build, "image")


def _print_builds(builds, columns, args):
    if args.output == "json":
        print_json_nicely([build.json for build in builds])
    elif args.output == "yaml":
        import yaml

        write(yaml.safe_dump([build.json for build in builds], default_flow_style=False))
    elif args.output == "name":
        for build in builds:
            write_line(in_one_line(build.get_build_name()))
    else:
        _print_table(builds, columns, args)


def _print_table(builds, columns, args):
    from osbs.cli.terminal import terminal_for

    header = dict(options.LIST_BUILDS_COLUMNS)
    rows = [{column: _text_of(build, column) for column in columns} for build in builds]
    screen = terminal_for(args)
    if not screen:
        from osbs.cli.render import TablePrinter

        TablePrinter([header] + rows, columns).render()
    elif rows:
        cells = [_cells(row, columns) for row in rows]
        screen.write_lines(screen.table([header[column] for column in columns], cells))


def _cells(row, columns):
    """Return the values of a row as they stand on a screen."""
    from osbs.cli.terminal import phase

    return [phase(row[column]) if column == "status" else row[column] for column in columns]


def cmd_watch_build(args, osbs):
    # type: (Any, Any) -> Optional[int]
    """Wait till a build finishes; -1 when it did not succeed."""
    build_id = args.BUILD_ID[0]
    with resumable("watch-build", build_id):
        build = osbs.wait_for_build_to_finish(build_id)
    if args.output == "json":
        print_json_nicely(build.json)
    if build.is_succeeded():
        took = _duration(build)
        say(args, "build %s is %s%s" % (build_id, build.status, took and " (%s)" % took))
    return report_failure(build)


def cmd_watch_builds(args, osbs):
    # type: (Any, Any) -> None
    """Print a row for each change of a build that is not finished."""
    import json

    from osbs.cli.terminal import terminal_for

    screen = terminal_for(args)
    default = _COLUMNS_ON_SCREEN if screen else options.CLI_WATCH_BUILDS_DEFAULT_COLS
    columns = _chosen_columns(args.columns, default, options.WATCH_BUILDS_COLUMNS)
    with resumable("watch-builds"):
        if args.output == "json":
            for row in _event_rows(osbs):
                write_line(json.dumps(row))
        elif screen:
            _show_events(screen, osbs, columns)
        else:
            _print_events(osbs, columns)


def cmd_get_build(args, osbs):
    # type: (Any, Any) -> None
    """Show the details of a build."""
    build = osbs.get_build(args.BUILD_ID[0])
    if args.output == "json":
        print_json_nicely(build.json)
        return
    from osbs.cli.terminal import terminal_for

    screen = terminal_for(args)
    if screen:
        from osbs.cli import build_details

        build_details.show(screen, build)
    else:
        _print_build(build)


def _print_build(build):
    facts = [
        ("BUILD ID", build.get_build_name()),
        ("STATUS", _value_of(build, "status")),
        ("IMAGE", build.get_image_tag()),
        ("DATE", build.get_time_created()),
    ]
    base_image = build.get_base_image_name() or _UNSET
    sections = [
        ("DOCKERFILE", build.get_dockerfile()),
        ("COMMIT ID", in_one_line(build.get_commit_id())),
        ("BASE IMAGE ID (FROM %s)" % base_image, in_one_line(build.get_base_image_id() or _UNSET)),
        ("IMAGE ID", in_one_line(build.get_image_id() or _UNSET)),
        ("KOJI BUILD ID", in_one_line(build.get_koji_build_id() or _UNSET)),
        ("REPOSITORIES", _value_of(build, "repositories") or _INVALID),
        ("V2 DIGESTS", _value_of(build, "digests") or _INVALID),
    ]
    worker_builds = _worker_builds_str(build)
    if worker_builds:
        sections.append(("WORKER BUILDS", worker_builds))
    for name, value in facts:
        write_line("%s: %s" % (name, in_one_line(value)))
    for heading, text in sections:
        write_line("\n%s\n\n%s" % (in_one_line(heading), text))


def cmd_cancel_build(args, osbs):
    # type: (Any, Any) -> None
    """Cancel a build."""
    build_id = args.BUILD_ID[0]
    build = osbs.cancel_build(build_id)
    if build.is_finished():
        say(args, "build %s is already %s" % (build_id, build.status))
    else:
        say(args, "cancellation of build %s requested" % build_id)


def cmd_import_image(args, osbs):
    # type: (Any, Any) -> Optional[int]
    """Import the tags of an image stream; -1 when the server did not."""
    name = args.NAME[0]
    if osbs.import_image(name) is False:
        logger.error("the tags of image stream %s were not imported", name)
        return -1
    say(args, "the tags of image stream %s are imported" % name)
    return None


def cmd_get_build_image_id(args, osbs):
    # type: (Any, Any) -> None
    """Show the ids of the images of the build pod's containers."""
    image_ids = osbs.get_pod_for_build(args.BUILD_ID[0]).get_container_image_ids()
    if args.output == "json":
        print_json_nicely(image_ids)
        return
    row = "{0:18} {1:64}".format
    write_line(row("TAG", "IMAGE ID"), sys.stderr)
    for tag, image_id in image_ids.items():
        write_line(row(in_one_line(tag), in_one_line(image_id)))


def make_digests_str(digests):
    # type: (Any) -> Text
    """Return the digests of an image, one a line.

    :param digests: list of dicts with registry, repository, tag and digest; or None
    """
    if digests is None:
        return _UNSET
    if not digests:
        return "(empty)"
    line = "%(registry)s/%(repository)s:%(tag)s %(digest)s"
    try:
        return _lines(line % digest for digest in digests)
    except (KeyError, TypeError):
        return _INVALID


def make_worker_builds_str(worker_builds):
    # type: (Dict[Text, Any]) -> Text
    """Return a block of text for each platform's worker build.

    :param worker_builds: dict, platform -> dict with build and digests
    """
    return "\n\n".join(
        _worker_build_str(platform, worker_build)
        for platform, worker_build in worker_builds.items()
    )


def _worker_build_str(platform, worker_build):
    build = worker_build.get("build") or {}
    names = ("build-name", "cluster-url", "namespace")
    parts = [
        "%s WORKER BUILD" % in_one_line(platform),
        "%s on %s (%s)" % tuple(in_one_line(build.get(name, _UNSET)) for name in names),
        "%s V2 DIGESTS" % in_one_line(platform),
        make_digests_str(worker_build.get("digests", [])),
    ]
    return "\n\n".join(parts)


def _worker_builds_str(build):
    from osbs._json import load_json

    text = (build.get_annotations() or {}).get("worker-builds")
    try:
        worker_builds = load_json(text or "{}", object_pairs_hook=OrderedDict)
        return make_worker_builds_str(worker_builds)
    except MALFORMED:
        name = in_one_line(build.get_build_name())
        logger.warning("annotation worker-builds of %s is malformed", name)
        return ""


def _repositories_str(repositories):
    if not (repositories and repositories.get("primary")):
        return _UNSET
    return "Primary\n\n{0}\n\nUnique\n\n{1}".format(
        _lines(repositories["primary"]), _lines(repositories.get("unique") or [])
    )


def _lines(values):
    return "\n".join(in_one_line(value) for value in values)


def _chosen_columns(text, default, known, option="--columns"):
    """Return the columns that an option names; checked before any request is sent."""
    columns = text.split(",") if text else default
    names = [key for key, _ in known]
    for column in columns:
        if column not in names:
            raise UsageError(
                "there is no column %s; %s takes: %s" % (column or "''", option, ", ".join(names)),
                hint=did_you_mean(column, names),
            )
    return columns


def _builds_of_file(path):
    from osbs.build.build_response import BuildResponse
    from osbs._json import load_json

    try:
        with open(path, "rb") as infile:
            builds = load_json(to_text(infile.read()))
    except (EnvironmentError, ValueError) as ex:
        raise CommandError("cannot read builds from %s: %s" % (path, ex), cause=ex)
    if not isinstance(builds, list) or not all(isinstance(build, dict) for build in builds):
        raise CommandError("%s does not hold a JSON array of Build objects" % path)
    return [BuildResponse(build) for build in builds]


def _primary_image(build):
    from osbs.utils import strip_registry_from_image

    primary = (build.get_repositories() or {}).get("primary")
    return strip_registry_from_image(primary[0]) if primary else ""


def _age(build):
    from osbs.cli import build_details
    from osbs.cli.terminal import duration

    seconds = build_details.age(build)
    if seconds is None:
        return ""
    # Of minutes and more, nobody counts the seconds.
    return duration(seconds if seconds < 60 else seconds // 60 * 60)


def _duration(build):
    from osbs.cli.terminal import duration

    seconds = build.get_duration()
    return "" if seconds is None else duration(seconds)


def _reason(build):
    from osbs.cli import build_details

    return build_details.reason(build)


# Columns that do not sort by their text; a build without the number comes first.
_SORT_KEYS = {
    "age": lambda build: tolerant(lambda: -build.get_time_created_in_seconds()) or 0,
    "duration": lambda build: tolerant(build.get_duration) or 0,
    "time_created": lambda build: tolerant(build.get_time_created_in_seconds) or 0,
}
_VALUES = {
    "name": lambda build: build.get_build_name(),
    "status": lambda build: build.status,
    "image": _primary_image,
    "unique_image": lambda build: build.get_image_tag(),
    "image_id": lambda build: build.get_image_id(),
    "base_image": lambda build: build.get_base_image_name(),
    "base_image_id": lambda build: build.get_base_image_id(),
    "commit": lambda build: build.get_commit_id(),
    "koji_build_id": lambda build: build.get_koji_build_id(),
    "time_created": lambda build: build.get_time_created(),
    "age": _age,
    "duration": _duration,
    "reason": _reason,
    "repositories": lambda build: _repositories_str(build.get_repositories()),
    "digests": lambda build: make_digests_str(build.get_digests()),
}


def _value_of(build, what):
    """Return a value of a build, None and a warning if it is malformed."""
    return value_of(build, what, _VALUES[what])


def _text_of(build, column):
    # One build with an odd annotation must not hide all others.
    return to_text(_value_of(build, column) or "")


def _event_rows(osbs, on_screen=False, with_outcome=False):
    """Generate what to show of each event: dicts, column -> text, in order."""
    from osbs.utils import get_path

    selector = ",".join("status!=%s" % state.capitalize() for state in BUILD_FINISHED_STATES)
    for changetype, obj in osbs.watch_builds(field_selector=selector):
        name = get_path(obj, "metadata", "name")
        if not name:
            logger.error("an event of type %s names no build", in_one_line(changetype))
            continue
        timestamp = get_path(obj, "metadata", "creationTimestamp")
        created = timestamp if on_screen else _local_time(timestamp) or _NOT_REPORTED
        row = OrderedDict(
            [
                ("changetype", changetype),
                ("name", name),
                ("status", get_path(obj, "status", "phase") or _NOT_REPORTED),
                ("created", created),
            ]
        )
        if with_outcome:
            _add_outcome(row, osbs)
        yield row


def _local_time(timestamp):
    import time

    from osbs.utils import get_time_from_rfc3339

    return tolerant(lambda: time.ctime(get_time_from_rfc3339(timestamp)))


def _add_outcome(row, osbs):
    """Add the final phase and the reason to a row of a build that ended.

    Watched are builds that are not finished, so it is seen to go, with the phase before.
    """
    row["reason"] = ""
    if row["changetype"] != "deleted":
        return
    try:
        build = osbs.get_build(row["name"])
        row["status"] = build.json["status"]["phase"]
        row["reason"] = _reason(build) or ""
    except (OsbsException,) + MALFORMED:
        logger.debug("build %s is gone", row["name"])


def _print_events(osbs, columns):
    """Print a table that grows and keeps no history; its header stands before the first row."""
    from osbs.cli.render import TablePrinter

    printer = TablePrinter([dict(options.WATCH_BUILDS_COLUMNS), _EXPECTED], columns)
    for number, row in enumerate(_event_rows(osbs, with_outcome="reason" in columns)):
        if number == 0:
            printer.render_header()
        printer.render_row(row)


def _show_events(screen, osbs, columns):
    """The same for people: times as RFC 3339, colours, and how builds ended."""
    from osbs.cli.terminal import Table

    header = dict(options.WATCH_BUILDS_COLUMNS)
    expected = _cells(_EXPECTED_ON_SCREEN, columns)
    table = Table(screen, [header[column] for column in columns], [expected])
    screen.write_line(table.header())
    for row in _event_rows(osbs, on_screen=True, with_outcome=True):
        screen.write_line(table.row(_cells(row, columns)))
