// SPDX-License-Identifier: Apache-2.0
import CairnBytes
import CairnCatalog
import CairnCloudWatch
import CairnFormats
import NIOCore
import NIOHTTP1

/// `POST /service/GraniteServiceVersion20100801/operation/<Operation>`: Smithy RPC v2 in CBOR, which the newer SDKs speak to CloudWatch.
extension CloudWatchDoor {
  /// The form of the numbers in the answers of CloudWatch's operations.
  ///
  /// Source: the types of the output shapes of the service's model.
  private static let numbers = CBORNumbers(
    times: [
      "AlarmConfigurationUpdatedTimestamp", "CreatedAt", "CreationDate", "EndTime", "ExpireDate", "LastModified", "LastUpdateDate",
      "LastUpdatedTimestamp", "StartDate", "StartTime", "StateTransitionedTimestamp", "StateUpdatedTimestamp", "Timestamp", "Timestamps", "UpdatedAt",
    ],
    doubles: [
      "AggregateValue", "ApproximateAggregateValue", "ApproximateValue", "Average", "ExtendedStatistics", "MaxContributorValue", "Maximum",
      "Minimum", "SampleCount", "Sum", "Threshold", "UniqueContributors", "Values",
    ])

  var cborRoute: Route {
    let path = "/service/\(Self.metricsPrefix.dropLast())/operation/:operation"
    var route = Route(.POST, path, .anyKey, .awsCBOR) { (exchange) async throws(Refusal) in await cbor(exchange) }
    route.bodyBytesMax = 16 << 20
    return route
  }

  private func cbor(_ exchange: Exchange) async -> Response {
    let name = exchange.parameters["operation"]
    do throws(LogsError) {
      guard let operation = metrics[name] else {
        throw LogsError(.unknownOperation, "Cairn does not support the operation '\(name.prefix(200))'.")
      }
      try check(exchange, operation)
      let body = try plainBody(exchange)
      let result = try await result(of: operation, call(exchange, try input(body), body))
      return AWSErrorResponse.cbor(result.cbor(Self.numbers), status: .ok)
    } catch {
      note(error, name, exchange)
      return AWSErrorResponse.cbor(error.kind.shape, error.message, code: error.kind.rawValue, status: error.kind.metricsStatus)
    }
  }

  private func input(_ body: ByteBuffer) throws(LogsError) -> JSONValue {
    guard body.readableBytes > 0 else { return .object([]) }
    let input: JSONValue
    do throws(DecodeError) {
      input = try JSONValue(cbor: body.readableBytesSpan)
    } catch {
      throw LogsError(.serialization, "The body is not CBOR: \(error.message)")
    }
    guard case .object = input else { throw LogsError(.serialization, "The body is not a map.") }
    return input
  }
}

extension LogsError.Kind {
  /// The name of the error's shape, where that is not the code that the form protocol has.
  fileprivate var shape: String {
    switch self {
    case .missingParameter: "MissingRequiredParameterException"
    case .invalidParameterValue: "InvalidParameterValueException"
    case .invalidParameterCombination: "InvalidParameterCombinationException"
    case .invalidParameterInput: "DashboardInvalidInputError"
    case .invalidFormat: "InvalidFormatFault"
    case .validationError: "ValidationException"
    default: rawValue
    }
  }
}
