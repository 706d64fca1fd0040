"""The functions that `queues.yaml` names; they import neither tqrun nor temporalio."""
