# SPDX-License-Identifier: Apache-2.0
"""pygnmi as a command for scripts, one question a call.

ask.py [ADDRESS/]PORT CA [CERTIFICATE KEY] -- COMMAND...
    caps | get TYPE PATH | set OP PATH [JSON] ... | once PATH | change PATH | sample MILLISECONDS PATH
    poll TIMES PATH

Answers are JSON, one a line; changes and samples go on until the program is ended. What the target
or gRPC refuses is "CODE: text", exit code 1.
"""

import json
import sys

from pygnmi.client import gNMIclient, gNMIException


def show(thing):
    print(json.dumps(thing, sort_keys=True), flush=True)


def subscribe(client, mode, how, path, **more):
    entry = {"path": path, "mode": how} if how else {"path": path}
    return client.subscribe2({"subscription": [dict(entry, **more)], "mode": mode, "encoding": "json_ietf"})


def changes(words):
    """Triples OP PATH JSON, pairs for delete, as pygnmi takes them."""
    out = {"delete": [], "replace": [], "update": []}
    while words:
        op, path = words[:2]
        if op == "delete":
            out[op].append(path)
            words = words[2:]
        else:
            json.loads(words[2])  # a text of JSON goes out as it is; others would be guessed at
            out[op].append((path, words[2]))
            words = words[3:]
    return {op: these for op, these in out.items() if these}


def caps(client):
    show(client.capabilities())


def get(client, kind, path):
    show(client.get(path=[path], datatype=kind, encoding="json_ietf"))


def set_(client, *words):
    show(client.set(encoding="json_ietf", **changes(list(words))))


def once(client, path):
    for answer in subscribe(client, "once", None, path):
        show(answer)


def poll(client, times, path):
    asked = subscribe(client, "poll", None, path)
    for _ in range(int(times)):
        show(asked.get_update(timeout=10))
    asked.close()


def change(client, path):
    for answer in subscribe(client, "stream", "on_change", path):
        show(answer)


def sample(client, interval, path):
    for answer in subscribe(client, "stream", "sample", path, sample_interval=int(interval) * 10**6):
        show(answer)


COMMANDS = {"caps": caps, "get": get, "set": set_, "once": once, "poll": poll, "change": change, "sample": sample}


def main(argv):
    cut = argv.index("--")
    port, ca, *own = argv[:cut]
    command, *words = argv[cut + 1 :]
    address, port = port.split("/") if "/" in port else ("::1", port)
    # pygnmi takes a lone certificate for the authority's, and shows none of its own then.
    files = {"path_root": ca, "path_cert": own[0], "path_key": own[1]} if own else {"path_cert": ca}
    client = gNMIclient(target=(f"[{address}]", port), override="localhost", gnmi_timeout=10, no_qos_marking=True, **files)
    try:
        client.connect(timeout=0)  # the first call connects, and says why it could not
        COMMANDS[command](client, *words)
    except gNMIException as e:
        print(f"{e.orig_exc.code().name}: {e.orig_exc.details()}" if hasattr(e.orig_exc, "code") else f"{e}")
        return 1
    finally:
        client.close()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
