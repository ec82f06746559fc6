// SPDX-License-Identifier: Apache-2.0
import CairnColumns
import CairnFormats
import CairnIssues
import CairnPlan
import CairnRollbar
import Synchronization

/// An item's line of the list as JSON, with the hour that its sparkline ends in.
struct ItemLine: Sendable {
  var hour: Int64
  var bytes: [UInt8]

  /// The members of a line's object, without its braces.
  init(_ item: Item, hour: Int64) {
    var writer = JSONWriter(reserving: 768)
    writer.beginObject()
    item.writeSummary(&writer)
    writer.array("hours", (hour - 23)...hour) { $1.integer(item.count(hour: $0)) }
    writer.endObject()
    self.hour = hour
    bytes = Array(writer.finish().dropFirst().dropLast())
  }
}

extension IssueBook {
  /// Lines that are written ahead; more items than this have theirs written when somebody looks.
  private static let lineCountMax = 20_000

  /// Writes the lines of items that have just changed, before anybody looks: the first look behind a load would wait for all of them.
  func writeLines(_ turned: [TurnedItem], nowUnixSeconds: Int64) {
    guard state.withLock({ $0.lines.count }) < Self.lineCountMax else { return }
    let hour = nowUnixSeconds / 3_600
    let lines = turned.filter { !$0.item.isGroup }.map { ($0.item, ItemLine($0.item, hour: hour)) }
    for part in stride(from: 0, to: lines.count, by: 500) {
      state.withLock { (state) in
        // An item that has changed since has another line.
        for (item, line) in lines[part..<min(part + 500, lines.count)] where state.items[item.id] == item { state.lines[item.id] = line }
      }
    }
  }
}

/// The list of items: filtered and ordered by what an item itself knows, each line written once for as long as its item stays the same.
struct ItemList: Sendable {
  let state: ServerState

  /// An item as far as order and counts need it.
  fileprivate struct Place: Sendable {
    var id: Int64
    var primary: Int64
    var secondary: Int64
  }
  fileprivate struct Found: Sendable {
    fileprivate var places: [Place] = []
    var countByStatus: [ItemStatus: Int] = [:]
    var projects: Set<String> = []
    var environments: Set<String> = []
    /// Of the items in the state that was asked for, before facets choose among them.
    var countByLevel: [String: Int] = [:]
    var countByProject: [String: Int] = [:]
    var countByEnvironment: [String: Int] = [:]
    var countByOwner: [Int64: Int] = [:]
    var unownedCount = 0
    /// How often the items found happened: in the time that was asked for, else ever.
    var timesCount = 0
    /// Occurrences of the items found, by hour; the newest last.
    var hours = [Int](repeating: 0, count: 24)

    mutating func countFacets(_ item: Item) {
      countByLevel[item.level, default: 0] += 1
      countByProject[item.shownProject, default: 0] += 1
      countByEnvironment[item.identity.environment, default: 0] += 1
      if let owner = item.assignedUserID { countByOwner[owner, default: 0] += 1 } else { unownedCount += 1 }
    }

    mutating func countHours(_ item: Item, _ hour: Int64) {
      for entry in item.hours.reversed() {
        guard entry.hour > hour - 24 else { return }
        if entry.hour <= hour { hours[Int(entry.hour - hour + 23)] += entry.count }
      }
    }
  }
  fileprivate enum Sort: String {
    case last
    case first
    case total
    case level
    case day
  }

  private var nowUnixSeconds: Int64 { state.parts.clock.unixNanoseconds() / 1_000_000_000 }

  /// The time in which items must have happened, where the request says one.
  private func time(_ exchange: Exchange) throws(Refusal) -> TimeRange? {
    let question = Question(exchange, nowUnixNanoseconds: state.parts.clock.unixNanoseconds())
    return question.query["start"] == nil && question.query["range"] == nil ? nil : try question.time()
  }

