// SPDX-License-Identifier: Apache-2.0

/// What is told at each export, as `OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE` has it.
public enum Temporality: String, Sendable, Hashable, CaseIterable {
  /// Everything since the start.
  case cumulative
  /// What came since the last export.
  case delta
  /// Differences of counters and histograms, which then need no memory of the past; sums that are only observed since the start.
  case lowmemory
}

/// How values are spread over buckets, as `OTEL_EXPORTER_OTLP_METRICS_DEFAULT_HISTOGRAM_AGGREGATION` has it.
public enum HistogramAggregation: String, Sendable, Hashable, CaseIterable {
  /// Bounds that are known beforehand.
  case explicit = "explicit_bucket_histogram"
  /// Bounds that follow the values.
  case exponential = "base2_exponential_bucket_histogram"
}

/// Which values of a histogram may be its examples, as `OTEL_METRICS_EXEMPLAR_FILTER` has it.
public enum ExemplarFilter: String, Sendable, Hashable, CaseIterable {
  case alwaysOn = "always_on"
  case alwaysOff = "always_off"
  /// Those that were recorded inside a sampled span.
  case traceBased = "trace_based"
}
