"""A Kerberos realm on loopback, made of MIT's programs, for tests.

    with KerberosRealm(str(tmpdir)) as realm:
        realm.add_principal('builder', password='secret')
        realm.add_keytab(path, 'builder')
        realm.kinit('builder', keytab=path)
        subprocess.check_call([...], env=dict(os.environ, **realm.environment))

Needs krb5kdc, kdb5_util and kadmin.local (Debian: krb5-kdc, krb5-admin-server) and kinit, klist
(krb5-user); `missing_programs` tells what is not there.
"""

from __future__ import absolute_import, print_function, unicode_literals

import io
import os
import random
import socket
import struct
import subprocess
import threading
import time

import pytest

PROGRAMS = ("krb5kdc", "kdb5_util", "kadmin.local", "kinit", "klist")
REALM = "OSBS.TEST"
# The sandbox is reached under either name.
SERVICES = ("HTTP/localhost", "HTTP/127.0.0.1")
# What krb5kdc logs when it listens.
READY = "commencing operation"
START_SECONDS = 20
# Nothing on loopback listens on this privileged port.
DISCARD_PORT = 9
DAY = 24 * 3600
# Seconds since the epoch in a credential cache of the type FILE.
TIMES = str(">III")
ATTEMPTS = 5

KRB5_CONF = """\
[libdefaults]
    default_realm = {realm}
    dns_lookup_kdc = false
    dns_lookup_realm = false
    dns_canonicalize_hostname = false
    rdns = false
    forwardable = true
    ticket_lifetime = 10h

[realms]
    {realm} = {{
        kdc = 127.0.0.1:{port}
    }}

[domain_realm]
    localhost = {realm}

[logging]
    kdc = STDERR
    admin_server = FILE:{directory}/kadmin.log
    default = FILE:{directory}/default.log
"""

KDC_CONF = """\
[kdcdefaults]
    kdc_listen = 127.0.0.1:{port}
    kdc_tcp_listen = 127.0.0.1:{port}

[realms]
    {realm} = {{
        database_name = {directory}/principal
        key_stash_file = {directory}/stash
        acl_file = {directory}/kadm5.acl
        max_life = 10h
        max_renewable_life = 10h
        supported_enctypes = aes256-cts:normal
    }}
"""


class RealmError(Exception):
    """A program of the realm failed."""


def find_program(name):
    """Return the path of a program, looking where administrators' programs are too, or None."""
    for directory in os.environ["PATH"].split(os.pathsep) + ["/usr/sbin", "/sbin"]:
        path = os.path.join(directory, name)
        if os.access(path, os.X_OK):
            return path
    return None


def missing_programs():
    """Return the names of the programs that a realm needs and this machine does not have."""
    return [name for name in PROGRAMS if find_program(name) is None]


def require_realm():
    """Skip the running test where no realm can be made; in CI it fails."""
    missing = missing_programs()
    if missing:
        _do_without(
            "no Kerberos realm without %s (krb5-kdc, krb5-admin-server, krb5-user)"
            % ", ".join(missing),
            os.environ.get("OSBS_REQUIRE_KERBEROS") or os.environ.get("CI") == "true",
        )


