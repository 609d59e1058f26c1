"""Public SSM parameters (`/aws/service/...`): plausible image ids from a table of patterns, the same at every call.

The real ids change with every image release; here an id is made from the path and the region, so templates that take one
as a parameter resolve, and two different paths give two different images.
"""

from __future__ import annotations

import hashlib
import re

# Families of public parameters whose value is an image id, from the Systems Manager user guide ("Discovering public
# parameters") and Canonical's and Debian's documentation.
_IMAGE_PATHS = (
    r"/aws/service/canonical/ubuntu/(server|server-minimal|eks|pro-server)/[\w.]+/stable/(current|[\d.]+)/(amd64|arm64)/hvm/ebs-gp[23]/ami-id",
    r"/aws/service/ami-amazon-linux-latest/[\w.-]+",
    r"/aws/service/debian/release/[\w-]+/latest/(amd64|arm64)",
    r"/aws/service/ecs/optimized-ami/[\w/.-]+/image_id",
    r"/aws/service/bottlerocket/[\w/.-]+/image_id",
)


def public_parameter(path: str, region: str) -> str | None:
    """The value of a public parameter, None when the path is not in the table."""
    if not any(re.fullmatch(pattern, path) for pattern in _IMAGE_PATHS):
        return None
    return "ami-" + hashlib.sha256(f"{region}{path}".encode()).hexdigest()[:17]
