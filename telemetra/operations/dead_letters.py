"""The events that were refused: to look at, and to send again once the reason is gone."""

from __future__ import annotations

from uuid import UUID

from telemetra.errors import Invalid, NotFound
from telemetra.model.times import to_datetime
from telemetra.operations.models import DeadLetter, Redriven
from telemetra.operations.services import Services
from telemetra.operations.streams import OFFSET_MAX
from telemetra.store import dead_letters as store
from telemetra.store.dead_letters import DeadLetterRow


async def list_dead_letters(
    services: Services,
    workspace_id: str,
    *,
    limit: int,
    offset: int,
    code: str | None,
    source: str | None,
    redriven: bool | None,
) -> list[DeadLetter]:
    """Newest first."""
    letters = await store.list_dead_letters(
        services.database,
        workspace_id,
        limit=limit,
        offset=min(offset, OFFSET_MAX),
        code=code,
        source=source,
        redriven=redriven,
    )
    return [_present(letter) for letter in letters]


async def redrive(services: Services, workspace_id: str, letter_id: UUID, correlation_id: str | None) -> Redriven:
    """Hand the letter's event to intake once more and mark the letter; the event keeps its id, so it counts once.

    Raises NotFound; Invalid `already_redriven`; Invalid `still_refused` with intake's reason (which makes a new letter,
    as every refusal does); what intake raises when nothing can be taken now.
    """
    letter = await store.get_dead_letter(services.database, workspace_id, letter_id)
    if letter is None:
        raise NotFound(f"There is no dead letter {letter_id}.")
    if letter.redriven_at is not None:
        raise Invalid("This letter has been re-driven already.", code="already_redriven")
    try:
        # What a door of CloudEvents refused is kept in that form.
        media_type = "application/cloudevents+json" if b'"specversion"' in letter.raw else "application/json"
        result = await services.intake.submit(media_type, letter.raw, {}, workspace_id, correlation_id)
    except Invalid as error:
        raise Invalid(f"The letter cannot be read: {error}", code="still_refused") from error
    if result.rejected:
        refused = result.rejected[0]
        raise Invalid(f"The event is refused again ({refused.code}): {refused.detail}", code="still_refused")
    marked = await store.mark_redriven(services.database, workspace_id, letter_id)
    if marked is None:
        raise NotFound(f"There is no dead letter {letter_id}.")
    return Redriven(letter_id, "accepted" if result.accepted else "duplicate", to_datetime(marked))


def _present(letter: DeadLetterRow) -> DeadLetter:
    return DeadLetter(
        id=letter.id,
        disposition=letter.disposition,
        source=letter.source,
        code=letter.code,
        detail=letter.detail,
        raw=letter.raw.decode(errors="replace"),
        received_at=to_datetime(letter.received_at),
        correlation_id=letter.correlation_id,
        redriven_at=None if letter.redriven_at is None else to_datetime(letter.redriven_at),
    )
