# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# A router with the agent's gNMI target in a network namespace, and certificates of who asks it.
# Sourced by tests that run in a namespace of their own, in an empty folder.

certificate() { # NAME [AUTHORITY]
	openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$1.key" -subj "/CN=$1" -out "$1.csr" &&
		openssl x509 -req -in "$1.csr" -CA "${2:-ca}.crt" -CAkey "${2:-ca}.key" -CAcreateserial -days 30 \
			-extfile <(echo 'subjectAltName=DNS:localhost,IP:::1') -out "$1.crt"
}
authority() { # NAME
	openssl req -x509 -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$1.key" -subj "/CN=$1" -days 30 -out "$1.crt"
}
# One authority, the target, one who may write, one who may not; a stranger of another authority.
certificates() {
	{ authority ca && authority other && certificate target && certificate writer && certificate reader &&
		certificate stranger other; } >openssl.log 2>&1 || { cat openssl.log; exit 1; }
}

says() { # TEXT COMMAND...: spaces count once, Go's text of messages has more or less of them at will
	local out
	out=$("${@:2}" | tr -s ' ')
	[[ $out == *"$1"* ]] || { echo "# '$1' is not in: $out" >&2; return 1; }
}
lacks() { # TEXT COMMAND...: it ends well, and does not say so
	local out
	out=$("${@:2}") || { echo "# failed: $out" >&2; return 1; }
	[[ $out != *"$1"* ]] || { echo "# '$1' is in: $out" >&2; return 1; }
}

# Interfaces core and edge; sets $pid.
router() {
	ip link set lo up
	for i in core edge; do ip link add "$i" type bridge && ip link set "$i" up; done
	ip link add sr0 type ifb && ip link set sr0 up
	cat >agent.yaml <<-'Y'
		node: r1
		router-id: "2001:db8::1"
		state: agent.state
		socket: agent.sock
		slices: slices.json
		gnmi:
		  address: "::1"
		  writer: [ writer ]
		  tls: { certificate: target.crt, key: target.key, ca: ca.crt }
	Y
	"$build/tools/agent/sextant-agent" --config agent.yaml 2>log &
	pid=$!
	within 20 grep -qs agent.gnmi.listening log || { cat log; exit 1; }
}
