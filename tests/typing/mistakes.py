"""A user's program in which each line that ends in a number is a mistake; it is never run."""

from typing import Optional

from osbs.api import OSBS, LogEntry, osbsapi
from osbs.build.build_response import BuildResponse
from osbs.conf import Configuration
from osbs.exceptions import OsbsException, OsbsResponseException, OsbsWaitTimout  # 1

conf = Configuration(conf_file=3)  # 2
osbs = OSBS(conf)  # 3
osbs = OSBS(conf, "osbs.conf")  # 4
osbs = OSBS(conf, conf)

osbs.get_bulid("x")  # 5
osbs.get_build()  # 6
osbs.get_build(7)  # 7
osbs.get_build("x").is_sucessful()  # 8
name: int = osbs.get_build("x").get_build_name()  # 9
koji_id: str = osbs.get_build("x").get_koji_build_id()  # 10

osbs.create_orchestrator_build(  # 11
    git_uri="u", git_ref="r", git_branch="b", user="u", git_url="x"
)
osbs.create_orchestrator_build(git_uri="u", git_ref="r", user="u")  # 12
osbs.create_build(git_uri="u", git_ref="r", git_branch="b", user="u", platforms="x86_64")  # 13
osbs.create_build(git_uri=["u"], git_ref="r", git_branch="b", user="u")  # 14
osbs.create_worker_build(git_uri="u", git_ref="r", git_branch="b", user="u", platform="p")  # 15
osbs.create_prod_build("u", "r", "b")  # 16
osbs.create_orchestrator_build("u", "r", "b", "u")  # 17

log: Optional[bytes] = osbs.get_build_logs("x", decode=True)  # 18
for line in osbs.get_build_logs("x", follow=True) or ():
    print(line.startswith("text"))  # 19
for entry in osbs.get_orchestrator_build_logs("x"):
    print(entry.platfrom)  # 20
    print(entry.platform.upper())  # 21
print(LogEntry("x"))  # 22

osbs.wait_for_build_to_finish("x", timeout="1 h")  # 23
osbs.update_labels_on_build("x", ["a=b"])  # 24
osbs.os.get_build_confg("x")  # 25
osbs.os.list_pods(labels="x")  # 26
conf.get_openshift_url()  # 27
verify: str = conf.get_verify_ssl()  # 28
osbs.get_pod_for_build("x").get_failure_reasons()  # 29
osbs.get_config_map("x").get_data_by_key()  # 30

try:
    osbs.get_user("x")
except OsbsResponseException as error:
    print(error.status)  # 31
    print(error.status_code + "x")  # 32
except OsbsException as failure:
    print(failure.message.uper())  # 33


class Site(OSBS):
    @osbsapi
    def rename(self, name: str) -> BuildResponse:
        return self.get_build(name)


Site(conf, conf).rename(3)  # 34
