"""The REST service and the web pages."""
