// SPDX-License-Identifier: Apache-2.0
import CHost

/// What the program has freed and its allocator still holds.
///
/// Each thread that answers questions has a part of the heap of its own; what a large answer took stays there, scattered, and after some
/// minutes this is as much again as all that is in use (`Tests/soak`).
enum FreeMemory {
  /// How often: rarely enough that getting pages anew costs nothing to be seen.
  static let pause = Duration.seconds(30)

  /// Gives it back. Takes some milliseconds, in which one part of the heap after the other is held.
  static func giveBack() { cairn_give_back_free_memory() }
}
