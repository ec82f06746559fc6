// SPDX-License-Identifier: Apache-2.0
// The files of web/, inside the program.
#pragma once
#include <stddef.h>

/// One file: its path below web/, and its bytes.
typedef struct {
  const char *path;
  const unsigned char *bytes;
  size_t count;
} cairn_web_file;

/// How many files there are.
extern const size_t cairn_web_file_count;

/// The file with this number, in the order of the paths; `index` is less than the count.
cairn_web_file cairn_web_file_at(size_t index);
