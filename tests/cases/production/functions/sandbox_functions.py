"""Functions of users, run where they can do no harm."""


def invoke_function(workspace_id: str, function_id: str, invocation_id: str) -> dict[str, str]:
    return {"output": f"{function_id} of {workspace_id}: {invocation_id}"}


def mark_failed(workspace_id: str, invocation_id: str) -> None:
    pass
