// SPDX-License-Identifier: Apache-2.0
import Foundation
import Logging
import Tracing

extension Feed {
  /// The same with the spans and the line that this request of `Examples/cruddur` has.
  func home(_ log: Logger, user: String) async throws -> [Post] {
    try await withSpan("home-activities") { span in
      span.attributes["user.id"] = user
      span.attributes["app.now"] = Date().ISO8601Format()
      let posts = try await withSpan("SELECT activity", ofKind: .client) { query in
        query.attributes["db.system.name"] = "sqlite"
        query.attributes["db.namespace"] = "cruddur"
        query.attributes["db.query.text"] = Self.sql
        let posts = try await home()
        query.attributes["db.response.returned_rows"] = posts.count
        return posts
      }
      span.attributes["app.result_length"] = posts.count
      log.info("HomeActivities", metadata: ["user.id": .string(user), "results": .stringConvertible(posts.count)])
      return posts
    }
  }
}
