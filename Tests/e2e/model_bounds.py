# SPDX-License-Identifier: Apache-2.0
"""What a service model of botocore forbids, one bound at a time."""
import re


def outside(bounds):
    """A text that the pattern forbids and the lengths allow."""
    least = max(1, bounds.get("min", 1))
    candidates = [(part * least)[: max(least, 3)] for part in ("a!b", ":*$", "\x00", " ", "x")]
    try:
        return next(text for text in candidates if not re.fullmatch(bounds["pattern"], text))
    except re.error:
        return "a!b"  # one of Unicode's classes, which Python's expressions do not know: tags


def breaches(shape, value, path=()):
    """Of a value that the shape allows: (where and which bound, the value with that one bound broken)."""
    bounds = shape.metadata
    if shape.type_name == "string":
        if bounds.get("min", 0) > 0:
            yield (*path, "min"), ""
        if "max" in bounds:
            yield (*path, "max"), value + "x" * (bounds["max"] + 1 - len(value))
        if "pattern" in bounds:
            yield (*path, "pattern"), outside(bounds)
        if shape.enum:
            yield (*path, "enum"), "NEITHER"
    elif shape.type_name in ("integer", "long", "double"):
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
        case "integer" | "long" | "double" | "timestamp": return max(1, shape.metadata.get("min", 1))
        case "boolean": return True
        case "list": return [example(shape.member)]
        case "structure": return {name: example(shape.members[name]) for name in shape.required_members}
        case _: return {}
