"""Sockets that connect through ssh: with the ssh command, or with paramiko where there is none.

The ssh command needs nothing else as long as it logs in by keys; a password needs pexpect, which types it.
`pip install "zmqlite[ssh]"` brings pexpect and paramiko.
"""

from __future__ import annotations

import atexit
import os
import re
import socket as _sockets
import subprocess
import sys
import warnings
from getpass import getpass, getuser
from multiprocessing import Process
from typing import Any

__all__ = [
    "MaxRetryExceeded",
    "SSHException",
    "open_tunnel",
    "openssh_tunnel",
    "paramiko_tunnel",
    "select_random_ports",
    "try_passwordless_ssh",
    "tunnel_connection",
]

TYPE_CHECKING = False
if TYPE_CHECKING:
    pexpect: Any
    paramiko: Any
    SSHException: Any
else:
    try:
        import pexpect
    except ImportError:
        pexpect = None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what paramiko's own dependencies deprecate
            import paramiko
    except ImportError:
        paramiko = None

        class SSHException(Exception):  # noqa: N818 - paramiko's name
            """ssh refused, or the host is not known."""
    else:
        SSHException = paramiko.ssh_exception.SSHException

_LOGIN_S = 30
_PASSWORD = re.compile(rb"pass(word|phrase)", re.IGNORECASE)
_NEW_HOST = "Are you sure you want to continue connecting"
_PASSWORD_TRIES = 3


class MaxRetryExceeded(Exception):  # noqa: N818 - the name that programs catch
    """ssh neither logged in nor refused."""


def select_random_ports(n: int) -> list[int]:
    """Find n TCP ports that are free now, on every interface."""
    made = [_sockets.socket() for _ in range(n)]
    try:
        for one in made:
            one.bind(("", 0))
        return [int(one.getsockname()[1]) for one in made]
    finally:
        for one in made:
            one.close()


def try_passwordless_ssh(server: str, keyfile: str | None, paramiko: bool | None = None) -> bool:
    """Tell whether keys are enough to log in.

    Args:
        server: `user@host:port`; user and port may be left out.
        keyfile: a private key to use beside the usual ones; None for these only.
        paramiko: whether to use paramiko; None for Windows only.

    Raises:
        ImportError: paramiko is to be used and is not installed.
        SSHException: the host is not known, or cannot be reached.
        MaxRetryExceeded: nothing came of it in 30 s.
    """
    if _choose_paramiko(paramiko):
        return _try_paramiko(server, keyfile)
    return _run_ssh([*_ssh_command(server, keyfile), "exit"])


def tunnel_connection(
    socket: Any,
    addr: str,
    server: str,
    keyfile: str | None = None,
    password: str | None = None,
    paramiko: bool | None = None,
    timeout: int = 60,
) -> Process | int:
    """Connect a socket to an endpoint that only an ssh server can reach.

    Args:
        socket: a Socket.
        addr: `tcp://host:port`, as the server sees it.
        server: `user@host:port` of the ssh server.
        keyfile: as for open_tunnel().
        password: likewise.
        paramiko: likewise.
        timeout: likewise.

    Returns:
        The tunnel, as open_tunnel().

    Raises:
        ValueError: addr is not of that form.
        SSHException: ssh refused.
    """
    url, tunnel = open_tunnel(addr, server, keyfile, password, paramiko, timeout)
    socket.connect(url)
    return tunnel


def open_tunnel(
    addr: str,
    server: str,
    keyfile: str | None = None,
    password: str | None = None,
    paramiko: bool | None = None,
    timeout: int = 60,
) -> tuple[str, Process | int]:
    """Open a tunnel to an endpoint.

    Args:
        addr: `tcp://host:port`, as the server sees it.
        server: `user@host:port` of the ssh server.
        keyfile: a private key; None for the usual ones.
        password: None asks for one on the terminal when keys are not enough.
        paramiko: whether to use paramiko; None for Windows only.
        timeout: seconds that the tunnel stays open for a first connection.

    Returns:
        The endpoint to connect to; and the pid of ssh, or the Process that paramiko runs in.

    Raises:
        ValueError: addr is not of that form.
        SSHException: ssh refused.
    """
    found = re.fullmatch(r"tcp://\[?(.+?)\]?:(\d+)", addr)
    if found is None:
        raise ValueError(f"open_tunnel() takes tcp://host:port, got {addr!r}")
    local_port = select_random_ports(1)[0]
    open_it: Any = paramiko_tunnel if _choose_paramiko(paramiko) else openssh_tunnel
    tunnel: Process | int = open_it(
        local_port, int(found[2]), server, found[1], keyfile=keyfile, password=password, timeout=timeout
    )
    return f"tcp://127.0.0.1:{local_port}", tunnel


