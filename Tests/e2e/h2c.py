# SPDX-License-Identifier: Apache-2.0
"""HTTP/2 over plain TCP by prior knowledge, one request a connection: for what ordinary clients will not send."""
import socket

import h2.config
import h2.connection
import h2.events


class Answer:
    def __init__(self):
        self.headers, self.trailers, self.body, self.reset, self.closed = {}, {}, b"", None, False

    @property
    def status(self):
        return int(self.headers.get(":status", 0))

    @property
    def grpc_status(self):
        text = self.trailers.get("grpc-status", self.headers.get("grpc-status"))
        return None if text is None else int(text)

    def __repr__(self):
        return f"<h2 {self.headers} {self.body[:200]!r} {self.trailers} reset={self.reset}>"


def request(address, method, path, body=b"", headers=(), timeout=30):
    """The answer to one request; a server that resets the stream or hangs up is told in the answer."""
    host, port = address.rsplit(":", 1)
    with socket.create_connection((host, int(port)), timeout=timeout) as wire:
        connection = h2.connection.H2Connection(h2.config.H2Configuration(header_encoding="utf-8", validate_outbound_headers=False))
        connection.initiate_connection()
        stream = connection.get_next_available_stream_id()
        fields = [(":method", method), (":scheme", "http"), (":authority", address), (":path", path), *headers]
        connection.send_headers(stream, fields, end_stream=not body)
        answer = Answer()
        rest = memoryview(body)
        while True:
            rest = send_what_fits(connection, stream, rest, answer) if len(rest) else rest
            try:
                wire.sendall(connection.data_to_send())
                data = wire.recv(65_536)
            except (ConnectionResetError, BrokenPipeError):
                data = b""
            if not data:
                answer.closed = True
                return answer
            if take(connection, connection.receive_data(data), answer):
                return answer


def send_what_fits(connection, stream, rest, answer):
    while len(rest) and not answer.reset:
        size = min(connection.local_flow_control_window(stream), connection.max_outbound_frame_size, len(rest))
        if size <= 0:
            break
        connection.send_data(stream, bytes(rest[:size]), end_stream=size == len(rest))
        rest = rest[size:]
    return rest


def take(connection, events, answer):
    """Notes what came; true once the answer is whole."""
    for event in events:
        if isinstance(event, h2.events.ResponseReceived):
            answer.headers = dict(event.headers)
        elif isinstance(event, h2.events.TrailersReceived):
            answer.trailers = dict(event.headers)
        elif isinstance(event, h2.events.DataReceived):
            answer.body += event.data
            connection.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
        elif isinstance(event, h2.events.StreamReset):
            answer.reset = event.error_code
            return True
        elif isinstance(event, (h2.events.StreamEnded, h2.events.ConnectionTerminated)):
            return True
    return False


def grpc_call(address, path, messages, headers=(), timeout=30):
    """A unary gRPC call with hand-made frames: `messages` are (compressed flag, bytes)."""
    body = b"".join(bytes([flag]) + len(message).to_bytes(4, "big") + message for flag, message in messages)
    fields = [("content-type", "application/grpc"), ("te", "trailers"), *headers]
    return request(address, "POST", path, body, fields, timeout)
