// SPDX-License-Identifier: Apache-2.0
import CairnHoneycomb
import Testing

@Suite struct HoneycombDatasetTests {
  @Test func aDatasetIsWrittenWhole() {
    let dataset = HoneycombDataset(
      name: "My Dataset!", slug: "my-dataset-", columnCount: 3, lastWrittenUnixNanoseconds: 1_658_428_763 * second,
      createdUnixNanoseconds: 0)
    let expected =
      #"{"name":"My Dataset!","slug":"my-dataset-","description":"","settings":{"delete_protected":false},"expand_json_depth":0,"#
      + #""regular_columns_count":3,"last_written_at":"2022-07-21T18:39:23Z","created_at":"1970-01-01T00:00:00Z"}"#
    #expect(String(decoding: dataset.body, as: UTF8.self) == expected)
    #expect(String(decoding: HoneycombDataset.listBody([dataset, dataset]), as: UTF8.self) == "[\(expected),\(expected)]")
    #expect(HoneycombDataset.listBody([]) == Array("[]".utf8))
  }

  @Test(arguments: [("My Dataset!", "my-dataset-"), ("api", "api"), ("a/b c_d.e", "a-b-c_d.e"), ("Größe", "gr--e")])
  func slugsAreLowerCaseWithDashes(name: String, slug: String) {
    #expect(HoneycombDataset.slug(name) == slug)
  }
}
