"""The commands that check a report with stock tools, as they are printed in it."""

from __future__ import annotations

NAMESPACE = "inspection-report@assay"
"""SSHSIG namespace of the signatures: a signature made for another purpose does not pass."""

REVOKED_KEYS = "revoked_keys"
"""File beside the list of signers with keys that no longer count (a KRL, or public keys)."""

# No `set -e`: the shell ignores it where the block is followed by `&&` or stands in an `if`.
_SIGNATURES = """\
(
# 1. People listed by name signed these sums; no line may list everyone, and a key counts once.
: "${ALLOWED_SIGNERS:?the list of signers that your team keeps outside this folder}"
revoked=$(dirname "$ALLOWED_SIGNERS")/@REVOKED@; [ -f "$revoked" ] || revoked=/dev/null
[ -r "$ALLOWED_SIGNERS" ] || exit 1
if grep -Eq '^[[:space:]]*("[^"]*|[^#"[:space:]][^[:space:]]*)?[*?!]' "$ALLOWED_SIGNERS"
then echo 'a wildcard lists everyone' >&2; exit 1; fi
listed=$(awk '!/^[[:space:]]*(#|$)/ { print $1 }' "$ALLOWED_SIGNERS" | tr -d '"' | tr ',' '\\n')
keys= people=
for sig in SHA256SUMS.*.sig; do
  who=$(ssh-keygen -Y find-principals -f "$ALLOWED_SIGNERS" -s "$sig") || exit 1
  name=${sig#SHA256SUMS.}; name=${name%.sig}
  if echo "$listed" | grep -Fxq -e "$name" && ! echo "$who" | grep -Fxq -e "$name"
  then echo "$sig was not made by $name" >&2; exit 1; fi
  who=$(echo "$who" | head -n 1)
  good=$(ssh-keygen -Y verify -f "$ALLOWED_SIGNERS" -I "$who" -n @NAMESPACE@ \\
    -r "$revoked" -s "$sig" < SHA256SUMS) || exit 1
  echo "$good"; keys="$keys ${good##* }"; people="$people
$who"
done
[ "$(echo $keys | tr ' ' '\\n' | sort -u | wc -l)" -ge @SIGNERS@ ] || exit 1
[ "$(echo "$people" | grep . | sort -u | wc -l)" -ge @SIGNERS@ ] || exit 1
# 2. Nothing was edited, left out or added.
sha256sum --strict --quiet -c SHA256SUMS || exit 1
[ "$(ls -A | grep -Ev '^SHA256SUMS(\\.[A-Za-z0-9@._+-]+\\.sig)?$' | LC_ALL=C sort)" = \\
  "$(cut -c67- SHA256SUMS | LC_ALL=C sort)" ] || exit 1
echo VERIFIED
)"""

_MODELS = """\
(
sums=$PWD/model.sha256
cd "${MODELS:?the folder that holds the model folders}" || exit 1
sha256sum --strict --quiet -c "$sums" || exit 1
[ "$(cut -c67- "$sums" | cut -d/ -f1 | sort -u | while read -r one; do find "$one" ! -type d; done |
  LC_ALL=C sort)" = "$(cut -c67- "$sums" | LC_ALL=C sort)" ] || exit 1
echo SAME MODELS
)"""


def signature_commands(signers_required: int) -> str:
    """Shell commands, run in the report folder, that end with `VERIFIED` and status 0 or fail."""
    return (
        _SIGNATURES.replace("@REVOKED@", REVOKED_KEYS)
        .replace("@NAMESPACE@", NAMESPACE)
        .replace("@SIGNERS@", str(signers_required))
    )


def model_commands() -> str:
    """Shell commands, run in the report folder, that compare the model folders with `model.sha256`."""
    return _MODELS
