# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# Foreign programs for tests of this folder, fetched by the ordinary clients of their registries
# (Go's, Python's) in pinned versions, and kept below the build directory. Sourced after check.sh.
# What cannot be had here is a loud skip; what was had and does not work is a failure.

foreign=${SEXTANT_FOREIGN:-$build/foreign}

skip() { # WHY
	echo "ok 1 - $1 # SKIP"
	echo "SKIPPED: $(basename "$0"): $1"
	exit 77
}
broken() { # WHAT LOG
	tail -n 20 "$2" | sed 's/^/# /'
	echo "not ok 1 - $1"
	echo '0 passed, 1 failed'
	exit 1
}

# One fetches, the others wait: two tests may run at once.
fetch_lock() {
	mkdir -p "$foreign" || exit 1
	exec 8>"$foreign/lock"
	flock 8
}

# MODULE@VERSION: the checksums its authors recorded. What the checksum server does not know is held to them.
own_sums() {
	local folder
	folder=$(timeout 60 go mod download -json "$1" | jq -er .Dir) && install -m 644 "$folder/go.sum" go.sum
}

# Not optimised, which takes a third less: they are asked a few times each.
# foreign_go NAME MODULE VERSION PACKAGE [MODULE=MODULE@VERSION…]: builds a Go program, with modules in the place of
# others; $NAME is where it is.
foreign_go() {
	local at=$foreign/$1-$3 log=$foreign/$1.log
	printf -v "$1" '%s' "$at/$1"
	fetch_lock
	if [[ ! -x $at/$1 ]]; then
		[[ $(command -v go) ]] || skip "no Go here to build $1 with"
		echo "# fetching $2 $3"
		rm -rf "$at"
		mkdir -p "$at/source"
		(cd "$at/source" && go mod init sextant.invalid/foreign && for r in "${@:5}"; do go mod edit -replace="$r" || exit 1; done &&
			own_sums "$2@$3" && timeout 150 nice go get "$4@$3") >"$log" 2>&1 ||
			{ tail -n 3 "$log" | cut -c 1-200 | sed 's/^/# /'; rm -rf "$at"; skip "$2 $3 cannot be fetched here"; }
		(cd "$at/source" && GOPROXY=off GOFLAGS=-mod=mod nice go build -trimpath -gcflags='all=-N -l' -o "../$1" "$4") >>"$log" 2>&1 ||
			{ rm -rf "$at"; broken "$1 builds" "$log"; }
	fi
	flock -u 8
}

# foreign_go_file NAME FILE MODULE@VERSION…: the same for a program of ours that is made of theirs.
foreign_go_file() {
	local at=$foreign/$1 log=$foreign/$1.log
	printf -v "$1" '%s' "$at/$1"
	fetch_lock
	if [[ ! -x $at/$1 || $2 -nt $at/$1 ]]; then
		[[ $(command -v go) ]] || skip "no Go here to build $1 with"
		echo "# fetching ${*:3}"
		rm -rf "$at"
		mkdir -p "$at/source"
		cp "$2" "$at/source/main.go"
		(cd "$at/source" && go mod init sextant.invalid/foreign && timeout 150 nice go get "${@:3}") >"$log" 2>&1 ||
			{ tail -n 3 "$log" | cut -c 1-200 | sed 's/^/# /'; rm -rf "$at"; skip "${*:3} cannot be fetched here"; }
		(cd "$at/source" && GOPROXY=off GOFLAGS=-mod=mod nice go build -trimpath -gcflags='all=-N -l' -o "../$1" .) >>"$log" 2>&1 ||
			{ rm -rf "$at"; broken "$1 builds" "$log"; }
	fi
	flock -u 8
}

# foreign_python NAME PACKAGE==VERSION…: what a Python program may import, $NAME its folder. The
# first package names it; the others are what that one needs, so that nothing is resolved here.
foreign_python() {
	local at=$foreign/$1-${2##*=} log=$foreign/$1.log
	printf -v "$1" '%s' "$at"
	fetch_lock
	if [[ ! -e $at/complete ]]; then
		python3 -m pip --version >/dev/null 2>&1 || skip "no Python with pip here to fetch $2 with"
		echo "# fetching $2"
		rm -rf "$at"
		timeout 150 python3 -m pip install --quiet --disable-pip-version-check --no-deps --only-binary :all: \
			--target "$at" "${@:2}" >"$log" 2>&1 ||
			{ tail -n 3 "$log" | cut -c 1-200 | sed 's/^/# /'; rm -rf "$at"; skip "$2 cannot be fetched here"; }
		: >"$at/complete"
	fi
	flock -u 8
}

# Versions, in one place.
want_gnmi_cli() {
	if [[ -n ${SEXTANT_GNMI_CLI:-} ]]; then
		gnmi_cli=$SEXTANT_GNMI_CLI
		return
	fi
	foreign_go gnmi_cli github.com/openconfig/gnmi v0.14.1 github.com/openconfig/gnmi/cmd/gnmi_cli
}
want_gnmic() { # the last version whose modules are had without their authors' own server, but for one
	if [[ -n ${SEXTANT_GNMIC:-} ]]; then
		gnmic=$SEXTANT_GNMIC
		return
	fi
	foreign_go gnmic github.com/openconfig/gnmic v0.31.7 github.com/openconfig/gnmic \
		inet.af/netaddr=github.com/inetaf/netaddr@v0.0.0-20220811202034-502d2d690317
}
want_gotarget() {
	foreign_go_file gotarget "$repo/tests/interop/target.go" github.com/openconfig/gnmi/proto/gnmi@v0.14.1 \
		google.golang.org/grpc@v1.69.2
}
want_pygnmi() {
	foreign_python pygnmi pygnmi==0.8.15 grpcio==1.85.3 protobuf==7.36.2 cryptography==50.0.2 cffi==2.1.1 \
		pycparser==3.12 dictdiffer==0.10.0 typing-extensions==4.16.0
	export PYTHONPATH=$pygnmi
	python3 -c 'import pygnmi.client' 2>"$foreign/pygnmi.log" || broken 'pygnmi can be imported' "$foreign/pygnmi.log"
}
