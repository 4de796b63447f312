"""Users, roles, tokens and the OAuth server."""

import base64
from urllib.parse import parse_qs, urlsplit

import pytest

from osbs.sandbox.controllers.delays import Timing
from osbs.sandbox.users.identities import Authenticator
from osbs.sandbox.users.oauth import Negotiated, Negotiator
from tests.sandbox.replay import build_config
from tests.sandbox.support import CORE, OAPI, Api, started

AUTHORIZE = "oauth/authorize?response_type=token&client_id=openshift-challenging-client"


def authorize(api, **kwargs):
    return Api(api.sandbox, None).get(AUTHORIZE, allow_redirects=False, **kwargs)


def token_of(response):
    return parse_qs(urlsplit(response.headers["Location"]).fragment)["access_token"][0]


def test_a_password_buys_a_token_that_works(api):
    response = authorize(api, auth=("osbs", api.sandbox.password))
    assert response.status_code == 302
    user = (
        Api(api.sandbox, None)
        .get("oapi/v1/users/~", headers={"Authorization": "Bearer " + token_of(response)})
        .json()
    )
    assert user["metadata"]["name"] == "osbs"


@pytest.mark.parametrize("credentials", [("osbs", "wrong"), ("nobody-here", "x"), ("osbs", "")])
def test_a_wrong_password_is_401_with_a_challenge(api, credentials):
    response = authorize(api, auth=credentials, headers={"X-CSRF-Token": "1"})
    assert (response.status_code, response.headers["WWW-Authenticate"]) == (
        401,
        'Basic realm="openshift"',
    )


def test_a_wrong_password_without_the_csrf_header_is_401_with_a_misleading_text(api):
    response = authorize(api, auth=("osbs", "wrong"))
    assert response.status_code == 401
    assert "WWW-Authenticate" not in response.headers
    assert "X-CSRF-Token" in response.text


def test_tokens_expire():
    with started(token_lifetime=0.05) as api:
        token = token_of(authorize(api, auth=("osbs", api.sandbox.password)))
        anonymous = Api(api.sandbox, None)
        headers = {"Authorization": "Bearer " + token}
        response = api.wait(
            lambda: anonymous.get("oapi/v1/users/~", headers=headers),
            lambda response: response.status_code == 401,
        )
        assert response.json()["reason"] == "Unauthorized"


def test_expiring_all_tokens_spares_service_accounts(api):
    fault = api.sandbox.faults.expire_tokens()
    assert api.get(OAPI + "builds").status_code == 401
    assert api.as_user("osbs/builder").get(OAPI + "builds").status_code == 200
    assert fault.fired == 1
    assert api.as_user("osbs").get(OAPI + "builds").status_code == 200


def test_a_revoked_token_is_valid_until_the_cache_drops_it(api):
    api.sandbox.timing.token_cache = 5.0
    token = api.session.headers["Authorization"].split()[1]
    assert api.delete("oapi/v1/oauthaccesstokens/" + token).status_code == 200
    assert api.get(OAPI + "builds").status_code == 200
    api.sandbox.timing.token_cache = 0.0
    assert api.get(OAPI + "builds").status_code == 401


def test_an_unknown_token_cannot_be_revoked(api):
    assert api.delete("oapi/v1/oauthaccesstokens/nope").status_code == 404


def test_tokens_are_not_in_the_request_log(api):
    token = api.session.headers["Authorization"].split()[1]
    api.delete("oapi/v1/oauthaccesstokens/" + token)
    assert token not in repr(list(api.sandbox.requests))


QUOTA = {"metadata": {"name": "q"}, "spec": {"hard": {"pods": 1}}}


@pytest.mark.parametrize(
    "user, method, path, body, status",
    [
        ("osbs", "POST", OAPI + "buildconfigs", build_config("x"), 201),
        ("plain", "POST", OAPI + "buildconfigs", build_config("x"), 403),
        ("viewer", "POST", OAPI + "buildconfigs", build_config("x"), 403),
        ("viewer", "GET", OAPI + "buildconfigs", None, 200),
        ("viewer", "GET", CORE + "secrets", None, 403),
        ("plain", "GET", CORE + "secrets", None, 200),
        ("plain", "POST", CORE + "configmaps", {"metadata": {"name": "m"}}, 201),
        ("plain", "POST", CORE + "resourcequotas", QUOTA, 403),
        ("osbs", "POST", CORE + "resourcequotas", QUOTA, 201),
        ("nobody", "GET", OAPI + "buildconfigs", None, 403),
        ("nobody", "GET", "oapi/v1/users/~", None, 200),
        ("nobody", "GET", OAPI + "builds/missing", None, 403),
        ("osbs", "GET", OAPI + "builds/missing", None, 404),
        ("osbs", "GET", "oapi/v1/namespaces/other/builds", None, 403),
        ("osbs", "GET", "oapi/v1/users", None, 403),
        ("osbs/builder", "POST", OAPI + "buildconfigs", build_config("x"), 201),
        ("osbs/deployer", "POST", OAPI + "buildconfigs", build_config("x"), 403),
        ("osbs/default", "GET", OAPI + "builds", None, 403),
    ],
)
def test_roles_decide_what_users_may_do(api, user, method, path, body, status):
    response = api.as_user(user).send(method, path, body)
    assert response.status_code == status, response.text


def test_a_cluster_administrator_may_do_everything(api):
    admin = Api(api.sandbox, None)
    admin.session.cert = api.sandbox.administrator_certificate()
    names = [item["metadata"]["name"] for item in admin.get("oapi/v1/users").json()["items"]]
    assert "osbs" in names
    assert admin.get("oapi/v1/namespaces/other/builds").json()["items"] == []
    missing = admin.get(OAPI + "frobs")
    assert (missing.status_code, missing.json()["reason"]) == (404, "NotFound")


