from temporalio import workflow

from shop.texts import total


@workflow.defn(name="orders")
class Order:
    @workflow.run
    async def run(self, given: dict) -> None:
        await workflow.execute_activity("charge", args=[given["order_id"], total(given)])
