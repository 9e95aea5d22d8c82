# SPDX-License-Identifier: Apache-2.0
"""A gNMI target made of the official protocol's generated code (as pygnmi ships it) and grpcio.

target.py PORT CA CERTIFICATE KEY FAULT [TIMES]

Models: openconfig-interfaces and openconfig-system, as far as leaves are concerned whatever is set.
FAULT: none, or for so many Sets (0: always)
    stall   never answered, nothing done        lie     answered as done, nothing done
    half    its first change alone is done      stuck   as half, and no later Set does anything
    close   done, then the connection is cut    deaf    after that, nothing at all is answered
    refuse  refused with a reason
What it does is written to standard output, a line each.
"""

import json
import re
import sys
import threading
import time
from concurrent import futures

import grpc
from pygnmi.spec.v080 import gnmi_pb2 as pb
from pygnmi.spec.v080 import gnmi_pb2_grpc as rpc

KEYS = {"interface": ("name",), "subinterface": ("index",), "server": ("address",)}
MODULE = {"interfaces": "openconfig-interfaces", "system": "openconfig-system"}


def say(text):
    print(text, flush=True)


# A leaf's place is a tuple of (name, ((key, value), …)).


def bare(name):
    return name.split(":")[-1]


def place(prefix, path):
    elems = list(prefix.elem) + list(path.elem)
    return tuple((bare(e.name), tuple(sorted(e.key.items()))) for e in elems)


def path_of(at):
    return pb.Path(elem=[pb.PathElem(name=name, key=dict(keys)) for name, keys in at])


def flat(at, value, out):
    """Every leaf of an RFC 7951 value."""
    if isinstance(value, dict):
        for name, inner in value.items():
            name = bare(name)
            if isinstance(inner, list) and inner and isinstance(inner[0], dict):
                for entry in inner:
                    keys = tuple((k, str(entry[k])) for k in KEYS[name])
                    flat(at + ((name, keys),), entry, out)
            else:
                flat(at + ((name, ()),), inner, out)
    else:
        out[at] = value


def nested(leaves, depth):
    """RFC 7951 of leaves whose places have so many elements in common."""
    if len(leaves) == 1 and len(next(iter(leaves))) == depth:
        return next(iter(leaves.values()))
    members, out = {}, {}
    for at, value in leaves.items():
        members.setdefault(at[depth], {})[at] = value
    for (name, keys), inner in members.items():
        shown = f"{MODULE[name]}:{name}" if depth == 0 else name
        value = nested(inner, depth + 1)
        if keys:
            out.setdefault(shown, []).append(value)
        else:
            out[shown] = value
    return out


def below(at, asked):
    """asked may leave keys out, or have * for names and values."""
    if len(at) < len(asked):
        return False
    for (name, keys), (want, want_keys) in zip(at, asked):
        if want not in ("*", name) or any(v not in ("*", dict(keys).get(k)) for k, v in want_keys):
            return False
    return True


def typed(value):
    return pb.TypedValue(json_ietf_val=json.dumps(value).encode())


