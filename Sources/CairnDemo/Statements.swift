// SPDX-License-Identifier: Apache-2.0
internal import CairnFormats

/// A database that the services share.
struct Database: Sendable {
  var system: String
  var namespace: String
  var host: String
  var port: Int

  static let postgres = Database(
    system: "postgresql", namespace: "microblog", host: "pg-primary.db.svc.cluster.local", port: 5432)
  static let redis = Database(system: "redis", namespace: "0", host: "redis-0.cache.svc.cluster.local", port: 6379)
  static let dynamo = Database(system: "dynamodb", namespace: "microblog-messages", host: "dynamodb.internal", port: 443)
  static let index = Database(
    system: "opensearch", namespace: "activities", host: "opensearch.search.svc.cluster.local", port: 9200)
}

/// One query, as the services send it.
struct Statement: Sendable {
  var database: Database
  var operation: String
  var table: String
  var text: String
  var milliseconds: Double
  var rowCountMax = 1

  var spanName: String { table.isEmpty ? operation : "\(operation) \(table)" }

  static func sql(_ operation: String, _ table: String, _ milliseconds: Double, rows: Int = 1, _ text: String) -> Statement {
    Statement(database: .postgres, operation: operation, table: table, text: text, milliseconds: milliseconds, rowCountMax: rows)
  }

  static func redis(_ text: String, _ milliseconds: Double, rows: Int = 1) -> Statement {
    let operation = String(text.prefix { $0 != " " })
    return Statement(database: .redis, operation: operation, table: "", text: text, milliseconds: milliseconds, rowCountMax: rows)
  }

  static let session = redis("GET session:?", 0.4)
  static let profileCache = redis("MGET profile:? profile:? profile:?", 0.6, rows: 3)
  static let timelineCache = redis("ZREVRANGE timeline:? 0 99", 1.2, rows: 100)
  static let timelineAdd = redis("ZADD timeline:? ? ?", 0.5)
  static let feedCache = redis("SMEMBERS feed:?", 0.7, rows: 80)
  static let likeCounter = redis("INCR likes:?", 0.3)

  static let user = sql(
    "SELECT", "users", 1.4, "SELECT u.uuid, u.handle, u.display_name, u.email FROM public.users u WHERE u.cognito_user_id = $1")
  static let users = sql(
    "SELECT", "users", 3.2, rows: 30, "SELECT u.uuid, u.handle, u.display_name FROM public.users u WHERE u.uuid = ANY($1)")
  static let userUpdate = sql(
    "UPDATE", "users", 3.6, "UPDATE public.users SET display_name = $2, bio = $3 WHERE uuid = $1")
  static let follows = sql(
    "SELECT", "follows", 2.6, rows: 400, "SELECT f.followee_uuid FROM public.follows f WHERE f.follower_uuid = $1")
  static let followers = sql(
    "SELECT", "follows", 6, rows: 900, "SELECT f.follower_uuid FROM public.follows f WHERE f.followee_uuid = $1")
  static let homeActivities = sql(
    "SELECT", "activities", 72, rows: 50,
    "SELECT a.uuid, a.message, a.created_at, u.handle FROM public.activities a LEFT JOIN public.users u ON u.uuid = a.user_uuid "
      + "WHERE a.user_uuid = ANY($1) AND a.expires_at > now() ORDER BY a.created_at DESC LIMIT 50")
  static let userActivities = sql(
    "SELECT", "activities", 9, rows: 50,
    "SELECT a.uuid, a.message, a.created_at FROM public.activities a WHERE a.user_uuid = $1 ORDER BY a.created_at DESC LIMIT 50")
  static let activityInsert = sql(
    "INSERT", "activities", 4.2,
    "INSERT INTO public.activities (user_uuid, message, expires_at) VALUES ($1, $2, $3) RETURNING uuid")
  static let activityLike = sql(
    "UPDATE", "activities", 3, "UPDATE public.activities SET likes_count = likes_count + 1 WHERE uuid = $1")
  static let activityMedia = sql("UPDATE", "activities", 3.4, "UPDATE public.activities SET media_key = $2 WHERE uuid = $1")
  static let unread = sql(
    "SELECT", "notifications", 2.1, "SELECT count(*) FROM public.notifications n WHERE n.user_uuid = $1 AND n.read_at IS NULL")
  static let notifications = sql(
    "SELECT", "notifications", 6.5, rows: 40,
    "SELECT n.uuid, n.kind, n.body FROM public.notifications n WHERE n.user_uuid = $1 ORDER BY n.created_at DESC LIMIT 40")
  static let notificationInsert = sql(
    "INSERT", "notifications", 2.8, "INSERT INTO public.notifications (user_uuid, kind, body) VALUES ($1, $2, $3)")
  static let plan = sql(
    "SELECT", "subscriptions", 1.8, "SELECT s.plan, s.renews_at FROM public.subscriptions s WHERE s.user_uuid = $1")
  static let invoiceInsert = sql(
    "INSERT", "invoices", 5.2,
    "INSERT INTO public.invoices (user_uuid, amount_cents, currency) VALUES ($1, $2, $3) RETURNING uuid")
  static let sessionsDelete = sql(
    "DELETE", "sessions", 4.8, rows: 20, "DELETE FROM public.sessions WHERE expires_at < now() AND user_uuid = $1")

  static let messageGroups = Statement(
    database: .dynamo, operation: "Query", table: "microblog-messages",
    text: "Query microblog-messages pk = :pk AND sk BEGINS_WITH :year",
    milliseconds: 8.5, rowCountMax: 20)
  static let messagePut = Statement(
    database: .dynamo, operation: "PutItem", table: "microblog-messages", text: "PutItem microblog-messages", milliseconds: 6.2)
  static let textSearch = Statement(
    database: .index, operation: "search", table: "activities",
    text: #"{"query":{"match":{"message":"?"}},"sort":[{"created_at":"desc"}],"size":20}"#, milliseconds: 28, rowCountMax: 20)
  static let indexWrite = Statement(
    database: .index, operation: "index", table: "activities", text: #"{"message":"?","user":"?","created_at":"?"}"#,
    milliseconds: 9)
}
