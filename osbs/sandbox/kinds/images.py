"""
ImageStreams, ImageStreamTags and ImageStreamImports: fields and rules.

Only image streams are stored; a tag is a view of its stream, an import is a request. Imports and
triggers are in :mod:`osbs.sandbox.controllers.image_imports`.
"""

from osbs.sandbox.kinds.base import READ, Kind
from osbs.sandbox.kinds.errors import Cause
from osbs.sandbox.kinds.fields import (
    Anything,
    Mapping,
    Pointer,
    Sequence,
    Struct,
    flag,
    number,
    reference,
    text,
)

CHECK = "openshift.io/image.dockerRepositoryCheck"
INSECURE = "openshift.io/image.insecureRepository"

_IMPORT_POLICY = Struct({"insecure": flag(), "scheduled": flag()})
TAG = Struct(
    {
        "name": text(True),
        "annotations": Mapping(keep=True),
        "from": reference(),
        "reference": flag(),
        "generation": Pointer(number()),
        "importPolicy": _IMPORT_POLICY,
        "referencePolicy": Struct({"type": text(True)}),
    }
)
#: how an ImageStreamImport imports
_HOW = {
    "importPolicy": _IMPORT_POLICY,
    "referencePolicy": Struct({"type": text(True)}),
    "includeManifest": flag(),
}
_LOOKUP = Struct({"local": flag(True)})


def default_tag(tag):
    """Set the reference policy of a spec tag."""
    if not tag["referencePolicy"]["type"]:
        tag["referencePolicy"] = {"type": "Source"}
    return tag


def spec_tag(stream, name):
    """Return the spec tag of a stream, or None."""
    for tag in stream["spec"].get("tags") or ():
        if tag["name"] == name:
            return tag
    return None


def latest_image(stream, name):
    """Return the newest item of a tag's history in status, or None."""
    for tag in stream["status"].get("tags") or ():
        if tag["tag"] == name and tag["items"]:
            return tag["items"][0]
    return None


def is_insecure(stream):
    """Return whether the stream's repository may be used without TLS."""
    return (stream["metadata"].get("annotations") or {}).get(INSECURE) == "true"


class ImageStreams(Kind):
    """ImageStream."""

    resource = "imagestreams"
    short_names = ("is",)
    categories = ("all",)
    kind = "ImageStream"
    group = "image.openshift.io"
    body = {
        "spec": Struct(
            {
                "lookupPolicy": _LOOKUP,
                "dockerImageRepository": text(),
                "tags": Sequence(TAG, merge_key="name"),
            }
        ),
        "status": Struct(
            {
                "dockerImageRepository": text(True),
                "publicDockerImageRepository": text(),
                "tags": Sequence(
                    merge_key="tag",
                    inner=Struct(
                        {
                            "tag": text(True),
                            "conditions": Sequence(Anything()),
                            "items": Sequence(
                                Struct(
                                    {
                                        "created": text(True),
                                        "dockerImageReference": text(True),
                                        "image": text(True),
                                        "generation": number(True),
                                    }
                                ),
                                keep=True,
                            ),
                        }
                    ),
                ),
            }
        ),
    }

    def default(self, obj):
        """Fill in the tags' policies and the repository in status."""
        for tag in obj["spec"].get("tags") or ():
            default_tag(tag)
        repository = obj["spec"].get("dockerImageRepository", "")
        obj["status"] = dict(obj["status"], dockerImageRepository=repository)
        return obj

    def prepare_create(self, obj, request):
        """Set generation 1 and no images."""
        metadata = dict(obj["metadata"], generation=1)
        status = {key: value for key, value in obj["status"].items() if key != "tags"}
        return with_generation(dict(obj, metadata=metadata, status=status), None)

    def prepare_update(self, obj, old, request):
        """Increment the generation when the spec changes; keep the old status."""
        repository = obj["status"]["dockerImageRepository"]
        status = dict(old["status"], dockerImageRepository=repository)
        return with_generation(dict(obj, status=status), old)

    def admit(self, obj, old, request):
        """No admission plug-in applies; see :meth:`check_registries`."""

    def check_registries(self, obj, registry):
        """Return causes for repositories on registries that are not allowed."""
        repository = obj["spec"].get("dockerImageRepository")
        named = [("spec.dockerImageRepository", repository)] if repository else []
        for index, tag in enumerate(obj["spec"].get("tags") or ()):
            source = tag.get("from") or {}
            if source.get("kind") == "DockerImage":
                named.append(("spec.tags[{}].from.name".format(index), source.get("name", "")))
        refusals = [(field, registry.refusal(name)) for field, name in named]
        return [Cause.refused(field, refusal) for field, refusal in refusals if refusal]


def with_generation(stream, old):
    """
    Return the stream with the generations that the server would set.

    metadata.generation is incremented by any change of the spec, a tag's own by a change of its
    reference.
    """
    generation = stream["metadata"].get("generation", 1)
    if old is not None:
        generation = old["metadata"]["generation"]
        if _without_generation(stream) != _without_generation(old):
            generation += 1
    tags = []
    for tag in stream["spec"].get("tags") or ():
        before = spec_tag(old, tag["name"]) if old is not None else None
        kept = before is not None and before.get("from") == tag.get("from")
        own = before.get("generation", generation) if kept else generation
        tags.append(TAG.decode(dict(tag, generation=own), ""))
    spec = dict(stream["spec"], tags=tags)
    if not tags:
        del spec["tags"]
    return dict(stream, spec=spec, metadata=dict(stream["metadata"], generation=generation))


def _without_generation(stream):
    spec = dict(stream["spec"])
    spec["tags"] = [
        {key: value for key, value in tag.items() if key != "generation"}
        for tag in spec.get("tags") or ()
    ]
    return spec


class ImageStreamTags(Kind):
    """ImageStreamTag: one tag of a stream, with its newest image."""

    resource = "imagestreamtags"
    short_names = ("istag",)
    kind = "ImageStreamTag"
    group = "image.openshift.io"
    verbs = ("get", "list", "create", "update", "delete")
    unconditional_update = True
    body = {
        "tag": Struct(TAG.fields, optional=True),
        "generation": number(True),
        "lookupPolicy": _LOOKUP,
        "image": Anything(),
    }


class ImageStreamImports(Kind):
    """ImageStreamImport: a request to import now."""

    resource = "imagestreamimports"
    kind = "ImageStreamImport"
    group = "image.openshift.io"
    verbs = ("create",)
    body = {
        "spec": Struct(
            {
                "import": flag(True),
                "repository": Struct(dict({"from": reference()}, **_HOW), True),
                "images": Sequence(
                    Struct(
                        dict({"from": reference(), "to": Struct({"name": text()}, True)}, **_HOW)
                    )
                ),
            }
        ),
    }


class Images(Kind):
    """Image: stored by imports, visible to cluster administrators."""

    resource = "images"
    kind = "Image"
    group = "image.openshift.io"
    namespaced = False
    verbs = READ
    body = {"dockerImageReference": text(), "dockerImageMetadata": Anything()}
