// SPDX-License-Identifier: Apache-2.0

extension KitSettings {
  /// The same with numbers that can be meant: a program may have set any. Those of the environment have been looked at already.
  var bounded: KitSettings {
    var settings = self
    settings.spanLimits = spanLimits.bounded
    settings.logLimits = logLimits.bounded
    settings.shutdownTimeout = shutdownTimeout.bounded
    settings.metricInterval = max(metricInterval.bounded, .milliseconds(100))
    settings.metricExportTimeout = metricExportTimeout.bounded
    settings.otlpTraces.timeout = otlpTraces.timeout.bounded
    settings.otlpLogs.timeout = otlpLogs.timeout.bounded
    settings.otlpMetrics.timeout = otlpMetrics.timeout.bounded
    return settings
  }
}

extension RecordLimits {
  fileprivate var bounded: RecordLimits {
    var limits = self
    limits.attributeCount = max(0, attributeCount)
    limits.attributeValueLength = attributeValueLength.map { max(0, $0) }
    limits.eventCount = max(0, eventCount)
    limits.linkCount = max(0, linkCount)
    limits.attributeCountPerEvent = max(0, attributeCountPerEvent)
    limits.attributeCountPerLink = max(0, attributeCountPerLink)
    return limits
  }
}

extension Duration {
  /// From none to 24 days: clocks trap where the end of a wait is beyond what they can count to.
  fileprivate var bounded: Duration { min(max(self, .zero), .milliseconds(Int32.max)) }
}