def test_a_client_certificate_is_no_identity_for_the_oauth_server(api):
    admin = Api(api.sandbox, None)
    admin.session.cert = api.sandbox.administrator_certificate()
    assert admin.get(AUTHORIZE, allow_redirects=False).status_code == 401


def test_users_can_be_added_with_a_role(api):
    password = api.sandbox.add_user("joe", role="admin")
    assert authorize(api, auth=("joe", password)).status_code == 302
    assert api.as_user("joe").get(OAPI + "builds").status_code == 200


def test_users_and_projects_given_at_the_start_are_there():
    with started(users=[("joe", "secret", "view")], namespaces=["other"]) as api:
        assert authorize(api, auth=("joe", "secret")).status_code == 302
        for namespace in ("osbs", "other"):
            response = api.as_user("joe").get("oapi/v1/namespaces/{}/builds".format(namespace))
            assert response.status_code == 200
        response = api.as_user("osbs/builder").get("oapi/v1/namespaces/other/builds")
        assert response.status_code == 200


class Ticket(Negotiator):
    """Accepts b'joe' at once, b'two' in two steps."""

    async def step(self, data):
        if data == b"two":
            return Negotiated(reply=b"more")
        return Negotiated("osbs", b"done") if data == b"joe" else Negotiated()


def negotiate(api, data):
    return authorize(
        api, headers={"Authorization": "Negotiate " + base64.b64encode(data).decode("ascii")}
    )


def test_a_negotiator_lets_users_in(api):
    api.sandbox.negotiator = Ticket()
    response = negotiate(api, b"joe")
    assert token_of(response)
    assert response.headers["WWW-Authenticate"] == "Negotiate " + base64.b64encode(b"done").decode(
        "ascii"
    )


def test_a_negotiator_can_require_another_step(api):
    api.sandbox.negotiator = Ticket()
    response = negotiate(api, b"two")
    assert (response.status_code, response.headers["WWW-Authenticate"]) == (
        401,
        "Negotiate " + base64.b64encode(b"more").decode("ascii"),
    )


def test_with_a_negotiator_everybody_is_asked_to_negotiate(api):
    api.sandbox.negotiator = Ticket()
    assert authorize(api).headers["WWW-Authenticate"] == "Negotiate"
    assert negotiate(api, b"eve").status_code == 401


def test_without_a_negotiator_negotiate_is_refused(api):
    response = negotiate(api, b"joe")
    assert (response.status_code, "WWW-Authenticate" in response.headers) == (401, False)


def test_an_object_without_step_is_refused_as_negotiator(api):
    with pytest.raises(TypeError):
        api.sandbox.negotiator = object()


def make_account(api):
    api.post(CORE + "serviceaccounts", {"metadata": {"name": "robot"}})
    api.wait(lambda: api.sandbox.token_of("osbs/robot"))
    return Api(api.sandbox, "osbs/robot")


def whoami(api):
    response = api.get("oapi/v1/users/~")
    return (
        response.json()["metadata"]["name"] if response.status_code == 200 else response.status_code
    )


def test_a_new_service_account_gets_secrets_with_a_token_that_works(api):
    robot = make_account(api)
    assert whoami(robot) == "system:serviceaccount:osbs:robot"
    account = api.get(CORE + "serviceaccounts/robot").json()
    kinds = [api.stored("secrets", entry["name"])["type"] for entry in account["secrets"]]
    assert kinds == ["kubernetes.io/service-account-token", "kubernetes.io/dockercfg"]
    assert account["imagePullSecrets"] == account["secrets"][1:]


def test_a_service_account_that_is_deleted_takes_its_secrets_and_tokens_along():
    with started(delays={"token_cache": 0.0}) as api:
        robot = make_account(api)
        names = [entry["name"] for entry in api.stored("serviceaccounts", "robot")["secrets"]]
        api.delete(CORE + "serviceaccounts/robot")
        assert [api.stored("secrets", name) for name in names] == [None, None]
        assert whoami(robot) == 401


def test_a_token_ends_with_its_secret():
    with started(delays={"token_cache": 0.0}) as api:
        robot = make_account(api)
        names = [entry["name"] for entry in api.stored("serviceaccounts", "robot")["secrets"]]
        api.delete(CORE + "secrets/" + names[0])
        assert whoami(robot) == 401


def test_a_build_runs_as_a_service_account_that_was_made_for_it(api, pods):
    make_account(api)
    api.config("x", serviceAccount="robot")
    api.instantiate("x")
    pod = pods.pod("x-1")
    assert pod.token == api.sandbox.token_of("osbs/robot")
    pods.finish("x-1")


def test_tokens_are_limited_and_expired_ones_are_deleted_first(monkeypatch):
    monkeypatch.setattr("osbs.sandbox.users.identities.TOKENS", 20)
    authenticator = Authenticator(Timing())
    account = authenticator.issue("system:serviceaccount:osbs:builder")
    good = authenticator.issue("osbs", 1000)
    for _ in range(100):
        authenticator.issue("osbs", -1)
    assert len(authenticator._tokens) <= 23
    assert {account, good} <= set(authenticator._tokens)


def test_tokens_of_service_accounts_do_not_count_for_the_limit(monkeypatch):
    monkeypatch.setattr("osbs.sandbox.users.identities.TOKENS", 20)
    authenticator = Authenticator(Timing())
    for _ in range(39):
        authenticator.issue("system:serviceaccount:osbs:builder")
    assert authenticator.issue("osbs", 1000) in authenticator._tokens
