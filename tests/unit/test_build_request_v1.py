"""BuildRequest, arrangements 1 to 5 and all-in-one builds."""

from __future__ import absolute_import, print_function, unicode_literals

import copy
import random
import sys

import pytest
from flexmock import flexmock

import osbs
from osbs.build import build_request as module
from osbs.build.build_request import BuildRequest
from osbs.conf import Configuration
from osbs.exceptions import OsbsException, OsbsValidationException
from tests.unit.buildparams import (
    INPUTS,
    NOW,
    SALT,
    TAG,
    V1_PARAMS,
    ReactorConfigApi,
    Repo,
    Tags,
    copy_inputs,
    environment,
    names,
    plugin_args,
    plugins_of,
    rewrite,
    secret_names,
    v1_request,
)

PRE, STEP, PREPUB = "prebuild_plugins", "buildstep_plugins", "prepublish_plugins"
POST, EXIT = "postbuild_plugins", "exit_plugins"
SECRETS = "/var/run/secrets/atomic-reactor/"
PULP = {"pulp_registry": "stage", "pulp_secret": "pulpsec"}
ORCHESTRATOR_5 = {
    "arrangement_version": 5,
    "platforms": ["x86_64"],
    "platform_descriptors": {"x86_64": {"architecture": "amd64"}},
    "build_type": "orchestrator",
}


@pytest.fixture
def fixed():
    flexmock(random).should_receive("randrange").and_return(SALT)
    flexmock(sys.modules["osbs.build.spec"]).should_receive("utcnow").and_return(NOW)


def rendered(**changes):
    """Return the plugins of an all-in-one build."""
    return plugins_of(v1_request(**changes).render())


def orchestrator(version=5, **changes):
    request = v1_request(
        "orchestrator_inner:%d.json" % version,
        "orchestrator.json",
        **dict(ORCHESTRATOR_5, arrangement_version=version, **changes)
    )
    return plugins_of(request.render())


def worker(version=5, **changes):
    params = {"platform": "x86_64", "arrangement_version": version, "build_type": "worker"}
    request = v1_request("worker_inner:%d.json" % version, "worker.json", **dict(params, **changes))
    return plugins_of(request.render())


def refused(**changes):
    with pytest.raises(OsbsValidationException) as exc_info:
        v1_request(**changes).render()
    return exc_info.value.message


def test_module_has_the_globals_that_existing_code_expects():
    for name in (
        "DockJsonManipulator BuildSpec yaml json os re zip_longest sanitize_version Labels"
        " git_repo_humanish_part_from_uri client_version"
    ).split():
        assert hasattr(module, name)
    assert module.client_version == osbs.__version__
    assert module.yaml.safe_dump({"a": 1}, default_flow_style=False) == "a: 1\n"


def test_worked_example_of_an_all_in_one_build(fixed):
    build = v1_request().render()
    assert build["spec"]["output"]["to"]["name"] == (
        "push.example.org/kdreyer/rsync-container:" + TAG
    )
    assert build["spec"]["nodeSelector"] == {}
    assert build["spec"]["strategy"]["customStrategy"]["secrets"] == []
    assert "triggers" not in build["spec"]
    plugins = plugins_of(build)
    assert (
        names(plugins, PRE)
        == (
            "pull_base_image bump_release add_labels_in_dockerfile koji_parent"
            " change_from_in_dockerfile add_help add_dockerfile fetch_maven_artifacts koji"
            " add_yum_repo_by_url inject_yum_repo dockerfile_content distribution_scope"
        ).split()
    )
    assert names(plugins, PREPUB) == ["squash"]
    assert (
        names(plugins, POST)
        == (
            "all_rpm_packages tag_by_labels tag_from_config tag_and_push compress import_image"
        ).split()
    )
    assert (
        names(plugins, EXIT)
        == ("koji_promote store_metadata_in_osv3 koji_tag_build remove_built_image").split()
    )
    assert plugins["client_version"] == osbs.__version__
    assert plugin_args(plugins, PRE, "pull_base_image")["parent_registry"] is None
    assert plugin_args(plugins, PRE, "add_labels_in_dockerfile") == {"labels": {}}
    assert plugin_args(plugins, POST, "tag_and_push") == {
        "registries": {"push.example.org": {"insecure": True}}
    }
    import_image = plugin_args(plugins, POST, "import_image")
    assert import_image["docker_image_repo"] == "push.example.org/f29/rsync"
    assert import_image["build_json_dir"] is None


