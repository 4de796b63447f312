"""What the sub-commands do: functions ``cmd_*(args, osbs)``.

They print data on stdout and messages on stderr, return None, or -1 for failure, and leave
exceptions to osbs.cli.errors. The modules import the rest of the library inside functions:
``osbs --help`` imports them all.
"""

from __future__ import absolute_import, print_function, unicode_literals
