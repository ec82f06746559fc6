// SPDX-License-Identifier: Apache-2.0
import CairnCatalog
import CairnCloudWatch
import CairnFormats
import CairnPlan

/// Export tasks: a group's lines as gzip files in the data folder, `exports/<destination>/<prefix>/<task>/<stream>/000000.gz`, where AWS
/// writes to a bucket. A stream's folder is named by `ExportFolder`.
extension LogsDesk {
  var exportOperations: [LogsOperation] {
    [
      LogsOperation("CreateExportTask", .manage) { (call) async throws(LogsError) in try await createExport(call) },
      LogsOperation("DescribeExportTasks", .query) { (call) async throws(LogsError) in
        let id = try call.optionalText("taskId")
        let code = try call.optionalText("statusCode")
        let all = registry.items(call.environment, "export-task").filter {
          (id == nil || $0.name == id) && (code == nil || $0.value["status"]?["code"]?.string == code)
        }
        if id != nil, all.isEmpty { throw LogsError(.resourceNotFound, "The specified export task does not exist.") }
        let (page, next) = try call.page(all, limit: try call.limit()) { $0.name }
        return .object {
          $0.member("exportTasks", .array(page.map(\.value)))
          $0.member("nextToken", ifPresent: next)
        }
      },
      LogsOperation("CancelExportTask", .manage) { (call) async throws(LogsError) in
        let id = try call.text("taskId")
        guard let task = registry.item(call.environment, "export-task", id) else {
          throw LogsError(.resourceNotFound, "The specified export task does not exist.")
        }
        guard ["PENDING", "RUNNING"].contains(task["status"]?["code"]?.string) else {
          throw LogsError(.invalidOperation, "The specified export task has already finished")
        }
        try setStatus(call, id, "CANCELLED", "Cancelled")
        return .nothing
      },
    ]
  }

  private func createExport(_ call: LogsCall) async throws(LogsError) -> LogsAnswer {
    let group = try await group(call, try call.groupName()).group
    guard let from = try call.integer("from", 0 ... .max) else { throw .missing("from") }
    guard let to = try call.integer("to", 0 ... .max) else { throw .missing("to") }
    guard from < to else { throw LogsError(.invalidParameter, "'from' must be before 'to'.") }
    let destination = try call.text("destination")
    let prefix = try call.optionalText("destinationPrefix") ?? "exportedlogs"
    for part in [destination, prefix]
    where part.split(separator: "/").contains("..") || part.hasPrefix("/") || part.contains("\0") {
      throw LogsError(.invalidParameter, "Destination and prefix are names of folders.")
    }
    let running = registry.items(call.environment, "export-task").contains { $0.value["status"]?["code"]?.string == "RUNNING" }
    guard !running else { throw LogsError(.limitExceeded, "Resource limit exceeded.") }
    let id = AWSErrorResponse.requestID()
    var document = [JSONMember("taskId", .string(id))]
    if let name = try call.optionalText("taskName") { document.append(JSONMember("taskName", .string(name))) }
    document += [
      JSONMember("logGroupName", .string(group.name)), JSONMember("from", .integer(from)), JSONMember("to", .integer(to)),
      JSONMember("destination", .string(destination)), JSONMember("destinationPrefix", .string(prefix)),
      JSONMember("status", .object([JSONMember("code", .string("RUNNING")), JSONMember("message", .string("Started"))])),
      JSONMember("executionInfo", .object([JSONMember("creationTime", .integer(call.nowUnixMilliseconds))])),
    ]
    try registry.put(call.environment, "export-task", id, .object(document))
    let streamPrefix = try call.optionalText("logStreamNamePrefix") ?? ""
    let folder = "\(state.settings.dataDirectory)/exports/\(destination)/\(prefix)/\(id)"
    let time = Self.range(from, to, call, group)
    Task { await export(call, id, group, streamPrefix, time, folder) }
    return .object { $0.member("taskId", id) }
  }

  private func export(
    _ call: LogsCall, _ id: String, _ group: LogGroup, _ prefix: String, _ time: TimeRange, _ folder: String
  ) async {
    do throws(LogsError) {
      let names = try await streams(
        call, LogRegistry.Group(group: group, streams: registry.group(call.environment, group.name)?.streams ?? [:])
      )
      .map(\.name).filter { $0.utf8.starts(with: prefix.utf8) }
      for stream in names.sorted(by: precedes) {
        guard try await export(call, id, group, stream: stream, time, folder) else { return }
      }
      try setStatus(call, id, "COMPLETED", "Completed successfully")
    } catch {
      try? setStatus(call, id, "FAILED", error.message)
    }
  }

