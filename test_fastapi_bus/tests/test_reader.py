# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
import asyncio
import gc
import threading
from unittest.mock import patch

from odoo.addons.fastapi_bus import (
    EVENTS_LOST,
    SlowListener,
    bus_events,
    reader,
)

from .bus_case import BusCase


class TestEvents(BusCase):
    def test_order(self):
        async def test():
            async with self.listen("a/1", "a/2") as events:
                with self.transaction() as transaction:
                    for number in range(5):
                        transaction.insert(f"a/{number % 3}", number)
                    transaction.commit()
                self.send("a/2", 5)
                self.assertEqual(await self.take(events, 4), [1, 2, 4, 5])

        self.run_async(test())

    def test_content(self):
        async def test():
            async with self.listen("a/1") as events:
                self.send("a/1", {"x": [1, None, "é"]})
                event = await anext(events)
                self.assertEqual(event.payload, {"x": [1, None, "é"]})
                self.assertEqual(event.type, "test")
                self.assertEqual(event.channel, "a/1")
                self.assertEqual(events.last_event_id, event.id)

        self.run_async(test())

    def test_start(self):
        """Events start with the ``async with``, for the second listener as well."""

        async def test():
            self.send("a/1", 1)
            async with self.listen("a/1") as first:
                self.send("a/1", 2)
                self.send("b/1", 2)
                self.assertEqual(await self.take(first), [2])
                async with self.listen("b/1", "a/1") as second:
                    self.send("b/1", 3)
                    self.send("a/1", 4)
                    self.assertEqual(await self.take(second, 2), [3, 4])
                    self.assertEqual(await self.take(first), [4])

        self.run_async(test())

    def test_without_a_block(self):
        async def test():
            events = self.listen("a/1")
            waiting = asyncio.create_task(anext(events))
            while (
                not (found := reader._readers.get(self.dbname)) or not found._listeners
            ):
                await asyncio.sleep(0)
            self.send("a/1", 1)
            self.assertEqual((await waiting).payload, 1)

        self.run_async(test())

    def test_late_commits(self):
        """An id is given out before others, and committed after them."""

        async def test():
            with self.transaction() as late, self.transaction() as never:
                late_id = late.insert("a/1", "late")
                async with self.listen("a/1") as events:
                    never_id = never.insert("a/1", "never")
                    other_id = late.insert("b/1", "other")
                    self.send("a/1", 1)
                    first = await anext(events)
                    self.assertEqual(first.payload, 1)
                    for id_ in (late_id, never_id, other_id):
                        self.assertIn(str(id_), first.id.split("-")[1:])
                    never.rollback()
                    self.send("a/1", 2)
                    self.assertEqual(await self.take(events), [2])
                    late.commit()
                    last = await anext(events)
                    self.assertEqual(last.payload, "late")
                    self.send("a/1", 3)
                    self.assertEqual(await self.take(events), [3])
            for event_id, expected in (
                (first.id, [2, "late", 3]),
                (last.id, [3]),
            ):
                async with self.listen("a/1", last_event_id=event_id) as resumed:
                    found = await self.take(resumed, len(expected))
                    self.assertCountEqual(found, expected)
                    self.send("a/1", "end")
                    self.assertEqual(await self.take(resumed), ["end"])

        self.run_async(test())

    def test_late_commit_of_many_events(self):
        """Other ids are visible before."""
        count = 1500

        async def test():
            async with self.listen("a/1", queue=2 * count) as events:
                with self.transaction() as late:
                    for number in range(count):
                        late.insert("a/1", number)
                    self.send("a/1", "first")
                    self.assertEqual(await self.take(events), ["first"])
                    late.commit()
                    found = await self.take(events, count)
                    self.assertEqual(found, list(range(count)))

        self.run_async(test())

    def test_resumed_step_by_step(self):
        """A client that reconnects after each event gets each event once."""

        async def test():
            async with self.listen("a/1") as events:
                start = events.last_event_id
            with self.transaction() as late:
                late.insert("a/1", "late")
                self.send("a/1", 1)
                self.send("b/1", 2)
                self.send("a/1", 3)
                found = []
                for turn in range(4):
                    if turn == 2:
                        late.commit()
                    async with self.listen("a/1", last_event_id=start) as events:
                        if turn == 3:
                            self.send("a/1", 4)
                        event = await anext(events)
                        found.append(event.payload)
                        start = event.id
            self.assertEqual(found, [1, 3, "late", 4])

        self.send("b/1", 0)  # a position to start from
        self.run_async(test())

    def test_missing_ids_are_waited_for(self):
        async def test():
            async with self.listen("a/1") as events:
                with self.transaction() as late:
                    late.insert("a/1", "late")
                    for number in range(3):
                        self.send("a/1", number)
                        event = await anext(events)
                        self.assertEqual(len(event.id.split("-")), 2)
                    late.commit()
                    event = await anext(events)
                    self.assertEqual(event.payload, "late")
                    self.assertNotIn("-", event.id)

        self.send("b/1", 0)
        with (
            patch.object(reader, "MIN_AGE", 0),
            patch.object(reader, "LOOK_BACK", (9, 0)),
        ):
            self.run_async(test())

    def test_missing_ids_are_given_up(self):
        """When all transactions have ended that could commit them."""
        found = reader.Reader(self.dbname)
        found._position = position = reader.Position(5)
        with patch.object(reader.time, "monotonic") as now:
            now.return_value = 0
            found._advance([(8, None, None)], 100, 200)
            self.assertEqual(position.missing, {6, 7})
            found._advance([(7, None, None)], 300, 300)  # too early
            now.return_value = reader.MIN_AGE
            found._advance([], 199, 300)  # one transaction still runs
            self.assertEqual(position.missing, {6})
            found._advance([], 200, 300)
            self.assertEqual(position.missing, set())

    def test_many_rows(self):
        """More than one SELECT returns."""

        async def test():
            async with self.listen("a/1") as events:
                with self.transaction() as transaction:
                    for number in range(10):
                        transaction.insert("a/1", number)
                    transaction.commit()
                self.assertEqual(await self.take(events, 10), list(range(10)))

        with patch.object(reader, "ROWS", 3):
            self.run_async(test())


