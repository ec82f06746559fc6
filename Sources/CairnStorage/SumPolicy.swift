// SPDX-License-Identifier: Apache-2.0

/// Whether a reader asks for checksums.
enum SumPolicy: Sendable {
  case checked
  /// For fuzzers, whose changes would all end at the sum: a reader must stand any bytes whose sum is right, too.
  case ignored
}
