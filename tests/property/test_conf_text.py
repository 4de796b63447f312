"""Whatever osbs.conf holds, getters give a value or a clear refusal."""

from __future__ import absolute_import, print_function, unicode_literals

import os
import tempfile
import warnings

from hypothesis import example, given
from hypothesis import strategies as st

from osbs.conf import OPTIONS, Configuration
from osbs.exceptions import OsbsValidationException
from tests.limits import in_time

ARGUMENTS = {"get_scratch": (None,), "get_platform_node_selector": ("x86_64",)}
KEYS = [option.key for option in OPTIONS] + ["node_selector.x86_64"]
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
    for option in OPTIONS:
        try:
            getattr(conf, option.getter)(*ARGUMENTS.get(option.getter, ()))
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


@given(st.sampled_from(OPTIONS), anything)
@example(next(option for option in OPTIONS if option.arg == "token_secrets"), [0])
def test_any_keyword_argument_is_taken_or_refused(option, value):
    if option.arg in ("token_file", "ca_bundle"):
        return
    arg = option.arg + ("x86_64" if option.arg.endswith(".") else "")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        ask_all(Configuration(conf_file=None, **{str(arg): value}))


text_values = st.text(alphabet="abc:/.-", min_size=1, max_size=8)


@given(
    st.dictionaries(
        st.sampled_from(
            sorted(
                option.arg
                for option in OPTIONS
                if option.kind == "text"
                and option.section == "instance"
                and not option.arg.startswith(("token", "openshift_u", "source_secret"))
            )
        ),
        text_values,
    )
)
def test_what_getters_say_can_be_given_back_as_arguments(values):
    kwargs = {str(key): value for key, value in values.items()}
    conf = Configuration(conf_file=None, **kwargs)
    getters = {option.arg: option.getter for option in OPTIONS}
    said = {arg: getattr(conf, getters[arg])() for arg in values}
    assert said == values
