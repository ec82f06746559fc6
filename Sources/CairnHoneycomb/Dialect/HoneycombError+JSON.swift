// SPDX-License-Identifier: Apache-2.0
internal import CairnFormats

extension HoneycombError {
  /// `application/problem+json`, or `application/json` for the problems that have only the older form.
  public var contentType: String { slug == nil ? "application/json" : "application/problem+json" }

  /// The body of the answer, in the form that `contentType` names.
  ///
  /// ```json
  /// {"status": 422, "type": "https://api.honeycomb.io/problems/validation-failed", "title": "…", "error": "…", "detail": "…",
  ///  "type_detail": [{"field": "limit", "code": "invalid", "description": "…"}]}
  /// ```
  /// The type URIs are Honeycomb's own, since clients compare them.
  public var body: [UInt8] {
    guard let slug else { return legacyBody }
    var writer = JSONWriter()
    writer.beginObject()
    writer.member("status", status)
    writer.member("type", "https://api.honeycomb.io/problems/" + slug)
    writer.member("title", title)
    // Clients that show one line show `error`: the kind of problem where `type_detail` tells the rest.
    writer.member("error", details.isEmpty ? message : title)
    writer.member("detail", message)
    if !details.isEmpty { writeDetails(&writer) }
    writer.endObject()
    return writer.finish()
  }

  /// The older form, `{"error": "…"}`.
  public var legacyBody: [UInt8] {
    var writer = JSONWriter()
    writer.beginObject()
    writer.member("error", message)
    writer.endObject()
    return writer.finish()
  }

  private func writeDetails(_ writer: inout JSONWriter) {
    writer.key("type_detail")
    writer.beginArray()
    for detail in details {
      writer.beginObject()
      writer.member("field", detail.field)
      writer.member("code", detail.code.rawValue)
      writer.member("description", detail.description)
      writer.endObject()
    }
    writer.endArray()
  }
}
