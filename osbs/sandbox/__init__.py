"""
Emulates an OpenShift 3.9 (or 4) master on one machine, to try and test clients without a cluster.

osbs-client, Koji plugins and atomic-reactor plugins can run against it. It listens on loopback,
keeps its state in memory (and optionally in a state file). Its responses follow recordings of a
real master, and the tests compare them.

Its packages, from the ground up; a package imports only those above it in this list:

- ``kinds``: what is special about each kind of object, errors, labels, pull specifications
- ``users``: tokens, the OAuth server, permissions
- ``pods``: what runs in build pods; ``reactor`` is the program that runs there
- ``state``: stored objects, their history, watches and logs, the state file
- ``controllers``: what a master does by itself; ``cluster`` is all of this without HTTP
- ``api``: requests, verbs and endpoints, still without HTTP
- ``http``: connections, faults, the control plane
- ``server``: the class :class:`osbs.sandbox.server.Sandbox`, which starts everything
- ``install``: contents and files of a small installation of OSBS, handles for clients
- ``testing``, ``pytest_plugin``, ``cli``: what users start

Needs Python 3.6 or newer and the extra ``sandbox`` (aiohttp, trustme). Importing the package itself
imports nothing.
"""
