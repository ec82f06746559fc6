// SPDX-License-Identifier: Apache-2.0
#ifndef CAIRN_CRC32C_H
#define CAIRN_CRC32C_H
#include <stddef.h>
#include <stdint.h>

/// CRC32C (Castagnoli, reflected) of `count` bytes, continuing from `seed` (0 for a new sum).
/// Uses the SSE4.2 or ARMv8 instruction where the machine has it, else a table.
uint32_t cairn_crc32c(uint32_t seed, const void *bytes, size_t count);

#endif
