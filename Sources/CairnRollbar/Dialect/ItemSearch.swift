// SPDX-License-Identifier: Apache-2.0
internal import CairnColumns
public import CairnIssues

// The item list's search box and its parameters.
//
//   words                  in the title, as beginnings of words; "quoted" as they stand
//   #12                    the item with this counter
//   level: status: environment: framework: context: code_version: fingerprint: title:      a prefix, or "exact"
//   host: ip: user_id: username: email: file:      of some occurrence: a prefix, or "exact"; a file anywhere in its stacks, by a part of its path
//   is:group is:member has:comments is:assigned is:unassigned
// Everything must hold; a word before a colon that is not a key belongs to the title.

/// A test of items.
public struct ItemSearch: Sendable {
  private enum Term: Sendable {
    case title(String, isQuoted: Bool)
    case counter(Int64)
    case field(String, String, isQuoted: Bool)
  }
  private var terms: [Term] = []
  /// Terms that only an item's occurrences can meet: the caller asks the events.
  public private(set) var eventTerms: [EventTerm] = []

  /// A text that some occurrence must have in one of several columns.
  public struct EventTerm: Sendable, Hashable {
    public enum Match: Sendable, Hashable {
      case exact
      case beginning
      case file
    }
    public var columns: [String]
    public var text: String
    public var match: Match
  }
  private static let eventColumns = [
    "host": ["host.name", "server.address"], "ip": [FieldName.clientAddress], "user_id": [FieldName.personID, "enduser.id", "user.id"],
    "username": ["person.username"], "email": ["person.email"], "file": [FieldName.exceptionStacktrace],
  ]
  /// True where members of groups were asked for; a list leaves them out otherwise.
  public private(set) var includesMembers = false

  private static let keys: Set<String> = [
    "level", "status", "environment", "framework", "platform", "context", "code_version", "fingerprint", "title", "is", "has", "class", "family",
  ]

  public init(_ text: String) {
    for (word, isQuoted) in Self.words(text) {
      if !isQuoted, word.hasPrefix("#"), let counter = Int64(word.dropFirst()) {
        terms.append(.counter(counter))
      } else if let colon = word.firstIndex(of: ":"), Self.keys.contains(String(word[..<colon])), word.index(after: colon) < word.endIndex {
        let key = String(word[..<colon])
        let value = String(word[word.index(after: colon)...])
        if key == "is", value == "member" { includesMembers = true }
        terms.append(.field(key, value, isQuoted: isQuoted))
      } else if let colon = word.firstIndex(of: ":"), let columns = Self.eventColumns[String(word[..<colon])], word.index(after: colon) < word.endIndex {
        let match: EventTerm.Match = word.hasPrefix("file:") ? .file : isQuoted ? .exact : .beginning
        eventTerms.append(EventTerm(columns: columns, text: String(word[word.index(after: colon)...]), match: match))
      } else {
        terms.append(.title(word, isQuoted: isQuoted))
      }
    }
  }

  /// Words between spaces; quotes keep spaces, also behind `key:`.
  private static func words(_ text: String) -> [(String, isQuoted: Bool)] {
    var found: [(String, isQuoted: Bool)] = []
    var word = ""
    var isInside = false
    var wasQuoted = false
    for character in text.prefix(1_000) {
      if character == "\"" {
        isInside.toggle()
        wasQuoted = true
      } else if character == " ", !isInside {
        if !word.isEmpty { found.append((word, wasQuoted)) }
        (word, wasQuoted) = ("", false)
      } else {
        word.append(character)
      }
    }
    if !word.isEmpty { found.append((word, wasQuoted)) }
    return found
  }

  public func matches(_ item: Item) -> Bool { terms.allSatisfy { matches($0, item) } }

  private func matches(_ term: Term, _ item: Item) -> Bool {
    switch term {
    case .counter(let counter): return item.counter == counter
    case .title(let word, let isQuoted):
      let title = item.title.lowercased()
      let wanted = word.lowercased()
      if isQuoted { return title.contains(wanted) }
      return title.split { !$0.isLetter && !$0.isNumber && $0 != "_" && $0 != "." }.contains { $0.hasPrefix(wanted) } || title.contains(wanted)
    case .field("is", let value, _):
      switch value {
      case "group": return item.isGroup
      case "member": return item.groupItemID != nil
      case "assigned": return item.assignedUserID != nil
      case "unassigned": return item.assignedUserID == nil
      case "snoozed": return item.snoozedUntilUnixSeconds != nil
      default: return item.status.rawValue == value
      }
    case .field("has", let value, _): return value == "comments" && item.history.contains { $0.kind == "comment" }
    case .field("code_version", let value, let isQuoted):
      return item.versions.contains { isQuoted ? $0.version == value : $0.version.hasPrefix(value) }
    case .field(let key, let value, let isQuoted):
      let own = text(key, item).lowercased()
      return isQuoted ? own == value.lowercased() : own.hasPrefix(value.lowercased())
    }
  }

  private func text(_ key: String, _ item: Item) -> String {
    switch key {
    case "level": item.level
    case "status": item.status.rawValue
    case "environment": item.identity.environment
    case "framework": item.framework
    case "platform": item.platform
    case "context": item.context
    case "fingerprint": item.identity.hash
    case "class": item.exceptionType
    case "family": item.family
    default: item.title
    }
  }
}
