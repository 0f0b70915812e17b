"""The usual way: FastAPI's WebSocket, a queue per client, and a coroutine per client that sends from it."""

from __future__ import annotations

import asyncio
import socket
import sys

import uvicorn
import uvloop
from fastapi import FastAPI, WebSocket

QUEUED_MAX = 100


async def main(payload_bytes: int) -> None:
    app = FastAPI()
    queues: set[asyncio.Queue[str]] = set()

    @app.websocket("/live")
    async def live(websocket: WebSocket) -> None:
        await websocket.accept()
        queue: asyncio.Queue[str] = asyncio.Queue(QUEUED_MAX)
        queues.add(queue)
        try:
            while True:
                await websocket.send_text(await queue.get())
        finally:
            queues.remove(queue)

    message = "x" * payload_bytes
    listener = socket.create_server(("127.0.0.1", 0), backlog=4096)
    config = uvicorn.Config(app, log_config=None, ws_per_message_deflate=False, ws_ping_interval=None)
    server = uvicorn.Server(config)
    serving = asyncio.create_task(server.serve(sockets=[listener]))
    lines = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(lines), sys.stdin)
    print(listener.getsockname()[1], flush=True)
    while await lines.readline():
        for queue in queues:
            queue.put_nowait(message)
        print("done", flush=True)
    server.should_exit = True
    await serving


if __name__ == "__main__":
    uvloop.run(main(int(sys.argv[1])))
