"""Backup and restore of the builder's data."""

from __future__ import absolute_import, print_function, unicode_literals

import contextlib
import logging
import os
import sys
import time

from osbs._typing import Any, Optional  # noqa: F401
from osbs.cli.errors import CommandError
from osbs.cli.output import binary, is_terminal, say, write, write_over
from osbs.constants import BACKUP_RESOURCES, MAX_BACKUP_VALUES

logger = logging.getLogger("osbs")

_QUOTA_NAME = "pause-backup"
# Objects that one request asks for.
_PAGE_SIZE = 500
# Bytes of one kind of objects that are kept in memory before they go to a temporary file.
_SPOOL_SIZE = 8 * 1024 * 1024
_COUNTS = "{created} created, {existing} existing, {failed} failed"
_STANDARD_STREAM = "-"
# Added to the number of a signal: the exit status that shells give to a command that it ended.
_SIGNALLED = 128


def cmd_backup(args, osbs):
    # type: (Any, Any) -> None
    """Dump the builder's BuildConfigs and ImageStreams into an archive."""
    from osbs.utils import TarWriter

    # A path in the name of an instance is no reason to write elsewhere.
    instance = args.instance.replace(os.sep, "_")
    directory = "osbs-backup-%s-%s" % (instance, time.strftime(str("%Y-%m-%d-%H%M%S")))
    # Opened first: nobody should wait for running builds to hear of a wrong file name.
    with _archive(args, directory) as outfile:
        with _paused(osbs, args):
            with TarWriter(outfile, directory) as writer:
                for resource_type in BACKUP_RESOURCES:
                    _dump(osbs, resource_type, writer, args)


def cmd_restore(args, osbs):
    # type: (Any, Any) -> Optional[int]
    """Create the objects of a backup; -1 when some could not be created."""
    path = args.BACKUP_ARCHIVE
    try:
        infile = binary(sys.stdin) if path == _STANDARD_STREAM else open(path, "rb")
    except EnvironmentError as ex:
        raise CommandError("cannot read %s: %s" % (path, ex.strerror), cause=ex)
    try:
        # All of it, before builds are paused: an archive that is broken must not stop them.
        lists = _read_lists(path, infile)
    finally:
        if path != _STANDARD_STREAM:
            infile.close()
    failed = 0
    with _paused(osbs, args):
        for resource_type, resources in lists:
            counts = osbs.restore_resource(
                resource_type, resources, continue_on_error=args.continue_on_error
            )
            if counts:
                say(args, "%s: " % resource_type + _COUNTS.format(**counts))
                failed += counts["failed"]
    return -1 if failed else None


@contextlib.contextmanager
def _paused(osbs, args):
    """Pause builds, and resume them even if a signal ends the program.

    The first signal raises an exception; further ones are ignored, so that they do not interrupt
    resuming.
    """
    import signal

    from osbs.utils import paused_builds

    defaults = {
        signal.SIGTERM: signal.SIG_DFL,
        signal.SIGHUP: signal.SIG_DFL,
        signal.SIGINT: signal.default_int_handler,
    }
    # Who ignores one of them, as nohup does, goes on ignoring it.
    caught = [number for number in defaults if signal.getsignal(number) == defaults[number]]

    def handle(handler):
        for number in caught:
            signal.signal(number, handler)

    def end(number, _frame):
        handle(signal.SIG_IGN)
        if number == signal.SIGINT:
            raise KeyboardInterrupt()
        raise SystemExit(_SIGNALLED + number)

    try:
        handle(end)
    except ValueError:  # only the main thread may do so
        caught = []
    try:
        with paused_builds(osbs, _QUOTA_NAME, args.ignore_quota_errors):
            try:
                yield
            finally:
                handle(signal.SIG_IGN)
    finally:
        for number in caught:
            signal.signal(number, defaults[number])