def require_package(python, package):
    """Skip the running test where an interpreter lacks a package.

    With OSBS_REQUIRE_KERBEROS in the environment it fails; CI does this in jobs of their own,
    because the packages compile against Kerberos' headers.

    :param python: list of str, how to run the interpreter
    :param package: str, name to import
    """
    process = subprocess.Popen(
        list(python) + ["-c", "import " + package], stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    process.communicate()
    if process.returncode:
        _do_without(
            "%s has no %s (extra kerberos)" % (python[0], package),
            os.environ.get("OSBS_REQUIRE_KERBEROS"),
        )


def _do_without(reason, required):
    if required:
        pytest.fail(reason)
    pytest.skip(reason)


class KerberosRealm(object):
    """A realm with its key distribution centre, which runs from `start` to `stop`.

    :param directory: str, an existing directory that the realm may fill
    """

    name = REALM

    def __init__(self, directory):
        self.directory = directory
        self.port = None
        self.service_keytab = os.path.join(directory, "service.keytab")
        self.ccache = os.path.join(directory, "ccache")
        self._kdc = None

    @property
    def environment(self):
        """What a program needs in its environment to be part of the realm (a dict of str)."""
        return self._settings("krb5.conf")

    @property
    def lonely_environment(self):
        """The same, but the realm's KDC cannot be reached."""
        return self._settings("lonely-krb5.conf")

    def _settings(self, configuration):
        settings = {
            "KRB5_CONFIG": self._path(configuration),
            "KRB5_KDC_PROFILE": self._path("kdc.conf"),
            "KRB5CCNAME": "FILE:" + self.ccache,
            "KRB5_KTNAME": "FILE:" + self.service_keytab,
            "KRB5RCACHENAME": "none:",
        }
        return {str(name): str(value) for name, value in settings.items()}

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *exc_info):
        self.stop()

    def start(self):
        """Make the realm, with the service's principals in `service_keytab`, and start its KDC.

        :raises RealmError: when a program fails
        """
        for _ in range(ATTEMPTS):
            self.port = free_port()
            self._write_settings()
            if not os.path.exists(self._path("stash")):
                self._run("kdb5_util", "create", "-s", "-r", REALM, "-P", random_password())
            if self._start_kdc():
                break
        else:
            raise RealmError("krb5kdc does not start: see %s" % self._path("kdc.log"))
        for service in SERVICES:
            self.add_principal(service)
        self.add_keytab(self.service_keytab, *SERVICES)

    def stop(self):
        """Stop the KDC."""
        if self._kdc is not None:
            self._kdc.kill()
            self._kdc.wait()
            self._kdc = None

    def principal(self, name):
        """Return a principal's name with its realm."""
        return "%s@%s" % (name, REALM)

    def add_principal(self, name, password=None):
        """Add a principal, with a random key unless there is a password."""
        key = ["-pw", password] if password else ["-randkey"]
        self._run("kadmin.local", "addprinc", *(key + [self.principal(name)]))

    def remove_principal(self, name):
        """Remove a principal; its keytabs stay."""
        self._run("kadmin.local", "delprinc", "-force", self.principal(name))

    def change_key(self, name):
        """Give a principal a new random key, so that its older keytabs are wrong."""
        self._run("kadmin.local", "cpw", "-randkey", self.principal(name))

    def add_keytab(self, path, *names):
        """Write the keys of principals into a keytab, without changing the keys."""
        principals = [self.principal(name) for name in names]
        self._run("kadmin.local", "ktadd", "-norandkey", "-k", path, *principals)

    def kinit(self, name, password=None, keytab=None, ccache=None, lifetime="10h"):
        """Get a ticket with a password or a keytab.

        :param ccache: str, path of the credential cache, default `ccache`
        :param lifetime: str, as kinit's -l has it: '2s', '10m'
        :raises RealmError: when there is none to be had
        """
        arguments = ["-c", "FILE:" + (ccache or self.ccache), "-l", lifetime]
        if keytab:
            arguments += ["-k", "-t", keytab]
        answer = None if keytab else (password + "\n").encode("utf-8")
        self._run("kinit", *(arguments + [self.principal(name)]), answer=answer)

    def expired_ticket(self, name, keytab, ccache):
        """Get a ticket and let its cache say that its time was a day ago.

        :param ccache: str, path of the credential cache
        """
        self.kinit(name, keytab=keytab, ccache=ccache)
        with io.open(ccache, "r+b") as cache:
            content = cache.read()
            begin = self._position_of_times(content)
            times = struct.unpack(TIMES, content[begin : begin + struct.calcsize(TIMES)])
            cache.seek(begin)
            cache.write(struct.pack(TIMES, *[moment - DAY for moment in times]))
        if self.has_valid_ticket(ccache):
            raise RealmError("the ticket did not expire")

    @staticmethod
    def _position_of_times(content):
        # Times of login, of begin and of end follow each other; the first two are the same.
        now = time.time()
        for begin in range(len(content) - struct.calcsize(TIMES)):
            login, start, end = struct.unpack_from(TIMES, content, begin)
            if login == start and abs(now - login) < DAY and login < end:
                return begin
        raise RealmError("no times in the credential cache")

    def has_valid_ticket(self, ccache=None):
        """Return whether a credential cache holds a ticket that has not expired."""
        command = [find_program("klist"), "-s", "-c", "FILE:" + (ccache or self.ccache)]
        return subprocess.call(command, env=self._environment()) == 0

    def _path(self, name):
        return os.path.join(self.directory, name)

    def _environment(self):
        return dict(os.environ, **self.environment)

    def _write_settings(self):
        for name, text, port in (
            ("krb5.conf", KRB5_CONF, self.port),
            ("lonely-krb5.conf", KRB5_CONF, DISCARD_PORT),
            ("kdc.conf", KDC_CONF, self.port),
        ):
            with io.open(self._path(name), "w") as target:
                target.write(text.format(realm=REALM, port=port, directory=self.directory))

    def _start_kdc(self):
        """Start the KDC and return whether it listens; another program may have got its port."""
        self._kdc = subprocess.Popen(
            [find_program("krb5kdc"), "-n"],
            env=self._environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        ready = threading.Event()
        reader = threading.Thread(target=self._read_log, args=(self._kdc.stdout, ready))
        reader.daemon = True
        reader.start()
        ready.wait(START_SECONDS)
        if getattr(ready, "listening", False):
            return True
        self.stop()
        return False

    def _read_log(self, stream, ready):
        with io.open(self._path("kdc.log"), "ab") as log:
            for line in iter(stream.readline, b""):
                log.write(line)
                log.flush()
                if READY.encode("utf-8") in line:
                    ready.listening = True
                    ready.set()
        stream.close()
        ready.set()

    def _run(self, program, *arguments, **kwargs):
        process = subprocess.Popen(
            [find_program(program)] + list(arguments),
            env=self._environment(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        output = process.communicate(kwargs.get("answer"))[0].decode("utf-8", "replace")
        # kadmin.local ends with 0 whatever happens.
        if process.returncode or (program == "kadmin.local" and "while " in output):
            raise RealmError("%s: %s" % (program, output.strip()))


def free_port():
    """Return a port of loopback that nothing listens on just now, neither with TCP nor UDP."""
    while True:
        with_tcp, with_udp = socket.socket(), socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        try:
            with_tcp.bind(("127.0.0.1", 0))
            with_udp.bind(with_tcp.getsockname())
            return with_tcp.getsockname()[1]
        except socket.error:
            continue
        finally:
            with_tcp.close()
            with_udp.close()


def random_password():
    return "%032x" % random.SystemRandom().getrandbits(128)