def openssh_tunnel(
    lport: int,
    rport: int,
    server: str,
    remoteip: str = "127.0.0.1",
    keyfile: str | None = None,
    password: str | None = None,
    timeout: int = 60,
) -> int:
    """Forward a local port with the ssh command. The tunnel closes when it is not used any more.

    A master connection that ssh has open to the server (ControlMaster) is used, and keeps the tunnel until this program
    ends.

    Args:
        lport: the local port, 1 to 65535.
        rport: the port to reach.
        server: `user@host:port` of the ssh server; what ssh's own configuration says counts too.
        remoteip: the host to reach, as the server sees it.
        keyfile: a private key; None for the usual ones.
        password: None asks for one on the terminal when keys are not enough.
        timeout: seconds that the tunnel stays open for a first connection.

    Returns:
        The pid of the ssh that opened the tunnel.

    Raises:
        ImportError: a password is needed, and pexpect is not installed.
        SSHException: the host is not known, cannot be reached, or refused.
        MaxRetryExceeded: nothing came of it in 30 s.
    """
    ssh = _ssh_command(server, keyfile)
    forward = f"127.0.0.1:{lport}:{f'[{remoteip}]' if ':' in remoteip else remoteip}:{rport}"
    master = subprocess.run([*ssh, "-O", "check"], capture_output=True, stdin=subprocess.DEVNULL, check=False)  # noqa: S603
    if master.returncode == 0:
        pid = re.search(rb"pid=(\d+)", master.stdout + master.stderr)
        done = subprocess.run([*ssh, "-O", "forward", "-L", forward], capture_output=True, check=False)  # noqa: S603
        if pid is not None and done.returncode == 0:
            atexit.register(subprocess.run, [*ssh, "-O", "cancel", "-L", forward], capture_output=True, check=False)
            return int(pid[1])
    options = ["-f", "-S", "none", "-o", "ExitOnForwardFailure=yes", "-L", forward]
    command = [*_ssh_command(server, keyfile, *options), f"sleep {int(timeout)}"]
    if password is None:
        started: list[int] = []
        if _run_ssh(command, started):
            return started[0]
    return _type_password(command, server, password)


def paramiko_tunnel(
    lport: int,
    rport: int,
    server: str,
    remoteip: str = "127.0.0.1",
    keyfile: str | None = None,
    password: str | None = None,
    timeout: int = 60,
) -> Process:
    """Forward a local port with paramiko, in a process of its own that ends with this one.

    Args:
        lport: the local port, 1 to 65535.
        rport: the port to reach.
        server: `user@host:port` of the ssh server.
        remoteip: the host to reach, as the server sees it.
        keyfile: a private key; None for the usual ones.
        password: None asks for one on the terminal when keys are not enough.
        timeout: without effect: terminate() the process.

    Raises:
        ImportError: paramiko is not installed.
        SSHException: the host is not known, or cannot be reached.
    """
    _require_paramiko()
    if password is None and not _try_paramiko(server, keyfile):
        password = getpass(f"{server}'s password: ")
    process = Process(
        target=_run_paramiko, args=(lport, rport, server, remoteip, keyfile, password), name="zmqlite.ssh", daemon=True
    )
    process.start()
    return process


def _choose_paramiko(given: bool | None) -> bool:
    return sys.platform == "win32" if given is None else given


