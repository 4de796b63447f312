"""Resource quotas: counting objects and refusing those beyond the quota."""

from osbs.sandbox.state.store import Missing, name_of, namespace_of

#: resource name in a quota -> resource of the store
COUNTED = {
    "pods": "pods",
    "configmaps": "configmaps",
    "secrets": "secrets",
    "resourcequotas": "resourcequotas",
    "openshift.io/imagestreams": "imagestreams",
}

_ENDED = ("Succeeded", "Failed")


class Quotas:
    """
    Keep ``status.used`` of quotas up to date and refuse objects beyond them.

    :param store: store.Store
    :param tasks: tasks.Tasks
    """

    def __init__(self, store, tasks):
        self._store = store
        self._tasks = tasks
        self._pending = False

    def start(self):
        """Follow the changes of counted resources."""
        self._store.subscribe(self._on_event)
        self._later()

    def _on_event(self, event):
        if event.resource == "resourcequotas" or event.resource in COUNTED.values():
            self._later()

    def _later(self):
        if not self._pending and self._store.count("resourcequotas"):
            self._pending = True
            self._tasks.after("quota_status", self._refresh)

    def _refresh(self):
        self._pending = False
        for quota in self._store.list("resourcequotas"):
            hard = quota["spec"].get("hard") or {}
            namespace = namespace_of(quota)
            used = {key: str(self._used(namespace, key)) for key in hard}
            status = {"hard": dict(hard), "used": used} if hard else {}
            if status != quota["status"]:
                try:
                    self._store.update("resourcequotas", dict(quota, status=status))
                except Missing:
                    pass

    def _used(self, namespace, key):
        resource = COUNTED.get(key)
        if resource == "pods":
            return sum(
                1
                for pod in self._store.list("pods", namespace)
                if pod["status"]["phase"] not in _ENDED
            )
        return self._store.count(resource, namespace) if resource else 0

    def refusal(self, namespace, resource):
        """
        Return why one more object of a resource exceeds a quota.

        :return: str; None when it does not
        """
        for quota in self._store.list("resourcequotas", namespace):
            limit = (quota["spec"].get("hard") or {}).get(resource)
            if limit is None or not limit.isdigit():
                continue
            used = self._used(namespace, resource)
            if used + 1 > int(limit):
                return (
                    "exceeded quota: {name}, requested: {what}=1, used: {what}={used}, "
                    "limited: {what}={limit}".format(
                        name=name_of(quota), what=resource, used=used, limit=limit
                    )
                )
        return None
