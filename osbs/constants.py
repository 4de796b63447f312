"""Names and values shared by the library and its consumers.

Tests and consumers import these by name: names, values and types are contract.
"""

from __future__ import absolute_import, print_function, unicode_literals

import re
import sys

PY3 = sys.version_info[0] >= 3

BUILD_JSON_STORE = "/usr/share/osbs/"
DEFAULT_GIT_REF = "master"
DEFAULT_CONFIGURATION_FILE = "/etc/osbs.conf"
DEFAULT_CONFIGURATION_SECTION = "default"
GENERAL_CONFIGURATION_SECTION = "general"
DEFAULT_NAMESPACE = "default"

DEFAULT_OUTER_TEMPLATE = "prod.json"
WORKER_OUTER_TEMPLATE = "worker.json"
ORCHESTRATOR_OUTER_TEMPLATE = "orchestrator.json"
DEFAULT_INNER_TEMPLATE = "prod_inner.json"
WORKER_INNER_TEMPLATE = "worker_inner:{arrangement_version}.json"
ORCHESTRATOR_INNER_TEMPLATE = "orchestrator_inner:{arrangement_version}.json"
DEFAULT_CUSTOMIZE_CONF = "prod_customize.json"
WORKER_CUSTOMIZE_CONF = "worker_customize.json"
ORCHESTRATOR_CUSTOMIZE_CONF = "orchestrator_customize.json"

# The highest arrangement that has templates.
DEFAULT_ARRANGEMENT_VERSION = 6
# From this arrangement on, the pod renders its plugins from USER_PARAMS and REACTOR_CONFIG.
REACTOR_CONFIG_ARRANGEMENT_VERSION = 6

REPO_CONFIG_FILE = ".osbs-repo-config"
ADDITIONAL_TAGS_FILE = "additional-tags"
REPO_CONTAINER_CONFIG = "container.yaml"

POD_FINISHED_STATES = ["failed", "succeeded"]
POD_FAILED_STATES = ["failed"]
POD_SUCCEEDED_STATES = ["succeeded"]
POD_RUNNING_STATES = ["pending", "running"]

BUILD_CANCELLED_STATE = "cancelled"
# Field selectors list these in this order, here and in atomic-reactor.
BUILD_FINISHED_STATES = ["failed", "complete", "error", "cancelled"]
BUILD_FAILED_STATES = ["failed", "error", "cancelled"]
BUILD_SUCCEEDED_STATES = ["complete"]
BUILD_PENDING_STATES = ["pending", "new"]
BUILD_RUNNING_STATES = ["running"]

WATCH_ADDED = "added"
WATCH_DELETED = "deleted"
WATCH_MODIFIED = "modified"
WATCH_ERROR = "error"

BUILD_TYPE_ORCHESTRATOR = "orchestrator"
BUILD_TYPE_WORKER = "worker"

SERVICEACCOUNT_SECRET = "/var/run/secrets/kubernetes.io/serviceaccount"
SERVICEACCOUNT_TOKEN = "token"
SERVICEACCOUNT_CACRT = "ca.crt"
SECRETS_PATH = "/var/run/secrets/atomic-reactor"

HTTP_MAX_RETRIES = 8
HTTP_BACKOFF_FACTOR = 4
HTTP_RETRIES_STATUS_FORCELIST = [408, 500, 502, 503, 504]
HTTP_RETRIES_METHODS_WHITELIST = ["GET", "PUT", "POST", "DELETE"]
# Seconds, given with every request.
HTTP_REQUEST_TIMEOUT = 600
# Seconds in which the whole body of a response must arrive that is no stream.
HTTP_BODY_TIMEOUT = 3600
# Bytes of a body after decompression; the setting max_response_mib says otherwise.
HTTP_BODY_MAX = 512 << 20
# Bytes of everything that comes before a body, and of a body that nobody reads.
HTTP_HEAD_MAX = 1 << 20
# Bytes of a size of a chunk or of a trailer.
HTTP_FRAME_LINE_MAX = 65536
# Bytes of a line of a log that are kept, and of an event of a watch.
HTTP_LINE_MAX = 1 << 20
HTTP_EVENT_MAX = 16 << 20
# Bytes of the body of an error that are kept.
ERROR_BODY_MAX = 65536
# Seconds to make a connection.
HTTP_CONNECT_TIMEOUT = 10
# Seconds: longest delay that a server may ask for with Retry-After.
HTTP_RETRY_AFTER_MAX = 120

# Repeats of a call that was answered 409, and the first pause in seconds (doubled each time).
OS_CONFLICT_MAX_RETRIES = 8
OS_CONFLICT_WAIT = 5

BACKUP_RESOURCES = ("buildconfigs", "imagestreams")
CLI_LIST_BUILDS_DEFAULT_COLS = ["name", "status", "image"]
CLI_WATCH_BUILDS_DEFAULT_COLS = ["changetype", "status", "created", "name"]

# Digits of the random part of a unique image tag.
RAND_DIGITS = 5

ATOMIC_REACTOR_LOGGING_FMT = (
    "%(asctime)s platform:%(arch)s - %(name)s - %(levelname)s - %(message)s"
)

# Level of log records that atomic-reactor wants whoever started the build to see.
USER_WARNING_LEVEL = 25
# Native: on Python 2 a record with bytes must not meet a level of text.
USER_WARNING_LEVEL_NAME = str("USER_WARNING")

ISOLATED_RELEASE_FORMAT = re.compile(r"^\d+\.\d+(\..+)?$")

# Documents that others have written. Whoever may push to a repository writes the first four: a few
# bytes of theirs must not cost a builder more than moments. Sizes are bytes.
MAX_DOCKERFILE_SIZE = 256 * 1024
MAX_REPO_FILE_SIZE = 64 * 1024
# Values of a YAML document; an alias counts as many as it stands for.
MAX_YAML_NODES = 10000
MAX_WARNINGS_PER_FILE = 20
# A config map, as Kubernetes limits it, a template, and a site's customisations.
MAX_CONFIG_DOCUMENT_SIZE = 1024 * 1024
# Lists and mappings within each other.
MAX_DEPTH = 100
MAX_NUMBER_DIGITS = 1000
# The parser of INI files takes time that grows with the square of the blanks in a row within a
# key, and of the lines that it cannot parse.
MAX_INI_GAP = 256
MAX_INI_LINES = 5000
# All members of a backup together: 50,000 BuildConfigs of 5 KB, more than any installation holds.
MAX_BACKUP_SIZE = 256 * 1024 * 1024
MAX_BACKUP_MEMBERS = 1000
# Each takes 64 bytes of memory or more; those of honest backups are longer than their share.
MAX_BACKUP_VALUES = MAX_BACKUP_SIZE // 16

# Seconds in which klist or kinit has to end.
KERBEROS_TIMEOUT = 60

# Handed to git as GIT_ALLOW_PROTOCOL.
GIT_ALLOWED_PROTOCOLS = ("https", "http", "git", "ssh", "file")
# What a look at a repository may take: seconds, bytes of memory of each of git's processes, bytes
# of each file that git writes, and of all of them. Repositories of packages need a tiny part.
GIT_TIMEOUT = 900
GIT_MAX_MEMORY = 2 * 1024**3
GIT_MAX_FILE = 2 * 1024**3
GIT_MAX_DISK = 4 * 1024**3
