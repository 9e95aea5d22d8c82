# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# Words of the tests that run Sextant's programs on a lab.  Sourced after check.sh, with `repo` and
# `n` (the name of the lab) set; `words_begin` makes the work folder and what is left at the end.

lab=$repo/tools/lab/lab
build=${SEXTANT_BUILD:-$repo/build}
run=${SEXTANT_LAB_RUN:-/run/sextant-lab}/$n
daemon=$build/src/sextantd
agent=$build/tools/agent/sextant-agent
shark=$repo/tools/lab/tshark46
ctl6=fd00:5e::c
declare -A TCPDUMP=()

words_begin() {
	work=$(mktemp -d)
	trap 'words_end' EXIT
	trap 'exit 130' INT TERM
	"$repo/tools/lab/get-frr" --quiet --with-tshark >/dev/null || { echo 'no tshark 4.6' >&2; exit 1; }
}

words_end() {
	# SEXTANT_LAB_KEEP=FOLDER: captures, logs and configurations stay there for a look
	if [[ -n ${SEXTANT_LAB_KEEP:-} ]]; then
		mkdir -p "$SEXTANT_LAB_KEEP"
		cp -r "$work" "$SEXTANT_LAB_KEEP/work" 2>/dev/null
		for d in ctl r1 r2 r3 r4; do
			mkdir -p "$SEXTANT_LAB_KEEP/$d"
			cp -r "$run/$d"/*.log "$run/$d"/*.yaml "$run/$d"/frr/log "$SEXTANT_LAB_KEEP/$d/" 2>/dev/null
		done
	fi
	"$lab" --name "$n" down >/dev/null 2>&1
	rm -rf "$work"
}

on() { "$lab" --name "$n" "$@"; }
in_node() { ip netns exec "$n-$1" "${@:2}"; }
# a command of this shell that must fail, for `check`
fails() { ! "$@"; }
never() { # SECONDS COMMAND...: stays false for so long
	local end=$((SECONDS + $1))
	shift
	while ((SECONDS < end)); do
		! "$@" || return 1
		sleep 0.2
	done
}

# ---- the controller ----

sx() { in_node ctl timeout 60 "$build/tools/cli/sextant" "$@"; }
policy() { # KEY JQ: of one policy, raw
	sx policy show "$1" --json 2>/dev/null | jq -r '.["sextant-policy:policy"][0] | '"$2"
}
status_is() { [[ $(policy "$1" .state.status) == "$2" ]]; } # KEY STATUS
pushes() { policy "$1" '.state.pushes | tonumber'; }       # KEY
session() { # PROTOCOL PEER JQ: of one session, raw
	sx session list --json 2>/dev/null |
		jq -r --arg p "$1" --arg a "$2" \
			'first(.. | objects | select(.protocol? == $p and .peer? == $a)) | '"$3"
}
session_up() { [[ $(session "$1" "$2" .up) == true ]]; }
nodes() { # the names of the nodes of the topology, sorted
	sx topology nodes --json | jq -r '.. | ."sextant-topology:node-attributes"? // empty | .name // empty' | sort
}
summary() { # JQ: of the network's attributes
	sx topology summary --json 2>/dev/null | jq -r "[.. | .\"sextant-topology:network-attributes\"? // empty][0] | $1"
}
learned() { [[ $(summary '"\(.nodes) \(.links) \(.stale // false)"') == "$1 $2 false" ]]; } # NODES LINKS: in sight
sighted() { [[ $(summary '.stale // false') == false ]]; }
healthy() { in_node ctl curl -s -o /dev/null -f -m 2 "http://[::1]:8080/healthz"; }
log_says() { grep -q -- "$1" "$run/ctl/sextantd.log"; }

# ---- FRR ----

vt() { "$run/$1/vtysh" "${@:2}" 2>/dev/null; } # ROUTER -c COMMAND...
configure() { # ROUTER LINE...
	local r=$1 a=(-c 'configure terminal') l
	shift
	for l; do a+=(-c "$l"); done
	"$run/$r/vtysh" "${a[@]}" >"$work/configure" 2>&1 && ! grep -q '^%' "$work/configure"
}
adjacencies() { # of all routers, in sum, as vtysh says
	local r k=0
	for r; do k=$((k + $(vt "$r" -c 'show isis neighbor' | grep -c ' Up '))); done
	echo "$k"
}
lsp_of() { vt "$1" -c "show isis database detail $2.00-00"; } # SEEN-FROM ROUTER

# ---- a receiver: sextant-flow, its process in rx, what it says in $work/rx ----

report() { # what was received since the last time
	local lines
	lines=$(wc -l <"$work/rx")
	kill -USR1 "$rx"
	within 5 eval '(($(wc -l <"$work/rx") > lines))'
	tail -1 "$work/rx"
}
# Of 300 packets in succession none is missed, however long they take: a busy machine sends fewer a second.
lost_none() {
	row=0 row_end=0
	within 10 unbroken
}
unbroken() { # a report more: row, what came without a gap, up to the number row_end
	local got lost first last
	read -r got lost first last < <(report | jq -r '"\(.received) \(.lost) \(.first) \(.last)"')
	((got > 0)) || return 1
	((row = lost > 0 ? 0 : row == 0 || first == row_end + 1 ? row + got : got, row_end = last))
	((row >= 300))
}

# ---- captures ----

capture() { # NAME NODE INTERFACE FILTER: starts tcpdump, returns when it listens
	: >"$work/$1.err"
	# What is read soon after it happened was written then: it does not wait for a processor.
	# The room between is counted in packets of the longest there may be: of what there usually is, 32.
	in_node "$2" nice -n -10 tcpdump -n -U --immediate-mode -B 16384 -s 0 -i "$3" -w "$work/$1.pcap" "$4" \
		2>"$work/$1.err" &
	TCPDUMP[$1]=$!
	within 10 grep -q 'listening on' "$work/$1.err"
}
capture_end() { # NAME
	kill -TERM "${TCPDUMP[$1]}" 2>/dev/null
	wait "${TCPDUMP[$1]}" 2>/dev/null
	unset "TCPDUMP[$1]"
}
shark() { "$shark" -r "$work/$1.pcap" "${@:2}" 2>/dev/null; } # NAME ARGUMENTS...
count() { shark "$1" -Y "$2" -T fields -e frame.number | wc -l; } # NAME FILTER
# PCUpd and PCInitiate that left the controller, so far
sent_changes() { count "$1" "ipv6.src == $ctl6 && (pcep.msg == 11 || pcep.msg == 12)"; }
# What tshark calls malformed or a warning in the frames of a filter, one a line.  Not: what it says
# of TCP, and of SRv6 SIDs without NAI, which RFC 9603 has (type 0) and its dissector does not know.
complaints() { # NAME FILTER
	shark "$1" -Y "($2) && (_ws.malformed || _ws.expert.severity >= 0x600000)" -T fields -E 'aggregator=;' \
		-e frame.number -e ipv6.src -e _ws.expert.severity -e _ws.expert.message |
		awk -F '\t' '{ n = split($3, severity, ";"); split($4, text, ";"); for (i = 1; i <= n; i++)
			if (severity[i] >= 6291456 && text[i] !~ /^Non defined NAI type .0.|segment|ACKed|SACK|[Rr]etransmission|Connection/)
				print "# frame " $1 " of " $2 ": " text[i] }'
}
nothing_wrong() { # NAME FILTER
	local said
	said=$(complaints "$@")
	[[ -z $said ]] || { echo "$said" >&2; return 1; }
}