def test_worked_example_with_pulp_and_two_registries():
    request = v1_request(
        registry_uris=["http://old.example.org:5000/v1", "https://push.example.org/v2"],
        registry_secrets=["", "pushsec"],
        registry_api_versions=["v1", "v2"],
        source_registry_uri="src.example.org",
        **PULP
    )
    build = request.render()
    plugins = plugins_of(build)
    assert build["spec"]["output"]["to"]["name"].startswith("kdreyer/rsync-container:")
    assert plugin_args(plugins, POST, "tag_and_push")["registries"] == {
        "old.example.org:5000": {"insecure": True},
        "push.example.org": {"insecure": True, "secret": SECRETS + "pushsec"},
    }
    pulp_sync = plugin_args(plugins, POST, "pulp_sync")
    assert pulp_sync["docker_registry"] == "https://push.example.org"
    assert pulp_sync["registry_secret_path"] == SECRETS + "pushsec"
    assert pulp_sync["pulp_secret_path"] == SECRETS + "pulpsec"
    assert plugin_args(plugins, EXIT, "delete_from_registry")["registries"] == {
        "https://push.example.org": {"secret": SECRETS + "pushsec"}
    }
    assert plugin_args(plugins, POST, "import_image")["docker_image_repo"] == (
        "src.example.org/f29/rsync"
    )
    assert secret_names(build) == ["pulpsec", "pushsec"]


def test_worked_example_of_an_orchestrator_build():
    plugins = orchestrator(
        odcs_url="https://odcs", equal_labels=[["name", "com.x.name"], ["a", "b"]], **PULP
    )
    args = plugin_args(plugins, STEP, "orchestrate_build")
    assert args["config_kwargs"] == {
        "koji_hub": V1_PARAMS["kojihub"],
        "koji_root": V1_PARAMS["kojiroot"],
        "openshift_required_version": "1.0.6",
        "odcs_url": "https://odcs",
        "odcs_insecure": "False",
        "pdc_insecure": "False",
        "pulp_registry_name": "stage",
        "registry_api_versions": "v2",
        "equal_labels": "name:com.x.name,a:b",
        "build_image": "buildroot:stable",
    }
    assert args["goarch"] == {"x86_64": "amd64"}
    assert args["platforms"] == ["x86_64"]
    assert args["osbs_client_config"] == "{{OSBS_CLIENT_CONFIG}}"
    assert plugin_args(plugins, POST, "group_manifests") == {
        "registries": {"push.example.org": {"insecure": True, "version": "v2"}},
        "group": False,
        "goarch": {"x86_64": "amd64"},
    }
    assert plugin_args(plugins, EXIT, "delete_from_registry")["registries"] == {
        "https://push.example.org": {"insecure": True}
    }


def test_config_kwargs_are_understood_by_configuration():
    args = plugin_args(
        orchestrator(
            smtp_additional_addresses=["a@x", "b@x"],
            smtp_to_submitter=False,
            artifacts_allowed_domains=["d1", "d2"],
            equal_labels=[["a", "b"], ["c", "d"]],
            info_url_format="https://x/{name}",
            vendor="V\u011bndor",
            source_registry_uri="http://src/v2",
        ),
        STEP,
        "orchestrate_build",
    )
    conf = Configuration(conf_file=None, **args["config_kwargs"])
    assert conf.get_smtp_additional_addresses() == ["a@x", "b@x"]
    assert conf.get_smtp_to_submitter() is False
    assert conf.get_artifacts_allowed_domains() == ["d1", "d2"]
    assert conf.get_equal_labels() == [["a", "b"], ["c", "d"]]
    assert conf.get_info_url_format() == "https://x/{name}"
    assert conf.get_vendor() == "V\u011bndor"
    assert conf.get_source_registry_uri() == "http://src"
    assert conf.get_kojihub() == V1_PARAMS["kojihub"]
    assert conf.get_build_image() == "buildroot:stable"


