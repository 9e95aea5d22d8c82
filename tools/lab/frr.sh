# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# FRR of one router: its configuration, its daemons, what it says.  Sourced by tools/lab/lab.
# The comments "FRR:" name a defect of FRR 10.7.1 that the line works round; README.md lists them.

IGP=C # the name of the IS-IS instance
FRR_LOADS=6 # so often a configuration is offered

frr_daemons() { # ROUTER
	local d='mgmtd zebra isisd'
	[[ -z ${R[$1.bgpls]} ]] || d+=' bgpd'
	[[ -z ${R[$1.pathd]} ]] || d+=' pathd'
	echo "$d"
}

# SR-MPLS is there only for pathd, which knows nothing else.
with_srmpls() {
	local r
	for r in "${ROUTERS[@]}"; do [[ -z ${R[$r.pathd]} ]] || return 0; done
	return 1
}

# The delay line of a link: average, minimum, maximum in microseconds.
frr_delay() { # USEC JITTER
	local us=$1 j=$2
	((us > 0)) || us=1
	echo "delay $((us + j / 2)) min $us max $((us + j + 100))"
}

frr_link_params() { # LINK ROUTER
	local n=$1 bw=${L[$1.bw]} p a
	echo ' link-params'
	echo "  metric ${L[$n.te]}"
	echo "  max-bw $((bw * 125000))"
	echo "  max-rsv-bw $((bw * 100000))"
	for p in 0 1 2 3 4 5 6 7; do echo "  unrsv-bw $p $((bw * 100000))"; done
	for a in ${L[$n.affinity]//,/ }; do echo "  affinity $a"; done
	[[ -z ${L[$n.affinity]} ]] || echo '  affinity-mode both'
	echo "  $(frr_delay "${L[$n.delay]}" "${L[$n.jitter]}")"
	echo "  delay-variation $((L[$n.jitter] / 2 + 10))"
	# FRR: one line it does not take rejects the whole group, so the loss is plain decimal
	((L[$n.loss] == 0)) ||
		printf '  packet-loss %d.%04d\n' $((L[$n.loss] / 10000)) $((L[$n.loss] % 10000))
	echo "  res-bw $((bw * 87500))"
	echo "  ava-bw $((bw * 75000))"
	echo "  use-bw $((bw * 12500))"
	echo ' exit-link-params'
}

frr_interfaces() { # ROUTER
	local r=$1 n
	cat <<-TEXT
		interface lo
		 ip address $(loop_v4 "$r")/32
		 ipv6 address $(loop_v6 "$r")/128
		 ip router isis $IGP
		 ipv6 router isis $IGP
		 isis passive
		exit
	TEXT
	for n in ${RLINKS[$r]}; do
		# FRR: with /31 or /127 the prefix of one side is missing in BGP-LS
		cat <<-TEXT
			interface $(ifname "$n" "$r")
			 ip address $(link_v4 "$n" "$r")/30
			 ipv6 address $(link_v6 "$n" "$r")/64
			 ip router isis $IGP
			 ipv6 router isis $IGP
			 isis circuit-type level-2-only
			 isis network point-to-point
			 isis hello-interval 1
			 isis hello-multiplier 10
			 isis metric ${L[$n.metric]}
		TEXT
		frr_link_params "$n" "$r"
		echo exit
	done
}

frr_segment_routing() { # ROUTER
	local r=$1
	cat <<-TEXT
		segment-routing
		 srv6
		  encapsulation
		   source-address $(loop_v6 "$r")
		  exit
		  locators
		   locator MAIN
		    prefix $(locator "$r")::/48 block-len 32 node-len 16 func-bits 16
	TEXT
	[[ ${R[$r.sid]} == classic ]] || printf '    behavior usid\n    format usid-f3216\n'
	printf '   exit\n  exit\n exit\n'
	[[ -z ${R[$r.pathd]} ]] || frr_pathd "$r"
	echo exit
}

# pathd as a PCC of the SR-MPLS kind.  Its two policies go to the last router: one with an explicit
# path, one which it asks the controller for and delegates to it.
frr_pathd() { # ROUTER
	local r=$1 last=${ROUTERS[-1]} mid=${ROUTERS[1]}
	# FRR: a "name" inside a policy makes pathd abort when the file is loaded
	cat <<-TEXT
		 traffic-eng
		  segment-list SL1
		   index 10 mpls label $((16000 + R[$mid.num]))
		   index 20 mpls label $((16000 + R[$last.num]))
		  exit
		  policy color 1 endpoint $(loop_v4 "$last")
		   binding-sid 1001
		   candidate-path preference 100 name EXPLICIT explicit segment-list SL1
		  exit
		  policy color 2 endpoint $(loop_v4 "$last")
		   binding-sid 1002
		   candidate-path preference 200 name DYNAMIC dynamic
		    metric te 5000
		   exit
		  exit
		  pcep
		   pce-config SEXTANT
		    source-address ipv6 $(pathd_v6 "$r")
		    pce-initiated
		    timer keep-alive 30 dead-timer 120 pcep-request 10
		   exit
		   pce CTL
		    config SEXTANT
		    address ipv6 $CTL_V6
		   exit
		   pcc
		    msd 8
		    peer CTL precedence 10
		   exit
		  exit
		 exit
	TEXT
}

frr_isis() { # ROUTER
	local r=$1
	cat <<-TEXT
		router isis $IGP
		 net 49.0001.0000.0000.$(printf '%04d' "${R[$r.num]}").00
		 is-type level-2-only
		 metric-style wide
		 lsp-gen-interval 1
		 spf-interval 1
	TEXT
	# "distribute link-state" and the mpls-te lines exclude each other
	if [[ ${R[$r.bgpls]} == distribute ]]; then
		echo ' distribute link-state'
	else
		echo ' mpls-te on'
		echo " mpls-te router-address $(loop_v4 "$r")"
		echo " mpls-te router-address ipv6 $(loop_v6 "$r")"
		[[ -z ${R[$r.bgpls]} ]] || echo ' mpls-te export'
	fi
	if with_srmpls; then
		echo ' segment-routing on'
		echo ' segment-routing global-block 16000 23999'
		echo ' segment-routing node-msd 8'
		echo " segment-routing prefix $(loop_v4 "$r")/32 index ${R[$r.num]}"
	fi
	cat <<-TEXT
		 redistribute ipv6 kernel level-2 route-map PARTITIONS
		 segment-routing srv6
		  locator MAIN
		  node-msd
		   max-segs-left 8
		   max-end-pop 8
		   max-h-encaps 8
		   max-end-d 8
		  exit
		 exit
		exit
	TEXT
}

# SIDs of network resource partitions, which the agent puts into the kernel, travel as plain prefixes.
frr_partitions() {
	cat <<-TEXT
		ipv6 prefix-list PARTITIONS seq 5 permit fd5e::/16 ge 48 le 48
		route-map PARTITIONS permit 10
		 match ipv6 address prefix-list PARTITIONS
		exit
	TEXT
}

frr_bgp() { # ROUTER: feeds link state to the controller, over IPv6
	cat <<-TEXT
		router bgp $AS
		 bgp router-id $(loop_v4 "$1")
		 no bgp ebgp-requires-policy
		 no bgp default ipv4-unicast
		 neighbor $CTL_V6 remote-as $AS
		 neighbor $CTL_V6 timers 10 30
		 neighbor $CTL_V6 timers connect 2
		 address-family link-state link-state
		  neighbor $CTL_V6 activate
		 exit-address-family
		exit
	TEXT
}

frr_config() { # ROUTER
	local r=$1 a
	printf 'hostname %s\nip forwarding\nipv6 forwarding\n' "$r"
	for a in "${!AFFINITY[@]}"; do echo "affinity-map $a bit-position ${AFFINITY[$a]}"; done
	frr_interfaces "$r"
	frr_segment_routing "$r"
	frr_partitions
	frr_isis "$r"
	[[ -z ${R[$r.bgpls]} ]] || frr_bgp "$r"
	echo end
}

frr_prepare() { # ROUTER: its folders, configuration and vtysh
	local r=$1 d=$RUN/$1/frr
	mkdir -p "$d"/{etc,run,log,lib}
	frr_config "$r" >"$d/etc/frr.conf"
	echo 'service integrated-vtysh-config' >"$d/etc/vtysh.conf"
	chown -R 993:993 "$d" # user frr of the root
	cat >"$RUN/$r/vtysh" <<-TEXT
		#!/bin/sh
		exec $RUN/router-ns $ROOT $d $NAME-$r $r exec /usr/bin/vtysh "\$@"
	TEXT
	chmod +x "$RUN/$r/vtysh"
}

frr_run() { # ROUTER VERB WORDS...
	local r=$1
	shift
	"$RUN/router-ns" "$ROOT" "$RUN/$r/frr" "$NAME-$r" "$r" "$@" 9>&-
}

# While its daemons come up one of them holds the datastore, and a configuration is refused.
frr_free() { # ROUTER
	local k
	for ((k = 0; k < 400; k++)); do
		[[ $(frr_run "$1" exec /usr/bin/vtysh -c 'configure terminal' -c end 2>&1) == *'locked by another session'* ]] || return 0
		sleep 0.05
	done
}

# FRR: a rejected line takes the rest of its group with it, and vtysh only prints it; whatever it prints stays in
# the file. A configuration is whole or it is not loaded: it is read again from its beginning.
frr_load() { # ROUTER
	local log=$RUN/$1/frr/log/load
	frr_free "$1"
	frr_run "$1" exec /usr/bin/vtysh -b >"$log" 2>&1 || true
	# what is there already is a note, not a refusal
	! sed '/^% Configuration applied with notes/d' "$log" | grep -Ei '^%|unknown|error|fail|reject|line [0-9]+' >/dev/null
}

frr_start() { # ROUTER
	local r=$1 k log=$RUN/$1/frr/log/load
	# shellcheck disable=SC2046
	frr_run "$r" start $(frr_daemons "$r") || return 1
	# FRR: on a busy machine a daemon that is still coming up makes mgmtd refuse what it takes a moment later
	for ((k = 1; ; k++)); do
		frr_load "$r" && break
		if ((k == FRR_LOADS)); then
			echo "$r: FRR did not take its configuration, $k times: $(grep -Ei -m1 '%|unknown|error|fail|reject|line' "$log") (see $log)" >&2
			return 1
		fi
		sleep 0.5
	done
	frr_record "$r"
}

# Notes the daemons with the time they started, so that a pid used again is never taken for one.
frr_record() { # ROUTER
	local f
	for f in "$RUN/$1"/frr/run/*.pid; do
		[[ -e $f ]] || continue
		record_pid "$RUN/$1/${f##*/}" "$(<"$f")"
	done
}

