// SPDX-License-Identifier: Apache-2.0
// SwiftPM makes `main` of an executable named a-b a synonym for `a_b_main`: each of these starts libFuzzer, whose own `main` is then
// left out.
#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerRunDriver(int *argc, char ***argv, int (*callback)(const uint8_t *data, size_t size));

#define FUZZ_MAIN(name) \
  int name(int argc, char **argv) { return LLVMFuzzerRunDriver(&argc, &argv, LLVMFuzzerTestOneInput); }

FUZZ_MAIN(otlp_traces_main)
FUZZ_MAIN(otlp_logs_main)
FUZZ_MAIN(otlp_metrics_main)
FUZZ_MAIN(otlp_json_main)
FUZZ_MAIN(xray_filter_main)
FUZZ_MAIN(xray_segment_main)
FUZZ_MAIN(insights_query_main)
FUZZ_MAIN(log_lines_main)
FUZZ_MAIN(filter_patterns_main)
FUZZ_MAIN(secrets_main)
FUZZ_MAIN(rollbar_item_main)
FUZZ_MAIN(source_map_main)
FUZZ_MAIN(journal_main)
FUZZ_MAIN(segment_main)
FUZZ_MAIN(honeycomb_events_main)
FUZZ_MAIN(honeycomb_documents_main)
FUZZ_MAIN(honeycomb_boards_main)
FUZZ_MAIN(rql_main)
FUZZ_MAIN(occurrences_main)
FUZZ_MAIN(error_texts_main)
FUZZ_MAIN(metric_math_main)
FUZZ_MAIN(log_documents_main)
FUZZ_MAIN(formats_main)
FUZZ_MAIN(xray_calls_main)
FUZZ_MAIN(rollbar_documents_main)
FUZZ_MAIN(kit_headers_main)
FUZZ_MAIN(kit_wire_main)
