import socket

import pytest

from tests.conftest import OutsideError


@pytest.mark.parametrize("host", ["192.0.2.1", "2001:db8::1", "example.org"])
def test_no_test_reaches_beyond_this_machine(host: str) -> None:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.settimeout(0.01)
        with pytest.raises(OutsideError):
            probe.connect((host, 80))
        with pytest.raises(OutsideError):
            probe.connect_ex((host, 80))


def test_this_machine_can_be_reached() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server, socket.socket() as probe:
        probe.connect(server.getsockname())
        assert probe.getpeername() == server.getsockname()
