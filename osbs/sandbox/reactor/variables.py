"""Names of the environment variables that the sandbox adds to those of a custom build."""

#: path of a file with the token of the pod's service account
TOKEN_FILE = "OSBS_SANDBOX_TOKEN_FILE"
#: base URL of the API server
URL = "OSBS_SANDBOX_URL"
#: path of the CA certificate of the API server; empty without TLS
CA_FILE = "OSBS_SANDBOX_CA_FILE"
#: directory that is used as / for mounted secrets
SECRETS_DIR = "OSBS_SANDBOX_SECRETS_DIR"
#: path of the file for the termination message
TERMINATION_LOG = "OSBS_SANDBOX_TERMINATION_LOG"

#: maximum size (bytes) of the termination message, as in Kubernetes
MESSAGE_LIMIT = 4096
