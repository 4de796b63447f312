"""Names of the types in type comments, for type checkers alone.

Python 2.7 has no typing, and with it the command would start later on 3.
"""

from __future__ import absolute_import, print_function, unicode_literals

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import (  # noqa: F401
        Any,
        Callable,
        Dict,
        Iterable,
        Iterator,
        List,
        Mapping,
        Optional,
        Set,
        Text,
        Tuple,
        Union,
    )
else:
    Any = Callable = Dict = Iterable = Iterator = List = Mapping = None
    Optional = Set = Text = Tuple = Union = None
