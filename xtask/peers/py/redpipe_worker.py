"""RedPipe as a peer: for each line that it reads it runs one workload and tells how long that took.

Arguments: the server's port. Each answer is one line: nanoseconds of wall time, nanoseconds on the processor.
"""

import sys
import time

import redis
import redpipe

PIPELINES = 100
PAIRS = 10
VALUE = "v" * 100


def workload():
    for _ in range(PIPELINES):
        with redpipe.autoexec() as pipe:
            written = [pipe.set(f"bench:redpipe:{place}", VALUE) for place in range(PAIRS)]
            read = [pipe.get(f"bench:redpipe:{place}") for place in range(PAIRS)]
        for future in written:
            assert future.result is True
        for future in read:
            assert len(future.result) == len(VALUE)


def main():
    redpipe.connect_redis(redis.Redis(host="127.0.0.1", port=int(sys.argv[1])))
    for _ in sys.stdin:
        wall_ns, processor_ns = time.perf_counter_ns(), time.process_time_ns()
        workload()
        processor_ns = time.process_time_ns() - processor_ns
        wall_ns = time.perf_counter_ns() - wall_ns
        print(wall_ns, processor_ns, flush=True)


main()
