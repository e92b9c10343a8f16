"""Airflow: which task instances a clear of the failed run would clear, dry, on its own database."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from airflow.models.dagbundle import DagBundleModel
from airflow.models.serialized_dag import SerializedDagModel
from airflow.models.taskinstance import TaskInstance, find_relevant_relatives
from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.sdk import DAG
from airflow.sdk.timezone import utcnow
from airflow.serialization.definitions.dag import SerializedDAG
from airflow.serialization.serialized_objects import LazyDeserializedDAG
from airflow.utils.db import initdb
from airflow.utils.session import create_session
from airflow.utils.state import DagRunState, TaskInstanceState
from airflow.utils.types import DagRunTriggeredByType, DagRunType
from benchmarks.compare import shape
from benchmarks.compare.measured import Clock, run
from sqlalchemy import select, update

BUNDLE = "nightly"
RUN = "last_night"


def nightly(steps: int) -> DAG:
    """The steps and gates as tasks that do nothing."""
    with DAG("nightly", schedule=None) as dag:
        before: EmptyOperator | None = None
        for group in shape.SEQUENCES:
            tasks = [EmptyOperator(task_id=name) for name in shape.names_in(group, steps)]
            if before is not None:
                before >> tasks
            if group < shape.GROUPS:
                before = EmptyOperator(task_id=shape.gate_after(group))
                tasks >> before
    return dag


def prepare(_: Path, steps: int) -> None:
    """Makes the database with the DAG and one run of it, and gives its task instances their states."""
    initdb()
    dag = nightly(steps)
    with create_session() as session:
        session.add(DagBundleModel(name=BUNDLE))
        session.flush()
        SerializedDAG.bulk_write_to_db(BUNDLE, None, [dag], session=session)
        SerializedDagModel.write_dag(LazyDeserializedDAG.from_dag(dag), bundle_name=BUNDLE, session=session)
        session.flush()
        SerializedDagModel.get_dag("nightly", session=session).create_dagrun(
            run_id=RUN,
            logical_date=utcnow(),
            run_after=utcnow(),
            run_type=DagRunType.MANUAL,
            triggered_by=DagRunTriggeredByType.CLI,
            state=DagRunState.FAILED,
            session=session,
        )
        states = dict.fromkeys(shape.succeeded(steps), TaskInstanceState.SUCCESS)
        states[shape.failed_step(steps)] = TaskInstanceState.FAILED
        session.execute(update(TaskInstance).values(state=TaskInstanceState.UPSTREAM_FAILED))
        for instance in session.scalars(select(TaskInstance)):
            instance.state = states.get(instance.task_id, instance.state)


def only_failed(_: Path, __: int, clock: Clock) -> list[str]:
    """Reads the DAG, then clears what failed and what waited for it, as states say."""
    with create_session() as session:
        with clock.phase("load"):
            dag: Any = SerializedDagModel.get_dag("nightly", session=session)
        with clock.phase("select"):
            cleared = dag.clear(dry_run=True, run_id=RUN, only_failed=True, session=session)
        return [instance.task_id for instance in cleared]


def downstream(_: Path, steps: int, clock: Clock) -> list[str]:
    """Reads the DAG, then clears the failed task and everything downstream of it, whatever its state."""
    with create_session() as session:
        with clock.phase("load"):
            dag: Any = SerializedDagModel.get_dag("nightly", session=session)
        with clock.phase("select"):
            failed = {shape.failed_step(steps)}
            after = find_relevant_relatives(
                failed, [], dag=dag, run_id=RUN, direction="downstream", session=session
            )
            cleared = dag.clear(dry_run=True, run_id=RUN, task_ids=[*failed, *after], session=session)
        return [instance.task_id for instance in cleared]


if __name__ == "__main__":
    run(prepare, {"clear only failed": only_failed, "clear with downstream": downstream})
