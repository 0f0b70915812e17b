"""Fan-out: the same message to 1,000 and to 5,000 WebSockets, per second and core of the server.

Compared are the hub as the product runs it; a C epoll loop that writes one prebuilt frame to every socket (the limit);
nginx with nchan; FastAPI's WebSocket with a queue per client and the text ready to send. All servers stay up, each with
its own C client that counts frames; five interleaved rounds, medians. Each message is read by every client before the
next is sent, as ticks are far apart: no server joins messages in one write, none waits for its client. Deliveries per
core second are deliveries by CPU seconds of the server's process; per second counts the time that passes, in which
client and server share the machine.

nchan needs nginx with its module (Debian: nginx, libnginx-mod-nchan). If they are not installed their packages are
downloaded and unpacked in a temporary folder; where that is not possible either, nchan is left out, which the output
says.
"""

from __future__ import annotations

import argparse
import http.client
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Protocol

import psutil

PEERS = Path(__file__).parent / "fanout_peers"
LIVE_PATH = "/ws/live/bench"
ROUNDS = 5
MESSAGES = {1000: 100, 5000: 20}
"""Messages of a round by number of clients: 100,000 deliveries."""
NGINX_STATE = Path("/var/lib/nginx")
"""Compiled into Debian's nchan, which makes its temporary folder there whatever the configuration says."""
LOOP_TARGET, QUEUE_TARGET = 0.65, 4.0


class Peer(Protocol):
    name: str
    path: str
    port: int
    pid: int

    def send(self) -> None:
        """Start sending a message to every client."""

    def finish(self) -> None:
        """Wait until the server has handed it to all its sockets."""

    def stop(self) -> None: ...


class Program:
    """A server that speaks the protocol of fanout_peers."""

    def __init__(self, name: str, path: str, command: list[str]) -> None:
        self.name = name
        self.path = path
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1)
        self.pid = self._process.pid
        self.port = int(self._read())

    def send(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write("send\n")

    def finish(self) -> None:
        self._read()

    def stop(self) -> None:
        self._process.kill()
        self._process.wait(10)

    def _read(self) -> str:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise SystemExit(f"{self.name} has stopped")
        return line


class Nchan:
    """nginx with one worker; a message is published by a request."""

    name = "nginx + nchan"
    path = "/live"

    def __init__(self, root: Path, work: Path, payload: bytes) -> None:
        self.port = free_port()
        self._payload = payload
        module = next(root.glob("usr/lib/nginx/modules/ngx_nchan_module.so"))
        config = work / "nginx.conf"
        config.write_text(NGINX.format(module=module, work=work, port=self.port))
        nginx = next(root.glob("usr/sbin/nginx"))
        self._process = subprocess.Popen([nginx, "-c", str(config), "-e", str(work / "error.log")], cwd=work)
        wait_for_port(self.port)
        self.pid = next(child.pid for child in psutil.Process(self._process.pid).children())
        self._publisher = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)

    def send(self) -> None:
        self._publisher.request("POST", "/publish", self._payload)
        answer = self._publisher.getresponse()
        answer.read()
        if answer.status not in (201, 202):
            raise SystemExit(f"nchan answered {answer.status}")

    def finish(self) -> None:
        pass

    def stop(self) -> None:
        self._process.terminate()
        self._process.wait(10)


NGINX = """\
load_module {module};
daemon off;
user root;
worker_processes 1;
worker_rlimit_nofile 20000;
pid {work}/nginx.pid;
events {{ worker_connections 16000; }}
http {{
    access_log off;
    client_body_temp_path {work}/body;
    proxy_temp_path {work}/proxy;
    fastcgi_temp_path {work}/fastcgi;
    uwsgi_temp_path {work}/uwsgi;
    scgi_temp_path {work}/scgi;
    server {{
        listen 127.0.0.1:{port} backlog=4096;
        keepalive_requests 1000000;
        location = /publish {{ nchan_publisher; nchan_channel_id bench; nchan_message_buffer_length 64; }}
        location = /live {{
            nchan_subscriber websocket;
            nchan_channel_id bench;
            nchan_subscriber_first_message newest;
        }}
    }}
}}
"""


class Reader:
    """The C client: `connections` WebSockets to one server."""

    def __init__(self, program: Path, peer: Peer, connections: int) -> None:
        command = [str(program), str(peer.port), peer.path, str(connections)]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1)
        self._connections = connections
        self._answer()
        self.ask("quiet")
        self._answer()

    def ask(self, line: str) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(line + "\n")

    def expect(self) -> None:
        """Count from now on."""
        self.ask(f"expect {self._connections}")

    def check(self) -> int:
        """The bytes of a frame, once every client has got one."""
        frames, size = map(int, self._answer().split())
        if frames != self._connections:
            raise SystemExit(f"{frames} of {self._connections} frames came")
        return size // frames

    def stop(self) -> None:
        self._process.terminate()
        self._process.wait(10)

    def _answer(self) -> str:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise SystemExit("the reader has stopped")
        return line


