#!/usr/bin/env bash
# Makes this checkout runnable: system packages, .venv/ with pyflow, .rlib/ with rflow, the example's data.
# Idempotent: each part has a stamp in .setup/ and is done again only when what it depends on has changed.
set -euo pipefail
cd "$(dirname "$0")/.."
mkdir -p .setup .rlib

APT_PACKAGES="python3-dev python3-venv r-base-dev r-cran-bit64 r-cran-cli r-cran-data.table r-cran-irkernel r-cran-jsonlite r-cran-matrix r-cran-r6 r-cran-reticulate r-cran-testthat r-cran-tibble r-cran-withr"
R_PACKAGES='c("bit64", "cli", "data.table", "IRkernel", "jsonlite", "Matrix", "R6", "reticulate", "testthat", "tibble", "withr")'
PYTHON=${PYTHON:-python3}

say() { echo "[setup] $*"; }

fail() { echo "[setup] $*" >&2; exit 1; }

# rpy2 is compiled against them.
python_headers() {
  "$PYTHON" -c 'import os, sys, sysconfig; sys.exit(not os.path.exists(os.path.join(sysconfig.get_path("include"), "Python.h")))'
}

system_complete() {
  command -v Rscript >/dev/null && command -v cc >/dev/null && "$PYTHON" -c 'import ensurepip, venv' 2>/dev/null && python_headers &&
    Rscript --vanilla -e "q(status = !all(sapply($R_PACKAGES, requireNamespace, quietly = TRUE)))" >/dev/null 2>&1
}

install_system() {
  local sudo=""
  if [ "$(id -u)" != 0 ]; then
    command -v sudo >/dev/null && sudo -n true 2>/dev/null && sudo=sudo ||
      fail "R or its packages are missing, and this is not root. Install them, then run this again: sudo apt-get install -y --no-install-recommends $APT_PACKAGES"
  fi
  command -v apt-get >/dev/null ||
    fail "R or its packages are missing, and there is no apt-get here. Install R >= 4.2 with a C compiler and, in R: install.packages($R_PACKAGES). Then run this again."
  say "installing with apt-get: $APT_PACKAGES"
  $sudo apt-get update -q >.setup/apt.log 2>&1 &&
    $sudo env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends $APT_PACKAGES >>.setup/apt.log 2>&1 ||
    { tail -n 20 .setup/apt.log >&2; fail "apt-get failed; the whole log is in .setup/apt.log"; }
}

# done_for NAME FILE...: whether the stamp of NAME was made from these files as they are now.
digest() { cat "$@" | sha256sum | cut -d' ' -f1; }
done_for() { [ -f ".setup/$1" ] && [ "$(cat ".setup/$1")" = "$(digest "${@:2}")" ]; }
stamp() { digest "${@:2}" >".setup/$1"; }

setup_system() {
  done_for system tools/setup.sh && command -v Rscript >/dev/null && return 0
  system_complete || install_system
  system_complete || fail "the system packages are installed, but R, its packages or Python's venv still do not work; see .setup/apt.log"
  stamp system tools/setup.sh
}

setup_python() {
  done_for python pyproject.toml tools/setup.sh && [ -x .venv/bin/python ] && return 0
  "$PYTHON" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || fail "Python 3.11 or newer is needed; $PYTHON is $("$PYTHON" -V)"
  say "installing the Python package and its tools into .venv/ (about a minute)"
  [ -x .venv/bin/python ] || "$PYTHON" -m venv .venv
  .venv/bin/python -m pip install -q --disable-pip-version-check -e '.[dev,rpy2]' 2>.setup/pip.log ||
    { tail -n 20 .setup/pip.log >&2; fail "pip failed; the whole log is in .setup/pip.log"; }
  stamp python pyproject.toml tools/setup.sh
}

# Python writes it by itself, but not where PYTHONDONTWRITEBYTECODE is set, and then every start compiles anew.
setup_bytecode() {
  local sources
  mapfile -t sources < <(find pyflow -name '*.py' | LC_ALL=C sort)
  done_for bytecode "${sources[@]}" && return 0
  .venv/bin/python -m compileall -q pyflow
  stamp bytecode "${sources[@]}"
}

setup_r() {
  local sources
  mapfile -t sources < <(find rflow -type f ! -name '*.o' ! -name '*.so' ! -path '*/tests/*' | LC_ALL=C sort)
  done_for rflow "${sources[@]}" && [ -d .rlib/rflow ] && return 0
  say "installing the R package rflow into .rlib/"
  rm -rf .setup/rflow && cp -r rflow .setup/rflow
  R CMD INSTALL --library=.rlib .setup/rflow >.setup/rflow.log 2>&1 ||
    { tail -n 30 .setup/rflow.log >&2; fail "R CMD INSTALL failed; the whole log is in .setup/rflow.log"; }
  rm -rf .setup/rflow
  stamp rflow "${sources[@]}"
}

setup_data() {
  [ -s examples/genre_stats/movies.csv ] && return 0
  say "writing examples/genre_stats/movies.csv from the package bokeh-sampledata"
  .venv/bin/python examples/genre_stats/make_data.py
}

setup_system
setup_python
setup_bytecode
setup_r
setup_data
say "ready"
