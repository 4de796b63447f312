"""Objects, versions and the bounded history."""

import pytest

from osbs.sandbox.state.store import (
    ADDED,
    DELETED,
    MODIFIED,
    Compacted,
    Exists,
    Missing,
    Stale,
    Store,
    with_metadata,
)


def thing(name, namespace="osbs", **more):
    return dict({"metadata": {"name": name, "namespace": namespace}}, **more)


@pytest.fixture
def store():
    return Store(history=5)


def test_every_change_gets_the_next_version_of_one_counter(store):
    first = store.create("builds", thing("a"))
    second = store.create("configmaps", thing("b"))
    assert int(second["metadata"]["resourceVersion"]) == 1 + int(
        first["metadata"]["resourceVersion"]
    )


def test_a_name_can_be_taken_once_per_project(store):
    store.create("builds", thing("a"))
    store.create("builds", thing("a", "other"))
    with pytest.raises(Exists):
        store.create("builds", thing("a"))


def test_an_update_with_an_old_version_is_stale(store):
    old = store.create("builds", thing("a"))
    store.update("builds", dict(old, data=1))
    with pytest.raises(Stale):
        store.update("builds", dict(old, data=2), old["metadata"]["resourceVersion"])


def test_an_update_that_changes_nothing_keeps_the_version(store):
    old = store.create("builds", thing("a", data=1))
    assert store.update("builds", dict(old)) is old


def test_a_stored_object_is_not_changed_by_later_updates(store):
    old = store.create("builds", thing("a", data=1))
    store.update("builds", dict(old, data=2))
    assert old["data"] == 1


def test_deleting_gives_the_object_the_version_of_its_deletion(store):
    old = store.create("builds", thing("a"))
    gone = store.delete("builds", "osbs", "a")
    assert int(gone["metadata"]["resourceVersion"]) > int(old["metadata"]["resourceVersion"])


def test_what_is_missing_can_be_neither_updated_nor_deleted(store):
    with pytest.raises(Missing):
        store.update("builds", thing("a"))
    with pytest.raises(Missing):
        store.delete("builds", "osbs", "a")


def test_listeners_get_the_changes_that_they_subscribed_to(store):
    everything, named, others = [], [], []
    store.subscribe(lambda event: everything.append(event))
    store.subscribe(lambda event: named.append(event), "builds", "a")
    store.subscribe(lambda event: others.append(event), "pods")
    old = store.create("builds", thing("a"))
    store.update("builds", dict(old, data=1))
    store.create("builds", thing("b"))
    store.delete("builds", "osbs", "a")
    assert [event.type for event in everything] == [ADDED, MODIFIED, ADDED, DELETED]
    assert [event.type for event in named] == [ADDED, MODIFIED, DELETED]
    assert others == []


def test_a_listener_that_unsubscribed_gets_no_more_changes(store):
    heard = []

    def listener(event):
        heard.append(event)

    store.subscribe(listener, "builds", "a")
    store.unsubscribe(listener, "builds", "a")
    store.create("builds", thing("a"))
    assert heard == []


def test_history_returns_the_changes_after_a_version(store):
    first = store.create("builds", thing("a"))
    store.create("builds", thing("b"))
    names = [
        event.obj["metadata"]["name"]
        for event in store.since(int(first["metadata"]["resourceVersion"]))
    ]
    assert names == ["b"]


def test_history_is_bounded_and_older_versions_raise(store):
    first = store.create("builds", thing("a"))
    for number in range(6):
        store.create("builds", thing("b{}".format(number)))
    with pytest.raises(Compacted):
        store.since(int(first["metadata"]["resourceVersion"]))


def test_old_changes_are_dropped_by_age():
    store = Store(max_age=-1)
    first = store.create("builds", thing("a"))
    store.create("builds", thing("b"))
    with pytest.raises(Compacted):
        store.since(int(first["metadata"]["resourceVersion"]))


def test_compaction_drops_the_whole_history(store):
    first = store.create("builds", thing("a"))
    store.create("builds", thing("b"))
    store.compact()
    with pytest.raises(Compacted):
        store.since(int(first["metadata"]["resourceVersion"]))
    assert store.since(store.version) == []


def test_a_list_can_be_read_as_it_was(store):
    store.create("builds", thing("a", data=1))
    version = store.version
    store.update("builds", dict(store.get("builds", "osbs", "a"), data=2))
    store.create("builds", thing("b"))
    store.delete("builds", "osbs", "a")
    assert [obj["data"] for obj in store.list_at("builds", "osbs", version)] == [1]


def test_a_list_older_than_the_history_is_refused(store):
    store.create("builds", thing("a"))
    version = store.version
    store.create("builds", thing("b"))
    store.compact()
    with pytest.raises(Compacted):
        store.list_at("builds", "osbs", version)


def test_replayed_objects_keep_uid_and_version_and_fill_the_history(store):
    first = store.create("builds", thing("a"))
    second = store.update("builds", dict(first, data=1))
    again = Store()
    again.replay("builds", first)
    again.replay("builds", second)
    again.replayed(int(first["metadata"]["resourceVersion"]))
    assert again.get("builds", "osbs", "a") == second
    assert [event.type for event in again.since(int(first["metadata"]["resourceVersion"]))] == [
        MODIFIED
    ]


def test_changed_metadata_leaves_the_original_alone():
    obj = thing("a")
    changed = with_metadata(obj, name=None, labels={"x": "y"})
    assert changed["metadata"] == {"namespace": "osbs", "labels": {"x": "y"}}
    assert obj == thing("a")