def measure(peer: Peer, reader: Reader, connections: int, messages: int) -> tuple[float, float]:
    """Deliveries per CPU second of the server and per second."""
    process = psutil.Process(peer.pid)
    before = process.cpu_times()
    begun = time.perf_counter()
    for _ in range(messages):
        reader.expect()
        peer.send()
        reader.check()
        peer.finish()
    seconds = time.perf_counter() - begun
    after = process.cpu_times()
    cpu_seconds = after.user + after.system - before.user - before.system
    return messages * connections / cpu_seconds, messages * connections / seconds


def compare(peers: list[Peer], reader_program: Path, connections: int) -> dict[str, float]:
    """Prints the table; returns the median deliveries per core second by server."""
    readers = {peer.name: Reader(reader_program, peer, connections) for peer in peers}
    results: dict[str, list[tuple[float, float]]] = {peer.name: [] for peer in peers}
    for _ in range(ROUNDS):
        for peer in peers:
            results[peer.name].append(measure(peer, readers[peer.name], connections, MESSAGES[connections]))
    for reader in readers.values():
        reader.stop()
    medians = {name: statistics.median(core for core, _ in rounds) for name, rounds in results.items()}
    limit = medians["C epoll loop"]
    print(f"{connections:,} sockets    per core second   of the loop    lowest .. highest     per second")
    for name, rounds in results.items():
        cores = sorted(core for core, _ in rounds)
        wall = statistics.median(rate for _, rate in rounds)
        spread = f"{cores[0]:>9,.0f} .. {cores[-1]:<9,.0f}"
        print(f"{name:<16} {medians[name]:>12,.0f} {medians[name] / limit:>14.2f}    {spread} {wall:>12,.0f}")
    return medians


def nchan_root(work: Path) -> Path | None:
    """The folder under which nginx and its nchan module are, installed or unpacked; None where neither is possible."""
    module = Path("usr/lib/nginx/modules/ngx_nchan_module.so")
    if (Path("/") / module).exists() and shutil.which("nginx"):
        return Path("/")
    if shutil.which("apt-get") is None or shutil.which("dpkg-deb") is None:
        return None
    packages = work / "packages"
    packages.mkdir()
    fetched = subprocess.run(
        ["apt-get", "download", "-q", "nginx", "libnginx-mod-nchan"], cwd=packages, capture_output=True, check=False
    )
    if fetched.returncode:
        return None
    for package in packages.glob("*.deb"):
        subprocess.run(["dpkg-deb", "--extract", str(package), str(packages)], check=True)
    try:
        NGINX_STATE.mkdir(parents=True, exist_ok=True)
    except OSError:
        return None
    return packages if (packages / module).exists() else None


def compile_c(source: str, work: Path) -> Path:
    program = work / source
    subprocess.run(["cc", "-O2", "-o", str(program), str(PEERS / f"{source}.c")], check=True)
    return program


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
    return port


def wait_for_port(port: int) -> None:
    for _ in range(200):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise SystemExit(f"nothing listens on port {port}")


def message_bytes(ours: Peer, reader_program: Path) -> int:
    """The payload of our messages, so that the others send as much."""
    reader = Reader(reader_program, ours, 1)
    reader.expect()
    ours.send()
    frame_bytes = reader.check()
    ours.finish()
    reader.stop()
    return frame_bytes - 4


def start_peers(peers: list[Peer], work: Path, reader_program: Path) -> None:
    """Starts the servers and appends each at once, so that the caller can stop them whatever happens."""
    python = [sys.executable, "-m"]
    ours = Program("Telemetra hub", LIVE_PATH, [*python, "benchmarks.fanout_peers.hub_server"])
    peers.append(ours)
    size = message_bytes(ours, reader_program)
    print(f"\nmessages of {size} bytes; {ROUNDS} interleaved rounds; medians", flush=True)
    peers.append(Program("C epoll loop", "/", [str(compile_c("loop", work)), str(size)]))
    root = nchan_root(work)
    if root is None:
        print("left out: nginx + nchan (cannot be installed here)")
    else:
        peers.append(Nchan(root, work, b"x" * size))
    peers.append(Program("FastAPI + queue", "/live", [*python, "benchmarks.fanout_peers.queue_server", str(size)]))


def run(connections: int) -> None:
    peers: list[Peer] = []
    with tempfile.TemporaryDirectory(prefix="telemetra-fanout-") as folder:
        try:
            reader_program = compile_c("reader", Path(folder))
            start_peers(peers, Path(folder), reader_program)
            medians = compare(peers, reader_program, connections)
        finally:
            for peer in peers:
                peer.stop()
    hub = medians["Telemetra hub"]
    print(f"hub / loop = {hub / medians['C epoll loop']:.2f} (target {LOOP_TARGET})")
    print(f"hub / queue = {hub / medians['FastAPI + queue']:.1f} (target {QUEUE_TARGET:.0f})", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--sockets", type=int, nargs="*", default=list(MESSAGES), choices=list(MESSAGES))
    for connections in parser.parse_args().sockets:
        run(connections)


if __name__ == "__main__":
    main()
