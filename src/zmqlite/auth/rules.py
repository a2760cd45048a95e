"""What credentials are compared with: addresses and passwords."""

from __future__ import annotations

import hmac
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from secrets import token_bytes
from warnings import warn

from zmqlite.errors import SecurityWarning

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from ipaddress import IPv4Network, IPv6Network
    from typing import Union

    _Address = Union[IPv4Address, IPv6Address]

__all__ = ["AddressSet", "check_password"]

# Comparing keyed digests takes the same time whatever is compared, also texts that differ in length.
_KEY = token_bytes(32)
_NOBODY = token_bytes(32)


class AddressSet:
    """IP addresses and networks, as allow() and deny() take them."""

    def __init__(self) -> None:
        self._texts: set[str] = set()
        self._addresses: set[_Address] = set()
        self._networks: list[IPv4Network | IPv6Network] = []

    def __bool__(self) -> bool:
        return bool(self._texts or self._addresses or self._networks)

    def update(self, addresses: Iterable[str], call: str) -> None:
        """Add addresses.

        Args:
            addresses: `192.0.2.1`, `2001:db8::1`, a network such as `192.0.2.0/24`; anything else is compared as text.
            call: for messages, "allow()".

        Raises:
            TypeError: an address is no str.
            ValueError: it has a `/` and is no network.

        Warns:
            SecurityWarning: it looks like the name of a host: those are never looked up.
        """
        for text in list(addresses):
            if not isinstance(text, str):
                raise TypeError(f"{call} takes addresses as str, got {type(text).__name__}")
            address = _parse(text)
            if address is not None:
                self._addresses.add(address)
            elif "/" in text:
                self._networks.append(ip_network(text))
            else:
                # libzmq tells "localhost:0:0:4711" of ipc:// clients: user, group and process.
                if ":" not in text and any(character.isalpha() for character in text):
                    message = f"{call} takes IP addresses: no client has the address {text!r}"
                    warn(message, SecurityWarning, stacklevel=4)
                self._texts.add(text)

    def __contains__(self, text: str) -> bool:
        address = _parse(text)
        if address is None:
            return text in self._texts
        return address in self._addresses or any(address in network for network in self._networks)


def _parse(text: str) -> _Address | None:
    """An address in its one form: a server that listens on IPv6 is told `::ffff:192.0.2.1` for 192.0.2.1."""
    try:
        address: _Address = ip_address(text.partition("%")[0])
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address


def check_password(passwords: Mapping[str, str], user: bytes, password: bytes, encoding: str) -> bool:
    """Tell whether a user has this password, in a time that does not tell what is wrong.

    Args:
        passwords: of each user.
        user: the name, as the client sent it.
        password: as the client sent it.
        encoding: of names and passwords.
    """
    try:
        expected: str | bytes | None = passwords.get(user.decode(encoding))
    except UnicodeDecodeError:
        expected = None
    known = isinstance(expected, (str, bytes))
    if isinstance(expected, str):
        expected = expected.encode(encoding, "surrogatepass" if encoding.lower().startswith("utf") else "strict")
    wanted = hmac.digest(_KEY, expected if isinstance(expected, bytes) else _NOBODY, "sha256")
    same = hmac.compare_digest(wanted, hmac.digest(_KEY, password, "sha256"))
    return same and known
