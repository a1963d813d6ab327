"""Traces by OpenTelemetry, where the settings name a collector: one span a request, with its id and who asked."""

from typing import Any

from fastapi import FastAPI

from api.requests import SPAN
from chargewise.app.settings import Settings
from steel.errors import InputError

NOT_TRACED = "healthz,readyz,metrics"


def trace_requests(app: FastAPI, settings: Settings) -> Any:
    """Send a trace of every request to the collector of the settings; nothing where they name none.

    Returns:
        OpenTelemetry's provider, which sends what is left when the process ends; None where nothing is traced.

    Raises:
        InputError: OpenTelemetry is not installed.
    """
    if settings.otlp_endpoint is None:
        return None
    try:
        # Most installations need none of it.
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter  # noqa: PLC0415
        from opentelemetry.instrumentation.fastapi import FastAPIInstrumentor  # noqa: PLC0415
        from opentelemetry.sdk.resources import Resource  # noqa: PLC0415
        from opentelemetry.sdk.trace import TracerProvider  # noqa: PLC0415
        from opentelemetry.sdk.trace.export import BatchSpanProcessor  # noqa: PLC0415
    except ImportError:
        expected = "nothing, or OpenTelemetry installed: pip install 'chargewise[telemetry]'"
        raise InputError(settings.otlp_endpoint, "otlp_endpoint", expected) from None
    provider = TracerProvider(resource=Resource.create({"service.name": "chargewise"}))
    exporter = OTLPSpanExporter(endpoint=f"{settings.otlp_endpoint.rstrip('/')}/v1/traces")
    provider.add_span_processor(BatchSpanProcessor(exporter))
    FastAPIInstrumentor.instrument_app(
        app, tracer_provider=provider, excluded_urls=NOT_TRACED, exclude_spans=["receive", "send"],
        server_request_hook=_known,
    )  # fmt: skip
    return provider


def _known(span: Any, scope: dict[str, Any]) -> None:
    """Let the middleware that numbers requests say in the span which one it is."""
    scope[SPAN] = span
