// SPDX-License-Identifier: Apache-2.0
import CairnCatalog
import CairnColumns
import CairnFormats
import CairnIssues
import CairnPlan
import CairnRollbar
import Synchronization

/// People to whom items are assigned: Rollbar's users. Cairn has no log-ins, so whoever is named is one.
extension IssueBook {
  func users(tenant: String) -> [DirectoryUser] {
    state.withLock { Array($0.users.values) }.filter { $0.tenant == tenant }.sorted { ($0.username, $0.id) < ($1.username, $1.id) }
  }

  /// The user of this name or address, made if there is none.
  func user(named name: String, tenant: String) throws(CatalogError) -> DirectoryUser {
    if let known = users(tenant: tenant).first(where: { $0.username == name || $0.email == name }) { return known }
    return try change { (state) in
      let username = String(name.prefix { $0 != "@" })
      let made = DirectoryUser(id: state.makeID(), tenant: tenant, username: username.isEmpty ? name : username, email: name.contains("@") ? name : "")
      state.users[made.id] = made
      state.touch("user", made.id)
      return made
    }
  }

  /// A project's service links with the values of an occurrence in their places.
  func links(of item: Item, _ occurrence: Event?) -> [(name: String, url: String)] {
    let links = state.withLock { Array($0.links.values) }.filter { $0.projectID == item.projectID }.sorted { $0.id < $1.id }
    guard !links.isEmpty else { return [] }
    let payload = occurrence.flatMap { try? JSONValue(parsing: OccurrenceJSON.payload($0), depthMax: JSONReader.depthMaxLimit) } ?? .null
    let text = { (name: String) -> String in occurrence?[name]?.text ?? "" }
    let known = [
      "item.id": String(item.id), "item.counter": String(item.counter), "item.title": item.title, "environment": item.identity.environment,
      "project": item.identity.project, "trace_id": text(FieldName.traceID), "code_version": item.lastOccurrence.version,
      "host": text("host.name"), "person_id": text(FieldName.personID), "uuid": text(FieldName.occurrenceUUID),
      "timestamp": String(item.lastOccurrence.unixSeconds),
    ]
    return links.map { ($0.name, filledLink($0.template, payload: payload, known: known)) }
  }
}
