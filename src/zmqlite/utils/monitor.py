"""Monitor messages under the name that pyzmq has them by: see zmqlite.monitor."""

from __future__ import annotations

from zmqlite.monitor import MonitorMessage as _MonitorMessage
from zmqlite.monitor import parse_monitor_message, recv_monitor_message

__all__ = ["_MonitorMessage", "parse_monitor_message", "recv_monitor_message"]
