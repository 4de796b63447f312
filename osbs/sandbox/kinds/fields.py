"""
Decode API objects by tables of fields, as Go's JSON decoder decodes structs.

Unknown fields are dropped, empty optional ones omitted, the result has the order of the table, and
a value of the wrong JSON type is refused.
"""

#: result of ``decode`` for a field to omit
OMIT = object()

_FIRST_CHARACTERS = (
    (bool, lambda value: "t" if value else "f"),
    ((int, float), lambda _: "1"),
    (str, lambda _: '"'),
    (list, lambda _: "["),
    (dict, lambda _: "{"),
)


class WrongType(ValueError):
    """A value does not have the JSON type of its field."""

    def __init__(self, path, expected, value):
        found = next(
            (char(value) for kinds, char in _FIRST_CHARACTERS if isinstance(value, kinds)), "n"
        )
        self.path = path
        super().__init__("json: expect char '{}' but got char '{}'".format(expected, found))


class Field:
    """
    Decode one value.

    :param keep: bool, whether the field is written even when it is empty
    """

    def __init__(self, keep=False):
        self.keep = keep

    def decode(self, value, path):
        """Return the canonical value or OMIT; None means missing or null."""
        raise NotImplementedError


class Scalar(Field):
    """Decode a string, number or boolean."""

    def __init__(self, kinds, zero, character, keep=False):
        super().__init__(keep)
        self.kinds = kinds
        self.zero = zero
        self.character = character

    def decode(self, value, path):
        """Return the scalar; a zero value is omitted unless kept."""
        if value is None:
            return self.zero if self.keep else OMIT
        if not isinstance(value, self.kinds) or (
            isinstance(value, bool) and self.kinds is not bool
        ):
            raise WrongType(path, self.character, value)
        return value if value or self.keep else OMIT


class Pointer(Field):
    """Decode an optional value that is written even when it is zero."""

    def __init__(self, inner):
        super().__init__()
        self.inner = inner
        self.inner.keep = True

    def decode(self, value, path):
        """Return OMIT for null, the inner value otherwise."""
        return OMIT if value is None else self.inner.decode(value, path)


class Anything(Field):
    """Pass a value unchanged; an empty one is omitted unless kept (then null)."""

    def decode(self, value, path):
        """Return the value."""
        if value is None:
            return None if self.keep else OMIT
        return value


class Quantity(Field):
    """Decode a resource quantity: numbers become strings."""

    def decode(self, value, path):
        """Return the quantity as a string."""
        if isinstance(value, bool) or not isinstance(value, (str, int, float)):
            raise WrongType(path, '"', value)
        return str(value)


class Mapping(Field):
    """Decode a map of strings to one kind of value; keys are sorted, as in Go."""

    def __init__(self, inner=None, keep=False):
        super().__init__(keep)
        self.inner = inner or text(keep=True)

    def decode(self, value, path):
        """Return a new dict."""
        if value is not None and not isinstance(value, dict):
            raise WrongType(path, "{", value)
        if not value:
            return value if self.keep else OMIT
        return {
            key: self.inner.decode(value[key], "{}[{}]".format(path, key)) for key in sorted(value)
        }


class Sequence(Field):
    """
    Decode a list.

    :param absent: value for a missing list that is kept: None (null) or ``[]``
    :param merge_key: str or None, field by which a strategic merge patch finds the elements to
        merge; empty for a list of scalars that are added; None: a patch replaces the list
    """

    def __init__(self, inner, keep=False, absent=None, merge_key=None):
        super().__init__(keep)
        self.inner = inner
        self.absent = absent
        self.merge_key = merge_key

    def decode(self, value, path):
        """Return a new list."""
        if value is None:
            if not self.keep:
                return OMIT
            return None if self.absent is None else list(self.absent)
        if not isinstance(value, list):
            raise WrongType(path, "[", value)
        decoded = [
            self.inner.decode(item, "{}[{}]".format(path, index))
            for index, item in enumerate(value)
        ]
        return decoded if decoded or self.keep else OMIT


class Struct(Field):
    """
    Decode an object by a table of fields.

    :param fields: dict, JSON name -> Field, in the order of the real server
    :param optional: bool, whether the struct is a pointer (a missing one is omitted)
    """

    def __init__(self, fields, optional=False):
        super().__init__(keep=not optional)
        self.fields = fields
        self.optional = optional

    def decode(self, value, path):
        """Return a new dict with the known fields."""
        if value is None and self.optional:
            return OMIT
        value = {} if value is None else value
        if not isinstance(value, dict):
            raise WrongType(path, "{", value)
        result = {}
        for name, field in self.fields.items():
            decoded = field.decode(value.get(name), "{}.{}".format(path, name) if path else name)
            if decoded is not OMIT:
                result[name] = decoded
        return result


def text(keep=False):
    """Return a string field."""
    return Scalar(str, "", '"', keep)


def number(keep=False):
    """Return an integer field."""
    return Scalar(int, 0, "0", keep)


def flag(keep=False):
    """Return a boolean field."""
    return Scalar(bool, False, "t", keep)


def quantities(keep=False):
    """Return a field for a list of resources (``limits``, ``hard``)."""
    return Mapping(Quantity(), keep)


def reference(*names):
    """Return a pointer to an ObjectReference with these fields."""
    return Struct({name: text() for name in names or ("kind", "namespace", "name")}, optional=True)


OBJECT_META = Struct(
    {
        "name": text(),
        "generateName": text(),
        "namespace": text(),
        "uid": text(),
        "resourceVersion": text(),
        "generation": number(),
        "creationTimestamp": text(),
        "deletionTimestamp": text(),
        "deletionGracePeriodSeconds": Pointer(number()),
        "labels": Mapping(),
        "annotations": Mapping(),
        "ownerReferences": Sequence(
            Struct(
                {
                    "apiVersion": text(True),
                    "kind": text(True),
                    "name": text(True),
                    "uid": text(True),
                    "controller": Pointer(flag()),
                    "blockOwnerDeletion": Pointer(flag()),
                }
            ),
            merge_key="uid",
        ),
        "finalizers": Sequence(text(True), merge_key=""),
    }
)