def test_values_of_config_kwargs_may_be_bytes():
    # As native strings of Python 2 are, such as arguments of Configuration.
    encoded = "V\u011bndor".encode("utf-8")
    plugins = orchestrator(smtp_from=encoded, smtp_error_addresses=["a", encoded])
    kwargs = plugin_args(plugins, STEP, "orchestrate_build")["config_kwargs"]
    assert kwargs["smtp_from"] == "V\u011bndor"
    assert kwargs["smtp_error_addresses"] == "a,V\u011bndor"


def test_build_kwargs_have_all_keys():
    args = plugin_args(orchestrator(), STEP, "orchestrate_build")
    assert sorted(args["build_kwargs"]) == sorted(
        "component git_branch git_ref git_uri koji_task_id filesystem_koji_task_id scratch target"
        " user yum_repourls arrangement_version koji_parent_build isolated".split()
    )
    assert (
        "flatpak"
        in plugin_args(orchestrator(flatpak=True), STEP, "orchestrate_build")["build_kwargs"]
    )


def test_image_stream_is_no_build_image_for_workers():
    args = plugin_args(orchestrator(build_from="imagestream:b:s"), STEP, "orchestrate_build")
    assert "build_image" not in args["config_kwargs"]


def test_required_version_of_the_configuration_is_passed_on():
    request = v1_request("orchestrator_inner:5.json", "orchestrator.json", **ORCHESTRATOR_5)
    request.set_openshift_required_version(osbs.utils.parse_version("2.1"))
    request.set_openshift_required_version(None)
    args = plugin_args(plugins_of(request.render()), STEP, "orchestrate_build")
    assert args["config_kwargs"]["openshift_required_version"] == "2.1.0"


def test_scratch_build_loses_what_leaves_traces():
    build = v1_request(scratch=True).render()
    plugins = plugins_of(build)
    assert build["metadata"]["labels"]["scratch"] == "true"
    assert build["metadata"]["name"].startswith("scratch-")
    for phase, gone in ((PRE, "koji_parent"), (POST, "compress"), (EXIT, "koji_promote")):
        assert gone not in names(plugins, phase)
    assert "tag_from_config" not in names(plugins, POST)
    assert plugin_args(plugins, POST, "tag_by_labels") == {"unique_tag_only": True}


def test_scratch_build_keeps_tags_that_are_filled_in():
    suffixes = plugin_args(worker(scratch=True), POST, "tag_from_config")["tag_suffixes"]
    assert suffixes["primary"] == []
    assert suffixes["unique"][0].endswith("-x86_64")


@pytest.mark.parametrize("autorebuild", [True, False])
def test_plugins_of_automatic_rebuilds_need_triggers(autorebuild):
    request = v1_request("orchestrator_inner:5.json", "orchestrator.json", **ORCHESTRATOR_5)
    request.set_repo_info(Repo(autorebuild=autorebuild))
    build = request.render()
    assert ("triggers" in build["spec"]) is autorebuild
    assert ("check_and_set_rebuild" in names(plugins_of(build), PRE)) is autorebuild


def test_check_and_set_rebuild_gets_url_and_auth():
    args = plugin_args(orchestrator(), PRE, "check_and_set_rebuild")
    assert args == {
        "label_key": "is_autorebuild",
        "label_value": "true",
        "url": "https://172.30.0.1/",
        "verify_ssl": False,
        "use_auth": True,
    }


def test_custom_base_image_has_no_parent_and_no_triggers():
    request = v1_request(
        "orchestrator_inner:5.json",
        "orchestrator.json",
        **dict(ORCHESTRATOR_5, base_image="koji/image-build", yum_repourls=["u"])
    )
    build = request.render()
    plugins = plugins_of(build)
    assert "triggers" not in build["spec"]
    for gone in ("pull_base_image", "koji_parent", "check_and_set_rebuild"):
        assert gone not in names(plugins, PRE)
    assert plugin_args(plugins, PRE, "add_filesystem") == {
        "koji_hub": V1_PARAMS["kojihub"],
        "repos": ["u"],
        "architectures": ["x86_64"],
    }


