# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Endpoints change while several processes of several servers serve them.

Once a change is acknowledged, no process may serve an older state: each request checks
for changes when it starts.
"""

import os
import random
import threading
import time
import uuid

from .servers import TIMEOUT, Background, OdooServer
from .stress_case import StressCase

#: Number of clients of each server.
CLIENTS = 4
#: Number of changing endpoints, each changed by a separate client.
CHANGING = 3
#: Seconds for all changes.
TIME_LIMIT = 200


class Timeline:
    """The successive states of a path.

    :param state: the first state; None if nothing is mounted there
    """

    def __init__(self, state=None):
        #: When a change was requested, when it was acknowledged, and the new state.
        self.changes = [(float("-inf"), float("-inf"), state)]

    def change(self, asked, acknowledged, state):
        self.changes.append((asked, acknowledged, state))

    def possible(self, start, end):
        """Return the states that a request from ``start`` to ``end`` may have seen."""
        overs = [acknowledged for _asked, acknowledged, _state in self.changes[1:]]
        return [
            state
            for (asked, _acknowledged, state), over in zip(
                self.changes, [*overs, float("inf")], strict=True
            )
            if asked <= end and over >= start
        ]

    def lateness(self, start, state):
        """Return the seconds from the end of a state to the start of a request."""
        overs = [
            following[1]
            for (_asked, _acknowledged, before), following in zip(
                self.changes, self.changes[1:], strict=False
            )
            if before == state
        ]
        return start - max(overs, default=start)


class TestProcesses(StressCase):
    """Two prefork servers with two workers each."""

    options = {"workers": 2}
    case = "changes of endpoints under load, 2 servers of 2 workers"

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.seed = os.environ.get("FASTAPI_STRESS_SEED") or uuid.uuid4().hex[:8]
        cls.second = OdooServer(cls.dbname, **cls.options)
        cls.addClassCleanup(cls.second.stop)
        cls.servers = [cls.first, cls.second]

    def setUp(self):
        super().setUp()
        self.set_up_runners()
        self.over = threading.Event()
        self.timelines = {"/still": self.mount("/still", "Still", self.runners[0])}

    def set_up_runners(self):
        """Create users, each with a separate company."""
        rpc = self.first.rpc
        (runner,) = rpc("res.users", "read", [self.runner_id], ["group_ids"])
        self.runners = []
        for number in range(2):
            company_ids = rpc(
                "res.company", "create", [{"name": f"Company {uuid.uuid4().hex}"}]
            )
            self.addCleanup(self.remove_companies, company_ids)
            user_ids = rpc(
                "res.users",
                "create",
                [
                    {
                        "name": f"Runner {number}",
                        "login": f"runner {number} {uuid.uuid4().hex}",
                        "company_id": company_ids[0],
                        "company_ids": [(6, 0, company_ids)],
                        "group_ids": [(6, 0, runner["group_ids"])],
                    }
                ],
            )
            self.addCleanup(rpc, "res.users", "unlink", user_ids)
            self.runners.append((user_ids[0], company_ids[0]))
        self.addCleanup(self.clean_up)  # endpoints before their users

    def remove_companies(self, company_ids):
        partners = self.query(
            "SELECT partner_id FROM res_company WHERE id = ANY(%s)", company_ids
        )
        self.first.rpc("res.company", "unlink", company_ids)
        self.first.rpc("res.partner", "unlink", [partner for (partner,) in partners])

    def mount(self, root_path, title, runner):
        """Create an endpoint before the other clients start."""
        user_id, company_id = runner
        self.create_endpoint(
            self.first, root_path, name=title, user_id=user_id, company_id=company_id
        )
        return Timeline(self.state(title, runner, root_path))

    @staticmethod
    def state(title, runner, root_path):
        user_id, company_id = runner
        return {
            "title": title,
            "uid": user_id,
            "company": company_id,
            "root_path": root_path,
        }

    # Clients that change endpoints

    def change_endpoint(self, number, changes):
        """Create, rename, hand over, move, archive and delete an endpoint."""
        rng = random.Random(f"{self.seed} changes {number}")
        paths = [f"/changing/{number}", f"/changed/{number}/deeper"]
        endpoint_id, title, runner, path, active = None, "", self.runners[0], "", True
        for change in range(changes):
            if self.over.is_set():
                break
            before = path if endpoint_id and active else None
            kind = rng.choice(["rename", "hand over", "move", "archive", "delete"])
            call = "write"
            if endpoint_id is None:
                call, path, active = "create", rng.choice(paths), True
                title = f"Created {number} {change}"
            elif kind == "rename":
                title = f"Renamed {number} {change}"
            elif kind == "hand over":
                runner = self.runners[runner == self.runners[0]]
            elif kind == "move":
                path = paths[path == paths[0]]
            elif kind == "archive":
                active = not active
            else:
                call = "unlink"
            vals = {
                "name": title,
                "root_path": path,
                "active": active,
                "user_id": runner[0],
                "company_id": runner[1],
            }
            server = rng.choice(self.servers)
            asked = time.monotonic()
            if call == "create":
                vals.update(app="test", save_http_session=False)
                (endpoint_id,) = server.rpc("fastapi.endpoint", "create", [vals])
                self.created.append(endpoint_id)
            elif call == "write":
                server.rpc("fastapi.endpoint", "write", [endpoint_id], vals)
            else:
                server.rpc("fastapi.endpoint", "unlink", [endpoint_id])
                self.created.remove(endpoint_id)
                endpoint_id = None
            acknowledged = time.monotonic()
            after = path if endpoint_id and active else None
            if before and before != after:
                self.timelines[before].change(asked, acknowledged, None)
            if after:
                state = self.state(title, runner, path)
                self.timelines[after].change(asked, acknowledged, state)

    # Clients that call endpoints

    def look(self, number):
        """Call the paths until the changes are over.

        :return: path, start, end and response of each request
        """
        rng = random.Random(f"{self.seed} looks {number}")
        server, paths = self.servers[number % 2], list(self.timelines)
        seen = []
        while not self.over.is_set():
            path = rng.choice(paths)
            start = time.monotonic()
            response = server.request("GET", f"{path}/load/state")
            seen.append((path, start, time.monotonic(), response))
        return seen

    def test_changes_are_seen_at_once(self):
        for number in range(CHANGING):
            for path in (f"/changing/{number}", f"/changed/{number}/deeper"):
                self.timelines[path] = Timeline()
        changes = self.size(50, 8)
        lookers = [Background(self.look, number) for number in range(2 * CLIENTS)]
        changers = [
            Background(self.change_endpoint, number, changes)
            for number in range(CHANGING)
        ]
        try:
            for changer in changers:
                changer.result(TIME_LIMIT)
        finally:
            self.over.set()
            for changer in changers:
                changer.join(TIMEOUT)
        seen = [entry for looker in lookers for entry in looker.result()]
        failures, longest = [], 0.0
        for path, start, end, response in seen:
            if response.status not in (200, 404):
                failures.append(f"{path}: {response.status} {response.body}")
                continue
            found = response.json() if response.status == 200 else None
            possible = self.timelines[path].possible(start, end)
            if found not in possible:
                late = self.timelines[path].lateness(start, found)
                longest = max(longest, late)
                failures.append(f"{path}, {late:.4f} s: {found}, not {possible}")
        self.conclude(
            f"{self.case}, longest delay {longest * 1000:.0f} ms",
            len(seen),
            [f"seed {self.seed}: {failure}" for failure in failures],
        )


class TestThreads(TestProcesses):
    """Two threaded servers: the requests of a process share its tables and apps."""

    options = {}
    case = "changes of endpoints under load, 2 threaded servers"
