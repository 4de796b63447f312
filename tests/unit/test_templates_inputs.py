"""The files of inputs/ are the reference's."""

from __future__ import absolute_import, print_function, unicode_literals

import hashlib
import io
import json
import os

import pytest

from tests.unit.buildparams import INPUTS

# sha256 of the canonical form.
CHECKSUMS = {
    "config_map.json": "e759232775ce9fcde4694cea81266279f2ea326eac976af717db2f47b29e5d52",
    "image_stream.json": "6c37d0b3a0b2b342fda20800c682a015a80586d8ab6f0ea53e77f87d443a6c5d",
    "image_stream_tag.json": "6fffae96cf5b8373f7a843a3e9eb6afeda4b0dd1f565973d5c946e5cbec7d073",
    "orchestrator.json": "24a800724f6b4a2ca5b0ac8a8d7e1d7cdce0d6d5547368958af539895f0139f5",
    "orchestrator_customize.json": (
        "a0836c78d8c5f4285ad45e6d1282efbed9add6f2feb7d7403804ca0990d6be45"
    ),
    "orchestrator_inner:1.json": "8cf148c969bd646232a11c4a25ceceb1a2a80c930b11c083416c665a060c80ac",
    "orchestrator_inner:2.json": "59dbea1be71b2506b440c53854edbfb61abd2ac56b0289bb94eee333c37d89f2",
    "orchestrator_inner:3.json": "5f24d5af05e9f72b1a78ef9be0ab484f0cd96c00be2ecee9821a0dbccdc86ffe",
    "orchestrator_inner:4.json": "8ef9c1d1be72372c994ca05f26919b545eeaa01d7f69397f4831e9e8ce123095",
    "orchestrator_inner:5.json": "0d195f8b54e29830c3d53ba3310eb1f202c59bbccffdf9e2924bbb630d71535a",
    "orchestrator_inner:6.json": "3f347f857f5ba633640221cf458284bce3ba6f3b4ac49a8fad372ac514d1f8a9",
    "pause_quota.json": "fac800f68338a473b2dc1998ff467b358186a76044082db1b45e36b7b3115c2b",
    "prod.json": "e66e76cdb5d96abe15a3cb0949e28a3d6f564a16ca9cc52fa4e039634477adf7",
    "prod_customize.json": "a0836c78d8c5f4285ad45e6d1282efbed9add6f2feb7d7403804ca0990d6be45",
    "prod_inner.json": "f46e9cdefca1f5d6daa2ebccc5f8dd0d374d175dd60fccf98f904f4995bdb28a",
    "worker.json": "2c0cec32eece902d21eccc24523502a1d5c9dcfea7e2a47aa727d76b351bbd22",
    "worker_customize.json": "a0836c78d8c5f4285ad45e6d1282efbed9add6f2feb7d7403804ca0990d6be45",
    "worker_inner:1.json": "83b77b30a0b8de7f15cfd84839b87f8723559c079415f2f3837608e76a19b3ee",
    "worker_inner:2.json": "37e9c5895bab61c10a9a56c9aa598e8feee2f7886d8a430460fdc9d95f7b1c9b",
    "worker_inner:3.json": "70d145f7f6ba7db278f4574ab4ae4c5ec307ded3f9f6badf92b5370d61ae713f",
    "worker_inner:4.json": "0cd0f4c246265bb48f2b5de68cdaa48a86d79d621dea4360854058c8acd0d05e",
    "worker_inner:5.json": "686a03ff26abf3f80278e6a0548bcf9efd5598dea1ba584b7e8ef9a029dc6a2c",
    "worker_inner:6.json": "f46f0ce1227426d48ea3d967bbdfa036abac57359d1fca123960d50ca7dc55ff",
}
# What the reference does not have.
OWN = ["image_stream_import.json"]


@pytest.mark.parametrize("name", sorted(CHECKSUMS))
def test_template_has_the_content_of_the_specification(name):
    with io.open(os.path.join(INPUTS, name), encoding="utf-8") as template:
        canonical = json.dumps(json.load(template), sort_keys=True, separators=(",", ":"))
    assert hashlib.sha256(canonical.encode("utf-8")).hexdigest() == CHECKSUMS[name]


def test_there_is_no_other_template():
    assert sorted(os.listdir(INPUTS)) == sorted(list(CHECKSUMS) + OWN)
