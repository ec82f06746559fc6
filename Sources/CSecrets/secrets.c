// SPDX-License-Identifier: Apache-2.0
// Looks at 32 bytes with some 30 instructions: three bytes that begin a name, by half bytes in tables (as Hyperscan's Teddy does), and
// four digits in a row. What is found is looked at byte by byte. Swift has no table look-up of vectors.
#include "CSecrets.h"
#include <string.h>

// The first three letters of each name; bit b of a table's byte says that prefix b has that half byte there.
static const char prefixes[8][4] = {"pas", "sec", "key", "aut", "cre", "tok", "bea", "pwd"};
static uint8_t low[3][16], high[3][16], whole[3][256];

__attribute__((constructor)) static void fill(void) {
  for (int prefix = 0; prefix < 10; prefix++)
    for (int place = 0; place < 3; place++)
      for (int upper = 0; upper < 2; upper++) {
        // The keys of AWS, AKIA and ASIA, share a bit with `aut`.
        const char *text = prefix < 8 ? prefixes[prefix] : prefix == 8 ? "aki" : "asi";
        uint8_t byte = (uint8_t)(upper ? text[place] - 32 : text[place]);
        uint8_t bit = (uint8_t)(1u << (prefix < 8 ? prefix : 3));
        low[place][byte & 15] |= bit;
        high[place][byte >> 4] |= bit;
        whole[place][byte] |= bit;
      }
}

static int is_digit(uint8_t byte) { return (uint8_t)(byte - '0') < 10; }
static int is_space(uint8_t byte) { return byte == ' ' || (uint8_t)(byte - 9) < 5; }
static uint8_t lower(uint8_t byte) { return (uint8_t)(byte - 'A') < 26 ? byte | 32 : byte; }

static int begins(const uint8_t *p, size_t at, size_t n, const char *word, size_t length) {
  if (n - at < length) return 0;
  for (size_t i = 0; i < length; i++)
    if (lower(p[at + i]) != (uint8_t)word[i]) return 0;
  return 1;
}

// True where the word ends at `at`.
static int ends(const uint8_t *p, size_t at, const char *word, size_t length) {
  return at >= length && begins(p, at - length, at, word, length);
}

// What must stand before `key`, with or without `_` or `-` between.
static int names_a_key(const uint8_t *p, size_t at) {
  if (at > 0 && (p[at - 1] == '_' || p[at - 1] == '-' || p[at - 1] == ' ')) at--;
  return ends(p, at, "api", 3) || ends(p, at, "secret", 6) || ends(p, at, "private", 7) || ends(p, at, "access", 6);
}

// True where a value follows a name that ends at `at`.
static int has_value(const uint8_t *p, size_t at, size_t n, int names_alone) {
  while (at < n && p[at] == '\\') at++;
  if (at == n) return 0;
  // A key of protobuf's KeyValue: the value's tag follows.
  if (p[at] == 0x12) return 1;
  int quoted = p[at] == '"' || p[at] == '\'';
  if (quoted) {
    if (names_alone) return 1;
    at++;
  }
  while (at < n && is_space(p[at])) at++;
  if (at == n || (p[at] != ':' && p[at] != '=')) return 0;
  if (!quoted) return 1;
  // A number, a boolean or null in JSON is no secret.
  for (at++; at < n && is_space(p[at]);) at++;
  return at < n && !is_digit(p[at]) && p[at] != '-' && p[at] != 't' && p[at] != 'f' && p[at] != 'n';
}

static int is_aws_key(const uint8_t *p, size_t at, size_t n) {
  if (n - at < 20 || (memcmp(p + at, "AKIA", 4) && memcmp(p + at, "ASIA", 4))) return 0;
  for (size_t i = 4; i < 20; i++)
    if (!is_digit(p[at + i]) && (uint8_t)(p[at + i] - 'A') > 25) return 0;
  return 1;
}

// The place behind the name that begins at `at` and has a value, or 0.
static size_t name_end(const uint8_t *p, size_t at, size_t n, int names_alone) {
#define IF(word) if (begins(p, at, n, word, sizeof word - 1)) length = sizeof word - 1
  size_t length = 0;
  switch (lower(p[at])) {
  case 'p':
    IF("password");
    else IF("passwd");
    else IF("pwd");
    if (length == 3 && !ends(p, at, "mysql", 5) && !ends(p, at, "mysql_", 6) && !ends(p, at, "mysql-", 6)) return 0;
    break;
  case 's': IF("secret"); break;
  case 'k':
    IF("key");
    if (!length || !names_a_key(p, at)) return 0;
    if (n - at >= 8 && !memcmp(p + at + 3, "-----", 5)) return at + 3;
    break;
  case 'a':
    if (is_aws_key(p, at, n)) return at + 4;
    IF("authorization");
    else IF("auth");
    break;
  case 'c':
    IF("credentials");
    else IF("credential");
    break;
  case 't': IF("token"); break;
  case 'b':
    IF("bearer");
    if (length && at + length < n && is_space(p[at + length])) return at + length;
    break;
  }
#undef IF
  return length && has_value(p, at + length, n, names_alone) ? at + length : 0;
}

// True where `wanted` digits from `at` on, with single blanks or hyphens between, are a card's number.
static int is_card_of(const uint8_t *p, size_t at, size_t n, int wanted) {
  int sum = 0, count = 0;
  for (; at < n && count < wanted; at++) {
    if (is_digit(p[at])) {
      int digit = p[at] - '0';
      if (((wanted - count) & 1) == 0) digit = digit > 4 ? digit * 2 - 9 : digit * 2;
      sum += digit;
      count++;
    } else if ((p[at] != ' ' && p[at] != '-') || at + 1 == n || !is_digit(p[at + 1])) {
      return 0;
    }
  }
  return count == wanted && sum % 10 == 0;
}