def test_custom_base_image_needs_kojihub():
    message = refused(base_image="koji/image-build", kojihub=None)
    assert message.startswith("Custom base image builds require kojihub")


def test_registry_api_versions_are_required():
    assert "registry_api_versions" in refused(registry_api_versions=None)


@pytest.mark.parametrize("version", ["v1", "v2"])
def test_registries_of_another_api_version_are_removed(version):
    plugins = rendered(
        registry_uris=["one.example.org/v1", "two.example.org/v2"],
        registry_api_versions=[version],
        **PULP
    )
    kept = {"v1": "one.example.org", "v2": "two.example.org"}[version]
    assert plugin_args(plugins, POST, "tag_and_push")["registries"] == {kept: {"insecure": True}}
    assert ("pulp_push" in names(plugins, POST)) is (version == "v1")
    assert ("pulp_sync" in names(plugins, POST)) is (version == "v2")


def test_registry_without_version_is_kept():
    request = v1_request(registry_api_versions=["v2"])
    registries = {"a": {}, "b": {"version": "v1"}, "c": {"version": "v2"}}
    request.dj.dock_json_get_plugin_conf(POST, "tag_and_push")["args"] = {"registries": registries}
    rendered_registries = plugin_args(plugins_of(request.render()), POST, "tag_and_push")
    assert rendered_registries == {"registries": {"a": {}, "c": {}}}


def test_empty_registry_uri_pushes_nowhere():
    plugins = rendered(registry_uris=None, registry_uri="")
    assert plugin_args(plugins, POST, "tag_and_push") == {"registries": {}}
    assert "import_image" in names(plugins, POST)


@pytest.mark.parametrize("args", [None, {}, {"registries": None}])
def test_registries_that_a_template_lacks_are_none(args):
    request = v1_request()
    request.dj.dock_json_get_plugin_conf(POST, "tag_and_push")["args"] = args
    assert plugin_args(plugins_of(request.render()), POST, "tag_and_push") == {"registries": {}}


def test_surplus_registry_secrets_are_ignored():
    build = v1_request(registry_secrets=["a", "b", ""]).render()
    registries = plugin_args(plugins_of(build), POST, "tag_and_push")["registries"]
    assert registries == {"push.example.org": {"insecure": True, "secret": SECRETS + "a"}}
    assert "" not in secret_names(build)


@pytest.mark.parametrize("name", ["pulp_push", "pulp_sync"])
def test_pulp_needs_a_secret(name):
    versions = {"pulp_push": ["v1"], "pulp_sync": ["v2"]}[name]
    registry = "push.example.org/" + versions[0]
    message = refused(
        pulp_registry="stage", registry_uris=[registry], registry_api_versions=versions
    )
    assert "Pulp registry specified but no auth config" in message


def test_pulp_plugin_with_a_username_needs_no_secret():
    request = v1_request(
        pulp_registry="stage", registry_uris=["r/v1"], registry_api_versions=["v1"]
    )
    request.dj.dock_json_set_arg(POST, "pulp_push", "username", "u")
    assert "pulp_push" in names(plugins_of(request.render()), POST)


def test_nothing_is_deleted_from_the_registry_of_base_images():
    plugins = rendered(source_registry_uri="http://push.example.org", **PULP)
    assert "delete_from_registry" not in names(plugins, EXIT)


def test_delete_from_registry_may_be_disabled_by_the_site():
    request = v1_request(**PULP)
    request.dj.remove_plugin(EXIT, "delete_from_registry")
    assert "pulp_sync" in names(plugins_of(request.render()), POST)


