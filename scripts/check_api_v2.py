#!/usr/bin/env python3
"""Judge the eight documents under /api/v2 with clients that other people wrote for Statuspage.

The example `feed_probe --all` prints every document of a page with all kinds of events; a plain server on the loopback gives them out
under their paths. Two clients from PyPI read them, unchanged but for the address:

- DiscordStatus asks for each of the eight by name. What its author's own tests want of an answer must be there, with values of the right kind.
- statuspage-prometheus-exporter reads the summary, as a monitoring system does. What it makes of it (the state, each component, each
  incident with what it touches, each maintenance with its times) must be what the other client reads in the documents.

    python3 -m venv /tmp/api && /tmp/api/bin/pip install DiscordStatus statuspage-prometheus-exporter
    cargo build -p forewarn-server --example feed_probe
    /tmp/api/bin/python scripts/check_api_v2.py
"""

import argparse
import base64
import http.server
import importlib.metadata
import json
import logging
import os
import subprocess
import sys
import tempfile
import threading
from datetime import datetime
from pathlib import Path

from discordstatus import DiscordStatus

ROOT = Path(__file__).resolve().parent.parent
PAGE = "id name url time_zone updated_at".split()
# What the tests of DiscordStatus, which ask Discord's real page, want of every part.
COMPONENT = "id name status created_at updated_at position description showcase start_date group_id page_id group only_show_if_degraded".split()
INCIDENT = "id name status created_at updated_at monitoring_at resolved_at impact shortlink started_at page_id incident_updates components".split()
MAINTENANCE = [*INCIDENT, "scheduled_for", "scheduled_until"]
PARTS = {"components": COMPONENT, "incidents": INCIDENT, "scheduled_maintenances": MAINTENANCE}
DOCUMENTS = {
    "summary": ("components", "incidents", "scheduled_maintenances", "status"), "status": ("status",), "components": ("components",),
    "all_incidents": ("incidents",), "unresolved_incidents": ("incidents",), "all_maintenances": ("scheduled_maintenances",),
    "upcoming_maintenances": ("scheduled_maintenances",), "active_maintenances": ("scheduled_maintenances",),
}
# The lists of words in Atlassian's description of the API.
STATES = {
    "components": "operational degraded_performance partial_outage major_outage under_maintenance".split(),
    "incidents": "investigating identified monitoring resolved postmortem".split(),
    "scheduled_maintenances": "scheduled in_progress verifying completed".split(),
}
TIMES = "created_at updated_at monitoring_at resolved_at started_at scheduled_for scheduled_until display_at".split()


def served(probe):
    """A server of the probe's documents on the loopback."""
    done = subprocess.run([probe, "--all"], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, check=True)
    lines = [json.loads(line) for line in done.stdout.decode().splitlines()]
    pages = {page["path"]: (page["type"], base64.b64decode(page["body"])) for page in lines}

    class Answers(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            kind, body = pages.get(self.path, (None, b""))
            self.send_response(200 if kind else 404)
            self.send_header("content-type", kind or "text/plain")
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answers)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server, f"http://127.0.0.1:{server.server_address[1]}"


def missing(where, part, wanted):
    """What a client would not find."""
    return [f"{where}: no {key}" for key in wanted if key not in part]


def check_part(name, kind, part):
    """What is wrong with a component, an incident or a maintenance."""
    where = f"{name}: {part.get('name')}"
    wrong = missing(where, part, PARTS[kind])
    if part.get("status") not in STATES[kind]:
        wrong.append(f"{where}: status {part.get('status')}")
    for one in [part, *part.get("incident_updates", [])]:
        for key in TIMES:
            if one.get(key) and datetime.fromisoformat(one[key]).tzinfo is None:
                wrong.append(f"{where}: {key} has no offset")
    shown = [datetime.fromisoformat(update["display_at"]) for update in part.get("incident_updates", [])]
    if shown != sorted(shown, reverse=True):
        wrong.append(f"{where}: the newest update is not the first")
    return wrong


def check_documents(base):
    """Every document by DiscordStatus. Answers with them, and what is wrong."""
    client, read, wrong = DiscordStatus(), {}, []
    client.base_target = f"{base}/api/v2"
    for name, parts in DOCUMENTS.items():
        read[name] = document = getattr(client, name)
        wrong += missing(name, document, ["page", *parts]) + missing(f"{name}: page", document.get("page", {}), PAGE)
        for kind in parts:
            if kind == "status":
                wrong += missing(f"{name}: status", document["status"], ["indicator", "description"])
                if document["status"]["indicator"] not in ("none", "minor", "major", "critical"):
                    wrong.append(f"{name}: indicator {document['status']['indicator']}")
                continue
            for part in document[kind]:
                wrong += check_part(name, kind, part)
    return read, wrong


def check_monitor(base, read):
    """What a monitoring system makes of the summary, against what the documents say."""
    with tempfile.TemporaryDirectory() as work:
        os.chdir(work)
        Path("services.json").write_text("{}", "utf8")
        os.environ["SERVICES_JSON_PATH"] = f"{work}/services.json"
        logging.disable(logging.WARNING)
        from statuspage_prometheus_exporter.service_checker import check_service_status

        found = check_service_status("forewarn", {"url": f"{base}/api/v2/summary.json"})
        os.chdir(ROOT)
    touched = lambda event: [component["name"] for component in event["components"]]
    wanted = {
        "success": True,
        "components": [(one["name"], one["status"]) for one in read["components"]["components"]],
        "incidents": [(one["id"], one["name"], one["status"], one["impact"], touched(one)) for one in read["unresolved_incidents"]["incidents"]],
        "maintenances": sorted((one["id"], one["scheduled_for"], one["scheduled_until"], touched(one))
                               for kind in ("active", "upcoming") for one in read[f"{kind}_maintenances"]["scheduled_maintenances"]),
    }
    made = {
        "success": found["success"],
        "components": [(one["name"], one["status"]) for one in found["component_metadata"]],
        "incidents": [(one["id"], one["name"], one["status"], one["impact"], one["affected_components"]) for one in found["incident_metadata"]],
        "maintenances": sorted((one["id"], one["scheduled_start"], one["scheduled_end"], one["affected_components"])
                               for one in found["maintenance_metadata"]),
    }
    wrong = [f"summary: {key}: the exporter reads {made[key]}, the documents say {wanted[key]}" for key in wanted if made[key] != wanted[key]]
    return wrong + [f"summary: there are no {key} to compare" for key in wanted if not wanted[key]]


def main():
    """Have both clients read everything."""
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--probe", default=str(ROOT / "target/debug/examples/feed_probe"))
    server, base = served(Path(arguments.parse_args().probe).resolve())
    try:
        read, wrong = check_documents(base)
        wrong += check_monitor(base, read)
    finally:
        server.shutdown()
    counts = ", ".join(f"{len(read[name][kind])} in {name}" for name, kinds in DOCUMENTS.items() for kind in kinds[:1] if kind != "status")
    versions = ", ".join(f"{name} {importlib.metadata.version(name)}" for name in ("DiscordStatus", "statuspage-prometheus-exporter"))
    print(f"{versions}: {len(read)} documents read ({counts}), {len(wrong)} problems")
    for problem in wrong[:20]:
        print(f"  {problem}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
