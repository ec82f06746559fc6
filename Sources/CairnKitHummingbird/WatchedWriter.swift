// SPDX-License-Identifier: Apache-2.0
internal import HTTPTypes
internal import Hummingbird
internal import NIOCore
internal import Synchronization

/// Whether a response could not be written because its reader is gone.
final class ConnectionState: Sendable {
  private let lost = Atomic<Bool>(false)

  var isLost: Bool { lost.load(ordering: .relaxed) }

  func lose() { lost.store(true, ordering: .relaxed) }
}

/// Writes to a connection, and remembers whether that failed: else an error of a body is the body's own.
struct WatchedWriter: ResponseBodyWriter {
  var writer: any ResponseBodyWriter
  let connection: ConnectionState

  mutating func write(_ buffer: ByteBuffer) async throws {
    do {
      try await writer.write(buffer)
    } catch {
      connection.lose()
      throw error
    }
  }

  consuming func finish(_ trailingHeaders: HTTPFields?) async throws {
    let connection = connection
    do {
      try await writer.finish(trailingHeaders)
    } catch {
      connection.lose()
      throw error
    }
  }
}
