"""hostile_cancels.py for zmqlite.anyio: receives cancelled by their scope, on trio and on asyncio, or natively.

The short form is in test_anyio.py. The long one: `python tests/hostile_cancels_anyio.py 100000`, for each and every
form; `python tests/hostile_cancels_anyio.py 100000 trio recv string` for some. It ends with 1 if a message was lost,
came twice or out of order.
"""

from __future__ import annotations

import asyncio
import contextlib
import sys
from typing import Any

import anyio
from hostile_cancels import FORMS, Outcome, Rig

import zmqlite.anyio

__all__ = ["BACKENDS", "FORMS", "AnyioRig", "NativeRig", "run"]

# The last is asyncio with its own task.cancel(), which knows no scopes.
BACKENDS = ("trio", "asyncio", "native")


class AnyioRig(Rig):
    """Sends numbers, and receives them in cancel scopes."""

    make_context = zmqlite.anyio.Context

    async def timed(self, socket: Any) -> None:
        """Await it for a short time."""
        with anyio.move_on_after(self.random.choice((0, 1e-6, 1e-4, 1))):
            await self.plain(socket)

    async def turns(self, most: int) -> None:
        """Let others run a few times."""
        for _ in range(self.random.randrange(most)):
            await anyio.lowlevel.checkpoint()

    async def send_some(self, push: Any) -> None:
        """Perhaps send."""
        if self.random.random() < 0.6:
            for _ in range(self.random.choice((0, 1, 1, 1, 2, 5))):
                await self.send(push)

    async def cancel_one(self, push: Any, pull: Any) -> None:
        """Begin a receive, perhaps send, cancel it, perhaps receive within a scope that is cancelled already."""
        await self.send_some(push)
        async with anyio.create_task_group() as group:
            if self.random.random() < 0.5:
                # It watches: the message of a receive comes while that does not run, which is cancelled before it does.
                group.start_soon(pull.poll)
                await self.turns(3)
            group.start_soon(self.random.choice((self.plain, self.plain, self.timed)), pull)
            await self.turns(4)
            if self.random.random() < 0.5:
                await self.send(push)
                await self.turns(6)
            group.cancel_scope.cancel()
        if self.random.random() < 0.3:
            with anyio.CancelScope() as scope:
                scope.cancel()
                await self.plain(pull)


class NativeRig(AnyioRig):
    """Cancels the task itself."""

    async def cancel_one(self, push: Any, pull: Any) -> None:
        """Begin a receive, perhaps send, cancel it."""
        await self.send_some(push)
        watching = asyncio.ensure_future(pull.poll())
        await self.turns(3)
        task = asyncio.ensure_future(self.plain(pull))
        await self.turns(4)
        if self.random.random() < 0.5:
            await self.send(push)
            await self.turns(6)
        for one in (task, watching):
            one.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await one


def run(backend: str, form: str, cancels: int) -> Outcome:
    """Cancel so often, in one form, on one backend; with a time limit for the short form's sake."""

    async def main() -> Outcome:
        with anyio.fail_after(30 + cancels / 100):
            return await (NativeRig if backend == "native" else AnyioRig)(form, 1).run(cancels)

    return anyio.run(main, backend="asyncio" if backend == "native" else backend)


def main() -> None:
    """Run the long form."""
    cancels, names = int(sys.argv[1]), sys.argv[2:]
    exact = True
    for backend in [one for one in BACKENDS if one in names] or BACKENDS:
        for form in [one for one in names if one not in BACKENDS] or [*FORMS, "mixed"]:
            outcome = run(backend, form, cancels)
            print(backend, form, outcome, flush=True)
            exact &= outcome.exact
    sys.exit(not exact)


if __name__ == "__main__":
    main()
