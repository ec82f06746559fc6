// SPDX-License-Identifier: Apache-2.0
internal import Crypto

/// The first four bytes, big-endian, of the SHA-1 of a text. No secret depends on it: others' protocols ask for this very hash.
func firstWordOfSHA1(_ text: String) -> UInt32 {
  var word: UInt32 = 0
  for byte in Insecure.SHA1.hash(data: Array(text.utf8)).prefix(4) { word = word << 8 | UInt32(byte) }
  return word
}
