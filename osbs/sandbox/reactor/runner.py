"""Run the plugins of a build, phase by phase, as atomic-reactor's plugin runners do."""

import datetime
import logging
import signal
import time

from osbs.sandbox.reactor import plugins
from osbs.sandbox.reactor.context import ReactorError

logger = logging.getLogger("atomic_reactor.plugin")

#: phases in order; the exit phase always runs, and completely
PHASES = (
    "prebuild_plugins",
    "buildstep_plugins",
    "prepublish_plugins",
    "postbuild_plugins",
    "exit_plugins",
)
EXIT_PHASE = "exit_plugins"


class BuildCancelled(BaseException):
    """The pod got SIGTERM; not an Exception, so that no plugin catches it."""


def cancel_on_sigterm():
    """Raise :class:`BuildCancelled` in the main thread at the first SIGTERM, ignore later ones."""

    def cancel(signum, frame):
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        raise BuildCancelled()

    signal.signal(signal.SIGTERM, cancel)


def run_build(context):
    """
    Run all phases of a build.

    :param context: BuildContext
    :return: str, error text, or None for success
    """
    phases = context.plugins()
    context.results["plugins-metadata"] = {"errors": context.errors, "durations": {}}
    context.results["plugins-metadata"]["timestamps"] = {}
    for phase in PHASES:
        if context.errors and phase != EXIT_PHASE:
            continue
        logger.info("running %s", phase.replace("_", " "))
        for plugin in phases.get(phase) or []:
            _run_plugin(context, plugin)
            if context.errors and phase != EXIT_PHASE:
                break
        if phase == "buildstep_plugins" and not phases.get(phase) and not context.errors:
            plugins.pretend_to_build(context)
    for name, text in context.errors.items():
        return "plugin {!r} failed: {}".format(name, text)
    return None


def _run_plugin(context, plugin):
    name = plugin.get("name")
    function = plugins.find(name)
    if function is None and not plugin.get("required", True):
        logger.warning("no such plugin: %r, not required", name)
        return
    metadata = context.results["plugins-metadata"]
    metadata["timestamps"][name] = _now()
    pretended = " (pretended)" if function is plugins.pretend else ""
    logger.info("running plugin %r%s", name, pretended)
    started = time.monotonic()
    try:
        if function is None:
            raise ReactorError("no such plugin, did you set the correct plugin type?")
        _fail_if_asked(context, name)
        context.results[name] = function(context, plugin.get("args") or {})
    except Exception as exc:  # a plugin may raise anything; the build then fails with its text
        logger.error("plugin %r raised an exception: %s", name, exc)
        context.errors[name] = str(exc)
    finally:
        metadata["durations"][name] = round(time.monotonic() - started, 3)


def _now():
    return datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.%f")


def _fail_if_asked(context, name):
    """Fail if listed in ``sandbox.fail`` of the reactor config: plugin, platform, message."""
    for wish in context.sandbox_setting("fail", []):
        platform = wish.get("platform")
        if wish.get("plugin") == name and platform in (None, context.user_params.get("platform")):
            raise ReactorError(wish.get("message") or "failure asked for by the reactor config")
