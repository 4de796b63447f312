"""Keys and values of labels: what is malformed, in the words of a real master."""

import re

LABEL_VALUE = re.compile(r"^(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?$")

LABEL_NAME = re.compile(r"^([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]$")

LABEL_LENGTH = 63

BAD_LABEL_VALUE = (
    "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', "
    "and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or "
    "'12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')"
)

BAD_LABEL_NAME = (
    "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end "
    "with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for "
    "validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')"
)


def label_value_problem(value):
    """Return an error text for a malformed label value, or None."""
    if len(value) > LABEL_LENGTH:
        return "must be no more than {} characters".format(LABEL_LENGTH)
    return None if LABEL_VALUE.match(value) else BAD_LABEL_VALUE


def label_key_problem(key):
    """Return an error text for a malformed label or annotation key, or None."""
    name = key.rpartition("/")[2]
    if len(name) > LABEL_LENGTH:
        return "name part must be no more than {} characters".format(LABEL_LENGTH)
    return None if LABEL_NAME.match(name) else BAD_LABEL_NAME
