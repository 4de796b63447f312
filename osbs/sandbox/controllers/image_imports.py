"""Image streams: imports, tags as views of streams, and the image that a reference resolves to."""

import uuid

from osbs.sandbox.controllers.image_registry import docker_image, empty_image
from osbs.sandbox.kinds import errors, images
from osbs.sandbox.kinds.pull_spec import PullSpec
from osbs.sandbox.kinds.timestamps import rfc3339
from osbs.sandbox.state.store import (
    Missing,
    name_of,
    namespace_of,
    with_annotation,
    with_metadata,
)

IMAGE_GROUP = "image.openshift.io"
STREAMS = errors.GroupResource("imagestreams", IMAGE_GROUP)
TAGS = errors.GroupResource("imagestreamtags", IMAGE_GROUP)


class Unresolved(Exception):
    """A reference to an image stream tag cannot be resolved."""


def newest(store, namespace, name, followed=()):
    """
    Return the newest item of a tag's history; follows a tag that refers to another one.

    :param name: str, ``stream:tag``
    :param followed: tuple of str, tags followed so far, to stop at a cycle
    :return: dict or None
    """
    stream_name, _, tag = name.partition(":")
    stream = store.get("imagestreams", namespace, stream_name)
    if stream is None or (namespace, name) in followed:
        return None
    item = images.latest_image(stream, tag)
    source = (images.spec_tag(stream, tag) or {}).get("from") or {}
    if item is not None or source.get("kind") != "ImageStreamTag":
        return item
    target = source.get("name", "")
    target = target if ":" in target else "{}:{}".format(stream_name, target)
    way = followed + ((namespace, name),)
    return newest(store, source.get("namespace") or namespace, target, way)


def resolve(store, namespace, name):
    """
    Return the pull specification of the newest image of a tag.

    :param name: str, ``stream:tag``
    :raises Unresolved: with the message of the real server
    """
    stream_name = name.partition(":")[0]
    if store.get("imagestreams", namespace, stream_name) is None:
        raise Unresolved('{} "{}" not found'.format(STREAMS, stream_name))
    item = newest(store, namespace, name)
    if item is None:
        raise Unresolved("unable to find latest tagged image")
    return item["dockerImageReference"]


