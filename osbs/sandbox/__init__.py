"""
Stand in for an OpenShift 3.9 (or 4) master on one machine, for trying and testing what talks to it.

What it is for: the whole of osbs-client, Koji plugins and atomic-reactor plugins can be run
against it without a cluster. It listens on loopback, keeps its state in memory (and, if asked, in a
journal) and answers as ``openshift-samples`` recorded a real master.

Rooms: ``store`` (objects, versions, history), ``selectors``, ``watches``, ``kinds`` (what is special
about each kind), ``builds`` (life cycle), ``logs``, ``auth``, ``tls``, ``faults``, ``app`` (URL table
and HTTP) and ``server`` (the :class:`osbs.sandbox.server.Sandbox` that ties them together).

What it may import: Python 3.6 or newer, aiohttp and trustme (extra ``sandbox``), and below
``pods``/``reactor`` the public modules of ``osbs`` as any user would. Nothing outside this package
imports it, and importing the package itself imports nothing.
"""
