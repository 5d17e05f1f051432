"""What `broker.py` needs to know of files, ports and processes; nothing here starts anything."""

from __future__ import annotations

import base64
import contextlib
import os
import secrets
import shutil
import socket
import struct
import subprocess
import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from ledger.contracts.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Sequence

# Below the ports the system gives to outgoing connections (from 32768): a broker that is killed
# must find its port free when it comes back.
PORTS: Final = range(20_000, 32_000)
PORT_LAST: Final = 65_535
PORT_TRIES: Final = 1_000
LOG_LINES_SHOWN: Final = 5
ANSWER_SECONDS: Final = 2.0
METADATA, METADATA_VERSION = 3, 4
NOISE: Final = ("WARNING: ", "Picked up JAVA_TOOL_OPTIONS")


class BrokerError(UserError):
    """One sentence: what went wrong with a local Kafka, where, and what to do."""


@dataclass(frozen=True, slots=True)
class Node:
    """One broker of a local cluster: number from 0, its two ports, and where its files lie."""

    data_dir: Path
    number: int
    port: int
    controller_port: int

    @property
    def home(self) -> Path:
        """Give the directory of this broker."""
        return self.data_dir / f"broker-{self.number + 1}"

    @property
    def properties(self) -> Path:
        """Give its settings; the path is also how we know its process again."""
        return self.home / "server.properties"

    @property
    def log(self) -> Path:
        """Give the file that holds what its JVM printed since the last start."""
        return self.home / "server.log"

    @property
    def pid(self) -> Path:
        """Give the file that holds its process id while it runs."""
        return self.home / "pid"


def cluster_id() -> str:
    """Give what `StorageTool random-uuid` would, without a second of JVM."""
    while True:
        text = base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")
        if not text.startswith("-"):  # Kafka refuses those: they look like an option.
            return text


def properties(node: Node, nodes: Sequence[Node]) -> str:
    """Give server.properties of one broker.

    Small where a laptop gains, strict where the ledger's safety hangs on it: no topic appears by
    itself, no unclean leader, and with three brokers two must have a transaction before it counts.
    """
    replicas = len(nodes)
    settled = min(2, replicas)
    voters = ",".join(f"{n.number + 1}@127.0.0.1:{n.controller_port}" for n in nodes)
    settings: dict[str, object] = {
        "process.roles": "broker,controller",
        "node.id": node.number + 1,
        "controller.quorum.voters": voters,
        "listeners": f"PLAINTEXT://127.0.0.1:{node.port},"
        f"CONTROLLER://127.0.0.1:{node.controller_port}",
        "advertised.listeners": f"PLAINTEXT://127.0.0.1:{node.port}",
        "controller.listener.names": "CONTROLLER",
        "log.dirs": node.home / "data",
        "auto.create.topics.enable": "false",
        "unclean.leader.election.enable": "false",
        # A killed broker may not come back, nor be replaced as leader, before this has passed.
        "broker.session.timeout.ms": 5_000,
        "broker.heartbeat.interval.ms": 1_000,
        "default.replication.factor": replicas,
        "min.insync.replicas": settled,
        "group.initial.rebalance.delay.ms": 0,
        "offsets.topic.num.partitions": 4,
        "offsets.topic.replication.factor": replicas,
        "transaction.state.log.num.partitions": 4,
        "transaction.state.log.replication.factor": replicas,
        "transaction.state.log.min.isr": settled,
        "share.coordinator.state.topic.replication.factor": replicas,
        "share.coordinator.state.topic.min.isr": settled,
        "num.network.threads": 2,
        "num.io.threads": 4,
        "log.cleaner.dedupe.buffer.size": 16 * 1024 * 1024,  # The default, 128 MB, is our heap.
    }
    return "".join(f"{name}={value}\n" for name, value in settings.items())


