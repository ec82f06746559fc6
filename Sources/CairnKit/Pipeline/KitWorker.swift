// SPDX-License-Identifier: Apache-2.0

/// Something with a queue that runs with the kit: until it is closed and has sent what it held.
protocol KitWorker: Sendable {
  func run(_ clock: any Clock<Duration>) async
  func drain() async
  func close()
  /// Forgets what waits.
  func discard()
}

extension KitWorker {
  func discard() {}
}

extension BatchQueue: KitWorker {}
