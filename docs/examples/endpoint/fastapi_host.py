"""The restart endpoint in FastAPI: what the gates may ask is gathered first, because each lookup is awaited.

Nothing is held while the host looks up and decides. The execution is opened under the precondition of what
was decided: where that no longer holds, somebody else was quicker, and the host looks again.
"""

from __future__ import annotations

from asyncio import Lock
from collections.abc import Mapping
from dataclasses import dataclass, field

import uvicorn
from fastapi import FastAPI, Request, Response

from restart_engine import Execution, GroupOutcome, LoadGroup, LoadPlan, RestartPlan, Status, progress
from restart_engine.endpoint import (
    Access,
    Bearer,
    Call,
    ExecuteCall,
    ExecutionSeen,
    Reply,
    RestartCall,
    SchemaSeen,
    Snapshot,
    StartCall,
    StatusCall,
    User,
    admitted_by_token,
    answer_start,
    answer_status,
    id_asked,
    plan_asked,
    started,
    token_in,
)


def create_app(store: Store) -> FastAPI:
    """The three calls of the endpoint: all that a host writes beside its store and `gathered`."""
    app = FastAPI()
    base = "/incorta/api/v2/{tenant}/load-plan"

    def answered(reply: Reply) -> Response:
        return Response(reply.body, reply.status, media_type="application/json")

    async def start(call: StartCall) -> Response:
        while True:
            outcome = answer_start(call, await gathered(store, call))
            if isinstance(outcome, Reply):
                return answered(outcome)
            execution_id = await store.open(call.tenant, outcome.restart)
            if execution_id is not None:
                return answered(started(execution_id))

    @app.post(f"{base}/restart")
    async def restart(tenant: str, request: Request) -> Response:
        token, body = request.headers.get("authorization"), await request.body()
        return await start(RestartCall(tenant=tenant, authorization=token, body=body))

    @app.post(f"{base}/execute")
    async def execute(tenant: str, request: Request) -> Response:
        token, body = request.headers.get("authorization"), await request.body()
        return await start(ExecuteCall(tenant=tenant, authorization=token, body=body))

    @app.get(f"{base}/status/{{execution_id}}")
    async def status(tenant: str, execution_id: str, request: Request, level: str | None = None) -> Response:
        token = request.headers.get("authorization")
        call = StatusCall(tenant=tenant, authorization=token, execution_id=execution_id, level=level)
        return answered(answer_status(call, await gathered(store, call)))

    return app


async def gathered(store: Store, call: Call) -> Snapshot:
    """What the gates may ask of this call; of a caller whom the token refuses, nothing but that."""
    bearer = await store.bearer(token_in(call.authorization))
    if bearer is None or isinstance(admitted_by_token(call, bearer), Reply):
        return Snapshot(bearer=bearer)
    plan = execution = latest = None
    if isinstance(call, StatusCall):
        execution = await store.execution(call.tenant, id_asked(call))
    elif (name := plan_asked(call)) is not None:
        plan = await store.plan(call.tenant, name)
        latest = await store.latest(call.tenant, name)
    loaders = await store.loaders_of(call.tenant)
    return Snapshot(
        bearer=bearer,
        tenant_open=loaders is not None,
        user=await store.user(bearer),
        plan=plan,
        execution=execution,
        schemas=await store.schemas(bearer),
        latest=latest,
        loader_available=bool(loaders),
    )


@dataclass
class Store:
    """What this host knows, in dictionaries; a host with a database awaits it in each method."""

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

    async def bearer(self, token: str) -> Bearer | None:
        """Whom the token names."""
        return self.bearers.get(token)

    async def user(self, bearer: Bearer) -> User | None:
        """The user, if there still is one."""
        return self.users.get(bearer)

    async def schemas(self, bearer: Bearer) -> Mapping[str, SchemaSeen]:
        """What the user may do with each schema."""
        return self.access.get(bearer, {})

    async def loaders_of(self, tenant: str) -> int | None:
        """How many loader services are available; none where there is no such tenant, or it is disabled."""
        return self.loaders.get(tenant)

    async def plan(self, tenant: str, name: str) -> LoadPlan | None:
        """The plan as it stands now."""
        return self.plans.get((tenant, name))

    async def latest(self, tenant: str, name: str) -> Execution | None:
        """The plan's most recently started execution."""
        runs = self.executions.get((tenant, name))
        return runs[-1] if runs else None

    async def execution(self, tenant: str, execution_id: int | None) -> ExecutionSeen | None:
        """The tenant's execution of this id, and its plan."""
        for (owner, name), runs in self.executions.items():
            for run in runs:
                if owner == tenant and run.id == execution_id:
                    return ExecutionSeen(self.plans[owner, name], run)
        return None

    async def open(self, tenant: str, restart: RestartPlan) -> int | None:
        """Start it as a new execution; none where the plan or its latest execution is not what it was.

        Its steps are the loader's: `progress.ready` says which may begin.
        """
        name = restart.facts.plan.name
        async with self.lock:
            plan, latest = await self.plan(tenant, name), await self.latest(tenant, name)
            if plan is None or not restart.precondition.holds(plan, latest):
                return None
            execution_id = 1 + max((run.id for runs in self.executions.values() for run in runs), default=0)
            run = progress.advance(progress.opening_record(restart, execution_id))
            self.executions.setdefault((tenant, name), []).append(run)
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
    uvicorn.run(create_app(failed_night()))
