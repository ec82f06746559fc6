// SPDX-License-Identifier: Apache-2.0
import CairnColumns
import CairnFormats
import CairnIssues
import CairnPlan
import CairnRollbar
import NIOHTTP1

/// The three reports: which items are busy, how many occurrences came, how many items became active.
struct RollbarReports: Sendable {
  let api: RollbarAPI

  var routes: [Route] {
    [
      api.route(.GET, "/reports/top_active_items", [.read]) { (exchange, caller) async throws(Refusal) in try await top(exchange, caller) },
      api.route(.GET, "/reports/occurrence_counts", [.read]) { (exchange, caller) async throws(Refusal) in
        try await occurrences(exchange, caller)
      },
      api.route(.GET, "/reports/activated_counts", [.read]) { (exchange, caller) async throws(Refusal) in
        try activated(exchange, caller)
      },
    ]
  }

  private func environments(_ query: QueryString) -> Set<String> {
    Set((query["environments"] ?? query["environment"] ?? "").split(separator: ",").map(String.init))
  }

  /// A number of the query inside bounds.
  private func count(_ query: QueryString, _ name: String, _ otherwise: Int, _ bounds: ClosedRange<Int>) throws(Refusal) -> Int {
    guard let text = query[name] else { return otherwise }
    guard let value = Int(text), bounds.contains(value) else {
      throw Refusal(.invalid, "\(name) must be a number from \(bounds.lowerBound) to \(bounds.upperBound)")
    }
    return value
  }

  private func top(_ exchange: Exchange, _ caller: RollbarCaller) async throws(Refusal) -> Response {
    let query = QueryString(exchange.request.query)
    let hours = try count(query, "hours", 24, 1...168)
    let wanted = environments(query)
    let now = api.nowUnixSeconds / 3600
    let span = (now - Int64(hours) + 1)...now
    let items = api.state.book.items(tenant: caller.tenant) { (item) in
      caller.reads(projectID: item.projectID) && item.groupItemID == nil && (wanted.isEmpty || wanted.contains(item.identity.environment))
        && item.hours.contains { span.contains($0.hour) }
    }
    let busy = items.map { (item) in (item: item, counts: span.map { item.count(hour: $0) }) }
      .sorted { ($0.counts.reduce(0, +), $0.item.id) > ($1.counts.reduce(0, +), $1.item.id) }.prefix(100)
    let unique = try await RollbarItems(api: api).uniqueCounts(busy.map(\.item), tenant: caller.tenant)
    return api.answer(reserving: 16_384) { (writer) in
      writer.beginArray()
      for entry in busy {
        writer.object { (writer) in
          writer.object("item") { (writer) in
            writer.member("occurrences", entry.counts.reduce(0, +))
            entry.item.write(&writer, .numbers, uniqueCount: unique[entry.item.identity] ?? 0)
          }
          writer.array("counts", entry.counts) { $1.integer($0) }
        }
      }
      writer.endArray()
    }
  }

  private func occurrences(_ exchange: Exchange, _ caller: RollbarCaller) async throws(Refusal) -> Response {
    let query = QueryString(exchange.request.query)
    let size = try bucketSize(query, [60, 3_600, 86_400])
    let buckets = try count(query, "buckets", 60, size == 60 ? 2...240 : 2...366)
    let least = try level(query, "min_level", "error")
    let most = try level(query, "max_level", "critical")
    let levels = Set(RollbarCodes.levels.filter { $0.number >= least && $0.number <= most }.map(\.name))
    let item = try query["item_id"].map { (text) throws(Refusal) -> Item in
      guard let id = Int64(text) else { throw Refusal(.invalid, "item_id must be a number") }
      return try api.item(id, caller)
    }
    let step = Int64(size) * 1_000_000_000
    let end = (api.nowUnixSeconds / Int64(size) + 1) * step
    let start = end - Int64(buckets) * step
    let question = CountQuestion(
      levels: levels, environments: environments(query), item: item, startUnixNanoseconds: start, endUnixNanoseconds: end, stepNanoseconds: step)
    let counts = try await OccurrenceCounts(state: api.state, caller: caller, question: question).counts()
    return pairs((0..<buckets).map { (bucket) in
      let time = start + Int64(bucket) * step
      return (time / 1_000_000_000, counts[time] ?? 0)
    })
  }

  /// The weight of a level that is given by name or number.
  private func level(_ query: QueryString, _ name: String, _ otherwise: String) throws(Refusal) -> Int {
    guard let level = RollbarCodes.level(named: query[name] ?? otherwise) else {
      throw Refusal(.invalid, "\(name) must be debug, info, warning, error or critical")
    }
    return RollbarCodes.level(level)
  }

  private func bucketSize(_ query: QueryString, _ sizes: [Int]) throws(Refusal) -> Int {
    guard let text = query["bucket_size"] else { return sizes[0] }
    guard let size = Int(text), sizes.contains(size) else {
      throw Refusal(.invalid, "bucket_size must be one of \(sizes.map(String.init).joined(separator: ", "))")
    }
    return size
  }

  /// Items by the day on which they became active last.
  private func activated(_ exchange: Exchange, _ caller: RollbarCaller) throws(Refusal) -> Response {
    let query = QueryString(exchange.request.query)
    let size = Int64(try bucketSize(query, [86_400, 3_600, 60]))
    let buckets = try count(query, "buckets", 60, 2...366)
    let wanted = environments(query)
    let end = (api.nowUnixSeconds / size + 1) * size
    let start = end - Int64(buckets) * size
    var counts = [Int](repeating: 0, count: buckets)
    let items = api.state.book.items(tenant: caller.tenant) { (item) in
      caller.reads(projectID: item.projectID) && (wanted.isEmpty || wanted.contains(item.identity.environment))
    }
    for item in items where item.lastActivatedUnixSeconds >= start && item.lastActivatedUnixSeconds < end {
      counts[Int((item.lastActivatedUnixSeconds - start) / size)] += 1
    }
    return pairs(counts.enumerated().map { (start + Int64($0.offset) * size, $0.element) })
  }

  private func pairs(_ pairs: [(Int64, Int)]) -> Response {
    api.answer { (writer) in
      writer.beginArray()
      for (time, count) in pairs {
        writer.beginArray()
        writer.integer(time)
        writer.integer(count)
        writer.endArray()
      }
      writer.endArray()
    }
  }
}
