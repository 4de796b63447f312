"""
The program in a build pod: does with this library what atomic-reactor does, and builds no image.

``python -m osbs.sandbox.reactor`` reads the environment of a custom build, renders the plugins,
runs a stand-in for each and stores the results on the Build. Its exit status decides the phase.

Rooms: ``context`` (what the pod was given), ``log`` (atomic-reactor's format), ``runner`` (phases
and failures), ``plugins`` (what each plugin does), ``workers`` (the worker builds of an
orchestrator), ``variables`` (names of the environment, all that the sandbox shares with it).

What it may import: the public modules of ``osbs`` as atomic-reactor does, and yaml. No other room
of the sandbox: it knows the server by HTTP only.
"""
