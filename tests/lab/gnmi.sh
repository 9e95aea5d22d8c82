# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# gNMI to the agents of a lab, with the client of sextantd's own rooms.  Sourced after check.sh, with
# `n` (prefix of the namespaces), `dir`, `build` and `PID` set.

client=$build/tests/unit/gnmi/gnmi-client
declare -A ORDER=()

gnmi_certs() { # into $dir
	local x
	cd "$dir" || return 1
	openssl req -x509 -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout ca.key -subj /CN=ca -days 2 -out ca.crt &&
		for x in target writer; do
			openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout $x.key -subj /CN=$x -out $x.csr &&
				openssl x509 -req -in $x.csr -CA ca.crt -CAkey ca.key -CAcreateserial -days 2 \
					-extfile <(echo 'subjectAltName=DNS:localhost,IP:::1') -out $x.crt || return 1
		done
	cd - >/dev/null || return 1
} 2>"$dir/openssl.log"
gnmi_yaml() { # NODE: lines of its agent's configuration
	cat <<-TEXT
		slices: $1.json
		gnmi: { address: "::1", writer: [ writer ], tls: { certificate: target.crt, key: target.key, ca: ca.crt } }
	TEXT
}
# A client of a node's agent: its orders by `order`, what it says in $dir/NODE.gnmi.
gnmi_open() { # NODE
	local fd x
	mkfifo "$dir/$1.orders"
	: >"$dir/$1.gnmi" # what it answers is counted before it may have begun
	(
		for x in "${ORDER[@]}"; do exec {x}>&-; done # others' ends would keep them open
		exec ip netns exec "$n$1" "$client" ::1 9339 localhost "$dir/ca.crt" "$dir/writer.crt" "$dir/writer.key"
	) <"$dir/$1.orders" >"$dir/$1.gnmi" 2>&1 &
	PID[gnmi-$1]=$!
	exec {fd}>"$dir/$1.orders"
	ORDER[$1]=$fd
}
order() { echo "${*:2}" >&"${ORDER[$1]}"; } # NODE WORDS...
# One change; what came of it is said, like "done" or "refused FAILED_PRECONDITION flow 7: …".
change() { # NODE OP PATH [JSON]
	local was
	was=$(grep -c ^result "$dir/$1.gnmi")
	order "$1" set "$2" "$3" "${4:--}"
	within 10 more_results "$1" "$was" || { echo nothing; return 1; }
	sed -n 's/^result [0-9]* //p' "$dir/$1.gnmi" | tail -1
}
more_results() { (($(grep -c ^result "$dir/$1.gnmi") > $2)); }
# The result is this one, and its text has that.
says_so() { # RESULT TEXT COMMAND...
	local out
	out=$("${@:3}")
	[[ $out == "$1 "*"$2"* ]] || { echo "# not '$1 … $2': $out" >&2; return 1; }
}
