// SPDX-License-Identifier: Apache-2.0
#include "CRE2.h"

#include <re2/re2.h>

#include <cstring>
#include <string>
#include <vector>

struct cre2_pattern {
  re2::RE2 program;
  std::vector<std::string> names;

  cre2_pattern(re2::StringPiece text, const re2::RE2::Options &options) : program(text, options) {
    if (!program.ok()) return;
    names.resize(static_cast<size_t>(program.NumberOfCapturingGroups()) + 1);
    for (const auto &entry : program.CapturingGroupNames()) names[static_cast<size_t>(entry.first)] = entry.second;
  }
};

static re2::StringPiece piece(const uint8_t *text, size_t count) {
  return re2::StringPiece(count == 0 ? "" : reinterpret_cast<const char *>(text), count);
}

static void tell(const char *text, char *reason, size_t capacity) {
  if (capacity == 0) return;
  std::strncpy(reason, text, capacity - 1);
  reason[capacity - 1] = 0;
}

cre2_pattern *cre2_make(
  const uint8_t *text, size_t count, bool ignores_case, bool is_literal, size_t memory_max, char *reason, size_t reason_capacity) {
  try {
    re2::RE2::Options options;
    options.set_log_errors(false);
    options.set_case_sensitive(!ignores_case);
    options.set_literal(is_literal);
    options.set_max_mem(static_cast<int64_t>(memory_max));
    auto *made = new cre2_pattern(piece(text, count), options);
    if (made->program.ok()) return made;
    tell(made->program.error().c_str(), reason, reason_capacity);
    delete made;
  } catch (...) {
    tell("out of memory", reason, reason_capacity);
  }
  return nullptr;
}

void cre2_free(cre2_pattern *pattern) { delete pattern; }

size_t cre2_group_count(const cre2_pattern *pattern) { return pattern->names.size() - 1; }

const char *cre2_group_name(const cre2_pattern *pattern, size_t group) {
  if (group >= pattern->names.size() || pattern->names[group].empty()) return nullptr;
  return pattern->names[group].c_str();
}

bool cre2_find(
  const cre2_pattern *pattern, const uint8_t *text, size_t count, size_t start, cre2_range *groups, size_t group_count) {
  if (start > count) return false;
  try {
    re2::StringPiece few[8];
    std::vector<re2::StringPiece> many;
    re2::StringPiece *found = few;
    if (group_count > 8) {
      many.resize(group_count);
      found = many.data();
    }
    const auto whole = piece(text, count);
    if (!pattern->program.Match(whole, start, count, re2::RE2::UNANCHORED, found, static_cast<int>(group_count))) return false;
    for (size_t index = 0; index < group_count; index++) {
      if (found[index].data() == nullptr) {
        groups[index] = {-1, -1};
      } else {
        const ptrdiff_t from = found[index].data() - whole.data();
        groups[index] = {from, from + static_cast<ptrdiff_t>(found[index].size())};
      }
    }
    return true;
  } catch (...) {
    return false;
  }
}

void cre2_mark(
  const cre2_pattern *pattern, const uint8_t *text, const uint32_t *ends, size_t entry_count, uint8_t *flags) {
  try {
    size_t start = 0;
    for (size_t entry = 0; entry < entry_count; entry++) {
      const size_t end = ends[entry];
      const auto value = piece(text + start, end - start);
      flags[entry] = pattern->program.Match(value, 0, end - start, re2::RE2::UNANCHORED, nullptr, 0) ? 1 : 0;
      start = end;
    }
  } catch (...) {
  }
}
