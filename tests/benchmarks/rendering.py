"""Rendering of arrangement 6, on the client and in the pod."""

import json
import os
import time

from osbs.api import OSBS
from osbs.build.build_requestv2 import BuildRequestV2
from osbs.conf import Configuration
from tests.benchmarks.harness import Outcome, Row, by_turns
from tests.unit.buildparams import INPUTS, V2_PARAMS, ReactorConfigApi, Repo

OUTER = "orchestrator.json"
INNER = "orchestrator_inner:6.json"
REACTOR_CONFIG = {"required_secrets": ["kojisecret"], "worker_token_secrets": ["token"]}


def request():
    """Return a build request that is ready to be rendered."""
    build_request = BuildRequestV2(INPUTS, outer_template=OUTER)
    parameters = dict(V2_PARAMS, reactor_config_map=None, reactor_config_override=REACTOR_CONFIG)
    build_request.set_params(osbs_api=ReactorConfigApi(), **parameters)
    build_request.set_repo_info(Repo(labels={"release": "1"}))
    return build_request


def user_params():
    """Return what the client sends to the pod."""
    env = request().render()["spec"]["strategy"]["customStrategy"]["env"]
    return [entry["value"] for entry in env if entry["name"] == "USER_PARAMS"][0]


def pair(name):
    """Return the baseline: the template read from JSON and written as JSON."""
    with open(os.path.join(INPUTS, name)) as template:
        text = template.read()

    def load_and_dump():
        return json.dumps(json.loads(text))

    return load_and_dump


def run(options):
    """Measure."""
    count, rounds = options.pick((100, 25), (5, 2))
    conf = Configuration(conf_file=None, build_json_dir=INPUTS)
    osbs = OSBS(conf, conf)
    params = user_params()
    # One request is rendered again and again: the second time gives what the first gave.
    build_request = request()

    def repeated(function):
        def repeat():
            for _ in range(count):
                function()

        repeat()
        return repeat

    timing = by_turns(
        rounds,
        {
            "outer": repeated(pair(OUTER)),
            "inner": repeated(pair(INNER)),
            "render": repeated(build_request.render),
            "request": repeated(lambda: request().render()),
            "plugins": repeated(lambda: osbs.render_plugins_configuration(params)),
        },
        time.process_time,
    )
    for seconds in timing.seconds.values():
        seconds[:] = [total / count for total in seconds]
    return Outcome(
        [
            Row(
                "`BuildRequestV2.render`",
                "`json.loads` + `json.dumps` of the template",
                timing.text("outer", "render"),
                timing.ratio("render", "outer"),
                at_most=15,
            ),
            Row(
                "`render_plugins_configuration`",
                "`json.loads` + `json.dumps` of the template",
                timing.text("inner", "plugins"),
                timing.ratio("plugins", "inner"),
                at_most=15,
            ),
            Row(
                "a request made, filled (`set_params`, checks) and rendered",
                "the same pair",
                timing.text("outer", "request"),
                timing.ratio("request", "outer"),
            ),
        ]
    )