@pytest.mark.parametrize(
    "version, pulp, prefer, expected",
    [
        (4, True, None, {"report_multiple_digests": True}),
        (5, True, False, {"report_multiple_digests": True}),
        (4, False, None, {}),
        (4, False, True, {"prefer_schema1_digest": True}),
        (3, True, False, {"prefer_schema1_digest": False}),
    ],
)
def test_koji_upload_reports_digests(version, pulp, prefer, expected):
    changes = dict(PULP if pulp else {}, prefer_schema1_digest=prefer, koji_upload_dir="d")
    args = plugin_args(worker(version, **changes), POST, "koji_upload")
    keys = ("report_multiple_digests", "prefer_schema1_digest")
    assert {key: args[key] for key in keys if key in args} == expected
    assert args["koji_upload_dir"] == "d"
    assert args["platform"] == "x86_64"


@pytest.mark.parametrize("prefer, expected", [(None, {}), (True, False), (False, True)])
def test_pulp_pull_expects_a_manifest_version(prefer, expected):
    plugins = orchestrator(prefer_schema1_digest=prefer, **PULP)
    args = plugin_args(plugins, EXIT, "pulp_pull")
    assert args.pop("expect_v2schema2", {}) == expected
    assert args == {"insecure": True}


@pytest.mark.parametrize(
    "changes, present",
    [
        ({}, False),
        ({"smtp_host": "h", "smtp_from": "f"}, True),
        ({"smtp_host": "h"}, False),
        ({"smtp_from": "f"}, False),
    ],
)
def test_mail_needs_host_and_sender(changes, present):
    assert ("sendmail" in names(rendered(**changes), EXIT)) is present


def test_mail_about_koji_needs_koji():
    mail = dict(smtp_host="h", smtp_from="f", smtp_to_submitter=True, smtp_to_pkgowner=True)
    args = plugin_args(rendered(smtp_error_addresses="e@x", **mail), EXIT, "sendmail")
    assert args["koji_hub"] == V1_PARAMS["kojihub"]
    assert args["to_koji_submitter"] is args["to_koji_pkgowner"] is True
    assert args["error_addresses"] == "e@x"
    assert "use_auth" not in args
    without = plugin_args(rendered(kojiroot=None, **mail), EXIT, "sendmail")
    assert "koji_hub" not in without
    assert "to_koji_submitter" not in without


@pytest.mark.parametrize(
    "changes, gone",
    [
        ({"yum_repourls": ["u"]}, (PRE, "koji")),
        ({"koji_target": None}, (PRE, "koji")),
        ({"kojiroot": None}, (PRE, "koji")),
        ({"release": "1"}, (PRE, "bump_release")),
        ({"kojihub": None}, (PRE, "koji_parent")),
        ({"kojihub": None, "kojiroot": None}, (PRE, "fetch_maven_artifacts")),
        ({"kojihub": None}, (EXIT, "koji_promote")),
        ({"koji_target": None}, (EXIT, "koji_tag_build")),
        ({"registry_uris": []}, (POST, "import_image")),
        ({"flatpak": True}, (PREPUB, "squash")),
        ({"flatpak": True}, (POST, "import_image")),
    ],
)
def test_plugin_without_its_settings_is_removed(changes, gone):
    phase, name = gone
    assert name in names(rendered(), phase)
    assert name not in names(rendered(**changes), phase)