class TagView:
    """
    Read and write tags of image streams.

    :param store: store.Store
    :param registry: image_registry.Registry
    """

    def __init__(self, store, registry):
        self._store = store
        self._registry = registry

    def split(self, name):
        """
        Return stream and tag of a tag's name.

        :raises errors.ApiError: 400 without a colon
        """
        stream, colon, tag = name.partition(":")
        if not colon or not stream or not tag:
            raise errors.bad_request("ImageStreamTags must be retrieved with <name>:<tag>")
        return stream, tag

    def get(self, namespace, name, legacy):
        """
        Return an ImageStreamTag.

        :param legacy: errors.GroupResource of the request
        :raises errors.ApiError: 404 when stream, tag or its image is not found
        """
        stream, tag = self._stream(namespace, name, legacy)
        if newest(self._store, namespace, name) is None:
            raise errors.not_found(TAGS, name)
        return self.view(stream, tag)

    def _stream(self, namespace, name, legacy):
        """Return stream and tag of an ImageStreamTag's name."""
        stream_name, tag = self.split(name)
        stream = self._store.get("imagestreams", namespace, stream_name)
        if stream is None:
            raise errors.not_found(legacy, stream_name)
        return stream, tag

    def list(self, namespace):
        """Return the ImageStreamTags of a project that have an image."""
        return [
            self.view(stream, entry["tag"])
            for stream in self._store.list("imagestreams", namespace)
            for entry in stream["status"].get("tags") or ()
            if entry["items"]
        ]

    def view(self, stream, tag):
        """Return the ImageStreamTag of a stream's tag, with an empty image before its import."""
        name = "{}:{}".format(name_of(stream), tag)
        item = newest(self._store, namespace_of(stream), name)
        kept = ("namespace", "uid", "resourceVersion", "creationTimestamp")
        metadata = dict({"name": name}, **{key: stream["metadata"][key] for key in kept})
        if item:
            metadata["creationTimestamp"] = item["created"]
        result = {"metadata": metadata}
        spec = images.spec_tag(stream, tag)
        if spec is not None:
            result["tag"] = spec
        result["generation"] = item["generation"] if item else 0
        result["lookupPolicy"] = stream["spec"]["lookupPolicy"]
        result["image"] = self._image(item) if item else empty_image()
        return result

    def _image(self, item):
        stored = self._store.get("images", "", item["image"])
        if stored is None:
            return empty_image()
        # Several repositories may have the same image; the tag names the right one.
        return dict(stored, dockerImageReference=item["dockerImageReference"])

    def put(self, namespace, obj, legacy):
        """
        Create or replace a tag; creates the stream if missing.

        :param obj: dict, decoded ImageStreamTag
        :return: tuple, the ImageStreamTag and whether it is new
        :raises errors.ApiError: 400, 409, 422
        """
        name = obj["metadata"]["name"]
        stream_name, tag = self.split(name)
        old = self._store.get("imagestreams", namespace, stream_name)
        given = obj["metadata"].get("resourceVersion")
        if old is not None and given and given != old["metadata"]["resourceVersion"]:
            why = "another caller has updated the resource version to "
            raise errors.conflict(TAGS, name, why + old["metadata"]["resourceVersion"])
        spec = dict(obj.get("tag") or {}, name=tag)
        source = spec.get("from") or {}
        if source.get("kind") == "DockerImage":
            refusal = self._registry.refusal(source.get("name", ""))
            if refusal:
                cause = errors.Cause.refused("tag.from.name", refusal)
                raise errors.invalid("ImageStreamTag", name, [cause])
        is_new = old is None or images.spec_tag(old, tag) is None
        stream = self.write(namespace, stream_name, spec)
        return self.view(stream, tag), is_new

    def write(self, namespace, stream_name, tag):
        """
        Set a tag of a stream, which is created if missing; return the stream.

        :param tag: dict, entry of ``spec.tags``
        """
        spec = images.default_tag(images.TAG.decode(tag, ""))
        old = self._store.get("imagestreams", namespace, stream_name)
        if old is None:
            stream = {
                "metadata": {"name": stream_name, "namespace": namespace, "generation": 1},
                "spec": {"lookupPolicy": {"local": False}, "tags": [spec]},
                "status": {"dockerImageRepository": ""},
            }
            return self._store.create("imagestreams", images.with_generation(stream, None))
        others = [tag for tag in old["spec"].get("tags") or () if tag["name"] != spec["name"]]
        tags = sorted(others + [spec], key=lambda tag: tag["name"])
        changed = dict(old, spec=dict(old["spec"], tags=tags))
        return self._store.update("imagestreams", images.with_generation(changed, old))

    def delete(self, namespace, name, legacy):
        """Remove a tag from its stream's spec and status."""
        stream, tag = self._stream(namespace, name, legacy)
        if images.spec_tag(stream, tag) is None and images.latest_image(stream, tag) is None:
            raise errors.not_found(TAGS, name)
        spec = [entry for entry in stream["spec"].get("tags") or () if entry["name"] != tag]
        status = [entry for entry in stream["status"].get("tags") or () if entry["tag"] != tag]
        changed = _with_tags(stream, spec, status)
        self._store.update("imagestreams", images.with_generation(changed, stream))


def _with_tags(stream, spec, status):
    """Return the stream with other tags in spec and status; an empty list is left out."""
    parts = {"spec": dict(stream["spec"], tags=spec), "status": dict(stream["status"], tags=status)}
    for part in parts.values():
        if not part["tags"]:
            del part["tags"]
    return dict(stream, **parts)


