"""Artifact files from their description in the vectors, by pyarrow's own builders alone: nothing here is of pyflow.

`python -m tests.conformance.artifact_files` writes the files of shared_spec/vectors/artifact again. A description has
the form of `expect.tree` (shared_spec/vectors/README.md).
"""

import json
from decimal import Decimal

import pyarrow as pa

from tests.conformance.vectors import VECTORS, cases

FOLDER = VECTORS / "artifact"
NODE = pa.struct(
    [
        ("name", pa.large_utf8()),
        ("type", pa.large_utf8()),
        ("pool", pa.int32()),
        ("start", pa.int64()),
        ("size", pa.int64()),
        ("attr", pa.large_utf8()),
    ]
)
COMPLEX = pa.struct([("re", pa.float64()), ("im", pa.float64())])
SIMPLE = {
    "null": pa.null(),
    "bool": pa.bool_(),
    "float32": pa.float32(),
    "float64": pa.float64(),
    "complex128": COMPLEX,
    "bigint": pa.large_utf8(),
    "string": pa.large_utf8(),
    "bytes": pa.large_binary(),
    "date": pa.date32(),
    "time": pa.time64("us"),
    **{f"{sign}int{bits}": getattr(pa, f"{sign}int{bits}")() for sign in ("", "u") for bits in (8, 16, 32, 64)},
}
READERS = {
    "bool": {"true": True, "false": False}.__getitem__,
    "float32": float,
    "float64": float,
    "complex128": lambda text: dict(zip(("re", "im"), map(float, text.split(" ")), strict=True)),
    "bigint": str,
    "string": str,
    "bytes": bytes.fromhex,
    "decimal": Decimal,
}

# What lies under a missing number (shared_spec/artifact.md, section 2); zeros elsewhere, as pyarrow's builders leave it.
UNDER_NULL = {
    "double": bytes.fromhex("a2070000 0000f07f"),
    "float": bytes.fromhex("0000c07f"),
    **dict.fromkeys(("int32", "date32"), bytes.fromhex("00000080")),
    **dict.fromkeys(("int64", "timestamp", "duration"), bytes.fromhex("00000000 00000080")),
}


