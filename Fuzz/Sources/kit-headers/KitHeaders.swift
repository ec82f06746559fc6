// SPDX-License-Identifier: Apache-2.0
import Instrumentation

@testable import CairnKit

/// The headers that a request may bring, one a line of the input; an empty line is none.
private let names = [
  "traceparent", "tracestate", "baggage", "x-amzn-trace-id", "uber-trace-id", "b3", "x-b3-traceid", "x-b3-spanid", "x-b3-sampled", "x-b3-flags",
]
private let propagators: [any Propagator] = [
  TraceContextPropagator(), BaggagePropagator(), XRayPropagator(), JaegerPropagator(), B3Propagator(form: .single), B3Propagator(form: .multiple),
]

/// Any bytes as the headers of a request, read by each propagator and written again: what is written may stand in a header, tells of the
/// same trace and span, and is written alike once it was read.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzHeaders(_ start: UnsafePointer<UInt8>, _ count: Int) -> CInt {
  let bytes = unsafe Array(UnsafeBufferPointer(start: start, count: count))
  let lines = bytes.split(separator: 0x0a, maxSplits: names.count - 1, omittingEmptySubsequences: false)
  var given: [String: String] = [:]
  for (name, line) in zip(names, lines) where !line.isEmpty { given[name] = String(decoding: line, as: UTF8.self) }
  for propagator in propagators {
    let context = read(given, propagator)
    let written = write(context, propagator)
    for text in written.values {
      precondition(text.utf8.allSatisfy { (0x20...0x7e).contains($0) } && text.utf8.count <= 9_000, "a header is short and can be printed")
    }
    let again = read(written, propagator)
    if let found = context.traceContext {
      precondition(again.traceContext?.trace == found.trace && again.traceContext?.span == found.span, "a context comes back")
      precondition(again.traceContext?.isSampled == found.isSampled, "its decision comes back")
    }
    precondition(write(again, propagator) == written, "what was read is written alike")
  }
  var all = ServiceContext.topLevel
  for propagator in propagators { propagator.extract(from: { given[$0] }, into: &all) }
  for propagator in propagators { _ = propagator.headers(of: all) }
  return 0
}

private func read(_ headers: [String: String], _ propagator: any Propagator) -> ServiceContext {
  var context = ServiceContext.topLevel
  propagator.extract(from: { headers[$0] }, into: &context)
  return context
}

private func write(_ context: ServiceContext, _ propagator: any Propagator) -> [String: String] {
  Dictionary(propagator.headers(of: context).map { ($0.name, $0.value) }) { $1 }
}
