"""
Create Builds from BuildConfigs: by instantiate, image change or configuration change.
"""

from osbs.sandbox.controllers import image_imports
from osbs.sandbox.kinds import builds, errors
from osbs.sandbox.state.store import Exists, Missing, Stale, name_of, namespace_of

BUILDS = errors.GroupResource("builds", builds.StrategyKind.group)
CONFIGS = errors.GroupResource("buildconfigs", builds.StrategyKind.group)
DEFAULT_ACCOUNT = "builder"

#: fields of ``spec`` that a Build gets from its BuildConfig
_OF_BUILDS = set(builds.COMMON_SPEC) - {"serviceAccount"}
MANUAL = [{"message": "Manually triggered"}]


class Instantiator:
    """
    Create Builds from BuildConfigs.

    :param store: store.Store
    :param delays: delays.Timing
    :param tasks: tasks.Tasks
    """

    def __init__(self, store, delays, tasks):
        self._store = store
        self._delays = delays
        self._tasks = tasks

    def start(self):
        """Watch image streams and BuildConfigs, and start builds for their triggers."""
        self._store.subscribe(self._on_event)
        for config in self._store.list("buildconfigs"):
            self._check_later(config)

    async def instantiate(self, namespace, name, request=None, triggered_by=None):
        """
        Start a build of a BuildConfig.

        Some time passes between reading and writing the BuildConfig, so concurrent requests fail
        with 409, as on the real server. The Build is created a moment after the BuildConfig is
        updated: a client that sees the new lastVersion may not find the Build yet.

        :param request: dict or None, the BuildRequest
        :param triggered_by: list or None, value of ``spec.triggeredBy``
        :raises errors.ApiError: 404, 409, 422, 500
        :return: dict, the new Build
        """
        request = request or {}
        config = self._store.get("buildconfigs", namespace, name)
        if config is None:
            raise errors.not_found(CONFIGS, name)
        wanted = request.get("lastVersion")
        if wanted is not None and wanted != config["status"]["lastVersion"]:
            why = (
                "the LastVersion({}) on build request does not match the LastVersion({}) on the "
                "build config"
            )
            raise errors.conflict(
                CONFIGS, name, why.format(wanted, config["status"]["lastVersion"])
            )
        await self._delays.sleep("instantiate")
        build = self._build(config, request, triggered_by)
        changed = dict(
            self._with_triggered_images(config),
            status={"lastVersion": config["status"]["lastVersion"] + 1},
        )
        try:
            self._store.update("buildconfigs", changed, config["metadata"]["resourceVersion"])
        except (Stale, Missing):
            raise errors.conflict(CONFIGS, name)
        await self._delays.sleep("late_build")
        try:
            return self._store.create("builds", build)
        except Exists:
            raise errors.already_exists(BUILDS, name_of(build))

    def _build(self, config, request, triggered_by):
        namespace = namespace_of(config)
        account = config["spec"].get("serviceAccount") or DEFAULT_ACCOUNT
        if self._store.get("serviceaccounts", namespace, account) is None:
            raise errors.internal(
                'Error getting push/pull secrets for service account {}/{}: serviceaccounts "{}" '
                "not found".format(namespace, account, account)
            )
        spec = {"serviceAccount": account}
        spec.update((key, config["spec"][key]) for key in config["spec"] if key in _OF_BUILDS)
        spec["strategy"] = self._strategy(config, request)
        spec["triggeredBy"] = triggered_by or request.get("triggeredBy") or MANUAL
        return {
            "metadata": _build_metadata(config, request),
            "spec": spec,
            "status": {
                "phase": builds.NEW,
                "config": {"kind": "BuildConfig", "namespace": namespace, "name": name_of(config)},
                "output": {},
            },
        }

    def _strategy(self, config, request):
        strategy = config["spec"]["strategy"]
        custom = strategy.get("customStrategy")
        if custom is None:
            return strategy
        image = self._resolve(namespace_of(config), custom["from"])
        return builds.with_base_image(strategy, image, request.get("env") or ())

    def _resolve(self, namespace, reference):
        if reference["kind"] != "ImageStreamTag":
            return reference["name"]
        target = reference.get("namespace") or namespace
        try:
            return image_imports.resolve(self._store, target, reference["name"])
        except image_imports.Unresolved as exc:
            message = "Error resolving ImageStreamTag {} in namespace {}: {}".format(
                reference["name"], target, exc
            )
            details = {"name": reference["name"], "kind": "ImageStreamTag"}
            details["causes"] = [{"message": message, "field": "from"}]
            raise errors.ApiError(422, message, "Invalid", details)

    # triggers

    def _on_event(self, event):
        if event.type == "DELETED":
            return
        if event.resource == "buildconfigs" and (
            event.old is None or event.old["spec"] != event.obj["spec"]
        ):
            self._check_later(event.obj)
        elif event.resource == "imagestreams" and (
            event.old is None or event.old["status"] != event.obj["status"]
        ):
            for config in self._store.list("buildconfigs", namespace_of(event.obj)):
                self._check_later(config)

    def _check_later(self, config):
        if config["spec"]["triggers"] and self._cause(config):
            self._tasks.spawn(self._check(namespace_of(config), name_of(config)))

    async def _check(self, namespace, name):
        await self._delays.sleep("trigger")
        for _ in range(10):
            config = self._store.get("buildconfigs", namespace, name)
            cause = self._cause(config) if config is not None else None
            if cause is None:
                return
            try:
                await self.instantiate(namespace, name, triggered_by=cause)
            except errors.ApiError as error:
                if error.code != 409:
                    return

    def _cause(self, config):
        """Return ``spec.triggeredBy`` if a trigger starts a build now, else None."""
        for trigger in config["spec"]["triggers"]:
            if trigger["type"] == "ConfigChange" and not config["status"]["lastVersion"]:
                return [{"message": "Build configuration change"}]
            image = self._new_image(config, trigger)
            if image:
                change = {"imageID": image, "fromRef": dict(_watched(config, trigger))}
                return [{"message": "Image change", "imageChangeBuild": change}]
        return None

    def _new_image(self, config, trigger):
        """Return the image if it is new to an image change trigger, else None."""
        reference = _watched(config, trigger)
        if reference is None:
            return None
        try:
            image = image_imports.resolve(
                self._store, reference.get("namespace") or namespace_of(config), reference["name"]
            )
        except image_imports.Unresolved:
            return None
        return image if image != trigger["imageChange"].get("lastTriggeredImageID") else None

    def _with_triggered_images(self, config):
        """Return the BuildConfig with the current images in its triggers."""
        triggers = []
        for trigger in config["spec"]["triggers"]:
            image = self._new_image(config, trigger)
            if image:
                change = {"lastTriggeredImageID": image}
                if "from" in trigger["imageChange"]:
                    change["from"] = trigger["imageChange"]["from"]
                trigger = dict(trigger, imageChange=change)
            triggers.append(trigger)
        return dict(config, spec=dict(config["spec"], triggers=triggers))


def _watched(config, trigger):
    """Return the reference that an image change trigger watches, or None for other triggers."""
    if trigger["type"] != "ImageChange":
        return None
    reference = (trigger.get("imageChange") or {}).get("from")
    reference = reference or builds.strategy_of(config).get("from")
    return reference if reference and reference.get("kind") == "ImageStreamTag" else None


def _build_metadata(config, request):
    name = name_of(config)
    number = config["status"]["lastVersion"] + 1
    own = {"buildconfig": name[:63], builds.CONFIG_LABEL: name[:63]}
    own[builds.POLICY_LABEL] = config["spec"]["runPolicy"]
    labels = dict(config["metadata"].get("labels") or {}, **own)
    annotations = {builds.CONFIG_LABEL: name, builds.NUMBER_ANNOTATION: str(number)}
    return {
        "name": "{}-{}".format(name, number),
        "namespace": namespace_of(config),
        "labels": builds.with_requested(request, "labels", labels),
        "annotations": builds.with_requested(request, "annotations", annotations),
        "ownerReferences": [builds.owner(config, "BuildConfig")],
    }