def canonical(data):
    return json.dumps(data, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def arrow_type(logical):
    kind = logical["type"]
    if kind == "decimal":
        return pa.decimal128(logical["precision"], logical["scale"])
    if kind == "timestamp":
        return pa.timestamp(logical["unit"], "UTC" if logical["tz"] == "" else logical["tz"])
    if kind == "duration":
        return pa.duration(logical["unit"])
    if kind == "list":
        return pa.large_list(arrow_type(logical["item"]))
    if kind == "struct":
        return pa.struct([(name, arrow_type(field)) for name, field in logical["fields"]])
    return SIMPLE[kind]


def read(logical, value):
    """A value of a description as what pyarrow takes."""
    if value is None:
        return None
    if logical["type"] == "list":
        return [read(logical["item"], item) for item in value]
    if logical["type"] == "struct":
        return {name: read(field, value[name]) for name, field in logical["fields"]}
    return READERS.get(logical["type"], int)(value)


def array(part):
    """The Arrow array of a leaf or column."""
    logical = part["logical"]
    if logical["type"] == "category":
        levels = array({"logical": logical["levels"], "values": part["levels"]})
        codes = pa.array([None if code is None else int(code) for code in part["values"]], pa.int32())
        return pa.DictionaryArray.from_arrays(codes, levels, ordered=logical["ordered"])
    if logical["type"] == "struct":
        return struct_array(logical, part["values"])
    return laid(pa.array([read(logical, value) for value in part["values"]], arrow_type(logical)))


def laid(values):
    """The same array, with what belongs there under its nulls."""
    kind, buffers = values.type, values.buffers()
    if pa.types.is_large_list(kind):
        return pa.Array.from_buffers(kind, len(values), buffers[:2], values.null_count, children=[laid(values.values)])
    if pa.types.is_struct(kind):
        fields = [laid(values.field(k)) for k in range(kind.num_fields)]
        return pa.Array.from_buffers(kind, len(values), buffers[:1], values.null_count, children=fields)
    mark = UNDER_NULL.get(str(kind).partition("[")[0])
    if mark is None or values.null_count == 0:
        return values
    data = bytearray(buffers[1])
    for k, there in enumerate(values.is_valid().to_pylist()):
        if not there:
            data[k * len(mark) : (k + 1) * len(mark)] = mark
    return pa.Array.from_buffers(kind, len(values), [buffers[0], pa.py_buffer(bytes(data))], values.null_count)


def struct_array(logical, rows):
    """Under a missing struct its fields are missing."""
    names = [name for name, _ in logical["fields"]]
    fields = [
        array({"logical": field, "values": [None if row is None else row[name] for row in rows]})
        for name, field in logical["fields"]
    ]
    missing = pa.array([row is None for row in rows]) if None in rows else None
    return pa.StructArray.from_arrays(fields, names, mask=missing)


def write(meta, names, columns, batches=1, pandas=None):
    keys = {} if meta is None else {"pyflow": meta if isinstance(meta, str) else canonical(meta)}
    if pandas is not None:
        keys["pandas"] = canonical(pandas)
    fields = [pa.field(name, column.type) for name, column in zip(names, columns, strict=True)]
    schema = pa.schema(fields, metadata=keys or None)
    sink = pa.BufferOutputStream()
    with pa.ipc.new_file(sink, schema) as writer:
        for _ in range(batches):
            writer.write_batch(pa.RecordBatch.from_arrays(columns, schema=schema))
    return sink.getvalue().to_pybytes()


def table_file(tree):
    """An artifact of form table."""
    columns = tree["columns"]
    rest = {key: tree[key] for key in ("index", "labels", "class", "python") if key in tree}
    logicals = [column["logical"] for column in columns]
    meta = {"version": 1, "kind": "table", "form": "table", "columns": logicals, "rows": tree["rows"], **rest}
    arrays = [array(column) for column in columns]
    return write(meta, [column["name"] for column in columns], arrays, pandas=tree.get("pandas"))


def shares_pool(logical):
    nested = logical["type"] in ("category", "struct")
    return not nested and (logical["type"] != "list" or shares_pool(logical["item"]))


def flatten(tree, nodes, pools):
    """Add the node and all that is in it."""
    attr = canonical(tree["attr"]) if "attr" in tree else None
    node = {"name": tree.get("name"), "type": tree["type"], "pool": -1, "start": 0, "size": 0, "attr": attr}
    nodes.append(node)
    if "logical" in tree:
        found = next((k for k, pool in enumerate(pools) if pool["logical"] == tree["logical"]), None)
        if found is None or not shares_pool(tree["logical"]):
            found = len(pools)
            pools.append({"logical": tree["logical"], "values": [], "levels": tree.get("levels")})
        node |= {"pool": found, "start": len(pools[found]["values"]), "size": len(tree["values"])}
        pools[found]["values"].extend(tree["values"])
    for child in tree.get("children", []):
        node["size"] += 1
        flatten(child, nodes, pools)


def tree_parts(tree):
    """Metadata, names and columns of an artifact of form tree."""
    nodes, pools = [], []
    flatten(tree, nodes, pools)
    meta = {"version": 1, "kind": kind_of(tree), "form": "tree", "pools": [pool["logical"] for pool in pools]}
    contents = [pa.array(nodes, NODE), *map(array, pools)]
    columns = [pa.LargeListArray.from_arrays([0, len(content)], content) for content in contents]
    return meta, ["nodes", *(f"p{k}" for k in range(len(pools)))], columns


def kind_of(tree):
    if tree["type"] in ("attributes", "object"):
        return kind_of(tree["children"][tree["type"] == "object"])
    kinds = {"null": "scalar", "named": "vector", "packed": "list", "map": "dict", "sparse": "array"}
    return kinds.get(tree["type"], tree["type"])


def shared(tree):
    """The description without what only Python writes into the schema."""
    return {key: value for key, value in tree.items() if key != "pandas"}


def good_file(tree):
    return table_file(tree) if "columns" in tree else write(*tree_parts(tree))


# A file's description, read by pyarrow alone.

WRITERS = {
    "bool": lambda value: "true" if value else "false",
    "float32": lambda value: repr(float(value)),
    "float64": repr,
    "complex128": lambda value: f"{value['re']!r} {value['im']!r}",
    "bigint": str,
    "string": str,
    "bytes": bytes.hex,
    "decimal": str,
}
TICKS = {"date": pa.int32(), "time": pa.int64(), "timestamp": pa.int64(), "duration": pa.int64()}


def texts(logical, values):
    """The values of an Arrow array as a description has them."""
    if logical["type"] in TICKS:
        values = values.view(TICKS[logical["type"]])
    if logical["type"] == "struct":
        names = [name for name, _ in logical["fields"]]
        parts = [texts(field, values.field(k)) for k, (_, field) in enumerate(logical["fields"])]
        rows = [dict(zip(names, row, strict=True)) for row in zip(*parts, strict=True)]
        return [row if there else None for row, there in zip(rows, values.is_valid().to_pylist(), strict=True)]
    return [shown(logical, value) for value in values.to_pylist()]


def shown(logical, value):
    if value is None:
        return None
    if logical["type"] == "list":
        return [shown(logical["item"], item) for item in value]
    return WRITERS.get(logical["type"], str)(value)


def described(logical, values):
    if logical["type"] != "category":
        return {"logical": logical, "values": texts(logical, values)}
    codes = [None if code is None else str(code) for code in values.indices.to_pylist()]
    return {"logical": logical, "values": codes, "levels": texts(logical["levels"], values.dictionary)}


def describe(data):
    """The description of an artifact file."""
    batch = pa.ipc.open_file(data).get_batch(0)
    meta = json.loads(batch.schema.metadata[b"pyflow"])
    if meta["form"] == "table":
        columns = zip(batch.schema.names, meta["columns"], batch.columns, strict=True)
        rest = {key: value for key, value in meta.items() if key not in ("version", "kind", "form", "columns", "rows")}
        if b"pandas" in batch.schema.metadata:
            rest["pandas"] = json.loads(batch.schema.metadata[b"pandas"])
        found = [{"name": name, **described(logical, values)} for name, logical, values in columns]
        return {"rows": meta["rows"], "columns": found, **rest}
    pools = [(logical, column[0].values) for logical, column in zip(meta["pools"], batch.columns[1:], strict=True)]
    nodes = iter(batch.column(0)[0].as_py())
    tree = described_node(nodes, pools)
    assert next(nodes, None) is None, "nodes are left"
    assert meta["kind"] == kind_of(tree)
    return tree


def described_node(nodes, pools):
    node = next(nodes)
    tree = {"type": node["type"]}
    if node["name"] is not None:
        tree["name"] = node["name"]
    if node["attr"] is not None:
        assert node["attr"] == canonical(json.loads(node["attr"])), "attr is not canonical JSON"
        tree["attr"] = json.loads(node["attr"])
    if node["pool"] >= 0:
        logical, values = pools[node["pool"]]
        return tree | described(logical, values.slice(node["start"], node["size"]))
    if node["type"] != "null":
        tree["children"] = [described_node(nodes, pools) for _ in range(node["size"])]
    return tree


# Files that are no artifacts, by the id of their case.

FIVE = {"type": "scalar", "logical": {"type": "int64"}, "values": ["5"]}
TEXTS = {"rows": 2, "columns": [{"name": "s", "logical": {"type": "string"}, "values": ["ab", "cd"]}]}


def impossible_factor():
    """A code of 7 with one level."""
    column = pa.DictionaryArray.from_arrays(pa.array([7], pa.int32()), pa.array(["u"], pa.large_utf8()), safe=False)
    logical = {"type": "category", "ordered": False, "levels": {"type": "string"}}
    return write({"version": 1, "kind": "table", "form": "table", "columns": [logical], "rows": 1}, ["f"], [column])


def with_meta(**changes):
    meta, names, columns = tree_parts(FIVE)
    return write({**meta, **changes}, names, columns)


def with_node(**changes):
    meta, names, columns = tree_parts(FIVE)
    node = {"name": None, "type": "scalar", "pool": 0, "start": 0, "size": 1, "attr": None, **changes}
    columns[0] = pa.LargeListArray.from_arrays([0, 1], pa.array([node], NODE))
    return write(meta, names, columns)


def replaced(data, old, new):
    assert data.count(old) == 1, "the bytes to damage must be there once"
    return data.replace(old, new)


def parts():
    return tree_parts(FIVE)


BAD = {
    "bad-empty": lambda: b"",
    "bad-text": lambda: b"this is no artifact\n",
    "bad-truncated": lambda: good_file(FIVE)[:700],
    "bad-no-key": lambda: write(None, *parts()[1:]),
    "bad-json": lambda: write('{"version":1,', *parts()[1:]),
    "bad-no-version": lambda: write({"kind": "scalar", "form": "tree", "pools": [{"type": "int64"}]}, *parts()[1:]),
    "bad-newer-version": lambda: with_meta(version=2, form="something new"),
    "bad-two-batches": lambda: write(*parts(), batches=2),
    "bad-no-batch": lambda: write(*parts(), batches=0),
    "bad-form": lambda: with_meta(form="table"),
    "bad-pool-type": lambda: with_meta(pools=[{"type": "float64"}]),
    "bad-pool-unknown": lambda: with_meta(pools=[{"type": "int128"}]),
    "bad-pools-missing": lambda: with_meta(pools=[]),
    "bad-node-type": lambda: with_node(type="thing"),
    "bad-node-range": lambda: with_node(start=1),
    "bad-node-negative": lambda: with_node(start=-1),
    "bad-node-pool": lambda: with_node(pool=1),
    "bad-node-children": lambda: with_node(type="list", pool=-1, size=3),
    "bad-node-size": lambda: with_node(size=0),
    "bad-node-attr": lambda: with_node(type="vector", attr="{"),
    "bad-utf8": lambda: replaced(good_file(TEXTS), b"abcd", b"\xff\xfecd"),
    "bad-rows": lambda: write({"version": 1, "kind": "table", "form": "table", "columns": [{"type": "int64"}], "rows": 9}, ["x"], [pa.array([1])]),
    "bad-codes": impossible_factor,
}  # fmt: skip


def file_of(case):
    """The bytes of a case's file."""
    return BAD[case["id"]]() if "error" in case else good_file(case["expect"]["tree"])


def file_cases():
    return [case for case in cases("artifact") if "file" in case["input"]]


def main():
    for case in file_cases():
        (FOLDER / case["input"]["file"]).write_bytes(file_of(case))
    print(f"{len(file_cases())} files in {FOLDER}")


if __name__ == "__main__":
    main()
