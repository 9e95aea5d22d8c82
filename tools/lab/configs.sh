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
	[[ -z $DEVICES ]] || controller_devices
}

# ---- devices: agents spoken to by gNMI, with certificates on both sides ----

certificate() { # NAME
	local at=$RUN/pki/$1
	openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$at.key" -subj "/CN=$1" -out "$at.csr" &&
		openssl x509 -req -in "$at.csr" -CA "$RUN/pki/ca.pem" -CAkey "$RUN/pki/ca.key" -CAcreateserial -days 30 \
			-extfile <(echo "subjectAltName=DNS:$1") -out "$at.pem"
}

certificates() {
	local r
	mkdir -p "$RUN/pki"
	{
		openssl req -x509 -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$RUN/pki/ca.key" \
			-subj '/CN=lab' -days 30 -out "$RUN/pki/ca.pem"
		for r in ctl "${ROUTERS[@]}"; do certificate "$r" || return; done
	} >"$RUN/pki/log" 2>&1 || die "no certificates: $(tail -n 1 "$RUN/pki/log")"
}

tls_of() { # NAME INDENT
	printf '%stls:\n' "$2"
	printf "$2  %s: %s\n" certificate "$RUN/pki/$1.pem" key "$RUN/pki/$1.key" ca "$RUN/pki/ca.pem"
}

controller_devices() {
	local r
	printf 'devices:\n%s\n  device:\n' "$(tls_of ctl '  ')"
	for r in "${ROUTERS[@]}"; do
		printf '    - name: %s\n      address: "%s"\n      server-name: %s\n' "$r" "$(mgmt_v6 "$r")" "$r"
	done
}

# What is set is kept there; from the start the blocks all SIDs are of, see topology.sh, locator().
device_file() { echo '{"sextant-device:device":{"underlay":["fc00::/32","fcbb:bbbb::/32"]}}'; }

agent_device() { # ROUTER
	cat <<-TEXT
		slices: $RUN/$1/slices.json
		gnmi:
		  address: "$(mgmt_v6 "$1")"
		  writer: [ ctl ]
		$(tls_of "$1" '  ')
	TEXT
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
	[[ -z $DEVICES ]] || agent_device "$r"
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
