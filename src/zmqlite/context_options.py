"""Options of a context, and the defaults that it has for the options of its sockets: by number, by name, as attributes.

The table is in options.py.
"""

from __future__ import annotations

from errno import EINVAL, ENOTSUP

from ._native import ffi, lib
from .constants import ContextOption
from .errors import ZMQError, error_from_errno
from .io_thread_settings import check_io_thread_settings
from .option_table import CONTEXT_ROWS
from .options import (
    SOCKET_OPTIONS,
    explain,
    find_by_name,
    find_context_option,
    find_context_option_by_name,
    find_socket_option,
    install_attributes,
    is_declared,
)
from .tunings import TUNINGS, find_tuning, name_tuning

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

__all__ = ["ContextOptions", "class_name", "install_context_attributes"]


class ContextOptions:
    """The part of Context that gets and sets options."""

    sockopts: dict[int, Any]
    _native: Any
    _io_threads: Any

    def get(self, option: int) -> Any:
        """Get an option of the context.

        Args:
            option: a ContextOption.

        Raises:
            ZMQError: EINVAL, no such option; ETERM, the context is terminated.

        Source: zmq_ctx_get(3).
        """
        row = find_context_option(option)
        row.require_readable()
        value = lib.zl_context_get(self._require_native(), int(option))
        errno = ffi.errno
        if errno:
            raise explain(errno, "get", row)
        return value

    def set(self, option: int, optval: Any) -> None:
        """Set an option of the context, before its first socket is made.

        Args:
            option: a ContextOption.
            optval: an int; THREAD_NAME_PREFIX takes bytes too (draft).

        Raises:
            TypeError: optval is of the wrong type.
            ZMQError: EINVAL, no such option, or a value out of its range.

        Source: zmq_ctx_set(3).
        """
        row = find_context_option(option)
        value = row.encode(optval)
        if isinstance(value, int):
            rc = lib.zl_context_set(self._require_native(), int(option), value)
        else:
            rc = lib.zl_context_set_ext(self._require_native(), int(option), value or b"", len(value or b""))
        if rc != 0:
            raise explain(ffi.errno, "set", row, optval)
        if option in _IO_THREAD_OPTIONS:
            self._io_threads = {**(self._io_threads or {}), **_note_setting(self._io_threads, int(option), value)}

    def _require_native(self) -> Any:
        if self._native is None:
            raise error_from_errno(ENOTSUP, "Context", hint="the context was never made")
        return self._native

    def setsockopt(self, opt: int, value: Any) -> None:
        """Set a default for the sockets that this context will make.

        Args:
            opt: a SocketOption.
            value: as for Socket.set(); checked now.
        """
        find_socket_option(opt).encode(value)
        self.sockopts[opt] = value

    def getsockopt(self, opt: int) -> Any:
        """Get a default for new sockets.

        Raises:
            KeyError: none is set for opt.
        """
        return self.sockopts[opt]

    @property
    def tuning(self) -> str | None:
        """A named setting for the sockets that this context will make: see Socket.tuning."""
        return name_tuning(self.sockopts.get)

    @tuning.setter
    def tuning(self, name: str | None) -> None:
        options = find_tuning(name)
        for number in TUNINGS.get(self.tuning or "", ()):
            del self.sockopts[number]
        self.sockopts.update(options)

    def _get_default(self, opt: int) -> Any:
        try:
            return self.sockopts[opt]
        except KeyError:
            raise AttributeError(f"no default is set for {find_socket_option(opt).name}") from None

    def _delete_default(self, opt: int) -> None:
        if opt not in self.sockopts:
            raise AttributeError(f"no default is set for {find_socket_option(opt).name}")
        del self.sockopts[opt]

    def __setattr__(self, name: str, value: Any) -> None:
        if hasattr(type(self), name) or name in self.__dict__ or is_declared(type(self), name):
            object.__setattr__(self, name, value)
            return
        option = find_context_option_by_name(name)
        if option is not None:
            object.__setattr__(self, option.name, value)
            return
        option = find_by_name(name)
        if option is None:
            raise AttributeError(f"{class_name(type(self))} has no attribute {name!r}, and it is no option of libzmq")
        self.setsockopt(option.number, value)

    def __getattr__(self, name: str) -> Any:
        option = None if name.startswith("_") else find_context_option_by_name(name)
        if option is not None:
            # Also reached when the attribute of that very name has raised AttributeError.
            try:
                option.require_readable()
                return self.get(option.number)
            except ZMQError as error:
                if error.errno == EINVAL:
                    raise AttributeError(str(error)) from error
                raise
        option = None if name.startswith("_") else find_by_name(name)
        if option is None:
            raise AttributeError(f"{class_name(type(self))} has no attribute {name!r}, and it is no option of libzmq")
        return self._get_default(option.number)

    def _check_io_threads(self) -> None:
        """Raise what libzmq would abort over when it starts its threads for the first socket."""
        if self._io_threads is not None:
            settings, self._io_threads = self._io_threads, None
            try:
                check_io_thread_settings(**settings)
            except BaseException:
                self._io_threads = settings
                raise


_IO_THREAD_OPTIONS = {
    ContextOption.THREAD_PRIORITY: "priority",
    ContextOption.THREAD_SCHED_POLICY: "policy",
    ContextOption.THREAD_AFFINITY_CPU_ADD: "cpus",
    ContextOption.THREAD_AFFINITY_CPU_REMOVE: "cpus",
}


def _note_setting(settings: dict[str, Any] | None, option: int, value: Any) -> dict[str, Any]:
    name = _IO_THREAD_OPTIONS[option]  # type: ignore[index]
    if name != "cpus":
        return {name: value}
    cpus = (settings or {}).get("cpus", frozenset())
    return {name: cpus | {value} if option == ContextOption.THREAD_AFFINITY_CPU_ADD else cpus - {value}}


def class_name(cls: type) -> str:
    """The name of a class as messages show it: `zmqlite.Context`."""
    return f"{cls.__module__.partition('.')[0]}.{cls.__name__}"


def install_context_attributes(cls: type) -> None:
    """Give the Context class an attribute for every option, of its own and of the sockets it will make."""
    install_attributes(cls, CONTEXT_ROWS, ContextOptions.get, ContextOptions.set)
    install_attributes(
        cls,
        SOCKET_OPTIONS.values(),
        ContextOptions._get_default,
        ContextOptions.setsockopt,
        ContextOptions._delete_default,
    )
