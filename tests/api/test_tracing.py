"""Traces reach the collector that the settings name, with the id that the answer has; none without one."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from api.app import create_app
from api.tracing import trace_requests
from chargewise.app.settings import Settings
from tests.conftest import Installation


@pytest.fixture
def collector() -> Iterator[tuple[str, list[bytes]]]:
    """The address of a collector, and what it was sent."""
    sent: list[bytes] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            assert self.path == "/v1/traces"
            sent.append(self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}", sent
    server.shutdown()
    server.server_close()


def test_a_request_is_one_span_with_its_id(
    installation: Installation, collector: tuple[str, list[bytes]], tmp_path: Path
) -> None:
    address, sent = collector
    web = create_app(installation.service, pages=False)
    provider = trace_requests(web, Settings(home=tmp_path, otlp_endpoint=address))
    with TestClient(web) as client:
        answer = client.get("/v1/grades", params={"plant": "northmill"})
        client.get("/healthz")
    provider.shutdown()
    spans = [
        span
        for body in sent
        for of in ExportTraceServiceRequest.FromString(body).resource_spans
        for scope in of.scope_spans
        for span in scope.spans
    ]
    assert [span.name for span in spans] == ["GET /v1/grades"]
    attributes = {one.key: one.value.string_value for one in spans[0].attributes}
    assert attributes["chargewise.request_id"] == answer.headers["X-Request-ID"]
    assert attributes["enduser.id"] == "local"


def test_without_a_collector_nothing_is_traced(installation: Installation, tmp_path: Path) -> None:
    web = create_app(installation.service, pages=False)
    before = web.user_middleware.copy()
    assert trace_requests(web, Settings(home=tmp_path)) is None
    assert web.user_middleware == before
