"""Makes git repositories quickly."""

from __future__ import absolute_import, print_function, unicode_literals

import os
import subprocess

ENVIRONMENT = {
    "GIT_AUTHOR_DATE": "1500000000 +0000",
    "GIT_COMMITTER_DATE": "1500000000 +0000",
    "GIT_AUTHOR_NAME": "A",
    "GIT_AUTHOR_EMAIL": "a@example.com",
    "GIT_COMMITTER_NAME": "A",
    "GIT_COMMITTER_EMAIL": "a@example.com",
    "GIT_CONFIG_NOSYSTEM": "1",
    "LC_ALL": "C",
}


def run_git(path, *args, **kwargs):
    """Run git in a directory and return its output as text."""
    env = dict(os.environ)
    env.update((str(name), str(value)) for name, value in ENVIRONMENT.items())
    process = subprocess.Popen(
        ("git",) + args,
        cwd=str(path),
        env=env,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    output = process.communicate(kwargs.get("stdin"))[0]
    assert process.returncode == 0, output
    return output.decode("utf-8", "replace").strip()


class Repository(object):
    """A bare repository, filled from a fast-import stream when it is saved."""

    def __init__(self, path):
        self.path = str(path)
        self.uri = "file://" + self.path
        self.commits = []
        self._stream = []
        run_git(".", "init", "--quiet", "--bare", "--initial-branch=master", self.path)

    def commit(self, branch, files, parent=None):
        """Add a commit on top of a branch (or of another commit); return its number, from 1.

        :param files: dict of name -> bytes, or (mode, bytes)
        """
        self.commits.append(None)
        mark = len(self.commits)
        self._stream.append("commit refs/heads/%s\nmark :%d\n" % (branch, mark))
        self._stream.append(
            "committer A <a@example.com> %d +0000\ndata 2\nx\n" % (1500000000 + mark)
        )
        if parent:
            self._stream.append("from :%d\n" % parent)
        for name, content in sorted(files.items()):
            mode, content = content if isinstance(content, tuple) else ("100644", content)
            if mode == "160000":
                self._stream.append("M %s %s %s\n" % (mode, content.decode("ascii"), name))
                continue
            self._stream.append("M %s inline %s\ndata %d\n" % (mode, name, len(content)))
            self._stream.append(content)
            self._stream.append("\n")
        return mark

    def branch(self, name, commit):
        """Let a branch begin at a commit."""
        self._stream.append("reset refs/heads/%s\nfrom :%d\n\n" % (name, commit))

    def tag(self, name, commit, annotated=False):
        """Tag a commit."""
        if annotated:
            self._stream.append(
                "tag %s\nfrom :%d\ntagger A <a@example.com> 1500000000 +0000\n"
                "data 1\nx\n" % (name, commit)
            )
        else:
            self._stream.append("reset refs/tags/%s\nfrom :%d\n\n" % (name, commit))

    def save(self, head="master"):
        """Write it all; ``commits`` then holds the ids."""
        marks = os.path.join(self.path, "marks")
        stream = b"".join(
            part if isinstance(part, bytes) else part.encode("utf-8") for part in self._stream
        )
        run_git(
            self.path, "fast-import", "--quiet", "--force", "--export-marks=" + marks, stdin=stream
        )
        run_git(self.path, "symbolic-ref", "HEAD", "refs/heads/" + head)
        with open(marks) as lines:
            for line in lines:
                mark, object_id = line.split()
                if int(mark[1:]) <= len(self.commits):
                    self.commits[int(mark[1:]) - 1] = object_id
        return self

    def configure(self, **settings):
        """Set configuration variables; ``__`` in a name stands for a dot."""
        for name, value in settings.items():
            run_git(self.path, "config", name.replace("__", "."), value)
        return self


def dockerfile(number):
    """A Dockerfile that tells its commit's number."""
    return {"Dockerfile": b"FROM fedora\nLABEL number=%d\n" % number}
