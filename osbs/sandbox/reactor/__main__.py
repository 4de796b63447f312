"""Entry point of a build pod: ``python -m osbs.sandbox.reactor``."""

import logging
import os
import sys
import threading

from osbs.exceptions import OsbsException
from osbs.sandbox.reactor import log, runner, variables
from osbs.sandbox.reactor.context import BuildContext, ReactorError

logger = logging.getLogger("atomic_reactor.inner")


def watch_parent(stream=None):
    """
    End the process when the sandbox has ended, for whatever reason.

    The sandbox holds the other end of stdin and never writes; end of file means that it has ended,
    and with it the API server, so there is no server to report to.

    :param stream: binary stream; None: stdin
    """
    stream = sys.stdin.buffer if stream is None else stream

    def wait():
        os.read(stream.fileno(), 1)
        os._exit(1)

    threading.Thread(target=wait, name="watch-parent", daemon=True).start()


def main():
    """
    Run one build.

    :return: int, exit status: 0 if every plugin succeeded, else 1
    """
    log.install()
    runner.cancel_on_sigterm()
    watch_parent()
    try:
        failure = _run(os.environ)
    except runner.BuildCancelled:
        logger.error("build was cancelled")
        failure = "build was cancelled"
    except (OsbsException, ReactorError) as exc:
        logger.error("build failed: %s", exc)
        failure = str(exc)
    if failure is None:
        return 0
    _write_termination_message(failure)
    return 1


def _run(environ):
    context = BuildContext(environ)
    params = context.user_params
    logger.info(
        "sandbox: %s build of %s, no image is built",
        params.get("build_type", "all-in-one"),
        params.get("git_branch", log.OWN),
    )
    try:
        return runner.run_build(context)
    except runner.BuildCancelled:
        if context.orchestration is not None:
            context.orchestration.cancel()
        raise


def _write_termination_message(text):
    path = os.environ.get(variables.TERMINATION_LOG)
    if path:
        with open(path, "wb") as stream:
            stream.write(text.encode("utf-8")[: variables.MESSAGE_LIMIT])


if __name__ == "__main__":
    STATUS = main()
    sys.stdout.flush()
    # Threads that still follow a worker's log must not keep the pod running.
    os._exit(STATUS)
