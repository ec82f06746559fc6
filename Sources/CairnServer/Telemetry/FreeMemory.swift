// SPDX-License-Identifier: Apache-2.0
import CHost
import NIOCore

/// What the program has freed and its allocator still holds.
///
/// Each thread that answers questions has a part of the heap of its own; what a large answer took stays there, scattered, and after some
/// minutes this is as much again as all that is in use (`Tests/soak`).
public enum FreeMemory {
  /// To be called before anything else: a part for each processor, not glibc's eight. What is free at the end of a part other than the first is
  /// not given back, and threads that come and go leave many such ends: 210 MiB after 40 minutes of `Tests/soak`, where two parts left 55.
  public static func share() { cairn_share_heap(Int32(max(2, System.coreCount))) }

  /// How often: rarely enough that getting pages anew costs nothing to be seen.
  static let pause = Duration.seconds(30)

  /// Gives it back. Takes some milliseconds, in which one part of the heap after the other is held.
  static func giveBack() { cairn_give_back_free_memory() }

  /// What the allocator has given out and what it has free, in bytes; nil where it does not tell.
  ///
  /// Free is what may be given out again, and what pages hold beside something that is in use. Pages that were given back count too, so that the
  /// two together are more than the process has.
  static var account: (used: UInt64, free: UInt64)? {
    var account: (used: UInt64, free: UInt64) = (0, 0)
    return unsafe cairn_heap(&account.used, &account.free) == 0 ? account : nil
  }
}
