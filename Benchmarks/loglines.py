# SPDX-License-Identifier: Apache-2.0
"""Realistic log lines, the same for the same seed: what the benchmarks of logs are run on.

    python3 loglines.py COUNT [--seed N] > lines.ndjson      {"t": Unix ms, "g": group, "s": stream, "m": message} a line

A third are JSON objects of a web service, the others texts of five programs; 24 text structures, levels as they are in practice (84 %
info, 11 % debug, 4 % warn, 1 % error), latencies log-normal, names and ids as they come. About 100 bytes a message. One day.
"""
import argparse
import json
import random
import sys

DAY_MS = 86_400_000
ROUTES = ["/api/home", "/api/posts", "/api/posts/new", "/api/users/me", "/api/search", "/api/timeline", "/login", "/logout", "/health", "/api/media"]
NAMES = ["ann", "bob", "cy", "dora", "emil", "fay", "gus", "hana", "ivo", "jun", "kira", "leo", "mia", "noor", "otto", "pia"]
TEXTS = [
    ("debug", "cache hit for key session:{id} in {small} us"),
    ("debug", "acquired connection {n} from pool main, {small} idle"),
    ("info", "GET {route} 200 {ms} ms u={name}_{n}"),
    ("info", "POST {route} 201 {ms} ms u={name}_{n}"),
    ("info", "user {name} logged in from {ip}"),
    ("info", "published message {uuid} to queue timeline-fanout size={n}"),
    ("info", "job {uuid} finished in {ms} ms, {small} rows"),
    ("info", "flushed {n} events to shard {small} offset={id}"),
    ("info", "health check ok, uptime {n} s"),
    ("info", "accepted connection from {ip}:{port}"),
    ("info", "token for user {name} renewed, expires in {n} s"),
    ("info", "image {uuid}.jpg resized to {small}x{small} in {ms} ms"),
    ("warn", "pool main has {small} of 20 connections in use, {small} waiting"),
    ("warn", "retrying request {uuid} to payments, attempt {small}"),
    ("warn", "slow query took {ms} ms: SELECT * FROM posts WHERE author = {n}"),
    ("error", "PaymentTimeout: provider did not answer within {n} ms ref={uuid}"),
    ("error", "connection to {ip}:{port} refused"),
    ("error", "unhandled exception in {route}: KeyError: 'user_{n}'"),
]
BY_LEVEL = {level: [text for own, text in TEXTS if own == level] for level in ("debug", "info", "warn", "error")}


def lines(count, seed=1, start_ms=None):
    """(time, group, stream, message, level, latency or None), in order of time."""
    chance = random.Random(seed)
    start_ms = start_ms if start_ms is not None else 1_700_006_400_000
    for index in range(count):
        time = start_ms + index * DAY_MS // count
        level = chance.choices(("info", "debug", "warn", "error"), (84, 11, 4, 1))[0]
        latency = round(chance.lognormvariate(3.2, 0.9), 2)
        if index % 3 == 0:
            status = {"error": 500, "warn": 429}.get(level, 200)
            message = json.dumps({"level": level, "route": chance.choice(ROUTES), "status": status, "latency": latency, "user": chance.randrange(100_000),
                                  "trace_id": f"{chance.getrandbits(128):032x}"}, separators=(",", ":"))
            yield time, "api", f"i-{index % 4}", message, level, latency
            continue
        text = chance.choice(BY_LEVEL[level]).format(
            id=chance.randrange(10**9), small=chance.randrange(1, 60), n=chance.randrange(10**5), ms=latency, route=chance.choice(ROUTES), name=chance.choice(NAMES),
            ip=f"10.{chance.randrange(4)}.{chance.randrange(256)}.{chance.randrange(256)}", port=chance.randrange(1024, 65536),
            uuid=f"{chance.getrandbits(32):08x}-{chance.getrandbits(16):04x}-4{chance.getrandbits(12):03x}-a{chance.getrandbits(12):03x}-{chance.getrandbits(48):012x}")
        yield time, "worker", f"i-{index % 4}", f"[{level.upper()}] {text}", level, None


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("count", type=int)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    for time, group, stream, message, _, _ in lines(options.count, options.seed):
        sys.stdout.write(json.dumps({"t": time, "g": group, "s": stream, "m": message}, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main()
