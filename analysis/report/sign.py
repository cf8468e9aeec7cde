"""One SSH signature (SSHSIG) on a report, made by stock `ssh-keygen`: no key is read by this program."""

from __future__ import annotations

import getpass
import re
import shlex
import socket
import stat
import subprocess
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from analysis.base.errors import AssayError
from analysis.base.escape import printable
from analysis.report.signing_text import decision_of, signing_sentences
from analysis.report.sums import is_signature_name, read_limited, sanitised
from analysis.report.verify import check_unsigned
from analysis.review.point import today
from analysis.store.files import write_new
from analysis.store.signatures import NAMESPACE, SUMS
from analysis.store.ssh_signatures import DEFAULT_KEY, SIGNATURE_LIMIT, agent_keys, find_ssh_keygen


def sign(
    directory: Path,
    key: Path | None = None,
    principal: str | None = None,
    agree: Callable[[str, Sequence[str]], bool] | None = None,
) -> Path | None:
    """Check a report as `verify` does, show what it says, and sign its sums.

    What is shown and what is signed are the same bytes: they are read once.

    Args:
        directory: the report folder; every check of `verify` but that of signatures must hold.
        key: private key, or public key whose private half an agent holds. Default: the first key of the
            agent, else `~/.ssh/id_ed25519`.
        principal: who signs, as in the list of signers. Default: the comment of the key, else user@host.
        agree: is given the decision and the sentences of `analysis.report.signing_text`, and says whether to sign.
            None: nobody is asked.

    Returns:
        The new file `SHA256SUMS.WHO.sig`, or None where it was not agreed to. A signature that is there already is
        never replaced.

    Raises:
        AssayError: no report, one that does not hold, no `ssh-keygen`, no key, the agent refused, a wrong passphrase.
    """
    page = page_to_sign(directory)

    def agreed(who: str) -> bool:
        return agree is None or agree(page.decision, (*page.sentences, f"you sign as {printable(who)}"))

    return _sign(directory / SUMS, page.sums, NAMESPACE, key, principal, agreed)


def sign_beside(path: Path, namespace: str, key: Path | None = None, principal: str | None = None) -> Path:
    """Sign one file.

    Args:
        path: the file.
        namespace: what the signature is for; it passes for nothing else.
        key: as for `sign`.
        principal: as for `sign`.

    Returns:
        The new file `NAME.WHO.sig` beside it. A signature that is there already is never replaced.

    Raises:
        AssayError: as `sign`.
    """
    made = _sign(path, read_limited(path), namespace, key, principal, lambda who: True)
    assert made is not None
    return made


def _sign(
    path: Path,
    content: bytes,
    namespace: str,
    key: Path | None,
    principal: str | None,
    agreed: Callable[[str], bool],
) -> Path | None:
    """Sign the content of a file, where `agreed` says so of whoever signs; the new file beside it."""
    program = find_ssh_keygen()
    with tempfile.TemporaryDirectory(prefix="assay-sign-") as scratch:
        used = _key_path(key, Path(scratch))
        who = principal or _comment(program, used) or f"{getpass.getuser()}@{socket.gethostname()}"
        target = path.with_name(f"{path.name}.{sanitised(who)}.sig")
        if target.exists() or target.is_symlink():
            raise AssayError(
                f"a signature of {printable(who)} is there already",
                where=str(target),
                hint="name another signer with --as; a signature is never replaced",
            )
        if not agreed(who):
            return None
        signature = _signature(program, used, content, namespace)
    write_new(target, signature, mode=path.stat().st_mode & 0o666)
    return target


def has_key() -> bool:
    """Whether there is a key that would be taken where none is named."""
    return Path(DEFAULT_KEY).expanduser().is_file() or bool(agent_keys())


@dataclass(frozen=True)
class Page:
    """What a signer is shown, and the bytes that it was made from and that are signed."""

    decision: str
    sentences: tuple[str, ...]
    sums: bytes


