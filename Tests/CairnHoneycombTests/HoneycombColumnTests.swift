// SPDX-License-Identifier: Apache-2.0
import CairnColumns
import CairnHoneycomb
import Testing

@Suite struct HoneycombColumnTests {
  @Test(arguments: zip(FieldType.allCases, ["string", "integer", "float", "boolean"]))
  func aColumnIsWrittenWholeForEveryType(type: FieldType, name: String) {
    let column = HoneycombColumn(id: "c1", name: "http.route", type: type, createdUnixNanoseconds: 0, updatedUnixNanoseconds: second)
    let expected =
      #"{"id":"c1","key_name":"http.route","type":"\#(name)","description":"","hidden":false,"last_written":null,"#
      + #""created_at":"1970-01-01T00:00:00Z","updated_at":"1970-01-01T00:00:01Z"}"#
    #expect(String(decoding: column.body, as: UTF8.self) == expected)
    #expect(String(decoding: HoneycombColumn.listBody([column]), as: UTF8.self) == "[\(expected)]")
  }
}
