"""The billing provider's state."""


def reconcile_credit_states(workspace_id: str) -> None:
    pass


def clean_invoice(invoice_id: str, workspace_id: str) -> None:
    pass
