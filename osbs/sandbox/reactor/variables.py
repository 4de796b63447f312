"""Names of the environment variables that the sandbox adds to those of a custom build."""

#: path of a file that holds the token of the pod's service account
TOKEN_FILE = "OSBS_SANDBOX_TOKEN_FILE"
#: base URL of the API server
URL = "OSBS_SANDBOX_URL"
#: path of the CA certificate of the API server; empty without TLS
CA_FILE = "OSBS_SANDBOX_CA_FILE"
#: directory that stands for / when a mounted secret is looked up
SECRETS_DIR = "OSBS_SANDBOX_SECRETS_DIR"
#: path of the file that takes the termination message
TERMINATION_LOG = "OSBS_SANDBOX_TERMINATION_LOG"

#: bytes of the termination message that count, as in Kubernetes
MESSAGE_LIMIT = 4096
