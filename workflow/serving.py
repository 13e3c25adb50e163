"""The process that jobs are forked from, unless Snakemake has forked it itself: ``python serving.py FD MODULE...``."""

import socket
import sys

from warm.server import main

if __name__ == "__main__":
    main(socket.socket(fileno=int(sys.argv[1])), sys.argv[2:])