class TestResume(BusCase):
    def assertLost(self, last_event_id, **options):
        async def test():
            async with self.listen(
                "a/1", last_event_id=last_event_id, **options
            ) as got:
                event = await anext(got)
                self.assertEqual(event.type, EVENTS_LOST)
                self.assertEqual(event.channel, "a/1")
                # a browser ignores server-sent events without data
                self.assertEqual(event.payload, {})
                self.send("a/1", "new")
                self.assertEqual(await self.take(got), ["new"])
                return event.id

        return self.run_async(test())

    def test_deleted_events(self):
        self.send("a/1", 1)
        position = self.assertLost("1")
        self.assertNotEqual(position, "1")
        self.query("DELETE FROM bus_bus")
        self.assertLost(position)

    def test_ids_that_were_never_sent(self):
        for text in ("", "x", "-1", "1" * 18, "1" * 19, "1;DROP", "0"):
            with self.subTest(text):
                self.assertLost(text)

    def test_more_events_than_the_queue_holds(self):
        with self.transaction() as transaction:
            first = transaction.insert("a/1", 0)
            for number in range(5):
                transaction.insert("a/1", number)
            transaction.commit()
        self.assertLost(str(first), queue=5)


class TestListeners(BusCase):
    def test_slow_listener(self):
        async def test():
            async with self.listen("a/1", queue=2) as slow, self.listen("a/1") as fast:
                for number in range(3):
                    self.send("a/1", number)
                self.assertEqual(await self.take(fast, 3), [0, 1, 2])
                with self.assertRaisesRegex(SlowListener, "More than 2 events"):
                    await anext(slow)
                self.send("a/1", 3)
                self.assertEqual(await self.take(fast), [3])
                found = reader._readers[self.dbname]
                self.assertEqual(len(found._listeners), 1)

        self.run_async(test())

    def test_waiting_can_be_given_up(self):
        async def test():
            async with self.listen("a/1") as events:
                for number in range(3):
                    with self.assertRaises(asyncio.TimeoutError):
                        await asyncio.wait_for(anext(events), 0.01)
                    self.send("a/1", number)
                    self.assertEqual(await self.take(events), [number])

        self.run_async(test())

    def test_take_all(self):
        async def test():
            async with self.listen("a/1") as events, self.listen("a/1") as other:
                with self.transaction() as transaction:
                    for number in range(3):
                        transaction.insert("a/1", number)
                    transaction.commit()
                await self.take(other, 3)
                found = await events.take_all()
                self.assertEqual([event.payload for event in found], [0, 1, 2])

        self.run_async(test())

    def test_another_loop(self):
        """A WebSocket goes on on another loop."""
        events = self.listen("a/1")
        self.run_async(events.__aenter__())
        self.send("a/1", 1)
        self.assertEqual(self.run_async(self.take(events)), [1])
        self.send("a/1", 2)
        self.assertEqual(self.run_async(self.take(events)), [2])
        events.close()

    def test_event_between_two_loops(self):
        """It comes when the first loop is closed, and the app is not on the next."""
        events = self.listen("a/1")
        self.run_async(events.__aenter__())

        async def send():
            async with self.listen("a/1") as others:
                for number in range(3):
                    self.send("a/1", number)
                    self.assertEqual(await self.take(others), [number])

        self.run_async(send())
        self.assertEqual(self.run_async(self.take(events, 3)), [0, 1, 2])
        events.close()

    def test_closed_loop(self):
        """A listener that waits for it can't go on."""

        async def test():
            await events.__aenter__()
            waiting.send(None)

        events = self.listen("a/1")
        waiting = anext(events)
        self.run_async(test())
        self.send("a/1", 1)
        self.wait_for_end()  # although the listener was never closed
        waiting.close()

    def test_deleted_after_its_loop(self):
        events = self.listen("a/1")
        with self.assertRaises(asyncio.TimeoutError):
            asyncio.run(asyncio.wait_for(anext(events), 0.5))
        del events
        gc.collect()
        self.wait_for_end()

    def test_nothing_is_left(self):
        """Of listeners that are closed, deleted, or cancelled while they wait."""

        async def test():
            async with self.listen("a/1"):
                pass
            waiting = asyncio.create_task(anext(self.listen("a/1")))
            deleted = self.listen("a/1")
            await deleted.__aenter__()
            self.assertEqual(len(reader._readers), 1)
            waiting.cancel()
            await asyncio.wait([waiting])
            del deleted, waiting
            gc.collect()
            await asyncio.get_running_loop().run_in_executor(None, self.wait_for_end)

        self.run_async(test())
        names = [thread.name for thread in threading.enumerate()]
        self.assertFalse([name for name in names if name.startswith("fastapi_bus.")])

    def test_closed_events(self):
        async def test():
            events = self.listen("a/1")
            await events.__aenter__()
            events.close()
            events.close()
            self.assertEqual([event async for event in events], [])

        self.run_async(test())

    def test_no_channel(self):
        with self.assertRaises(ValueError):
            self.listen()

    def test_outside_of_a_request(self):
        with self.assertRaises(LookupError):
            bus_events("a/1")