def page_to_sign(directory: Path) -> Page:
    """Check a report and say what it says.

    Raises:
        AssayError: no report, or one that `verify` would refuse whoever signed it.
    """
    held = check_unsigned(directory)
    failed = [f"{check.name}: {check.detail}" for check in held.checks if not check.ok]
    if failed or held.statement is None:
        raise AssayError(
            f"will not be signed: {printable('; '.join(failed[:3]))}",
            where=str(directory),
            hint="export the report again and sign that; `assay verify` shows every check",
        )
    names = sorted(entry.name for entry in directory.iterdir() if is_signature_name(entry.name))
    signers = [name.removeprefix(f"{SUMS}.").removesuffix(".sig") for name in names]
    sentences = signing_sentences(held.statement, held.sums, signers, today())
    return Page(decision_of(held.statement), tuple(sentences), held.sums)


def _key_path(key: Path | None, scratch: Path) -> Path:
    if key is not None:
        path = key.expanduser()
        if not path.is_file():
            raise AssayError("there is no such key", where=str(path), hint="name a key with --key FILE")
        return path
    from_agent = agent_keys()
    if from_agent:
        public = scratch / "agent.pub"
        public.write_text(from_agent[0] + "\n", encoding="utf-8")
        return public
    default = Path(DEFAULT_KEY).expanduser()
    if default.is_file():
        return default
    raise AssayError(
        "no key to sign with: the agent holds none, and the default key is not there",
        where=DEFAULT_KEY,
        hint="name one with --key FILE, or start an agent and add it with ssh-add",
    )


def _comment(program: str, key: Path) -> str | None:
    """Comment of a key: from its public half where there is one, else as far as ssh-keygen can read it."""
    public = key if key.suffix == ".pub" else key.with_name(key.name + ".pub")
    if public.is_file():
        words = public.read_text("utf-8", errors="replace").split(maxsplit=2)
        return words[2].strip() if len(words) == 3 else None
    shown = subprocess.run(
        [program, "-l", "-f", str(key)],
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
        stdin=subprocess.DEVNULL,
    )
    match = re.fullmatch(r"\d+ \S+ (.+) \([A-Z0-9-]+\)", shown.stdout.strip())
    return match.group(1) if match and match.group(1) != "no comment" else None


def _signature(program: str, key: Path, content: bytes, namespace: str) -> bytes:
    # A security key asks to be touched on stderr; that line must reach its owner at once.
    hardware = _is_hardware(key)
    made = subprocess.run(
        [program, "-Y", "sign", "-n", namespace, "-f", str(key)],
        input=content,
        stdout=subprocess.PIPE,
        stderr=None if hardware else subprocess.PIPE,
        check=False,
    )
    said = (made.stderr or b"").decode("utf-8", "replace")
    if made.returncode != 0 or not made.stdout.startswith(b"-----BEGIN SSH SIGNATURE-----"):
        raise _refusal(key, said)
    if len(made.stdout) > SIGNATURE_LIMIT:
        raise AssayError(f"ssh-keygen wrote {len(made.stdout)} bytes as a signature", where=str(key))
    return made.stdout


def _is_hardware(key: Path) -> bool:
    public = key if key.suffix == ".pub" else key.with_name(key.name + ".pub")
    return public.is_file() and public.read_bytes().startswith(b"sk-")


def _refusal(key: Path, said: str) -> AssayError:
    last = printable(said.strip().splitlines()[-1]) if said.strip() else "no reason given"
    low = said.casefold()
    if "agent refused" in low:
        return AssayError(
            "the agent refused to sign", where=str(key), hint="confirm or unlock it: ssh-add -l"
        )
    if "passphrase" in low:
        return AssayError(
            "the passphrase of the key is wrong or could not be asked for",
            where=str(key),
            hint="sign in a terminal, or add the key to an agent with ssh-add",
        )
    # ssh-keygen passes such a key over, and says last of all that there is none.
    private = key.with_suffix("") if key.suffix == ".pub" else key
    if "too open" in low and private.is_file():
        mode = stat.S_IMODE(private.stat().st_mode)
        return AssayError(
            f"its permissions are too open ({mode:04o}): ssh-keygen uses no key that others may read",
            where=str(private),
            hint=f"chmod 600 {shlex.quote(str(private))}",
        )
    if "no private key found" in low or "couldn't load" in low:
        return AssayError(
            f"cannot be used to sign: {last}",
            where=str(key),
            hint="name a private key, or a public key whose private half your agent holds",
        )
    return AssayError(f"ssh-keygen did not sign: {last}", where=str(key))
