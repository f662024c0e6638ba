"""OTLP logs in files, as OpenTelemetry's collector and SDKs write them."""
