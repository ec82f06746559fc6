# SPDX-License-Identifier: Apache-2.0
"""What X-Ray's service model forbids, as botocore has it, Cairn refuses: each bound of each member of each operation, one at a time."""
import copy
import json

import botocore.session
import pytest

from test_xray_model import calls  # noqa: F401 (a fixture)

MODEL = botocore.session.get_session().get_service_model("xray")


def breaches(shape, value, path=()):
    """Of a value that the shape allows: (where and which bound, the value with that one bound broken)."""
    bounds = shape.metadata
    if shape.type_name == "string":
        if bounds.get("min", 0) > 0:
            yield (*path, "min"), ""
        if "max" in bounds:
            yield (*path, "max"), (value + "x" * bounds["max"])[: bounds["max"] + 1]
        if "pattern" in bounds:
            yield (*path, "pattern"), "not/allowed !"
        if shape.enum:
            yield (*path, "enum"), "NEITHER"
    elif shape.type_name in ("integer", "double"):
        for name, step in (("min", -1), ("max", 1)):
            if name in bounds:
                yield (*path, name), bounds[name] + step
    elif shape.type_name == "list":
        if "max" in bounds:
            item = value[0] if value else example(shape.member)
            yield (*path, "max"), [item] * (bounds["max"] + 1)
        for where, broken in breaches(shape.member, value[0] if value else example(shape.member), (*path, "0")):
            yield where, [broken]
    elif shape.type_name == "map":
        if "max" in bounds:
            yield (*path, "max"), {f"k{n}": "v" for n in range(bounds["max"] + 1)}
    elif shape.type_name == "structure":
        for name in shape.required_members:
            yield (*path, name, "required"), {key: part for key, part in value.items() if key != name}
        for name, member in shape.members.items():
            for where, broken in breaches(member, value.get(name, example(member)), (*path, name)):
                yield where, {**value, name: broken}


def example(shape):
    """A small value that the shape allows."""
    match shape.type_name:
        case "string": return shape.enum[0] if shape.enum else "x" * max(1, shape.metadata.get("min", 1))
        case "integer" | "double" | "timestamp": return max(1, shape.metadata.get("min", 1))
        case "boolean": return True
        case "list": return [example(shape.member)]
        case "structure": return {name: example(shape.members[name]) for name in shape.required_members}
        case _: return {}


# A group is named by its name or its ARN; the other one is left out so that only the broken member is at fault.
@pytest.mark.parametrize("name", [name for name in MODEL.operation_names if MODEL.operation_model(name).input_shape])
def test_each_bound_of_the_model_is_kept(cairn, calls, name):  # noqa: F811
    operation, accepted = MODEL.operation_model(name), []
    whole = calls[name] or {"InsightId": "00000000-0000-4000-a000-000000000000", "StartTime": 1, "EndTime": 2}
    whole = {key: value for key, value in whole.items() if key in operation.input_shape.members}
    for where, broken in breaches(operation.input_shape, copy.deepcopy(whole)):
        if where[0] in ("GroupName", "GroupARN"):
            broken = {key: value for key, value in broken.items() if key == where[0] or not key.startswith("Group")}
        reply = cairn.request("POST", operation.http["requestUri"], json.dumps(broken).encode(), {"content-type": "application/json"})
        if reply.status != 400 or not reply.headers["x-amzn-errortype"].endswith("Exception"):
            accepted.append((".".join(where), reply.status, reply.body[:200]))
        elif reply.json()["Message"].startswith("Insight not found"):
            accepted.append((".".join(where), "looked up", reply.body[:200]))
    assert not accepted, "\n".join(map(str, accepted))
