#!/bin/sh
# Checks an inspection report with stock tools alone: ssh-keygen, sha256sum, awk, grep, sed.
# It comes with Assay (`assay verify-script`). Never take it, or any command, from the report that is to be checked.
#
#   sh verify.sh [-n SIGNERS] [-c CANDIDATE]... [-m MODELS] [-p] REPORT ALLOWED_SIGNERS
#
#   -n SIGNERS    at least so many different people with different keys; the report may ask for more
#   -c CANDIDATE  a folder that must be a candidate of the report, as a whole; repeat it for every track
#   -m MODELS     the folder that holds every model folder of the report; each file is compared
#   -p            fail unless the decision is a promotion that the gates allow and every candidate was given by -c
#
# Status 0: all that was asked for holds; 1: it does not; 2: usage. Without -p a signed hold is VERIFIED as well.
# What `assay verify` does besides (gates computed again, events, the run) no stock tool can do.
usage() {
  echo 'usage: verify.sh [-n SIGNERS] [-c CANDIDATE]... [-m MODELS] [-p] REPORT ALLOWED_SIGNERS' >&2
  exit 2
}
fail() { echo "NOT VERIFIED: $*" >&2; exit 1; }
# Everything below reads names by lines: one name of two lines would pass for two names.
by_lines() {
  [ -z "$(find "$1" -name '*
*')" ] || fail "$1 holds a name with a line break"
}
signers=1 models='' promote='' candidates=''
while getopts n:c:m:p option; do
  case $option in
    n) signers=$OPTARG ;;
    c) [ -d "$OPTARG" ] || fail "$OPTARG is no folder"
       by_lines "$OPTARG"
       candidates="$candidates $( (cd "$OPTARG" && find . -type f | cut -c3- | LC_ALL=C sort | tr '\n' '\0' |
         xargs -0 -r sha256sum -- | sha256sum | cut -c1-64) )"
       [ -z "$(find "$OPTARG" ! -type f ! -type d)" ] || fail "$OPTARG holds a link or a special file" ;;
    m) models=$(cd "$OPTARG" 2>/dev/null && pwd) || fail "$OPTARG is no folder"
       by_lines "$models" ;;
    p) promote=yes ;;
    *) usage ;;
  esac
done
shift $((OPTIND - 1))
[ $# -eq 2 ] || usage
case $signers in '' | *[!0-9]* | 0) usage ;; esac
[ -r "$2" ] || fail "the list of signers cannot be read"
allowed=$(cd "$(dirname "$2")" && pwd)/$(basename "$2")
cd "$1" || fail "there is no report folder"
case $allowed in "$PWD"/*) fail "the list of signers lies in the report: it must come from elsewhere" ;; esac

# 1. People listed by name signed the sums; no line may list everyone, and a key counts once.
revoked=$(dirname "$allowed")/@REVOKED@
[ -f "$revoked" ] || revoked=/dev/null
if grep -Eq '^[[:space:]]*("[^"]*|[^#"[:space:]][^[:space:]]*)?[*?!]' "$allowed"
then fail "a wildcard in the list of signers lists everyone"; fi
listed=$(awk '!/^[[:space:]]*(#|$)/ { print $1 }' "$allowed" | tr -d '"' | tr ',' '\n')
if printf '%s\n' "$listed" | LC_ALL=C grep -q '[^!-~]'
then fail "the list of signers holds a name that is not of plain letters, digits and marks"; fi
if awk '!/^[[:space:]]*(#|$)/ { n = split($1, a, ","); for (i = 1; i <= n; i++) { c[a[i]]++; if (n > 1) m[a[i]] = 1 } }
  END { for (k in m) if (c[k] > 1) found = 1; exit !found }' "$allowed"
then fail "a name of the list stands on a line with others, and on another line"; fi
keys='' people=''
for sig in SHA256SUMS.*.sig; do
  [ -f "$sig" ] && [ ! -L "$sig" ] || fail "UNSIGNED"
  who=$(ssh-keygen -Y find-principals -f "$allowed" -s "$sig") || fail "$sig is by nobody in the list"
  name=${sig#SHA256SUMS.}
  name=${name%.sig}
  if echo "$listed" | grep -Fxq -e "$name" && ! echo "$who" | grep -Fxq -e "$name"
  then fail "$sig was not made by $name"; fi
  who=$(echo "$who" | head -n 1)
  good=$(ssh-keygen -Y verify -f "$allowed" -I "$who" -n @NAMESPACE@ -r "$revoked" -s "$sig" < SHA256SUMS) ||
    fail "$sig does not hold"
  echo "$good"
  keys="$keys
${good##* }"
  people="$people
$who"
done
asked=$(grep -o '"signers_required":[0-9]*' report.json | sed 's/.*://' | sort -n | tail -n 1)
[ "${asked:-0}" -gt "$signers" ] && signers=$asked
[ "$(echo "$keys" | grep . | sort -u | wc -l)" -ge "$signers" ] || fail "$signers different keys are required"
[ "$(echo "$people" | grep . | sed 's/[@+].*//' | tr 'A-Z' 'a-z' | sort -u | wc -l)" -ge "$signers" ] || fail "$signers different people are required"

# 2. Nothing was edited, left out or added.
by_lines .
[ -z "$(find . ! -type f ! -name .)" ] || fail "there is more than files in the report"
sha256sum --strict --quiet -c SHA256SUMS || fail "a file is not what was signed"
[ "$(ls -A | grep -Ev '^SHA256SUMS(\.[A-Za-z0-9@._+-]+\.sig)?$' | LC_ALL=C sort)" = \
  "$(cut -c67- SHA256SUMS | LC_ALL=C sort)" ] || fail "a file was added or left out"
if [ -n "$models" ]; then
  sums=$PWD/model.sha256
  (cd "$models" && sha256sum --strict --quiet -c "$sums") || fail "a model file is not the one of the report"
  [ "$(cd "$models" && cut -c67- "$sums" | cut -d/ -f1 | sort -u |
    while read -r one; do find "./$one" ! -type d; done | cut -c3- | LC_ALL=C sort)" = \
    "$(cut -c67- "$sums" | LC_ALL=C sort)" ] || fail "a file was added to a model"
fi

# 3. It is about these candidates, and it is a promotion. Canonical JSON: keys in order, no blanks, quotes escaped in text.
subject=$(sed -n 's/.*,"subject":\(\[.*\]\)}$/\1/p' report.json | grep -o '"sha256":"[0-9a-f]\{64\}"' | cut -c11-74)
for one in $candidates; do
  echo "$subject" | grep -Fxq -e "$one" || fail "a folder given by -c is no candidate of this report"
done
decision=$(grep -o '"decision":{"actor":"[^"]*","decision":"[a-z]*",' report.json | sed 's/.*"decision":"//; s/",//')
if [ -n "$promote" ]; then
  [ "$decision" = promote ] || fail "the decision is ${decision:-not readable}, not promote"
  [ "$(grep -o '"gates_allow":[a-z]*' report.json)" = '"gates_allow":true' ] || fail "the gates do not allow it"
  [ -n "$subject" ] || fail "the report names no candidate"
  for one in $subject; do
    echo "$candidates" | tr ' ' '\n' | grep -Fxq -e "$one" || fail "name the candidate of every track with -c"
  done
fi
echo "VERIFIED: signed and unchanged; the decision is ${decision:-not readable}"