@pytest.mark.parametrize(
    "changes, phase, name, expected",
    [
        (
            {"sources_command": "fedpkg sources"},
            PRE,
            "distgit_fetch_artefacts",
            {"command": "fedpkg sources"},
        ),
        ({"proxy": "http://p"}, PRE, "add_yum_repo_by_url", {"inject_proxy": "http://p"}),
        ({"proxy": "http://p"}, PRE, "koji", {"proxy": "http://p", "target": "f29-candidate"}),
        ({"flatpak": True}, PRE, "bump_release", {"append": True}),
        (
            {"artifacts_allowed_domains": ["d"]},
            PRE,
            "fetch_maven_artifacts",
            {"allowed_domains": ["d"]},
        ),
        (
            {"source_registry_uri": "https://src/v2"},
            PRE,
            "pull_base_image",
            {"parent_registry": "src"},
        ),
        ({"registry_uris": ["http://r"]}, POST, "import_image", {"insecure_registry": True}),
        ({"use_auth": False}, POST, "import_image", {"use_auth": False}),
        ({"use_auth": False}, EXIT, "store_metadata_in_osv3", {"use_auth": False}),
        ({"koji_target": "t"}, EXIT, "koji_promote", {"target": "t", "use_auth": True}),
        (
            {"flatpak": True, "odcs_url": "o", "pdc_url": "p", "compose_ids": [1]},
            PRE,
            "resolve_module_compose",
            {"odcs_url": "o", "pdc_url": "p", "compose_ids": [1], "odcs_insecure": False},
        ),
        (
            {"flatpak": True, "flatpak_base_image": "f:1"},
            PRE,
            "flatpak_create_dockerfile",
            {"base_image": "f:1"},
        ),
        (
            {"vendor": "v", "release": "1", "distribution_scope": "s", "info_url_format": "i"},
            PRE,
            "add_labels_in_dockerfile",
            {
                "labels": {"vendor": "v", "release": "1", "distribution-scope": "s"},
                "info_url_format": "i",
            },
        ),
    ],
)
def test_plugin_gets_its_settings(changes, phase, name, expected):
    args = plugin_args(rendered(**changes), phase, name)
    assert {key: args.get(key) for key in expected} == expected


def test_resolve_composes_of_arrangement_5():
    args = plugin_args(orchestrator(odcs_url="o", signing_intent="r"), PRE, "resolve_composes")
    assert args == {
        "odcs_url": "o",
        "odcs_insecure": False,
        "koji_hub": V1_PARAMS["kojihub"],
        "koji_target": "f29-candidate",
        "signing_intent": "r",
    }


@pytest.mark.parametrize("changes", [{}, {"odcs_url": "o", "yum_repourls": ["u"]}])
def test_resolve_composes_is_removed_without_odcs_or_with_repositories(changes):
    assert "resolve_composes" not in names(orchestrator(**changes), PRE)


def test_parent_build_is_injected():
    args = plugin_args(orchestrator(koji_parent_build="p-1-1"), PRE, "inject_parent_image")
    assert args == {"koji_parent_build": "p-1-1", "koji_hub": V1_PARAMS["kojihub"]}


@pytest.mark.parametrize(
    "changes, tags, primary",
    [
        ({}, Tags(), ["latest", "{version}", "{version}-{release}"]),
        ({}, Tags(["b", "a"]), ["latest", "{version}", "{version}-{release}", "a", "b"]),
        ({}, Tags(["a"], True), ["{version}-{release}", "a"]),
        ({"scratch": True}, Tags(["a"]), []),
        ({"isolated": True, "release": "1.0"}, Tags(["a"]), ["{version}-{release}"]),
        ({"build_type": "worker"}, Tags(["a"]), []),
        ({"build_type": None}, Tags(["a"]), []),
    ],
)
def test_primary_tags(changes, tags, primary):
    request = v1_request(
        "orchestrator_inner:5.json", "orchestrator.json", **dict(ORCHESTRATOR_5, **changes)
    )
    request.set_repo_info(Repo(tags=tags))
    args = plugin_args(plugins_of(request.render()), POST, "tag_from_config")
    assert args["tag_suffixes"]["primary"] == primary


def test_tags_without_repository_info():
    args = plugin_args(orchestrator(), POST, "tag_from_config")
    assert args["tag_suffixes"]["primary"] == ["latest", "{version}", "{version}-{release}"]


def test_tags_that_the_site_fixed_are_left_alone():
    request = v1_request("orchestrator_inner:5.json", "orchestrator.json", **ORCHESTRATOR_5)
    request.dj.dock_json_set_arg(POST, "tag_from_config", "tag_suffixes", {"unique": ["x"]})
    args = plugin_args(plugins_of(request.render()), POST, "tag_from_config")
    assert args == {"tag_suffixes": {"unique": ["x"]}}


