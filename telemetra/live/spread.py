"""One frame to many clients: where it is compiled, by one loop over their sockets."""

from __future__ import annotations

from collections.abc import Sequence

from telemetra.live.frames import Frame
from telemetra.live.subscriber import Subscriber

try:
    from telemetra.live import _send as compiled
except ImportError:  # made at installation, where there is a C compiler
    compiled = None  # type: ignore[assignment]


def offer_to_all(subscribers: Sequence[Subscriber], frame: Frame) -> None:
    """`offer` the frame to each of them.

    To a client for which nothing waits its bytes go straight to the kernel; what the kernel does not take at once goes
    the ordinary way, and so does every error.
    """
    if compiled is None:
        for subscriber in subscribers:
            subscriber.offer(frame)
        return
    direct: list[Subscriber] = []
    sockets: list[int] = []
    for subscriber in subscribers:
        socket = subscriber.idle_socket()
        if socket < 0:
            subscriber.offer(frame)
        else:
            direct.append(subscriber)
            sockets.append(socket)
    for position, sent in compiled.send_to_all(sockets, frame.websocket):
        direct[position].channel.write(frame, sent)
