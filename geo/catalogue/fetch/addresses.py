"""Which addresses may be asked: https, and only hosts that the record names."""

import os
from collections.abc import Sequence
from urllib.parse import urljoin, urlsplit

from geo.catalogue.findings import refuse

__all__ = ["allowed_address", "loopback_allowed", "redirected"]

_LOOPBACK = ("127.0.0.1", "::1", "localhost")


def loopback_allowed() -> bool:
    """Whether ``LODEMAP_FETCH_LOOPBACK=1`` lets this machine be asked without TLS."""
    return os.environ.get("LODEMAP_FETCH_LOOPBACK") == "1"


def allowed_address(where: str, address: str, hosts: Sequence[str] = ()) -> str:
    """Return the host of an address that may be asked.

    Parameters
    ----------
    where : str
        What is fetched, for messages.
    address : str
    hosts : sequence of str, optional
        Hosts that count; any when empty.

    Returns
    -------
    str

    Raises
    ------
    LayerError
        If it is no https address, carries a user name or a password, or its host is not listed.

    Examples
    --------
    >>> allowed_address("dem", "https://example.org/a.tif")
    'example.org'
    >>> allowed_address("dem", "file:///etc/passwd")
    Traceback (most recent call last):
    geo.errors.LayerError: dem: the address begins with 'file:', required is https: ...
    """
    try:
        parts = urlsplit(address)
        host = parts.hostname or ""
        named = parts.username or parts.password
        _ = parts.port
    except ValueError:
        raise refuse(where, "address-broken", "the address is broken", "correct its url") from None
    local = parts.scheme == "http" and host in _LOOPBACK and loopback_allowed()
    if parts.scheme != "https" and not local:
        raise refuse(
            where,
            "address-unsafe",
            f"the address begins with {parts.scheme + ':'!r}, required is https",
            "correct its url",
        )
    if not host or named:
        what = "the address names no host" if not host else "the address carries a name or password"
        raise refuse(where, "address-broken", what, "correct its url")
    if hosts and host not in hosts:
        raise refuse(
            where,
            "address-elsewhere",
            f"the server sends on to {host}, which its record does not list",
            "list it under hosts if it belongs to the publisher",
        )
    return host


def redirected(where: str, address: str, location: str | None, hosts: Sequence[str]) -> str:
    """Address that a redirect leads to, when it may be followed.

    Parameters
    ----------
    where : str
    address : str
        The address that answered.
    location : str or None
        Its ``Location``.
    hosts : sequence of str
        Hosts that may be asked.

    Returns
    -------
    str

    Raises
    ------
    LayerError
        As `allowed_address`, or if there is no location.
    """
    if not location:
        raise refuse(
            where, "redirect-broken", "the server sends on but says not where to", "correct its url"
        )
    try:
        target = urljoin(address, location)
    except ValueError:
        target = location
    allowed_address(where, target, hosts)
    return target
