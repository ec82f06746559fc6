// SPDX-License-Identifier: Apache-2.0

/// What a service does while it answers.
indirect enum Step: Sendable {
  /// A span of its own, inside the process.
  case work(String, milliseconds: Double)
  case query(Statement)
  /// A request to another service: a client span and that service's server span.
  case call(Endpoint)
  /// A request to somebody else's service.
  case outside(host: String, method: String, path: String, milliseconds: Double)
  /// A message for the worker, which takes it later, in a trace of its own with a link to here.
  case publish(Queue)
  /// A message that is taken in the same trace; its consumer may end after the one who sent it.
  case push(Endpoint)
  case maybe(Double, Step)
  case repeated(ClosedRange<Int>, Step)
  /// All at once; the slowest counts.
  case together([Step])
}

/// One route of a service.
struct Endpoint: Sendable {
  var service: Service
  var method: String
  var route: String
  /// Median of the time it spends itself.
  var milliseconds: Double
  var steps: [Step]
  /// Slow in the planted cohort, with all that it calls.
  var isFaulty = false

  init(_ service: Service, _ method: String, _ route: String, _ milliseconds: Double, isFaulty: Bool = false, _ steps: [Step]) {
    self.service = service
    self.method = method
    self.route = route
    self.milliseconds = milliseconds
    self.isFaulty = isFaulty
    self.steps = steps
  }

  var spanName: String { "\(method) \(route)" }
}

/// A queue and what the worker does with its messages.
struct Queue: Sendable {
  var name: String
  var delayMilliseconds: Double
  var consumer: Endpoint

  static let fanout = Queue(
    name: "activities.fanout", delayMilliseconds: 40,
    consumer: Endpoint(
      .worker, "", "activities.fanout", 4,
      [
        .query(.followers), .call(.feedFanout), .repeated(2...6, .query(.timelineAdd)), .call(.notifySend),
      ]))
  static let index = Queue(
    name: "search.index", delayMilliseconds: 90,
    consumer: Endpoint(
      .worker, "", "search.index", 2,
      [
        .query(.userActivities), .work("tokenize_query", milliseconds: 3), .call(.searchIndex), .query(.profileCache),
      ]))
  static let email = Queue(
    name: "email", delayMilliseconds: 150,
    consumer: Endpoint(
      .worker, "", "email", 3,
      [
        .query(.user), .work("render_template", milliseconds: 6), .call(.profileGet),
        .outside(host: "email.eu-west-1.amazonaws.com", method: "POST", path: "/v2/email/outbound-emails", milliseconds: 55),
      ]))
  static let media = Queue(
    name: "media.transcode", delayMilliseconds: 60,
    consumer: Endpoint(
      .worker, "", "media.transcode", 5,
      [
        .outside(host: "microblog-media.s3.amazonaws.com", method: "GET", path: "/uploads/{key}", milliseconds: 38),
        .repeated(2...4, .work("resize_image", milliseconds: 70)),
        .outside(host: "microblog-media.s3.amazonaws.com", method: "PUT", path: "/thumbs/{key}", milliseconds: 45),
        .query(.activityMedia),
      ]))
}

