"""HTTP: connections, certificates, faults, the control plane and the application."""
