// SPDX-License-Identifier: Apache-2.0
public import CairnFormats
public import CairnPlan

/// A graph as `GetServiceGraph` and `GetTraceGraph` tell it. Source: X-Ray API reference, `Service` and `Edge`.
///
/// The clients outside are nodes too: one of type `client` before each service where traces begin, under that service's name.
public struct ServiceGraphJSON: Sendable {
  private let graph: ServiceGraphAnswer
  private let accounts: [String: String]
  /// Index of the client node of each edge from outside, by the edge's target.
  private let clients: [Int: Int]
  private let outgoing: [Int: [ServiceGraphAnswer.Edge]]

  /// `accounts`: the AWS account of each service whose is known, by its name.
  public init(_ graph: ServiceGraphAnswer, accounts: [String: String]) {
    self.graph = graph
    self.accounts = accounts
    var clients: [Int: Int] = [:]
    var outgoing: [Int: [ServiceGraphAnswer.Edge]] = [:]
    for edge in graph.edges {
      if let source = edge.source {
        outgoing[source, default: []].append(edge)
      } else {
        clients[edge.target] = graph.nodes.count + clients.count
      }
    }
    self.clients = clients
    self.outgoing = outgoing
  }

  /// How many nodes there are, clients included.
  public var count: Int { graph.nodes.count + clients.count }

  /// Writes the array of services.
  public func write(_ writer: inout JSONWriter) {
    writer.beginArray()
    for (index, node) in graph.nodes.enumerated() { write(node, index, &writer) }
    for edge in graph.edges where edge.source == nil { writeClient(edge, &writer) }
    writer.endArray()
  }

  private func write(_ node: ServiceGraphAnswer.Node, _ index: Int, _ writer: inout JSONWriter) {
    writer.beginObject()
    writer.member("ReferenceId", index)
    writer.member("Name", node.identity.name)
    writer.member("Names", [node.identity.name])
    if node.isRoot { writer.member("Root", true) }
    // Of what sent nothing itself nobody says whose it is.
    if !node.isInferred, let account = accounts[node.identity.name] { writer.member("AccountId", account) }
    if let type = node.identity.type { writer.member("Type", type) }
    writer.member("State", node.isInferred ? "unknown" : "active")
    writer.member("StartTime", seconds(node.startUnixNanoseconds))
    writer.member("EndTime", seconds(node.endUnixNanoseconds))
    writer.key("Edges")
    writer.beginArray()
    for edge in outgoing[index] ?? [] { write(edge, &writer) }
    writer.endArray()
    writer.key("SummaryStatistics")
    node.statistics.write(&writer)
    writer.key("DurationHistogram")
    node.histogram.write(&writer)
    writer.key("ResponseTimeHistogram")
    node.histogram.write(&writer)
    writer.endObject()
  }

  private func writeClient(_ edge: ServiceGraphAnswer.Edge, _ writer: inout JSONWriter) {
    let name = graph.nodes[edge.target].identity.name
    writer.beginObject()
    writer.member("ReferenceId", clients[edge.target] ?? 0)
    writer.member("Name", name)
    writer.member("Names", [name])
    writer.member("Type", "client")
    writer.member("State", "unknown")
    writer.member("StartTime", seconds(edge.startUnixNanoseconds))
    writer.member("EndTime", seconds(edge.endUnixNanoseconds))
    writer.key("Edges")
    writer.beginArray()
    write(edge, &writer)
    writer.endArray()
    writer.endObject()
  }

  private func write(_ edge: ServiceGraphAnswer.Edge, _ writer: inout JSONWriter) {
    writer.beginObject()
    writer.member("ReferenceId", edge.target)
    writer.member("StartTime", seconds(edge.startUnixNanoseconds))
    writer.member("EndTime", seconds(edge.endUnixNanoseconds))
    writer.key("SummaryStatistics")
    edge.statistics.write(&writer)
    writer.key("ResponseTimeHistogram")
    edge.histogram.write(&writer)
    writer.key("Aliases")
    writer.beginArray()
    for alias in edge.aliases {
      writer.beginObject()
      writer.member("Name", alias.name)
      writer.member("Names", [alias.name])
      if let type = alias.type { writer.member("Type", type) }
      writer.endObject()
    }
    writer.endArray()
    if edge.isQueued {
      writer.member("EdgeType", "link")
      writer.key("ReceivedEventAgeHistogram")
      edge.ageHistogram.write(&writer)
    }
    writer.endObject()
  }
}

extension CallStatistics {
  /// Writes `ServiceStatistics` or `EdgeStatistics`, which look alike.
  public func write(_ writer: inout JSONWriter) {
    writer.beginObject()
    writer.member("OkCount", okCount)
    writer.key("ErrorStatistics")
    writer.beginObject()
    writer.member("ThrottleCount", throttleCount)
    writer.member("OtherCount", otherErrorCount)
    writer.member("TotalCount", errorCount)
    writer.endObject()
    writer.key("FaultStatistics")
    writer.beginObject()
    writer.member("OtherCount", faultCount)
    writer.member("TotalCount", faultCount)
    writer.endObject()
    writer.member("TotalCount", totalCount)
    writer.member("TotalResponseTime", durationSeconds)
    writer.endObject()
  }
}

extension CallHistogram {
  /// Writes an array of values in seconds with their counts.
  public func write(_ writer: inout JSONWriter) {
    writer.beginArray()
    for cell in cells {
      writer.beginObject()
      writer.member("Value", (cell.seconds * 1e6).rounded() / 1e6)
      writer.member("Count", min(cell.count, Int64(Int32.max)))
      writer.endObject()
    }
    writer.endArray()
  }
}
