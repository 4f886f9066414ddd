"""Runs the customer data platform once a day, layer by layer.

**Which date a run speaks for.** A run has one `as_of_date` D and uses what was known before
D 00:00 UTC. D is the UTC day of the run's logical date. The schedule fires at midnight UTC with a
data interval of no length, so logical date, data interval end and the moment of firing are all
D 00:00: the run that starts on 2026-01-02 at 00:00 speaks for `as_of_date` 2026-01-02 and sees the
events of 2026-01-01 and earlier. The param `as_of_date` overrides this for a run by hand.

**Tasks.** `plan` finds faulty configuration before any work is done and logs what will be written.
Then each layer replaces its partitions of D: `staging`, `identity`, `profiles`, `features`,
`scores`, `segments`, `activations`. A layer with nothing to do is skipped and holds nothing up.

**When a task fails.** Running any task again is safe: it replaces the same partitions. Faulty
configuration (exit code 3) and a failed check (4) are not retried, an unreachable lake (5) is.

**Assets.** Each layer updates the asset `cdp_<layer>`, whose event carries `as_of_date`; schedule a
DAG on `cdp_activations` to pick up audiences as soon as they are written.
"""

from datetime import UTC, datetime, timedelta

from airflow.sdk import DAG, CronTriggerTimetable, Param, chain

from cdp_dags.layers import LAYERS
from cdp_dags.operators import CdpPlanOperator, CdpRunLayerOperator

with DAG(
    dag_id="cdp_daily",
    description="Profiles, features, scores, segments and activations of one day",
    doc_md=__doc__,
    schedule=CronTriggerTimetable("0 0 * * *", timezone="UTC"),
    start_date=datetime(2024, 1, 1, tzinfo=UTC),
    catchup=False,
    max_active_runs=1,
    tags=["cdp", "daily"],
    params={
        "as_of_date": Param(
            None,
            type=["null", "string"],
            format="date",
            description="The date to run for; empty = the UTC day of the logical date",
        )
    },
    default_args={
        "owner": "data-platform",
        "retries": 3,
        "retry_delay": timedelta(minutes=1),
        "retry_exponential_backoff": 2,
        "max_retry_delay": timedelta(minutes=15),
        "execution_timeout": timedelta(hours=3),
    },
) as dag:
    plan = CdpPlanOperator(
        task_id="plan",
        doc_md="Checks the project and logs what the day will write.",
    )
    layers = [
        CdpRunLayerOperator(
            task_id=layer,
            layer=layer,
            doc_md=f"Runs every model of `{layer}` for the day.",
            # A skipped layer had nothing to do; the next one may well have.
            trigger_rule="none_failed",
        )
        for layer in LAYERS
    ]
    chain(plan, *layers)
