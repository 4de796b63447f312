"""A user's program in which each line that ends in "# mistake" is one; it is never run."""

from typing import Optional

from osbs.api import OSBS, LogEntry, osbsapi
from osbs.build.build_response import BuildResponse
from osbs.conf import Configuration
from osbs.exceptions import OsbsException, OsbsResponseException
from osbs.exceptions import OsbsWaitTimout  # noqa: F401 # mistake

conf = Configuration(conf_file=3)  # mistake
osbs = OSBS(conf)  # mistake
osbs = OSBS(conf, "osbs.conf")  # mistake
osbs = OSBS(conf, conf)

osbs.get_bulid("x")  # mistake
osbs.get_build()  # mistake
osbs.get_build(7)  # mistake
osbs.get_build("x").is_sucessful()  # mistake
name: int = osbs.get_build("x").get_build_name()  # mistake
koji_id: str = osbs.get_build("x").get_koji_build_id()  # mistake

build, worker = osbs.create_orchestrator_build, osbs.create_worker_build
build(git_uri="u", git_ref="r", git_branch="b", user="u", git_url="x")  # mistake
build(git_uri="u", git_ref="r", user="u")  # mistake
osbs.create_build(git_uri="u", git_ref="r", git_branch="b", user="u", platforms="x86_64")  # mistake
osbs.create_build(git_uri=["u"], git_ref="r", git_branch="b", user="u")  # mistake
worker(git_uri="u", git_ref="r", git_branch="b", user="u", platform="p")  # mistake
osbs.create_prod_build("u", "r", "b")  # mistake
build(git_uri="u", git_ref="r", git_branch="b", user="u", yum_repourls=("a",))  # mistake
build("u", "r", "b", "u")  # mistake

log: Optional[bytes] = osbs.get_build_logs("x", decode=True)  # mistake
for line in osbs.get_build_logs("x", follow=True) or ():
    print(line.startswith("text"))  # mistake
for entry in osbs.get_orchestrator_build_logs("x"):
    print(entry.platfrom)  # mistake
    print(entry.platform.upper())  # mistake
print(LogEntry("x"))  # mistake

osbs.wait_for_build_to_finish("x", timeout="1 h")  # mistake
osbs.update_labels_on_build("x", ["a=b"])  # mistake
osbs.os.get_build_confg("x")  # mistake
osbs.os.list_pods(labels="x")  # mistake
osbs.import_image("x", tags="latest")  # mistake
conf.get_openshift_url()  # mistake
verify: str = conf.get_verify_ssl()  # mistake
conf.get_namespace("section")  # mistake
osbs.get_pod_for_build("x").get_failure_reasons()  # mistake
osbs.get_config_map("x").get_data_by_key()  # mistake

try:
    osbs.get_user("x")
except OsbsResponseException as error:
    print(error.status)  # mistake
    print(error.status_code + "x")  # mistake
except OsbsException as failure:
    print(failure.message.uper())  # mistake


class Site(OSBS):
    @osbsapi
    def rename(self, name: str) -> BuildResponse:
        return self.get_build(name)


Site(conf, conf).rename(3)  # mistake
