// SPDX-License-Identifier: Apache-2.0
// RE2 behind C: what Swift needs of it, and no exception crosses.
#ifndef CRE2_H
#define CRE2_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/// A compiled pattern; may be used from several threads at once.
typedef struct cre2_pattern cre2_pattern;

/// Where a group matched, in bytes from the start of the text; start is -1 where it took no part.
typedef struct {
  ptrdiff_t start;
  ptrdiff_t end;
} cre2_range;

/// NULL where the pattern cannot be compiled: `reason` (of `reason_capacity` bytes) then holds why, with a zero at its end.
cre2_pattern *cre2_make(
  const uint8_t *text, size_t count, bool ignores_case, bool is_literal, size_t memory_max, char *reason, size_t reason_capacity);
void cre2_free(cre2_pattern *pattern);
/// Without the whole match, which is group 0.
size_t cre2_group_count(const cre2_pattern *pattern);
/// The name of a group from 1 on, or NULL; lives as long as the pattern.
const char *cre2_group_name(const cre2_pattern *pattern, size_t group);
/// Finds the first match at or after `start`; fills `groups[0 ..< group_count]` where it is found.
bool cre2_find(
  const cre2_pattern *pattern, const uint8_t *text, size_t count, size_t start, cre2_range *groups, size_t group_count);
/// For each of `entry_count` texts that lie end to end in `text`: flags[i] becomes 1 where it has a match, else 0.
void cre2_mark(
  const cre2_pattern *pattern, const uint8_t *text, const uint32_t *ends, size_t entry_count, uint8_t *flags);

#ifdef __cplusplus
}
#endif
#endif
