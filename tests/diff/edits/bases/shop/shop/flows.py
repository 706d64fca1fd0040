"""The hand-written workflow."""

from datetime import timedelta

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from shop.prompts import greeting, pause

TIMEOUT = timedelta(minutes=5)


@workflow.defn(name="AgentLoop")
class AgentLoop:
    """One conversation."""

    def __init__(self) -> None:
        self.stopped = False

    @workflow.run
    async def run(self, given: dict) -> int:
        text = greeting(given["conversation"])
        for number in range(given["turns"]):
            turn = await workflow.execute_activity(
                "run_turn", args=[text, number], start_to_close_timeout=TIMEOUT
            )
            await workflow.execute_activity(
                "store_turn", args=[text, turn], start_to_close_timeout=TIMEOUT
            )
            workflow.logger.info("turn %s", number)
            await workflow.sleep(pause(number))
            if self.stopped:
                break
        return number

    @workflow.signal
    def stop(self) -> None:
        self.stopped = True
