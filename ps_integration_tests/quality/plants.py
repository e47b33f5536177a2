"""The acts: faults that are played together, in a world of their own."""

from ps_integration_tests.quality.plants_charges import charges, costs
from ps_integration_tests.quality.plants_copies import circles
from ps_integration_tests.quality.plants_master import MASTER_PLANTS, PEOPLE_PLANTS
from ps_integration_tests.quality.plants_posted import DOCUMENT_PLANTS, SOURCE_PLANTS, STUCK_PLANTS
from ps_integration_tests.quality.plants_reads import READ_PLANTS
from ps_integration_tests.quality.plants_waiting import (
    FLAG_PLANTS,
    PROJECT_PLANTS,
    WAITING_PLANTS,
)

ACTS = (
    (*MASTER_PLANTS, *FLAG_PLANTS, *PEOPLE_PLANTS),
    (*PROJECT_PLANTS, *WAITING_PLANTS),
    (charges, costs, *DOCUMENT_PLANTS),
    (*SOURCE_PLANTS, *STUCK_PLANTS),
    (circles, *READ_PLANTS),
)
"""A document that the ERP has changed holds its company; what waits for it is no fault of its own.
Faults of whole projects and people come first in an act, as long as there are some untouched."""