def _split_server(server: str) -> tuple[str, str, int]:
    """user, host and port of `user@host:port`."""
    user, at, rest = server.rpartition("@")
    host, colon, port = rest.partition(":")
    return (user if at else getuser()), host, (int(port) if colon else 22)


def _ssh_command(server: str, keyfile: str | None, *options: str) -> list[str]:
    """ssh's own arguments for a server; each one an argument, so that no shell and no ssh takes one for another."""
    name, _, port = server.partition(":")
    if not name or name.startswith("-"):
        raise ValueError(f"an ssh server is user@host:port, got {server!r}")
    key = ["-i", keyfile] if keyfile else []
    return ["ssh", *key, *(["-p", str(int(port))] if port else []), *options, name]


def _environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if name != "SSH_ASKPASS"}


def _run_ssh(command: list[str], pids: list[int] | None = None) -> bool:
    """Run ssh without anybody to ask. Returns whether it logged in; False when it wants a password."""
    process = subprocess.Popen(  # noqa: S603
        [command[0], "-o", "BatchMode=yes", *command[1:]],
        env=_environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )
    # The ssh that stays behind keeps its end of the pipe: what it says is read only when it failed.
    try:
        status = process.wait(_LOGIN_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.communicate()
        raise MaxRetryExceeded(f"ssh to {command[-2]} neither logged in nor refused in {_LOGIN_S} s") from None
    stream: Any = process.stderr
    with stream:
        if status == 0:
            if pids is not None:
                pids.append(process.pid)
            return True
        said = stream.read().decode("utf-8", "replace").strip()
    if "Permission denied" in said:
        return False
    raise SSHException(f"ssh to {command[-2]} failed: {said}")


def _type_password(command: list[str], server: str, password: str | None) -> int:
    if pexpect is None:
        raise ImportError('ssh wants a password, and to type it takes pexpect: pip install "zmqlite[ssh]"')
    ssh = pexpect.spawn(command[0], command[1:], env=_environment(), timeout=_LOGIN_S)
    for tries in range(_PASSWORD_TRIES + 1):
        try:
            found = ssh.expect([_NEW_HOST, _PASSWORD])
        except pexpect.TIMEOUT:
            break
        except pexpect.EOF:
            ssh.close()
            if ssh.exitstatus:
                raise SSHException(f"ssh to {server} failed: {ssh.before.decode('utf-8', 'replace').strip()}") from None
            return int(ssh.pid)
        if found == 0:
            raise SSHException(f"ssh to {server} failed: the authenticity of the host can't be established")
        if tries:
            print("Password rejected, try again")
            password = None
        if password is None:
            password = getpass(f"{server}'s password: ")
        ssh.sendline(password)
    ssh.close(force=True)
    raise MaxRetryExceeded(f"ssh to {server} neither logged in nor refused in {_LOGIN_S} s")


def _require_paramiko() -> None:
    if paramiko is None:
        raise ImportError('paramiko is not installed: pip install "zmqlite[ssh]", or use the ssh command')


def _connect_paramiko(server: str, keyfile: str | None, password: str | None = None) -> Any:
    _require_paramiko()
    user, host, port = _split_server(server)
    client = paramiko.SSHClient()
    client.load_system_host_keys()
    # A host that is not known is refused, unless the program's user says otherwise.
    policy = os.environ.get("PYZMQ_PARAMIKO_HOST_KEY_POLICY", "Reject")
    client.set_missing_host_key_policy(getattr(paramiko, f"{policy}Policy")())
    client.connect(host, port, username=user, key_filename=keyfile, look_for_keys=True, password=password)
    return client


def _try_paramiko(server: str, keyfile: str | None) -> bool:
    _require_paramiko()
    try:
        _connect_paramiko(server, keyfile).close()
    except paramiko.AuthenticationException:
        return False
    return True


def _run_paramiko(
    lport: int, rport: int, server: str, remoteip: str, keyfile: str | None, password: str | None
) -> None:
    from .forward import forward_tunnel

    client = _connect_paramiko(server, keyfile, password)
    try:
        forward_tunnel(lport, remoteip, rport, client.get_transport())
    except KeyboardInterrupt:
        pass
    finally:
        client.close()
