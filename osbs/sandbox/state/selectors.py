"""
Label and field selectors: parsing, matching and the error texts of a real master.

A parsed selector is a list of requirements; each has ``matches(mapping)``.
"""

import re

from osbs.sandbox.kinds import errors
from osbs.sandbox.kinds.labels import label_key_problem, label_value_problem


class Requirement:
    """
    One term of a selector.

    :param key: str
    :param operator: str, one of ``= != in notin exists absent > <``
    :param values: tuple of str
    """

    def __init__(self, key, operator, values=()):
        self.key = key
        self.operator = operator
        self.values = values

    def matches(self, mapping):
        """Return whether a mapping of str to str satisfies the term."""
        return _OPERATORS[self.operator](mapping.get(self.key), self.values)


def _compare(sign):
    def check(value, values):
        try:
            return (int(value) - int(values[0])) * sign > 0
        except (TypeError, ValueError):
            return False

    return check


_OPERATORS = {
    "=": lambda value, values: value == values[0],
    "!=": lambda value, values: value != values[0],
    "in": lambda value, values: value in values,
    "notin": lambda value, values: value not in values,
    "exists": lambda value, values: value is not None,
    "absent": lambda value, values: value is None,
    ">": _compare(1),
    "<": _compare(-1),
}


def matches(requirements, mapping):
    """Return whether a mapping satisfies all requirements."""
    return all(requirement.matches(mapping) for requirement in requirements)


_TERM = re.compile(
    r"""
    \s*(?: (?P<absent>!)\s*(?P<missing>[^\s=!,<>()]+)
         | (?P<key>[^\s=!,<>()]+)\s*
           (?: (?P<op>==|=|!=|>|<)\s*(?P<value>[^\s,()]*)
             | (?P<set>in|notin)\s*\((?P<values>[^()]*)\) )?
       )\s*(?:,|$)""",
    re.VERBOSE,
)


def parse_labels(selector):
    """
    Parse a label selector.

    :param selector: str
    :return: list of Requirement
    :raises errors.ApiError: 400 for a malformed selector
    """
    requirements = []
    position = 0
    while position < len(selector):
        term = _TERM.match(selector, position)
        if term is None or term.end() == position:
            raise errors.bad_request(
                "unable to parse requirement: found '{}', expected: identifier".format(
                    selector[position:]
                )
            )
        requirements.append(_label_requirement(term))
        position = term.end()
    return requirements


def _label_requirement(term):
    if term.group("absent"):
        return _checked(Requirement(term.group("missing"), "absent"))
    if term.group("set"):
        values = tuple(value.strip() for value in term.group("values").split(","))
        return _checked(Requirement(term.group("key"), term.group("set"), values))
    operator = term.group("op")
    if operator is None:
        return _checked(Requirement(term.group("key"), "exists"))
    return _checked(
        Requirement(
            term.group("key"), "=" if operator == "==" else operator, (term.group("value"),)
        )
    )


def _checked(requirement):
    problem = label_key_problem(requirement.key)
    if problem:
        raise errors.bad_request(
            'unable to parse requirement: invalid label key "{}": {}'.format(
                requirement.key, problem
            )
        )
    for value in requirement.values:
        problem = label_value_problem(value)
        if problem:
            raise errors.bad_request(
                'unable to parse requirement: invalid label value: "{}": {}'.format(value, problem)
            )
    return requirement


def parse_fields(selector, known, openshift=True):
    """
    Parse a field selector: terms with ``=``, ``==`` or ``!=``, separated by commas.

    :param selector: str
    :param known: collection of str, field labels that the kind has
    :param openshift: bool, whether the kind is OpenShift's (its error text differs)
    :raises errors.ApiError: 400 for malformed selectors and unknown fields
    """
    requirements = []
    # The real parser sorts the terms, so its error names the first in that order.
    for part in sorted(part for part in selector.split(",") if part):
        match = re.match(r"^(.*?)(!=|==|=)(.*)$", part)
        if match is None:
            raise errors.bad_request(
                "invalid selector: '{}'; can't understand '{}'".format(selector, part)
            )
        key, operator, value = match.groups()
        if key not in known:
            raise errors.bad_request(_unknown_field(key, openshift))
        requirements.append(Requirement(key, "!=" if operator == "!=" else "=", (value,)))
    return requirements


def _unknown_field(key, openshift):
    if openshift:
        return (
            '"{}" is not a known field selector: only "metadata.name", '
            '"metadata.namespace"'.format(key)
        )
    return "field label not supported: {}".format(key)
