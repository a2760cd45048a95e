"""Compares the package `zmq` that is imported with pyzmq_api.json; run with the alias folder on PYTHONPATH.

Prints one JSON object: module -> name -> what is wrong with it, empty when nothing is. A module that lacks an optional
package is a string that says which.
"""

from __future__ import annotations

import importlib
import inspect
import json
import logging
import pickle
import sys
import warnings
from pathlib import Path
from typing import Any

API = json.loads(Path(__file__).with_name("pyzmq_api.json").read_text(encoding="utf-8"))
OPTIONAL = {"tornado", "gevent"}
# Of Cython, not of Python.
NOT_PYTHON = {"__dealloc__", "__getbuffer__"}
# A parameter whose default may be another one, and on purpose.
OTHER_DEFAULTS = {
    "copy": None,  # passes large bytes in place
    "errno": None,  # "ignored" in pyzmq, where there is no default
    "msg": None,
    "protocol": None,  # pickle's word for its default
}

# What is not there, and why.
WITHOUT = {
    ("zmq.backend.cython._zmq", "Socket.__init__"): "zmqlite has one class, with the constructor of the public one",
    ("zmq.utils.garbage", "GarbageCollector.__del__"): "its thread refers to it and is stopped at exit",
}


def evaluate(parameters: str) -> list[inspect.Parameter]:
    """Turn a list of parameters into objects."""
    zmq = importlib.import_module("zmq")
    names = {"zmq": zmq, "_zmq": zmq, "logging": logging, "DEFAULT_PROTOCOL": pickle.DEFAULT_PROTOCOL}
    names.update({"ZMQ_EVENT_ALL": zmq.EVENT_ALL}, **{name: getattr(zmq, name) for name in zmq.constants.__all__})
    return list(inspect.signature(eval(f"lambda {parameters[1:-1]}: 0", names)).parameters.values())


def compare(ours: Any, theirs: str) -> list[str]:
    """What calls of theirs ours would not take, or would take otherwise."""
    mine = list(inspect.signature(ours).parameters.values())
    wanted = evaluate(theirs)
    # A method of an object has lost its first parameter; a class has none.
    if wanted and wanted[0].name in ("self", "cls") and wanted[0].kind is wanted[0].POSITIONAL_OR_KEYWORD:
        wanted = wanted[1:]
        mine = mine[1:] if mine and mine[0].name in ("self", "cls") else mine
    by_name = {parameter.name: parameter for parameter in mine}
    takes_all_names = any(parameter.kind is parameter.VAR_KEYWORD for parameter in mine)
    takes_all_places = any(parameter.kind is parameter.VAR_POSITIONAL for parameter in mine)
    found = []
    for place, parameter in enumerate(wanted):
        same = by_name.get(parameter.name)
        if parameter.kind is parameter.VAR_POSITIONAL and not takes_all_places:
            found.append(f"*{parameter.name} is missing")
        elif parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD):
            continue
        elif same is None:
            if not takes_all_names or (parameter.kind is not parameter.KEYWORD_ONLY and not takes_all_places):
                found.append(f"{parameter.name} is missing")
        elif parameter.kind is parameter.POSITIONAL_OR_KEYWORD and (
            mine[place : place + 1] != [same] or same.kind is not parameter.kind
        ):
            found.append(f"{parameter.name} is in another place")
        elif parameter.default is not parameter.empty and same.default not in (
            parameter.default,
            OTHER_DEFAULTS.get(parameter.name, parameter.default),
        ):
            found.append(f"{parameter.name} is {same.default!r} by default, not {parameter.default!r}")
    names = {parameter.name for parameter in wanted}
    return found + [
        f"{parameter.name} is needed, too"
        for parameter in mine
        if parameter.name not in names
        and parameter.default is parameter.empty
        and parameter.kind not in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD)
    ]


def check_member(cls: type, name: str, kind: str) -> list[str]:
    """What is wrong with a method or an attribute of a class."""
    if name in NOT_PYTHON:
        return []
    try:
        member = inspect.getattr_static(cls, name)
    except AttributeError:
        return ["is missing"]
    if kind == "value":
        return []
    if kind == "property":
        return [] if hasattr(type(member), "__get__") and not inspect.isfunction(member) else ["is no property"]
    how, _, parameters = kind.rpartition(" (")
    if how and not isinstance(member, {"classmethod": classmethod, "staticmethod": staticmethod}[how]):
        return [f"is no {how}"]
    parameters = f"({parameters}" if how else kind
    if name == "__init__" and not inspect.isfunction(member):
        # Before 3.11 CPython finds no signature of a class that is written in C.
        return compare(cls, parameters) if sys.version_info >= (3, 11) else []
    if name.startswith("__") and name != "__init__":
        return [] if callable(getattr(cls, name)) else ["is not callable"]
    return compare(member.__func__ if how else getattr(cls, name), parameters)


def check(module: str, members: dict[str, Any]) -> dict[str, list[str]] | str:
    """What is wrong with a module: name -> findings."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            made = importlib.import_module(module)
    except ImportError as error:
        missing = error.name or getattr(error.__cause__, "name", None)
        if missing in OPTIONAL:
            return f"needs {missing}"
        return {"": [f"cannot be imported: {error}"]}
    found: dict[str, list[str]] = {}
    for name, kind in members.items():
        if name.startswith("_"):
            continue
        ours = getattr(made, name, None)
        if ours is None:
            found[name] = ["is missing"]
        elif isinstance(kind, dict):
            found[name] = [] if inspect.isclass(ours) else ["is no class"]
            for member, its_kind in kind.items() if inspect.isclass(ours) else ():
                public = not member.startswith("_") or member.endswith("__")
                if public and (module, f"{name}.{member}") not in WITHOUT:
                    found[f"{name}.{member}"] = check_member(ours, member, its_kind)
        elif kind != "value":
            found[name] = compare(ours, kind) if callable(ours) and not inspect.isclass(ours) else ["is no function"]
    return found


def check_names() -> dict[str, dict[str, list[str]]]:
    """What is wrong with zmq.__all__ and with the enums."""
    zmq = importlib.import_module("zmq")
    names = {name: [] if hasattr(zmq, name) and name in zmq.__all__ else ["is missing"] for name in API["all"]}
    enums: dict[str, list[str]] = {}
    for enum, facts in API["enums"].items():
        ours = getattr(zmq.constants, enum, None)
        if ours is None or facts["kind"] not in {base.__name__ for base in ours.__mro__}:
            enums[enum] = ["is missing, or of another kind"]
            continue
        for name, value in facts["members"].items():
            number, _, option_type = value.partition(":")
            member = ours.__members__.get(name)
            right = member is not None and str(member.value if enum == "_OptType" else int(member.value)) == number
            if option_type and right:
                right = member._opt_type.name == option_type
            enums[f"{enum}.{name}"] = [] if right else [f"is {member!r}, not {value}"]
    return {"zmq.__all__": names, "enums": enums}


if __name__ == "__main__":
    report = {module: check(module, members) for module, members in API["modules"].items()}
    json.dump({**report, **check_names()}, sys.stdout)