class Target(rpc.gNMIServicer):
    def __init__(self, fault, times):
        self.fault, self.times = fault, times
        self.changed = threading.Condition()
        self.leaves = {}
        self.cut = lambda: None
        self.deaf = self.stuck = False
        self.began = time.time_ns()
        for name in ("eth0", "eth1"):
            entry = {"name": name, "config": {"name": name, "mtu": 9000, "enabled": True}, "state": {"oper-status": "UP"}}
            flat((), {"interfaces": {"interface": [entry]}}, self.leaves)

    def now(self):
        """All leaves; counters are counted by the clock."""
        out = dict(self.leaves)
        names = {dict(at[1][1])["name"] for at in out if at[0][0] == "interfaces" and len(at) > 1}
        for name in names:
            at = (("interfaces", ()), ("interface", (("name", name),)), ("state", ()), ("counters", ()), ("in-octets", ()))
            out[at] = str((time.time_ns() - self.began) // 1000)
        return out

    def hold(self, context):
        if self.deaf:
            while context.is_active():
                time.sleep(0.05)
            context.abort(grpc.StatusCode.CANCELLED, "too late")

    def Capabilities(self, request, context):
        self.hold(context)
        say(f"capabilities {context.auth_context()['x509_common_name'][0].decode()}")
        models = [pb.ModelData(name=m, organization="OpenConfig", version="3.0.0") for m in sorted(set(MODULE.values()))]
        return pb.CapabilityResponse(supported_models=models, gNMI_version="0.8.0", supported_encodings=[pb.JSON_IETF])

    def Get(self, request, context):
        self.hold(context)
        notes = []
        with self.changed:
            for path in request.path:
                asked = place(request.prefix, path)
                found = {at: v for at, v in self.now().items() if below(at, asked)}
                if not found:
                    context.abort(grpc.StatusCode.NOT_FOUND, "nothing is there")
                value = nested(found, len(asked))
                notes.append(pb.Notification(timestamp=time.time_ns(), update=[pb.Update(path=path_of(asked), val=typed(value))]))
        return pb.GetResponse(notification=notes)

    def drop(self, asked):
        self.leaves = {at: v for at, v in self.leaves.items() if not below(at, asked)}

    def change(self, op, prefix, path, val):
        at = place(prefix, path)
        if op != "update":
            self.drop(at)
        if op == "delete":
            return
        for n in range(1, len(at) + 1):
            for key, value in at[n - 1][1]:
                self.leaves[at[:n] + ((key, ()),)] = value
        new = {}
        flat(at, json.loads(val.json_ietf_val), new)
        self.leaves.update(new)

    def misbehaves(self):
        """The fault, as often as it was asked for."""
        if self.stuck:
            return "lie"
        if self.fault == "none" or self.times < 0:
            return "none"
        if self.times > 0:
            self.times -= 1
            self.times = self.times or -1
        return self.fault

    def Set(self, request, context):
        self.hold(context)
        with self.changed:
            return self.set_(request, context)

    def set_(self, request, context):
        fault = self.misbehaves()
        changes = [("delete", path, None) for path in request.delete]
        changes += [("replace", u.path, u.val) for u in request.replace]
        changes += [("update", u.path, u.val) for u in request.update]
        say(f"set {len(changes)} {fault}")
        if request.extension:
            context.abort(grpc.StatusCode.UNIMPLEMENTED, "no extensions")
        if fault == "refuse":
            context.abort(grpc.StatusCode.INVALID_ARGUMENT, "mtu 1 is below 68")
        if fault == "stall":
            while context.is_active():
                self.changed.wait(0.05)
            context.abort(grpc.StatusCode.CANCELLED, "too late")
        self.deaf = fault == "deaf"
        done = {"lie": 0, "half": 1, "stuck": 1}.get(fault, len(changes))
        self.stuck = self.stuck or fault == "stuck"
        for op, path, val in changes[:done]:
            self.change(op, request.prefix, path, val)
        self.changed.notify_all()
        if fault in ("close", "deaf"):
            self.cut()
            while context.is_active():
                self.changed.wait(0.05)
        ops = {"delete": pb.UpdateResult.DELETE, "replace": pb.UpdateResult.REPLACE, "update": pb.UpdateResult.UPDATE}
        results = [pb.UpdateResult(path=path, op=ops[op]) for op, path, _ in changes]
        return pb.SetResponse(response=results, timestamp=time.time_ns())

    def Subscribe(self, requests, context):
        self.hold(context)
        asked = next(requests).subscribe
        sub = asked.subscription[0]
        at = place(asked.prefix, sub.path)
        say(f"subscribe {pb.SubscriptionMode.Name(sub.mode)}")
        told = {}
        while context.is_active():
            first = not told
            with self.changed:
                if not first:
                    self.changed.wait(sub.sample_interval / 1e9 if sub.mode == pb.SAMPLE else 0.2)
                fresh = {p: v for p, v in self.now().items() if below(p, at)}
            new = fresh if sub.mode == pb.SAMPLE else {p: v for p, v in fresh.items() if told.get(p) != v}
            gone = [p for p in told if p not in fresh]
            told = fresh
            for p, v in new.items():
                yield note(update=[pb.Update(path=path_of(p), val=typed(v))])
            if gone:
                yield note(delete=[path_of(p) for p in gone])
            if first:
                yield pb.SubscribeResponse(sync_response=True)


def note(**what):
    return pb.SubscribeResponse(update=pb.Notification(timestamp=time.time_ns(), **what))


def listen(target, port, files):
    ca, certificate, key = (open(f, "rb").read() for f in files)
    server = grpc.server(futures.ThreadPoolExecutor(max_workers=16), options=[("grpc.so_reuseport", 0)])
    rpc.add_gNMIServicer_to_server(target, server)
    creds = grpc.ssl_server_credentials([(key, certificate)], root_certificates=ca, require_client_auth=True)
    if not server.add_secure_port(f"[::1]:{port}", creds):
        raise OSError(f"port {port}")
    server.start()
    say("listening")
    return server


def main(argv):
    port, *files = argv[:4]
    target = Target(argv[4], int(argv[5]) if len(argv) > 5 else 0)
    again = threading.Event()
    target.cut = again.set
    server = listen(target, port, files)
    while True:
        again.wait()
        again.clear()
        server.stop(0).wait()
        say("cut")
        server = listen(target, port, files)


if __name__ == "__main__":
    main(sys.argv[1:])
