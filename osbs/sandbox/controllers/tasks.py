"""What runs in the background of the event loop until the cluster stops."""

import asyncio

from osbs.sandbox.state.state_file import StateFileError


class Tasks:
    """
    The tasks of the controllers.

    :param delays: delays.Timing
    """

    def __init__(self, delays):
        self._delays = delays
        self._tasks = set()
        #: the event loop, set before the first task
        self.loop = None

    def spawn(self, coroutine):
        """Run a coroutine as a task."""
        task = self.loop.create_task(coroutine)
        self._tasks.add(task)
        task.add_done_callback(self._done)
        return task

    def after(self, delay, function, *args):
        """Call a function after a delay, given by its name."""
        return self.spawn(self._call(delay, function, args))

    async def _call(self, delay, function, args):
        await self._delays.sleep(delay)
        function(*args)

    async def stop(self):
        """Cancel all tasks."""
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks, timeout=5)

    def _done(self, task):
        self._tasks.discard(task)
        if task.cancelled() or isinstance(task.exception(), StateFileError):
            return  # The failing state file was reported once.
        if task.exception() is not None:
            self.loop.call_exception_handler(
                {
                    "message": "a controller of the sandbox failed",
                    "exception": task.exception(),
                    "task": task,
                }
            )
