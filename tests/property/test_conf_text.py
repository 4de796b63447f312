"""Whatever osbs.conf holds, getters give a value or a clear refusal."""

from __future__ import absolute_import, print_function, unicode_literals

import os
import tempfile
import warnings

from hypothesis import example, given
from hypothesis import strategies as st

from osbs.conf import Configuration, SETTINGS
from osbs.exceptions import OsbsValidationException
from tests.limits import in_time
from tests.unit.settings import getter_of

ARGUMENTS = {"get_scratch": (None,), "get_platform_node_selector": ("x86_64",)}
DECLARED = [SETTINGS[name] for name in sorted(SETTINGS)]
KEYS = [setting.key for setting in DECLARED] + ["node_selector.x86_64"]
VALUES = [
    "true",
    "no",
    "a=b",
    "a:b",
    ",",
    "%",
    "%(x)s",
    "%%",
    "1",
    "",
    " ",
    "v1,v2",
    "http://[x",
    "1.0.6",
    "none",
    "caf\xe9",
    "x:/",
    "\n  more",
]

settings_lines = st.builds(
    lambda key, eq, value: key + eq + value + "\n",
    st.sampled_from(KEYS),
    st.sampled_from(["=", ": ", " = ", " "]),
    st.one_of(st.sampled_from(VALUES), st.text(max_size=8)),
)
texts = st.lists(
    st.one_of(
        st.sampled_from(["[default]\n", "[general]\n", "[platform:x]\n", "[DEFAULT]\n", "#x\n"]),
        settings_lines,
        st.text(max_size=10),
        # What comes very often takes time.
        st.tuples(
            st.sampled_from([" ", "\t", "x", "x\n", "[", "=", "\u3000"]), st.integers(6, 12)
        ).map(lambda both: both[0] * 2 ** both[1]),
    ),
    max_size=12,
).map("".join)


def ask_all(conf):
    for getter in sorted(name for name in dir(Configuration) if name.startswith("get_")):
        try:
            getattr(conf, getter)(*ARGUMENTS.get(getter, ()))
        except OsbsValidationException as ex:
            assert ex.message


@given(st.one_of(texts.map(lambda text: text.encode("utf-8", "replace")), st.binary(max_size=50)))
@example(b"[default]\n  vendor\n")
@example(b"[default]\nvendor=%(vendor)s\n")
@example(b"[platform:\xc3\xa9]\nenable_v1=x\n")
def test_any_file_is_read_or_refused(content):
    descriptor, path = tempfile.mkstemp()
    try:
        with os.fdopen(descriptor, "wb") as opened:
            opened.write(content)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                with in_time():
                    ask_all(Configuration(conf_file=path))
            except OsbsValidationException as ex:
                assert ex.message.startswith(path)
    finally:
        os.unlink(path)


anything = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=10),
    st.binary(max_size=10),
    st.lists(st.text(max_size=3), max_size=3),
    st.lists(st.integers(), max_size=3),
    st.sampled_from(VALUES),
)


@given(st.sampled_from(DECLARED), anything)
@example(SETTINGS["get_token_secrets"], [0])
def test_any_keyword_argument_is_taken_or_refused(setting, value):
    if setting.argument in ("token_file", "ca_bundle"):
        return
    arg = setting.argument + ("x86_64" if setting.argument.endswith(".") else "")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        ask_all(Configuration(conf_file=None, **{str(arg): value}))


text_values = st.text(alphabet="abc:/.-", min_size=1, max_size=8)


@given(
    st.dictionaries(
        st.sampled_from(
            sorted(
                name
                for name, setting in SETTINGS.items()
                if setting.kind.__name__ == "text"
                and setting.section == "instance"
                and not setting.argument.startswith(("token", "openshift_u", "source_secret"))
            )
        ),
        text_values,
    )
)
def test_what_getters_say_can_be_given_back_as_arguments(values):
    kwargs = {str(SETTINGS[name].argument): value for name, value in values.items()}
    conf = Configuration(conf_file=None, **kwargs)
    said = {name: getattr(conf, getter_of(name))() for name in values}
    assert said == values
