// SPDX-License-Identifier: Apache-2.0

/// What one question may cost before it is refused with `.overBudget`.
public struct QueryBudget: Sendable, Hashable {
  /// Wall time from the start of the question.
  public var wallTimeNanoseconds: Int64
  /// Cells: groups, or groups times time buckets where a calculation needs both at once.
  public var cellCountMax: Int
  /// Working memory beyond the columns themselves, in bytes, as estimated by the engine.
  public var memoryByteCountMax: Int
  /// Tasks that work on one question at once.
  public var taskCountMax: Int

  /// Generous bounds for one machine: 30 s, 4 Mi cells, 1 GiB, two tasks.
  public init(
    wallTimeNanoseconds: Int64 = 30_000_000_000, cellCountMax: Int = 1 << 22, memoryByteCountMax: Int = 1 << 30, taskCountMax: Int = 2
  ) {
    self.wallTimeNanoseconds = wallTimeNanoseconds
    self.cellCountMax = cellCountMax
    self.memoryByteCountMax = memoryByteCountMax
    self.taskCountMax = taskCountMax
  }
}
