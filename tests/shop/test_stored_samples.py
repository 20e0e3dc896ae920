"""What was ever stored is read as it always was. A changed shape needs a new `schema_version`, an upcaster and a sample.

`samples/<type>.<version>.json` is a list of {stored, means}: an event as the log has it, and every field as it is read.
The first sample sets every field, the last one only those that must be there. A sample of an older version stays; what it
means is what it is upcast to.
"""

import json
from pathlib import Path

import msgspec
import pytest

from shop import events

FILES = sorted(Path(__file__).with_name("samples").iterdir())
SAMPLES = [(*path.stem.split("."), sample) for path in FILES for sample in json.loads(path.read_text())]
NOW = {kind.__name__: kind for kind in events.ALL}
OF_NOW = [path for path in FILES if str(NOW[path.stem.split(".")[0]].schema_version) == path.stem.split(".")[1]]


def read(type_name, version, sample):
    return events.decode(type_name, int(version), json.dumps(sample["stored"]))


def every_field(value):
    if isinstance(value, msgspec.Struct):
        return {name: every_field(getattr(value, name)) for name in value.__struct_fields__}
    return [every_field(one) for one in value] if isinstance(value, list) else value


def text(value):
    """JSON that tells 1 from 1.0 and from true."""
    return json.dumps(value, sort_keys=True)


def left_out(value):
    """Names of fields that say no more than their default does, and of lists with nothing in them."""
    if isinstance(value, list):
        return [name for one in value for name in left_out(one)]
    if not isinstance(value, msgspec.Struct):
        return []
    fields = [(field, getattr(value, field.name)) for field in msgspec.structs.fields(value)]
    here = [field.name for field, held in fields if held in ([], field.default)]
    return here + [name for _, held in fields for name in left_out(held)]


def required(kind):
    return {field.name for field in msgspec.structs.fields(kind) if field.required}


@pytest.mark.parametrize(("type_name", "version", "sample"), SAMPLES, ids=lambda part: part if isinstance(part, str) else "")
def test_what_was_stored_is_read_as_it_always_was(type_name, version, sample):
    assert text(sample["means"]) == text(every_field(read(type_name, version, sample)))


@pytest.mark.parametrize("path", OF_NOW, ids=lambda path: path.stem)
def test_an_event_is_still_stored_as_its_version_says(path):
    for sample in json.loads(path.read_text()):
        event = read(*path.stem.split("."), sample)
        assert text(sample["stored"]) == text(json.loads(msgspec.json.encode(event)))


def test_every_version_of_every_event_has_its_samples_and_no_other_has():
    versions = {f"{kind.__name__}.{version}.json" for kind in events.ALL for version in range(1, kind.schema_version + 1)}
    assert versions == {path.name for path in FILES}


@pytest.mark.parametrize("path", OF_NOW, ids=lambda path: path.stem)
def test_samples_set_every_field_and_leave_out_every_field_that_may_be(path):
    type_name, version = path.stem.split(".")
    samples = json.loads(path.read_text())
    assert [] == left_out(read(type_name, version, samples[0]))
    assert required(NOW[type_name]) == set(samples[-1]["stored"])
