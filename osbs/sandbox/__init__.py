"""
Emulates an OpenShift 3.9 (or 4) master on one machine, to try and test clients without a cluster.

osbs-client, Koji plugins and atomic-reactor plugins can run against it. It listens on loopback,
keeps its state in memory (and optionally in a state file). Its responses follow recordings of a
real master, and the tests compare them.

The modules, from the ground up:

- ``store`` (objects, versions, history), ``selectors``, ``watches``, ``state_file``, ``timing``,
  ``errors``, ``registry``
- ``kinds`` (what is special about each kind), ``auth``, ``accounts``, ``rbac``, ``logs``
- ``builds`` and ``buildpods`` (life cycle of a build), ``instantiate`` (BuildConfig to Build),
  ``imagestreams``, ``quotas``
- ``cluster``: all of these together, without HTTP
- ``requestinfo``, ``bodies``, ``verbs``, ``endpoints`` (the table of endpoints), ``discovery``
- HTTP: ``faults``, ``request_log``, ``tls``, ``listener``, ``control``, ``app``
- ``server``: the class :class:`osbs.sandbox.server.Sandbox`, which starts everything
- what runs in build pods: ``pods``, ``reactor``
- what users start: ``seed``, ``installation``, ``client``, ``child_process``, ``testing``,
  ``cli``, ``demo``

Needs Python 3.6 or newer and the extra ``sandbox`` (aiohttp, trustme). Importing the package itself
imports nothing.
"""
