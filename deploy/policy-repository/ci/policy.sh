#!/bin/sh
# Works on the rule book of this repository, with or without GitHub:
#
#   ci/policy.sh install   make sure that there is a wardgate
#   ci/policy.sh check     find faults
#   ci/policy.sh prove     prove the invariants
#   ci/policy.sh test      run the rules' own tests
#   ci/policy.sh diff      compare with BASE; reports in REPORTS
#   ci/policy.sh comment   put the comparison under a pull request
#   ci/policy.sh bundle    sign the rule book
#   ci/policy.sh all       check, prove, test and diff: what a reviewer wants to know
#
# BOOK     the rule book: a folder, BASE+OVERLAY or +OVERLAY   (policies)
# BASE     what to compare with: a branch or commit            (origin/main)
# ALLOW    the file of changes that are meant                  (allowed.yaml)
# REPORTS  where reports and the bundle go                     (reports)
set -eu
BOOK=${BOOK:-policies} BASE=${BASE:-origin/main} ALLOW=${ALLOW:-allowed.yaml} REPORTS=${REPORTS:-reports}

# A folder of the base, or nothing where the base has none.
at_base() { if [ -d "$1/$2" ]; then printf %s "$1/$2"; fi; }

# The base's rule book as it was named for this one. Where the base has none yet, the
# built-in book is what was in force.
old_book() {
	case $BOOK in
	*+*)
		over=$(at_base "$1" "${BOOK#*+}")
		under=${BOOK%%+*}
		case $under in '' | built-in) ;; *) under=$(at_base "$1" "$under") ;; esac
		if [ -n "$over" ]; then printf '%s+%s' "$under" "$over"; else printf %s "${under:-built-in}"; fi
		;;
	*)
		under=$(at_base "$1" "$BOOK")
		printf %s "${under:-built-in}"
		;;
	esac
}

compare() {
	mkdir -p "$REPORTS"
	base=$(mktemp -d)
	trap 'git worktree remove --force "$base/tree" 2>/dev/null || true; rm -rf "$base"' EXIT
	git worktree add --quiet --detach "$base/tree" "$BASE"
	old=$(old_book "$base/tree")
	set -- "$old" "$BOOK"
	if [ -f "$ALLOW" ]; then set -- "$@" --allow "$ALLOW"; fi
	failed=0
	wardgate policy diff "$@" --report "markdown=$REPORTS/diff.md" --report "sarif=$REPORTS/diff.sarif" \
		--report "json=$REPORTS/diff.json" --write-allow "$REPORTS/allowed.yaml" || failed=$?
	for form in md sarif json; do
		if [ ! -s "$REPORTS/diff.$form" ]; then exit 1; fi
	done
	if [ "$failed" -ne 0 ]; then
		echo "Changes are not allowed. $REPORTS/allowed.yaml lists all of them: move those that are meant to $ALLOW, each with a reason."
	fi
	exit "$failed"
}

comment() {
	if [ ! -s "$REPORTS/diff.md" ]; then
		echo "there is no comparison to comment with"
		return
	fi
	# One comment, which follows the pull request.
	gh pr comment "$PULL_REQUEST" --body-file "$REPORTS/diff.md" --edit-last ||
		gh pr comment "$PULL_REQUEST" --body-file "$REPORTS/diff.md"
}

bundle() {
	if [ -z "${SIGNING_KEY:-}" ]; then
		echo "SIGNING_KEY: expected the private key in PEM; it stands in the secrets of the repository" >&2
		exit 1
	fi
	mkdir -p "$REPORTS"
	umask 077
	key=$(mktemp)
	trap 'rm -f "$key"' EXIT
	printf '%s\n' "$SIGNING_KEY" >"$key"
	wardgate policy bundle --policies "$BOOK" --out "$REPORTS/policy.tar.gz" --signing-key "$key" \
		--key-id "${KEY_ID:-wardgate}" --scope "${SCOPE:-}"
}

case ${1:-} in
install) command -v wardgate >/dev/null || {
	go install "github.com/wardgate/wardgate/cmd/wardgate@${WARDGATE_VERSION:-latest}"
	if [ -n "${GITHUB_PATH:-}" ]; then echo "$(go env GOPATH)/bin" >>"$GITHUB_PATH"; fi
} ;;
check) wardgate policy check "$BOOK" ;;
prove) wardgate policy prove "$BOOK" ;;
test) wardgate policy test "$BOOK" ;;
diff) compare ;;
comment) comment ;;
bundle) bundle ;;
all) for step in check prove test diff; do "$0" "$step"; done ;;
*)
	sed -n '2,/^set/{/^set/d;s/^# \{0,1\}//;p;}' "$0"
	exit 2
	;;
esac