adjacencies() { # ROUTER: how many IS-IS neighbours are up
	frr_run "$1" exec /usr/bin/vtysh -d isisd -c 'show isis neighbor' 2>/dev/null |
		awk '$4 == "Up" { n++ } END { print n + 0 }'
}

# FRR: when all links of a router flap at once, zebra may call routes installed that the kernel has
# dropped with their nexthop, and leaves it at that. "PREFIX INTERFACE" a line.
frr_lost_routes() { # ROUTER
	awk 'NR == FNR { has[$1 (index($1, "/") ? "" : "/128")] = 1; next }
		$1 == "I>*" && / via / && !has[$2] && match($0, /, to-[a-z0-9]+/) {
			print $2, substr($0, RSTART + 2, RLENGTH - 2) }' \
		<(ip -n "$NAME-$1" -6 route show) \
		<(frr_run "$1" exec /usr/bin/vtysh -d zebra -c 'show ipv6 route isis' 2>/dev/null)
}

# Sets the delay of one direction in FRR.
# FRR: a changed delay alone never reaches BGP-LS; the TE metric changes by one with it.
frr_set_delay() { # LINK ROUTER USEC TE
	frr_run "$2" exec /usr/bin/vtysh -c 'configure terminal' -c "interface $(ifname "$1" "$2")" \
		-c link-params -c "$(frr_delay "$3" "${L[$1.jitter]}")" -c "metric $4" >/dev/null
}
