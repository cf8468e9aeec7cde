"""When a console under test has done all that a key or message set going, by its event loop and not by the clock."""

from __future__ import annotations

import asyncio
import math

SOON_S = 0.02
"""What is due within this time belongs to what is going on: screens draw sixty times a second."""


async def until_idle(min_sleep: float = SOON_S, max_sleep: float = 60.0) -> None:
    """Return once no task of the running loop can go on and no timer is due soon.

    In place of `textual._wait.wait_for_idle`, whose arguments it takes: that one sleeps at least 20 ms, takes a
    process that is not scheduled for an idle one, and so knows less the busier the machine is.

    Args:
        min_sleep: what is due within this time is waited for, where it is longer than `SOON_S`.
        max_sleep: seconds after which it returns whatever goes on: a timer that starts itself anew never ends.
    """
    loop = asyncio.get_running_loop()
    end = loop.time() + max_sleep
    while loop.time() < end:
        await asyncio.sleep(0)
        # Whatever is ready runs before this task does again.
        if loop._ready:  # type: ignore[attr-defined]
            continue
        scheduled = loop._scheduled  # type: ignore[attr-defined]
        due = min((one.when() for one in scheduled if not one.cancelled()), default=math.inf) - loop.time()
        if due > max(min_sleep, SOON_S):
            return
        await asyncio.sleep(max(0.0, due))
