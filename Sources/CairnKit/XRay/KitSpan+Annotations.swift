// SPDX-License-Identifier: Apache-2.0
public import Tracing

extension Tracing.Span {
  /// Sets an attribute that X-Ray indexes, so that traces can be found by it: X-Ray's `put_annotation`. For every other exporter it is
  /// an attribute like any other.
  public func annotate(_ name: String, _ value: some SpanAttributeConvertible) {
    guard let recording = (self as? KitSpan)?.recording else { return }
    let value = WireValue(value.toSpanAttribute())
    recording.update { state in
      state.set(name, value)
      var names: [String] = []
      if case .stringArray(let before)? = state.attribute(SegmentWriter.annotationsName) { names = before }
      if !names.contains(name) { state.set(SegmentWriter.annotationsName, .array((names + [name]).map { .string($0) })) }
    }
  }

  /// Sets an attribute that X-Ray keeps with the segment and does not index: `put_metadata`. For every other exporter it is an attribute
  /// that is called `namespace.name`, or `name` in the namespace `default`.
  public func addMetadata(_ name: String, _ value: some SpanAttributeConvertible, namespace: String = "default") {
    guard let recording = (self as? KitSpan)?.recording else { return }
    guard namespace != "default", !namespace.isEmpty else { return recording.set(name, value.toSpanAttribute()) }
    let value = WireValue(value.toSpanAttribute())
    let metadata = XRayMetadata(attribute: "\(namespace).\(name)", namespace: namespace, name: name)
    recording.update { state in
      state.set(metadata.attribute, value)
      if !state.extra.metadata.contains(metadata) { state.extra.metadata.append(metadata) }
    }
  }
}

/// What an attribute is called in X-Ray's metadata.
struct XRayMetadata: Sendable, Hashable {
  var attribute: String
  var namespace: String
  var name: String
}