class Importer:
    """
    Import images into streams some time after a change, as the real import controller does.

    :param store: store.Store
    :param delays: delays.Timing
    :param tasks: tasks.Tasks
    :param registry: image_registry.Registry
    :param tags: TagView
    """

    def __init__(self, store, delays, tasks, registry, tags):
        self._store = store
        self._delays = delays
        self._tasks = tasks
        self._registry = registry
        self._tags = tags
        self._waiting = set()

    def start(self):
        """Import all streams where necessary, now and with every change."""
        for stream in self._store.list("imagestreams"):
            self._consider(stream)
        self._store.subscribe(self._on_event)
        self._tasks.spawn(self._schedule())

    def _on_event(self, event):
        if event.resource == "imagestreams" and event.type != "DELETED":
            self._consider(event.obj)

    def _consider(self, stream):
        key = (namespace_of(stream), name_of(stream))
        if key not in self._waiting and wants_import(stream):
            self._waiting.add(key)
            new = not stream["status"].get("tags")
            self._tasks.spawn(self._import_later(key, "import_new" if new else "import_again"))

    async def _import_later(self, key, delay):
        try:
            await self._delays.sleep(delay)
            stream = self._store.get("imagestreams", *key)
            # Who asked for the import meanwhile has it already; another change would be a conflict
            # for who is changing the stream now.
            if stream is not None and wants_import(stream):
                self.run(*key)
        finally:
            self._waiting.discard(key)

    async def _schedule(self):
        while True:
            await self._delays.sleep("scheduled_import")
            for stream in self._store.list("imagestreams"):
                if any(
                    tag["importPolicy"].get("scheduled") for tag in stream["spec"].get("tags") or ()
                ):
                    self.run(namespace_of(stream), name_of(stream))

    def run(self, namespace, name, only_news=False):
        """
        Import a stream immediately.

        :param only_news: bool, leave the stream alone if the registry has no other images
        :raises Missing: when it was deleted
        """
        stream = self._store.get("imagestreams", namespace, name)
        if stream is None:
            raise Missing(name)
        found = self._found(stream)
        generation = stream["metadata"]["generation"]
        changed = [tag for tag, (_, item) in found.items() if self._differs(stream, tag, item)]
        if changed:
            generation += 1
        elif only_news:
            return
        updated = with_annotation(
            _imported(stream, found, changed, generation), images.CHECK, rfc3339()
        )
        self._store.update("imagestreams", with_metadata(updated, generation=generation))

    def _found(self, stream):
        """Return tag -> (spec tag, image) for the images that the registry has for a stream."""
        found = {}
        insecure = images.is_insecure(stream)
        for tag in stream["spec"].get("tags") or ():
            source = tag.get("from") or {}
            if source.get("kind") != "DockerImage" or tag.get("reference"):
                continue
            spec = PullSpec(source.get("name", ""))
            image = self.image(spec, insecure or tag["importPolicy"].get("insecure", False))
            if image is not None:
                found[tag["name"]] = (tag, image)
        repository = self._repository(stream)
        for tag in repository.tags if repository else ():
            if images.spec_tag(stream, tag) is None:
                source = {"kind": "DockerImage", "name": "{}:{}".format(repository.name, tag)}
                policy = {"insecure": insecure}
                spec = images.TAG.decode({"name": tag, "importPolicy": policy, "from": source}, "")
                found[tag] = (images.default_tag(spec), self.store_image(repository, tag))
        return found

    def _repository(self, stream):
        name = stream["spec"].get("dockerImageRepository")
        return self._registry.find(name, images.is_insecure(stream)) if name else None

    def image(self, spec, insecure):
        """Return the Image of a pull specification, or None if the registry has none."""
        repository = self._registry.find(spec.repository, insecure)
        tag = spec.tag or "latest"
        if repository is None or repository.digest(tag) is None:
            return None
        return self.store_image(repository, tag)

    def store_image(self, repository, tag):
        """Store the Image of a tag; return it with this repository in its reference."""
        body = docker_image(repository, tag)
        name = repository.digest(tag)
        stored = self._store.get("images", "", name)
        if stored is None:
            metadata = {
                "name": name,
                "annotations": {"image.openshift.io/dockerLayersOrder": "ascending"},
            }
            stored = self._store.create("images", dict({"metadata": metadata}, **body))
        return dict(stored, **body)

    @staticmethod
    def _differs(stream, tag, image):
        item = images.latest_image(stream, tag)
        spec = images.spec_tag(stream, tag)
        return (
            spec is None
            or item is None
            or item["image"] != name_of(image)
            or item["generation"] < spec.get("generation", 0)
        )

    # requests

    def process(self, namespace, obj):
        """Return an ImageStreamImport with its status filled in."""
        spec = obj["spec"]
        name = name_of(obj)
        status = {}
        if "repository" in spec:
            default = dict(spec["repository"], referencePolicy={"type": "Source"})
            spec = dict(spec, repository=default)
            status["repository"] = self._import_all(spec["repository"])
        if spec.get("images"):
            status["images"] = [self._import_one(entry) for entry in spec["images"]]
        if spec["import"]:
            self._into_stream(namespace, name, spec)
            stream = self._store.get("imagestreams", namespace, name)
            status = dict({"import": stream}, **status)
        metadata = with_metadata(
            obj, namespace=namespace, uid=str(uuid.uuid4()), creationTimestamp=rfc3339()
        )["metadata"]
        return {"metadata": metadata, "spec": spec, "status": status}

    def _into_stream(self, namespace, name, spec):
        store = self._store
        if store.get("imagestreams", namespace, name) is None:
            repository = ((spec.get("repository") or {}).get("from") or {}).get("name", "")
            body = {
                "metadata": {"name": name, "namespace": namespace, "generation": 1},
                "spec": {"lookupPolicy": {"local": False}},
                "status": {"dockerImageRepository": repository},
            }
            if repository:
                body["spec"]["dockerImageRepository"] = repository
            store.create("imagestreams", body)
        for entry in spec.get("images") or ():
            tag = (entry.get("to") or {}).get("name")
            if tag:
                wanted = {key: value for key, value in entry.items() if key != "to"}
                self._tags.write(namespace, name, dict(wanted, name=tag))
        self.run(namespace, name, only_news=True)

    def _import_all(self, wanted):
        name = (wanted.get("from") or {}).get("name", "")
        insecure = wanted["importPolicy"].get("insecure", False)
        repository = self._registry.find(name, insecure)
        if repository is None:
            return {"status": _failure(name)}
        tags = sorted(repository.tags, reverse=True)
        entries = [_imported_tag(self.store_image(repository, tag), tag) for tag in tags]
        return {"status": dict(_SUCCESS), "images": entries}

    def _import_one(self, wanted):
        spec = PullSpec((wanted.get("from") or {}).get("name", ""))
        image = self.image(spec, wanted["importPolicy"].get("insecure", False))
        if image is None:
            return {"status": _failure(spec.repository)}
        return _imported_tag(image, spec.tag or "latest")


