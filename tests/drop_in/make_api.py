"""Turns a listing of pyzmq's public API into pyzmq_api.json: `python tests/drop_in/make_api.py LISTING`.

The listing has a line `== zmq/module.py` for each module, and below it what the module defines, in Python's own words:
`name = value`, `function(parameters) -> type`, `class Name(bases)`, and methods indented further. Only facts are kept:
names, kinds, and parameters without their annotations.
"""

from __future__ import annotations

import ast
import json
import re
import sys
from pathlib import Path
from typing import Any

API = Path(__file__).with_name("pyzmq_api.json")
_CYTHON = re.compile(r"\b(C\.int|bint|size_t|p_void|pointer\(Py_buffer\))")


def strip_parameters(line: str) -> str:
    """The parameters of `name(parameters) -> type`, with their defaults and without annotations."""
    head = _CYTHON.sub("int", line)
    function = ast.parse(f"def {head}: ...").body[0]
    assert isinstance(function, ast.FunctionDef)
    arguments = function.args
    for argument in [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs, arguments.vararg, arguments.kwarg]:
        if argument is not None:
            argument.annotation = None
    return ast.unparse(arguments)


def describe(text: str) -> dict[str, str]:
    """One line of a module or class: name and kind; for functions and methods the kind is their parameters."""
    if text.startswith("@property "):
        return {text.split()[1].partition("(")[0]: "property"}
    if "setter" in text.partition(" ")[0]:
        return {}
    if text.startswith("@"):
        decorator, _, text = text.partition(" ")
        if decorator == "@cfunc":
            return {}
        kind = f"{decorator[1:]} "
    else:
        kind = ""
    text = text[len("async ") :] if text.startswith("async ") else text
    if re.match(r"\w+\(", text):
        return {text.partition("(")[0]: f"{kind}({strip_parameters(text)})"}
    targets = [name.strip() for name in text.split(" = ")[:-1]]
    return {name: "value" for name in targets if name.isidentifier()}


def read(listing: str) -> dict[str, Any]:
    """Modules, enums and zmq.__all__ of a listing."""
    api: dict[str, Any] = {"modules": {}, "enums": {}, "all": []}
    members: dict[str, Any] = {}
    section = ""
    for line in listing.splitlines():
        text = line.strip()
        if line.startswith("== "):
            section = text[3:]
            if section.startswith("zmq/"):
                name = section.split()[0][: -len(".py")].replace("/", ".").replace(".__init__", "")
                members = api["modules"].setdefault(name, {})
        elif section == "zmq.constants enums":
            name, kind, _, *values = text.split()
            api["enums"][name] = {"kind": kind, "members": dict(value.split("=") for value in values)}
        elif section.startswith("zmq.__all__"):
            api["all"] += text.split()
        elif text.startswith("class "):
            found = re.fullmatch(r"class (\w+)(?:\((.*)\))?", text)
            assert found is not None, text
            members[found[1]] = current = {}
        elif line.startswith("      "):
            current.update(describe(text))
        elif text:
            members.update(describe(text))
    return api


if __name__ == "__main__":
    API.write_text(json.dumps(read(Path(sys.argv[1]).read_text(encoding="utf-8")), indent=1) + "\n", encoding="utf-8")
