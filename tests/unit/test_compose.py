"""docker-compose.yml speaks of commands and settings that exist."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from ledger.settings import load

ROOT = Path(__file__).parents[2]
COMPOSE = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
SERVICES = COMPOSE["services"]
OURS = {name: s for name, s in SERVICES.items() if s["image"].startswith("taizhang:")}
BROKERS = {name: s for name, s in SERVICES.items() if s["image"].startswith("apache/kafka:")}


def test_every_process_of_the_production_shape_is_there():
    commands = {service["command"][0] for service in OURS.values()}

    assert commands >= {"gateway", "writer", "worker", "wall", "archive", "kafka"}
    assert len(BROKERS) == 3


@pytest.mark.parametrize("name", OURS)
def test_every_command_and_its_options_exist(name):
    """The command's own help is the witness: words before the first option, then the options."""
    words = OURS[name]["command"]
    verbs = words[: next(i for i, word in enumerate(words) if word.startswith("--"))]
    answer = subprocess.run(
        [sys.executable, ROOT / "taizhang.py", *verbs, "--help"],
        check=False,
        capture_output=True,
        text=True,
    )

    assert answer.returncode == 0, answer.stderr
    assert [w for w in words if w.startswith("--") and w not in answer.stdout] == []


@pytest.mark.parametrize("name", OURS)
def test_every_setting_exists(name):
    """The settings themselves refuse what they do not know."""
    told = OURS[name]["environment"]
    settings = load({}, told)

    assert settings.ledger_url == told["TAIZHANG_LEDGER"]


def test_what_is_published_is_what_is_listened_on():
    for service in OURS.values():
        for mapping in service.get("ports", []):
            told = load({}, service["environment"])

            assert (told.host, str(told.port)) == ("0.0.0.0", mapping.split(":")[1])  # noqa: S104


def test_every_service_speaks_to_all_brokers():
    expected = "kafka://" + ",".join(f"{name}:9092" for name in sorted(BROKERS))
    urls = {s["command"][s["command"].index("--ledger") + 1] for s in OURS.values()}

    assert urls == {expected}


def test_an_acknowledged_event_survives_a_broker():
    for name, broker in BROKERS.items():
        told = broker["environment"]
        node = told["KAFKA_NODE_ID"]

        assert told["KAFKA_DEFAULT_REPLICATION_FACTOR"] == "3"
        assert told["KAFKA_MIN_INSYNC_REPLICAS"] == "2"
        assert told["KAFKA_TRANSACTION_STATE_LOG_REPLICATION_FACTOR"] == "3"
        assert told["KAFKA_TRANSACTION_STATE_LOG_MIN_ISR"] == "2"
        assert told["KAFKA_OFFSETS_TOPIC_REPLICATION_FACTOR"] == "3"
        assert told["KAFKA_AUTO_CREATE_TOPICS_ENABLE"] == "false"
        assert f"{node}@{name}:9093" in told["KAFKA_CONTROLLER_QUORUM_VOTERS"].split(",")
        assert told["KAFKA_ADVERTISED_LISTENERS"] == f"PLAINTEXT://{name}:9092"


def test_every_broker_has_its_own_number_and_disk():
    numbers = {broker["environment"]["KAFKA_NODE_ID"] for broker in BROKERS.values()}
    disks = {broker["volumes"][0].split(":")[0] for broker in BROKERS.values()}

    assert len(numbers) == len(disks) == 3
    assert disks <= set(COMPOSE["volumes"])


def test_docker_itself_reads_it_where_it_is_installed():
    """Where the plugin is not, the shape above is all that can be held."""
    docker = shutil.which("docker")
    plugin = docker and not subprocess.call(
        [docker, "compose", "version"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    if plugin:
        answer = subprocess.run(
            [docker, "compose", "config", "--quiet"],
            cwd=ROOT,
            check=False,
            capture_output=True,
            text=True,
        )

        assert answer.returncode == 0, answer.stderr
    waited_for = {w for s in SERVICES.values() for w in s.get("depends_on", {})}

    assert waited_for <= set(SERVICES)
