"""
Stand in for an OpenShift 3.9 (or 4) master on one machine, for trying and testing what talks to it.

What it is for: the whole of osbs-client, Koji plugins and atomic-reactor plugins can be run
against it without a cluster. It listens on loopback, keeps its state in memory (and, if asked, in a
journal) and answers as ``openshift-samples`` recorded a real master.

Rooms, from the ground up: ``store`` (objects, versions, history), ``selectors``, ``watches``,
``journal``, ``timing``, ``errors``, ``registry``; ``kinds`` (what is special about each kind),
``auth``, ``accounts``, ``rbac``, ``logs``; ``builds`` and ``buildpods`` (life cycle),
``generator`` (BuildConfig to Build), ``imagestreams``, ``quotas``; ``cluster`` (all of these
together, without HTTP);
``requestinfo``, ``bodies``, ``rest``, ``handlers`` (table of endpoints), ``discovery``; ``faults``,
``recorder``, ``tls``, ``listener``, ``control``, ``app`` (HTTP); and ``server`` with the class
:class:`osbs.sandbox.server.Sandbox` that starts it all. What runs in build pods and what users
start is in ``pods``, ``reactor``, ``seed``, ``installation``, ``client``, ``served``, ``testing``,
``cli``, ``demo``.

What it may import: Python 3.6 or newer, aiohttp and trustme (extra ``sandbox``), and below
``pods``/``reactor`` the public modules of ``osbs`` as any user would. Nothing outside this package
imports it, and importing the package itself imports nothing.
"""
