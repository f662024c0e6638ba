"""Cross-origin requests at a function URL (Lambda Developer Guide, "Cross-origin resource sharing (CORS)")."""

from typing import Any

from lambdatui.runner.http.server import Request


class Cors:
    """What a function URL's Cors setting says to a request of a page.

    ``headers`` are those of every answer, {} where the setting does not admit the page. A preflight gets
    ``preflight_headers``, and does not reach the function.
    """

    def __init__(self, settings: dict[str, Any], request: Request) -> None:
        self._settings = settings
        self._asked_method = request.headers.get("access-control-request-method")
        self._origin = request.headers.get("origin")
        self.is_preflight = bool(
            settings and self._origin and request.method == "OPTIONS" and self._asked_method is not None
        )

    @property
    def headers(self) -> dict[str, str]:
        """The headers of an answer."""
        allowed = self._settings.get("AllowOrigins") or []
        if self._origin is None or not ("*" in allowed or self._origin in allowed):
            return {}
        credentials = bool(self._settings.get("AllowCredentials"))
        # A browser does not take "*" beside credentials.
        headers = {"access-control-allow-origin": "*" if "*" in allowed and not credentials else self._origin}
        if headers["access-control-allow-origin"] != "*":
            headers["vary"] = "Origin"
        for field, name in (
            ("AllowMethods", "access-control-allow-methods"),
            ("AllowHeaders", "access-control-allow-headers"),
            ("ExposeHeaders", "access-control-expose-headers"),
        ):
            if self._settings.get(field):
                headers[name] = ",".join(self._settings[field])
        if credentials:
            headers["access-control-allow-credentials"] = "true"
        if self._settings.get("MaxAge"):
            headers["access-control-max-age"] = str(self._settings["MaxAge"])
        return headers

    @property
    def preflight_headers(self) -> dict[str, str]:
        """The headers of the answer to a preflight: {} where the origin or the method is not admitted."""
        methods = self._settings.get("AllowMethods") or []
        return self.headers if "*" in methods or self._asked_method in methods else {}
