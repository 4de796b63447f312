"""
Kinds of the core API: ConfigMaps, Secrets, ServiceAccounts, ResourceQuotas, Pods.

Imports ``base``, ``fields``, ``errors`` and ``builds`` (names of labels).
"""

import base64
import json
import re

from osbs.sandbox.errors import Cause
from osbs.sandbox.kinds import builds
from osbs.sandbox.kinds.base import Kind
from osbs.sandbox.kinds.fields import Anything, Mapping, Sequence, Struct, flag, quantities, text
from osbs.sandbox.registry import PullSpec

_KEY = re.compile(r'^[-._a-zA-Z0-9]+$')
_BAD_KEY = (
    "a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. "
    "'key.name',  or 'KEY_NAME',  or 'key-name', regex used for validation is "
    "'[-._a-zA-Z0-9]+')"
)
_LOCAL = Struct({'name': text()})


def _bad_keys(data):
    return [
        Cause.invalid('data[{}]'.format(key), key, _BAD_KEY)
        for key in data or ()
        if not _KEY.match(key)
    ]


class CoreKind(Kind):
    """What the kinds below share."""

    unconditional_update = True


class ConfigMaps(CoreKind):
    """ConfigMap."""

    resource = 'configmaps'
    kind = 'ConfigMap'
    body = {'data': Mapping(), 'binaryData': Mapping()}

    def validate(self, obj, old=None):
        """Check the keys."""
        return _bad_keys(obj.get('data'))


class Secrets(CoreKind):
    """Secret."""

    resource = 'secrets'
    kind = 'Secret'
    selectable = Kind.selectable + ('type',)
    body = {'data': Mapping(), 'stringData': Mapping(), 'type': text()}

    def fields(self, obj):
        """Add the type."""
        return dict(super().fields(obj), type=obj['type'])

    def default(self, obj):
        """Merge stringData into data, set the type."""
        data = dict(obj.get('data') or {})
        for key, value in (obj.pop('stringData', None) or {}).items():
            data[key] = base64.b64encode(value.encode('utf-8')).decode('ascii')
        result = {'metadata': obj['metadata']}
        if data:
            result['data'] = {key: data[key] for key in sorted(data)}
        result['type'] = obj.get('type') or 'Opaque'
        return result

    def validate(self, obj, old=None):
        """Check keys and base64."""
        causes = _bad_keys(obj.get('data'))
        for key, value in (obj.get('data') or {}).items():
            try:
                base64.b64decode(value, validate=True)
            except ValueError:
                causes.append(
                    Cause.invalid('data[{}]'.format(key), '<hidden>', 'illegal base64 data')
                )
        return causes


class ServiceAccounts(CoreKind):
    """ServiceAccount."""

    resource = 'serviceaccounts'
    kind = 'ServiceAccount'
    body = {'secrets': Sequence(_LOCAL), 'imagePullSecrets': Sequence(_LOCAL)}


class ResourceQuotas(CoreKind):
    """ResourceQuota."""

    resource = 'resourcequotas'
    kind = 'ResourceQuota'
    returns_deleted = True
    body = {
        'spec': Struct({'hard': quantities(), 'scopes': Sequence(text(True))}),
        'status': Struct({'hard': quantities(), 'used': quantities()}),
    }

    def prepare_create(self, obj, request):
        """The controller fills in status."""
        return dict(obj, status={})

    def prepare_update(self, obj, old, request):
        """Clients cannot set status."""
        return dict(obj, status=old['status'])

    def validate(self, obj, old=None):
        """Quantities must be whole numbers, with at most a unit behind them."""
        return [
            Cause.invalid('spec.hard[{}]'.format(key), value, 'must be greater than or equal to 0')
            for key, value in (obj['spec'].get('hard') or {}).items()
            if not re.match(r'^\d+(\.\d+)?([mkMGTPE]i?)?$', value)
        ]


class Pods(CoreKind):
    """Pod: made by the build controller only, so clients can but read and delete them."""

    resource = 'pods'
    kind = 'Pod'
    verbs = ('get', 'list', 'watch', 'delete', 'deletecollection')
    returns_deleted = True
    selectable = Kind.selectable + (
        'spec.nodeName',
        'spec.restartPolicy',
        'status.phase',
        'status.podIP',
    )
    body = {'spec': Anything(), 'status': Anything()}

    def fields(self, obj):
        """Add what pods can be selected by."""
        return dict(
            super().fields(obj),
            **{
                'spec.nodeName': obj['spec'].get('nodeName', ''),
                'spec.restartPolicy': obj['spec']['restartPolicy'],
                'status.phase': obj['status']['phase'],
                'status.podIP': obj['status'].get('podIP', ''),
            },
        )


CONTAINER = 'custom-build'
SERVICE_ACCOUNT_MOUNT = '/var/run/secrets/kubernetes.io/serviceaccount'