def test_secrets_are_mounted_in_the_order_of_the_table():
    request = v1_request(
        "orchestrator_inner:5.json",
        "orchestrator.json",
        reactor_config_secret="rcs",
        odcs_url="o",
        odcs_openidc_secret="oid",
        odcs_ssl_secret="ossl",
        koji_certs_secret="koji",
        registry_secrets=["reg"],
        client_config_secret="ccs",
        token_secrets={"tok": "/my/tok"},
        **dict(ORCHESTRATOR_5, **PULP)
    )
    build = request.render()
    assert secret_names(build) == ["rcs", "pulpsec", "oid", "ossl", "koji", "reg", "ccs", "tok"]
    plugins = plugins_of(build)
    assert plugin_args(plugins, PRE, "reactor_config") == {"config_path": SECRETS + "rcs"}
    assert plugin_args(plugins, STEP, "orchestrate_build")["osbs_client_config"] == SECRETS + "ccs"
    assert plugin_args(plugins, EXIT, "koji_import")["koji_ssl_certs"] == SECRETS + "koji"
    assert plugin_args(plugins, PRE, "koji_parent")["koji_ssl_certs_dir"] == SECRETS + "koji"
    mounts = build["spec"]["strategy"]["customStrategy"]["secrets"]
    assert mounts[-1] == {"secretSource": {"name": "tok"}, "mountPath": "/my/tok"}


def test_absolute_name_of_a_secret_is_its_path():
    build = v1_request(koji_certs_secret="/my/secret").render()
    args = plugin_args(plugins_of(build), EXIT, "koji_promote")
    assert args["koji_ssl_certs"] == "/my/secret"


def test_secret_for_an_absent_plugin_is_not_mounted():
    request = v1_request()
    request.set_secret_for_plugin("s", plugin=(PRE, "nope", "arg"))
    assert secret_names({"spec": request.template["spec"]}) == []


def test_secret_is_not_mounted_where_the_template_has_no_secrets():
    request = v1_request()
    del request.template["spec"]["strategy"]["customStrategy"]["secrets"]
    request.set_secret_for_plugin("s", mount_path="/x")
    assert "secrets" not in request.template["spec"]["strategy"]["customStrategy"]


@pytest.mark.parametrize("key", ["text", ("a", "b"), ("a", "b", "c", "d")])
def test_secret_for_something_that_is_no_plugin_is_a_value_error(key):
    with pytest.raises(ValueError):
        v1_request().set_secrets({key: "s"})


def test_without_any_secret_the_key_goes():
    request = v1_request()
    request.set_secrets({(PRE, "koji", "x"): None})
    assert "secrets" not in request.template["spec"]["strategy"]["customStrategy"]


@pytest.mark.parametrize("use", [True, False])
def test_kerberos_needs_to_be_wanted(use):
    plugins = rendered(
        koji_use_kerberos=use, koji_kerberos_principal="p", koji_kerberos_keytab="FILE:/k"
    )
    args = plugin_args(plugins, EXIT, "koji_promote")
    assert args["koji_principal"] == ("p" if use else False)
    assert args["koji_keytab"] == ("FILE:/k" if use else False)


def test_reactor_config_is_set_as_in_arrangement_6():
    api = ReactorConfigApi()
    request = v1_request(
        "orchestrator_inner:5.json",
        "orchestrator.json",
        **dict(ORCHESTRATOR_5, reactor_config_map="rcm", osbs_api=api)
    )
    build = request.render()
    assert "REACTOR_CONFIG" in environment(build)
    assert secret_names(build) == ["kojisecret", "tok"]
    assert "reactor_config" in names(plugins_of(build), PRE)


def test_config_map_cannot_be_read_without_an_api_object():
    assert "API object" in refused(reactor_config_map="rcm")


