"""The programs that use this library, on the sandbox: koji and atomic-reactor 1.6.26.3."""
