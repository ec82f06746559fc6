// SPDX-License-Identifier: Apache-2.0
import CairnColumns
import CairnIssues
import CairnPlan
import CairnRollbar
import Synchronization

/// The occurrences of the items that a caller reads, whichever doors told of them, with one event for each failure.
struct ProjectOccurrences: Sendable {
  let state: ServerState
  let caller: RollbarCaller
  /// Identities of the project's items that other doors told under other projects.
  private let foreign: Set<ItemIdentity>
  /// Hashes of items that several doors told of: what has one of them must be compared.
  let comparedHashes: Set<String>

  init(state: ServerState, caller: RollbarCaller) {
    self.state = state
    self.caller = caller
    (foreign, comparedHashes) = state.book.state.withLock { (state) in
      var foreign: Set<ItemIdentity> = []
      var hashes: Set<String> = []
      for item in state.items.values where caller.reads(projectID: item.projectID) && item.isManyDoored {
        for identity in item.identities {
          hashes.insert(identity.hash)
          if identity.project != caller.project.name { foreign.insert(identity) }
        }
      }
      return (foreign, hashes)
    }
  }

  /// All of them, and some that `owns` must leave out.
  var filter: Filter {
    if caller.isOfAllProjects { return .exists(column: FieldName.itemHash) }
    let own = Filter.compare(column: FieldName.itemProject, .equal, .string(caller.project.name))
    guard !foreign.isEmpty else { return .all([own, .exists(column: FieldName.itemHash)]) }
    return .all([
      .exists(column: FieldName.itemHash),
      .any([
        own,
        .all([
          .oneOf(column: FieldName.itemHash, Set(foreign.map(\.hash)).sorted().map { .string($0) }),
          .oneOf(column: FieldName.itemProject, Set(foreign.map(\.project)).sorted().map { .string($0) }),
        ]),
      ]),
    ])
  }

  /// What must be compared, and what need not.
  var compared: Filter { .oneOf(column: FieldName.itemHash, comparedHashes.sorted().map { .string($0) }) }

  func owns(_ event: Event) -> Bool {
    if caller.isOfAllProjects { return true }
    let identity = OccurrenceNote(event, tenant: caller.tenant).item
    return identity.project == caller.project.name || foreign.contains(identity)
  }

  /// Of events that pass the filter, those that stand for a failure, in their order.
  func failures(_ events: [Event]) -> [Event] { places(events).map { events[$0] } }

  /// The places of those events.
  func places(_ events: [Event]) -> [Int] {
    let own = events.indices.filter { owns(events[$0]) }
    guard !comparedHashes.isEmpty else { return own }
    return FailureList(state: state, tenant: caller.tenant).lines(own.map { events[$0] }).map { own[$0.place] }
  }
}
