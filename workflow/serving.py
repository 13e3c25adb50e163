"""The process that jobs are forked from, unless Snakemake has forked it itself.

``python serving.py FD MODULE... -- MODULE...``: what all jobs import, and what few of them do.
"""

import socket
import sys

from warm.server import main

if __name__ == "__main__":
    parted = sys.argv.index("--")
    main(socket.socket(fileno=int(sys.argv[1])), sys.argv[2:parted], sys.argv[parted + 1 :])
