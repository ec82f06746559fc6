// SPDX-License-Identifier: Apache-2.0
internal import CairnFormats

/// What speaks: the service, its process, host and surroundings; attributes by OpenTelemetry's semantic conventions. A name is there
/// once, the first that set it wins.
struct Resource: Sendable, Hashable {
  private(set) var fields: [WireField] = []

  subscript(_ name: String) -> String? { fields.first { $0.name == name }?.value.text }

  var serviceName: String { self["service.name"] ?? "unknown_service" }

  mutating func add(_ name: String, _ value: String?) {
    guard let value, !value.isEmpty, self[name] == nil else { return }
    fields.append(WireField(name, .string(value)))
  }

  mutating func add(_ name: String, _ value: Int) {
    guard self[name] == nil else { return }
    fields.append(WireField(name, .integer(Int64(value))))
  }
}