static int is_card(const uint8_t *p, size_t at, size_t n) {
  if (n - at < 15) return 0;
  uint8_t first = p[at], second = p[at + 1];
  if (first == '3') return (second == '4' || second == '7') && is_card_of(p, at, n, 15);
  if (first == '5' ? second < '1' || second > '5' : first == '2' ? second < '2' || second > '7' : first == '6' ? second != '0' && second != '5' : first != '4') return 0;
  return is_card_of(p, at, n, 16);
}

static int is_separator(uint8_t byte) { return byte == ' ' || byte == '-'; }

// A card's number in or from the run of digits that begins at `at`. What stands before a text (its length in protobuf, the line before) may
// be a digit too, so the first group of a number in groups is counted from its end, and a run that is longer than a number is tried from both.
static int has_card(const uint8_t *p, size_t at, size_t n) {
  size_t end = at;
  while (end < n && is_digit(p[end])) end++;
  size_t run = end - at;
  if (run < 15) return run >= 4 && end < n && is_separator(p[end]) && is_card(p, end - 4, n);
  if (run <= 16) return is_card(p, at, n);
  // Times in nanoseconds have 19 digits.
  return run != 19 && (is_card(p, at, n) || is_card(p, end - 16, n) || is_card(p, end - 15, n));
}

static size_t by_bytes(const uint8_t *p, size_t from, size_t at, size_t n, int names_alone) {
  for (; at + 3 <= n; at++) {
    if (whole[0][p[at]] & whole[1][p[at + 1]] & whole[2][p[at + 2]]) {
      size_t end = name_end(p, at, n, names_alone);
      if (end) return end;
    }
    if (is_digit(p[at]) && (at == from || !is_digit(p[at - 1])) && has_card(p, at, n)) return at;
  }
  return n;
}

#if defined(__x86_64__)
#include <immintrin.h>
__attribute__((target("avx2"))) static size_t by_vectors(const uint8_t *p, size_t from, size_t n, int names_alone) {
  const __m256i nibble = _mm256_set1_epi8(15), zero = _mm256_setzero_si256();
  const __m256i before_zero = _mm256_set1_epi8('0'), nine = _mm256_set1_epi8(9);
  __m256i lows[3], highs[3];
  for (int place = 0; place < 3; place++) {
    lows[place] = _mm256_broadcastsi128_si256(_mm_loadu_si128((const __m128i *)low[place]));
    highs[place] = _mm256_broadcastsi128_si256(_mm_loadu_si128((const __m128i *)high[place]));
  }
  // Digits of the 32 bytes before, so that four in a row are seen across the border.
  uint32_t digits_before = 0;
  size_t at = from;
  for (; at + 34 <= n; at += 32) {
    __m256i found = _mm256_set1_epi8(-1), first = zero;
    for (int place = 0; place < 3; place++) {
      __m256i bytes = _mm256_loadu_si256((const __m256i *)(p + at + place));
      if (place == 0) first = bytes;
      __m256i by_low = _mm256_shuffle_epi8(lows[place], _mm256_and_si256(bytes, nibble));
      __m256i by_high = _mm256_shuffle_epi8(highs[place], _mm256_and_si256(_mm256_srli_epi16(bytes, 4), nibble));
      found = _mm256_and_si256(found, _mm256_and_si256(by_low, by_high));
    }
    uint32_t names = ~(uint32_t)_mm256_movemask_epi8(_mm256_cmpeq_epi8(found, zero));
    __m256i above = _mm256_sub_epi8(first, before_zero);
    uint32_t digits = (uint32_t)_mm256_movemask_epi8(_mm256_cmpeq_epi8(_mm256_min_epu8(above, nine), above));
    uint64_t both = (uint64_t)digits << 32 | digits_before;
    uint64_t runs = both & both >> 1 & both >> 2 & both >> 3 & ~(both << 1) & 0x1fffffffe0000000;
    digits_before = digits;
    // The first place counts: who goes on behind a name must not have passed over a number.
    size_t name = n, end = 0;
    for (; names && !end; names &= names - 1) {
      name = at + (size_t)__builtin_ctz(names);
      end = name_end(p, name, n, names_alone);
    }
    for (; runs; runs &= runs - 1) {
      int bit = __builtin_ctzll(runs), run = __builtin_ctzll(~(both >> bit) | 1ull << 63);
      size_t start = at + (size_t)bit - 32;
      if (end && start > name) break;
      // Most runs are too short, and nothing follows them.
      if (bit + run < 64 && run < 15 && !is_separator(p[start + (size_t)run])) continue;
      if (has_card(p, start, n)) return start;
    }
    if (end) return end;
  }
  // A run that began before the last bytes is looked at from its beginning.
  size_t rest = at;
  while (rest > from && at - rest < 4 && is_digit(p[rest - 1])) rest--;
  return by_bytes(p, from, rest, n, names_alone);
}
static int has_vectors(void) { return __builtin_cpu_supports("avx2"); }
#else
static size_t by_vectors(const uint8_t *p, size_t from, size_t n, int names_alone) { return by_bytes(p, from, from, n, names_alone); }
static int has_vectors(void) { return 0; }
#endif

size_t cairn_secret_next(const uint8_t *bytes, size_t from, size_t count, int names_alone) {
  if (from >= count) return count;
  return has_vectors() ? by_vectors(bytes, from, count, names_alone) : by_bytes(bytes, from, from, count, names_alone);
}