  func answer(_ exchange: Exchange) async throws(Refusal) -> Response {
    let query = QueryString(exchange.request.query)
    let tenant = exchange.environment
    guard let sort = Sort(rawValue: query["sort"] ?? "last") else {
      throw Refusal(.invalid, "sort is last, first, total, level or day", field: "sort")
    }
    let search = ItemSearch(query["query"] ?? "")
    let limit = try Question(exchange, nowUnixNanoseconds: state.parts.clock.unixNanoseconds()).limit(100, most: 20_000)
    let offset = max(0, query["offset"].flatMap { Int($0) } ?? 0)
    let finder = IdentityFinder(state: state, tenant: tenant)
    var identities = try await finder.identities(inTrace: query["trace"])
    if let found = try await finder.identities(search.eventTerms) { identities = identities?.intersection(found) ?? found }
    let time = try time(exchange)
    let times = if let time { try await ItemTimes(state: state, tenant: tenant, time: time).counted() } else { ItemTimes.Counted?.none }
    let wanted = { (name: String) in query[name].map { Set($0.split(separator: ",").map(String.init)) } }
    let (levels, projects, environments) = (wanted("level"), wanted("project"), wanted("environment"))
    let owners = query["owner"].map { Set($0.split(separator: ",").map { Int64($0) ?? 0 }) }
    let status = query["status"] ?? "active"
    // Items that were not seen before the time that was asked for.
    let firstSeconds = query["new"] == "true" ? time.map { $0.startUnixNanoseconds / 1_000_000_000 } : nil
    let (fixed, hour) = (identities, min(nowUnixSeconds, time.map { ($0.endUnixNanoseconds - 1) / 1_000_000_000 } ?? .max) / 3_600)
    var found = state.book.state.withLock { (state) -> Found in
      var found = Found()
      for stored in state.items.values where stored.identity.tenant == tenant {
        if let times, times.spreads[stored.id] == nil { continue }
        if let fixed, !state.isAny(of: fixed, stored) { continue }
        let item = stored.isGroup ? state.withMembers(stored) : stored
        guard item.groupItemID == nil || search.includesMembers, search.matches(item) else { continue }
        if let firstSeconds, item.firstOccurrence.unixSeconds < firstSeconds { continue }
        if status == "any" || item.status.rawValue == status { found.countFacets(item) }
        guard owners?.contains(item.assignedUserID ?? 0) ?? true, levels?.contains(item.level) ?? true,
          projects?.contains(item.shownProject) ?? true, environments?.contains(item.identity.environment) ?? true
        else { continue }
        found.countByStatus[item.status, default: 0] += 1
        found.projects.insert(item.shownProject)
        found.environments.insert(item.identity.environment)
        guard status == "any" || item.status.rawValue == status else { continue }
        found.places.append(Self.place(item, sort, hour, times))
        found.timesCount += times?.count(of: item) ?? item.totalCount
        found.countHours(item, hour)
      }
      return found
    }
    found.places.sort { ($0.primary, $0.secondary, $0.id) > ($1.primary, $1.secondary, $1.id) }
    let page = Array(found.places.dropFirst(offset).prefix(limit))
    return try await response(found, page, exchange, hour, environments, times, time ?? .everything)
  }

  private func response(
    _ found: Found, _ page: [Place], _ exchange: Exchange, _ hour: Int64, _ environments: Set<String>?, _ times: ItemTimes.Counted?,
    _ time: TimeRange
  ) async throws(Refusal) -> Response {
    let tenant = exchange.environment
    let (lines, ids, items) = lines(page, hour)
    let deploys = Array(deploys(tenant, (hour - 23) * 3_600..<(hour + 1) * 3_600, environments).suffix(20))
    let people = items.count <= 500 ? try await ItemPeople(state: state, tenant: tenant, time: time).counts(items) : [:]
    return jsonResponse(reserving: lines.reduce(4_096) { $0 + $1.count + 48 }) { (writer) in
      writer.member("total", found.places.count)
      writer.member("times", found.timesCount)
      if let times { times.write(&writer) }
      writer.object("by_status") { (writer) in
        for status in ItemStatus.allCases { writer.member(status.rawValue, found.countByStatus[status] ?? 0) }
      }
      found.writeFacets(&writer, state.book.users(tenant: tenant))
      found.writeChart(&writer, deploys, hour)
      writer.member("projects", found.projects.sorted())
      writer.member("environments", found.environments.sorted())
      writer.array("items", lines.indices) { (index, writer) in
        writer.object { (writer) in
          writer.raw(lines[index])
          let counts = index < items.count ? people[items[index].identity] : nil
          let spread = times?.spreads[ids[index]]
          if let spread { writer.member("times", spread.count) }
          if let spread, index < items.count { writer.array("bars", spread.bars) { $1.integer($0) } }
          writer.member("people", counts?.people ?? 0)
          writer.member("addresses", counts?.addresses ?? 0)
        }
      }
    }
  }

  /// The deploys that began in a time, with their projects' names; the newest hundred, oldest first, for charts of any page.
  func deploys(_ exchange: Exchange) throws(Refusal) -> Response {
    let time = try Question(exchange, nowUnixNanoseconds: state.parts.clock.unixNanoseconds()).time()
    let seconds = time.startUnixNanoseconds / 1_000_000_000..<max(time.startUnixNanoseconds / 1_000_000_000 + 1, time.endUnixNanoseconds / 1_000_000_000)
    let found = deploys(exchange.environment, seconds, nil).suffix(100)
    return jsonResponse { (writer) in Self.write(Array(found), &writer) }
  }

