// SPDX-License-Identifier: Apache-2.0
public import CairnFormats
public import CairnPlan

/// A question that is asked again and again, and the value of its answer that somebody is to hear of.
///
/// ```json
/// {"id": "1c9e04f2", "name": "checkout is slow", "dataset_slug": "shop", "query": {"calculations": [{"op": "P95", "column":
///  "duration_ms"}], "breakdowns": ["http.route"], "time_range": 900}, "query_id": "…", "threshold": {"op": ">", "value": 500,
///  "exceeded_limit": 1}, "frequency": 300, "alert_type": "on_change", "disabled": false, "triggered": false,
///  "recipients": [{"id": "77aa01bc", "type": "email", "target": "ops@example.com"}], "evaluation_schedule_type": "frequency",
///  "baseline_details": {"type": "percentage", "offset_minutes": 1440}}
/// ```
/// Source: the `BaseTrigger` schema of Honeycomb's OpenAPI document. Refused with a reason: `auto_investigate`.
public struct HoneycombTrigger: Sendable, Hashable {
  /// When to tell; raw values are the wire's.
  public enum AlertType: String, Sendable, Hashable, CaseIterable {
    /// When it begins and when it is over.
    case onChange = "on_change"
    /// Each time that the question is asked and the threshold met.
    case onTrue = "on_true"
  }
  /// What a value is held against.
  public struct Threshold: Sendable, Hashable {
    public var comparison = Comparison.greater
    public var value = 0.0
    /// How often in a row the threshold has to be met: 1 to 5.
    public var exceededLimit = 1
  }
  /// When in the week the question is asked: UTC.
  public struct Window: Sendable, Hashable {
    /// 0 is Sunday.
    public var days: [Int]
    /// Minutes of the day; a window that does not end behind its start ends on the next day.
    public var startMinute: Int
    public var endMinute: Int
  }
  /// The earlier time from which the value's change is held against the threshold, instead of the value.
  public struct Baseline: Sendable, Hashable {
    /// How the change is told; raw values are the wire's.
    public enum Kind: String, Sendable, Hashable {
      /// Now less then.
      case value
      /// The same in percent of what was then.
      case percentage
    }
    public var kind: Kind
    /// One of 60, 1440, 10,080 and 40,320.
    public var offsetMinutes: Int64
  }
  /// A recipient as a trigger names it.
  public struct Receiver: Sendable, Hashable {
    /// Empty where the client gave a type and a target.
    public var id: String
    public var type: String
    public var target: String
    /// `details.pagerduty_severity`: critical, error, warning or info; nil where the client says nothing.
    public var severity: String?

    public init(id: String, type: String, target: String, severity: String? = nil) {
      self.id = id
      self.type = type
      self.target = target
      self.severity = severity
    }
  }
  public struct Tag: Sendable, Hashable {
    public var key: String
    public var value: String
  }

  public var id: String
  /// A dataset's slug, or `__all__`.
  public var dataset: String
  public internal(set) var name = ""
  public internal(set) var description = ""
  public internal(set) var query: HoneycombQuery
  /// Under which the query is kept.
  public var queryID = ""
  public internal(set) var threshold = Threshold()
  public internal(set) var frequencySeconds: Int64 = 900
  public internal(set) var alertType = AlertType.onChange
  public internal(set) var isDisabled = false
  public var receivers: [Receiver] = []
  public internal(set) var window: Window?
  public internal(set) var baseline: Baseline?
  public internal(set) var tags: [Tag] = []
  /// True while the threshold is met.
  public var isTriggered = false
  public var createdUnixNanoseconds: Int64
  public var updatedUnixNanoseconds: Int64

  static let days = ["sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"]

  /// Reads what a client sends.
  public init(parsing json: JSONValue, id: String, dataset: String, nowUnixNanoseconds: Int64) throws(HoneycombError) {
    self.id = id
    self.dataset = dataset
    query = HoneycombQuery(rules: .honeycomb)
    (createdUnixNanoseconds, updatedUnixNanoseconds) = (nowUnixNanoseconds, nowUnixNanoseconds)
    try read(json, isNew: true)
  }

  /// The trigger with what a client sends in its place; what it does not name stays.
  public mutating func change(_ json: JSONValue, nowUnixNanoseconds: Int64) throws(HoneycombError) {
    try read(json, isNew: false)
    updatedUnixNanoseconds = nowUnixNanoseconds
  }

  /// Whether the question is asked at this time.
  public func isScheduled(atUnixNanoseconds now: Int64) -> Bool {
    guard let window else { return true }
    let minutes = now / (60 * HoneycombTime.nanosecondsPerSecond)
    let (minute, day) = (Int(minutes % 1440), Int((minutes / 1440 + 4) % 7))
    if window.startMinute < window.endMinute {
      return window.days.contains(day) && (window.startMinute..<window.endMinute).contains(minute)
    }
    // Over midnight, or for a whole day: the hours behind it belong to the day on which the window opened.
    return minute >= window.startMinute ? window.days.contains(day) : minute < window.endMinute && window.days.contains((day + 6) % 7)
  }

  /// Writes the trigger as one object.
  public func write(to writer: inout JSONWriter) {
    writer.beginObject()
    writer.member("id", id)
    writer.member("dataset_slug", dataset)
    writer.member("name", name)
    writer.member("description", description)
    writer.key("query")
    query.write(to: &writer)
    writer.member("query_id", queryID)
    writer.key("threshold")
    writer.beginObject()
    writer.member("op", Self.name(of: threshold.comparison))
    writer.member("value", threshold.value)
    writer.member("exceeded_limit", threshold.exceededLimit)
    writer.endObject()
    writer.member("frequency", frequencySeconds)
    writer.member("alert_type", alertType.rawValue)
    writer.member("disabled", isDisabled)
    writer.member("triggered", isTriggered)
    writer.objects("recipients", receivers) { $0.write(&$1) }
    writer.member("evaluation_schedule_type", window == nil ? "frequency" : "window")
    if let window { write(window, &writer) }
    if let baseline {
      writer.key("baseline_details")
      writer.beginObject()
      writer.member("type", baseline.kind.rawValue)
      writer.member("offset_minutes", baseline.offsetMinutes)
      writer.endObject()
    }
    writer.objects("tags", tags) { (tag, writer) in
      writer.member("key", tag.key)
      writer.member("value", tag.value)
    }
    writer.member("created_at", RFC3339.text(unixNanoseconds: createdUnixNanoseconds))
    writer.member("updated_at", RFC3339.text(unixNanoseconds: updatedUnixNanoseconds))
    writer.endObject()
  }

  private func write(_ window: Window, _ writer: inout JSONWriter) {
    let clock = { (minute: Int) in "\(minute / 600)\(minute / 60 % 10):\(minute % 60 / 10)\(minute % 10)" }
    writer.key("evaluation_schedule")
    writer.beginObject()
    writer.key("window")
    writer.beginObject()
    writer.member("days_of_week", window.days.map { Self.days[$0] })
    writer.member("start_time", clock(window.startMinute))
    writer.member("end_time", clock(window.endMinute))
    writer.endObject()
    writer.endObject()
  }

  /// A comparison's name on the wire.
  public static func name(of comparison: Comparison) -> String {
    HoneycombQuery.comparisons.first { $0.comparison == comparison }?.name ?? ">"
  }
}
