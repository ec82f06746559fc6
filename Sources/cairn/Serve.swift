// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import CairnCatalog
import CairnIssues
import CairnServer
import CairnStorage
import CairnStore

/// `cairn serve`
struct Serve: AsyncParsableCommand {
  static let configuration = CommandConfiguration(abstract: "Run the server.")

  @OptionGroup var options: ServerOptions

  @Option(help: "Main port: every HTTP door, the API and the pages (default 127.0.0.1:8080).") var http: String?
  @Option(help: "OpenTelemetry over HTTP (default 127.0.0.1:4318).") var otlpHttp: String?
  @Option(help: "OpenTelemetry over gRPC (default 127.0.0.1:4317).") var otlpGrpc: String?
  @Option(help: "X-Ray daemon, UDP and TCP (default 127.0.0.1:2000).") var xray: String?
  @Option(help: "Write the addresses as JSON once all listen.") var readyFile: String?
  @Option(parsing: .unconditional, help: "Days that events are kept; 0 keeps everything (default 60).") var retentionDays: String?
  @Flag(help: "Serve beyond loopback without any key.") var insecure = false

  func run() async throws {
    FreeMemory.share()
    let settings = try options.settings([
      .http: http, .otlpHTTP: otlpHttp, .otlpGRPC: otlpGrpc, .xray: xray, .readyFile: readyFile, .insecure: insecure ? "true" : nil,
      .retentionDays: retentionDays,
    ])
    Settings.warnOfMisspeltVariables()
    let pending = PendingOccurrences()
    let catalogPath = try settings.preparedCatalogPath()
    let catalog = try Catalog(path: catalogPath)
    let (groupings, history) = try GroupingHistory.plan(
      catalog: catalog, chosen: settings.groupingVersion, nowUnixSeconds: WallClock.system.unixNanoseconds() / 1_000_000_000)
    let store: EmbeddedStore
    do {
      store = try EmbeddedStore(folder: settings.dataDirectory, settings: ArchiveSettings(settings),
        unscrubbedEnvironments: settings.unscrubbedEnvironments, groupings: groupings, tellOccurrences: { pending.add($0) })
    } catch {
      throw ValidationError(error.message)
    }
    try history.save(in: catalog)
    var parts = ServerParts(store: store, catalog: catalog, status: { StoreStatus(store) })
    parts.pendingOccurrences = pending
    parts.groupings = groupings
    parts.reset = { () throws(ResetError) in
      do throws(StorageError) { try store.archive.removeEverything() } catch { throw ResetError(error.message) }
    }
    parts.retain = { (days) in
      store.archive.retain(days.map { DatasetRetention(environment: $0.environment, dataset: $0.dataset, days: $0.days) })
    }
    let server = try await CairnServer.start(settings, parts: parts)
    try await server.runUntilSignal()
    store.close()
  }
}

/// The options that serving and the tools beside it share.
struct ServerOptions: ParsableArguments {
  @Option(help: "Folder of all data (default ./cairn-data).") var data: String?
  @Option(help: "YAML file with settings.") var config: String?

  /// All settings, from the given flags, the environment and the file.
  func settings(_ flags: [Settings.Key: String?]) throws -> Settings {
    var given = flags.compactMapValues { $0 }
    given[.data] = data
    return try Settings.load(flags: given, configPath: config)
  }
}

extension StoreStatus {
  /// What the store says of itself, in the server's words.
  init(_ store: EmbeddedStore) {
    let archive = store.archive, status = archive.status(), dictionaryByteCount = store.dictionaryByteCount
    self.init()
    eventCount = status.eventCount
    headEventCount = status.headEventCount
    segmentCount = status.segmentCount
    diskBytes = status.diskByteCount
    memoryBytes = status.memoryByteCount + dictionaryByteCount
    if let reason = status.refusal ?? status.sealFailure {
      ingestState = status.refusal == nil ? "slowed" : "refusing"
      ingestReason = reason
    }
    quarantined = archive.damage.entries.map { Quarantined(file: $0.file, offset: $0.offset, rowCount: $0.rowCount, reason: $0.reason) }
    gauges = [
      .init("heads_waiting", "Full heads that wait for their seal.", Double(status.sealingCount)),
      .init("journal_waiting_requests", "Requests that wait for their sync.", Double(status.journalWaiterCount)),
      .init("in_flight_bytes", "Bytes of bodies, after inflation, being taken in.", Double(status.inFlightByteCount)),
      .init("column_cache_bytes", "Decoded columns of segments in memory.", Double(status.cacheByteCount)),
      .init("dictionary_cache_bytes", "What is known of how dictionaries of segments and heads fit together.", Double(dictionaryByteCount)),
    ]
    counters = [.init("journal_bytes_total", "Bytes written to journals.", Double(status.journalByteCount))]
    durations = [
      .init("journal_sync_seconds", "Group commits of the journal: a write and a sync.", status.syncs),
      .init("seal_seconds", "Seals: a full head becomes a segment.", status.seals),
      .init("merge_seconds", "Merges: several segments become one.", status.merges),
    ]
    refusedCounts = Dictionary(uniqueKeysWithValues: RefusalCause.allCases.map { ($0.rawValue, status.refusedCounts[$0] ?? 0) })
  }
}

extension ArchiveSettings {
  /// The store's limits as the operator set them.
  init(_ settings: Settings) {
    self.init()
    retentionDays = settings.retentionDays
    retentionDaysByDataset = settings.retentionDaysByDataset
    diskReserveByteCount = settings.diskReserveMiB << 20
    cacheByteCountMax = settings.cacheMiB << 20
  }
}
