"""What the fuzzer tries: functions of bytes that must end soon, with a result or a refusal.

A further target is a line in TARGETS: a function of bytes, the exceptions with which it may refuse
them, documents to begin with, and words that mean something in such documents.
"""

from __future__ import absolute_import, print_function, unicode_literals

import bz2
import contextlib
import io
import json
import os
import shutil
import tarfile
import tempfile
import warnings
from collections import namedtuple

from osbs.build.build_request import BuildRequest
from osbs.build.build_response import BuildResponse
from osbs.build.config_map_response import ConfigMapResponse
from osbs.build.plugins_configuration import PluginsConfiguration, PluginsTemplate
from osbs.build.user_params import BuildUserParams
from osbs.cli.commands import admin
from osbs.conf import Configuration, SETTINGS
from osbs.exceptions import OsbsException, OsbsValidationException
from osbs.repo_utils import read_repo_info
from tests.benchmarks import fuzz_responses as responses
from tests.unit.buildparams import INPUTS

# Address space beyond what the program has at the start, bytes.
_MEMORY = 300 << 20

Target = namedtuple("Target", "function refusals seeds words memory")


def target(function, refusals, seeds, words, memory=_MEMORY):
    """Describe a target.

    :param function: callable of bytes
    :param refusals: tuple of exceptions that are a proper end
    :param seeds: list of bytes, documents to begin with
    :param words: list of bytes to put into them
    :param memory: int, bytes that trying may take
    """
    return Target(function, refusals, seeds, words, memory)


@contextlib.contextmanager
def _file(content, name):
    directory = tempfile.mkdtemp(prefix="osbs-fuzz-")
    try:
        path = os.path.join(directory, name)
        with io.open(path, "wb") as written:
            written.write(content)
        yield path
    finally:
        shutil.rmtree(directory)


def repository(name):
    """Return a function that reads a repository of one file of this name."""

    def read(content):
        with _file(content, name) as path:
            info = read_repo_info(os.path.dirname(path))
            info.configuration.is_autorebuild_enabled()
            if info.dockerfile_parser:
                info.dockerfile_parser.labels, info.dockerfile_parser.baseimage

    return read


def configuration(content):
    """Read osbs.conf, and every setting in it."""
    arguments = {"get_scratch": (None,), "get_platform_node_selector": ("x86_64",)}
    with _file(content, "osbs.conf") as path, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        conf = Configuration(conf_file=path)
        for getter in sorted(name for name in dir(Configuration) if name.startswith("get_")):
            try:
                getattr(conf, getter)(*arguments.get(getter, ()))
            except OsbsValidationException:
                pass


def user_params(content):
    """Render the plugins of a pod."""
    params = BuildUserParams()
    params.from_json(content.decode("utf-8", "replace"))
    params.build_json_dir.value = INPUTS
    PluginsConfiguration(params).render()


def customisations(content):
    """Read a site's customisations."""
    with _file(content, "site.json") as path:
        PluginsTemplate(os.path.dirname(path), "t", "site.json").customize_conf


def reactor_config(content):
    """Mount the secrets that a config map asks for."""

    class Api(object):
        def get_config_map(self, _name):
            text = content.decode("utf-8", "replace")
            return ConfigMapResponse({"data": {"config.yaml": text}})

    request = BuildRequest(INPUTS)
    request.osbs_api = Api()
    request.set_required_secrets("rcm")


def annotation(content):
    """Read the annotations of a build that hold JSON."""
    text = content.decode("utf-8", "replace")
    notes = {"repositories": text, "plugins-metadata": text}
    response = BuildResponse({"metadata": {"annotations": notes}})
    response.get_error_message()
    response.get_repositories()


class _Nobody(object):
    def __getattr__(self, _name):
        return lambda *args, **kwargs: None


def archive(content):
    """Restore a backup."""

    class Args(object):
        continue_on_error = ignore_quota_errors = False

    with _file(content, "archive") as path:
        Args.BACKUP_ARCHIVE = path
        admin.cmd_restore(Args, _Nobody())


def packed(content):
    """Restore a backup of which this is the tar, with the checksums of its headers put right."""
    fixed = bytearray(content)
    for start in range(0, len(fixed) - 511, 512):
        if fixed[start + 257 : start + 262] == b"ustar":
            fixed[start + 148 : start + 156] = b" " * 8
            checksum = sum(fixed[start : start + 512])
            fixed[start + 148 : start + 156] = ("%06o\0 " % checksum).encode("ascii")
    archive(bz2.compress(bytes(fixed), 1))


def _tar():
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode=str("w"), format=tarfile.GNU_FORMAT) as written:
        for name, kind in (("d", tarfile.DIRTYPE), ("b/buildconfigs.json", tarfile.REGTYPE)):
            info = tarfile.TarInfo(str(name))
            info.type = kind
            text = b'{"items": [{"a": 1}]}' if kind == tarfile.REGTYPE else b""
            info.size = len(text)
            written.addfile(info, io.BytesIO(text))
        written.addfile(tarfile.TarInfo(str("n" * 200)))
    return content.getvalue()


def _absurd_tar():
    info = tarfile.TarInfo(str("x"))
    info.size = 2**40
    return info.tobuf(tarfile.GNU_FORMAT) + b"x" * 512


def _words(text):
    return [word.encode("utf-8") for word in text.split()] + [b" ", b"\n", b"\t", b"\\\n", b"\0"]


def _json(**values):
    return json.dumps(values, sort_keys=True).encode("utf-8")


