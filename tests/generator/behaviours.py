"""What steps do, as data: code in both languages for the steps of a role, and what belongs to it.

Each piece of code is written once and runs three times: in Python, in R, and in the model (model.py), which says what
must come of it. Roles: `all`, `start`, `end`, `join`, `plain` (all but start and joins), `item` (first step in a foreach),
`member` (of a gang), and in the place of each step of work three in a row: `work`, `caught`, `late`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from textwrap import dedent
from typing import Any

AT_ONCE = {"minutes_between_retries": 0}


@dataclass(frozen=True)
class Act:
    """Code for the steps of a role."""

    role: str
    py: str
    r: str


@dataclass(frozen=True)
class Behaviour:
    """`py` and `r` stand in the flow's head, `top_py` and `top_r` at the top of its files. `values` are its parameters and
    constants as steps see them; `options` stand before the command, `args` after it. `varying` are artifacts on which the inputs of a join may differ, `private` those that
    the model does not know. `decorators` are by role."""

    name: str
    acts: tuple[Act, ...] = ()
    py: str = ""
    r: str = ""
    top_py: str = ""
    top_r: str = ""
    files: Mapping[str, bytes] = field(default_factory=dict)
    options: tuple[str, ...] = ()
    args: tuple[str, ...] = ()
    values: Mapping[str, Any] = field(default_factory=dict)
    decorators: Mapping[str, Mapping[str, Mapping[str, Any]]] = field(default_factory=dict)
    varying: tuple[str, ...] = ()
    private: tuple[str, ...] = ()


def _behaviour(name: str, *acts: Act, **more: Any) -> Behaviour:
    for key in ("py", "r", "top_py", "top_r"):
        more[key] = dedent(more.get(key, "")).strip()
    return Behaviour(name, tuple(Act(act.role, dedent(act.py).strip(), dedent(act.r).strip()) for act in acts), **more)


PLACE = _behaviour(
    "place",
    Act("all", "self.place = place(self)", "self$place <- place(self)"),
    top_py="""
    def place(self):
        indices = [str(level[0]) for level in self.foreach_stack()]
        return f"{current.step_name}/{'.'.join(indices)}/{getattr(self, 'turns', 0)}"
    """,
    top_r="""
    place <- function(self) {
      indices <- vapply(foreach_stack(self), \\(level) level$index, 0L)
      turns <- if ("turns" %in% names(self)) self$turns else 0L
      paste(current("step_name"), paste(indices, collapse = "."), turns, sep = "/")
    }
    """,
    varying=("place",),
)

TRAIL = _behaviour(
    "trail",
    Act("start", "self.trail = [current.step_name]", "self$trail <- I(current('step_name'))"),
    Act(
        "plain",
        "self.trail = [*self.trail, current.step_name]",
        "self$trail <- I(c(unlist(self$trail), current('step_name')))",
    ),
    Act(
        "join",
        "self.trail = [name for item in inputs for name in item.trail] + [current.step_name]",
        'self$trail <- I(c(unlist(gather_inputs(inputs, "trail"), use.names = FALSE), current("step_name")))',
    ),
    Act("item", "self.item = self.input", "self$item <- self$input"),
    varying=("trail", "item"),
)

ARTIFACTS = _behaviour(
    "artifacts",
    Act(
        "start",
        """
        self.shared = {"a": 1, "b": [1.5, 2.5], "c": None}
        self.untouched = ["x", "y", "z"]
        self.grown = [0, 1]
        self.gone = True
        """,
        """
        self$shared <- list(a = 1L, b = c(1.5, 2.5), c = NULL)
        self$untouched <- c("x", "y", "z")
        self$grown <- list(0L, 1L)
        self$gone <- TRUE
        """,
    ),
    Act(
        "work",
        """
        self.grown = list(self.grown)
        self.grown.append(self.shared["a"] + 1)
        del self.gone
        """,
        """
        self$grown <- c(as.list(self$grown), self$shared$a + 1L)
        remove_artifacts(self, "gone")
        """,
    ),
    varying=("grown",),
)

NESTED = _behaviour(
    "nested lists",
    Act(
        "start",
        'self.nested = {"a": [1, [2, [3, {"b": "deep"}]]], "empty": [], "none": None, "mixed": [1, "one", True, 1.5]}',
        'self$nested <- list(a = list(1L, list(2L, list(3L, list(b = "deep")))), empty = list(), none = NULL, mixed = list(1L, "one", TRUE, 1.5))',
    ),
    Act(
        "end",
        'self.deep = [self.nested["a"][1][1][1]["b"], self.nested["mixed"][1], len(self.nested["empty"])]',
        "self$deep <- list(self$nested$a[[2]][[2]][[2]]$b, self$nested$mixed[[2]], length(self$nested$empty))",
    ),
)

LARGE = _behaviour(
    "large artifacts",
    Act("start", "self.large = np.arange(400_000) * 0.5", "self$large <- (seq_len(400000) - 1) * 0.5"),
    Act("end", "self.large_sum = float(self.large.sum())", "self$large_sum <- sum(self$large)"),
    top_py="import numpy as np",
)

UNICODE = _behaviour(
    "unicode",
    Act(
        "start",
        'self.größe = "Grüße 你好 🙂"\nself.数 = [1, 2]\nself.нет = {"ключ": "我的值"}',
        'self$größe <- "Grüße 你好 🙂"\nself$数 <- c(1L, 2L)\nself$нет <- list(ключ = "我的值")',
    ),
    Act("work", "self.größe = self.größe + '!'\nprint(self.größe)", "self$größe <- paste0(self$größe, '!')\ncat(self$größe, '\\n')"),
    Act("end", 'self.ünï = self.нет["ключ"]', "self$ünï <- self$нет$ключ"),
    varying=("größe",),
)  # fmt: skip

PARAMETERS = _behaviour(
    "parameters",
    Act(
        "start",
        """
        try:
            self.alpha = 1
        except Exception as error:
            self.refused = error.code
        """,
        "self$refused <- tryCatch(self$alpha <- 1, error = \\(error) error$code)",
    ),
    Act(
        "end",
        'self.told = [self.alpha * 2, self.count + 1, not self.flag, self.greeting, self.settings["a"][0], self.words[1]]',
        "self$told <- list(self$alpha * 2, self$count + 1L, !self$flag, self$greeting, self$settings$a[[1]], self$words[[2]])",
    ),
    py="""
    alpha = Parameter("alpha", default=0.5, help="a number")
    count = Parameter("count", type=int, default=1)
    flag = Parameter("flag", default=False)
    greeting = Parameter("greeting", default="hello")
    settings = Parameter("settings", type=JSONType, default='{"a": [1, null]}')
    words = Parameter("words", separator=",", default="a,b")
    computed = Parameter("computed", default=lambda context: "computed" + "!")
    nothing = Parameter("nothing")
    """,
    r="""
    parameter("alpha", default = 0.5, help = "a number")
    parameter("count", type = "int", default = 1L)
    parameter("flag", default = FALSE)
    parameter("greeting", default = "hello")
    parameter("settings", type = "json", default = '{"a": [1, null]}')
    parameter("words", separator = ",", default = "a,b")
    parameter("computed", default = \\() paste0("computed", "!"))
    parameter("nothing")
    """,
    args=("--count", "7", "--flag", "True", "--greeting", "Grüße 你好", "--words=x,ö,z"),
    values={
        "alpha": 0.5,
        "count": 7,
        "flag": True,
        "greeting": "Grüße 你好",
        "settings": {"a": [1, None]},
        "words": ["x", "ö", "z"],
        "computed": "computed!",
        "nothing": None,
    },
)

CONSTANTS = _behaviour(
    "constants",
    Act("work", 'self.product = self.factor * self.table["x"][1]', "self$product <- self$factor * self$table$x[[2]]"),
    py="factor = 3\ntable = {'x': [1, 2]}",
    r="constant(factor = 3L, table = list(x = list(1L, 2L)))",
    values={"factor": 3, "table": {"x": [1, 2]}},
    # An integer of R and one of Python are the same number, but not the same bytes.
    varying=("product",),
)

CONFIG = _behaviour(
    "config",
    Act(
        "end",
        'self.configured = [self.limits["low"], self.limits["names"][0], self.scale]',
        "self$configured <- list(self$limits$low, self$limits$names[[1]], self$scale)",
    ),
    py="""
    limits = Config("limits", default_value={"low": 1, "names": ["a"]})
    scale = Parameter("scale", default=limits.low)
    """,
    r="""
    config("limits", default_value = list(low = 1L, names = list("a")))
    parameter("scale", default = config_expr(limits$low))
    """,
    options=("--config-value", "limits", '{"low": 3, "names": ["ü", "b"]}'),
    values={"limits": {"low": 3, "names": ["ü", "b"]}, "scale": 3},
)

INCLUDE = _behaviour(
    "included files",
    Act("end", "self.sizes = [len(self.notes), len(self.raw)]", "self$sizes <- c(nchar(self$notes), length(self$raw))"),
    py="""
    notes = IncludeFile("notes", default="Nötizen ✓.txt")
    raw = IncludeFile("raw", is_text=False)
    """,
    r="""
    include_file("notes", default = "Nötizen ✓.txt")
    include_file("raw", is_text = FALSE)
    """,
    files={"Nötizen ✓.txt": "Zeile 1\n我的值\n".encode(), "raw data.bin": bytes(range(256))},
    args=("--raw", "raw data.bin"),
    values={"notes": "Zeile 1\n我的值\n", "raw": bytes(range(256))},
)

MERGE = _behaviour(
    "merge",
    Act(
        "join",
        """
        try:
            self.merge_artifacts(inputs)
        except Exception as error:
            self.conflict = error.code
        self.merge_artifacts(inputs, include=["shared", "untouched"])
        self.merge_artifacts(inputs, exclude=VARYING)
        """,
        """
        tryCatch(merge_artifacts(self, inputs), error = \\(error) self$conflict <- error$code)
        merge_artifacts(self, inputs, include = c("shared", "untouched"))
        merge_artifacts(self, inputs, exclude = VARYING)
        """,
    ),
    varying=("conflict",),
)

ENVIRONMENT = _behaviour(
    "environment",
    Act("work", 'self.variable = setting("GREETING")', 'self$variable <- Sys.getenv("GREETING")'),
    top_py="""
    import os

    def setting(name):
        return os.environ[name]
    """,
    decorators={"work": {"environment": {"vars": {"GREETING": "Grüße 你好", "NUMBER": "2"}}}},
)

CURRENT = _behaviour(
    "current",
    Act(
        "all",
        """
        self.about = [current.flow_name, current.step_name, current.username, sorted(current.tags), current.is_running_flow]
        self.ids = [current.run_id, current.task_id, current.pathspec]
        """,
        """
        self$about <- list(
          current("flow_name"), current("step_name"), current("username"), as.list(sort(current("tags"))),
          current("is_running_flow")
        )
        self$ids <- c(current("run_id"), current("task_id"), current("pathspec"))
        """,
    ),
    args=("--tag", "späť", "--tag", "good"),
    varying=("about", "ids"),
    private=("ids",),
)

RETRY = _behaviour(
    "retry",
    Act(
        "work",
        """
        self.tries = current.retry_count + 1
        if current.retry_count == 0:
            raise ValueError("only the first time")
        """,
        """
        self$tries <- current("retry_count") + 1L
        if (current("retry_count") == 0) stop("only the first time")
        """,
    ),
    decorators={"work": {"retry": {"times": 1, **AT_ONCE}}},
    varying=("tries",),
)

CATCH = _behaviour(
    "catch",
    Act(
        "caught",
        """
        self.tries = current.retry_count + 1
        raise ValueError("no luck: Grüße")
        """,
        """
        self$tries <- current("retry_count") + 1L
        stop("no luck: Grüße")
        """,
    ),
    decorators={"caught": {"catch": {"var": "failed", "print_exception": True}, "retry": {"times": 1, **AT_ONCE}}},
    varying=("failed", "tries"),
)

TIMEOUT = _behaviour(
    "timeout",
    Act("late", "self.before = 'kept'\npause(30)", "self$before <- 'kept'\nSys.sleep(30)"),
    top_py="""
    import time

    def pause(seconds):
        time.sleep(seconds)
    """,
    decorators={"late": {"timeout": {"seconds": 1}, "catch": {"var": "late", "print_exception": False}}},
    varying=("late",),
)

# What every run of a shape does at once.
TOGETHER = (
    PLACE, MERGE, TRAIL, ARTIFACTS, NESTED, LARGE, UNICODE, PARAMETERS, CONSTANTS, CONFIG, INCLUDE, ENVIRONMENT, CURRENT, RETRY, CATCH,
    TIMEOUT,
)  # fmt: skip
