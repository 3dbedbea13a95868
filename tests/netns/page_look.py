#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""page_look.py URL: opens it in a headless Chromium. Each line of stdin is a JavaScript expression, whose value is printed as a line of JSON; the line
ERRORS asks for what the console and the page's policy have complained about."""
import itertools
import json
import os
import subprocess
import sys
import tempfile

home = tempfile.TemporaryDirectory()
to_read, to_write = os.pipe()
from_read, from_write = os.pipe()
pipes = {to_read: 3, from_write: 4}


def place():
    """Descriptors 3 and 4 are where Chromium looks for its pipes."""
    a, b = os.dup(to_read), os.dup(from_write)
    a, b = os.dup2(a, 20), os.dup2(b, 21)
    os.dup2(a, 3)
    os.dup2(b, 4)


browser = subprocess.Popen(
    ["chromium", "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run", "--disable-background-networking",
     "--disable-extensions", "--user-data-dir=" + home.name, "--remote-debugging-pipe", "about:blank"],
    env=dict(os.environ, HOME=home.name), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, close_fds=False, preexec_fn=place)
os.close(to_read)
os.close(from_write)
errors, numbers, rest = [], itertools.count(1), b""


def receive():
    global rest
    while b"\0" not in rest:
        more = os.read(from_read, 1 << 20)
        if not more:
            sys.exit("chromium has ended")
        rest += more
    line, rest = rest.split(b"\0", 1)
    return json.loads(line)


def call(method, session=None, **params):
    number = next(numbers)
    message = {"id": number, "method": method, "params": params}
    if session:
        message["sessionId"] = session
    os.write(to_write, json.dumps(message).encode() + b"\0")
    while True:
        answer = receive()
        if answer.get("id") == number:
            if "error" in answer:
                sys.exit(f"{method}: {answer['error']}")
            return answer["result"]
        name, what = answer.get("method"), answer.get("params", {})
        if name == "Runtime.exceptionThrown" or (name == "Runtime.consoleAPICalled" and what["type"] in ("error", "warning")) or \
                (name == "Log.entryAdded" and what["entry"]["level"] in ("error", "warning")):
            errors.append(json.dumps(what)[:300])


try:
    target = call("Target.createTarget", url="about:blank")["targetId"]
    tab = call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
    for domain in "Runtime", "Log", "Page":
        call(domain + ".enable", tab)
    call("Page.navigate", tab, url=sys.argv[1])
    print("ready", flush=True)
    for line in sys.stdin:
        if line.strip() == "ERRORS":
            print(json.dumps(errors), flush=True)
            continue
        result = call("Runtime.evaluate", tab, expression=line, returnByValue=True, awaitPromise=True)
        print(json.dumps(result["result"].get("value")), flush=True)
finally:
    browser.kill()
    browser.wait()