def build_environment(build, rendered):
    """
    Return the environment that OpenShift gives a custom build, as a container's list.

    :param build: dict, the stored Build
    :param rendered: dict, the Build as JSON for the variable BUILD
    """
    source = build['spec']['source'].get('git') or {}
    values = [
        ('BUILD', json.dumps(rendered, separators=(',', ':'), ensure_ascii=False) + '\n'),
        ('SOURCE_REPOSITORY', source.get('uri')),
        ('SOURCE_URI', source.get('uri')),
        ('SOURCE_CONTEXT_DIR', build['spec']['source'].get('contextDir')),
        ('SOURCE_REF', source.get('ref')),
        ('ORIGIN_VERSION', 'v3.9.0'),
    ]
    target = output_reference(build)
    if target:
        spec = PullSpec(target)
        values += [('OUTPUT_REGISTRY', spec.registry), ('OUTPUT_IMAGE', spec.image)]
    environment = [{'name': name, 'value': value} for name, value in values if value]
    environment += builds.strategy_of(build).get('env') or []
    if builds.strategy_of(build).get('exposeDockerSocket'):
        environment.append({'name': 'DOCKER_SOCKET', 'value': '/var/run/docker.sock'})
    return environment


def output_reference(build):
    """Return the pull specification of what a build makes; empty if it says nothing."""
    return (build['spec']['output'].get('to') or {}).get('name', '')


def build_pod(build, rendered, service_account):
    """
    Make the Pod of a build.

    :param build: dict, the stored Build
    :param rendered: dict, the Build as JSON for the variable BUILD
    :param service_account: dict, the stored ServiceAccount
    :return: dict, the Pod to be stored
    """
    account = service_account['metadata']['name']
    token = next(
        (
            entry['name']
            for entry in service_account.get('secrets') or ()
            if '-token-' in entry['name']
        ),
        account + '-token',
    )
    name = build['metadata']['name']
    strategy = builds.strategy_of(build)
    resources = dict(build['spec']['resources'])
    if resources.get('limits') and 'requests' not in resources:
        resources['requests'] = resources['limits']
    volumes, mounts = _volumes(strategy, token)
    container = {
        'name': CONTAINER,
        'image': (strategy.get('from') or {}).get('name', ''),
        'env': build_environment(build, rendered),
        'resources': resources,
        'volumeMounts': mounts,
        'terminationMessagePath': '/dev/termination-log',
        'terminationMessagePolicy': 'FallbackToLogsOnError',
        'imagePullPolicy': 'IfNotPresent',
        'securityContext': {'privileged': True},
    }
    spec = {
        'volumes': volumes,
        'containers': [container],
        'restartPolicy': 'Never',
        'terminationGracePeriodSeconds': 30,
    }
    if build['spec'].get('completionDeadlineSeconds') is not None:
        spec['activeDeadlineSeconds'] = build['spec']['completionDeadlineSeconds']
    spec['dnsPolicy'] = 'ClusterFirst'
    if build['spec']['nodeSelector']:
        spec['nodeSelector'] = build['spec']['nodeSelector']
    spec.update(
        {
            'serviceAccountName': account,
            'serviceAccount': account,
            'securityContext': {},
            'imagePullSecrets': service_account.get('imagePullSecrets') or [],
            'schedulerName': 'default-scheduler',
            'tolerations': [
                {
                    'key': 'node.kubernetes.io/memory-pressure',
                    'operator': 'Exists',
                    'effect': 'NoSchedule',
                }
            ],
        }
    )
    owner = {
        'apiVersion': 'build.openshift.io/v1',
        'kind': 'Build',
        'name': name,
        'uid': build['metadata']['uid'],
        'controller': True,
    }
    return {
        'metadata': {
            'name': builds.pod_name(build),
            'namespace': build['metadata']['namespace'],
            'labels': {builds.BUILD_LABEL: name[:63]},
            'annotations': {builds.BUILD_LABEL: name, 'openshift.io/scc': 'privileged'},
            'ownerReferences': [owner],
        },
        'spec': spec,
        'status': {'phase': 'Pending', 'qosClass': 'Guaranteed' if resources else 'BestEffort'},
    }


def _volumes(strategy, token):
    volumes, mounts = [], []
    if strategy.get('exposeDockerSocket'):
        volumes.append(
            {'name': 'docker-socket', 'hostPath': {'path': '/var/run/docker.sock', 'type': ''}}
        )
        mounts.append({'name': 'docker-socket', 'mountPath': '/var/run/docker.sock'})
    for index, entry in enumerate(strategy.get('secrets') or ()):
        name = 'secret-{}'.format(index)
        volumes.append(
            {
                'name': name,
                'secret': {'secretName': entry['secretSource'].get('name', ''), 'defaultMode': 420},
            }
        )
        mounts.append({'name': name, 'readOnly': True, 'mountPath': entry['mountPath']})
    volumes.append({'name': token, 'secret': {'secretName': token, 'defaultMode': 420}})
    mounts.append({'name': token, 'readOnly': True, 'mountPath': SERVICE_ACCOUNT_MOUNT})
    return volumes, mounts


class Users(Kind):
    """User."""

    resource = 'users'
    kind = 'User'
    group = 'user.openshift.io'
    namespaced = False
    verbs = ('get', 'list', 'watch')
    body = {
        'fullName': text(),
        'identities': Sequence(text(True), keep=True),
        'groups': Sequence(text(True), keep=True),
    }


class OAuthAccessTokens(Kind):
    """OAuthAccessToken: only its deletion is offered; tokens are not stored with the objects."""

    resource = 'oauthaccesstokens'
    kind = 'OAuthAccessToken'
    group = 'oauth.openshift.io'
    namespaced = False
    verbs = ('delete',)
    body = {'clientName': text(), 'userName': text(), 'active': flag()}
