"""The restart endpoint in Flask: the gates ask the host's own store, one question after another.

One lock is around deciding and starting, so that what was decided on still holds when the execution is
opened. Where the store is a database, one transaction takes the lock's place.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from threading import Lock

from flask import Flask, Response, request

from restart_engine import Execution, GroupOutcome, LoadGroup, LoadPlan, RestartPlan, Status, progress
from restart_engine.endpoint import (
    Access,
    Bearer,
    ExecuteCall,
    ExecutionSeen,
    Reply,
    RestartCall,
    SchemaSeen,
    Start,
    StartCall,
    StatusCall,
    User,
    answer_start,
    answer_status,
    started,
)


def create_app(store: Store) -> Flask:
    """The three calls of the endpoint: all that a host writes beside its store."""
    app = Flask(__name__)
    base = "/incorta/api/v2/<tenant>/load-plan"

    def token() -> str | None:
        return request.headers.get("Authorization")

    def answered(reply: Reply) -> Response:
        return Response(reply.body, reply.status, mimetype="application/json")

    def start(call: StartCall) -> Response:
        with store.lock:
            outcome = answer_start(call, store)
            if isinstance(outcome, Start):
                outcome = started(store.open(call.tenant, outcome.restart))
        return answered(outcome)

    @app.post(f"{base}/restart")
    def restart(tenant: str) -> Response:
        return start(RestartCall(tenant=tenant, authorization=token(), body=request.get_data()))

    @app.post(f"{base}/execute")
    def execute(tenant: str) -> Response:
        return start(ExecuteCall(tenant=tenant, authorization=token(), body=request.get_data()))

    @app.get(f"{base}/status/<execution_id>")
    def status(tenant: str, execution_id: str) -> Response:
        level = request.args.get("level")
        call = StatusCall(tenant=tenant, authorization=token(), execution_id=execution_id, level=level)
        with store.lock:
            return answered(answer_status(call, store))

    return app


@dataclass
class Store:
    """What this host knows, in dictionaries. It is a `HostLookups`: each of its questions is a lookup."""

    bearers: dict[str, Bearer]
    """By token; a host with signed tokens verifies one instead."""
    users: dict[Bearer, User]
    access: dict[Bearer, dict[str, SchemaSeen]]
    """What each user may do with each schema of the tenant."""
    loaders: dict[str, int]
    """The tenants that are open, and how many loader services each has available."""
    plans: dict[tuple[str, str], LoadPlan]
    executions: dict[tuple[str, str], list[Execution]]
    """By tenant and plan, the one started last at the end."""
    lock: Lock = field(default_factory=Lock)

    def bearer(self, token: str, /) -> Bearer | None:
        """Whom the token names."""
        return self.bearers.get(token)

    def tenant_open(self, tenant: str, /) -> bool:
        """Whether the tenant exists and is enabled."""
        return tenant in self.loaders

    def user(self, bearer: Bearer, /) -> User | None:
        """The user, if there still is one."""
        return self.users.get(bearer)

    def plan(self, tenant: str, name: str, /) -> LoadPlan | None:
        """The plan as it stands now."""
        return self.plans.get((tenant, name))

    def execution(self, tenant: str, execution_id: int, /) -> ExecutionSeen | None:
        """The tenant's execution of this id, and its plan."""
        for (owner, name), runs in self.executions.items():
            for run in runs:
                if owner == tenant and run.id == execution_id:
                    return ExecutionSeen(self.plans[owner, name], run)
        return None

    def schemas(self, bearer: Bearer, _names: tuple[str, ...], /) -> Mapping[str, SchemaSeen]:
        """What the user may do with the schemas; more than these may be in it."""
        return self.access[bearer]

    def latest(self, tenant: str, plan: LoadPlan, /) -> Execution | None:
        """The plan's most recently started execution."""
        runs = self.executions.get((tenant, plan.name))
        return runs[-1] if runs else None

    def loader_available(self, tenant: str, /) -> bool:
        """Whether a loader service is available."""
        return self.loaders[tenant] > 0

    def open(self, tenant: str, restart: RestartPlan) -> int:
        """Start it as a new execution. Its steps are the loader's: `progress.ready` says which may begin."""
        execution_id = 1 + max((run.id for runs in self.executions.values() for run in runs), default=0)
        run = progress.advance(progress.opening_record(restart, execution_id))
        self.executions.setdefault((tenant, restart.facts.plan.name), []).append(run)
        return execution_id


def failed_night() -> Store:
    """A tenant with one user and one plan, whose last execution failed at its second group."""
    ada = Bearer("demo", "ada")
    plan = LoadPlan(
        "Nightly",
        (LoadGroup(1, ["Sales.Orders"]), LoadGroup(2, ["Finance.Ledger", "Finance.Rates"])),
    )
    failed = (
        GroupOutcome(1, Status.SUCCEEDED, {"Sales.Orders": Status.SUCCEEDED}),
        GroupOutcome(2, Status.FAILED, {"Finance.Ledger": Status.FAILED, "Finance.Rates": Status.SUCCEEDED}),
    )
    return Store(
        bearers={"token-of-ada": ada},
        users={ada: User(super_user=False, roles=frozenset({"Schema Manager"}))},
        access={ada: {"Sales": SchemaSeen(184, Access.EDIT), "Finance": SchemaSeen(185, Access.EDIT)}},
        loaders={"demo": 1},
        plans={("demo", "Nightly"): plan},
        executions={("demo", "Nightly"): [Execution(12, Status.FAILED, failed)]},
    )


if __name__ == "__main__":
    create_app(failed_night()).run()
