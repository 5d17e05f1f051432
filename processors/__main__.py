"""`python -m processors`: who watches: worker, wall, storybook."""

import argparse
import sys

from ledger.settings import Settings
from ledger.terminal import Commands, Result, main


def add_commands(commands: Commands) -> None:
    """Add this package's commands to a parser."""
    commands.add(
        "worker",
        worker,
        "keep the live views on Kafka (Faust); status 1: start it again",
        "taizhang worker --ledger kafka://127.0.0.1:9092",
    )
    wall_command = commands.add(
        "wall",
        wall,
        "serve the supervision walls over the views topic",
        "taizhang wall --ledger kafka://127.0.0.1:9092 --port 8080",
    )
    story = commands.add(
        "storybook",
        storybook,
        "every state of the wall, from fixed data",
        "taizhang storybook --port 8082",
    )
    for made in (wall_command, story):
        made.add_argument("--host", help="address to listen on")
        made.add_argument("--port", type=int, help="port to listen on")


def worker(_: argparse.Namespace, settings: Settings) -> Result:
    """Run a worker until told to stop."""
    from processors.runtime.faust_app import run_worker

    return run_worker(settings.kafka_url, settings.data)


async def wall(_: argparse.Namespace, settings: Settings) -> Result:
    """Serve the walls until told to stop."""
    from processors.runtime.views_tail import KafkaViews
    from processors.wall.server import serve_wall

    source = await KafkaViews.open(settings.kafka_url)
    try:
        await serve_wall(source, settings.host, settings.port)
    finally:
        await source.close()
    return None


async def storybook(_: argparse.Namespace, settings: Settings) -> Result:
    """Serve every state of the wall."""
    from processors.wall.storybook import serve_storybook

    await serve_storybook(settings.host, settings.port)
    return None


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m processors", description=__doc__)
    add_commands(Commands(parser))
    sys.exit(main(parser))
