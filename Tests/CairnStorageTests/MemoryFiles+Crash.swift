// SPDX-License-Identifier: Apache-2.0
import CairnBytes
import Glibc
import Synchronization
import TestSupport
@testable import CairnStorage

extension MemoryFiles.Image {
  mutating func apply(_ change: MemoryFiles.NameChange) {
    switch change {
    case .link(let path, let node): durableNames[path] = node
    case .unlink(let path): durableNames[path] = nil
    case .move(let path, let newPath, let node):
      if durableNames[path] == node { durableNames[path] = nil }
      durableNames[newPath] = node
    }
  }

  /// Everything as it is, all of it durable.
  func settled() -> MemoryFiles.Image {
    var image = MemoryFiles.Image()
    image.nextNode = nextNode
    for (path, node) in names {
      let live = contents[node]?.live ?? []
      image.contents[node] = MemoryFiles.Content(live: live, durable: live)
      image.names[path] = node
    }
    image.durableNames = image.names
    return image
  }

  /// What may be left after a cut.
  func cut(_ generator: inout SeededGenerator) -> MemoryFiles.Image {
    var image = self
    for folder in changes.keys.sorted() {
      let pending = changes[folder] ?? []
      if generator.oneIn(2) {
        for change in pending.prefix(generator.below(pending.count + 1)) { image.apply(change) }
      } else {
        for change in pending where generator.oneIn(2) { image.apply(change) }
      }
    }
    image.names = image.durableNames
    for node in Set(image.names.values).sorted() {
      image.contents[node] = Self.cut(contents[node] ?? MemoryFiles.Content(), &generator)
    }
    return image.settled()
  }

  private static func cut(_ content: MemoryFiles.Content, _ generator: inout SeededGenerator) -> MemoryFiles.Content {
    var content = content
    guard content.live != content.durable else { return content }
    guard content.live.starts(with: content.durable) else {
      // It was cut short in between: the old bytes may be back.
      if generator.oneIn(2) { content.live = content.durable }
      return content
    }
    let first = content.durable.count
    let appended = content.live.count - first
    let kept = [0, appended, generator.below(appended + 1), generator.below(appended + 1)][generator.below(4)]
    content.live.removeSubrange((first + kept)...)
    let style = generator.below(3)
    guard style > 0 else { return content }
    // Sectors that grew the file and never got their bytes.
    for sector in stride(from: first / 512 * 512, to: content.live.count, by: 512) where style == 2 || generator.oneIn(3) {
      for index in max(first, sector)..<min(sector + 512, content.live.count) { content.live[index] = 0 }
    }
    return content
  }
}
