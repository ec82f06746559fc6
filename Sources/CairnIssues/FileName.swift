// SPDX-License-Identifier: Apache-2.0

// The part of a frame's file that stays the same from deploy to deploy.
//
//   \ becomes /; scheme and host, ?query and #fragment go
//   the program's root goes; behind a package folder (site-packages, node_modules, go/pkg/mod, gems) only the package's own path stays
//   segments that are a commit, a version, a date, or `releases`, `current`, `shared` go; `@version` goes from a segment's end
//   a content hash in a bundle's name becomes <hash>
//   a gem's folder loses its version: rails-7.0.4, nokogiri-1.15.4-x86_64-linux, and with a commit shop-3f9a1c2b
//   outside the root the last three segments stay

/// A file's name for grouping, and whether it lies under the program's root.
func normalizedFile(_ file: [UInt8], root: [UInt8], _ step: CG1Step = .modules) -> (name: [UInt8], isUnderRoot: Bool) {
  var path = withoutOrigin(withSlashes(file))
  if let end = path.firstIndex(where: { $0 == 0x3F || $0 == 0x23 }) { path.removeSubrange(end...) }
  var isUnderRoot = false
  if !root.isEmpty {
    var folder = withSlashes(root)
    while folder.last == 0x2F { folder.removeLast() }
    folder.append(0x2F)
    if path.starts(with: folder) {
      path.removeSubrange(..<folder.count)
      isUnderRoot = true
    }
  }
  if let start = packagePathStart(path) { path.removeSubrange(..<start) }
  let isGem = step.rawValue >= CG1Step.gems.rawValue && path.first("gems/") != nil
  var segments: [[UInt8]] = []
  for part in path.split(separator: 0x2F) {
    let segment = Array(part)
    if !isCommit(segment), !isVersionFolder(segment) { segments.append(withoutVersion(isGem ? withoutGemVersion(segment) : segment)) }
  }
  if let last = segments.popLast() { segments.append(withoutContentHash(last)) }
  return (Array((isUnderRoot ? segments[...] : segments.suffix(3)).joined(separator: [0x2F])), isUnderRoot)
}

/// The path with `/` for each `\`.
func withSlashes(_ path: [UInt8]) -> [UInt8] {
  guard path.contains(0x5C) else { return path }
  return path.map { $0 == 0x5C ? 0x2F : $0 }
}

/// The text without `scheme://host` at its start.
private func withoutOrigin(_ path: [UInt8]) -> [UInt8] {
  let scheme = path.run(0) { $0 &- 97 < 26 }
  guard scheme > 0, path.has("://", at: scheme) else { return path }
  return Array(path[path.run(scheme + 3) { $0 != 0x2F }...])
}

/// Where a package's own path starts: behind the first package folder.
private func packagePathStart(_ path: [UInt8]) -> Int? {
  for index in path.indices {
    switch path[index] {
    case 0x73 where path.has("site-packages/", at: index): return index + 14
    case 0x64 where path.has("dist-packages/", at: index): return index + 14
    case 0x6E where path.has("node_modules/", at: index): return index + 13
    case 0x2F where path.has("/go/pkg/mod/", at: index): return index + 12
    case 0x2F where path.has("/gems/", at: index): return index + 6
    default: continue
    }
  }
  return nil
}

/// 7 to 64 hex digits with a decimal one among them.
private func isCommit(_ segment: [UInt8]) -> Bool {
  (7...64).contains(segment.count) && segment.allSatisfy(isHex) && segment.contains(where: isDigit)
}

/// A version (`v1.2.3-rc1`), a date of digits, or the folders of a deploy tool.
private func isVersionFolder(_ segment: [UInt8]) -> Bool {
  if (8...14).contains(segment.count), segment.allSatisfy(isDigit) { return true }
  let lower = segment.map { $0 &- 65 < 26 ? $0 | 0x20 : $0 }
  if lower.equals("release") || lower.equals("releases") || lower.equals("current") || lower.equals("shared") { return true }
  let start = lower.first == 0x76 ? 1 : 0
  let dot = lower.run(start, isDigit)
  guard dot > start, dot + 1 < lower.count, lower[dot] == 0x2E, isDigit(lower[dot + 1]) else { return false }
  return lower[dot...].allSatisfy { isWord($0) || $0 == 0x2D || $0 == 0x2B || $0 == 0x2E }
}

/// The segment without `@v1.2.3` at its end.
private func withoutVersion(_ segment: [UInt8]) -> [UInt8] {
  for index in segment.indices where segment[index] == 0x40 {
    var start = index + 1
    if start < segment.count, segment[start] == 0x76 { start += 1 }
    guard start < segment.count, isDigit(segment[start]) else { continue }
    if segment[start...].allSatisfy({ isWord($0) || $0 == 0x2E || $0 == 0x2D || $0 == 0x2B }) { return Array(segment[..<index]) }
  }
  return segment
}

/// A gem's folder without the version or the commit behind its name.
private func withoutGemVersion(_ segment: [UInt8]) -> [UInt8] {
  for index in segment.indices.dropFirst() where segment[index] == 0x2D {
    let rest = segment[(index + 1)...]
    let isVersion = rest.first.map(isDigit) == true && rest.contains(0x2E) && rest.allSatisfy { isWord($0) || $0 == 0x2E || $0 == 0x2D }
    if isVersion || isCommit(Array(rest)) { return Array(segment[..<index]) }
  }
  return segment
}

/// The name with `<hash>` for 6 to 40 hex digits between a separator and a dot.
private func withoutContentHash(_ name: [UInt8]) -> [UInt8] {
  name.replacing(with: "<hash>") { (name, index) in
    guard index > 0, name[index - 1] == 0x2E || name[index - 1] == 0x2D || name[index - 1] == 0x5F else { return nil }
    let end = name.run(index, isHex)
    guard (6...40).contains(end - index), end < name.count, name[end] == 0x2E else { return nil }
    return name[index..<end].contains(where: isDigit) ? end : nil
  }
}
