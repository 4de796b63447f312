"""Output survives any locale and readers that leave."""

from __future__ import absolute_import, print_function, unicode_literals

import io
import os
import subprocess
import sys

import pytest
import six

from osbs.cli.main import print_json_nicely, str_on_2_unicode_on_3
from osbs.cli.output import OutputClosed, write, write_line
from tests.conftest import ROOT


@pytest.fixture
def run_python(tmpdir):
    """Run code in a process of its own, with an ASCII locale; returns stdout as bytes."""

    def run(code, **environment):
        env = dict(os.environ, LC_ALL=str("C"), PYTHONCOERCECLOCALE=str("0"))
        env.update(PYTHONUTF8=str("0"), PYTHONPATH=str(os.getcwd()), **environment)
        return subprocess.check_output([sys.executable, "-c", code], env=env)

    return run


@pytest.fixture(params=["buffered", "unbuffered"])
def osbs_process(request, tmpdir):
    """Run ``osbs`` with redirections of a shell; returns exit status, stdout and stderr."""

    def run(words, redirection, module="osbs.cli.main"):
        command = [sys.executable, "-m", module] + words
        # The variables of whoever runs the tests decide nothing here.
        env = {"HOME": tmpdir, "PATH": os.environ["PATH"], "PYTHONPATH": ROOT}
        if request.param == "unbuffered":
            env["PYTHONUNBUFFERED"] = "1"
        env = {str(name): str(value) for name, value in env.items()}
        process = subprocess.Popen(
            ["/bin/sh", "-c", '"$@" %s' % redirection, "sh"] + command,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=env,
        )
        out, err = process.communicate()
        return process.returncode, out, err

    return run


def test_what_an_ascii_locale_cannot_express_becomes_question_marks(run_python):
    out = run_python("from osbs.cli.output import write_line; write_line(u'l\\xedne')")
    # Python 3 may take the C locale for one that knows Latin letters, but must not fail.
    assert out in (b"l?ne\n", "l\xedne\n".encode("utf-8"))


def test_the_encoding_of_the_stream_is_used(run_python):
    code = "from osbs.cli.output import write_line; write_line(u'l\\xedne \\u0431')"
    assert run_python(code, PYTHONIOENCODING=str("latin-1")) == b"l\xedne ?\n"


def test_utf_8_is_written_as_it_is(run_python):
    code = "from osbs.cli.output import write_line; write_line(u'l\\xedne')"
    assert run_python(code, PYTHONIOENCODING=str("utf-8")) == "l\xedne\n".encode("utf-8")


def test_bytes_are_taken_for_utf_8(capsys):
    write_line("l\xedne".encode("utf-8"))
    assert capsys.readouterr()[0] == "l\xedne\n"


def test_write_adds_nothing(capsys):
    write("no line feed")
    assert capsys.readouterr()[0] == "no line feed"


def test_a_reader_that_left_is_told_apart():
    reading, writing = os.pipe()
    os.close(reading)
    with io.open(writing, "w", buffering=1) as stream:
        with pytest.raises(OutputClosed):
            write_line("nobody reads this", stream)


def test_after_a_reader_left_writing_goes_nowhere():
    reading, writing = os.pipe()
    os.close(reading)
    with io.open(writing, "w", buffering=1) as stream:
        with pytest.raises(OutputClosed):
            write_line("nobody reads this", stream)
        write_line("nor this", stream)


@pytest.fixture
def builds_file(tmpdir):
    """Path of a file with one build, for ``list-builds --from-json``."""
    path = tmpdir.join("builds.json")
    path.write('[{"metadata": {"name": "a-1"}, "status": {"phase": "New"}}]')
    return str(path)


COMMANDS = [["-V"], ["--help"], ["build", "--help"], ["--token", "T", "get-token"], []]


@pytest.mark.parametrize("options", COMMANDS)
def test_a_closed_stdout_is_no_traceback(osbs_process, options):
    status, _, err = osbs_process(options, ">&-")
    assert (status, err) == (0, b"")


@pytest.mark.parametrize("options", COMMANDS)
def test_a_reader_that_leaves_is_no_error(osbs_process, options):
    # The shell's status is that of the reader; osbs would have complained on stderr.
    status, _, err = osbs_process(options, "| true")
    assert (status, err) == (0, b"")


@pytest.mark.parametrize("options", COMMANDS)
def test_a_full_disk_is_one_line_and_no_traceback(osbs_process, options):
    status, _, err = osbs_process(options, ">/dev/full")
    assert status == 1
    assert len(err.splitlines()) == 1 and b"No space left" in err


def test_a_full_disk_is_told_once_after_the_header_of_a_table(osbs_process, builds_file):
    status, _, err = osbs_process(["list-builds", "--from-json", builds_file], ">/dev/full")
    header, rule, line = err.splitlines()
    assert (status, header.split()[0], rule[:1]) == (1, b"BUILD", b"-")
    assert line.endswith(b"cannot write to standard output: No space left on device")


def test_wrong_usage_keeps_its_status_on_a_full_disk(osbs_process):
    status, _, err = osbs_process(["build"], ">/dev/full")
    assert (status, err[:7], err.count(b"\n")) == (2, b"error: ", 1)


@pytest.mark.skipif(six.PY2, reason="the sandbox is for Python 3")
@pytest.mark.parametrize("options", [["-V"], ["--help"], ["serve", "--help"], []])
def test_a_full_disk_is_one_line_of_the_sandbox_too(osbs_process, options):
    status, _, err = osbs_process(options, ">/dev/full", "osbs.sandbox.cli")
    text = b"osbs-sandbox: cannot write to standard output: No space left on device\n"
    assert (status, err) == (1, text)


def test_without_stderr_the_header_is_not_mixed_with_the_rows(osbs_process, builds_file):
    status, out, _ = osbs_process(["list-builds", "--from-json", builds_file], "2>&-")
    assert (status, out.split()) == (0, [b"a-1", b"|", b"new", b"|"])


def test_another_error_of_the_stream_is_passed_on():
    class FullDisk(object):
        def write(self, text):
            raise IOError(28, "No space left on device")

    with pytest.raises(IOError):
        write("x", FullDisk())


def test_json_is_indented_by_two(capsys):
    print_json_nicely({"a": [1, "\xed"]})
    assert capsys.readouterr()[0] == '{\n  "a": [\n    1,\n    "\\u00ed"\n  ]\n}\n'


@pytest.mark.parametrize("text", [b"s", "s"])
def test_native_text_is_the_interpreters_own(text):
    result = str_on_2_unicode_on_3(text)
    assert type(result) is str
    assert result == str("s")


@pytest.mark.skipif(six.PY2, reason="bytes are the native text of Python 2")
def test_native_text_of_bytes_is_utf_8():
    assert str_on_2_unicode_on_3("\xed".encode("utf-8")) == "\xed"


def test_the_binary_stream_behind_stdout_takes_any_bytes(run_python):
    code = "import sys; from osbs.cli.output import binary; binary(sys.stdout).write(b'\\xff')"
    assert run_python(code) == b"\xff"
