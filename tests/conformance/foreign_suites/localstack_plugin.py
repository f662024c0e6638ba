"""A pytest plugin: LocalStack's tests talk to the endpoint in ``FOREIGN_ENDPOINT`` instead of starting LocalStack.

Their recorded answers of AWS are compared as ever.
"""

import os
from urllib.parse import urlsplit

import pytest


@pytest.hookimpl(trylast=True)
def pytest_configure(config: pytest.Config) -> None:
    """Undo what their conftest chose: the address where LocalStack would listen, and that it is started."""
    from localstack import config as localstack_config

    config.option.start_localstack = False
    port = urlsplit(os.environ["FOREIGN_ENDPOINT"]).port
    listen = localstack_config.HostAndPort(host="127.0.0.1", port=port)
    localstack_config.GATEWAY_LISTEN = localstack_config.UniqueHostAndPortList([listen])
    localstack_config.LOCALSTACK_HOST = localstack_config.HostAndPort(host="localhost", port=port)
