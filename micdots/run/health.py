"""``python -m micdots.run.health``: exit status 0 when the web server of this container answers."""

import http.client
import os
import sys


def is_answering(host: str, port: int) -> bool:
    """Tell whether a MicDots web server answers ``/healthz`` at the address it was told to listen on."""
    reachable = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 - compared, not bound
    connection = http.client.HTTPConnection(reachable, port, timeout=2)
    try:
        # A name that every installation allows, whatever address the server listens on.
        connection.request("GET", "/healthz", headers={"Host": "localhost"})
        return connection.getresponse().status == http.HTTPStatus.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


if __name__ == "__main__":
    sys.exit(not is_answering(os.environ.get("HOST", "127.0.0.1"), int(os.environ.get("PORT", "8000"))))
