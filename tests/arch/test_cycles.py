"""No import cycle in Python; in R no cycle of calls through more than two files."""

import grimp

from tests.arch.source import r_source


def circles(edges):
    """The sets of two or more nodes that all reach each other. `edges`: for each node where it leads."""

    def reached(start):
        found, queue = set(), [start]
        while queue:
            for target in edges.get(queue.pop(), ()):
                if target not in found:
                    found.add(target)
                    queue.append(target)
        return found

    reaches = {node: reached(node) for node in edges}
    sets = {frozenset(other for other in found if node in reaches.get(other, ())) for node, found in reaches.items()}
    return sorted(sorted(members) for members in sets if len(members) > 1)


def test_how_circles_are_found():
    assert circles({"a": ["b"], "b": ["c"], "c": ["b", "d"], "d": [], "e": ["e"]}) == [["b", "c"]]


def test_no_import_cycle_in_python():
    graph = grimp.build_graph("pyflow", cache_dir=None)
    edges = {module: graph.find_modules_directly_imported_by(module) for module in graph.modules}
    assert sum(map(len, edges.values())) > 100
    assert circles(edges) == []


def test_no_cycle_of_calls_through_more_than_two_r_files():
    source = r_source()
    home = {item["name"]: item["file"] for item in source["defines"]}
    edges = {file: set() for file in home.values()}
    for call in source["calls"]:
        target = home.get(call["name"])
        if target is not None and target != call["file"]:
            edges.setdefault(call["file"], set()).add(target)
    assert sum(map(len, edges.values())) > 20
    assert [files for files in circles(edges) if len(files) > 2] == []
