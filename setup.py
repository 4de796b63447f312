"""Build and installation of osbs-client with setuptools, on Python 2.7 and 3.6 or newer."""

from __future__ import absolute_import, print_function, unicode_literals

import atexit
import glob
import io
import os
import shutil
import tempfile

from setuptools import find_packages, setup

# After setuptools, which brings it to Python 3.12 and newer.
from distutils.command.build import build  # isort: skip

HERE = os.path.dirname(os.path.abspath(__file__))

HOME_PAGE = "https://osbs-client.example.com"

# The lower bounds, of the tests too, are what `tox -e py36` installs. The upper bounds are the last
# releases that run on Python 2.7, for installers that ignore Requires-Python.
REQUIREMENTS = [
    'requests>=2.20; python_version >= "3"',
    'requests>=2.20,<2.28; python_version < "3"',
    "six>=1.12",
    'PyYAML>=5.1; python_version >= "3"',
    'PyYAML>=5.1,<6; python_version < "3"',
    'jsonschema>=2.6; python_version >= "3"',
    'jsonschema>=2.6,<4; python_version < "3"',
    "python-dateutil>=2.7",
    'dockerfile-parse>=1.0.0; python_version >= "3"',
    'dockerfile-parse>=1.0.0,<2; python_version < "3"',
    'packaging>=16.8; python_version >= "3"',
    'packaging>=16.8,<21; python_version < "3"',
]

KERBEROS = [
    'requests-kerberos>=0.12; python_version >= "3"',
    'requests-kerberos>=0.12,<0.13; python_version < "3"',
]

SANDBOX = [
    'aiohttp>=3.8.6; python_version >= "3"',
    'jsonpatch>=1.32; python_version >= "3"',
    'trustme>=0.9; python_version >= "3"',
]

COMPLETION = [
    'argcomplete>=1.9.2; python_version >= "3"',
    'argcomplete>=1.9.2,<2; python_version < "3"',
]

TEST = [
    'pytest>=6.2; python_version >= "3"',
    'pytest>=4.6,<5; python_version < "3"',
    'pytest-timeout>=1.4; python_version >= "3"',
    'pytest-timeout>=1.4,<2; python_version < "3"',
    'pytest-xdist>=2; python_version >= "3"',
    'pytest-xdist>=1.34,<2; python_version < "3"',
    'coverage>=5.5; python_version >= "3"',
    'coverage>=5.5,<6; python_version < "3"',
    'flexmock>=0.10.3; python_version >= "3"',
    'flexmock>=0.10.3,<0.11; python_version < "3"',
    'hypothesis>=6; python_version >= "3"',
    'hypothesis>=4.57,<5; python_version < "3"',
    # What tests/docs builds the packages with.
    "setuptools",
    "wheel",
    'trustme>=0.9,<0.10; python_version < "3"',
]

# Exact, so that a new release of a linter cannot fail an old commit.
LINT = [
    "black==26.10.1",
    "coverage==7.17.3",
    "mypy==2.4.1",
    "pylint==4.1.4",
    "pyright[nodejs]==1.1.414",
    "radon==6.0.1",
    "ruff==0.17.6",
    "types-PyYAML",
    "types-jsonschema",
    "types-python-dateutil",
    "types-requests",
    "types-six",
    "vermin==1.9.2",
]


def read(name):
    """Return the text of a file beside this one."""
    with io.open(os.path.join(HERE, name), encoding="utf-8") as source:
        return source.read()


class Build(build):
    """Build outside the source tree, in which pip would leave a directory `build`."""

    def initialize_options(self):
        build.initialize_options(self)
        self.build_base = tempfile.mkdtemp(prefix="osbs-client-build-")
        atexit.register(shutil.rmtree, self.build_base, ignore_errors=True)


setup(
    name="osbs-client",
    version="0.47.0",
    description="Client library and command of the OpenShift Build Service (OSBS)",
    long_description=read("README.md"),
    long_description_content_type="text/markdown",
    author="osbs-client contributors",
    url=HOME_PAGE,
    project_urls={"Documentation": HOME_PAGE + "/docs"},
    license="BSD-3-Clause",
    keywords="osbs openshift koji atomic-reactor container image build",
    packages=find_packages(include=["osbs", "osbs.*"]),
    package_data={
        str("osbs"): ["*.pyi", "py.typed"],
        str("osbs._schemas"): ["*.json"],
        str("osbs.sandbox.http.page"): ["*.css", "*.html", "*.js"],
    },
    data_files=[
        (str("share/osbs"), sorted(glob.glob(str("inputs/*.json")))),
        (str("share/man/man1"), sorted(glob.glob(str("docs/man/*.1")))),
    ],
    python_requires=">=2.7, !=3.0.*, !=3.1.*, !=3.2.*, !=3.3.*, !=3.4.*, !=3.5.*",
    install_requires=REQUIREMENTS,
    extras_require={
        "kerberos": KERBEROS,
        "sandbox": SANDBOX,
        "completion": COMPLETION,
        "test": TEST + SANDBOX + COMPLETION,
        "lint": LINT,
        "benchmark": ['matplotlib; python_version >= "3"'] + SANDBOX,
    },
    entry_points={
        "console_scripts": [
            "osbs=osbs.cli.main:main",
            "osbs-sandbox=osbs.sandbox.cli:main",
        ],
        "pytest11": ["osbs_sandbox = osbs.sandbox.pytest_plugin"],
    },
    cmdclass={"build": Build},
    zip_safe=False,
    classifiers=[
        "Development Status :: 5 - Production/Stable",
        "Environment :: Console",
        "Framework :: Pytest",
        "Intended Audience :: Developers",
        "Intended Audience :: System Administrators",
        "Operating System :: POSIX",
        "Programming Language :: Python",
        "Programming Language :: Python :: 2.7",
    ]
    + ["Programming Language :: Python :: 3.%d" % minor for minor in range(6, 16)]
    + [
        "Topic :: Software Development :: Build Tools",
        "Topic :: System :: Software Distribution",
        "Typing :: Typed",
    ],
)
