"""How long things are kept: a policy, swept once a day by whoever does the jobs; what was erased is written down."""

import logging
import threading
import time
from datetime import UTC, datetime, timedelta

from sqlalchemy.exc import SQLAlchemyError

from chargewise.app.audit import Audit
from chargewise.app.records import Records
from chargewise.app.settings import Retention
from chargewise.app.workplace import Workplace

LOG = logging.getLogger("chargewise.retention")
BY = "retention"
EVERY_S = 86_400.0


def sweep(place: Workplace, policy: Retention) -> dict[str, int]:
    """Erase what the policy no longer keeps; returns how many recipes and jobs."""
    application, now = place.application(), datetime.now(UTC)
    erased = {"recipes": 0, "jobs": 0}
    if policy.recipes_days is not None:
        before = now - timedelta(days=policy.recipes_days)
        records = Records(application)
        erased["recipes"] = sum(records.erase(plant, before, BY) for plant in application.plants.journal.plants())
    if policy.jobs_days is not None:
        erased["jobs"] = application.jobs.erase((now - timedelta(days=policy.jobs_days)).timestamp())
        if erased["jobs"]:
            Audit(application.database).note(BY, "jobs erased", subject=f"{policy.jobs_days} days", jobs=erased["jobs"])
    return erased


def sweep_daily(place: Workplace, policy: Retention, stop: threading.Event) -> None:
    """Sweep now and once a day, until told to stop; a database that is away is tried again in a minute."""
    if policy == Retention():
        return
    while not stop.is_set():
        started, pause = time.monotonic(), EVERY_S
        try:
            LOG.info("retention: %s", sweep(place, policy))
        except SQLAlchemyError as error:
            LOG.warning("the database does not answer (%s); trying again", type(error).__name__)
            pause = 60.0
        stop.wait(max(0.0, pause - (time.monotonic() - started)))