def choose_ports(brokers: int, first: int, old: Sequence[int]) -> list[int]:
    """Give the ports of the brokers, then of the controllers.

    Args:
        brokers: 1 or 3.
        first: the first of a row of free ports; 0: any free ones, the old ones if possible.
        old: ports this cluster had before: broker, controller, broker, controller, …

    Raises:
        BrokerError: another number of brokers, or a port that is taken or out of range.

    """
    if brokers not in {1, 3}:
        raise BrokerError(f"A local Kafka has 1 or 3 brokers, not {brokers}: ask for one of these")
    wanted = 2 * brokers
    if first:
        row = list(range(first, first + wanted))
        if row[0] < 1 or row[-1] > PORT_LAST:
            raise BrokerError(
                f"Ports {row[0]} to {row[-1]} do not exist: choose a port below 65530"
            )
        taken = [port for port in row if not port_free(port)]
        if taken:
            raise BrokerError(_taken(taken[0], row))
        return row
    if len(old) == wanted and all(port_free(port) for port in old):
        return [*old[0::2], *old[1::2]]
    found: list[int] = []
    for _ in range(PORT_TRIES):
        port = secrets.choice(PORTS)
        if port not in found and port_free(port):
            found.append(port)
        if len(found) == wanted:
            return found
    raise BrokerError(
        f"No {wanted} free ports between {PORTS.start} and {PORTS.stop} on 127.0.0.1: "
        "stop what uses them, or name a port"
    )


def port_free(port: int) -> bool:
    """Tell whether a server could listen on a port of 127.0.0.1 now."""
    with socket.socket() as probe:
        # As Java does: a port in TIME_WAIT is free, a port somebody listens on is not.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True


def need_ports(node: Node) -> None:
    """See that both ports of a broker are free.

    Raises:
        BrokerError: one is taken: the broker itself would only end without a word.

    """
    row = [node.port, node.controller_port]
    for port in row:
        if not port_free(port):
            raise BrokerError(_taken(port, row))


def _taken(port: int, row: Sequence[int]) -> str:
    return (
        f"Port {port} on 127.0.0.1 is taken (Kafka needs {', '.join(map(str, row))}): "
        "stop what listens there, or choose another port"
    )


def tail(log: Path) -> str:
    """Give the last lines of a broker's log as the end of a sentence, with what to do."""
    text = log.read_text(errors="replace") if log.exists() else ""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    lines = [line for line in lines if not line.startswith(NOISE)][-LOG_LINES_SHOWN:]
    if not lines:
        return (
            f"(it printed nothing in {log}): see that disk and memory have room, "
            "or start it in a fresh directory"
        )
    return f"(the end of {log}: {' / '.join(lines)}): mend that and start it again"


def process_alive(pid: int, mark: str) -> bool:
    """Tell whether process `pid` runs and has `mark` in its command line.

    The mark tells our broker from a stranger who got its number later; a process that ended and
    waits for its parent has no command line.
    """
    proc = Path("/proc")
    if (proc / "self").exists():
        try:
            return os.fsencode(mark) in (proc / str(pid) / "cmdline").read_bytes()
        except OSError:
            return False
    ps = shutil.which("ps") or "/bin/ps"
    asked = subprocess.run(  # noqa: S603 -- a fixed program, a number
        [ps, "-ww", "-o", "command=", "-p", str(pid)], capture_output=True, check=False
    )
    return os.fsencode(mark) in asked.stdout


def live_brokers(port: int) -> int:
    """Give how many brokers the one on `port` knows to be up; 0 if it does not answer yet.

    Asks for Metadata in Kafka's own protocol: a port that accepts is not yet a broker that works,
    and the drivers want an event loop.
    """
    client = b"taizhang"
    body = struct.pack(">hhih", METADATA, METADATA_VERSION, 1, len(client)) + client
    body += struct.pack(">i?", 0, False)  # noqa: FBT003 -- no topics; make none
    with contextlib.suppress(OSError, struct.error):
        with socket.create_connection(("127.0.0.1", port), timeout=ANSWER_SECONDS) as line:
            line.sendall(struct.pack(">i", len(body)) + body)
            head = _receive(line, 16)  # size, correlation, throttle, number of brokers
        return int(struct.unpack(">iiii", head)[3])
    return 0


def _receive(line: socket.socket, size: int) -> bytes:
    got = b""
    while len(got) < size:
        more = line.recv(size - len(got))
        if not more:
            raise ConnectionError
        got += more
    return got
