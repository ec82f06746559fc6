// SPDX-License-Identifier: Apache-2.0
import Synchronization

/// How many live tails an environment has open at a time: at most 15, as AWS's quota has it.
final class TailSeats: Sendable {
  static let countMax = 15
  private let counts = Mutex<[String: Int]>([:])

  /// A seat, which is free again when nothing holds it any more; nil where all are taken.
  func take(_ environment: String) -> Seat? {
    let isFree = counts.withLock { (counts) -> Bool in
      guard counts[environment, default: 0] < Self.countMax else { return false }
      counts[environment, default: 0] += 1
      return true
    }
    return isFree ? Seat(environment, self) : nil
  }

  /// Held by the answer that a session is written into, whichever way that ends.
  final class Seat: Sendable {
    private let environment: String
    private let seats: TailSeats

    fileprivate init(_ environment: String, _ seats: TailSeats) {
      self.environment = environment
      self.seats = seats
    }

    deinit { seats.counts.withLock { $0[environment, default: 1] -= 1 } }
  }
}
