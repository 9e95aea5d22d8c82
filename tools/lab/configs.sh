# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# What the lab tells Sextant's own programs: their configuration files and command lines.
# Sourced by tools/lab/lab; everything that depends on those programs' formats is in this file.

controller_command() { # BINARY CONFIG
	printf '%s\n' "$1" --config "$2"
}

agent_command() { # BINARY CONFIG
	printf '%s\n' "$1" --config "$2"
}

controller_config() {
	local r
	cat <<-TEXT
		node: ctl
		store:
		  path: $RUN/ctl/store.db
		listen:
		  restconf:
		    - address: "::1"
		      port: $API_PORT
		bgp:
		  as: $AS
		  router-id: $CTL_V4
		  listen:
		    address: "::"
		    port: 179
		  peer:
	TEXT
	for r in "${ROUTERS[@]}"; do
		[[ -n ${R[$r.bgpls]} ]] || continue
		printf '    - address: "%s"\n      remote-as: %s\n      insecure: true\n' "$(mgmt_v6 "$r")" "$AS"
	done
	cat <<-TEXT
		pcep:
		  listen:
		    address: "::"
		    port: 4189
		  peer:
	TEXT
	for r in "${ROUTERS[@]}"; do
		printf '    - address: "%s"\n      headend: "%s"\n      insecure: true\n' \
			"$(mgmt_v6 "$r")" "$(loop_v6 "$r")"
		[[ -z ${R[$r.pathd]} ]] || printf '    - address: "%s"\n      headend: "%s"\n      insecure: true\n      profile: frr\n' \
			"$(pathd_v6 "$r")" "$(loop_v4 "$r")"
	done
}

# The SID of the service behind a router: End.DT6, looked up in table 100.
service_sid() { # ROUTER
	echo "$(locator "$1"):d6::"
}

# One prefix into the policy of that colour. A customer's prefix goes by colour 100, its address
# "::3" by colour 200.
steer() { # PREFIX COLOR ROUTER
	cat <<-TEXT
		  - prefix: "$1"
		    color: $2
		    endpoint: "$(loop_v6 "$3")"
		    service-sid: "$(service_sid "$3")"
	TEXT
}

agent_config() { # ROUTER
	local r=$1 c steering='' local_sid=''
	for c in "${CES[@]}"; do
		if [[ ${C[$c.router]} == "$r" ]]; then
			local_sid="  - sid: \"$(service_sid "$r")\"
    behavior: End.DT6
    table: 100"
		else
			steering+="$(steer "${C[$c.prefix]}" 100 "${C[$c.router]}")
$(steer "${C[$c.prefix]%/64}3/128" 200 "${C[$c.router]}")
"
		fi
	done
	cat <<-TEXT
		node: $r
		router-id: "$(loop_v6 "$r")"
		state: $RUN/$r/agent.state
		socket: $RUN/$r/agent.sock
		pcep:
		  controller:
		    - address: "$CTL_V6"
		      port: 4189
		      source-address: "$(mgmt_v6 "$r")"
		      insecure: true
		  msd: 10
	TEXT
	if [[ -n $local_sid ]]; then # only a router with customers has services
		[[ -z $steering ]] || printf 'steering:\n%s' "$steering"
		printf 'local-sid:\n%s\n' "$local_sid"
	fi
	echo 'repair-ua: true'
}

# ---- starting and ending them ----

# Starts a program in a namespace in the background and notes its pid.
start_program() { # NODE PIDFILE LOG WORDS...
	local node=$1 pidfile=$2 log=$3
	shift 3
	! recorded_pid "$pidfile" >/dev/null || die "$1 runs already in $NAME-$node" 3
	setsid ip netns exec "$NAME-$node" "$@" </dev/null >>"$log" 2>&1 9>&- &
	record_pid "$pidfile" "$!" || die "${1##*/} in $NAME-$node ended at once: $(tail -n 1 "$log")"
	disown
}

start_controller() { # [BINARY]
	local -a words
	[[ -z ${1:-} ]] || readlink -f "$1" >"$RUN/ctl/binary"
	[[ -s $RUN/ctl/binary ]] || die 'which program? lab start-controller PATH' 2
	[[ -x $(<"$RUN/ctl/binary") ]] || die "cannot run $(<"$RUN/ctl/binary")"
	[[ -f $RUN/ctl/sextant.yaml ]] || controller_config >"$RUN/ctl/sextant.yaml"
	mapfile -t words < <(controller_command "$(<"$RUN/ctl/binary")" "$RUN/ctl/sextant.yaml")
	start_program ctl "$RUN/ctl/sextantd.pid" "$RUN/ctl/sextantd.log" "${words[@]}"
}

start_agent() { # ROUTER [BINARY]
	local r=$1
	local -a words
	[[ -z ${2:-} ]] || readlink -f "$2" >"$RUN/agent-binary"
	[[ -s $RUN/agent-binary ]] || die 'which program? lab start-agent ROUTER PATH' 2
	[[ -x $(<"$RUN/agent-binary") ]] || die "cannot run $(<"$RUN/agent-binary")"
	[[ -f $RUN/$r/agent.yaml ]] || agent_config "$r" >"$RUN/$r/agent.yaml"
	mapfile -t words < <(agent_command "$(<"$RUN/agent-binary")" "$RUN/$r/agent.yaml")
	start_program "$r" "$RUN/$r/agent.pid" "$RUN/$r/agent.log" "${words[@]}"
}
