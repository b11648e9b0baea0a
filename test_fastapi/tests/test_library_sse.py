# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from .library_case import LibraryCase, on_each_server


def read_bytes(response):
    # not iter_lines, which counts CR and LF in two chunks as two line ends
    return response.iter_content(1, decode_unicode=True)


def read_event(stream):
    """Return the lines of the next event or comment; an empty list at the end."""
    text = ""
    for byte in stream:
        text += byte
        if text.endswith("\r\n\r\n"):
            break
    return text.splitlines()[:-1]


class TestSse(LibraryCase):
    distribution = "sse-starlette"
    library = "library_sse.set_up"

    @on_each_server
    def test_events_arrive_as_they_are_produced(self, served):
        for path, events in (
            (
                "/events",
                [["id: a", "event: first", "data: 1"], ['data: {"number":2}']],
            ),
            ("/sync", [["data: 1"], ["data: 2"]]),
        ):
            (served.folder / "go_on").unlink(missing_ok=True)
            with served.get(path, stream=True) as response:
                self.assertEqual(response.status_code, 200)
                content_type = response.headers["Content-Type"]
                self.assertEqual(content_type.partition(";")[0], "text/event-stream")
                stream = read_bytes(response)
                # the second event is produced after the first has arrived
                self.assertEqual(read_event(stream), events[0])
                (served.folder / "go_on").touch()
                self.assertEqual(read_event(stream), events[1])
                self.assertEqual(read_event(stream), [])

    @on_each_server
    def test_ping_and_disconnect(self, served):
        (served.folder / "events").unlink(missing_ok=True)
        with served.get("/quiet", stream=True) as response:
            stream = read_bytes(response)
            self.assertEqual(read_event(stream), ["data: 1"])
            (ping,) = read_event(stream)
            self.assertTrue(ping.startswith(": ping"), ping)
            self.assertEqual(served.read_lines("events"), [])
        self.wait_until(
            lambda: sorted(served.read_lines("events")), ["cancelled", "gone"]
        )
