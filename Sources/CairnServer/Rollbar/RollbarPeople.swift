// SPDX-License-Identifier: Apache-2.0
import CairnColumns
import CairnFormats
import CairnIssues
import CairnPlan
import NIOHTTP1
import Synchronization

/// Whom errors happened to, counted from the events. Rollbar has no such paths: these are Cairn's own, in its form.
struct RollbarPeople: Sendable {
  let api: RollbarAPI

  private static let pageCount = 100

  var routes: [Route] {
    [
      api.route(.GET, "/people", [.read]) { (exchange, caller) async throws(Refusal) in try await list(exchange, caller) },
      api.route(.GET, "/person/:id", [.read]) { (exchange, caller) async throws(Refusal) in try await one(exchange, caller) },
    ]
  }

  private struct Person: Sendable {
    var id: String
    var username = ""
    var email = ""
    var occurrenceCount = 0
  }

  private func filter(_ caller: RollbarCaller, _ more: Filter) -> Filter {
    let own = Filter.compare(column: FieldName.itemProject, .equal, .string(caller.project.name))
    return .all([caller.isOfAllProjects ? .exists(column: FieldName.itemHash) : own, .exists(column: FieldName.personID), more])
  }

  /// By their ids; names and addresses as the last occurrence that has one says, as at Rollbar.
  private func people(_ caller: RollbarCaller, _ more: Filter) async throws(Refusal) -> [Person] {
    let plan = Plan(
      scope: Scope(environment: caller.tenant, datasets: .all, time: .everything), filter: filter(caller, more),
      breakdowns: [FieldName.personID, "person.username", "person.email"],
      orders: [Order(.calculation(Calculation(.maximum, column: FieldName.timestamp)), .descending)], limit: 10_000)
    let answer = try await api.state.desk.ask { () async throws(QueryError) in try await api.state.store.run(plan) }
    var people: [String: Person] = [:]
    for row in 0..<answer.rowCount {
      let texts = answer.columns.prefix(3).map { $0.values[row]?.text ?? "" }
      var person = people[texts[0]] ?? Person(id: texts[0])
      if person.username.isEmpty { person.username = texts[1] }
      if person.email.isEmpty { person.email = texts[2] }
      person.occurrenceCount += Int(answer.columns[3].values[row]?.number ?? 0)
      people[person.id] = person
    }
    return people.values.sorted { ($0.occurrenceCount, $1.id) > ($1.occurrenceCount, $0.id) }
  }

  private func list(_ exchange: Exchange, _ caller: RollbarCaller) async throws(Refusal) -> Response {
    let page = try api.page(QueryString(exchange.request.query))
    let people = try await people(caller, .everything)
    return api.answer(reserving: 16_384) { (writer) in
      writer.object { (writer) in
        writer.member("page", page)
        writer.member("total_count", people.count)
        writer.array("people", people.dropFirst((page - 1) * Self.pageCount).prefix(Self.pageCount)) { (person, writer) in
          writer.object { write(person, &$0) }
        }
      }
    }
  }

  private func one(_ exchange: Exchange, _ caller: RollbarCaller) async throws(Refusal) -> Response {
    let id = exchange.parameters["id"]
    let own = Filter.compare(column: FieldName.personID, .equal, .string(id))
    guard let person = try await people(caller, own).first else { throw Refusal(.notFound, "nobody has the id \(id.prefix(60))") }
    let plan = Plan(
      scope: Scope(environment: caller.tenant, datasets: .all, time: .everything), filter: filter(caller, own),
      breakdowns: [FieldName.itemProject, FieldName.itemEnvironment, FieldName.itemHash], orders: [Order(.calculation(.count), .descending)], limit: 1_000)
    let answer = try await api.state.desk.ask { () async throws(QueryError) in try await api.state.store.run(plan) }
    let items = api.state.book.state.withLock { (state) in
      (0..<answer.rowCount).compactMap { (row) -> (Item, Int)? in
        let identity = ItemIdentity(
          tenant: caller.tenant, project: answer.columns[0].values[row]?.text ?? "", environment: answer.columns[1].values[row]?.text ?? "",
          hash: answer.columns[2].values[row]?.text ?? "")
        guard let item = state.itemOfIdentity[identity].flatMap({ state.items[$0] }) else { return nil }
        return (item, Int(answer.columns[3].values[row]?.number ?? 0))
      }
    }
    return api.answer(reserving: 16_384) { (writer) in
      writer.object { (writer) in
        write(person, &writer)
        writer.array("items", items) { (entry, writer) in
          writer.object { (writer) in
            writer.member("id", entry.0.id)
            writer.member("counter", entry.0.counter)
            writer.member("title", entry.0.title)
            writer.member("environment", entry.0.identity.environment)
            writer.member("status", entry.0.status.rawValue)
            writer.member("occurrences", entry.1)
          }
        }
      }
    }
  }

  private func write(_ person: Person, _ writer: inout JSONWriter) {
    writer.member("id", person.id)
    writer.member("username", person.username)
    writer.member("email", person.email)
    writer.member("occurrences", person.occurrenceCount)
  }
}
