"""Door one: encounters come in as JSON or FHIR, coders work on what waits for them."""

from fastapi import APIRouter

from services.coding.routes import encounters, intake, tasks

router = APIRouter()
for room in (intake, encounters, tasks):
    router.include_router(room.router)
