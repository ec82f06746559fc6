// SPDX-License-Identifier: Apache-2.0
internal import CairnBytes
internal import CZlib
internal import CZstd

/// Unpacks request bodies under an output budget.
///
/// - gzip (RFC 1952): any number of members, one after another
/// - deflate: the zlib format (RFC 1950), or a raw deflate stream (RFC 1951) as some clients send it
/// - zstd (RFC 8878): any number of frames, skippable ones included; windows up to 8 MiB, no dictionaries
///
/// The whole input is in memory, the output is made piece by piece: memory never exceeds the budget and one window (32 KiB, or 8 MiB
/// for zstd). The budget is `limitBytes`, and 1000 times the input where that is less and more than 1 MiB: bodies that people send
/// stay far below it (gzip cannot reach more than 1032, zstd reaches 32,000), so a small body costs little whatever it hides.
/// A truncated body and bytes behind the end are `.malformed`.
/// Contexts are made on first use and kept; a call allocates only to grow the output. One owner, one thread at a time.
@safe
public struct Inflater: ~Copyable, @unchecked Sendable {
  // Proof for `@unchecked Sendable`: the contexts have one owner that cannot be copied, and neither library ties them to a thread.
  /// At a fixed address, because zlib's state points back to it.
  var zlibStream: UnsafeMutablePointer<z_stream>?
  var zstdContext: OpaquePointer?

  /// The budget where the caller names none; OTLP's recommendation.
  public static let limitBytesDefault = 64 << 20
  /// The largest zstd window as a power of two: 8 MiB, what RFC 8878 asks every decoder to support.
  static let windowLogMax: Int32 = 23

  /// An inflater without contexts.
  public init() {
    unsafe zlibStream = nil
    unsafe zstdContext = nil
  }

  deinit {
    if let zlibStream = unsafe zlibStream {
      unsafe inflateEnd(zlibStream)
      unsafe zlibStream.deallocate()
    }
    unsafe ZSTD_freeDCtx(zstdContext)
  }

  /// Replaces the contents of `output` with the unpacked `input`; after an error `output` is empty.
  ///
  /// `identity` copies; callers that can use the input as it is should.
  public mutating func inflate(
    _ input: RawSpan, _ encoding: ContentEncoding, into output: inout InflateBuffer, limitBytes: Int = limitBytesDefault
  ) throws(InflateError) {
    precondition(limitBytes >= 0 && limitBytes < Int.max / 2, "the output budget is a number of bytes")
    output.removeAll()
    let limit = Self.budget(limitBytes, inputByteCount: input.byteCount)
    do throws(InflateError) {
      switch encoding {
      case .identity: try copy(input, &output, limit: limitBytes)
      case .gzip: try inflateZlib(input, .gzip, &output, limit: limit)
      case .deflate: try inflateZlib(input, Self.hasZlibHeader(input) ? .zlib : .raw, &output, limit: limit)
      case .zstd: try inflateZstd(input, &output, limit: limit)
      }
    } catch {
      output.removeAll()
      throw error
    }
  }

  static func budget(_ limitBytes: Int, inputByteCount: Int) -> Int {
    let (scaled, overflow) = inputByteCount.multipliedReportingOverflow(by: 1000)
    return overflow ? limitBytes : min(limitBytes, max(1 << 20, scaled))
  }

  /// The first size of an output, in bytes: four times the input, the usual ratio of telemetry.
  static func firstCapacity(_ input: RawSpan, limit: Int) -> Int {
    min(limit + 1, max(1 << 16, min(input.byteCount, 1 << 24) * 4))
  }

  /// The zlib format starts with method 8 and two bytes that are together a multiple of 31; few raw streams do.
  private static func hasZlibHeader(_ input: RawSpan) -> Bool {
    guard input.byteCount >= 2 else { return true }
    let first = loadByte(input, 0)
    return first & 15 == 8 && (UInt16(first) << 8 | UInt16(loadByte(input, 1))) % 31 == 0
  }

  private func copy(_ input: RawSpan, _ output: inout InflateBuffer, limit: Int) throws(InflateError) {
    guard input.byteCount <= limit else { throw .tooLarge(limitBytes: limit) }
    guard input.byteCount > 0 else { return }
    output.reserve(input.byteCount, capacityMax: input.byteCount)
    unsafe output.append { (free) in
      unsafe input.withUnsafeBytes { unsafe free.copyMemory(from: $0) }
      return input.byteCount
    }
  }
}
