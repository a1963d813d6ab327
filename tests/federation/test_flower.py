"""What is used of Flower's private modules, by name: a new version that moves one fails here and says which."""

import json
import os
import socket
import ssl
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import httpx
import numpy as np
import pytest
from flwr.app import Array, ArrayRecord, ConfigRecord, MetricRecord, RecordDict

from federation.engine import local_engine
from federation.flower import version
from federation.flower.bundles import app_of, bundle, bundle_hash
from federation.flower.wire import MOST_BYTES, packed, unpacked
from federation.keys.credentials import LOOPBACK, make_authority
from federation.plant.diagnosis import why
from steel.errors import InputError

USED = {
    "flwr.cli.build": ["build_fab_from_files"],
    "flwr.common.serde": ["message_from_proto", "message_to_proto", "recorddict_to_proto", "run_from_proto"],
    "flwr.proto.fleet_pb2": ["ActivateNodeRequest", "PullMessagesRequest", "PushMessagesRequest"],
    "flwr.proto.control_pb2": ["ListNodesRequest", "RegisterNodeRequest", "StartRunRequest", "StopRunRequest"],
    "flwr.proto.runtime_pb2": ["AcquireTaskRequest", "PullTaskInputRequest", "PushTaskOutputRequest"],
    "flwr.supercore.control": ["ControlHttpClient"],
    "flwr.supercore.heartbeat": ["HeartbeatSender", "make_task_heartbeat_fn_http"],
    "flwr.supercore.inflatable.inflatable_object": ["get_all_nested_objects", "get_object_tree", "iterate_object_tree"],
    "flwr.supercore.inflatable.inflatable_utils": ["pull_and_inflate_object_from_tree", "pull_objects", "push_objects"],
    "flwr.supercore.runtime": ["RuntimeHttpClient"],
    "flwr.supercore.task_identity": ["TaskIdentity"],
    "flwr.supernode.fleet_http_client": ["FleetHttpClient"],
    "flwr.supernode.node_auth_http_interceptor": ["NodeAuthHttpInterceptor"],
    "flwr.superlink.grid.http_grid": ["HttpGrid"],
    "flwr.superlink.cli.flower_superlink": ["SuperLinkLifespan"],
    "flwr.superlink.config_loader": ["SuperLinkLifespanConfig", "load_control_authn_plugin"],
    "flwr.superlink.main": ["create_app"],
}


@pytest.mark.parametrize("module", USED)
def test_what_is_used_of_flower_is_there(module: str) -> None:
    found = import_module(module)
    assert [name for name in USED[module] if not hasattr(found, name)] == []


def test_waits_for_parts_of_messages_are_still_set_by_these_names() -> None:
    inflating = import_module("flwr.supercore.inflatable.inflatable_utils")
    defaults = inflating.pull_objects.__kwdefaults__
    assert {"initial_backoff", "backoff_cap", "max_tries_per_object"} <= set(defaults)


@pytest.mark.parametrize(
    "module", ["chargewise.commands.federation.joining", "chargewise.commands.federation.starting"]
)
def test_nobody_is_told_that_flower_is_used(module: str) -> None:
    code = f"import {module}, flwr.supercore.telemetry as told; print(told.FLWR_TELEMETRY_ENABLED)"
    around = {name: value for name, value in os.environ.items() if name != "FLWR_TELEMETRY_ENABLED"}
    done = subprocess.run(
        [sys.executable, "-c", code], env=around, capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stdout.strip() == "0"


def test_another_flower_is_refused_before_anything_of_it_is_touched(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(version, "SPOKEN", "1.42")
    with pytest.raises(InputError, match=r"1\.42, as Chargewise pins it"):
        version.check_flower()


def test_the_bundle_is_the_same_on_every_machine_and_no_other_has_its_hash() -> None:
    code = "from federation.flower.bundles import bundle_hash; print(bundle_hash('sums'))"
    elsewhere = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert elsewhere.stdout.strip() == bundle_hash("sums")
    assert (app_of(bundle_hash("sums")), app_of(bundle_hash("modules"))) == ("sums", "modules")
    assert app_of("0" * 64) is None
    assert app_of("") is None
    assert len(bundle("sums")) < 50_000


def test_a_message_is_the_same_after_it_has_travelled_in_one_piece() -> None:
    content = RecordDict(
        {
            "text": ConfigRecord({"a": "b", "n": 1, "bytes": b"\0"}),
            "arrays": ArrayRecord({"x": Array(np.arange(5.0)), "y": Array(np.arange(3, dtype=np.uint64))}),
            "metrics": MetricRecord({"loss": 0.5}),
        }
    )
    back = unpacked(packed(content))
    assert back.config_records["text"] == content.config_records["text"]
    assert back.metric_records["metrics"] == content.metric_records["metrics"]
    assert (back.array_records["arrays"]["x"].numpy() == np.arange(5.0)).all()
    assert list(packed(content)) == ["packed"]
    large = RecordDict({"arrays": ArrayRecord({"x": Array(np.zeros(MOST_BYTES))})})
    assert packed(large) is large
    with pytest.raises(ValueError, match="cannot be read"):
        unpacked(RecordDict({"packed": ConfigRecord({"packed": b"\xff\xff\xff"})}))


@pytest.mark.timeout(120)
def test_plants_reach_nothing_but_their_messages_and_the_operator_needs_his_token(tmp_path: Path) -> None:
    with local_engine(tmp_path / "engine", []) as engine:
        told = json.loads((engine.folder / "operator.json").read_text("utf-8"))
        assert oct((engine.folder / "operator.json").stat().st_mode)[-3:] == "600"
        context = ssl.create_default_context(cafile=str(engine.folder / "keys" / "ca.pem"))
        outside = f"https://{LOOPBACK}:{told['plants_port']}"
        for path in ("/v1/control/start-run", "/v1/control/list-nodes", "/v1/runtime/acquire-task", "/docs", "/health"):
            answer = httpx.post(outside + path, verify=context, content=b"")
            assert (answer.status_code, answer.text) == (404, "only plants' messages pass here"), path
        assert httpx.get(outside + "/openapi.json", verify=context).status_code == 404
        inside = f"http://{LOOPBACK}:{told['port']}"
        for headers in ({}, {"x-chargewise-operator": "0" * 64}):
            answer = httpx.post(inside + "/v1/control/list-nodes", headers=headers, content=b"")
            assert answer.status_code == 403
        stranger = httpx.post(outside + "/v1/fleet/pull-messages", verify=context, content=b"")
        assert stranger.status_code >= 400


def test_why_a_coordinator_cannot_be_reached_is_told_in_words(tmp_path: Path) -> None:
    keys = make_authority(tmp_path / "keys")
    free = socket.create_server((LOOPBACK, 0))
    port = free.getsockname()[1]
    free.close()
    error = httpx.ConnectError("no")
    assert "nobody listens" in why(error, f"{LOOPBACK}:{port}", keys.ca)
    assert "no machine of the name" in why(error, f"no-such-host.invalid:{port}", keys.ca)
    request = httpx.Request("POST", "https://coordinator")
    ahead = httpx.Response(401, headers={"date": "Mon, 02 Jan 2006 15:04:05 GMT"}, request=request)
    assert "ahead of the coordinator's" in why(
        httpx.HTTPStatusError("", request=request, response=ahead), "a:1", keys.ca
    )
    proxy = httpx.Response(404, headers={"content-type": "text/html"}, request=request)
    told = why(httpx.HTTPStatusError("", request=request, response=proxy), "a:1", keys.ca)
    assert "no coordinator (HTTP 404), but perhaps a proxy's page" in told
