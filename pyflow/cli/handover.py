"""`python -m pyflow.cli.handover --graph-fd N --prog TEXT -- ARGS`: what `Rscript flow.R ARGS` turns into.

R has written the graph to descriptor N and replaced itself by this process, so that signals, exit codes and the
terminal are those of a Python flow.
"""

from __future__ import annotations

import argparse
import json
import os
import sys

from pyflow.cli.errors import guarded
from pyflow.cli.main import flow_main
from pyflow.spec.graph import Graph, parse_graph


def main() -> int:
    parser = argparse.ArgumentParser(prog="pyflow.cli.handover")
    parser.add_argument("--graph-fd", type=int, required=True)
    parser.add_argument("--prog", required=True)
    parser.add_argument("arguments", nargs=argparse.REMAINDER)
    options = parser.parse_args()
    arguments = options.arguments[1:] if options.arguments[:1] == ["--"] else options.arguments
    return flow_main(_read_graph(options.graph_fd), options.prog, arguments)


def _read_graph(descriptor: int) -> Graph:
    with os.fdopen(descriptor, encoding="utf-8") as file:
        file.seek(0)
        return parse_graph(json.load(file))


if __name__ == "__main__":
    sys.exit(guarded(main))
