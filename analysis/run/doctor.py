"""`assay doctor`: what this machine can do for an analysis, a review and a signature."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import shutil
import subprocess
import sys

from analysis.plugin.registry import plug_ins

LIBRARIES = (
    "captum",
    "duckdb",
    "numpy",
    "openTSNE",
    "peft",
    "pyarrow",
    "pydantic",
    "rich",
    "safetensors",
    "scikit-learn",
    "scipy",
    "textual",
    "tokenizers",
    "torch",
    "transformers",
)
OPTIONAL = {
    "faiss-cpu": "neighbours of large catalogues",
    "umap-learn": "another way to draw maps of the embedding space",
}


def report() -> list[str]:
    """Facts of the machine, one a line: `name  fact`, with a remedy where something is missing, and every plug-in."""
    lines = [
        _line("system", f"{platform.system()} {platform.release()} {platform.machine()}"),
        _line("python", f"{platform.python_version()} at {sys.executable}"),
        _line("processors", f"{_processors()} usable"),
        _line("memory", _memory()),
        *_devices(),
        _line("signing", _ssh_keygen()),
    ]
    lines += [_line(name, _version(name) or "missing: pip install assay-review") for name in LIBRARIES]
    for name, use in OPTIONAL.items():
        lines.append(_line(name, _version(name) or f"not installed (optional: {use})"))
    return lines + [_line("plug-in", str(one)) for one in plug_ins()]


def _line(name: str, fact: str) -> str:
    return f"{name:<14}{fact}"


def _processors() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _memory() -> str:
    if not hasattr(os, "sysconf") or "SC_PHYS_PAGES" not in os.sysconf_names:
        return "unknown"
    return f"{os.sysconf('SC_PHYS_PAGES') * os.sysconf('SC_PAGE_SIZE') / 2**30:.1f} GiB"


def _version(name: str) -> str | None:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return None


def _devices() -> list[str]:
    try:
        import torch
    except ImportError as error:
        return [_line("devices", f"torch cannot be imported: {error}")]
    fast = torch.cuda.is_available()
    names = [
        f"cuda:{index} {torch.cuda.get_device_name(index)}, "
        f"{torch.cuda.get_device_properties(index).total_memory / 2**30:.0f} GiB"
        for index in range(torch.cuda.device_count() if fast else 0)
    ]
    return [_line("devices", "; ".join([f"cpu, {torch.get_num_threads()} threads", *names]))]


def _ssh_keygen() -> str:
    if shutil.which("ssh-keygen") is None:
        return "ssh-keygen is missing: install the OpenSSH client to sign and verify"
    ssh = shutil.which("ssh")
    if ssh is None:
        return "ssh-keygen"
    done = subprocess.run([ssh, "-V"], capture_output=True, text=True, timeout=10, check=False)
    return f"ssh-keygen, {(done.stderr or done.stdout).strip()}"