  /// False where the task was cancelled meanwhile.
  private func export(
    _ call: LogsCall, _ id: String, _ group: LogGroup, stream: String, _ time: TimeRange, _ folder: String
  ) async throws(LogsError) -> Bool {
    let path = "\(folder)/\(ExportFolder.name(ofStream: stream))"
    var position: LogPosition?
    var part = 0
    while true {
      guard registry.item(call.environment, "export-task", id)?["status"]?["code"]?.string == "RUNNING" else { return false }
      let (lines, hasMore) = try await lines(
        call, group, stream: stream, time: time, .oldestFirst, after: position, limit: Self.pageEventsMax)
      position = lines.last?.position
      if !lines.isEmpty {
        var text = ""
        for line in lines { text += "\(AWSDate.iso(line.timeUnixMilliseconds)) \(line.message)\n" }
        let digits = String(part)
        let name = String(repeating: "0", count: max(0, 6 - digits.utf8.count)) + digits + ".gz"
        do throws(ServerError) {
          try ServerFiles.makeDirectory(path)
          try ServerFiles.write(GzipCompressor.compress(Array(text.utf8)), to: "\(path)/\(name)")
        } catch {
          throw LogsError(.unavailable, "\(error)")
        }
        part += 1
      }
      guard hasMore, !lines.isEmpty else { return true }
    }
  }

  private func setStatus(_ call: LogsCall, _ id: String, _ code: String, _ message: String) throws(LogsError) {
    guard let task = registry.item(call.environment, "export-task", id), task["status"]?["code"]?.string == "RUNNING" else {
      return
    }
    let now = state.parts.clock.unixNanoseconds() / 1_000_000
    try registry.put(call.environment, "export-task", id, Self.ended(task, code, message, at: now))
  }
}

extension LogsDesk {
  /// Ends the tasks that a server left behind: nobody goes on with them, and a running one lets no other begin.
  func endAbandonedExports() throws(LogsError) {
    let now = state.parts.clock.unixNanoseconds() / 1_000_000
    for environment in registry.environments {
      for (id, task) in registry.items(environment, "export-task") where task["status"]?["code"]?.string == "RUNNING" {
        try registry.put(
          environment, "export-task", id, Self.ended(task, "FAILED", "The server stopped before the task was done", at: now))
      }
    }
  }

  private static func ended(_ task: JSONValue, _ code: String, _ message: String, at unixMilliseconds: Int64) -> JSONValue {
    let created = task["executionInfo"]?["creationTime"] ?? .integer(0)
    return task.with("status", .object([JSONMember("code", .string(code)), JSONMember("message", .string(message))])).with(
      "executionInfo", .object([JSONMember("creationTime", created), JSONMember("completionTime", .integer(unixMilliseconds))]))
  }
}

extension AWSDate {
  /// Nanoseconds of `2026-11-26T04:00:00Z`, with or without a fraction, `+00:00` or nothing for the `Z`; nil for anything else.
  static func nanoseconds(iso text: String) -> Int64? {
    var rest = text[...]
    for ending in ["Z", "+00:00", "-00:00"] where rest.hasSuffix(ending) {
      rest = rest.dropLast(ending.count)
      break
    }
    let parts = rest.split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
    let fraction = parts.count > 1 ? parts[1] : ""
    guard fraction.utf8.count <= 9, fraction.utf8.allSatisfy({ $0 >= 0x30 && $0 <= 0x39 }) else { return nil }
    guard let first = parts.first, let seconds = unixSeconds(first.filter { $0 != "-" && $0 != ":" } + "Z") else { return nil }
    let padded = fraction + String(repeating: "0", count: 9 - fraction.utf8.count)
    guard seconds >= 0, seconds < 9_000_000_000 else { return nil }
    return seconds * 1_000_000_000 + (Int64(padded) ?? 0)
  }

  /// `2026-11-26T04:00:00.000Z`
  static func iso(_ unixMilliseconds: Int64) -> String {
    let compact = text(unixMilliseconds / 1000)
    let digits = Array(compact)
    guard digits.count == 16 else { return compact }
    let milliseconds = String(unixMilliseconds % 1000 + 1000).dropFirst()
    return
      "\(String(digits[0..<4]))-\(String(digits[4..<6]))-\(String(digits[6..<8]))T\(String(digits[9..<11])):\(String(digits[11..<13])):"
      + "\(String(digits[13..<15])).\(milliseconds)Z"
  }
}
