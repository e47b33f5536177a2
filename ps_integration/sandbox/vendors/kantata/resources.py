"""Every resource Kantata serves, by path and by the name external references use for it.

Vendor pages: the resource's own page of the API documentation. Ids of associations are shown only
when the association is named in `include`.
"""

from collections.abc import Mapping

from ps_integration.sandbox.vendors.kantata.billing import BILLING
from ps_integration.sandbox.vendors.kantata.model import Resource
from ps_integration.sandbox.vendors.kantata.work import WORK

RESOURCES: Mapping[str, Resource] = {item.collection: item for item in (*WORK, *BILLING)}
BY_SUBJECT: Mapping[str, Resource] = {
    item.subject: item for item in RESOURCES.values() if item.subject
}
