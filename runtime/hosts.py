"""Telling this machine from the outside."""

import ipaddress


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches `host`. A name other than `localhost` may lead anywhere."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
