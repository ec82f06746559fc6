// SPDX-License-Identifier: Apache-2.0
internal import CairnFormats

/// What a service is written in; its stack traces look like it.
enum Language: String, Sendable {
  case python
  case go
  case java
  case nodejs

  var runtime: (name: String, version: String) {
    switch self {
    case .python: ("cpython", "3.12.7")
    case .go: ("go", "go1.23.4")
    case .java: ("OpenJDK Runtime Environment", "21.0.5+11-LTS")
    case .nodejs: ("nodejs", "22.11.0")
    }
  }

  /// Name and version of the instrumentation library.
  var scope: (name: String, version: String) {
    switch self {
    case .python: ("opentelemetry.instrumentation.flask", "0.49b2")
    case .go: ("go.opentelemetry.io/contrib/instrumentation/net/http/otelhttp", "0.57.0")
    case .java: ("io.opentelemetry.spring-webmvc-6.0", "2.10.0-alpha")
    case .nodejs: ("@opentelemetry/instrumentation-http", "0.55.0")
    }
  }
}

/// One of the microblog's twelve services.
struct Service: Sendable, Hashable {
  var name: String
  var language: Language
  var index: Int

  var codeNamespace: String { String(name.map { $0 == "-" ? "_" : $0 }) }

  static let gateway = Service(name: "gateway", language: .go, index: 0)
  static let backend = Service(name: "backend-flask", language: .python, index: 1)
  static let auth = Service(name: "auth", language: .go, index: 2)
  static let feed = Service(name: "feed", language: .nodejs, index: 3)
  static let timeline = Service(name: "timeline", language: .python, index: 4)
  static let notify = Service(name: "notify", language: .nodejs, index: 5)
  static let media = Service(name: "media", language: .go, index: 6)
  static let search = Service(name: "search", language: .python, index: 7)
  static let profile = Service(name: "profile", language: .java, index: 8)
  static let messages = Service(name: "messages", language: .java, index: 9)
  static let billing = Service(name: "billing", language: .java, index: 10)
  static let worker = Service(name: "worker", language: .nodejs, index: 11)
  static let all = [gateway, backend, auth, feed, timeline, notify, media, search, profile, messages, billing, worker]
}

/// A region and its share of the requests.
struct Region: Sendable {
  var name: String
  var share: Double
  var zones: [String]

  static let all = [
    Region(name: "us-east-1", share: 0.55, zones: ["a", "b"]), Region(name: "eu-west-1", share: 0.30, zones: ["a", "c"]),
    Region(name: PlantedFault.region, share: 0.15, zones: ["a", "b"]),
  ]
}

/// The releases and how many of the requests each serves, in every region alike.
enum Release {
  static let names = ["1.4.0", PlantedFault.versionBefore, PlantedFault.version]
  static let shares = [0.30, 0.50, 0.20]
}

/// Which process sends: service, region and pod as one number.
struct ResourceIndex: Sendable, Hashable, Comparable {
  var value: Int
  static let podCount = 3
  static let count = Service.all.count * Region.all.count * podCount

  init(_ service: Service, region: Int, pod: Int) { value = (service.index * Region.all.count + region) * Self.podCount + pod }

  init(value: Int) { self.value = value }

  var service: Service { Service.all[value / (Region.all.count * Self.podCount)] }
  var region: Int { value / Self.podCount % Region.all.count }
  var pod: Int { value % Self.podCount }

  static func < (left: ResourceIndex, right: ResourceIndex) -> Bool { left.value < right.value }

  /// The `Resource` message.
  ///
  /// Pods are numbered in each region's cluster from 0, networks are numbered alike, and one pod in three runs where the zone is not
  /// told: what names the region is `cloud.region`, and nothing names the release.
  var message: ProtobufWriter {
    let service = service
    let region = Region.all[region]
    let runtime = service.language.runtime
    var writer = ProtobufWriter()
    writer.attribute(1, "service.name", service.name)
    writer.attribute(1, "service.namespace", "microblog")
    writer.attribute(1, "deployment.environment.name", "production")
    writer.attribute(1, "cloud.provider", "aws")
    writer.attribute(1, "cloud.region", region.name)
    if pod < region.zones.count { writer.attribute(1, "cloud.availability_zone", region.name + region.zones[pod]) }
    writer.attribute(1, "k8s.namespace.name", "microblog")
    writer.attribute(1, "k8s.pod.name", "\(service.name)-\(pod)")
    writer.attribute(1, "host.name", "ip-10-0-\(service.index % 4)-\(11 + (service.index * 5 + pod * 7) % 9)")
    writer.attribute(1, "process.runtime.name", runtime.name)
    writer.attribute(1, "process.runtime.version", runtime.version)
    writer.attribute(1, "telemetry.sdk.name", "opentelemetry")
    writer.attribute(1, "telemetry.sdk.language", service.language.rawValue)
    return writer
  }
}