  fileprivate static func write(_ deploys: [(deploy: Deploy, project: String)], _ writer: inout JSONWriter) {
    writer.array("deploys", deploys) { (entry, writer) in
      writer.object { (writer) in
        entry.deploy.write(&writer)
        writer.member("project", entry.project)
      }
    }
  }

  private func deploys(_ tenant: String, _ seconds: Range<Int64>, _ environments: Set<String>?) -> [(deploy: Deploy, project: String)] {
    let names = Dictionary(uniqueKeysWithValues: state.book.projects(tenant: tenant).map { ($0.id, $0.name) })
    let shown = state.book.state.withLock { Array($0.deploys.values) }.filter { (deploy) in
      names[deploy.projectID] != nil && seconds.contains(deploy.startUnixSeconds) && environments?.contains(deploy.environment) ?? true
    }
    return shown.sorted { ($0.startUnixSeconds, $0.id) < ($1.startUnixSeconds, $1.id) }.map { ($0, names[$0.projectID] ?? "") }
  }

  fileprivate static func place(_ item: Item, _ sort: Sort, _ hour: Int64, _ times: ItemTimes.Counted?) -> Place {
    let last = item.lastOccurrence.unixSeconds
    switch sort {
    case .last: return Place(id: item.id, primary: last, secondary: 0)
    case .first: return Place(id: item.id, primary: item.firstOccurrence.unixSeconds, secondary: 0)
    case .total: return Place(id: item.id, primary: Int64(times?.count(of: item) ?? item.totalCount), secondary: last)
    case .level: return Place(id: item.id, primary: Int64(RollbarCodes.level(item.level)), secondary: last)
    case .day:
      let day = item.hours.reduce(0) { $1.hour > hour - 24 ? $0 + $1.count : $0 }
      return Place(id: item.id, primary: Int64(day), secondary: 0)
    }
  }

  /// The lines of a page, and its items where they are few enough for their people to be counted.
  private func lines(_ page: [Place], _ hour: Int64) -> (lines: [[UInt8]], ids: [Int64], items: [Item]) {
    state.book.state.withLock { (state) in
      var lines: [[UInt8]] = []
      lines.reserveCapacity(page.count)
      var (ids, items): ([Int64], [Item]) = ([], [])
      for place in page {
        if page.count > 500, let known = state.lines[place.id], known.hour == hour {
          lines.append(known.bytes)
          ids.append(place.id)
          continue
        }
        guard let stored = state.items[place.id] else { continue }
        let item = state.withMembers(stored)
        ids.append(place.id)
        if page.count <= 500 { items.append(item) }
        if let known = state.lines[place.id], known.hour == hour {
          lines.append(known.bytes)
          continue
        }
        let line = ItemLine(item, hour: hour)
        // A group changes with its members.
        if !item.isGroup { state.lines[place.id] = line }
        lines.append(line.bytes)
      }
      return (lines, ids, items)
    }
  }
}

extension ItemList.Found {
  func writeChart(_ writer: inout JSONWriter, _ deploys: [(deploy: Deploy, project: String)], _ hour: Int64) {
    writer.member("hour_us", hour * 3_600_000_000)
    writer.array("hours", hours) { $1.integer($0) }
    ItemList.write(deploys, &writer)
  }

  func writeFacets(_ writer: inout JSONWriter, _ users: [DirectoryUser]) {
    writer.object("facets") { (writer) in
      for (name, counts) in [("level", countByLevel), ("project", countByProject), ("environment", countByEnvironment)] {
        writer.object(name) { (writer) in
          for (value, count) in counts.sorted(by: { $0.key < $1.key }) { writer.member(value, count) }
        }
      }
    }
    writer.array("owners", users.filter { countByOwner[$0.id] != nil }) { (user, writer) in
      writer.object { (writer) in
        user.write(&writer)
        writer.member("count", countByOwner[user.id] ?? 0)
      }
    }
    writer.member("unowned", unownedCount)
    writer.array("users", users) { (user, writer) in writer.object { user.write(&$0) } }
  }
}

extension IssueBook.State {
  /// True if the item, or a member of the group that it is, is known by one of these.
  func isAny(of identities: Set<ItemIdentity>, _ item: Item) -> Bool {
    if item.identities.contains(where: identities.contains) { return true }
    guard item.isGroup else { return false }
    return items.values.contains { $0.groupItemID == item.id && isAny(of: identities, $0) }
  }
}
