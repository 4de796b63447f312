"""
Label and field selectors: parsing, matching and the error texts of a real master.

A parsed selector is a list of requirements; each has ``matches(mapping)``.
"""

import re
import typing

from osbs.sandbox.kinds import errors
from osbs.sandbox.kinds.labels import label_key_problem, label_value_problem


class Requirement(typing.NamedTuple):
    """One term of a selector."""

    key: str
    #: one of ``= != in notin exists absent > <``
    operator: str
    values: typing.Tuple[str, ...] = ()

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
    found = term.groupdict()
    if found["absent"]:
        return _checked(Requirement(found["missing"], "absent"))
    if found["set"]:
        values = tuple(value.strip() for value in found["values"].split(","))
        return _checked(Requirement(found["key"], found["set"], values))
    if found["op"] is None:
        return _checked(Requirement(found["key"], "exists"))
    operator = "=" if found["op"] == "==" else found["op"]
    return _checked(Requirement(found["key"], operator, (found["value"],)))


def _checked(requirement):
    key, values = requirement.key, requirement.values
    problems = [('key "{}"'.format(key), label_key_problem(key))]
    problems += [('value: "{}"'.format(value), label_value_problem(value)) for value in values]
    for what, problem in problems:
        if problem:
            raise errors.bad_request(
                "unable to parse requirement: invalid label {}: {}".format(what, problem)
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
