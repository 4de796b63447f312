"""
The program in a build pod: uses this library as atomic-reactor does, and builds no image.

``python -m osbs.sandbox.reactor`` reads the environment of a custom build, renders the plugins,
runs a fake of each and stores the results on the Build. Its exit status decides the phase.

Modules: ``context`` (inputs of the pod), ``log`` (atomic-reactor's log format), ``runner`` (phases
and failures), ``plugins`` (what each plugin does), ``workers`` (the worker builds of an
orchestrator), ``variables`` (names of environment variables, shared with the sandbox).

It runs in a process of its own and uses the sandbox over HTTP only.
"""