def test_site_adds_replaces_and_takes_away_plugins(tmpdir):
    copy_inputs(tmpdir)

    def change(conf):
        conf["disable_plugins"] = [
            {"plugin_type": PRE, "plugin_name": "koji"},
            {"plugin_type": "nope", "plugin_name": "koji"},
            {"spam": 1},
            "text",
        ]
        conf["enable_plugins"] = [
            {"plugin_type": EXIT, "plugin_name": "new", "plugin_args": {"a": 1}},
            {"plugin_type": PREPUB, "plugin_name": "squash", "plugin_args": {"b": 2}},
            {"plugin_type": PREPUB, "plugin_name": "bad", "plugin_args": "text"},
            {"plugin_type": [], "plugin_name": "bad", "plugin_args": {}},
            {"plugin_type": PREPUB, "plugin_name": "bad"},
        ]

    rewrite(str(tmpdir.join("prod_customize.json")), change)
    plugins = plugins_of(v1_request(directory=str(tmpdir)).render())
    assert "koji" not in names(plugins, PRE)
    assert plugins[EXIT][-1] == {"name": "new", "args": {"a": 1}}
    assert plugins[PREPUB] == [{"name": "squash", "args": {"b": 2}}]


def test_customisations_that_are_appended_before_rendering_count():
    request = v1_request()
    request.customize_conf["disable_plugins"].append({"plugin_type": PRE, "plugin_name": "koji"})
    assert "koji" not in names(plugins_of(request.render()), PRE)


def test_missing_customize_file_is_no_customisation():
    assert BuildRequest(INPUTS, customize_conf="missing.json").customize_conf == {}


def test_missing_inner_template_is_an_io_error_with_its_name():
    request = v1_request("worker_inner:9.json")
    with pytest.raises(IOError) as exc_info:
        request.inner_template
    assert exc_info.value.filename.endswith("worker_inner:9.json")


def test_missing_outer_template_is_named():
    with pytest.raises(OsbsException) as exc_info:
        v1_request(outer="missing.json").template
    assert exc_info.value.message.startswith("Can't open template '%s/missing.json'" % INPUTS)


def test_templates_of_arrangement_6_are_refused():
    with pytest.raises(KeyError):
        v1_request("worker_inner:6.json", "worker.json").render()


def test_phases_that_are_emptied_stay_empty():
    request = v1_request()
    for phase in (PRE, PREPUB, POST, EXIT):
        request.dj.dock_json_set_param(phase, [])
    plugins = plugins_of(request.render())
    for phase in (PRE, PREPUB, POST, EXIT):
        assert plugins[phase] == []


def test_phase_of_the_build_step_may_be_absent_but_no_other():
    request = v1_request()
    del request.dj.dock_json[EXIT]
    with pytest.raises(KeyError):
        request.render()


@pytest.mark.parametrize(
    "inner, outer, changes",
    [
        (None, None, {}),
        (None, None, dict(PULP, registry_uris=["a/v1", "b/v2"], registry_secrets=["x", "y"])),
        (None, None, {"scratch": True}),
        ("orchestrator_inner:5.json", "orchestrator.json", dict(ORCHESTRATOR_5, **PULP)),
        ("orchestrator_inner:4.json", "orchestrator.json", dict(ORCHESTRATOR_5, scratch=True)),
        ("worker_inner:5.json", "worker.json", {"scratch": True, "platform": "x86_64"}),
    ],
)
def test_defect_43_second_rendering_gives_the_same_json(inner, outer, changes):
    params = dict({"registry_api_versions": ["v1", "v2"]}, **changes)
    request = v1_request(inner, outer, **params)
    request.set_repo_info(Repo(autorebuild=True))
    first = copy.deepcopy(request.render())
    assert request.render() == first


def test_defect_41_callers_lists_are_not_changed():
    params = copy.deepcopy(dict(V1_PARAMS, registry_secrets=["a"], platforms=["x"]))
    before = copy.deepcopy(params)
    request = BuildRequest(INPUTS)
    request.set_params(**params)
    request.render()
    assert params == before


def test_defect_89_rendering_needs_no_pkg_resources(monkeypatch):
    monkeypatch.setitem(sys.modules, "pkg_resources", None)
    assert orchestrator()


def test_source_secret_of_the_template_is_removed():
    request = v1_request()
    request.template["spec"]["source"]["sourceSecret"] = {"name": "s"}
    assert "sourceSecret" not in request.render()["spec"]["source"]


def test_nothing_is_read_before_rendering():
    request = BuildRequest("/no/such/directory")
    request.set_params(**V1_PARAMS)
    assert request.build_json is None