_SCALARS = "1 -1 0x1f 1:30 1e9 .inf null true false yes '' \"\" 9999999999 \xe9 \u3000 \u2028 "
_YAML = _words(
    _SCALARS + "&a *a &b *b <<: <<:[*a,*b] [ ] { } , : - ? | > ! !!int !!float !!str !!binary "
    "!!timestamp !!python/object/apply:os.abort tags: compose: modules: required_secrets: "
    "worker_token_secrets: --- ... %YAML # ' \" 2018-01-01 ="
) + [b"\n  - ", b": ", b"\n  ", b"a: ", b"[*a,*a,*a]", b"&c [*b,*b,*b]"]
_INI = _words(
    _SCALARS + "[default] [general] [autorebuild] [platform:x] [DEFAULT] [ ] = : ; # enabled "
    "%(a)s %% % rem x a=b"
) + [
    b"\n[autorebuild]\n",
    b"\n a",
    b" = ",
    b"\r\n",
    b"\n" + SETTINGS["get_namespace"].key.encode("ascii") + b"=",
]
_JSON = _words(_SCALARS + '{ } [ ] , : " \\u0000 \\ NaN "a": [[[[ {"a":{"a":') + [b'"items": [']
# What makes a header, or one of another kind; and numbers that are not octal digits.
_TAR = _JSON + [b"ustar", b"\x80" + b"\x7f" * 11, b"\xff" * 12, b"\0" * 512]
_TAR += [kind.encode("ascii") + b"\0" for kind in "01234567LKSxgDMNVZ"]
_DOCKERFILE = _words(
    "FROM LABEL ENV ARG RUN AS --platform=x # escape=` syntax=x $ ${ } $a ${a} ${a:-b} a=b a=$a$a "
    "\"a\"='b' ' \" \\ ` <<EOF \xe9 = $$ $'a'"
) + [b"\nENV a=$a$a\n", b"\nLABEL a=$a\n", b"\nFROM ", b"\n# "]
_USER_PARAMS = _json(
    build_type="orchestrator",
    git_uri="u",
    git_ref="r",
    git_branch="b",
    user="u",
    component="c",
    build_image="i",
    name="n",
    arrangement_version=6,
    customize_conf="orchestrator_customize.json",
    compose_ids=[1],
    additional_tags=["a"],
    platforms=["x86_64"],
    reactor_config_override={"a": [1]},
    release="1",
)
_OSBS_CONF = (
    b"[general]\nverbose = no\n[default]\nopenshift_url = https://x:8443/\nvendor = %(x)s\nx = y\n"
    b"use_auth = true\n[platform:x]\nenable_v1 = yes\n"
)
_CONTAINER = b"tags: [a, b]\ncompose:\n  modules: [a:b]\nx: &x {a: 1}\ny: {<<: *x}\n"
_ALIASES = b"".join(b"k%d: &k%d [%s]\n" % (n, n, b"*k%d," % (n - 1) * 9) for n in range(1, 9))
_REACTOR = b"required_secrets: [a]\nworker_token_secrets:\n- b\nkoji: {hub: x}\n"

_REFUSED = (OsbsValidationException,)
# BuildResponse raises KeyError and the like for what is no Build.
_NO_BUILD = (OsbsException, KeyError, TypeError, AttributeError)
TARGETS = {
    "Dockerfile": target(
        repository("Dockerfile"),
        _REFUSED,
        [b"FROM fedora:27\nENV a=1 b=$a\nLABEL name=x version=$b\\\n c\n", b"ARG x\nFROM $x\n"],
        _DOCKERFILE,
    ),
    "container.yaml": target(
        repository("container.yaml"),
        _REFUSED,
        [_CONTAINER, b"k0: &k0 [x]\n" + _ALIASES + b"tags: [*k8]\n", b"- {a: b}\n- |\n  x\n"],
        _YAML,
    ),
    ".osbs-repo-config": target(
        repository(".osbs-repo-config"), _REFUSED, [b"[autorebuild]\nenabled = true\n"], _INI
    ),
    "additional-tags": target(
        repository("additional-tags"), _REFUSED, [b"latest\nv1.0\n"], _words("a b-a _ . -")
    ),
    "osbs.conf": target(configuration, _REFUSED, [_OSBS_CONF], _INI),
    "USER_PARAMS": target(user_params, (OsbsException,), [_USER_PARAMS], _JSON),
    "customize": target(
        customisations, _REFUSED, [_json(enable_plugins=[], disable_plugins=[{"a": 1}])], _JSON
    ),
    "reactor-config": target(reactor_config, _REFUSED, [_REACTOR, _ALIASES], _YAML),
    "annotation": target(
        annotation, (ValueError,), [_json(primary=["a"], errors={"a": "b"})], _JSON
    ),
    "archive": target(archive, (OsbsException,), [bz2.compress(_tar())], [b"BZh9", b"\0"]),
    "response": target(
        responses.raw_response, _NO_BUILD, [responses.RESPONSE], responses.HTTP_WORDS
    ),
    "list": target(responses.list_body, (OsbsException,), [responses.LIST], _JSON),
    "error": target(responses.error_body, (OsbsException,), [responses.STATUS], _JSON),
    "log": target(
        responses.log, (OsbsException,), [responses.LOG], [b"\n", b"\r", b" platform:- ", b" - "]
    ),
    "watch": target(responses.watch, (OsbsException,), [responses.EVENT], _JSON),
    # The JSON of a backup may take more.
    "tar": target(packed, (OsbsException,), [_tar(), _absurd_tar()], _TAR, memory=1 << 30),
}
