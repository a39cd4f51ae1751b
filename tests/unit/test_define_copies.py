"""Modules come from the copy and say that they are the original."""

from __future__ import annotations

import json
import subprocess
import sys

SCRIPT = """
import json, sys, traceback
from pathlib import Path
from pyflow.define import copies, load
folder, copy = sys.argv[1:]
copies.use_copies({"folder": folder, "copy": copy})
module = load.load_file(Path(folder) / "flow.py")
import inspect, pkgutil
try:
    module.fail()
except ValueError:
    text = traceback.format_exc()
print(json.dumps({
    "value": module.value, "file": module.__file__, "helper": module.helper.__file__, "text": text,
    "package": module.pack.__path__ == [folder + "/pack"], "part": module.part.value, "source": inspect.getsource(module.fail),
    "data": pkgutil.get_data("pack", "query.sql").decode(), "only": module.only.value,
}))
"""
FLOW = """
import helper, only
import pack
from pack import part
value = helper.value
def fail():
    raise ValueError("THEN")
"""


def test_modules_of_the_copy_under_the_original_names(tmp_path):
    folder, copy = tmp_path / "project", tmp_path / "copy"
    for place, word in ((folder, "now"), (copy, "then")):
        (place / "pack").mkdir(parents=True)
        (place / "flow.py").write_text(FLOW.replace("THEN", word))
        (place / "helper.py").write_text(f"value = {word!r}\n")
        (place / "pack/__init__.py").write_text("")
        (place / "pack/part.py").write_text(f"value = {word!r}\n")
        (place / "pack/query.sql").write_text(word)
    (folder / "only.py").write_text("value = 'only there'\n")
    (copy / "flow.py").write_text("# a line more\n" + (copy / "flow.py").read_text())
    (folder / "helper.py").unlink()  # what is gone meanwhile is still in the copy
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, str(folder), str(copy)], capture_output=True, text=True, cwd=folder, check=False
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert (found["value"], found["part"], found["data"]) == ("then",) * 3
    assert found["only"] == "only there"
    assert found["file"] == str(folder / "flow.py") and found["helper"] == str(folder / "helper.py")
    assert found["package"]
    assert f'File "{folder}/flow.py", line 8, in fail\n    raise ValueError("then")' in found["text"]
    assert 'raise ValueError("then")' in found["source"]
    assert not list(folder.rglob("*then*.pyc"))
