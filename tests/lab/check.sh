# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# A few words for tests in shell.  Sourced; the test ends with `finish`.

PASSED=0 FAILED=0

check() { # SENTENCE COMMAND...: passes when the command succeeds
	local what=$1
	shift
	if "$@" >/dev/null; then
		PASSED=$((PASSED + 1))
		echo "ok $((PASSED + FAILED)) - $what"
	else
		FAILED=$((FAILED + 1))
		echo "not ok $((PASSED + FAILED)) - $what"
	fi
}

tries() { # SECOND COMMAND...: until it succeeds, or the shell is that old
	local end=$1
	shift
	until "$@"; do
		((SECONDS < end)) || return 1
		sleep 0.1
	done
}
# Waits for what is to come. SECONDS are those of a machine that has nothing else to do: a busy one gets three
# times as many. Who waits in vain fails; nothing is claimed about the time.
within() { # SECONDS COMMAND...
	tries $((SECONDS + 3 * $1)) "${@:2}"
}
# The same where the time is what is claimed.
in_time() { # SECONDS COMMAND...
	tries $((SECONDS + $1)) "${@:2}"
}

# `grep -q` that reads to the end: with pipefail, a writer that is cut short fails the whole line.
has() { [[ $(grep -c "$@") != 0 ]]; }

# The daemon has heard its topology to the end (End-of-RIB): before that it promises nothing. `sx` is the test's own.
# shellcheck disable=SC2317
in_sight() { sx topology summary 2>/dev/null | has -E '^stale +no$'; }

exits() { # CODE COMMAND...
	local want=$1 got=0
	shift
	"$@" >/dev/null 2>&1 || got=$?
	((got == want))
}

finish() {
	echo "1..$((PASSED + FAILED))"
	echo "$PASSED passed, $FAILED failed"
	((FAILED == 0 && PASSED > 0))
}