extension Endpoint {
  static let verify = Endpoint(
    .auth, "POST", "/v1/token/verify", 1.2,
    [
      .query(.session), .maybe(0.15, .query(.user)), .work("verify_signature", milliseconds: 0.6),
    ])
  static let profileGet = Endpoint(.profile, "GET", "/profile/<user>", 1.5, [.query(.profileCache), .maybe(0.3, .query(.user))])
  static let profileBatch = Endpoint(.profile, "POST", "/profile/batch", 2, [.query(.profileCache), .maybe(0.4, .query(.users))])
  static let profilePut = Endpoint(
    .profile, "PUT", "/profile/<user>", 3,
    [
      .work("validate_payload", milliseconds: 0.8), .query(.userUpdate), .call(.billingPlan),
    ])
  static let feedGet = Endpoint(.feed, "GET", "/feed/<user>", 2.5, [.query(.feedCache), .maybe(0.5, .query(.follows))])
  static let feedFanout = Endpoint(
    .feed, "POST", "/feed/fanout", 6, [.query(.followers), .repeated(1...3, .query(.timelineAdd))])
  static let timelineHome = Endpoint(
    .timeline, "GET", "/timeline/<user>", 8, isFaulty: true,
    [
      .query(.timelineCache), .call(.feedGet), .query(.homeActivities), .work("rank_candidates", milliseconds: 62),
      .maybe(0.5, .call(.profileBatch)), .work("dedupe_items", milliseconds: 4),
    ])
  static let notifyUnread = Endpoint(.notify, "GET", "/notify/unread", 1.2, [.query(.unread)])
  static let notifyList = Endpoint(
    .notify, "GET", "/notify/list", 2.4, [.query(.notifications), .work("compute_badge_counts", milliseconds: 0.9)])
  static let notifySend = Endpoint(.notify, "POST", "/notify/send", 2.2, [.query(.notificationInsert), .push(.pushMessage)])
  static let pushMessage = Endpoint(
    .worker, "", "push", 2,
    [
      .work("render_template", milliseconds: 1.5),
      .outside(host: "fcm.googleapis.com", method: "POST", path: "/v1/projects/microblog/messages:send", milliseconds: 42),
    ])
  static let thumb = Endpoint(
    .media, "GET", "/media/<id>/thumb", 4,
    [
      .outside(host: "microblog-media.s3.amazonaws.com", method: "GET", path: "/thumbs/{key}", milliseconds: 18)
    ])
  static let upload = Endpoint(
    .media, "POST", "/media/upload", 12,
    [
      .work("resize_image", milliseconds: 60),
      .outside(host: "microblog-media.s3.amazonaws.com", method: "PUT", path: "/uploads/{key}", milliseconds: 48),
      .publish(.media),
    ])
  static let searchQuery = Endpoint(
    .search, "GET", "/search", 4, [.work("tokenize_query", milliseconds: 1.4), .query(.textSearch)])
  static let searchIndex = Endpoint(.search, "POST", "/search/index", 3, [.query(.indexWrite)])
  static let messagesList = Endpoint(
    .messages, "GET", "/messages/<group>", 3, [.query(.messageGroups), .work("check_acl", milliseconds: 0.5)])
  static let messagesPost = Endpoint(
    .messages, "POST", "/messages/<group>", 4,
    [
      .work("validate_payload", milliseconds: 0.7), .query(.messagePut), .call(.notifySend),
    ])
  static let billingPlan = Endpoint(.billing, "GET", "/plan/<user>", 1.8, [.query(.plan)])
  static let invoice = Endpoint(
    .billing, "POST", "/invoice", 9,
    [
      .query(.plan), .outside(host: "api.stripe.com", method: "POST", path: "/v1/payment_intents", milliseconds: 190),
      .query(.invoiceInsert),
      .publish(.email),
    ])
}

/// What users ask for, and how often; each comes in at the gateway, which asks `auth` and then the back end.
struct Scenario: Sendable {
  var weight: Double
  var entry: Endpoint

  private init(_ weight: Double, _ method: String, _ route: String, _ milliseconds: Double, _ steps: [Step]) {
    self.weight = weight
    let backend = Endpoint(.backend, method, route, milliseconds, steps)
    entry = Endpoint(.gateway, method, route, 1.5, [.call(.verify), .call(backend)])
  }

  static let all = [
    Scenario(
      34, "GET", "/api/activities/home", 5,
      [
        .work("check_acl", milliseconds: 0.4), .call(.timelineHome),
        .together([.call(.notifyUnread), .maybe(0.25, .call(.thumb))]), .work("serialize_json", milliseconds: 3),
      ]),
    Scenario(
      15, "GET", "/api/activities/@<handle>", 4,
      [
        .call(.profileGet), .query(.userActivities), .maybe(0.4, .call(.thumb)), .work("serialize_json", milliseconds: 2),
      ]),
    Scenario(
      10, "GET", "/api/activities/notifications", 3,
      [
        .together([.call(.notifyList), .call(.profileBatch)]), .work("serialize_json", milliseconds: 1.5),
      ]),
    Scenario(
      7, "POST", "/api/activities", 5,
      [
        .work("validate_payload", milliseconds: 0.6), .work("expand_mentions", milliseconds: 1.8), .query(.activityInsert),
        .query(.timelineAdd), .publish(.fanout), .publish(.index),
      ]),
    Scenario(
      8, "GET", "/api/activities/search", 4,
      [
        .call(.searchQuery), .call(.profileBatch), .work("serialize_json", milliseconds: 2),
      ]),
    Scenario(
      9, "POST", "/api/activities/<id>/like", 2, [.query(.activityLike), .query(.likeCounter), .maybe(0.1, .publish(.email))]),
    Scenario(5, "GET", "/api/message_groups", 3, [.call(.messagesList), .call(.profileBatch)]),
    Scenario(4, "POST", "/api/messages", 4, [.call(.messagesPost)]),
    Scenario(4, "GET", "/api/users/<handle>", 2.5, [.call(.profileGet), .call(.billingPlan)]),
    Scenario(1.5, "PUT", "/api/profile", 5, [.call(.profilePut), .query(.sessionsDelete)]),
    Scenario(1.5, "POST", "/api/media", 6, [.call(.upload)]),
    Scenario(1, "POST", "/api/plan", 4, [.call(.invoice), .query(.sessionsDelete)]),
  ]
  static let weights = all.map(\.weight)
  static let weightTotal = weights.reduce(0, +)
}
