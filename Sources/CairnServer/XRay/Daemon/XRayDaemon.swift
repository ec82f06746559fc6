// SPDX-License-Identifier: Apache-2.0
import CairnBytes
import CairnColumns
import CairnPlan
import CairnXRay
import NIOCore

/// The X-Ray daemon's UDP half: takes what waits in the inbox, makes one body of it, has it decoded and put on disk, and takes the next.
///
/// While one body is being synced the next datagrams pile up, so bodies grow with the traffic. A bad datagram is counted with its reason and
/// costs nothing else. Everything lands in the environment `default`: a datagram carries no credential.
final class XRayDaemon: Sendable {
  static let environment = "default"
  private let state: ServerState
  private let listener: DatagramListener
  private let work: Task<Void, Never>
  private let watch: Task<Void, Never>

  private init(state: ServerState, listener: DatagramListener, work: Task<Void, Never>, watch: Task<Void, Never>) {
    self.state = state
    self.listener = listener
    self.work = work
    self.watch = watch
  }

  var port: Int { listener.port }

  static func start(_ endpoint: Endpoint, state: ServerState) async throws(ServerError) -> XRayDaemon {
    let listener = try await DatagramListener.bind(endpoint)
    state.datagrams.update { $0.receiveBufferBytes = listener.receiveBufferBytes }
    let intake = DatagramIntake(state: state)
    let work = Task.detached(priority: .high) {
      var memory = DatagramIntake.Memory()
      while let pile = await listener.inbox.take() { await intake.take(pile, &memory) }
    }
    let watch = Task {
      while !Task.isCancelled {
        let drops = KernelDrops.count(port: listener.port)
        let dropped = listener.inbox.droppedCount
        state.datagrams.update { (figures) in
          figures.kernelDropCount = drops
          figures.droppedCount = dropped
        }
        try? await Task.sleep(for: .seconds(1))
      }
    }
    return XRayDaemon(state: state, listener: listener, work: work, watch: watch)
  }

  /// Reads nothing more and returns when everything that was read is on disk.
  func stop() async {
    watch.cancel()
    await listener.stop()
    await work.value
  }
}

/// Turns piles of datagrams into bodies for the store.
struct DatagramIntake: Sendable {
  let state: ServerState

  /// What is known from earlier datagrams.
  struct Memory: Sendable {
    /// The header line of the last good datagram.
    var header: [UInt8] = []
    /// The service that each sender's segments name, for subsegments that come alone.
    var services: [Int: String] = [:]
    static let serviceCountMax = 10_000
  }

  /// A body for the store, and where its parts came from.
  private struct Bodies {
    var segments = SegmentBody()
    var documents: [Range<Int>] = []
    var spans: [[UInt8]] = []
  }

  func take(_ pile: DatagramPile, _ memory: inout Memory) async {
    var bodies = Bodies()
    let malformed = sort(pile, &memory, &bodies)
    state.datagrams.update { (figures) in
      figures.datagramCount += pile.ends.count
      figures.byteCount += pile.bytes.count
      figures.malformedCount += malformed
    }
    if bodies.segments.count > 0 {
      await accept(.xraySegments, bodies.segments.bytes, count: bodies.segments.count) {
        bodies.documents.map { (range) in
          var single = SegmentBody()
          unsafe single.append(pile.bytes.span.bytes.extracting(range))
          return single.bytes
        }
      }
    }
    if !bodies.spans.isEmpty {
      // Messages of one type end to end are one message with all their parts.
      await accept(.otlpTracesProtobuf, Array(bodies.spans.joined()), count: bodies.spans.count) { bodies.spans }
    }
  }

  /// Sorts the datagrams into bodies; the result is how many were none.
  private func sort(_ pile: DatagramPile, _ memory: inout Memory, _ bodies: inout Bodies) -> Int {
    var malformedCount = 0
    for index in pile.ends.indices {
      let range = pile.range(index)
      let bytes = unsafe pile.bytes.span.bytes.extracting(range)
      do throws(DaemonDatagram.Refusal) {
        switch try DaemonDatagram(bytes, known: &memory.header) {
        case .spans(let message): bodies.spans.append(message)
        case .document(let place):
          let document = bytes.extracting(place)
          let service = service(document, sender: pile.senders[index], &memory)
          bodies.segments.append(document, service: service, sampleRate: state.sampling.weight(document))
          bodies.documents.append(range.lowerBound + place.lowerBound..<range.lowerBound + place.upperBound)
        }
      } catch {
        malformedCount += 1
        refuse(error.reason)
      }
    }
    return malformedCount
  }

  /// The service that the sender's segments name; learned from the first of them.
  private func service(_ document: RawSpan, sender: Int, _ memory: inout Memory) -> String {
    if let known = memory.services[sender] { return known }
    let found = SegmentInspection(document, IntakeContext.now(state))
    guard found.isSegment, found.refusal == nil, let name = found.name else { return "" }
    if memory.services.count >= Memory.serviceCountMax { memory.services.removeAll() }
    memory.services[sender] = name
    return name
  }

  /// Has a body stored; where the store says that it is broken, each of its parts by itself. Waits while the store is busy.
  private func accept(_ format: RequestFormat, _ body: [UInt8], count: Int, parts: () -> [[UInt8]]) async {
    do {
      try await store(format, body)
    } catch {
      guard count > 1, case .malformed = error else { return lose(error) }
      for part in parts() {
        do {
          try await store(format, part)
        } catch {
          lose(error)
        }
      }
    }
  }

  /// Says why a body of one datagram was left out; one that is none is counted with those that were seen to be none before.
  private func lose(_ error: IngestError) {
    if case .malformed = error { state.datagrams.update { $0.malformedCount += 1 } }
    refuse(Refusal(error).reason)
  }

  private func store(_ format: RequestFormat, _ body: [UInt8]) async throws(IngestError) {
    var isFirst = true
    while true {
      do throws(IngestError) {
        let header = RequestHeader(
          format: format, encoding: .identity, environment: XRayDaemon.environment,
          receivedUnixNanoseconds: state.parts.clock.unixNanoseconds())
        var outcome = try unsafe state.store.accept(header, body: body.span.bytes)
        try await state.store.commit(outcome)
        if outcome.rejectedCount > 0, format == .xraySegments {
          noteRefusals(body)
          state.datagrams.update { $0.malformedCount += outcome.rejectedCount }
          outcome.rejectedCount = 0
        }
        state.datagrams.update { $0.documentCount += outcome.acceptedCount }
        state.ledger.accepted(
          DoorSignal(.xrayDaemon, .traces), environment: header.environment, outcome,
          unixMicroseconds: header.receivedUnixNanoseconds / 1000)
        return
      } catch {
        guard case .unavailable(let reason, let seconds) = error, !state.isDraining else { throw error }
        if isFirst { refuse("waiting: \(reason)", status: 503) }
        isFirst = false
        try? await Task.sleep(for: .seconds(min(max(seconds, 1), 5)))
      }
    }
  }

  /// Says why documents of a stored body were left out.
  private func noteRefusals(_ body: [UInt8]) {
    let refusals = unsafe segmentRefusals(body.span.bytes, IntakeContext.now(state))
    for refusal in refusals.prefix(100) { refuse("\(refusal.refusal.reason.text) (\(refusal.refusal.code.text))") }
  }

  private func refuse(_ reason: String, status: Int = 400) {
    state.ledger.rejected(
      .init(
        environment: XRayDaemon.environment, door: Door.xrayDaemon.rawValue, method: "UDP", path: "datagram", status: status,
        reason: reason, client: "", lastUnixMicroseconds: state.nowUnixMicroseconds))
  }
}