def _imported(stream, found, changed, generation):
    """Return the stream with the images of the changed tags in spec and status."""
    spec = {tag["name"]: tag for tag in stream["spec"].get("tags") or ()}
    status = {entry["tag"]: entry for entry in stream["status"].get("tags") or ()}
    for tag in changed:
        wanted, image = found[tag]
        spec[tag] = images.TAG.decode(dict(wanted, generation=generation), "")
        item = {
            "created": rfc3339(),
            "dockerImageReference": image["dockerImageReference"],
            "image": name_of(image),
            "generation": generation,
        }
        older = [
            old for old in status.get(tag, {"items": []})["items"] if old["image"] != item["image"]
        ]
        status[tag] = {"tag": tag, "items": [item] + older}
    return _with_tags(
        stream, [spec[tag] for tag in sorted(spec)], [status[tag] for tag in sorted(status)]
    )


def wants_import(stream):
    """Return whether a stream has tags to import."""
    annotations = stream["metadata"].get("annotations") or {}
    if images.CHECK not in annotations and stream["spec"].get("dockerImageRepository"):
        return True
    for tag in stream["spec"].get("tags") or ():
        if (tag.get("from") or {}).get("kind") == "DockerImage" and not tag.get("reference"):
            item = images.latest_image(stream, tag["name"])
            if item is None or tag.get("generation", 0) > item["generation"]:
                return True
    return False


_SUCCESS = {"metadata": {}, "status": "Success"}


def _failure(name):
    return {
        "metadata": {},
        "status": "Failure",
        "reason": "NotFound",
        "code": 404,
        "message": 'dockerimage.image.openshift.io "{}" not found'.format(name),
    }


def _imported_tag(image, tag):
    shown = with_metadata(image, resourceVersion=None)
    return {"status": dict(_SUCCESS), "image": shown, "tag": tag}
