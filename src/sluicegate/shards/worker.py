# SPDX-License-Identifier: Apache-2.0
"""``python -m sluicegate.shards.worker FD FOLDER INDEX COUNT THREADS``: a shard, until its socket closes."""

from __future__ import annotations

import socket
import sys

from sluicegate.errors import SluicegateError
from sluicegate.shards import message
from sluicegate.shards.process import receive, send
from sluicegate.shards.served import Served


def main(arguments: list[str]) -> None:
    """Answer messages one after another; a folder that cannot be read is the answer to each of them."""
    handle, folder, index, count, threads = arguments
    with socket.socket(fileno=int(handle)) as channel:
        served: Served | None = None
        trouble = ""
        while True:
            try:
                data = receive(channel)
            except OSError:
                return
            if served is None:
                try:
                    served = Served(folder, int(index), int(count), int(threads))
                except SluicegateError as error:
                    trouble = error.message
            send(channel, served.answer(data) if served else message.pack({"trouble": trouble}))


if __name__ == "__main__":
    main(sys.argv[1:])
