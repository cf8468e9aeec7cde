"""One predicate over one table, in a process of its own: `run_limited` starts it and gives both."""

from __future__ import annotations

import json
import sys

import duckdb
import pyarrow as pa

from analysis.base.limited import limit, no_memory
from analysis.data import predicates


def main() -> None:
    """Read a line with the predicate and a table as an Arrow stream; write the refs, or why there are none."""
    limit(sys.argv[1:])
    predicate = json.loads(sys.stdin.buffer.readline())
    with pa.ipc.open_stream(sys.stdin.buffer) as stream:
        metadata = stream.read_all()
    try:
        with predicates.sandbox(metadata) as connection:
            answer: dict[str, object] = {"refs": predicates.matches(connection, predicate, metadata.num_rows)}
    except (MemoryError, duckdb.OutOfMemoryException):
        no_memory()
    except (duckdb.Error, ValueError) as error:
        answer = {"error": predicates.reason(error)}
    sys.stdout.write(json.dumps(answer))


if __name__ == "__main__":
    main()
