// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import CairnKit

struct ResourceTests {
  private func detect(_ environment: [String: String], files: [String: String] = [:]) -> Resource {
    ResourceDetector(environment: environment) { files[$0] }.detect(attributes: [])
  }

  @Test func aLambdaFunctionIsFound() {
    let resource = detect([
      "AWS_LAMBDA_FUNCTION_NAME": "checkout", "AWS_LAMBDA_FUNCTION_VERSION": "7", "AWS_REGION": "eu-west-1", "AWS_LAMBDA_LOG_STREAM_NAME": "2026/[7]abc",
      "AWS_LAMBDA_LOG_GROUP_NAME": "/aws/lambda/checkout", "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "512",
    ])
    #expect(resource["cloud.platform"] == "aws_lambda" && resource["cloud.provider"] == "aws" && resource["cloud.region"] == "eu-west-1")
    #expect(resource["faas.name"] == "checkout" && resource["faas.version"] == "7" && resource["service.name"] == "checkout")
  }

  @Test func aTaskOfECSIsFound() {
    let id = String(repeating: "c0", count: 32)
    let resource = detect(
      ["ECS_CONTAINER_METADATA_URI_V4": "http://169.254.170.2/v4/x", "AWS_DEFAULT_REGION": "eu-central-1"],
      files: ["/proc/self/cgroup": "1:name=systemd:/ecs/task/\(id)\n"])
    #expect(resource["cloud.platform"] == "aws_ecs" && resource["cloud.region"] == "eu-central-1" && resource["container.id"] == id)
  }

  @Test func aMachineOfEC2IsFoundByItsBoard() {
    let resource = detect(
      [:], files: ["/sys/devices/virtual/dmi/id/sys_vendor": "Amazon EC2\n", "/sys/devices/virtual/dmi/id/board_asset_tag": "i-0123456789abcdef0\n"])
    #expect(resource["cloud.platform"] == "aws_ec2" && resource["host.id"] == "i-0123456789abcdef0")
  }

  @Test func aPodOfKubernetesIsFound() {
    let resource = detect(
      ["KUBERNETES_SERVICE_HOST": "10.0.0.1", "POD_NAME": "shop-1", "NODE_NAME": "n1", "HOSTNAME": "shop-1"],
      files: ["/var/run/secrets/kubernetes.io/serviceaccount/namespace": "prod"])
    #expect(resource["k8s.namespace.name"] == "prod" && resource["k8s.pod.name"] == "shop-1" && resource["k8s.node.name"] == "n1")
  }

  @Test func theHostAndTheProcessAreAlwaysThere() {
    let resource = detect([:])
    for name in ["process.pid", "process.runtime.name", "host.name", "host.arch", "os.type", "service.instance.id", "service.name", "telemetry.sdk.language"] {
      #expect(resource[name]?.isEmpty == false, "\(name)")
    }
  }

  @Test func whatTheVariablesSayWins() {
    let resource = ResourceDetector(environment: ["OTEL_SERVICE_NAME": "shop", "AWS_LAMBDA_FUNCTION_NAME": "f"]) { _ in nil }
      .detect(attributes: [("host.name", "mine"), ("service.name", "other")])
    #expect(resource["service.name"] == "shop" && resource["host.name"] == "mine")
  }
}
