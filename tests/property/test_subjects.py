"""All that comes from outside has property tests, with as many examples as they should try."""

from __future__ import absolute_import, print_function, unicode_literals

import importlib

import pytest
import six
from hypothesis import settings

# Subject -> modules and tests.
SUBJECTS = {
    "osbs.conf text": ["test_conf_text.test_any_file_is_read_or_refused"],
    "container.yaml": ["test_repo_files.test_any_container_yaml_is_a_mapping_or_refused"],
    "Dockerfile": ["test_repo_files.test_any_dockerfile_is_read_or_refused"],
    "additional-tags": ["test_repo_files.test_any_additional_tags_give_valid_tags"],
    ".osbs-repo-config": ["test_repo_files.test_any_repo_config_is_read_or_refused"],
    "USER_PARAMS": [
        "test_rendering.test_hostile_user_params_are_taken_or_refused",
        "test_rendering.test_user_params_of_any_type_render_or_are_refused",
    ],
    "reactor config": ["test_rendering.test_hostile_reactor_config_is_used_or_refused"],
    "log lines": [
        "test_lines.test_any_log_is_followed_line_by_line_wherever_it_breaks_off",
        "test_lines.test_every_line_of_an_orchestrator_is_one_entry",
        "test_lines.test_any_line_is_an_entry",
    ],
    "watch lines": [
        "test_lines.test_any_watch_gives_events_or_ends_in_one_exception",
        "test_lines.test_a_wait_ends_with_the_right_build_or_an_exception",
    ],
    "server answers": [
        "test_server_answers.test_whatever_a_server_answers_the_client_gives_a_result_or_refuses",
        "test_server_answers.test_whatever_a_server_answers_the_facade_gives_a_result_or_refuses",
    ],
    "build names and labels": [
        "test_names.test_any_name_stays_one_part_of_the_path_or_nothing_is_sent",
        "test_names.test_any_labels_and_annotations_arrive_as_they_are",
        "test_names.test_any_selector_is_one_parameter_of_the_query",
        "test_utils_text.test_a_name_made_from_git_is_a_valid_name",
    ],
    "tar archives for restore": [
        "test_restore.test_any_archive_is_restored_or_refused_and_no_file_touched",
        "test_restore.test_a_damaged_archive_sends_nothing_that_is_not_in_it",
        "test_utils_text.test_any_bytes_are_an_archive_or_refused",
        "test_utils_text.test_a_damaged_archive_is_read_or_refused",
    ],
    "git URIs": [
        "test_utils_text.test_any_uri_is_safe_or_refused",
        "test_git_hostile.test_any_words_and_any_server_make_git_get_only_what_is_meant",
    ],
    "git refs and branches": [
        "test_utils_text.test_any_ref_is_safe_or_refused",
        "test_git_hostile.test_any_words_and_any_server_make_git_get_only_what_is_meant",
    ],
    "links, huge files, submodules, hooks": [
        "test_git_hostile.test_any_work_tree_is_read_inside_or_refused",
        "test_git_hostile.test_any_history_is_read_inside_and_runs_nothing",
    ],
}
# They run git again and again for each example: on Python 2 a part of the examples.
RUNNING_GIT = ["test_git_hostile.test_any_history_is_read_inside_and_runs_nothing"]
TESTS = sorted(name for names in SUBJECTS.values() for name in names)


@pytest.mark.parametrize("name", sorted(set(TESTS)))
def test_a_property_test_of_each_subject_is_there(name):
    module, _, function = name.partition(".")
    test = getattr(importlib.import_module("tests.property." + module), function)
    assert getattr(test, "is_hypothesis_test", False)
    # A test's own settings would win over the profile.
    own = getattr(test, "_hypothesis_internal_use_settings", None)
    full = own is None or own.max_examples == settings.default.max_examples
    assert full or (six.PY2 and name in RUNNING_GIT)


@pytest.mark.parametrize(("profile", "examples"), [("quick", 25), ("ci", 300), ("nightly", 10000)])
def test_profiles_try_as_many_examples_as_they_should(profile, examples):
    assert settings.get_profile(profile).max_examples == examples
