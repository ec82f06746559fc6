// SPDX-License-Identifier: Apache-2.0
internal import CairnFormats
import CairnBytes

/// What all spans of a request share: who asks, from where, which release serves, in which region.
struct RequestContext: Sendable {
  var region: Int
  var version: String
  var user: String
  var plan: String
  var flag: String
  var agent: String
  var clientAddress: String
  var requestID: String
  /// A status under 500 that the request gets for a mistake of its own, or 0.
  var clientMistake: Int

  var isCohort: Bool { version == PlantedFault.version && Region.all[region].name == PlantedFault.region }

  private static let regionShares = Region.all.map(\.share)
  private static let plans = ["free", "free", "free", "plus", "pro"]
  private static let flags = ["none", "none", "none", "new-composer", "inline-media", "fast-auth"]
  private static let userCount = 3_000.0
  private static let agents = [
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0.0.0 Safari/537.36",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.1 Mobile/15E148 Safari/604.1",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10.15; rv:132.0) Gecko/20100101 Firefox/132.0",
    "microblog-android/7.4 okhttp/4.12.0", "microblog-ios/7.4 CFNetwork/1568.200.51", "python-requests/2.32.3", "curl/8.5.0",
  ]

  init(_ random: inout SeededRandom) {
    region = random.index(weights: Self.regionShares, total: 1)
    version = Release.names[random.index(weights: Release.shares, total: 1)]
    let share = random.unit()
    let number = Int(Self.userCount * share * share)  // some users ask far more than others
    let digits = String(number)
    user = "user-" + String(repeating: "0", count: 5 - digits.utf8.count) + digits
    plan = Self.plans[number % 5]
    flag = random.pick(Self.flags)
    agent = Self.agents[number % Self.agents.count]
    clientAddress = "203.0.\(113 + number % 8).\(1 + number * 7 % 251)"
    requestID = hexText(random.next())
    clientMistake = random.chance(0.025) ? random.pick([404, 404, 401, 422]) : 0
  }

  /// The attributes that every span and log of the request has.
  func write(into attributes: inout ProtobufWriter, field: Int) {
    attributes.attribute(field, "app.version", version)
    attributes.attribute(field, "user.id", user)
    attributes.attribute(field, "app.plan", plan)
    attributes.attribute(field, "app.feature_flag", flag)
    attributes.attribute(field, "app.request_id", requestID)
  }

  /// The path that the route was asked by.
  func path(of route: String) -> String {
    guard route.utf8.contains(60) else { return route }
    return route.replacing("<user>", with: user).replacing("<handle>", with: user).replacing("<id>", with: requestID.prefix(12))
      .replacing("<group>", with: requestID.suffix(6))
  }
}