@contextlib.contextmanager
def _archive(args, directory):
    """Give the file object for the archive.

    A file gets its name when it is complete: what has the name can be restored. Only the owner may
    read it: BuildConfigs hold what was given to builds.
    """
    import tempfile

    if args.filename == _STANDARD_STREAM:
        yield binary(sys.stdout)
        binary(sys.stdout).flush()
        return
    path = os.path.realpath(args.filename or "%s.tar.bz2" % directory)
    unfinished = None
    try:
        if os.path.exists(path) and not os.path.isfile(path):
            # A device or a pipe cannot be replaced, only written to.
            outfile = open(path, "wb")
        else:
            handle, unfinished = tempfile.mkstemp(prefix=".osbs-backup-", dir=os.path.dirname(path))
            outfile = os.fdopen(handle, "wb")
    except EnvironmentError as ex:
        raise CommandError("cannot write %s: %s" % (path, ex.strerror), cause=ex)
    try:
        with outfile:
            yield outfile
            outfile.flush()
            if unfinished:
                os.fsync(outfile.fileno())
        if unfinished:
            os.rename(unfinished, path)
    except BaseException:
        if unfinished:
            os.unlink(unfinished)
        raise
    if unfinished:
        say(args, "backup written to %s" % path)


def _dump(osbs, resource_type, writer, args):
    import tempfile

    try:
        with tempfile.SpooledTemporaryFile(max_size=_SPOOL_SIZE) as spool:
            with _progress(resource_type, args) as show:
                _write_list(_pages(osbs, resource_type), spool, show)
            size = spool.tell()
            spool.seek(0)
            writer.write_stream("%s.json" % resource_type, spool, size)
    except Exception:
        if not args.continue_on_error:
            raise
        logger.warning("cannot dump %s", resource_type, exc_info=True)


def _pages(osbs, resource_type):
    # What stands in for the facade may know whole lists only.
    if hasattr(osbs, "dump_pages"):
        return osbs.dump_pages(resource_type, _PAGE_SIZE)
    return [osbs.dump_resource(resource_type, page_size=_PAGE_SIZE)]


def _write_list(pages, outfile, show):
    """Write the pages of a list as one list object, holding no more than a page in memory."""
    import json

    def put(text):
        outfile.write(text.encode("ascii"))

    count = 0
    for number, page in enumerate(pages):
        if number == 0:
            put(json.dumps(_head(page))[:-1] + ', "items": [')
        for item in page.get("items") or []:
            put((", " if count else "") + json.dumps(item))
            count += 1
        show(count)
    put("]}")


def _head(page):
    """Return a list object without its items and without what makes it one page of many."""
    metadata = dict(page.get("metadata") or {})
    for key in ("continue", "remainingItemCount"):
        metadata.pop(key, None)
    return dict({key: value for key, value in page.items() if key != "items"}, metadata=metadata)


@contextlib.contextmanager
def _progress(resource_type, args):
    """Give a function that shows on a terminal how many objects there are so far."""
    if getattr(args, "quiet", False) or not is_terminal(sys.stderr):
        yield lambda count: None
        return
    try:
        yield lambda count: write_over("%s: %d" % (resource_type, count), sys.stderr)
    finally:
        write("\n", sys.stderr)


def _read_lists(path, infile):
    """Return type and list object of each member of an archive that can be restored."""
    from osbs.exceptions import OsbsValidationException
    from osbs.utils import TarReader

    lists = []
    try:
        for member in TarReader(infile):
            resource_type = os.path.basename(member.filename).split(".")[0]
            if resource_type not in BACKUP_RESOURCES:
                logger.warning("%s: skipping %s", path, member.filename)
                continue
            with contextlib.closing(member.fileobj):
                lists.append((resource_type, _decoded(member)))
    except OsbsValidationException as ex:
        raise CommandError("cannot restore from %s: %s" % (path, ex.message), cause=ex)
    return lists


def _decoded(member):
    from osbs._json import load_json

    content = member.fileobj.read()
    if sum(content.count(mark) for mark in (b",", b"[", b"{")) > MAX_BACKUP_VALUES:
        raise CommandError("%s has more than %d values" % (member.filename, MAX_BACKUP_VALUES))
    try:
        resources = load_json(content.decode("ascii"))
    except ValueError as ex:
        raise CommandError("%s is not JSON: %s" % (member.filename, ex), cause=ex)
    # Servers write null for an empty list.
    items = resources.get("items", 0) if isinstance(resources, dict) else 0
    if items is not None and not isinstance(items, list):
        raise CommandError("%s is not a list object of OpenShift" % member.filename)
    return resources
