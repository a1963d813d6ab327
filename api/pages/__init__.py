"""The web pages, served by the REST service itself."""
